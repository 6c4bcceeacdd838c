package drift

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// The drift measures that this version computes.
const (
	PSI               = "psi"
	KS                = "ks"
	Wasserstein       = "wasserstein"
	WassersteinNormed = "wasserstein_normed"
	JS                = "js"
	TVD               = "tvd"
)

// Spec is one drift measure: a row of the table that rules, the configuration and
// the documentation's tests read. A measure is added by its row and the function that
// computes it and its noise floor.
type Spec struct {
	Name string
	// Threshold is the default; NaN where a measure that judges needs one of its own.
	Threshold float64
	// NumbersOnly says that it knows values of numbers alone.
	NumbersOnly bool

	// bins is the distance of binned rows, nil of a measure of distribution functions. On
	// ranges of numbers, which have better ones, it is computed where it judges, or always.
	bins       *distance
	alwaysBins bool
	// values computes a measure of distribution functions.
	values func(*pair) measured
}

// Specs lists the drift measures, in the order in which the documentation and
// error messages list them.
func Specs() []Spec {
	return []Spec{
		{Name: PSI, Threshold: 0.2, bins: &distance{psi, psiAround}, alwaysBins: true},
		{Name: KS, Threshold: 0.1, NumbersOnly: true, values: (*pair).kolmogorovSmirnov},
		{Name: Wasserstein, Threshold: math.NaN(), NumbersOnly: true, values: (*pair).wasserstein}, // in the column's own units
		{Name: WassersteinNormed, Threshold: 0.1, NumbersOnly: true, values: (*pair).wassersteinNormed},
		{Name: JS, Threshold: 0.1, bins: &distance{jensenShannon, jensenShannonAround}},
		{Name: TVD, Threshold: 0.1, bins: &distance{of: totalVariation}},
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

// Later lists the drift measures that have a name but are not computed yet.
func Later() []string {
	return []string{"kl", "hellinger", "linf", "cvm", "energy", "chi2"}
}

// Find returns the measure of that name.
func Find(name string) (Spec, bool) {
	specs := Specs()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// autoMethods are the measures that judge a column when none are configured.
func autoMethods(l *summary.ColumnLayout) []string {
	switch {
	case l.Distinct() == 2:
		return []string{TVD}
	case l.Ranged():
		return []string{WassersteinNormed, PSI}
	default:
		return []string{JS}
	}
}

// measuresOf returns the measures of a column's binned rows and those of its values.
func measuresOf(l *summary.ColumnLayout, judging []string) (binned, ofValues []Spec) {
	// The distances of bins share their draws. Where one judges, all are shown.
	all := !l.Ranged()
	for _, s := range Specs() {
		all = all || s.bins != nil && !s.alwaysBins && slices.Contains(judging, s.Name)
	}
	for _, s := range Specs() {
		switch {
		case s.bins != nil && (all || s.alwaysBins):
			binned = append(binned, s)
		case s.values != nil && l.Kind == groundtruth.Number:
			ofValues = append(ofValues, s)
		}
	}
	return binned, ofValues
}

// pair is a column of the reference and of a window, whose distribution functions are
// compared.
type pair struct {
	mem      *Scratch
	ref, cur *summary.Column
	n, m     float64 // values of each
	level    float64 // of noise floors

	walked bool
	shift  *measured // the Wasserstein distance, once it was computed
}

func newPair(mem *Scratch, ref, cur *summary.Column, level float64) *pair {
	return &pair{mem: mem, ref: ref, cur: cur, n: float64(ref.N()), m: float64(cur.N()), level: level}
}

// functions walks both distribution functions, once.
func (p *pair) functions() *cdfs {
	if !p.walked {
		p.mem.cdfs.walk(p.ref, p.cur)
		p.walked = true
	}
	return &p.mem.cdfs
}

func (p *pair) kolmogorovSmirnov() measured {
	d, bound := p.functions().kolmogorovSmirnov()
	pValue := ksPValue(d, p.n, p.m)
	return measured{value: d, floor: ksFloor(p.n, p.m, p.level), bound: bound, pValue: &pValue}
}

func (p *pair) wasserstein() measured {
	if p.shift == nil {
		w, bound := p.functions().wasserstein1()
		p.shift = &measured{value: w, floor: sharedBridges().wassersteinFloor(p.mem, p.level), bound: bound}
	}
	return *p.shift
}

func (p *pair) wassersteinNormed() measured {
	w, sd := p.wasserstein(), math.Sqrt(p.ref.Variance())
	switch {
	case sd == 0:
		return measured{reason: "the reference does not vary"}
	case math.IsInf(sd, 1):
		return measured{value: math.NaN()}
	}
	return measured{value: w.value / sd, floor: w.floor / sd, bound: w.bound / sd}
}
