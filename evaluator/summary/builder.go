package summary

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// BuilderOptions bound a Summary. Zero values mean the layout's, else the defaults.
type BuilderOptions struct {
	// MaxSegments is how many values of a segment column, and how many model versions,
	// are kept apart; default DefaultMaxSegments.
	MaxSegments int
	// Calendar is what predictions are counted by the hour of the day on; nil for not at all.
	Calendar *groundtruth.Calendar
	// Shapes has kept of matched rows what pictures are drawn from: Summary.Density, BySize, and
	// ByHour and ByWeekday on this calendar. Nil is for not at all, as of references.
	Shapes *groundtruth.Calendar
	// Task is what the model predicts; the zero value means groundtruth.Regression. A layout has
	// its own.
	Task groundtruth.Task
	// Classifier says of a classifier what is kept of its rows; the layout's where it is zero.
	Classifier ClassifierOptions
	// Entities says that Batch.Group and Matches.Group are those of the rows' entities, by
	// which the rows are counted too (Summary.Entities).
	Entities bool
	// Quantiles are the orders of Matches.Quantiles, in ascending order.
	Quantiles []float64
	// Bounds are what the predictions of a regression are counted by that are beyond them; nil
	// for not at all.
	Bounds *Bounds
}

// Builder makes a Summary of what a scan sends it. Each worker has its own; their
// Summaries are merged. It is a groundtruth.Sink.
type Builder struct {
	s       *Summary
	codes   codeNumbers
	counts  textCounts
	kernel  *errorKernel // nil before the first match
	keys    []key        // of a piece of matches
	blockOf []int32      // of the piece's rows
	hourOf  []int32      // likewise: the memory of hoursOf
	classes *classKernel // of Binary
	many    *manyKernel  // of Multiclass
	summed  bool         // the versions' sums are in the whole's

	calendar *groundtruth.Calendar // nil where hours are not counted
	shapes   *groundtruth.Calendar // as BuilderOptions has it
	orders   []float64             // of the predicted quantiles
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
	task := cmp.Or(opts.Task, groundtruth.Regression)
	if layout != nil {
		task = layout.Task
		if opts.Classifier.equal(ClassifierOptions{}) {
			opts.Classifier = layout.Classifier
		}
	}
	opts.Classifier = opts.Classifier.of(task)
	var start, end int64
	if w.End.After(w.Start) && !w.Start.IsZero() {
		start, end = w.Start.UnixNano(), w.End.UnixNano()
	}
	b := &Builder{s: newSummary(task, opts.Classifier, layout, start, end, segments, opts.MaxSegments), calendar: opts.Calendar, shapes: opts.Shapes, orders: opts.Quantiles}
	if b.calendar != nil {
		b.s.hours = &hourCounts{zone: b.calendar.Zone()}
	}
	if b.shapes != nil {
		b.s.keepShapes(b.shapes.Zone())
	}
	if opts.Bounds != nil {
		b.s.bounds = &boundCount{bounds: *opts.Bounds}
	}
	switch task {
	case groundtruth.Binary:
		b.classes = newClassKernel()
	case groundtruth.Multiclass:
		b.many = newManyKernel(opts.Classifier.Classes)
	}
	if opts.Entities {
		b.s.entities = newEntities(task, opts.Classifier, layout, opts.Quantiles)
	}
	return b
}

func newSummary(task groundtruth.Task, o ClassifierOptions, layout *Layout, start, end int64, segments []string, maxSegments int) *Summary {
	s := &Summary{
		task: task, classifier: o, layout: layout, maxSegments: maxSegments, segNames: slices.Clone(segments), start: start, end: end,
		features: []*Column{}, sample: newSample(task),
	}
	prediction, label := columnOf("prediction", task), columnOf("label", task)
	if layout != nil {
		prediction, label = &layout.Prediction, &layout.Label
		for i := range layout.Features {
			s.features = append(s.features, newColumnSummary(&layout.Features[i], layout.ExactValues))
		}
	}
	s.prediction = newColumnSummary(prediction, s.interior())
	s.label = newColumnSummary(label, s.interior())
	s.errors = newWholeSums(task, o, layout, s.label, start, end)
	rank := layout.classRank()
	fresh := func() *ErrorSums {
		return newGroupSums(newClassesOf(task, o, rank, false, 0), s.errors.center, end > start)
	}
	s.versions = newGroups[ErrorSums](maxSegments, nil, fresh)
	for _, name := range segments {
		s.segments = append(s.segments, newGroups[ErrorSums](maxSegments, layout.segmentRank(name), fresh))
	}
	s.predicted = newPredicted(task, o)
	s.many = newManyPredictions(task, o, rank)
	s.resetVersionRows()
	return s
}

// newWholeSums returns the sums of no rows of a window, or of a reference, on its layout, whose
// labels are counted in a column.
func newWholeSums(task groundtruth.Task, o ClassifierOptions, layout *Layout, label *Column, start, end int64) *ErrorSums {
	center := 0.0
	if layout != nil {
		center = layout.Label.Center
	}
	blocks := 0
	if end > start {
		blocks = NumBlocks
	}
	classes := newClassesOf(task, o, layout.classRank(), true, blocks)
	e := newSumsOf(classes, center, wholeBuckets, blocks > 0)
	e.span = end - start
	switch {
	case task == groundtruth.Binary || task == groundtruth.Multiclass:
	case layout == nil:
		e.labels = &tally{limit: wholeBuckets}
	default:
		e.label = label
	}
	return e
}

// columnOf returns the layout of a column of predictions or labels that has none.
func columnOf(name string, task groundtruth.Task) *ColumnLayout {
	return &ColumnLayout{Name: name, Kind: kindOf(task)}
}

// interior returns how many distinct values of open intervals are kept exactly.
func (s *Summary) interior() int {
	if s.layout == nil {
		return 0
	}
	return s.layout.ExactValues
}

func (s *Summary) resetVersionRows() {
	s.versionRows = newGroups[rowCount](s.maxSegments, nil, func() *rowCount { return new(rowCount) })
}

// Summary returns the Summary of what was added so far. The Builder must not be used
// afterwards.
func (b *Builder) Summary() *Summary {
	if !b.summed && b.classes == nil {
		for _, e := range b.s.versions.all() {
			b.s.errors.addSums(e)
		}
	}
	b.summed = true
	b.s.seal()
	return b.s
}

// AddPredictions implements groundtruth.Sink. It panics when the batch's slices are
// shorter than its Len.
func (b *Builder) AddPredictions(batch *groundtruth.Batch) {
	s, n := b.s, batch.Len
	if s.entities != nil {
		s.entities.addPredictions(batch.Group, batch)
	}
	for i := range batch.Features {
		if c := b.feature(&batch.Features[i]); c != nil {
			c.addValues(&batch.Features[i])
		}
	}
	if n == 0 {
		return
	}
	s.predictions += int64(n)
	b.addHours(batch)
	if batch.Predictions != nil {
		if s.bounds != nil {
			s.bounds.add(batch.Predictions[:n])
		}
		s.prediction.addNumbers(s.prediction.alike(batch.Predictions[:n], batch.Narrow), nil)
	}
	if batch.Class.Kind == groundtruth.Text {
		s.prediction.addValues(b.counts.of(&batch.Class, n))
		b.many.addPredictions(s.many, batch)
	}
	if s.predicted != nil {
		b.classes.addPredicted(s.predicted, batch)
	}
	s.sample.addPredictions(batch)
	if batch.Version.Kind != groundtruth.Text {
		return
	}
	missing := int64(batch.Version.Rows)
	eachText(&batch.Version, func(version string, n int64) {
		s.versionRows.get(version).n += n
		missing -= n
	})
	if missing > 0 {
		s.versionRows.get(MissingGroup).n += missing
	}
}

// eachText calls fn with the texts of a column and their counts.
func eachText(v *groundtruth.Values, fn func(text string, n int64)) {
	for i, text := range v.Texts {
		n := int64(1)
		if v.Counts != nil {
			n = v.Counts[i]
		}
		fn(text, n)
	}
}

// feature returns the Summary's column for a batch's column, nil when the layout has
// left it out.
func (b *Builder) feature(v *groundtruth.Values) *Column {
	if b.s.layout != nil {
		return b.s.Feature(v.Name)
	}
	c := b.s.Feature(v.Name)
	if c == nil || c.layout.Kind == groundtruth.Absent && v.Kind != groundtruth.Absent {
		c = b.s.featureColumn(&ColumnLayout{Name: strings.Clone(v.Name), Kind: v.Kind}, 0)
	}
	return c
}

// addValues takes values of a feature. A column that is of another kind than the
// layout's has no valid value.
func (c *Column) addValues(v *groundtruth.Values) {
	c.invalid += int64(v.Invalid)
	switch {
	case v.Kind == groundtruth.Absent:
	case v.Kind != c.layout.Kind:
		if v.Counts == nil {
			c.invalid += int64(len(v.Floats) + len(v.Texts))
		}
		for _, n := range v.Counts {
			c.invalid += n
		}
	case v.Kind == groundtruth.Number:
		c.addNumbers(c.alike(v.Floats, v.Narrow), v.Counts)
	default:
		eachText(v, c.addCategory)
	}
}

// AddMatches implements groundtruth.Sink. It panics when the slices are shorter than
// Len, when there are fewer segments than NewBuilder was told or other quantiles, or when some
// matches have weights and others none.
func (b *Builder) AddMatches(m *groundtruth.Matches) {
	s, n := b.s, m.Len
	if n == 0 {
		return
	}
	s.matched += int64(n)
	if s.entities != nil {
		s.entities.addMatches(m.Group, m)
	}
	if m.Labels != nil {
		s.label.addNumbers(s.label.alike(m.Labels[:n], m.Narrow), nil)
	}
	if m.LabelClass.Kind == groundtruth.Text {
		s.label.addValues(b.counts.of(&m.LabelClass, n))
	}
	if m.Predictions == nil && m.Class.Kind != groundtruth.Text {
		return // no error can be told, of the whole or of a group
	}
	if b.classes == nil && b.many == nil {
		b.readyForErrors(m)
	}
	for from := 0; from < n; from += kernelRows {
		b.addPiece(m, from, min(from+kernelRows, n))
	}
	s.sample.addMatches(m)
}

// readyForErrors makes what takes the matches of a regression, and counts their labels where no
// layout does.
func (b *Builder) readyForErrors(m *groundtruth.Matches) {
	e := b.s.errors
	if b.kernel == nil {
		b.kernel = newErrorKernel(e.center, b.orders)
	}
	if e.n > 0 && (e.weights != nil) != (m.Weights != nil) {
		panic("summary: some matches have weights and others none")
	}
	if m.Weights == nil && e.labels != nil {
		for _, y := range m.Labels[:m.Len] {
			e.labels.add(y)
		}
	}
}

// addPiece takes the matches from one row to before another.
func (b *Builder) addPiece(m *groundtruth.Matches, from, to int) {
	s, k, n := b.s, b.kernel, to-from
	byVersion := m.Version.Kind == groundtruth.Text
	if b.keys == nil {
		b.keys = make([]key, 2+len(s.segments))
		b.keys[0].groups = []*ErrorSums{s.errors}
	}
	keys := b.keys
	keys[0].countsOnly = byVersion // Summary adds the versions' sums
	at := 1
	if byVersion {
		b.setKey(&keys[at], s.versions, &m.Version, from, n)
		at++
	}
	for i, g := range s.segments {
		b.setKey(&keys[at], g, &m.Segments[i], from, n)
		at++
	}
	var blockOf []int32
	switch {
	case !m.HasTime:
		s.errors.addTimeless(n)
	case s.end > s.start:
		b.blockOf = slices.Grow(b.blockOf[:0], n)[:n]
		blockOf = b.blockOf
		blocks := newBlocks(s.start, s.end)
		for row, t := range m.Times[from:to] {
			blockOf[row] = int32(blocks.find(t))
		}
	}
	hourOf := b.hoursOf(m, from, to)
	switch {
	case b.many != nil:
		b.addMany(m, from, to, keys[:at], blockOf)
		s.clock.addRight(hourOf, b.many.right)
	case b.classes != nil:
		b.classes.load(m, from, to)
		b.classes.addKeys(keys[:at], blockOf)
		b.classes.addBlocks(s.errors.classes.blocks, blockOf, s.classifier.Scored)
		s.clock.addRight(hourOf, b.classes.right)
	default:
		k.load(rowsOf(m, from, to))
		k.blockOf, k.hourOf = blockOf, hourOf
		k.addKeys(keys[:at])
		if s.density != nil {
			k.setErrors()
			s.density.add(k.piece.predictions, k.piece.labels)
			s.sizes.add(k)
		}
		k.addTimes(s.errors.blocks, s.clock)
	}
}

// setKey makes a key of the groups of n rows of a text column, which begin at from.
func (b *Builder) setKey(k *key, g *groups[ErrorSums, *ErrorSums], col *groundtruth.Column, from, n int) {
	k.groups = k.groups[:0]
	if col.Kind != groundtruth.Text {
		k.numbers, k.groups = nil, append(k.groups, g.get(MissingGroup))
		return
	}
	k.numbers = slices.Grow(k.numbers[:0], n)[:n]
	c := &b.codes
	c.begin(len(col.Dict) + 1)
	for row := range k.numbers {
		code := len(col.Dict)
		if col.Valid[from+row] {
			code = int(col.Codes[from+row])
		}
		k.numbers[row] = c.numberOf(code)
	}
	name := func(code int) string {
		if code == len(col.Dict) {
			return MissingGroup
		}
		return col.Dict[code]
	}
	// The first round makes the groups. A later one may fold an earlier one; the second
	// round finds where each ended up.
	for _, code := range c.seen {
		g.get(name(code))
	}
	number := map[*ErrorSums]int32{}
	of := make([]int32, len(c.seen))
	for i, code := range c.seen {
		e := g.get(name(code))
		if _, ok := number[e]; !ok {
			number[e] = int32(len(k.groups))
			k.groups = append(k.groups, e)
		}
		of[i] = number[e]
	}
	if len(k.groups) < len(c.seen) {
		for row, i := range k.numbers {
			k.numbers[row] = of[i]
		}
	}
	c.end()
}

// codeNumbers numbers the codes of a column by their first row, so that a string is
// looked up once per piece and not once per row.
type codeNumbers struct {
	number []int32 // by code, one more; 0 between two columns
	seen   []int
}

func (c *codeNumbers) begin(codes int) {
	if n := codes - len(c.number); n > 0 {
		c.number = append(c.number, make([]int32, n)...)
	}
	c.seen = c.seen[:0]
}

// numberOf returns the number of a code.
func (c *codeNumbers) numberOf(code int) int32 {
	if c.number[code] == 0 {
		c.seen = append(c.seen, code)
		c.number[code] = int32(len(c.seen))
	}
	return c.number[code] - 1
}

func (c *codeNumbers) end() {
	for _, code := range c.seen {
		c.number[code] = 0
	}
}

// ResetPredictions implements groundtruth.Sink: it forgets the features, the
// prediction column, the sampled predictions and the versions' numbers of predictions.
func (b *Builder) ResetPredictions() {
	s := b.s
	s.predictions = 0
	s.prediction = newColumnSummary(s.prediction.layout, s.interior())
	if s.layout == nil {
		s.features = []*Column{}
	}
	for i, c := range s.features {
		s.features[i] = newColumnSummary(c.layout, s.interior())
	}
	if s.sample != nil {
		s.sample.predictions = nil
	}
	if s.entities != nil {
		s.entities.resetPredictions()
	}
	if s.hours != nil {
		s.hours.counts = [allHours]int64{}
	}
	if s.bounds != nil {
		s.bounds.outside = 0
	}
	s.predicted = newPredicted(s.task, s.classifier)
	s.many = newManyPredictions(s.task, s.classifier, s.layout.classRank())
	s.resetVersionRows()
}
