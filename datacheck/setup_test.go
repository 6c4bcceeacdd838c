package datacheck

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/objstore"
)

// This file holds the models that tests break, and how these are checked.

// setup is a model with its data: days of predictions and labels in a store in memory.
type setup struct {
	task        string // with what belongs to it; default regression
	predictions string // of the keys below the model
	config      string // more of it
	columns     string // of predictions
	labels      string // columns of the labels
	rules       string
	objects     map[string]string
}

// now is when the tests look: long after their data.
func now() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }

const testDays, testRows = 6, 240

// healthy returns a model without a problem, of which a test breaks something.
func healthy() *setup {
	s := &setup{
		predictions: "p/{date}/*", columns: "{id: id, timestamp: at, prediction: pred}", labels: "{id: id, label: y, ingested_at: loaded}", rules: "[{name: mae, when: mae > 1}]",
		objects: map[string]string{},
	}
	s.write("pred", func(i int) (predicted, label string) { return strconv.Itoa(i), strconv.Itoa(i + 1) })
	return s
}

// write writes the days anew: what row gives for a number is the columns of what is predicted,
// and the label.
func (s *setup) write(columns string, row func(i int) (predicted, label string)) {
	for day := range testDays {
		start := time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)
		predictions, labels := "id,at,x,"+columns+"\n", "id,y,loaded\n"
		for i := range testRows {
			at := start.Add(time.Duration(i) * 24 * time.Hour / testRows)
			predicted, label := row(i)
			predictions += fmt.Sprintf("p%d-%03d,%s,%d.5,%s\n", day, i, at.Format(time.RFC3339), i%17, predicted)
			labels += fmt.Sprintf("p%d-%03d,%s,%s\n", day, i, label, at.Add(20*time.Hour).Format(time.RFC3339))
		}
		s.objects["p/"+start.Format(time.DateOnly)+"/a.csv"] = predictions
		s.objects["l/"+start.Format(time.DateOnly)+"/a.csv"] = labels
	}
}

// edit replaces text in all objects whose keys begin with prefix.
func (s *setup) edit(prefix, from, to string) {
	for key, text := range s.objects {
		if strings.HasPrefix(key, prefix) {
			s.objects[key] = strings.ReplaceAll(text, from, to)
		}
	}
}

// times writes the timestamps of the predictions anew.
func (s *setup) times(write func(at time.Time) string) {
	for key, text := range s.objects {
		if !strings.HasPrefix(key, "p/") {
			continue
		}
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i, line := range lines[1:] {
			fields := strings.Split(line, ",")
			at, err := time.Parse(time.RFC3339, fields[1])
			if err != nil {
				panic(err)
			}
			fields[1] = write(at)
			lines[i+1] = strings.Join(fields, ",")
		}
		s.objects[key] = strings.Join(lines, "\n") + "\n"
	}
}

// later returns what writes a time some hours later.
func later(hours int, layout string) func(at time.Time) string {
	return func(at time.Time) string { return at.Add(time.Duration(hours) * time.Hour).Format(layout) }
}

func (s *setup) check(t *testing.T) *Report {
	t.Helper()
	base := "mem://datacheck-" + strings.NewReplacer("/", "-", " ", "-", ",", "", "'", "").Replace(t.Name())
	stores := objstore.NewOpener("")
	store, err := stores.Open(context.Background(), base)
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range s.objects {
		if err := store.Write(context.Background(), key, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`version: 1
state: {url: "mem://state"}
models:
  - name: m
    task: %s
    predictions: {url: %q, columns: %s%s}
    ground_truth: {url: %q, columns: %s, delay: 2d}
    rules: %s
%s`, cmp.Or(s.task, "regression"), base+"/"+s.predictions, s.columns, featuresOf(s.config), base+"/l/{date}/*", s.labels, s.rules, strings.ReplaceAll(restOf(s.config), "BASE", base))
	cfg, err := config.Parse("test.yaml", []byte(text), "", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), stores, cfg.Models[0], Options{Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// finds checks that just one of the problems is of a severity, found and with what to do; of an
// empty severity that there is none at all.
func (s *setup) finds(t *testing.T, severity, found, do string) {
	t.Helper()
	r := s.check(t)
	text, err := json.MarshalIndent(r.Problems, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	for _, p := range r.Problems {
		if p.Severity == severity && strings.Contains(p.Source+": "+p.Found, found) && strings.Contains(p.Do, do) {
			hits++
		}
	}
	if want := min(len(severity), 1); hits != want || severity == "" && len(r.Problems) > 0 {
		t.Errorf("%d of the problems are the one that is wanted:\n%s", hits, text)
	}
}

// featuresOf returns a line of the configuration that belongs to predictions.
func featuresOf(config string) string {
	if strings.HasPrefix(config, "features:") || strings.HasPrefix(config, "partition_time_zone:") || strings.HasPrefix(config, "slack:") {
		return ", " + config
	}
	return ""
}

func restOf(config string) string {
	if featuresOf(config) != "" {
		return ""
	}
	return config
}
