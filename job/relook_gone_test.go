package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// Where the log has moved, and the old days are not at the new place, their judgements stay:
// once they are looked for, then no more, and nothing that rests on them is taken back.
func TestSemantics7_WindowsWhosePredictionsAreGoneStay(t *testing.T) {
	data := memory() + "/data"
	s := settings{data: data, rules: "[" + ruleRMSE2 + "]", model: "catch_up: 20"}
	w := newWorld(t, s)
	w.logs(1, good, wrong, wrong, good, good, good, good, good, good)
	for n := 4; n <= 9; n++ { // days 1 to 6
		w.night(n)
	}
	if n := len(w.kfp.requests); n != 1 {
		t.Fatalf("%d runs are started", n)
	}
	w.told.take()
	moved := w.another(s)
	moved.kfp, moved.r.Pipelines = w.kfp, w.r.Pipelines
	moved.model.Predictions.URL = strings.Replace(moved.model.Predictions.URL, "/predictions/", "/moved/", 1)
	moved.model.Predictions.Slack = 3600e9
	for n := 6; n <= 9; n++ {
		rows := []string{}
		for _, p := range makePairs(perDay, dayStart(n), good, "v1") {
			rows = append(rows, p.prediction())
		}
		moved.write(fmt.Sprintf("moved/dt=2026-01-%02d/part.csv", n), predictionHeader, rows)
	}
	look := moved.pass(job.Options{DryRun: true})
	wantLines(t, "a dry run", brief(look), "6 mature healthy none", "8 closed inconclusive none")
	out := moved.night(10)
	wantLines(t, "judged", brief(out), "7 mature healthy none", "6 mature healthy none", "9 closed inconclusive none")
	const note = "5 windows, from 2026-01-01/2026-01-02 to 2026-01-05/2026-01-06, were read by another configuration and stay as they were judged: " +
		"they had predictions, and predictions.url of now has no object of their time; " +
		"where that is not meant, correct predictions.url or copy the objects there, and hindcast run --window 2026-01-05/2026-01-06 reads it"
	for _, out := range [][]job.Outcome{look, out} {
		wantLines(t, "notes", out[0].Notes, note)
	}
	wantLines(t, "day 2", moved.revisions(2, "rmse"), "r1 breached 240", "r2 breached 240")
	launches, err := moved.r.Ledger.Launches(t.Context(), "m")
	if err != nil || len(launches) != 1 || launches[0].Retracted != nil {
		t.Errorf("launches: %+v, %v", launches, err)
	}
	reads := moved.count()
	if out := moved.night(11); len(out[0].Notes) != 0 || reads.listings != 0 || len(reads.read) != 2 {
		t.Errorf("the next night: %q, %d listings, readings %v", out[0].Notes, reads.listings, reads.read)
	}
	wantLines(t, "told", moved.told.take())
}

// Old predictions that are removed, as by rules on a bucket, take no judgement with them.
func TestSemantics7_RemovedPredictionsJudgeNothingAgain(t *testing.T) {
	w := newWorld(t, settings{})
	for n := 1; n <= 9; n++ {
		pairs := makePairs(perDay, dayStart(n), good, "v1")
		w.predictions(n, pairs)
		w.labels(n, pairs[:50+n]) // days lack labels
	}
	w.night(4)
	if err := w.data.Delete(t.Context(), "predictions/dt=2026-01-01/part.csv"); err != nil {
		t.Fatal(err)
	}
	for n := 5; n <= 9; n++ {
		w.night(n)
	}
	wantLines(t, "day 1", w.revisions(1, "rmse"), "r1 inconclusive 51")
}
