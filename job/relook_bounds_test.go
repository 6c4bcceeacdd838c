package job_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// A store that answers no listing is asked twice, not once for every window.
func TestSemantics7_AStoreThatAnswersNoListing(t *testing.T) {
	w := newWorld(t, settings{model: "catch_up: 20"})
	for n := 1; n <= 12; n++ {
		pairs := makePairs(perDay, dayStart(n), good, "v1")
		w.predictions(n, pairs)
		w.labels(n, pairs[:50])
	}
	w.night(4)
	for n := 5; n <= 8; n++ {
		w.night(n)
	}
	w.model.Relook = 12 * day24
	reads := w.count()
	reads.hangs = errors.New("no answer")
	w.at(11)
	_, err := w.r.Pass(t.Context(), w.model, job.Options{})
	if reads.listings != 2 || err == nil || strings.Count(err.Error(), "no answer") != 2 {
		t.Errorf("%d listings: %v", reads.listings, err)
	}
}

// Many windows that lack labels, and for which nothing comes, cost a bounded number of
// listings.
func TestSemantics7_ManyWindowsCostABoundedNumberOfListings(t *testing.T) {
	long(t)
	w := newWorld(t, settings{model: "window: 1h\ncatch_up: 200", rules: "[{name: rmse, when: rmse > 1, min_samples: 1, action: alert}]"})
	w.model.GroundTruth.Delay = time.Hour
	w.logs(1, good, good, good, good, good, good, good)
	w.model.GroundTruth.URL = strings.Replace(w.model.GroundTruth.URL, "/labels/", "/nowhere/", 1)
	w.at(1)
	w.pass(job.Options{})
	w.at(7)
	w.pass(job.Options{})
	w.now = dayStart(13)
	reads := w.count()
	w.pass(job.Options{DryRun: true})
	if reads.listings != 100 {
		t.Errorf("%d listings", reads.listings)
	}
}

// The newest mature window is not the newest one of a rule that needs no labels: that its
// breach is none any more is told, though the rule is breached on a newer window.
func TestSemantics7_RevisedOnTheNewestMatureWindow(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleDrift + "]"})
	w.logs(1, good, good, drifted, drifted, drifted)
	for n := 4; n <= 6; n++ { // day 3 is the newest mature window, and day 5 the newest
		w.night(n)
	}
	wantLines(t, "told", w.told.take(), "breach drift 3", "breach drift 4", "breach drift 5")
	w.predictions(3, makePairs(perDay, dayStart(3), good, "v1"))
	w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	w.pass(job.Options{})
	wantLines(t, "told", w.told.take(), "revised")
}

// Windows that cannot be read again, such as those of before a change of columns, come up
// again each night after the others, which they would keep from being judged else.
func TestSemantics7_UnreadableWindowsComeLast(t *testing.T) {
	w := newWorld(t, settings{model: "catch_up: 2"})
	w.logs(1, good, good, good, good, good, good, good, good, good, good)
	for n := 4; n <= 8; n++ { // days 1 to 5
		w.night(n)
	}
	w.model.GroundTruth.Resolve = groundtruth.ResolveFirst
	reads := w.count()
	for _, n := range []int{1, 2, 3} {
		reads.fails[n] = errors.New("no column y")
	}
	var judged []string
	for range 3 {
		out, err := w.r.Pass(t.Context(), w.model, job.Options{})
		if err == nil || !strings.Contains(err.Error(), "no column y") {
			t.Errorf("the pass ends with %v", err)
		}
		judged = append(judged, strings.Join(brief(out), ", "))
	}
	wantLines(t, "judged", judged, "7 closed healthy none", "4 mature healthy none, 7 closed healthy none", "5 mature healthy none, 7 closed healthy none")
	if reads.read[1] != 2 || reads.read[2] != 1 || reads.read[3] != 1 {
		t.Errorf("read: %v", reads.read)
	}
}
