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

// versionCommand shows the version.
func (a *App) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		RunE: func(*cobra.Command, []string) error {
			release, revision := buildVersion()
			switch output {
			case "json":
				return json.NewEncoder(a.Stdout).Encode(map[string]string{
					"version": release, "revision": revision, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			case "table":
				line := "hindcast " + release
				if revision != "" {
					line += " (" + revision + ")"
				}
				_, err := fmt.Fprintf(a.Stdout, "%s, %s, %s/%s\n", line, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			default:
				return usagef("-o is table or json, not %q", output)
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}
