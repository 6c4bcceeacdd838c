package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// windowLine is what a table has of one window: of a record, in a history, or of what was judged
// just now, in a backfill.
type windowLine struct {
	window   groundtruth.Window
	zone     groundtruth.Zone
	stage    string
	revision int
	verdict  rule.Verdict
	recorded bool // in a backfill: before, and not judged now
	rules    []rule.Result
	figures  trigger.Figures
	decision trigger.Decision
	run      *trigger.LaunchStatus // that was started for the window; nil where none was, or nobody looked
}

// lineOfRecord returns the line of a record that was read with its figures.
func lineOfRecord(r trigger.Record, launches []trigger.LaunchStatus) windowLine {
	return windowLine{
		window: r.Window, zone: r.Zone(), stage: r.Stage, revision: r.Revision, verdict: r.Verdict, rules: r.Rules,
		figures: *r.Figures, decision: r.Decision, run: trigger.RunOf(r, launches),
	}
}

// lineOfOutcome returns the line of what was judged just now.
func lineOfOutcome(o *job.Outcome) windowLine {
	return windowLine{
		window: o.Window, zone: o.TimeZone, stage: o.Stage, revision: o.Revision, verdict: o.Verdict, recorded: o.Recorded, rules: o.Rules,
		figures: job.FiguresOf(o), decision: o.Decision,
	}
}

// labelled reports whether the window has predictions whose labels were looked for.
func (l *windowLine) labelled() bool { return l.figures.Matched != nil && l.figures.Predictions > 0 }

// metricOf returns the metric that a table of lines is of: that of the newest window with labels,
// or else of the newest that has an estimate.
func metricOf(lines []windowLine) string {
	name := ""
	for i := range slices.Backward(lines) {
		f := &lines[i].figures
		switch {
		case !math.IsNaN(float64(f.Value)):
			return f.Metric
		case name == "":
			name = f.Metric
		}
	}
	return name
}

// windowTable is a table with a line for each window.
type windowTable struct {
	lines     []windowLine
	revisions bool // there may be several of a window
	zoned     bool // the table's title names the zone, and no line does
	why       bool // it has the reason of the decision
	reasons   bool // whatever room that takes
}

// lineColumn is a column of a windowTable. Where a screen lacks room, those go whose spare is
// above 0, the greatest first.
type lineColumn struct {
	title string
	spare int
	cell  func(l *windowLine) any
}

// How spare columns are.
const (
	spareCoverage = iota + 1
	spareStage
	spareReference
	sparePredictions
	spareWhy
)

// narrowScreen is the width below which a window is shown by its start alone, and decisions are
// brief.
const narrowScreen = 140

// columns lists the columns of a table for a look.
func (t *windowTable) columns(l look, name string) []lineColumn {
	short := l.columns > 0 && l.columns < narrowScreen
	coverage, drift := "coverage", "drift share"
	if short {
		coverage, drift = "cov.", "drift"
	}
	out := []lineColumn{{"window", 0, func(l *windowLine) any { return t.windowText(l, short) }}}
	if t.revisions {
		out = append(out, lineColumn{"rev", 0, func(l *windowLine) any { return l.revision }})
	}
	number := func(n stat.Number) any {
		if math.IsNaN(float64(n)) {
			return figure("")
		}
		return figure(report.Number(n))
	}
	out = append(out,
		lineColumn{"stage", spareStage, func(l *windowLine) any { return l.stage }},
		lineColumn{"verdict", 0, func(line *windowLine) any {
			cell := verdictCell(l, line.verdict)
			if line.recorded {
				cell = cell.and(plain(recordedMark))
			}
			return cell
		}},
		lineColumn{"predictions", sparePredictions, func(l *windowLine) any { return l.figures.Predictions }},
		lineColumn{coverage, spareCoverage, func(l *windowLine) any {
			if !l.labelled() {
				return figure("")
			}
			return number(l.figures.Coverage)
		}},
		lineColumn{name, 0, func(l *windowLine) any { return figure(l.valueText(name)) }},
		lineColumn{intervalTitle, 0, func(l *windowLine) any { return l.intervalText() }},
		lineColumn{"reference", spareReference, func(l *windowLine) any {
			if l.figures.Metric != name || l.valueText(name) == "" {
				return figure("")
			}
			return number(l.figures.Reference)
		}},
		lineColumn{drift, 0, func(l *windowLine) any { return number(l.figures.DriftShare) }},
		lineColumn{"decision", 0, func(line *windowLine) any { return line.decisionCell(l, short) }},
	)
	if t.why {
		spare := spareWhy
		if t.reasons {
			spare = 0
		}
		out = append(out, lineColumn{"why", spare, func(l *windowLine) any { return l.decision.Reason }})
	}
	return out
}

// windowText returns a window as the first column has it.
func (t *windowTable) windowText(l *windowLine, short bool) string {
	text := l.window.Text(l.zone, "/")
	if short {
		text = l.window.Start.In(l.zone.Location()).Format(timeLayout(l.window, l.zone))
	}
	if t.zoned {
		text, _, _ = strings.Cut(text, " ")
	}
	return text
}

// estimatedMark stands before a value that is estimated, for labels are not in.
const estimatedMark = "~"

// valueText returns the value of a metric, or what it is estimated to be before labels come.
func (l *windowLine) valueText(name string) string {
	f := &l.figures
	var text string
	switch {
	case l.labelled():
		text = report.Number(f.Value)
	case !math.IsNaN(float64(f.Estimated)):
		text = estimatedMark + report.Number(f.Estimated)
	default:
		return ""
	}
	if f.Metric != name {
		text = f.Metric + " " + text
	}
	return text
}

// intervalText returns the interval of valueText, or its band.
func (l *windowLine) intervalText() string {
	f := &l.figures
	low, high := f.Low, f.High
	if !l.labelled() {
		low, high = f.EstimatedLow, f.EstimatedHigh
	}
	if math.IsNaN(float64(low)) {
		return ""
	}
	return report.Number(low) + " to " + report.Number(high)
}

// decisionCell returns what follows from the window, in as few words as there are where it is to be
// brief, and how the run goes that was started.
func (l *windowLine) decisionCell(as look, brief bool) painted {
	d := l.decision
	text := shortDecision(d)
	switch {
	case !brief || d.Guard == "":
	case d.Guard == trigger.GuardMode:
		text = "suggest " + d.Rule
	default:
		text = "held " + d.Rule
	}
	if l.run == nil {
		return plain(text)
	}
	if d.Action != trigger.ActionRetrain { // judged again since the run was started
		text = strings.TrimPrefix(text+", run", ", ")
	}
	if state := runState(*l.run); state != "" {
		text += ", " + state
	}
	return runMark().word(as, text)
}

// gauge returns the bar of the value with its interval, beside the reference and the limits of
// the rules on it.
func (l *windowLine) gauge(name string) gauge {
	f, nan := &l.figures, math.NaN()
	g := gauge{nan, nan, nan, nan, nil, noRuleMark()}
	switch {
	case f.Metric != name:
		return g
	case l.labelled():
		g.value, g.low, g.high = float64(f.Value), float64(f.Low), float64(f.High)
		g.judge(l.rules, name)
	default:
		g.value, g.low, g.high = float64(f.Estimated), float64(f.EstimatedLow), float64(f.EstimatedHigh)
		g.judge(l.rules, "estimated."+name)
	}
	g.reference = float64(f.Reference)
	return g
}

// Bars are drawn where there is room to tell anything by them. To be as wide as tells much, columns
// give way, down to that of the reference, which a bar shows too.
const (
	poorBar = 12
	goodBar = 24
)

// intervalTitle is the column that bars stand behind.
const intervalTitle = "95 % interval"

// fit returns the table with the columns that there is room for, and their titles.
func (t *windowTable) fit(w io.Writer, name string) (*textTable, []string) {
	look := lookOf(w)
	build := func(columns []lineColumn) *textTable {
		table := newTable(w, titlesOf(columns)...)
		for i := range t.lines {
			row := make([]any, len(columns))
			for k, c := range columns {
				row[k] = c.cell(&t.lines[i])
			}
			table.AppendRow(row)
		}
		return table
	}
	without := func(columns []lineColumn, spare int) []lineColumn {
		return slices.DeleteFunc(slices.Clone(columns), func(c lineColumn) bool { return c.spare == spare })
	}
	columns := t.columns(look, name)
	table := build(columns)
	for look.columns > 0 && table.total() > look.columns {
		most := slices.MaxFunc(columns, func(a, b lineColumn) int { return a.spare - b.spare }).spare
		if most == 0 {
			break
		}
		columns = without(columns, most)
		table = build(columns)
	}
	for fewer, spare := columns, spareWhy; look.columns > 0 && table.room() < goodBar && spare >= spareReference; spare-- {
		fewer = without(fewer, spare)
		if room := build(fewer).room(); room >= goodBar || spare == spareReference && room >= poorBar {
			return build(fewer), titlesOf(fewer)
		}
	}
	return table, titlesOf(columns)
}

// titlesOf lists the titles of columns.
func titlesOf(columns []lineColumn) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.title
	}
	return out
}

// render writes the table. On a terminal a window is one line where that is wide enough, and
// where there is room, a bar shows the metric beside its limits.
func (t *windowTable) render(w io.Writer) {
	name := metricOf(t.lines)
	table, titles := t.fit(w, cmp.Or(name, "metric"))
	bars := make([]gauge, len(t.lines))
	limits, estimates := false, false
	for i := range t.lines {
		bars[i] = t.lines[i].gauge(name)
		limits = limits || len(bars[i].limits) > 0
		estimates = estimates || strings.Contains(t.lines[i].valueText(name), estimatedMark)
	}
	drawn := table.room() >= poorBar && table.gauges(slices.Index(titles, intervalTitle)+1, true, bars)
	table.Render()
	if drawn {
		barLegend(w, limits)
	}
	if estimates {
		say(w, plain(" "), styled(faintStyle, fmt.Sprintf("%s estimated before labels come, with its band", estimatedMark)))
	}
}
