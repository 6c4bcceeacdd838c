package groundtruth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// ScanReference reads the rows of spec.Reference, which hold prediction and label
// side by side in the columns of spec.PredictionColumns and spec.LabelColumns.Label,
// and sends them to sinks made by newSink, one for each worker. Every row with a
// prediction is a prediction, and with a label also a match; there is no window and
// no duplicate. Id, timestamp and version columns need not be there.
//
// A row without a prediction, or whose prediction, label or timestamp is there and
// cannot be read, is bad; so is one without a timestamp in an object that has the
// column. What is said of bad records and of order at Join holds here too. Matches
// carry the hash of the id, or of object key and row where there is none.
//
// Coverage counts the rows as predictions, those with a label as labels and matched.
func ScanReference(ctx context.Context, spec Spec, opt JoinOptions, newSink func() Sink) (Result, []Sink, error) {
	if spec.Reference.URL == "" {
		return Result{}, nil, errors.New("scan reference: no url is set")
	}
	j, err := newJoiner(spec, opt, newSink)
	if err != nil {
		return Result{}, nil, err
	}
	res, err := j.reference(ctx)
	if closeErr := j.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return Result{}, nil, err
	}
	return res, j.sinks, nil
}

// referenceScan reads reference objects.
type referenceScan struct {
	j    *joiner
	cols rowColumns
}

// referenceWorker is what one goroutine of a referenceScan keeps.
type referenceWorker struct {
	*referenceScan
	scanWorker
	sink     Sink
	coverage Coverage
	preds    *batcher
	matched  *batcher // its own scratch: a sink gets predictions before matches
	sel      []int
	selMatch []int
	labels   []float64
	hashes   []uint64
	segments []Column
	segData  *batcher
}

// reference does the work of ScanReference.
func (j *joiner) reference(ctx context.Context) (Result, error) {
	res := Result{LabelsRead: true}
	var err error
	src := j.spec.Reference
	if j.preds, err = discover(ctx, src, j.spec.BaseDir, j.window.Start, j.window.End); err != nil {
		return res, fmt.Errorf("find reference: %w", err)
	}
	j.progress.add(0, j.preds.bytes())

	s := &referenceScan{j: j}
	p := j.spec.PredictionColumns
	s.cols.id = s.cols.add(p.ID, wantText, true)
	s.cols.time = s.cols.add(p.Timestamp, wantTime, true)
	s.cols.value = s.cols.add(p.Prediction, wantNumber, false)
	s.cols.version = s.cols.add(p.ModelVersion, wantText, true)
	s.cols.label = s.cols.add(j.spec.LabelColumns.Label, wantNumber, false)
	for _, name := range j.spec.Segments {
		s.cols.segments = append(s.cols.segments, s.cols.add(name, wantText, true))
	}
	s.cols.features = addFeatures(&s.cols.wantList, j.spec.Features)

	own := make([]*referenceWorker, j.workers)
	workers := make([]*scanWorker, j.workers)
	for i := range own {
		own[i] = s.worker(j.sinks[i])
		workers[i] = &own[i].scanWorker
	}
	objects := j.preds.objects
	err = scanObjects(ctx, objects, j.workers, func(ctx context.Context, worker, ord int, stop func() bool) error {
		w := own[worker]
		_, err := w.read(ctx, objects, ord, src.Format, s.cols.wants, readOptions{}, false, stop, func(c *chunk) error {
			w.take(c, ord)
			return nil
		})
		if err != nil {
			return err
		}
		j.progress.add(objects[ord].Size, 0)
		return nil
	})
	if err != nil {
		return res, err
	}
	found := collect(workers, fromReference, objects, s.cols.wants)
	res.add(&found, j.preds)
	skipped, err := found.check(j.spec.MaxBadShare, fromReference, objects)
	if err != nil {
		return res, err
	}
	res.Skipped.add(skipped)
	for _, w := range own {
		res.Coverage.add(w.coverage)
	}
	res.finish()
	return res, nil
}

// worker returns a new goroutine's state.
func (s *referenceScan) worker(sink Sink) *referenceWorker {
	// Segments are picked like features, into scratch of their own.
	segSpec := Spec{Features: make([]FeatureSpec, len(s.j.spec.Segments))}
	for i, name := range s.j.spec.Segments {
		segSpec.Features[i] = FeatureSpec{Name: name, Kind: Text}
	}
	bare := s.j.spec
	bare.Features = nil
	return &referenceWorker{
		referenceScan: s,
		sink:          sink,
		preds:         newBatcher(&s.j.spec, &s.cols),
		matched:       newBatcher(&bare, &s.cols),
		segData:       newBatcher(&segSpec, &s.cols),
		segments:      make([]Column, len(s.j.spec.Segments)),
	}
}

// take handles a chunk.
func (w *referenceWorker) take(c *chunk, ord int) {
	w.choose(c, ord)
	if len(w.sel) == 0 {
		return
	}
	w.coverage.Predictions += int64(len(w.sel))
	w.coverage.Labels += int64(len(w.selMatch))
	w.coverage.Matched += int64(len(w.selMatch))
	w.sink.AddPredictions(w.preds.batch(c, w.sel))
	if len(w.selMatch) == 0 {
		return
	}
	rel := w.j.preds.objects[ord].rel
	ids := c.column(w.cols.id)
	w.hashes = w.hashes[:0]
	for _, i := range w.selMatch {
		if id := ids.text(i); id != "" {
			w.hashes = append(w.hashes, xxh3.HashString128(id).Lo)
			continue
		}
		var row [8]byte
		binary.LittleEndian.PutUint64(row[:], uint64(c.row(i)))
		w.hashes = append(w.hashes, xxh3.Hash(append(row[:], rel...)))
	}
	for k := range w.segments {
		w.segments[k] = w.segData.column(w.j.spec.Segments[k], k, c.column(w.cols.segments[k]), w.selMatch, c.n)
		w.segData.dropEmpty(&w.segments[k], k)
	}
	b := w.matched.batch(c, w.selMatch)
	w.sink.AddMatches(&Matches{
		Len: b.Len, Times: b.Times, HasTime: b.HasTime, IDHashes: w.hashes, Predictions: b.Predictions,
		Labels:  pick(&w.labels, c.column(w.cols.label).floats, w.selMatch, c.n),
		Version: b.Version, Segments: w.segments,
	})
}

// choose sets sel to the good rows and selMatch to those of them with a label.
func (w *referenceWorker) choose(c *chunk, ord int) {
	w.sel, w.selMatch = w.sel[:0], w.selMatch[:0]
	times, values, labels := c.column(w.cols.time), c.column(w.cols.value), c.column(w.cols.label)
	for i := range c.n {
		w.scope++
		if reason, text := badReference(times, values, labels, i); reason != "" {
			w.lost++
			w.bad.add(reason, badRecord{ord, c.row(i), text})
			continue
		}
		w.sel = append(w.sel, i)
		if labels.valid[i] {
			w.selMatch = append(w.selMatch, i)
		}
	}
}

// badReference returns why row i cannot be used, or nothing.
func badReference(times, values, labels *chunkColumn, i int) (reason, text string) {
	if times.kind == cellTime && !times.valid[i] {
		if text, bad := times.invalidText(i); bad {
			return BadTime, text
		}
		return MissingValue, ""
	}
	if !values.valid[i] {
		if text, bad := values.badNumber(i); bad {
			return BadNumber, text
		}
		return MissingValue, ""
	}
	if !labels.valid[i] {
		if text, bad := labels.badNumber(i); bad {
			return BadNumber, text
		}
	}
	return "", ""
}
