package diagnose

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

func TestAgesAreWithinTheirBounds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		delays []time.Duration
		want   []groundtruth.LabelAge
	}{
		{"none", nil, nil},
		{"before the prediction", []time.Duration{-time.Hour}, []groundtruth.LabelAge{{Within: time.Minute, Labels: 1}}},
		{"at a bound, and beyond it", []time.Duration{time.Hour, time.Hour + 1}, []groundtruth.LabelAge{{Within: time.Hour, Labels: 1}, {Within: 3 * time.Hour, Labels: 2}}},
		{"between are all ages", []time.Duration{time.Hour, 2 * 24 * time.Hour}, []groundtruth.LabelAge{
			{Within: time.Hour, Labels: 1}, {Within: 3 * time.Hour, Labels: 1}, {Within: 6 * time.Hour, Labels: 1}, {Within: 12 * time.Hour, Labels: 1},
			{Within: 24 * time.Hour, Labels: 1}, {Within: 48 * time.Hour, Labels: 2},
		}},
		{"beyond all", []time.Duration{80 * 24 * time.Hour, 91 * 24 * time.Hour}, []groundtruth.LabelAge{{Within: 90 * 24 * time.Hour, Labels: 1}}},
		{"only beyond", []time.Duration{math.MaxInt64}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a Ages
			for _, d := range tt.delays {
				a.Add(int64(d))
			}
			if got := a.Counts(); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestAgesOfParts counts one by one, and merges parts.
func TestAgesOfParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delays := rapid.SliceOf(rapid.OneOf(
			rapid.Int64(), rapid.Int64Range(0, int64(200*day)),
			rapid.Map(rapid.SampledFrom(ages[:]), func(d time.Duration) int64 { return int64(d) }),
			rapid.Map(rapid.SampledFrom(ages[:]), func(d time.Duration) int64 { return int64(d) + 1 }),
		)).Draw(t, "delays")
		var parts [2]Ages
		for i, d := range delays {
			parts[i%2].Add(d)
		}
		parts[0].Merge(&parts[1])
		got := parts[0].Counts()
		for _, a := range got {
			var n int64
			for _, d := range delays {
				if d <= int64(a.Within) {
					n++
				}
			}
			if n != a.Labels {
				t.Fatalf("%d labels within %s, want %d", a.Labels, a.Within, n)
			}
		}
	})
}
