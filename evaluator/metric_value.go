package evaluator

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// Metric is one performance metric with its two-sided confidence interval
// (default level 0.95).
type Metric struct {
	Value  Number `json:"value"`
	Low    Number `json:"low"`
	High   Number `json:"high"`
	N      int64  `json:"n"`
	Reason string `json:"reason,omitempty"` // why Value or the interval is null
	Note   string `json:"note,omitempty"`   // how the interval was made, where it isn't the plain one

	est estimate // what a test of it needs
}

const notFinite = "not a finite number"

func missingMetric(n int64, reason string) Metric {
	nan := Number(math.NaN())
	return Metric{Value: nan, Low: nan, High: nan, N: n, Reason: reason, est: estimate{Value: math.NaN(), SE: math.NaN()}}
}

// Above this kurtosis errors count as heavy-tailed: the normal distribution has 3,
// the Laplace distribution 6.
const heavyTails = 5

// note adds to how the interval was made.
func (m *Metric) note(format string, args ...any) {
	if m.Note != "" {
		m.Note += "; "
	}
	m.Note += fmt.Sprintf(format, args...)
}

// forTest returns the estimate that a one-sided test of m uses, where the difference
// that is tested has this slope by m; false where there is none. Where m has an interval but
// no standard error, as the median has, the error is recovered from the limit
// that a false alarm would cross: the lower where m speaks for the comparison by
// being high (Zou and Donner, Construction of confidence limits about effect
// measures, Statistics in Medicine 27, 2008).
func (m *Metric) forTest(slope float64) (estimate, bool) {
	est := m.est
	if math.IsNaN(est.SE) {
		limit := m.Value - m.Low
		if slope < 0 {
			limit = m.High - m.Value
		}
		z := portable.NormalQuantile(0.5 + IntervalLevel/2)
		est = estimate{Value: float64(m.Value), SE: float64(limit) / z, DF: float64(m.N - 1)}
	}
	ok := est.SE >= 0 && isNumber(est.SE) && est.DF > 0 && isNumber(est.Skew) && isNumber(est.Curvature)
	return est, ok
}
