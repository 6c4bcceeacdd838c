package drift

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// null is what a measure comes to at these numbers of rows where nothing has changed. The
// functions that draw floors return it, and the judging of a measure goes by it.
type null struct {
	floor float64 // the quantile at the level that was asked for
	mean  float64 // of the draws
	rms   float64 // the root of the mean of their squares
	sd    float64 // their standard deviation
}

// moments fills in what draws have in common, but those that are infinite, which left one
// sample without rows.
func (n *null) moments(draws []float64) {
	var count, sum, squares float64
	for _, v := range draws {
		if !math.IsInf(v, 0) {
			count++
			sum += v
			squares += float64(v * v)
		}
	}
	if count == 0 {
		return
	}
	n.mean = sum / count
	n.rms = math.Sqrt(squares / count)
	n.sd = math.Sqrt(max(0, squares/count-float64(n.mean*n.mean)))
}

// over returns the same of a measure that is divided by a number.
func (n null) over(by float64) null {
	return null{floor: n.floor / by, mean: n.mean / by, rms: n.rms / by, sd: n.sd / by}
}

// ksNull is the two-sample Kolmogorov-Smirnov distance under no change: its quantile at level
// is sqrt(-ln((1-level)/2)/2 (1/n + 1/m)) (Smirnov 1939), its mean and mean square those of
// Kolmogorov's distribution, sqrt(pi/2) ln 2 and pi^2/12. All are conservative for tied data.
func ksNull(n, m, level float64) null {
	per := 1/n + 1/m
	root := math.Sqrt(per)
	mean := math.Sqrt(math.Pi/2) * math.Ln2
	const square = math.Pi * math.Pi / 12
	return null{
		floor: math.Min(1, math.Sqrt(-portable.Log(float64((1-level)/2))/2*per)),
		mean:  math.Min(1, float64(mean*root)),
		rms:   math.Min(1, float64(math.Sqrt(square)*root)),
		sd:    float64(math.Sqrt(square-float64(mean*mean)) * root),
	}
}
