package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// The first judgement of a mature window that lacks what a later pass may find says when
// that is; others say nothing of it.
func TestSemantics7_TheFirstJudgementSaysWhenTheNextIs(t *testing.T) {
	const note = "the window has no predictions; passes read it again from 2026-01-06T19:12:00Z on if other objects are there then, and as soon as the configuration reads its logs otherwise; hindcast run --window 2026-01-01/2026-01-02 reads it now"
	// notes are those on day 1, of a log that has day 2 alone.
	notes := func(s settings, opt job.Options) []string {
		w := newWorld(t, s)
		w.logs(2, good)
		w.at(4)
		out := []string{}
		for _, o := range w.pass(opt) {
			for _, n := range o.Notes {
				if strings.Contains(n, "reads it now") || strings.Contains(n, "no pass reads it again") {
					out = append(out, fmt.Sprintf("%d %s", o.Window.Start.Day(), n))
				}
			}
		}
		return out
	}
	wantLines(t, "a pass", notes(settings{}, job.Options{}), "1 "+note)
	wantLines(t, "a pass that begins late", notes(settings{model: "relook: 5h"}, job.Options{}), "1 the window has no predictions; no pass reads it again (relook), hindcast run --window 2026-01-01/2026-01-02 does")
	wantLines(t, "without relook", notes(settings{model: "relook: 0s"}, job.Options{}))
	wantLines(t, "a look", notes(settings{}, job.Options{Window: ptr(day(1))}))

	w := newWorld(t, settings{})
	w.logs(2, good)
	w.now = dayStart(9)
	for _, o := range w.backfill(dayStart(1), dayStart(3), job.BackfillOptions{}) {
		if strings.Contains(strings.Join(o.Notes, "\n"), "it now") {
			t.Errorf("a backfill notes %q", o.Notes)
		}
	}
}
