package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// mostCurves is how many classes have an ROC curve each.
const mostCurves = 5

// mostClasses is how many classes a matrix and a chart of classes have.
const mostClasses = 20

// confusion shows which classes are taken for which, in the window and on the reference.
func (d *figureSource) confusion() section {
	s := section{ID: "confusion", Title: "Confusion"}
	if d.o.Confusion == nil {
		return s // as another section says
	}
	m := MatrixOf(d.o.Confusion, mostClasses)
	s.Figures = append(s.Figures, figure{Chart: matrixChart(&m, thisWindow), Width: d.matrixWidth(&m), Caption: m.About})
	if e := d.ofReference(); e != nil {
		if c := metric.ConfusionOf(e); c != nil {
			r := MatrixOf(c, mostClasses)
			s.Figures = append(s.Figures, figure{Chart: matrixChart(&r, theReference), Width: d.matrixWidth(&m), Caption: r.About})
		}
	}
	if d.cur != nil && d.cur.Errors().Weighted() {
		s.Notes = []string{"Rows have weights: counts are their sums, rounded."}
	}
	return s
}

// matrixWidth is how much of a row a matrix needs.
func (d *figureSource) matrixWidth(m *Matrix) width {
	if len(m.Classes) > 8 {
		return whole
	}
	return half
}

// matrixChart draws a matrix. Its title names the most frequent mistake.
func matrixChart(m *Matrix, who string) chart.Matrix {
	c := chart.Matrix{Classes: m.Classes, Title: capital(who) + ": no row is taken for another class"}
	most := 0.0
	for a, row := range m.Counts {
		counts := make([]int64, len(row))
		all := 0.0
		for p, n := range row {
			counts[p] = int64(math.Round(n))
			all += n
		}
		for p, n := range row {
			if a != p && n > most {
				most = n
				c.Title = fmt.Sprintf("%s: %s of rows that are %s are taken for %s", capital(who), percent(n/all), short(m.Classes[a]), short(m.Classes[p]))
			}
		}
		c.Counts = append(c.Counts, counts)
	}
	c.Desc = "Rows are actual classes, columns predicted ones; shades are shares of a row."
	return c
}

// classes shows the metrics of single classes, the worst first.
func (d *figureSource) classes() section {
	s := section{ID: "classes", Title: "Classes"}
	worst := WorstClasses(d.o.Classes, mostClasses)
	if len(worst) == 0 {
		return s // as another section says
	}
	var of map[string]evaluator.Group
	if d.o.Reference != nil {
		of = d.o.Reference.Classes
	}
	for _, name := range []string{"f1", "precision", "recall", "roc_auc"} {
		if _, has := d.o.Classes[worst[0]].Metrics[name]; !has {
			continue // of classes without probabilities
		}
		c := chart.Dots{NameTitle: "class", Line: math.NaN(), Axis: chart.Axis{Title: metricTitle(name), Max: 1}}
		for _, class := range worst {
			m := d.o.Classes[class].Metrics[name]
			dot := chart.Dot{Name: class, Value: float64(m.Value), Low: float64(m.Low), High: float64(m.High), N: d.o.Classes[class].N, Reference: math.NaN(), Note: cmp.Or(m.Reason, m.Note)}
			if r, ok := of[class].Metrics[name]; ok {
				dot.Reference = float64(r.Value)
			}
			c.Dots = append(c.Dots, dot)
		}
		c.Title = classWords(metricTitle(name), c.Dots)
		s.Figures = append(s.Figures, figure{Chart: c, Width: half})
	}
	if left := len(d.o.Classes) - len(worst); left > 0 {
		s.Notes = []string{fmt.Sprintf("The %d classes with the lowest F1 are shown, of %d.", len(worst), len(d.o.Classes))}
	}
	return s
}

// classWords says of which class a metric is lowest.
func classWords(title string, dots []chart.Dot) string {
	at := -1
	for i := range dots {
		if stat.IsNumber(dots[i].Value) && (at < 0 || dots[i].Value < dots[at].Value) {
			at = i
		}
	}
	if at < 0 {
		return title + " of no class is known"
	}
	words := fmt.Sprintf("%s is lowest of %s: %s", title, short(dots[at].Name), chart.Number(dots[at].Value))
	if stat.IsNumber(dots[at].Reference) {
		words += ", " + chart.Number(dots[at].Reference) + " on the reference"
	}
	return words
}

// confidence shows how well probabilities tell the largest classes from all others, and how often
// the predicted class is right by its probability.
func (d *figureSource) confidence() section {
	s := section{ID: "curves", Title: "Ranking and calibration"}
	if s.Lead = d.missing(); s.Lead != "" {
		return s
	}
	classes := d.cur.Errors().Classes()
	if len(classes.Scored()) == 0 {
		s.Lead = "The model predicts classes and no probabilities: there is nothing to rank or to calibrate."
		return s
	}
	if c, ok := d.oneVsRest(); ok {
		s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
	}
	var reference []metric.CalibrationBin
	if e := d.ofReference(); e != nil && e.Classes() != nil {
		reference = metric.CalibrationOf(e.Classes().Confidence())
	}
	bins := metric.CalibrationOf(classes.Confidence())
	if c, ok := calibration(bins, reference, d.weighted(), "mean probability of the predicted class", "share that is right"); ok {
		c.Title = d.confidenceWords(bins)
		s.Figures = append(s.Figures, figure{Chart: c, Width: half, Caption: c.Desc})
	}
	return s
}

// confidenceWords says whether the model is more sure than it is right.
func (d *figureSource) confidenceWords(bins []metric.CalibrationBin) string {
	score, rate, se := meanCalibration(bins)
	switch {
	case d.weighted(): // the standard error is that of rows that count alike
		return "How sure the model is, and how often it is right"
	case score-rate > float64(manyErrors*se):
		return fmt.Sprintf("The model is too sure: %s on average, and %s are right", percent(score), percent(rate))
	case rate-score > float64(manyErrors*se):
		return fmt.Sprintf("The model is not sure enough: %s on average, and %s are right", percent(score), percent(rate))
	}
	return fmt.Sprintf("The model is as sure as it is right: %s on average", percent(score))
}

// oneVsRest draws the ROC curves of the largest classes against all others.
func (d *figureSource) oneVsRest() (chart.Curves, bool) {
	classes := d.cur.Errors().Classes()
	c := chart.Curves{Diagonal: true, Square: true, X: unitAxis("share of others taken for the class"), Y: unitAxis("share of the class found")}
	type scored struct {
		name string
		k    int
		n    int64
	}
	var largest []scored
	for k, name := range classes.Scored() {
		largest = append(largest, scored{name, k, d.o.Classes[evaluator.UniqueName(name)].N})
	}
	slices.SortStableFunc(largest, func(a, b scored) int { return cmp.Compare(b.n, a.n) })
	for _, l := range largest[:min(mostCurves, len(largest))] {
		if points := rocPoints(metric.ROCOf(classes.OneVsRest(l.k))); points != nil {
			name := short(l.name)
			if m, ok := d.o.Classes[evaluator.UniqueName(l.name)].Metrics["roc_auc"]; ok && isNumber(m.Value) {
				name += " (" + figureText(m.Value) + ")"
			}
			c.Curves = append(c.Curves, chart.Curve{Name: name, Points: points})
		}
	}
	c.Title = d.onReference("roc_auc")
	c.Desc = "Each of the largest classes against all others, with its ROC AUC."
	return c, len(c.Curves) > 0
}
