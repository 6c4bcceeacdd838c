package trigger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/wait"
)

// DefaultSettle is the settle time where Launcher.Settle is zero.
const DefaultSettle = 60 * time.Second

// Launcher starts runs, one per key, whoever else tries and wherever it is killed
// (semantics.md, 5), and looks after them. Ledger and Pipelines are required.
//
// What remains: a process suspended between its look and its POST for longer than
// Settle, or a POST delivered later than that, can make a second run. It is found
// by every later look, the younger is terminated, and the duplicate is recorded and
// returned to be told.
type Launcher struct {
	Ledger    *Ledger
	Pipelines Pipelines
	// Settle is how long a claim may be worked on before another takes it over. It
	// must be well over twice the time-out of a request.
	Settle time.Duration
	// Now gives the times that are recorded; time.Now if nil. Waiting always goes by
	// the process's monotonic clock.
	Now func() time.Time
	// Identity says who this is in claims and records, for people: a pod's name.
	Identity string
	Log      *slog.Logger // nothing is logged if nil
	// Hook is called after every effect with its name, for tests that stop the
	// process there; nil otherwise.
	Hook func(step string)
}

// maxHeldUp is how often a launch takes its own claim over before it gives up.
const maxHeldUp = 3

// The steps that Hook is told.
const (
	StepChecked    = "checked"    // the request was checked; nothing is written yet
	StepClaimed    = "claimed"    // claims/KEY/n was created
	StepLooked     = "looked"     // the server was asked for a run of that name
	StepPosted     = "posted"     // a run was asked for, with whatever answer
	StepRecorded   = "recorded"   // launches/KEY was created
	StepTerminated = "terminated" // a duplicate was asked to stop
	StepStateSeen  = "state_seen" // runs/KEY/STATE was created
	StepAbandoned  = "abandoned"  // claims/KEY/n was created only to look
)

// Outcome is what a launch came to.
type Outcome struct {
	Launch  Launch
	Started bool         // this call started the run; else it was there or somebody else's
	Changes []Transition // duplicates that were found on the way: to be told
}

// errNotFound ends an unclear launch when nobody can say after the settle time
// whether a run was started.
var errNotFound = errors.New("no run of that name was seen since")

// Launch starts the run of meta.Key, or finds that it is started, and returns its
// record. It sets req.Name when that is empty and fills in what meta lacks of the
// run. Two calls with one key, at once or one after the other, in one process or
// several, give the same run.
//
// It may take a few times Settle, when another claimant must be waited for. An
// error that wraps ErrRejected means that the request can't work as it is; one that
// wraps ErrUnclear that a run may exist: the next call for the key looks for it
// before anything else.
func (l *Launcher) Launch(ctx context.Context, req LaunchRequest, meta Launch) (Outcome, error) {
	if meta.Key == "" || meta.Model == "" {
		return Outcome{}, errors.New("launch run: key and model are required")
	}
	if !keyOf(meta.Model, meta.Key) {
		return Outcome{}, fmt.Errorf("launch run: %s is no key of model %s", meta.Key, meta.Model)
	}
	if req.Name == "" {
		req.Name = RunName(meta.Key)
	}
	meta.Run, meta.Pipeline, meta.Experiment, meta.Namespace = req.Name, req.Pipeline, req.Experiment, req.Namespace
	meta.Parameters, meta.By = req.Parameters, l.Identity
	out, err := l.launchOnce(ctx, req, meta)
	if err != nil {
		return out, fmt.Errorf("launch run %s: %w", req.Name, err)
	}
	return out, nil
}

// launchOnce starts the run of a key unless one is recorded, found or claimed by another
// process.
func (l *Launcher) launchOnce(ctx context.Context, req LaunchRequest, meta Launch) (Outcome, error) {
	if known, err := l.recorded(ctx, meta.Key); err != nil || known != nil {
		return Outcome{Launch: deref(known)}, err
	}
	if c, ok := l.Pipelines.(Checker); ok {
		if err := c.Check(ctx, req); err != nil {
			return Outcome{}, err
		}
	}
	l.step(StepChecked)
	for {
		turn, known, err := l.take(ctx, meta, false)
		if err != nil {
			return Outcome{}, err
		}
		if known != nil {
			return Outcome{Launch: *known}, nil
		}
		out, again, err := l.work(ctx, req, meta, turn)
		if err != nil || !again {
			return out, err
		}
	}
}

// turn is a claim that this process holds. take gets one, and work uses it until it is
// too old.
type turn struct {
	claim int       // its number
	since time.Time // by the monotonic clock, from before the claim was written
}

// take gets the newest claim of meta.Key, or the record that made it needless. A
// claim of somebody else's is waited for, Settle long by this process's clock,
// before it is taken over. A claim that was abandoned needs no wait: who took it
// waited and starts nothing. With look the claim is taken as abandoned.
func (l *Launcher) take(ctx context.Context, meta Launch, look bool) (turn, *Launch, error) {
	waited := 0 // the claim that was waited for
	for {
		newest, err := l.Ledger.newestClaim(ctx, meta.Key)
		if err != nil {
			return turn{}, nil, err
		}
		if newest > 0 && newest != waited {
			c, err := l.Ledger.claim(ctx, meta.Key, newest)
			if err != nil {
				return turn{}, nil, err
			}
			if !c.Abandoned {
				l.log().Info("waiting for another claim", "model", meta.Model, "key", meta.Key, "claim", newest, "by", c.By)
				known, err := l.watch(ctx, meta.Key)
				if err != nil || known != nil {
					return turn{}, known, err
				}
				waited = newest
			}
		}
		t, ok, err := l.claimNext(ctx, meta, newest+1, look)
		if err != nil || ok {
			return t, nil, err
		}
	}
}

// claimNext claims claims/KEY/n unless somebody else has.
func (l *Launcher) claimNext(ctx context.Context, meta Launch, n int, look bool) (turn, bool, error) {
	t := turn{claim: n, since: time.Now()}
	ok, err := l.Ledger.createOnce(ctx, claimKey(meta.Key, n), Claim{
		Schema: SchemaVersion, Key: meta.Key, N: n, By: l.Identity, At: l.now(), Launch: meta, Abandoned: look,
	})
	if err != nil || !ok {
		return turn{}, false, err
	}
	if look {
		l.step(StepAbandoned)
	} else {
		l.step(StepClaimed)
	}
	return t, true, nil
}

// watch waits Settle for a record of key.
func (l *Launcher) watch(ctx context.Context, key string) (*Launch, error) {
	for since := time.Now(); ; {
		known, err := l.recorded(ctx, key)
		if err != nil || known != nil {
			return known, err
		}
		left := l.settle() - time.Since(since)
		if left <= 0 {
			return nil, nil
		}
		if err := wait.For(ctx, min(left, l.interval())); err != nil {
			return nil, err
		}
	}
}

// work uses a claim: it looks for the run, starts it and records it. again means that the
// claim got too old to start anything in it, and so did the one taken over from it.
func (l *Launcher) work(ctx context.Context, req LaunchRequest, meta Launch, t turn) (out Outcome, again bool, err error) {
	for held := 0; ; held++ {
		if held > maxHeldUp {
			return Outcome{}, false, fmt.Errorf("looking for the run took over %s each time: %w", l.settle()/2, ErrTooLate)
		}
		meta.Claim = t.claim
		runs, err := l.look(ctx, req)
		if err != nil {
			return Outcome{}, false, err
		}
		if len(runs) > 0 {
			out, err := l.record(ctx, req, meta, runs[0], true)
			return out, false, err
		}
		deadline := t.since.Add(l.settle() / 2)
		if time.Now().Before(deadline) {
			run, err := l.post(ctx, req, t, deadline)
			switch {
			case err == nil:
				out, err := l.record(ctx, req, meta, run, false)
				// Another claimant may have found the run and recorded it first.
				out.Started = err == nil && out.Launch.RunID == run.ID
				if err == nil && t.claim > 1 {
					// An earlier claimant's request may have arrived meanwhile.
					out.Changes = append(out.Changes, l.checkDuplicates(ctx, req, out.Launch)...)
				}
				return out, false, err
			case errors.Is(err, ErrTooLate):
			case errors.Is(err, ErrUnclear):
				l.log().Warn("unclear whether the run was started, looking for it", "model", meta.Model, "key", meta.Key, "err", err)
				out, found, lerr := l.search(ctx, req, meta, t)
				if lerr != nil || found {
					return out, false, lerr
				}
				return Outcome{}, false, fmt.Errorf("%w, %w in %s; the next pass looks again", err, errNotFound, l.settle())
			default:
				return Outcome{}, false, err
			}
		}
		// This process was held up. Nothing was sent in this claim and nothing will
		// be, so the next one may be taken at once, unless somebody else has.
		next, ok, err := l.claimNext(ctx, meta, t.claim+1, false)
		if err != nil {
			return Outcome{}, false, err
		}
		if !ok {
			return Outcome{}, true, nil
		}
		t = next
	}
}

// post starts the run. The request must be on its way by deadline and is given up
// when the settle time is over.
func (l *Launcher) post(ctx context.Context, req LaunchRequest, t turn, deadline time.Time) (Run, error) {
	req.NotAfter = deadline
	ctx, cancel := context.WithDeadline(ctx, t.since.Add(l.settle()))
	defer cancel()
	run, err := l.Pipelines.Create(ctx, req)
	l.step(StepPosted)
	switch {
	case err == nil && run.ID == "":
		err = fmt.Errorf("the server named no run id: %w", ErrUnclear)
	case ctx.Err() != nil && err != nil && !errors.Is(err, ErrTooLate) && !errors.Is(err, ErrRejected) && !errors.Is(err, ErrUnclear):
		err = fmt.Errorf("%w: %w", err, ErrUnclear)
	}
	return run, err
}

// search looks for a run after an unclear answer until the settle time is over, and
// once more then. A look that fails is no answer.
func (l *Launcher) search(ctx context.Context, req LaunchRequest, meta Launch, t turn) (Outcome, bool, error) {
	for {
		over := time.Since(t.since) >= l.settle()
		runs, err := l.look(ctx, req)
		switch {
		case err == nil && len(runs) > 0:
			out, err := l.record(ctx, req, meta, runs[0], false)
			if err == nil && len(runs) > 1 && out.Changes == nil {
				out.Changes = l.checkDuplicates(ctx, req, out.Launch)
			}
			return out, err == nil, err
		case ctx.Err() != nil:
			return Outcome{}, false, ctx.Err()
		case over:
			return Outcome{}, false, nil
		case err != nil:
			l.log().Warn("looking for the run failed", "model", meta.Model, "key", meta.Key, "err", err)
		}
		left := l.settle() - time.Since(t.since)
		if err := wait.For(ctx, min(max(left, 0), l.interval())); err != nil {
			return Outcome{}, false, err
		}
	}
}

// look finds the runs of the request's name, oldest first.
func (l *Launcher) look(ctx context.Context, req LaunchRequest) ([]Run, error) {
	runs, err := l.Pipelines.Find(ctx, req)
	l.step(StepLooked)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return runs, nil
}

// record writes launches/KEY, or returns what somebody else wrote there, and sees
// to duplicates.
func (l *Launcher) record(ctx context.Context, req LaunchRequest, meta Launch, run Run, found bool) (Outcome, error) {
	meta.Schema = SchemaVersion
	meta.RunID, meta.URL, meta.FoundBefore = run.ID, run.URL, found
	meta.LaunchedAt = l.now()
	if found && !run.CreatedAt.IsZero() {
		meta.LaunchedAt = run.CreatedAt.UTC()
	}
	created, err := l.Ledger.createOnce(ctx, launchesDir+meta.Key, meta)
	if err != nil {
		return Outcome{}, fmt.Errorf("%w (the run %s was started: the next pass finds and records it)", err, run.ID)
	}
	out := Outcome{Launch: meta, Started: created && !found}
	if created {
		l.step(StepRecorded)
		l.log().Info("run recorded", "model", meta.Model, "key", meta.Key, "run_id", run.ID, "found", found)
	} else {
		theirs, err := l.Ledger.launch(ctx, meta.Key)
		if err != nil {
			return Outcome{}, err
		}
		out.Launch = theirs
	}
	if found || !created {
		out.Changes = l.checkDuplicates(ctx, req, out.Launch)
	}
	return out, nil
}

// checkDuplicates looks for duplicates after a run was recorded. It only logs what fails,
// for Follow looks again.
func (l *Launcher) checkDuplicates(ctx context.Context, req LaunchRequest, launch Launch) []Transition {
	changes, err := l.duplicates(ctx, req, launch)
	if err != nil {
		l.log().Warn("looking for duplicate runs failed", "model", launch.Model, "key", launch.Key, "err", err)
	}
	return changes
}

// recorded returns the launch of key, nil if there is none.
func (l *Launcher) recorded(ctx context.Context, key string) (*Launch, error) {
	launch, err := l.Ledger.launch(ctx, key)
	if errors.Is(err, objstore.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &launch, nil
}

// deref is a launch, the zero one for nil.
func deref(l *Launch) Launch {
	if l == nil {
		return Launch{}
	}
	return *l
}

// settle is how long a claim is left to its claimer.
func (l *Launcher) settle() time.Duration { return cmp.Or(l.Settle, DefaultSettle) }

// interval returns the time between two looks of watch and search.
func (l *Launcher) interval() time.Duration {
	return min(max(l.settle()/30, 50*time.Millisecond), 2*time.Second)
}

func (l *Launcher) now() time.Time {
	if l.Now != nil {
		return l.Now().UTC()
	}
	return time.Now().UTC()
}

func (l *Launcher) log() *slog.Logger {
	if l.Log != nil {
		return l.Log
	}
	return slog.New(slog.DiscardHandler)
}

// step tells crash tests how far a start has come.
func (l *Launcher) step(name string) {
	if l.Hook != nil {
		l.Hook(name)
	}
}
