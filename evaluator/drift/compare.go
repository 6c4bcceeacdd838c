package drift

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Options say which measures judge a column, and by what. The zero value means the
// defaults.
type Options struct {
	Methods    []string           // measures that judge; empty: chosen by the column's bins
	Threshold  *float64           // for every measure of Methods; nil: each its own
	Thresholds map[string]float64 // by measure, before Threshold
	Std        *float64           // the threshold of every measure of Methods is the mean of chance and so many of its standard deviations
	Stds       map[string]float64 // by measure, before all others
	MinRows    int64              // fewer rows on either side: shown, not judged; default DefaultMinRows

	// FalseDiscoveryRate bounds the share of the drifted features that chance made drift; nil
	// judges each by itself. Without it CountRate, if it is above 0, is the rate for the number
	// of drifted features alone.
	FalseDiscoveryRate *float64
	CountRate          float64
}

// neverBy is the probability below which chance alone takes a measure above its threshold so
// seldom that it needs no part of a column's 5 %.
const neverBy = 0.0005

// DefaultMinRows is how many rows each side needs to be judged.
const DefaultMinRows = 200

// LeastRows returns MinRows, or the default.
func (o Options) LeastRows() int64 { return cmp.Or(o.MinRows, DefaultMinRows) }

// threshold returns the threshold of a measure, NaN where it has none. It is infinite where
// chance sets one for each column, as std says: no noise floor is above that.
func (o Options) threshold(s *Spec) float64 {
	if _, ok := o.std(s); ok {
		return math.Inf(1)
	}
	if t, ok := o.Thresholds[s.Name]; ok {
		return t
	}
	if o.Threshold != nil && o.general(s) {
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
	if _, ok := o.Thresholds[s.Name]; !ok && o.Std != nil && o.general(s) {
		return *o.Std, true
	}
	return 0, false
}

// general reports whether a threshold for all measures is meant for this one: those that judge
// beside every method have another scale, and keep theirs.
func (o Options) general(s *Spec) bool { return !s.Beside() || slices.Contains(o.Methods, s.Name) }

// limit returns the threshold of a measure. Where it is how far chance reaches, that is the
// noise floor too.
func (o Options) limit(s *Spec, chance *null) float64 {
	if k, ok := o.std(s); ok {
		chance.floor = chance.mean + float64(k*chance.sd)
		return chance.floor
	}
	return o.threshold(s)
}

// Decisive returns a measure that, judging alone, would leave no column of d inconclusive with
// the rows that there are, and false where there is none.
func (o Options) Decisive(d *Drift) (name string, ok bool) {
	for _, s := range Specs() {
		if s.Beside() {
			continue
		}
		decides := func(c Column) bool {
			m, has := c.Measures[s.Name]
			return has && m.NoiseFloor != nil && float64(*m.NoiseFloor) <= float64(undecidedBeyond*o.threshold(&s)) && c.N >= o.LeastRows()
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
// ones decide: it drifted where one is above both its threshold and what chance alone gives.
//
// The measures of shares judge a column that a window has lost; all others know values alone.
func Compare(mem *Scratch, ref, cur *summary.Column, alike Likeness, opt Options) Column {
	l := ref.Layout()
	out := Column{Kind: "text", N: cur.N(), Measures: map[string]Measure{}}
	if l.Kind == groundtruth.Number {
		out.Kind = "number"
	}
	rows, refRows := cur.N()+cur.Missing(), ref.N()+ref.Missing()
	judging := opt.judging(l)
	switch {
	case ref.N() == 0:
		out.Unfit("no values in the reference")
		return out
	case l.Kind == groundtruth.Text && len(l.Categories) == 0:
		out.Unfit("more distinct values in the reference than are kept")
		return out
	case len(judging) == 0:
		out.Unfit(opt.Unfit(l.Kind))
	}
	if rows == 0 {
		out.conclude(judging, false, rows, refRows, opt.LeastRows())
		return out
	}
	binned, ofValues, ofShares := measuresOf(l, judging)
	add := func(s *Spec, found measured, counted, of int64) {
		var t *stat.Number
		if s.Beside() || slices.Contains(judging, s.Name) {
			threshold := stat.Number(opt.limit(s, &found.null))
			if _, ok := opt.std(s); ok && found.reason != "" {
				threshold = stat.Number(math.NaN()) // chance would set it
			}
			t = &threshold
		}
		out.Measures[s.Name] = found.measure(s, t, evidence{refRows: of, rows: counted, window: rows, minRows: opt.LeastRows(), squared: s.squared})
	}
	// Any one judging measure makes the column drift, so each floor is high enough that all
	// together flag at most 5 % of samples without change: what those of shares can flag is
	// known, and the others share the rest.
	byChance := alike.byChance()
	left, able := byChance, 0
	for i := range ofShares {
		s := &ofShares[i]
		share := s.shares(ref, cur, alike)
		found := share.measured()
		limits := found.null
		if spent := share.spends(max(opt.limit(s, &limits), limits.floor)); spent > 0 {
			left -= spent
			able++
		}
		add(s, found, rows, refRows)
	}
	missing := measured{reason: "no values in the window"}
	var nulls []null
	level, k := 0.0, len(judging)
	rb, cb := binsOf(ref), binsOf(cur)
	if cur.N() > 0 {
		again := newRedeal(rb, cb, l.Ranged(), alike)
		rb, cb = rb.pooled(again.rare), cb.pooled(again.rare)
		nulls = mem.binNulls(again, binned, func(drawn []null) float64 {
			for i := range binned {
				s, chance := &binned[i], drawn[i]
				if slices.Contains(judging, s.Name) && chance.p(opt.limit(s, &chance)) < neverBy {
					k--
				}
			}
			level = 1 - max(left, byChance/4)/float64(max(1, k))
			return level
		})
	}
	var ofRows []null // of the binned measures, as rows alone leave it
	for i := range binned {
		found := missing
		if nulls != nil {
			found = measured{value: binned[i].bins.of(rb, cb), null: nulls[i]}
		}
		if alike.Days.binsVary() {
			found.ofRows = func() null {
				if ofRows == nil {
					again := newRedeal(binsOf(ref), binsOf(cur), l.Ranged(), alike.withoutDays())
					ofRows = mem.binNulls(again, binned, func([]null) float64 { return level })
				}
				return ofRows[i]
			}
		}
		add(&binned[i], found, cur.N(), ref.N())
	}
	pair := newPair(mem, ref, cur, level, alike)
	for i := range ofValues {
		s := &ofValues[i]
		found := missing
		if cur.N() > 0 {
			found = s.values(pair)
		}
		if alike.Days.orderVaries() {
			found.ofRows = func() null { return s.values(pair.withoutDays()).null }
		}
		add(s, found, cur.N(), ref.N())
	}
	out.conclude(judging, len(opt.Methods) == 0, rows, refRows, opt.LeastRows())
	out.chance = out.chanceOf(max(1, k) + able)
	return out
}

// measured is what a measure came to, before its threshold is looked at. Measures of values
// return it, and Compare makes a Measure of it.
type measured struct {
	value float64
	null  null // under no change
	// ofRows returns the same of rows alone, where ordinary days are part of it; else it is nil.
	ofRows func() null
	bound  float64 // the greatest error of value
	pValue *float64
	reason string // why there is no value
	unfit  bool   // nor is there one in any other window
}

// measure writes what was measured, and judges it by the threshold; nil is none.
func (m measured) measure(of *Spec, threshold *stat.Number, by evidence) Measure {
	if m.reason == "" && !stat.IsNumber(m.value) {
		m.reason = "not a finite number"
	}
	if m.reason != "" {
		out := Measure{Value: stat.Number(math.NaN()), Threshold: threshold, Reason: m.reason, unfit: m.unfit}
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
		out.judge(&m, float64(*threshold), of, by)
		if out.Drifted != nil && *out.Drifted {
			out.chance = m.null.p(m.value - m.bound)
		}
	}
	return out
}

// Unfit says why none of the configured measures judges columns of a kind, and nothing where
// one may.
func (o Options) Unfit(kind groundtruth.Kind) string {
	if len(o.Methods) == 0 {
		return ""
	}
	var ofNumbers, without []string
	for _, name := range o.Methods {
		switch s, ok := Find(name); {
		case !ok:
		case s.OfNumbers() && kind == groundtruth.Text:
			ofNumbers = append(ofNumbers, name)
		case math.IsNaN(o.threshold(&s)):
			without = append(without, name)
		default:
			return ""
		}
	}
	switch {
	case len(ofNumbers) == 1:
		return ofNumbers[0] + " compares numbers"
	case len(ofNumbers) > 1:
		return strings.Join(ofNumbers, ", ") + " compare numbers"
	}
	return strings.Join(without, ", ") + " without a threshold"
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
		if !ok || s.OfNumbers() && l.Kind != groundtruth.Number {
			continue
		}
		if !math.IsNaN(o.threshold(&s)) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
