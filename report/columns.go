package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// driftOf is the drift of one column in one window in short: its worst measure.
type driftOf struct {
	name     string
	measure  string      // of those that judge the one furthest beyond its threshold; empty where none has a value
	value    stat.Number // of the measure
	limit    stat.Number // its threshold
	ratio    stat.Number // value over limit; NaN where no measure has a value
	drifted  bool
	unsure   bool   // inconclusive
	reserved bool   // the prediction or the label, which are no features
	reason   string // why it is inconclusive or judged by no measure
}

// newDriftOf finds the worst measure of a column. A measure that is above its threshold and has
// not drifted, as chance alone may make it so, comes behind those that have.
func newDriftOf(name string, c *drift.Column) driftOf {
	nan := stat.Number(math.NaN())
	d := driftOf{name: name, value: nan, limit: nan, ratio: nan, reserved: drift.Reserved(name), reason: c.Reason}
	d.drifted = c.Drifted != nil && *c.Drifted
	d.unsure = c.Inconclusive()
	beyond := false
	for _, measure := range Judging(*c) {
		m := c.Measures[measure]
		if !isNumber(m.Value) || !(*m.Threshold > 0) {
			continue
		}
		ratio := m.Value / *m.Threshold
		drifted := m.Drifted != nil && *m.Drifted
		if isNumber(d.ratio) && (beyond && !drifted || beyond == drifted && ratio <= d.ratio) {
			continue
		}
		d.measure, d.value, d.limit, d.ratio, beyond = measure, m.Value, *m.Threshold, ratio, drifted
	}
	return d
}

// rankColumns lists the columns of a window by how far they are beyond their thresholds, those
// that drifted first. Equal ones come by name.
func rankColumns(o *job.Outcome) []driftOf {
	if o.Drift == nil {
		return nil
	}
	out := make([]driftOf, 0, len(o.Drift.Columns))
	for name, c := range o.Drift.Columns {
		out = append(out, newDriftOf(name, &c))
	}
	slices.SortFunc(out, func(a, b driftOf) int {
		return cmp.Or(-compareBool(a.drifted, b.drifted), -cmp.Compare(a.ratio, b.ratio), cmp.Compare(a.name, b.name))
	})
	return out
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// Judging names the measures that judge a column, those with a threshold. The shares of missing
// values and of those out of range judge every column, and are left out where they are 0 and
// have not drifted: most are.
func Judging(c drift.Column) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.Measures)) {
		m := c.Measures[name]
		quiet := (name == "missing" || name == "out_of_range") && m.Value == 0 && (m.Drifted == nil || !*m.Drifted)
		if m.Threshold != nil && !quiet {
			out = append(out, name)
		}
	}
	return out
}

// driftWord says in a word or two how a column was judged.
func driftWord(c drift.Column) string {
	switch {
	case c.NotApplicable:
		return "not judged"
	case c.Drifted == nil:
		return "inconclusive"
	case *c.Drifted:
		return "drifted"
	}
	return "no drift"
}

// driftReason says of an inconclusive column how many rows it needs, and of others what the figures don't tell:
// what its rows leave open where it has not drifted, why it can't.
func driftReason(c drift.Column) string {
	if c.Drifted == nil && c.NeedsRows > 0 {
		return Lacks(c)
	}
	name, rest, found := strings.Cut(c.Reason, ": ")
	if _, measured := c.Measures[name]; found && measured {
		return measureTitle(name) + ": " + rest
	}
	return c.Reason
}

// Lacks says in short what an inconclusive column lacks, and why one has not drifted where that
// does not show.
func Lacks(c drift.Column) string {
	switch {
	case c.NeedsRows > 0:
		return fmt.Sprintf("needs about %d rows", c.NeedsRows)
	case c.Drifted != nil:
		short, _, _ := strings.Cut(c.Reason, ", which ")
		return short
	}
	return c.Reason
}
