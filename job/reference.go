package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// reference is what a model's windows are compared to. A pass and a shard load one before
// they read windows.
type reference struct {
	profile       *summary.Profile
	features      []groundtruth.FeatureSpec // the profile's, in its order
	profileDigest string                    // empty until digest is asked for it
}

// read reads of the reference's profile what a window is compared with; nothing without one.
func (ref *reference) read(w groundtruth.Window, opt evaluator.Options) error {
	if ref == nil {
		return nil
	}
	return ref.profile.Read(w, opt.Drift.LeastRows())
}

// layoutID returns what records say of the reference's layout; nothing without one.
func (ref *reference) layoutID() string {
	if ref == nil {
		return ""
	}
	return layoutID(ref.profile.Layout)
}

// profilesDir holds reference profiles in the state: profiles/MODEL/FINGERPRINT.
const (
	profilesDir  = "profiles/"
	savedProfile = "saved" // the one that baseline saved
)

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
		if err == nil {
			err = ofKind(profile.Layout, m)
		}
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

// ofKind refuses a profile of another kind of model.
func ofKind(l *summary.Layout, m *config.Model) error {
	switch {
	case l.Task != m.Task:
		return fmt.Errorf("load reference profile of %s: it is one of the task %s, and the model's is %s: make it anew by hindcast baseline", m.Name, l.Task, m.Task)
	case m.Task == groundtruth.Binary && table.BinaryText(l.Classifier.Positive) != table.BinaryText(m.PositiveLabel):
		return fmt.Errorf("load reference profile of %s: its positive label is %q, and positive_label is %q: make it anew by hindcast baseline", m.Name, l.Classifier.Positive, m.PositiveLabel)
	}
	return nil
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

// WithoutReference says what a model may do whose reference is not there.
func WithoutReference(m *config.Model) string {
	switch names := m.Rules().NeedReference(); len(names) {
	case 0:
		return "or leave `reference` out, which no rule needs: nothing is said of drift then"
	case 1:
		return "or leave `reference` out, with rule " + names[0] + ", which needs it"
	default:
		return "or leave `reference` out, with rules " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + ", which need it"
	}
}

// fingerprint identifies what a profile is made from: the reference's objects and
// everything in the configuration that changes how they are read.
func (r *Runner) fingerprint(ctx context.Context, m *config.Model) (string, error) {
	spec := m.GroundtruthSpec()
	inputs, notes, err := r.summaries().ReferenceInputs(ctx, m)
	if err != nil {
		err = fmt.Errorf("find the reference of %s: %w", m.Name, err)
		if errors.Is(err, objstore.ErrNotExist) {
			err = fmt.Errorf("%w, %s", err, WithoutReference(m))
		}
		return "", err
	}
	if len(inputs) == 0 {
		return "", fmt.Errorf("find the reference of %s: %s; correct reference.url, %s", m.Name, strings.Join(notes, "; "), WithoutReference(m))
	}
	for _, note := range notes {
		r.Log.Warn("the reference may lack rows", "model", m.Name, "note", note)
	}
	data, err := json.Marshal(struct {
		Schema      int
		Inputs      []groundtruth.Input
		Columns     groundtruth.PredictionColumns
		Labels      groundtruth.LabelColumns
		Own         *groundtruth.ReferenceColumns `json:",omitempty"` // so that profiles of references without are found
		Format      string
		Features    config.Features
		Segments    []string
		MaxSegments int
		ExactValues int
		Strata      summary.StrataKind
		Zone        groundtruth.Zone
		Task        groundtruth.Task `json:",omitempty"` // so that profiles of regressions are found, as the next two
		Positive    string           `json:",omitempty"`
		Threshold   float64          `json:",omitempty"`
	}{
		summary.ProfileSchema, inputs, spec.PredictionColumns, spec.LabelColumns, spec.ReferenceColumns, spec.Reference.Format,
		m.Predictions.Features, m.Segments, m.MaxSegments, m.Drift.ExactValues,
		m.Strata(), m.Grid().Zone(), spec.Task, spec.Positive, spec.Threshold,
	})
	if err != nil {
		return "", fmt.Errorf("fingerprint the reference of %s: %w", m.Name, err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}

// buildProfile has the reference's profile made from its rows.
func (r *Runner) buildProfile(ctx context.Context, m *config.Model, fingerprint string) (*summary.Profile, error) {
	started := r.Clock()
	profile, work, err := r.summaries().Reference(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("build reference profile of %s: %w", m.Name, err)
	}
	profile.Fingerprint = fingerprint
	work.Duration = r.Clock().Sub(started)
	r.Log.Info("reference profile built", append([]any{"model", m.Name, "rows", profile.Rows, "features", len(profile.Layout.Features)}, r.done(work)...)...)
	return profile, nil
}
