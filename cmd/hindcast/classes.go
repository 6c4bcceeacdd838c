package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	pretty "github.com/jedib0t/go-pretty/v6/text"

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
	if screen, ok := w.(terminalWriter); ok && screen.columns > 0 {
		columns = screen.columns
	}
	m := report.MatrixOf(c, mostConfused)
	header, rows := matrixCells(m, true)
	for most := len(m.Classes); widthOf(header, rows) > columns && most >= 2; most-- {
		m = report.MatrixOf(c, min(most, mostConfused))
		header, rows = matrixCells(m, false)
	}
	t := newTable(w, header...)
	t.Style().Format.Header = pretty.FormatDefault // classes keep their letters
	configs := make([]table.ColumnConfig, 0, len(header))
	for i := range header[1:] {
		configs = append(configs, table.ColumnConfig{Number: i + 2, Align: pretty.AlignRight, AlignHeader: pretty.AlignRight})
	}
	t.SetColumnConfigs(configs)
	for _, row := range rows {
		t.AppendRow(row)
	}
	t.Render()
	if m.About != "" {
		fmt.Fprintln(w, visible(m.About))
	}
}

// matrixCells writes a matrix as the header and the rows of a table. A column is named after its
// class or has, which takes less room, the number that stands before the class of a row.
func matrixCells(m report.Matrix, named bool) (header []any, rows []table.Row) {
	header = []any{"ACTUAL"}
	if !named {
		header[0] = "ACTUAL, BY PREDICTED"
	}
	for i, class := range m.Classes {
		heading, name := "PREDICTED "+shortened(class), shortened(class)
		if !named {
			heading = strconv.Itoa(i + 1)
			name = heading + " " + name
		}
		header = append(header, heading)
		row := table.Row{name}
		for _, n := range m.Counts[i] {
			row = append(row, report.Number(stat.Number(n)))
		}
		rows = append(rows, append(row, report.Number(m.Recall[i])))
	}
	return append(header, "RECALL"), rows
}

// shortened is the name of a class where there is little room.
func shortened(class string) string { return pretty.Trim(visible(class), mostName) }

// widthOf is how wide a table is with the spaces around its cells.
func widthOf(header []any, rows []table.Row) int {
	widths := make([]int, len(header))
	for _, row := range append(slices.Clone(rows), table.Row(header)) {
		for i, cell := range row {
			widths[i] = max(widths[i], pretty.StringWidthWithoutEscSequences(fmt.Sprint(cell)))
		}
	}
	total := 2 * len(widths)
	for _, width := range widths {
		total += width
	}
	return total
}

// classesTable shows the worst of several classes.
func classesTable(w io.Writer, o *job.Outcome) {
	worst := report.WorstClasses(o.Classes, mostWorst)
	if len(worst) == 0 {
		return
	}
	t := newTable(w, "class", "f1", "95 % interval", "reference", "precision", "recall", "n")
	for _, name := range worst {
		c, reference := o.Classes[name], ""
		if o.Reference != nil {
			reference = valueOf(o.Reference.Classes[name].Metrics, "f1")
		}
		f1 := c.Metrics["f1"]
		t.AppendRow(table.Row{
			name, report.Number(f1.Value), intervalOf(f1), reference,
			valueOf(c.Metrics, "precision"), valueOf(c.Metrics, "recall"), c.N,
		})
	}
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
		for _, name := range names {
			m := o.Estimated.Metrics[name]
			t.AppendRow(table.Row{name, report.Number(m.Value), intervalOf(m), ofReference(o, name)})
		}
		t.Render()
	}
	if text := report.Scored(o.Estimated); text != "" {
		fmt.Fprintln(w, visible(text))
	}
}
