package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
)

// forgetCommand removes what the state keeps of a model.
func (a *App) forgetCommand() *cobra.Command {
	var path, name string
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Delete a model's pushed series",
		Long: "The Pushgateway shows what it was given for ever. Forget deletes the group of a model,\n" +
			"also of one that the configuration no longer has. The ledger is left alone.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return usagef("--model is required")
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, func(cfg *config.Config) ([]*config.Model, error) {
				if cfg.Publish.Pushgateway == nil {
					return nil, configError{fmt.Errorf("forget %s: %s has no publish.pushgateway", name, path)}
				}
				return cfg.Models, nil
			})
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			if err := c.pushgateway.Forget(cmd.Context(), name); err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "%s: series deleted from %s\n", name, c.pushgateway.Name())
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&name, "model", "", "the model; required")
	return cmd
}
