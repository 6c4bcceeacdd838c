package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

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
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			m, err := oneModel(cfg, name)
			if err != nil {
				return err
			}
			if m.Retrain.Kubeflow == nil {
				return configError{fmt.Errorf("retrain %s: %s has no retrain.kubeflow for it", m.Name, path)}
			}
			c, err := a.connect(cmd.Context(), cfg, groundtruth.Limits{})
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
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

// oneModel picks the named model, or the only one.
func oneModel(cfg *config.Config, name string) (*config.Model, error) {
	if name == "" {
		if len(cfg.Models) == 1 {
			return cfg.Models[0], nil
		}
		return nil, usagef("--model is required: %s has %s", cfg.File, modelNames(cfg))
	}
	picked, err := models(cfg, []string{name})
	if err != nil {
		return nil, err
	}
	return picked[0], nil
}
