package datacheck

import (
	"fmt"
	"math"
	"time"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// times says what is wrong with the timestamps of predictions: whether they are times at all,
// whether they lie in the future, and how they lie to the dates of their objects.
func (c *checker) times() {
	p := &c.predictions
	col := p.column(keyTimestamp)
	if col == nil || p.From == nil {
		return
	}
	const years = 3 // that a log's times lie from now at most where they are read as what they are
	if p.To.Before(c.opt.Now.AddDate(-years, 0, 0)) || p.From.After(c.opt.Now.AddDate(years, 0, 0)) {
		now := groundtruth.Window{Start: c.opt.Now, End: c.opt.Now.Add(1)}
		cause, ok := diagnose.Times{First: p.From.UnixNano(), Last: p.To.UnixNano()}.Outside(now, time.Time{}, true)
		if ok {
			c.problem(Error, predictionsName, fmt.Sprintf("timestamps such as %s are read as %s to %s", table.Quote(col.Example), p.From.Format(time.RFC3339), p.To.Format(time.RFC3339)), cause.Words())
			p.misread = true
			return
		}
	}
	c.future(col)
	c.shift(col)
}

// strata says that the rows of a reference cannot be told apart by their times, where the file
// asks for that.
func (c *checker) strata() {
	r := &c.reference
	if r.head == nil || r.head.Read == 0 || c.model.Strata() == summary.NoStrata || c.model.Reference.Strata == "" {
		return
	}
	found := fmt.Sprintf("`reference.strata` is %s, and it has no timestamps to tell its rows apart by", c.model.Strata())
	if col := r.column(keyTimestamp); col != nil {
		lacking := r.head.Read - col.Known()
		if lacking == 0 {
			return
		}
		found = fmt.Sprintf("`reference.strata` is %s, and %d of %d rows have no timestamp to tell by", c.model.Strata(), lacking, r.head.Read)
	}
	c.problem(Warning, referenceName, found+": every window is compared with all rows",
		"name the column of their times in `reference.columns.timestamp`, see what writes them, or set `reference.strata: none`")
}

// unzoned says of timestamps without a zone that they have none, "" of others.
func unzoned(col *probe.Column) string {
	if col.Unzoned == "" {
		return ""
	}
	return fmt.Sprintf("; they have no time zone, as %s, and are read as UTC", table.Quote(col.Unzoned))
}

// future says how many timestamps lie in the future.
func (c *checker) future(col *probe.Column) {
	const skew = 5 * time.Minute
	limit := c.opt.Now.Add(skew).UnixNano()
	n, last := int64(0), int64(0)
	for _, t := range c.predictions.head.Rows.Times[c.predictions.field(keyTimestamp)] {
		if t > limit {
			n++
			last = max(last, t)
		}
	}
	if n == 0 {
		return
	}
	do := "see what writes them, and whether the clocks agree"
	if col.Unzoned != "" {
		do = "write them with their offset, or in UTC: they look like local times of a time zone ahead of UTC"
	}
	c.problem(Warning, predictionsName, fmt.Sprintf("%d of %d timestamps lie in the future, the last at %s%s", n, col.Known(), time.Unix(0, last).UTC().Format(time.RFC3339), unzoned(col)), do)
}

// lost says how many rows no window reads, "" of few.
func (c *checker) lost(b beside, col *probe.Column) string {
	const few = 0.01
	switch lost := share(b.far, col.Known()); {
	case lost < few:
		return ""
	case b.far == b.early+b.late:
		return ", where no window reads them"
	default:
		return fmt.Sprintf("; %s lie further from it than predictions.slack (%s), where no window reads them", Percent(lost), diagnose.Delay(c.spec.Predictions.Slack))
	}
}

// beside tells how the rows of dated objects lie beside their dates.
type beside struct {
	early, late, far    int64         // rows before their date, after it, and further than the slack
	mostEarly, mostLate time.Duration // how far
	span                time.Duration // that an object has
}

// displaced reports whether rows lie beside their dates as where all clocks are hours off: on
// one side, and as many as lie within that of the dates' end. Of rows that only came late few
// lie so far.
func (b beside) displaced(rows int64) bool {
	most := max(b.mostEarly, b.mostLate)
	if b.early > 0 && b.late > 0 || most < time.Hour {
		return false
	}
	return 2*share(b.early+b.late, rows) >= min(1, most.Hours()/b.span.Hours())
}

// shift says by how much the rows of dated objects lie beside their dates.
func (c *checker) shift(col *probe.Column) {
	b := c.beside()
	if b.far == 0 && (col.Unzoned == "" || !b.displaced(col.Known())) {
		return
	}
	most, where := b.mostEarly, "before"
	if b.late > b.early {
		most, where = b.mostLate, "after"
	}
	found := fmt.Sprintf("%s of the rows lie outside of the date of their object, up to %s %s it%s%s", Percent(share(b.early+b.late, col.Known())), diagnose.Delay(most), where, c.lost(b, col), unzoned(col))
	const mostZone, halves = 14, 2 // hours that a zone lies from UTC, in steps of half an hour
	hours := math.Round(halves*most.Hours()) / halves
	ahead, behind := "ahead of", "behind"
	if where == "after" {
		ahead, behind = behind, ahead
	}
	slack := diagnose.Delay(time.Duration(math.Ceil(most.Hours())) * time.Hour)
	switch {
	case b.early > 0 && b.late > 0 || hours > mostZone || hours == 0:
		c.problem(Warning, predictionsName, found, "see whether "+columnsKey(predictionsName)+".timestamp is the time of the prediction, and the date in predictions.url its day; `predictions.slack: "+slack+"` has neighbouring dates read too")
	case col.Unzoned != "":
		c.problem(Warning, predictionsName, found, fmt.Sprintf("write them with their offset, or in UTC: they look like local times of a time zone %g h %s UTC", hours, behind))
	default:
		c.problem(Warning, predictionsName, found, fmt.Sprintf("the dates look like those of a time zone %g h %s %s: name it in `predictions.partition_time_zone`, or set `predictions.slack: %s`", hours, ahead, c.spec.Predictions.PartitionZone, slack))
	}
}

// beside looks how the rows lie beside the dates of their objects.
func (c *checker) beside() (b beside) {
	p, slack := &c.predictions, c.spec.Predictions.Slack
	field := p.field(keyTimestamp)
	for i, t := range p.head.Rows.Times[field] {
		o := &p.head.Objects[p.head.Rows.Object[i]]
		if t == probe.NoTime || !o.HasSpan {
			continue
		}
		at := time.Unix(0, t)
		b.span = o.Span.Duration()
		before, after := o.Span.Start.Sub(at), at.Sub(o.Span.End)
		switch {
		case before > 0:
			b.early++
			b.mostEarly = max(b.mostEarly, before)
		case after >= 0:
			b.late++
			b.mostLate = max(b.mostLate, after)
		}
		if before > slack || after >= slack {
			b.far++
		}
	}
	return b
}
