package docs_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestPython compares the lines of python.md with what the program takes and prints, as
// commands.md has it. `make python` runs them.
func TestPython(t *testing.T) {
	data, err := os.ReadFile("python.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := ""
	for _, block := range regexp.MustCompile("(?ms)^```python\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		lines += block[1]
	}
	documented, flags := set{}, set{}
	command := ""
	for _, s := range read(t, "commands.md").sections {
		if names := ticked(s.title); len(names) == 1 && strings.HasPrefix(names[0], "hindcast ") {
			command = strings.TrimPrefix(names[0], "hindcast ")
		}
		for _, row := range s.rows {
			for _, name := range ticked(row[0]) {
				flags[command+" "+name] = true
			}
			for _, name := range ticked(strings.Join(row, " ")) {
				for _, part := range strings.Split(name, ".") {
					documented[strings.TrimSuffix(part, "[]")] = true
				}
			}
		}
	}
	calls := regexp.MustCompile(`hindcast\("([a-z]+)"([^)]*)\)`).FindAllStringSubmatch(lines, -1)
	if len(calls) < 4 {
		t.Errorf("%d calls of hindcast are found", len(calls))
	}
	for _, call := range calls {
		for _, flag := range regexp.MustCompile(`"(--?[a-z-]+)"`).FindAllStringSubmatch(call[2], -1) {
			if !flags[call[1]+" "+flag[1]] {
				t.Errorf("hindcast %s has no %s, which python.md gives it", call[1], flag[1])
			}
		}
	}
	names := regexp.MustCompile(`[\w\])]\["([a-z_]+)"\]|y=\["([^\]]*)"\]|x="([a-z_]+)"|\[\["([^\]]*)"\]\]`).FindAllStringSubmatch(lines, -1)
	if len(names) < 10 {
		t.Errorf("%d names of fields are found", len(names))
	}
	for _, m := range names {
		for _, name := range strings.Split(m[1]+m[2]+m[3]+m[4], `", "`) {
			if !documented[name] {
				t.Errorf("commands.md knows no %q, which python.md reads", name)
			}
		}
	}

	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 says whether the lines are Python")
	}
	check := exec.CommandContext(t.Context(), python, "-c", "import ast, sys; ast.parse(sys.stdin.read())")
	check.Stdin = strings.NewReader(lines)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("python.md: %v\n%s", err, out)
	}
}
