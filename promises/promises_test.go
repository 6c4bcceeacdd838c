package main

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

func TestPromise(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, tt := range []struct {
		name    string
		promise promise
		count   count
		broken  string // part of what is said; nothing where it holds
	}{
		{"within", promise{low: 93, high: 97}, count{yes: 95, no: 5}, ""},
		{"too high", promise{low: 93, high: 97}, count{yes: 999, no: 1}, "99.9 % of 1000, want at most 97 (1.1 allowed)"},
		{"too high by chance", promise{low: 93, high: 97}, count{yes: 20}, ""},
		{"too low", promise{low: 93, high: 97}, count{yes: 880, no: 120}, "88.0 % of 1000, want at least 93 (1.6 allowed)"},
		{"at the end of what is allowed", promise{low: 93, high: 97}, count{yes: 914, no: 86}, ""},
		{"just beyond it", promise{low: 93, high: 97}, count{yes: 913, no: 87}, "want at least"},
		{"no lower limit", promise{low: nan, high: 5}, count{no: 1000}, ""},
		{"what is said is no answer", promise{low: 93, high: 97}, count{yes: 95, no: 5, said: 900}, ""},
		{"nothing but said", promise{low: 93, high: 97}, count{said: 100}, ""},
		{"too low, of which most are noted", promise{low: 93, high: 97}, count{yes: 880, no: 120, noted: 501}, ""},
		{"too low, of which half are noted", promise{low: 93, high: 97}, count{yes: 880, no: 120, noted: 500}, "want at least 93"},
		{"too high, of which most are noted", promise{low: 93, high: 97}, count{yes: 999, no: 1, noted: 900}, "want at most 97"},
		{"no word", promise{low: 93, high: 97}, count{yes: 950, no: 50, silent: 1}, "1 of 1001 have no answer and no reason"},
		{"alarms among few answers", promise{low: nan, high: 5, alarm: true}, count{yes: 10, no: 10, said: 980}, ""},
		{"alarms among all", promise{low: nan, high: 5, alarm: true}, count{yes: 100, said: 900}, "10.0 % of 1000"},
		{"nothing counted", promise{low: 93, high: 97}, count{}, "was not counted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.promise.broken(tt.count)
			if tt.broken == "" && got != "" || !strings.Contains(got, tt.broken) {
				t.Errorf("broken: %q, want %q", got, tt.broken)
			}
		})
	}
}

// TestTruths holds what is known of each kind of errors to a million of them.
func TestTruths(t *testing.T) {
	t.Parallel()
	for _, k := range errorKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			const n = 1_000_000
			var sum, sizes, squares float64
			below := 0
			drawn, _ := entityErrors(r, n)
			if k.draw != nil {
				drawn = k.draw(r, times(n, days(0, 500), r.Float64))
			}
			for _, e := range drawn {
				sum, sizes, squares = sum+e/n, sizes+math.Abs(e)/n, squares+e*e/n
				if math.Abs(e) < k.medae {
					below++
				}
			}
			for _, c := range []struct {
				name      string
				got, want float64
			}{{"me", sum, k.me}, {"mae", sizes, k.mae}, {"rmse", math.Sqrt(squares), math.Sqrt(k.mse)}, {"the share below medae", float64(below) / n, 0.5}} {
				if math.Abs(c.got-c.want) > 0.02 {
					t.Errorf("%s is %.4f, want %.4f", c.name, c.got, c.want)
				}
			}
		})
	}
}

// TestFiguresDoNotDependOnThreads runs the same cells on one thread and on three.
func TestFiguresDoNotDependOnThreads(t *testing.T) {
	t.Parallel()
	cells := append(smokeOf(metricCells(), metricSmoke(), 0.04), smokeOf(driftCells(), driftSmoke()[:1], 0.06)...)
	cells = append(cells, smokeOf(classifierCells(), classifierSmoke(), 0.01)...)
	one, err := simulate(t.Context(), cells, 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	three, err := simulate(t.Context(), cells, 3, io.Discard)
	if err != nil || !reflect.DeepEqual(one, three) {
		t.Errorf("on one thread\n%v\non three\n%v, %v", one, three, err)
	}
	for i, c := range cells {
		if total := one[i]["rmse fires at 1.2"].all() + one[i]["count ≥ 1"].all() + one[i]["f1 fires at the threshold"].all(); total != c.trials {
			t.Errorf("%s: %d of %d trials are counted", c.name, total, c.trials)
		}
	}
}

// TestLostTimesBreakPromises judges autocorrelated errors without their times, as if rows were
// independent, and expects to be told.
func TestLostTimesBreakPromises(t *testing.T) {
	t.Parallel()
	kind := errorKinds()[slices.IndexFunc(errorKinds(), func(k errorKind) bool { return k.name == "AR(1) 0.7" })]
	c := cell{name: "untimed", trials: 200, promises: []promise{{figure: "me", low: 93, high: 97}}}
	c.trial = func(r *rand.Rand, _ int, into counts) {
		w := errorRows(r, kind, 1000, days(0, 1), 1)
		profile := profileOf(w, nil)
		w.days[0].matches.HasTime = false
		countCoverage(evaluate(w, profile, drift.Options{}).Metrics, kind, 1, into)
	}
	results, err := simulate(t.Context(), []cell{c}, 2, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if broken := c.broken(results[0]); len(broken) != 1 || !strings.Contains(broken[0], "untimed: me: ") || !strings.Contains(broken[0], "want at least 93") {
		t.Errorf("broken are %q, want the coverage of me", broken)
	}
	of := grid{cells: []cell{c}, tables: []table{{"%s windows", metricHeads()}}}
	if table := of.text(results); !strings.Contains(table, "| **57.0** |") {
		t.Errorf("the table does not mark it:\n%s", table)
	}
}

func TestWriteInto(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "page.md")
	for _, tt := range []struct{ before, after, wrong string }{
		{"a\n" + beginOf("metrics") + "old\n" + end + "b\n", "a\n" + beginOf("metrics") + "new\n" + end + "b\n", ""},
		{"a\n", "a\n", "has no"},
		{"a\n" + beginOf("metrics") + "old\n", "a\n" + beginOf("metrics") + "old\n", "has no"},
	} {
		if err := os.WriteFile(name, []byte(tt.before), 0o600); err != nil {
			t.Fatal(err)
		}
		err := writeInto(name, "metrics", "new\n")
		if tt.wrong == "" && err != nil || tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
			t.Errorf("error %v, want %q", err, tt.wrong)
		}
		if got, _ := os.ReadFile(name); string(got) != tt.after {
			t.Errorf("the page is %q, want %q", got, tt.after)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-threads", "0"}, {"-times", "0"}, {"more"}, {"-only", "no such cell"}, {"-smoke", "-write", "page.md"}} {
		var out, log bytes.Buffer
		if err := run(t.Context(), args, &out, &log); err == nil {
			t.Errorf("%v is no error", args)
		}
	}
}

// TestClassTruths holds what is known of classifiers to what is found of many rows.
func TestClassTruths(t *testing.T) {
	t.Parallel()
	const n = 300_000
	for i, kind := range classKinds() {
		positive := []float64{0.5, 0.1, fewPositive}[i%3]
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			model, r := classifier{positive}, rand.New(rand.NewPCG(5, 6))
			drawn, _ := model.rows(r, kind, n, days(0, 5), worse)
			found := evaluate(drawn, profileOf(drawn, nil), drift.Options{}).Metrics
			for name, want := range model.classTruth(kind, worse) {
				// What is off, beside chance, is what scores on bins are off.
				got, half := float64(found[name].Value), float64(found[name].High-found[name].Low)/2
				if allowed := 2 * half; !(math.Abs(got-want) <= allowed) || math.IsNaN(want) {
					t.Errorf("%s is %.5f, want %.5f within %.5f", name, got, want, allowed)
				}
			}
		})
	}
}

// TestHeldBack shows windows of few positive rows, of which nothing is judged, and what would show
// if an interval, a verdict or a reason were there.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	missing := metric.Result{Low: stat.Number(math.NaN()), High: stat.Number(math.NaN()), Reason: "too few"}
	for _, tt := range []struct {
		name   string
		change func(found map[string]metric.Result, verdicts counts)
		want   bool
	}{
		{"nothing is judged", func(map[string]metric.Result, counts) {}, true},
		{"an interval", func(found map[string]metric.Result, _ counts) { found["f1"] = metric.Result{Low: 0.1, High: 0.2} }, false},
		{"no reason", func(found map[string]metric.Result, _ counts) {
			found["brier"] = metric.Result{Low: missing.Low, High: missing.High}
		}, false},
		{"a verdict", func(_ map[string]metric.Result, verdicts counts) { verdicts.yesOrNo("roc_auc fires", false) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, verdicts := map[string]metric.Result{}, counts{}
			for _, name := range ruled() {
				found[name] = missing
				verdicts.unanswered(name+" fires", missing.Reason)
			}
			if tt.change(found, verdicts); heldBack(found, verdicts) != tt.want {
				t.Errorf("held back is not %v", tt.want)
			}
		})
	}
}

// TestRulesTheWrongWayRoundFire has the rules of classifiers compare the other way, and expects
// those to be breached by a model that got better.
func TestRulesTheWrongWayRoundFire(t *testing.T) {
	t.Parallel()
	model, kind := classifier{0.5}, classKinds()[0]
	rules := compile(groundtruth.Binary, map[string]string{"roc_auc fires": "roc_auc > 1.01 * reference.roc_auc"})
	c := cell{name: "wrong way", trials: 20, promises: []promise{{figure: "roc_auc fires", alarm: true}}}
	c.trial = func(r *rand.Rand, _ int, into counts) {
		reference, _ := model.rows(r, kind, classRows, days(0, classDays), trained)
		w, _ := model.rows(r, kind, 1000, days(classDays, 1), better)
		judge(rules, evaluate(w, profileOf(reference, nil), drift.Options{}), w, into, "")
	}
	results, err := simulate(t.Context(), []cell{c}, 2, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if broken := c.broken(results[0]); len(broken) != 1 || !strings.Contains(broken[0], "want at most 0") {
		t.Errorf("broken are %q, want that the rule fires", broken)
	}
}
