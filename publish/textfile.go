package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// Textfile writes the figures of all models to a file for the node exporter's
// textfile collector. The file is replaced whole, by rename, so that the collector
// never sees half of it; the series of other models in it stay.
type Textfile struct {
	path string
	mu   sync.Mutex
}

var _ job.Publisher = (*Textfile)(nil)

// NewTextfile returns the text file at path, whose folder must exist or be creatable.
func NewTextfile(path string) *Textfile { return &Textfile{path: path} }

// Name implements job.Publisher.
func (t *Textfile) Name() string { return "text file " + t.path }

// Publish implements job.Publisher.
func (t *Textfile) Publish(_ context.Context, s job.Snapshot) error {
	name := s.Status.Model
	return t.update(withModel(name, samples(s)), func(_ string, of string) bool { return of == name })
}

// PublishFailure implements job.Publisher.
func (t *Textfile) PublishFailure(_ context.Context, s job.RunStatus) error {
	return t.add(s.Model, statusSamples(s))
}

// PublishRuns implements job.Publisher.
func (t *Textfile) PublishRuns(_ context.Context, model string, runs []trigger.LaunchStatus) error {
	return t.add(model, runSamples(runs))
}

// add replaces the metrics that the samples name.
func (t *Textfile) add(name string, set []sample) error {
	names := map[string]bool{}
	for _, s := range set {
		names[prefix+s.name] = true
	}
	return t.update(withModel(name, set), func(metric, of string) bool { return of == name && names[metric] })
}

// update writes the file anew: what it held, less the series that drop says, and the
// samples.
func (t *Textfile) update(set []sample, drop func(metric, model string) bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, err := t.read()
	if err != nil {
		return err
	}
	fresh, err := gather(set).Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	var all []*dto.MetricFamily
	have := map[string]*dto.MetricFamily{}
	for _, f := range fresh {
		have[f.GetName()] = f
		all = append(all, f)
	}
	for _, f := range old {
		var kept []*dto.Metric
		for _, m := range f.GetMetric() {
			if !drop(f.GetName(), modelOf(m)) {
				kept = append(kept, m)
			}
		}
		if into := have[f.GetName()]; into != nil {
			into.Metric = append(into.Metric, kept...)
		} else if len(kept) > 0 {
			f.Metric = kept
			all = append(all, f)
		}
	}
	return t.write(all)
}

func modelOf(m *dto.Metric) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == "model" {
			return l.GetValue()
		}
	}
	return ""
}

func (t *Textfile) read() ([]*dto.MetricFamily, error) {
	data, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read text file: %w", err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read text file %s, which is not one of Hindcast's: %w", t.path, err)
	}
	return sortedFamilies(families), nil
}

func (t *Textfile) write(families []*dto.MetricFamily) error {
	var buf bytes.Buffer
	sortFamilies(families)
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&buf, f); err != nil {
			return fmt.Errorf("encode metrics: %w", err)
		}
	}
	dir := filepath.Dir(t.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder of text file: %w", err)
	}
	// The collector reads *.prom only, so the temporary name ends otherwise.
	tmp, err := os.CreateTemp(dir, filepath.Base(t.path)+".tmp*")
	if err != nil {
		return fmt.Errorf("write text file: %w", err)
	}
	_, err = tmp.Write(buf.Bytes())
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), t.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write text file: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}
