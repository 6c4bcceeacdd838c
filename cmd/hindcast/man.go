package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes manual pages.
func (a *App) manCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "man",
		Short:   "Write manual pages",
		Long:    "Man writes a manual page of each command, hindcast-run.1 and so on, to a folder, which it makes.",
		Example: "  hindcast man --dir ~/.local/share/man/man1",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usagef("--dir is required: the folder to write to, such as /usr/local/share/man/man1")
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("make the folder of --dir: %w", err)
			}
			release, _ := buildVersion()
			built := a.built()
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, &doc.GenManHeader{Title: "HINDCAST", Section: "1", Source: "hindcast " + release, Manual: "Hindcast", Date: &built}, dir); err != nil {
				return fmt.Errorf("write manual pages: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder to write to; required")
	return cmd
}

// built returns when what the program was built from was committed, or the time where that isn't
// known.
func (a *App) built() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return at
			}
		}
	}
	return a.Clock()
}
