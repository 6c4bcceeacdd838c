package datacheck

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/job"
)

// windows says how many rows a window has, and whether that is enough for the rules.
func (c *checker) windows() {
	if c.predictions.head == nil || c.predictions.head.Read == 0 {
		return
	}
	rows, exact := c.rowsByWindow()
	if len(rows) == 0 {
		return
	}
	starts := slices.SortedFunc(maps.Keys(rows), func(a, b time.Time) int {
		return cmp.Or(cmp.Compare(rows[a], rows[b]), a.Compare(b))
	})
	usual := starts[len(starts)/2]
	c.usual = c.model.Grid().Containing(usual)
	w := &Windows{Size: c.model.Grid().String(), Seen: len(rows), Rows: rows[usual], Exact: exact, Needs: []Need{}}
	c.out.Windows = w
	ask := func(what string, need int64, lower string) {
		w.Needs = append(w.Needs, Need{What: what, Rows: need})
		if need <= w.Rows {
			return
		}
		do := "set a longer `window`, or a lower `" + lower + "`"
		times := (need + max(w.Rows, 1) - 1) / max(w.Rows, 1)
		if longer, ok := c.model.Grid().Times(times); ok && times <= job.MostWindows {
			do = fmt.Sprintf("set `window: %s`, or a lower `%s`", longer, lower)
		}
		c.problem(Warning, predictionsName, fmt.Sprintf("%s asks for %d rows, and a window of %s has about %d: it will be inconclusive", what, need, w.Size, w.Rows), do)
	}
	for _, r := range c.model.Rules().Rules() {
		// A rule on numbers of rows alone asks for none.
		if r.MinSamples > 0 && slices.ContainsFunc(r.Variables, func(v string) bool { return v != "predictions" && v != "coverage" }) {
			ask("rule "+r.Name, r.MinSamples, "min_samples")
		}
	}
	if c.model.Reference != nil {
		ask("drift", c.model.Drift.MinRows, "drift.min_rows")
	}
}

// rowsByWindow returns how many rows windows have by their starts, as far as that can be told,
// and whether they were counted.
func (c *checker) rowsByWindow() (rows map[time.Time]int64, exact bool) {
	p, grid := &c.predictions, c.model.Grid()
	newest := p.head.Objects[len(p.head.Objects)-1]
	if newest.HasSpan && newest.Span.Duration() <= grid.Length()+time.Hour {
		return c.rowsBySize()
	}
	field := p.field(keyTimestamp)
	if field < 0 || len(p.head.Objects) < p.Objects && !newest.HasSpan {
		return nil, false
	}
	rows = map[time.Time]int64{}
	var last time.Time
	for _, t := range p.head.Rows.Times[field] {
		if t != probe.NoTime {
			start := grid.Containing(time.Unix(0, t).UTC()).Start
			rows[start]++
			if start.After(last) {
				last = start
			}
		}
	}
	if !p.head.Whole { // the last one is cut
		delete(rows, last)
	}
	return rows, p.head.Whole
}

// rowsBySize guesses the rows of windows by the sizes of their objects, and by how many rows
// the objects that were read have for their size.
func (c *checker) rowsBySize() (rows map[time.Time]int64, exact bool) {
	p, grid := &c.predictions, c.model.Grid()
	var records, bytes int64
	known := map[string]int64{}
	for _, o := range p.head.Objects {
		if o.Err == nil {
			records += o.Total
			bytes += o.Size
			if o.Known {
				known[o.Rel] = o.Total
			}
		}
	}
	if records == 0 || bytes == 0 {
		return nil, false
	}
	exact = true
	rows = map[time.Time]int64{}
	for _, o := range p.list.Objects {
		n, counted := known[o.Rel]
		exact = exact && counted
		if !counted {
			n = int64(math.Round(float64(o.Size) / float64(bytes) * float64(records)))
		}
		rows[grid.Containing(o.Span.Start.Add(o.Span.Duration()/2)).Start] += n
	}
	return rows, exact
}
