package docs_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// repositoryPath is a path below the root that names a folder and something in it.
	repositoryPath = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(/[A-Za-z0-9._-]+)+/?$`)
	// called is a function F(), or a method T.F().
	called = regexp.MustCompile(`^([A-Za-z0-9]+\.)?[A-Za-z0-9]+\(\)$`)
)

// TestMap looks for every path and package that the map of the code, the glossary and the
// decisions name, and for every function of the map in the file that is named before it.
func TestMap(t *testing.T) {
	records, err := filepath.Glob("adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	paths, functions := 0, 0
	declared := map[string]set{}
	for _, name := range slices.Concat([]string{"../CONTRIBUTING.md", "../README.md", "glossary.md", "engine.md"}, records) {
		for line := range strings.Lines(read(t, name).text) {
			file := ""
			for _, word := range ticked(line) {
				switch {
				case isRepositoryPath(word):
					paths++
					if _, err := os.Stat("../" + word); err != nil {
						t.Errorf("%s: there is no %s", name, word)
						file = ""
						break
					}
					if strings.HasSuffix(word, ".go") {
						file = word
					}
				case file != "" && called.MatchString(word):
					functions++
					if declared[file] == nil {
						declared[file] = functionsOf(t, "../"+file)
					}
					if !declared[file][strings.TrimSuffix(word, "()")] {
						t.Errorf("%s: %s has no %s", name, file, word)
					}
				}
			}
		}
	}
	for name, column := range map[string]int{"../CONTRIBUTING.md": 0, "glossary.md": 2} {
		for _, s := range read(t, name).sections {
			if name == "../CONTRIBUTING.md" && s.title != "The rooms" {
				continue
			}
			for _, row := range s.rows {
				for _, room := range ticked(row[column]) {
					if info, err := os.Stat("../" + room); err != nil || !info.IsDir() {
						t.Errorf("%s: there is no package %s", name, room)
					}
				}
			}
		}
	}
	if paths < 100 || functions < 100 {
		t.Errorf("only %d paths and %d functions were found: the test looks in the wrong place", paths, functions)
	}
}

// isRepositoryPath reports whether a word is a path of the repository: its first folder
// is there.
func isRepositoryPath(word string) bool {
	if !repositoryPath.MatchString(word) {
		return false
	}
	top, _, _ := strings.Cut(word, "/")
	info, err := os.Stat("../" + top)
	return err == nil && info.IsDir()
}

// functionsOf returns the names of the functions F and methods T.F of a file.
func functionsOf(t *testing.T, path string) set {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out := set{}
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := f.Name.Name
		if f.Recv != nil {
			var of bytes.Buffer
			if err := printer.Fprint(&of, files, f.Recv.List[0].Type); err != nil {
				t.Fatal(err)
			}
			typeName, _, _ := strings.Cut(strings.TrimPrefix(of.String(), "*"), "[")
			name = typeName + "." + name
		}
		out[name] = true
	}
	return out
}
