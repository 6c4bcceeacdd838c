package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// writeOutcome writes one window for a person: what is to be known first, then the figures. The
// window before it may be nil.
func writeOutcome(w io.Writer, o, previous *job.Outcome) {
	writeHeading(w, o)
	say(w, nil, styled(strongStyle, report.Sentence(*o, previous)))
	say(w, nil, plain(coverageLine(o)))
	for _, note := range o.Notes {
		say(w, styled(unsureStyle, "note: "), plain(note))
	}
	if c := o.Coverage; c.Matched != nil && *c.Matched > 0 {
		metricsTable(w, o)
		confusionTable(w, o.Confusion)
		classesTable(w, o)
		groupsTables(w, o)
		if text := report.LabelBias(o.LabelBias, o.Notes); text != "" {
			say(w, nil, plain(text))
		}
	}
	estimatedTable(w, o)
	if o.Coverage.Predictions > 0 {
		if o.Drift != nil {
			driftTable(w, o.Drift)
		}
		qualityTable(w, o.Quality)
	}
	answersTable(w, o)
	rulesTable(w, o)
	writeDecision(w, o)
}

// writeHeading says which window it is, and its verdict.
func writeHeading(w io.Writer, o *job.Outcome) {
	l, m := lookOf(w), markOf(o.Verdict)
	var lead painted
	if shape := m.of(l); shape != "" {
		lead = styled(m.style, shape+" ")
	}
	say(w, lead, styled(strongStyle, o.Model).and(
		plain(fmt.Sprintf("  %s  %s  ", o.Window.Text(o.TimeZone, "/"), o.Stage)), styled(m.style, strings.ToUpper(o.Verdict.String()))))
}

// gap is a line between the parts of what is shown of a window, on a terminal.
func gap(w io.Writer) {
	if lookOf(w).columns > 0 {
		fmt.Fprintln(w)
	}
}

// coverageLine says how many rows there are, and of how many the label is known.
func coverageLine(o *job.Outcome) string {
	c := o.Coverage
	text := fmt.Sprintf("%d predictions", c.Predictions)
	if c.Matched != nil {
		text += fmt.Sprintf(", %d with a label (coverage %s)", *c.Matched, report.Number(c.Coverage))
	} else if c.Reason != "" {
		text += "; " + c.Reason
	}
	for _, reason := range sortedKeys(c.Skipped) {
		text += fmt.Sprintf(", %d skipped: %s", c.Skipped[reason], reason)
	}
	if r := o.Reference; r != nil && r.Stratum != "" {
		text += fmt.Sprintf(", compared with the reference's %s rows", r.Stratum)
	}
	return text
}

// writeDecision says what follows from the window.
func writeDecision(w io.Writer, o *job.Outcome) {
	d := o.Decision
	gap(w)
	text := string(d.Action)
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	if d.RunID != "" {
		text += fmt.Sprintf(" (run %s)", d.RunID)
	}
	if d.DryRun {
		text += " [dry run]"
	}
	say(w, styled(strongStyle, "decision: "), plain(text))
}

// metricsTable shows the metrics, and below it why some have no value or no interval.
func metricsTable(w io.Writer, o *job.Outcome) {
	header := []string{"metric", "value", "95 % interval", "reference"}
	if o.Rolling != nil {
		header = append(header, "rolling")
	}
	t := newTable(w, append(header, "n")...)
	var bars []gauge
	limits := false
	for _, name := range report.MetricNames(o.Metrics) {
		m := o.Metrics[name]
		g := gaugeOf(o, name, name, m)
		bars, limits = append(bars, g), limits || len(g.limits) > 0
		row := []any{styled(g.mark.style, name), report.Number(m.Value), intervalOf(m), ofReference(o, name)}
		if o.Rolling != nil {
			row = append(row, report.Number(o.Rolling.Metrics[name].Value))
		}
		t.AppendRow(append(row, m.N))
	}
	drawn := t.gauges(len(header), false, bars)
	gap(w)
	t.Render()
	if drawn {
		barLegend(w, limits)
	}
	for _, line := range report.Without(o.Metrics) {
		say(w, nil, plain(line))
	}
	if text := report.Rolling(o.Rolling, o.TimeZone); text != "" {
		say(w, nil, plain(text))
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
	header := []string{"column", "drift", "measure", "value", "threshold", "noise floor"}
	unsure := slices.ContainsFunc(slices.Collect(maps.Values(d.Columns)), func(c drift.Column) bool { return c.Drifted == nil || c.Reason != "" })
	if unsure {
		header = append(header, "lacks")
	}
	t := newTable(w, header...)
	var bars []gauge
	for _, name := range sortedKeys(d.Columns) {
		c := d.Columns[name]
		state, lacks := driftState(lookOf(w), c)
		cells := []any{name, state, "", "", "", "", lacks} // of the first row
		for _, measure := range report.Judging(c) {
			m := c.Measures[measure]
			floor := ""
			if m.NoiseFloor != nil {
				floor = report.Number(*m.NoiseFloor)
			}
			cells[2], cells[3], cells[4], cells[5] = measure, report.Number(m.Value), report.Number(*m.Threshold), floor
			t.AppendRow(cells[:len(header)])
			bars = append(bars, driftGauge(m))
			cells = []any{"", "", "", "", "", "", ""}
		}
		if len(report.Judging(c)) == 0 {
			t.AppendRow(cells[:len(header)])
			bars = append(bars, driftGauge(drift.Measure{Value: stat.Number(math.NaN())}))
		}
	}
	if t.Length() > 0 {
		t.gauges(6, false, bars)
		gap(w)
		t.Render()
	}
	if d.Reason != "" {
		say(w, nil, plain("no share of drift: "+d.Reason))
	}
}

// driftState says whether a column has drifted, and what it lacks where that does not show.
func driftState(l look, c drift.Column) (state painted, lacks string) {
	switch {
	case c.NotApplicable:
		return waitsMark().word(l, "-"), c.Reason
	case c.Drifted == nil:
		return unsureMark().word(l, "?"), report.Lacks(c)
	case *c.Drifted:
		return breachedMark().word(l, "DRIFT"), ""
	default:
		return healthyMark().word(l, "no"), report.Lacks(c)
	}
}

// driftGauge shows how far a measure is from 0, beside its threshold.
func driftGauge(m drift.Measure) gauge {
	g := gauge{float64(m.Value), 0, float64(m.Value), math.NaN(), nil, noRuleMark()}
	if m.Threshold != nil {
		g.limits = []float64{float64(*m.Threshold)}
	}
	if m.Drifted != nil {
		g.mark = healthyMark()
		if *m.Drifted {
			g.mark = breachedMark()
		}
	}
	return g
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
		t.AppendRow([]any{name, value, strings.Join(strings.Fields(answer.Query), " ")})
		for _, note := range answer.Notes {
			t.AppendRow([]any{"", "", "note: " + note})
		}
	}
	if t.Length() > 0 {
		gap(w)
		t.Render()
	}
}

// rulesTable shows the verdicts, and the rules that wait for labels.
func rulesTable(w io.Writer, o *job.Outcome) {
	t := newTable(w, "rule", "verdict", "streak", "why")
	for _, r := range o.Rules {
		t.AppendRow([]any{r.Name, verdictCell(lookOf(w), r.Verdict), report.Streak(r), r.Reason})
	}
	for _, r := range o.NotJudged {
		t.AppendRow([]any{r.Name, waitsMark().word(lookOf(w), "waits"), "", r.Reason})
	}
	if t.Length() > 0 {
		gap(w)
		t.Render()
	}
}
