package trigger

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSemantics4_FollowRecordsAndTellsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		step := func(want string) {
			t.Helper()
			// Two pods look at once: one tells.
			var mu sync.Mutex
			var got []string
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					_, changes, err := w.launcher("f").Follow(t.Context(), "m")
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					for _, c := range changes {
						if c.Launch.Key != theKey || c.URL == "" || c.To.RunID != "run-1" {
							t.Errorf("%+v", c)
						}
						got = append(got, c.From.State+">"+c.To.State)
					}
				})
			}
			wg.Wait()
			if s := strings.Join(got, " "); s != want {
				t.Errorf("told %q, want %q", s, want)
			}
			time.Sleep(time.Second)
		}
		step(">PENDING")
		step("")
		w.pipes.set("run-1", StateRunning, time.Time{})
		step("PENDING>RUNNING")
		end := time.Now().Add(-time.Second).UTC()
		w.pipes.set("run-1", StateSucceeded, end)
		step("RUNNING>SUCCEEDED")
		step("")
		launches, err := NewLedger(w.store).Launches(t.Context(), "m")
		if err != nil || !launches[0].Terminal || !launches[0].FinishedAt.Equal(end) {
			t.Errorf("%+v %v", launches, err)
		}
		// A later 404 isn't failure: a run that is over is not asked for.
		w.pipes.gone["run-1"] = true
		step("")
	})
}

func TestSemantics4_FollowGoneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		w.pipes.gone["run-1"] = true
		changes := follow(t, w)
		if len(changes) != 1 || changes[0].To.State != StateGone {
			t.Errorf("%+v", changes)
		}
		launches, err := NewLedger(w.store).Launches(t.Context(), "m")
		if err != nil || !launches[0].Terminal || launches[0].FinishedAt.IsZero() || launches[0].Latest != StateGone {
			t.Errorf("%+v %v", launches, err)
		}
	})
}

func TestSemantics5_FollowSettlesOpenClaims(t *testing.T) {
	for at, made := range map[string]bool{StepClaimed: false, StepLooked: false, StepPosted: true} {
		t.Run("killed when "+at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				dead := w.launcher("dead")
				dead.Hook = func(s string) {
					if s == at {
						panic(killed{})
					}
				}
				if _, _, dead := tryLaunch(t, dead); !dead {
					t.Fatal("it lives")
				}
				ledger := NewLedger(w.store)
				if open, err := ledger.OpenClaims(t.Context(), "m", nil); err != nil || len(open) != 1 || open[0].By != "dead" {
					t.Fatalf("open claims: %+v %v", open, err)
				}
				if other, err := ledger.OpenClaims(t.Context(), "other", nil); err != nil || len(other) != 0 {
					t.Fatalf("open claims of another model: %+v %v", other, err)
				}
				start := time.Now()
				changes := follow(t, w)
				if took := time.Since(start); took < settle {
					t.Errorf("the claim was settled after %s", took)
				}
				launches, err := ledger.Launches(t.Context(), "m")
				if err != nil {
					t.Fatal(err)
				}
				if open, err := ledger.OpenClaims(t.Context(), "m", launches); err != nil || len(open) != 0 {
					t.Errorf("open claims: %+v %v", open, err)
				}
				if made {
					// The run is recorded as if launched, and told of.
					if len(changes) != 1 || changes[0].To.State != StatePending || !changes[0].Launch.FoundBefore || changes[0].Launch.Claim != 1 || changes[0].Launch.Rule != "rmse" {
						t.Errorf("%+v", changes)
					}
					w.mustBeOne(t)
					return
				}
				if len(changes) != 0 || w.pipes.posts != 0 {
					t.Errorf("%+v, %d posts: following started a run", changes, w.pipes.posts)
				}
				// The cause may still be there: then it is launched, without another wait.
				start = time.Now()
				out, err := w.launcher("b").Launch(t.Context(), theRequest, theLaunch())
				if err != nil || !out.Started || out.Launch.Claim != 3 || time.Since(start) > settle/2 {
					t.Errorf("%+v %v after %s", out, err, time.Since(start))
				}
				w.mustBeOne(t)
			})
		})
	}
}

// TestSemantics5_FollowAgainstLaunch lets passes follow while others launch.
func TestSemantics5_FollowAgainstLaunch(t *testing.T) {
	for a := answerOK; a < numAnswers; a++ {
		if a == answerTooLate {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(a)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					for range 5 {
						if _, _, err := w.launcher("f").Follow(t.Context(), "m"); err != nil {
							t.Errorf("follow: %v", err)
						}
						time.Sleep(7 * time.Second)
					}
				})
			}
			race(t, w, 3, func(int, int) func(string) { return nil })
			wg.Wait()
			w.mustBeOne(t)
		})
	}
}

func TestFollowKeepsGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := w.launcher("a")
		if _, err := l.Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		w.pipes.failFinds = 1
		_, changes, err := l.Follow(t.Context(), "m")
		if !errors.Is(err, errLook) || len(changes) != 1 {
			t.Errorf("%+v %v", changes, err)
		}
	})
}

func TestSemantics4_ByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := w.launcher("a")
		meta := Launch{Model: "m", Reason: "new data"}
		if _, err := l.Manual(t.Context(), theRequest, Launch{Model: "m", Reason: " "}, "", false); err == nil || !strings.Contains(err.Error(), "reason") {
			t.Errorf("without a reason: %v", err)
		}
		first, err := l.Manual(t.Context(), theRequest, meta, "k1", false)
		if err != nil || !first.Started || !first.Launch.Manual || first.Launch.Reason != "new data" || first.Launch.Key != ManualKey("m", "k1") {
			t.Fatalf("%+v %v", first, err)
		}
		// --key makes it repeatable without a second run, in flight or not.
		again, err := l.Manual(t.Context(), theRequest, meta, "k1", false)
		if err != nil || again.Started || again.Launch.RunID != first.Launch.RunID {
			t.Errorf("%+v %v", again, err)
		}
		if _, err := l.Manual(t.Context(), theRequest, meta, "", false); !errors.Is(err, ErrInFlight) || !strings.Contains(err.Error(), first.Launch.RunID) {
			t.Errorf("while a run goes on: %v", err)
		}
		forced, err := l.Manual(t.Context(), theRequest, meta, "", true)
		if err != nil || !forced.Started {
			t.Errorf("forced: %+v %v", forced, err)
		}
		for _, id := range []string{first.Launch.RunID, forced.Launch.RunID} {
			w.pipes.set(id, StateSucceeded, time.Now())
		}
		follow(t, w)
		third, err := l.Manual(t.Context(), theRequest, meta, "", false)
		if err != nil || !third.Started || third.Launch.Key == forced.Launch.Key {
			t.Errorf("%+v %v", third, err)
		}
		// It is recorded like any other: the policy sees it.
		launches, err := l.Ledger.Launches(t.Context(), "m")
		if err != nil || len(launches) != 3 {
			t.Fatalf("%d launches, %v", len(launches), err)
		}
		want(t, Decide(input("bb", 1, launches...)), ActionSuppressed, GuardInFlight, third.Launch.RunID)
	})
}

// overtaken is a server that is slow to answer: meanwhile another process follows.
type overtaken struct {
	Pipelines
	meanwhile func()
}

func (o *overtaken) Get(ctx context.Context, id string) (Run, error) {
	if f := o.meanwhile; f != nil {
		o.meanwhile = nil
		f()
	}
	return o.Pipelines.Get(ctx, id)
}

// TestFollowReturnsWhatOthersRecordedMeanwhile holds that the runs are those of the ledger
// also where another process has recorded the new state first.
func TestFollowReturnsWhatOthersRecordedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		w.pipes.set("run-1", StateSucceeded, time.Now().UTC())
		l := w.launcher("f")
		l.Pipelines = &overtaken{l.Pipelines, func() {
			if _, _, err := w.launcher("g").Follow(t.Context(), "m"); err != nil {
				t.Error(err)
			}
		}}
		launches, changes, err := l.Follow(t.Context(), "m")
		if err != nil || len(changes) != 0 || len(launches) != 1 || !launches[0].Terminal {
			t.Errorf("followed %+v with the changes %+v (%v)", launches, changes, err)
		}
	})
}

// TestFollowRecoversClaimsBesideADamagedLaunch holds that a claim that was left behind is
// looked into though the started runs cannot be read.
func TestFollowRecoversClaimsBesideADamagedLaunch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		if _, err := w.launcher("a").Launch(t.Context(), theRequest, theLaunch()); err != nil {
			t.Fatal(err)
		}
		delete(w.store.objects, launchesDir+theKey)
		if err := w.store.Write(t.Context(), launchesDir+Key("m", day(2).Start, 1), []byte("damaged")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.launcher("f").Follow(t.Context(), "m"); err == nil {
			t.Error("a damaged record is passed over")
		}
		if data, err := w.store.Read(t.Context(), launchesDir+theKey); err != nil || len(data) == 0 {
			t.Errorf("the claim was not looked into: %v", err)
		}
	})
}
