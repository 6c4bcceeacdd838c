package chart

import (
	"html"
	"math"
	"strings"

	"github.com/hindcast/hindcast/internal/digits"
)

// Table is the data of a chart as text. The first column names the row.
type Table struct {
	Caption string
	Columns []string
	Rows    [][]string // each as long as Columns
}

// HTML writes the table. All text in it is escaped.
func (t Table) HTML() string {
	var b strings.Builder
	b.WriteString(`<table class="chart-table"><caption>` + clean(t.Caption) + "</caption><thead><tr>")
	for _, column := range t.Columns {
		b.WriteString(`<th scope="col">` + clean(column) + "</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for i, cell := range row {
			if i == 0 {
				b.WriteString(`<th scope="row">` + Name(cell) + "</th>")
			} else {
				b.WriteString("<td>" + clean(cell) + "</td>")
			}
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// longestName is how many characters of a name a table shows at once: about two lines.
const longestName = 60

// Name writes a name that the data gives for a table. One that would take many lines is cut, and unfolds.
func Name(name string) string {
	runes := []rune(name)
	if len(runes) <= longestName {
		return clean(name)
	}
	return `<details class="name"><summary title="` + clean(name) + `">` + clean(string(runes[:longestName-1])) + `…</summary>` + clean(name) + `</details>`
}

// clean escapes text for elements and attributes, and takes out what XML has no way to say.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0x7f || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s))
}

// Number writes a number with four significant digits and its thousands apart, and "-" for one that there is not.
func Number(f float64) string {
	if !finite(f) {
		return "-"
	}
	return digits.Grouped(f)
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// written writes a number by a format; "-" for one that there is not.
func written(format func(float64) string, f float64) string {
	if !finite(f) || format == nil {
		return Number(f)
	}
	return format(f)
}
