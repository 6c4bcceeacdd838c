package metric

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

func TestIntervalsCoverTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	rng := rand.New(rand.NewPCG(6, 6))
	student := func() float64 { // t with 3 degrees of freedom
		a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		return rng.NormFloat64() / math.Sqrt((a*a+b*b+c*c)/3)
	}
	for _, c := range []struct {
		name   string
		draw   func() float64
		rows   int
		truths map[string]float64
		least  map[string]float64
		noted  bool
	}{
		{"normal", rng.NormFloat64, 200, map[string]float64{"me": 0, "mae": math.Sqrt(2 / math.Pi), "rmse": 1, "medae": 0.6744897501960817},
			map[string]float64{"me": 0.93, "mae": 0.93, "rmse": 0.93, "medae": 0.93}, false},
		{"normal, ten rows", rng.NormFloat64, 10, map[string]float64{"medae": 0.6744897501960817}, map[string]float64{"medae": 0.94}, false},
		{"t3", student, 200, map[string]float64{"mae": 2 * math.Sqrt(3) / math.Pi, "rmse": math.Sqrt(3), "medae": 0.7648923284043},
			map[string]float64{"mae": 0.92, "medae": 0.93}, true},
	} {
		const trials = 800
		covered := map[string]int{}
		noted := 0
		for range trials {
			errs := make([]float64, c.rows)
			for i := range errs {
				errs[i] = c.draw()
			}
			metrics := OfWindow(summarytest.ErrorSumsOf(errs), nil, Options{})
			for name, truth := range c.truths {
				if m := metrics[name]; float64(m.Low) <= truth && truth <= float64(m.High) {
					covered[name]++
				}
			}
			if strings.Contains(metrics["mae"].Note, "heavy-tailed errors (kurtosis ") {
				noted++
			}
		}
		for name, least := range c.least {
			if got := float64(covered[name]) / trials; got < least {
				t.Errorf("%s: the interval of %s covers the truth in %.1f %%, want 95 %% (at least %.0f %%)", c.name, name, 100*got, 100*least)
			}
		}
		if c.noted && noted < trials*8/10 || !c.noted && noted > trials/20 {
			t.Errorf("%s: heavy tails are noted in %d of %d windows", c.name, noted, trials)
		}
	}
}

// exactR2 computes R2 with 400 bits.
func exactR2(predictions, labels []float64) float64 {
	num := func(x float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(x) }
	mean := num(0)
	for _, y := range labels {
		mean.Add(mean, num(y))
	}
	mean.Quo(mean, num(float64(len(labels))))
	sse, sst := num(0), num(0)
	for i, y := range labels {
		e := num(0).Sub(num(predictions[i]), num(y))
		d := num(0).Sub(num(y), mean)
		sse.Add(sse, e.Mul(e, e))
		sst.Add(sst, d.Mul(d, d))
	}
	r, _ := num(0).Sub(num(1), sse.Quo(sse, sst)).Float64()
	return r
}

func TestR2FarFromZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for _, c := range []struct {
		name              string
		mean, sd, grain   float64
		center, tolerance float64
	}{
		{"around 0", 0, 10, 0, 0, 1e-12},
		{"prices in quarters, no reference", 1e6, 10, 0.25, 0, 1e-12},
		// The squares of such labels are rounded before they are added up.
		{"any labels, no reference", 1e6, 10, 0, 0, 1e-8},
		{"any labels, with a reference", 1e6, 10, 0, 1e6 + 3, 1e-12},
		{"huge labels, with a reference", 1e9, 1, 0, 1e9 + 0.25, 1e-12},
	} {
		labels, predictions := make([]float64, 1000), make([]float64, 1000)
		for i := range labels {
			y, p := c.mean+c.sd*rng.NormFloat64(), c.sd*0.3*rng.NormFloat64()
			if c.grain > 0 {
				y, p = c.grain*math.Round(y/c.grain), c.grain*math.Round(p/c.grain)
			}
			labels[i], predictions[i] = y, y+p
		}
		m := OfWindow(summarytest.ErrorSums(c.center, predictions, labels), nil, Options{})["r2"]
		if want := exactR2(predictions, labels); !(math.Abs(float64(m.Value)-want) <= c.tolerance) {
			t.Errorf("%s: r2 is %.17g, want %.17g", c.name, float64(m.Value), want)
		}
	}
}

// checkMetrics checks what holds of any metrics: no number without its reason, and
// the value within its interval, which is within the metric's limits.
func checkMetrics(t interface {
	Errorf(string, ...any)
	Fatal(...any)
}, metrics map[string]Result,
) {
	for _, spec := range Specs(groundtruth.Regression) {
		name := spec.Name
		m, ok := metrics[name]
		if !ok {
			t.Errorf("%s is not there", name)
		}
		value, low, high := float64(m.Value), float64(m.Low), float64(m.High)
		if !(stat.IsNumber(value) && stat.IsNumber(low) && stat.IsNumber(high)) && m.Reason == "" {
			t.Errorf("%s is %g (%g to %g) without a reason", name, value, low, high)
		}
		if stat.IsNumber(low) && stat.IsNumber(high) && !(low <= value && value <= high) {
			t.Errorf("%s is %g, outside its interval of %g to %g", name, value, low, high)
		}
		if low < spec.Least || high > spec.Most {
			t.Errorf("%s has an interval of %g to %g", name, low, high)
		}
		if strings.Contains(m.Note, "NaN") || strings.Contains(m.Note, "Inf") {
			t.Errorf("the note of %s is %q", name, m.Note)
		}
	}
	evaltest.AsJSON(t, metrics)
}

func TestMetricsOfOddData(t *testing.T) {
	repeat := func(x float64, n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = x
		}
		return out
	}
	null := math.NaN()
	ramp := make([]float64, 300)
	for i := range ramp {
		ramp[i] = float64(i * i % 97)
	}
	plus := func(xs []float64, d float64) []float64 {
		out := make([]float64, len(xs))
		for i, x := range xs {
			out[i] = x + d
		}
		return out
	}
	type row struct{ value, low, high float64 }
	for _, c := range []struct {
		name                string
		predictions, labels []float64
		want                map[string]row
		reason              map[string]string
	}{
		{name: "one row", predictions: []float64{3}, labels: []float64{1},
			want:   map[string]row{"me": {2, null, null}, "rmse": {2, null, null}, "medae": {2, null, null}, "r2": {null, null, null}},
			reason: map[string]string{"rmse": "two rows", "medae": "more rows", "r2": "do not vary"}},
		{name: "one perfect row", predictions: []float64{1}, labels: []float64{1},
			want: map[string]row{"rmse": {0, null, null}, "mse": {0, null, null}}, reason: map[string]string{"rmse": "two rows"}},
		{name: "two rows", predictions: []float64{1, 3}, labels: []float64{0, 0},
			want:   map[string]row{"medae": {2, null, null}, "mae": {2, 0, 2 + 12.706204736174694}, "mape": {null, null, null}},
			reason: map[string]string{"medae": "more rows", "mape": "every label is 0"}},
		{name: "perfect", predictions: ramp, labels: ramp,
			want: map[string]row{"me": {0, 0, 0}, "mae": {0, 0, 0}, "mse": {0, 0, 0}, "rmse": {0, 0, 0}, "medae": {0, 0, 0}, "r2": {1, 1, 1}, "smape": {0, 0, 0}}},
		{name: "constant errors that squares round", predictions: plus(repeat(0, 300), 0.1), labels: repeat(0, 300),
			want: map[string]row{"me": {0.1, 0.1, 0.1}, "mae": {0.1, 0.1, 0.1}, "rmse": {0.1, 0.1, 0.1}, "smape": {2, 2, 2}, "r2": {null, null, null}}},
		{name: "labels all 0", predictions: ramp, labels: repeat(0, 300),
			want: map[string]row{"mape": {null, null, null}, "r2": {null, null, null}}, reason: map[string]string{"mape": "label"}},
		{name: "negative zero", predictions: repeat(math.Copysign(0, -1), 20), labels: repeat(0, 20),
			want: map[string]row{"me": {0, 0, 0}, "smape": {0, 0, 0}, "mape": {null, null, null}}},
		{name: "squares overflow", predictions: plus(repeat(1e160, 20), 0), labels: ramp[:20],
			want:   map[string]row{"mae": {1e160, null, null}, "mse": {null, null, null}, "rmse": {null, null, null}, "medae": {1e160, 1e160, 1e160}, "r2": {null, null, null}},
			reason: map[string]string{"mae": "powers", "rmse": "finite"}},
		{name: "fourth powers overflow", predictions: []float64{1e80, -2e80, 3e80}, labels: []float64{1, 2, 3},
			want: map[string]row{"mse": {(1 + 4 + 9) * 1e160 / 3, null, null}}, reason: map[string]string{"mse": "powers", "rmse": "powers"}},
		{name: "differences overflow", predictions: repeat(1.5e308, 10), labels: repeat(-1.5e308, 10),
			want: map[string]row{"me": {null, null, null}, "medae": {null, null, null}, "max_error": {null, null, null}, "smape": {2, 2, 2}}, reason: map[string]string{"max_error": "finite"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			metrics := OfWindow(summarytest.ErrorSums(0, c.predictions, c.labels), nil, Options{})
			checkMetrics(t, metrics)
			same := func(got stat.Number, want float64) bool {
				return math.IsNaN(want) && math.IsNaN(float64(got)) || math.Abs(float64(got)-want) <= 1e-12*math.Abs(want)
			}
			for name, want := range c.want {
				m := metrics[name]
				if !same(m.Value, want.value) || !same(m.Low, want.low) || !same(m.High, want.high) {
					t.Errorf("%s is %g (%g to %g; %s), want %g (%g to %g)", name, m.Value, m.Low, m.High, m.Reason, want.value, want.low, want.high)
				}
				if strings.Contains(m.Note, "autocorrelated") {
					t.Errorf("%s: %s", name, m.Note)
				}
			}
			for name, part := range c.reason {
				if m := metrics[name]; !strings.Contains(m.Reason, part) {
					t.Errorf("the reason of %s is %q, want %q in it", name, m.Reason, part)
				}
			}
		})
	}
}

func TestMetricsOfAnyNumbersAreNumbersOrNullWithAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "n")
		// Powers of ten over the whole range, and multiples of one scale.
		scale := rapid.SampledFrom([]float64{0, 1e-300, 1e-160, 1e-60, 1e-30, 1, 1e30, 1e45, 1e90, 1e160, 1e308}).Draw(t, "scale")
		offset := rapid.SampledFrom([]float64{0, 0, 1, 1e8, 1e15}).Draw(t, "offset")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		predictions, labels := make([]float64, n), make([]float64, n)
		for i := range labels {
			labels[i] = (rng.Float64() - 0.5 + offset) * scale
			predictions[i] = labels[i] + (rng.Float64()-0.5)*scale
			if rng.IntN(10) == 0 {
				predictions[i], labels[i] = -labels[i], math.Copysign(0, -1)
			}
			// The join lets finite numbers through only.
			predictions[i] = math.Max(-math.MaxFloat64, math.Min(predictions[i], math.MaxFloat64))
			labels[i] = math.Max(-math.MaxFloat64, math.Min(labels[i], math.MaxFloat64))
		}
		checkMetrics(t, OfWindow(summarytest.ErrorSums(0, predictions, labels), nil, Options{}))
	})
}

// TestIntervalsOfLabelsThatStandOutHoldTheValue: one label far from seven others makes squares of
// labels more skewed than those of errors, which r2 and its skill are the ratio of.
func TestIntervalsOfLabelsThatStandOutHoldTheValue(t *testing.T) {
	for _, scale := range []float64{1e-30, 1, 1e5} {
		n := 8
		rng := rand.New(rand.NewPCG(0, 0))
		predictions, labels := make([]float64, n), make([]float64, n)
		for i := range labels {
			labels[i] = (rng.Float64() + 0.5) * scale
			predictions[i] = labels[i] + (rng.Float64()-0.5)*scale
			if rng.IntN(10) == 0 {
				predictions[i], labels[i] = -labels[i], 0
			}
		}
		checkMetrics(t, OfWindow(summarytest.ErrorSums(0, predictions, labels), nil, Options{}))
	}
}

// TestShapeIsNotReadFromRounding: errors of a large constant bias have squares that
// differ by less than rounding, and no kurtosis can be told from them.
func TestShapeIsNotReadFromRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for _, bias := range []float64{0, 1, 1e3, 1e5, 1e6} {
		errs := make([]float64, 2000)
		for i := range errs {
			errs[i] = bias + rng.NormFloat64()
		}
		for name, m := range OfWindow(summarytest.ErrorSumsOf(errs), nil, Options{}) {
			if name == "mae" || name == "me" || name == "rmse" {
				if m.Estimate.Kurtosis < 1 || m.Estimate.Kurtosis > 30 || math.Abs(m.Estimate.Skew) > 0.2 || m.Estimate.DF < 100 && !strings.Contains(m.Note, "autocorrelated") {
					t.Errorf("bias %g: %s has kurtosis %g, skew %g, df %g", bias, name, m.Estimate.Kurtosis, m.Estimate.Skew, m.Estimate.DF)
				}
				if bias > 0 && name != "me" && math.Abs(m.Estimate.SE*math.Sqrt(m.Estimate.NEff)-1) > 0.1 && bias > 10 {
					t.Errorf("bias %g: %s has a standard error of %g", bias, name, m.Estimate.SE)
				}
			}
		}
	}
}

// TestAutocorrelationIsCounted shows what the test above would miss if the blocks
// were not used: a naive interval covers far too little.
func TestAutocorrelationIsCounted(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	rng := rand.New(rand.NewPCG(7, 7))
	const trials = 600
	covered, naive := 0, 0
	for range trials {
		e := summarytest.ErrorSumsOf(evaltest.ErrorsOf(rng, 1000, 0.7))
		m := OfWindow(e, nil, Options{})["me"]
		if float64(m.Low) <= 0 && 0 <= float64(m.High) {
			covered++
		}
		plain := momentsOf(e, summary.AllRows, summary.SumE, summary.SumE2, summary.SumE3, summary.SumE4)
		if half := 1.96 * math.Sqrt(plain.Variance/plain.N); math.Abs(plain.Mean) <= half {
			naive++
		}
	}
	if got := float64(covered) / trials; got < 0.91 {
		t.Errorf("the interval covers the truth in %.1f %% of windows with AR(1) errors, want about 95 %%", 100*got)
	}
	if got := float64(naive) / trials; got > 0.75 {
		t.Errorf("a naive interval covers %.1f %%: the simulation has lost its point", 100*got)
	}
}
