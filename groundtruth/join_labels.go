package groundtruth

import (
	"context"
	"strings"

	"github.com/zeebo/xxh3"
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
	hidden   int64
	hashes   []xxh3.Uint128
	versions []labelVersion
	scatter  scatter
}

// newLabelScan prepares to read the labels.
func newLabelScan(j *joiner) *labelScan {
	c := j.spec.LabelColumns
	s := &labelScan{j: j, asOf: nanos(j.asOf)}
	s.id = s.wants.add(c.ID, wantText, false)
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
		own[i] = &labelWorker{labelScan: s}
		workers[i] = &own[i].scanWorker
	}
	objects := j.labels.objects
	err := scanObjects(ctx, objects, j.workers, func(ctx context.Context, worker, ord int, stop func() bool) error {
		w := own[worker]
		_, err := w.read(ctx, objects, ord, j.spec.Labels.Format, s.wants.wants, readOptions{}, false, stop, func(c *chunk) error {
			return w.take(c, ord)
		})
		if err != nil {
			return err
		}
		j.progress.add(objects[ord].Size, 0)
		return nil
	})
	var hidden int64
	for _, w := range own {
		hidden += w.hidden
	}
	return collect(workers, fromLabels, objects, s.wants.wants), hidden, err
}

// take handles a chunk.
func (w *labelWorker) take(c *chunk, ord int) error {
	w.hashes, w.versions = w.hashes[:0], w.versions[:0]
	ids := c.column(w.id)
	for i := range c.n {
		l, ok := w.version(c, ord, i)
		if !ok {
			continue
		}
		w.hashes = append(w.hashes, xxh3.HashString128(ids.text(i)))
		w.versions = append(w.versions, l)
	}
	return w.scatter.run(w.j.parts, labelRecords, w.hashes, func(k int, rec []byte) { w.versions[k].put(rec) })
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
	l := labelVersion{row: c.row(i), object: uint32(ord)}
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
		l.ingest = nanos(o.span.Start)
	}
	if (w.ingest >= 0 || w.j.labels.objects[ord].hasSpan) && l.ingest > w.asOf {
		w.hidden++
		return labelVersion{}, false
	}
	if ids := c.column(w.id); ids.text(i) == "" {
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
