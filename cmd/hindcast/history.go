package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
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

// historyCommand shows what the ledger has of a model.
func (a *App) historyCommand() *cobra.Command {
	var path, name, output string
	var last int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show a model's evaluations, decisions and runs",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if cmd.Flags().Changed("last") && last < 1 {
				return usagef("--last is how many windows to show: at least 1")
			}
			ctx := cmd.Context()
			c, err := a.open(ctx, path, engineFlags{}, only(name))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			m := c.models[0]
			records, err := recorded(ctx, c, m, last, output != "table")
			if err != nil {
				return err
			}
			launches, err := c.Ledger.Launches(ctx, m.Name)
			if err != nil {
				return err
			}
			suggestions, err := c.Ledger.Suggestions(ctx, m.Name)
			if err != nil {
				return err
			}
			if output != "table" {
				return writeValue(a.Stdout, output, history(m.Name, records, launches, suggestions))
			}
			a.historyTable(records, launches)
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&name, "model", "", "the model (may be left out when there is one)")
	cmd.Flags().IntVar(&last, "last", 0, "only the newest so many windows")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json or yaml")
	return cmd
}

// recorded reads the model's evaluations: of the last windows, or of all where last is
// 0; whole, with inputs and output, or as much of them as the table shows.
func recorded(ctx context.Context, c *connected, m *config.Model, last int, whole bool) ([]trigger.Record, error) {
	switch {
	case last > 0:
		records, err := c.Ledger.LastWindows(ctx, m.Name, m.Grid().LastClosed(c.Clock()), last)
		if err != nil || !whole {
			return records, err
		}
		return c.Ledger.Whole(ctx, records)
	case whole:
		return c.Ledger.History(ctx, m.Name)
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

// historyTable shows the same as tables.
func (a *App) historyTable(records []trigger.Record, launches []trigger.LaunchStatus) {
	t := newTable(a.Stdout, "window", "rev", "stage", "verdict", "decision", "why")
	for _, r := range records {
		t.AppendRow(table.Row{r.Window.Text(r.Zone(), "/"), r.Revision, r.Stage, r.Verdict.String(), r.Decision.Action, r.Decision.Reason})
	}
	if len(records) == 0 {
		fmt.Fprintln(a.Stdout, "no evaluation is recorded yet")
	} else {
		t.Render()
	}
	if len(launches) > 0 {
		fmt.Fprintln(a.Stdout)
		runsTable(a.Stdout, launches)
	}
}
