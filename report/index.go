package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// indexData is what a list of reports shows.
type indexData struct {
	frame
	Figures []figure
	Tables  []table
}

// IndexOfWindows returns the list of a model's reports, the newest window first, as one file that
// loads nothing. Options.Index leads to the list of models.
func IndexOfWindows(model string, entries []Entry, opt Options) ([]byte, error) {
	entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.last() == nil })
	slices.SortStableFunc(entries, func(a, b Entry) int { return b.last().Window.Start.Compare(a.last().Window.Start) })
	var d indexData
	d.Title = model + ", " + counted(len(entries), "window")
	if opt.Index != "" {
		d.Back = &link{opt.Index, "All models"}
	}
	if c := indexTrend(entries); len(c.Points) > 1 {
		d.Figures = []figure{{Chart: c, Size: chart.Size{ID: "trend"}, NoTable: true}}
	}
	d.Tables = []table{windowsTable(entries)}
	d.dress()
	return render("index.html", d)
}

// IndexOfModels returns the list of models, by name, each with its newest window, as one file
// that loads nothing.
func IndexOfModels(entries []Entry) ([]byte, error) {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Model, b.Model) })
	var d indexData
	d.Title = counted(len(entries), "model")
	d.Tables = []table{modelsTable(entries)}
	d.dress()
	return render("index.html", d)
}

// last is the window that an entry tells of; nil where there is none.
func (e *Entry) last() *trigger.Record {
	if len(e.Windows) == 0 {
		return nil
	}
	return &e.Windows[len(e.Windows)-1]
}

// window is one line of the list of windows.
func (e *Entry) window() []cell {
	r := e.last()
	o := outcomeOf(r)
	row := []cell{
		{Text: r.Window.Days(e.Zone), Href: e.Href, Value: strconv.FormatInt(r.Window.Start.Unix(), 10)},
		{Text: verdictOf(r), State: stateOfOutcome(o), Value: strconv.Itoa(rankOf(stateOfOutcome(o)))},
		{Text: whyOf(r)},
	}
	return append(row, figureCells(r)...)
}

// verdictOf is the verdict of a record in a word.
func verdictOf(r *trigger.Record) string {
	if len(r.Rules) == 0 {
		return "not judged"
	}
	return r.Verdict.String()
}

// whyOf says in a sentence why a record has its verdict. What rules it waits for is in its output, which
// lists don't read.
func whyOf(r *trigger.Record) string {
	if len(r.Rules) == 0 && r.Stage == trigger.StageClosed {
		return "Nothing is judged before labels are in."
	}
	return withoutVerdict(sentence(*outcomeOf(r), nil))
}

// figureCells are the numbers of a line.
func figureCells(r *trigger.Record) []cell {
	f := r.Figures
	if f == nil {
		none := cell{Text: "-"}
		return []cell{none, none, none, none, {Text: decisionWord(outcomeOf(r))}}
	}
	value, band := f.Value, [2]stat.Number{f.Low, f.High}
	about := ""
	if !isNumber(value) && isNumber(f.Estimated) {
		value, band, about = f.Estimated, [2]stat.Number{f.EstimatedLow, f.EstimatedHigh}, "estimated"
	}
	figure := numberCell(value)
	figure.Help = about
	if isNumber(band[0]) && isNumber(band[1]) {
		figure.Help = notEmpty(about + " " + figureText(band[0]) + " to " + figureText(band[1]))[0]
	}
	drifted := cell{Text: "-"}
	if f.DriftJudged > 0 {
		drifted = cell{Text: fmt.Sprintf("%d of %d", f.DriftCount, f.DriftJudged), Value: strconv.Itoa(f.DriftCount)}
	}
	return []cell{
		figure, numberCell(f.Reference), {Text: shareText(f.Coverage), Value: exactText(f.Coverage)}, drifted, {Text: decisionWord(outcomeOf(r))},
	}
}

// windowsTable lists windows.
func windowsTable(entries []Entry) table {
	name := "Metric"
	for i := range entries {
		if r := entries[i].last(); r.Figures != nil && r.Figures.Metric != "" {
			name = metricTitle(r.Figures.Metric)
			break
		}
	}
	t := table{
		Caption: "Windows, the newest first",
		Columns: []column{
			{Name: "Window"}, {Name: "Verdict"}, {Name: "Why"}, {Name: name, Numbers: true}, {Name: "Reference", Numbers: true},
			{Name: "Coverage", Numbers: true, Help: "the share of predictions with a label"}, {Name: "Drifted columns", Numbers: true}, {Name: "Decision"},
		},
	}
	for i := range entries {
		t.Rows = append(t.Rows, entries[i].window())
	}
	return t
}

// modelsTable lists models, each by its newest window.
func modelsTable(entries []Entry) table {
	t := table{
		Caption: "Models, each by its newest window",
		Columns: []column{
			{Name: "Model"}, {Name: "Verdict"}, {Name: "Why"}, {Name: "Over windows"}, {Name: "Window"},
			{Name: "Metric", Numbers: true}, {Name: "Reference", Numbers: true}, {Name: "Coverage", Numbers: true},
			{Name: "Drifted columns", Numbers: true}, {Name: "Decision"},
		},
	}
	if len(entries) > mostOnPage {
		t.Filter = "models"
	}
	for i := range entries {
		e := &entries[i]
		r := e.last()
		if r == nil {
			row := make([]cell, len(t.Columns))
			row[0], row[1], row[2] = cell{Text: e.Model, Href: e.Href}, cell{Text: "· not judged", Value: "0"}, cell{Text: capital(cmp.Or(e.Why, "nothing is recorded yet"))}
			t.Rows = append(t.Rows, row)
			continue
		}
		o := outcomeOf(r)
		figures := figureCells(r)
		if r.Figures != nil && r.Figures.Metric != "" {
			figures[0].Text = metricTitle(r.Figures.Metric) + " " + figures[0].Text
		}
		row := []cell{
			{Text: e.Model, Href: e.Href},
			{Text: verdictOf(r), State: stateOfOutcome(o), Value: strconv.Itoa(rankOf(stateOfOutcome(o)))},
			{Text: whyOf(r) + map[bool]string{true: " (" + e.Why + ")"}[e.Why != ""]},
			{Chart: indexSpark(e), Size: chart.Size{Width: 150, Height: 26, ID: fmt.Sprintf("spark-%d", i)}},
			{Text: r.Window.Days(e.Zone), Value: strconv.FormatInt(r.Window.Start.Unix(), 10)},
		}
		t.Rows = append(t.Rows, append(row, figures...))
	}
	return t
}

// indexSpark draws the metric of an entry's windows; nil of fewer than two.
func indexSpark(e *Entry) chart.Chart {
	s := chart.Spark{Title: "The metric of " + short(e.Model) + " over windows", Threshold: nan()}
	known := 0
	name := ""
	if f := e.last().Figures; f != nil {
		name = f.Metric
	}
	for i := range e.Windows {
		v, o := nan(), outcomeOf(&e.Windows[i])
		if f := e.Windows[i].Figures; f != nil && f.Metric == name {
			v = float64(f.Value)
			if !stat.IsNumber(v) {
				v = float64(f.Estimated)
			}
		}
		if stat.IsNumber(v) {
			known++
		}
		s.Values, s.States = append(s.Values, v), append(s.States, stateOfOutcome(o))
	}
	if known < 2 {
		return nil
	}
	return s
}

// indexTrend draws the metric of the windows of a list, which has the newest first.
func indexTrend(entries []Entry) chart.Trend {
	var windows []job.Told
	name := ""
	for i := range slices.Backward(entries) {
		r := entries[i].last()
		if r.Figures != nil && r.Figures.Metric != "" {
			name = r.Figures.Metric
		}
		windows = append(windows, job.Told{Outcome: *outcomeOf(r)})
	}
	if name == "" {
		return chart.Trend{}
	}
	s := job.Story{Model: entries[0].Model, TimeZone: entries[0].Zone, Windows: windows}
	t := job.TrendOf(windows, name)
	return trendChart(&s, &t, mostWindows, false)
}

// outcomeOf is what a record without its output tells of a window: its rules, its decision and
// the figures of one metric.
func outcomeOf(r *trigger.Record) *job.Outcome {
	o := &job.Outcome{
		Model: r.Model, Window: r.Window, AsOf: r.AsOf, Stage: r.Stage, Revision: r.Revision, Verdict: r.Verdict, Rules: r.Rules, Decision: r.Decision,
	}
	o.Coverage.Coverage = stat.Number(math.NaN())
	f := r.Figures
	if f == nil {
		return o
	}
	o.Coverage.Predictions, o.Coverage.Matched, o.Coverage.Coverage = f.Predictions, f.Matched, f.Coverage
	one := func(value, low, high stat.Number) map[string]metric.Result {
		if f.Metric == "" || !isNumber(value) {
			return nil
		}
		return map[string]metric.Result{f.Metric: {Value: value, Low: low, High: high}}
	}
	none := stat.Number(math.NaN())
	o.Metrics = one(f.Value, f.Low, f.High)
	if m := one(f.Reference, none, none); m != nil {
		o.Reference = &evaluator.Reference{Metrics: m}
	}
	if m := one(f.Rolling, none, none); m != nil {
		o.Rolling = &evaluator.Rolling{Metrics: m}
	}
	if m := one(f.Estimated, f.EstimatedLow, f.EstimatedHigh); m != nil {
		o.Estimated = &estimate.Estimated{Metrics: m}
	}
	if f.DriftJudged > 0 {
		o.Drift = &drift.Drift{Share: f.DriftShare, Low: f.DriftShare, High: f.DriftShare, Count: f.DriftCount, Judged: f.DriftJudged}
	}
	return o
}
