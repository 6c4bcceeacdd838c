package join

import (
	"context"
	"math"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// labelScan reads the label objects.
type labelScan struct {
	j                        *joiner
	wants                    wantList
	id                       idColumns
	label, event, ingest, op int
	asOf                     int64
	allUnknown               int64      // label versions that say that the label is not known, once all are read
	met                      metClasses // those of a binary model, once all are read
	read                     table.ReadOptions
}

// labelWorker takes chunks for one goroutine of a labelScan and puts the label versions
// that as-of does not hide into its partitions.
type labelWorker struct {
	*labelScan
	scanWorker
	parts   *partitions
	hidden  int64
	latest  int64 // when the last of the hidden ones came in
	pending int64 // with Spec.Within: neither label nor timestamp
	unknown int64 // label versions that say that the label is not known
	ops     opReader
	values  labelValues
	met     metClasses
	narrow  bool // a label that was taken is of a column of 32 bits
}

// newLabelScan prepares to read the labels.
func newLabelScan(j *joiner) *labelScan {
	c := j.spec.LabelColumns
	s := &labelScan{j: j, asOf: nanos(j.asOf)}
	s.id = idColumns{at: s.wants.addID(c.ID, false, nil)}
	s.label = s.wants.add(c.Label, labelAs(j.classes), false)
	s.event = s.wants.add(c.Timestamp, table.AsTime, false)
	s.ingest = s.wants.add(c.IngestedAt, table.AsTime, false)
	s.op = s.wants.add(c.Op, table.AsText, false)
	s.read = table.ReadOptions{Memory: j.readerMemory()}
	if within := j.spec.Within; within > 0 {
		s.read.TimeColumn, s.read.From, s.read.To = c.Timestamp, j.window.Start, j.window.End.Add(within)
	}
	return s
}

// run reads all objects into the partitions and returns what is counted of labels that do
// not get there.
func (s *labelScan) run(ctx context.Context) (scanned, groundtruth.Coverage, error) {
	j := s.j
	workers := make([]*scanWorker, j.workers)
	own := make([]*labelWorker, j.workers)
	for i := range own {
		own[i] = &labelWorker{labelScan: s, parts: j.parts.of[i], values: newLabelValues(j.classes)}
		workers[i] = &own[i].scanWorker
	}
	objects := j.labels.Objects
	scan := format.Scan{
		Objects: objects, Format: j.spec.Labels.Format, Workers: j.workers, Wants: s.wants.wants,
		Read: func(ctx context.Context, worker int, p *format.Part) (table.ReadStats, error) {
			w := own[worker]
			w.ops.reset()
			w.values.reset()
			w.met.reset()
			return w.scanWorker.read(ctx, p, s.wants.wants, s.id, s.read, false, func(c *table.Chunk) error { return w.take(c, p.Object.Ord) })
		},
		Progress: j.progress.read,
	}
	read, err := scan.Run(ctx)
	var counted groundtruth.Coverage
	var ops opReader
	for _, w := range own {
		counted.HiddenLabels += w.hidden
		j.lastHidden = max(j.lastHidden, w.latest)
		counted.NullLabels += w.pending
		s.allUnknown += w.unknown
		ops.merge(&w.ops)
		j.narrowLabels = j.narrowLabels || w.narrow
		s.met.merge(&w.met)
	}
	if s.allUnknown == 0 {
		for _, w := range own {
			delete(w.unseen, s.label) // deletes need no label
		}
	}
	found := collect(workers, read, fromLabels, objects, s.wants.wants)
	if note := ops.note(j.spec.LabelColumns.Op); note != "" {
		found.notes = append(found.notes, note)
	}
	if k := j.classes; k != nil {
		found.notes = append(found.notes, s.met.labelNotes(j.spec.LabelColumns.Label, k)...)
	}
	return found, counted, err
}

// take handles a chunk.
func (w *labelWorker) take(c *table.Chunk, ord int) error {
	if c.Len == 0 {
		return nil
	}
	if err := w.j.layout.checkRow(c.Row(c.Len - 1)); err != nil {
		return err
	}
	if err := w.values.read(c.Column(w.label), c.Len); err != nil {
		return err
	}
	binary := w.j.spec.Task == groundtruth.Binary
	ids, layout := w.ids, w.j.layout
	if w.allGood(c, ord) {
		w.takeAll(c, ord)
		for i := 0; binary && i < c.Len; i++ {
			w.met.add(&w.values.classOf, c.Column(w.label), i)
		}
		return w.parts.err
	}
	for i := range c.Len {
		l, ok := w.version(c, ord, i)
		if !ok {
			continue
		}
		h := ids.Hashes[i]
		w.narrow = w.narrow || w.values.narrow
		if binary && l.flags&(labelNull|labelDeleted) == 0 {
			w.met.add(&w.values.classOf, c.Column(w.label), i)
		}
		layout.putLabel(w.parts.room(labelRecords, w.parts.partOf(h)), h, l)
	}
	return w.parts.err
}

// allGood reports whether all rows of a chunk are known labels that as-of does not
// hide, as they are in nearly every chunk.
func (w *labelWorker) allGood(c *table.Chunk, ord int) bool {
	if w.op >= 0 || !allTrue(w.ids.Valid[:c.Len]) || !allTrue(w.values.valid[:c.Len]) {
		return false
	}
	if w.event >= 0 && !allTrue(c.Column(w.event).Valid[:c.Len]) {
		return false
	}
	if w.j.spec.Within > 0 {
		for _, t := range c.Column(w.event).Times[:c.Len] {
			if !w.j.layout.reaches(t) {
				return false
			}
		}
	}
	if w.ingest < 0 {
		return !w.folderHidden(&w.j.labels.Objects[ord])
	}
	ingest := c.Column(w.ingest)
	if !allTrue(ingest.Valid[:c.Len]) {
		return false
	}
	for _, t := range ingest.Times[:c.Len] {
		if t > w.asOf {
			return false
		}
	}
	return true
}

// folderHidden reports whether as-of hides an object's labels by its partition, as it
// serves where no ingest time is mapped. What a partition that was not over at a moment
// of the past held then is not known; that of now holds what there is.
func (s *labelScan) folderHidden(o *source.Object) bool {
	if s.ingest >= 0 || !o.HasSpan {
		return false
	}
	from := o.Span.Start
	if s.j.opt.Past {
		from = o.Span.End
	}
	return nanos(from) > s.asOf
}

// takeAll handles a chunk whose rows are all good.
func (w *labelWorker) takeAll(c *table.Chunk, ord int) {
	ids, values, layout := w.ids, w.values.values, w.j.layout
	w.narrow = w.narrow || w.values.narrow
	var l labelVersion
	if o := &w.j.labels.Objects[ord]; w.ingest < 0 && o.HasSpan {
		l.ingest = nanos(o.Span.End)
	}
	events, ingests := c.Column(w.event).Times, c.Column(w.ingest).Times
	for i := range c.Len {
		if w.event >= 0 {
			l.event, l.flags = events[i], labelTimed
		}
		if w.ingest >= 0 {
			l.ingest = ingests[i]
		}
		l.value, l.place = values[i], layout.placeOf(ord, c.Row(i))
		h := ids.Hashes[i]
		layout.putLabel(w.parts.room(labelRecords, w.parts.partOf(h)), h, l)
	}
	w.scope += int64(c.Len)
}

// version reads row i as a label version. What as-of hides is not looked at further,
// so that a re-run with the same as-of finds the same bad records.
func (w *labelWorker) version(c *table.Chunk, ord, i int) (labelVersion, bool) {
	if w.beyondReach(c, i) {
		return labelVersion{}, false
	}
	names := &w.j.spec.LabelColumns
	skip := func(reason, column, text string) (labelVersion, bool) {
		w.scope++
		w.lost++
		w.bad.add(reason, badRecord{ord, c.Row(i), column, text})
		return labelVersion{}, false
	}
	l := labelVersion{place: w.j.layout.placeOf(ord, c.Row(i))}
	switch o := &w.j.labels.Objects[ord]; {
	case w.ingest >= 0:
		ingest := c.Column(w.ingest)
		if !ingest.Valid[i] {
			if text, bad := ingest.InvalidText(i); bad {
				return skip(groundtruth.BadTime, names.IngestedAt, text)
			}
			if !w.emptyLabel(c, i) {
				return skip(groundtruth.MissingValue, names.IngestedAt, "")
			}
			l.ingest, l.flags = math.MinInt64, labelPending
		} else {
			l.ingest = ingest.Times[i]
		}
	case o.HasSpan:
		l.ingest = nanos(o.Span.End)
	}
	if w.ingest >= 0 && l.ingest > w.asOf || w.folderHidden(&w.j.labels.Objects[ord]) {
		w.hidden++
		w.latest = max(w.latest, l.ingest)
		return labelVersion{}, false
	}
	if !w.ids.Valid[i] {
		column, text := missingID(c, w.id, w.wants.wants, i)
		return skip(groundtruth.MissingID, column, text)
	}
	if w.event >= 0 {
		event := c.Column(w.event)
		if text, bad := event.InvalidText(i); bad {
			return skip(groundtruth.BadTime, names.Timestamp, text)
		}
		if event.Valid[i] {
			l.event = event.Times[i]
			l.flags |= labelTimed
		}
	}
	if w.op >= 0 && w.ops.isDelete(c.Column(w.op), i) {
		// A delete's label says nothing, so it cannot be bad either.
		l.flags |= labelDeleted
		w.scope++
		return l, true
	}
	label := c.Column(w.label)
	switch {
	case w.values.valid[i]:
		l.value = w.values.values[i]
	default:
		if reason, text := w.values.bad(label, i); reason != "" {
			return skip(reason, names.Label, text)
		}
		l.flags |= labelNull
		w.unknown++
	}
	if w.j.spec.Within > 0 && l.flags&labelTimed == 0 {
		// Without its timestamp nobody knows which prediction a label is of.
		if l.flags&labelNull == 0 {
			return skip(groundtruth.MissingValue, names.Timestamp, "")
		}
		w.scope++
		w.pending++
		return labelVersion{}, false
	}
	w.scope++
	return l, true
}

// beyondReach reports whether a label is of other windows by its timestamp, where labels
// count within a time. Such labels are nobody's concern, as are predictions of other
// windows.
func (w *labelWorker) beyondReach(c *table.Chunk, i int) bool {
	if w.j.spec.Within == 0 {
		return false
	}
	event := c.Column(w.event)
	return event.Valid[i] && !w.j.layout.reaches(event.Times[i])
}

// emptyLabel reports whether row i sets a label that is not known. A row that has no ingest time
// either is one whose label is pending, as tables have it that hold a row for every prediction.
func (w *labelWorker) emptyLabel(c *table.Chunk, i int) bool {
	if w.values.valid[i] {
		return false
	}
	reason, _ := w.values.bad(c.Column(w.label), i)
	return reason == "" && !(w.op >= 0 && opKindOf(c.Column(w.op).Text(i)) == opDelete)
}
