package trigger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/objstore"
)

// The states of runs beyond the ones that the pipelines server names.
const (
	StateGone      = "GONE"      // the server forgot the run before it was seen to finish
	StateDuplicate = "DUPLICATE" // a second run of one key, which was terminated
	StateRetracted = "RETRACTED" // no state of the run: by later revisions nothing would have asked for it
)

// The states of runs as Kubeflow Pipelines names them.
const (
	StatePending   = "PENDING"
	StateRunning   = "RUNNING"
	StateSucceeded = "SUCCEEDED"
	StateSkipped   = "SKIPPED"
	StateFailed    = "FAILED"
	StateCanceling = "CANCELING"
	StateCanceled  = "CANCELED"
	StatePaused    = "PAUSED"
)

// Terminal reports whether a run in that state is over.
func Terminal(state string) bool {
	switch state {
	case StateSucceeded, StateSkipped, StateFailed, StateCanceled, StateGone:
		return true
	}
	return false
}

// LaunchStatus is a started run with what was seen of it since.
type LaunchStatus struct {
	Launch     Launch
	States     []RunState // as observed, oldest first, duplicates left out
	Latest     string     // the terminal state if there is one, else the one observed last; empty before the first
	Terminal   bool
	FinishedAt time.Time // when it was over: as the server says, else when that was observed; zero while it goes on
	Duplicates []RunState
	Retracted  *RunState // when it was found that nothing would have asked for the run, and why in Error; nil where something would
}

// Claim is a right to start the run of a key: claims/KEY/n. Only the newest of a
// key counts.
type Claim struct {
	Schema    int       `json:"schema"`
	Key       string    `json:"key"`
	N         int       `json:"n"`
	By        string    `json:"by,omitempty"`
	At        time.Time `json:"at"` // by the claimer's clock: for people, never compared
	Launch    Launch    `json:"launch"`
	Abandoned bool      `json:"abandoned,omitempty"` // taken only to look whether a run was started: it starts none
}

// Launches returns the model's started runs, by time of launch.
func (l *Ledger) Launches(ctx context.Context, model string) ([]LaunchStatus, error) {
	launched, err := l.modelObjects(ctx, launchesDir, model)
	if err != nil {
		return nil, err
	}
	states, err := l.modelObjects(ctx, runsDir, model)
	if err != nil {
		return nil, err
	}
	p, err := l.openPage(ctx, part(model)+"/launches", slices.Concat(launched, states), nil, nil)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string][]string, len(launched))
	for _, s := range keysOf(states) {
		key, _, _ := strings.Cut(strings.TrimPrefix(s, runsDir), "/")
		byKey[key] = append(byKey[key], s)
	}
	out := make([]LaunchStatus, len(launched))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, k := range keysOf(launched) {
		g.Go(func() error {
			key := strings.TrimPrefix(k, launchesDir)
			launch, err := launchOf(gctx, p.read, key)
			if err != nil {
				return err
			}
			out[i], err = status(gctx, p.read, launch, byKey[key])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p.close(ctx)
	slices.SortFunc(out, func(a, b LaunchStatus) int {
		return cmp.Or(a.Launch.LaunchedAt.Compare(b.Launch.LaunchedAt), cmp.Compare(a.Launch.Key, b.Launch.Key))
	})
	return out, nil
}

// modelObjects lists what lies in one of the folders that are ordered by key and
// belongs to the model.
func (l *Ledger) modelObjects(ctx context.Context, dir, model string) ([]objstore.Object, error) {
	objects, err := l.objects(ctx, dir+part(model)+"-")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(objects, func(o objstore.Object) bool {
		key, _, _ := strings.Cut(strings.TrimPrefix(o.Key, dir), "/")
		return !keyOf(model, key)
	}), nil
}

func (l *Ledger) modelKeys(ctx context.Context, dir, model string) ([]string, error) {
	objects, err := l.modelObjects(ctx, dir, model)
	return keysOf(objects), err
}

// reader returns the bytes of one record: Ledger.load, or page.read.
type reader func(ctx context.Context, key string) ([]byte, error)

// launch returns the started run of key; the error wraps objstore.ErrNotExist when
// there is none.
func (l *Ledger) launch(ctx context.Context, key string) (Launch, error) {
	return launchOf(ctx, l.load, key)
}

// launchOf reads the started run of a key and checks that it says so.
func launchOf(ctx context.Context, load reader, key string) (Launch, error) {
	data, err := load(ctx, launchesDir+key)
	if err != nil {
		return Launch{}, err
	}
	var out Launch
	if err := decode(launchesDir+key, data, SchemaVersion, &out); err != nil {
		return Launch{}, err
	}
	if out.Key != key || out.RunID == "" {
		return Launch{}, damaged(launchesDir+key, "it says that it is the run %q of %q", out.RunID, out.Key)
	}
	return out, nil
}

// status puts a launch and the records of its run's states together.
func status(ctx context.Context, load reader, launch Launch, keys []string) (LaunchStatus, error) {
	s := LaunchStatus{Launch: launch}
	for _, k := range keys {
		data, err := load(ctx, k)
		if err != nil {
			return s, err
		}
		var state RunState
		if err := decode(k, data, SchemaVersion, &state); err != nil {
			return s, err
		}
		if state.Key != launch.Key || state.State == "" {
			return s, damaged(k, "it is about %q in state %q", state.Key, state.State)
		}
		switch state.State {
		case StateDuplicate:
			s.Duplicates = append(s.Duplicates, state)
		case StateRetracted:
			s.Retracted = &state
		default:
			s.States = append(s.States, state)
		}
	}
	// A record may name the younger of two runs, when the older was seen only later.
	for range s.Duplicates {
		i := slices.IndexFunc(s.Duplicates, func(d RunState) bool { return d.RunID == s.Launch.RunID })
		if i < 0 {
			break
		}
		s.Launch.RunID = s.Duplicates[i].Kept
	}
	s.States = slices.DeleteFunc(s.States, func(r RunState) bool { return r.RunID != s.Launch.RunID })
	slices.SortStableFunc(s.States, func(a, b RunState) int { return a.ObservedAt.Compare(b.ObservedAt) })
	s.conclude()
	return s, nil
}

// conclude says by the states of a run whether it is over, and how and when it ended.
func (s *LaunchStatus) conclude() {
	for _, state := range s.States {
		if Terminal(state.State) || !s.Terminal {
			s.Latest = state.State
		}
		if Terminal(state.State) {
			s.Terminal = true
			s.FinishedAt = state.ObservedAt
			if state.FinishedAt != nil {
				s.FinishedAt = *state.FinishedAt
			}
		}
	}
}

// OpenClaims returns the newest claim of every key of the model that is none of the
// launches, which were read before, and was not abandoned: a run may have been started
// for it or be about to be, or is recorded since the launches were read.
func (l *Ledger) OpenClaims(ctx context.Context, model string, launches []LaunchStatus) ([]Claim, error) {
	claims, err := l.modelKeys(ctx, claimsDir, model)
	if err != nil {
		return nil, err
	}
	launched := make(map[string]bool, len(launches))
	for _, s := range launches {
		launched[s.Launch.Key] = true
	}
	newest := make(map[string]int)
	var order []string
	for _, k := range claims {
		key, n, err := parseClaimKey(k)
		if err != nil {
			return nil, err
		}
		if launched[key] {
			continue
		}
		if newest[key] == 0 {
			order = append(order, key)
		}
		newest[key] = max(newest[key], n)
	}
	var out []Claim
	for _, key := range order {
		c, err := l.claim(ctx, key, newest[key])
		if err != nil {
			return nil, err
		}
		if !c.Abandoned {
			out = append(out, c)
		}
	}
	return out, nil
}

// claimKey is where the n-th claim of a key is kept.
func claimKey(key string, n int) string { return claimsDir + key + "/" + strconv.Itoa(n) }

// parseClaimKey reads what claimKey wrote.
func parseClaimKey(k string) (string, int, error) {
	key, digits, _ := strings.Cut(strings.TrimPrefix(k, claimsDir), "/")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 {
		return "", 0, fmt.Errorf("ledger record %s: not a claim", k)
	}
	return key, n, nil
}

// newestClaim returns the number of the newest claim of a key, 0 without one.
func (l *Ledger) newestClaim(ctx context.Context, key string) (int, error) {
	keys, err := l.keys(ctx, claimsDir+key+"/")
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, k := range keys {
		_, n, err := parseClaimKey(k)
		if err != nil {
			return 0, err
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// claim reads the n-th claim of a key.
func (l *Ledger) claim(ctx context.Context, key string, n int) (Claim, error) {
	var c Claim
	if err := l.read(ctx, claimKey(key, n), &c); err != nil {
		return Claim{}, err
	}
	if c.Key != key || c.N != n {
		return Claim{}, damaged(claimKey(key, n), "it says that it is claim %d of %q", c.N, c.Key)
	}
	return c, nil
}

// createOnce writes a record and reports whether this call was the one that did.
func (l *Ledger) createOnce(ctx context.Context, key string, v any) (bool, error) {
	err := l.create(ctx, key, v)
	if errors.Is(err, objstore.ErrExists) {
		return false, nil
	}
	return err == nil, err
}

// recordState writes a state of a run and reports whether it is new.
func (l *Ledger) recordState(ctx context.Context, s RunState) (bool, error) {
	s.Schema = SchemaVersion
	name := s.State
	if s.State == StateDuplicate {
		name += "-" + part(s.RunID)
	}
	return l.createOnce(ctx, runsDir+s.Key+"/"+part(name), s)
}
