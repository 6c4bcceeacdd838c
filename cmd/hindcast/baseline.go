package main

import (
	"github.com/spf13/cobra"
)

// baselineCommand builds and saves a reference profile.
func (a *App) baselineCommand() *cobra.Command {
	var (
		path   string
		name   string
		engine engineFlags
	)
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Build and save a model's reference profile",
		Long: "Baseline reads the reference's rows and saves their profile in the state, where\n" +
			"reference: {profile: saved} finds it when the rows are gone.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.open(cmd.Context(), path, engine, only(name))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			m := c.models[0]
			profile, where, err := c.Baseline(cmd.Context(), m)
			if err != nil {
				return err
			}
			sayf(a.Stdout, "%s: profile of %d rows and %d features saved as %s in %s",
				m.Name, profile.Rows, len(profile.Layout.Features), where, c.State.URL())
			for _, column := range sortedKeys(profile.Layout.LeftOut) {
				sayf(a.Stdout, "  left out %s: %s", column, profile.Layout.LeftOut[column])
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&name, "model", "", "the model (may be left out when there is one)")
	addEngineFlags(cmd, &engine)
	addProfileFlags(cmd)
	return cmd
}
