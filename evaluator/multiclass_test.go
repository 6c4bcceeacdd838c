package evaluator_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// multiclassGolden is testdata/multiclass.json, which multiclass.py beside it makes.
type multiclassGolden struct {
	Worth []goldenWorth `json:"worth"`
	Cost  float64       `json:"cost_per_prediction"`
	TopK  int           `json:"top_k"`
	Cases map[string]struct {
		Actual, Predicted, Names, Labels []string
		Scores, Confusion                [][]float64
		Weights                          []float64
		Metrics                          map[string]*float64
		Classes                          map[string]map[string]*float64
	}
	Many struct {
		Rows, Classes int
		Metrics       map[string]float64
	}
}

// goldenWorth is an actual class, a predicted one, and what that is worth, in a list.
type goldenWorth metric.ClassWorth

func (w *goldenWorth) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&w.Actual, &w.Predicted, &w.Value})
}

func readMulticlassGolden(t *testing.T) (g multiclassGolden, opt evaluator.Options) {
	t.Helper()
	g = evaltest.ReadGolden[multiclassGolden](t, "testdata/multiclass.json")
	worth := new(metric.Worth)
	for _, w := range g.Worth {
		worth.Classes = append(worth.Classes, metric.ClassWorth(w))
	}
	return g, evaluator.Options{Metric: metric.Options{Worth: worth, CostPerPrediction: g.Cost, TopK: g.TopK}}
}

// TestMulticlassMetricsAreScikitLearns compares the metrics of classifiers of several classes with
// scikit-learn's, and those that it hasn't with a script of plain numpy.
func TestMulticlassMetricsAreScikitLearns(t *testing.T) {
	golden, opt := readMulticlassGolden(t)
	for name, c := range golden.Cases {
		t.Run(name, func(t *testing.T) {
			rows := summarytest.Multiclass{Actual: c.Actual, Predicted: c.Predicted, Names: c.Names, Scores: c.Scores, Weights: c.Weights}
			e := evaluator.Evaluate(rows.Summary(time.Hour), nil, opt)
			if len(c.Metrics) != len(e.Metrics) {
				t.Errorf("%d metrics, want %d", len(e.Metrics), len(c.Metrics))
			}
			compareMetrics(t, "", e.Metrics, c.Metrics)
			for class, want := range c.Classes {
				got := e.Classes[class]
				if got.N != int64(*want["n"]) {
					t.Errorf("%s has %d rows, want %g", class, got.N, *want["n"])
				}
				delete(want, "n")
				compareMetrics(t, class+": ", got.Metrics, want)
			}
			if len(c.Classes) != len(e.Classes) {
				t.Errorf("%d classes, want %d", len(e.Classes), len(c.Classes))
			}
			for a, actual := range c.Labels {
				for p, predicted := range c.Labels {
					got := e.Confusion.Counts[slices.Index(e.Confusion.Labels, actual)][slices.Index(e.Confusion.Labels, predicted)]
					if math.Abs(got-c.Confusion[a][p]) > 1e-9*got {
						t.Errorf("%s taken for %s: %g, want %g", actual, predicted, got, c.Confusion[a][p])
					}
				}
			}
		})
	}
}

func compareMetrics(t *testing.T, of string, got map[string]metric.Result, want map[string]*float64) {
	t.Helper()
	for name, want := range want {
		m := got[name]
		switch {
		case want == nil && (stat.IsNumber(float64(m.Value)) || m.Reason == ""):
			t.Errorf("%s%s is %g (%s), want none and a reason", of, name, m.Value, m.Reason)
		case want != nil && !(math.Abs(float64(m.Value)-*want) <= 1e-9):
			t.Errorf("%s%s is %.12g (%s), want %.12g", of, name, m.Value, m.Reason, *want)
		case want != nil && m.Low > m.Value || m.High < m.Value:
			t.Errorf("%s%s is %g, outside of its interval from %g to %g", of, name, m.Value, m.Low, m.High)
		}
	}
}

// TestClassesBeyondAThousandAreTheRest has 1,200 classes.
func TestClassesBeyondAThousandAreTheRest(t *testing.T) {
	golden, opt := readMulticlassGolden(t)
	next := evaltest.GoldenNumbers()
	class := func(u float64) string { return fmt.Sprintf("class %04d", int(u*u*1200)) }
	var rows summarytest.Multiclass
	for range golden.Many.Rows {
		actual, other := class(next()), class(next())
		if next() < 0.7 {
			other = actual
		}
		rows.Actual, rows.Predicted = append(rows.Actual, actual), append(rows.Predicted, other)
	}
	s := rows.Summary(time.Hour)
	e := evaluator.Evaluate(s, nil, opt)
	for name, want := range golden.Many.Metrics {
		if m := e.Metrics[name]; math.Abs(float64(m.Value)-want) > 1e-9 {
			t.Errorf("%s is %.12g, want %.12g", name, m.Value, want)
		}
	}
	if note := e.Metrics["f1"].Note; !strings.Contains(note, "classes beyond the 1000 that are kept") {
		t.Errorf("the note of f1 is %q", note)
	}
	if n := len(e.Confusion.Labels); n != summary.MaxClasses+1 || e.Confusion.Labels[n-1] != summary.OtherGroup {
		t.Errorf("%d labels, the last is %q", n, e.Confusion.Labels[n-1])
	}
	if len(e.Classes) != summary.MaxClasses {
		t.Errorf("%d classes have metrics of their own", len(e.Classes))
	}
	if mib := s.Bytes() >> 20; mib > 32 {
		t.Errorf("the Summary takes %d MiB", mib)
	}
}

// TestWhatMulticlassRowsLack has no probabilities, no cost matrix and few rows.
func TestWhatMulticlassRowsLack(t *testing.T) {
	rows := summarytest.Multiclass{Actual: []string{"a", "b", "b"}, Predicted: []string{"a", "b", "c"}}
	e := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{})
	checkLacks(t, e, groundtruth.Multiclass, "3 rows: an interval needs 100", "predictions.columns.scores")
}

// TestManyProbabilitiesKeepWithinTheirBound has more distinct probabilities than are kept exactly,
// and compares roc_auc with that of all rows.
func TestManyProbabilitiesKeepWithinTheirBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	rows := summarytest.Multiclass{Names: []string{"a", "b", "c"}}
	for range 60_000 {
		w := []float64{rng.ExpFloat64(), rng.ExpFloat64() / 2, rng.ExpFloat64() / 10}
		sum := w[0] + w[1] + w[2]
		u, y := rng.Float64()*sum, 2
		switch {
		case u < w[0]:
			y = 0
		case u < w[0]+w[1]:
			y = 1
		}
		rows.Actual, rows.Predicted = append(rows.Actual, rows.Names[y]), append(rows.Predicted, "a")
		rows.Scores = append(rows.Scores, []float64{w[0] / sum, w[1] / sum, w[2] / sum})
	}
	mean := 0.0
	for k, name := range rows.Names {
		order := make([]int, len(rows.Actual))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(rows.Scores[a][k], rows.Scores[b][k]) })
		below, pairs, of := 0.0, 0.0, 0.0
		for _, i := range order {
			if rows.Actual[i] == name {
				pairs += below
				of++
			} else {
				below++
			}
		}
		mean += pairs / below / of / 3
	}
	m := evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{}).Metrics["roc_auc"]
	var bound float64
	if _, within, ok := strings.Cut(m.Note, "from bins of the score, within "); ok {
		within, _, _ = strings.Cut(within, ";")
		if err := json.Unmarshal([]byte(within), &bound); err != nil {
			t.Fatalf("the note is %q", m.Note)
		}
	}
	off := math.Abs(float64(m.Value) - mean)
	t.Logf("roc_auc is %g, off by %.2g, within %.2g", m.Value, off, bound)
	if bound == 0 || bound > 5e-3 || off > bound {
		t.Errorf("roc_auc is %.12g, want %.12g within %g: %q", m.Value, mean, bound, m.Note)
	}
}

// TestIntervalsOfSeveralClassesCover draws windows of one model: 95 % intervals hold what it is
// worth in 19 of 20, and those of roc_auc, which are too wide, in more.
func TestIntervalsOfSeveralClassesCover(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	t.Parallel()
	rng := rand.New(rand.NewPCG(12, 13))
	draw := func(n int) map[string]metric.Result {
		rows := summarytest.Multiclass{Names: []string{"a", "b", "c", "d"}}
		for range n {
			p, sum := make([]float64, 4), 0.0
			for k := range p {
				p[k] = math.Exp(1.5*rng.NormFloat64()) / float64(1+k)
				sum += p[k]
			}
			y, best := 0, 0
			for u := rng.Float64()*sum - p[0]; u > 0 && y < 3; u -= p[y] {
				y++
			}
			for k := range p {
				p[k] = math.Round(1e3*p[k]/sum) / 1e3
				if p[k] > p[best] {
					best = k
				}
			}
			rows.Actual, rows.Predicted = append(rows.Actual, rows.Names[y]), append(rows.Predicted, rows.Names[best])
			rows.Scores = append(rows.Scores, p)
		}
		return evaluator.Evaluate(rows.Summary(time.Hour), nil, evaluator.Options{Metric: metric.Options{TopK: 2}}).Metrics
	}
	const windows = 200
	truth, in := draw(200_000), map[string]int{}
	for range windows {
		for name, m := range draw(600) {
			if m.Low <= truth[name].Value && truth[name].Value <= m.High {
				in[name]++
			}
		}
	}
	for name := range truth {
		share := float64(in[name]) / windows
		switch {
		case name == "business_value":
		case name == "roc_auc" && share < 0.95, name == "ece" && share < 0.90, name != "roc_auc" && name != "ece" && !(share > 0.90 && share < 0.99):
			t.Errorf("the interval of %s holds the truth in %.3f of windows", name, share)
		}
	}
	t.Log(in)
}
