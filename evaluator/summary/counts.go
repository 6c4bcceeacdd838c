package summary

import (
	"fmt"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// Counts is what an engine other than a Builder, which sees rows, has counted of them: a
// database, say, that is asked for counts by bin and group. FromCounts makes a Summary of
// it. Names of versions and segment values are as Summary.Versions and Segments have them.
type Counts struct {
	Predictions        int64
	Features           []ColumnCounts // in the order of Layout.Features
	Prediction         ColumnCounts
	VersionPredictions map[string]int64 // nil when the log has no versions

	Matched  int64
	Label    ColumnCounts
	Errors   ErrorCounts
	Scored   []ScoreCount // of a binary classifier: predictions, all of actual class 0
	Versions map[string]ErrorCounts
	Segments []map[string]ErrorCounts // by segment column, and there by value

	Sample []SampleRow // as Summary.Sample; nil where it is not known
	Shapes ShapeCounts // where BuilderOptions.Shapes asks for them
}

// ColumnCounts counts one column on its layout.
type ColumnCounts struct {
	Invalid int64

	// Number: see Column for points and open intervals.
	Points, Opens []int64
	// Places are as Column.OpenPlace, by open interval; those of the outer two are 0.
	Places []float64
	// Sums of the values below the least edge, above the greatest, and of all; and of
	// the squares of their distances from the layout's Center.
	Low, High, Sum, Squares float64
	Min, Max                float64
	// Interior are the distinct values in the open intervals, by ascending OrderKey; nil
	// where they are not known.
	Interior []Entry

	// Text.
	Categories []int64
	Unseen     int64
}

// ErrorCounts counts matched rows and sums what ErrorSums does.
type ErrorCounts struct {
	BlockCounts

	MaxAbs float64
	// Abs are the absolute errors by ascending OrderKey less its AbsShift least bits: at
	// most GroupBuckets distinct ones, of all rows 16,384.
	Abs      []Entry
	AbsShift uint
	// Of all rows alone: how many have no time, and what the others have by time block,
	// which the span is cut into NumBlocks of.
	Timeless int64
	Blocks   []BlockCounts
	// Classes are, of a binary classifier, the rows by class; of these the sums are none, and
	// so are Abs and Blocks.
	Classes *ClassCounts
	// ByBlock are the rows of a version or segment by time block, nil where that is not
	// known.
	ByBlock []int64
}

// BlockCounts counts matched rows.
type BlockCounts struct {
	N, NonZero int64     // rows, and those whose label is not 0
	Sums       []float64 // by SumKind up to SumE2Z2; a time block has those up to SumZ2
}

// FromCounts makes the Summary that a Builder for the same layout, window, segments and
// options would make of the rows, as far as rounded sums can tell. It has none of the sums after
// SumE2Z2, of which those of logarithms would not be the same to the last bit: metrics that need
// them have a reason instead of a value. Rows have no weights and no predicted quantiles here.
// What Counts.Shapes does not tell is not known of the Summary.
// It fails where the counts don't fit the layout or one another.
func FromCounts(layout *Layout, w groundtruth.Window, segments []string, opts BuilderOptions, c *Counts) (*Summary, error) {
	s := NewBuilder(layout, w, segments, opts).s
	if s.task == groundtruth.Multiclass {
		return nil, fmt.Errorf("summary of counts: of the task %s counts do not tell enough; send the rows to a Builder", s.task)
	}
	if len(c.Features) != len(s.features) || len(c.Segments) != len(segments) {
		return nil, fmt.Errorf("summary of counts: %d features and %d segments, want %d and %d", len(c.Features), len(c.Segments), len(s.features), len(segments))
	}
	s.predictions, s.matched = c.Predictions, c.Matched
	columns := []*Column{s.prediction, s.label}
	counts := []*ColumnCounts{&c.Prediction, &c.Label}
	for i, f := range s.features {
		columns, counts = append(columns, f), append(counts, &c.Features[i])
	}
	for i, col := range columns {
		if err := col.setCounts(counts[i]); err != nil {
			return nil, fmt.Errorf("summary of counts: column %s: %w", col.Name(), err)
		}
	}
	if s.predicted != nil {
		if err := s.predicted.addScores(c.Scored); err != nil {
			return nil, fmt.Errorf("summary of counts: predictions: %w", err)
		}
	}
	for name, n := range c.VersionPredictions {
		s.versionRows.get(name).n += n
	}
	if err := s.errors.setCounts(&c.Errors); err != nil {
		return nil, fmt.Errorf("summary of counts: %w", err)
	}
	if err := setGroups(s.versions, c.Versions); err != nil {
		return nil, err
	}
	for i, g := range s.segments {
		if err := setGroups(g, c.Segments[i]); err != nil {
			return nil, err
		}
	}
	if s.sample = nil; c.Sample != nil {
		s.sample = sampleOf(c.Sample)
	}
	if err := s.setShapes(&c.Shapes); err != nil {
		return nil, fmt.Errorf("summary of counts: %w", err)
	}
	s.seal()
	// Counts are no more to be trusted than stored bytes, and what is asked of these is
	// asked of them.
	b, err := s.MarshalBinary()
	if err != nil {
		return nil, err
	}
	checked := new(Summary)
	if err := checked.UnmarshalBinary(b); err != nil {
		return nil, fmt.Errorf("summary of counts: they contradict one another: %w", err)
	}
	return checked, nil
}

// setGroups sets the cells of empty groups.
func setGroups(g *groups[ErrorSums, *ErrorSums], from map[string]ErrorCounts) error {
	for name, c := range from {
		e := g.fresh()
		if err := e.setCounts(&c); err != nil {
			return fmt.Errorf("summary of counts: group %s: %w", name, err)
		}
		g.get(name).mergeFrom(e)
	}
	return nil
}

// setCounts sets what an empty column has counted.
func (c *Column) setCounts(from *ColumnCounts) error {
	c.invalid = from.Invalid
	if c.layout.Kind == groundtruth.Text {
		if len(from.Categories) != len(c.categories) {
			return fmt.Errorf("%d categories, want %d", len(from.Categories), len(c.categories))
		}
		copy(c.categories, from.Categories)
		c.unseen = from.Unseen
		c.valid = sumOf(c.categories) + c.unseen
		return nil
	}
	if len(from.Points) != len(c.points) || len(from.Opens) != len(c.opens) || len(from.Places) != len(c.opens) {
		return fmt.Errorf("%d points, %d open intervals and %d places, want %d, %d and %d",
			len(from.Points), len(from.Opens), len(from.Places), len(c.points), len(c.opens), len(c.opens))
	}
	copy(c.points, from.Points)
	copy(c.opens, from.Opens)
	c.valid = sumOf(c.points) + sumOf(c.opens)
	for i := 1; i < len(c.opens)-1; i++ {
		c.places[i] = placeSum(from.Places[i])
	}
	for sum, x := range map[*exact.Sum]float64{&c.low: from.Low, &c.high: from.High, &c.total: from.Sum, &c.squares: from.Squares} {
		sum.Add(x)
	}
	if c.valid > 0 {
		c.min, c.max = unsignedZero(from.Min), unsignedZero(from.Max)
	}
	if from.Interior == nil && sumOf(c.opens) > 0 {
		c.interior.drop()
	}
	c.interior.setEntries(from.Interior)
	return nil
}

// setCounts sets the sums of no rows.
func (e *ErrorSums) setCounts(from *ErrorCounts) error {
	if e.classes != nil {
		return e.setClasses(from)
	}
	if len(from.Sums) != len(e.sums) || len(from.Blocks) != 0 && len(from.Blocks) != len(e.blocks) {
		return fmt.Errorf("%d sums and %d time blocks, want %d and 0 or %d", len(from.Sums), len(from.Blocks), len(e.sums), len(e.blocks))
	}
	if len(from.ByBlock) != 0 && len(from.ByBlock) != len(e.byBlock) {
		return fmt.Errorf("rows of %d time blocks, want 0 or %d", len(from.ByBlock), len(e.byBlock))
	}
	e.byBlock = slices.Clone(from.ByBlock)
	e.n, e.nonZero, e.timeless = from.N, from.NonZero, from.Timeless
	e.maxAbs = from.MaxAbs
	for k, x := range from.Sums {
		e.sums[k].Add(x)
	}
	e.abs.shift = from.AbsShift
	e.abs.setEntries(from.Abs)
	for i, b := range from.Blocks {
		if len(b.Sums) != len(e.blocks[i].sums) {
			return fmt.Errorf("%d sums of time block %d, want %d", len(b.Sums), i, len(e.blocks[i].sums))
		}
		e.blocks[i].n, e.blocks[i].nonZero = b.N, b.NonZero
		for k, x := range b.Sums {
			e.blocks[i].sums[k].Add(x)
		}
	}
	return nil
}

// setEntries sets the buckets of an empty tally. What is too many stays with it, for the
// decoder to refuse.
func (t *tally) setEntries(entries []Entry) {
	if t.limit == 0 {
		return
	}
	for _, e := range entries {
		t.keys, t.counts = append(t.keys, e.Key), append(t.counts, e.Count)
	}
	t.used, t.packed = len(entries), true
}

// placeSum is the inverse of place.float64, as far as that is exact.
func placeSum(sum float64) place {
	units := math.Round(math.Ldexp(sum, placeBits))
	if !(units > 0) {
		return place{}
	}
	high := math.Floor(math.Ldexp(units, -64))
	return place{high: uint64(high), low: uint64(units - math.Ldexp(high, 64))}
}

func sumOf(counts []int64) int64 {
	var n int64
	for _, c := range counts {
		n += c
	}
	return n
}
