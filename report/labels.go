package report

import (
	"fmt"
	"math"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// The names of trends that are no metrics, as rules have them.
const (
	coverageName = "coverage"
	missingName  = "quality.missing_share"
)

// arrivalSection shows how the truth comes in: by its age, and how much of it each window has.
func arrivalSection(s *job.Story) section {
	o := &s.Last().Outcome
	out := section{
		ID: "arrival", Title: "Arrival of labels",
		Lead: "How long after a prediction its truth is known, and of how many predictions it is.",
	}
	if d := o.Coverage.LabelDelay; d != nil {
		out.Facts = []fact{
			{Name: "Half came within", Text: durationText(d.P50)},
			{Name: "95 % came within", Text: durationText(d.P95)},
			{Name: "Came late", Text: countText(d.Late), About: "when the window was mature already"},
		}
		if len(d.Ages) > 0 {
			out.Figures = append(out.Figures, figure{Chart: arrivalCurve(s), Width: half})
		}
	}
	windows := all(s)
	trend := coverageTrend(windows)
	known := 0
	for _, p := range trend.Points {
		if isNumber(p.Value) {
			known++
		}
	}
	if known > 1 {
		c := trendChart(s, &trend, mostWindows, false)
		c.ValueName = "coverage"
		f := figure{Chart: c, Width: half}
		if len(out.Figures) == 0 {
			f.Width = whole
		}
		out.Figures = append(out.Figures, f)
	}
	if len(out.Facts)+len(out.Figures) == 0 {
		return section{}
	}
	return out
}

// coverageTrend is the coverage of the windows as a Trend.
func coverageTrend(windows []job.Told) job.Trend {
	t := job.TrendOf(windows, coverageName)
	t.Title, t.Unit, t.Worse = "Coverage by labels", metric.Share, metric.WorseFalls
	for i := range t.Points {
		t.Points[i].Value = t.Points[i].Coverage
		t.Points[i].Coverage = stat.Number(nan())
		t.Points[i].N = windows[i].Coverage.Predictions
	}
	return t
}

// arrivalCurve draws the share of predictions that had a label by an age, of the last window and
// of the one before.
func arrivalCurve(s *job.Story) chart.Curves {
	last := s.Last()
	ages := last.Coverage.LabelDelay.Ages
	unit, of := "days", float64(24*time.Hour/time.Second)
	if ages[len(ages)-1].WithinSeconds <= 2*24*60*60 {
		unit, of = "hours", float64(time.Hour/time.Second)
	}
	c := chart.Curves{
		Title: fmt.Sprintf("Half of the labels came within %s, 95 %% within %s", durationText(last.Coverage.LabelDelay.P50), durationText(last.Coverage.LabelDelay.P95)),
		Desc:  "The share of predictions that have a label, by the label's age.",
	}
	c.X.Title, c.Y.Title = unit+" after the prediction", "share of predictions with a label"
	c.Y.Format, c.Y.Max = chart.Percent, 1
	for i := len(s.Windows) - 1; i >= max(0, len(s.Windows)-2); i-- {
		w := &s.Windows[i]
		d := w.Coverage.LabelDelay
		if d == nil || len(d.Ages) == 0 || w.Coverage.Predictions == 0 {
			continue
		}
		curve := chart.Curve{Name: w.Window.Days(s.TimeZone), Steps: true, Points: []chart.XY{{X: 0, Y: 0, Low: nan(), High: nan()}}}
		for _, a := range d.Ages {
			curve.Points = append(curve.Points, chart.XY{
				X: float64(a.WithinSeconds) / of, Y: float64(a.N) / float64(w.Coverage.Predictions), Low: nan(), High: nan(), N: a.N,
			})
		}
		c.Curves = append(c.Curves, curve)
	}
	return c
}

// durationText writes seconds as a person says them.
func durationText(seconds float64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		if n := seconds / u.of; n >= 2 || u.of == 1 {
			rounded := math.Round(n*10) / 10
			return stat.Figure(rounded) + " " + u.name + "s"
		}
	}
	return ""
}
