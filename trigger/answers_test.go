package trigger

import (
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

func TestAnswers(t *testing.T) {
	ctx, l := t.Context(), NewLedger(newMemStore())
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
	first := rule.Answer{Value: 0.31, Query: "rate(x[1d])", Time: w.End, Notes: []string{"a note"}}
	if _, ok, err := l.Answer(ctx, "m", w, "p95", first.Query); ok || err != nil {
		t.Fatalf("an answer before any: %v, %v", ok, err)
	}
	if got, err := l.KeepAnswer(ctx, "m", w, "p95", first); err != nil || !reflect.DeepEqual(got, first) {
		t.Fatalf("kept %+v, %v", got, err)
	}
	second := first
	second.Value = 0.5
	if got, err := l.KeepAnswer(ctx, "m", w, "p95", second); err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("the second answer replaced the first: %+v, %v", got, err)
	}
	if got, ok, err := l.Answer(ctx, "m", w, "p95", first.Query); !ok || err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("read %+v, %v, %v", got, ok, err)
	}
	next := groundtruth.Window{Start: w.End, End: w.End.AddDate(0, 0, 1)}
	for name, ask := range map[string]func() (rule.Answer, bool, error){
		"another model":  func() (rule.Answer, bool, error) { return l.Answer(ctx, "n", w, "p95", first.Query) },
		"another window": func() (rule.Answer, bool, error) { return l.Answer(ctx, "m", next, "p95", first.Query) },
		"another name":   func() (rule.Answer, bool, error) { return l.Answer(ctx, "m", w, "p99", first.Query) },
		"another query":  func() (rule.Answer, bool, error) { return l.Answer(ctx, "m", w, "p95", "rate(y[1d])") },
	} {
		if got, ok, err := ask(); ok || err != nil {
			t.Errorf("%s has the answer %+v, %v", name, got, err)
		}
	}
}

// Of any number of processes that ask at once, all judge by one answer.
func TestAnswersAtOnce(t *testing.T) {
	l := NewLedger(newMemStore())
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
	got := make([]float64, 16)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			a, err := l.KeepAnswer(t.Context(), "m", w, "p95", rule.Answer{Value: stat.Number(i), Query: "x"})
			got[i] = float64(a.Value)
			if err != nil {
				got[i] = math.NaN()
			}
		})
	}
	all.Wait()
	for _, v := range got {
		if v != got[0] || math.IsNaN(v) {
			t.Fatalf("answers %v", got)
		}
	}
}
