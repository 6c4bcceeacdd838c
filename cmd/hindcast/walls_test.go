package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hindcast/hindcast/"

// What packages stay clear of: an import path, or with a '/' at its end all that begin
// with it.
var (
	network = []string{"net", "net/http"}
	clouds  = []string{"cloud.google.com/", "github.com/Azure/", "github.com/aws/", "gocloud.dev/", "google.golang.org/api/"}
)

// TestWalls holds the packages to what they may import, however indirectly. The linter
// sees direct imports alone.
func TestWalls(t *testing.T) {
	t.Parallel()
	imports := importGraph(t)
	for _, wall := range []struct {
		pkg   string   // with "/..." those below it too
		never []string // what it does not import
		but   []string // packages whose own imports don't count
	}{
		{pkg: "objstore", never: slices.Concat(network, clouds)},
		{pkg: "series", never: slices.Concat(network, clouds)},
		{pkg: "groundtruth", never: []string{"golang.org/", "github.com/klauspost/", "github.com/parquet-go/"}},
		{pkg: "groundtruth/...", never: clouds},
		{pkg: "groundtruth/diagnose", never: append(slices.Concat(network, clouds), module+"objstore")},
		{pkg: "evaluator/...", never: slices.Concat(network, clouds)},
		{pkg: "trigger/...", never: clouds},
		{pkg: "trigger", never: network},
		{pkg: "config", never: clouds},
		// The types of an http_config are the library's, which knows HTTP; config doesn't dial.
		{pkg: "config", never: []string{"net/http"}, but: []string{"github.com/prometheus/common/config"}},
		{pkg: "job", never: clouds},
		{pkg: "datacheck", never: clouds},
		{pkg: "chart", never: append(slices.Concat(network, clouds), module+"groundtruth", module+"evaluator", module+"job")},
	} {
		var roots []string
		for path := range imports {
			below, deep := strings.CutSuffix(module+wall.pkg, "/...")
			if path == below || deep && strings.HasPrefix(path, below+"/") {
				roots = append(roots, path)
			}
		}
		if len(roots) == 0 {
			t.Errorf("there is no package %s", wall.pkg)
		}
		if chain := chainTo(imports, roots, wall.never, wall.but); chain != nil {
			t.Errorf("%s may not import %s:\n\t%s", wall.pkg, chain[len(chain)-1], strings.Join(chain, "\n\timports "))
		}
	}
	for _, name := range slices.Concat(network, clouds) {
		if chainTo(imports, []string{module + "cmd/hindcast"}, []string{name}, nil) == nil {
			t.Errorf("not even cmd/hindcast imports %s, so that this test shows nothing of it", name)
		}
	}
}

// importGraph returns the imports of the packages of the module and of all that they
// depend on.
func importGraph(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		imports[paths[0]] = paths[1:]
	}
	return imports
}

// chainTo returns a shortest chain of imports from one of the roots to one of the names,
// nil where there is none. It follows no imports of the packages in but.
func chainTo(imports map[string][]string, roots, names, but []string) []string {
	slices.Sort(roots)
	importer := map[string]string{}
	for _, root := range roots {
		importer[root] = ""
	}
	for queue := roots; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		if slices.ContainsFunc(names, func(name string) bool {
			return path == name || strings.HasSuffix(name, "/") && strings.HasPrefix(path, name)
		}) {
			var chain []string
			for ; path != ""; path = importer[path] {
				chain = append(chain, path)
			}
			slices.Reverse(chain)
			return chain
		}
		if slices.Contains(but, path) {
			continue
		}
		for _, next := range imports[path] {
			if _, seen := importer[next]; !seen {
				importer[next] = path
				queue = append(queue, next)
			}
		}
	}
	return nil
}
