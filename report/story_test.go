package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/chart/charttest"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// longStory is a story of a regression over so many days and columns, whose error rises over its
// limit in the last tenth of them. Every name that the data give is made by the function.
func longStory(windows, columns int, named func(string) string) job.Story {
	s := job.Story{Model: named("house-price"), Task: groundtruth.Regression, AsOf: day(1).Start.AddDate(0, 0, windows+9)}
	column := make([]string, columns)
	for i := range column {
		column[i] = named(fmt.Sprintf("column_%03d", i))
	}
	for w := range windows {
		bad := w >= windows-max(1, windows/10)
		s.Windows = append(s.Windows, longWindow(&s, w, column, bad, named))
	}
	for i := range 3 {
		newer := longWindow(&s, windows+i, column, true, named)
		newer.Stage, newer.Verdict = "closed", rule.Breached
		newer.Coverage.Matched, newer.Coverage.Coverage, newer.Coverage.LabelDelay = nil, stat.Number(math.NaN()), nil
		newer.Metrics, newer.Rules = nil, newer.Rules[1:]
		s.Newer = append(s.Newer, newer)
	}
	run := trigger.LaunchStatus{Latest: trigger.StateSucceeded, Terminal: true, FinishedAt: s.AsOf}
	run.Launch = trigger.Launch{Run: named("run"), LaunchedAt: s.Last().Window.Start, Rule: named("rmse"), Window: &s.Last().Window, URL: "https://pipelines.example/#/runs/details/1", Reason: named("breached")}
	s.Runs = []trigger.LaunchStatus{run}
	s.Suggestions = []trigger.Suggestion{{Window: s.Last().Window, Rule: named("rmse"), Reason: named("mode is suggest"), At: s.AsOf}}
	s.Policy = []string{named("rmse: rmse > 1.2 * reference.rmse")}
	return s
}

// longWindow is one window of a longStory.
func longWindow(s *job.Story, w int, columns []string, bad bool, named func(string) string) job.Told {
	start := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w)
	o := job.Outcome{Model: s.Model, Window: groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, Stage: "mature", OnGrid: true, Revision: 1, AsOf: start.AddDate(0, 0, 8)}
	matched := int64(950)
	o.Coverage = job.Coverage{Predictions: 1000, Matched: &matched, Coverage: 0.95, LabelDelay: &job.LabelDelay{N: 950, P50: 90000, P95: 200000, Ages: []job.LabelAge{{WithinSeconds: 86400, N: 300}, {WithinSeconds: 259200, N: 950}}}}
	o.Metrics, o.Reference = map[string]metric.Result{}, &evaluator.Reference{Rows: 5000, Metrics: map[string]metric.Result{}}
	for i, name := range metric.Names(groundtruth.Regression) {
		v := 1 + 0.1*math.Sin(float64(w+i))
		if bad {
			v *= 1.9
		}
		o.Metrics[name] = metric.Result{Value: stat.Number(v), Low: stat.Number(v * 0.95), High: stat.Number(v * 1.05), N: matched}
		o.Reference.Metrics[name] = metric.Result{Value: 1, Low: 0.98, High: 1.02, N: 5000}
	}
	v, drifted := float64(o.Metrics["rmse"].Value), map[bool]*bool{true: new(bool), false: new(bool)}
	*drifted[true] = true
	o.Drift = &drift.Drift{Columns: map[string]drift.Column{}, Judged: len(columns)}
	o.Quality = &evaluator.Quality{MissingShare: 0.01, Columns: map[string]evaluator.ColumnQuality{}, Checks: map[string]evaluator.Check{"duplicate_predictions": {Value: 0.02, Note: named("20 of 1000")}}}
	limit, floor := stat.Number(0.2), stat.Number(0.03)
	for i, name := range columns {
		psi := 0.05 + 0.04*math.Sin(float64(w*i))
		is := bad && i%3 == 0
		if is {
			psi += 0.4
			o.Drift.Count++
		}
		measure := func(scale float64) drift.Measure {
			return drift.Measure{Value: stat.Number(psi * scale), Threshold: &limit, NoiseFloor: &floor, Drifted: drifted[is]}
		}
		o.Drift.Columns[name] = drift.Column{Kind: "number", N: 1000, Drifted: drifted[is], Measures: map[string]drift.Measure{"psi": measure(1), "wasserstein_normed": measure(0.9), "ks": measure(0.5)}}
		o.Quality.Columns[name] = evaluator.ColumnQuality{Missing: stat.Number(float64(i%7) / 100), Unseen: stat.Number(math.NaN())}
	}
	share := float64(o.Drift.Count) / float64(max(1, len(columns)))
	o.Drift.Share, o.Drift.Low, o.Drift.High = stat.Number(share), stat.Number(share), stat.Number(share)
	verdict := map[bool]rule.Verdict{true: rule.Breached, false: rule.Healthy}
	o.Rules = []rule.Result{
		judged(named("rmse"), verdict[v > 1.2], "rmse", ">", "1.2 * reference.rmse", v, 1.2, 0.95),
		judged(named("drift"), verdict[share >= 0.3], "drift.share", ">=", "0.3", share, 0.3, 0),
	}
	o.Rules[0].Reason = named("a reason")
	o.Verdict = verdict[v > 1.2]
	o.Notes = []string{named("a note, see `reference.columns.timestamp`")}
	o.Versions = map[string]evaluator.Group{named("v1"): {N: 500, Metrics: o.Metrics}, named("v2"): {N: 450, Metrics: o.Metrics}}
	o.Segments = map[string]map[string]evaluator.Group{named("city"): {named("Oslo"): {N: 500, Metrics: o.Metrics}, named("Bergen"): {N: 450, Metrics: o.Metrics}}}
	o.Decision = trigger.Decision{Action: trigger.ActionNone, Reason: named("every rule is healthy")}
	if bad {
		o.Decision = trigger.Decision{Action: trigger.ActionRetrain, Reason: named("rmse breached"), Rule: named("rmse"), Run: named("run")}
	}
	return job.Told{
		Outcome: o, RecordedAt: o.AsOf, PolicyHash: named("82c1234577d0e21f"), Revisions: 1,
		Inputs: []groundtruth.Input{{URL: named("file:///predictions/part-0.parquet"), Size: 48817, ETag: named("beb1")}},
	}
}

func same(name string) string { return name }

// Names that the data give, and texts of the state, are text on the page, whatever is in them.
func TestHostileNamesBreakNothing(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]string{
		"markup":        `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'` + "`&amp;{{.}}",
		"right to left": "שלום \u202Eevil\u202C عربي",
		"long":          strings.Repeat("a very long name ", 18),
		"one word":      strings.Repeat("W", 300),
		"emoji":         "👩‍👩‍👧‍👦🏳️‍🌈 🧨",
		"control":       "a\x00b\x1b[31mc\ufffe\xff\nd",
		"style":         `</style><style>*{display:none}</style>]]><!--`,
		"address":       `javascript:alert(1)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := longStory(6, 5, func(s string) string { return hostile + s })
			s.Runs[0].Launch.URL = "javascript:alert(1)//" + hostile
			page, err := HTML(s, Options{Index: "index.html"})
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, page)
			for _, bad := range []string{"<img", "<script>alert", `href="javascript`, "\x00", "\x1b", "</style><style>", "\u202e"} {
				if strings.Contains(string(page), bad) {
					t.Errorf("the page has %q", bad)
				}
			}
			list, err := IndexOfModels([]Entry{{Model: hostile, Href: "a.html", Windows: []trigger.Record{recordOf(&s.Windows[4]), recordOf(&s.Windows[5])}}, {Model: hostile + "2", Why: hostile}})
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, list)
		})
	}
}

// recordOf is what a list has of a window.
func recordOf(w *job.Told) trigger.Record {
	f := job.FiguresOf(&w.Outcome)
	return trigger.Record{Model: w.Model, Window: w.Window, Stage: w.Stage, Verdict: w.Verdict, Rules: w.Rules, Decision: w.Decision, Figures: &f}
}

// The same state gives the same bytes, and not too many of them.
func TestPageIsTheSameAndSmall(t *testing.T) {
	t.Parallel()
	s := longStory(90, 200, same)
	page, err := HTML(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, err := HTML(longStory(90, 200, same), Options{})
		if err != nil || !bytes.Equal(again, page) {
			t.Fatalf("the same story gives other bytes, %v", err)
		}
	}
	checkPage(t, page)
	if most := 2_000_000; len(page) > most {
		t.Errorf("the page of 200 columns has %d bytes, more than %d", len(page), most)
	}
	text := textOf(t, page)
	for _, column := range []string{"column_000", "column_199"} {
		if !strings.Contains(text, "\n"+column+" | ") {
			t.Errorf("%s is in no table", column)
		}
	}
}

// Everything that the page tells of a story, as text.
func TestPageTellsAll(t *testing.T) {
	t.Parallel()
	s := longStory(12, 4, same)
	page, err := HTML(s, Options{Index: "index.html"})
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page)
	sameText(t, "story.txt", textOf(t, page))
	for _, part := range sectionsOf(&s) {
		if !strings.Contains(string(page), `id="`+part.ID+`"`) || !strings.Contains(string(page), `href="#`+part.ID+`"`) {
			t.Errorf("section %s is not in the page and its contents", part.ID)
		}
	}
}

func TestSectionsHaveAPlace(t *testing.T) {
	t.Parallel()
	s := longStory(3, 2, same)
	seen := map[string]bool{}
	for _, part := range sectionsOf(&s) {
		found := false
		for _, id := range order() {
			found = found || id == part.ID
		}
		if !found || seen[part.ID] || part.Title == "" {
			t.Errorf("section %q, called %q, has no place of its own", part.ID, part.Title)
		}
		seen[part.ID] = true
		for _, tab := range part.Tables {
			for _, row := range tab.Rows {
				if len(row) != len(tab.Columns) {
					t.Errorf("a row of %q has %d cells of %d", tab.Caption, len(row), len(tab.Columns))
				}
			}
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	s := longStory(12, 4, same)
	var windows []Entry
	var records []trigger.Record
	for i := range s.Windows {
		r := recordOf(&s.Windows[i])
		records = append(records, r)
		windows = append(windows, Entry{Model: s.Model, Href: fmt.Sprintf("w%d.html", i), Windows: []trigger.Record{r}})
	}
	list, err := IndexOfWindows(s.Model, windows, Options{Index: "../index.html"})
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, list)
	text := textOf(t, list)
	if newest, oldest := strings.Index(text, "2025-01-12 | "), strings.Index(text, "2025-01-01 | "); newest < 0 || newest > oldest {
		t.Errorf("the newest window is not the first:\n%s", text)
	}
	for _, want := range []string{
		`<a href="w11.html">2025-01-12</a>`, "All models", "house-price, 12 windows",
		"2025-01-12 | ▲ breached | RMSE rose from 1 on the reference to 2.088", "2025-01-01 | ● healthy | RMSE is 1.014, below the limit 1.2 (1 on the reference)",
	} {
		if !strings.Contains(string(list)+text, want) {
			t.Errorf("the list of windows lacks %q:\n%s", want, text)
		}
	}
	models, err := IndexOfModels([]Entry{{Model: "z", Href: "z/index.html", Windows: records}, {Model: "a", Why: "nothing is recorded yet"}})
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, models)
	text = textOf(t, models)
	for _, want := range []string{"2 models", "a | · not judged | Nothing is recorded yet", "z | ▲ breached | RMSE rose", "| 2025-01-12 | RMSE 2.088"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list of models lacks %q:\n%s", want, text)
		}
	}
	if empty, err := IndexOfWindows("m", nil, Options{}); err != nil || !strings.Contains(string(empty), "m, 0 windows") {
		t.Errorf("an empty list is %v", err)
	}
}

// A window whose rules all wait for labels is not one without rules.
func TestIndexOfAWindowThatWaits(t *testing.T) {
	t.Parallel()
	s := longStory(2, 4, same)
	r := recordOf(s.Last())
	r.Stage, r.Rules = trigger.StageClosed, nil
	for name, list := range map[string]func() ([]byte, error){
		"windows": func() ([]byte, error) {
			return IndexOfWindows("m", []Entry{{Model: "m", Windows: []trigger.Record{r}}}, Options{})
		},
		"models": func() ([]byte, error) { return IndexOfModels([]Entry{{Model: "m", Windows: []trigger.Record{r}}}) },
	} {
		page, err := list()
		if text := textOf(t, page); err != nil || strings.Contains(text, "No rule is configured") || !strings.Contains(text, "Nothing is judged before labels are in") {
			t.Errorf("of %s: %v\n%s", name, err, text)
		}
	}
}

// Several models have a page together, each with ids of its own.
func TestPageOfSeveralModels(t *testing.T) {
	t.Parallel()
	a, b := longStory(3, 2, same), longStory(2, 2, same)
	b.Model = "other"
	page, err := Page{Title: "Hindcast", Stories: []job.Story{a, b}}.HTML()
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page)
	for _, want := range []string{`href="#m1-verdict"`, `id="m2-drift"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func BenchmarkReport365x50(b *testing.B) {
	s := longStory(365, 50, same)
	b.ReportAllocs()
	for b.Loop() {
		page, err := HTML(s, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(page)))
	}
}

// The numbers in the charts are those of the JSON, to the last digit: of every metric in every
// window with its interval, and of the drift of every column.
func TestChartsSayWhatTheJSONSays(t *testing.T) {
	t.Parallel()
	s := longStory(20, 6, same)
	page, err := HTML(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := charttest.Read(string(page))
	if err != nil {
		t.Fatal(err)
	}
	type number struct {
		start, v float64
	}
	drawn, heat := map[number]charttest.Datum{}, map[string][]float64{}
	for _, d := range data {
		switch {
		case d.Chart == "trend" && d.Series == "value":
			drawn[number{d.Numbers["start"], d.Numbers["v"]}] = d
		case d.Chart == "heatmap" && d.Series == "cell":
			heat[d.Name] = append(heat[d.Name], d.Numbers["v"])
		}
	}
	for i, w := range s.Windows {
		text, err := json.Marshal(&w.Outcome)
		if err != nil {
			t.Fatal(err)
		}
		var o job.Outcome
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		for name, m := range o.Metrics {
			d, ok := drawn[number{float64(o.Window.Start.Unix()), float64(m.Value)}]
			if !ok || d.Numbers["low"] != float64(m.Low) || d.Numbers["high"] != float64(m.High) || d.Numbers["n"] != float64(m.N) {
				t.Errorf("%s of %s is %v in JSON, and drawn as %v", name, o.Window, m, d.Numbers)
			}
		}
		for name, c := range o.Drift.Columns {
			want := float64(c.Measures["psi"].Value) / float64(*c.Measures["psi"].Threshold)
			if cells := heat[name]; len(cells) != len(s.Windows)+len(s.Newer) || math.Abs(cells[i]-want) > 1e-12 {
				t.Errorf("drift of %s in window %d is %v, drawn as %v", name, i, want, cells)
			}
		}
	}
}

func TestNoWindowNoReport(t *testing.T) {
	t.Parallel()
	if _, err := HTML(job.Story{Model: "m"}, Options{}); err == nil || !strings.Contains(err.Error(), "no window yet") {
		t.Error(err)
	}
}
