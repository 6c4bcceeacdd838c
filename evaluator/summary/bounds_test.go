package summary

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestPredictionsBeyondBoundsAreCounted counts them by hand, in parts that are merged, through
// the codec and after a reset.
func TestPredictionsBeyondBoundsAreCounted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	inf := math.Inf(1)
	for _, bounds := range []Bounds{{-1, 1}, {-inf, 0.5}, {0.25, inf}} {
		var want int64
		var parts []*Summary
		build := func() *Builder { return NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{Bounds: &bounds}) }
		for range 3 {
			batch := &groundtruth.Batch{Len: 100, Times: make([]int64, 100), Predictions: make([]float64, 100)}
			for i := range batch.Predictions {
				x := rng.NormFloat64()
				switch i {
				case 0:
					x = bounds.Min
				case 1:
					x = bounds.Max
				}
				if math.IsInf(x, 0) {
					x = 0.3
				}
				batch.Predictions[i] = x
				if !(x >= bounds.Min && x <= bounds.Max) {
					want++
				}
			}
			b := build()
			b.AddPredictions(batch)
			b.ResetPredictions()
			b.AddPredictions(batch)
			parts = append(parts, b.Summary())
		}
		read := new(Summary)
		if err := read.UnmarshalBinary(summaryBytes(t, parts[2])); err != nil {
			t.Fatal(err)
		}
		all := build().Summary()
		for _, part := range []*Summary{parts[1], read, parts[0]} {
			if err := all.Merge(part); err != nil {
				t.Fatal(err)
			}
		}
		if n, known := all.OutOfBounds(bounds); n != want || !known {
			t.Errorf("%v: %d (%v), want %d", bounds, n, known, want)
		}
		if _, known := all.OutOfBounds(Bounds{0, 7}); known {
			t.Errorf("%v: counts by other bounds are known", bounds)
		}
		other := NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{Bounds: &Bounds{0, 7}}).Summary()
		if err := all.Merge(other); err != nil {
			t.Fatal(err)
		}
		if _, known := all.OutOfBounds(bounds); known {
			t.Errorf("%v: counts of some of the rows pass for those of all", bounds)
		}
	}
}

func TestBoundsThatNoSummaryHasAreRefused(t *testing.T) {
	inf := math.Inf(1)
	for name, count := range map[string]boundCount{
		"more than there are": {Bounds{0, 1}, 1}, "none": {Bounds{-inf, inf}, 0}, "turned": {Bounds{1, 0}, 0}, "no numbers": {Bounds{math.NaN(), 1}, 0},
	} {
		s := NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{Bounds: &Bounds{0, 1}}).Summary()
		s.bounds = &count
		if err := new(Summary).UnmarshalBinary(summaryBytes(t, s)); err == nil || !strings.Contains(err.Error(), "corrupt") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	without := NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{}).Summary()
	if bytes.Contains(summaryBytes(t, without), []byte(boundsSection)) {
		t.Error("a Summary without bounds has a section for them")
	}
}
