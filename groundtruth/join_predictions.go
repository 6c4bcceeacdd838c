package groundtruth

import (
	"context"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// rowColumns are the places of a prediction's columns among the wants; -1 is not
// mapped.
type rowColumns struct {
	wantList
	id, time, value, version, label int
	segments, features              []int
}

// batcher makes batches of the rows that a chunk keeps. It is one goroutine's.
type batcher struct {
	spec   *Spec
	cols   *rowColumns
	out    Batch
	floats [][]float64
	codes  [][]uint32
	valid  [][]bool
}

// newBatcher returns a batcher for the columns.
func newBatcher(spec *Spec, cols *rowColumns) *batcher {
	n := len(spec.Features) + 1 // and the version
	return &batcher{spec: spec, cols: cols,
		out:    Batch{Features: make([]Column, len(spec.Features))},
		floats: make([][]float64, n+1), codes: make([][]uint32, n), valid: make([][]bool, n)}
}

// batch returns the rows sel of a chunk, in the chunk's memory where all are kept.
func (b *batcher) batch(c *chunk, sel []int) *Batch {
	o := &b.out
	o.Len = len(sel)
	time := c.column(b.cols.time)
	o.HasTime = time.kind == cellTime
	o.Times = slices.Grow(o.Times[:0], len(sel))[:len(sel)]
	clear(o.Times)
	if o.HasTime {
		for k, i := range sel {
			o.Times[k] = time.times[i]
		}
	}
	last := len(b.spec.Features)
	o.Predictions = pick(&b.floats[last+1], c.column(b.cols.value).floats, sel, c.n)
	o.Version = b.column(b.spec.PredictionColumns.ModelVersion, last, c.column(b.cols.version), sel, c.n)
	b.dropEmpty(&o.Version, last)
	for f, spec := range b.spec.Features {
		o.Features[f] = b.column(spec.Name, f, c.column(b.cols.features[f]), sel, c.n)
	}
	return o
}

// dropEmpty makes empty texts missing values, in the k-th scratch: an empty version
// or segment is none, in CSV as in formats that can tell the two apart.
func (b *batcher) dropEmpty(c *Column, k int) {
	if c.Kind != Text || !slices.Contains(c.Dict, "") {
		return
	}
	valid := b.valid[k][:0]
	for i, code := range c.Codes {
		valid = append(valid, c.Valid[i] && c.Dict[code] != "")
	}
	c.Valid, b.valid[k] = valid, valid
}

// column picks the rows of a column, into the k-th scratch.
func (b *batcher) column(name string, k int, c *chunkColumn, sel []int, n int) Column {
	out := Column{Name: name}
	switch c.kind {
	case cellNumber:
		out.Kind = Number
		out.Floats = pick(&b.floats[k], c.floats, sel, n)
	case cellText:
		out.Kind = Text
		out.Codes, out.Dict = pick(&b.codes[k], c.codes, sel, n), c.dict
	default:
		return out
	}
	out.Valid = pick(&b.valid[k], c.valid, sel, n)
	at := 0
	for _, cell := range c.invalid {
		for at < len(sel) && sel[at] < cell.i {
			at++
		}
		if at < len(sel) && sel[at] == cell.i {
			out.Invalid++
		}
	}
	return out
}

// pick returns the rows sel of the n values, without a copy when all are kept.
func pick[T any](scratch *[]T, values []T, sel []int, n int) []T {
	if len(sel) == n {
		return values
	}
	s := slices.Grow((*scratch)[:0], len(sel))[:len(sel)]
	for k, i := range sel {
		s[k] = values[i]
	}
	*scratch = s
	return s
}

// predictionScan reads prediction objects.
type predictionScan struct {
	j          *joiner
	cols       rowColumns
	start, end int64
	read       readOptions
	rowsOf     []int64 // records of each object, as the first pass met them
}

// predictionWorker is what one goroutine of a predictionScan keeps.
type predictionWorker struct {
	*predictionScan
	scanWorker
	sink     Sink
	batch    *batcher
	sel      []int
	hashes   []xxh3.Uint128
	version  translator
	segments []translator
	codes    [][]uint32 // of the kept rows: version first, then the segments
	scatter  scatter
}

// newPredictionScan prepares to read the predictions.
func newPredictionScan(j *joiner) *predictionScan {
	s := &predictionScan{j: j, start: nanos(j.window.Start), end: nanos(j.window.End)}
	p := j.spec.PredictionColumns
	s.cols.id = s.cols.add(p.ID, wantText, false)
	s.cols.time = s.cols.add(p.Timestamp, wantTime, false)
	s.cols.value = s.cols.add(p.Prediction, wantNumber, false)
	s.cols.version = s.cols.add(p.ModelVersion, wantText, false)
	s.cols.label = -1
	for _, name := range j.segmentNames {
		s.cols.segments = append(s.cols.segments, s.cols.add(name, wantText, true))
	}
	s.cols.features = addFeatures(&s.cols.wantList, j.spec.Features)
	s.read = readOptions{timeColumn: p.Timestamp, from: j.window.Start, to: j.window.End}
	s.rowsOf = make([]int64, len(j.preds.objects))
	return s
}

// addFeatures adds the feature columns to the wants.
func addFeatures(l *wantList, features []FeatureSpec) []int {
	at := make([]int, len(features))
	for i, f := range features {
		kind := wantNumber
		if f.Kind == Text {
			kind = wantText
		}
		at[i] = l.add(f.Name, kind, true)
	}
	return at
}

// run reads all objects. With losers nil it fills the partitions and sends every row
// to the sinks, in the hope that none is a duplicate; else it sends the rows that
// are not among them.
func (s *predictionScan) run(ctx context.Context, losers []rowSet) (scanned, error) {
	j := s.j
	workers := make([]*scanWorker, j.workers)
	own := make([]*predictionWorker, j.workers)
	for i := range own {
		w := &predictionWorker{predictionScan: s, sink: j.sinks[i], batch: newBatcher(&j.spec, &s.cols),
			version: translator{dict: j.versions}, codes: make([][]uint32, 1+len(j.segments))}
		for _, d := range j.segments {
			w.segments = append(w.segments, translator{dict: d})
		}
		own[i], workers[i] = w, &w.scanWorker
	}
	objects := j.preds.objects
	err := scanObjects(ctx, objects, j.workers, func(ctx context.Context, worker, ord int, stop func() bool) error {
		w := own[worker]
		w.version.reset()
		for k := range w.segments {
			w.segments[k].reset()
		}
		stats, err := w.scanWorker.read(ctx, objects, ord, j.spec.Predictions.Format, s.cols.wants, s.read, losers != nil, stop, func(c *chunk) error {
			if losers != nil {
				return w.resend(c, ord, &losers[ord])
			}
			return w.take(c, ord)
		})
		if err != nil {
			return err
		}
		if losers == nil {
			s.rowsOf[ord] = stats.rows
		} else if s.rowsOf[ord] != stats.rows {
			return changedError(objects[ord], fmt.Sprintf("it had %d records and now has %d", s.rowsOf[ord], stats.rows))
		}
		j.progress.add(objects[ord].Size, 0)
		return nil
	})
	return collect(workers, fromPredictions, objects, s.cols.wants), err
}

// changedError says that an object changed while it was read.
func changedError(o object, how string) error {
	return fmt.Errorf("prediction object %s changed while it was read: %s; run again when it is no longer written", o.url, how)
}

// choose sets sel to the rows of the window that are good predictions. Rows of other
// windows are nobody's concern: they are not checked further.
func (w *predictionWorker) choose(c *chunk, ord int, quiet bool) {
	w.sel = w.sel[:0]
	times, ids, values := c.column(w.cols.time), c.column(w.cols.id), c.column(w.cols.value)
	skip := func(i int, reason, text string, placed bool) {
		if quiet {
			return
		}
		w.bad.add(reason, badRecord{ord, c.row(i), text})
		if placed {
			w.lost++
		}
	}
	for i := range c.n {
		if w.cols.time >= 0 {
			if !times.valid[i] {
				if text, bad := times.invalidText(i); bad {
					skip(i, BadTime, text, false)
				} else {
					skip(i, MissingValue, "", false)
				}
				continue
			}
			if t := times.times[i]; t < w.start || t >= w.end {
				continue
			}
		}
		w.scope++
		if ids.text(i) == "" {
			text, _ := ids.invalidText(i)
			skip(i, MissingID, text, true)
			continue
		}
		if !values.valid[i] {
			if text, bad := values.badNumber(i); bad {
				skip(i, BadNumber, text, true)
			} else {
				skip(i, MissingValue, "", true)
			}
			continue
		}
		w.sel = append(w.sel, i)
	}
}

// take handles a chunk of the first pass.
func (w *predictionWorker) take(c *chunk, ord int) error {
	w.choose(c, ord, false)
	if len(w.sel) == 0 {
		return nil
	}
	ids, times, values := c.column(w.cols.id), c.column(w.cols.time), c.column(w.cols.value)
	w.hashes = w.hashes[:0]
	for _, i := range w.sel {
		w.hashes = append(w.hashes, xxh3.HashString128(ids.text(i)))
	}
	if err := w.translate(0, &w.version, c.column(w.cols.version)); err != nil {
		return err
	}
	for k := range w.segments {
		if err := w.translate(k+1, &w.segments[k], c.column(w.cols.segments[k])); err != nil {
			return err
		}
	}
	err := w.scatter.run(w.j.parts, predictionRecords, w.hashes, func(k int, rec []byte) {
		i := w.sel[k]
		p := prediction{value: values.floats[i], row: c.row(i), object: uint32(ord), version: w.codes[0][k]}
		if w.cols.time >= 0 {
			p.time = times.times[i]
		}
		p.put(rec)
		for s := range w.segments {
			putSegment(rec, s, w.codes[s+1][k])
		}
	})
	if err != nil {
		return err
	}
	w.sink.AddPredictions(w.batch.batch(c, w.sel))
	return nil
}

// translate looks up the codes of the kept rows of a text column.
func (w *predictionWorker) translate(k int, t *translator, c *chunkColumn) error {
	w.codes[k] = w.codes[k][:0]
	for _, i := range w.sel {
		code, err := t.code(c, i)
		if err != nil {
			return err
		}
		w.codes[k] = append(w.codes[k], code)
	}
	return nil
}

// resend handles a chunk of the second pass.
func (w *predictionWorker) resend(c *chunk, ord int, losers *rowSet) error {
	w.choose(c, ord, true)
	w.sel = slices.DeleteFunc(w.sel, func(i int) bool { return losers.has(c.row(i)) })
	if len(w.sel) > 0 {
		w.sink.AddPredictions(w.batch.batch(c, w.sel))
	}
	return nil
}
