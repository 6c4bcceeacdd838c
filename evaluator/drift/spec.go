// Package drift tells how far the columns of a window are from a reference's, and whether
// that is more than chance.
//
// A measure is a [Spec]: its name, its default threshold, and the functions that compute it
// and its noise floor, which is what it stays below where nothing has changed. Measures of
// bins compare counts of values; measures of distribution functions compare the values of
// numbers; measures of shares count rows without a value or out of range. A measure judges a
// column where its threshold is asked for, and is shown only where it isn't. A [Measure] is what
// it came to, a [Column] what the judging ones say of one column together, and [Drift] counts
// the features that drifted.
//
// Begin at [Specs], the table, where a measure is added: by its row and its function.
// [Compare] computes them all of one column.
package drift

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Spec is one drift measure: a row of the table that rules, the configuration and
// the documentation's tests read.
type Spec struct {
	// Name is what rules, the configuration, JSON and Prometheus call the measure.
	Name string
	// Threshold is the default. It is NaN of a measure in the column's own unit, where no one
	// threshold suits all columns: that judges only by a threshold of its own.
	Threshold float64
	// Instead names, of a measure without a threshold, the one like it that has one.
	Instead string

	// auto are the shapes of the columns that the measure judges where no measures are
	// configured, 0 for none.
	auto shape
	// bins compares binned values; it is nil of a measure of distribution functions. On ranges
	// of numbers, which have better measures, it is computed where one like it judges, or
	// always where alwaysBins says so.
	bins       *distance
	alwaysBins bool
	// squared says that the measure grows with the square of a difference: so its floor falls
	// faster with the number of rows.
	squared bool
	// most is the greatest value of a distance, 0 where there is none.
	most float64
	// values is a measure of distribution functions, with its floor. It knows the values of
	// numbers alone, and is nil of a measure of bins.
	values func(*pair) measured
	// shares is a measure of a share of the rows, which judges beside every method. It is of
	// numbers alone where onRange says that it needs a range.
	shares  func(ref, cur *summary.Column, alike Likeness) shares
	onRange bool
}

// Specs lists the drift measures, in the order in which the documentation and
// error messages list them. A new one is added here.
func Specs() []Spec {
	return []Spec{
		{Name: "psi", Threshold: 0.2, auto: ranges, bins: &distance{psi, psiAround}, alwaysBins: true, squared: true},
		{Name: "ks", Threshold: 0.1, most: 1, values: (*pair).kolmogorovSmirnov},
		{Name: "wasserstein", Threshold: math.NaN(), Instead: "wasserstein_normed", values: (*pair).wasserstein},
		{Name: "wasserstein_normed", Threshold: 0.1, auto: ranges, values: (*pair).wassersteinNormed},
		{Name: "js", Threshold: 0.1, auto: categories, most: 1, bins: &distance{jensenShannon, jensenShannonAround}},
		{Name: "tvd", Threshold: 0.1, auto: twoValues, most: 1, bins: &distance{of: totalVariation}},
		{Name: "cohen_w", Threshold: 0.1, auto: twoValues | categories, most: 2, bins: &distance{of: cohenW}},
		{Name: "missing", Threshold: 0.01, shares: missingShare},
		{Name: "out_of_range", Threshold: 0.01, shares: outOfRange, onRange: true},
	}
}

// Names lists the names of the drift measures that this version computes.
func Names() []string {
	var out []string
	for _, s := range Specs() {
		out = append(out, s.Name)
	}
	return out
}

// Later lists the drift measures that have a name but are not computed yet, so that one who
// asks for them gets an answer that helps.
func Later() []string {
	return []string{"kl", "hellinger", "linf", "cvm", "energy", "chi2"}
}

// Find returns the measure of that name, of those that are computed.
func Find(name string) (Spec, bool) {
	specs := Specs()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// shape says what the bins of a column are, or with | of several columns, which decides what
// judges it where no measures are configured.
type shape uint8

const (
	twoValues  shape = 1 << iota // two bins in the reference
	ranges                       // ranges of numbers
	categories                   // texts, or numbers with few values
)

func shapeOf(l *summary.ColumnLayout) shape {
	switch {
	case l.Distinct() == 2:
		return twoValues
	case l.Ranged():
		return ranges
	default:
		return categories
	}
}

// OfNumbers reports whether the measure compares numbers alone.
func (s *Spec) OfNumbers() bool { return s.values != nil || s.onRange }

// ofColumn reports whether the measure compares columns of this kind.
func (s *Spec) ofColumn(l *summary.ColumnLayout) bool {
	return !s.OfNumbers() || l.Kind == groundtruth.Number
}

// Beside reports whether the measure judges beside every method.
func (s *Spec) Beside() bool { return s.shares != nil }

// JudgesAuto reports whether the measure judges any column where no measures are configured.
func (s *Spec) JudgesAuto() bool { return s.auto != 0 }

// autoMethods lists the measures that judge a column when none are configured, from the
// table's end: an inconclusive column gives the reason of the last one.
func autoMethods(l *summary.ColumnLayout) []string {
	var out []string
	of := shapeOf(l)
	for _, s := range slices.Backward(Specs()) {
		if s.auto&of != 0 {
			out = append(out, s.Name)
		}
	}
	return out
}

// measuresOf returns the measures that are computed of a column, of its binned values, of its
// distribution function and of shares of its rows.
func measuresOf(l *summary.ColumnLayout, judging []string) (binned, ofValues, ofShares []Spec) {
	// The distances of bins share their draws. Where one judges, all are shown.
	all := !l.Ranged()
	for _, s := range Specs() {
		all = all || s.bins != nil && !s.alwaysBins && slices.Contains(judging, s.Name)
	}
	for _, s := range Specs() {
		switch {
		case s.bins != nil && (all || s.alwaysBins):
			binned = append(binned, s)
		case s.values != nil && s.ofColumn(l):
			ofValues = append(ofValues, s)
		case s.shares != nil && s.ofColumn(l):
			ofShares = append(ofShares, s)
		}
	}
	return binned, ofValues, ofShares
}

// pair is a column of the reference and of a window, whose distribution functions Compare
// has the measures of values compare.
type pair struct {
	mem      *Scratch
	ref, cur *summary.Column
	n, m     float64 // values of each, of which those that are alike count as fewer
	alike    Likeness
	level    float64 // of noise floors

	walked bool
	shift  *measured // the Wasserstein distance, once it was computed
}

func newPair(mem *Scratch, ref, cur *summary.Column, level float64, alike Likeness) *pair {
	n, m := alike.rows(float64(ref.N()), float64(cur.N()))
	return &pair{mem: mem, ref: ref, cur: cur, n: n, m: m, level: level, alike: alike}
}

// withoutDays returns the same pair of rows that no day moves.
func (p *pair) withoutDays() *pair {
	plain := *p
	plain.alike, plain.shift = p.alike.withoutDays(), nil
	return &plain
}

// functions walks both distribution functions, once for all measures.
func (p *pair) functions() *cdfs {
	if !p.walked {
		p.mem.cdfs.walk(p.ref, p.cur)
		p.walked = true
	}
	return &p.mem.cdfs
}

// kolmogorovSmirnov is ks = sup |F - G|, from 0 to 1, with Smirnov's asymptotic floor and a
// p-value, which never judges.
func (p *pair) kolmogorovSmirnov() measured {
	d, bound := p.functions().kolmogorovSmirnov()
	pValue := KSPValue(d, p.n, p.m)
	null := ksNull(p.n, p.m, p.level)
	if days := p.alike.Days; days.orderVaries() {
		null = sharedBridges().ksNull(p.mem, p.n, p.m, p.level, days)
	}
	return measured{value: d, null: null, bound: bound, pValue: &pValue}
}

// wasserstein is the integral of |F - G|, from 0, in the column's unit, with a floor from
// random splits of the pooled values.
func (p *pair) wasserstein() measured {
	if p.shift == nil {
		w, bound := p.functions().wasserstein1()
		p.shift = &measured{value: w, null: sharedBridges().wassersteinNull(p.mem, p.level, p.alike), bound: bound}
	}
	return *p.shift
}

// wassersteinNormed is wasserstein in standard deviations of the reference, of a reference
// that varies.
func (p *pair) wassersteinNormed() measured {
	w, sd := p.wasserstein(), math.Sqrt(p.ref.Variance())
	switch {
	case sd == 0 && p.ref.Min() < p.ref.Max():
		return measured{reason: "the squares of the reference's distances from its mean are too small for a number: choose a smaller unit"}
	case sd == 0:
		return measured{reason: "the reference does not vary", unfit: true}
	case math.IsInf(sd, 1):
		return measured{value: math.NaN()}
	}
	return measured{value: w.value / sd, null: w.null.over(sd), bound: w.bound / sd}
}
