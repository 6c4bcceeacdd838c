package summary

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// weighMatches gives matches weights, some of them 0, and two predicted quantiles.
func weighMatches(m *groundtruth.Matches) {
	m.Quantiles = make([][]float64, 2)
	for i, s := range m.Sampled {
		m.Weights = append(m.Weights, float64(s.Hash%7)/3)
		m.Quantiles[0] = append(m.Quantiles[0], m.Predictions[i]/2-1)
		m.Quantiles[1] = append(m.Quantiles[1], m.Predictions[i]/2+float64(s.Hash%3)-1)
	}
}

// weighing is a sink that hands on matches with weights and quantiles.
type weighing struct{ groundtruth.Sink }

func (w weighing) AddMatches(m *groundtruth.Matches) {
	weighMatches(m)
	w.Sink.AddMatches(m)
}

func TestSummaryWithWeightsAndQuantilesOfPartsHasTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := tableRows.Draw(t, "rows")
		opts := BuilderOptions{MaxSegments: rapid.IntRange(1, 4).Draw(t, "max segments"), Entities: rapid.Bool().Draw(t, "entities"), Quantiles: []float64{0.1, 0.9}}
		build := func(rows []tableRow) *Summary {
			b := NewBuilder(layout, tableWindow, tableSegments, opts)
			feed(weighing{b}, rows, 7)
			return b.Summary()
		}
		want := summaryBytes(t, build(rows))
		shuffled := rapid.Permutation(rows).Draw(t, "order")
		at := rapid.IntRange(0, len(rows)).Draw(t, "split")
		parts := []*Summary{build(shuffled[:at]), build(shuffled[at:])}
		for i := range parts {
			var read Summary
			if err := read.UnmarshalBinary(summaryBytes(t, parts[i])); err != nil {
				t.Fatal(err)
			}
			parts[i] = &read
		}
		if err := parts[0].Merge(parts[1]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, parts[0]), want) {
			t.Fatal("parts differ from the whole")
		}
	})
}

func TestRowsWithWeightsAndWithoutDoNotMerge(t *testing.T) {
	rows := []tableRow{{label: new(1.0), hash: 5}}
	plain := buildRows(nil, rows, BuilderOptions{})
	b := NewBuilder(nil, tableWindow, tableSegments, BuilderOptions{Quantiles: []float64{0.1, 0.9}})
	feed(weighing{b}, rows, 7)
	if err := plain.Merge(b.Summary()); !errors.Is(err, ErrLayout) {
		t.Errorf("error %v", err)
	}
}
