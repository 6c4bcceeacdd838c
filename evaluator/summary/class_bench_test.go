package summary

import (
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// taskBatches makes batches of 4096 predictions and matches of two versions and eight cities,
// whose predictions are scores of so many distinct values, or any where that is 0.
func taskBatches(distinct int) (batches []*groundtruth.Batch, matches []*groundtruth.Matches) {
	r := rand.New(rand.NewPCG(1, 2))
	const rows = 4096
	text := func(name string, dict ...string) groundtruth.Column {
		c := groundtruth.Column{Name: name, Kind: groundtruth.Text, Dict: dict}
		for range rows {
			c.Codes, c.Valid = append(c.Codes, uint32(r.IntN(len(dict)))), append(c.Valid, true)
		}
		return c
	}
	for range 64 {
		b := &groundtruth.Batch{Len: rows, HasTime: true}
		m := &groundtruth.Matches{
			Len: rows, HasTime: true, Version: text("version", "v1", "v2"),
			Segments: []groundtruth.Column{text("city", "Oslo", "Rome", "Lima", "Bern", "Bonn", "Kyiv", "Riga", "Nice")},
		}
		b.Version = groundtruth.Values{Kind: groundtruth.Text, Rows: rows, Texts: []string{"v1"}, Counts: []int64{rows}}
		for range rows {
			score := r.Float64()
			if distinct > 0 {
				score = float64(r.IntN(distinct)) / float64(distinct)
			}
			label := 0.0
			if r.Float64() < score {
				label = 1
			}
			b.Times = append(b.Times, tableWindow.Start.UnixNano()+r.Int64N(24*3600*1e9))
			b.Predictions, b.Positive = append(b.Predictions, score), append(b.Positive, score >= 0.5)
			m.Labels = append(m.Labels, label)
		}
		m.Times, m.Predictions, m.Positive = b.Times, b.Predictions, b.Positive
		batches, matches = append(batches, b), append(matches, m)
	}
	return batches, matches
}

// BenchmarkTasks adds the same rows as those of a regression and of a binary classifier, in
// turn.
func BenchmarkTasks(b *testing.B) {
	for name, distinct := range map[string]int{"any": 0, "100": 100, "20000": 20_000} {
		batches, matches := taskBatches(distinct)
		p := NewProfiler(nil, tableSegments, ProfilerOptions{Task: groundtruth.Binary, Classifier: ClassifierOptions{Scored: true}})
		for i := range batches {
			p.AddPredictions(batches[i])
			p.AddMatches(matches[i])
		}
		layout := p.Layout()
		plain := *layout
		plain.Task = groundtruth.Regression
		plain.seal()
		layouts := map[string]*Layout{"regression": &plain, "binary": layout}
		for _, task := range []string{"regression", "binary", "regression", "binary"} {
			b.Run(name+"/"+task, func(b *testing.B) {
				builder := NewBuilder(layouts[task], tableWindow, tableSegments, BuilderOptions{})
				add := func(i int) {
					builder.AddPredictions(batches[i%64])
					builder.AddMatches(matches[i%64])
				}
				for i := range 64 {
					add(i)
				}
				for i := 0; b.Loop(); i++ {
					add(i)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/row")
			})
		}
	}
}
