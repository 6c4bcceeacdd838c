package job_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// aKind is a kind of model with rows of its own.
type aKind struct {
	settings settings
	header   string                                      // of what predictions have beside id, time and version
	row      func(rng *rand.Rand) (values, label string) // of one prediction
}

func kinds() map[string]aKind {
	share := func(rng *rand.Rand) (score, p float64) {
		z := rng.NormFloat64()
		return math.Round(1000/(1+math.Exp(-z))) / 1000, 1 / (1 + math.Exp(-2*z))
	}
	const drift = "{name: drift, when: drift.share >= 0.5, min_samples: 100, action: alert}"
	return map[string]aKind{
		"binary": {
			settings{task: "binary", columns: "score: score, weight: w", model: "positive_label: late\nthreshold: 0.4\nsegments: [city]\nbusiness_value: {tp: 2, fp: -1}",
				rules: "[{name: auc, when: roc_auc < 0.9 * reference.roc_auc, min_samples: 100}, " + drift + "]"},
			"score,w,city",
			func(rng *rand.Rand) (values, label string) {
				score, p := share(rng)
				label = "in time"
				if rng.Float64() < p {
					label = "late"
				}
				return fmt.Sprintf("%v,%v,%s", score, 1+rng.IntN(3), []string{"Oslo", "Bergen"}[rng.IntN(2)]), label
			},
		},
		"binary by class": {
			settings{task: "binary", columns: "prediction: class", rules: "[{name: f1, when: f1 < 0.9 * reference.f1, min_samples: 100}, " + drift + "]"},
			"class,x",
			func(rng *rand.Rand) (values, label string) {
				score, p := share(rng)
				return fmt.Sprintf("%v,%v", score > 0.5, rng.NormFloat64()), []string{"0", "1.0"}[map[bool]int{true: 1}[rng.Float64() < p]]
			},
		},
		"multiclass": {
			settings{task: "multiclass", columns: "prediction: class, scores: {a: pa, b: pb, c: pc}", rules: "[{name: auc, when: roc_auc < 0.9 * reference.roc_auc, min_samples: 100}, " + drift + "]"},
			"class,pa,pb,pc,x",
			func(rng *rand.Rand) (values, label string) {
				i, k := rng.IntN(3), rng.IntN(3)
				p := []float64{0.2, 0.2, 0.2}
				p[i] = 0.6
				if rng.IntN(2) == 0 {
					k = i
				}
				return fmt.Sprintf("%c,%v,%v,%v,%v", 'a'+i, p[0], p[1], p[2], rng.NormFloat64()), string(rune('a' + k))
			},
		},
		"regression with quantiles": {
			settings{columns: "prediction: pred, weight: w, quantiles: [{q: 0.1, column: p10}, {q: 0.9, column: p90}]"},
			"pred,w,p10,p90,x",
			func(rng *rand.Rand) (values, label string) {
				x := rng.NormFloat64()
				return fmt.Sprintf("%v,%v,%v,%v,%v", 10+x, 1+rng.IntN(3), 9+x, 11+x, x), fmt.Sprint(10 + x + rng.NormFloat64())
			},
		},
	}
}

// world makes a world of the kind with logs of the first days, in the files that rng deals them
// to, or one a day.
func (k aKind) world(t *testing.T, s settings, days int, deal *rand.Rand) *world {
	t.Helper()
	w := newWorld(t, s)
	rng := rand.New(rand.NewPCG(5, 6))
	all := rows{}
	w.model.Reference.URL = strings.Replace(w.model.Reference.URL, "/reference/", "/rows/", 1)
	for i := range referenceRows {
		values, label := k.row(rng)
		all["rows"] = append(all["rows"], fmt.Sprintf("ref-%d,v1,%s,%s", i, values, label))
	}
	for d := 1; d <= days; d++ {
		for i := range perDay {
			id, at := fmt.Sprintf("%d-%d", d, i), dayStart(d).Add(time.Duration(i)*24*time.Hour/perDay)
			values, label := k.row(rng)
			predictions, labels := "predictions/dt="+at.Format(time.DateOnly), "labels/dt="+at.AddDate(0, 0, 1).Format(time.DateOnly)
			all[predictions] = append(all[predictions], fmt.Sprintf("%s,%s,v%d,%s", id, at.Format(time.RFC3339Nano), 1+i%2, values))
			if i%10 > 0 {
				all[labels] = append(all[labels], fmt.Sprintf("%s,%s,%s", id, label, at.AddDate(0, 0, 1).Format(time.RFC3339Nano)))
			}
		}
	}
	for folder, lines := range all {
		header := "id,ts,version," + k.header
		switch {
		case folder == "rows":
			header = "id,version," + k.header + ",y"
		case strings.HasPrefix(folder, "labels/"):
			header = labelHeader
		}
		files := [][]string{lines}
		if deal != nil {
			files = make([][]string, 1+deal.IntN(4))
			for _, line := range lines {
				f := deal.IntN(len(files))
				files[f] = append(files[f], line)
			}
		}
		for i, f := range files {
			w.write(fmt.Sprintf("%s/part-%d.csv", folder, i), header, f)
		}
	}
	return w
}

// Whatever a model predicts: the same inputs give the same bytes, shards give what a pass gives,
// and a kept Summary what reading gives.
func TestEveryKindOfModel(t *testing.T) {
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			s := k.settings
			w := k.world(t, s, 5, nil)
			w.at(6)
			plain := encode(t, w.pass(job.Options{}))
			if !strings.Contains(plain, `"matched": 216`) || !strings.Contains(plain, `"skipped": {}`) {
				t.Fatalf("a pass gives\n%s", plain)
			}
			for trial := range 3 {
				rng := rand.New(rand.NewPCG(uint64(trial), 1))
				other := k.world(t, s, 5, rng)
				other.r.Limits = groundtruth.Limits{Workers: 1 + rng.IntN(4), SpillDir: t.TempDir()}
				if trial == 1 {
					other.r.Limits.MemoryBytes = 1
				}
				other.at(6)
				if got := encode(t, other.pass(job.Options{})); got != plain {
					t.Errorf("dealt to files another way: %s", firstDifference(plain, got))
				}
			}

			sharded := k.world(t, s, 5, nil)
			sharded.at(6)
			kept := len(sharded.keep(0, 2)) + len(sharded.keep(1, 2))
			if got := encode(t, sharded.pass(job.Options{AsOf: sharded.now, Merge: true})); kept == 0 || got != plain {
				t.Errorf("%d windows are kept by shards: %s", kept, firstDifference(plain, got))
			}

			strict := s
			strict.data = "mem://" + strings.TrimPrefix(strings.TrimSuffix(w.data.URL(), "/"), "mem://")
			strict.rules = "[{name: other, when: matched < 100, action: alert}]"
			after := w.another(strict)
			after.model.Reference.URL = w.model.Reference.URL
			after.at(6)
			reads := after.count()
			again := after.pass(job.Options{})
			if len(again) == 0 || len(reads.read) > 1 {
				t.Fatalf("judged again are %d windows, read were %v", len(again), reads.read)
			}
			first := w.pass(job.Options{Window: &again[0].Window})[0]
			if a, b := encode(t, first.Metrics), encode(t, again[0].Metrics); a != b || len(first.Metrics) == 0 {
				t.Errorf("the kept Summary has other metrics: %s", firstDifference(a, b))
			}
		})
	}
}

// A saved profile serves models of its own kind alone, and of the same positive label.
func TestProfileOfAnotherKind(t *testing.T) {
	k := kinds()["binary"]
	w := k.world(t, k.settings, 1, nil)
	if _, _, err := w.r.Baseline(t.Context(), w.model); err != nil {
		t.Fatal(err)
	}
	saved := func(s settings) error {
		o := w.another(s)
		o.model.Reference = &config.Reference{Profile: config.SavedProfile}
		o.at(6)
		_, err := o.r.Pass(t.Context(), o.model, job.Options{})
		return err
	}
	s := k.settings
	if err := saved(s); err != nil {
		t.Errorf("the same model: %v", err)
	}
	s.model = strings.Replace(s.model, "positive_label: late", "positive_label: lost", 1)
	if err := saved(s); err == nil || !strings.Contains(err.Error(), `load reference profile of m: its positive label is "late", and positive_label is "lost": make it anew by hindcast baseline`) {
		t.Errorf("another positive label: %v", err)
	}
	if err := saved(settings{}); err == nil || !strings.Contains(err.Error(), "load reference profile of m: it is one of the task binary, and the model's is regression: make it anew by hindcast baseline") {
		t.Errorf("another task: %v", err)
	}
}

// The profile of a reference is made again where what its rows mean is configured anew, and not
// for what they are worth.
func TestProfileIsMadeAnewForAnotherMeaning(t *testing.T) {
	k := kinds()["binary"]
	w := k.world(t, k.settings, 1, nil)
	profiles := func(old, replacement string) int {
		s := k.settings
		s.model, s.columns = strings.Replace(s.model, old, replacement, 1), strings.Replace(s.columns, old, replacement, 1)
		o := w.another(s)
		o.model.Reference.URL = w.model.Reference.URL
		o.at(3)
		o.pass(job.Options{})
		n := 0
		for key := range o.stateObjects() {
			if strings.HasPrefix(key, "profiles/m/") {
				n++
			}
		}
		return n
	}
	for i, c := range []struct {
		old, replacement string
		want             int
	}{{"", "", 1}, {"tp: 2", "tp: 3", 1}, {"positive_label: late", "positive_label: in time", 2}, {"threshold: 0.4", "threshold: 0.5", 3}, {", weight: w", "", 4}} {
		if got := profiles(c.old, c.replacement); got != c.want {
			t.Errorf("%d: after %q there are %d profiles, want %d", i, c.replacement, got, c.want)
		}
	}
}

// Scores are not compared with the classes that a reference has in their place.
func TestScoresAreNotComparedWithClasses(t *testing.T) {
	k := kinds()["binary"]
	s := k.settings
	s.columns, s.model = "score: score, prediction: class", "positive_label: late"
	s.rules = "[{name: f1, when: f1 < 0.5 * reference.f1, min_samples: 100}]"
	row := k.row
	k.header = "score,class,city"
	k.row = func(rng *rand.Rand) (values, label string) {
		values, label = row(rng)
		parts := strings.Split(values, ",")
		class := "in time"
		if parts[0] > "0.5" {
			class = "late"
		}
		return parts[0] + "," + class + "," + parts[2], label
	}
	w := k.world(t, s, 3, nil)
	w.model.Reference.Columns = &config.ReferenceColumns{Prediction: "class", ModelVersion: "version", Label: "y"}
	w.at(6)
	o := w.pass(job.Options{})[0]
	if p := o.Drift.Columns["prediction"]; p.Drifted != nil || p.Reason != "not applicable: predictions are scores here, and classes in the reference, which has no scores" {
		t.Errorf("the drift of the prediction is %v, %q", p.Drifted, p.Reason)
	}
	if f1 := o.Reference.Metrics["f1"].Value; !(f1 > 0.5) {
		t.Errorf("F1 of the reference is %v", f1)
	}
	if auc := o.Reference.Metrics["roc_auc"]; !math.IsNaN(float64(auc.Value)) || auc.Reason == "" {
		t.Errorf("the reference's area under the curve is %+v", auc)
	}
	if auc := o.Metrics["roc_auc"].Value; !(auc > 0.6) {
		t.Errorf("the area under the curve is %v", auc)
	}
}
