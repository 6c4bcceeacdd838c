package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
)

// retrainCommand starts a run by hand.
func (a *App) retrainCommand() *cobra.Command {
	var (
		path, name, output string
		opt                job.RetrainOptions
	)
	cmd := &cobra.Command{
		Use:   "retrain",
		Short: "Start a retraining run by hand",
		Long: "Retrain passes every guard but that another run is in flight (--force passes that\n" +
			"too). It is recorded like any other run. With --key it may be repeated without a\n" +
			"second run.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if opt.Reason == "" {
				return usagef("--reason is required: it is recorded and told")
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, func(cfg *config.Config) ([]*config.Model, error) {
				picked, err := only(name)(cfg)
				if err == nil && picked[0].Retrain.Kubeflow == nil {
					err = configError{fmt.Errorf("retrain %s: %s has no retrain.kubeflow for it", picked[0].Name, path)}
				}
				return picked, err
			})
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			m := c.models[0]
			launch, started, err := c.Retrain(cmd.Context(), m, opt)
			if launch.RunID == "" {
				return err
			}
			if output != "table" {
				if werr := writeValue(a.Stdout, output, launch); werr != nil {
					return werr
				}
				return err
			}
			done := "was started"
			if !started {
				done = "is there already, nothing was started"
			}
			fmt.Fprintf(a.Stdout, "%s: run %s (%s) %s\n", m.Name, launch.Run, launch.RunID, done)
			if launch.URL != "" {
				fmt.Fprintln(a.Stdout, launch.URL)
			}
			return err
		},
	}
	configFlag(cmd, &path)
	f := cmd.Flags()
	f.StringVar(&name, "model", "", "the model (may be left out when there is one)")
	f.StringVar(&opt.Reason, "reason", "", "why; required")
	f.StringVar(&opt.Key, "key", "", "a name that makes the call repeatable")
	f.BoolVar(&opt.Force, "force", false, "start even while another run is in flight")
	f.StringVarP(&output, "output", "o", "table", "table, json or yaml")
	return cmd
}
