package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// errorKind is a way in which the errors of a model are distributed.
type errorKind struct {
	name string
	// draw draws the errors of rows at these times, in their order, which are Unix nanoseconds;
	// nil where rows have entities, whose errors are drawn by entityErrors.
	draw func(r *rand.Rand, times []int64) []float64
	// The true mean, mean size, mean square and median size of an error.
	me, mae, mse, medae float64
}

// errorKinds lists what the grid of metrics is about.
func errorKinds() []errorKind {
	normal := func(r *rand.Rand) float64 { return r.NormFloat64() }
	kinds := []errorKind{
		{name: "normal", draw: independent(normal)},
		{name: "Laplace", me: 0, mae: 1, mse: 2, medae: math.Ln2, draw: independent(func(r *rand.Rand) float64 {
			return r.ExpFloat64() * float64(1-2*r.IntN(2))
		})},
		// The mean size is 2 √5 Γ(3) / (√π · 4 · Γ(5/2)), the median size the quantile of 0.75.
		{name: "t5", me: 0, mae: 2 * math.Sqrt(5) * 2 / (math.SqrtPi * 4 * math.Gamma(2.5)), mse: 5.0 / 3, medae: 0.7266868438,
			draw: independent(func(r *rand.Rand) float64 {
				squares := 0.0
				for range 5 {
					z := r.NormFloat64()
					squares += z * z
				}
				return r.NormFloat64() / math.Sqrt(squares/5)
			})},
		{name: "lognormal", me: math.Exp(0.5), mae: math.Exp(0.5), mse: math.Exp(2), medae: 1,
			draw: independent(func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) })},
		{name: "AR(1) 0.7", draw: autoregressive},
		{name: "hourly pattern", draw: hourly(independent(normal))},
		{name: "pattern with AR(1)", draw: hourly(autoregressive)},
		{name: "entity effect"},
	}
	for i := range kinds {
		switch k := &kinds[i]; {
		case k.mse > 0:
		case k.name == "hourly pattern", k.name == "pattern with AR(1)":
			k.me, k.mae, k.mse, k.medae = truthOverDay()
		default: // each error alone is standard normal
			k.me, k.mae, k.mse, k.medae = 0, math.Sqrt(2/math.Pi), 1, 0.6744897502
		}
	}
	return kinds
}

func independent(draw func(r *rand.Rand) float64) func(*rand.Rand, []int64) []float64 {
	return func(r *rand.Rand, times []int64) []float64 {
		out := make([]float64, len(times))
		for i := range out {
			out[i] = draw(r)
		}
		return out
	}
}

// autoregressive draws normal errors of which each correlates with the one before by 0.7.
func autoregressive(r *rand.Rand, times []int64) []float64 {
	const rho = 0.7
	out := make([]float64, len(times))
	e := r.NormFloat64()
	for i := range out {
		out[i] = e
		e = rho*e + math.Sqrt(1-rho*rho)*r.NormFloat64()
	}
	return out
}

// pattern returns the size and the bias of errors at a part of the day: the size varies by
// 40 % either way, the bias by half a standard deviation, a quarter of a day apart.
func pattern(ofDay float64) (size, bias float64) {
	sin, cos := math.Sincos(2 * math.Pi * ofDay)
	return 1 + 0.4*sin, 0.5 * cos
}

// hourly gives errors the pattern of the day.
func hourly(draw func(*rand.Rand, []int64) []float64) func(*rand.Rand, []int64) []float64 {
	return func(r *rand.Rand, times []int64) []float64 {
		out := draw(r, times)
		for i, t := range times {
			size, bias := pattern(float64(t%int64(24*time.Hour)) / float64(24*time.Hour))
			out[i] = size*out[i] + bias
		}
		return out
	}
}

// truthOverDay returns the truth of normal errors with the pattern, over a whole day: the mean
// over its minutes of what is known of a normal distribution.
func truthOverDay() (me, mae, mse, medae float64) {
	const minutes = 24 * 60
	below := func(x float64) float64 { // the share of errors of at most this size
		share := 0.0
		for i := range minutes {
			size, bias := pattern((float64(i) + 0.5) / minutes)
			share += (math.Erf((x-bias)/size/math.Sqrt2) + math.Erf((x+bias)/size/math.Sqrt2)) / 2 / minutes
		}
		return share
	}
	for i := range minutes {
		size, bias := pattern((float64(i) + 0.5) / minutes)
		me += bias / minutes
		mse += (size*size + bias*bias) / minutes
		mae += (size*math.Sqrt(2/math.Pi)*math.Exp(-bias*bias/(2*size*size)) + bias*math.Erf(bias/size/math.Sqrt2)) / minutes
	}
	low, high := 0.0, 10.0
	for range 60 {
		if medae = (low + high) / 2; below(medae) < 0.5 {
			low = medae
		} else {
			high = medae
		}
	}
	return me, mae, mse, medae
}

// entityRows is how many rows an entity has.
const entityRows = 10

// entityErrors draws n normal errors of which 0.3 of the variance is the entity's, and the
// groups that the rows' entities are dealt to. The entities' rows are anywhere in time.
func entityErrors(r *rand.Rand, n int) (errors []float64, groups []int64) {
	series, groups := entitySeries(r, n, 1)
	return series[0], groups
}

// entitySeries draws so many series of n numbers, each as the errors of entityErrors, of the
// same entities.
func entitySeries(r *rand.Rand, n, number int) (series [][]float64, groups []int64) {
	const icc = 0.3
	series, groups = make([][]float64, number), make([]int64, n)
	for k := range series {
		series[k] = make([]float64, n)
	}
	effects, group := make([]float64, number), int64(0)
	for i, row := range r.Perm(n) {
		if i%entityRows == 0 {
			for k := range effects {
				effects[k] = math.Sqrt(icc) * r.NormFloat64()
			}
			group = r.Int64N(groundtruth.EntityGroups)
		}
		for k := range series {
			series[k][row] = effects[k] + math.Sqrt(1-icc)*r.NormFloat64()
		}
		groups[row] = group
	}
	return series, groups
}
