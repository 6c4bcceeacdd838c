package metric

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// TestRowsAreWhole finds rows of the table that lack something.
func TestRowsAreWhole(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`) // also an identifier of CEL, and a part of a Prometheus name
	for i, s := range All() {
		same := func(o Spec) bool { return o.Name == s.Name || o.Title == s.Title }
		switch {
		case !name.MatchString(s.Name) || s.Title == "" || slices.ContainsFunc(All()[:i], same):
			t.Errorf("row %d: name %q, title %q", i, s.Name, s.Title)
		case !strings.HasSuffix(s.Help, ".") || s.About == "" || strings.HasSuffix(s.About, "."):
			t.Errorf("%s: help %q, about %q", s.Name, s.Help, s.About)
		case s.Unit == 0 || s.Worse == 0 || s.Rank == 0 || s.Least >= s.Most:
			t.Errorf("%s: unit %d, worse %d, rank %d, from %g to %g", s.Name, s.Unit, s.Worse, s.Rank, s.Least, s.Most)
		}
		if found, ok := Find(s.Name); !ok || found.Title != s.Title {
			t.Errorf("%s is not found: %+v", s.Name, found)
		}
	}
	if _, ok := Find("exactness"); ok {
		t.Error("a metric that there is not is found")
	}
	if first := ForPeople()[0]; first.Rank != 1 {
		t.Errorf("people look at %s first, of rank %d", first.Name, first.Rank)
	}
}

// TestRowsSayWhatFunctionsDo compares the rows with what their functions make of some
// errors, of the same errors three times as great, and with the other sign.
func TestRowsSayWhatFunctionsDo(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	labels, near, far, other := make([]float64, 400), make([]float64, 400), make([]float64, 400), make([]float64, 400)
	for i := range labels {
		labels[i] = 20 + 5*rng.NormFloat64()
		e := 0.5 + rng.NormFloat64()
		near[i], far[i], other[i] = labels[i]+e, labels[i]+3*e, labels[i]-e
	}
	of := func(predictions []float64, wide float64) map[string]Result {
		rows := summarytest.Matched{Predictions: predictions, Labels: labels, Orders: []float64{0.1, 0.9}, Quantiles: make([][]float64, 2)}
		for _, p := range predictions {
			rows.Quantiles[0] = append(rows.Quantiles[0], p-wide)
			rows.Quantiles[1] = append(rows.Quantiles[1], p+wide)
		}
		return OfWindow(rows.ErrorSums(0, time.Hour), nil, Options{Quantiles: rows.Orders})
	}
	good, bad, shifted := of(near, 1), of(far, 1.5), of(other, 1)
	for _, s := range Specs(groundtruth.Regression) {
		was, is := good[s.Name], bad[s.Name]
		if s.HasInterval != stat.IsNumber(float64(was.Low)) || s.HasInterval != stat.IsNumber(float64(was.High)) {
			t.Errorf("%s has an interval of %g to %g, and its row says %t", s.Name, was.Low, was.High, s.HasInterval)
		}
		if v := float64(was.Value); v < s.Least || v > s.Most {
			t.Errorf("%s is %g, beyond %g to %g", s.Name, v, s.Least, s.Most)
		}
		turned := float64(shifted[s.Name].Value)
		if turns := turned*float64(was.Value) < 0 && s.Worse != WorseFalls; turns != (s.Worse == WorseLeaves0) {
			t.Errorf("%s is %g, and %g where every error has the other sign: its row says %d", s.Name, was.Value, turned, s.Worse)
		}
		if s.Worse == WorseRises && is.Value <= was.Value || s.Worse == WorseFalls && is.Value >= was.Value {
			t.Errorf("%s went from %g to %g as the model got worse", s.Name, was.Value, is.Value)
		}
	}
}
