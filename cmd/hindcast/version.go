package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = "dev"

// buildVersion returns the version that was linked in, or the module's own where it has one,
// and the revision that it was built from, empty where that is not known.
func buildVersion() (release, revision string) {
	release = version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release, ""
	}
	if release == "dev" && info.Main.Version != "" && info.Main.Version != "(devel)" {
		release = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return release, revision
}

// versionLine says for a person what is running: for the command version, and the flag.
func versionLine() string {
	release, revision := buildVersion()
	line := "hindcast " + release
	if revision != "" {
		line += " (" + revision + ")"
	}
	return fmt.Sprintf("%s, %s, %s/%s", line, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionCommand shows the version.
func (a *App) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		RunE: func(*cobra.Command, []string) error {
			switch output {
			case "json":
				release, revision := buildVersion()
				return json.NewEncoder(a.Stdout).Encode(map[string]string{
					"version": release, "revision": revision, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			case "table":
				_, err := fmt.Fprintln(a.Stdout, versionLine())
				return err
			default:
				return usagef("-o is table or json, not %q", output)
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}
