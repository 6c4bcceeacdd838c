package join

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// This file holds what the real join sent, as multisets of rows in words.

// tally is what sinks took, as a multiset of rows in words.
type tally map[string]int

// recorder is a Sink that remembers rows, what columns of predictions have by value,
// and the sampled rows by their hashes.
type recorder struct {
	preds, columns, matches      tally
	values, pairs                tally // predictions alone, and those of matches with their labels
	sampledPreds, sampledMatches map[uint64]tally
	resets                       int
}

func newRecorder() *recorder {
	return &recorder{
		preds: tally{}, columns: tally{}, matches: tally{}, values: tally{}, pairs: tally{},
		sampledPreds: map[uint64]tally{}, sampledMatches: map[uint64]tally{},
	}
}

// addSampled counts a row by its hash.
func addSampled(to map[uint64]tally, hash uint64, row string, n int) {
	if to[hash] == nil {
		to[hash] = tally{}
	}
	to[hash][row] += n
}

// words joins values by spaces.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

func columnText(c groundtruth.Column, i int) string {
	if c.Kind == groundtruth.Absent || !c.Valid[i] {
		return "-"
	}
	return strconv.Quote(c.Dict[c.Codes[i]])
}

// predictedText is what was predicted of a row, "-" of a reference that has no predictions.
func predictedText(predictions []float64, c *groundtruth.Classifier, i int) string {
	var parts []any
	if predictions != nil {
		parts = append(parts, predictions[i])
	}
	if c.Positive != nil {
		parts = append(parts, c.Positive[i])
	}
	if c.Class.Kind != groundtruth.Absent {
		parts = append(parts, columnText(c.Class, i))
	}
	for _, scores := range c.Scores {
		parts = append(parts, scores[i])
	}
	return cmp.Or(words(parts...), "-")
}

// furtherText is what a match has beside prediction and label.
func furtherText(m *groundtruth.Matches, i int) string {
	var parts []any
	for _, q := range m.Quantiles {
		parts = append(parts, q[i])
	}
	if m.Weights != nil {
		parts = append(parts, "weighs", m.Weights[i])
	}
	return words(parts...)
}

// labelText is the label of a match.
func labelText(m *groundtruth.Matches, i int) string {
	if m.Labels == nil {
		return columnText(m.LabelClass, i)
	}
	return fmt.Sprint(m.Labels[i])
}

func (r *recorder) AddPredictions(b *groundtruth.Batch) {
	for i := range b.Len {
		predicted := predictedText(b.Predictions, &b.Classifier, i)
		r.preds[words(b.HasTime, b.Times[i], predicted)]++
		r.values[predicted]++
	}
	for _, s := range b.Sampled {
		addSampled(r.sampledPreds, s.Hash, words(b.HasTime, b.Times[s.Row], predictedText(b.Predictions, &b.Classifier, s.Row)), 1)
	}
	if b.Len > 0 {
		r.addValues("version", &b.Version)
		if b.Version.Rows != b.Len {
			panic("versions of other rows than the batch's")
		}
	}
	for i := range b.Features {
		r.addValues(b.Features[i].Name, &b.Features[i])
	}
}

// addValues counts the values of a column.
func (r *recorder) addValues(name string, v *groundtruth.Values) {
	missing := v.Rows
	count := func(i int, text string) {
		n := 1
		if v.Counts != nil {
			n = int(v.Counts[i])
		}
		missing -= n
		r.columns[words(name, text)] += n
	}
	for i, x := range v.Floats {
		count(i, strconv.FormatFloat(x, 'g', -1, 64))
	}
	for i, s := range v.Texts {
		count(i, strconv.Quote(s))
	}
	// The rows of several pieces may be told with the first of them.
	if missing != 0 {
		r.columns[words(name, "-")] += missing
		if r.columns[words(name, "-")] == 0 {
			delete(r.columns, words(name, "-"))
		}
	}
}

func (r *recorder) AddMatches(m *groundtruth.Matches) {
	for i := range m.Len {
		predicted, label := predictedText(m.Predictions, &m.Classifier, i), labelText(m, i)
		s := words(m.HasTime, m.Times[i], predicted, label, columnText(m.Version, i), furtherText(m, i))
		for _, f := range m.Segments {
			s += " " + columnText(f, i)
		}
		r.matches[s]++
		r.pairs[predicted+"="+label]++
	}
	for _, s := range m.Sampled {
		addSampled(r.sampledMatches, s.Hash, words(m.HasTime, m.Times[s.Row], predictedText(m.Predictions, &m.Classifier, s.Row), labelText(m, s.Row)), 1)
	}
}

func (r *recorder) ResetPredictions() {
	r.preds, r.columns, r.values, r.sampledPreds = tally{}, tally{}, tally{}, map[uint64]tally{}
	r.resets++
}

// mergeRecorders sums what sinks took.
func mergeRecorders(recorders []*recorder) *recorder {
	all := newRecorder()
	for _, r := range recorders {
		all.preds.add(r.preds)
		all.columns.add(r.columns)
		all.matches.add(r.matches)
		all.values.add(r.values)
		all.pairs.add(r.pairs)
		mergeSampled(all.sampledPreds, r.sampledPreds)
		mergeSampled(all.sampledMatches, r.sampledMatches)
		all.resets += r.resets
	}
	return all
}

// add adds another tally; what then comes no times is left out.
func (t tally) add(o tally) {
	for k, n := range o {
		if t[k] += n; t[k] == 0 {
			delete(t, k)
		}
	}
}

func mergeSampled(to, from map[uint64]tally) {
	for hash, rows := range from {
		if to[hash] == nil {
			to[hash] = tally{}
		}
		to[hash].add(rows)
	}
}

func compareTally(t rapid.TB, what string, got, want tally) {
	t.Helper()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: row %s came %d times, want %d", what, k, got[k], n)
		}
	}
	for k, n := range got {
		if want[k] == 0 {
			t.Errorf("%s: row %s came %d times, want none", what, k, n)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}
