package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/notify"
	"github.com/hindcast/hindcast/trigger"
)

// notifyCommand has the command below it try the receivers.
func (a *App) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try whether messages get through",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; see hindcast notify --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.notifyTestCommand())
	return cmd
}

// notifyTestCommand sends a message through each receiver.
func (a *App) notifyTestCommand() *cobra.Command {
	var (
		path, name string
		only       []string
		dry        bool
	)
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Send a message that is marked as a test to each receiver",
		Long: "Test sends one message to each receiver of the configuration, with the newest figures of\n" +
			"a model and their chart, and says of each whether it came through and what to do where\n" +
			"it did not. It records nothing.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, r := range only {
				if !slices.Contains(receiverNames(), r) {
					return usagef("--receiver %q: there are %s", r, strings.Join(receiverNames(), ", "))
				}
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, func(cfg *config.Config) ([]*config.Model, error) {
				if name == "" {
					return cfg.Models[:1], nil
				}
				return models(cfg, []string{name})
			})
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			picked, err := pickReceivers(c, only)
			if err != nil {
				return err
			}
			e, err := a.testEvent(cmd.Context(), c)
			if err != nil {
				return err
			}
			return a.sendTest(cmd.Context(), e, picked, dry)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&name, "model", "", "the model whose figures are sent (default the first)")
	cmd.Flags().StringArrayVar(&only, "receiver", nil, "only this receiver: slack, email, webhook or alertmanager (repeatable)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the message and send nothing")
	return cmd
}

// receiverNames are the keys of receivers in the configuration.
func receiverNames() []string { return []string{"slack", "email", "webhook", "alertmanager"} }

// namedReceiver is a receiver with the key that it has in the configuration.
type namedReceiver struct {
	key string
	job.Notifier
}

// pickReceivers returns the receivers that are named, all where none is.
func pickReceivers(c *connected, only []string) ([]namedReceiver, error) {
	var out []namedReceiver
	for _, n := range c.Notifiers {
		key := ""
		switch n.(type) {
		case *notify.Slack:
			key = "slack"
		case *notify.Email:
			key = "email"
		case *notify.Webhook:
			key = "webhook"
		case *notify.Alertmanager:
			key = "alertmanager"
		}
		if len(only) == 0 || slices.Contains(only, key) {
			out = append(out, namedReceiver{key, n})
		}
	}
	for _, key := range only {
		if !slices.ContainsFunc(out, func(r namedReceiver) bool { return r.key == key }) {
			return nil, configError{fmt.Errorf("%s has no notify.%s", c.cfg.File, key)}
		}
	}
	if len(out) == 0 {
		return nil, configError{fmt.Errorf("%s has no receiver: give it notify.slack, notify.email, notify.webhook or notify.alertmanager", c.cfg.File)}
	}
	return out, nil
}

// testEvent makes the event of a test, of the newest window that the ledger holds, or of
// figures that are made up where it holds none.
func (a *App) testEvent(ctx context.Context, c *connected) (job.Event, error) {
	m := c.models[0]
	now := a.Clock().UTC()
	e := job.Event{Kind: job.EventTest, Model: m.Name, Time: now, TimeZone: m.Grid().Zone(), Until: now.Add(5 * time.Minute)}
	story, err := c.Story(ctx, m, nil, c.Illustrator.Windows())
	var nothing *job.NothingRecordedError
	windows := story.Windows
	switch {
	case errors.As(err, &nothing):
		windows = madeUp(m.Grid(), now)
	case err != nil:
		return e, err
	}
	last := &windows[len(windows)-1]
	e.Outcome, e.Window = &last.Outcome, &last.Window
	e.Rules = testRule(last.Rules)
	if len(e.Rules) > 0 {
		if err := job.Illustrate(c.Illustrator, &e, windows); err != nil {
			return e, err
		}
	}
	if nothing != nil {
		e.Sentence = "Nothing is recorded of the model yet: the figures of this message are made up."
	}
	return e, job.Link(c.Links, &e)
}

// testRule picks the rule of a window whose figure a test shows: one on a metric, else any.
func testRule(rules []rule.Result) []rule.Result {
	i := slices.IndexFunc(rules, func(r rule.Result) bool {
		return slices.ContainsFunc(r.Comparisons, func(c rule.Comparison) bool {
			_, ok := metric.Find(c.Variable)
			return ok
		})
	})
	if len(rules) == 0 {
		return nil
	}
	i = max(i, 0)
	return rules[i : i+1]
}

// madeUp is a fortnight of windows of an error that rises.
func madeUp(grid groundtruth.Grid, now time.Time) []job.Told {
	const windows = 14
	nan := stat.Number(math.NaN())
	w := grid.LastClosed(now)
	out := make([]job.Told, windows)
	for i := windows - 1; i >= 0; i-- {
		value := stat.Number(1 + float64(0.02*float64(i%3)))
		verdict := rule.Healthy
		if i > windows-4 {
			value, verdict = value+0.4, rule.Breached
		}
		o := job.Outcome{Window: w, TimeZone: grid.Zone(), OnGrid: true, Stage: trigger.StageMature, Verdict: verdict}
		o.Metrics = map[string]metric.Result{"rmse": {Value: value, Low: value - 0.1, High: value + 0.1, N: 1000}}
		o.Coverage.Predictions, o.Coverage.Coverage = 1000, nan
		o.Rules = []rule.Result{{Name: "test", Verdict: verdict, Comparisons: []rule.Comparison{{Left: "rmse", Op: ">", Right: "1.2", LeftValue: value, RightValue: 1.2, Variable: "rmse"}}}}
		out[i] = job.Told{Outcome: o}
		w = grid.Prev(w)
	}
	return out
}

// sendTest sends an event to receivers, one after another, and says how each went.
func (a *App) sendTest(ctx context.Context, e job.Event, to []namedReceiver, dry bool) error {
	if dry {
		fmt.Fprint(a.Stdout, notify.Text(e))
		if p := e.Picture; p != nil {
			fmt.Fprintf(a.Stdout, "With a picture: %s\n", p.Title)
		}
		for _, r := range to {
			fmt.Fprintf(a.Stdout, "It would go to %s.\n", r.Name())
		}
		return nil
	}
	failed := false
	for _, r := range to {
		if err := r.Notify(ctx, e); err != nil {
			failed = true
			fmt.Fprintf(a.Stdout, "%-12s  failed  %s: %v\n", r.key, r.Name(), a.secrets.Error(err))
			continue
		}
		fmt.Fprintf(a.Stdout, "%-12s  ok      %s\n", r.key, r.Name())
	}
	if failed {
		return errReported
	}
	return nil
}
