package job_test

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// The first pass judges the newest mature window alone, and says what it leaves out.
func TestSemantics1_FirstPassSaysHowEarlierWindowsAreJudged(t *testing.T) {
	notes := func(outcomes []job.Outcome) string {
		var out []string
		for _, o := range outcomes {
			out = append(out, o.Notes...)
		}
		return strings.Join(out, "\n")
	}
	const asNights = " judges them, as nightly passes would have"
	t.Run("dated", func(t *testing.T) {
		for first := 5; first >= 1; first-- {
			w := newWorld(t, settings{})
			days := make([]kind, 20-first)
			for i := range days {
				days[i] = good
			}
			w.logs(first, days...)
			w.at(20)
			want := "windows before 2026-01-17 are left out, and there are predictions from about 2026-01-0" + dayStart(first).Format("2") + " on: hindcast run --from 2026-01-0" + dayStart(first).Format("2") + asNights
			if got := notes(w.pass(job.Options{DryRun: true})); got != want {
				t.Errorf("a dry run says %q, want %q", got, want)
			}
			if got := notes(w.pass(job.Options{})); got != want {
				t.Errorf("the first pass says %q", got)
			}
			if got := notes(w.pass(job.Options{})); got != "" {
				t.Errorf("the second pass says %q", got)
			}
		}
	})
	t.Run("nothing earlier", func(t *testing.T) {
		w := newWorld(t, settings{model: ""})
		w.model.Predictions.Slack = 1 << 42 // more than an hour: the partitions beside a window's own are listed too
		w.logs(1, good, good, good)
		if got := notes(w.night(4)); got != "" {
			t.Errorf("said %q", got)
		}
	})
	t.Run("filled before", func(t *testing.T) {
		w := backfillWorld(t, settings{mode: "suggest"})
		w.logs(11, good, good, good)
		w.all(job.BackfillOptions{})
		if got := notes(w.pass(job.Options{})); got != "" {
			t.Errorf("said %q", got)
		}
	})
	t.Run("no date", func(t *testing.T) {
		w := newWorld(t, settings{})
		w.model.Predictions.URL = strings.Replace(w.model.Predictions.URL, "dt={date}", "*", 1)
		w.logs(1, good, good, good, good, good)
		if got := notes(w.night(6)); !strings.HasPrefix(got, "predictions.url has no date, so earlier windows may have rows too") {
			t.Errorf("said %q", got)
		}
	})
}
