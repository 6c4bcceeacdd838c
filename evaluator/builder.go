package evaluator

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// BuilderOptions bound a Summary. Zero values mean the layout's, else the defaults.
type BuilderOptions struct {
	// MaxSegments is how many values of a segment column, and how many model versions,
	// are kept apart; default DefaultMaxSegments.
	MaxSegments int
}

// Builder makes a Summary of what a scan sends it. Each worker has its own; their
// Summaries are merged. It is a groundtruth.Sink.
type Builder struct {
	s       *Summary
	terms   errorTerms
	codes   codeCounter
	version []*ErrorSums
	segment [][]*ErrorSums
}

var _ groundtruth.Sink = (*Builder)(nil)

// NewBuilder returns a Builder that counts on a layout, nil without a reference.
// The window is the span of the time blocks; rows outside it count in the nearest
// block. For the reference itself it is Layout.Span. Segments are the names of
// Spec.Segments, in that order.
func NewBuilder(layout *Layout, w groundtruth.Window, segments []string, opts BuilderOptions) *Builder {
	if opts.MaxSegments == 0 {
		opts.MaxSegments = DefaultMaxSegments
		if layout != nil {
			opts.MaxSegments = layout.MaxSegments
		}
	}
	var start, end int64
	if w.End.After(w.Start) && !w.Start.IsZero() {
		start, end = w.Start.UnixNano(), w.End.UnixNano()
	}
	return &Builder{s: newSummary(layout, start, end, segments, opts)}
}

func newSummary(layout *Layout, start, end int64, segments []string, opts BuilderOptions) *Summary {
	s := &Summary{
		layout: layout, opts: opts, segNames: slices.Clone(segments), start: start, end: end,
		features: []*ColumnSummary{},
	}
	prediction, label, center := columnOf("prediction"), columnOf("label"), 0.0
	if layout != nil {
		prediction, label, center = &layout.Prediction, &layout.Label, layout.Label.Center
		for i := range layout.Features {
			s.features = append(s.features, newColumnSummary(&layout.Features[i], layout.ExactValues))
		}
	}
	s.prediction = newColumnSummary(prediction, s.interior())
	s.label = newColumnSummary(label, s.interior())
	s.errors = newErrorSums(center, wholeBuckets, end > start)
	fresh := func() *ErrorSums { return newErrorSums(center, groupBuckets, false) }
	s.versions = newGroups[ErrorSums](opts.MaxSegments, nil, fresh)
	for _, name := range segments {
		s.segments = append(s.segments, newGroups[ErrorSums](opts.MaxSegments, layout.segmentRank(name), fresh))
	}
	s.resetVersionRows()
	return s
}

// columnOf returns the layout of a numeric column that has none.
func columnOf(name string) *ColumnLayout {
	return &ColumnLayout{Name: name, Kind: groundtruth.Number}
}

// interior returns how many distinct values of open intervals are kept exactly.
func (s *Summary) interior() int {
	if s.layout == nil {
		return 0
	}
	return s.layout.ExactValues
}

func (s *Summary) resetVersionRows() {
	s.versionRows = newGroups[rowCount](s.opts.MaxSegments, nil, func() *rowCount { return new(rowCount) })
}

// Summary returns the Summary of what was added so far. The Builder must not be used
// afterwards.
func (b *Builder) Summary() *Summary {
	b.s.seal()
	return b.s
}

// AddPredictions implements groundtruth.Sink. It panics when the batch's slices are
// shorter than its Len.
func (b *Builder) AddPredictions(batch *groundtruth.Batch) {
	s, n := b.s, batch.Len
	if n == 0 {
		return
	}
	s.predictions += int64(n)
	s.prediction.addNumbers(batch.Predictions[:n], nil)
	for i := range batch.Features {
		if c := b.feature(&batch.Features[i]); c != nil {
			b.addColumn(c, &batch.Features[i], n)
		}
	}
	if batch.Version.Kind != groundtruth.Text {
		return
	}
	missing := b.codes.count(&batch.Version, n)
	for _, code := range b.codes.touched {
		s.versionRows.get(batch.Version.Dict[code]).n += b.codes.counts[code]
	}
	if missing > 0 {
		s.versionRows.get(MissingGroup).n += missing
	}
}

// feature returns the Summary's column for a batch's column, nil when the layout has
// left it out.
func (b *Builder) feature(col *groundtruth.Column) *ColumnSummary {
	if b.s.layout != nil {
		return b.s.Feature(col.Name)
	}
	c := b.s.Feature(col.Name)
	if c == nil || c.layout.Kind == groundtruth.Absent && col.Kind != groundtruth.Absent {
		c = b.s.featureColumn(&ColumnLayout{Name: strings.Clone(col.Name), Kind: col.Kind}, 0)
	}
	return c
}

// addColumn takes n rows of a feature. A column that is of another kind than the
// layout's has no valid value.
func (b *Builder) addColumn(c *ColumnSummary, col *groundtruth.Column, n int) {
	c.invalid += int64(col.Invalid)
	switch {
	case col.Kind == groundtruth.Absent:
	case col.Kind != c.layout.Kind:
		for _, ok := range col.Valid[:n] {
			if ok {
				c.invalid++
			}
		}
	case col.Kind == groundtruth.Number:
		c.addNumbers(col.Floats[:n], col.Valid[:n])
	default:
		b.codes.count(col, n)
		for _, code := range b.codes.touched {
			c.addCategory(col.Dict[code], b.codes.counts[code])
		}
	}
}

// AddMatches implements groundtruth.Sink. It panics when the slices are shorter than
// Len, or when there are fewer segments than NewBuilder was told.
func (b *Builder) AddMatches(m *groundtruth.Matches) {
	s, n := b.s, m.Len
	if n == 0 {
		return
	}
	s.matched += int64(n)
	s.label.addNumbers(m.Labels[:n], nil)
	b.version = nil
	if m.Version.Kind == groundtruth.Text {
		b.version = cells(s.versions, &m.Version, n)
	}
	b.segment = b.segment[:0]
	for i := range s.segments {
		b.segment = append(b.segment, cells(s.segments[i], &m.Segments[i], n))
	}
	for row := range n {
		p, y := m.Predictions[row], m.Labels[row]
		b.terms.set(p, y, s.errors.center)
		s.errors.add(&b.terms)
		t := int64(0)
		if m.HasTime {
			t = m.Times[row]
			if s.errors.blocks != nil {
				s.errors.blocks[blockOf(t, s.start, s.end)].add(&b.terms)
			}
		} else {
			s.errors.timeless++
		}
		if b.version != nil {
			b.version[row].add(&b.terms)
		}
		for _, c := range b.segment {
			c[row].add(&b.terms)
		}
		if hash := m.IDHashes[row]; s.sample.takes(hash) {
			s.sample.add(SampleRow{Hash: hash, Prediction: p, Label: y, Time: t})
		}
	}
}

// ResetPredictions implements groundtruth.Sink: it forgets the features, the
// prediction column and the versions' numbers of predictions.
func (b *Builder) ResetPredictions() {
	s := b.s
	s.predictions = 0
	s.prediction = newColumnSummary(s.prediction.layout, s.interior())
	if s.layout == nil {
		s.features = []*ColumnSummary{}
	}
	for i, c := range s.features {
		s.features[i] = newColumnSummary(c.layout, s.interior())
	}
	s.resetVersionRows()
}

// blockOf returns floor(numBlocks (t-start) / (end-start)), kept within the blocks.
func blockOf(t, start, end int64) int {
	switch {
	case t <= start:
		return 0
	case t >= end:
		return numBlocks - 1
	}
	high, low := bits.Mul64(numBlocks, uint64(t)-uint64(start))
	q, _ := bits.Div64(high, low, uint64(end)-uint64(start))
	return int(q)
}

// cells returns the cell of each of n rows of a text column.
func cells(g *groups[ErrorSums, *ErrorSums], col *groundtruth.Column, n int) []*ErrorSums {
	out := make([]*ErrorSums, n)
	if col.Kind != groundtruth.Text {
		c := g.get(MissingGroup)
		for row := range out {
			out[row] = c
		}
		return out
	}
	byCode := make([]*ErrorSums, len(col.Dict)+1)
	// The first round makes the cells. A later one may fold an earlier one; the second
	// round finds where each ended up.
	for range 2 {
		clear(byCode)
		for row := range out {
			code, name := len(col.Dict), MissingGroup
			if col.Valid[row] {
				code = int(col.Codes[row])
				name = col.Dict[code]
			}
			if byCode[code] == nil {
				byCode[code] = g.get(name)
			}
			out[row] = byCode[code]
		}
	}
	return out
}

// codeCounter counts a batch's dictionary codes, so that a string is looked up once
// per batch and not once per row.
type codeCounter struct {
	counts  []int64
	touched []uint32
}

// count counts the codes of n rows and returns the number of missing values. The
// counts are valid for the touched codes until the next call.
func (c *codeCounter) count(col *groundtruth.Column, n int) (missing int64) {
	for _, code := range c.touched {
		c.counts[code] = 0
	}
	c.touched = c.touched[:0]
	if len(c.counts) < len(col.Dict) {
		c.counts = append(c.counts, make([]int64, len(col.Dict)-len(c.counts))...)
	}
	for row, ok := range col.Valid[:n] {
		if !ok {
			missing++
			continue
		}
		code := col.Codes[row]
		if c.counts[code] == 0 {
			c.touched = append(c.touched, code)
		}
		c.counts[code]++
	}
	return missing
}
