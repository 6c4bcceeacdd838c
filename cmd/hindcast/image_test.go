package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheImageIsSentWhatItIsBuiltFrom holds .dockerignore to the folders whose packages
// are in the program: of one that is ignored, the image could not be built.
func TestTheImageIsSentWhatItIsBuiltFrom(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 10 {
		t.Fatalf("the program has the packages %q", packages)
	}
	for _, p := range packages {
		folder := strings.TrimPrefix(p, "github.com/hindcast/hindcast/")
		ignored := "" // by the last line that says something of the folder
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			path, sent := strings.CutPrefix(line, "!")
			if folder != path && !strings.HasPrefix(folder, path+"/") || path == "" {
				continue
			}
			if ignored = line; sent {
				ignored = ""
			}
		}
		if ignored != "" {
			t.Errorf("%s is ignored by the line %s of .dockerignore", folder, ignored)
		}
	}
}
