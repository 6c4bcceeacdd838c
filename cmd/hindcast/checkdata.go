package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/datacheck"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/job"
)

// checkData looks at the data of the models, and shows what it finds. Errors in it are a
// failure of the command.
func (a *App) checkData(ctx context.Context, cfg *config.Config, models []*config.Model, memory int64, output string) (err error) {
	stores := a.stores(cfg.Dir)
	defer func() { err = errors.Join(err, stores.Close()) }()
	reports := make([]*datacheck.Report, 0, len(models))
	failures := 0
	for _, m := range models {
		report, err := datacheck.Check(ctx, stores, m, datacheck.Options{Now: a.Clock(), MemoryBytes: memory})
		if err != nil {
			return err
		}
		failures += report.Errors()
		reports = append(reports, report)
	}
	if output == "table" {
		for i, r := range reports {
			if i > 0 {
				fmt.Fprintln(a.Stdout)
			}
			writeReport(a.Stdout, r)
		}
	} else if err := writeValue(a.Stdout, output, reports); err != nil {
		return err
	}
	if failures > 0 {
		return errReported
	}
	return nil
}

// pageWidth is how wide lines are that are made for a person, on a screen that is as wide.
const pageWidth = 100

// pageWidthOn returns how wide they are on w.
func pageWidthOn(w io.Writer) int {
	if columns := lookOf(w).columns; columns > 0 {
		return min(columns, pageWidth)
	}
	return pageWidth
}

// writeReport writes what was found of a model for a person: the problems first.
func writeReport(w io.Writer, r *datacheck.Report) {
	fmt.Fprintf(w, "model %s: %s\n", r.Model, problemCount(r))
	for i, p := range r.Problems {
		where := ""
		if p.Source != "" {
			where = p.Source + ": "
		}
		writeWrapped(w, fmt.Sprintf("%2d. %s: ", i+1, p.Severity), "    ", where+p.Found)
		writeWrapped(w, "    -> ", "       ", p.Do)
	}
	for _, s := range r.Sources {
		fmt.Fprintln(w)
		writeSource(w, s)
	}
	if r.Reference != "" {
		fmt.Fprintf(w, "\nreference: %s\n", r.Reference)
	}
	if r.IDs != nil || r.Delay != nil || r.Windows != nil {
		fmt.Fprintln(w)
	}
	if ids := r.IDs; ids != nil {
		read := "all that may have one"
		if !ids.Complete {
			read = "a part of those that may have one"
		}
		number := ""
		switch {
		case ids.Unusable == 1:
			number = ", by its id: none of the labels can be used"
		case ids.Unusable > 0:
			number = fmt.Sprintf(", by its id: %s of the labels cannot be used", datacheck.Percent(float64(ids.Unusable)))
		}
		writeWrapped(w, "ids      ", "         ", fmt.Sprintf("%d of %d predictions have a label (%s)%s; read were %d label records of %s, %s",
			ids.Matched, ids.Predictions, datacheck.Percent(float64(ids.Share)), number, ids.Labels, count(int64(ids.Objects), "object"), read))
	}
	if d := r.Delay; d != nil {
		seconds := func(s float64) string {
			if s < 0 {
				return "0s"
			}
			return diagnose.Delay(time.Duration(s * float64(time.Second)))
		}
		writeWrapped(w, "delay    ", "         ", fmt.Sprintf("half of the labels came within %s, 95 %% within %s, the last after %s, by %s; ground_truth.delay is %s",
			seconds(d.Median), seconds(d.Most), seconds(d.Last), d.By, seconds(d.Configured)))
	}
	if n := r.Windows; n != nil {
		about := "about "
		if n.Exact {
			about = ""
		}
		needs := make([]string, len(n.Needs))
		for i, need := range n.Needs {
			needs[i] = fmt.Sprintf("%s asks for %d", need.What, need.Rows)
		}
		text := fmt.Sprintf("%s%d rows in a window of %s, the median of %d", about, n.Rows, n.Size, n.Seen)
		if len(needs) > 0 {
			text += "; " + strings.Join(needs, ", ")
		}
		writeWrapped(w, "windows  ", "         ", text)
	}
	if d := r.Drift; d != nil {
		text := fmt.Sprintf("%d of %s can be decided in the window %s", d.Features-len(d.Undecided), count(int64(d.Features), "feature"), d.Window)
		if d.NeedsRows > 0 {
			text += fmt.Sprintf("; the others need about %d rows", d.NeedsRows)
		}
		writeWrapped(w, "drift    ", "         ", text)
	}
}

// problemCount says how many problems there are.
func problemCount(r *datacheck.Report) string {
	switch errs, all := r.Errors(), len(r.Problems); {
	case all == 0:
		return "no problem found"
	case errs == 0:
		return count(int64(all), "warning")
	case errs == all:
		return count(int64(errs), "error")
	default:
		return count(int64(errs), "error") + ", " + count(int64(all-errs), "warning")
	}
}

// tableColumns is how many columns of a source the table for a person has.
const tableColumns = 40

// writeSource writes what was found of a source.
func writeSource(w io.Writer, s *datacheck.Source) {
	say(w, plain(s.Name+"  "), plain(s.URL))
	if s.Objects == 0 {
		return
	}
	more := ""
	if s.More {
		more = " and more"
	}
	dates := ""
	if s.First != "" {
		dates = fmt.Sprintf(", from %s to %s", s.First, s.Last)
	}
	writeWrapped(w, "  ", "  ", fmt.Sprintf("%s%s%s, %s; %d rows were read of %s", count(int64(s.Objects), "object"), more, dates, job.ByteSize(s.Bytes).String(), s.Rows, readText(s)))
	if s.From != nil {
		sayf(w, "  timestamps from %s to %s", s.From.Format(time.RFC3339), s.To.Format(time.RFC3339))
	}
	for _, note := range s.Notes {
		writeWrapped(w, "  note: ", "  ", note)
	}
	columnsTable(w, s.Columns[:min(len(s.Columns), tableColumns)])
	if more := len(s.Columns) - tableColumns + s.Hidden; more > 0 && len(s.Columns) > tableColumns {
		sayf(w, "and %d more columns", more)
	}
}

// columnsTable shows columns, in lines of pageWidth: why a column is left out takes what room
// short names leave, and the examples are cut to what the other cells leave.
func columnsTable(w io.Writer, columns []datacheck.Column) {
	if len(columns) == 0 {
		return
	}
	const name, use, example, least = 24, 30, 26, 10 // most characters of a cell, and the least of an example
	l := lookOf(w)
	widest := 0
	for _, c := range columns {
		widest = max(widest, textWidth(shortened(visible(c.Name), name, l)))
	}
	header := []string{"column", "use", "type", "missing", "bad", "example"}
	rows := make([][]any, len(columns))
	room := pageWidthOn(w) - 2*len(header) // that the table puts around cells
	widths := make([]int, len(header)-1)
	for i, title := range header[:len(widths)] {
		widths[i] = len(fmt.Sprint(title))
	}
	for r, c := range columns {
		kind := c.Kind
		if !c.There {
			kind = "NOT THERE"
		}
		rows[r] = []any{shortened(visible(c.Name), name, l), shortened(visible(c.Use), use+name-widest, l), kind, shareText(c.Missing), shareText(c.Bad)}
		for i, cell := range rows[r] {
			widths[i] = max(widths[i], textWidth(fmt.Sprint(cell)))
		}
	}
	for _, width := range widths {
		room -= width
	}
	t := newTable(w, header...)
	for r, c := range columns {
		t.AppendRow(append(rows[r], shortened(visible(c.Example), min(max(room, least), example), l)))
	}
	t.Render()
}

// readText names the objects that were read.
func readText(s *datacheck.Source) string {
	const most = 3
	names := make([]string, 0, most)
	for _, o := range s.Read[:min(len(s.Read), most)] {
		name := o.Key
		switch {
		case o.Error != "":
			name += " (not readable)"
		case !o.Whole:
			name += " (" + o.Format + ", its beginning)"
		default:
			name += " (" + o.Format + ")"
		}
		names = append(names, name)
	}
	if more := len(s.Read) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// shareText writes a share for a table, "" for none.
func shareText(n *stat.Number) string {
	if n == nil {
		return ""
	}
	return strings.NewReplacer("less than ", "<", "more than ", ">").Replace(datacheck.Percent(float64(*n)))
}

// writeWrapped writes a text in lines of pageWidth, of which the first begins with first and
// the others with rest. A word that is longer has a line to itself.
func writeWrapped(w io.Writer, first, rest, text string) {
	line, width := first, textWidth(first)
	begun, columns := false, pageWidthOn(w)
	for _, word := range strings.Fields(visible(text)) {
		n := textWidth(word)
		if begun && width+1+n > columns {
			say(w, nil, plain(line))
			line, width, begun = rest, textWidth(rest), false
		}
		if begun {
			line += " "
			width++
		}
		line += word
		width += n
		begun = true
	}
	say(w, nil, plain(line))
}
