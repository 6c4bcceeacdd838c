package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// textTable is a table for people. Its texts stay in their cells, whatever characters they have.
// On a terminal it is no wider than the screen: what does not fit goes on in the next line of its
// cell, of the last column first. Elsewhere each row is one line.
type textTable struct {
	w      io.Writer
	header []painted
	rows   [][]painted
	right  []bool // by column: numbers stand at the right
}

// These bound what columns are narrowed to, the last and the others.
const (
	leastWrapped = 16
	leastCell    = 8
)

// newTable returns a table with a header, whose titles are written in capitals.
func newTable(w io.Writer, header ...string) *textTable {
	for i := range header {
		header[i] = strings.ToUpper(header[i])
	}
	return newTableAsIs(w, header...)
}

// newTableAsIs returns a table with a header as it is written: of names, which keep their letters.
func newTableAsIs(w io.Writer, header ...string) *textTable {
	t := &textTable{w: w, right: make([]bool, len(header))}
	for _, title := range header {
		t.header = append(t.header, styled(faintStyle, title))
	}
	return t
}

// figure is a number that is written already.
type figure string

// AppendRow adds a row. Of its cells a text is a string or painted; anything else is a number,
// whose column stands at the right.
func (t *textTable) AppendRow(cells []any) {
	row := make([]painted, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case painted:
			row[i] = cell
		case string:
			row[i] = plain(cell)
		default:
			row[i] = plain(fmt.Sprint(cell))
			t.right[i] = true
		}
	}
	t.rows = append(t.rows, row)
}

// Length is how many rows there are.
func (t *textTable) Length() int { return len(t.rows) }

// total is how wide the table is, with all that its cells have.
func (t *textTable) total() int {
	_, widths := t.natural()
	return total(widths)
}

// room is how wide a further column may be for the table to fit the screen as it is; 0 where
// there is no screen.
func (t *textTable) room() int {
	columns := lookOf(t.w).columns
	if columns == 0 {
		return 0
	}
	return columns - t.total() - 2
}

// spare leaves columns out, in this order of their titles, until the table fits the screen.
func (t *textTable) spare(titles ...string) {
	columns := lookOf(t.w).columns
	for _, title := range titles {
		at := slices.IndexFunc(t.header, func(p painted) bool { return p.String() == strings.ToUpper(title) })
		if columns == 0 || at < 0 || t.total() <= columns {
			continue
		}
		t.header, t.right = slices.Delete(t.header, at, at+1), slices.Delete(t.right, at, at+1)
		for i := range t.rows {
			t.rows[i] = slices.Delete(t.rows[i], at, at+1)
		}
	}
}

// insert puts a column before another, with a cell for each row.
func (t *textTable) insert(at int, title painted, cells []painted) {
	t.header = slices.Insert(t.header, at, title)
	t.right = slices.Insert(t.right, at, false)
	for i, cell := range cells {
		t.rows[i] = slices.Insert(t.rows[i], at, cell)
	}
}

// Render writes the table.
func (t *textTable) Render() {
	widths := t.widths()
	t.line(t.header, widths)
	for _, row := range t.rows {
		t.line(row, widths)
	}
}

// natural returns how wide the cells of each column are, and the columns with their titles.
func (t *textTable) natural() (cells, widths []int) {
	cells, widths = make([]int, len(t.header)), make([]int, len(t.header))
	for i, title := range t.header {
		for _, row := range t.rows {
			cells[i] = max(cells[i], row[i].width())
		}
		widths[i] = max(cells[i], title.width())
	}
	return cells, widths
}

// words returns how wide the longest word of each column is.
func (t *textTable) words() []int {
	out := make([]int, len(t.header))
	for i, title := range t.header {
		out[i] = longestWord(title.String())
		for _, row := range t.rows {
			out[i] = max(out[i], longestWord(row[i].String()))
		}
	}
	return out
}

// widths returns the width of each column on the screen.
func (t *textTable) widths() []int {
	cells, widths := t.natural()
	columns := lookOf(t.w).columns
	if columns == 0 {
		return widths
	}
	over := func() int { return max(total(widths)-columns, 0) }
	last := len(widths) - 1
	for i, title := range t.header { // titles in several lines
		if widths[i] > cells[i] && i != last {
			widths[i] = max(cells[i], longestWord(title.String()), widths[i]-over())
		}
	}
	widths[last] = max(widths[last]-over(), min(widths[last], leastWrapped))
	for _, least := range [][]int{t.words(), make([]int, len(widths))} { // words are cut where nothing else helps
		for over() > 0 {
			widest := -1
			for i := range widths {
				if !t.right[i] && widths[i] > max(least[i], leastCell) && (widest < 0 || widths[i] > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// total is how wide a table is with the blanks before and between its columns.
func total(widths []int) int {
	total := 2*len(widths) - 1
	for _, width := range widths {
		total += width
	}
	return total
}

// line writes a row, in as many lines as its longest cell takes.
func (t *textTable) line(row []painted, widths []int) {
	cells := make([][]painted, len(row))
	lines := 1
	for i, cell := range row {
		cells[i] = []painted{cell}
		if cell.width() > widths[i] {
			cells[i] = wrapped(cell, widths[i])
		}
		lines = max(lines, len(cells[i]))
	}
	for n := range lines {
		var line painted
		for i, cell := range cells {
			var part painted
			if n < len(cell) {
				part = cell[n]
			}
			blanks := plain(strings.Repeat(" ", max(widths[i]-part.width(), 0)))
			if i > 0 {
				line = line.and(plain(" "))
			}
			if t.right[i] {
				part = blanks.and(part)
			} else {
				part = part.and(blanks)
			}
			line = line.and(plain(" "), part)
		}
		writeLine(t.w, line)
	}
}
