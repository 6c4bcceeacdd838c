package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/join"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// Logs makes Summaries from the objects that the models' configurations name: logged
// predictions, labels, and the rows of references.
type Logs struct {
	Stores   *objstore.Opener
	Limits   groundtruth.Limits
	Log      *slog.Logger
	Progress func(label string) func(done, total int64) // nil for none
}

var _ Summaries = Logs{}

// Inputs implements Summaries: the objects that Window would read, as its Result has
// them.
func (l Logs) Inputs(ctx context.Context, q WindowQuery) ([]groundtruth.Input, error) {
	spec := q.Model.GroundtruthSpec()
	src := spec.Predictions
	if spec.PredictionColumns.Timestamp == "" {
		src.Slack = 0 // as the join has it
	}
	out, _, err := source.Inputs(ctx, l.Stores, src, q.Window.Start, q.Window.End)
	if err != nil {
		return nil, fmt.Errorf("find predictions: %w", err)
	}
	if q.Labels {
		to := q.AsOf.Add(1) // as-of itself is among them
		labels, _, err := source.Inputs(ctx, l.Stores, spec.Labels, q.Window.Start, to)
		if err != nil {
			return nil, fmt.Errorf("find labels: %w", err)
		}
		out = append(out, labels...)
	}
	slices.SortFunc(out, func(a, b groundtruth.Input) int { return strings.Compare(a.URL, b.URL) })
	return slices.CompactFunc(out, func(a, b groundtruth.Input) bool { return a.URL == b.URL }), nil
}

// Window implements Summaries.
func (l Logs) Window(ctx context.Context, q WindowQuery) (*summary.Summary, groundtruth.Result, error) {
	m := q.Model
	spec := m.GroundtruthSpec()
	var layout *summary.Layout
	if q.Profile != nil {
		layout = q.Profile.Layout
		spec.Features = layout.FeatureSpecs()
	} else {
		var err error
		if spec.Features, err = l.features(ctx, m, spec, spec.Predictions, q.Window); err != nil {
			return nil, groundtruth.Result{}, err
		}
	}
	options := summary.BuilderOptions{
		MaxSegments: m.MaxSegments, Task: spec.Task, Classifier: summary.ClassifierOf(&spec, spec.PredictionColumns),
		Entities: spec.PredictionColumns.Entity != "", Quantiles: spec.PredictionColumns.Orders(),
		Bounds: m.PredictionBounds(),
	}
	options.Shapes = groundtruth.NewCalendar(m.Grid().Zone(), q.Window.Start, q.Window.End)
	if m.Grid().Length() >= 24*time.Hour { // shorter ones lack hours by what they are
		options.Calendar = options.Shapes
	}
	result, builders, err := join.Join(ctx, l.Stores, spec, q.Window, q.AsOf, join.Options{
		Limits:     l.Limits,
		ReadLabels: q.Labels,
		Past:       q.Past,
		Delay:      m.GroundTruth.Delay,
		Coverage:   m.Rules().MinCoverage(),
		Progress:   l.progress(m.Name + " " + q.Window.Text(m.Grid().Zone(), "/")),
		Log:        l.Log.With("model", m.Name),
	}, func() *summary.Builder {
		return summary.NewBuilder(layout, q.Window, m.Segments, options)
	})
	if err != nil {
		return nil, groundtruth.Result{}, err
	}
	counted, err := mergeBuilders(builders)
	return counted, result, err
}

// ReferenceInputs implements Summaries.
func (l Logs) ReferenceInputs(ctx context.Context, m *config.Model) (inputs []groundtruth.Input, notes []string, err error) {
	return source.Inputs(ctx, l.Stores, m.GroundtruthSpec().Reference, time.Time{}, time.Time{})
}

// Reference implements Summaries. It reads the rows twice: for the layout, then on it; and once
// more where they have entities.
func (l Logs) Reference(ctx context.Context, m *config.Model) (*summary.Profile, Work, error) {
	work := Work{Model: m.Name}
	spec := m.GroundtruthSpec()
	features, err := l.features(ctx, m, spec, spec.Reference, groundtruth.Window{})
	if err != nil {
		return nil, work, err
	}
	opt := join.Options{Limits: l.Limits, Log: l.Log.With("model", m.Name), Progress: l.progress(m.Name + " reference")}
	spec.Features = features
	newProfiler := func() *summary.Profiler {
		return summary.NewProfiler(features, m.Segments, summary.ProfilerOptions{
			ExactValues: m.Drift.ExactValues, MaxSegments: m.MaxSegments, Auto: m.Predictions.Features.Auto,
			Strata: m.Strata(), Zone: m.Grid().Zone(), Task: spec.Task, Classifier: summary.ClassifierOf(&spec, spec.ColumnsOfReference().PredictionColumns),
		})
	}
	result, profilers, err := join.ScanReference(ctx, l.Stores, spec, opt, newProfiler)
	if err != nil {
		return nil, work, err
	}
	work.add(result)
	profiler := newProfiler()
	for _, p := range profilers {
		if err := profiler.Merge(p); err != nil {
			return nil, work, err
		}
	}
	layout := profiler.Layout()
	if layout.Rows == 0 {
		return nil, work, errors.New("it has no rows")
	}
	spec.Features = layout.FeatureSpecs()
	partition := profiler.Partition()
	if partition != nil {
		opt.Group = partition.Group
	}
	result, builders, err := join.ScanReference(ctx, l.Stores, spec, opt, func() *summary.ProfileBuilder {
		return summary.NewProfileBuilder(layout, partition, m.Segments, spec.ColumnsOfReference().Orders())
	})
	if err != nil {
		return nil, work, err
	}
	work.add(result)
	profile := builders[0].Profile(builders[1:]...)
	if spec.ColumnsOfReference().Entity != "" {
		if profile.Entities, err = l.entities(ctx, spec, opt, layout, &work); err != nil {
			return nil, work, err
		}
	}
	return profile, work, nil
}

// entities counts the rows of a reference by the groups of their entities, in one more scan:
// the one before may send them by their days.
func (l Logs) entities(ctx context.Context, spec groundtruth.Spec, opt join.Options, layout *summary.Layout, work *Work) (*summary.Clusters, error) {
	opt.Group, opt.ByEntity = nil, true
	result, counters, err := join.ScanReference(ctx, l.Stores, spec, opt, func() *summary.EntityCounter {
		return summary.NewEntityCounter(layout, spec.ColumnsOfReference().Orders())
	})
	if err != nil {
		return nil, err
	}
	work.add(result)
	return counters[0].Clusters(counters[1:]...), nil
}

// mergeBuilders merges the summaries of a scan's sinks, of which there is one at least.
func mergeBuilders(builders []*summary.Builder) (*summary.Summary, error) {
	summaries := make([]*summary.Summary, len(builders))
	for i, b := range builders {
		summaries[i] = b.Summary()
	}
	// What one of few rows has goes into one of many at less cost than the other way about.
	slices.SortStableFunc(summaries, func(a, b *summary.Summary) int {
		return cmp.Compare(b.Predictions(), a.Predictions())
	})
	total := summaries[0]
	for _, s := range summaries[1:] {
		if err := total.Merge(s); err != nil {
			return nil, fmt.Errorf("merge summaries: %w", err)
		}
	}
	return total, nil
}

// profileColumnBytes is about how much memory a feature takes while a profile is made of the
// reference, however few its values.
const profileColumnBytes = 8 << 10

// features lists the feature columns of a source to read and their kinds: those
// configured, or all columns that are not mapped, in the log or in the reference.
func (l Logs) features(ctx context.Context, m *config.Model, spec groundtruth.Spec, src groundtruth.Source, w groundtruth.Window) ([]groundtruth.FeatureSpec, error) {
	wanted := m.Predictions.Features
	look := format.ColumnOptions{MemoryBytes: l.Limits.MemoryBytes}
	if m.Reference != nil {
		look.ColumnBytes = profileColumnBytes
	}
	if !wanted.Auto {
		look.Only = slices.Concat(mappedColumns(spec), wanted.Columns)
	}
	columns, err := format.Columns(ctx, l.Stores, src, w.Start, w.End, look)
	if err != nil {
		return nil, err
	}
	out, reserved := Features(m, columns)
	for _, name := range reserved {
		if !wanted.Auto {
			return nil, fmt.Errorf("feature %q has the name under which the mapped column is reported; rename it in the log", name)
		}
		l.Log.Warn("a column is left out: the mapped column is reported under its name", "model", m.Name, "column", name)
	}
	for _, c := range columns {
		if c.Nested != "" && slices.Contains(wanted.Columns, c.Name) {
			return nil, fmt.Errorf("feature %q of predictions.features cannot be read: %s", c.Name, c.Nested)
		}
	}
	for _, name := range wanted.Columns {
		if len(columns) > 0 && !slices.ContainsFunc(columns, func(c format.ColumnInfo) bool { return c.Name == name }) {
			return nil, l.noSuchFeature(ctx, name, src, w)
		}
	}
	return out, nil
}

// noSuchFeature says that a feature that is asked for by name is no column, and what there is.
func (l Logs) noSuchFeature(ctx context.Context, name string, src groundtruth.Source, w groundtruth.Window) error {
	columns, err := format.Columns(ctx, l.Stores, src, w.Start, w.End, format.ColumnOptions{MemoryBytes: l.Limits.MemoryBytes})
	if err != nil {
		return err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return fmt.Errorf("feature %q is not a column of %s: it has %s%s; correct predictions.features", name, src.URL, table.QuoteNames(names), table.DidYouMean(name, names))
}

// holdsScore reports whether a column lies in one whose elements are scores, as the columns of
// an object do.
func holdsScore(spec groundtruth.Spec, name string) bool {
	for _, s := range slices.Concat(spec.PredictionColumns.Scores, spec.ColumnsOfReference().Scores) {
		if s.Element != (groundtruth.Element{}) && strings.HasPrefix(name, s.Column+".") {
			return true
		}
	}
	return false
}

// mappedColumns lists the names of the columns that are mapped, and so are no features.
func mappedColumns(spec groundtruth.Spec) []string {
	labels, ref := spec.LabelColumns, spec.ColumnsOfReference()
	return slices.Concat(ref.Names(), spec.PredictionColumns.Names(), labels.ID, []string{ref.Label, labels.Label, labels.Timestamp, labels.IngestedAt, labels.Op})
}

// Features lists which of the columns of a source are features of the model, and with which
// kinds: those configured, or all that are mapped neither in the log nor in the reference,
// but for times. The reserved ones would be features, but for names that are another column's
// in what is reported.
func Features(m *config.Model, columns []format.ColumnInfo) (features []groundtruth.FeatureSpec, reserved []string) {
	spec, wanted := m.GroundtruthSpec(), m.Predictions.Features
	mapped := mappedColumns(spec)
	for _, c := range columns {
		if wanted.Auto && (slices.Contains(mapped, c.Name) || holdsScore(spec, c.Name)) || !wanted.Auto && !slices.Contains(wanted.Columns, c.Name) {
			continue
		}
		if drift.Reserved(c.Name) {
			reserved = append(reserved, c.Name)
			continue
		}
		switch {
		case c.Kind == groundtruth.Number, c.Kind == groundtruth.Text:
			features = append(features, groundtruth.FeatureSpec{Name: c.Name, Kind: c.Kind})
		case !wanted.Auto: // a time that is asked for by name counts as text
			features = append(features, groundtruth.FeatureSpec{Name: c.Name, Kind: groundtruth.Text})
		}
	}
	return features, reserved
}

// progress returns the progress function of a scan, nil for none.
func (l Logs) progress(label string) func(done, total int64) {
	if l.Progress == nil {
		return nil
	}
	return l.Progress(label)
}
