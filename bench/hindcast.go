package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// model holds what the models of a configuration differ in.
type model struct {
	Name        string
	Predictions string // patterns
	Labels      string
	Reference   string // value of the key
	Task        task   // the zero value for regression
}

// task is a kind of model, as configurations name it and its columns.
type task struct{ kind, columns, label string }

func regression() task { return task{"regression", "prediction: prediction", "label"} }

func binary() task { return task{"binary", "score: score", "outcome"} }

func multiclass() task {
	return task{"multiclass", "scores: {cat: p_cat, dog: p_dog, owl: p_owl}", "kind"}
}

// weighted returns the task with weights of rows.
func (t task) weighted() task {
	t.columns += ", weight: weight"
	return t
}

// writeConfig writes a configuration of models for hindcast to a path.
func writeConfig(path, state string, models ...model) error {
	var s strings.Builder
	fmt.Fprintf(&s, "version: 1\nstate: {url: \"%s\"}\nmodels:\n", state)
	for _, m := range models {
		t := m.Task
		if t == (task{}) {
			t = regression()
		}
		fmt.Fprintf(&s, `  - name: %s
    task: %s
    predictions:
      url: "%s"
      columns: {id: id, timestamp: predicted_at, %s, model_version: model_version}
      features: [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, city, channel]
    ground_truth:
      url: "%s"
      columns: {id: id, label: %s, timestamp: sold_at}
    reference: %s
    segments: [city]
`, m.Name, t.kind, m.Predictions, t.columns, m.Labels, t.label, m.Reference)
	}
	if err := os.WriteFile(path, []byte(s.String()), 0o644); err != nil {
		return fmt.Errorf("write a configuration: %w", err)
	}
	return nil
}

// setting says how hindcast is run over one window.
type setting struct {
	predictions, labels string // patterns
	task                task   // the zero value for regression
	window              string // empty for the day of the log
	asOf                string // empty for a day when its labels are in
	workers             int    // 0 leaves the default
	args, env           []string
}

// files returns the setting for the files of a dataset.
func files(folder, format string) setting {
	return setting{
		predictions: "file://" + filepath.Join(folder, "predictions", "*."+format),
		labels:      "file://" + filepath.Join(folder, "labels", "*."+format),
	}
}

// evaluate runs one window, with a state that is empty before and gone afterwards.
func (b *bench) evaluate(ctx context.Context, s setting) (usage, error) {
	reference, err := b.reference(ctx)
	if err == nil && s.task != (task{}) {
		reference, err = b.referenceOf(ctx, reference, s.task)
	}
	if err != nil {
		return usage{}, err
	}
	folder, err := os.MkdirTemp(b.work, "evaluate-")
	if err != nil {
		return usage{}, fmt.Errorf("make a working folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config, spill := filepath.Join(folder, "hindcast.yaml"), filepath.Join(folder, "spill")
	if err := os.Mkdir(spill, 0o755); err != nil {
		return usage{}, fmt.Errorf("make a working folder: %w", err)
	}
	m := model{Name: "bench", Predictions: s.predictions, Labels: s.labels, Reference: savedProfile(reference), Task: s.task}
	if err := writeConfig(config, "file://"+filepath.Join(folder, "state"), m); err != nil {
		return usage{}, err
	}
	args := []string{"run", "-c", config, "-o", "json", "--log-format", "json", "--spill-dir", spill, "--window", or(s.window, window), "--as-of", or(s.asOf, asOf)}
	env := s.env
	if s.workers > 0 {
		args = append(args, "--workers", fmt.Sprint(s.workers))
		env = append([]string{fmt.Sprintf("GOMAXPROCS=%d", s.workers)}, env...)
	}
	u, err := b.measure(ctx, env, b.hindcast, append(args, s.args...)...)
	if err != nil {
		return u, err
	}
	left, err := os.ReadDir(spill)
	if err != nil {
		return u, fmt.Errorf("look into the spill folder: %w", err)
	}
	if len(left) > 0 {
		return u, fmt.Errorf("%s was left in the spill folder", left[0].Name())
	}
	if u.Stats.Windows != 1 {
		return u, fmt.Errorf("the log tells of %d windows, not of one", u.Stats.Windows)
	}
	return u, nil
}

// contest returns a contestant that is hindcast in a setting.
func (b *bench) contest(name string, s setting) contestant {
	return contestant{name, func(ctx context.Context) (usage, error) { return b.evaluate(ctx, s) }}
}

// or returns the text, or the other where it is empty.
func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
