package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// Limits of the heat map: cells are many bytes.
const (
	mostHeatRows  = 40
	mostHeatCells = 2000
)

// driftSection shows which columns are not as in the reference, over the windows and in the
// newest one.
func driftSection(s *job.Story) section {
	windows := slices.DeleteFunc(slices.Clone(all(s)), func(w job.Told) bool { return w.Drift == nil })
	if len(windows) == 0 {
		return section{}
	}
	newest := &windows[len(windows)-1].Outcome
	columns := rankColumns(newest)
	out := section{
		ID: "drift", Title: "Drift",
		Lead: "Which columns are distributed otherwise than in the reference. It is seen without labels, and tells what to look at: drift may be harmless, and errors may rise without it.",
		Terms: []term{
			{"Drift", "That values are distributed otherwise than in the reference."},
			{"Measure", "A number for how far two distributions are apart. The worst of a column is the one furthest beyond its threshold."},
			{"Noise floor", "What a measure comes to where nothing has changed: a column has drifted only where it is beyond that, too."},
		},
	}
	if len(windows) > 1 {
		trend := job.TrendOf(all(s), job.DriftShare)
		c := trendChart(s, &trend, mostWindows, false)
		c.ValueName = "drifted columns"
		out.Figures = append(out.Figures, figure{Chart: c, Caption: "The share of features that drifted, of those that could be judged. The band is what the inconclusive ones leave open."})
		out.Figures = append(out.Figures, figure{Chart: heatMap(s, windows, columns), Caption: heatCaption(len(columns)), NoTable: true})
	}
	out.Tables = append(out.Tables, driftTable(s, newest, columns), measuresTable(newest, columns))
	out.Notes = notEmpty(newest.Drift.Reason)
	for _, name := range slices.Sorted(maps.Keys(newest.Drift.LeftOut)) {
		if len(out.Notes) > mostDrifted {
			out.Notes = append(out.Notes, fmt.Sprintf("%d columns are left out in all", len(newest.Drift.LeftOut)))
			break
		}
		out.Notes = append(out.Notes, "left out: "+short(name)+", "+newest.Drift.LeftOut[name])
	}
	return out
}

// heatCaption says what the heat map shows of so many columns.
func heatCaption(columns int) string {
	text := "Each cell is the worst measure of a column in a window, over its threshold: from 1 on it is beyond. Those furthest beyond in the newest window come first."
	if columns > mostHeatRows {
		text += fmt.Sprintf(" The first %d of %d columns; the table has all of them.", mostHeatRows, columns)
	}
	return text
}

// heatMap shows how far columns are beyond their thresholds, by columns and windows.
func heatMap(s *job.Story, windows []job.Told, columns []driftOf) chart.HeatMap {
	rows := columns[:min(len(columns), mostHeatRows)]
	windows = windows[max(0, len(windows)-mostHeatCells/max(1, len(rows))):]
	c := chart.HeatMap{
		Title: heatTitle(columns), Location: location(s), ValueName: "worst measure over its threshold",
		Format: func(v float64) string { return stat.Figure(v) + " times the threshold" },
	}
	c.Desc = fmt.Sprintf("%s over %s.", counted(len(rows), "column"), counted(len(windows), "window"))
	c.Windows = make([]time.Time, len(windows))
	for i := range windows {
		c.Windows[i] = windows[i].Window.Start
	}
	for _, column := range rows {
		row := chart.HeatRow{Name: column.name, Cells: make([]chart.HeatCell, len(windows))}
		for i := range windows {
			row.Cells[i] = heatCell(&windows[i].Outcome, column.name)
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// heatCell is the drift of a column in a window.
func heatCell(o *job.Outcome, name string) chart.HeatCell {
	c, ok := o.Drift.Columns[name]
	if !ok {
		return chart.HeatCell{Value: nan(), Threshold: nan()}
	}
	d := newDriftOf(name, &c)
	return chart.HeatCell{Value: float64(d.ratio), Threshold: 1, State: d.state()}
}

// state is how the drift of a column was judged.
func (d *driftOf) state() chart.State {
	switch {
	case d.drifted:
		return chart.Bad
	case d.unsure:
		return chart.Unsure
	case isNumber(d.ratio):
		return chart.Good
	default:
		return chart.None
	}
}

// heatTitle names the columns that drifted most.
func heatTitle(columns []driftOf) string {
	var names []string
	for _, c := range columns {
		if c.drifted && len(names) < mostDrifted {
			names = append(names, short(c.name))
		}
	}
	if len(names) == 0 {
		return "No column has drifted in the newest window"
	}
	verb := " drifted most"
	if len(names) == 1 {
		verb = " drifted"
	}
	return listed(names) + verb
}

// driftTable lists the columns of a window.
func driftTable(s *job.Story, o *job.Outcome, columns []driftOf) table {
	t := table{
		ID: "drift-columns", Caption: "Columns of " + o.Window.Days(s.TimeZone),
		Columns: []column{
			{Name: "Column"}, {Name: "Drift"}, {Name: "Worst measure"}, {Name: "Value", Numbers: true}, {Name: "Threshold", Numbers: true},
			{Name: "Times", Numbers: true, Help: "the value over the threshold"},
			{Name: "Noise floor", Numbers: true, Help: "what the measure comes to where nothing has changed"},
			{Name: "Rows", Numbers: true},
		},
	}
	if len(columns) > mostHeatRows/2 {
		t.Filter = "columns"
	}
	remarks := slices.ContainsFunc(columns, func(d driftOf) bool { return driftReason(o.Drift.Columns[d.name]) != "" })
	if remarks {
		t.Columns = append(t.Columns, column{Name: "Remark"})
	}
	for _, d := range columns {
		c := o.Drift.Columns[d.name]
		floor := stat.Number(nan())
		if m, ok := c.Measures[d.measure]; ok && m.NoiseFloor != nil {
			floor = *m.NoiseFloor
		}
		measure := "-"
		if d.measure != "" {
			measure = measureTitle(d.measure)
		}
		row := []cell{
			{Text: d.name}, {Text: driftWord(c), State: d.state()}, {Text: measure},
			numberCell(d.value), numberCell(d.limit), numberCell(d.ratio), numberCell(floor),
			{Text: countText(c.N), Value: strconv.FormatInt(c.N, 10)},
		}
		if remarks {
			row = append(row, cell{Text: driftReason(c)})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// measuresTable lists every measure that judges a column of a window.
func measuresTable(o *job.Outcome, columns []driftOf) table {
	t := table{
		ID: "drift-measures", Caption: "Measures of each column", Folded: "All measures",
		Columns: []column{{Name: "Column"}, {Name: "Measure"}, {Name: "Value", Numbers: true}, {Name: "Threshold", Numbers: true}, {Name: "Noise floor", Numbers: true}, {Name: "Why not judged"}},
	}
	for _, d := range columns {
		c := o.Drift.Columns[d.name]
		for _, name := range Judging(c) {
			m := c.Measures[name]
			floor := stat.Number(nan())
			if m.NoiseFloor != nil {
				floor = *m.NoiseFloor
			}
			value := numberCell(m.Value)
			if m.Drifted != nil && *m.Drifted {
				value.State = chart.Bad
			}
			t.Rows = append(t.Rows, []cell{{Text: d.name}, {Text: measureTitle(name)}, value, numberCell(*m.Threshold), numberCell(floor), {Text: m.Reason}})
		}
	}
	return t
}

// rankOf orders states for tables: the bad ones last, which a click brings first.
func rankOf(s chart.State) int {
	return map[chart.State]int{chart.None: 0, chart.Good: 1, chart.Unsure: 2, chart.Bad: 3}[s]
}
