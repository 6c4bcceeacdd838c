package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
)

// pruneOutput is the object of `prune -o json`.
type pruneOutput struct {
	Before time.Time    `json:"before"`
	DryRun bool         `json:"dry_run"`
	Models []job.Pruned `json:"models"`
}

// pruneCommand removes what is old from the state.
func (a *App) pruneCommand() *cobra.Command {
	var path, olderThan, output string
	var names []string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what is old from the state",
		Long: "Prune removes evaluations, answers, messages, suggestions and outages that are older\n" +
			"than an age, but for what passes still go by, and the reports of windows that old. Runs\n" +
			"are never removed, and passes judge nothing again and tell nothing again because of it.",
		Example: "  hindcast prune -c hindcast.yaml --older-than 400d --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if olderThan == "" {
				return usagef("--older-than is required, such as 400d")
			}
			age, err := config.ParseDuration(olderThan)
			if err != nil {
				return usagef("--older-than: %w", err)
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, named(names))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			if err := job.OldEnough(c.models, age); err != nil {
				return usagef("--older-than %s: %w", olderThan, err)
			}
			out := pruneOutput{Before: c.Clock().UTC().Add(-age), DryRun: dryRun, Models: []job.Pruned{}}
			failed := false
			for _, m := range c.models {
				pruned, err := c.Prune(cmd.Context(), m, age, dryRun)
				if err == nil && c.reports != nil {
					err = c.pruneReports(cmd.Context(), &pruned, out.Before, dryRun)
				}
				if err != nil {
					c.Log.Error("prune failed; the same command goes on from there", "model", m.Name, "err", err)
					failed = true
				}
				out.Models = append(out.Models, pruned)
			}
			if output == "table" {
				a.pruneTable(&out)
			} else if err := writeValue(a.Stdout, output, out); err != nil {
				return err
			}
			if failed {
				return errReported
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	f := cmd.Flags()
	f.StringVar(&olderThan, "older-than", "", "the age, such as 400d; required")
	f.StringArrayVar(&names, "model", nil, "only this model (repeatable)")
	f.BoolVar(&dryRun, "dry-run", false, "show what would be removed, and remove nothing")
	f.StringVarP(&output, "output", "o", "table", "table, json or yaml")
	return cmd
}

// pruneReports removes the old reports of a model, or says what it would.
func (c *connected) pruneReports(ctx context.Context, of *job.Pruned, before time.Time, dryRun bool) error {
	removed, err := c.reports.Prune(ctx, of.Model, before, dryRun)
	if removed.Objects > 0 {
		of.Removed = append(of.Removed, job.PrunedKind{Kind: "reports", Objects: removed.Objects, Bytes: removed.Bytes})
	}
	return err
}

// pruneTable shows what was removed, and what was kept and why.
func (a *App) pruneTable(out *pruneOutput) {
	verb := "removed"
	if out.DryRun {
		verb = "would be removed"
	}
	for i := range out.Models {
		p := &out.Models[i]
		if i > 0 {
			fmt.Fprintln(a.Stdout)
		}
		sayf(a.Stdout, "%s  before %s", p.Model, out.Before.Format(time.RFC3339))
		t := newTable(a.Stdout, verb, "objects", "size")
		for _, r := range p.Removed {
			t.AppendRow([]any{r.Kind, r.Objects, job.ByteSize(r.Bytes).String()})
		}
		if t.Length() > 0 {
			t.Render()
		} else {
			fmt.Fprintln(a.Stdout, "there is nothing to remove")
		}
		t = newTable(a.Stdout, "kept", "objects", "why")
		for _, k := range p.Kept {
			t.AppendRow([]any{k.Kind, k.Objects, k.Why})
		}
		if t.Length() > 0 {
			t.Render()
		}
	}
}
