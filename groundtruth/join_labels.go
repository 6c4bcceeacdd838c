package groundtruth

import (
	"context"
	"strings"
)

// labelScan reads label objects.
type labelScan struct {
	j                            *joiner
	wants                        wantList
	id, label, event, ingest, op int
	asOf                         int64
}

// labelWorker is what one goroutine of a labelScan keeps.
type labelWorker struct {
	*labelScan
	scanWorker
	parts  *partitions
	hidden int64
	narrow bool // a label that was taken is of a column of 32 bits
}

// newLabelScan prepares to read the labels.
func newLabelScan(j *joiner) *labelScan {
	c := j.spec.LabelColumns
	s := &labelScan{j: j, asOf: nanos(j.asOf)}
	s.id = s.wants.add(c.ID, wantID, false)
	s.label = s.wants.add(c.Label, wantNumber, false)
	s.event = s.wants.add(c.Timestamp, wantTime, false)
	s.ingest = s.wants.add(c.IngestedAt, wantTime, false)
	s.op = s.wants.add(c.Op, wantText, false)
	return s
}

// run reads all objects into the partitions and returns how many label versions
// as-of hides.
func (s *labelScan) run(ctx context.Context) (scanned, int64, error) {
	j := s.j
	workers := make([]*scanWorker, j.workers)
	own := make([]*labelWorker, j.workers)
	for i := range own {
		own[i] = &labelWorker{labelScan: s, parts: j.parts.of[i]}
		workers[i] = &own[i].scanWorker
	}
	objects := j.labels.objects
	scan := objectScan{
		objects: objects, format: j.spec.Labels.Format, workers: j.workers, wants: s.wants.wants,
		read: func(ctx context.Context, worker int, p *part) (readStats, error) {
			w := own[worker]
			return w.read(ctx, p, s.wants.wants, readOptions{memory: j.readerMemory()}, false, func(c *chunk) error { return w.take(c, p.object.ord) })
		},
		progress: j.progress.read,
	}
	read, err := scan.run(ctx)
	var hidden int64
	for _, w := range own {
		hidden += w.hidden
		j.narrowLabels = j.narrowLabels || w.narrow
	}
	return collect(workers, read, fromLabels, objects, s.wants.wants), hidden, err
}

// take handles a chunk.
func (w *labelWorker) take(c *chunk, ord int) error {
	if c.n > 0 {
		if err := w.j.layout.checkRow(c.row(c.n - 1)); err != nil {
			return err
		}
	}
	ids, layout := c.column(w.id), w.j.layout
	if w.allGood(c, ord) {
		w.takeAll(c, ord)
		return w.parts.err
	}
	for i := range c.n {
		l, ok := w.version(c, ord, i)
		if !ok {
			continue
		}
		h := ids.hashes[i]
		w.narrow = w.narrow || c.column(w.label).narrow
		layout.putLabel(w.parts.room(labelRecords, w.parts.partOf(h)), h, l)
	}
	return w.parts.err
}

// allGood reports whether all rows of a chunk are known labels that as-of does not
// hide, as they are in nearly every chunk.
func (w *labelWorker) allGood(c *chunk, ord int) bool {
	if w.op >= 0 || !allTrue(c.column(w.id).valid[:c.n]) || !allTrue(c.column(w.label).valid[:c.n]) {
		return false
	}
	if w.event >= 0 && !allTrue(c.column(w.event).valid[:c.n]) {
		return false
	}
	if w.ingest < 0 {
		return !w.folderHidden(&w.j.labels.objects[ord])
	}
	ingest := c.column(w.ingest)
	if !allTrue(ingest.valid[:c.n]) {
		return false
	}
	for _, t := range ingest.times[:c.n] {
		if t > w.asOf {
			return false
		}
	}
	return true
}

// folderHidden reports whether as-of hides an object's labels by its partition, as it
// serves where no ingest time is mapped. What a partition that was not over at a moment
// of the past held then is not known; that of now holds what there is.
func (s *labelScan) folderHidden(o *object) bool {
	if s.ingest >= 0 || !o.hasSpan {
		return false
	}
	from := o.span.Start
	if s.j.opt.Past {
		from = o.span.End
	}
	return nanos(from) > s.asOf
}

// takeAll handles a chunk whose rows are all good.
func (w *labelWorker) takeAll(c *chunk, ord int) {
	ids, label, layout := c.column(w.id), c.column(w.label), w.j.layout
	w.narrow = w.narrow || label.narrow
	var l labelVersion
	if o := &w.j.labels.objects[ord]; w.ingest < 0 && o.hasSpan {
		l.ingest = nanos(o.span.End)
	}
	events, ingests := c.column(w.event).times, c.column(w.ingest).times
	for i := range c.n {
		if w.event >= 0 {
			l.event, l.flags = events[i], labelTimed
		}
		if w.ingest >= 0 {
			l.ingest = ingests[i]
		}
		l.value, l.place = label.floats[i], layout.placeOf(ord, c.row(i))
		h := ids.hashes[i]
		layout.putLabel(w.parts.room(labelRecords, w.parts.partOf(h)), h, l)
	}
	w.scope += int64(c.n)
}

// version reads row i as a label version. What as-of hides is not looked at further,
// so that a re-run with the same as-of finds the same bad records.
func (w *labelWorker) version(c *chunk, ord, i int) (labelVersion, bool) {
	skip := func(reason, text string) (labelVersion, bool) {
		w.scope++
		w.lost++
		w.bad.add(reason, badRecord{ord, c.row(i), text})
		return labelVersion{}, false
	}
	l := labelVersion{place: w.j.layout.placeOf(ord, c.row(i))}
	switch o := &w.j.labels.objects[ord]; {
	case w.ingest >= 0:
		ingest := c.column(w.ingest)
		if !ingest.valid[i] {
			if text, bad := ingest.invalidText(i); bad {
				return skip(BadTime, text)
			}
			return skip(MissingValue, "")
		}
		l.ingest = ingest.times[i]
	case o.hasSpan:
		l.ingest = nanos(o.span.End)
	}
	if w.ingest >= 0 && l.ingest > w.asOf || w.folderHidden(&w.j.labels.objects[ord]) {
		w.hidden++
		return labelVersion{}, false
	}
	if ids := c.column(w.id); !ids.valid[i] {
		text, _ := ids.invalidText(i)
		return skip(MissingID, text)
	}
	if w.event >= 0 {
		event := c.column(w.event)
		if text, bad := event.invalidText(i); bad {
			return skip(BadTime, text)
		}
		if event.valid[i] {
			l.event = event.times[i]
			l.flags |= labelTimed
		}
	}
	if w.op >= 0 && isDelete(c.column(w.op).text(i)) {
		// A delete's label says nothing, so it cannot be bad either.
		l.flags |= labelDeleted
		w.scope++
		return l, true
	}
	label := c.column(w.label)
	switch {
	case label.valid[i]:
		l.value = label.floats[i]
	default:
		if text, bad := label.badNumber(i); bad {
			return skip(BadNumber, text)
		}
		l.flags |= labelNull
	}
	w.scope++
	return l, true
}

// isDelete reports whether an operation is a delete: d or delete, as change-data
// capture writes them, in any case. Every other operation sets the label.
func isDelete(op string) bool {
	return strings.EqualFold(op, "d") || strings.EqualFold(op, "delete")
}
