package drift

import (
	"cmp"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Options say which measures judge a column, and by what. The zero value means the
// defaults.
type Options struct {
	Methods    []string           // measures that judge; empty: chosen by the column's bins
	Threshold  *float64           // for every judging measure; nil: each its own
	Thresholds map[string]float64 // by measure, before Threshold
	Std        *float64           // the threshold of every judging measure is the mean of chance and so many of its standard deviations
	Stds       map[string]float64 // by measure, before all others
	MinRows    int64              // fewer rows on either side: shown, not judged; default DefaultMinRows

	// FalseDiscoveryRate bounds the share of the drifted features that chance made drift; nil
	// judges each by itself. Without it CountRate, if it is above 0, is the rate for the number
	// of drifted features alone.
	FalseDiscoveryRate *float64
	CountRate          float64
}

// DefaultMinRows is how many rows each side needs to be judged.
const DefaultMinRows = 200

func (o Options) minRows() int64 { return cmp.Or(o.MinRows, DefaultMinRows) }

// threshold returns the threshold of a measure, NaN where it has none. It is infinite where
// chance sets one for each column, as std says: no noise floor is above that.
func (o Options) threshold(s *Spec) float64 {
	if _, ok := o.std(s); ok {
		return math.Inf(1)
	}
	if t, ok := o.Thresholds[s.Name]; ok {
		return t
	}
	if o.Threshold != nil {
		return *o.Threshold
	}
	return s.Threshold
}

// std returns how many standard deviations of chance above its mean a measure's threshold is,
// where that is how it is given.
func (o Options) std(s *Spec) (k float64, ok bool) {
	if k, ok = o.Stds[s.Name]; ok {
		return k, true
	}
	if _, ok := o.Thresholds[s.Name]; !ok && o.Std != nil {
		return *o.Std, true
	}
	return 0, false
}

// Decisive returns a measure that, judging alone, would leave no column of d inconclusive with
// the rows that there are, and false where there is none.
func (o Options) Decisive(d *Drift) (name string, ok bool) {
	for _, s := range Specs() {
		decides := func(c Column) bool {
			m, has := c.Measures[s.Name]
			return has && m.NoiseFloor != nil && float64(*m.NoiseFloor) <= o.threshold(&s) && c.N >= o.minRows()
		}
		all := true
		for _, c := range d.Columns {
			all = all && decides(c)
		}
		if all && len(d.Columns) > 0 {
			return s.Name, true
		}
	}
	return "", false
}

// The names under which the mapped columns appear among the columns of Drift.
const (
	PredictionColumn = "prediction"
	LabelColumn      = "label"
)

// Reserved reports whether a feature cannot have this name, because a mapped column
// is reported under it.
func Reserved(name string) bool { return name == PredictionColumn || name == LabelColumn }

// Prepare makes the draws that the first comparison needs and every later one uses again.
// It may be called at any time, on any goroutine, or not at all.
func Prepare() { sharedBridges() }

// Scratch holds memory that one comparison after the other uses; two at once need one
// each. The zero value is ready.
type Scratch struct {
	cdfs  cdfs
	draws []float64
}

// Compare computes every measure that suits the column and lets the judging
// ones decide: it drifted where one is above both its threshold and its noise floor, and is
// inconclusive where none is and a floor exceeds its threshold.
//
// The measures of binned rows have a bin for the missing ones, so they judge a column
// that a window has lost; those of distribution functions know values alone.
func Compare(mem *Scratch, ref, cur *summary.Column, opt Options) Column {
	l := ref.Layout()
	out := Column{Kind: "text", N: cur.N(), Measures: map[string]Measure{}}
	if l.Kind == groundtruth.Number {
		out.Kind = "number"
	}
	rows, refRows := cur.N()+cur.Missing(), ref.N()+ref.Missing()
	if ref.N() == 0 || rows == 0 {
		out.conclude(nil, ref.N(), rows, refRows, opt.minRows())
		return out
	}
	judging := opt.judging(l)
	// Any one judging measure makes the column drift, so each floor is high enough
	// that all together exceed theirs in at most 5 % of samples without change.
	level := 1 - 0.05/float64(max(1, len(judging)))
	add := func(s *Spec, found measured, counted, of int64) {
		var t *stat.Number
		if slices.Contains(judging, s.Name) {
			threshold := stat.Number(opt.threshold(s))
			if k, ok := opt.std(s); ok {
				found.null.floor = found.null.mean + float64(k*found.null.sd)
				threshold = stat.Number(found.null.floor)
			}
			t = &threshold
		}
		out.Measures[s.Name] = found.measure(t, evidence{refRows: of, rows: counted, window: rows, minRows: opt.minRows(), squared: s.squared})
	}
	binned, ofValues := measuresOf(l, judging)
	rb, cb := binsOf(ref), binsOf(cur)
	for i, drawn := range mem.binNulls(rb, cb, l.Ranged(), level, binned) {
		add(&binned[i], measured{value: binned[i].bins.of(rb, cb), null: drawn}, rows, refRows)
	}
	pair := newPair(mem, ref, cur, level)
	for i := range ofValues {
		s := &ofValues[i]
		found := measured{reason: "no values in the window"}
		if cur.N() > 0 {
			found = s.values(pair)
		}
		add(s, found, cur.N(), ref.N())
	}
	out.conclude(judging, ref.N(), rows, refRows, opt.minRows())
	out.chance = out.chanceOf(judging)
	return out
}

// measured is what a measure came to, before its threshold is looked at. Measures of values
// return it, and Compare makes a Measure of it.
type measured struct {
	value  float64
	null   null    // under no change
	bound  float64 // the greatest error of value
	pValue *float64
	reason string // why there is no value
}

// measure writes what was measured, and judges it by the threshold; nil is none.
func (m measured) measure(threshold *stat.Number, by evidence) Measure {
	if m.reason == "" && !stat.IsNumber(m.value) {
		m.reason = "not a finite number"
	}
	if m.reason != "" {
		out := Measure{Value: stat.Number(math.NaN()), Threshold: threshold, Reason: m.reason}
		return out
	}
	floor := stat.Number(m.null.floor)
	out := Measure{Value: stat.Number(m.value), NoiseFloor: &floor, Threshold: threshold}
	if m.bound > 0 {
		bound := stat.Number(m.bound)
		out.Bound = &bound
	}
	if m.pValue != nil {
		p := stat.Number(*m.pValue)
		out.PValue = &p
	}
	if threshold != nil {
		out.judge(m.value, m.bound, float64(*threshold), m.null.floor, by)
		if out.Drifted != nil && *out.Drifted {
			out.chance = m.null.p(m.value - m.bound)
		}
	}
	return out
}

// judging returns the measures that judge a column: those configured, else those for its
// shape, as far as they apply to it and have a threshold.
func (o Options) judging(l *summary.ColumnLayout) []string {
	methods := o.Methods
	if len(methods) == 0 {
		methods = autoMethods(l)
	}
	var out []string
	for _, name := range methods {
		s, ok := Find(name)
		if !ok || s.values != nil && l.Kind != groundtruth.Number {
			continue
		}
		if !math.IsNaN(o.threshold(&s)) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
