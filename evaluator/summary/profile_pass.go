package summary

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

const (
	// DefaultTableBytes is what a Profiler's tables of values take at most.
	DefaultTableBytes = 256 << 20
	// maxTableValues bounds the table of one column.
	maxTableValues = 1 << 20
	// slotBytes is what a value takes in a table at most.
	slotBytes = 64
	// maxCategoryBytes bounds the text of a column's distinct values.
	maxCategoryBytes = 4 << 20
	// maxSegmentValues bounds the values of a segment column that are counted.
	maxSegmentValues = 1 << 16
)

// ProfilerOptions bound a Profiler. Zero values mean the defaults.
type ProfilerOptions struct {
	ExactValues int   // distinct values of a column that are kept exactly; default 10,000
	MaxSegments int   // values of a segment column kept apart; default 100
	TableBytes  int64 // for the tables of distinct values of all columns; default 256 MiB
	// Task is what the model predicts; the zero value means groundtruth.Regression.
	Task groundtruth.Task
	// Classifier says of a classifier what is kept of its rows.
	Classifier ClassifierOptions
	// Auto says that the features are all columns that aren't mapped (`features: auto`),
	// so that those which can't tell anything are left out.
	Auto bool
	// Strata and Zone say how the reference is taken apart by time. The zero values are
	// strata of no kind, and days in UTC.
	Strata StrataKind
	Zone   groundtruth.Zone
}

// Profiler is the first pass over the reference: it finds the Layout. Each worker
// has its own; they are merged. It is a groundtruth.Sink.
//
// Its memory is bounded: a numeric column is a table of its distinct values, and a
// quantile sketch where these are too many; the categories of a text column are
// dropped where they are too many.
type Profiler struct {
	opts       ProfilerOptions
	rows       int64
	features   []*columnProfile // sorted by name
	prediction *columnProfile
	label      *columnProfile
	segments   []segmentProfile
	counts     textCounts

	hasTime    bool
	timeless   bool // some rows have no time
	start, end int64
}

// columnProfile gathers what decides the layout of one column.
type columnProfile struct {
	name       string
	kind       groundtruth.Kind
	valid      int64
	narrow     bool // some came from a column of 32 bits
	numbers    tally
	total      exact.Sum
	min, max   float64
	categories categoryCounts
}

// segmentProfile counts the values of one segment column.
type segmentProfile struct {
	column string
	counts categoryCounts
}

// categoryCounts counts distinct texts, or none when there are more than the limit
// or they are too long in all: that depends on the set of them alone.
type categoryCounts struct {
	limit  int
	counts map[string]int64
	bytes  int
	over   bool
}

var _ groundtruth.Sink = (*Profiler)(nil)

// NewProfiler returns a Profiler for features of these kinds, none of them Absent,
// and the segment columns of Spec.Segments, in that order.
func NewProfiler(features []groundtruth.FeatureSpec, segments []string, opts ProfilerOptions) *Profiler {
	opts.ExactValues = cmp.Or(opts.ExactValues, DefaultExactValues)
	opts.MaxSegments = cmp.Or(opts.MaxSegments, DefaultMaxSegments)
	opts.TableBytes = cmp.Or(opts.TableBytes, DefaultTableBytes)
	opts.Task = cmp.Or(opts.Task, groundtruth.Regression)
	p := &Profiler{opts: opts}
	numbers := int64(2)
	for _, f := range features {
		if f.Kind == groundtruth.Number {
			numbers++
		}
	}
	limit := int(min(opts.TableBytes/numbers/slotBytes, maxTableValues))
	limit = max(limit, opts.ExactValues+1)
	column := func(name string, kind groundtruth.Kind) *columnProfile {
		return &columnProfile{
			name: name, kind: kind, numbers: tally{limit: limit},
			categories: categoryCounts{limit: opts.ExactValues, counts: map[string]int64{}},
		}
	}
	for _, f := range features {
		p.features = append(p.features, column(f.Name, f.Kind))
	}
	slices.SortFunc(p.features, func(a, b *columnProfile) int { return cmp.Compare(a.name, b.name) })
	p.prediction = column("prediction", kindOf(opts.Task))
	p.label = column("label", kindOf(opts.Task))
	for _, name := range segments {
		p.segments = append(p.segments, segmentProfile{
			column: name, counts: categoryCounts{limit: maxSegmentValues, counts: map[string]int64{}},
		})
	}
	return p
}

// AddPredictions implements groundtruth.Sink.
func (p *Profiler) AddPredictions(b *groundtruth.Batch) {
	p.rows += int64(b.Len)
	if b.HasTime {
		p.addTimes(b.Times[:b.Len])
	} else if b.Len > 0 {
		p.timeless = true
	}
	if b.Predictions != nil {
		p.prediction.addNumbers(b.Predictions[:b.Len], nil)
	}
	p.prediction.addTexts(p.counts.of(&b.Class, b.Len))
	p.prediction.narrow = p.prediction.narrow || b.Narrow
	for i := range b.Features {
		v := &b.Features[i]
		at, ok := slices.BinarySearchFunc(p.features, v.Name, func(c *columnProfile, name string) int {
			return cmp.Compare(c.name, name)
		})
		// Values of another kind than asked for are invalid, so missing.
		if !ok || v.Kind != p.features[at].kind {
			continue
		}
		c := p.features[at]
		c.addNumbers(v.Floats, v.Counts)
		c.narrow = c.narrow || v.Narrow
		c.addTexts(v)
	}
}

// AddMatches implements groundtruth.Sink.
func (p *Profiler) AddMatches(m *groundtruth.Matches) {
	if m.HasTime {
		p.addTimes(m.Times[:m.Len])
	}
	if m.Labels != nil {
		p.label.addNumbers(m.Labels[:m.Len], nil)
	}
	p.label.addTexts(p.counts.of(&m.LabelClass, m.Len))
	p.label.narrow = p.label.narrow || m.Narrow
	for i := range p.segments {
		counts := &p.segments[i].counts
		missing := int64(m.Len)
		eachText(p.counts.of(&m.Segments[i], m.Len), func(text string, n int64) {
			counts.add(text, n)
			missing -= n
		})
		if missing > 0 {
			counts.add(MissingGroup, missing)
		}
	}
}

// ResetPredictions implements groundtruth.Sink. The times seen are kept.
func (p *Profiler) ResetPredictions() {
	p.rows = 0
	for _, c := range append(slices.Clone(p.features), p.prediction) {
		c.reset()
	}
}

func (p *Profiler) addTimes(times []int64) {
	for _, t := range times {
		if !p.hasTime {
			p.hasTime, p.start, p.end = true, t, t
		}
		p.start, p.end = min(p.start, t), max(p.end, t)
	}
}

// Merge adds all that o has seen, and leaves o unchanged. It fails when the two were
// made for different columns or options.
func (p *Profiler) Merge(o *Profiler) error {
	same := reflect.DeepEqual(p.opts, o.opts) && slices.EqualFunc(p.features, o.features, func(a, b *columnProfile) bool {
		return a.name == b.name && a.kind == b.kind
	}) && slices.EqualFunc(p.segments, o.segments, func(a, b segmentProfile) bool { return a.column == b.column })
	if !same {
		return errors.New("merge profilers: columns or options differ")
	}
	p.rows += o.rows
	p.timeless = p.timeless || o.timeless
	if o.hasTime {
		p.addTimes([]int64{o.start, o.end})
	}
	for i, c := range o.features {
		p.features[i].mergeFrom(c)
	}
	p.prediction.mergeFrom(o.prediction)
	p.label.mergeFrom(o.label)
	for i := range o.segments {
		p.segments[i].counts.mergeFrom(&o.segments[i].counts)
	}
	return nil
}

// Layout decides the layout from what was seen so far.
func (p *Profiler) Layout() *Layout {
	exactValues := p.opts.ExactValues
	if p.Partition() != nil && p.opts.Strata.count() > 2 {
		exactValues = min(exactValues, strataBins)
	}
	l := &Layout{
		Task:       p.opts.Task,
		Classifier: p.opts.Classifier.of(p.opts.Task),
		Prediction: p.prediction.layout(exactValues),
		Label:      p.label.layout(exactValues),
		Rows:       p.rows, HasTime: p.hasTime, Start: p.start, End: p.end,
		ExactValues: exactValues, MaxSegments: p.opts.MaxSegments,
		LeftOut: map[string]string{},
	}
	if p.opts.Task == groundtruth.Multiclass {
		l.Classes = p.topClasses()
	}
	for _, c := range p.features {
		if why := p.leaveOut(c); why != "" {
			l.LeftOut[c.name] = why
			continue
		}
		l.Features = append(l.Features, c.layout(exactValues))
	}
	for _, s := range p.segments {
		l.Segments = append(l.Segments, SegmentLayout{Column: s.column, Values: s.counts.top(p.opts.MaxSegments, OtherGroup)})
	}
	l.seal()
	return l
}

// Partition returns how the rows seen so far are taken apart by time, nil where some have none.
func (p *Profiler) Partition() *Partition {
	if !p.hasTime || p.timeless {
		return nil
	}
	span := groundtruth.Window{Start: time.Unix(0, p.start), End: time.Unix(0, p.end)}
	return &Partition{kind: p.opts.Strata, calendar: groundtruth.NewCalendar(p.opts.Zone, span.Start, span.End)}
}

// leaveOut says why a feature is left out, "" when it isn't.
func (p *Profiler) leaveOut(c *columnProfile) string {
	distinct := len(c.categories.counts)
	if c.kind == groundtruth.Number {
		distinct = c.numbers.used
	}
	switch {
	case c.categories.over:
		return fmt.Sprintf("text with more than %d distinct values, or more than %d MiB of them",
			p.opts.ExactValues, maxCategoryBytes>>20)
	case !p.opts.Auto:
		return ""
	case c.valid == 0:
		return "no value in the reference"
	case distinct == 1 && c.valid == p.rows && c.min == c.max:
		return "constant in the reference"
	case c.kind == groundtruth.Text && int64(distinct) > p.rows/2:
		return fmt.Sprintf("text with %d distinct values in %d rows: more than half", distinct, p.rows)
	}
	return ""
}

func (c *columnProfile) reset() {
	c.valid, c.narrow, c.total, c.min, c.max = 0, false, exact.Sum{}, 0, 0
	c.numbers.reset()
	c.categories = categoryCounts{limit: c.categories.limit, counts: map[string]int64{}}
}

// addNumbers takes numbers, each so many times; nil counts is once.
func (c *columnProfile) addNumbers(xs []float64, counts []int64) {
	for i, x := range xs {
		n := int64(1)
		if counts != nil {
			n = counts[i]
		}
		x = unsignedZero(x)
		if c.valid == 0 {
			c.min, c.max = x, x
		}
		c.valid += n
		c.min, c.max = min(c.min, x), max(c.max, x)
		c.total.AddTimes(x, n)
		c.numbers.addTimes(x, n)
	}
}

// addTexts takes texts; of a column of numbers there are none.
func (c *columnProfile) addTexts(v *groundtruth.Values) {
	eachText(v, func(text string, n int64) {
		c.valid += n
		c.categories.add(text, n)
	})
}

func (c *columnProfile) mergeFrom(o *columnProfile) {
	if o.valid > 0 {
		if c.valid == 0 {
			c.min, c.max = o.min, o.max
		}
		c.min, c.max = min(c.min, o.min), max(c.max, o.max)
	}
	c.valid += o.valid
	c.narrow = c.narrow || o.narrow
	c.total.Merge(&o.total)
	c.numbers.mergeFrom(&o.numbers)
	c.categories.mergeFrom(&o.categories)
}

func (c *categoryCounts) add(value string, n int64) {
	if c.over {
		return
	}
	if _, ok := c.counts[value]; !ok {
		c.bytes += len(value)
		if len(c.counts) == c.limit || c.bytes > maxCategoryBytes {
			c.drop()
			return
		}
		value = strings.Clone(value)
	}
	c.counts[value] += n
}

func (c *categoryCounts) drop() {
	c.over, c.counts, c.bytes = true, nil, 0
}

func (c *categoryCounts) mergeFrom(o *categoryCounts) {
	if o.over {
		c.drop()
	}
	for value, n := range o.counts {
		c.add(value, n)
	}
}

// topClasses returns the classes that are kept apart, the most frequent ones among labels and
// predictions.
func (p *Profiler) topClasses() []string {
	both := categoryCounts{limit: 2 * p.opts.ExactValues, counts: map[string]int64{}}
	both.mergeFrom(&p.label.categories)
	both.mergeFrom(&p.prediction.categories)
	return both.top(MaxClasses, "")
}

// top returns the n most frequent values, ties by name, one aside.
func (c *categoryCounts) top(n int, but string) []string {
	values := slices.SortedFunc(maps.Keys(c.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), cmp.Compare(a, b))
	})
	values = slices.DeleteFunc(values, func(v string) bool { return v == but })
	return slices.Clip(values[:min(n, len(values))])
}
