package metric

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// OfWindow computes every metric of the task of the rows of a window, by name, with two-sided
// intervals at stat.IntervalLevel: from the sums over matched rows and, where rows have
// entities, those by groups of these (summary.Clusters.Errors), nil otherwise. Intervals are by
// the delta method on exact moments where the function of a metric says nothing else: a metric
// g(mean u) has the standard error |g'(mean u)| sd(u) / sqrt(n), with n the effective number of
// rows (stat.EstimateMean). Without rows every value is NaN with a reason.
//
// In the formulas of the metrics of errors y is a row's label, p its prediction, and e = p - y.
func OfWindow(e, entities *summary.ErrorSums, opt Options) map[string]Result {
	return all(&origin{Options: opt, e: e, entities: entities})
}

// OfPart computes the metrics of a version's or segment's rows. These vary together in time, and
// within entities, as the whole's do, of which whole has the metrics. Of a part that has but
// some of an entity's rows the latter is too much, never too little.
func OfPart(e *summary.ErrorSums, whole map[string]Result, opt Options) map[string]Result {
	return all(&origin{Options: opt, e: e, whole: whole, alike: whole})
}

// origin is where the rows of some metrics come from.
type origin struct {
	Options
	e      *summary.ErrorSums // of all of them
	parts  *summary.ErrorSums // by parts of the days of a reference; nil where they are not known
	groups string             // what these days are: days, or windows
	whole  map[string]Result  // the metrics of the window that they are a version's or segment's rows of; else nil

	entities *summary.ErrorSums // by groups of entities; nil where rows have none
	alike    map[string]Result  // else metrics by which rows are as alike within entities; nil for none

	n        int64  // rows
	metric   string // the name of the one that is being computed
	fewAlike bool   // so few rows vary together in time that it isn't told well by how much

	patterns     *stat.Patterns // of the blocks that had these numbers of rows last
	patternsRows []float64
}

// rows are the matched rows of one task, as its metrics need them.
type rows interface {
	// result computes a metric that the task has.
	result(*Spec) Result
}

// all computes every metric of the task.
func all(of *origin) map[string]Result { return compute(of, Specs(of.Task)) }

// compute computes some metrics of the task.
func compute(of *origin, specs []Spec) map[string]Result {
	out := make(map[string]Result, len(specs))
	if of.e == nil || of.e.N() == 0 {
		for _, spec := range specs {
			out[spec.Name] = missingMetric(0, "no matched rows")
		}
		return out
	}
	of.n = of.e.N()
	rows := of.rows()
	for i := range specs {
		of.metric = specs[i].Name
		m := rows.result(&specs[i])
		if of.fewAlike && !math.IsNaN(float64(m.Low)) {
			m.note("of so few autocorrelated rows the interval may be too narrow")
		}
		out[of.metric] = m
	}
	return out
}

// rows returns the rows as the metrics of their task need them.
func (o *origin) rows() rows {
	switch o.Task {
	case groundtruth.Binary:
		return newBinaryRows(o)
	case groundtruth.Multiclass:
		return newManyRows(o)
	default:
		return newErrorMoments(o)
	}
}

// blocks gives a series by groups of rows, from the sums that are kept of these.
type blocks func(*summary.ErrorSums) stat.BlockSeries

// estimate returns the estimate of a metric by the mean of a series that has these moments
// (stat.EstimateMean), or of a reference by its days where there are enough of them.
func (o *origin) estimate(of stat.Moments, series blocks, value, slope, bend float64) stat.Estimate {
	entities := o.alike[o.metric].Estimate.Entities
	if o.entities != nil {
		entities = stat.WithinEntities(series(o.entities), of.N, of.Variance)
	}
	if whole := o.whole[o.metric].Estimate.LongRun; whole != nil {
		return stat.EstimatePart(of, whole, o.byBlock(of.N), entities, value, slope, bend)
	}
	if o.parts == nil {
		return stat.EstimateMean(of, o.inTime(series), entities, value, slope, bend)
	}
	parts := series(o.parts)
	est, ok := stat.EstimateByDays(of, parts.Days(summary.DayParts), entities, value, slope, bend)
	if !ok {
		est = stat.EstimateMean(of, o.inTime(series), entities, value, slope, bend)
	}
	est.Days = stat.ByParts(parts, summary.DayParts).Scaled(slope)
	est.Days.Are = o.groups
	return est
}

// byBlock returns how many rows there are in each time block of the window, of the n that a
// metric is about; nothing where that isn't known.
func (o *origin) byBlock(n float64) []float64 {
	var out []float64
	for _, rows := range o.e.RowsByBlock() {
		out = append(out, float64(rows)*n/float64(o.n))
	}
	return out
}

// inTime returns a series by time blocks, with the patterns that these have. Nearly all
// series share them.
func (o *origin) inTime(series blocks) stat.BlockSeries {
	b := series(o.e)
	if o.patterns == nil || !slices.Equal(b.N, o.patternsRows) {
		o.patterns, o.patternsRows = stat.PatternsOf(b.N, o.e.Days()), b.N
	}
	b.Patterns = o.patterns
	return b
}

// Within returns the value of the metric that is nearest to x.
func (s *Spec) Within(x float64) float64 { return math.Max(s.Least, math.Min(x, s.Most)) }

// result turns an estimate from n rows into the metric's result, whose interval stays within the
// metric's limits, and is corrected for skewness where that is asked for.
func (s *Spec) result(est stat.Estimate, n int64, corrected bool) Result {
	if !stat.IsNumber(est.Value) {
		return missingMetric(n, notFinite)
	}
	est.Value = s.Within(est.Value) // rounding may take it beyond
	low, high := est.Interval(stat.IntervalLevel, corrected)
	m := Result{Value: stat.Number(est.Value), Low: stat.Number(low), High: stat.Number(high), N: n, Estimate: est}
	if est.Reason != "" {
		m.Reason, m.Low, m.High = est.Reason, stat.Number(math.NaN()), stat.Number(math.NaN())
		if est.SE > 0 { // else there is no estimate at all
			m.worse = s.Worse
		}
		return m
	}
	m.Low, m.High = stat.Number(s.Within(low)), stat.Number(s.Within(high))
	m.noteAlike(&est, n)
	return m
}

// clearlyAlike is from what inflation of the variance on people are told that rows are alike.
const clearlyAlike = 1.001

// noteAlike says of n rows that are alike as how many they count, by the estimate that has
// their effective number. That weights differ is no likeness.
func (m *Result) noteAlike(est *stat.Estimate, n int64) {
	inEntities := est.Entities.Inflation > 1
	switch days := est.ByDays; {
	case days > 0 && inEntities:
		m.note("interval from how its %d %s and its entities differ: %d rows count as %.0f", days, est.Days.Are, n, est.NEff)
	case days > 0:
		m.note("interval from how its %d %s differ: %d rows count as %.0f", days, est.Days.Are, n, est.NEff)
	case !(est.InTime > clearlyAlike) && !(est.Entities.Inflation > clearlyAlike):
	case inEntities && est.InTime > 1:
		m.note("errors alike in time and within entities: %d rows count as %.0f", n, est.NEff)
	case inEntities:
		m.note("errors alike within entities: %d rows count as %.0f", n, est.NEff)
	default:
		m.note("autocorrelated errors: %d rows count as %.0f", n, est.NEff)
	}
	if est.Entities.Few() {
		m.note("few entities: the interval may be too narrow")
	}
}
