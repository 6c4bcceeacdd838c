package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// windowsOf writes the windows of a story: days, c of those without labels.
func windowsOf(told []job.Told) string {
	var out []string
	for _, w := range told {
		text := fmt.Sprint(w.Window.Start.Day())
		if w.Stage == trigger.StageClosed {
			text += "c"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// reported keeps the stories that a pass hands to reporters.
type reported struct {
	lines   []string
	stories []job.Story
	fail    error
}

func (f *reported) Report(ctx context.Context, j *job.Judged) error {
	f.lines = nil
	for _, l := range j.Lines {
		f.lines = append(f.lines, fmt.Sprintf("%d r%d %s", l.Window.Start.Day(), l.Revision, l.Stage))
	}
	for i := range j.Windows {
		s, err := j.Story(ctx, i)
		if err != nil {
			return err
		}
		f.stories = append(f.stories, s)
	}
	return f.fail
}

func TestStory(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, drifted, drifted)
	if _, err := w.r.Story(t.Context(), w.model, nil, 10); !errors.As(err, new(*job.NothingRecordedError)) {
		t.Errorf("of an empty ledger: %v", err)
	}
	for n := 2; n <= 6; n++ {
		w.night(n)
	}
	s, err := w.r.Story(t.Context(), w.model, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := windowsOf(s.Windows) + " | " + windowsOf(s.Newer); got != "2 3 | 4c 5c" {
		t.Errorf("windows %s", got)
	}
	if want := w.now; !s.AsOf.Equal(want) {
		t.Errorf("as of %s, want %s", s.AsOf, want)
	}
	if s.Summary == nil || s.Summary.Predictions() != perDay || s.NoSummary != "" {
		t.Errorf("no Summary: %q", s.NoSummary)
	}
	if s.Profile == nil || s.Profile.Rows != referenceRows || s.NoProfile != "" {
		t.Errorf("no profile: %q", s.NoProfile)
	}
	if of, ok := s.Compared(); !ok || of.Rows() != referenceRows {
		t.Errorf("compared with %d rows", of.Rows())
	}
	last := s.Last()
	if last.Revisions != 2 || last.RecordedAt.IsZero() || len(last.Inputs) == 0 || last.PolicyHash != w.model.PolicyHash() {
		t.Errorf("got %+v", last)
	}
	want := []string{
		"rmse: rmse > 1.5 * reference.rmse: retrain (asks for 100 rows, coverage 0.8, significance 0.95)",
		"drift: drift.share >= 0.5: alert (asks for 100 rows)",
		"retraining: mode auto, cooldown 1d, at most 4 in 30d",
	}
	if !slices.Equal(s.Policy, want) {
		t.Errorf("policy %q", s.Policy)
	}

	closed := day(5)
	if s, err = w.r.Story(t.Context(), w.model, &closed, 10); err != nil {
		t.Fatal(err)
	}
	if got := windowsOf(s.Windows) + " | " + windowsOf(s.Newer); got != "30 31 1 2 3 4c 5c | " {
		t.Errorf("windows %s", got)
	}
	if s.Summary != nil || !strings.Contains(s.NoSummary, "once its labels are in") || s.Profile == nil {
		t.Errorf("Summary %v, %q", s.Summary, s.NoSummary)
	}

	missing := day(9)
	_, err = w.r.Story(t.Context(), w.model, &missing, 10)
	wantText := "no evaluation of m for the window 2026-01-09/2026-01-10 is recorded; around it there are 7 from 2025-12-30 to 2026-01-06"
	if err == nil || !strings.Contains(err.Error(), wantText) {
		t.Errorf("got %v", err)
	}
	// One far from all is not told as if nothing were recorded.
	long := groundtruth.Window{Start: dayStart(1).AddDate(-6, 0, 0), End: dayStart(2).AddDate(-6, 0, 0)}
	_, err = w.r.Story(t.Context(), w.model, &long, 10)
	wantText = "no evaluation of m for the window 2020-01-01/2020-01-02 is recorded; far from it there are 7 from 2025-12-30 to 2026-01-06"
	if err == nil || !strings.Contains(err.Error(), wantText) {
		t.Errorf("got %v", err)
	}
}

// TestStoryOffGrid has a story of a window off the grid, beside the windows of the grid.
func TestStoryOffGrid(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good)
	for n := 2; n <= 4; n++ {
		w.night(n)
	}
	off := groundtruth.Window{Start: dayStart(1).Add(6 * time.Hour), End: dayStart(2).Add(6 * time.Hour)}
	if _, err := w.r.Story(t.Context(), w.model, &off, 10); err == nil || !strings.Contains(err.Error(), "it is none of the model's windows of 1d; 2026-01-01/2026-01-02 is") {
		t.Errorf("got %v", err)
	}
	f := &reported{}
	w.pass(job.Options{Window: &off, Reporter: f})
	fresh := f.stories[0]
	if got := windowsOf(fresh.Windows); got != "30 31 1 1c" || fresh.Summary == nil {
		t.Errorf("windows %s, %q", got, fresh.NoSummary)
	}
	s, err := w.r.Story(t.Context(), w.model, &off, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got := windowsOf(s.Windows); got != "30 31 1 1c" || s.Summary != nil || !strings.Contains(s.NoSummary, "off the grid") {
		t.Errorf("windows %s, %q", got, s.NoSummary)
	}
}

// TestReporter has reporters told of what a pass judged, once it is recorded.
func TestReporter(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good)
	f := &reported{}
	w.r.Reporter = f
	w.night(2)
	w.night(3)
	f.stories = nil
	w.night(4)
	if len(f.stories) != 2 {
		t.Fatalf("%d stories", len(f.stories))
	}
	for i, want := range []string{"30 31 1 | 2c 3c", "30 31 1 2c 3c | "} {
		s := f.stories[i]
		if got := windowsOf(s.Windows) + " | " + windowsOf(s.Newer); got != want || s.Summary == nil || s.Profile == nil || s.Last().Revisions == 0 {
			t.Errorf("story %d: %s, want %s; Summary %q, profile %q, %d revisions", i, got, want, s.NoSummary, s.NoProfile, s.Last().Revisions)
		}
	}
	if want := []string{"30 r1 mature", "31 r1 mature", "1 r2 mature", "2 r1 closed", "3 r1 closed"}; !slices.Equal(f.lines, want) {
		t.Errorf("lines %q, want %q", f.lines, want)
	}
	if lastStatus(w).ReportErrors == nil || *lastStatus(w).ReportErrors != 0 {
		t.Errorf("report errors %v", lastStatus(w).ReportErrors)
	}

	// A dry run tells the reporter of its options alone.
	own := &reported{}
	f.stories = nil
	w.at(5)
	w.pass(job.Options{DryRun: true, Reporter: own})
	if len(f.stories) != 0 || len(own.stories) == 0 {
		t.Fatalf("%d and %d stories", len(f.stories), len(own.stories))
	}
	s := own.stories[0]
	if got := windowsOf(s.Windows) + " | " + windowsOf(s.Newer); got != "30 31 1 2 | 3c 4c" || s.Last().Revision != 0 || s.Summary == nil {
		t.Errorf("windows %s, revision %d, %q", got, s.Last().Revision, s.NoSummary)
	}
}

// TestReportThatFailsChangesNothing compares a pass whose reports fail with one that has none.
func TestReportThatFailsChangesNothing(t *testing.T) {
	run := func(reporter job.Reporter) (*world, []job.Outcome) {
		w := newWorld(t, settings{})
		w.logs(1, good, good, wrong)
		w.r.Reporter = reporter
		w.night(2)
		w.night(4)
		return w, w.night(6)
	}
	plain, want := run(nil)
	failing, got := run(&reported{fail: errors.New("disk full")})
	if len(want) == 0 || want[0].Decision.Action != trigger.ActionRetrain {
		t.Fatalf("no run was decided on: %+v", want[0].Decision)
	}
	if len(got) != len(want) || got[0].Decision.Reason != want[0].Decision.Reason || got[0].Decision.Started != want[0].Decision.Started {
		t.Errorf("decision %+v, want %+v", got[0].Decision, want[0].Decision)
	}
	if got, want := failing.history(), plain.history(); !slices.Equal(got, want) {
		t.Errorf("ledger %q, want %q", got, want)
	}
	if got, want := len(failing.stateObjects()), len(plain.stateObjects()); got != want {
		t.Errorf("%d objects in the state, want %d", got, want)
	}
	if n := lastStatus(failing).ReportErrors; n == nil || *n != 1 || lastStatus(failing).Err != nil {
		t.Errorf("status %+v", lastStatus(failing))
	}
	if n := lastStatus(plain).ReportErrors; n != nil {
		t.Errorf("without reports there are %d errors", *n)
	}
	if !strings.Contains(failing.log.String(), `level=WARN msg="a report could not be written`) || !strings.Contains(failing.log.String(), "disk full") {
		t.Errorf("the log says nothing of it:\n%s", failing.log.String())
	}
}

// hanging is a Reporter whose place takes nothing and says nothing.
type hanging struct{}

func (hanging) Report(ctx context.Context, _ *job.Judged) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestReportThatHangsIsGivenUp has a pass end although its reports cannot be written.
func TestReportThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, settings{})
		w.logs(1, good)
		w.r.Reporter = hanging{}
		began := time.Now()
		w.night(2)
		if took := time.Since(began); took < time.Minute || took > 2*time.Minute {
			t.Errorf("the pass took %s", took)
		}
		if n := lastStatus(w).ReportErrors; n == nil || *n != 1 || lastStatus(w).Err != nil {
			t.Errorf("status %+v", lastStatus(w))
		}
		if !strings.Contains(w.log.String(), "given up after 1m20s") {
			t.Errorf("the log says nothing of it:\n%s", w.log.String())
		}
	})
}

// TestReporterOfBackfill has the newest windows of a backfill reported in the end, whether it
// judged them or found them recorded.
func TestReporterOfBackfill(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good, good, good, good, good)
	f := &reported{}
	w.r.Reporter = f
	w.at(7)
	backfill := func() {
		plan, err := w.r.PlanBackfill(w.model, dayStart(2), w.now)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.r.Backfill(t.Context(), plan, job.BackfillOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		f.stories = nil
		backfill()
		var got []string
		for _, s := range f.stories {
			got = append(got, windowsOf(s.Windows)+" | "+windowsOf(s.Newer))
			if mature := s.Last().Stage == trigger.StageMature; mature && s.Summary == nil {
				t.Errorf("no Summary of %s: %s", s.Last().Window, s.NoSummary)
			}
		}
		want := []string{"2 3 4 5c 6c | ", "2 3 4 5c | 6c", "2 3 4 | 5c 6c", "2 3 | ", "2 | "}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestStoryWithoutSummaries says why there is no Summary where none is kept.
func TestStoryWithoutSummaries(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good)
	w.night(4)
	for o, err := range w.state.List(t.Context(), job.SummariesDir) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.state.Delete(t.Context(), o.Key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s, err := w.r.Story(t.Context(), w.model, nil, 10)
	if err != nil || s.Summary != nil || !strings.Contains(s.NoSummary, "keeps for 90d (state.keep_summaries)") {
		t.Errorf("%q, %v", s.NoSummary, err)
	}
	w.r.KeepSummaries = 0
	s, err = w.r.Story(t.Context(), w.model, nil, 10)
	if err != nil || !strings.Contains(s.NoSummary, "state.keep_summaries is 0") {
		t.Errorf("%q, %v", s.NoSummary, err)
	}
}

// TestReportOfWindowOlderThanKept has the report of a window that ended before Summaries are kept
// drawn from the Summary that the pass has just read.
func TestReportOfWindowOlderThanKept(t *testing.T) {
	w := newWorld(t, settings{})
	w.logs(1, good, good)
	w.r.KeepSummaries = 24 * time.Hour
	w.at(9)
	old, f := day(1), &reported{}
	w.pass(job.Options{Window: &old, Reporter: f})
	if s := f.stories[0]; s.Last().Stage != trigger.StageMature || s.Summary == nil {
		t.Errorf("%s window without a Summary: %q", s.Last().Stage, s.NoSummary)
	}
}

// lastStatus returns how the last pass went, as publishers were told.
func lastStatus(w *world) job.RunStatus {
	return w.pub.snapshots[len(w.pub.snapshots)-1].Status
}
