package report

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

const (
	thisWindow   = "this window"
	theReference = "reference"
)

// curves shows how well a binary classifier's scores tell its classes apart.
func (d *figureSource) curves() section {
	s := section{ID: "curves", Title: "Ranking"}
	why := d.missing()
	switch {
	case why != "":
		s.Lead = why
	case !d.cur.HasScores():
		s.Lead = "The model predicts classes and no scores: there is nothing to rank or to calibrate."
	default:
		cells, reference := d.cur.Errors().Classes().Scores(), d.referenceScores()
		if c, ok := d.roc(cells, reference); ok {
			s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
		}
		if c, ok := d.precisionRecall(cells, reference); ok {
			s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
		}
	}
	return s
}

// calibrated shows whether a binary classifier's scores are right as probabilities.
func (d *figureSource) calibrated() section {
	s := section{ID: "calibration", Title: "Calibration"}
	reference := metric.CalibrationOf(d.referenceScores())
	if c, ok := calibration(d.o.Calibration, reference, d.weighted(), "mean score of the bin", "share that is "+d.positive()); ok {
		c.Title = d.calibrationWords()
		s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
	}
	if d.ref == nil || d.cur == nil || d.cur.Scored() == nil || d.ref.Scored() == nil {
		return s
	}
	window, whole := d.cur.Scored(), d.ref.Scored()
	from, to := meanScore(whole), meanScore(window)
	c := chart.Overlay{
		Title: "The mean score " + change(stat.Number(from), stat.Number(to), chart.Number(from), chart.Number(to), " on the reference"),
		X:     unitAxis("score"), Desc: "All predictions, those without a label too.",
	}
	now, then := metric.ScoreBinsAlike(window, whole)
	for i, b := range now {
		c.Bins = append(c.Bins, chart.Bin{Low: b.Low, High: b.High, Reference: shareOf(then[i].Negative, d.ref.Prediction().N()), Current: shareOf(b.Negative, d.cur.Prediction().N())})
	}
	s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
	return s
}

// positive and negative name the classes of a binary classifier.
func (d *figureSource) positive() string { return d.className(1) }
func (d *figureSource) negative() string { return d.className(0) }

func (d *figureSource) className(k int) string {
	if c := d.o.Confusion; c != nil && k < len(c.Labels) {
		return short(c.Labels[k])
	}
	return [...]string{"negative", "positive"}[k]
}

// weighted reports whether rows have weights, as far as is known.
func (d *figureSource) weighted() bool { return d.cur == nil || d.cur.Errors().Weighted() }

// referenceScores are the reference's rows with labels by score; nil where it has none.
func (d *figureSource) referenceScores() []summary.ScoreCell {
	if e := d.ofReference(); e != nil && e.Classes() != nil {
		return e.Classes().Scores()
	}
	return nil
}

// onReference returns the title of a metric and how it moved from the reference.
func (d *figureSource) onReference(name string) string {
	m, is := d.o.Metrics[name], metricTitle(name)
	if !isNumber(m.Value) {
		return is
	}
	if r := d.o.Reference; r != nil {
		if from, ok := r.Metrics[name]; ok && isNumber(from.Value) {
			return is + " " + change(from.Value, m.Value, figureText(from.Value), figureText(m.Value), " on the reference")
		}
	}
	return is + " is " + figureText(m.Value)
}

// roc draws the ROC curves of the window and the reference, and where the classes are cut.
func (d *figureSource) roc(cells, reference []summary.ScoreCell) (chart.Curves, bool) {
	c := chart.Curves{
		Title: d.onReference("roc_auc"), Diagonal: true, Square: true,
		X: unitAxis("share of " + d.negative() + " taken for " + d.positive()), Y: unitAxis("share of " + d.positive() + " found (recall)"),
	}
	for _, side := range []struct {
		name  string
		cells []summary.ScoreCell
	}{{thisWindow, cells}, {theReference, reference}} {
		points := rocPoints(metric.ROCOf(side.cells))
		if points == nil {
			if side.name == thisWindow {
				return c, false
			}
			continue
		}
		c.Curves = append(c.Curves, chart.Curve{Name: side.name, Points: points})
	}
	recall, specificity := d.o.Metrics["recall"].Value, d.o.Metrics["specificity"].Value
	if isNumber(recall) && isNumber(specificity) {
		c.Curves = append(c.Curves, chart.Curve{Name: "as classified", Markers: true, Points: []chart.XY{point(1-float64(specificity), float64(recall), 0)}})
		c.Desc = d.threshold(cells)
	}
	return c, true
}

// threshold says from which score on rows are taken for positive, where the scores tell.
func (d *figureSource) threshold(cells []summary.ScoreCell) string {
	least, most := math.Inf(1), math.Inf(-1)
	for i := range cells {
		m := &cells[i].Mass
		if m[0][1].N+m[1][1].N > 0 {
			least = min(least, cells[i].Low)
		}
		if m[0][0].N+m[1][0].N > 0 {
			most = max(most, cells[i].High)
		}
	}
	switch {
	case least > most && !math.IsInf(least, 1) && !math.IsInf(most, -1):
		return fmt.Sprintf("The mark is where rows are taken for %s: those that score %s or more are, those up to %s are not.", d.positive(), chart.Number(least), chart.Number(most))
	default:
		return "The mark is where rows are taken for " + d.positive() + " as they were predicted."
	}
}

// precisionRecall draws the precision over the recall of the window and the reference.
func (d *figureSource) precisionRecall(cells, reference []summary.ScoreCell) (chart.Curves, bool) {
	c := chart.Curves{
		Title: d.onReference("average_precision"), Square: true,
		X: unitAxis("share of " + d.positive() + " found (recall)"), Y: unitAxis("share of these that is right (precision)"),
	}
	for _, side := range []struct {
		name  string
		cells []summary.ScoreCell
	}{{thisWindow, cells}, {theReference, reference}} {
		curve := metric.PrecisionRecallOf(side.cells)
		if curve == nil {
			if side.name == thisWindow {
				return c, false
			}
			continue
		}
		line := chart.Curve{Name: side.name}
		for _, p := range curve[1:] { // no row has the first point
			line.Points = append(line.Points, point(p.Recall, p.Precision, 0))
		}
		c.Curves = append(c.Curves, line)
	}
	recall, precision := d.o.Metrics["recall"].Value, d.o.Metrics["precision"].Value
	if isNumber(recall) && isNumber(precision) {
		c.Curves = append(c.Curves, chart.Curve{Name: "as classified", Markers: true, Points: []chart.XY{point(float64(recall), float64(precision), 0)}})
	}
	last := c.Curves[0].Points[len(c.Curves[0].Points)-1]
	c.Desc = fmt.Sprintf("By guessing the precision would be %s, the share of rows that are %s.", percent(last.Y), d.positive())
	return c, true
}

// rocPoints are the points of a curve; nil of none.
func rocPoints(curve []metric.ROCPoint) []chart.XY {
	var out []chart.XY
	for _, p := range curve {
		out = append(out, point(p.FalsePositiveRate, p.Recall, 0))
	}
	return out
}

// point is a point without an interval, of so many rows where that is to be told.
func point(x, y float64, n int64) chart.XY {
	return chart.XY{X: x, Y: y, Low: math.NaN(), High: math.NaN(), N: n}
}

// unitAxis is an axis of shares, from 0 to 1.
func unitAxis(title string) chart.Axis { return chart.Axis{Title: title, Max: 1} }

// calibration draws how often rows of a score are what it says, with intervals where each row
// counts the same.
func calibration(bins, reference []metric.CalibrationBin, weighted bool, x, y string) (chart.Curves, bool) {
	c := chart.Curves{
		Diagonal: true, Square: true, X: unitAxis(x), Y: unitAxis(y),
		Desc: "On the line scores are right; below it they are too high.",
	}
	if len(bins) == 0 {
		return c, false
	}
	line := chart.Curve{Name: thisWindow, Markers: true}
	for _, b := range bins {
		p := point(float64(b.Score), float64(b.Rate), b.N)
		if !weighted && b.N > 0 {
			p.Low, p.High = metric.Wilson(p.Y, float64(b.N))
		}
		line.Points = append(line.Points, p)
	}
	c.Curves = append(c.Curves, line)
	if len(reference) > 0 {
		line := chart.Curve{Name: theReference, Markers: true}
		for _, b := range reference {
			line.Points = append(line.Points, point(float64(b.Score), float64(b.Rate), b.N))
		}
		c.Curves = append(c.Curves, line)
	}
	if !weighted {
		c.Desc += " Intervals are at 95 % and take rows for independent."
	}
	return c, true
}

// calibrationWords says whether scores are too high or too low in all.
func (d *figureSource) calibrationWords() string {
	ece := d.o.Metrics["ece"]
	words := "Calibration error"
	if isNumber(ece.Value) {
		words += " " + figureText(ece.Value)
	}
	switch score, rate, se := meanCalibration(d.o.Calibration); {
	case d.weighted():
		return words
	case score-rate > float64(manyErrors*se):
		return fmt.Sprintf("Scores are too high: %s on average, and %s are %s", percent(score), percent(rate), d.positive())
	case rate-score > float64(manyErrors*se):
		return fmt.Sprintf("Scores are too low: %s on average, and %s are %s", percent(score), percent(rate), d.positive())
	}
	return words + "; on average scores are right"
}

// meanCalibration returns the mean score of all bins, the share of rows that came true, and what that
// share is off by where scores are right.
func meanCalibration(bins []metric.CalibrationBin) (score, rate, se float64) {
	n := 0.0
	for _, b := range bins {
		n += float64(b.N)
		score += float64(float64(b.Score) * float64(b.N))
		rate += float64(float64(b.Rate) * float64(b.N))
	}
	score, rate = score/n, rate/n
	return score, rate, math.Sqrt(score * (1 - score) / n)
}

// scores shows how scores are distributed, by what the rows are and in all.
func (d *figureSource) scores() section {
	s := section{ID: "scores", Title: "Scores"}
	if d.cur == nil || !d.cur.HasScores() {
		return s // as the section before says
	}
	byClass := func(who string, cells []summary.ScoreCell) {
		bins := metric.ScoreBinsOf(cells)
		if bins == nil {
			return
		}
		c := chart.Overlay{
			X:             unitAxis("score"),
			ReferenceName: "actually " + d.negative(), CurrentName: "actually " + d.positive(),
		}
		c.Title = capital(who) + ": " + d.separation(cells)
		var n [2]int64
		for _, b := range bins {
			n[0], n[1] = n[0]+b.Negative, n[1]+b.Positive
		}
		for _, b := range bins {
			c.Bins = append(c.Bins, chart.Bin{Low: b.Low, High: b.High, Reference: shareOf(b.Negative, n[0]), Current: shareOf(b.Positive, n[1])})
		}
		c.Desc = fmt.Sprintf("Shares of %s rows that are %s and of %s that are %s.", countText(n[0]), d.negative(), countText(n[1]), d.positive())
		s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
	}
	byClass(thisWindow, d.cur.Errors().Classes().Scores())
	if reference := d.referenceScores(); reference != nil {
		byClass(theReference, reference)
	}
	return s
}

// shareOf is n of all as a share, NaN of none.
func shareOf(n, all int64) float64 { return float64(n) / float64(all) }

// meanScore is the mean of all scores.
func meanScore(cells []summary.ScoreCell) float64 {
	total, n := 0.0, 0.0
	for i := range cells {
		for _, row := range cells[i].Mass {
			for _, m := range row {
				n += float64(m.N)
				total += float64(cells[i].Score * float64(m.N))
			}
		}
	}
	return total / n
}

// separation says what rows of either class score on average.
func (d *figureSource) separation(cells []summary.ScoreCell) string {
	var total, n [2]float64
	for i := range cells {
		for class, row := range cells[i].Mass {
			for _, m := range row {
				n[class] += float64(m.N)
				total[class] += float64(cells[i].Score * float64(m.N))
			}
		}
	}
	if n[0] == 0 || n[1] == 0 {
		return "all rows are of one class"
	}
	return fmt.Sprintf("rows that are %s score %s on average, others %s", d.positive(), chart.Number(total[1]/n[1]), chart.Number(total[0]/n[0]))
}
