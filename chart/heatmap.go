package chart

import (
	"cmp"
	"math"
	"strconv"
	"time"
)

func (m HeatMap) about() about { return about{"heatmap", m.Title, m.Desc} }

// Lengths of a HeatMap.
const (
	heatRow      = 18
	heatMinCell  = 1.5 // narrower cells are left out, oldest first
	heatTips     = 800 // up to so many cells each has a tooltip
	heatTriangle = 10  // cells as wide have a "▲"
)

func (m HeatMap) height(width float64) float64 {
	return headingHeight(m.Title, width) + legendHeight(m.samples(), width) + float64(heatRow*len(m.Rows)) + timeFoot + 4 + m.cut(width)
}

// cut is the height of the line that says how many windows there was no room for.
func (m HeatMap) cut(width float64) float64 {
	if _, shown := m.room(width); shown < len(m.Windows) {
		return labelLine
	}
	return 0
}

func (m HeatMap) samples() []sample {
	return []sample{
		{class: "c-heat-1", shape: sampleArea, text: "far below its limit"},
		{class: "c-heat-3", shape: sampleArea, text: "half of it"},
		{class: "c-heat-5", shape: sampleArea, text: "near it"},
		{class: "c-hot-2", shape: sampleArea, text: "▲ above"},
	}
}

func (m HeatMap) zone() *time.Location { return cmp.Or(m.Location, time.UTC) }

// shade is the class of a cell.
func (cell HeatCell) shade() string {
	if !finite(cell.Value) {
		return ""
	}
	ratio := math.Abs(cell.Value) / math.Abs(cell.Threshold)
	switch {
	case cell.State == Bad && ratio > 4:
		return "c-hot-3"
	case cell.State == Bad && ratio > 1.5:
		return "c-hot-2"
	case cell.State == Bad:
		return "c-hot-1"
	case !(ratio >= 0):
		return "c-heat-1"
	}
	return "c-heat-" + strconv.Itoa(1+int(min(ratio, 0.999)*5))
}

// room is how wide the column of names is, and how many windows there is room for.
func (m HeatMap) room(w float64) (name float64, windows int) {
	for _, row := range m.Rows {
		name = max(name, textWidth(oneLine(row.Name), labelSize))
	}
	name = min(name, w*0.32) + 8
	return name, min(len(m.Windows), int((w-name)/heatMinCell))
}

func (m HeatMap) draw(c canvas, w, h float64) {
	y := heading(c, m.Title, w)
	y = legend(c, m.samples(), 0, y, w)
	x0, shown := m.room(w)
	if shown <= 0 || len(m.Rows) == 0 {
		c.label("c-muted", 0, y+14, atStart, "no windows")
		return
	}
	first := len(m.Windows) - shown
	x := scale{min: 0, max: float64(shown), from: x0, to: w}
	if wide := float64(shown) * 28; wide < w-x0 {
		x.to = x0 + wide
	}
	cell := (x.to - x.from) / float64(shown)
	for r, row := range m.Rows {
		top := y + float64(r*heatRow)
		m.row(c, row, x, cell, first, top)
	}
	p := plot{x0: x0, x1: x.to, y1: y + float64(heatRow*len(m.Rows)) + 2}
	m.foot(c, p, x, first)
}

// row draws one row: runs of cells of one shade as one box, with the numbers of the whole row.
func (m HeatMap) row(c canvas, row HeatRow, x scale, width float64, first int, top float64) {
	name := oneLine(row.Name)
	cells := row.Cells[min(first, len(row.Cells)):min(len(m.Windows), len(row.Cells))]
	d := data{series: "cell", name: row.Name, fields: []field{{"v", make([]float64, len(row.Cells))}, {"threshold", make([]float64, len(row.Cells))}, {"state", make([]float64, len(row.Cells))}}}
	for i, cell := range row.Cells {
		d.fields[0].of[i], d.fields[1].of[i], d.fields[2].of[i] = cell.Value, cell.Threshold, float64(cell.State)
	}
	c.begin(d)
	shown := fit(name, labelSize, x.from-8)
	if shown != name {
		c.begin(data{title: name})
	}
	class := "c-text"
	if n := len(cells); n > 0 && cells[n-1].State == Bad {
		class = "c-bad-text"
	}
	c.label(class, x.from-8, top+13, atEnd, shown)
	if shown != name {
		c.end()
	}
	gap := 0.0
	if width > 5 {
		gap = 1
	}
	box := func(p *path, from, to int) {
		p.box(x.at(float64(from)), top, x.at(float64(to))-gap, top+heatRow-1)
	}
	if len(m.Rows)*len(cells) <= heatTips {
		for i, cell := range cells {
			if shade := cell.shade(); shade != "" {
				c.begin(data{title: m.tooltip(name, cell, m.Windows[first+i])})
				p := new(path)
				box(p, i, i+1)
				c.shape(shade, p)
				if cell.State == Bad && width >= heatTriangle {
					at, mid := x.at(float64(i)+0.5)-gap/2, top+heatRow/2
					c.shape("c-hot-glyph", new(path).move(at, mid-4).to(at+4, mid+3).to(at-4, mid+3).close())
				}
				c.end()
			}
		}
		c.end()
		return
	}
	var shades shadesOf
	for from := 0; from < len(cells); {
		shade, to := cells[from].shade(), from+1
		for to < len(cells) && cells[to].shade() == shade && gap == 0 {
			to++
		}
		if shade != "" {
			box(shades.path(shade), from, to)
		}
		from = to
	}
	shades.draw(c)
	c.end()
}

// shadesOf gathers cells of the same shade, for one path each.
type shadesOf struct {
	classes []string
	paths   []*path
}

func (s *shadesOf) path(class string) *path {
	for i, c := range s.classes {
		if c == class {
			return s.paths[i]
		}
	}
	p := new(path)
	s.classes, s.paths = append(s.classes, class), append(s.paths, p)
	return p
}

func (s *shadesOf) draw(c canvas) {
	for i, p := range s.paths {
		c.shape(s.classes[i], p)
	}
}

func (m HeatMap) tooltip(name string, cell HeatCell, start time.Time) string {
	text := name + "\n" + start.In(m.zone()).Format("2 Jan 2006 15:04") + "\n" + cmp.Or(m.ValueName, "value") + " " + written(m.Format, cell.Value)
	if finite(cell.Threshold) {
		text += ", limit " + written(m.Format, cell.Threshold)
	}
	if cell.State != None {
		text += " " + cell.State.Glyph()
	}
	return text
}

// foot names windows below their cells, as far apart as labels fit.
func (m HeatMap) foot(c canvas, p plot, x scale, first int) {
	zone := m.zone()
	fields := field{"start", make([]float64, len(m.Windows))}
	days := true
	for i, t := range m.Windows {
		fields.of[i] = unix(t)
		t = t.In(zone)
		days = days && t.Hour() == 0 && t.Minute() == 0
	}
	c.begin(data{series: "window", fields: []field{fields}})
	end, year := math.Inf(-1), 0
	marks := new(path)
	for i := first; i < len(m.Windows); i++ {
		t := m.Windows[i].In(zone)
		text := t.Format("2 Jan")
		if !days {
			text = t.Format("2 Jan 15:04")
		}
		at := x.at(float64(i-first) + 0.5)
		half := textWidth(text, labelSize) / 2
		left := max(min(at-half, p.x1-float64(2*half)), 0)
		if left < end {
			continue
		}
		end = left + float64(2*half) + 14
		marks.move(at, p.y1).to(at, p.y1+4)
		c.label("c-muted", left, p.y1+17, atStart, text)
		if t.Year() != year {
			c.label("c-muted", left, p.y1+32, atStart, strconv.Itoa(t.Year()))
			year = t.Year()
		}
	}
	c.shape("c-axis", marks)
	if first > 0 {
		c.label("c-muted", p.x1, p.y1+48, atEnd, "the latest "+strconv.Itoa(len(m.Windows)-first)+" of "+strconv.Itoa(len(m.Windows))+" windows")
	}
	c.end()
}

// Table implements Chart.
func (m HeatMap) Table() Table {
	t := Table{Caption: m.Title, Columns: []string{"column"}}
	for _, w := range m.Windows {
		t.Columns = append(t.Columns, w.In(m.zone()).Format("2 Jan 2006 15:04"))
	}
	for _, row := range m.Rows {
		cells := []string{row.Name}
		for _, cell := range row.Cells {
			text := written(m.Format, cell.Value)
			if cell.State == Bad {
				text = "▲ " + text
			}
			cells = append(cells, text)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
