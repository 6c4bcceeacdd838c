package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/demo"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// demoCommand plays the days of a model that drifts.
func (a *App) demoCommand() *cobra.Command {
	var dir, to, task string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show Hindcast on a made-up log",
		Long: "Demo writes sixteen days of predictions and late labels to a folder, then does each\n" +
			"day's pass as of that day: files instead of object storage, a text file instead of a\n" +
			"Pushgateway, and a suggestion instead of a Kubeflow run.\n\n" +
			"The model predicts house prices, or with --task binary which parcels come late,\n" +
			"or with --task multiclass which desk a ticket is for.\n\n" +
			"With --to it puts the log alone into object storage, dated so that it ends\n" +
			"yesterday: data for a try-out in a cluster.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := demoLog(task)
			switch {
			case err != nil:
				return err
			case cmd.Flags().Changed("to") && cmd.Flags().Changed("dir"):
				return usagef("--dir and --to exclude each other")
			case cmd.Flags().Changed("to"):
				return a.demoUpload(cmd.Context(), log, to)
			}
			return a.demo(cmd.Context(), log, dir)
		},
	}
	cmd.Flags().StringVar(&task, "task", string(groundtruth.Regression), "what the model predicts: regression, binary or multiclass")
	cmd.Flags().StringVar(&dir, "dir", "hindcast-demo", "folder to write to")
	cmd.Flags().StringVar(&to, "to", "", "URL of an object store to put the log into, and do no more")
	return cmd
}

// demoLog returns the log of a task.
func demoLog(task string) (*demo.Log, error) {
	var have []string
	for _, log := range demo.Logs() {
		if string(log.Task) == task {
			return log, nil
		}
		have = append(have, string(log.Task))
	}
	return nil, usagef("--task %q: there are demos of %s", task, strings.Join(have, ", "))
}

// demoUpload puts the log into an object store.
func (a *App) demoUpload(ctx context.Context, log *demo.Log, to string) error {
	trustRoots()
	stores := a.stores(".")
	defer func() { _ = stores.Close() }()
	store, err := stores.Open(ctx, to)
	if err != nil {
		return err
	}
	start := a.Clock().UTC().Truncate(24*time.Hour).AddDate(0, 0, -demo.Days)
	if err := log.Upload(ctx, store, start); err != nil {
		return err
	}
	day := func(n int) string { return start.AddDate(0, 0, n).Format(time.DateOnly) }
	fmt.Fprintf(a.Stdout, "%s holds predictions of %s from %s to %s, their labels, up to %d days late, and a reference.\n", store.URL(), log.Predicts, day(0), day(demo.Days-1), demo.DelayDays)
	fmt.Fprintf(a.Stdout, "On %s %s. The newest day with all labels is %s.\n", day(demo.DriftDay), log.Change, day(demo.Days-1-demo.DelayDays))
	return nil
}

// demo lives through the days of the log.
func (a *App) demo(ctx context.Context, log *demo.Log, dir string) error {
	if err := log.Write(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, "hindcast.yaml")
	cfg, err := a.load(path)
	if err != nil {
		return err
	}
	m := cfg.Models[0]
	now := demo.Start()
	then := *a // the same process at another time
	then.Clock = func() time.Time { return now }
	if !a.verbose {
		then.log = slog.New(slog.DiscardHandler)
	}
	c, err := then.connect(ctx, cfg, groundtruth.Limits{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	c.Progress = nil

	drift := demo.Start().AddDate(0, 0, demo.DriftDay)
	sayf(a.Stdout, "A model predicts %s, %d days of them from %s. Labels come up to %d days late.", log.Predicts, demo.Days, demo.Start().Format(time.DateOnly), demo.DelayDays)
	sayf(a.Stdout, "On %s %s. Every night at 03:00 Hindcast looks.", drift.Format(time.DateOnly), log.Change)
	fmt.Fprintln(a.Stdout)
	story := demoStory{w: a, log: log, model: m.Name}
	for day := demo.DelayDays + 1; day <= demo.Days; day++ {
		now = demo.Start().AddDate(0, 0, day).Add(3 * time.Hour)
		outcomes, err := c.Pass(ctx, m, job.Options{})
		if err != nil {
			return err
		}
		story.night(now, outcomes)
	}
	story.end(cfg, path, dir)
	return nil
}

// demoStory tells what the passes found.
type demoStory struct {
	w                     *App
	log                   *demo.Log
	model                 string
	begun                 bool         // there is a line, and the header above it
	newest                *job.Outcome // the last mature window
	drift, breach         *job.Outcome // the first of each
	suggested             *job.Outcome
	driftNight, breachDay time.Time
}

// night tells of one pass in a line or two.
func (s *demoStory) night(now time.Time, outcomes []job.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		if !s.begun {
			s.begun = true
			writeLine(s.w.Stdout, nightHeader(o))
		}
		lead, text := nightLine(lookOf(s.w.Stdout), now, o)
		say(s.w.Stdout, lead, text)
		s.remember(now, o)
	}
}

// remember keeps the windows that end shows: the last one with labels, and the first with drift,
// with a breach and with a suggestion.
func (s *demoStory) remember(now time.Time, o *job.Outcome) {
	if o.Stage == trigger.StageMature {
		s.newest = o
	}
	switch {
	case o.Stage == trigger.StageClosed && o.Verdict == rule.Breached && s.drift == nil:
		s.drift, s.driftNight = o, now
	case o.Stage == trigger.StageMature && s.breach == nil:
		for _, r := range o.Rules {
			if r.Name == s.log.Rule && r.Verdict == rule.Breached {
				s.breach, s.breachDay = o, now
			}
		}
	}
	if o.Decision.Guard == trigger.GuardMode && s.suggested == nil {
		s.suggested = o
	}
}

// end says what was found, where things are and what to do next. The last line is the path of the
// report.
func (s *demoStory) end(cfg *config.Config, path, dir string) {
	w := s.w.Stdout
	show := func(title string, o *job.Outcome) {
		if o != nil {
			heading(w, title)
			sayf(w, "%s  %s", o.Window.Days(o.TimeZone), report.Sentence(*o, nil))
		}
	}
	show("Drift, seen the night after it set in, without labels", s.drift)
	show("The "+s.log.Effect+", seen when its labels had matured", s.breach)
	if s.drift != nil && s.breach != nil {
		fmt.Fprintln(w)
		sayf(w, "Drift was seen on %s, the %s it causes on %s: %.0f days earlier.",
			s.driftNight.Format(time.DateOnly), s.log.Effect, s.breachDay.Format(time.DateOnly), s.breachDay.Sub(s.driftNight).Hours()/24)
	}
	if o := s.breach; o != nil && o.Estimated != nil {
		estimated, found := o.Estimated.Metrics[s.log.Rule], o.Metrics[s.log.Rule]
		sayf(w, "The estimate of %s before the labels was %s, and they showed %s: it goes by the scores, and does not see that the same score means something else now.",
			s.log.Rule, report.Number(estimated.Value), report.Number(found.Value))
	}
	if o := s.suggested; o != nil {
		d := o.Decision
		heading(w, "The retraining that mode auto would start")
		sayf(w, "%s", d.Reason)
		sayf(w, "key %s, run name %s", d.Key, d.Run)
	}
	heading(w, "Where things are")
	fmt.Fprintf(w, "configuration  %s\nledger         %s\nmetrics        %s\nreports        %s\n",
		path, filepath.Join(cfg.Dir, "state"), cfg.Publish.Textfile.Path, filepath.Join(dir, "reports", "index.html"))
	heading(w, "Try next, with hindcast on your PATH (make demo has put it into bin)")
	day := demo.Start().AddDate(0, 0, demo.DriftDay)
	fmt.Fprintf(w, "hindcast history -c %s\n", path)
	fmt.Fprintf(w, "hindcast run -c %s --window %s/%s -o json\n", path, day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly))
	fmt.Fprintf(w, "hindcast run -c %s --window %s/%s --as-of %s\n", path, day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly), day.AddDate(0, 0, 2).Format(time.DateOnly))
	sayf(w, "then point predictions.url and ground_truth.url of a copy of %s at your own files, and hindcast check --data -c it", filepath.Base(path))
	if s.newest != nil {
		heading(w, "The report: open it in a browser")
		fmt.Fprintln(w, filepath.Join(dir, "reports", filepath.FromSlash(report.PathOf(s.model, s.newest.Window))))
	}
}

// heading begins a part of the story.
func heading(w io.Writer, text string) {
	fmt.Fprintln(w)
	say(w, nil, styled(strongStyle, "== "+text))
}
