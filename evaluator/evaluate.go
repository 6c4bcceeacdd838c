package evaluator

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hindcast/hindcast/groundtruth"
)

// Options say how a window is evaluated. Zero values mean the defaults.
type Options struct {
	Level      float64            // of intervals, default 0.95
	Methods    []string           // drift measures that judge; empty: chosen by type
	Threshold  *float64           // for every judging measure; nil: each its own
	Thresholds map[string]float64 // by measure, before Threshold
	MinRows    int64              // fewer rows on either side: shown, not judged; default 200
	Workers    int                // threads; default 1
}

// The drift measures that this version computes.
const (
	MeasurePSI               = "psi"
	MeasureKS                = "ks"
	MeasureWasserstein       = "wasserstein"
	MeasureWassersteinNormed = "wasserstein_normed"
	MeasureJS                = "js"
	MeasureTVD               = "tvd"
)

// Measures lists the drift measures that this version computes.
func Measures() []string {
	return []string{MeasurePSI, MeasureKS, MeasureWasserstein, MeasureWassersteinNormed, MeasureJS, MeasureTVD}
}

// defaultThreshold is the threshold of a measure that judges (statistics: Drift, one
// column). Wasserstein in the column's own units has none.
func defaultThreshold(measure string) float64 {
	switch measure {
	case MeasurePSI:
		return 0.2
	case MeasureWasserstein:
		return math.NaN()
	default:
		return 0.1
	}
}

func (o Options) withDefaults() Options {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.MinRows == 0 {
		o.MinRows = 200
	}
	o.Workers = max(o.Workers, 1)
	return o
}

func (o Options) threshold(measure string) float64 {
	if t, ok := o.Thresholds[measure]; ok {
		return t
	}
	if o.Threshold != nil {
		return *o.Threshold
	}
	return defaultThreshold(measure)
}

// Evaluate computes everything of a window from its Summary and, where there is
// one, the reference profile. It changes neither. It panics when the Summary was
// not built on the profile's Layout.
func Evaluate(cur *Summary, ref *Profile, opt Options) *Evaluation {
	if ref != nil && cur.layout.id() != ref.Summary.layout.id() {
		panic("evaluator: the summary is not built on the profile's layout")
	}
	opt = opt.withDefaults()
	out := &Evaluation{
		Versions: map[string]Group{},
		Segments: map[string]map[string]Group{},
	}
	var w work
	if ref != nil && cur.Predictions() > 0 {
		// The first evaluation makes them, and the columns, which come last, need them.
		w.add(func(*memory) { sharedBridges() })
	}
	w.add(func(*memory) { out.Metrics = Regression(cur.Errors(), opt.Level) })
	finish := []func(){w.groups(cur.Versions(), out.Versions, opt)}
	for column, values := range cur.Segments() {
		out.Segments[column] = make(map[string]Group, len(values))
		finish = append(finish, w.groups(values, out.Segments[column], opt))
	}
	out.Quality = columnsQuality(cur)
	if ref != nil {
		out.Reference = &Reference{Rows: ref.Summary.Predictions()}
		w.add(func(*memory) { out.Reference.Metrics = Regression(ref.Summary.Errors(), opt.Level) })
		out.Drift = &Drift{}
		finish = append(finish, w.columnsDrift(out.Drift, cur, ref, opt))
	}
	w.do(opt.Workers)
	for _, f := range finish {
		f()
	}
	return out
}

// work are parts of an evaluation that need nothing of one another.
type work struct{ parts []func(*memory) }

// memory is what one part after the other uses.
type memory struct {
	cdfs  cdfs
	draws []float64
}

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
func (w *work) groups(groups map[string]*ErrorSums, out map[string]Group, opt Options) (finish func()) {
	names := sortedKeys(groups)
	metrics := make([]map[string]Metric, len(names))
	for i, name := range names {
		w.add(func(*memory) { metrics[i] = Regression(groups[name], opt.Level) })
	}
	return func() {
		for i, name := range names {
			out[uniqueName(name)] = Group{N: groups[name].N(), Metrics: metrics[i]}
		}
	}
}

// Prepare makes what the first evaluation against a reference needs and every later one
// uses again. It may be called at any time, on any goroutine, or not at all.
func Prepare() { sharedBridges() }

// Reserved reports whether a feature cannot have this name, because a mapped column
// is reported under it.
func Reserved(name string) bool { return name == predictionColumn || name == labelColumn }

// The names under which the mapped columns appear among the drift columns.
const (
	predictionColumn = "prediction"
	labelColumn      = "label"
	numberKind       = groundtruth.Number
)

// columnsDrift adds the columns' drift to the work; finish then counts them into d.
func (w *work) columnsDrift(d *Drift, cur *Summary, ref *Profile, opt Options) (finish func()) {
	features := ref.Summary.Features()
	found := make([]ColumnDrift, len(features)+2)
	compare := func(out *ColumnDrift, r, c *ColumnSummary) {
		w.add(func(mem *memory) { *out = mem.columnDrift(r, c, opt) })
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
		*d = Drift{Profile: "hindcast", Columns: map[string]ColumnDrift{}, LeftOut: ref.Layout.LeftOut}
		d.Columns[predictionColumn] = *prediction
		if cur.Matched() > 0 {
			d.Columns[labelColumn] = *label
		}
		for i, r := range features {
			d.Columns[uniqueName(r.Name())] = found[i]
		}
		d.count(found[:len(features)])
	}
}

// count counts the features that drifted.
func (d *Drift) count(columns []ColumnDrift) {
	unknown := 0
	for i := range columns {
		switch drifted := columns[i].Drifted; {
		case drifted == nil:
			unknown++
		case *drifted:
			d.Count++
		}
	}
	features := len(columns)
	d.Judged = features - unknown
	nan := Number(math.NaN())
	d.Share, d.Low, d.High = nan, nan, nan
	if features == 0 {
		d.Reason = "no feature columns"
		return
	}
	d.Low = Number(float64(d.Count) / float64(features))
	d.High = Number(float64(d.Count+unknown) / float64(features))
	switch {
	case d.Judged == 0:
		d.Reason = fmt.Sprintf("all %d feature columns are inconclusive", features)
	case 2*unknown > features: // High - Low > 0.5: the few that were judged don't stand for the rest
		d.Reason = fmt.Sprintf("%d of %d feature columns are inconclusive: the share is between %s and %s",
			unknown, features, figure(float64(d.Low)), figure(float64(d.High)))
	default:
		d.Share = Number(float64(d.Count) / float64(d.Judged))
	}
}

// columnDrift computes every measure that suits the column and lets the judging
// ones decide: drifted above both threshold and noise floor; inconclusive where
// none is and a floor exceeds its threshold.
//
// The measures of binned rows have a bin for the missing ones, so they judge a column
// that a window has lost; those of distribution functions know values alone.
func (mem *memory) columnDrift(ref, cur *ColumnSummary, opt Options) ColumnDrift {
	l := ref.Layout()
	out := ColumnDrift{Kind: "text", N: cur.N(), Measures: map[string]Measure{}}
	if l.Kind == numberKind {
		out.Kind = "number"
	}
	rows, refRows := cur.N()+cur.Missing(), ref.N()+ref.Missing()
	if ref.N() == 0 || rows == 0 {
		out.conclude(nil, ref.N(), rows, refRows, opt.MinRows)
		return out
	}
	judging := opt.judging(l)
	// Any one judging measure makes the column drift, so each floor is high enough
	// that all together exceed theirs in at most 5 % of samples without change.
	level := 1 - 0.05/float64(max(1, len(judging)))
	add := func(name string, value, floor, bound float64, rows, refRows int64) {
		f := Number(floor)
		ms := Measure{Value: Number(value), NoiseFloor: &f}
		if bound > 0 {
			b := Number(bound)
			ms.Bound = &b
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			ms = Measure{Value: Number(math.NaN()), Reason: "not a finite number"}
		}
		if slices.Contains(judging, name) {
			t := Number(opt.threshold(name))
			ms.Threshold = &t
			if ms.Reason == "" {
				ms.judge(value, bound, float64(t), floor, rows >= opt.MinRows && refRows >= opt.MinRows)
			}
		}
		out.Measures[name] = ms
	}
	rb, cb := binsOf(ref), binsOf(cur)
	names, distances := []string{MeasurePSI}, []distance{{psi, psiAround}}
	if !l.ranged() || slices.Contains(judging, MeasureJS) || slices.Contains(judging, MeasureTVD) {
		names = append(names, MeasureJS, MeasureTVD)
		distances = append(distances, distance{jensenShannon, jensenShannonAround}, distance{of: totalVariation})
	}
	for i, floor := range mem.binFloors(rb, cb, l.ranged(), level, distances...) {
		add(names[i], distances[i].of(rb, cb), floor, 0, rows, refRows)
	}
	if l.Kind == numberKind {
		out.addNumeric(mem, ref, cur, level, add)
	}
	out.conclude(judging, ref.N(), rows, refRows, opt.MinRows)
	return out
}

// addNumeric adds the measures of distribution functions.
func (c *ColumnDrift) addNumeric(mem *memory, ref, cur *ColumnSummary, level float64, add func(name string, value, floor, bound float64, rows, refRows int64)) {
	if cur.N() == 0 {
		for _, name := range []string{MeasureKS, MeasureWasserstein, MeasureWassersteinNormed} {
			add(name, math.NaN(), math.NaN(), 0, 0, ref.N())
			c.because(name, "no values in the window")
		}
		return
	}
	n, m := float64(ref.N()), float64(cur.N())
	walked := &mem.cdfs
	walked.walk(ref, cur)
	d, bound := walked.kolmogorovSmirnov()
	add(MeasureKS, d, ksFloor(n, m, level), bound, cur.N(), ref.N())
	p := Number(ksPValue(d, n, m))
	ks := c.Measures[MeasureKS]
	ks.PValue = &p
	c.Measures[MeasureKS] = ks
	w, wBound := walked.wasserstein1()
	floor := sharedBridges().wassersteinFloor(mem, level)
	add(MeasureWasserstein, w, floor, wBound, cur.N(), ref.N())
	sd := math.Sqrt(ref.Variance())
	add(MeasureWassersteinNormed, w/sd, floor/sd, wBound/sd, cur.N(), ref.N())
	switch {
	case sd == 0:
		c.because(MeasureWassersteinNormed, "the reference does not vary")
	case math.IsInf(sd, 1):
		add(MeasureWassersteinNormed, math.NaN(), math.NaN(), 0, cur.N(), ref.N())
	}
}

// because says why a measure is null.
func (c *ColumnDrift) because(name, reason string) {
	ms := c.Measures[name]
	c.Measures[name] = Measure{Value: Number(math.NaN()), Threshold: ms.Threshold, Reason: reason}
}

// judging returns the measures that judge a column: those configured, else those of
// its type, as far as they apply to it and have a threshold.
func (o Options) judging(l *ColumnLayout) []string {
	methods := o.Methods
	if len(methods) == 0 {
		methods = autoMethods(l)
	}
	var out []string
	for _, name := range methods {
		switch name {
		case MeasureKS, MeasureWasserstein, MeasureWassersteinNormed:
			if l.Kind != numberKind {
				continue
			}
		}
		if !math.IsNaN(o.threshold(name)) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// autoMethods are the measures that judge a column when none are configured.
func autoMethods(l *ColumnLayout) []string {
	switch {
	case l.values() == 2:
		return []string{MeasureTVD}
	case l.Kind == numberKind && !l.categorical():
		return []string{MeasureWassersteinNormed, MeasurePSI}
	default:
		return []string{MeasureJS}
	}
}

// judge sets Drifted: true above threshold and floor, nil with a reason where the
// floor exceeds the threshold or the numeric bound reaches over the threshold.
func (ms *Measure) judge(value, bound, threshold, floor float64, enough bool) {
	yes, no := true, false
	limit := threshold
	if floor > limit {
		limit = floor
	}
	switch {
	case !enough:
		ms.Reason = "too few values to judge"
	case value-bound > limit:
		ms.Drifted = &yes
	case floor > threshold:
		ms.Reason = fmt.Sprintf("noise floor %.3g exceeds threshold %.3g: too few rows to tell", floor, threshold)
	case value+bound > limit:
		ms.Reason = fmt.Sprintf("within its numeric bound of %.3g of the threshold", bound)
	default:
		ms.Drifted = &no
	}
}

// conclude decides the column from its judging measures.
func (c *ColumnDrift) conclude(judging []string, values, rows, refRows, minRows int64) {
	switch {
	case values == 0:
		c.Reason = "no values in the reference"
		return
	case rows == 0:
		c.Reason = "no values in the window"
		return
	case rows < minRows || refRows < minRows:
		c.Reason = fmt.Sprintf("%d rows against %d in the reference, fewer than min_rows %d: shown, not judged", rows, refRows, minRows)
		return
	case len(judging) == 0:
		c.Reason = "none of the configured measures applies to this column"
		return
	}
	drifted, reason := false, ""
	for _, name := range judging {
		ms := c.Measures[name]
		switch {
		case ms.Drifted == nil:
			reason = name + ": " + ms.Reason
		case *ms.Drifted:
			drifted = true
		}
	}
	if drifted || reason == "" {
		c.Drifted = &drifted
		return
	}
	c.Reason = reason
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
		case cur.Layout() == nil || rows == 0 || c.Kind() == numberKind && len(c.Edges()) == 0:
			// A reference without values has no range.
			cq.OutOfRange, cq.Unseen = Number(math.NaN()), Number(math.NaN())
		case c.Kind() == numberKind:
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
