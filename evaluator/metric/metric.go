package metric

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// Result is what a metric came to: its value for N rows, with its two-sided confidence
// interval at stat.IntervalLevel. A number that there is not is NaN, which is null in JSON.
type Result struct {
	Value  stat.Number `json:"value"`
	Low    stat.Number `json:"low"`
	High   stat.Number `json:"high"`
	N      int64       `json:"n"`
	Reason string      `json:"reason,omitempty"` // why Value or the interval is null
	Note   string      `json:"note,omitempty"`   // how the interval was made, where it isn't the plain one

	// DaySD is, of a reference, the standard deviation of the metric from one ordinary day to
	// another, with what sampling makes of it taken off, and DayDF its degrees of freedom. It
	// is 0, and left out, where that isn't known or the days don't show it.
	DaySD stat.Number `json:"day_sd,omitempty"`
	DayDF float64     `json:"-"`

	// Untold says that the rows are too few to tell anything by the value: neither that the model
	// is worse nor that it is well.
	Untold bool `json:"-"`

	Estimate stat.Estimate `json:"-"` // what a test of it needs: ForTest
	worse    Worse         // of a metric whose tails are too heavy for an interval: how it gets worse
}

// MinRolling is how many windows make a rolling reference at the least: its uncertainty is
// told by how they differ, of which fewer say little.
const MinRolling = 8

// notFinite is the reason of a metric whose sums are beyond the range of numbers.
const notFinite = "not a finite number"

// missingMetric is the result of a metric that has no value.
func missingMetric(n int64, reason string) Result {
	nan := stat.Number(math.NaN())
	return Result{Value: nan, Low: nan, High: nan, N: n, Reason: reason, Estimate: stat.Estimate{Value: math.NaN(), SE: math.NaN()}}
}

// Kurtoses of errors from which on their tails matter: the normal distribution has 3, the
// Laplace distribution 6.
const (
	skewedKurtosis = 3.5 // intervals are corrected for skewness
	heavyTails     = 5   // and people are told
)

// So few errors of such a kurtosis seldom hold their greatest, and make a mean seem smaller and
// surer than it is.
const (
	fewRows         = 1000
	fewRowsKurtosis = 10
)

// fewAlike is from how many autocorrelated rows on intervals are as wide as they should be.
const fewAlike = 500

// heavyTimes is what the standard error of a metric that so few errors decide on is multiplied
// by, where it has to be no worse than it seems.
const heavyTimes = 3

// greatestTails is the greatest weight of tails at which squares still have an interval that
// holds: errorMoments.tails.
const greatestTails = 90

// note adds a remark to m on how its interval was made.
func (m *Result) note(format string, args ...any) {
	if m.Note != "" {
		m.Note += "; "
	}
	m.Note += fmt.Sprintf(format, args...)
}

// ForTest returns the estimate that a one-sided test of m uses, where the difference
// that is tested has this slope by m; false where there is none. Where m has an interval but
// no standard error, as the median has, the error is recovered from the limit
// that a false alarm would cross: the lower where m speaks for the comparison by
// being high (Zou and Donner, Construction of confidence limits about effect
// measures, Statistics in Medicine 27, 2008).
//
// Where the errors' tails are too heavy for an interval, that the metric is as bad as it seems
// can still be told. That it is no worse has to hold by so many times its standard error more,
// as rows seldom hold the greatest of such errors: a reference that is made of them doesn't
// hide a model that is wholly broken.
func (m *Result) ForTest(slope float64) (stat.Estimate, bool) {
	est := m.Estimate
	if math.IsNaN(est.SE) {
		limit := m.Value - m.Low
		if slope < 0 {
			limit = m.High - m.Value
		}
		z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
		est = stat.Estimate{Value: float64(m.Value), SE: float64(limit) / z, DF: float64(m.N - 1)}
	}
	if m.worse == WorseRises && slope < 0 || m.worse == WorseFalls && slope > 0 {
		est.SE = float64(heavyTimes * est.SE)
	}
	ok := est.SE >= 0 && stat.IsNumber(est.SE) && est.DF > 0 && stat.IsNumber(est.Skew) && stat.IsNumber(est.Curvature)
	return est, ok
}

// WithRows returns the result as it would be with so many times the rows, the value being the
// same: its interval is narrower.
func (m Result) WithRows(times float64) Result {
	root := stat.Number(math.Sqrt(times))
	m.Low = m.Value - (m.Value-m.Low)/root
	m.High = m.Value + (m.High-m.Value)/root
	m.N = int64(float64(m.N) * times)
	m.Estimate = m.Estimate.WithRows(times)
	return m
}
