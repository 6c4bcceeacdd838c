package main

import (
	"math"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/trigger"
)

// historyHeader names the columns of `history -o csv`. The table in docs/commands.md has the
// same.
func historyHeader() []string {
	return []string{
		"model", "window_start", "window_end", "time_zone", "grid", "stage", "revision", "as_of", "recorded_at", "verdict",
		"predictions", "matched", "coverage", "metric", "value", "low", "high", "reference", "rolling",
		"estimated", "estimated_low", "estimated_high", "drift_share", "drift_count", "drift_judged",
		"decision", "guard", "rule", "reason", "run_id", "run_state",
	}
}

// historyRows returns a row for each record. A number has all its digits, and a field is empty
// where there is none.
func historyRows(records []trigger.Record, launches []trigger.LaunchStatus) [][]string {
	rows := make([][]string, len(records))
	for i, r := range records {
		f, d := r.Figures, r.Decision
		rows[i] = []string{
			r.Model, csvTime(r.Window.Start), csvTime(r.Window.End), r.Zone().String(), r.GridName(), r.Stage, strconv.Itoa(r.Revision),
			csvTime(r.AsOf), csvTime(r.RecordedAt), r.Verdict.String(),
			csvWhole(&f.Predictions), csvWhole(f.Matched), csvNumber(f.Coverage), f.Metric,
		}
		for _, n := range []stat.Number{f.Value, f.Low, f.High, f.Reference, f.Rolling, f.Estimated, f.EstimatedLow, f.EstimatedHigh, f.DriftShare} {
			rows[i] = append(rows[i], csvNumber(n))
		}
		runID, state := d.RunID, ""
		if l := trigger.RunOf(r, launches); l != nil {
			runID, state = l.Launch.RunID, l.Latest
		}
		drifted, judged := "", ""
		if f.DriftJudged > 0 {
			drifted, judged = strconv.Itoa(f.DriftCount), strconv.Itoa(f.DriftJudged)
		}
		rows[i] = append(rows[i], drifted, judged, string(d.Action), d.Guard, d.Rule, d.Reason, runID, state)
	}
	return rows
}

// csvTime writes a time for programs.
func csvTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// csvNumber writes a number with all its digits, and nothing where there is none.
func csvNumber(n stat.Number) string {
	if math.IsNaN(float64(n)) {
		return ""
	}
	return strconv.FormatFloat(float64(n), 'g', -1, 64)
}

// csvWhole writes a whole number, and nothing of nil.
func csvWhole(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// csvValue writes the value of a metric, and nothing where there is no such metric.
func csvValue(metrics map[string]metric.Result, name string) string {
	m, ok := metrics[name]
	if !ok {
		return ""
	}
	return csvNumber(m.Value)
}
