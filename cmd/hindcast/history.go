package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// historyEntry shows one evaluation in `history -o json`.
type historyEntry struct {
	Model      string              `json:"model"`
	Window     groundtruth.Window  `json:"window"`
	Grid       string              `json:"grid"`
	Stage      string              `json:"stage"`
	Revision   int                 `json:"revision"`
	AsOf       time.Time           `json:"as_of"`
	RecordedAt time.Time           `json:"recorded_at"`
	Verdict    rule.Verdict        `json:"verdict"`
	Rules      []rule.Result       `json:"rules"`
	Decision   trigger.Decision    `json:"decision"`
	PolicyHash string              `json:"policy_hash"`
	Inputs     []groundtruth.Input `json:"inputs"`
	Evaluation json.RawMessage     `json:"evaluation"` // the object of run -o json

	JudgedAgain int `json:"judged_again,omitempty"` // the revision that a pass took up and judged again
}

// historyRun shows one started run in `history -o json`.
type historyRun struct {
	trigger.Launch
	State      string             `json:"state"`
	FinishedAt *time.Time         `json:"finished_at,omitempty"`
	States     []trigger.RunState `json:"states"`
	Retracted  *historyRetraction `json:"retracted,omitempty"`
}

// historyRetraction says of a run, in `history -o json`, that nothing would have asked for
// it, and since when that is known.
type historyRetraction struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// historyOutput is the object of `history -o json`.
type historyOutput struct {
	Model       string               `json:"model"`
	Evaluations []historyEntry       `json:"evaluations"`
	Runs        []historyRun         `json:"runs"`
	Suggestions []trigger.Suggestion `json:"suggestions"`
}

// historyFlags are the flags of history that say what is shown.
type historyFlags struct {
	last      int
	since     string
	revisions bool
	reasons   bool
	output    string

	sentence bool // no flag: on a terminal the newest window is told of in a sentence too
}

// historyCommand shows what the ledger has of models.
func (a *App) historyCommand() *cobra.Command {
	var (
		path  string
		names []string
		flags historyFlags
	)
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show a line for each window, with verdicts, decisions and runs",
		Long:  "History shows of each recorded window what its newest revision says: the metric that people look\nat first with its interval, drift, verdict and decision; and the started runs.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(cmd); err != nil {
				return err
			}
			ctx := cmd.Context()
			c, err := a.open(ctx, path, engineFlags{}, named(names))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			flags.sentence = flags.output == "table" && lookOf(a.Stdout).columns > 0
			return c.showHistories(ctx, flags, a.historyForm(flags, len(c.models)))
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringArrayVar(&names, "model", nil, "only this model (repeatable)")
	cmd.Flags().IntVar(&flags.last, "last", 0, "only the newest so many windows of each model")
	cmd.Flags().StringVar(&flags.since, "since", "", "only windows that start then or later: a date in the model's time zone, or RFC 3339")
	cmd.Flags().BoolVar(&flags.revisions, "revisions", false, "every revision of each window; json and yaml always have them")
	cmd.Flags().BoolVar(&flags.reasons, "reasons", false, "on a terminal say why, whatever room it takes; elsewhere that is always said")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "table", "table, csv, html, json or yaml")
	return cmd
}

// check compares the flags with one another before any work is done.
func (f historyFlags) check(cmd *cobra.Command) error {
	if !slices.Contains([]string{"table", formatCSV, formatHTML, "json", "yaml"}, f.output) {
		return usagef("-o is table, csv, html, json or yaml, not %q", f.output)
	}
	if f.output == formatHTML && f.revisions {
		return usagef("-o html shows each window once; --revisions is for the other forms")
	}
	if cmd.Flags().Changed("last") && f.last < 1 {
		return usagef("--last is how many windows to show: at least 1")
	}
	return nil
}

// from returns when --since is, for a model in whose zone dates begin; the zero time without it.
func (f historyFlags) from(m *config.Model) (time.Time, error) {
	if f.since == "" {
		return time.Time{}, nil
	}
	t, err := groundtruth.ParseTimeIn(f.since, m.Grid().Zone())
	if err != nil {
		return t, usagef("--since: %w", err)
	}
	return t, nil
}

// whole reports whether whole records are shown. Lines are made of what the index keeps.
func (f historyFlags) whole() bool { return f.output == "json" || f.output == "yaml" }

// modelHistory is what the ledger has of a model, as far as it is asked for.
type modelHistory struct {
	model       *config.Model
	records     []trigger.Record // of each window one, or every revision
	launches    []trigger.LaunchStatus
	suggestions []trigger.Suggestion // where records are whole
	newest      string               // the window that has its labels, or else the last one, in a sentence; empty where nobody asks
}

// historyForm is how histories are written.
type historyForm interface {
	begin() error
	model(h *modelHistory) error
	end() error
}

// historyForm returns how so many models are written.
func (a *App) historyForm(f historyFlags, models int) historyForm {
	switch f.output {
	case formatCSV:
		return historyCSV{a.Stdout}
	case formatHTML:
		return &historyPage{w: a.rawOut, several: models > 1}
	case "json", "yaml":
		return &historyList{w: a.Stdout, format: f.output, one: models == 1}
	}
	return &historyTables{w: a.Stdout, flags: f, several: models > 1}
}

// showHistories reads models' histories, some at a time, and writes them in the models' order.
func (c *connected) showHistories(ctx context.Context, f historyFlags, form historyForm) error {
	const brieflyAtOnce = 8 // a few requests each; whole records are many, and lie in memory
	atOnce := brieflyAtOnce
	if f.whole() {
		atOnce = 1
	}
	for _, m := range c.models {
		if _, err := f.from(m); err != nil {
			return err
		}
	}
	if err := form.begin(); err != nil {
		return err
	}
	for lot := range slices.Chunk(c.models, atOnce) {
		read := make([]modelHistory, len(lot))
		errs := make([]error, len(lot))
		inTurn(ctx, len(lot), len(lot), func(i int) { read[i], errs[i] = c.historyOf(ctx, lot[i], f) })
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range lot {
			if errs[i] != nil {
				return errs[i]
			}
			if err := form.model(&read[i]); err != nil {
				return err
			}
		}
	}
	return form.end()
}

// historyOf reads the history of a model.
func (c *connected) historyOf(ctx context.Context, m *config.Model, f historyFlags) (h modelHistory, err error) {
	h.model = m
	if h.records, err = c.recorded(ctx, m, f); err != nil {
		return h, err
	}
	if h.launches, err = c.Ledger.Launches(ctx, m.Name); err != nil {
		return h, err
	}
	if f.whole() {
		if h.records, err = c.Ledger.Whole(ctx, h.records); err != nil {
			return h, err
		}
		h.suggestions, err = c.Ledger.Suggestions(ctx, m.Name)
		return h, err
	}
	if !f.revisions {
		h.records = trigger.ShownOf(h.records)
	}
	if f.sentence && len(h.records) > 0 {
		h.newest, err = c.sentence(ctx, h.records)
	}
	return h, err
}

// sentence tells of the newest window that has its labels, or of the last one where none has.
func (c *connected) sentence(ctx context.Context, records []trigger.Record) (string, error) {
	whole, err := c.Ledger.Whole(ctx, newestAndBefore(records))
	if err != nil {
		return "", err
	}
	outcomes := make([]job.Outcome, len(whole))
	for k, r := range whole {
		if err := json.Unmarshal(r.Output, &outcomes[k]); err != nil {
			return "", fmt.Errorf("read recorded evaluation of %s: %w", r.Window, err)
		}
	}
	var previous *job.Outcome
	if len(outcomes) > 1 {
		previous = &outcomes[0]
	}
	newest := &outcomes[len(outcomes)-1]
	return newest.Window.Text(newest.TimeZone, "/") + ": " + report.Sentence(*newest, previous), nil
}

// newestAndBefore returns of records, of which a window may have several revisions, that of the newest
// window that has its labels, or of the last one where none has; and before it that of the window
// before, if there is one.
func newestAndBefore(records []trigger.Record) []trigger.Record {
	shown := trigger.ShownOf(slices.Clone(records))
	i := len(shown) - 1
	for k := range slices.Backward(shown) {
		if shown[k].Stage == trigger.StageMature {
			i = k
			break
		}
	}
	return shown[max(0, i-1) : i+1]
}

// recorded reads every revision of the windows that are asked for, without inputs and output.
func (c *connected) recorded(ctx context.Context, m *config.Model, f historyFlags) ([]trigger.Record, error) {
	from, err := f.from(m)
	if err != nil {
		return nil, err
	}
	newest := m.Grid().LastClosed(c.Clock())
	switch {
	case f.last > 0:
		records, err := c.Ledger.LastWindows(ctx, m.Name, newest, f.last)
		return slices.DeleteFunc(records, func(r trigger.Record) bool { return r.Window.Start.Before(from) }), err
	case f.since != "":
		return c.Ledger.Since(ctx, m.Name, from, newest)
	}
	return c.Ledger.Brief(ctx, m.Name)
}

// history puts together what `history -o json` shows.
func history(model string, records []trigger.Record, launches []trigger.LaunchStatus, suggestions []trigger.Suggestion) historyOutput {
	out := historyOutput{Model: model, Evaluations: []historyEntry{}, Runs: []historyRun{}, Suggestions: []trigger.Suggestion{}}
	out.Suggestions = append(out.Suggestions, suggestions...)
	for _, r := range records {
		out.Evaluations = append(out.Evaluations, historyEntry{
			r.Model, r.Window, r.GridName(), r.Stage, r.Revision, r.AsOf, r.RecordedAt, r.Verdict, r.Rules, r.Decision, r.PolicyHash, r.Inputs, r.Output, r.JudgedAgain,
		})
	}
	for _, l := range launches {
		run := historyRun{Launch: l.Launch, State: l.Latest, States: l.States}
		if r := l.Retracted; r != nil {
			run.Retracted = &historyRetraction{r.ObservedAt, r.Error}
		}
		if l.Terminal {
			end := l.FinishedAt
			run.FinishedAt = &end
		}
		out.Runs = append(out.Runs, run)
	}
	return out
}

// historyList writes the object of each model: alone of one model, of several as a list.
type historyList struct {
	w      io.Writer
	format string
	one    bool
	begun  bool
}

// begin implements historyForm.
func (*historyList) begin() error { return nil }

// model implements historyForm.
func (l *historyList) model(h *modelHistory) error {
	v := history(h.model.Name, h.records, h.launches, h.suggestions)
	switch {
	case l.one:
		return writeValue(l.w, l.format, v)
	case l.format == "yaml":
		return writeValue(l.w, l.format, []historyOutput{v})
	}
	before := ",\n  "
	if !l.begun {
		before = "[\n  "
	}
	l.begun = true
	data, err := json.MarshalIndent(v, "  ", "  ")
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	_, err = l.w.Write(append([]byte(before), data...))
	return err
}

// end implements historyForm.
func (l *historyList) end() error {
	if l.one || l.format == "yaml" {
		return nil
	}
	_, err := io.WriteString(l.w, "\n]\n")
	return err
}

// historyCSV writes a row for each window of all models.
type historyCSV struct{ w io.Writer }

// begin implements historyForm.
func (c historyCSV) begin() error { return c.write([][]string{historyHeader()}) }

// model implements historyForm.
func (c historyCSV) model(h *modelHistory) error { return c.write(historyRows(h.records, h.launches)) }

// end implements historyForm.
func (historyCSV) end() error { return nil }

// write writes rows as RFC 4180 has them.
func (c historyCSV) write(rows [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	_, err := c.w.Write(text.Bytes())
	return err
}

// historyPage writes a page: of one model its windows, of several a line each.
type historyPage struct {
	w       io.Writer
	several bool
	name    string // of the last model
	entries []report.Entry
}

// begin implements historyForm.
func (*historyPage) begin() error { return nil }

// model implements historyForm.
func (p *historyPage) model(h *modelHistory) error {
	if p.several {
		p.entries = append(p.entries, report.Entry{Model: h.model.Name, Zone: h.model.Grid().Zone(), Windows: h.records})
		return nil
	}
	p.name = h.model.Name
	for _, r := range h.records {
		p.entries = append(p.entries, report.Entry{Model: h.model.Name, Zone: r.Zone(), Windows: []trigger.Record{r}})
	}
	return nil
}

// end implements historyForm.
func (p *historyPage) end() error {
	page, err := report.IndexOfWindows(p.name, p.entries, report.Options{})
	if p.several {
		page, err = report.IndexOfModels(p.entries)
	}
	if err != nil {
		return err
	}
	_, err = p.w.Write(page)
	return err
}
