package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// mostPredictedClasses is how many classes have a chart of their share over the windows.
const mostPredictedClasses = 6

// predictions shows how the predictions lay in each window, those without a label too: numbers and
// scores by their quantiles, classes by their shares.
func (d *figureSource) predictions() section {
	windows := slices.DeleteFunc(slices.Clone(all(d.story)), func(w job.Told) bool { return w.Prediction == nil })
	if len(windows) < 2 {
		return section{}
	}
	windows = windows[max(0, len(windows)-mostWindows):]
	ref := &evaluator.Prediction{}
	if d.ref != nil {
		ref = cmp.Or(evaluator.PredictionOf(d.ref), ref)
	}
	out := section{
		ID: "predictions", Title: "Predictions over the windows",
		Lead: "What the model said in each window, of all rows. It needs no labels, and shows whether a change came in a day or over weeks.",
	}
	newest := windows[len(windows)-1].Prediction
	if len(newest.Quantiles) > 0 {
		c := d.spreadOfPredictions(windows, ref)
		out.Figures = append(out.Figures, figure{Chart: c, Caption: c.Desc})
	}
	for _, class := range d.predictedClasses(newest) {
		out.Figures = append(out.Figures, figure{Chart: d.shareOfClass(windows, ref, class), Width: half})
	}
	if len(out.Figures) == 0 {
		return section{}
	}
	return out
}

// spreadOfPredictions draws the middle of predictions that are numbers, and where most of them lie.
func (d *figureSource) spreadOfPredictions(windows []job.Told, ref *evaluator.Prediction) chart.Trend {
	quantile := func(p *evaluator.Prediction, order string) float64 {
		if v, ok := p.Quantiles[order]; ok {
			return float64(v)
		}
		return nan()
	}
	c := d.predictionTrend(windows, func(p *chart.Point, of *evaluator.Prediction) {
		p.Value, p.Low, p.High = quantile(of, "0.5"), quantile(of, "0.05"), quantile(of, "0.95")
		p.Reference = quantile(ref, "0.5")
	})
	c.Axis.Min, c.Axis.Max = c.Points[0].Low, c.Points[0].High
	for _, p := range c.Points { // the whole band is what is to be seen, however wide it is
		c.Axis.Min, c.Axis.Max = min(c.Axis.Min, p.Low), max(c.Axis.Max, p.High)
	}
	what := "predictions"
	if d.story.Task == groundtruth.Binary {
		what = "scores"
	}
	last := c.Points[len(c.Points)-1]
	c.Title = fmt.Sprintf("Half of the %s are up to %s, and 9 of 10 from %s to %s, in the newest window", what,
		chart.Number(last.Value), chart.Number(last.Low), chart.Number(last.High))
	c.Desc = "The median of the " + what + " in each window. The band holds 9 of 10 of them, from the 5 % to the 95 % point; the reference's line is its median."
	c.ValueName, c.ReferenceName, c.BandName = "median", "reference", "9 of 10 "+what
	return c
}

// shareOfClass draws how often a class is predicted.
func (d *figureSource) shareOfClass(windows []job.Told, ref *evaluator.Prediction, class string) chart.Trend {
	share := func(p *evaluator.Prediction) float64 {
		if len(p.Ratios) == 0 {
			return nan()
		}
		return float64(p.Ratios[class]) // a class of no row is not listed
	}
	c := d.predictionTrend(windows, func(p *chart.Point, of *evaluator.Prediction) { p.Value, p.Reference = share(of), share(ref) })
	c.Title = fmt.Sprintf("%s is predicted for %s of rows in the newest window", short(class), shareText(stat.Number(c.Points[len(c.Points)-1].Value)))
	c.Desc = "The share of rows that are taken for " + short(class) + ", in each window."
	c.ValueName, c.Axis.Format = "share", chart.Percent
	return c
}

// predictionTrend draws one figure of the predictions of each window.
func (d *figureSource) predictionTrend(windows []job.Told, fill func(*chart.Point, *evaluator.Prediction)) chart.Trend {
	c := chart.Trend{Location: location(d.story)}
	for i := range windows {
		w := &windows[i]
		p := chart.Blank(w.Window.Start, w.Window.End)
		p.N, p.Label = w.Coverage.Predictions, w.Window.Days(d.story.TimeZone)
		fill(&p, w.Prediction)
		c.Points = append(c.Points, p)
	}
	return c
}

// predictedClasses are those whose shares are drawn: of two the positive one, for the other says the
// same; of several those predicted most often.
func (d *figureSource) predictedClasses(p *evaluator.Prediction) []string {
	if d.story.Task == groundtruth.Binary {
		if c := d.o.Confusion; c != nil && len(c.Labels) == 2 && len(p.Ratios) > 0 {
			return []string{evaluator.UniqueName(c.Labels[1])}
		}
		return nil
	}
	names := slices.Collect(maps.Keys(p.Ratios))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(p.Ratios[b], p.Ratios[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), mostPredictedClasses)]
}
