package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

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
	fmt.Fprintln(w)
	for _, note := range o.Notes {
		fmt.Fprintf(w, "note: %s\n", visible(note))
	}
	if c.Matched != nil && *c.Matched > 0 {
		metricsTable(w, o)
	}
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

// tableWriter is a table whose texts stay in their cells, whatever characters they have.
type tableWriter struct{ table.Writer }

// AppendRow implements table.Writer, with texts as visible writes them.
func (t tableWriter) AppendRow(row table.Row, config ...table.RowConfig) {
	for i, cell := range row {
		if text, ok := cell.(string); ok {
			row[i] = visible(text)
		}
	}
	t.Writer.AppendRow(row, config...)
}

// newTable returns a table in the style of all of hindcast's.
func newTable(w io.Writer, header ...any) table.Writer {
	t := tableWriter{table.NewWriter()}
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(table.Row(header))
	return t
}

func metricsTable(w io.Writer, o *job.Outcome) {
	t := newTable(w, "metric", "value", "95 % interval", "reference", "n")
	for _, name := range metricOrder(o.Metrics) {
		m := o.Metrics[name]
		reference := ""
		if o.Reference != nil {
			reference = report.Number(o.Reference.Metrics[name].Value)
		}
		value := report.Number(m.Value)
		if math.IsNaN(float64(m.Value)) {
			value = "- (" + m.Reason + ")"
		}
		t.AppendRow(table.Row{name, value, intervalOf(m), reference, m.N})
	}
	t.Render()
}

func metricOrder(m map[string]metric.Result) []string {
	var out []string
	for _, spec := range metric.ForPeople() {
		if _, ok := m[spec.Name]; ok {
			out = append(out, spec.Name)
		}
	}
	for _, name := range sortedKeys(m) { // of another version, from the ledger
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func driftTable(w io.Writer, d *drift.Drift) {
	t := newTable(w, "column", "drift", "measure", "value", "threshold", "noise floor")
	for _, name := range sortedKeys(d.Columns) {
		c := d.Columns[name]
		state := "no"
		switch {
		case c.Drifted == nil:
			state = "?"
		case *c.Drifted:
			state = "DRIFT"
		}
		first := true
		for _, measure := range sortedKeys(c.Measures) {
			m := c.Measures[measure]
			if m.Threshold == nil {
				continue
			}
			floor := ""
			if m.NoiseFloor != nil {
				floor = report.Number(*m.NoiseFloor)
			}
			row := table.Row{"", "", measure, report.Number(m.Value), report.Number(*m.Threshold), floor}
			if first {
				row[0], row[1] = name, state
			}
			first = false
			t.AppendRow(row)
		}
		if first {
			t.AppendRow(table.Row{name, state, c.Reason, "", "", ""})
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
		t.AppendRow(table.Row{r.Name, r.Verdict.String(), fmt.Sprintf("%d of %d", r.Streak, r.For), r.Reason})
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
