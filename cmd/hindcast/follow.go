package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/trigger"
)

// followCommand looks after started runs.
func (a *App) followCommand() *cobra.Command {
	var (
		path, output string
		names        []string
	)
	cmd := &cobra.Command{
		Use:   "follow",
		Short: "Look after started runs",
		Long:  "Follow asks for the state of every run that goes on, records, pushes and tells what\nchanged. Each pass of run and serve does so too, first of all.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, named(names))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			failed := false
			all := map[string][]trigger.LaunchStatus{}
			for _, m := range c.models {
				launches, err := c.Follow(cmd.Context(), m)
				if err != nil {
					failed = true
					a.log.Error("following runs failed", "model", m.Name, "err", err)
				}
				all[m.Name] = launches
			}
			if output != "table" {
				out := []historyRun{}
				for _, m := range c.models {
					out = append(out, history(m.Name, nil, all[m.Name], nil).Runs...)
				}
				if err := writeValue(a.Stdout, output, out); err != nil {
					return err
				}
			} else {
				for _, m := range c.models {
					if len(all[m.Name]) == 0 {
						fmt.Fprintf(a.Stdout, "%s: no run was started yet\n", m.Name)
						continue
					}
					fmt.Fprintf(a.Stdout, "%s:\n", m.Name)
					runsTable(a.Stdout, all[m.Name])
				}
			}
			if failed {
				return errReported
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringArrayVar(&names, "model", nil, "only this model (repeatable)")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json or yaml")
	return cmd
}
