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
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// shardsDir holds the windows that shards have read, until they are merged:
// shards/MODEL/ASOF/WINDOW-FINGERPRINT.
const shardsDir = "shards/"

// Unit is a window of a model, which one of several shards reads.
type Unit struct {
	Model  string             `json:"model"`
	Window groundtruth.Window `json:"window"`
	// TimeZone is that of the model's windows, for people; left out where it is UTC.
	TimeZone groundtruth.Zone `json:"time_zone,omitzero"`
	Stage    string           `json:"stage"`
	Key      string           `json:"key,omitempty"` // of the kept summary in the state
	There    bool             `json:"there"`         // it was kept before, and its inputs are the same
	Rows     int64            `json:"rows_read"`     // when it was read

	again bool // the pass judges it again, and does all else where it cannot be read
}

// ErrJudgedSince marks a merge that comes too late: a pass has looked from a later
// moment meanwhile.
var ErrJudgedSince = errors.New("a later pass has judged windows that were not mature then")

// Units lists the windows that a pass as of then judges, oldest first. Every shard finds
// the same ones as long as no pass records any.
func (r *Runner) Units(ctx context.Context, m *config.Model, asOf time.Time) ([]Unit, error) {
	p := &pass{Runner: r, model: m, opt: Options{AsOf: asOf, Merge: true}, asOf: asOf.UTC()}
	windows, _, err := p.plan(ctx)
	if err != nil {
		return nil, err
	}
	units := make([]Unit, len(windows))
	for i, w := range windows {
		units[i] = Unit{Model: m.Name, Window: w.window, TimeZone: m.Grid().Zone(), Stage: w.stage, again: p.judgedAgain(w.window) != nil}
	}
	return units, nil
}

// Keep reads units of a model and keeps their summaries in the state for the merging
// pass. It judges nothing. A unit that cannot be read is left to that pass, and to the
// error, unless it is one that is judged again; the others are kept all the same.
func (r *Runner) Keep(ctx context.Context, m *config.Model, asOf time.Time, units []Unit) ([]Unit, error) {
	asOf = asOf.UTC()
	ref, err := r.reference(ctx, m, true)
	if err != nil {
		return nil, err
	}
	var out []Unit
	var errs []error
	for _, u := range units {
		if ctx.Err() != nil {
			errs = append(errs, ctx.Err())
			break
		}
		w := planned{window: u.Window, stage: u.Stage, onGrid: true}
		kept, err := r.keep(ctx, m, ref, w, asOf, u)
		switch {
		case err != nil && u.again && ctx.Err() == nil:
			r.Log.Warn("a window that was to be judged again cannot be kept; the merge tries once more", "model", m.Name, "window_start", w.window.Start, "window_end", w.window.End, "err", err)
		case err != nil:
			errs = append(errs, err)
		default:
			out = append(out, kept)
		}
	}
	return out, errors.Join(errs...)
}

// keep reads and keeps one unit.
func (r *Runner) keep(ctx context.Context, m *config.Model, ref *reference, w planned, asOf time.Time, u Unit) (Unit, error) {
	var err error
	if u.Key, err = unitKey(m, ref, w, asOf); err != nil {
		return u, err
	}
	kept, err := r.keptReading(ctx, m, ref, w, asOf)
	if err != nil {
		return u, err
	}
	if kept != nil {
		u.There, u.Rows = true, kept.result.RowsRead
		return u, nil
	}
	read, err := r.readWindow(ctx, ref.query(m, w, asOf))
	if err != nil {
		return u, err
	}
	u.Rows = read.result.RowsRead
	data, err := newKeptWindow(m, w.window, asOf, read.result).encode(read.summary)
	if err != nil {
		return u, fmt.Errorf("keep window %s: %w", w.window, err)
	}
	err = r.State.Create(ctx, u.Key, data)
	if errors.Is(err, objstore.ErrExists) {
		// Another shard's, as good as this one, or one whose inputs have changed since.
		if kept, kerr := r.keptReading(ctx, m, ref, w, asOf); kept != nil || kerr != nil {
			u.There = kept != nil
			return u, kerr
		}
		err = r.State.Write(ctx, u.Key, data)
	}
	if err != nil {
		return u, fmt.Errorf("keep window %s: %w", w.window, err)
	}
	r.Log.Info("window kept", append([]any{"model", m.Name, "window_start", w.window.Start, "window_end", w.window.End, "stage", w.stage}, r.done(read.work)...)...)
	return u, nil
}

// keptReading returns the window as a shard has kept it, nil where none did, or where
// the objects that it read are not those of now.
func (r *Runner) keptReading(ctx context.Context, m *config.Model, ref *reference, w planned, asOf time.Time) (*reading, error) {
	key, err := unitKey(m, ref, w, asOf)
	if err != nil {
		return nil, err
	}
	data, err := r.State.Read(ctx, key)
	if errors.Is(err, objstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kept window %s: %w", w.window, err)
	}
	anew := func(err error) (*reading, error) {
		r.Log.Warn("a kept window cannot be used and is read anew", "model", m.Name, "window_start", w.window.Start, "window_end", w.window.End, "err", err)
		return nil, nil
	}
	u, counted, err := decodeKept(data)
	if err != nil {
		return anew(err)
	}
	if !u.of(m, w.window) || !u.AsOf.Equal(asOf) {
		return anew(fmt.Errorf("%s says that it is something else", key))
	}
	kept := &reading{result: u.Result, summary: counted}
	now, err := r.summaries().Inputs(ctx, ref.query(m, w, asOf))
	if err != nil {
		return nil, err
	}
	if !sameInputs(now, u.Result.Inputs) {
		return anew(errors.New("its objects have changed since"))
	}
	return kept, nil
}

// unitKey returns the key under which a window is kept. All that its reading depends on,
// beside the objects, is in it.
func unitKey(m *config.Model, ref *reference, w planned, asOf time.Time) (string, error) {
	spec := m.GroundtruthSpec()
	if ref != nil {
		spec.Features = ref.features
	}
	profile, err := ref.digest()
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(struct {
		Schema, SummarySchema int
		Spec                  groundtruth.Spec
		Features              config.Features
		MaxSegments           int
		Profile               string
		Window                groundtruth.Window
		Stage                 string
		AsOf                  time.Time
	}{keptSchema, summary.Schema, spec, m.Predictions.Features, m.MaxSegments, profile, w.window, w.stage, asOf.UTC()})
	if err != nil {
		return "", fmt.Errorf("fingerprint window %s: %w", w.window, err)
	}
	sum := sha256.Sum256(data)
	return shardsDir + m.Name + "/" + asOf.UTC().Format(trigger.KeyTime) + "/" + keptPart(w.window) + "-" + hex.EncodeToString(sum[:8]), nil
}

// digest identifies the profile to the byte; it is empty without a reference.
func (ref *reference) digest() (string, error) {
	if ref == nil {
		return "", nil
	}
	if ref.profileDigest != "" {
		return ref.profileDigest, nil
	}
	data, err := ref.profile.MarshalBinary()
	if err != nil {
		return "", fmt.Errorf("encode reference profile: %w", err)
	}
	sum := sha256.Sum256(data)
	ref.profileDigest = hex.EncodeToString(sum[:])
	return ref.profileDigest, nil
}

// KeptAsOf returns the newest moment as of which shards kept windows of the models, and
// false where they kept none.
func (r *Runner) KeptAsOf(ctx context.Context, models []*config.Model) (time.Time, bool, error) {
	var newest time.Time
	for o, err := range r.State.List(ctx, shardsDir) {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return time.Time{}, false, fmt.Errorf("look for kept windows: %w", err)
		}
		model, asOf, ok := ofUnit(o.Key)
		if ok && asOf.After(newest) && slices.ContainsFunc(models, func(m *config.Model) bool { return m.Name == model }) {
			newest = asOf
		}
	}
	return newest, !newest.IsZero(), nil
}

// ofUnit reads the model and the as-of from the key of a kept window.
func ofUnit(key string) (model string, asOf time.Time, ok bool) {
	parts := strings.Split(strings.TrimPrefix(key, shardsDir), "/")
	if len(parts) != 3 {
		return "", time.Time{}, false
	}
	asOf, err := time.Parse(trigger.KeyTime, parts[1])
	return parts[0], asOf.UTC(), err == nil
}

// forgetUnits removes the model's kept windows of the as-of and of earlier ones, which
// nobody merges any more. What stays behind is removed the next time.
func (p *pass) forgetUnits(ctx context.Context) {
	if !p.effects.write {
		return
	}
	var keys []string
	var errs []error
	for o, err := range p.State.List(ctx, shardsDir+p.model.Name+"/") {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			errs = append(errs, err)
			break
		}
		if _, asOf, ok := ofUnit(o.Key); ok && !asOf.After(p.asOf) {
			keys = append(keys, o.Key)
		}
	}
	for _, key := range keys {
		if err := p.State.Delete(ctx, key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		p.Log.Warn("kept windows could not be removed", "model", p.model.Name, "err", err)
	}
}
