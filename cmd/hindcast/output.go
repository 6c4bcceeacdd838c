package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	pretty "github.com/jedib0t/go-pretty/v6/text"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// checkOutput refuses an unknown -o before any work is done.
func checkOutput(format string) error {
	switch format {
	case "table", "json", "yaml":
		return nil
	case formatCSV:
		return usagef("-o csv is for hindcast run --from alone; here -o is table, json or yaml")
	}
	return usagef("-o is table, json or yaml, not %q", format)
}

// writeValue writes v as JSON or YAML, with the keys of its JSON.
func writeValue(w io.Writer, format string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	data = append(data, '\n')
	if format == "yaml" {
		if data, err = yamlOf(data); err != nil {
			return fmt.Errorf("encode output: %w", err)
		}
	}
	_, err = w.Write(data)
	return err
}

// writeOutcomes writes what a pass found.
func writeOutcomes(w io.Writer, format string, outcomes []job.Outcome) error {
	if format != "table" {
		if outcomes == nil {
			outcomes = []job.Outcome{}
		}
		return writeValue(w, format, outcomes)
	}
	for i := range outcomes {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeOutcome(w, &outcomes[i])
	}
	return nil
}

// writeOutcome writes one window for a person.
func writeOutcome(w io.Writer, o *job.Outcome) {
	fmt.Fprintf(w, "%s  %s  %s  %s\n", o.Model, o.Window.Text(o.TimeZone, "/"), o.Stage, strings.ToUpper(o.Verdict.String()))
	c := o.Coverage
	fmt.Fprintf(w, "%d predictions", c.Predictions)
	if c.Matched != nil {
		fmt.Fprintf(w, ", %d with a label (coverage %s)", *c.Matched, report.Number(c.Coverage))
	} else if c.Reason != "" {
		fmt.Fprintf(w, "; %s", visible(c.Reason))
	}
	for _, reason := range sortedKeys(c.Skipped) {
		fmt.Fprintf(w, ", %d skipped: %s", c.Skipped[reason], reason)
	}
	if r := o.Reference; r != nil && r.Stratum != "" {
		fmt.Fprintf(w, ", compared with the reference's %s rows", r.Stratum)
	}
	fmt.Fprintln(w)
	for _, note := range o.Notes {
		fmt.Fprintf(w, "note: %s\n", visible(note))
	}
	if c.Matched != nil && *c.Matched > 0 {
		metricsTable(w, o)
		confusionTable(w, o.Confusion)
		classesTable(w, o)
		if text := report.LabelBias(o.LabelBias, o.Notes); text != "" {
			fmt.Fprintln(w, visible(text))
		}
	}
	estimatedTable(w, o)
	if o.Drift != nil && c.Predictions > 0 {
		driftTable(w, o.Drift)
	}
	answersTable(w, o)
	rulesTable(w, o)
	d := o.Decision
	fmt.Fprintf(w, "decision: %s", d.Action)
	if d.Reason != "" {
		fmt.Fprintf(w, ": %s", visible(d.Reason))
	}
	if d.RunID != "" {
		fmt.Fprintf(w, " (run %s)", d.RunID)
	}
	if d.DryRun {
		fmt.Fprint(w, " [dry run]")
	}
	fmt.Fprintln(w)
}

// tableWriter is a table whose texts stay in their cells, whatever characters they have. On
// a terminal the last column wraps where the table would be wider than the screen.
type tableWriter struct {
	table.Writer
	columns int   // of the terminal; 0 where it is none
	widths  []int // of the table's columns, so far
}

// leastWrapped is the least that the last column of a table is narrowed to.
const leastWrapped = 16

// AppendRow implements table.Writer, with texts as visible writes them.
func (t *tableWriter) AppendRow(row table.Row, config ...table.RowConfig) {
	for i, cell := range row {
		if text, ok := cell.(string); ok {
			row[i] = visible(text)
		}
	}
	t.measure(row)
	t.Writer.AppendRow(row, config...)
}

// measure takes notice of how wide the cells of a row are.
func (t *tableWriter) measure(row table.Row) {
	for i, cell := range row {
		for i >= len(t.widths) {
			t.widths = append(t.widths, 0)
		}
		t.widths[i] = max(t.widths[i], pretty.StringWidthWithoutEscSequences(fmt.Sprint(cell)))
	}
}

// Render implements table.Writer.
func (t *tableWriter) Render() string {
	last := len(t.widths) - 1
	room := t.columns
	for _, width := range t.widths[:last] {
		room -= width
	}
	room -= 2 * len(t.widths) // the spaces around cells
	if t.columns > 0 && t.widths[last] > room {
		t.SetColumnConfigs([]table.ColumnConfig{{Number: last + 1, WidthMax: max(room, leastWrapped), WidthMaxEnforcer: pretty.WrapSoft}})
	}
	return t.Writer.Render()
}

// newTable returns a table in the style of all of hindcast's.
func newTable(w io.Writer, header ...any) table.Writer {
	t := &tableWriter{Writer: table.NewWriter()}
	if screen, ok := w.(terminalWriter); ok {
		t.columns = screen.columns
	}
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.measure(header)
	t.AppendHeader(table.Row(header))
	return t
}

// metricsTable shows the metrics, and below it why some have no value or no interval.
func metricsTable(w io.Writer, o *job.Outcome) {
	header := []any{"metric", "value", "95 % interval", "reference"}
	if o.Rolling != nil {
		header = append(header, "rolling")
	}
	t := newTable(w, append(header, "n")...)
	for _, name := range report.MetricNames(o.Metrics) {
		m := o.Metrics[name]
		row := table.Row{name, report.Number(m.Value), intervalOf(m), ofReference(o, name)}
		if o.Rolling != nil {
			row = append(row, report.Number(o.Rolling.Metrics[name].Value))
		}
		t.AppendRow(append(row, m.N))
	}
	t.Render()
	for _, line := range report.Without(o.Metrics) {
		fmt.Fprintln(w, visible(line))
	}
	if text := report.Rolling(o.Rolling, o.TimeZone); text != "" {
		fmt.Fprintln(w, text)
	}
}

// ofReference returns a metric of the reference as people read it, nothing where there is none.
func ofReference(o *job.Outcome, name string) string {
	if o.Reference == nil {
		return ""
	}
	return valueOf(o.Reference.Metrics, name)
}

// valueOf returns the value of a metric as people read it, nothing where there is no such metric.
func valueOf(metrics map[string]metric.Result, name string) string {
	m, ok := metrics[name]
	if !ok {
		return ""
	}
	return report.Number(m.Value)
}

// driftTable shows the measures that judge the columns. Where some column is inconclusive, or
// not applicable, it says what it lacks.
func driftTable(w io.Writer, d *drift.Drift) {
	header := []any{"column", "drift", "measure", "value", "threshold", "noise floor"}
	unsure := slices.ContainsFunc(slices.Collect(maps.Values(d.Columns)), func(c drift.Column) bool { return c.Drifted == nil || c.Reason != "" })
	if unsure {
		header = append(header, "lacks")
	}
	t := newTable(w, header...)
	for _, name := range sortedKeys(d.Columns) {
		c := d.Columns[name]
		state, lacks := "no", ""
		switch {
		case c.NotApplicable:
			state, lacks = "-", c.Reason
		case c.Drifted == nil:
			state, lacks = "?", report.Lacks(c)
		case *c.Drifted:
			state = "DRIFT"
		default:
			lacks = report.Lacks(c)
		}
		rows := [][]any{}
		for _, measure := range report.Judging(c) {
			m := c.Measures[measure]
			floor := ""
			if m.NoiseFloor != nil {
				floor = report.Number(*m.NoiseFloor)
			}
			rows = append(rows, []any{"", "", measure, report.Number(m.Value), report.Number(*m.Threshold), floor, ""})
		}
		if len(rows) == 0 {
			rows = append(rows, []any{"", "", "", "", "", "", ""})
		}
		rows[0][0], rows[0][1], rows[0][6] = name, state, lacks
		for _, row := range rows {
			t.AppendRow(table.Row(row[:len(header)]))
		}
	}
	if t.Length() > 0 {
		t.Render()
	}
	if d.Reason != "" {
		fmt.Fprintf(w, "no share of drift: %s\n", d.Reason)
	}
}

// answersTable shows what the configured queries of Prometheus gave.
func answersTable(w io.Writer, o *job.Outcome) {
	t := newTable(w, "prometheus", "value", "query")
	for _, name := range sortedKeys(o.Prometheus) {
		answer := o.Prometheus[name]
		value := report.Number(answer.Value)
		if answer.Missing() {
			value = "- (" + answer.Reason + ")"
		}
		t.AppendRow(table.Row{name, value, strings.Join(strings.Fields(answer.Query), " ")})
		for _, note := range answer.Notes {
			t.AppendRow(table.Row{"", "", "note: " + note})
		}
	}
	if t.Length() > 0 {
		t.Render()
	}
}

// rulesTable shows the verdicts, and the rules that wait for labels.
func rulesTable(w io.Writer, o *job.Outcome) {
	t := newTable(w, "rule", "verdict", "streak", "why")
	for _, r := range o.Rules {
		t.AppendRow(table.Row{r.Name, r.Verdict.String(), report.Streak(r), r.Reason})
	}
	for _, r := range o.NotJudged {
		t.AppendRow(table.Row{r.Name, "waits", "", r.Reason})
	}
	if t.Length() > 0 {
		t.Render()
	}
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func humanDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	return d.String()
}

// runState says of a run, for people, how far it is, and whether it was retracted.
func runState(l trigger.LaunchStatus) string {
	if l.Retracted == nil {
		return l.Latest
	}
	return strings.TrimPrefix(l.Latest+", retracted", ", ")
}

// runsTable shows started runs, newest last.
func runsTable(w io.Writer, launches []trigger.LaunchStatus) {
	t := newTable(w, "started", "run", "state", "why")
	for _, l := range launches {
		t.AppendRow(table.Row{l.Launch.LaunchedAt.UTC().Format(time.RFC3339), l.Launch.RunID, runState(l), l.Launch.Reason})
	}
	if t.Length() > 0 {
		t.Render()
	}
}
