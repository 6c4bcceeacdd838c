package join

import (
	"context"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// rowColumns says which of the wants each column of a prediction is; -1 is one that is
// not mapped. The scans of predictions and of the reference have one each.
type rowColumns struct {
	wantList
	id                   idColumns
	values               valueColumns
	time, version, label int
	entity               int
	segments, features   []int
}

// batcher makes the batches that a worker sends to its sink of the rows that it keeps.
type batcher struct {
	features    []groundtruth.FeatureSpec
	cols        *rowColumns
	values      *rowValues
	versionName string
	out         groundtruth.Batch
	sender      table.ValueSender
	floats      []float64
	times       []int64
	picked      pickedRows
}

// newBatcher returns a batcher for the columns, of which that of the model's version has a name.
// What was predicted is what values has read.
func newBatcher(spec *groundtruth.Spec, cols *rowColumns, values *rowValues, version string) *batcher {
	return &batcher{features: spec.Features, cols: cols, values: values, versionName: version, out: groundtruth.Batch{Features: make([]groundtruth.Values, 0, 1)}}
}

// send sends the rows sel of a chunk, first the predictions, then feature by feature;
// nil is all. Those sampled are numbered among sel.
func (b *batcher) send(c *table.Chunk, sel []int32, sampled []groundtruth.SampledRow, sink groundtruth.Sink) {
	rows := b.sendRows(c, sel, sampled, sink)
	for f, spec := range b.features {
		b.sender.Send(c, b.cols.features[f], sel, func(v *groundtruth.Values) { b.sendFeature(spec.Name, v, sink) })
		if c.Column(b.cols.features[f]).Kind == table.Absent {
			// Told once, so that a sink without a layout knows of the column.
			b.sendFeature(spec.Name, &groundtruth.Values{Rows: rows}, sink)
		}
	}
}

// sendRows sends the rows sel of a chunk without their features, and returns how many they are.
func (b *batcher) sendRows(c *table.Chunk, sel []int32, sampled []groundtruth.SampledRow, sink groundtruth.Sink) int {
	o := &b.out
	b.rows(c, sel)
	o.Sampled = sampled
	version := c.Column(b.cols.version)
	o.Version = groundtruth.Values{Name: b.versionName, Rows: o.Len}
	if version.Kind == table.Text {
		// An empty text is no version, in CSV as in formats that can tell the two apart.
		b.sender.CountTexts(version, sel, true)
		o.Version.Kind, o.Version.Texts, o.Version.Counts = groundtruth.Text, b.sender.Texts, b.sender.TextCounts
	}
	o.Features = o.Features[:0]
	rows := o.Len
	sink.AddPredictions(o)
	o.Len, o.Times, o.Predictions, o.Classifier, o.Version, o.Sampled = 0, nil, nil, groundtruth.Classifier{}, groundtruth.Values{}, nil
	return rows
}

// sendFeature sends values of a feature.
func (b *batcher) sendFeature(name string, v *groundtruth.Values, sink groundtruth.Sink) {
	v.Name = name
	b.out.Features = append(b.out.Features[:0], *v)
	sink.AddPredictions(&b.out)
}

// rows sets what a batch has of the rows sel themselves.
func (b *batcher) rows(c *table.Chunk, sel []int32) {
	o := &b.out
	o.Len = c.Len
	if sel != nil {
		o.Len = len(sel)
	}
	time := c.Column(b.cols.time)
	o.HasTime = time.Kind == table.Time
	if o.HasTime {
		o.Times = pick(&b.times, time.Times, sel, c.Len)
	} else {
		o.Times = zeroed(b.times, o.Len)
		b.times = o.Times
	}
	if v := b.values; v.predictions != nil {
		o.Predictions, o.Narrow = pick(&b.floats, v.predictions, sel, c.Len), v.narrow
	}
	o.Classifier = b.picked.classifier(&b.values.Classifier, sel, c.Len)
}

// pick returns the rows sel of the n values, without a copy when all are kept.
func pick[T any](scratch *[]T, values []T, sel []int32, n int) []T {
	if sel == nil {
		return values[:n]
	}
	s := table.Resize(*scratch, len(sel))
	for k, i := range sel {
		s[k] = values[i]
	}
	*scratch = s
	return s
}

// predictionScan reads the prediction objects, a second time where there were duplicates.
type predictionScan struct {
	j          *joiner
	cols       rowColumns
	start, end int64
	read       table.ReadOptions
	rowsOf     []int64    // records of each object, as the first pass met them
	met        metClasses // what the first pass met, where classes are texts of two classes
	// bar is of the ids of the window's good rows, duplicates among them: of each id
	// one row at least is none.
	bar   *table.Bar
	least []*leastIDs // what the goroutines of the first pass found
	// outside is what the first pass met outside of the window.
	outside outside
}

// predictionWorker takes chunks for one goroutine of a predictionScan: it sends batches
// to its sink and puts records into its partitions.
type predictionWorker struct {
	*predictionScan
	scanWorker
	sink     groundtruth.Sink
	parts    *partitions
	batch    *batcher
	values   *rowValues
	met      metClasses
	sel      []int32 // rows kept of the chunk; nil is all
	kept     []int32 // memory of sel
	outside  outside
	least    leastIDs
	sampled  []groundtruth.SampledRow // of sel
	version  translator
	segments []translator
	codes    [][]uint32 // of the kept rows: version first, then the segments
	segment  []uint32   // codes of one row's segments
	groups   rowGroups  // of the kept rows' entities
}

// newPredictionScan prepares to read the predictions.
func newPredictionScan(j *joiner) *predictionScan {
	s := &predictionScan{j: j, start: nanos(j.window.Start), end: nanos(j.window.End)}
	p := j.spec.PredictionColumns
	s.bar = table.NewBar()
	s.cols.id = idColumns{s.cols.addID(p.ID, false, s.bar), s.bar}
	s.cols.time = s.cols.add(p.Timestamp, table.AsTime, false)
	s.cols.values = s.cols.addValues(&j.spec, &p, j.classes)
	s.cols.version = s.cols.add(p.ModelVersion, table.AsText, false)
	s.cols.label = -1
	s.cols.entity = s.cols.add(p.Entity, table.AsID, false)
	for _, name := range j.segmentNames {
		s.cols.segments = append(s.cols.segments, s.cols.add(name, table.AsText, true))
	}
	s.cols.features = addFeatures(&s.cols.wantList, j.spec.Features)
	s.read = table.ReadOptions{TimeColumn: p.Timestamp, From: j.window.Start, To: j.window.End, Memory: j.readerMemory()}
	s.rowsOf = make([]int64, len(j.preds.Objects))
	return s
}

// addFeatures adds the feature columns to the wants.
func addFeatures(l *wantList, features []groundtruth.FeatureSpec) []int {
	at := make([]int, len(features))
	for i, f := range features {
		kind := table.AsNumber
		if f.Kind == groundtruth.Text {
			kind = table.AsText
		}
		at[i] = l.addWant(table.Want{Name: f.Name, As: kind, Optional: true, Lazy: true})
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
		values, err := newRowValues(&s.cols.values, &j.spec, &j.spec.PredictionColumns, j.classes)
		if err != nil {
			return scanned{}, err
		}
		w := &predictionWorker{predictionScan: s, sink: j.sinks[i], values: values, batch: newBatcher(&j.spec, &s.cols, values, j.spec.PredictionColumns.ModelVersion), outside: noneOutside(), least: j.leastIDs(s.bar),
			version: translator{dict: j.versions}, codes: make([][]uint32, 1+len(j.segments)), segment: make([]uint32, len(j.segments))}
		for _, d := range j.segments {
			w.segments = append(w.segments, translator{dict: d})
		}
		if losers == nil {
			w.parts = j.parts.of[i]
			s.least = append(s.least, &w.least)
		}
		own[i], workers[i] = w, &w.scanWorker
	}
	objects := j.preds.Objects
	scan := format.Scan{
		Objects: objects, Format: j.spec.Predictions.Format, Workers: j.workers, Wants: s.cols.wants, Opt: s.read,
		Read: func(ctx context.Context, worker int, p *format.Part) (table.ReadStats, error) {
			w, ord := own[worker], p.Object.Ord
			w.version.reset()
			w.values.reset()
			w.met.reset()
			for k := range w.segments {
				w.segments[k].reset()
			}
			return w.scanWorker.read(ctx, p, s.cols.wants, s.cols.id, s.read, losers != nil, func(c *table.Chunk) error {
				if c.Len == 0 {
					return nil
				}
				if err := w.values.read(c); err != nil {
					return err
				}
				if losers != nil {
					w.resend(c, ord, &losers[ord])
					return nil
				}
				return w.take(c, ord)
			})
		},
		Progress: j.progress.read,
		Done: func(ord int, stats table.ReadStats) error {
			if losers == nil {
				s.rowsOf[ord] = stats.Rows
			} else if s.rowsOf[ord] != stats.Rows {
				return changedError(objects[ord], fmt.Sprintf("it had %d records and now has %d", s.rowsOf[ord], stats.Rows))
			}
			return nil
		},
	}
	read, err := scan.Run(ctx)
	if losers == nil {
		s.outside = noneOutside()
		for _, w := range own {
			s.outside.merge(&w.outside)
			s.met.merge(&w.met)
		}
	}
	return collect(workers, read, fromPredictions, objects, s.cols.wants), err
}

// changedError says that an object changed while it was read.
func changedError(o source.Object, how string) error {
	return fmt.Errorf("prediction object %s changed while it was read: %s; run again when it is no longer written", o.URL, how)
}

// choose sets sel to the rows of the window that are good predictions and reports
// whether there are any; nil is all rows of the chunk. Rows of other windows are
// nobody's concern: they are not checked further.
func (w *predictionWorker) choose(c *table.Chunk, ord int, quiet bool) bool {
	times, ids, values := c.Column(w.cols.time), w.ids, w.values
	if w.allGood(c, times, ids) {
		w.scope += int64(c.Len)
		w.sel = nil
		return c.Len > 0
	}
	w.sel = slices.Grow(w.kept[:0], c.Len)
	w.outside.begin(ord, &w.j.preds.Objects[ord], w.j.spec.Predictions.Slack)
	names := &w.j.spec.PredictionColumns
	skip := func(i int, reason, column, text string, placed bool) {
		if quiet {
			return
		}
		w.bad.add(reason, badRecord{ord, c.Row(i), column, text})
		if placed {
			w.lost++
		}
	}
	for i := range c.Len {
		if w.cols.time >= 0 {
			if !times.Valid[i] {
				if text, bad := times.InvalidText(i); bad {
					skip(i, groundtruth.BadTime, names.Timestamp, text, false)
				} else {
					skip(i, groundtruth.MissingValue, names.Timestamp, "", false)
				}
				continue
			}
			if t := times.Times[i]; t < w.start || t >= w.end {
				w.outside.add(t)
				continue
			}
		}
		w.scope++
		if !ids.Valid[i] {
			column, text := missingID(c, w.cols.id, w.cols.wants, i)
			skip(i, groundtruth.MissingID, column, text, true)
			continue
		}
		if !values.valid[i] {
			reason, column, text := values.bad(c, i)
			skip(i, reason, column, text, true)
			continue
		}
		w.sel = append(w.sel, int32(i))
	}
	w.kept = w.sel
	return len(w.sel) > 0
}

// allGood reports whether all rows of a chunk are good predictions of the window, as
// they are in nearly every chunk.
func (w *predictionWorker) allGood(c *table.Chunk, times, ids *table.Column) bool {
	if !allTrue(ids.Valid[:c.Len]) || !allTrue(w.values.valid[:c.Len]) {
		return false
	}
	if w.cols.time < 0 {
		return true
	}
	if !allTrue(times.Valid[:c.Len]) {
		return false
	}
	first, last := times.Times[0], times.Times[0]
	for _, t := range times.Times[:c.Len] {
		first, last = min(first, t), max(last, t)
	}
	return first >= w.start && last < w.end
}

func allTrue(bs []bool) bool {
	for _, b := range bs {
		if !b {
			return false
		}
	}
	return true
}

// take handles a chunk of the first pass.
func (w *predictionWorker) take(c *table.Chunk, ord int) error {
	if !w.choose(c, ord, false) {
		return nil
	}
	if err := w.j.layout.checkRow(c.Row(c.Len - 1)); err != nil {
		return err
	}
	if err := w.translate(c, 0, &w.version, c.Column(w.cols.version)); err != nil {
		return err
	}
	for k := range w.segments {
		if err := w.translate(c, k+1, &w.segments[k], c.Column(w.cols.segments[k])); err != nil {
			return err
		}
	}
	w.scatter(c, ord)
	if w.parts.err != nil {
		return w.parts.err
	}
	w.meet(c)
	w.sample(c)
	w.send(c)
	return nil
}

// meet counts the classes of the kept rows, where they are texts of two classes.
func (w *predictionWorker) meet(c *table.Chunk) {
	v := w.values
	if v.class < 0 || v.classes.byNumber || v.classes.task != groundtruth.Binary {
		return
	}
	w.listRows(c)
	for _, i := range w.sel {
		w.met.add(&v.classOf, c.Column(v.class), int(i))
	}
}

// send sends the kept rows.
func (w *predictionWorker) send(c *table.Chunk) {
	if w.cols.entity >= 0 {
		w.sendEntities(c)
	} else {
		w.batch.send(c, w.sel, w.sampled, w.sink)
	}
}

// listRows sets sel to the rows that it stands for where it is nil.
func (w *predictionWorker) listRows(c *table.Chunk) {
	if w.sel != nil {
		return
	}
	w.sel = slices.Grow(w.kept[:0], c.Len)
	for i := range c.Len {
		w.sel = append(w.sel, int32(i))
	}
	w.kept = w.sel
}

// sample finds the sampled rows among the kept ones.
func (w *predictionWorker) sample(c *table.Chunk) {
	ids := w.ids
	w.sampled = w.sampled[:0]
	numbers := rowNumbers{sel: w.sel}
	for _, r := range ids.Sampled {
		if w.least.over(r.Hash) {
			continue
		}
		if at, ok := numbers.next(r.Row); ok && w.least.add(ids.Hashes[r.Row], r.Hash) {
			w.sampled = append(w.sampled, groundtruth.SampledRow{Row: at, Hash: r.Hash})
		}
	}
}

// scatter deals the kept rows to the partitions.
func (w *predictionWorker) scatter(c *table.Chunk, ord int) {
	ids, times, values := w.ids, c.Column(w.cols.time), w.values
	layout := w.j.layout
	further := layout.positiveAt > 0 || layout.numbers > 0
	n := len(w.codes[0])
	for k := range n {
		i := k
		if w.sel != nil {
			i = int(w.sel[k])
		}
		p := prediction{value: values.mainOf(i), place: layout.placeOf(ord, c.Row(i)), version: w.codes[0][k]}
		if w.cols.time >= 0 {
			p.time = times.Times[i]
		}
		for s := range w.segment {
			w.segment[s] = w.codes[s+1][k]
		}
		h := ids.Hashes[i]
		group := uint8(0)
		if layout.groupAt > 0 {
			group = uint8(w.entityOf(c, int32(i)))
		}
		rec := w.parts.room(predictionRecords, w.parts.partOf(h))
		layout.putPrediction(rec, h, p, w.segment, group)
		if further {
			layout.putFurther(rec, values, i)
		}
	}
}

// translate looks up the codes of the kept rows of a text column.
func (w *predictionWorker) translate(c *table.Chunk, k int, t *translator, col *table.Column) error {
	n := c.Len
	if w.sel != nil {
		n = len(w.sel)
	}
	w.codes[k] = table.Resize(w.codes[k], n)
	if w.sel == nil {
		return t.all(col, w.codes[k])
	}
	for at, i := range w.sel {
		code, err := t.code(col, int(i))
		if err != nil {
			return err
		}
		w.codes[k][at] = code
	}
	return nil
}

// resend handles a chunk of the second pass.
func (w *predictionWorker) resend(c *table.Chunk, ord int, losers *rowSet) {
	if !w.choose(c, ord, true) {
		return
	}
	w.listRows(c)
	w.sel = slices.DeleteFunc(w.sel, func(i int32) bool { return losers.has(c.Row(int(i))) })
	if len(w.sel) > 0 {
		w.sample(c)
		w.send(c)
	}
}
