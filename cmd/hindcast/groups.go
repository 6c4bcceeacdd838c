package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// These bound how many groups and columns of a window a person is shown; -o json has all.
const (
	mostGroups  = 5
	mostQuality = 3
)

// groupRow is a model version or a segment in a table.
type groupRow struct {
	name      string
	n         int64
	metric    metric.Result
	reference stat.Number // NaN where it isn't known
}

// groupsTables show the primary metric of each model version, where there are several, and of the
// segments that are worst.
func groupsTables(w io.Writer, o *job.Outcome) {
	name, whole, ok := primary(o)
	if !ok {
		return
	}
	nan := stat.Number(math.NaN())
	var versions, segments []groupRow
	for _, version := range sortedKeys(o.Versions) {
		g := o.Versions[version]
		versions = append(versions, groupRow{version, g.N, g.Metrics[name], nan})
	}
	for _, column := range sortedKeys(o.Segments) {
		for _, value := range sortedKeys(o.Segments[column]) {
			g, reference := o.Segments[column][value], nan
			if o.Reference != nil {
				if m, ok := o.Reference.Segments[column][value].Metrics[name]; ok {
					reference = m.Value
				}
			}
			segments = append(segments, groupRow{column + "=" + value, g.N, g.Metrics[name], reference})
		}
	}
	all := groupRow{"all", whole.N, whole, nan}
	if o.Reference != nil {
		if m, ok := o.Reference.Metrics[name]; ok {
			all.reference = m.Value
		}
	}
	if len(versions) > 1 {
		groupsTable(w, "version", name, versions, all)
	}
	if len(segments) > 0 {
		groupsTable(w, "segment", name, segments, all)
	}
}

// groupsTable shows the worst groups, the worst first, and all rows together below them.
func groupsTable(w io.Writer, kind, name string, groups []groupRow, all groupRow) {
	spec, _ := metric.Find(name)
	slices.SortStableFunc(groups, func(a, b groupRow) int {
		return cmp.Or(cmp.Compare(badness(spec, b.metric), badness(spec, a.metric)), cmp.Compare(b.n, a.n))
	})
	left := max(len(groups)-mostGroups, 0)
	groups = append(groups[:len(groups)-left:len(groups)-left], all)
	t := newTable(w, kind, name, "95 % interval", "reference", "n")
	bars := make([]gauge, len(groups))
	for i, g := range groups {
		reference := ""
		if !math.IsNaN(float64(g.reference)) {
			reference = report.Number(g.reference)
		}
		t.AppendRow([]any{g.name, report.Number(g.metric.Value), intervalOf(g.metric), reference, g.n})
		if reference == "" {
			g.reference = all.reference
		}
		bars[i] = gauge{float64(g.metric.Value), float64(g.metric.Low), float64(g.metric.High), float64(g.reference), nil, noRuleMark()}
	}
	t.gauges(4, true, bars)
	gap(w)
	t.Render()
	if left > 0 {
		say(w, nil, plain(fmt.Sprintf("the worst %s of %d %ss; -o json has all", name, len(groups)-1+left, kind)))
	}
}

// badness is the greater the worse a metric is; a group without a value is last.
func badness(spec metric.Spec, m metric.Result) float64 {
	value := float64(m.Value)
	switch {
	case math.IsNaN(value):
		return math.Inf(-1)
	case spec.Worse == metric.WorseFalls:
		return -value
	default:
		return math.Abs(value) // of an error, or of what is worse on either side of 0
	}
}

// qualityTable shows the columns whose data is worst, where some of it is bad.
func qualityTable(w io.Writer, q *evaluator.Quality) {
	if q == nil {
		return
	}
	worst := func(name string) float64 {
		c, most := q.Columns[name], 0.0
		for _, share := range []stat.Number{c.Missing, c.OutOfRange, c.Unseen, c.Invalid} {
			if float64(share) > most { // NaN isn't
				most = float64(share)
			}
		}
		return most
	}
	names := slices.DeleteFunc(sortedKeys(q.Columns), func(name string) bool { return worst(name) == 0 })
	if len(names) == 0 {
		return
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(worst(b), worst(a)) })
	left := max(len(names)-mostQuality, 0)
	t := newTable(w, "data quality", "missing", "out of range", "unseen", "not of its kind")
	for _, name := range names[:len(names)-left] {
		c := q.Columns[name]
		t.AppendRow([]any{name, shareOf(c.Missing), shareOf(c.OutOfRange), shareOf(c.Unseen), shareOf(c.Invalid)})
	}
	gap(w)
	t.Render()
	if left > 0 {
		say(w, nil, plain(fmt.Sprintf("and %s with less of it; -o json has all", count(int64(left), "column"))))
	}
}

// shareOf writes a share of rows, nothing where there is none or it isn't known.
func shareOf(n stat.Number) string {
	if !(n > 0) {
		return ""
	}
	return shareText(&n)
}
