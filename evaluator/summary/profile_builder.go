package summary

import (
	"github.com/hindcast/hindcast/groundtruth"
)

// ProfileBuilder is the second pass over the reference: it makes the Profile of what a scan
// sends it. Each worker has its own; they are merged. It is a groundtruth.Sink, and with a
// Partition the rows of each batch, and of matches, are of one of its groups.
type ProfileBuilder struct {
	layout    *Layout
	segments  []string
	opts      BuilderOptions
	partition *Partition // nil where rows are not taken apart
	strata    []*Builder // one where there are no strata; nil before its first row
	days      *Clusters  // nil where days are not known
}

var _ groundtruth.Sink = (*ProfileBuilder)(nil)

// NewProfileBuilder returns a ProfileBuilder that counts on a layout. Segments are the names of
// Spec.Segments, in that order, and quantiles the orders of Matches.Quantiles. Without a
// partition there are neither strata nor days.
func NewProfileBuilder(layout *Layout, partition *Partition, segments []string, quantiles []float64) *ProfileBuilder {
	b := &ProfileBuilder{layout: layout, partition: partition, segments: segments, strata: make([]*Builder, 1)}
	b.opts.Quantiles = quantiles
	if partition != nil {
		b.opts.Calendar = partition.calendar
		b.days = newDays(layout, partition.calendar)
		b.days.orders = quantiles
		b.strata = make([]*Builder, max(1, partition.kind.count()))
	}
	return b
}

// stratum returns the Builder of a stratum.
func (b *ProfileBuilder) stratum(i int) *Builder {
	if b.strata[i] == nil {
		b.strata[i] = NewBuilder(b.layout, b.layout.Span(), b.segments, b.opts)
	}
	return b.strata[i]
}

// place returns the Builder of a group and, where days are known, its day. That counts the
// stratum's rows.
func (b *ProfileBuilder) place(group int64) (to *Builder, day int64) {
	if b.partition == nil {
		return b.stratum(0), 0
	}
	day, stratum := b.partition.of(group)
	if g := b.days.group(day); g != nil {
		g.strata |= 1 << stratum
	}
	return b.stratum(stratum), day
}

// AddPredictions implements groundtruth.Sink.
func (b *ProfileBuilder) AddPredictions(batch *groundtruth.Batch) {
	to, day := b.place(batch.Group)
	to.AddPredictions(batch)
	if b.days != nil {
		b.days.addPredictions(day, batch)
	}
}

// AddMatches implements groundtruth.Sink.
func (b *ProfileBuilder) AddMatches(m *groundtruth.Matches) {
	to, day := b.place(m.Group)
	to.AddMatches(m)
	if b.days != nil {
		b.days.addMatches(day, m)
	}
}

// ResetPredictions implements groundtruth.Sink.
func (b *ProfileBuilder) ResetPredictions() {
	for _, s := range b.strata {
		if s != nil {
			s.ResetPredictions()
		}
	}
	if b.days != nil {
		b.days.resetPredictions()
	}
}

// Profile makes the Profile of what builders of one scan were sent, of which there is one at
// least. They must not be used afterwards.
func (b *ProfileBuilder) Profile(others ...*ProfileBuilder) *Profile {
	p := &Profile{Layout: b.layout, partition: b.partition}
	var strata []*part
	for i := range b.strata {
		var parts []*Summary
		for _, o := range append(others[:len(others):len(others)], b) {
			if o.strata[i] != nil {
				parts = append(parts, o.strata[i].Summary())
			}
		}
		if len(parts) == 0 {
			parts = append(parts, b.stratum(i).Summary())
		}
		s := mergedStrata(parts)
		p.Rows += s.Predictions()
		strata = append(strata, newPart(s))
	}
	if b.days != nil {
		for _, o := range others {
			b.days.mergeFrom(o.days)
		}
		b.days.seal()
	}
	p.setStrata(strata, b.days)
	return p
}
