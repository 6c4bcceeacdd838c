package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// head is a column of a table: what it is called there, and the figure that it shows; with none
// it shows what the cell says of itself under that name. An alarm's share is of all windows or
// columns, any other figure's of those with an answer.
type head struct {
	name, figure string
	alarm        bool
}

// grid is a list of cells, and the tables that show what is counted of them.
type grid struct {
	name   string // as the markers of its tables have it
	cells  []cell
	smoke  []string // the names of those of the smoke
	tables []table
}

type table struct {
	caption string // in which %s is the number of trials
	heads   []head
}

func grids() []grid {
	return []grid{
		{"metrics", metricCells(), metricSmoke(), []table{
			{"Metrics, %s windows a row, fewer of errors at 1.0 and 1.4:", metricHeads()},
		}},
		{"classifiers", classifierCells(), classifierSmoke(), []table{
			{"Intervals of classifiers, %s windows a row:", intervalHeads()},
			{"Rules of classifiers, %s windows a row at the threshold, a quarter of that of others:", classRuleHeads()},
		}},
		{"estimates", estimateCells(), estimateSmoke(), []table{
			{"Bands of estimates, %s windows a row:", estimateHeads()},
		}},
		{"drift", driftCells(), driftSmoke(), []table{
			{"Drift, %s windows of 20 columns a row, fewer of changed ones:", driftHeads()},
		}},
	}
}

func metricHeads() []head {
	out := []head{{name: "errors"}, {name: "rows"}, {name: "reference"}}
	for _, name := range covered() {
		out = append(out, head{name: "`" + name + "`", figure: name})
	}
	for _, name := range []string{"rmse", "mae"} {
		for _, factor := range []float64{1, 1.2, 1.4} {
			out = append(out, head{fmt.Sprintf("`%s` fires at %.1f", name, factor), name + " fires" + suffixOf(factor), true})
		}
	}
	return out
}

func suffixOf(factor float64) string { return fmt.Sprintf(" at %.1f", factor) }

func classHeads() []head { return []head{{name: "rows"}, {name: "positive"}, {name: "number"}} }

func intervalHeads() []head {
	out := classHeads()
	for _, name := range slices.Concat(ruled(), shown()) {
		out = append(out, head{name: "`" + name + "`", figure: name})
	}
	return append(out, head{name: "held back", figure: undecided})
}

func classRuleHeads() []head {
	out := classHeads()
	for _, at := range []struct{ words, suffix string }{{"at the threshold", changed}, {"worse", muchWorse}} {
		for _, name := range ruled() {
			out = append(out, head{"`" + name + "` " + at.words, name + " fires" + at.suffix, true})
		}
	}
	return append(out, head{unchanged, unchanged, true}, head{improved, improved, true})
}

func estimateHeads() []head {
	out := classHeads()
	for _, name := range estimated() {
		out = append(out, head{name: "`" + name + "`", figure: bandOf(name)})
	}
	return out
}

func driftHeads() []head {
	return []head{
		{name: "days"}, {name: "rows"},
		{"flagged", "flagged", true}, {"at weekends", "flagged at weekends", true},
		{"`share ≥ 0.5`", "share ≥ 0.5", true}, {"`share ≥ 0.1`", "share ≥ 0.1", true}, {"`count ≥ 1`", "count ≥ 1", true},
		{fmt.Sprintf("%.1f sd found", shifted), "found", false}, {name: "found least"},
	}
}

// beginOf returns the marker of a grid, after which its tables stand in a file, up to end.
func beginOf(grid string) string { return "<!-- generated: promises " + grid + " -->\n" }

const end = "<!-- end -->\n"

// text writes the tables of a grid in Markdown.
func (g *grid) text(results []counts) string {
	var b strings.Builder
	for i, t := range g.tables {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, t.caption+"\n\n", thousands(g.cells[0].trials))
		writeTable(&b, t.heads, g.cells, results)
	}
	return b.String()
}

func writeTable(b *strings.Builder, heads []head, cells []cell, results []counts) {
	line := func(of func(h head) string) {
		for _, h := range heads {
			b.WriteString("| " + of(h) + " ")
		}
		b.WriteString("|\n")
	}
	line(func(h head) string { return h.name })
	line(func(head) string { return "---" })
	for i := range cells {
		c, n := &cells[i], results[i]
		line(func(h head) string {
			switch {
			case h.name == "found least":
				return leastFound(n)
			case h.figure == "":
				return c.at[h.name]
			case c.breaks(h.figure, n):
				return "**" + n[h.figure].words(h.alarm) + "**"
			}
			return n[h.figure].words(h.alarm)
		})
	}
}

// words writes a count as the table has it: the share of yes in percent, among all or among the
// answers, and where these are not few, how many had none and how many are noted.
func (n count) words(ofAll bool) string {
	const few = 0.5
	share := n.answered()
	if ofAll {
		share = n.ofAll()
	}
	switch {
	case n.all() == 0:
		return ""
	case n.yes+n.no == 0:
		return "not judged"
	}
	var also []string
	if n.refused() >= few {
		also = append(also, fmt.Sprintf("%.0f not judged", math.Ceil(n.refused())))
	}
	if n.doubted() >= few {
		also = append(also, fmt.Sprintf("%.0f noted", math.Ceil(n.doubted())))
	}
	if len(also) > 0 {
		return fmt.Sprintf("%.1f (%s)", share, strings.Join(also, ", "))
	}
	return fmt.Sprintf("%.1f", share)
}

// leastFound names the kind of column in which the change is found least often.
func leastFound(n counts) string {
	least, of := math.Inf(1), ""
	for _, k := range columnKinds() {
		if found := n["found: "+k.name].answered(); found < least {
			least, of = found, k.name
		}
	}
	if of == "" {
		return ""
	}
	return fmt.Sprintf("%.0f (%s)", least, of)
}

// line writes the figures of a cell for the log.
func (c *cell) line(n counts) string {
	var out []string
	for _, h := range slices.Concat(metricHeads(), intervalHeads(), classRuleHeads(), estimateHeads(), driftHeads()) {
		if found, ok := n[h.figure]; ok {
			mark := ""
			if c.breaks(h.figure, n) {
				mark = "!"
			}
			out = append(out, h.figure+" "+found.words(h.alarm)+mark)
		}
	}
	of := ""
	for _, k := range columnKinds() {
		if found, ok := n["found: "+k.name]; ok && k.name != of {
			of = k.name
			out = append(out, "found of "+k.name+" "+found.words(false))
		}
	}
	return strings.Join(out, "; ")
}

// writeInto writes the tables of a grid between its markers in a file.
func writeInto(name, grid, text string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	begin := beginOf(grid)
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("write the tables: %s has no %q with %q after it", name, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if err := os.WriteFile(name, []byte(before+begin+text+end+after), 0o644); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
