package metric

import (
	"cmp"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// OfReference computes the metrics of rows of a reference from the sums over these rows and,
// where they are known, over the parts of its days (Clusters.DayParts), nil
// otherwise. Standard errors are then by days, which hold whatever makes rows of a day vary
// together. Rows are as alike within entities as the metrics of the whole reference have it,
// which are nil where that is not known.
func OfReference(e, parts *summary.ErrorSums, alike map[string]Result, opt Options) map[string]Result {
	return all(&origin{Options: opt, e: e, parts: parts, groups: "days", alike: alike})
}

// OfWindows computes the metrics of the rows of several windows from what
// summary.PoolErrors makes of these, as OfReference does: the windows are its days.
func OfWindows(e *summary.ErrorSums, opt Options) map[string]Result {
	out := all(&origin{Options: opt, e: e, parts: e, groups: "windows"})
	if e != nil {
		SetDays(out, []Days{DaysOf(e, e, opt)})
	}
	return out
}

// Days is each metric by the days of one stratum of a reference, by the metric's name.
type Days map[string]stat.DaySeries

// DaysOf returns the metrics by day of a stratum, from what OfReference is given. A metric
// that has no series, and a stratum whose days are not known, has none.
func DaysOf(e, parts *summary.ErrorSums, opt Options) Days {
	if parts == nil || e.N() == 0 {
		return Days{}
	}
	specs := slices.DeleteFunc(Specs(opt.Task), func(s Spec) bool { return !s.HasInterval || s.daysLike != "" })
	return DaysIn(compute(&origin{Options: opt, e: e, parts: parts}, specs))
}

// DaysIn returns the metrics by day that OfReference has found.
func DaysIn(reference map[string]Result) Days {
	out := Days{}
	for name, m := range reference {
		if len(m.Estimate.Days.N) > 0 {
			out[name] = m.Estimate.Days
		}
	}
	return out
}

// SetDays fills in how much each metric of a reference varies from one ordinary day to
// another (stat.BetweenDays), each day being taken from the mean of its own stratum. A metric
// without a series of its own varies as the metric does that it is like, in proportion.
func SetDays(reference map[string]Result, strata []Days) {
	for _, spec := range All() {
		if _, ok := reference[spec.Name]; !ok {
			continue
		}
		name := cmp.Or(spec.daysLike, spec.Name)
		var all []stat.DaySeries
		for _, s := range strata {
			all = append(all, s[name])
		}
		variance, df := stat.BetweenDays(all)
		m, like := reference[spec.Name], reference[name]
		sd := math.Sqrt(variance)
		if spec.daysLike != "" {
			sd = float64(sd / float64(like.Value) * float64(m.Value))
		}
		if sd > 0 && stat.IsNumber(sd) {
			m.DaySD, m.DayDF = stat.Number(sd), df
			reference[spec.Name] = m
		}
	}
}
