package report

import (
	"fmt"
	"html/template"

	"github.com/hindcast/hindcast/chart"
)

// section is a part of the page with a heading of its own. Everything that it holds is drawn by
// page/story.html in the order of these fields; what is empty is left out, and a section that
// holds nothing but its words is shown with these.
type section struct {
	ID    string // of its anchor, one of the ids in order
	Title string // its heading and its line in the table of contents: a few words, of the page's own
	Lead  string // one or two sentences that say what is to be seen here; plain text

	Facts   []fact   // a few names with what they are
	Figures []figure // shown at once
	Folded  []figure // shown on request, below the others
	More    string   // the words that unfold them, "12 more metrics"
	Tables  []table
	Notes   []string // plain sentences below
	Terms   []term   // words of the section that not everybody knows
}

// number gives the section and all that is in it ids that nothing else on the page has. They begin
// with the prefix.
func (s *section) number(prefix string) {
	s.ID = prefix + s.ID
	for i := range s.Figures {
		s.Figures[i].Size.ID = fmt.Sprintf("%s-figure-%d", s.ID, i+1)
	}
	for i := range s.Folded {
		s.Folded[i].Size.ID = fmt.Sprintf("%s-more-%d", s.ID, i+1)
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		if t.ID != "" {
			t.ID = prefix + t.ID
		}
		for r, row := range t.Rows {
			for c := range row {
				if row[c].Chart != nil {
					row[c].Size.ID = fmt.Sprintf("%s-table-%d-%d-%d", s.ID, i+1, r+1, c+1)
				}
			}
		}
	}
}

// fact is a name with what it is.
type fact struct {
	Name  string
	Text  string
	About string      // more, in small letters
	State chart.State // it has the state's colour and shape
	Href  string      // where a click on Text leads; empty for nowhere
	Help  string      // what the name means, for who hovers over it
	Chart chart.Chart // a small one below the text, of tiles only; nil for none
	Size  chart.Size  // of Chart
}

// figure is a chart with its words.
type figure struct {
	Chart   chart.Chart
	Size    chart.Size // the zero Size is that of the figure's Width
	Width   width
	Caption string // one sentence below it; may be empty
	NoTable bool   // the numbers stand in a table of the section, and not below the chart
}

// width is how much of a row a figure takes on a wide screen. On a narrow one it has the whole.
type width uint8

// The widths.
const (
	whole width = iota
	half
	third
)

// String is the width as the style sheet has it.
func (w width) String() string { return [...]string{"whole", "half", "third"}[w] }

// table is a list of rows below a section's figures, or behind a chart.
type table struct {
	ID      string // of the table, where something refers to it; may be empty
	Caption string
	Columns []column
	Rows    [][]cell // each as many cells as there are columns; the first one names the row
	About   string   // one sentence below it; may be empty
	Folded  string   // the words that unfold it; empty where it is shown at once
	Filter  string   // what a field above the table filters its rows by, "columns"; empty for none
}

// column is the head of a table's column.
type column struct {
	Name    string
	Numbers bool   // its cells are figures, which stand to the right
	Help    string // what it means, for who hovers over it; may be empty
}

// cell is a text of a table.
type cell struct {
	Text  string
	Value string        // what it is sorted by, where that isn't its text: a number as strconv writes it
	State chart.State   // it has the state's colour and shape
	Chart chart.Chart   // drawn behind the text; small. Nil for none
	Size  chart.Size    // of Chart
	Strip []chart.State // a row of shapes behind the text, oldest first
	Href  string        // where a click on Text leads; empty for nowhere
	Help  string        // what hovers over it; may be empty
}

// term is a word with what it means.
type term struct{ Word, Meaning string }

// order lists the ids of the sections as they stand on the page. A section of another id is a
// mistake of the program, which stands last.
func order() []string {
	return []string{
		"decision", "notes", "metrics", "estimated", "drift",
		"predictions", "distributions", "predicted", "errors", "hours", // of the Summary and the Profile, see figures
		"curves", "calibration", "scores", "confusion", "classes",
		"segments", "arrival", "quality", "rules", "runs", "inputs", "configuration",
	}
}

// markup is HTML that the package itself has made.
type markup = template.HTML
