package main

import (
	"fmt"
	"io"

	"github.com/hindcast/hindcast/trigger"
)

// historyTables shows models to people: how each went, a table with a line for each window, and
// the started runs.
type historyTables struct {
	w        io.Writer
	flags    historyFlags
	several  bool
	notFirst bool
}

// begin implements historyForm.
func (*historyTables) begin() error { return nil }

// end implements historyForm.
func (*historyTables) end() error { return nil }

// model implements historyForm.
func (t *historyTables) model(h *modelHistory) error {
	if t.notFirst {
		fmt.Fprintln(t.w)
	}
	t.notFirst = true
	screen := lookOf(t.w).columns > 0
	if t.several || screen {
		say(t.w, nil, styled(strongStyle, h.model.Name).and(plain(spanText(h.records))))
	}
	if len(h.records) == 0 {
		fmt.Fprintln(t.w, t.flags.nothing())
		return nil
	}
	lines := make([]windowLine, len(h.records))
	for i, r := range h.records {
		lines[i] = lineOfRecord(r, h.launches)
	}
	table := windowTable{lines: lines, revisions: t.flags.revisions, why: true, reasons: t.flags.reasons}
	if len(lines) > tallTable {
		table.render(t.w)
		gap(t.w)
		t.atAGlance(h, lines)
	} else {
		if t.atAGlance(h, lines) {
			gap(t.w)
		}
		table.render(t.w)
	}
	if len(h.launches) > 0 {
		fmt.Fprintln(t.w)
		runsTable(t.w, h.launches)
	}
	return nil
}

// tallTable is how many lines a table has at most that stands below what tells of it at a glance.
// Of a longer one the top has left the screen, and that stands below it.
const tallTable = 40

// atAGlance tells of the newest window, and shows how things went, as far as there is more to show
// than the table does. It says whether it did.
func (t *historyTables) atAGlance(h *modelHistory, lines []windowLine) bool {
	if h.newest != "" {
		say(t.w, nil, plain(h.newest))
	}
	if t.flags.revisions || !stripsTell(t.w, lines) {
		return h.newest != ""
	}
	if h.newest != "" {
		gap(t.w)
	}
	writeStrips(t.w, lines)
	return true
}

// spanText says from when to when records are; nothing of none.
func spanText(records []trigger.Record) string {
	if len(records) == 0 {
		return ""
	}
	span := records[0].Window
	for _, r := range records {
		if r.Window.End.After(span.End) {
			span.End = r.Window.End
		}
	}
	return "  " + span.Days(records[len(records)-1].Zone())
}

// nothing says that there is no window to show.
func (f historyFlags) nothing() string {
	if f.since != "" {
		return "no evaluation of a window since " + f.since + " is recorded"
	}
	return "no evaluation is recorded yet"
}
