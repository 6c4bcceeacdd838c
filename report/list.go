package report

import (
	"fmt"
	"strconv"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// list is a page that leads to others, as page/index.html shows it.
type list struct {
	frame
	Tables []table
}

// listOf makes the page of entries, which are what the first column is called. back is the
// address of the list above it, empty for none.
func listOf(title, first, back string, entries []Entry) ([]byte, error) {
	rows := table{Caption: title, Columns: []column{
		{Name: first}, {Name: "Verdict"}, {Name: "Figure"}, {Name: "Value", Numbers: true}, {Name: "95 % interval", Numbers: true},
		{Name: "Reference", Numbers: true}, {Name: "Coverage", Numbers: true}, {Name: "Drifted", Numbers: true}, {Name: "Decision"}, {Name: "Windows"},
	}}
	if back != "" {
		rows.Columns = rows.Columns[:len(rows.Columns)-1] // of one window each
	}
	for i := range entries {
		rows.Rows = append(rows.Rows, entryRow(&entries[i], back != "")[:len(rows.Columns)])
	}
	p := list{Tables: []table{rows}}
	p.Title = title
	if back != "" {
		p.Back = &link{back, "All models"}
	}
	p.dress()
	return render("index.html", p)
}

// entryRow is the row of an entry, which is a window or else a model.
func entryRow(e *Entry, window bool) []cell {
	cells := make([]cell, 10)
	cells[0] = cell{Text: e.Model, Href: e.Href}
	if len(e.Windows) == 0 {
		cells[1].Text = e.Why
		return cells
	}
	rec := &e.Windows[len(e.Windows)-1]
	if window {
		cells[0].Text, cells[0].Value = rec.Window.Days(e.Zone), strconv.FormatInt(rec.Window.Start.Unix(), 10)
	}
	o := job.Outcome{Verdict: rec.Verdict, Rules: rec.Rules, Decision: rec.Decision}
	cells[1] = cell{Text: verdictWord(&o), State: stateOfOutcome(&o)}
	if rec.Stage != trigger.StageMature {
		cells[1].Text += ", before labels"
	}
	if f := rec.Figures; f != nil {
		value := func(i int, text, exact string) { cells[i] = cell{Text: text, Value: exact} }
		if f.Metric != "" {
			cells[2].Text = metricTitle(f.Metric)
		}
		value(3, figureText(f.Value), exactText(f.Value))
		if isNumber(f.Low) && isNumber(f.High) {
			value(4, figureText(f.Low)+" to "+figureText(f.High), exactText(f.Low))
		}
		if !isNumber(f.Value) && isNumber(f.Estimated) {
			cells[2].Text += ", estimated"
			value(3, figureText(f.Estimated), exactText(f.Estimated))
		}
		value(5, figureText(f.Reference), exactText(f.Reference))
		value(6, shareText(f.Coverage), exactText(f.Coverage))
		if f.DriftJudged > 0 {
			value(7, fmt.Sprintf("%d of %d", f.DriftCount, f.DriftJudged), exactText(f.DriftShare))
		}
	}
	cells[8].Text = decisionWord(&o)
	cells[9] = stripCell(e)
	return cells
}

// stripCell shows the verdicts of a model's windows.
func stripCell(e *Entry) cell {
	c := cell{Text: e.Windows[len(e.Windows)-1].Window.Days(e.Zone)}
	for i := range e.Windows[max(0, len(e.Windows)-mostInStrip/2):] {
		rec := &e.Windows[max(0, len(e.Windows)-mostInStrip/2)+i]
		c.Strip = append(c.Strip, stateOfOutcome(&job.Outcome{Verdict: rec.Verdict, Rules: rec.Rules}))
	}
	return c
}
