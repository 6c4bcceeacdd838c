package summary

import (
	"crypto/sha256"
	"maps"
	"math"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// seal computes the layout's identity. A Layout without it must not be used.
func (l *Layout) seal() {
	var e encoder
	e.layout(l)
	l.identify(e.b)
}

// identify sets the identity, by the task and the layout's encoding. Those of regressions are
// those that they were before there were other tasks.
func (l *Layout) identify(encoded []byte) {
	if l.Task != groundtruth.Regression {
		encoded = append([]byte(l.Task), encoded...)
	}
	h := sha256.Sum256(encoded)
	l.identity = string(h[:])
}

func (e *encoder) layout(l *Layout) {
	e.count(len(l.Features))
	for i := range l.Features {
		e.columnLayout(&l.Features[i])
	}
	e.columnLayout(&l.Prediction)
	e.columnLayout(&l.Label)
	e.int(l.Rows)
	e.bool(l.HasTime)
	e.int(l.Start)
	e.int(l.End)
	e.count(l.ExactValues)
	e.count(l.MaxSegments)
	e.count(len(l.Segments))
	for _, s := range l.Segments {
		e.string(s.Column)
		e.strings(s.Values)
	}
	if l.Task == groundtruth.Multiclass {
		e.strings(l.Classes)
	}
	e.count(len(l.LeftOut))
	for _, name := range slices.Sorted(maps.Keys(l.LeftOut)) {
		e.string(name)
		e.string(l.LeftOut[name])
	}
	e.classifier(l.Task, l.Classifier)
}

// The flags of a numeric column's layout.
const (
	exactLayout = 1 << iota
	narrowLayout
)

func (e *encoder) columnLayout(c *ColumnLayout) {
	e.string(c.Name)
	e.count(int(c.Kind))
	switch c.Kind {
	case groundtruth.Number:
		e.floats(c.Edges)
		// A layout that isn't narrow is written as before there were narrow ones.
		flags := 0
		if c.Exact {
			flags |= exactLayout
		}
		if c.Narrow {
			flags |= narrowLayout
		}
		e.count(flags)
		e.float(c.Bound)
		e.count(len(c.Cuts))
		for _, cut := range c.Cuts {
			e.count(cut)
		}
		e.float(c.Center)
	case groundtruth.Text:
		e.strings(c.Categories)
	}
}

// layout reads a layout of a task, which the header has. It takes nothing but what
// encoder.layout writes, so that the bytes read are those that identify it.
func (d *decoder) layout(task groundtruth.Task) *Layout {
	l := &Layout{Task: task, LeftOut: map[string]string{}}
	encoded := d.b
	if n := d.count(2); n > 0 {
		l.Features = make([]ColumnLayout, n)
	}
	for i := range l.Features {
		l.Features[i] = d.columnLayout()
		d.check(i == 0 || l.Features[i-1].Name < l.Features[i].Name)
	}
	l.Prediction = d.columnLayout()
	l.Label = d.columnLayout()
	d.check(l.Prediction.Kind == kindOf(task) && l.Label.Kind == kindOf(task))
	l.Rows = d.int()
	l.HasTime = d.bool()
	l.Start = d.int()
	l.End = d.int()
	l.ExactValues = d.small(math.MaxInt32)
	l.MaxSegments = d.small(math.MaxInt32)
	if n := d.count(2); n > 0 {
		l.Segments = make([]SegmentLayout, n)
	}
	for i := range l.Segments {
		l.Segments[i] = SegmentLayout{Column: d.string(), Values: d.strings()}
	}
	if task == groundtruth.Multiclass {
		l.Classes = d.strings()
		d.check(len(l.Classes) <= MaxClasses)
	}
	last := ""
	for i := range d.count(2) {
		name := d.string()
		d.check(i == 0 || last < name)
		last = name
		l.LeftOut[name] = d.string()
	}
	l.Classifier = d.classifier(task)
	if d.err == nil {
		l.identify(encoded[:len(encoded)-len(d.b)])
	}
	return l
}

func (d *decoder) columnLayout() ColumnLayout {
	c := ColumnLayout{Name: d.string(), Kind: groundtruth.Kind(d.small(int(groundtruth.Text)))}
	switch c.Kind {
	case groundtruth.Number:
		c.Edges = d.floats()
		flags := d.small(exactLayout | narrowLayout)
		c.Exact, c.Narrow = flags&exactLayout != 0, flags&narrowLayout != 0
		c.Bound = d.finite()
		if n := d.count(1); n > 0 {
			c.Cuts = make([]int, n)
		}
		last := -1
		for i := range c.Cuts {
			c.Cuts[i] = d.small(math.MaxInt32)
			d.check(c.Cuts[i] > last && c.Cuts[i] < len(c.Edges)-1)
			last = c.Cuts[i]
		}
		c.Center = d.finite()
	case groundtruth.Text:
		c.Categories = d.ascending()
	}
	return c
}
