package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// These bound what is shown of classes; -o json has all.
const (
	mostConfused = 10 // classes of the confusion matrix
	mostWorst    = 5  // classes by themselves
	mostName     = 20 // characters of a class in the matrix
	pageColumns  = 80 // characters that the matrix may be wide where no terminal says otherwise
)

// confusionTable shows which classes were taken for which: as many, up to mostConfused, as the
// screen is wide enough for.
func confusionTable(w io.Writer, c *metric.Confusion) {
	if c == nil {
		return
	}
	columns := pageColumns
	if l := lookOf(w); l.columns > 0 {
		columns = l.columns
	}
	m := report.MatrixOf(c, mostConfused)
	t := matrixTable(w, m, true)
	for most := len(m.Classes); t.total() > columns && most >= 2; most-- {
		m = report.MatrixOf(c, min(most, mostConfused))
		t = matrixTable(w, m, false)
	}
	gap(w)
	t.Render()
	if m.About != "" {
		say(w, nil, plain(m.About))
	}
}

// matrixTable returns a matrix as a table. A column is named after its class or has, which takes
// less room, the number that stands before the class of a row.
func matrixTable(w io.Writer, m report.Matrix, named bool) *textTable {
	header := []string{"ACTUAL"}
	if !named {
		header[0] = "ACTUAL, BY PREDICTED"
	}
	names := make([]string, len(m.Classes))
	for i, class := range m.Classes {
		names[i] = shortened(visible(class), mostName, lookOf(w))
		heading := "PREDICTED " + names[i]
		if !named {
			heading = strconv.Itoa(i + 1)
			names[i] = heading + " " + names[i]
		}
		header = append(header, heading)
	}
	t := newTableAsIs(w, append(header, "RECALL")...)
	for i, name := range names {
		row := []any{name}
		for _, n := range m.Counts[i] {
			row = append(row, figure(report.Number(stat.Number(n))))
		}
		t.AppendRow(append(row, figure(report.Number(m.Recall[i]))))
	}
	return t
}

// classesTable shows the worst of several classes.
func classesTable(w io.Writer, o *job.Outcome) {
	worst := report.WorstClasses(o.Classes, mostWorst)
	if len(worst) == 0 {
		return
	}
	var bars []gauge
	t := newTable(w, "class", "f1", "95 % interval", "reference", "precision", "recall", "n")
	for _, name := range worst {
		c, reference, of := o.Classes[name], "", math.NaN()
		if o.Reference != nil {
			reference = valueOf(o.Reference.Classes[name].Metrics, "f1")
			if m, ok := o.Reference.Classes[name].Metrics["f1"]; ok {
				of = float64(m.Value)
			}
		}
		f1 := c.Metrics["f1"]
		bars = append(bars, gauge{float64(f1.Value), float64(f1.Low), float64(f1.High), of, nil, noRuleMark()})
		t.AppendRow([]any{
			name, report.Number(f1.Value), intervalOf(f1), reference,
			valueOf(c.Metrics, "precision"), valueOf(c.Metrics, "recall"), c.N,
		})
	}
	t.gauges(4, true, bars)
	gap(w)
	t.Render()
	if left := len(o.Classes) - len(worst); left > 0 {
		fmt.Fprintf(w, "the lowest f1 of %d classes; -o json has all\n", len(o.Classes))
	}
}

// estimatedTable shows performance as it was estimated without labels, and how such estimates
// compared with what came true.
func estimatedTable(w io.Writer, o *job.Outcome) {
	names := report.EstimatedNames(o.Estimated)
	if len(names) > 0 {
		t := newTable(w, "estimated", "value", "95 % band", "reference")
		var bars []gauge
		for _, name := range names {
			m := o.Estimated.Metrics[name]
			bars = append(bars, gaugeOf(o, "estimated."+name, name, m))
			t.AppendRow([]any{name, report.Number(m.Value), intervalOf(m), ofReference(o, name)})
		}
		t.gauges(4, false, bars)
		gap(w)
		t.Render()
	}
	if text := report.Scored(o.Estimated); text != "" {
		say(w, nil, plain(text))
	}
}
