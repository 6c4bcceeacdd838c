package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
)

// checkCommand reads the configuration and says what is wrong with it.
func (a *App) checkCommand() *cobra.Command {
	var (
		path, output, memory string
		names                []string
		data                 bool
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration, and look at the data",
		Long: "Check reads the configuration as run does and shows what it means. It connects to nothing.\n" +
			"With --data it reads the first records of predictions, labels and reference instead, and\n" +
			"says all that is wrong with them at once. It judges and writes nothing.",
		Example: "  hindcast check -c hindcast.yaml\n" +
			"  hindcast check -c hindcast.yaml --data",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			for _, flag := range []string{"model", "output", "memory"} {
				if !data && cmd.Flags().Changed(flag) {
					return usagef("--%s goes with --data", flag)
				}
			}
			limits, err := (&engineFlags{memory: memory}).limits()
			if err != nil {
				return err
			}
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			if data {
				picked, err := models(cfg, names)
				if err != nil {
					return err
				}
				warn(a.Stderr, cfg)
				return a.checkData(cmd.Context(), cfg, picked, limits.MemoryBytes, output)
			}
			for _, m := range cfg.Models {
				text := fmt.Sprintf("model %s: windows of %s, labels after %s", m.Name, m.Grid(), humanDuration(m.GroundTruth.Delay))
				if m.Schedule != "" {
					text += fmt.Sprintf(", schedule %q in %s", m.Schedule, m.TimeZone)
				}
				sayf(a.Stdout, "%s, retraining %s", text, m.Retrain.Mode)
				for _, name := range sortedKeys(m.Prometheus) {
					fmt.Fprintf(a.Stdout, "  prometheus.%s: %s\n", name, strings.TrimRight(m.Prometheus[name], "\n"))
				}
				if len(m.DefaultRules()) > 0 {
					fmt.Fprintln(a.Stdout, "  no rules configured; these apply:")
				}
				for _, r := range m.RuleSpecs() {
					sayf(a.Stdout, "  rule %s: %s -> %s (min_samples %d, min_coverage %g, for %d)", r.Name, r.When, r.Action, r.MinSamples, r.MinCoverage, r.For)
				}
				if len(m.RuleSpecs()) == 0 {
					fmt.Fprintln(a.Stdout, "  no rules, and no reference to make default ones from: nothing will be judged")
				}
			}
			warn(a.Stderr, cfg)
			say(a.Stdout, nil, healthyMark().word(lookOf(a.Stdout), path+" is valid"))
			sayf(a.Stdout, "hindcast check --data looks at the data too")
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&data, "data", false, "look at the first records of the data instead, and say what is wrong with them")
	cmd.Flags().StringArrayVar(&names, "model", nil, "with --data: only this model; may be repeated")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "with --data: table, json or yaml")
	cmd.Flags().StringVar(&memory, "memory", "", "with --data: memory of the process, such as 2GiB (default 512MiB)")
	return cmd
}

// warn writes what is allowed in a configuration and probably not meant.
func warn(w io.Writer, cfg *config.Config) {
	for _, text := range cfg.Warnings() {
		fmt.Fprintf(w, "warning: %s\n", text)
	}
}
