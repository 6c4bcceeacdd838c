package drift

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// featuresOf makes features that drifted with these probabilities, of so many in all.
func featuresOf(of int, chances ...float64) []Column {
	out := make([]Column, of)
	for i := range out {
		drifted := i < len(chances)
		out[i].Drifted = &drifted
		if drifted {
			out[i].chance = chances[i]
		}
	}
	return out
}

// The examples are those of the paper, 15 p-values at 5 %, of which 4 stand.
func TestDiscoveries(t *testing.T) {
	paper := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	if got := discovered(paper, 15, 0.05); got != 4 {
		t.Errorf("%d of Benjamini and Hochberg's p-values stand, want 4", got)
	}
	for _, c := range []struct {
		chances []float64
		of      int
		rate    float64
		want    int
	}{
		{nil, 20, 0.05, 0},
		{[]float64{0.01}, 20, 0.05, 0},
		{[]float64{0.002}, 20, 0.05, 1},
		{[]float64{0.0049, 0.005}, 20, 0.05, 2}, // neither alone
		{[]float64{0.04, 0.05}, 2, 0.05, 2},
		{[]float64{0.9, 1}, 2, 1, 2},
	} {
		if got := discovered(c.chances, c.of, c.rate); got != c.want {
			t.Errorf("%v of %d at %g: %d, want %d", c.chances, c.of, c.rate, got, c.want)
		}
	}
}

func TestFalseDiscoveryRateTakesDriftBack(t *testing.T) {
	rate := 0.05
	features := featuresOf(20, 0.03, 0.0001, 0.004)
	d := Options{FalseDiscoveryRate: &rate}.Of(features)
	for i, c := range features {
		d.Columns[fmt.Sprint(i)] = c
	}
	if d.Count != 2 || d.Flagged() != 2 || d.Share != 0.1 || *features[0].Drifted || !*features[1].Drifted || !*features[2].Drifted {
		t.Errorf("%d drifted, %d flagged, share %v", d.Count, d.Flagged(), d.Share)
	}
	if want := "above threshold and noise floor, but among 20 features chance brings that too: p 0.03, false_discovery_rate 0.05"; features[0].Reason != want {
		t.Errorf("the reason is %q, want %q", features[0].Reason, want)
	}
}

// The rate of drift.count alone leaves columns and the share as they are.
func TestCountRate(t *testing.T) {
	features := featuresOf(20, 0.03, 0.0001, 0.004)
	d := Options{CountRate: DefaultCountRate}.Of(features)
	for i, c := range features {
		d.Columns[fmt.Sprint(i)] = c
	}
	if d.Count != 2 || d.Flagged() != 3 || d.Share != 0.15 || !*features[0].Drifted {
		t.Errorf("%d counted, %d flagged, share %v", d.Count, d.Flagged(), d.Share)
	}
	if with := d.WithRows(1000, 0); with.Count != 2 || *with.FalseDiscoveryRate != DefaultCountRate {
		t.Errorf("with more rows %d are counted", with.Count)
	}
}

// Inconclusive features that drift may make others stand, and never fewer.
func TestCountWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 40).Draw(t, "of")
		drifted := rapid.IntRange(0, of).Draw(t, "drifted")
		features := featuresOf(of, rapid.SliceOfN(rapid.Float64Range(0, 0.05), drifted, drifted).Draw(t, "chances")...)
		unknown := rapid.IntRange(0, of-drifted).Draw(t, "inconclusive")
		for i := range unknown {
			features[drifted+i].Drifted = nil
		}
		d := Options{CountRate: 0.05}.Of(features)
		for i, c := range features {
			d.Columns[fmt.Sprint(i)] = c
		}
		last := d.Count
		for more := range unknown + 1 {
			got := d.CountWith(more)
			if more == 0 && got != d.Count || got < max(last, more) || got > drifted+more {
				t.Fatalf("%d with %d of %d inconclusive ones, after %d", got, more, unknown, last)
			}
			last = got
		}
	})
	if d := Of(featuresOf(5, 0.01)); d.CountWith(2) != 3 {
		t.Error("without a rate each counts")
	}
}

// The reason for which nothing can be judged is one and the same, however often it is asked for.
func TestReasonDependsOnNoOrder(t *testing.T) {
	d := Of(nil)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		var c Column
		c.Unfit(name)
		d.Columns[name] = c
	}
	for range 50 {
		if why := d.WithRows(1000, 0).Reason; why != "no feature column can be judged: not applicable: a" {
			t.Fatal(why)
		}
	}
}

// Each measure that a threshold of standard deviations judges by is one that chance can take.
func TestChanceOfMeasuresByStandardDeviations(t *testing.T) {
	three, rng := 3.0, rand.New(rand.NewPCG(3, 3))
	draw := func(of int) *groundtruth.Batch {
		return textsOf(func(r *rand.Rand) int { return r.IntN(of) })(rng, 2000)
	}
	profile, s := summarytest.Summaries(draw(6), summary.ProfilerOptions{}, draw(5))
	c := Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, Options{Std: &three})
	least := min(c.Measures["js"].chance, c.Measures["cohen_w"].chance)
	if !*c.Drifted || !(least > 0) || c.chance != 2*least {
		t.Errorf("two measures of the chance %g give the column %g", least, c.chance)
	}
}

// Where nothing is measured, chance sets no threshold.
func TestThresholdOfStandardDeviationsOfNothing(t *testing.T) {
	three, rng := 3.0, rand.New(rand.NewPCG(3, 3))
	ref := numbersOf((*rand.Rand).NormFloat64)(rng, 2000)
	profile, s := summarytest.Summaries(ref, summary.ProfilerOptions{}, evaltest.NumbersBatch(slices.Repeat([]float64{math.NaN()}, 500)))
	c := Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, Options{Std: &three})
	if got := evaltest.AsJSON(t, c.Measures["psi"]); !strings.Contains(got, `"threshold":null`) {
		t.Errorf("psi of no values is %s", got)
	}
}

// A threshold of standard deviations is the measure's own at these numbers of rows, and never
// leaves a column inconclusive.
func TestThresholdOfStandardDeviations(t *testing.T) {
	three, rng := 3.0, rand.New(rand.NewPCG(3, 3))
	draw := numbersOf((*rand.Rand).NormFloat64)
	for _, rows := range []int{200, 5000} {
		ref, cur := draw(rng, 5000), draw(rng, rows)
		for _, opt := range []Options{{Std: &three}, {Methods: []string{"wasserstein"}, Stds: map[string]float64{"wasserstein": 3}}} {
			profile, s := summarytest.Summaries(ref, summary.ProfilerOptions{}, cur)
			c := Compare(new(Scratch), profile.Summary().Feature("x"), s.Feature("x"), Likeness{}, opt)
			judged := 0
			for name, m := range c.Measures {
				s, _ := Find(name)
				if s.Beside() && *m.Threshold != 0.01 {
					t.Errorf("%s has the threshold %v: it is not meant", name, *m.Threshold)
				}
				if m.Threshold == nil || s.Beside() {
					continue
				}
				judged++
				if *m.Threshold != *m.NoiseFloor || !(float64(*m.Threshold) > 0) || math.IsInf(float64(*m.Threshold), 0) || m.Drifted == nil {
					t.Errorf("%d rows: %s has the threshold %v and the floor %v: %s", rows, name, *m.Threshold, *m.NoiseFloor, m.Reason)
				}
			}
			if judged == 0 || c.Drifted == nil || strings.Contains(c.Reason, "noise floor") {
				t.Errorf("%d rows: %d measures judge: %s", rows, judged, c.Reason)
			}
		}
	}
}
