package summary

import (
	"cmp"
	"math"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// SampleRow is a prediction of the sample.
type SampleRow struct {
	Hash       uint64 // of the id, as groundtruth.SampledRow has it
	Prediction float64
	Label      float64 // NaN where the prediction has no label
	Time       int64   // Unix nanoseconds, 0 when the rows have no time
}

// sample holds the predictions of the least hashes, and apart from them the matched
// rows of the least hashes, which tell their labels. Predictions and matches of a row
// reach different Summaries, so that the two meet when the sample is read. Each depends
// on the multiset of rows alone, and so does what they come to: a matched row of a
// prediction that is among the least is among the least matched rows.
type sample struct{ predictions, matches leastRows }

// newSample returns a sample without rows, nil of a task whose rows are none of numbers.
func newSample(task groundtruth.Task) *sample {
	if task == groundtruth.Multiclass {
		return nil
	}
	return &sample{}
}

func (s *sample) mergeFrom(o *sample) {
	s.predictions.mergeFrom(&o.predictions)
	s.matches.mergeFrom(&o.matches)
}

// addPredictions takes the sampled rows of a batch. A nil sample takes none.
func (s *sample) addPredictions(b *groundtruth.Batch) {
	if s == nil {
		return
	}
	for _, r := range b.Sampled {
		if s.predictions.takes(r.Hash) {
			s.predictions.add(SampleRow{r.Hash, b.Predictions[r.Row], math.NaN(), timeOf(b.Times, b.HasTime, r.Row)})
		}
	}
}

// addMatches takes the sampled rows of matches.
func (s *sample) addMatches(m *groundtruth.Matches) {
	if s == nil {
		return
	}
	for _, r := range m.Sampled {
		if s.matches.takes(r.Hash) {
			s.matches.add(SampleRow{r.Hash, m.Predictions[r.Row], m.Labels[r.Row], timeOf(m.Times, m.HasTime, r.Row)})
		}
	}
}

func timeOf(times []int64, known bool, row int) int64 {
	if !known {
		return 0
	}
	return times[row]
}

// rows returns the predictions with their labels. Predictions that nothing tells apart
// but their labels, as a reference without ids may have, have these in ascending order,
// and those without a label come last.
func (s *sample) rows() []SampleRow {
	rows, matches := s.predictions.sorted(), s.matches.sorted()
	for i := range rows {
		for len(matches) > 0 && comparePredictions(matches[0], rows[i]) < 0 {
			matches = matches[1:]
		}
		if len(matches) > 0 && comparePredictions(matches[0], rows[i]) == 0 {
			rows[i].Label, matches = matches[0].Label, matches[1:]
		}
	}
	return rows
}

// sampleOf is the inverse of rows.
func sampleOf(rows []SampleRow) *sample {
	s := &sample{}
	for _, r := range rows {
		if !math.IsNaN(r.Label) {
			s.matches.add(r)
		}
		r.Label = math.NaN()
		s.predictions.add(r)
	}
	return s
}

// settle forgets the matched rows that lie beyond the predictions of a full sample. More
// predictions only bring its end nearer, so that nothing is lost that may be needed.
func (s *sample) settle() {
	if len(s.predictions) < groundtruth.SampleSize {
		return
	}
	last := s.predictions[0]
	beyond := func(r SampleRow) bool { return comparePredictions(r, last) > 0 }
	if slices.ContainsFunc(s.matches, beyond) {
		s.matches = slices.DeleteFunc(s.matches, beyond)
		slices.SortFunc(s.matches, func(a, b SampleRow) int { return compareRows(b, a) }) // a heap again
	}
}

func (s *sample) bytes() int64 {
	return int64(cap(s.predictions)+cap(s.matches)) * 32
}

// comparePredictions orders rows by all but their labels.
func comparePredictions(a, b SampleRow) int {
	return cmp.Or(
		cmp.Compare(a.Hash, b.Hash),
		cmp.Compare(OrderKey(a.Prediction), OrderKey(b.Prediction)),
		cmp.Compare(a.Time, b.Time),
	)
}

func compareRows(a, b SampleRow) int {
	return cmp.Or(comparePredictions(a, b), cmp.Compare(OrderKey(a.Label), OrderKey(b.Label)))
}

// leastRows holds the groundtruth.SampleSize least of some rows in the order of
// compareRows, as a heap with the greatest on top.
type leastRows []SampleRow

// takes reports whether a row of that hash may belong to the least.
func (l leastRows) takes(hash uint64) bool {
	return len(l) < groundtruth.SampleSize || hash <= l[0].Hash
}

func (l *leastRows) add(r SampleRow) {
	r.Prediction, r.Label = unsignedZero(r.Prediction), unsignedZero(r.Label)
	rows := *l
	if len(rows) < groundtruth.SampleSize {
		rows = append(rows, r)
		for i := len(rows) - 1; i > 0; {
			parent := (i - 1) / 2
			if compareRows(rows[parent], rows[i]) >= 0 {
				break
			}
			rows[parent], rows[i] = rows[i], rows[parent]
			i = parent
		}
		*l = rows
		return
	}
	if compareRows(r, rows[0]) >= 0 {
		return
	}
	rows[0] = r
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(rows) {
			return
		}
		if child+1 < len(rows) && compareRows(rows[child+1], rows[child]) > 0 {
			child++
		}
		if compareRows(rows[i], rows[child]) >= 0 {
			return
		}
		rows[i], rows[child] = rows[child], rows[i]
		i = child
	}
}

func (l *leastRows) mergeFrom(o *leastRows) {
	for _, r := range *o {
		l.add(r)
	}
}

func (l leastRows) sorted() []SampleRow { return slices.SortedFunc(slices.Values(l), compareRows) }
