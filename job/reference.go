package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/hindcast/hindcast/objstore"
)

// reference is what a model's windows are compared to. A pass and a shard load one before
// they read windows.
type reference struct {
	profile       *summary.Profile
	features      []groundtruth.FeatureSpec // the profile's, in its order
	profileDigest string                    // empty until digest is asked for it
}

// profilesDir holds reference profiles in the state: profiles/MODEL/FINGERPRINT.
const (
	profilesDir  = "profiles/"
	savedProfile = "saved" // the one that baseline saved
)

// profileColumnBytes is about how much memory a feature takes while a profile is made of the
// reference, however few its values.
const profileColumnBytes = 8 << 10

// ErrNoProfile marks a reference profile that was to be there already.
var ErrNoProfile = errors.New("no saved profile")

// reference loads the model's reference profile, or builds it from the reference's
// rows and, with save, keeps it in the state for the next pass. It is nil for a model
// without a reference.
func (r *Runner) reference(ctx context.Context, m *config.Model, save bool) (*reference, error) {
	if m.Reference == nil {
		return nil, nil
	}
	switch {
	case m.Reference.Profile != "":
		profile, err := r.savedProfile(ctx, m)
		if err != nil {
			return nil, err
		}
		for _, name := range m.Predictions.Features.Columns {
			if _, left := profile.Layout.LeftOut[name]; !left && profile.Layout.Feature(name) == nil {
				return nil, fmt.Errorf("load reference profile of %s: it has no feature %q; make it anew or correct predictions.features", m.Name, name)
			}
		}
		return newReference(profile), nil
	}
	fingerprint, err := r.fingerprint(ctx, m)
	if err != nil {
		return nil, err
	}
	key := profilesDir + m.Name + "/" + fingerprint
	profile, err := r.readProfile(ctx, r.State, key)
	if err == nil {
		return newReference(profile), nil
	}
	if !errors.Is(err, objstore.ErrNotExist) {
		r.Log.Warn("the kept reference profile cannot be used, building it anew", "model", m.Name, "err", err)
	}
	profile, err = r.buildProfile(ctx, m, fingerprint)
	if err != nil {
		return nil, err
	}
	if save {
		if err := r.writeProfile(ctx, key, profile); err != nil {
			return nil, err
		}
	}
	return newReference(profile), nil
}

func newReference(p *summary.Profile) *reference {
	return &reference{profile: p, features: p.Layout.FeatureSpecs()}
}

// Baseline builds the model's reference profile from its reference's rows and saves
// it in the state, where `reference: {profile: saved}` finds it.
func (r *Runner) Baseline(ctx context.Context, m *config.Model) (*summary.Profile, string, error) {
	if m.Reference == nil || m.Reference.URL == "" {
		return nil, "", fmt.Errorf("build reference profile of %s: the model has no reference.url with rows to build it from", m.Name)
	}
	fingerprint, err := r.fingerprint(ctx, m)
	if err != nil {
		return nil, "", err
	}
	profile, err := r.buildProfile(ctx, m, fingerprint)
	if err != nil {
		return nil, "", err
	}
	for _, name := range []string{fingerprint, savedProfile} {
		if err := r.writeProfile(ctx, profilesDir+m.Name+"/"+name, profile); err != nil {
			return nil, "", err
		}
	}
	return profile, profilesDir + m.Name + "/" + savedProfile, nil
}

// savedProfile reads the profile that the configuration names.
func (r *Runner) savedProfile(ctx context.Context, m *config.Model) (*summary.Profile, error) {
	if m.Reference.Saved() {
		p, err := r.readProfile(ctx, r.State, profilesDir+m.Name+"/"+savedProfile)
		if errors.Is(err, objstore.ErrNotExist) {
			return nil, fmt.Errorf("load reference profile of %s: %w in %s; hindcast baseline makes one", m.Name, ErrNoProfile, r.State.URL())
		}
		return p, err
	}
	folder, name := splitObject(m.Reference.Profile)
	store, err := r.Stores.Open(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("load reference profile of %s: %w", m.Name, err)
	}
	if !m.Reference.FollowLinks {
		store.KeepInside(nil)
	}
	return r.readProfile(ctx, store, name)
}

// splitObject cuts the URL of an object into its folder's and its name.
func splitObject(rawURL string) (folder, name string) {
	path, query, hasQuery := strings.Cut(rawURL, "?")
	i := strings.LastIndexByte(path, '/')
	folder, name = path[:i+1], path[i+1:]
	if folder == "" {
		folder = "."
	}
	if hasQuery {
		folder += "?" + query
	}
	return folder, name
}

func (r *Runner) readProfile(ctx context.Context, s *objstore.Store, key string) (*summary.Profile, error) {
	data, err := s.Read(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read reference profile: %w", err)
	}
	p := new(summary.Profile)
	if err := p.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("read reference profile %s: %w", key, err)
	}
	return p, nil
}

func (r *Runner) writeProfile(ctx context.Context, key string, p *summary.Profile) error {
	data, err := p.MarshalBinary()
	if err != nil {
		return fmt.Errorf("encode reference profile: %w", err)
	}
	if err := r.State.Write(ctx, key, data); err != nil {
		return fmt.Errorf("save reference profile: %w", err)
	}
	return nil
}

// fingerprint identifies what a profile is made from: the reference's objects and
// everything in the configuration that changes how they are read.
func (r *Runner) fingerprint(ctx context.Context, m *config.Model) (string, error) {
	spec := m.GroundtruthSpec()
	inputs, notes, err := source.Inputs(ctx, r.Stores, spec.Reference, time.Time{}, time.Time{})
	if err != nil {
		return "", fmt.Errorf("find the reference of %s: %w", m.Name, err)
	}
	if len(inputs) == 0 {
		return "", fmt.Errorf("find the reference of %s: %s", m.Name, strings.Join(notes, "; "))
	}
	for _, note := range notes {
		r.Log.Warn("the reference may lack rows", "model", m.Name, "note", note)
	}
	data, err := json.Marshal(struct {
		Schema      int
		Inputs      []groundtruth.Input
		Columns     groundtruth.PredictionColumns
		Labels      groundtruth.LabelColumns
		Format      string
		Features    config.Features
		Segments    []string
		MaxSegments int
		ExactValues int
	}{
		summary.ProfileSchema, inputs, spec.PredictionColumns, spec.LabelColumns, spec.Reference.Format,
		m.Predictions.Features, m.Segments, m.MaxSegments, m.Drift.ExactValues,
	})
	if err != nil {
		return "", fmt.Errorf("fingerprint the reference of %s: %w", m.Name, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// buildProfile reads the reference's rows twice: for the layout, then on it.
func (r *Runner) buildProfile(ctx context.Context, m *config.Model, fingerprint string) (*summary.Profile, error) {
	fail := func(err error) (*summary.Profile, error) {
		return nil, fmt.Errorf("build reference profile of %s: %w", m.Name, err)
	}
	started := r.Clock()
	spec := m.GroundtruthSpec()
	features, err := r.features(ctx, m, spec, spec.Reference, groundtruth.Window{})
	if err != nil {
		return fail(err)
	}
	opt := join.Options{Limits: r.Limits, Log: r.Log.With("model", m.Name), Progress: r.progress(m.Name + " reference")}
	spec.Features = features
	newProfiler := func() *summary.Profiler {
		return summary.NewProfiler(features, m.Segments, summary.ProfilerOptions{
			ExactValues: m.Drift.ExactValues, MaxSegments: m.MaxSegments, Auto: m.Predictions.Features.Auto,
		})
	}
	result, profilers, err := join.ScanReference(ctx, r.Stores, spec, opt, newProfiler)
	if err != nil {
		return fail(err)
	}
	work := Work{Model: m.Name}
	work.add(result)
	profiler := newProfiler()
	for _, p := range profilers {
		if err := profiler.Merge(p); err != nil {
			return fail(err)
		}
	}
	layout := profiler.Layout()
	if layout.Rows == 0 {
		return fail(errors.New("it has no rows"))
	}
	spec.Features = layout.FeatureSpecs()
	newBuilder := func() *summary.Builder {
		return summary.NewBuilder(layout, layout.Span(), m.Segments, summary.BuilderOptions{})
	}
	result, builders, err := join.ScanReference(ctx, r.Stores, spec, opt, newBuilder)
	if err != nil {
		return fail(err)
	}
	work.add(result)
	counted, err := mergeBuilders(builders)
	if err != nil {
		return fail(err)
	}
	work.Duration = r.Clock().Sub(started)
	r.Log.Info("reference profile built", append([]any{"model", m.Name, "rows", counted.Predictions(), "features", len(layout.Features)}, r.done(work)...)...)
	return &summary.Profile{Layout: layout, Summary: counted, Fingerprint: fingerprint, Rows: counted.Predictions()}, nil
}

// features lists the feature columns of a source to read and their kinds: those
// configured, or all columns that are not mapped.
func (r *Runner) features(ctx context.Context, m *config.Model, spec groundtruth.Spec, src groundtruth.Source, w groundtruth.Window) ([]groundtruth.FeatureSpec, error) {
	p, l := spec.PredictionColumns, spec.LabelColumns
	mapped := []string{p.ID, p.Timestamp, p.Prediction, p.ModelVersion, l.ID, l.Label, l.Timestamp, l.IngestedAt, l.Op}
	wanted := m.Predictions.Features
	look := format.ColumnOptions{MemoryBytes: r.Limits.MemoryBytes}
	if m.Reference != nil {
		look.ColumnBytes = profileColumnBytes
	}
	if !wanted.Auto {
		look.Only = slices.Concat(mapped, wanted.Columns)
	}
	columns, err := format.Columns(ctx, r.Stores, src, w.Start, w.End, look)
	if err != nil {
		return nil, err
	}
	var out []groundtruth.FeatureSpec
	for _, c := range columns {
		if wanted.Auto && slices.Contains(mapped, c.Name) || !wanted.Auto && !slices.Contains(wanted.Columns, c.Name) {
			continue
		}
		if drift.Reserved(c.Name) {
			if !wanted.Auto {
				return nil, fmt.Errorf("feature %q has the name under which the mapped column is reported; rename it in the log", c.Name)
			}
			r.Log.Warn("a column is left out: the mapped column is reported under its name", "model", m.Name, "column", c.Name)
			continue
		}
		switch {
		case c.Kind == groundtruth.Number, c.Kind == groundtruth.Text:
			out = append(out, groundtruth.FeatureSpec(c))
		case !wanted.Auto: // a time that is asked for by name counts as text
			out = append(out, groundtruth.FeatureSpec{Name: c.Name, Kind: groundtruth.Text})
		}
	}
	for _, name := range wanted.Columns {
		if len(columns) > 0 && !slices.ContainsFunc(columns, func(c format.ColumnInfo) bool { return c.Name == name }) {
			return nil, fmt.Errorf("feature %q is not a column of %s", name, src.URL)
		}
	}
	return out, nil
}

// progress returns the progress function of a scan, nil for none.
func (r *Runner) progress(label string) func(done, total int64) {
	if r.Progress == nil {
		return nil
	}
	return r.Progress(label)
}
