// Package docs_test holds the documentation against the code: what the program
// accepts, prints and pushes is documented, and what is documented is there.
package docs_test

import (
	"encoding"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/datacheck"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// TestConfigurationKeys compares the tables of configuration.md with the keys that
// the loader reads.
func TestConfigurationKeys(t *testing.T) {
	want := set{}
	configKeys(reflect.TypeFor[config.Config](), "", want)
	httpKeys(reflect.TypeFor[promconfig.HTTPClientConfig](), want)
	got := set{}
	for _, s := range read(t, "configuration.md").under("Keys") {
		prefix := ""
		if names := ticked(s.title); len(names) > 0 {
			prefix = names[0] + "."
		}
		for _, row := range s.rows {
			for _, key := range ticked(row[0]) {
				got[prefix+key] = true
			}
		}
	}
	compare(t, want, got, "configuration.md", "key of hindcast.yaml")
}

// configKeys adds the keys of a struct, by its yaml tags.
func configKeys(t reflect.Type, prefix string, to set) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		path := prefix + key
		to[path] = true
		of := f.Type
		if of == reflect.TypeFor[config.Secret]() {
			to[path+"_file"] = true
			continue
		}
		suffix := "."
		if of.Kind() == reflect.Slice {
			of, suffix = of.Elem(), "[]."
		}
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct {
			configKeys(of, path+suffix, to)
		}
	}
}

// httpKeys adds the keys of an http_config.
func httpKeys(t reflect.Type, to set) {
	for i := range t.NumField() {
		key, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			httpKeys(t.Field(i).Type, to)
		case key != "":
			to["http_config."+key] = true
		}
	}
}

// TestExamples loads every configuration that the documentation shows.
func TestExamples(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for _, name := range []string{"configuration.md", "../README.md"} {
		found := 0
		for _, m := range block.FindAllStringSubmatch(read(t, name).text, -1) {
			if !strings.Contains(m[1], "version: 1\n") {
				continue
			}
			found++
			if _, err := config.Parse(name, []byte(m[1]), ".", func(string) (string, bool) { return "", false }); err != nil {
				t.Errorf("an example is no valid configuration:\n%v", err)
			}
		}
		if found == 0 {
			t.Errorf("%s shows no configuration", name)
		}
	}
}

// TestJSONFields compares the tables of JSON with the types that make it.
func TestJSONFields(t *testing.T) {
	commands := read(t, "commands.md")
	for title, of := range map[string]reflect.Type{
		"Its JSON":             reflect.TypeFor[job.Outcome](),
		"The JSON of `--data`": reflect.TypeFor[datacheck.Report](),
	} {
		want, got := set{}, set{}
		jsonFields(of, "", map[reflect.Type]bool{}, want)
		for _, s := range commands.sections {
			if s.title != title {
				continue
			}
			for _, row := range s.rows {
				for _, field := range ticked(row[0]) {
					got[field] = true
				}
			}
		}
		compare(t, want, got, "commands.md", "field, under "+title)
	}

	for title, types := range map[string][]reflect.Type{
		"`hindcast follow`":  {reflect.TypeFor[trigger.Launch]()},
		"`hindcast history`": {reflect.TypeFor[trigger.Suggestion]()},
	} {
		named := set{}
		for _, s := range commands.sections {
			if s.title == title {
				for _, row := range s.rows {
					for _, name := range ticked(strings.Join(row, " ")) {
						named[name] = true
					}
				}
			}
		}
		for _, of := range types {
			for i := range of.NumField() {
				if name := jsonName(of.Field(i)); name != "schema" && !named[name] {
					t.Errorf("commands.md does not name the field %s of %s under %s", name, of, title)
				}
			}
		}
	}
}

// jsonName returns the name of a field in JSON, and nothing of one that is not in it.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return strings.TrimPrefix(name, "-")
}

// jsonFields adds the fields of a value of type t at path: [] stands for a list and *
// for a name. A struct that was met before is not taken apart again.
func jsonFields(t reflect.Type, path string, seen map[reflect.Type]bool, to set) {
	whole := path
	for {
		switch {
		case t.Kind() == reflect.Pointer:
			t = t.Elem()
			continue
		case t.Kind() == reflect.Map:
			t, path = t.Elem(), path+".*"
			continue
		case t.Kind() == reflect.Slice:
			t, path = t.Elem(), path+"[]"
			continue
		}
		break
	}
	if t.Kind() != reflect.Struct || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || seen[t] {
		to[whole] = true
		return
	}
	seen[t] = true
	if path != "" {
		path += "."
	}
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Anonymous:
			for j := range f.Type.NumField() {
				if name := jsonName(f.Type.Field(j)); name != "" {
					jsonFields(f.Type.Field(j).Type, path+name, seen, to)
				}
			}
		case jsonName(f) != "":
			jsonFields(f.Type, path+jsonName(f), seen, to)
		}
	}
}

// TestMeasuresAndMetrics looks for every metric and measure that the evaluator computes
// where they are defined and listed, and compares the measures' thresholds.
func TestMeasuresAndMetrics(t *testing.T) {
	cells := func(file string) map[string][]string { // of the rows that begin with a name
		out := map[string][]string{}
		for _, s := range read(t, file).sections {
			for _, row := range s.rows {
				for _, name := range ticked(row[0]) {
					out[name] = append(out[name], row...)
				}
			}
		}
		return out
	}
	defined, variables, fields := cells("statistics.md"), cells("configuration.md"), cells("commands.md")
	for _, m := range metric.All() {
		if defined[m.Name] == nil {
			t.Errorf("statistics.md does not define %s", m.Name)
		}
		if variables[m.Name] == nil {
			t.Errorf("configuration.md does not list the variable %s", m.Name)
		}
		if !slices.Contains(ticked(strings.Join(fields["metrics.*.value"], " ")), m.Name) {
			t.Errorf("commands.md does not list the metric %s", m.Name)
		}
	}
	for _, m := range drift.Specs() {
		threshold := "none"
		if !math.IsNaN(m.Threshold) {
			threshold = strconv.FormatFloat(m.Threshold, 'g', -1, 64)
		}
		if defined[m.Name] == nil {
			t.Errorf("statistics.md does not define %s", m.Name)
		} else if !slices.Contains(defined[m.Name], threshold) {
			t.Errorf("statistics.md does not give %s the threshold %s", m.Name, threshold)
		}
	}
}

// TestLinks follows every link to a file and to a heading of this repository.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	records, err := filepath.Glob("adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	runbooks, err := filepath.Glob("runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(files, records, runbooks, []string{"../README.md", "../CONTRIBUTING.md"}) {
		for _, m := range link.FindAllStringSubmatch(read(t, name).text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			info, err := os.Stat(target)
			if err != nil {
				t.Errorf("%s: %s leads nowhere", name, m[1])
				continue
			}
			if anchor != "" && !info.IsDir() && !read(t, target).anchors()[anchor] {
				t.Errorf("%s: %s has no heading #%s", name, target, anchor)
			}
		}
	}
}

// set is a set of names.
type set map[string]bool

// compare reports what is wanted and not there, and what is there and not wanted.
func compare(t *testing.T, want, got set, file, what string) {
	t.Helper()
	if len(want) < 10 {
		t.Fatalf("only %d names of a %s were found in the code: the test looks in the wrong place", len(want), what)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !got[name] {
			t.Errorf("%s does not document the %s %s", file, what, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if !want[name] {
			t.Errorf("%s documents %s, which is no %s", file, name, what)
		}
	}
}

// page is a Markdown file.
type page struct {
	text     string
	sections []section
}

// section is a heading with the tables under it.
type section struct {
	level int
	title string
	rows  [][]string // cells, header rows left out
}

var (
	heading = regexp.MustCompile(`^(#+) (.*)$`)
	code    = regexp.MustCompile("`([^`]+)`")
)

// read reads a Markdown file.
func read(t *testing.T, name string) page {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := page{text: string(data), sections: []section{{}}}
	fenced, inTable := false, false
	for line := range strings.Lines(p.text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		last := &p.sections[len(p.sections)-1]
		isRow := strings.HasPrefix(line, "|")
		switch m := heading.FindStringSubmatch(line); {
		case m != nil:
			p.sections = append(p.sections, section{level: len(m[1]), title: m[2]})
		case isRow && inTable && !strings.HasPrefix(line, "|--"):
			last.rows = append(last.rows, cells(line))
		}
		inTable = isRow
	}
	return p
}

// cells splits a row at its bars, escaped ones aside.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	line = strings.ReplaceAll(line, `\|`, "\x00")
	out := strings.Split(line, "|")
	for i, c := range out {
		out[i] = strings.TrimSpace(strings.ReplaceAll(c, "\x00", "|"))
	}
	return out
}

// under returns the sections below the heading of that title.
func (p page) under(title string) []section {
	i := slices.IndexFunc(p.sections, func(s section) bool { return s.title == title })
	if i < 0 {
		return nil
	}
	var out []section
	for _, s := range p.sections[i+1:] {
		if s.level <= p.sections[i].level {
			break
		}
		out = append(out, s)
	}
	return out
}

// anchors returns what links to headings may name, as GitHub makes it.
func (p page) anchors() set {
	out := set{}
	for _, s := range p.sections {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(s.title))
		out[slug] = true
	}
	return out
}

// ticked returns what stands in backticks.
func ticked(s string) []string {
	var out []string
	for _, m := range code.FindAllStringSubmatch(s, -1) {
		out = append(out, m[1])
	}
	return out
}
