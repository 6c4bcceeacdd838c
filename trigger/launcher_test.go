package trigger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

const settle = time.Minute

var (
	theKey = Key("m", day(1).Start, 1)
	theRun = RunName(theKey)
)

func theLaunch() Launch {
	e, w := day(1).Start, day(1)
	return Launch{Key: theKey, Model: "m", Episode: &e, Attempt: 1, Window: &w, Rule: "rmse", Reason: "rmse breached"}
}

var theRequest = LaunchRequest{Pipeline: "p", Experiment: "e", Namespace: "ns", Parameters: map[string]any{"a": 1}}

// killed is what a hook panics with to stop a launcher there.
type killed struct{}

// tryLaunch launches and reports whether it was killed on the way.
func tryLaunch(t *testing.T, l *Launcher) (out Outcome, err error, dead bool) { // The error is not the last because dead overrides it.
	defer func() {
		switch r := recover(); r {
		case nil:
		case killed{}:
			dead = true
		default:
			panic(r)
		}
	}()
	out, err = l.Launch(t.Context(), theRequest, theLaunch())
	return out, err, false
}

// world is one ledger and one server.
type world struct {
	store *memStore
	pipes *fakePipelines
}

func newWorld(answers ...answer) *world {
	return &world{newMemStore(), &fakePipelines{answers: answers, gone: map[string]bool{}}}
}

func (w *world) launcher(name string) *Launcher {
	return &Launcher{Ledger: NewLedger(w.store), Pipelines: w.pipes, Settle: settle, Identity: name}
}

// alive are the runs that were not terminated.
func (w *world) alive() []string {
	w.pipes.mu.Lock()
	defer w.pipes.mu.Unlock()
	var ids []string
	for _, r := range w.pipes.runs {
		if r.State != StateCanceled {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// mustBeOne checks that exactly one run was made and recorded.
func (w *world) mustBeOne(t *testing.T) {
	t.Helper()
	w.pipes.delivering.Wait()
	if len(w.pipes.runs) != 1 {
		t.Errorf("%d runs were made in %d posts: %+v", len(w.pipes.runs), w.pipes.posts, w.pipes.runs)
		return
	}
	launches, err := NewLedger(w.store).Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 {
		t.Errorf("%d launches, %v", len(launches), err)
		return
	}
	if l := launches[0].Launch; l.RunID != w.pipes.runs[0].ID || l.Run != theRun || l.Key != theKey {
		t.Errorf("recorded %+v, made %+v", l, w.pipes.runs[0])
	}
}

func TestSemantics5_ClaimLookPostRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := w.launcher("pod-1")
		var steps []string
		l.Hook = func(s string) { steps = append(steps, s) }
		out, err := l.Launch(t.Context(), theRequest, theLaunch())
		if err != nil || !out.Started {
			t.Fatalf("%+v %v", out, err)
		}
		if got := strings.Join(steps, " "); got != "checked claimed looked posted recorded" {
			t.Errorf("steps: %s", got)
		}
		for _, key := range []string{claimKey(theKey, 1), launchesDir + theKey} {
			if _, ok := w.store.objects[key]; !ok {
				t.Errorf("no %s", key)
			}
		}
		w.mustBeOne(t)
		if o := out.Launch; o.RunID != "run-1" || o.Claim != 1 || o.By != "pod-1" || o.FoundBefore || o.Experiment != "e" || o.Pipeline != "p" || o.Namespace != "ns" || o.URL == "" || o.LaunchedAt.IsZero() {
			t.Errorf("%+v", o)
		}
		// Once more is the same run, without a look.
		finds := w.pipes.finds
		again, err := w.launcher("pod-2").Launch(t.Context(), theRequest, theLaunch())
		if err != nil || again.Started || again.Launch.RunID != "run-1" || w.pipes.finds != finds {
			t.Errorf("%+v %v", again, err)
		}
	})
}

func TestSemantics5_FoundRunIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		made := w.pipes.make(theRun)
		time.Sleep(time.Hour)
		out, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
		if err != nil || out.Started || !out.Launch.FoundBefore || out.Launch.RunID != made.ID || !out.Launch.LaunchedAt.Equal(made.CreatedAt) {
			t.Errorf("%+v %v", out, err)
		}
		if w.pipes.posts != 0 {
			t.Error("posted all the same")
		}
	})
}

func TestSemantics5_LateClaimIsNotUsed(t *testing.T) {
	for _, held := range []string{StepClaimed, StepLooked} {
		t.Run(held, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				l := w.launcher("slow")
				l.Pipelines = deaf{w.pipes}
				n := 0
				l.Hook = func(s string) {
					if s == held && n == 0 {
						n++
						time.Sleep(settle/2 + time.Second)
					}
				}
				out, err := l.Launch(t.Context(), theRequest, theLaunch())
				if err != nil || !out.Started || out.Launch.Claim != 2 {
					t.Errorf("%+v %v", out, err)
				}
				if w.pipes.finds < 2 {
					t.Error("no second look")
				}
				w.mustBeOne(t)
			})
		})
	}
	t.Run("between the check and the request", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			l := w.launcher("slow")
			l.Pipelines = &resolving{Pipelines: w.pipes}
			out, err := l.Launch(t.Context(), theRequest, theLaunch())
			if err != nil || !out.Started || out.Launch.Claim != 2 || w.pipes.posts != 1 {
				t.Errorf("%+v %v", out, err)
			}
			w.mustBeOne(t)
		})
	})
	t.Run("always", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.pipes.findDelay = settle
			_, err := w.launcher("slow").Launch(t.Context(), theRequest, theLaunch())
			if !errors.Is(err, ErrTooLate) || w.pipes.posts != 0 {
				t.Errorf("%v, %d posts", err, w.pipes.posts)
			}
		})
	})
}

func TestSemantics5_UnclearAnswerIsLookedIntoNotPostedAgain(t *testing.T) {
	for a, name := range map[answer]string{answerLost: "lost", answer500After: "500 after", answerLate: "late"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(a)
				w.pipes.failFinds = 0
				start := time.Now()
				out, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
				if err != nil || !out.Started || out.Launch.Claim != 1 || w.pipes.posts != 1 || time.Since(start) > settle {
					t.Errorf("%+v %v after %s and %d posts", out, err, time.Since(start), w.pipes.posts)
				}
				w.mustBeOne(t)
			})
		})
	}
	t.Run("none made", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(answer500Before)
			start := time.Now()
			_, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
			if !errors.Is(err, ErrUnclear) || w.pipes.posts != 1 || time.Since(start) < settle {
				t.Fatalf("%v after %s and %d posts", err, time.Since(start), w.pipes.posts)
			}
			// The next pass waits for the claim, takes over and starts it.
			start = time.Now()
			out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch())
			if err != nil || !out.Started || out.Launch.Claim != 2 || time.Since(start) < settle {
				t.Errorf("%+v %v after %s", out, err, time.Since(start))
			}
			w.mustBeOne(t)
		})
	})
	t.Run("looks fail meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(answerLost)
			l := w.launcher("a")
			l.Hook = func(s string) {
				if s == StepPosted {
					w.pipes.failFinds = 3
				}
			}
			out, err := l.Launch(t.Context(), theRequest, theLaunch())
			if err != nil || !out.Started {
				t.Errorf("%+v %v", out, err)
			}
			w.mustBeOne(t)
		})
	})
}

func TestSemantics5_RejectedAndUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.pipes.rejectAll = fmt.Errorf("no pipeline p: %w", ErrRejected)
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); !errors.Is(err, ErrRejected) || len(w.store.objects) != 0 {
			t.Errorf("refused before the claim: %v, %v", err, w.store.keys(""))
		}
	})
	for a, want := range map[answer]error{answerRejected: ErrRejected, answerUnreachable: errUnreachable} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(a)
			_, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
			if !errors.Is(err, want) || errors.Is(err, ErrUnclear) || len(w.pipes.runs) != 0 {
				t.Fatalf("%v", err)
			}
			start := time.Now()
			out, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
			if err != nil || out.Launch.Claim != 2 || time.Since(start) < settle {
				t.Errorf("next pass: %+v %v after %s", out, err, time.Since(start))
			}
			w.mustBeOne(t)
		})
	}
}

func TestSemantics5_ClaimWithoutRecordIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		slow := w.launcher("slow")
		slow.Hook = func(s string) {
			if s == StepPosted {
				time.Sleep(settle / 3)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if out, err := slow.Launch(t.Context(), theRequest, theLaunch()); err != nil || !out.Started {
				t.Errorf("%+v %v", out, err)
			}
		})
		time.Sleep(time.Second)
		start := time.Now()
		out, err := w.launcher("waiting").Launch(t.Context(), theRequest, theLaunch())
		if took := time.Since(start); err != nil || out.Started || out.Launch.By != "slow" || took < settle/4 || took > settle/2 {
			t.Errorf("%+v %v after %s: the record was not watched for", out, err, took)
		}
		wg.Wait()
		w.mustBeOne(t)
	})
}

func TestSemantics5_WhoMadeTheRunSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		slow := w.launcher("slow")
		slow.Hook = func(s string) {
			if s == StepPosted {
				time.Sleep(2 * settle)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if out, err := slow.Launch(t.Context(), theRequest, theLaunch()); err != nil || !out.Started || out.Launch.By != "next" {
				t.Errorf("who made it: %+v %v", out, err)
			}
		})
		time.Sleep(time.Second)
		// The next finds the run and records it before who made it does.
		if out, err := w.launcher("next").Launch(t.Context(), theRequest, theLaunch()); err != nil || out.Started || !out.Launch.FoundBefore {
			t.Errorf("who found it: %+v %v", out, err)
		}
		wg.Wait()
		w.mustBeOne(t)
	})
}

func TestSemantics5_NoClocksAreCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		dead := w.launcher("dead")
		dead.Now = func() time.Time { return time.Now().Add(-1000 * time.Hour) }
		dead.Hook = func(s string) {
			if s == StepClaimed {
				panic(killed{})
			}
		}
		if _, _, dead := tryLaunch(t, dead); !dead {
			t.Fatal("it lives")
		}
		// The claim says that it is ancient; it is waited for all the same.
		start := time.Now()
		if out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch()); err != nil || !out.Started || time.Since(start) < settle {
			t.Errorf("%+v %v after %s", out, err, time.Since(start))
		}
		w.mustBeOne(t)
	})
}

// TestSemantics5_CrashAtEveryStep stops the first launcher after each of its
// effects, with every answer of the server, alone and against others, restarts it,
// and counts the runs.
func TestSemantics5_CrashAtEveryStep(t *testing.T) {
	for _, racers := range []int{1, 2, 10} {
		for a := answerOK; a < numAnswers; a++ {
			if a == answerTooLate {
				continue // what remains: see TestSemantics5_WhatRemains
			}
			for at := 1; at <= 8; at++ {
				t.Run(fmt.Sprintf("%d racers, answer %d, crash %d", racers, a, at), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(a)
						race(t, w, racers, func(racer, try int) func(string) {
							if racer > 0 || try > 0 {
								return nil
							}
							n := 0
							return func(string) {
								if n++; n == at {
									panic(killed{})
								}
							}
						})
						w.mustBeOne(t)
					})
				})
			}
		}
	}
}

// race lets launchers try until each has the run, with hooks made by hook.
func race(t *testing.T, w *world, racers int, hook func(racer, try int) func(string)) {
	var wg sync.WaitGroup
	outcomes := make([]Outcome, racers)
	for racer := range racers {
		wg.Go(func() {
			for try := range 30 {
				l := w.launcher(fmt.Sprintf("racer-%d", racer))
				skew := time.Duration(racer-racers/2) * time.Hour
				l.Now = func() time.Time { return time.Now().Add(skew) }
				l.Hook = hook(racer, try)
				out, err, dead := tryLaunch(t, l)
				if err == nil && !dead {
					outcomes[racer] = out
					return
				}
				time.Sleep(5 * time.Second) // the pod starts again
			}
			t.Errorf("racer %d never got the run", racer)
		})
	}
	wg.Wait()
	started := 0
	for _, o := range outcomes {
		if o.Launch.RunID != outcomes[0].Launch.RunID {
			t.Errorf("different runs: %s and %s", o.Launch.RunID, outcomes[0].Launch.RunID)
		}
		if o.Started {
			started++
		}
	}
	if started > 1 {
		t.Errorf("%d say that they started it", started)
	}
}

func TestSemantics5_RandomCrashes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		racers := rapid.IntRange(1, 5).Draw(rt, "racers")
		answers := rapid.SliceOfN(rapid.SampledFrom([]answer{
			answerOK, answerLost, answer500After, answer500Before, answerLate, answerRejected, answerUnreachable,
		}), 0, 5).Draw(rt, "answers")
		seed := rapid.Uint64().Draw(rt, "seed")
		var failed []string
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(answers...)
			race(t, w, racers, func(racer, try int) func(string) {
				rnd := rand.New(rand.NewPCG(seed, uint64(racer*1000+try)))
				return func(s string) {
					switch {
					case try < 4 && rnd.IntN(8) == 0:
						panic(killed{})
					case rnd.IntN(4) == 0 && s != StepLooked && s != StepPosted:
						// Held up anywhere but between the look and the POST, and not so long
						// after it that others take over a run that is on its way.
						time.Sleep(time.Duration(rnd.Int64N(int64(settle))))
					}
				}
			})
			w.pipes.delivering.Wait()
			if n := len(w.pipes.runs); n != 1 {
				failed = append(failed, fmt.Sprintf("%d runs", n))
			}
		})
		if len(failed) > 0 {
			rt.Fatal(failed)
		}
	})
}

func TestSemantics5_WhatRemains(t *testing.T) {
	t.Run("request delivered after settle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(answerTooLate)
			if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); !errors.Is(err, ErrUnclear) {
				t.Fatal(err)
			}
			out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch())
			if err != nil {
				t.Fatal(err)
			}
			w.pipes.delivering.Wait()
			mustFindDuplicate(t, w, append(out.Changes, follow(t, w)...))
		})
	})
	t.Run("suspended between look and POST", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			// The check of the deadline has passed when this one is suspended: the fake
			// is what sends the request.
			sleeper := &suspended{Pipelines: w.pipes}
			l := w.launcher("a")
			l.Pipelines = sleeper
			var wg sync.WaitGroup
			var late Outcome
			wg.Go(func() {
				var err error
				if late, err = l.Launch(t.Context(), theRequest, theLaunch()); err != nil || late.Launch.By != "b" {
					t.Errorf("%+v %v", late, err)
				}
			})
			time.Sleep(time.Second)
			out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch())
			if err != nil {
				t.Error(err)
			}
			wg.Wait()
			mustFindDuplicate(t, w, slices.Concat(out.Changes, late.Changes, follow(t, w)))
		})
	})
}

// deaf is a client that doesn't mind NotAfter.
type deaf struct{ Pipelines }

func (d deaf) Create(ctx context.Context, req LaunchRequest) (Run, error) {
	req.NotAfter = time.Time{}
	return d.Pipelines.Create(ctx, req)
}

// resolving takes long to look names up, once, before it would send the request.
type resolving struct {
	Pipelines
	done bool
}

func (r *resolving) Create(ctx context.Context, req LaunchRequest) (Run, error) {
	if !r.done {
		r.done = true
		time.Sleep(settle/2 + time.Second)
	}
	return r.Pipelines.Create(ctx, req)
}

// suspended sends a run long after it was told to.
type suspended struct{ Pipelines }

func (s *suspended) Create(_ context.Context, req LaunchRequest) (Run, error) {
	req.NotAfter = time.Time{}
	time.Sleep(2 * settle)
	return s.Pipelines.Create(context.Background(), req)
}

// follow follows, and fails unless it returns the runs as they are recorded then.
func follow(t *testing.T, w *world) []Transition {
	t.Helper()
	launches, changes, err := w.launcher("f").Follow(t.Context(), "m")
	if err != nil {
		t.Errorf("follow: %v", err)
	}
	if recorded, err := NewLedger(w.store).Launches(t.Context(), "m"); err != nil || !reflect.DeepEqual(launches, recorded) {
		t.Errorf("followed:\n%+v\nrecorded:\n%+v %v", launches, recorded, err)
	}
	return changes
}

// mustFindDuplicate checks that of two runs the older is alive and recorded, and
// that the younger was told of exactly once.
func mustFindDuplicate(t *testing.T, w *world, changes []Transition) {
	t.Helper()
	if len(w.pipes.runs) != 2 {
		t.Fatalf("%d runs: this is not the case to test", len(w.pipes.runs))
	}
	older, younger := w.pipes.runs[0], w.pipes.runs[1]
	if got := w.alive(); !slices.Equal(got, []string{older.ID}) {
		t.Errorf("alive: %v, terminated: %v", got, w.pipes.terminated)
	}
	var told []Transition
	for _, c := range changes {
		if c.To.State == StateDuplicate {
			told = append(told, c)
		}
	}
	if len(told) != 1 || told[0].To.RunID != younger.ID || told[0].To.Kept != older.ID || told[0].Launch.Key != theKey {
		t.Errorf("told: %+v", told)
	}
	launches, err := NewLedger(w.store).Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 || launches[0].Launch.RunID != older.ID || len(launches[0].Duplicates) != 1 {
		t.Errorf("recorded: %+v %v", launches, err)
	}
	for _, c := range follow(t, w) {
		if c.To.State == StateDuplicate {
			t.Errorf("told again: %+v", c)
		}
	}
}

func TestSemantics5_DuplicateThatCannotBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.pipes.make(theRun)
		w.pipes.denyStop = true
		_, changes, err := w.launcher("f").Follow(t.Context(), "m")
		if err == nil || !strings.Contains(err.Error(), "run-2") || !strings.Contains(err.Error(), "terminate") {
			t.Errorf("error %v", err)
		}
		if len(changes) != 1 || changes[0].To.State != StatePending {
			t.Errorf("the run itself is not followed: %+v", changes)
		}
		w.pipes.denyStop = false
		mustFindDuplicate(t, w, follow(t, w))
	})
}

func TestLaunchInput(t *testing.T) {
	w := newWorld()
	for name, meta := range map[string]Launch{"no key": {Model: "m"}, "no model": {Key: theKey}, "another model's key": {Key: theKey, Model: "m2"}} {
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, meta); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if len(w.store.objects) != 0 {
		t.Error("something was written")
	}
}

func TestLaunchRecordFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.store.failOn = func(key string) error {
			if strings.HasPrefix(key, launchesDir) {
				return errors.New("read-only file system")
			}
			return nil
		}
		_, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch())
		if err == nil || !strings.Contains(err.Error(), "run-1") || !strings.Contains(err.Error(), "read-only") {
			t.Fatalf("error %v", err)
		}
		w.store.failOn = nil
		if out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch()); err != nil || !out.Launch.FoundBefore {
			t.Errorf("%+v %v", out, err)
		}
		w.mustBeOne(t)
	})
}
