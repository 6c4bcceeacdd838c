package summary

import (
	"encoding"
	"maps"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

const summaryMagic = "HCSM"

var (
	_ encoding.BinaryMarshaler   = (*Summary)(nil)
	_ encoding.BinaryUnmarshaler = (*Summary)(nil)
)

// MarshalBinary returns the canonical encoding with the layout in it: equal Summaries
// have equal bytes. The error is always nil.
func (s *Summary) MarshalBinary() ([]byte, error) {
	e := encoder{b: []byte(summaryMagic)}
	e.uint(Schema)
	e.string(string(s.task))
	if s.layout != nil {
		e.section(layoutSection, func() { e.layout(s.layout) })
	}
	e.section(frameSection, func() { e.frame(s) })
	e.counted(s)
	return e.b, nil
}

// counted writes the sections of a Summary but for the layout's and the frame's.
func (e *encoder) counted(s *Summary) {
	e.section(predictionsSection, func() { e.predictions(s) })
	e.section(matchesSection, func() { e.matches(s) })
	if slices.ContainsFunc(s.allSums(), (*ErrorSums).hasMore) {
		e.section(moreSection, func() { e.more(s) })
	}
	switch s.task {
	case groundtruth.Binary:
		e.section(classesSection, func() { e.classes(s) })
		e.section(predictedSection, func() { e.classCounts(s.predicted) })
	case groundtruth.Multiclass:
		e.section(classesSection, func() { e.classes(s) })
		e.section(predictedSection, func() { e.manyPredictions(s.many) })
	}
	if slices.ContainsFunc(s.allGroups(), func(g *ErrorSums) bool { return g.byBlock != nil }) {
		e.section(byBlockSection, func() { e.byBlock(s) })
	}
	if s.sample != nil {
		e.section(sampleSection, func() { e.sample(s.sample) })
	}
	if s.hours != nil {
		e.section(hoursSection, func() { e.hours(s.hours) })
	}
	if s.bounds != nil {
		e.section(boundsSection, func() { e.bounds(s.bounds) })
	}
	e.shapes(s)
	if s.entities != nil {
		e.section(entitiesSection, func() { e.entities(s.entities) })
		if s.entities.hasMore() {
			e.section(moreOfEntitiesSection, func() { e.clustersMore(s.entities) })
		}
	}
}

// UnmarshalBinary replaces s. It refuses newer schema versions, other tasks and sections
// that it does not know, and bytes that no Summary has as far as can be told; s is then
// unchanged. A Summary of schema 1 has no sample: what it had was one of other rows.
func (s *Summary) UnmarshalBinary(b []byte) error {
	d := decoder{b: b}
	var t *Summary
	if d.header("summary", summaryMagic, Schema) == 1 {
		t = d.summary1()
	} else {
		t = d.summary()
	}
	if err := d.close("summary"); err != nil {
		return err
	}
	t.seal()
	*s = *t
	return nil
}

// The sections of a Summary, in their order.
const (
	layoutSection      = "layout" // not there without a reference
	frameSection       = "frame"  // what two Summaries must share to be merged, beside the layout
	predictionsSection = "predictions"
	matchesSection     = "matches"
	moreSection        = "more sums"       // not there where nothing is known of them
	classesSection     = "classes"         // of a classifier: its matched rows
	predictedSection   = "predicted"       // likewise: its predictions
	byBlockSection     = "groups by block" // not there where no version's or segment's rows by time block are known
	sampleSection      = "sample"          // not there where the sample is not known
	hoursSection       = "hours"           // likewise
	boundsSection      = "bounds"          // not there where none are told
	clockSection       = "matches by hour" // not there where they are not known
	densitySection     = "density"         // likewise, and of classifiers
	sizesSection       = "errors by size"  // likewise
	entitiesSection    = "entities"        // not there where rows have no entities

	moreOfEntitiesSection = "more sums of entities"
)

// summary reads what follows the schema.
func (d *decoder) summary() *Summary {
	var layout *Layout
	var s *Summary
	task := d.task("summary")
	d.sections("summary", append([]sectionReader{
		{layoutSection, true, func(d *decoder) { layout = d.layout(task) }},
		{frameSection, false, func(d *decoder) { s = d.frame(task, layout) }},
	}, countedSections(task, &s)...)...)
	return s
}

// countedSections read what encoder.counted writes of a Summary of a task into s, which has the frame.
func countedSections(task groundtruth.Task, s **Summary) []sectionReader {
	return []sectionReader{
		{predictionsSection, false, func(d *decoder) { d.predictions(*s) }},
		{matchesSection, false, func(d *decoder) { d.matches(*s) }},
		{moreSection, true, func(d *decoder) { d.more(*s) }},
		{classesSection, task == groundtruth.Regression, func(d *decoder) { d.classes(*s) }},
		{predictedSection, task == groundtruth.Regression, func(d *decoder) { d.predicted(*s) }},
		{byBlockSection, true, func(d *decoder) { d.byBlock(*s) }},
		{sampleSection, true, func(d *decoder) { (*s).sample = d.sample(*s) }},
		{hoursSection, true, func(d *decoder) { (*s).hours = d.hours(*s) }},
		{boundsSection, true, func(d *decoder) { (*s).bounds = d.bounds(*s) }},
		{clockSection, true, func(d *decoder) { (*s).clock = d.clock(*s) }},
		{densitySection, true, func(d *decoder) { (*s).density = d.density(*s) }},
		{sizesSection, true, func(d *decoder) { (*s).sizes = d.sizes(*s) }},
		{entitiesSection, true, func(d *decoder) { (*s).entities = d.entities((*s).task, (*s).classifier, (*s).layout, (*s).totals()) }},
		{moreOfEntitiesSection, true, func(d *decoder) { d.clustersMore((*s).entities) }},
	}
}

// summary1 reads what follows schema 1: what is in sections today, one after the other,
// and a sample of matched rows, which is read past.
func (d *decoder) summary1() *Summary {
	var layout *Layout
	if d.bool() {
		layout = d.layout(groundtruth.Regression)
	}
	s := d.frame(groundtruth.Regression, layout)
	if s == nil {
		return nil
	}
	d.predictions(s)
	d.matches(s)
	for range d.count(25) {
		_, _, _, _ = d.fixed(), d.finite(), d.finite(), d.int() // hash, prediction, label and time
	}
	return s
}

func (e *encoder) frame(s *Summary) {
	e.int(s.start)
	e.int(s.end)
	e.count(s.maxSegments)
	e.strings(s.segNames)
	e.classifier(s.task, s.classifier)
}

// frame reads the frame of a Summary of a task on a layout and returns one without rows whose
// sample is not known, nil when it fails.
func (d *decoder) frame(task groundtruth.Task, layout *Layout) *Summary {
	start, end := d.int(), d.int()
	maxSegments := d.small(math.MaxInt32)
	names := d.strings()
	classifier := d.classifier(task)
	d.check(start < end || start == 0 && end == 0)
	if d.err != nil {
		return nil
	}
	s := newSummary(task, classifier, layout, start, end, names, maxSegments)
	s.sample = nil
	return s
}

func (e *encoder) predictions(s *Summary) {
	e.uint(uint64(s.predictions))
	if s.layout == nil {
		e.count(len(s.features))
		for _, c := range s.features {
			e.string(c.layout.Name)
			e.count(int(c.layout.Kind))
		}
	}
	for _, c := range s.features {
		e.column(c)
	}
	e.column(s.prediction)
	rows := s.versionRows.all()
	e.count(len(rows))
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		e.string(name)
		e.uint(uint64(rows[name].n))
	}
}

func (d *decoder) predictions(s *Summary) {
	s.predictions = d.amount()
	if s.layout == nil {
		for range d.count(2) {
			c := &ColumnLayout{Name: d.string(), Kind: groundtruth.Kind(d.small(int(groundtruth.Text)))}
			n := len(s.features)
			d.check(n == 0 || s.features[n-1].layout.Name < c.Name)
			s.features = append(s.features, newColumnSummary(c, 0))
		}
	}
	for _, c := range s.features {
		d.column(c, s.predictions)
	}
	d.column(s.prediction, s.predictions)
	d.check(s.prediction.valid == s.predictions || s.prediction.valid == 0) // a reference may have no predictions
	last := ""
	for i := range d.count(2) {
		name := d.string()
		d.check((i == 0 || last < name) && (name == OtherGroup || len(s.versionRows.kept) < s.maxSegments))
		last = name
		n := d.amount()
		d.check(n > 0)
		if d.err == nil {
			s.versionRows.get(name).n = n
		}
	}
}

func (e *encoder) matches(s *Summary) {
	e.uint(uint64(s.matched))
	e.column(s.label)
	e.errorSums(s.errors)
	e.groups(s.versions)
	for _, g := range s.segments {
		e.groups(g)
	}
}

func (d *decoder) matches(s *Summary) {
	s.matched = d.amount()
	d.column(s.label, s.matched)
	d.check(s.label.valid == s.matched)
	d.errorSums(s.errors)
	// Labels of a reference without predictions have no errors.
	d.check(s.errors.n == s.matched || s.errors.n == 0 && s.prediction.valid == 0)
	d.groups(s.versions, s.errors.n)
	for _, g := range s.segments {
		d.groups(g, s.errors.n)
	}
	for _, g := range s.allGroups() {
		g.byBlock = nil // as long as no section tells
	}
	if s.matched > 0 {
		s.errors.labels = nil // likewise
	}
}

// byBlock writes the rows of each version and segment by time block.
func (e *encoder) byBlock(s *Summary) {
	for _, g := range s.allGroups() {
		e.bool(g.byBlock != nil)
		if g.byBlock != nil {
			e.counts(g.byBlock)
		}
	}
}

func (d *decoder) byBlock(s *Summary) {
	d.check(s.end > s.start)
	known := false
	for _, g := range s.allGroups() {
		if !d.bool() || d.err != nil {
			continue
		}
		known = true
		g.byBlock = make([]int64, NumBlocks)
		d.counts(g.byBlock)
		d.check(d.total(g.byBlock) <= g.n)
	}
	d.check(known)
}

// sample writes the names of the features that the rows have, of which there are none
// yet, and the rows.
func (e *encoder) sample(s *sample) {
	e.strings(nil)
	for _, rows := range []leastRows{s.predictions, s.matches} {
		e.count(len(rows))
		for _, r := range rows.sorted() {
			e.fixed(r.Hash)
			e.float(r.Prediction)
			e.int(r.Time)
			if !math.IsNaN(r.Label) {
				e.float(r.Label)
			}
		}
	}
}

func (d *decoder) sample(of *Summary) *sample {
	if names := d.strings(); len(names) > 0 {
		d.refuse("summary's sample holds features, the first is %.64q, and this program reads none: a newer version wrote it, or make it again", names[0])
	}
	const bytes = 17 // of a row, at the least
	return &sample{
		predictions: d.leastRows(bytes, of.predictions, func() float64 { return math.NaN() }),
		matches:     d.leastRows(bytes+8, of.matched, d.finite),
	}
}

// leastRows reads rows of at least so many bytes each, of which there are at most most.
func (d *decoder) leastRows(bytes int, most int64, label func() float64) leastRows {
	n := d.count(bytes)
	d.check(int64(n) <= min(most, groundtruth.SampleSize))
	if d.err != nil {
		return nil
	}
	rows := make(leastRows, n)
	for i := range rows {
		rows[i] = SampleRow{Hash: d.fixed(), Prediction: d.finite(), Time: d.int(), Label: label()}
	}
	d.check(slices.IsSortedFunc(rows, compareRows))
	// In descending order they are a heap with the greatest on top.
	slices.Reverse(rows)
	return rows
}

func (e *encoder) hours(h *hourCounts) {
	e.string(h.zone.String())
	e.counts(h.counts[:])
}

// hours reads the hours of a Summary's predictions.
func (d *decoder) hours(of *Summary) *hourCounts {
	h := &hourCounts{zone: d.zone()}
	d.counts(h.counts[:])
	d.check(d.total(h.counts[:]) == of.predictions)
	return h
}

func (e *encoder) column(c *Column) {
	e.uint(uint64(c.valid))
	e.uint(uint64(c.invalid))
	switch c.layout.Kind {
	case groundtruth.Number:
		e.counts(c.points)
		e.counts(c.opens)
		for i, n := range c.opens {
			if n != 0 && i > 0 && i < len(c.points) {
				e.uint(c.places[i].high)
				e.uint(c.places[i].low)
			}
		}
		for _, s := range []*exact.Sum{&c.low, &c.high, &c.total, &c.squares} {
			e.sum(s)
		}
		if c.valid > 0 {
			e.float(c.min)
			e.float(c.max)
		}
		e.tally(&c.interior)
	case groundtruth.Text:
		e.counts(c.categories)
		e.uint(uint64(c.unseen))
	}
}

func (d *decoder) column(c *Column, rows int64) {
	c.valid, c.invalid = d.amount(), d.amount()
	d.check(c.valid <= rows && c.invalid <= rows-c.valid)
	switch c.layout.Kind {
	case groundtruth.Number:
		d.counts(c.points)
		d.counts(c.opens)
		d.check(d.total(c.points, c.opens) == c.valid)
		d.places(c.places, c.opens)
		for _, s := range []*exact.Sum{&c.low, &c.high, &c.total, &c.squares} {
			d.sum(s)
		}
		if c.valid > 0 {
			c.min, c.max = d.finite(), d.finite()
			d.check(c.min <= c.max)
		}
		d.tally(&c.interior)
		d.check(c.interior.over || c.interior.limit == 0 || d.total(c.interior.counts) == d.total(c.opens))
	case groundtruth.Text:
		d.counts(c.categories)
		c.unseen = d.amount()
		d.check(d.total(c.categories, []int64{c.unseen}) == c.valid)
	default:
		d.check(c.valid == 0)
	}
}

func (e *encoder) errorSums(s *ErrorSums) {
	e.uint(uint64(s.n))
	if s.classes != nil {
		e.uint(uint64(s.timeless)) // what is counted has a section
		return
	}
	e.uint(uint64(s.nonZero))
	for k := range s.sums {
		e.sum(&s.sums[k])
	}
	e.float(s.maxAbs)
	e.tally(&s.abs)
	e.uint(uint64(s.timeless))
	for i := range s.blocks {
		e.block(&s.blocks[i])
	}
}

func (e *encoder) block(b *blockSums) {
	e.uint(uint64(b.n))
	if b.n == 0 {
		return
	}
	e.uint(uint64(b.nonZero))
	for k := range b.sums {
		e.sum(&b.sums[k])
	}
}

func (d *decoder) errorSums(s *ErrorSums) {
	s.n = d.amount()
	if s.classes != nil {
		s.timeless = d.amount()
		d.check(s.timeless <= s.n)
		return
	}
	s.nonZero = d.amount()
	d.check(s.nonZero <= s.n)
	for k := range s.sums {
		d.sum(&s.sums[k])
	}
	s.maxAbs = math.Float64frombits(d.fixed())
	d.check(s.maxAbs >= 0 && !math.Signbit(s.maxAbs))
	d.tally(&s.abs)
	d.check(d.total(s.abs.counts) == s.n)
	s.timeless = d.amount()
	d.check(s.timeless <= s.n)
	var inBlocks int64
	for i := range s.blocks {
		d.block(&s.blocks[i], s.n-s.timeless-inBlocks)
		inBlocks += s.blocks[i].n
	}
	d.check(s.blocks == nil || inBlocks == s.n-s.timeless)
}

// block reads what is kept of a block, which has at most so many rows.
func (d *decoder) block(b *blockSums, most int64) {
	b.n = d.amount()
	d.check(b.n <= most)
	if b.n == 0 || d.err != nil {
		return
	}
	b.nonZero = d.amount()
	d.check(b.nonZero <= b.n)
	for k := range b.sums {
		d.sum(&b.sums[k])
	}
}

func (e *encoder) groups(g *groups[ErrorSums, *ErrorSums]) {
	all := g.all()
	e.count(len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e.string(name)
		e.errorSums(all[name])
	}
}

func (d *decoder) groups(g *groups[ErrorSums, *ErrorSums], rows int64) {
	last := ""
	var n int64
	// A group takes a byte for its name's length, three for counts, eight for the
	// maximum, three for the sketch and one for each sum. That of a classifier has two counts.
	size := 15 + int(numFirstSums)
	if s := g.fresh(); s.classes != nil {
		size = 3
	}
	for i := range d.count(size) {
		name := d.string()
		d.check((i == 0 || last < name) && (name == OtherGroup || len(g.kept) < g.limit))
		last = name
		if d.err != nil {
			return
		}
		c := g.get(name)
		d.errorSums(c)
		d.check(c.n > 0 && c.n <= rows-n)
		n += c.n
	}
}
