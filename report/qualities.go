package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// qualitySection shows what is wrong with the data themselves: values that are missing or odd,
// rows that were left out, and how many rows there are.
func qualitySection(s *job.Story) section {
	o := &newest(s).Outcome
	out := section{
		ID: "quality", Title: "Data quality",
		Lead: "What is wrong with the logged data themselves, in " + o.Window.Days(s.TimeZone) + ".",
	}
	windows := all(s)
	if len(windows) > 1 {
		out.Figures = append(out.Figures,
			figure{Chart: rowsChart(s, windows), Width: half},
			figure{Chart: missingChart(s, windows), Width: half})
	}
	if q := o.Quality; q != nil {
		out.Facts, out.Notes = checkFacts(q)
		out.Tables = append(out.Tables, qualityTable(q))
	}
	if t := leftOutTable(&s.Last().Outcome); len(t.Rows) > 0 {
		out.Tables = append(out.Tables, t)
	}
	return out
}

// checkFacts are the checks of the rows together that tell something, and a sentence on those that
// came to nothing.
func checkFacts(q *evaluator.Quality) (facts []fact, notes []string) {
	var quiet []string
	for _, spec := range evaluator.Checks() {
		c, ok := q.Checks[spec.Name]
		name := strings.ReplaceAll(spec.Name, "_", " ")
		switch {
		case !ok || !isNumber(c.Value):
		case c.Value == 0:
			quiet = append(quiet, name)
		default:
			f := fact{Name: capital(name), Text: figureText(c.Value), About: c.Note, Help: spec.Help}
			if strings.HasSuffix(spec.Series, "_ratio") {
				f.Text = shareText(c.Value)
			}
			facts = append(facts, f)
		}
	}
	if len(quiet) > 0 {
		notes = []string{"There are none of these: " + listed(quiet) + "."}
	}
	return facts, notes
}

// qualityTable lists what is odd of each column, the oddest first.
func qualityTable(q *evaluator.Quality) table {
	t := table{
		ID: "quality-columns", Caption: "Columns",
		Columns: []column{
			{Name: "Column"}, {Name: "Missing", Numbers: true, Help: "rows without a value"},
			{Name: "Out of range", Numbers: true, Help: "numbers beyond the reference's range"},
			{Name: "New", Numbers: true, Help: "categories that the reference has not"},
			{Name: "Other kind", Numbers: true, Help: "values that are not of the column's kind"}, {Name: "Remarks"},
		},
	}
	worst := func(c evaluator.ColumnQuality) stat.Number {
		n := stat.Number(0)
		for _, x := range []stat.Number{c.Missing, c.OutOfRange, c.Unseen, c.Invalid} {
			if isNumber(x) {
				n = max(n, x)
			}
		}
		if c.Absent || c.TypeChanged || c.Constant {
			n++
		}
		return n
	}
	names := slices.Collect(maps.Keys(q.Columns))
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(-cmp.Compare(worst(q.Columns[a]), worst(q.Columns[b])), cmp.Compare(a, b))
	})
	odd := 0
	for _, name := range names {
		c := q.Columns[name]
		if worst(c) > 0 {
			odd++
		}
		remarks := notEmpty(map[bool]string{true: "no value at all"}[c.Absent], map[bool]string{true: "of another kind"}[c.TypeChanged],
			map[bool]string{true: "one value alone"}[c.Constant])
		row := []cell{{Text: name}}
		for _, n := range []stat.Number{c.Missing, c.OutOfRange, c.Unseen, c.Invalid} {
			row = append(row, cell{Text: shareText(n), Value: exactText(n)})
		}
		remark := cell{Text: strings.Join(remarks, ", ")}
		if len(remarks) > 0 {
			remark.State = chart.Unsure
		}
		t.Rows = append(t.Rows, append(row, remark))
	}
	if len(names) > mostHeatRows/2 {
		t.Filter = "columns"
	}
	if odd == 0 {
		t.Folded = fmt.Sprintf("Nothing is odd in any of %s", counted(len(names), "column"))
	}
	return t
}

// leftOutTable counts rows of the logs that stand for nothing by themselves.
func leftOutTable(o *job.Outcome) table {
	c := &o.Coverage
	t := table{
		ID: "left-out", Caption: "Rows that were read and don't count by themselves, of " + o.Window.Days(o.TimeZone),
		Columns: []column{{Name: "Rows"}, {Name: "Number", Numbers: true}},
	}
	add := func(what string, n int64) {
		if n > 0 {
			t.Rows = append(t.Rows, []cell{{Text: what}, {Text: countText(n), Value: fmt.Sprint(n)}})
		}
	}
	add("predictions that repeat an id and version", c.DuplicatePredictions)
	add("labels that repeat an id", c.DuplicateLabels)
	add("ids whose labels differ", c.ConflictingLabels)
	add("labels of no prediction of the window", c.UnmatchedLabels)
	add("labels that were taken back", c.DeletedLabels)
	add("labels without a value", c.NullLabels)
	add("labels that came after the moment that is looked from", c.HiddenLabels)
	add("labels older than their prediction", c.LabelsBefore)
	for _, why := range slices.Sorted(maps.Keys(c.Skipped)) {
		add("skipped: "+strings.ReplaceAll(why, "_", " "), c.Skipped[why])
	}
	return t
}

// rowsChart draws the number of predictions over windows.
func rowsChart(s *job.Story, windows []job.Told) chart.Trend {
	t := job.TrendOf(windows, "predictions")
	t.Title, t.Unit = "Predictions", metric.NoUnit
	for i := range t.Points {
		t.Points[i].Value = stat.Number(windows[i].Coverage.Predictions)
		t.Points[i].Coverage = stat.Number(nan())
	}
	c := trendChart(s, &t, mostWindows, false)
	c.Title, c.Marks = countText(windows[len(windows)-1].Coverage.Predictions)+" predictions in the newest window", nil
	return c
}

// missingChart draws the share of missing values over windows.
func missingChart(s *job.Story, windows []job.Told) chart.Trend {
	t := job.TrendOf(windows, missingName)
	t.Title, t.Unit, t.Worse = "Missing values", metric.Share, metric.WorseRises
	for i := range t.Points {
		t.Points[i].Coverage = stat.Number(nan())
		if q := windows[i].Quality; q != nil {
			t.Points[i].Value = q.MissingShare
		}
	}
	c := trendChart(s, &t, mostWindows, false)
	c.Title, c.Marks = "Missing values by window", nil
	if share := t.Points[len(t.Points)-1].Value; isNumber(share) {
		c.Title = shareText(share) + " of values are missing in the newest window"
	}
	return c
}

// newest is the newest window of a Story, whether its labels are in or not.
func newest(s *job.Story) *job.Told {
	if n := len(s.Newer); n > 0 {
		return &s.Newer[n-1]
	}
	return s.Last()
}
