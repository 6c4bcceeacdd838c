package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md anew")

const (
	troubleScripts = "testdata/trouble"
	troublePage    = "../../docs/troubleshooting.md"
)

// troubleIntro is what the page begins with.
const troubleIntro = `# Troubleshooting

Each section is a situation that people have met: what Hindcast prints then, why, and what to do. A test provokes every
one of them, and writes this page from what was printed.

`

// TestTroubleshooting provokes each situation of docs/troubleshooting.md and holds the
// page to what is printed. A situation is a script in testdata/trouble. The comment that
// it begins with is the section's text, its first line the title; what its command
// shown prints stands below.
func TestTroubleshooting(t *testing.T) {
	var mu sync.Mutex
	shown := map[string][]string{} // what each script has shown, by its name
	t.Run("scripts", func(t *testing.T) {
		params := scripts(troubleScripts)
		params.Cmds["shown"] = func(ts *testscript.TestScript, _ bool, args []string) {
			mu.Lock()
			defer mu.Unlock()
			shown[ts.Name()] = append(shown[ts.Name()], shownBy(ts, args))
		}
		testscript.Run(t, params)
	})
	if t.Failed() {
		return
	}
	sections := map[string]string{} // by title
	files, err := filepath.Glob(troubleScripts + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		script, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		title, text := troubleText(string(script.Comment))
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if title == "" || text == "" || sections[title] != "" || len(shown[name]) == 0 {
			t.Errorf("%s wants a comment at its top with a title of its own and a text, and a command shown", file)
		}
		sections[title] = fmt.Sprintf("## %s\n\n%s\n\n```text\n%s```\n", title, text, strings.Join(shown[name], "\n"))
	}
	page := troubleIntro
	titles := slices.Sorted(maps.Keys(sections))
	for _, title := range titles {
		page += fmt.Sprintf("- [%s](#%s)\n", title, anchor(title))
	}
	for _, title := range titles {
		page += "\n" + sections[title]
	}
	if *update {
		if err := os.WriteFile(troublePage, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := os.ReadFile(troublePage); err != nil || string(now) != page {
		t.Errorf("docs/troubleshooting.md is not what is printed (%v): go test ./cmd/hindcast -run TestTroubleshooting -update writes it anew", err)
	}
}

// troubleText returns title and text of the comment that a script begins with.
func troubleText(script string) (title, text string) {
	var lines []string
	for line := range strings.Lines(script) {
		rest, comment := strings.CutPrefix(line, "#")
		if !comment {
			break
		}
		lines = append(lines, strings.TrimSpace(rest))
	}
	if len(lines) > 0 {
		title, text = lines[0], strings.TrimSpace(strings.Join(lines[1:], "\n"))
	}
	return title, text
}

// logLine is the beginning of a line that hindcast logs.
var logLine = regexp.MustCompile(`^time=\S+ level=(\w+) msg=`)

// shownBy runs a command and returns it with what a person sees of it: its output, and
// the errors that it logs.
func shownBy(ts *testscript.TestScript, args []string) string {
	_ = ts.Exec(args[0], args[1:]...) // whether it fails is part of the situation, and shows in the page
	out := "$ " + strings.Join(args, " ") + "\n" + ts.ReadFile("stdout")
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if level := logLine.FindStringSubmatch(line); level == nil {
			out += line
		} else if level[1] == "ERROR" {
			out += "ERROR " + logLine.ReplaceAllString(line, "")
		}
	}
	out = strings.ReplaceAll(out, ts.Getenv("WORK"), "/data")
	return regexp.MustCompile(`[ \t]+\n`).ReplaceAllString(out, "\n")
}

// anchor returns the link of a title, as Markdown makes it.
func anchor(title string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(title))
	return kept
}
