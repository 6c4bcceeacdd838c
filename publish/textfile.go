package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	held    bool
	pending textUpdate // what is not in the file yet
	models  int        // in the file as it was written last
}

// textUpdate is a change of the file that is not written yet.
type textUpdate struct {
	fresh  []*dto.MetricFamily
	drops  map[string][]func(metric string) bool // of what the file holds, by model
	models int                                   // updates of which it is made
}

var _ job.Publisher = (*Textfile)(nil)

// NewTextfile returns the text file at path, whose folder must exist or be creatable.
func NewTextfile(path string, aliases Aliases) *Textfile {
	return &Textfile{path: path, aliases: aliases}
}

// Name implements job.Publisher.
func (t *Textfile) Name() string { return "text file " + t.path }

// heldShare is the part of the models in the file that may wait to be written.
const heldShare = 8

// Hold lets the figures of several models share one writing of the file, whose size is
// that of all: from now on, figures may wait for those of other models, up to an eighth
// of the models in the file, or for Flush.
func (t *Textfile) Hold() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = true
}

// Flush writes what waits since Hold.
func (t *Textfile) Flush(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending.models == 0 {
		return nil
	}
	return t.flush(ctx)
}

// Publish implements job.Publisher.
func (t *Textfile) Publish(ctx context.Context, s job.Snapshot) error {
	succeeded := s.Status.Err == nil
	return t.update(ctx, s.Status.Model, t.aliases.extend(samples(s)), func(metric string) bool {
		// A pass that evaluated and then failed leaves the last success.
		success := metric == prefix+lastSuccess || t.aliases[metric] == lastSuccess
		return succeeded || !success
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

// add puts the samples in the place of those that have the same metrics; the model keeps
// its other series.
func (t *Textfile) add(ctx context.Context, name string, set []sample) error {
	set = t.aliases.extend(set)
	names := map[string]bool{}
	for _, s := range set {
		names[s.fullName()] = true
	}
	return t.update(ctx, name, set, func(metric string) bool { return names[metric] })
}

// update writes the file anew: what it held, less the series of the model that drop
// says, and the samples.
func (t *Textfile) update(ctx context.Context, name string, set []sample, drop func(metric string) bool) error {
	fresh, err := gather(withModel(name, set)).Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := &t.pending
	u.fresh = merge(fresh, u.fresh, func(metric, of string) bool { return of == name && drop(metric) })
	if u.drops == nil {
		u.drops = map[string][]func(string) bool{}
	}
	u.drops[name] = append(u.drops[name], drop)
	u.models++
	if t.held && u.models*heldShare < t.models {
		return nil
	}
	return t.flush(ctx)
}

// flush writes what waits into the file. What could not be written goes on waiting.
func (t *Textfile) flush(ctx context.Context) error {
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
	families := merge(cloned(t.pending.fresh), old, func(metric, of string) bool {
		return slices.ContainsFunc(t.pending.drops[of], func(drop func(string) bool) bool { return drop(metric) })
	})
	if err := t.write(families); err != nil {
		return err
	}
	t.pending, t.models = textUpdate{}, modelsOf(families)
	return nil
}

// cloned copies families as far as merge changes them.
func cloned(families []*dto.MetricFamily) []*dto.MetricFamily {
	out := make([]*dto.MetricFamily, len(families))
	for i, f := range families {
		out[i] = &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit, Metric: slices.Clone(f.Metric)}
	}
	return out
}

// modelsOf counts the models that have series in the families.
func modelsOf(families []*dto.MetricFamily) int {
	names := map[string]bool{}
	for _, f := range families {
		if f.GetName() != prefix+lastRun {
			continue
		}
		for _, m := range f.GetMetric() {
			names[modelOf(m)] = true
		}
	}
	return len(names)
}

// merge adds the old families to the fresh ones, without the series that drop names.
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

// modelOf is the model that a series belongs to, empty for none.
func modelOf(m *dto.Metric) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == "model" {
			return l.GetValue()
		}
	}
	return ""
}

// read returns what the file holds, nothing where there is none.
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

// write replaces the file by one with these families.
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
