package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// TestSemantics4_DataQualityHoldsRuns has a rule on performance propose a run, and one on the
// quality of the newest window's data hold it, with the reason.
func TestSemantics4_DataQualityHoldsRuns(t *testing.T) {
	row := func(id string, at time.Time, x, pred any) string {
		return fmt.Sprintf("%s,%s,%v,%v,v1", id, at.Format(time.RFC3339Nano), x, pred)
	}
	for _, c := range []struct {
		name, when, header string
		row                func(i int, p pair) []string
		reason, note       string // parts of what is said; no reason where the run is not held
	}{
		{"healthy", "quality.constant_columns + quality.absent_columns + quality.type_changes > 0 || quality.duplicate_predictions > 0.1 || quality.out_of_bounds > 0", predictionHeader,
			func(_ int, p pair) []string { return []string{p.prediction()} }, "", ""},
		{"one value", "quality.columns['x'].constant", predictionHeader,
			func(_ int, p pair) []string { return []string{row(p.id, p.at, 0.5, p.pred)} }, "x has one value alone", "1 column with one value in all of this window"},
		{"one prediction", "quality.constant_columns > 0", predictionHeader,
			func(_ int, p pair) []string { return []string{row(p.id, p.at, p.x, 10)} }, `quality.constant_columns 1 ("prediction") > 0`, `"prediction" (`},
		{"text for numbers", "quality.type_changes > 0", predictionHeader,
			func(_ int, p pair) []string { return []string{row(p.id, p.at, "n/a?", p.pred)} }, `quality.type_changes 1 ("x") > 0`, "of 300 values, and in the reference 0 of"},
		{"no such column", "quality.absent_columns > 0", "id,ts,pred,version",
			func(_ int, p pair) []string {
				return []string{fmt.Sprintf("%s,%s,%v,v1", p.id, p.at.Format(time.RFC3339Nano), p.pred)}
			}, `quality.absent_columns 1 ("x") > 0`, "was it renamed"},
		{"rows twice", "quality.duplicate_predictions > 0.1", predictionHeader,
			func(i int, p pair) []string { return slices.Repeat([]string{p.prediction()}, 1+i%2) }, "quality.duplicate_predictions 0.3333 (150 of 450 prediction rows) > 0.1", ""},
		{"out of bounds", "quality.out_of_bounds > 0.001", predictionHeader,
			func(i int, p pair) []string {
				if i == 7 {
					p.pred = -600
				}
				return []string{p.prediction()}
			}, "quality.out_of_bounds 0.003333 (1 of 300 predictions) > 0.001", "1 of 300 predictions are beyond predictions.bounds, -500 to 500: they are from -600 to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			block := fmt.Sprintf("{name: bad-data, when: %q, min_samples: 100, action: block}", c.when)
			w := newWorld(t, settings{rules: "[" + ruleRMSE + ", " + block + "]", bounds: "{min: -500, max: 500}"})
			w.logs(1, wrong, good)
			var rows []string
			for i, p := range makePairs(300, dayStart(3), good, "v1") {
				rows = append(rows, c.row(i, p)...)
			}
			w.write("predictions/dt=2026-01-03/part.csv", c.header, rows)
			out := w.night(4)
			d := of(t, out, 1).Decision
			if c.reason == "" {
				if d.Guard != "" || len(w.kfp.runs) != 1 {
					t.Errorf("decision %+v, %d runs", d, len(w.kfp.runs))
				}
			} else if d.Guard != trigger.GuardBlock || len(w.kfp.runs) != 0 || !strings.Contains(d.Reason, "bad-data is breached") || !strings.Contains(d.Reason, c.reason) {
				t.Errorf("decision %+v, %d runs, want it held: %s", d, len(w.kfp.runs), c.reason)
			}
			newest := out[slices.IndexFunc(out, func(o job.Outcome) bool { return o.Window.Start.Equal(dayStart(3)) })]
			if notes := strings.Join(newest.Notes, "\n"); !strings.Contains(notes, c.note) || c.reason == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}
