package trigger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Transition is a change of a run's state that this process was the first to
// record: to be pushed and told.
type Transition struct {
	Launch Launch
	From   RunState // the zero value before the first
	To     RunState // StateDuplicate: RunID is the run that was terminated, Kept the other
	URL    string   // the run's page, for people; may be empty
}

// Follow looks after the model's started runs and returns them, nil where they could
// not be read, and what changed since anybody looked:
//   - a claim that nobody recorded a run for is waited for and looked into, Settle
//     long; a run found is recorded, else the claim is marked abandoned, so that it
//     holds up no other run;
//   - every run that goes on is asked for and its new state recorded; one that the
//     server forgot is recorded as StateGone;
//   - a second run of the same name is terminated and recorded as StateDuplicate.
//
// The error joins what failed for single runs; the others are followed all the same.
func (l *Launcher) Follow(ctx context.Context, model string) ([]LaunchStatus, []Transition, error) {
	launches, unread := l.Ledger.Launches(ctx, model)
	var errs []error
	// Without the launches every claim is looked into: it is they that hold up other runs.
	claims, err := l.Ledger.OpenClaims(ctx, model, launches)
	if err != nil {
		errs = append(errs, fmt.Errorf("recover launches of %s: %w", model, err))
	}
	changes, err := l.recover(ctx, claims)
	if err != nil {
		errs = append(errs, err)
	}
	if len(claims) > 0 { // their runs may be recorded by now
		launches, unread = l.Ledger.Launches(ctx, model)
	}
	if unread != nil {
		return nil, changes, errors.Join(append(errs, fmt.Errorf("follow runs of %s: %w", model, unread))...)
	}
	outdated := false
	for _, s := range launches {
		if s.Terminal {
			continue
		}
		c, others, err := l.followRun(ctx, s)
		changes = append(changes, c...)
		outdated = outdated || others || len(c) > 0
		if err != nil {
			errs = append(errs, fmt.Errorf("follow run %s of %s: %w", s.Launch.Run, model, err))
		}
	}
	if outdated {
		if launches, err = l.Ledger.Launches(ctx, model); err != nil {
			errs = append(errs, fmt.Errorf("follow runs of %s: %w", model, err))
		}
	}
	return launches, changes, errors.Join(errs...)
}

// followRun asks for the state of one started run, looks for duplicates of it, and records
// what has changed. others says that another process has recorded a change meanwhile.
func (l *Launcher) followRun(ctx context.Context, s LaunchStatus) (changes []Transition, others bool, err error) {
	changes, err = l.duplicates(ctx, requestOf(s.Launch), s.Launch)
	if err != nil {
		// A server that cannot list may still know the run.
		err = fmt.Errorf("look for duplicates: %w", err)
	}
	for _, c := range changes {
		if c.To.RunID == s.Launch.RunID {
			s.Launch.RunID = c.To.Kept
		}
	}
	t, others, gerr := l.observe(ctx, s)
	if t != nil {
		changes = append(changes, *t)
	}
	return changes, others, errors.Join(err, gerr)
}

// observe asks for a run's state and records it when it is new. The transition is nil
// where there is none; others says that another process has recorded it meanwhile.
func (l *Launcher) observe(ctx context.Context, s LaunchStatus) (t *Transition, others bool, err error) {
	run, err := l.Pipelines.Get(ctx, s.Launch.RunID)
	now := l.now()
	to := RunState{Schema: SchemaVersion, Key: s.Launch.Key, RunID: s.Launch.RunID, ObservedAt: now}
	switch {
	case errors.Is(err, ErrRunGone):
		to.State, to.Error, to.FinishedAt = StateGone, "the server no longer knows the run", &now
	case err != nil:
		return nil, false, err
	case run.State == "":
		return nil, false, nil
	default:
		to.State, to.Error = run.State, run.Error
		if Terminal(run.State) {
			end := run.FinishedAt.UTC()
			if run.FinishedAt.IsZero() {
				end = now
			}
			to.FinishedAt = &end
		}
	}
	if to.State == s.Latest {
		return nil, false, nil
	}
	created, err := l.Ledger.recordState(ctx, to)
	if err != nil || !created {
		return nil, err == nil, err
	}
	l.step(StepStateSeen)
	l.log().Info("run state", "model", s.Launch.Model, "run_id", to.RunID, "state", to.State)
	t = &Transition{Launch: s.Launch, To: to, URL: run.URL}
	if t.URL == "" {
		t.URL = s.Launch.URL
	}
	if n := len(s.States); n > 0 {
		t.From = s.States[n-1]
	}
	return t, false, nil
}

// duplicates looks for further runs of a launch's name. The oldest is kept, every
// younger one terminated and recorded. Between runs made in the same second, which
// is as fine as the server's clock goes, the recorded one is kept.
func (l *Launcher) duplicates(ctx context.Context, req LaunchRequest, launch Launch) ([]Transition, error) {
	runs, err := l.look(ctx, req)
	if err != nil || len(runs) < 2 {
		return nil, err
	}
	kept := runs[0]
	for _, r := range runs[1:] {
		if r.ID == launch.RunID && r.CreatedAt.Truncate(time.Second).Equal(kept.CreatedAt.Truncate(time.Second)) {
			kept = r
		}
	}
	var changes []Transition
	var errs []error
	for _, r := range runs {
		if r.ID == kept.ID {
			continue
		}
		if !Terminal(r.State) && r.State != StateCanceling {
			if err := l.Pipelines.Terminate(ctx, r.ID); err != nil && !errors.Is(err, ErrRunGone) {
				errs = append(errs, fmt.Errorf("terminate duplicate run %s: %w", r.ID, err))
				continue
			}
			l.step(StepTerminated)
		}
		to := RunState{
			Schema: SchemaVersion, Key: launch.Key, RunID: r.ID, State: StateDuplicate, Kept: kept.ID, ObservedAt: l.now(),
			Error: fmt.Sprintf("a second run of %s: terminated, %s is kept", launch.Run, kept.ID),
		}
		created, err := l.Ledger.recordState(ctx, to)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if created {
			l.log().Warn("duplicate run terminated", "model", launch.Model, "run_id", r.ID, "kept", kept.ID)
			changes = append(changes, Transition{Launch: launch, To: to, URL: r.URL})
		}
	}
	return changes, errors.Join(errs...)
}

// recover settles the claims that nobody recorded a run for: their claimants were
// killed, or are still at it. It never starts a run: whether the cause still
// stands is the policy's to say.
func (l *Launcher) recover(ctx context.Context, claims []Claim) ([]Transition, error) {
	var changes []Transition
	var errs []error
	for _, c := range claims {
		found, err := l.recoverClaim(ctx, c)
		changes = append(changes, found...)
		if err != nil {
			errs = append(errs, fmt.Errorf("recover launch %s: %w", c.Key, err))
		}
	}
	return changes, errors.Join(errs...)
}

// recoverClaim finishes a start that was claimed and never recorded: it finds the run, or
// starts it when the claim has settled.
func (l *Launcher) recoverClaim(ctx context.Context, c Claim) ([]Transition, error) {
	meta := c.Launch
	if meta.Key != c.Key || meta.Run == "" {
		return nil, damaged(claimKey(c.Key, c.N), "it says that it is about %q", meta.Key)
	}
	known, err := l.watch(ctx, c.Key)
	if err != nil || known != nil {
		return nil, err
	}
	req := requestOf(meta)
	runs, err := l.look(ctx, req)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 {
		// The claimant of c posts no more, unless it is suspended; somebody else may
		// have taken over meanwhile, and then the claim is theirs.
		_, _, err := l.claimNext(ctx, meta, c.N+1, true)
		return nil, err
	}
	meta.Claim = c.N
	out, err := l.record(ctx, req, meta, runs[0], true)
	return out.Changes, err
}

// requestOf returns as much of a launch's request as a look needs.
func requestOf(l Launch) LaunchRequest {
	return LaunchRequest{Name: l.Run, Pipeline: l.Pipeline, Experiment: l.Experiment, Namespace: l.Namespace}
}
