package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// told is a window of these tests: its error, which is judged where it isn't NaN, its share of
// drift, and what follows.
type told struct {
	rmse, drift float64
	decision    trigger.Decision
}

// historyOfTest returns the history of a model of days, with a limit of 1.5 on its error.
func historyOfTest(windows []told) *modelHistory {
	nan := stat.Number(math.NaN())
	h := &modelHistory{model: &config.Model{Name: "house-price"}}
	for i, w := range windows {
		start := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		r := trigger.Record{
			Model: h.model.Name, Window: groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, OnGrid: true, Grid: "1d",
			Stage: trigger.StageClosed, Revision: 1, Decision: w.decision, Verdict: rule.Healthy,
		}
		f := trigger.Figures{
			Metric: "rmse", Value: nan, Low: nan, High: nan, Reference: 1, Rolling: nan, Estimated: nan, EstimatedLow: nan, EstimatedHigh: nan,
			Predictions: 1000, Coverage: nan, DriftShare: stat.Number(w.drift), DriftCount: int(4 * w.drift), DriftJudged: 4,
		}
		drift := rule.Result{Name: "drift", Verdict: rule.Healthy, Comparisons: []rule.Comparison{{Left: "drift.share", RightValue: 0.5, Variable: "drift.share"}}}
		if w.drift >= 0.5 {
			drift.Verdict, r.Verdict = rule.Breached, rule.Breached
		}
		r.Rules = append(r.Rules, drift)
		if !math.IsNaN(w.rmse) {
			matched := int64(950)
			r.Stage, f.Matched, f.Coverage = trigger.StageMature, &matched, 0.95
			f.Value, f.Low, f.High = stat.Number(w.rmse), stat.Number(w.rmse-0.1), stat.Number(w.rmse+0.15)
			judged := rule.Result{Name: "rmse", Verdict: rule.Healthy, Comparisons: []rule.Comparison{{Left: "rmse", RightValue: 1.5, Variable: "rmse"}}}
			switch {
			case w.rmse-0.1 > 1.5:
				judged.Verdict, r.Verdict = rule.Breached, rule.Breached
			case w.rmse > 1.5:
				judged.Verdict, r.Verdict = rule.Inconclusive, rule.Inconclusive
			}
			r.Rules = append(r.Rules, judged)
		}
		r.Figures = &f
		h.records = append(h.records, r)
	}
	return h
}

// eventfulHistory has all that a line may show: a run that was started, one that a guard held, an
// inconclusive window, and windows that wait for labels.
func eventfulHistory() *modelHistory {
	none, alert := trigger.Decision{Action: trigger.ActionNone, Reason: "every rule is healthy"}, trigger.Decision{Action: trigger.ActionAlert, Rule: "drift", Reason: "drift breached: 面积 と 価格"}
	h := historyOfTest([]told{
		{1, 0, none}, {1.02, 0.25, none}, {1.55, 0.25, none}, {2.4, 0.5, alert},
		{2.45, 0.5, trigger.Decision{Action: trigger.ActionRetrain, Rule: "rmse", Reason: "rmse breached in 2 consecutive windows", RunID: "run-1"}},
		{2.5, 0.75, trigger.Decision{Action: trigger.ActionSuppressed, Guard: trigger.GuardCooldown, Rule: "rmse", Reason: "cooldown until 2026-01-20T00:00:00Z"}},
		{1.01, 0, none}, {math.NaN(), 0, none}, {math.NaN(), math.NaN(), none},
	})
	w := h.records[4].Window
	h.launches = []trigger.LaunchStatus{{
		Launch: trigger.Launch{RunID: "run-1", Window: &w, LaunchedAt: time.Date(2026, 1, 8, 3, 0, 0, 0, time.UTC), Reason: "rmse breached in 2 consecutive windows"},
		Latest: trigger.StateSucceeded,
	}}
	h.newest = "2026-01-07/2026-01-08: All is well."
	return h
}

// render writes a history as a screen shows it.
func (h *modelHistory) render(t *testing.T, as look, f historyFlags) string {
	t.Helper()
	var out bytes.Buffer
	form := historyTables{w: terminalWriter{visibleWriter{&out}, as}, flags: f}
	if err := form.model(h); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		line = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, "")
		if strings.HasSuffix(line, " ") {
			t.Errorf("in %d columns a line ends in a blank: %q", as.columns, line)
		}
		if as.columns > 0 && textWidth(line) > as.columns {
			t.Errorf("in %d columns a line is %d wide: %q", as.columns, textWidth(line), line)
		}
	}
	return out.String()
}

func TestHistoryOnAScreen(t *testing.T) {
	for name, c := range map[string]struct {
		look  look
		flags historyFlags
	}{
		"80":             {look{columns: 80, unicode: true}, historyFlags{}},
		"120":            {look{columns: 120, unicode: true}, historyFlags{}},
		"200":            {look{columns: 200, unicode: true}, historyFlags{}},
		"120-colours":    {look{columns: 120, unicode: true, colour: true}, historyFlags{}},
		"80-ascii":       {look{columns: 80}, historyFlags{}},
		"120-reasons":    {look{columns: 120, unicode: true}, historyFlags{reasons: true}},
		"120-revisions":  {look{columns: 120, unicode: true}, historyFlags{revisions: true}},
		"file":           {look{}, historyFlags{}},
		"file-revisions": {look{}, historyFlags{revisions: true}},
	} {
		t.Run(name, func(t *testing.T) {
			h := eventfulHistory()
			if c.look.columns == 0 {
				h.newest = "" // it is read for a screen alone
			}
			got := h.render(t, c.look, c.flags)
			path := filepath.Join("testdata", "history", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what is shown; go test ./cmd/hindcast -run TestHistoryOnAScreen -update writes it anew. Shown is\n%s", path, got)
			}
		})
	}
}

// A year is three lines of marks that fit the screen, each the worst of some days. They stand below
// the table, for its top has left the screen.
func TestHistoryOfAYear(t *testing.T) {
	windows := make([]told, 365)
	for i := range windows {
		windows[i] = told{1 + 0.01*math.Sin(float64(i)), 0, trigger.Decision{Action: trigger.ActionNone}}
	}
	windows[200] = told{2.4, 1, trigger.Decision{Action: trigger.ActionNone}}
	for columns, each := range map[int]int{80: 9, 120: 5, 200: 3, 460: 1} {
		text := historyOfTest(windows).render(t, look{columns: columns, unicode: true}, historyFlags{})
		_, below, _ := strings.Cut(text, "\n\n")
		lines := strings.Split(below, "\n")
		for i, mark := range []string{"▇", "▇", "▲"} {
			if strings.Count(lines[i], mark) != 1 {
				t.Errorf("in %d columns the worst day is not told of once: %q", columns, lines[i])
			}
		}
		if says := fmt.Sprintf(" each mark is the worst of %d windows", each); each > 1 && lines[3] != says {
			t.Errorf("in %d columns: %q, want %q", columns, lines[3], says)
		}
	}
}

// Marks of a metric that gets worse as it falls show the least of some windows.
func TestStripsShowTheWorst(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		values []float64
		falls  bool
		want   []float64
	}{
		"an error":    {[]float64{1, 3, nan, 2, nan, nan, 4}, false, []float64{3, 2, nan, 4}},
		"an accuracy": {[]float64{1, 3, nan, 2, nan, nan, 4}, true, []float64{1, 2, nan, 4}},
	} {
		if got := worstOf(c.values, 2, c.falls); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What other metrics than the table's are is said beside their values, and they are in no bar.
func TestHistoryOfTwoMetrics(t *testing.T) {
	h := historyOfTest([]told{{1, 0, trigger.Decision{}}, {1.1, 0, trigger.Decision{}}})
	h.records[0].Figures.Metric = "mae"
	text := h.render(t, look{columns: 200, unicode: true}, historyFlags{})
	if !strings.Contains(text, " mae 1 ") || !strings.Contains(text, "RMSE") || strings.Count(text, "┃") != 2 { // one in the legend
		t.Error(text)
	}
	none := historyOfTest([]told{{math.NaN(), math.NaN(), trigger.Decision{}}})
	none.records[0].Figures.Metric = ""
	if text := none.render(t, look{}, historyFlags{}); !strings.Contains(text, "METRIC  95 % INTERVAL") {
		t.Error(text)
	}
}

// What a window is compared with is the window before it, and not an earlier revision of its own.
func TestTheWindowBeforeIsAnother(t *testing.T) {
	records := eventfulHistory().records
	again := records[6]
	again.Revision = 2
	got := newestAndBefore(slices.Insert(slices.Clone(records), 7, again))
	if len(got) != 2 || !got[0].Window.Equal(records[5].Window) || !got[1].Window.Equal(records[6].Window) || got[1].Revision != 2 {
		t.Errorf("%+v", got)
	}
	if one := newestAndBefore(records[:1]); len(one) != 1 {
		t.Errorf("of one window there are %d", len(one))
	}
}
