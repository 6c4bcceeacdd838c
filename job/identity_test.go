package job_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// rows are the lines of a log by folder: predictions/dt=.., labels/dt=.., reference.
type rows map[string][]string

// identityRows is a log with two versions, cities, missing values, corrections at
// later times, labels of other days' predictions and duplicate predictions.
func identityRows(duplicates bool) rows {
	rng := rand.New(rand.NewPCG(3, 4))
	cities := []string{"Oslo", "Bergen", "Ålesund", ""}
	out := rows{}
	for n := range 400 {
		x := rng.NormFloat64()
		out["reference"] = append(out["reference"], fmt.Sprintf("ref-%d,%v,%v,v1,%s,%v", n, x, 10+x, cities[n%3], 10+x+rng.NormFloat64()))
	}
	for _, d := range []int{3, 5} {
		pred := "predictions/dt=" + dayStart(d).Format(time.DateOnly)
		for i, p := range makePairs(300, dayStart(d), wrong, "v1") {
			if i%3 == 0 {
				p.version = "v2"
			}
			x := fmt.Sprint(p.x)
			if i%17 == 0 {
				x = ""
			}
			row := fmt.Sprintf("%s,%s,%s,%v,%s,%s", p.id, p.at.Format(time.RFC3339Nano), x, p.pred, p.version, cities[i%4])
			out[pred] = append(out[pred], row)
			if duplicates && i%5 == 0 {
				out[pred] = append(out[pred], row)
			}
			if i%11 == 0 {
				continue // no label
			}
			label := func(after time.Duration, y float64) {
				dir := "labels/dt=" + p.at.Add(after).Format(time.DateOnly)
				out[dir] = append(out[dir], fmt.Sprintf("%s,%v,%s", p.id, y, p.at.Add(after).Format(time.RFC3339Nano)))
			}
			if i%7 == 0 {
				label(5*time.Hour, 99) // corrected below
			}
			label(24*time.Hour, p.y)
			if i%13 == 0 {
				label(9*24*time.Hour, -99) // after as-of: hidden
			}
		}
	}
	return out
}

// identityOutput writes the rows to data, dealt over files in an order, and returns
// what a pass over them says as JSON.
func identityOutput(t *testing.T, data string, rng *rand.Rand, limits groundtruth.Limits, all rows) string {
	t.Helper()
	// The reference that newWorld writes lies elsewhere.
	w := newWorld(t, settings{data: data, model: "segments: [city]",
		rules: "[" + ruleRMSE + ", " + ruleDrift + `, {name: oslo, when: 'segments["city"]["Oslo"].mae > 0.5', min_samples: 10}]`})
	w.model.Reference.URL = strings.Replace(w.model.Reference.URL, "/reference/", "/rows/", 1)
	limits.SpillDir = t.TempDir()
	w.r.Limits = limits
	for folder, lines := range all {
		header := predictionHeader + ",city"
		switch {
		case folder == "reference":
			header = "id,x,pred,version,city,y"
		case strings.HasPrefix(folder, "labels/"):
			header = labelHeader
		}
		files := make([][]string, 1)
		if rng != nil {
			files = make([][]string, 1+rng.IntN(5))
		}
		for i := range lines {
			f, line := 0, lines[i]
			if rng != nil {
				f = rng.IntN(len(files))
			}
			files[f] = append(files[f], line)
		}
		for i, f := range files {
			if rng != nil {
				rng.Shuffle(len(f), func(i, j int) { f[i], f[j] = f[j], f[i] })
			}
			w.write(fmt.Sprintf("%s/part-%d.csv", strings.Replace(folder, "reference", "rows", 1), i), header, f)
		}
	}
	w.at(7)
	return encode(t, w.pass(job.Options{AsOf: dayStart(6)}))
}

// The same inputs give the same bytes, wherever they lie, however they are dealt, and
// whatever the number of threads (design, what always holds, 3).
func TestSameInputsGiveTheSameBytes(t *testing.T) {
	all := identityRows(true)
	want := identityOutput(t, memory(), nil, groundtruth.Limits{Workers: 1}, all)
	for _, part := range []string{`"stage": "mature"`, `"stage": "closed"`, `"duplicate_predictions": 60`, `"hidden_labels": 281`, `"Ålesund"`, `"v2"`, `"conflicting_labels": 39`, `"verdict": "breached"`} {
		if !strings.Contains(want, part) {
			t.Fatalf("%s is not in the output, so this shows little:\n%s", part, want)
		}
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for trial := range 12 {
		rng := rand.New(rand.NewPCG(uint64(trial), 0))
		data := memory()
		if trial%2 == 1 {
			data = "file://" + t.TempDir() + "/data"
		}
		limits := groundtruth.Limits{Workers: 1 + rng.IntN(4)}
		if trial%3 == 0 {
			limits.MemoryBytes = 1 // the least that the join allows
		}
		procs := 1 + trial%2
		runtime.GOMAXPROCS(procs)
		if got := identityOutput(t, data, rng, limits, all); got != want {
			t.Errorf("trial %d over %s, %d workers, GOMAXPROCS %d: %s", trial, data, limits.Workers, procs, firstDifference(want, got))
		}
	}
}

// firstDifference shows the first lines in which two texts differ.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %q and %q", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

// Duplicates of predictions change nothing but their count.
func TestDuplicatePredictionsChangeNothingButTheirCount(t *testing.T) {
	with := identityOutput(t, memory(), nil, groundtruth.Limits{}, identityRows(true))
	without := identityOutput(t, memory(), nil, groundtruth.Limits{}, identityRows(false))
	counted := strings.NewReplacer(
		`"duplicate_predictions": 60`, `"duplicate_predictions": 0`,
		`"value": 0.16666666666666666`, `"value": 0`, `"60 of 360 prediction rows"`, `"0 of 300 prediction rows"`,
	).Replace(with)
	if counted == with {
		t.Fatal("no duplicates were counted")
	}
	if counted != without {
		t.Error(firstDifference(counted, without))
	}
}
