package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
)

// runFlags holds the flags of run, and what a task of Kubeflow Pipelines says in their place.
type runFlags struct {
	path, window, asOf string
	names              []string
	opt                job.Options
	engine             engineFlags
	past               stretch
	shards             string
	executorInput      string
	output, reportFile string
	details, detailed  bool

	task *report.Task // nil where it is none
}

// runCommand does one pass of each model, or judges one window.
func (a *App) runCommand() *cobra.Command {
	var r runFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Evaluate what has become mature, or one window",
		Long: "Run judges, per model, the mature windows that are not in the ledger and the\n" +
			"newest closed one. With --window it judges just that window; with --as-of in the\n" +
			"past it looks as one would have looked then. Both push, launch and notify only\n" +
			"where --push or --launch ask for it.\n\n" +
			"With --from it judges all windows of a stretch of the past, each as the pass of that\n" +
			"day would have, and tells and starts nothing.",
		Example: "  hindcast run -c hindcast.yaml\n" +
			"  hindcast run -c hindcast.yaml --window 2026-01-01/2026-01-02 -o json\n" +
			"  hindcast run -c hindcast.yaml --from 2026-01-01 --to 2026-02-01\n" +
			"  hindcast run -c hindcast.yaml --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.check(cmd); err != nil {
				return err
			}
			if r.executorInput != "" {
				var err error
				if r.task, err = a.task(cmd, r.executorInput, &r.path, &r.names, &r.opt); err != nil {
					return err
				}
			}
			return a.run(cmd.Context(), &r)
		},
	}
	configFlag(cmd, &r.path)
	f := cmd.Flags()
	f.StringArrayVar(&r.names, "model", nil, "only this model (repeatable)")
	f.StringVar(&r.window, "window", "", "judge just this window: START/END, RFC 3339 or dates, half-open")
	f.StringVar(&r.asOf, "as-of", "", "look at the logs as they were at this time")
	f.StringVar(&r.past.from, "from", "", "judge all windows from this time on as the passes of then would have: RFC 3339 or a date")
	f.StringVar(&r.past.to, "to", "", "with --from: up to this time, which is not part of it (default now)")
	f.BoolVar(&r.opt.DryRun, "dry-run", false, "do everything but push, launch, notify and write")
	f.BoolVar(&r.opt.Push, "push", false, "with --window or --as-of: push metrics and notify; with --from: push the newest window")
	f.BoolVar(&r.opt.Launch, "launch", false, "with --window or --as-of: start retraining and notify")
	f.StringVarP(&r.output, "output", "o", "table", "table, json, yaml or html; with --from table, json, yaml or csv")
	f.StringVar(&r.reportFile, "report", "", "write what was judged to this file too, as one HTML page")
	f.BoolVar(&r.details, "details", false, "of several models: show each window whole, instead of a line")
	f.StringVar(&r.executorInput, "executor-input", "", "as a task of Kubeflow Pipelines: {{$}}, which its launcher replaces")
	f.BoolVar(&r.detailed, "detailed-exitcode", false, "exit with 10 breached, 11 a run was started, 12 inconclusive")
	f.StringVar(&r.shards, "shard", "", "read only this part of the windows and keep it for --merge: I/N from 0, or auto/N in an Indexed Job")
	f.BoolVar(&r.opt.Merge, "merge", false, "take what shards have read, and act as a pass does")
	addEngineFlags(cmd, &r.engine)
	addProfileFlags(cmd)
	return cmd
}

// check refuses flags that exclude each other, and an unknown form of output.
func (r *runFlags) check(cmd *cobra.Command) error {
	if err := r.past.check(cmd, r.output); err != nil {
		return err
	}
	if r.details && (r.output != "table" || r.past.asked() || r.shards != "") {
		return usagef("--details is for the table of several models' windows: leave it out with --from, --shard and other outputs, which have all")
	}
	if r.output == formatCSV || r.output == formatHTML {
		return nil
	}
	return checkOutput(r.output)
}

// page reports whether a page is wanted of what is judged.
func (r *runFlags) page() bool {
	return r.output == formatHTML || r.reportFile != "" || r.task != nil
}

// lookFrom reads --as-of, which is no later than now.
func (r *runFlags) lookFrom(now time.Time) error {
	if r.asOf == "" {
		return nil
	}
	t, err := groundtruth.ParseTime(r.asOf)
	if err != nil {
		return usagef("--as-of: %w", err)
	}
	if t.After(now) {
		return usagef("--as-of %s lies in the future; windows and labels after now cannot be seen", r.asOf)
	}
	r.opt.AsOf = t
	return nil
}

// run does what the flags ask for: passes, a backfill, or the part of a shard.
func (a *App) run(ctx context.Context, r *runFlags) error {
	now := a.Clock()
	if err := r.lookFrom(now); err != nil {
		return err
	}
	mine, err := a.sharding(r.shards, r.window != "", r.page(), &r.opt)
	if err != nil {
		return err
	}
	c, err := a.openToJudge(ctx, r.path, r.engine, named(r.names))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if r.past.asked() {
		return a.runPast(ctx, c, r)
	}
	windows, err := c.windowsOf(r.window, cmp.Or(r.opt.AsOf, now))
	if err != nil {
		return err
	}
	if r.shards != "" {
		units, failed := c.keep(ctx, mine, r.opt.AsOf)
		if err := a.writeUnits(r.output, units, r.opt.AsOf); err != nil {
			return err
		}
		if failed {
			return errReported
		}
		return nil
	}
	if r.opt.Merge && r.opt.AsOf.IsZero() {
		if r.opt.AsOf, err = c.mergeAsOf(ctx); err != nil {
			return err
		}
	}
	return a.runPasses(ctx, c, r, now, windows)
}

// runPast judges a stretch of the past.
func (a *App) runPast(ctx context.Context, c *connected, r *runFlags) error {
	newest, err := a.backfill(ctx, c, r.past, r.output, job.BackfillOptions{DryRun: r.opt.DryRun, Push: r.opt.Push})
	if err == nil && r.reportFile != "" {
		err = a.reportBackfill(ctx, c, r.reportFile, newest)
	}
	if err == nil && r.detailed {
		a.exit = detailedStatus(newest)
	}
	return err
}

// runPasses does the pass of each model and shows what they found.
func (a *App) runPasses(ctx context.Context, c *connected, r *runFlags, now time.Time, windows map[string]*groundtruth.Window) error {
	pages := newPageMaker(c.models)
	if r.page() {
		r.opt.Reporter = pages
	}
	outcomes, failures, undelivered := c.passes(ctx, func(m *config.Model) job.Options {
		of := r.opt
		of.Window = windows[m.Name]
		return of
	})
	if undelivered != nil {
		a.log.Error("publishing failed", "err", undelivered)
	}
	switch {
	case r.output == "table" && len(c.models) > 1 && !r.details:
		writeOverview(a.Stdout, overviewsOf(c.models, outcomes, failures), outcomes)
	case r.output != formatHTML:
		if err := writeOutcomes(a.Stdout, r.output, outcomes); err != nil {
			return err
		}
	}
	if r.page() {
		if err := a.writePages(r, pages.page(now, outcomes, failures)); err != nil {
			return err
		}
	}
	if len(failures) > 0 || undelivered != nil {
		return errReported
	}
	if r.detailed {
		a.exit = detailedStatus(outcomes)
	}
	return nil
}

// writePages writes what passes found as a page to where it is wanted: to standard output, to a
// file, and to a task's outputs.
func (a *App) writePages(r *runFlags, page report.Page) error {
	if r.output == formatHTML || r.reportFile != "" {
		html, err := page.HTML()
		if err != nil {
			return err
		}
		if r.output == formatHTML {
			if _, err := a.rawOut.Write(html); err != nil {
				return err
			}
		}
		if err := a.writePage(r.reportFile, html); err != nil {
			return err
		}
	}
	if r.task != nil {
		return r.task.Write(page)
	}
	return nil
}

// sharding checks --shard and --merge against the other flags, and fills in the as-of of
// a shard that is told none.
func (a *App) sharding(text string, window, page bool, opt *job.Options) (shard, error) {
	switch {
	case text == "" && !opt.Merge:
		return shard{}, nil
	case text != "" && opt.Merge:
		return shard{}, usagef("--shard reads what --merge judges later; give one of them")
	}
	flag := "--merge"
	if text != "" {
		flag = "--shard"
	}
	switch {
	case window:
		return shard{}, usagef("%s shares out the windows of a pass; leave out --window", flag)
	case opt.Push || opt.Launch:
		return shard{}, usagef("%s takes no --push and --launch: a shard does neither, and a merge does both as a pass does", flag)
	case text == "":
		return shard{}, nil
	case opt.DryRun || page:
		return shard{}, usagef("--shard does nothing but keep what it reads; leave out --dry-run, --executor-input, --report and -o html")
	}
	s, err := parseShard(text, a.Env)
	if err != nil {
		return s, usagef("--shard: %w", err)
	}
	if opt.AsOf.IsZero() {
		opt.AsOf = shardAsOf(a.Clock())
	}
	return s, nil
}

// task reads what Kubeflow Pipelines tells a task. Its inputs stand for flags: the
// configuration itself, which models, whether it is a dry run.
func (a *App) task(cmd *cobra.Command, input string, path *string, names *[]string, opt *job.Options) (*report.Task, error) {
	t, err := report.ParseTask(input)
	if err != nil {
		return nil, usagef("--executor-input: %w", err)
	}
	if len(t.Config) > 0 {
		if cmd.Flags().Changed("config") {
			return nil, usagef("--config and the input config of --executor-input are both given; leave one out")
		}
		*path, a.configData = "hindcast.yaml", t.Config
	}
	if len(*names) == 0 {
		*names = t.Models
	}
	opt.DryRun = opt.DryRun || t.DryRun
	return t, nil
}

func addEngineFlags(cmd *cobra.Command, e *engineFlags) {
	f := cmd.Flags()
	f.StringVar(&e.memory, "memory", "512MiB", "memory of the process, beyond which the join spills to disk")
	f.StringVar(&e.spillDir, "spill-dir", "", "folder to spill to (default the system's temporary folder)")
	f.IntVar(&e.workers, "workers", 0, "threads that read (default all cores)")
}

// detailedStatus returns the exit status of --detailed-exitcode: over several windows a
// started run beats breached beats inconclusive (semantics, section 6). A window on
// which no rule was judged counts for nothing.
func detailedStatus(outcomes []job.Outcome) int {
	status := exitDone
	for _, o := range outcomes {
		switch {
		case o.Decision.Started:
			return exitStarted
		case o.Verdict == rule.Breached:
			status = exitBreached
		case o.Verdict == rule.Inconclusive && len(o.Rules) > 0 && status == exitDone:
			status = exitInconclusive
		}
	}
	return status
}
