package report

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/fill"
	"github.com/hindcast/hindcast/job"
)

// rising is a month in which the error crosses its limit.
func rising() job.Trend {
	nan := stat.Number(math.NaN())
	t := job.Trend{Metric: "rmse", Title: "RMSE", Worse: metric.WorseRises}
	for i := range 40 {
		start := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		v := stat.Number(1.4 + 0.02*math.Sin(float64(i)))
		p := job.TrendPoint{
			Window: groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, Stage: "mature", Value: v, Low: v - 0.1, High: v + 0.1, N: 1000, Reference: 1.4, Rolling: nan,
			Threshold: 1.68, Estimated: nan, EstimatedLow: nan, EstimatedHigh: nan, Coverage: 0.95, Judged: true, Verdict: rule.Healthy,
		}
		if i > 32 {
			p.Value, p.Low, p.High, p.Verdict = v+0.5, v+0.4, v+0.6, rule.Breached
		}
		if i == 35 {
			p.Runs = []string{"house-price-1"}
		}
		t.Points = append(t.Points, p)
	}
	return t
}

func TestIllustratorDraws(t *testing.T) {
	p, err := Illustrator{Pictures: true}.Picture(rising(), groundtruth.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(p.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if size.Width != 2*p.Width || size.Height != 2*p.Height || len(p.PNG) > 200<<10 {
		t.Errorf("%d x %d pixels for %d x %d, %d bytes", size.Width, size.Height, p.Width, p.Height, len(p.PNG))
	}
	if !strings.HasPrefix(p.Title, "RMSE rose from 1.4") || !strings.Contains(p.Title, "limit 1.68") || !strings.Contains(p.Alt, "30 windows") || !strings.Contains(p.Alt, "breached in 7") {
		t.Errorf("title %q, alt %q", p.Title, p.Alt)
	}
	again, err := Illustrator{Pictures: true}.Picture(rising(), groundtruth.Zone{})
	if err != nil || !bytes.Equal(again.PNG, p.PNG) {
		t.Error("the same trend gives another picture")
	}
	if p, err := (Illustrator{}).Picture(rising(), groundtruth.Zone{}); p != nil || err != nil {
		t.Error("a picture that nobody shows is drawn")
	}
}

// Links can name the file of a window's report.
func TestLinksNameReports(t *testing.T) {
	start := time.Date(2026, 3, 29, 0, 0, 0, 0, time.FixedZone("", 3600))
	w := groundtruth.Window{Start: start, End: start.Add(23 * time.Hour)}
	got, err := fill.URL("https://h/{{ .Model }}/{{ .Window.File }}.html", fill.NewLink(fill.Subject{Model: "house", Start: w.Start, End: w.End}))
	if want := "https://h/" + PathOf("house", w); got != want || err != nil {
		t.Errorf("%s, want %s, %v", got, want, err)
	}
}
