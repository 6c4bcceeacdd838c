package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// timeLayout returns how lines on a window write moments: by the date, and where windows are
// parts of days by the time as well.
func timeLayout(w groundtruth.Window, zone groundtruth.Zone) string {
	if start, _, _ := strings.Cut(w.Text(zone, "/"), "/"); len(start) > len(time.DateOnly) {
		return "2006-01-02T15:04Z07:00"
	}
	return time.DateOnly
}

// nightTime returns a moment as the lines on a window show it.
func nightTime(t time.Time, o *job.Outcome) string {
	return t.In(o.TimeZone.Location()).Format(timeLayout(o.Window, o.TimeZone))
}

// nightHeader stands above the lines on windows, of which o is the first.
func nightHeader(o *job.Outcome) painted {
	n := len(nightTime(o.Window.Start, o))
	return styled(faintStyle, fmt.Sprintf("%-*s  %-6s %-*s  verdict", n, "as of", "stage", n, "window"))
}

// nightLine tells of a window in a line, for the demo and for backfills: lead says which it is, and
// its verdict.
func nightLine(l look, night time.Time, o *job.Outcome) (lead, text painted) {
	verdict, widest := verdictCell(l, o.Verdict), verdictCell(l, rule.Inconclusive).width()
	lead = plain(fmt.Sprintf("%s  %-6s %s  ", nightTime(night, o), o.Stage, nightTime(o.Window.Start, o))).and(
		verdict, plain(strings.Repeat(" ", widest-verdict.width()+1)))
	line := ""
	c := o.Coverage
	switch {
	case c.Predictions == 0:
		line += "no predictions"
	case c.Matched != nil && *c.Matched == 0:
		line += fmt.Sprintf("%d predictions, none with a label", c.Predictions)
	case c.Matched != nil:
		line += headline(o)
	case o.Drift != nil && o.Drift.Judged > 0:
		line += fmt.Sprintf("%d of %d columns drifted", o.Drift.Count, o.Drift.Judged)
	default:
		line += fmt.Sprintf("%d predictions", c.Predictions)
	}
	if names := report.EstimatedNames(o.Estimated); len(names) > 0 && c.Matched == nil {
		line += fmt.Sprintf(", estimated %s %s", names[0], report.Number(o.Estimated.Metrics[names[0]].Value))
	}
	if o.Decision.Action != trigger.ActionNone {
		line += "  -> " + shortDecision(o.Decision)
	}
	if o.Recorded {
		line += "  (recorded)"
	}
	return lead, plain(line)
}

// headline tells of the metric that people look at first, and of the coverage.
func headline(o *job.Outcome) string {
	text := ""
	if name, m, ok := primary(o); ok {
		text = fmt.Sprintf("%s %s", name, report.Number(m.Value))
		if i := intervalOf(m); i != "" {
			text += " (" + i + ")"
		}
		f := job.FiguresOf(o)
		if !math.IsNaN(float64(f.Reference)) {
			text += ", reference " + report.Number(f.Reference)
		}
		if !math.IsNaN(float64(f.Rolling)) {
			text += ", rolling " + report.Number(f.Rolling)
		}
		text += ", "
	}
	return text + fmt.Sprintf("coverage %.0f %%", float64(100*float64(o.Coverage.Coverage)))
}

// primary returns the metric of a window that people look at first.
func primary(o *job.Outcome) (name string, m metric.Result, ok bool) {
	name = metric.Primary(o.Metrics)
	m, ok = o.Metrics[name]
	return name, m, ok
}

// intervalOf returns a metric's interval as people read it, and nothing where it has none.
func intervalOf(m metric.Result) string {
	if math.IsNaN(float64(m.Low)) {
		return ""
	}
	return report.Number(m.Low) + " to " + report.Number(m.High)
}

// recordedMark stands in the table behind the verdict of a window that was recorded before.
const recordedMark = "*"

// shortDecision says in a word or two what follows from a window.
func shortDecision(d trigger.Decision) string {
	switch {
	case d.Action == trigger.ActionNone:
		return ""
	case d.Guard == trigger.GuardMode:
		return "retrain " + d.Rule + " (suggested)"
	case d.Guard != "":
		return fmt.Sprintf("%s %s (%s)", d.Action, d.Rule, d.Guard)
	}
	return fmt.Sprintf("%s %s", d.Action, d.Rule)
}

// countedNote is a note on several windows, of which it holds the first. Notes that differ
// in their figures alone are one.
type countedNote struct {
	kind  string // the text without figures
	text  string
	where string // the window, as people read it
	times int
}

var figures = regexp.MustCompile(`[0-9]+`)

// noteList holds the notes on the windows of a table.
type noteList []countedNote

// mostNotes bounds how many notes stand below a table.
const mostNotes = 10

// add counts a note on a window.
func (l *noteList) add(where, text string) {
	kind := figures.ReplaceAllString(text, "#")
	for i := range *l {
		if (*l)[i].kind == kind {
			(*l)[i].times++
			return
		}
	}
	*l = append(*l, countedNote{kind, text, where, 1})
}

// write writes the notes below the table.
func (l noteList) write(w io.Writer) {
	for i, note := range l {
		if i == mostNotes {
			sayf(w, "and %d notes more; -o json has all", len(l)-mostNotes)
			return
		}
		where := note.where
		if note.times > 1 {
			where += fmt.Sprintf(" and %d more like it", note.times-1)
		}
		say(w, styled(unsureStyle, "note: "), plain(where+": "+note.text))
	}
}

// render writes the table of a model, a line for each window and stage by window, and what
// people must know of them.
func (n *modelNights) render(w io.Writer) {
	slices.SortStableFunc(n.lines, func(a, b windowLine) int {
		return cmp.Or(a.window.Start.Compare(b.window.Start), cmp.Compare(a.stage, b.stage)) // closed before mature
	})
	title := n.name
	if !n.zone.IsUTC() {
		title += ", windows of " + n.zone.String()
	}
	fmt.Fprintf(w, "\n%s\n", visible(title))
	var last []windowLine // of each window
	for i, line := range n.lines {
		if i == len(n.lines)-1 || !n.lines[i+1].window.Equal(line.window) {
			last = append(last, line)
		}
	}
	if stripsTell(w, last) {
		writeStrips(w, last)
		gap(w)
	}
	table := windowTable{lines: n.lines, zoned: true}
	table.render(w)
	breached, recorded := 0, 0
	for _, line := range n.lines {
		if line.verdict == rule.Breached {
			breached++
		}
		if line.recorded {
			recorded++
		}
	}
	sayf(w, "%s, %d breached", count(int64(len(n.lines)), "judgement"), breached)
	switch {
	case recorded == 1:
		sayf(w, "%s a judgement was recorded before and is shown as it is; hindcast run --window START/END judges its window again", recordedMark)
	case recorded > 1:
		sayf(w, "%s %d judgements were recorded before and are shown as they are; hindcast run --window START/END judges a window again", recordedMark, recorded)
	}
	n.notes.write(w)
}

// jsonList writes outcomes as writeValue does a list of them.
type jsonList struct{}

func (jsonList) begin() []byte   { return []byte("[\n  ") }
func (jsonList) between() []byte { return []byte(",\n  ") }

func (jsonList) item(o *job.Outcome) ([]byte, error) {
	data, err := json.MarshalIndent(o, "  ", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode output: %w", err)
	}
	return data, nil
}

func (jsonList) end(empty bool) []byte {
	if empty {
		return []byte("[]\n")
	}
	return []byte("\n]\n")
}

// yamlList writes outcomes as writeValue does a list of them.
type yamlList struct{}

func (yamlList) begin() []byte   { return nil }
func (yamlList) between() []byte { return nil }

func (yamlList) item(o *job.Outcome) ([]byte, error) {
	var out bytes.Buffer
	err := writeValue(&out, "yaml", []*job.Outcome{o})
	return out.Bytes(), err
}

func (yamlList) end(empty bool) []byte {
	if empty {
		return []byte("[]\n")
	}
	return nil
}

// formatCSV is the -o of backfills and histories.
const formatCSV = "csv"

// csvList writes a row for each outcome (RFC 4180), below a header that is the same
// whatever was judged of models of the same tasks.
type csvList struct{ metrics []metric.Spec }

// csvListOf returns the list with the metrics that any of the models has.
func csvListOf(models []*config.Model) csvList {
	has := map[string]bool{}
	for _, m := range models {
		for _, name := range metric.Names(m.Task) {
			has[name] = true
		}
	}
	return csvList{slices.DeleteFunc(metric.All(), func(s metric.Spec) bool { return !has[s.Name] })}
}

func (l csvList) begin() []byte {
	header := []string{"model", "window_start", "window_end", "time_zone", "stage", "as_of", "as_of_applied", "revision", "verdict", "predictions", "labels", "matched", "coverage"}
	for _, spec := range l.metrics {
		header = append(header, spec.Name, spec.Name+"_low", spec.Name+"_high", "reference_"+spec.Name, "rolling_"+spec.Name)
	}
	header = append(header, "drift_share", "drift_count", "drift_judged", "decision", "guard", "rule", "reason", "notes")
	return csvLine(header)
}

func (csvList) between() []byte { return nil }

func (l csvList) end(empty bool) []byte {
	if empty {
		return l.begin()
	}
	return nil
}

func (l csvList) item(o *job.Outcome) ([]byte, error) {
	c := o.Coverage
	row := []string{
		o.Model, o.Window.Start.UTC().Format(time.RFC3339), o.Window.End.UTC().Format(time.RFC3339), o.TimeZone.String(), o.Stage, o.AsOf.UTC().Format(time.RFC3339),
		strconv.FormatBool(o.AsOfApplied), strconv.Itoa(o.Revision), o.Verdict.String(), csvWhole(&c.Predictions), csvWhole(c.Labels), csvWhole(c.Matched), csvNumber(c.Coverage),
	}
	for _, spec := range l.metrics {
		m, ok := o.Metrics[spec.Name]
		if !ok {
			row = append(row, "", "", "")
		} else {
			row = append(row, csvNumber(m.Value), csvNumber(m.Low), csvNumber(m.High))
		}
		reference, rolling := "", ""
		if o.Reference != nil {
			reference = csvValue(o.Reference.Metrics, spec.Name)
		}
		if o.Rolling != nil {
			rolling = csvValue(o.Rolling.Metrics, spec.Name)
		}
		row = append(row, reference, rolling)
	}
	share, drifted, judged := "", "", ""
	if d := o.Drift; d != nil {
		share, drifted, judged = csvNumber(d.Share), strconv.Itoa(d.Count), strconv.Itoa(d.Judged)
	}
	d := o.Decision
	row = append(row, share, drifted, judged, string(d.Action), d.Guard, d.Rule, d.Reason, strings.Join(o.Notes, "; "))
	return csvLine(row), nil
}

// csvLine returns one row. It is written to memory, which fails in nothing.
func csvLine(fields []string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(fields)
	w.Flush()
	return out.Bytes()
}
