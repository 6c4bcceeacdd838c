package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

// A pass as of a moment before the newest judgements, a late one or a merge, judges nothing
// again: as-of would say that an older window was judged before the newest one, which then
// acted by its revision.
func TestSemantics7_ALatePassJudgesNothingAgain(t *testing.T) {
	for name, opt := range map[string]job.Options{
		"late": {AsOf: dayStart(6).Add(3 * time.Hour), Late: true}, "merge": {AsOf: dayStart(6).Add(3 * time.Hour), Merge: true},
	} {
		t.Run(name, func(t *testing.T) {
			data := memory() + "/data"
			w := newWorld(t, settings{data: data, rules: "[" + ruleRMSE2 + "]", model: "relook: 10d"})
			labelled := func(n int, k kind, share int) {
				pairs := makePairs(perDay, dayStart(n), k, "v1")
				w.predictions(n, pairs)
				w.someLabels(n, "all", pairs[:share], time.Hour)
			}
			labelled(1, good, perDay)
			labelled(2, wrong, 50) // inconclusive until its labels come
			labelled(3, wrong, perDay)
			labelled(4, good, perDay)
			labelled(5, good, perDay)
			w.night(4)
			w.night(5)
			w.now = dayStart(6).Add(10 * time.Hour)
			w.pass(job.Options{}) // the newest is breached, with a streak of 1
			labelled(2, wrong, perDay)
			w.told.take()
			w.now = dayStart(6).Add(12 * time.Hour)
			w.model.Relook = 2 * day24 // by which a window is due again soon
			if out := w.pass(opt); strings.Contains(strings.Join(brief(out), " "), "2 mature") {
				t.Errorf("judged: %q", brief(out))
			}
			w.now = dayStart(6).Add(13 * time.Hour)
			w.pass(job.Options{})
			if got := w.told.take(); len(got) != 0 || len(w.kfp.requests) != 0 {
				t.Errorf("told %q, %d runs", got, len(w.kfp.requests))
			}
		})
	}
}
