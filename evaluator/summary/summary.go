// Package summary keeps of a window's rows, or of a reference's, what metrics, intervals
// and drift need: a Summary, of bounded size and exact. Begin with Summary, which says what
// it holds, and Builder, which makes one of the batches and matches of a scan.
//
// The words of this package:
//
//   - A Layout is what the first pass over the reference decides: the columns and their
//     bins. A Profiler finds it. A Profile is a reference's Summary on its own Layout.
//   - A bin of a number is a point, one of the layout's edges, or an open interval between
//     two of them: Column. The place of a value is where in its interval it lies.
//   - A tally counts distinct values, and becomes a quantile sketch beyond its limit.
//   - A group is a model version or a segment's value, and has ErrorSums of its own. The
//     kernel adds matches to them in pieces, and of these in runs: error_kernel.go.
//   - Classes are what is counted of a classifier's rows, where a regression has sums:
//     classes.go, scores.go for the scores of a binary one, and many.go for several classes.
//     A mass is how much some rows count.
//   - A block is a 64th of the window's time.
//   - Shapes are what pictures are drawn from of matched rows: shapes.go. The clock has their
//     hours of the week, and grids the cells of their predictions and labels: grid.go.
//   - A stratum is the part of a reference that is of one kind of time: strata.go.
//   - A cluster is rows that vary together, such as those of a day of the reference. Each is
//     counted on coarse bins: clusters.go and coarse.go.
//
// All of a Summary depends on the multiset of rows alone, so that Summaries of parts merge
// to that of the whole in any order, and equal ones have equal bytes. These are a header
// with the task, then sections with names: codec_sections.go. Where an engine counts
// instead of sending rows, FromCounts makes the Summary.
package summary

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// Schema is the version of the Summary's schema. Older ones are read, newer ones refused.
const Schema = 2

const (
	// NumBlocks is the number of time blocks that a window is cut into.
	NumBlocks = 64
	// DefaultExactValues is how many distinct values of a column are kept exactly.
	DefaultExactValues = 10_000
	// DefaultMaxSegments is how many values of a segment column are kept apart.
	DefaultMaxSegments = 100
	// OtherGroup is the name of the rest of a column's segments, or of the model
	// versions, beyond the bound. A value of that very name belongs to it too.
	OtherGroup = "other"
	// MissingGroup is the name of the rows without a value.
	MissingGroup = "(missing)"
)

// ErrLayout is returned when Summaries of different layouts are merged.
var ErrLayout = errors.New("summaries have different layouts")

// Summary holds the sufficient statistics of a window, or of the reference:
// everything that metrics, intervals and drift need, within a byte budget whatever
// the number of rows. All of it is a function of the multiset of rows: Summaries of
// the parts of a table, merged in any order, equal the Summary of the table, bit
// for bit. It is read-only for everyone but its Builder and Merge.
type Summary struct {
	task        groundtruth.Task
	classifier  ClassifierOptions
	layout      *Layout // nil without a reference
	maxSegments int     // as BuilderOptions has it
	segNames    []string
	start       int64 // the span of the time blocks in Unix nanoseconds
	end         int64

	// Of predictions.
	predictions int64
	features    []*Column // in the layout's order; by name without a layout
	prediction  *Column
	predicted   *classCounts     // of Binary
	many        *manyPredictions // of Multiclass
	versionRows *groups[rowCount, *rowCount]
	hours       *hourCounts // nil where they are not known
	bounds      *boundCount // nil where none are told

	// Of matches.
	matched  int64
	label    *Column
	errors   *ErrorSums
	versions *groups[ErrorSums, *ErrorSums]
	segments []*groups[ErrorSums, *ErrorSums] // as segNames
	clock    *clock                           // nil where the hours are not known
	density  *density                         // of a regression; nil where it is not kept
	sizes    *sizes                           // likewise

	entities *Clusters // nil where rows have no entities
	sample   *sample   // nil where it is not known
}

// rowCount counts the rows of a group.
type rowCount struct{ n int64 }

func (c *rowCount) mergeFrom(o *rowCount) { c.n += o.n }
func (c *rowCount) empty() bool           { return c.n == 0 }

// Task returns what the model predicts.
func (s *Summary) Task() groundtruth.Task { return s.task }

// HasScores reports whether the predictions of a binary classifier are scores, and not classes.
func (s *Summary) HasScores() bool { return s.classifier.Scored }

// Layout returns the layout that the bins are made on, nil without a reference.
func (s *Summary) Layout() *Layout { return s.layout }

// Predictions returns the number of predictions; of a reference, that of its rows.
func (s *Summary) Predictions() int64 { return s.predictions }

// Matched returns the number of predictions with a label; of a reference, of rows with one.
func (s *Summary) Matched() int64 { return s.matched }

// Features returns the features in the layout's order, without a layout by name.
// Without a layout their counts are all that they hold beyond their moments.
func (s *Summary) Features() []*Column { return s.features }

// Feature returns the feature of that name, nil when there is none.
func (s *Summary) Feature(name string) *Column {
	if i, ok := s.indexOf(name); ok {
		return s.features[i]
	}
	return nil
}

// indexOf returns where the feature of that name is, or would be: features are sorted
// by name, with a layout as without.
func (s *Summary) indexOf(name string) (int, bool) {
	return slices.BinarySearchFunc(s.features, name, func(c *Column, name string) int {
		return strings.Compare(c.layout.Name, name)
	})
}

// Prediction returns the column of all predictions, with and without a label. It has no
// value where a reference has no predictions.
func (s *Summary) Prediction() *Column { return s.prediction }

// Label returns the column of the labels of matched rows.
func (s *Summary) Label() *Column { return s.label }

// Errors returns the sums over all matched rows, of which there are none where a reference
// has no predictions.
func (s *Summary) Errors() *ErrorSums { return s.errors }

// Versions returns the sums of each model version, empty when the log has none. At
// most BuilderOptions.MaxSegments versions, the first by name, are apart; the rest
// is in OtherGroup. Rows without a version are in MissingGroup.
func (s *Summary) Versions() map[string]*ErrorSums { return s.versions.all() }

// VersionPredictions returns the number of predictions of each model version,
// bounded as Versions.
func (s *Summary) VersionPredictions() map[string]int64 {
	out := map[string]int64{}
	for name, c := range s.versionRows.all() {
		out[name] = c.n
	}
	return out
}

// Segments returns the sums by segment column and value. At most
// BuilderOptions.MaxSegments values of a column are apart: those of the reference in
// the order of their count there, then others in the order of their names; the rest
// is in OtherGroup. Rows without a value are in MissingGroup.
func (s *Summary) Segments() map[string]map[string]*ErrorSums {
	out := make(map[string]map[string]*ErrorSums, len(s.segNames))
	for i, name := range s.segNames {
		out[name] = s.segments[i].all()
	}
	return out
}

// allGroups returns the sums of each version and of each segment, by column and by name.
func (s *Summary) allGroups() []*ErrorSums {
	var out []*ErrorSums
	for _, g := range append([]*groups[ErrorSums, *ErrorSums]{s.versions}, s.segments...) {
		all := g.all()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			out = append(out, all[name])
		}
	}
	return out
}

// allSums returns the sums of all rows, and those of allGroups.
func (s *Summary) allSums() []*ErrorSums { return append([]*ErrorSums{s.errors}, s.allGroups()...) }

// Sample returns at most groundtruth.SampleSize predictions, those of the least hashes
// of ids, in the order of hash, prediction and time. It reports false where they are not
// known: a Summary of schema 1 had another sample, and one of several classes has none.
func (s *Summary) Sample() (rows []SampleRow, known bool) {
	if s.sample == nil {
		return nil, false
	}
	return s.sample.rows(), true
}

// Scored returns the predictions of Binary, with and without a label, by ascending score as
// Classes.Scores; all are of actual class 0. It is nil where there are no scores.
func (s *Summary) Scored() []ScoreCell {
	if s.predicted == nil || s.predicted.scores == nil {
		return nil
	}
	return s.predicted.scores.cells()
}

// PredictedClasses returns the number of predictions of a classifier, with and without a label,
// by the name of the class; nil of a regression.
func (s *Summary) PredictedClasses() map[string]int64 {
	if s.many != nil {
		return s.many.predictedClasses()
	}
	if s.predicted == nil {
		return nil
	}
	names, n := s.classifier.names(), s.predicted.whole.n
	return map[string]int64{names[0]: n[0], names[1]: n[1]}
}

// Span returns the span of the time blocks in Unix nanoseconds.
func (s *Summary) Span() (start, end int64) { return s.start, s.end }

// Merge adds the rows of o, which it leaves unchanged. It fails with ErrLayout when
// the two were not built for the same layout, span, segments and options.
func (s *Summary) Merge(o *Summary) error {
	if s.task != o.task {
		return fmt.Errorf("merge summaries: %w: one is of the task %s, one of %s", ErrLayout, s.task, o.task)
	}
	if !s.classifier.equal(o.classifier) {
		return fmt.Errorf("merge summaries: %w: the positive classes differ, or one has scores and the other none", ErrLayout)
	}
	if s.layout.ID() != o.layout.ID() {
		return fmt.Errorf("merge summaries: %w", ErrLayout)
	}
	if s.matched > 0 && o.matched > 0 && s.errors.Weighted() != o.errors.Weighted() {
		return fmt.Errorf("merge summaries: %w: the rows of one have weights", ErrLayout)
	}
	if s.maxSegments != o.maxSegments || s.start != o.start || s.end != o.end || !slices.Equal(s.segNames, o.segNames) {
		return fmt.Errorf("merge summaries: %w: spans, segments or options differ", ErrLayout)
	}
	s.predictions += o.predictions
	s.matched += o.matched
	for _, c := range o.features {
		s.featureColumn(c.layout, c.interiorLimit()).mergeFrom(c)
	}
	s.prediction.mergeFrom(o.prediction)
	s.label.mergeFrom(o.label)
	if s.predicted != nil {
		s.predicted.mergeFrom(o.predicted)
	}
	if s.many != nil {
		s.many.mergeFrom(o.many)
	}
	s.versionRows.mergeFrom(o.versionRows)
	s.mergeHours(o)
	s.mergeBounds(o)
	s.errors.mergeFrom(o.errors)
	s.versions.mergeFrom(o.versions)
	for i, g := range o.segments {
		s.segments[i].mergeFrom(g)
	}
	s.mergeShapes(o)
	s.mergeEntities(o)
	if s.sample != nil && o.sample != nil {
		s.sample.mergeFrom(o.sample)
	} else {
		s.sample = nil
	}
	s.seal()
	return nil
}

// seal tells the columns the number of rows, after which they can be read, and counts
// what was put off.
func (s *Summary) seal() {
	s.errors.settle()
	for _, e := range s.allGroups() {
		e.settle()
	}
	if s.predicted != nil {
		s.predicted.settle()
	}
	if s.many != nil {
		s.many.settle()
	}
	for _, c := range s.features {
		c.rows = s.predictions
		c.settle()
	}
	s.prediction.rows = s.predictions
	s.prediction.settle()
	s.label.rows = s.matched
	s.label.settle()
	if s.entities != nil {
		s.entities.seal()
	}
	if s.sample != nil {
		s.sample.settle()
	}
}

// Bytes returns roughly how much memory the Summary takes, its layout aside.
func (s *Summary) Bytes() int64 {
	n := s.prediction.bytes() + s.label.bytes() + s.errors.bytes() + s.clock.bytes() + s.density.bytes() + s.sizes.bytes()
	if s.sample != nil {
		n += s.sample.bytes()
	}
	if s.entities != nil {
		n += s.entities.bytes()
	}
	for _, c := range s.features {
		n += c.bytes()
	}
	if s.predicted != nil {
		n += s.predicted.bytes()
	}
	if s.many != nil {
		n += s.many.bytes()
	}
	n += int64(len(s.versionRows.kept)) * 64
	for _, e := range s.allGroups() {
		n += e.bytes() + 64
	}
	return n
}

// featureColumn returns the feature column of that layout, which it adds when there
// is none, as happens without a reference.
func (s *Summary) featureColumn(l *ColumnLayout, interior int) *Column {
	i, ok := s.indexOf(l.Name)
	if ok {
		if s.features[i].layout.Kind == groundtruth.Absent && l.Kind != groundtruth.Absent {
			// Only rows without the column came before; they are all that it knows.
			s.features[i] = newColumnSummary(l, interior)
		}
		return s.features[i]
	}
	c := newColumnSummary(l, interior)
	s.features = slices.Insert(s.features, i, c)
	return c
}
