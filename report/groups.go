package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/job"
)

// mostGroups is how many groups of one kind are drawn and listed.
const mostGroups = 25

// grouped is a group with the name of what it is.
type grouped struct {
	name      string
	of        evaluator.Group
	reference evaluator.Group // its own, where rules compare with it
	state     chart.State     // of the rules on it
}

// segmentsSection ranks model versions and segments by the metric that people look at first, the
// worst first.
func segmentsSection(s *job.Story) section {
	o := &s.Last().Outcome
	out := section{
		ID: "segments", Title: "Segments and versions",
		Lead:  "The same metric within parts of the rows, the worst first. Small parts vary much: see the interval before the rank.",
		Terms: []term{{"Segment", "The rows that have one value in a column that the configuration names, such as a country."}},
	}
	name := metric.Primary(o.Metrics)
	if name == "" {
		return section{}
	}
	add := func(title, id string, groups []grouped) {
		if len(groups) == 0 {
			return
		}
		rank(groups, name)
		out.Figures = append(out.Figures, figure{Chart: dots(o, name, title, groups), NoTable: true})
		out.Tables = append(out.Tables, groupTable(name, title, id, groups))
	}
	var versions []grouped
	for version, g := range o.Versions {
		versions = append(versions, grouped{name: version, of: g})
	}
	if len(versions) > 1 {
		add("model version", "versions", versions)
	}
	for i, column := range slices.Sorted(maps.Keys(o.Segments)) {
		var groups []grouped
		for value, g := range o.Segments[column] {
			one := grouped{name: value, of: g, state: groupState(o, []string{"segments", column, value})}
			if o.Reference != nil {
				one.reference = o.Reference.Segments[column][value]
			}
			groups = append(groups, one)
		}
		add(column, fmt.Sprintf("segment-%d", i+1), groups)
	}
	if len(out.Figures) == 0 {
		return section{}
	}
	return out
}

// groupState is how the rules on a group were judged, by what their variables begin with.
func groupState(o *job.Outcome, of []string) chart.State {
	state := chart.None
	for _, r := range o.Rules {
		for _, c := range r.Comparisons {
			if parts := path(c.Variable); len(parts) > len(of) && slices.Equal(parts[:len(of)], of) {
				if s := stateOf(r.Verdict); rankOf(s) > rankOf(state) {
					state = s
				}
			}
		}
	}
	return state
}

// rank orders groups by a metric, the worst first; those without a value last, and the rest of
// all other groups behind those.
func rank(groups []grouped, name string) {
	spec, _ := metric.Find(name)
	badness := func(g *grouped) float64 {
		v := float64(g.of.Metrics[name].Value)
		if _, ok := g.of.Metrics[name]; !ok || !stat.IsNumber(v) {
			return nan()
		}
		switch spec.Worse {
		case metric.WorseFalls:
			return -v
		case metric.WorseRises:
			return v
		}
		return max(v, -v)
	}
	slices.SortFunc(groups, func(a, b grouped) int {
		return cmp.Or(compareBool(a.name == summary.OtherGroup, b.name == summary.OtherGroup), -cmp.Compare(badness(&a), badness(&b)),
			-cmp.Compare(a.of.N, b.of.N), cmp.Compare(a.name, b.name))
	})
}

// dots draws groups that are ranked.
func dots(o *job.Outcome, name, title string, groups []grouped) chart.Dots {
	overall := nan()
	if m, ok := o.Metrics[name]; ok {
		overall = float64(m.Value)
	}
	c := chart.Dots{
		Title: dotsTitle(name, title, groups, overall), NameTitle: title, Line: overall, LineName: "all rows",
		Desc: fmt.Sprintf("%s by %s, the worst first, each with its interval and its number of rows.", metricTitle(name), title),
	}
	c.Axis.Title = metricTitle(name)
	for _, g := range groups[:min(len(groups), mostGroups)] {
		m, ok := g.of.Metrics[name]
		d := chart.Dot{Name: g.name, Value: nan(), Low: nan(), High: nan(), Reference: nan(), N: g.of.N, State: g.state}
		if ok {
			d.Value, d.Low, d.High, d.Note = float64(m.Value), float64(m.Low), float64(m.High), m.Reason
		}
		if m, ok := g.reference.Metrics[name]; ok {
			d.Reference = float64(m.Value)
		}
		c.Dots = append(c.Dots, d)
	}
	return c
}

// dotsTitle names the worst group, where chance does not explain that it is worse than all rows.
func dotsTitle(name, title string, groups []grouped, overall float64) string {
	worst := groups[0]
	m, ok := worst.of.Metrics[name]
	if !ok || !isNumber(m.Value) {
		return metricTitle(name) + " by " + short(title)
	}
	if stat.IsNumber(overall) && float64(m.Low) <= overall && overall <= float64(m.High) {
		return fmt.Sprintf("No %s is clearly worse: %s is %s of all rows", short(title), metricTitle(name), figureText(stat.Number(overall)))
	}
	text := fmt.Sprintf("%s is worst of %s %s: %s", metricTitle(name), short(title), short(worst.name), figureText(m.Value))
	if stat.IsNumber(overall) {
		text += ", " + figureText(stat.Number(overall)) + " of all rows"
	}
	return text
}

// groupTable lists groups that are ranked, with the metrics of headlines that any has.
func groupTable(name, title, id string, groups []grouped) table {
	found := map[string]metric.Result{}
	referenced := false
	for _, g := range groups {
		referenced = referenced || len(g.reference.Metrics) > 0
		for n, m := range g.of.Metrics {
			if spec, _ := metric.Find(n); n != name && spec.Headline && isNumber(m.Value) {
				found[n] = m
			}
		}
	}
	others := MetricNames(found)
	t := table{
		ID: id, Caption: metricTitle(name) + " by " + title, Folded: "The numbers of " + title,
		Columns: []column{{Name: capital(title)}, {Name: "Rows", Numbers: true}, {Name: metricTitle(name), Numbers: true}, {Name: "95 % interval", Numbers: true}},
	}
	if referenced {
		t.Columns = append(t.Columns, column{Name: "Reference", Numbers: true})
	}
	for _, other := range others {
		t.Columns = append(t.Columns, column{Name: metricTitle(other), Numbers: true})
	}
	for _, g := range groups[:min(len(groups), 2*mostGroups)] {
		m := g.of.Metrics[name]
		row := []cell{{Text: g.name}, {Text: countText(g.of.N), Value: fmt.Sprint(g.of.N)}, groupCell(g.of, name, g.state), {Text: interval(m), Value: exactText(m.Low), Help: m.Note}}
		if referenced {
			row = append(row, groupCell(g.reference, name, chart.None))
		}
		for _, other := range others {
			row = append(row, groupCell(g.of, other, chart.None))
		}
		t.Rows = append(t.Rows, row)
	}
	if left := len(groups) - len(t.Rows); left > 0 {
		t.About = fmt.Sprintf("The first %d of %d.", len(t.Rows), len(groups))
	}
	return t
}

// groupCell is a metric of a group.
func groupCell(g evaluator.Group, name string, state chart.State) cell {
	m, ok := g.Metrics[name]
	if !ok {
		return cell{Text: "-"}
	}
	c := numberCell(m.Value)
	c.State, c.Help = state, m.Reason
	return c
}
