package evaluator

import (
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hindcast/hindcast/groundtruth"
)

// Options say how a window is evaluated. The zero value means the defaults.
type Options struct {
	Drift   DriftOptions
	Workers int // threads; default 1
}

// Evaluate computes everything of a window from its Summary and, where there is
// one, the reference profile. It changes neither. It panics when the Summary was
// not built on the profile's Layout.
func Evaluate(cur *Summary, ref *Profile, opt Options) *Evaluation {
	if ref != nil && cur.Layout().id() != ref.Summary.Layout().id() {
		panic("evaluator: the summary is not built on the profile's layout")
	}
	out := &Evaluation{
		Versions: map[string]Group{},
		Segments: map[string]map[string]Group{},
	}
	var w work
	if ref != nil && cur.Predictions() > 0 {
		// The first evaluation makes them, and the columns, which come last, need them.
		w.add(func(*memory) { PrepareDrift() })
	}
	w.add(func(*memory) { out.Metrics = Regression(cur.Errors()) })
	finish := []func(){w.groups(cur.Versions(), out.Versions)}
	for column, values := range cur.Segments() {
		out.Segments[column] = make(map[string]Group, len(values))
		finish = append(finish, w.groups(values, out.Segments[column]))
	}
	out.Quality = columnsQuality(cur)
	if ref != nil {
		out.Reference = &Reference{Rows: ref.Summary.Predictions()}
		w.add(func(*memory) { out.Reference.Metrics = Regression(ref.Summary.Errors()) })
		out.Drift = &Drift{}
		finish = append(finish, w.columnsDrift(out.Drift, cur, ref, opt.Drift))
	}
	w.do(max(opt.Workers, 1))
	for _, f := range finish {
		f()
	}
	return out
}

// work are parts of an evaluation that need nothing of one another.
type work struct{ parts []func(*memory) }

func (w *work) add(part func(*memory)) { w.parts = append(w.parts, part) }

// do does all parts on so many threads.
func (w *work) do(workers int) {
	var next atomic.Int64
	one := func() {
		var mem memory
		for {
			i := int(next.Add(1)) - 1
			if i >= len(w.parts) {
				return
			}
			w.parts[i](&mem)
		}
	}
	var others sync.WaitGroup
	for range min(workers, len(w.parts)) - 1 {
		others.Go(one)
	}
	one()
	others.Wait()
}

// groups adds the metrics of each group to the work; finish then puts them into out.
func (w *work) groups(groups map[string]*ErrorSums, out map[string]Group) (finish func()) {
	names := slices.Sorted(maps.Keys(groups))
	metrics := make([]map[string]Metric, len(names))
	for i, name := range names {
		w.add(func(*memory) { metrics[i] = Regression(groups[name]) })
	}
	return func() {
		for i, name := range names {
			out[uniqueName(name)] = Group{N: groups[name].N(), Metrics: metrics[i]}
		}
	}
}

// columnsDrift adds the columns' drift to the work; finish then counts them into d.
func (w *work) columnsDrift(d *Drift, cur *Summary, ref *Profile, opt DriftOptions) (finish func()) {
	features := ref.Summary.Features()
	found := make([]ColumnDrift, len(features)+2)
	compare := func(out *ColumnDrift, r, c *ColumnSummary) {
		w.add(func(mem *memory) { *out = CompareColumns(mem, r, c, opt) })
	}
	for i, r := range features {
		compare(&found[i], r, cur.Feature(r.Name()))
	}
	prediction, label := &found[len(features)], &found[len(features)+1]
	compare(prediction, ref.Summary.Prediction(), cur.Prediction())
	if cur.Matched() > 0 {
		compare(label, ref.Summary.Label(), cur.Label())
	}
	return func() {
		*d = DriftOf(found[:len(features)])
		d.LeftOut = ref.Layout.LeftOut
		d.Columns[PredictionColumn] = *prediction
		if cur.Matched() > 0 {
			d.Columns[LabelColumn] = *label
		}
		for i, r := range features {
			d.Columns[uniqueName(r.Name())] = found[i]
		}
	}
}

// columnsQuality computes the quality of the features. What lies out of range or is
// unseen is NaN without a reference, and without predictions everything is.
func columnsQuality(cur *Summary) *Quality {
	q := &Quality{MissingShare: Number(math.NaN()), Columns: map[string]ColumnQuality{}}
	rows := float64(cur.Predictions())
	var missing float64
	for _, c := range cur.Features() {
		missing += float64(c.Missing())
		cq := ColumnQuality{
			Missing: Number(float64(c.Missing()) / rows),
			Invalid: Number(float64(c.Invalid()) / rows),
		}
		switch {
		case cur.Layout() == nil || rows == 0 || c.Kind() == groundtruth.Number && len(c.Edges()) == 0:
			// A reference without values has no range.
			cq.OutOfRange, cq.Unseen = Number(math.NaN()), Number(math.NaN())
		case c.Kind() == groundtruth.Number:
			cq.OutOfRange = Number(float64(c.Open(0)+c.Open(len(c.Edges()))) / rows)
		default:
			cq.Unseen = Number(float64(c.Unseen()) / rows)
		}
		q.Columns[uniqueName(c.Name())] = cq
	}
	if n := float64(len(q.Columns)); n > 0 && rows > 0 {
		q.MissingShare = Number(missing / (rows * n))
	}
	return q
}
