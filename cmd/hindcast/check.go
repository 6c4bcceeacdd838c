package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// checkCommand reads the configuration and says what is wrong with it.
func (a *App) checkCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the configuration",
		Long:  "Check reads the configuration as run does and shows what it means. It connects to nothing.",
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load(path)
			if err != nil {
				return err
			}
			for _, m := range cfg.Models {
				fmt.Fprintf(a.Stdout, "model %s: windows of %s, labels after %s", m.Name, m.Grid(), humanDuration(m.GroundTruth.Delay))
				if m.Schedule != "" {
					fmt.Fprintf(a.Stdout, ", schedule %q in %s", m.Schedule, m.TimeZone)
				}
				fmt.Fprintf(a.Stdout, ", retraining %s\n", m.Retrain.Mode)
				for _, name := range sortedKeys(m.Prometheus) {
					fmt.Fprintf(a.Stdout, "  prometheus.%s: %s\n", name, strings.TrimRight(m.Prometheus[name], "\n"))
				}
				if len(m.DefaultRules()) > 0 {
					fmt.Fprintln(a.Stdout, "  no rules configured; these apply:")
				}
				for _, r := range m.RuleSpecs() {
					fmt.Fprintf(a.Stdout, "  rule %s: %s -> %s (min_samples %d, min_coverage %g, for %d)\n", r.Name, r.When, r.Action, r.MinSamples, r.MinCoverage, r.For)
				}
				if len(m.RuleSpecs()) == 0 {
					fmt.Fprintln(a.Stdout, "  no rules, and no reference to make default ones from: nothing will be judged")
				}
			}
			for _, w := range cfg.Warnings() {
				fmt.Fprintf(a.Stderr, "warning: %s\n", w)
			}
			fmt.Fprintf(a.Stdout, "%s is valid\n", path)
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}
