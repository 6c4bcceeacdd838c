package evaluator_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// distribution counts a reference's and a window's values on a layout of so many exact values, the
// default where it is 0, and returns their distribution.
func distribution(ref, cur []float64, exact int) evaluator.Distribution {
	profile, window := summarytest.Summaries(evaltest.NumbersBatch(ref), summary.ProfilerOptions{ExactValues: exact}, evaltest.NumbersBatch(cur))
	return evaluator.DistributionOf(profile.Summary().Feature("x"), window.Feature("x"), 0)
}

// counted counts the values that a bin says it has; last is the last bin that isn't outside.
func counted(xs []float64, b evaluator.DistributionBin, last bool) (n int64) {
	for _, x := range xs {
		switch {
		case math.IsNaN(x):
		case b.Low == b.High:
			if x == b.Low {
				n++
			}
		case math.IsInf(b.High, 1):
			if x > b.Low {
				n++
			}
		case x >= b.Low && (x < b.High || last && x == b.High):
			n++
		}
	}
	return n
}

// checkDistribution compares bins with the rows, and looks whether they follow one another.
func checkDistribution(t interface{ Errorf(string, ...any) }, d evaluator.Distribution, ref, cur []float64) {
	values := func(xs []float64) (n, missing int64) {
		for _, x := range xs {
			if math.IsNaN(x) {
				missing++
			} else {
				n++
			}
		}
		return n, missing
	}
	for _, side := range []struct {
		name string
		rows []float64
		got  evaluator.DistributionRows
		of   func(evaluator.DistributionBin) int64
	}{
		{"reference", ref, d.Reference, func(b evaluator.DistributionBin) int64 { return b.Reference }},
		{"window", cur, d.Window, func(b evaluator.DistributionBin) int64 { return b.Window }},
	} {
		n, missing := values(side.rows)
		if side.got.N != n || side.got.Missing != missing {
			t.Errorf("%s has %d values and %d missing, want %d and %d", side.name, side.got.N, side.got.Missing, n, missing)
		}
		var sum int64
		for i, b := range d.Bins {
			last := i+1 == len(d.Bins) || d.Bins[i+1].Outside()
			if want := counted(side.rows, b, last); side.of(b) != want {
				t.Errorf("%s has %d rows from %v to %v, want %d", side.name, side.of(b), b.Low, b.High, want)
			}
			sum += side.of(b)
		}
		if sum != n {
			t.Errorf("the bins of the %s have %d of %d values", side.name, sum, n)
		}
	}
	for i, b := range d.Bins {
		if b.Low > b.High || i > 0 && (d.Bins[i-1].High > b.Low || d.Kind == evaluator.Ranges && d.Bins[i-1].High != b.Low) {
			t.Errorf("bin %d goes from %v to %v", i, b.Low, b.High)
		}
	}
	if len(d.Bins) > 43 {
		t.Errorf("%d bins", len(d.Bins))
	}
}

// draws are values of many shapes: whole numbers, rounded ones, wide ones, tied ones.
func draws(rng *rand.Rand, shape string, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		x := portable.NormalQuantile(rng.Float64()*0.99998 + 0.00001)
		switch shape {
		case "normal":
			out[i] = x
		case "shifted":
			out[i] = 3 + x/2
		case "far":
			out[i] = 1e6 + x
		case "lognormal":
			out[i] = portable.Exp(2 * x)
		case "whole":
			out[i] = math.Round(20 * x)
		case "rounded":
			out[i] = math.Round(10*x) / 10
		case "few":
			out[i] = float64(rng.IntN(12))
		case "zeros":
			out[i] = math.Max(0, x-1)
		case "heavy":
			out[i] = x * x * x * x * x
		case "missing":
			out[i] = x
			if rng.IntN(4) == 0 {
				out[i] = math.NaN()
			}
		}
	}
	return out
}

func shapes() []string {
	return []string{"normal", "shifted", "far", "lognormal", "whole", "rounded", "few", "zeros", "heavy", "missing"}
}

// Every bin of a distribution has as many values as the rows say, whether the layout has all of the
// reference's values or quantiles of them, and whatever the shape of either side.
func TestDistributionCountsTheRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, of := range shapes() {
		for _, to := range shapes() {
			for _, exact := range []int{0, 256, 50} {
				ref, cur := draws(rng, of, 3000), draws(rng, to, 1000)
				checkDistribution(t, distribution(ref, cur, exact), ref, cur)
				if t.Failed() {
					t.Fatalf("of %s to %s, with %d exact values", of, to, exact)
				}
			}
		}
	}
}

func TestDistributionOfAnyNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1, 2, -3.5, 1e9, 1e-320, 5e-324, 1e160, -1e308, 1e308, math.MaxFloat64, math.NaN()}),
			rapid.Float64(), rapid.Float64Range(0, 1), rapid.Float64Range(1e15, 1e15+100),
		)
		column := func(what string) []float64 { return rapid.SliceOfN(value, 0, 90).Draw(t, what) }
		ref, cur := column("reference"), column("window")
		if len(ref) == 0 {
			return
		}
		checkDistribution(t, distribution(ref, cur, rapid.SampledFrom([]int{0, 3, 20}).Draw(t, "exact values")), ref, cur)
	})
}

// Bins are such as a person would choose.
func TestDistributionBins(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 20_000
	for _, c := range []struct {
		of, to   string
		kind     evaluator.DistributionKind
		log      bool
		step     float64
		unit     float64
		least    int
		first    float64 // the end of the first bin that isn't outside
		outsides int
	}{
		{of: "few", to: "few", kind: evaluator.Values, least: 12, first: 0},
		{of: "normal", to: "shifted", step: 0.25, least: 31, first: -3.75},
		{of: "whole", to: "whole", step: 4, unit: 1, least: 25, first: -52.5, outsides: 2},
		{of: "lognormal", to: "lognormal", log: true, step: 0.2, least: 24, outsides: 2, first: 0.004},
		{of: "heavy", to: "heavy", step: 8, least: 28, outsides: 2, first: -112},
	} {
		d := distribution(draws(rng, c.of, n), draws(rng, c.to, n), 0)
		var outside []evaluator.DistributionBin
		inside := slices.Clone(d.Bins)
		inside = slices.DeleteFunc(inside, func(b evaluator.DistributionBin) bool {
			if b.Outside() {
				outside = append(outside, b)
			}
			return b.Outside()
		})
		if d.Kind != c.kind || d.Log != c.log || math.Abs(inside[9].High-inside[9].Low-c.step) > 0.3*c.step || d.Unit != c.unit || len(outside) != c.outsides || len(inside) < c.least || math.Abs(inside[0].Low-c.first) > 0.3*c.step {
			t.Errorf("%s to %s: kind %d, log %v, step %g, unit %g, %d bins from %g, %d outside", c.of, c.to, d.Kind, d.Log, inside[9].High-inside[9].Low, d.Unit, len(inside), inside[0].Low, len(outside))
		}
	}
}

// Of values beyond the reference's that are too many to be known the farthest is: they have a bin
// up to there, or all that is beyond where one of them is too far away.
func TestDistributionBeyondTheReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ref, cur := make([]float64, 3000), make([]float64, 2000)
	for i := range ref {
		ref[i] = 100 * rng.Float64()
	}
	for i := range cur {
		cur[i] = 150 * rng.Float64()
	}
	d := distribution(ref, cur, 200)
	checkDistribution(t, d, ref, cur)
	last := d.Bins[len(d.Bins)-1]
	if last.Outside() || !(last.Low > 90 && last.Low < 101) || !(last.High >= slices.Max(cur)) || last.Window < 600 {
		t.Errorf("the last bin is %+v", last)
	}
	cur[7] = 1e9
	d = distribution(ref, cur, 200)
	checkDistribution(t, d, ref, cur)
	if last := d.Bins[len(d.Bins)-1]; !last.Outside() || last.Window < 600 {
		t.Errorf("with an outlier the last bin is %+v", last)
	}
}

// A shift is said by the reference's own points.
func TestDistributionShift(t *testing.T) {
	ref, cur := make([]float64, 1000), make([]float64, 1000)
	for i := range ref {
		ref[i], cur[i] = float64(i), float64(i+500)
	}
	s := distribution(ref, cur, 0).Shift
	if want := (evaluator.Shift{Low: 49, High: 949, Below: 0, Above: 0.55, ReferenceMedian: 499, WindowMedian: 999}); s != want {
		t.Errorf("the shift is %+v, want %+v", s, want)
	}
	if s := distribution(ref, nil, 0).Shift; !math.IsNaN(s.Above) || !math.IsNaN(s.WindowMedian) || s.High != 949 {
		t.Errorf("without values the shift is %+v", s)
	}
}
