package job_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

// Labels of other windows, which come with every pass, make no revision of a window
// whose own figures are what they were.
func TestSemantics1_OtherWindowsLabelsMakeNoRevision(t *testing.T) {
	w := newWorld(t, settings{})
	w.model.GroundTruth.Delay = 0
	pairs := map[int][]pair{}
	for n := 1; n <= 4; n++ {
		pairs[n] = makePairs(perDay, dayStart(n), good, "v1")
		w.predictions(n, pairs[n])
		for h := range 24 { // the labels of an hour come within it
			var rows []string
			for _, p := range pairs[n][h*10 : h*10+10] {
				rows = append(rows, p.label(time.Minute))
			}
			w.write(fmt.Sprintf("labels/dt=%s/%02d.csv", dayStart(n).Format(time.DateOnly), h), labelHeader, rows)
		}
	}
	// Labels of nobody: bad, null and repeated ones.
	hourly := func(n, h int) {
		at := dayStart(n).Add(time.Duration(h) * time.Hour).Format(time.RFC3339)
		w.write(fmt.Sprintf("labels/dt=%s/more-%02d.csv", dayStart(n).Format(time.DateOnly), h), labelHeader, []string{
			fmt.Sprintf("x-%d-%d,1,%s", n, h, at), fmt.Sprintf("x-%d-%d,2,%s", n, h, at), fmt.Sprintf("y-%d-%d,,%s", n, h, at),
		})
	}
	for n := 2; n <= 4; n++ {
		for h := 1; h < 24; h += 6 {
			hourly(n, h)
			w.now = dayStart(n).Add(time.Duration(h) * time.Hour)
			w.pass(job.Options{})
		}
	}
	wantLines(t, "history", w.history(), "1 r1 mature healthy none", "2 r1 mature healthy none", "3 r1 mature healthy none")

	// A late correction of a label of the window itself is a revision.
	late := pairs[3][7]
	late.y += 5
	w.write("labels/dt="+dayStart(4).Format(time.DateOnly)+"/late.csv", labelHeader, []string{late.label(24 * time.Hour)})
	w.pass(job.Options{})
	w.pass(job.Options{})
	wantLines(t, "history after a correction", w.history(), "1 r1 mature healthy none", "2 r1 mature healthy none", "3 r1 mature healthy none", "3 r2 mature healthy none")
}
