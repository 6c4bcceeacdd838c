package summary

import (
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// stratumSection holds the Summary of a stratum, without the layout. The names of strata follow
// from their kind.
const stratumSection = "stratum"

// strata writes the layout, and then on it the Summary of each stratum.
func (e *encoder) strata(p *Profile) {
	e.layout(p.Layout)
	e.count(len(p.Strata))
	for _, s := range p.Strata {
		e.section(stratumSection, func() { e.counted(s.Summary) })
	}
}

// strata reads the Summaries of strata, which a profile has where it has none of the whole.
func (d *decoder) strata(whole []*Summary) []*Summary {
	d.check(whole == nil)
	layout := d.layout()
	n := d.small(allHours)
	d.check(n > 1)
	var out []*Summary
	for range n {
		var s *Summary
		d.check(d.sectionName() == stratumSection)
		d.part(func(d *decoder) { d.sections("summary", countedSections(&layout, &s)...) })
		if d.err != nil {
			return nil
		}
		s.seal()
		first := s
		if out != nil {
			first = out[0]
		}
		d.check(s.start == first.start && s.end == first.end && s.maxSegments == first.maxSegments && slices.Equal(s.segNames, first.segNames))
		out = append(out, s)
	}
	return out
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

// days reads the days of a reference, of which the Summaries of the strata are given.
func (d *decoder) days(strata []*Summary) (*Partition, *Clusters) {
	kind := StrataKind(d.string())
	d.check(slices.Contains(StrataKinds(), kind))
	// Nobody asks for many times of a profile that is made.
	p := &Partition{kind: kind, calendar: groundtruth.NewCalendar(d.zone(), time.Unix(1, 0), time.Unix(0, 0))}
	if d.err != nil || len(strata) == 0 || strata[0].layout == nil {
		d.fail()
		return nil, nil
	}
	c := newDays(strata[0].layout, p.calendar)
	c.stride = d.amount()
	d.check(c.stride > 0 && c.stride&(c.stride-1) == 0)
	var rows, labels int64 // of the days that are yet to come
	for _, s := range strata {
		rows, labels = rows+s.predictions, labels+s.matched
	}
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
		g := c.group(key)
		g.strata = uint32(d.small(1<<max(1, kind.count()) - 1))
		d.check(kind == HourOfDayStrata || g.strata == 1<<p.ofDay(key))
		d.cluster(g, rows, labels)
		rows, labels = rows-g.rows, labels-g.labels
	}
	d.check(c.stride > 1 || rows == 0 && labels == 0)
	if d.err != nil {
		return nil, nil
	}
	c.seal()
	return p, c
}
