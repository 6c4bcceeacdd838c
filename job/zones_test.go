package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

// Passes judge the days of a zone one after the other, also over a change of its clocks
// and a gap there, and a streak goes on.
func TestSemantics8_PassesAcrossAChangeOfClocks(t *testing.T) {
	s := settings{data: memory() + "/data", rules: "[" + fmt.Sprintf(ruleEmpty, 5) + "]", model: "window_time_zone: Europe/Oslo\ncatch_up: 3"}
	w := newWorld(t, s)
	w.model.GroundTruth.Delay = 0
	midnight := time.Date(2026, 3, 26, 23, 0, 0, 0, time.UTC) // of the 27th; clocks are put forward on the 29th
	w.now = midnight
	out := w.pass(job.Options{})
	if len(out) != 1 || !out[0].Window.End.Equal(midnight) || out[0].TimeZone.String() != "Europe/Oslo" || !out[0].OnGrid {
		t.Fatalf("at midnight: %s", encode(t, out))
	}
	w.now = time.Date(2026, 3, 30, 21, 59, 59, 0, time.UTC) // the 30th goes on
	out = w.pass(job.Options{})
	if len(out) != 3 || ruleOf(&out[0], "empty") != "breached 4" || strings.Contains(fmt.Sprint(out[0].Notes), "wait") {
		t.Fatalf("before midnight: %s", encode(t, out))
	}
	w.told.take()
	w.now = w.now.Add(time.Second)
	out = w.pass(job.Options{})
	if len(out) != 1 || ruleOf(&out[0], "empty") != "breached 5 acts" {
		t.Fatalf("at the midnight after: %s", encode(t, out))
	}
	if told := w.told.take(); len(told) != 1 {
		t.Errorf("told %q", told)
	}
	var got []string
	for _, r := range w.records() {
		got = append(got, fmt.Sprintf("%s %s %s", r.GridName(), r.Window.Text(r.Zone(), "/"), r.Window.Duration()))
	}
	wantLines(t, "records", got,
		"1d@Europe/Oslo 2026-03-26/2026-03-27 Europe/Oslo 24h0m0s",
		"1d@Europe/Oslo 2026-03-27/2026-03-28 Europe/Oslo 24h0m0s",
		"1d@Europe/Oslo 2026-03-28/2026-03-29 Europe/Oslo 24h0m0s",
		"1d@Europe/Oslo 2026-03-29/2026-03-30 Europe/Oslo 23h0m0s",
		"1d@Europe/Oslo 2026-03-30/2026-03-31 Europe/Oslo 24h0m0s")

	// What a pass leaves to later ones is said in local dates.
	w.now = w.now.AddDate(0, 0, 6)
	out = w.pass(job.Options{})
	const left = "2 mature windows wait for later passes: from 2026-04-03/2026-04-04 Europe/Oslo to 2026-04-04/2026-04-05 Europe/Oslo; a pass judges 3 of them at most (catch_up)"
	if !slices.Contains(out[0].Notes, left) {
		t.Errorf("notes are %q", out[0].Notes)
	}

	// In UTC the model begins anew, and says so.
	s.model = ""
	utc := w.another(s)
	utc.model.GroundTruth.Delay = 0
	out = utc.pass(job.Options{})
	if len(out) != 1 || ruleOf(&out[0], "empty") != "breached 1" || !strings.HasPrefix(out[0].Notes[len(out[0].Notes)-1], "windows are of 1d from this pass on; those of 1d@Europe/Oslo stay") {
		t.Fatalf("in UTC: %s", encode(t, out))
	}
}
