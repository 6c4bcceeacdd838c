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
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// lockTimeout bounds the wait for other processes that write the same file.
const lockTimeout = 10 * time.Second

// Textfile writes the figures of all models to a file for the node exporter's
// textfile collector. The file is replaced whole, by rename, so that the collector
// never sees half of it; the series of other models in it stay. Processes that write
// the same file take turns by a lock on FILE.lock beside it, where the system has
// flock; elsewhere each needs a file of its own.
type Textfile struct {
	path    string
	aliases Aliases
	mu      sync.Mutex
}

var _ job.Publisher = (*Textfile)(nil)

// NewTextfile returns the text file at path, whose folder must exist or be creatable.
func NewTextfile(path string, aliases Aliases) *Textfile {
	return &Textfile{path: path, aliases: aliases}
}

// Name implements job.Publisher.
func (t *Textfile) Name() string { return "text file " + t.path }

// Publish implements job.Publisher.
func (t *Textfile) Publish(ctx context.Context, s job.Snapshot) error {
	name := s.Status.Model
	return t.update(ctx, withModel(name, t.aliases.extend(samples(s))), func(metric, of string) bool {
		// A pass that evaluated and then failed leaves the last success.
		success := metric == prefix+lastSuccess || t.aliases[metric] == lastSuccess
		return of == name && (s.Status.Err == nil || !success)
	})
}

// PublishFailure implements job.Publisher.
func (t *Textfile) PublishFailure(ctx context.Context, s job.RunStatus) error {
	return t.add(ctx, s.Model, statusSamples(s))
}

// PublishRuns implements job.Publisher.
func (t *Textfile) PublishRuns(ctx context.Context, model string, runs []trigger.LaunchStatus) error {
	set := runSamples(runs)
	if len(set) == 0 {
		return nil
	}
	return t.add(ctx, model, set)
}

// add replaces the metrics that the samples name.
func (t *Textfile) add(ctx context.Context, name string, set []sample) error {
	set = t.aliases.extend(set)
	names := map[string]bool{}
	for _, s := range set {
		names[s.fullName()] = true
	}
	return t.update(ctx, withModel(name, set), func(metric, of string) bool { return of == name && names[metric] })
}

// update writes the file anew: what it held, less the series that drop says, and the
// samples.
func (t *Textfile) update(ctx context.Context, set []sample, drop func(metric, model string) bool) error {
	fresh, err := gather(set).Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
		return fmt.Errorf("make folder of text file: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	unlock, err := lock(ctx, t.path+".lock")
	if err != nil {
		return fmt.Errorf("lock text file: %w", err)
	}
	defer unlock()
	old, err := t.read()
	if err != nil {
		return err
	}
	return t.write(merge(fresh, old, drop))
}

// merge adds to the fresh families what is kept of the old ones.
func merge(fresh, old []*dto.MetricFamily, drop func(metric, model string) bool) []*dto.MetricFamily {
	have := map[string]*dto.MetricFamily{}
	for _, f := range fresh {
		have[f.GetName()] = f
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
			sortMetrics(into.Metric)
		} else if len(kept) > 0 {
			f.Metric = kept
			sortMetrics(f.Metric)
			fresh = append(fresh, f)
		}
	}
	sortFamilies(fresh)
	return fresh
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
		return nil, fmt.Errorf("read text file %s: it is not one of Hindcast's, and is left alone; move it away or name another: %w", t.path, err)
	}
	return sortedFamilies(families), nil
}

func (t *Textfile) write(families []*dto.MetricFamily) error {
	var buf bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&buf, f); err != nil {
			return fmt.Errorf("encode metrics: %w", err)
		}
	}
	// The collector reads *.prom only, so the temporary name ends otherwise.
	tmp, err := os.CreateTemp(filepath.Dir(t.path), filepath.Base(t.path)+".tmp*")
	if err != nil {
		return fmt.Errorf("write text file: %w", err)
	}
	_, err = tmp.Write(buf.Bytes())
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()) // the node exporter runs as another user
	if err == nil {
		err = os.Rename(tmp.Name(), t.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write text file: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}
