package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const commandsDir = "../cmd/hindcast"

// TestCommands compares commands.md with the commands and flags that the program
// declares. It reads their source, for linking the program takes many times as long.
func TestCommands(t *testing.T) {
	want, got := set{}, set{}
	for command, flags := range declared(t) {
		want[strings.TrimSpace(command)] = true
		for _, f := range flags {
			want[strings.TrimSpace(command+" --"+f)] = true
		}
	}
	want["--help"] = true
	command := ""
	for _, s := range read(t, "commands.md").sections {
		if names := ticked(s.title); len(names) == 1 && strings.HasPrefix(names[0], "hindcast ") {
			command = strings.TrimPrefix(names[0], "hindcast ")
			got[command] = true
		}
		for _, row := range s.rows {
			for _, name := range ticked(row[0]) {
				if strings.HasPrefix(name, "--") {
					got[strings.TrimSpace(command+" "+name)] = true
				}
			}
		}
	}
	delete(want, "")
	compare(t, want, got, "commands.md", "command or flag")
}

// declared returns the flags of each command; those of all commands are under "".
func declared(t *testing.T) map[string][]string {
	t.Helper()
	functions := map[string]*ast.FuncDecl{}
	for _, name := range sources(t) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				functions[f.Name.Name] = f
			}
		}
	}
	out := map[string][]string{}
	for _, f := range functions {
		use, flags := commandOf(f, functions)
		for parent := functions[parentOf(f, functions)]; parent != nil && use != ""; parent = functions[parentOf(parent, functions)] {
			if above, _ := commandOf(parent, functions); above != "hindcast" {
				use = above + " " + use
			}
		}
		switch {
		case use == "hindcast":
			out[""] = flags
		case use != "":
			out[use] = flags
		}
	}
	return out
}

// parentOf is the function that adds the command which f makes to its own, or "".
func parentOf(f *ast.FuncDecl, functions map[string]*ast.FuncDecl) string {
	for name, other := range functions {
		found := false
		ast.Inspect(other, func(n ast.Node) bool {
			add, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if called, ok := add.Fun.(*ast.SelectorExpr); !ok || called.Sel.Name != "AddCommand" {
				return true
			}
			for _, arg := range add.Args {
				if made, ok := arg.(*ast.CallExpr); ok {
					if by, ok := made.Fun.(*ast.SelectorExpr); ok && by.Sel.Name == f.Name.Name {
						found = true
					}
				}
			}
			return true
		})
		if found {
			return name
		}
	}
	return ""
}

func sources(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(commandsDir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

var flagMethod = regexp.MustCompile(`^(String|Bool|Int|Duration|StringArray|Float64)(Var|VarP)$`)

// commandOf returns the Use of the command that a function makes, and the flags that
// it gives it, by itself or by a function that takes the command.
func commandOf(f *ast.FuncDecl, functions map[string]*ast.FuncDecl) (use string, flags []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Use" {
				use = text(n.Value)
			}
		case *ast.CallExpr:
			switch called := n.Fun.(type) {
			case *ast.SelectorExpr:
				if flagMethod.MatchString(called.Sel.Name) && len(n.Args) > 1 {
					flags = append(flags, text(n.Args[1]))
				}
			case *ast.Ident:
				if helper := functions[called.Name]; helper != nil && helper != f && len(n.Args) > 0 && isCommand(n.Args[0]) {
					_, more := commandOf(helper, functions)
					flags = append(flags, more...)
				}
			}
		}
		return true
	})
	return use, flags
}

func isCommand(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "cmd"
}

func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}

// serveMetrics returns the metrics that serve adds to the published ones.
func serveMetrics(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(commandsDir, "serve.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`counter\(factory, "([a-z_]+)"\)`).FindAllStringSubmatch(string(data), -1) {
		out = append(out, "hindcast_"+m[1])
	}
	return out
}
