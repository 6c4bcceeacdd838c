package job_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
)

// The size of a kept Summary, which docs/engine.md tells: 20 columns of numbers and 20 of
// text, 100,000 rows in the window and in the reference. go test -v shows it.
func TestSizeOfAKeptSummary(t *testing.T) {
	long(t)
	const rows, each = 100_000, 20
	w := newWorld(t, settings{})
	header := ""
	for c := range each {
		header += fmt.Sprintf(",n%d,t%d", c, c)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	features := func() string {
		var b strings.Builder
		for c := range each {
			fmt.Fprintf(&b, ",%.6f,v%d", rng.NormFloat64()*float64(c+1), rng.IntN(10*(c+1)))
		}
		return b.String()
	}
	predictions, reference, labels := make([]string, rows), make([]string, rows), make([]string, rows)
	for i := range rows {
		at := dayStart(1).Add(time.Duration(i) * 24 * time.Hour / rows)
		p := pair{id: fmt.Sprint(i), version: "v1", at: at, pred: 10 + rng.NormFloat64()}
		p.y = p.pred + rng.NormFloat64()
		predictions[i], labels[i] = p.prediction()+features(), p.label(0)
		reference[i] = fmt.Sprintf("%d,%v,%v,%v", i, p.x, p.pred, p.y) + features()
	}
	w.write("predictions/dt=2026-01-01/part.csv", predictionHeader+header, predictions)
	w.write("labels/dt=2026-01-01/part.csv", labelHeader, labels)
	w.write("reference/rows.csv", "id,x,pred,y"+header, reference)
	w.night(4)
	for key, text := range w.stateObjects() {
		if !strings.HasPrefix(key, job.SummariesDir) {
			continue
		}
		size := float64(len(text)) / (1 << 20)
		t.Logf("%.1f MiB", size)
		if size < 3 || size > 3.5 {
			t.Errorf("it is %.1f MiB, docs/engine.md says 3.3", size)
		}
		return
	}
	t.Error("none is kept")
}
