package grafana

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

var update = flag.Bool("update", false, "write the dashboards' files")

// TestFiles compares the files with what the code makes.
func TestFiles(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the code makes (%v); write it with go test -C deploy/grafana . -update", name, err)
		}
	}
	there, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(there, slices.Sorted(maps.Keys(files))) {
		t.Errorf("files %q, made are %q", there, slices.Sorted(maps.Keys(files)))
	}
}

// TestSchema reads the files as Grafana's own types, strictly: an option that a panel
// doesn't have, or one of another type, is an error.
func TestSchema(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for name, data := range files(t) {
		d := dashboard.NewDashboard()
		err := d.UnmarshalJSONStrict(data)
		var found cog.BuildErrors // which it returns empty, too
		if err != nil && (!errors.As(err, &found) || len(found) > 0) {
			t.Errorf("%s: %v", name, err)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func files(t *testing.T) map[string][]byte {
	t.Helper()
	out, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// board is what the tests look at.
type board struct {
	UID         string  `json:"uid"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Panels      []entry `json:"panels"`
	Templating  struct {
		List []struct {
			Name        string `json:"name"`
			Type        string `json:"type"`
			Label       string `json:"label"`
			Description string `json:"description"`
			Definition  string `json:"definition"`
			Query       any    `json:"query"`
		} `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Expr string `json:"expr"`
		} `json:"list"`
	} `json:"annotations"`
	Links []struct {
		Title       string   `json:"title"`
		Type        string   `json:"type"`
		Tags        []string `json:"tags"`
		URL         string   `json:"url"`
		IncludeVars bool     `json:"includeVars"`
		KeepTime    bool     `json:"keepTime"`
	} `json:"links"`
}

// entry is a panel or a row.
type entry struct {
	ID          int                      `json:"id"`
	Type        string                   `json:"type"`
	Title       string                   `json:"title"`
	Description string                   `json:"description"`
	Grid        struct{ X, Y, W, H int } `json:"gridPos"`
	Collapsed   bool                     `json:"collapsed"`
	Panels      []entry                  `json:"panels"`
	Targets     []struct {
		Expr    string `json:"expr"`
		Legend  string `json:"legendFormat"`
		Ref     string `json:"refId"`
		Format  string `json:"format"`
		Instant bool   `json:"instant"`
	} `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
		Overrides []override `json:"overrides"`
	} `json:"fieldConfig"`
	Transformations []struct {
		Options struct {
			Rename map[string]string `json:"renameByName"`
			Index  map[string]int    `json:"indexByName"`
		} `json:"options"`
	} `json:"transformations"`
}

// override is what is shown otherwise of some series, or of a column.
type override struct {
	Matcher struct {
		Options string `json:"options"`
	} `json:"matcher"`
	Properties []struct {
		ID    string          `json:"id"`
		Value json.RawMessage `json:"value"`
	} `json:"properties"`
}

func boards(t *testing.T) map[string]board {
	t.Helper()
	out := map[string]board{}
	for name, data := range files(t) {
		var b board
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

// all are the rows and panels, those in folded rows too.
func (b board) all() []entry {
	var out []entry
	for _, p := range b.Panels {
		out = append(append(out, p), p.Panels...)
	}
	return out
}

// queries are all that is asked.
func (b board) queries() []string {
	var out []string
	for _, p := range b.all() {
		for _, q := range p.Targets {
			out = append(out, q.Expr)
		}
	}
	for _, a := range b.Annotations.List {
		out = append(out, a.Expr)
	}
	for _, v := range b.Templating.List {
		if v.Definition != "" {
			out = append(out, v.Definition)
		}
	}
	return out
}

func TestPanels(t *testing.T) {
	for name, b := range boards(t) {
		if b.UID+".json" != name || b.Title == "" || b.Description == "" {
			t.Errorf("%s: uid %s, title %q", name, b.UID, b.Title)
		}
		ids := map[int]string{}
		for _, p := range b.all() {
			if ids[p.ID] != "" || p.ID == 0 {
				t.Errorf("%s: %s and %s have the id %d", name, p.Title, ids[p.ID], p.ID)
			}
			ids[p.ID] = p.Title
			if p.Title == "" {
				t.Errorf("%s: a %s has no title", name, p.Type)
			}
			if p.Type == "row" {
				continue
			}
			if p.FieldConfig.Defaults.Unit == "" || !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 {
				t.Errorf("%s, panel %s: unit %q, description %q, %d queries", name, p.Title, p.FieldConfig.Defaults.Unit, p.Description, len(p.Targets))
			}
			for _, q := range p.Targets {
				if q.Legend == "" {
					t.Errorf("%s, panel %s: %s has no name in the legend", name, p.Title, q.Expr)
				}
			}
		}
	}
}

// TestGrid lays each dashboard out with all rows folded as they are, and with all open.
func TestGrid(t *testing.T) {
	for name, b := range boards(t) {
		taken := map[[2]int]string{}
		place := func(taken map[[2]int]string, p entry) {
			if p.Grid.X < 0 || p.Grid.W < 1 || p.Grid.H < 1 || p.Grid.X+p.Grid.W > 24 {
				t.Errorf("%s, %s: %+v is not on the grid", name, p.Title, p.Grid)
			}
			for x := p.Grid.X; x < p.Grid.X+p.Grid.W; x++ {
				for y := p.Grid.Y; y < p.Grid.Y+p.Grid.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %s lies on %s", name, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
		for _, p := range b.Panels {
			place(taken, p)
			inner := map[[2]int]string{}
			for _, q := range p.Panels {
				place(inner, q)
				if !p.Collapsed || q.Grid.Y <= p.Grid.Y {
					t.Errorf("%s: %s is not below its folded row %s", name, q.Title, p.Title)
				}
			}
		}
	}
}

// TestDatasource finds no data source but the variable's.
func TestDatasource(t *testing.T) {
	var walk func(path string, v any) int
	walk = func(path string, v any) int {
		found := 0
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if key == "datasource" {
					found++
					if got := fmt.Sprint(inner); got != "map[type:prometheus uid:${datasource}]" {
						t.Errorf("%s: data source %s", path, got)
					}
				}
				found += walk(path+"."+key, inner)
			}
		case []any:
			for i, inner := range v {
				found += walk(fmt.Sprintf("%s[%d]", path, i), inner)
			}
		}
		return found
	}
	for name, data := range files(t) {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		want := 0
		b := boards(t)[name]
		for _, p := range b.all() {
			if p.Type != "row" {
				want += 1 + len(p.Targets)
			}
		}
		for _, v := range b.Templating.List {
			if v.Type == "query" {
				want++
			}
		}
		if n := walk(name, v); n != want+len(b.Annotations.List) {
			t.Errorf("%s: %d data sources, want %d: every panel, query, variable and annotation has one", name, n, want+len(b.Annotations.List))
		}
	}
}

var (
	variable = regexp.MustCompile(`\$\{?(\w+)\}?`)
	ranged   = regexp.MustCompile(`(rate|irate|increase)\(\w+\{[^}]*\}\[([^\]]+)\]`)
	name     = regexp.MustCompile(`\b(hindcast_\w*(?:\$\{\w+\})?|model_[a-z_]+|container_[a-z_]+|process_[a-z_]+|kube_[a-z_]+)\b? *\{`)
)

// TestVariables checks that what is used is there, before it is used, and the other way
// round.
func TestVariables(t *testing.T) {
	for file, b := range boards(t) {
		known := map[string]bool{"__rate_interval": true, "__all": true}
		used := map[string]bool{"datasource": true}
		for _, v := range b.Templating.List {
			if v.Label == "" || v.Description == "" {
				t.Errorf("%s: variable %s has no label or description", file, v.Name)
			}
			for _, m := range variable.FindAllStringSubmatch(v.Definition, -1) {
				used[m[1]] = true
				if !known[m[1]] {
					t.Errorf("%s: variable %s asks for %s, which comes after it", file, v.Name, m[1])
				}
			}
			known[v.Name] = true
		}
		for _, q := range b.queries() {
			for _, m := range variable.FindAllStringSubmatch(q, -1) {
				used[m[1]] = true
				if !known[m[1]] {
					t.Errorf("%s: no variable %s in %s", file, m[1], q)
				}
			}
			for _, m := range ranged.FindAllStringSubmatch(q, -1) {
				if (m[1] != "increase") != (m[2] == "$__rate_interval") {
					t.Errorf("%s: a rate over %s in %s", file, m[2], q)
				}
			}
			if strings.Count(q, "rate(")+strings.Count(q, "increase(") != len(ranged.FindAllString(q, -1)) {
				t.Errorf("%s: a range that the test doesn't see in %s", file, q)
			}
			if strings.Contains(q, "hindcast_") && !strings.Contains(q, "$namespace") && !strings.Contains(q, "label_values(hindcast_last_run_timestamp_seconds,") {
				t.Errorf("%s: of all namespaces: %s", file, q)
			}
		}
		for v := range known {
			if !strings.HasPrefix(v, "__") && !used[v] {
				t.Errorf("%s: variable %s is for nothing", file, v)
			}
		}
	}
}

// TestMetricNames looks every metric up in the documentation.
func TestMetricNames(t *testing.T) {
	documented := map[string]bool{}
	for _, file := range []string{"metrics.md", "grafana.md"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range regexp.MustCompile("(?m)^\\| `.*?\\|").FindAllString(string(data), -1) {
			for _, m := range regexp.MustCompile("`([a-z_][a-z0-9_]*)`").FindAllStringSubmatch(row, -1) {
				documented[m[1]] = true
			}
		}
	}
	for file, b := range boards(t) {
		asked := 0
		for _, q := range b.queries() {
			for _, m := range name.FindAllStringSubmatch(q, -1) {
				names := []string{m[1]}
				if strings.Contains(m[1], "${metric}") {
					names = nil
					for _, v := range b.Templating.List {
						if v.Name == "metric" {
							for value := range strings.SplitSeq(fmt.Sprint(v.Query), ",") {
								names = append(names, strings.ReplaceAll(m[1], "${metric}", value))
							}
						}
					}
				}
				for _, n := range names {
					asked++
					if !documented[n] && !documented[strings.TrimSuffix(n, "_bucket")] {
						t.Errorf("%s: %s is documented nowhere: %s", file, n, q)
					}
				}
			}
		}
		if asked < len(b.all())/2 {
			t.Errorf("%s: only %d metrics were seen", file, asked)
		}
	}
}

// TestLinks finds the way from each dashboard to the others, which goes by a tag, from those of
// one model to all models, and to the documentation.
func TestLinks(t *testing.T) {
	for file, b := range boards(t) {
		var titles []string
		for _, l := range b.Links {
			titles = append(titles, l.Title)
			if uid, ours := strings.CutPrefix(l.URL, "/d/"); ours {
				if _, known := boards(t)[uid+".json"]; !known || !l.KeepTime || l.IncludeVars {
					t.Errorf("%s links to %s: known %t, keeps the time %t, hands on variables %t", file, l.URL, known, l.KeepTime, l.IncludeVars)
				}
				continue
			}
			page, ours := strings.CutPrefix(l.URL, docsURL)
			if _, err := os.Stat(filepath.Join("..", "..", "docs", page)); l.Type == "link" && (!ours || err != nil) {
				t.Errorf("%s links to %s: %v", file, l.URL, err)
			}
		}
		want := []string{"Hindcast", "Documentation", "All models"}
		if b.UID == fleetUID {
			want = want[:2]
		}
		if !slices.Equal(titles, want) || !slices.Contains(b.Links[0].Tags, "hindcast") || b.Links[0].IncludeVars != (b.UID != fleetUID) {
			t.Errorf("%s: links %+v", file, b.Links)
		}
	}
}

// TestDrillDown follows the links of the fleet's panels: each leads to the evaluation of the model
// that was clicked, with variables that this dashboard has.
func TestDrillDown(t *testing.T) {
	all := boards(t)
	known := map[string]bool{}
	for _, v := range all[evaluationUID+".json"].Templating.List {
		known["var-"+v.Name] = true
	}
	leading := 0
	for _, p := range all[fleetUID+".json"].all() {
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if property.ID != "links" {
					continue
				}
				leading++
				var links []struct{ URL string }
				if err := json.Unmarshal(property.Value, &links); err != nil || len(links) != 1 {
					t.Fatalf("%s: %v, %s", p.Title, err, property.Value)
				}
				path, query, _ := strings.Cut(links[0].URL, "?")
				if path != "/d/"+evaluationUID {
					t.Errorf("%s leads to %s", p.Title, path)
				}
				got := map[string]string{}
				for pair := range strings.SplitSeq(query, "&") {
					name, value, _ := strings.Cut(pair, "=")
					got[name] = value
					if name != "${__url_time_range}" && !known[name] {
						t.Errorf("%s: the evaluation has no %s", p.Title, name)
					}
				}
				of := "${__field.labels."
				if p.Type == "table" {
					of = "${__data.fields."
				}
				if got["var-model"] != of+"model:percentencode}" || got["var-namespace"] != of+"namespace:percentencode}" || got["var-datasource"] == "" || !strings.Contains(query, "${__url_time_range}") {
					t.Errorf("%s leads to %s", p.Title, links[0].URL)
				}
			}
		}
	}
	if leading != 5 {
		t.Errorf("%d panels lead on, want the table and those over time", leading)
	}
}

// TestTable finds a query of one row a model, a name and a unit for each column of the fleet's table.
func TestTable(t *testing.T) {
	for _, p := range boards(t)[fleetUID+".json"].all() {
		if p.Type != "table" {
			continue
		}
		organized := p.Transformations[1].Options
		for i, q := range p.Targets {
			if q.Format != "table" || !q.Instant || !strings.Contains(q.Expr, "by (namespace, model)") {
				t.Errorf("column %s: format %s, instant %t: %s", q.Legend, q.Format, q.Instant, q.Expr)
			}
			field := "Value #" + q.Ref
			if organized.Rename[field] != q.Legend || organized.Index[field] != i+2 {
				t.Errorf("column %s is called %q, at %d", q.Legend, organized.Rename[field], organized.Index[field])
			}
			if !slices.ContainsFunc(p.FieldConfig.Overrides, func(o override) bool {
				return o.Matcher.Options == q.Legend && o.Properties[0].ID == "unit"
			}) {
				t.Errorf("column %s has no unit", q.Legend)
			}
		}
		return
	}
	t.Error("there is no table")
}

// TestDocumentation compares the tables of grafana.md with the panels and variables.
func TestDocumentation(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "grafana.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for file, b := range boards(t) {
		_, section, _ := strings.Cut(text, "\n## "+strings.TrimPrefix(b.Title, "Hindcast / ")+"\n")
		section, _, _ = strings.Cut(section, "\n##")
		got := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+?) \|`).FindAllStringSubmatch(section, -1) {
			for title := range strings.SplitSeq(m[1], ", ") {
				got[title] = true
			}
		}
		delete(got, "panel")
		delete(got, "---")
		want := map[string]bool{}
		for _, p := range b.all() {
			if p.Type != "row" {
				want[strings.NewReplacer("$metric", "Metric", "$column", "segment").Replace(p.Title)] = true
			}
		}
		for _, v := range b.Templating.List {
			if !strings.Contains(text, "| "+v.Label+" |") {
				t.Errorf("%s: variable %s is not in grafana.md", file, v.Label)
			}
		}
		for title := range want {
			if !got[title] {
				t.Errorf("%s: panel %q is not in grafana.md", file, title)
			}
		}
		for title := range got {
			if !want[title] {
				t.Errorf("%s: grafana.md has a panel %q that is not there", file, title)
			}
		}
	}
}

// TestKustomization holds the ConfigMaps to what the sidecar and the API server take.
func TestKustomization(t *testing.T) {
	data, err := os.ReadFile("kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var k struct {
		Options struct {
			DisableNameSuffixHash bool              `yaml:"disableNameSuffixHash"`
			Labels                map[string]string `yaml:"labels"`
			Annotations           map[string]string `yaml:"annotations"`
		} `yaml:"generatorOptions"`
		Generators []struct {
			Name  string   `yaml:"name"`
			Files []string `yaml:"files"`
		} `yaml:"configMapGenerator"`
	}
	if err := yaml.Unmarshal(data, &k); err != nil {
		t.Fatal(err)
	}
	if !k.Options.DisableNameSuffixHash || k.Options.Labels["grafana_dashboard"] != "1" || k.Options.Annotations["grafana_folder"] == "" {
		t.Errorf("options %+v", k.Options)
	}
	var listed []string
	for _, g := range k.Generators {
		listed = append(listed, g.Files...)
		size := 0
		for _, f := range g.Files {
			data, err := json.Marshal(string(files(t)[f]))
			if err != nil {
				t.Fatal(err)
			}
			size += len(data)
		}
		// kubectl apply keeps the whole object, as JSON, in an annotation, and all
		// annotations together may have 256 KiB; a ConfigMap may have 1 MiB.
		if size > 250<<10 {
			t.Errorf("ConfigMap %s has %d bytes: kubectl apply takes less than 256 KiB", g.Name, size)
		}
	}
	if want := slices.Sorted(maps.Keys(files(t))); !slices.Equal(listed, want) {
		t.Errorf("ConfigMaps of %q, dashboards are %q", listed, want)
	}
}
