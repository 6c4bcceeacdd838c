package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// Limits of the charts over windows. A window off these is in the table of its own report.
const (
	mostWindows = 400 // of a chart that has the row for itself
	fewWindows  = 120 // of a smaller one
)

// metricsSection shows each metric over the windows: the one that people look at first alone, the
// other ones of headlines and those of rules beside each other, all others on request.
func metricsSection(s *job.Story) section {
	names := namesOverTime(s)
	if len(names) == 0 {
		return section{}
	}
	o := &s.Last().Outcome
	out := section{
		ID: "metrics", Title: "Performance",
		Lead: "How good the predictions were in each window, with what is left to chance, beside the reference and the limit of the rule.",
	}
	out.Tables, out.Notes = metricsOfLast(s, names)
	out.Terms = []term{
		{"95 % interval", "Another sample of as many rows of the same kind would give another value. The true one lies within the interval in 95 of 100 such windows."},
		{"Reference", "The data that windows are compared with, such as the rows that the model was trained on."},
		{"Limit", "Where a rule of the configuration draws the line. It follows the reference where the rule is written so."},
		{"Coverage", "The share of predictions whose truth is known by now. Few labels may not stand for all rows."},
	}
	if len(all(s)) == 1 {
		out.Lead = "How good the predictions were, with what is left to chance, beside the reference and the limit of the rule."
		return out
	}
	primary := primaryOf(s)
	for _, name := range names {
		trend := job.TrendOf(all(s), name)
		spec, _ := metric.Find(name)
		f := figure{Chart: trendChart(s, &trend, fewWindows, false), Width: half, Caption: aboutMetric(&spec)}
		switch {
		case name == primary:
			f.Chart, f.Width = trendChart(s, &trend, mostWindows, false), whole
			out.Figures = append(out.Figures, f)
		case spec.Headline || hasRule(o, name):
			out.Figures = append(out.Figures, f)
		default:
			out.Folded = append(out.Folded, f)
		}
	}
	out.More = counted(len(out.Folded), "more metric")
	return out
}

// metricsOfLast are the metrics of the last window as a table, and what is to be said of them;
// nothing before its labels are in.
func metricsOfLast(s *job.Story, names []string) ([]table, []string) {
	o := &s.Last().Outcome
	if o.Coverage.Matched == nil {
		return nil, nil
	}
	notes := append(Without(o.Metrics), notEmpty(Rolling(o.Rolling, s.TimeZone), LabelBias(o.LabelBias, o.Notes))...)
	return []table{metricsTable(s, names)}, notes
}

// namesOverTime names the metrics that have a value in any window, in the order in which people
// look at them.
func namesOverTime(s *job.Story) []string {
	found := map[string]metric.Result{}
	for _, w := range all(s) {
		for name, m := range w.Metrics {
			if isNumber(m.Value) {
				found[name] = m
			}
		}
		if w.Estimated == nil {
			continue
		}
		for name, m := range w.Estimated.Metrics {
			if isNumber(m.Value) {
				found[name] = m
			}
		}
	}
	return MetricNames(found)
}

// hasRule reports whether a rule compares the metric.
func hasRule(o *job.Outcome, name string) bool {
	for _, r := range o.Rules {
		for _, c := range r.Comparisons {
			if c.Variable == name {
				return true
			}
		}
	}
	return false
}

// aboutMetric says what a metric is.
func aboutMetric(spec *metric.Spec) string {
	if spec.Help == "" {
		return ""
	}
	switch spec.Worse {
	case metric.WorseRises:
		return spec.Help + " Less is better."
	case metric.WorseFalls:
		return spec.Help + " More is better."
	case metric.WorseLeaves0:
		return spec.Help + " Best at 0."
	}
	return spec.Help
}

// notEmpty leaves out empty texts.
func notEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// trendChart draws a figure over at most so many windows, the newest. Estimates stand beside what
// came true where both is asked for, else in its place until it is known.
func trendChart(s *job.Story, t *job.Trend, most int, both bool) chart.Trend {
	points := t.Points[max(0, len(t.Points)-most):]
	c := chart.Trend{
		Title: TrendTitle(*t), Desc: trendWords(t, points, s.TimeZone), Location: location(s), Worse: sideOf(t.Worse), ValueName: t.Title,
	}
	switch t.Metric {
	case job.DriftShare, coverageName:
		c.Axis.Format = chart.Percent
		c.Axis.Min, c.Axis.Max = 0, 1
	case missingName:
		c.Axis.Format = chart.Percent
	}
	for i := range points {
		c.Points = append(c.Points, pointOf(&points[i], s, both))
	}
	if len(points) > 0 {
		c.Marks = marksOf(s, points[0].Window.Start, points[len(points)-1].Window.End)
	}
	return c
}

// pointOf is one window of a chart.
func pointOf(p *job.TrendPoint, s *job.Story, both bool) chart.Point {
	out := chart.Blank(p.Window.Start, p.Window.End)
	out.Value, out.Low, out.High = float64(p.Value), float64(p.Low), float64(p.High)
	out.Reference, out.Rolling, out.Threshold = float64(p.Reference), float64(p.Rolling), float64(p.Threshold)
	out.Coverage, out.N = float64(p.Coverage), p.N
	if both || !isNumber(p.Value) {
		out.Estimated, out.EstimatedLow, out.EstimatedHigh = float64(p.Estimated), float64(p.EstimatedLow), float64(p.EstimatedHigh)
	}
	out.State = stateOfPoint(p)
	out.Provisional = p.Stage != matureStage
	out.Label = p.Window.Days(s.TimeZone)
	return out
}

// matureStage is the stage of a window whose labels are in.
const matureStage = "mature"

// stateOfPoint is how a figure was judged in a window.
func stateOfPoint(p *job.TrendPoint) chart.State {
	if !p.Judged {
		return chart.None
	}
	return stateOf(p.Verdict)
}

// sideOf is on which side of its limit a figure is bad.
func sideOf(w metric.Worse) chart.Side {
	switch w {
	case metric.WorseRises:
		return chart.Above
	case metric.WorseFalls:
		return chart.Below
	default:
		return chart.Neither
	}
}

// trendWords says for those who don't see a chart what it shows.
func trendWords(t *job.Trend, points []job.TrendPoint, zone groundtruth.Zone) string {
	if len(points) == 0 {
		return ""
	}
	low, high := math.Inf(1), math.Inf(-1)
	breached := 0
	for _, p := range points {
		if v := float64(p.Value); stat.IsNumber(v) {
			low, high = min(low, v), max(high, v)
		}
		if stateOfPoint(&p) == chart.Bad {
			breached++
		}
	}
	text := fmt.Sprintf("%s over %s from %s to %s", t.Title, counted(len(points), "window"),
		points[0].Window.Days(zone), points[len(points)-1].Window.Days(zone))
	if low <= high {
		text += fmt.Sprintf(", between %s and %s", chart.Number(low), chart.Number(high))
	}
	if breached > 0 {
		text += fmt.Sprintf("; breached in %d", breached)
	}
	return text + "."
}

// marksOf lists the runs and suggestions that lie within some time, for charts over it. One that
// came after the last window stands at its end.
func marksOf(s *job.Story, from, to time.Time) []chart.Mark {
	var out []chart.Mark
	add := func(at time.Time, text string) {
		if at.Before(from) {
			return
		}
		if at.After(to) {
			at = to
		}
		out = append(out, chart.Mark{At: at, Text: text})
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		add(r.Launch.LaunchedAt, "Retraining "+short(r.Launch.Run)+" "+runState(r)+", "+timeText(r.Launch.LaunchedAt, s.TimeZone))
	}
	for _, g := range s.Suggestions {
		add(g.At, "Retraining suggested by rule "+short(g.Rule)+", "+timeText(g.At, s.TimeZone))
	}
	return out
}

// metricsTable lists the metrics of the last window.
func metricsTable(s *job.Story, names []string) table {
	o := &s.Last().Outcome
	t := table{
		Caption: "All metrics of " + o.Window.Days(s.TimeZone),
		About:   "Beside: the mark is the value, the band its interval, the long violet line the reference and the red one the limit. Each metric has a scale of its own.",
		Columns: []column{{Name: "Metric"}, {Name: "Value", Numbers: true}, {Name: "95 % interval", Numbers: true}, {Name: "Beside", Help: "the interval beside the limit and the reference, each metric on a scale of its own"}, {Name: "Reference", Numbers: true}},
	}
	rolling := o.Rolling != nil && len(o.Rolling.Windows) > 0
	if rolling {
		t.Columns = append(t.Columns, column{Name: "Rolling", Numbers: true, Help: "the windows before, taken together"})
	}
	t.Columns = append(t.Columns, column{Name: "Limit", Numbers: true}, column{Name: "Rows", Numbers: true})
	for _, name := range names {
		m, ok := o.Metrics[name]
		if !ok {
			continue
		}
		trend := job.TrendOf(s.Windows[len(s.Windows)-1:], name)
		p := trend.Points[0]
		spec, _ := metric.Find(name)
		row := []cell{
			{Text: metricTitle(name), Help: name + ": " + spec.Help},
			{Text: figureText(m.Value), Value: exactText(m.Value), State: stateOfPoint(&p), Help: m.Reason},
			{Text: interval(m), Value: exactText(m.Low), Help: m.Note},
			gaugeCell(&trend, s.TimeZone),
			numberCell(p.Reference),
		}
		if rolling {
			row = append(row, numberCell(p.Rolling))
		}
		t.Rows = append(t.Rows, append(row, numberCell(p.Threshold), cell{Text: countText(m.N), Value: fmt.Sprint(m.N)}))
	}
	return t
}

// gaugeCell draws where the interval of a window's metric lies beside its limit and its reference;
// nothing where there is neither.
func gaugeCell(t *job.Trend, zone groundtruth.Zone) cell {
	p := &t.Points[0]
	if !isNumber(p.Value) || !isNumber(p.Threshold) && !isNumber(p.Reference) {
		return cell{}
	}
	return cell{Size: chart.Size{Width: 190}, Value: exactText(p.Value), Chart: chart.Gauge{
		Title: TrendTitle(*t), Desc: trendWords(t, t.Points, zone), Value: float64(p.Value), Low: float64(p.Low), High: float64(p.High),
		Threshold: float64(p.Threshold), Reference: float64(p.Reference), Worse: sideOf(t.Worse), State: stateOfPoint(p),
	}}
}

// numberCell is a cell with a number.
func numberCell(n stat.Number) cell { return cell{Text: figureText(n), Value: exactText(n)} }

// estimatedSection shows what was estimated before labels came beside what they showed.
func estimatedSection(s *job.Story) section {
	windows := all(s)
	var newest *job.Outcome
	for i := range slices.Backward(windows) {
		if e := windows[i].Estimated; e != nil && len(EstimatedNames(e)) > 0 {
			newest = &windows[i].Outcome
			break
		}
	}
	if newest == nil {
		if e := s.Last().Estimated; e != nil && e.Reason != "" {
			return section{ID: "estimated", Title: "Estimated before labels", Lead: capital(Scored(e)) + "."}
		}
		return section{}
	}
	out := section{
		ID: "estimated", Title: "Estimated before labels",
		Lead:  "Performance as the scores let expect it before labels come, beside what they showed then.",
		Notes: notEmpty(capital(Scored(newest.Estimated))),
		Terms: []term{{"Estimated performance", "What the scores say of themselves, by the reference, which tells how often a score of 0.8 is right. It can't see that the same score means something else now."}},
	}
	out.Tables = []table{estimatedTable(s, newest)}
	if len(windows) == 1 {
		return out
	}
	for i, name := range EstimatedNames(newest.Estimated) {
		trend := job.TrendOf(windows, name)
		c := trendChart(s, &trend, mostWindows, true)
		c.Title = estimatedTitle(&trend)
		f := figure{Chart: c, Width: half}
		if i == 0 {
			f.Width = whole
			out.Figures = append(out.Figures, f)
			continue
		}
		out.Folded = append(out.Folded, f)
	}
	out.More = counted(len(out.Folded), "more estimated metric")
	return out
}

// estimatedTable lists what was estimated of a window.
func estimatedTable(s *job.Story, o *job.Outcome) table {
	t := table{
		ID: "estimated-table", Caption: "Estimated of " + o.Window.Days(s.TimeZone),
		Columns: []column{{Name: "Metric"}, {Name: "Estimated", Numbers: true}, {Name: "95 % band", Numbers: true}, {Name: "By labels", Numbers: true}, {Name: "Reference", Numbers: true}},
	}
	for _, name := range EstimatedNames(o.Estimated) {
		m := o.Estimated.Metrics[name]
		trend := job.TrendOf([]job.Told{{Outcome: *o}}, name)
		t.Rows = append(t.Rows, []cell{
			{Text: metricTitle(name)}, numberCell(m.Value), {Text: interval(m), Value: exactText(m.Low)}, numberCell(trend.Points[0].Value), numberCell(trend.Points[0].Reference),
		})
	}
	return t
}

// estimatedTitle compares the newest estimate whose truth is known with it.
func estimatedTitle(t *job.Trend) string {
	for _, p := range slices.Backward(t.Points) {
		if isNumber(p.Value) && isNumber(p.Estimated) {
			return fmt.Sprintf("%s was estimated at %s and came out at %s", t.Title, figureText(p.Estimated), figureText(p.Value))
		}
	}
	for _, p := range slices.Backward(t.Points) {
		if isNumber(p.Estimated) {
			return fmt.Sprintf("%s is estimated at %s; labels will tell", t.Title, figureText(p.Estimated))
		}
	}
	return t.Title + ", estimated and true"
}
