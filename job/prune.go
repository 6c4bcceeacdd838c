package job

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// Pruned says what Prune removed of a model, or would have, and what it kept though it is
// old.
type Pruned struct {
	Model   string         `json:"model"`
	Removed []PrunedKind   `json:"removed"`
	Kept    []trigger.Kept `json:"kept"`
}

// PrunedKind is what was removed of one kind, which is the name of its folder in the state.
type PrunedKind struct {
	Kind    string `json:"kind"`
	Objects int64  `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

// ErrTooYoung marks an age below which passes still need what there is.
var ErrTooYoung = errors.New("passes still need what is so young")

// removers bounds how many objects are removed at once.
const removers = 8

// Prune removes from the state what it has of a model that is older than an age, but for
// what passes go by: the streaks and the episode that go on, the breaches that people know
// of, the runs, and the marks that say which windows were judged. A pass after it does what
// it would have done without. Where it is killed, the next call goes on; with dryRun it
// removes nothing and says what it would.
func (r *Runner) Prune(ctx context.Context, m *config.Model, age time.Duration, dryRun bool) (Pruned, error) {
	out := Pruned{Model: m.Name, Removed: []PrunedKind{}, Kept: []trigger.Kept{}}
	if err := OldEnough([]*config.Model{m}, age); err != nil {
		return out, err
	}
	if dryRun {
		dry := *r
		dry.Ledger = r.Ledger.WithIndex(nil)
		r = &dry
	}
	before := r.Clock().UTC().Add(-age)
	removals, kept, err := r.old(ctx, m, before)
	if err != nil {
		return out, err
	}
	out.Kept = append(out.Kept, kept...)
	for _, removal := range removals {
		kind, err := r.remove(ctx, removal, dryRun)
		if kind.Objects > 0 {
			out.Removed = append(out.Removed, kind)
		}
		if err != nil {
			return out, err
		}
	}
	if dryRun {
		return out, nil
	}
	empty, err := r.Ledger.ForgetCopies(ctx, m.Name, before)
	if err != nil {
		return out, err
	}
	kind, err := r.remove(ctx, trigger.Removal{Kind: "index", Units: [][]objstore.Object{empty}}, false)
	if kind.Objects > 0 {
		out.Removed = append(out.Removed, kind)
	}
	return out, err
}

// old lists what the state has of a model of before a moment and that nothing needs.
func (r *Runner) old(ctx context.Context, m *config.Model, before time.Time) ([]trigger.Removal, []trigger.Kept, error) {
	needs, err := r.needs(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	removals, kept, err := r.Ledger.Old(ctx, m.Name, before, needs)
	if err != nil {
		return nil, nil, err
	}
	summaries := before
	if kept := r.Clock().Add(-r.KeepSummaries); m.Rolling() != nil && kept.Before(before) {
		summaries = kept // rolling references are made of them
	}
	for _, of := range []struct {
		dir    string
		before time.Time
		end    func(rest string) (time.Time, bool)
	}{{SummariesDir, summaries, endOfSummary}, {shardsDir, before, endOfUnit}} {
		removal, err := r.oldIn(ctx, of.dir, m.Name, of.before, of.end)
		if err != nil {
			return nil, nil, err
		}
		removals = append(removals, removal)
	}
	return removals, kept, nil
}

// OldEnough refuses an age within which passes over the models judge, or look back at, in
// the ordinary course. It names the one that needs most.
func OldEnough(models []*config.Model, age time.Duration) error {
	var name, why string
	for _, m := range models {
		if least, needs := leastAge(m); least > age {
			age, name, why = least, m.Name, needs
		}
	}
	if name == "" {
		return nil
	}
	return fmt.Errorf("%w: %s needs at least %d days, for the delay of its labels and %s", ErrTooYoung, name, (age+24*time.Hour-1)/(24*time.Hour), why)
}

// leastAge returns the least age that a model allows, and what needs it beside the delay.
func leastAge(m *config.Model) (age time.Duration, why string) {
	windows := m.CatchUp + longestStreak(m)
	age = time.Duration(windows) * m.Grid().Length()
	why = fmt.Sprintf("%d windows of %s (catch_up and the longest streak of its rules)", windows, m.Grid())
	if again := m.Relook + m.Grid().Length(); m.Relook > 0 && again > age {
		age, why = again, "the windows that may be judged again (relook)"
	}
	return m.GroundTruth.Delay + age, why
}

// needs finds out what the next pass goes by, as that pass would.
func (r *Runner) needs(ctx context.Context, m *config.Model) (trigger.Needs, error) {
	p := &pass{Runner: r, model: m, asOf: r.Clock().UTC()}
	windows, err := p.windows(ctx)
	if err != nil {
		return trigger.Needs{}, err
	}
	var needs trigger.Needs
	if needs.Launches, err = p.launched(ctx); err != nil {
		return needs, err
	}
	records, err := p.recent(ctx, needs.Launches, p.oldest(windows))
	if err != nil {
		return needs, err
	}
	if len(records) > 0 {
		needs.Since = records[0].Window.Start
	}
	if needs.Shown, _, err = r.Ledger.LastMature(ctx, m.Name, m.Grid().String(), p.newestClosed()); err != nil {
		return needs, err
	}
	var known bool
	if needs.Open, known = p.openBreaches(ctx); !known {
		return needs, errors.Join(p.deliveryFailures...)
	}
	return needs, nil
}

// endOfSummary reads the end of the window off the rest of the key of a kept Summary.
func endOfSummary(rest string) (time.Time, bool) {
	_, after, ok := strings.Cut(rest, "_")
	text, _, hashed := strings.Cut(after, "-")
	end, err := time.Parse(trigger.KeyTime, text)
	return end, ok && hashed && err == nil
}

// endOfUnit reads the as-of off the rest of the key of a window that a shard kept.
func endOfUnit(rest string) (time.Time, bool) {
	text, _, ok := strings.Cut(rest, "/")
	asOf, err := time.Parse(trigger.KeyTime, text)
	return asOf, ok && err == nil
}

// oldIn lists what lies in a model's part of a folder and ended before a moment.
func (r *Runner) oldIn(ctx context.Context, dir, model string, before time.Time, end func(rest string) (time.Time, bool)) (trigger.Removal, error) {
	removal := trigger.Removal{Kind: strings.TrimSuffix(dir, "/")}
	prefix := dir + model + "/"
	for o, err := range r.State.List(ctx, prefix) {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return removal, fmt.Errorf("list %s: %w", prefix, err)
		}
		if t, ok := end(strings.TrimPrefix(o.Key, prefix)); ok && !t.After(before) {
			removal.Units = append(removal.Units, []objstore.Object{o})
		}
	}
	return removal, nil
}

// remove removes what is listed, unless it is a dry run, and counts it.
func (r *Runner) remove(ctx context.Context, removal trigger.Removal, dryRun bool) (PrunedKind, error) {
	var objects, bytes atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(removers)
	for _, unit := range removal.Units {
		g.Go(func() error {
			for _, o := range unit {
				if !dryRun {
					if err := r.State.Delete(ctx, o.Key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
						return fmt.Errorf("remove from the state: %w", err)
					}
				}
				objects.Add(1)
				bytes.Add(o.Size)
			}
			return nil
		})
	}
	err := g.Wait()
	return PrunedKind{removal.Kind, objects.Load(), bytes.Load()}, err
}
