package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// stretch holds the flags of run that ask for a backfill.
type stretch struct{ from, to string }

// asked reports whether a backfill is asked for.
func (s stretch) asked() bool { return s.from != "" || s.to != "" }

// check compares the flags with the others of run, and with the form of the output.
func (s stretch) check(cmd *cobra.Command, output string) error {
	if !s.asked() {
		if output == formatCSV {
			return usagef("-o csv has a row for each window of a stretch: give --from, or -o json")
		}
		return nil
	}
	if output == formatHTML {
		return usagef("-o html shows one pass: with --from give --report FILE, which shows the newest window")
	}
	if s.from == "" {
		return usagef("--to is the end of a stretch that begins at --from; give both")
	}
	for _, other := range []struct{ flag, why string }{
		{"window", "it judges one window, and --from all of a stretch"},
		{"as-of", "--from looks at each window as of the moment when it was due"},
		{"launch", "the past starts no run"},
		{"shard", "shards share out the windows of a pass"},
		{"merge", "a merge judges the windows of a pass"},
		{"executor-input", "a task makes a pass"},
	} {
		if cmd.Flags().Changed(other.flag) {
			return usagef("--from and --%s exclude each other: %s", other.flag, other.why)
		}
	}
	if cmd.Flags().Changed("report") && cmd.Flags().Changed("dry-run") {
		return usagef("--report shows with --from what is recorded, and --dry-run records nothing; give one of them")
	}
	return nil
}

// of returns the stretch for a model, in whose zone dates begin, and which ends now where
// --to is not given.
func (s stretch) of(m *config.Model, now time.Time) (from, to time.Time, err error) {
	zone := m.Grid().Zone()
	if from, err = groundtruth.ParseTimeIn(s.from, zone); err != nil {
		return from, to, usagef("--from: %w", err)
	}
	if to = now; s.to != "" {
		if to, err = groundtruth.ParseTimeIn(s.to, zone); err != nil {
			return from, to, usagef("--to: %w", err)
		}
	}
	switch {
	case from.After(now):
		return from, to, usagef("--from %s lies in the future", s.from)
	case to.After(now):
		return from, to, usagef("--to %s lies in the future; without --to the stretch ends now", s.to)
	case !from.Before(to):
		return from, to, usagef("--to %s does not lie after --from %s", s.to, s.from)
	}
	return from, to, nil
}

// backfill judges the windows of a stretch of the past, of each model.
func (a *App) backfill(ctx context.Context, c *connected, s stretch, output string, opt job.BackfillOptions) ([]job.Outcome, error) {
	plans := make([]*job.Backfill, len(c.models))
	for i, m := range c.models {
		from, to, err := s.of(m, c.Clock())
		if err != nil {
			return nil, err
		}
		if plans[i], err = c.PlanBackfill(m, from, to); err != nil {
			return nil, usagef("--from: %w", err)
		}
	}
	var story nights
	switch output {
	case "table":
		if !a.verbose {
			// The lines of the nights say what the log would.
			quiet, err := a.logger(slog.LevelWarn)
			if err != nil {
				return nil, err
			}
			c.Log = quiet
		}
		story = newNightTable(a, c.models)
	case formatCSV:
		story = newNightList(a.Stdout, len(plans), csvListOf(c.models))
	case "yaml":
		story = newNightList(a.Stdout, len(plans), yamlList{})
	default:
		story = newNightList(a.Stdout, len(plans), jsonList{})
	}
	newest, failed := c.backfills(ctx, a.log, plans, opt, story)
	if err := story.end(); err != nil {
		return nil, err
	}
	if failed {
		return nil, errReported
	}
	return newest, nil
}

// nights is told of what backfills judge, from several goroutines, and shows it.
type nights interface {
	// night is told of the windows of a model, of which there are so many, at one moment.
	night(model int, asOf time.Time, outcomes []job.Outcome) error
	// done is told that a model is done with.
	done(model int) error
	end() error
}

// backfills does the backfill of each model. It returns each one's newest window as it was
// judged last, and whether anything failed; one model's failure leaves the others alone.
func (c *connected) backfills(ctx context.Context, log *slog.Logger, plans []*job.Backfill, opt job.BackfillOptions, story nights) (newest []job.Outcome, failed bool) {
	if c.textfile != nil {
		c.textfile.Hold()
	}
	total := newTally(c.Clock())
	c.Observe = total.add
	last := make([]*job.Outcome, len(plans))
	errs := make([]error, len(plans))
	c.screen.begin(len(plans))
	inTurn(ctx, len(plans), c.atOnce, func(i int) {
		each := opt
		each.Night = func(asOf time.Time, outcomes []job.Outcome) error {
			for _, o := range outcomes {
				if last[i] == nil || !o.Window.Start.Before(last[i].Window.Start) {
					last[i] = &o
				}
			}
			return story.night(i, asOf, outcomes)
		}
		if errs[i] = c.Backfill(ctx, plans[i], each); errs[i] == nil {
			errs[i] = story.done(i)
		}
		total.pass(errs[i] != nil)
		c.screen.model()
	})
	c.screen.end()
	for i, m := range c.models {
		switch {
		case errs[i] != nil && opt.DryRun:
			log.Error("backfill failed", "model", m.Name, "err", errs[i])
		case errs[i] != nil:
			log.Error("backfill failed; what it judged before is recorded, and the same command goes on from there", "model", m.Name, "err", errs[i])
		}
		failed = failed || errs[i] != nil
		if last[i] != nil {
			newest = append(newest, *last[i])
		}
	}
	log.Info("run finished", total.values(c.Clock())...)
	if err := c.flush(context.WithoutCancel(ctx)); err != nil {
		log.Error("publishing failed", "err", err)
		failed = true
	}
	return newest, failed || ctx.Err() != nil
}

// nightTable shows backfills to people: a line as each window is judged, and in the end a
// table of each model.
type nightTable struct {
	w      io.Writer
	screen *screen
	widest int // how wide the names of models are; 0 where there is one, whose lines don't name it

	mu     sync.Mutex
	begun  bool // there is a line, and the header above it
	models []modelNights
}

func newNightTable(a *App, models []*config.Model) *nightTable {
	t := &nightTable{w: a.Stdout, screen: a.screen, models: make([]modelNights, len(models))}
	if len(models) > 1 {
		t.widest = len("model")
		for _, m := range models {
			t.widest = max(t.widest, textWidth(visible(m.Name)))
		}
	}
	return t
}

// modelNights holds what the table of a model has.
type modelNights struct {
	name  string
	zone  groundtruth.Zone
	lines []windowLine
	notes noteList
}

// night implements nights.
func (t *nightTable) night(model int, asOf time.Time, outcomes []job.Outcome) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := &t.models[model]
	var lines [][2]painted // what each begins with, and the rest
	for i := range outcomes {
		o := &outcomes[i]
		of.name, of.zone = o.Model, o.TimeZone
		of.lines = append(of.lines, lineOfOutcome(o))
		for _, note := range o.Notes {
			of.notes.add(o.Window.Text(o.TimeZone, "/"), note)
		}
		model, header := "", ""
		if t.widest > 0 {
			name := visible(o.Model)
			model, header = name+strings.Repeat(" ", t.widest-textWidth(name)+2), fmt.Sprintf("%-*s  ", t.widest, "model")
		}
		if !t.begun {
			t.begun = true
			lines = append(lines, [2]painted{styled(faintStyle, header), nightHeader(o)})
		}
		lead, text := nightLine(lookOf(t.w), asOf, o)
		lines = append(lines, [2]painted{plain(model).and(lead), text})
	}
	t.screen.beside(func() {
		for _, line := range lines {
			say(t.w, line[0], line[1])
		}
	})
	return nil
}

// done implements nights.
func (*nightTable) done(int) error { return nil }

// end implements nights.
func (t *nightTable) end() error {
	for _, of := range t.models {
		if len(of.lines) > 0 {
			of.render(t.w)
		}
	}
	return nil
}

// nightList shows backfills to programs: all that was judged, models in the file's order
// and each in the order of time. What comes early of a later model waits in memory.
type nightList struct {
	w    io.Writer
	form listForm

	mu      sync.Mutex
	begun   bool
	turn    int // the model that is written
	ended   []bool
	waiting [][][]byte // of each model
}

// listForm is how a list of outcomes is written.
type listForm interface {
	begin() []byte
	item(o *job.Outcome) ([]byte, error)
	between() []byte
	end(empty bool) []byte
}

func newNightList(w io.Writer, models int, form listForm) *nightList {
	return &nightList{w: w, form: form, ended: make([]bool, models), waiting: make([][][]byte, models)}
}

// night implements nights.
func (l *nightList) night(model int, _ time.Time, outcomes []job.Outcome) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range outcomes {
		item, err := l.form.item(&outcomes[i])
		if err != nil {
			return err
		}
		l.waiting[model] = append(l.waiting[model], item)
	}
	return l.write()
}

// done implements nights.
func (l *nightList) done(model int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended[model] = true
	return l.write()
}

// write writes what is no longer waiting for an earlier model.
func (l *nightList) write() error {
	for l.turn < len(l.ended) {
		for _, item := range l.waiting[l.turn] {
			before := l.form.between()
			if !l.begun {
				before = l.form.begin()
			}
			l.begun = true
			if _, err := l.w.Write(slices.Concat(before, item)); err != nil {
				return err
			}
		}
		l.waiting[l.turn] = nil
		if !l.ended[l.turn] {
			return nil
		}
		l.turn++
	}
	return nil
}

// end implements nights.
func (l *nightList) end() error {
	for i := range l.ended {
		if err := l.done(i); err != nil { // one that failed is written as far as it came
			return err
		}
	}
	_, err := l.w.Write(l.form.end(!l.begun))
	return err
}
