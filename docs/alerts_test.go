package docs_test

import (
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/deploy/prometheus"
)

// alertRules are the alerting rules by name.
func alertRules() map[string]prometheus.Rule {
	out := map[string]prometheus.Rule{}
	o := prometheus.DefaultOptions()
	for _, g := range []prometheus.Group{prometheus.Hindcast(o), prometheus.ModelService(o), prometheus.Objectives(o)} {
		for _, r := range g.Rules {
			if r.Record == "" {
				out[r.Alert] = r
			}
		}
	}
	return out
}

// TestAlerts compares the table of alerts.md with the rules, and its options with the
// fields that there are.
func TestAlerts(t *testing.T) {
	options := set{}
	for i := range reflect.TypeFor[prometheus.Options]().NumField() {
		options[reflect.TypeFor[prometheus.Options]().Field(i).Name] = true
	}
	want, got, named := alertRules(), set{}, set{}
	for _, s := range read(t, "alerts.md").sections {
		if s.title != "The alerts" {
			continue
		}
		for _, row := range s.rows {
			name, severity, pending, fields, runbook := ticked(row[0])[0], row[1], row[3], row[4], row[5]
			got[name] = true
			r := want[name]
			if severity != r.Labels["severity"] || pending != "`"+r.For.String()+"`" {
				t.Errorf("alerts.md: %s is %s for %s, the rule %s for %s", name, severity, pending, r.Labels["severity"], r.For)
			}
			if runbook != "[what to do](runbooks/"+name+".md)" {
				t.Errorf("alerts.md: %s leads to %s", name, runbook)
			}
			for _, o := range ticked(fields) {
				named[o] = true
			}
		}
	}
	names := set{}
	for name := range want {
		names[name] = true
	}
	compare(t, names, got, "alerts.md", "alert")
	compare(t, options, named, "alerts.md", "option")
}

// TestRunbooksSayWhatIsThere looks for the severity of every alert in its runbook, and
// for every command, flag, metric and option of the runbooks in the program.
func TestRunbooksSayWhatIsThere(t *testing.T) {
	for name, r := range alertRules() {
		severity := r.Labels["severity"]
		severity = strings.ToUpper(severity[:1]) + severity[1:]
		if text := read(t, "runbooks/"+name+".md").text; !strings.HasPrefix(text, "# "+name+"\n\n"+severity) {
			t.Errorf("the runbook of %s does not begin with %s", name, severity)
		}
	}
	metrics := set{}
	for name := range published(t) {
		metrics[name] = true
	}
	for _, name := range serveMetrics(t) {
		metrics[name] = true
	}
	flags := declared(t)
	var (
		metric  = regexp.MustCompile(`\bhindcast_[a-z0-9_]*[a-z0-9]\b`)
		command = regexp.MustCompile("(?:hindcast|in_cluster) ([a-z]+)([^|\n`#]*)")
		flag    = regexp.MustCompile(`(?:^|\s)--([a-z-]+)`)
		option  = regexp.MustCompile("Options? ((?:`[A-Za-z]+`(?:, )?)+)")
	)
	files, err := filepath.Glob("runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, name := range files {
		text := read(t, name).text
		for _, m := range metric.FindAllString(text, -1) {
			if m != "hindcast_column" && !metrics[m] { // the head of a pattern
				t.Errorf("%s: there is no metric %s", name, m)
			}
		}
		for line := range strings.Lines(text) {
			for _, m := range command.FindAllStringSubmatch(line, -1) {
				known, ok := flags[m[1]]
				if !ok {
					if strings.Contains(m[0], "--") {
						t.Errorf("%s: there is no command hindcast %s", name, m[1])
					}
					continue
				}
				commands++
				for _, f := range flag.FindAllStringSubmatch(m[2], -1) {
					if !slices.Contains(known, f[1]) {
						t.Errorf("%s: hindcast %s has no flag --%s", name, m[1], f[1])
					}
				}
			}
		}
		for _, m := range option.FindAllStringSubmatch(text, -1) {
			for _, o := range ticked(m[1]) {
				if _, ok := reflect.TypeFor[prometheus.Options]().FieldByName(o); !ok {
					t.Errorf("%s: there is no option %s", name, o)
				}
			}
		}
	}
	if commands < 20 {
		t.Errorf("only %d commands were found in the runbooks: the test looks in the wrong place (known: %v)", commands, slices.Sorted(maps.Keys(flags)))
	}
}
