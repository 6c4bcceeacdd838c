package config

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports holds the walls of the package: below it is no cloud SDK, and net/http only
// below the library that the types of an http_config are from. So it reaches no server.
func TestImports(t *testing.T) {
	const module = "github.com/hindcast/hindcast/"
	// What stands below these is not looked at.
	apart := []string{
		"github.com/prometheus/common/config",
		// groundtruth reads rows and trigger keeps the ledger by way of objstore.
		module + "groundtruth", module + "objstore",
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		imports[p.ImportPath] = p.Imports
	}
	by := map[string]string{module + "config": ""} // who imports a package, the first that is found
	for queue := []string{module + "config"}; len(queue) > 0; queue = queue[1:] {
		if slices.Contains(apart, queue[0]) {
			continue
		}
		for _, name := range imports[queue[0]] {
			if _, seen := by[name]; !seen {
				by[name] = queue[0]
				queue = append(queue, name)
			}
		}
	}
	if by["github.com/goccy/go-yaml/parser"] != module+"config" {
		t.Fatal("the walk has lost its way: config imports a YAML parser")
	}
	for name := range by {
		sdk := slices.ContainsFunc([]string{"gocloud.dev/", "cloud.google.com/", "google.golang.org/api/", "github.com/aws/", "github.com/Azure/"},
			func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !sdk && name != "net/http" {
			continue
		}
		way := name
		for at := by[name]; at != ""; at = by[at] {
			way = at + " -> " + way
		}
		t.Errorf("config imports what it has to do without: %s", way)
	}
}
