package chart

import (
	"cmp"
	"math"
	"strconv"

	"github.com/hindcast/hindcast/internal/digits"
)

func (m Matrix) about() about { return about{"matrix", m.Title, m.Desc} }

func (m Matrix) titles() (rows, columns string) {
	return cmp.Or(m.RowTitle, "actual"), cmp.Or(m.ColumnsTitle, "predicted")
}

// many is the number of classes above which columns are too narrow for names: rows have numbers before
// their names then, columns numbers alone, and a count of 0 is not written.
const many = 8

// rowName is what a row is called.
func (m Matrix) rowName(i int) string {
	if len(m.Classes) > many {
		return strconv.Itoa(i+1) + "  " + oneLine(m.Classes[i])
	}
	return oneLine(m.Classes[i])
}

// layout is the width of the rows' names, and the width and height of a cell.
func (m Matrix) layout(w float64) (name, cell, height float64) {
	for i := range m.Classes {
		name = max(name, textWidth(m.rowName(i), labelSize))
	}
	name = min(name, w*0.3) + 10
	cell = min((w-name)/float64(max(1, len(m.Classes))), 96)
	return name, cell, max(min(cell, 44), 12)
}

func (m Matrix) height(width float64) float64 {
	_, _, cell := m.layout(width)
	return headingHeight(m.Title, width) + float64(2*labelLine) + 8 + float64(cell*float64(len(m.Classes))) + 4
}

func (m Matrix) draw(c canvas, w, h float64) {
	y := heading(c, m.Title, w)
	x0, width, height := m.layout(w)
	rowTitle, columnTitle := m.titles()
	c.label("c-muted", x0, y+12, atStart, fit(oneLine(columnTitle)+" →", labelSize, w-x0))
	c.label("c-muted", x0-10, y+28, atEnd, fit(oneLine(rowTitle)+" ↓", labelSize, x0-10))
	for j, class := range m.Classes {
		text := fit(oneLine(class), labelSize, width-4)
		if len(m.Classes) > many {
			text = strconv.Itoa(j + 1)
		}
		if textWidth(text, labelSize) <= width {
			c.label("c-text", x0+float64(width*(float64(j)+0.5)), y+28, atMiddle, text)
		}
	}
	y += float64(2*labelLine) + 8
	for i := range m.Classes {
		top := y + float64(height*float64(i))
		if height >= 12 {
			c.label("c-text", x0-10, top+height/2+4, atEnd, fit(m.rowName(i), labelSize, x0-10))
		}
		if i >= len(m.Counts) {
			continue
		}
		total := int64(0)
		for _, n := range m.Counts[i] {
			total += n
		}
		for j := range min(len(m.Classes), len(m.Counts[i])) {
			m.cell(c, i, j, total, plot{x0 + float64(width*float64(j)), top, x0 + float64(width*float64(j+1)) - 1, top + height - 1})
		}
	}
}

// cell draws one count with its share of the row.
func (m Matrix) cell(c canvas, i, j int, total int64, p plot) {
	n, part := m.Counts[i][j], math.NaN()
	shade := "c-plot"
	if total > 0 {
		part = float64(n) / float64(total)
		if n > 0 {
			shade = "c-heat-" + strconv.Itoa(1+int(min(part, 0.999)*5))
		}
	}
	rowTitle, columnTitle := m.titles()
	c.begin(data{
		series: "count", name: m.Classes[i] + " as " + m.Classes[j], fields: []field{one("row", float64(i)), one("column", float64(j)), one("n", float64(n))},
		title: rowTitle + " " + oneLine(m.Classes[i]) + ", " + columnTitle + " " + oneLine(m.Classes[j]) + "\n" + rows(n) + ", " + share(part) + " of " + rowTitle + " " + oneLine(m.Classes[i]),
	})
	c.shape(shade, box(p.x0, p.y0, p.x1, p.y1))
	width, mid, text := p.x1-p.x0, (p.x0+p.x1)/2, "c-text"
	if shade == "c-heat-5" {
		text = "c-on-heat"
	}
	count, pct := digits.Count(n), percent(part)
	switch fits := func(s string) bool { return textWidth(s, labelSize) <= width-2 && p.y1-p.y0 >= 14 }; {
	case n == 0 && len(m.Classes) > many:
	case !fits(count) && fits(pct):
		c.label(text, mid, (p.y0+p.y1)/2+4, atMiddle, pct)
	case fits(count):
		if p.y1-p.y0 >= 34 && pct != "" {
			c.label(text, mid, (p.y0+p.y1)/2-2, atMiddle, pct)
			c.label(text, mid, (p.y0+p.y1)/2+13, atMiddle, count)
		} else {
			c.label(text, mid, (p.y0+p.y1)/2+4, atMiddle, count)
		}
	}
	c.end()
}

// percent is a share as percent without digits after the point.
func percent(part float64) string {
	if !finite(part) {
		return ""
	}
	return strconv.FormatFloat(float64(part*100), 'f', 0, 64) + " %"
}

// Table implements Chart.
func (m Matrix) Table() Table {
	rowTitle, columnTitle := m.titles()
	t := Table{Caption: m.Title, Columns: []string{rowTitle}}
	for _, class := range m.Classes {
		t.Columns = append(t.Columns, columnTitle+" "+class)
	}
	for i, counts := range m.Counts[:min(len(m.Counts), len(m.Classes))] {
		row := []string{m.Classes[i]}
		for _, n := range counts {
			row = append(row, digits.Count(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
