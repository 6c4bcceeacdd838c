package summary

import (
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hindcast/hindcast/groundtruth"
)

// stratumSection holds the Summary of a stratum, without the layout and the frame, which all
// strata share. What its sections have is compressed each by itself, so that those that nobody
// asks for need not be unpacked. The names of strata follow from their kind.
const stratumSection = "stratum"

// strata writes the layout, the frame, and then on these the Summary of each stratum, with its
// totals before it.
func (e *encoder) strata(strata []*Summary, w *zstd.Encoder) {
	e.layout(strata[0].layout)
	e.frame(strata[0])
	e.count(len(strata))
	for _, s := range strata {
		t := s.totals()
		e.uint(uint64(t.rows))
		e.uint(uint64(t.labels))
		e.uint(uint64(t.errors))
		var counted encoder
		counted.counted(s)
		sections := decoder{b: counted.b}
		e.section(stratumSection, func() {
			for name := sections.sectionName(); name != ""; name = sections.sectionName() {
				sections.part(func(d *decoder) {
					e.section(name, func() { e.b = w.EncodeAll(d.b, e.b) })
					d.b = nil
				})
			}
		})
	}
}

// strata reads the strata of a reference with their totals, and leaves what is counted of them
// for later.
func (d *decoder) strata(r *read) {
	d.check(r.layout == nil)
	r.layout = d.layout(r.task)
	frame := d.frame(r.task, nil)
	n := d.small(allHours)
	d.check(n > 1)
	for range n {
		s := stratumBytes{layout: r.layout, frame: frame, unpack: r.unpack}
		s.totals = totals{d.amount(), d.amount(), d.amount()}
		const most = math.MaxInt64 / allHours // so that all together are numbers
		d.check(s.totals.rows <= most && s.totals.labels <= most && s.totals.errors <= s.totals.labels)
		d.check(d.sectionName() == stratumSection)
		d.part(func(d *decoder) { s.packed, d.b = d.b, nil })
		if d.err != nil {
			return
		}
		r.totals = r.totals.plus(s.totals)
		r.parts = append(r.parts, laterPart(s.totals.rows, s.summary, s.errors))
	}
}

// stratumBytes is a stratum that was not asked for yet.
type stratumBytes struct {
	layout *Layout
	frame  *Summary // without columns
	totals totals
	packed []byte        // sections
	unpack *zstd.Decoder // what one of them has
}

// summary reads all of it.
func (s stratumBytes) summary() (*Summary, error) {
	out := newSummary(s.frame.task, s.frame.classifier, s.layout, s.frame.start, s.frame.end, s.frame.segNames, s.frame.maxSegments)
	out.sample = nil
	d := decoder{b: s.packed}
	readers := countedSections(out.task, &out)
	for i := range readers {
		readers[i].read = s.unpacked(readers[i].read)
	}
	d.sections("summary", readers...)
	d.check(d.err != nil || out.totals() == s.totals)
	if d.err != nil {
		return nil, d.err
	}
	out.seal()
	return out, nil
}

// errors reads the errors of its rows, and looks at nothing else.
func (s stratumBytes) errors() (*ErrorSums, error) {
	label := newColumnSummary(&s.layout.Label, s.layout.ExactValues)
	out := newWholeSums(s.frame.task, s.frame.classifier, s.layout, label, s.frame.start, s.frame.end)
	pass := func(d *decoder) { d.b = nil }
	matches := s.unpacked(func(d *decoder) {
		d.check(d.amount() == s.totals.labels)
		d.column(label, s.totals.labels)
		d.errorSums(out)
		d.check(out.n == s.totals.errors)
		pass(d)
	})
	d := decoder{b: s.packed}
	d.check(d.sectionName() == predictionsSection)
	d.part(pass)
	d.check(d.sectionName() == matchesSection)
	d.part(matches)
	switch {
	case out.classes != nil:
		d.check(d.sectionName() == classesSection)
		d.part(s.unpacked(func(d *decoder) {
			d.classesOf(out)
			pass(d)
		}))
	case d.sectionName() == moreSection:
		d.part(s.unpacked(func(d *decoder) {
			d.errorSumsMore(out)
			pass(d)
		}))
	}
	out.settle()
	return out, d.err
}

// unpacked returns what reads a section as it is before read does.
func (s stratumBytes) unpacked(read func(*decoder)) func(*decoder) {
	return func(d *decoder) {
		b, err := s.unpack.DecodeAll(d.b, nil)
		if err != nil {
			d.err = err
			return
		}
		d.b = b
		read(d)
	}
}

// days writes how a profile's rows are taken apart by time, and what each day has.
func (e *encoder) days(p *Profile) {
	e.string(string(p.partition.kind))
	e.string(p.partition.calendar.Zone().String())
	e.uint(uint64(p.Days.stride))
	e.count(len(p.Days.groups))
	for _, g := range p.Days.groups {
		e.int(g.key)
		e.uint(uint64(g.strata))
		e.cluster(g)
	}
}

// days reads the days of so many rows of a reference on a layout.
func (d *decoder) days(l *Layout, of totals) (*Partition, *Clusters) {
	kind := StrataKind(d.string())
	d.check(slices.Contains(StrataKinds(), kind))
	// Nobody asks for many times of a profile that is made.
	p := &Partition{kind: kind, calendar: groundtruth.NewCalendar(d.zone(), time.Unix(1, 0), time.Unix(0, 0))}
	if d.err != nil {
		return nil, nil
	}
	c := newDays(l, p.calendar)
	c.stride = d.amount()
	d.check(c.stride > 0 && c.stride&(c.stride-1) == 0)
	rows, labels := of.rows, of.labels // of the days that are yet to come
	n := d.count(5 + len(c.columns))
	d.check(n <= maxClusters)
	last := int64(0)
	for i := range n {
		if d.err != nil {
			return nil, nil
		}
		key := d.int()
		d.check((i == 0 || last < key) && key%c.stride == 0)
		last = key
		if d.err != nil {
			return nil, nil
		}
		strata := uint32(d.small(1<<max(1, kind.count()) - 1))
		d.check(kind == HourOfDayStrata || strata == 1<<p.ofDay(key))
		g, _ := d.cluster(c, key, rows, labels)
		g.strata = strata
		rows, labels = rows-g.rows, labels-g.labels
	}
	d.check(c.stride > 1 || rows == 0 && labels == 0)
	if d.err != nil {
		return nil, nil
	}
	c.seal()
	return p, c
}
