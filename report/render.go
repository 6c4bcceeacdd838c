package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/hindcast/hindcast/chart"
)

//go:embed page
var pageFiles embed.FS

// frame is what page/page.html shows around the main part of any page.
type frame struct {
	Title    string
	Back     *link  // to the list that the page is one of; nil for none
	Contents []line // of the page; none where it is short
	About    []string
	CSS      template.CSS
	JS       template.JS
}

// link leads to another page.
type link struct{ Href, Text string }

// line is one line of the table of contents.
type line struct {
	ID, Text string
	Glyph    string // of a verdict; may be empty
	Story    bool   // it begins a story
}

// file returns one of the files that pages are made of.
func file(name string) string {
	data, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}

// dress gives the frame its style and its script.
func (f *frame) dress() {
	f.CSS = template.CSS(chart.CSS() + file("page.css")) //nolint:gosec // ours
	f.JS = template.JS(file("page.js"))                  //nolint:gosec // ours
}

// render makes a page whose main part is that of the named file.
func render(main string, data any) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"picture": picture, "numbers": numbersOf, "drawn": drawn, "rows": rowsOf,
		"state": stateClass, "mark": stateMark, "prose": prose,
	}).Parse(file("page.html") + file("figure.html") + file("table.html") + file(main))
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("make page: %w", err)
	}
	return bytes.Map(visible, b.Bytes()), nil
}

// visible takes out characters that a page may not have, which names in the data may, and those
// that turn the direction of all that follows.
func visible(r rune) rune {
	if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	if r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
		return '\uFFFD'
	}
	return r
}

// stateClass is the class of a state, and nothing where nothing was judged.
func stateClass(s chart.State) string {
	if s == chart.None {
		return ""
	}
	return s.String()
}

// stateMark is the shape of a state, and nothing where nothing was judged.
func stateMark(s chart.State) string {
	if s == chart.None {
		return ""
	}
	return s.Glyph()
}

// picture draws a figure. One that has the row for itself has a drawing of its own for narrow
// screens.
func picture(f figure) markup {
	if f.Width == whole && f.Size.Width == 0 && f.Size.Height == 0 {
		return markup(chart.Responsive(f.Chart, f.Size))
	}
	if f.Size.Width == 0 {
		f.Size.Width = chart.Narrow
	}
	return markup(chart.SVG(f.Chart, f.Size))
}

// drawn draws a small chart, and nothing for none.
func drawn(c chart.Chart, size chart.Size) markup {
	if c == nil {
		return ""
	}
	return markup(chart.SVG(c, size))
}

// numbersOf is the data of a figure as a table that unfolds.
func numbersOf(f figure) markup {
	if f.NoTable {
		return ""
	}
	t := f.Chart.Table()
	return markup(`<details class="numbers"><summary>The numbers<span class="hidden"> of: ` + escape(t.Caption) +
		`</span></summary><div class="scroll" tabindex="0" role="group" aria-label="` + escape(t.Caption) + `">` + t.HTML() + `</div></details>`)
}

// escape writes a text for elements and attributes.
func escape(s string) string { return template.HTMLEscapeString(strings.ToValidUTF8(s, "\uFFFD")) }

// prose writes a text of ours, in which what stands between backquotes is a name of the
// configuration.
func prose(text string) markup {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return markup(escape(text))
	}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 1 {
			b.WriteString("<code>" + escape(part) + "</code>")
			continue
		}
		b.WriteString(escape(part))
	}
	return markup(b.String())
}

// rowsOf writes the rows of a table. They are many, and templates are slow at it.
func rowsOf(t table) markup {
	var b strings.Builder
	for _, row := range t.Rows {
		b.WriteString("<tr>")
		for i := range row {
			writeCell(&b, &row[i], i == 0, i < len(t.Columns) && t.Columns[i].Numbers)
		}
		b.WriteString("</tr>\n")
	}
	return markup(b.String())
}

// longText is how many bytes of text a cell holds whose column is wide on telephones too.
const longText = 40

// writeCell writes one cell, for rowsOf.
func writeCell(b *strings.Builder, c *cell, first, number bool) {
	element := "td"
	b.WriteString("<")
	if first {
		element = "th"
		b.WriteString(`th scope="row"`)
	} else {
		b.WriteString("td")
	}
	long := !first && !number && len(c.Text) > longText
	class := strings.TrimSpace(stateClass(c.State) + map[bool]string{true: " n"}[number] + map[bool]string{true: " long"}[long])
	for _, attribute := range [...][2]string{{"class", class}, {"data-value", c.Value}, {"title", c.Help}} {
		if attribute[1] != "" {
			b.WriteString(" " + attribute[0] + `="` + escape(attribute[1]) + `"`)
		}
	}
	b.WriteString(">")
	if glyph := stateMark(c.State); glyph != "" {
		b.WriteString(`<span class="glyph" aria-hidden="true">` + glyph + "</span> ")
	}
	switch text := escape(c.Text); {
	case c.Href != "":
		b.WriteString(anchor(c.Href, text))
	case first:
		b.WriteString(`<bdi>` + chart.Name(c.Text) + `</bdi>`)
	default:
		b.WriteString(text)
	}
	if len(c.Strip) > 0 {
		b.WriteString(`<span class="marks">`)
		for _, s := range c.Strip {
			b.WriteString(`<span class="` + s.String() + `">` + s.Glyph() + `</span>`)
		}
		b.WriteString("</span>")
	}
	b.WriteString(string(drawn(c.Chart, c.Size)))
	b.WriteString("</" + element + ">")
}

// anchor is a link to the web or to a file beside the page. Any other address is left out, as one
// that runs a script would be.
func anchor(href, text string) string {
	scheme, _, has := strings.Cut(href, ":")
	if has && !strings.ContainsAny(scheme, "/?#.") && scheme != "http" && scheme != "https" {
		return text
	}
	return `<a href="` + escape(href) + `">` + text + `</a>`
}
