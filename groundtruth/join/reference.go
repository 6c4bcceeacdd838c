package join

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// ScanReference reads the rows of spec.Reference, which hold prediction and label side by
// side in the columns that spec.ColumnsOfReference names, and sends them to sinks made by
// newSink, one for each worker. Every row with a prediction is a prediction, and with a
// label also a match; there is no window and no duplicate. Id, timestamp and version
// columns need not be there.
//
// Where no column of predictions is named every row counts as a prediction, and the
// sinks are given features and labels only; where none of labels is, there are no matches.
//
// A row without a prediction, where these are named, or whose prediction, label or timestamp is there and
// cannot be read, is bad; so is one without a timestamp in an object that has the
// column. What is said of bad records and of order at Join holds here too.
//
// Coverage counts the rows as predictions, those with a label as labels and matched.
func ScanReference[S groundtruth.Sink](ctx context.Context, stores *objstore.Opener, spec groundtruth.Spec, opt Options, newSink func() S) (groundtruth.Result, []S, error) {
	if spec.Reference.URL == "" {
		return groundtruth.Result{}, nil, errors.New("scan reference: no url is set")
	}
	j, err := newJoiner(stores, spec, opt)
	if err != nil {
		return groundtruth.Result{}, nil, err
	}
	sinks := giveSinks(j, newSink)
	res, err := j.reference(ctx)
	if closeErr := j.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return groundtruth.Result{}, nil, err
	}
	return res, sinks, nil
}

// referenceScan reads the objects of a reference.
type referenceScan struct {
	j     *joiner
	names groundtruth.ReferenceColumns
	cols  rowColumns
	bar   *table.Bar
}

// referenceWorker takes chunks for one goroutine of a referenceScan and sends batches and
// matches to its sink.
type referenceWorker struct {
	*referenceScan
	scanWorker
	sink     groundtruth.Sink
	coverage groundtruth.Coverage
	batch    *batcher
	values   *rowValues
	labels   labelValues
	met      metClasses // of the labels, of a binary model
	sel      []int32    // rows kept
	selMatch []int32    // those of them with a label
	least    leastIDs
	sampled  []groundtruth.SampledRow // of the chunk
	picked   []groundtruth.SampledRow // of the rows that are sent
	rowName  []byte                   // memory of what stands for an id
	columns  matchColumns
	groups   rowGroups
	all      groundtruth.Matches // what was predicted and is true of all rows of the chunk
}

// matchColumns holds the Matches that a worker sends, and the memory of their columns.
type matchColumns struct {
	times               []int64
	predictions, labels []float64
	picked              pickedRows
	labelClass          textRows
	weights             []float64
	version             textRows
	segments            []textRows
	out                 groundtruth.Matches
}

// pickValues sets what was predicted and what is true to those of the rows sel of all, which
// are n.
func (m *matchColumns) pickValues(all *groundtruth.Matches, sel []int32, n int) {
	o := &m.out
	o.Predictions, o.Labels, o.Weights = nil, nil, nil
	if all.Predictions != nil {
		o.Predictions = pick(&m.predictions, all.Predictions, sel, n)
	}
	if all.Labels != nil {
		o.Labels = pick(&m.labels, all.Labels, sel, n)
	}
	o.Classifier = m.picked.classifier(&all.Classifier, sel, n)
	o.LabelClass = m.labelClass.pickRows(&all.LabelClass, sel, n)
	o.Quantiles = m.picked.quantiles.pick(all.Quantiles, sel, n)
	if all.Weights != nil {
		o.Weights = pick(&m.weights, all.Weights, sel, n)
	}
}

// textRows is the memory of a text column of Matches.
type textRows struct {
	codes []uint32
	valid []bool
}

// pick returns the rows sel of a text column; an empty text is missing.
func (t *textRows) pick(name string, c *table.Column, sel []int32) groundtruth.Column {
	out := groundtruth.Column{Name: name}
	if c.Kind != table.Text {
		return out
	}
	t.codes, t.valid = table.Resize(t.codes, len(sel)), table.Resize(t.valid, len(sel))
	for k, i := range sel {
		t.codes[k] = c.Codes[i]
		t.valid[k] = c.Valid[i] && c.Dict[c.Codes[i]] != ""
	}
	out.Kind, out.Codes, out.Dict, out.Valid = groundtruth.Text, t.codes, c.Dict, t.valid
	return out
}

// reference does the work of ScanReference, which has but one step.
func (j *joiner) reference(ctx context.Context) (groundtruth.Result, error) {
	res := groundtruth.Result{LabelsRead: true}
	var err error
	src := j.spec.Reference
	if j.preds, err = source.Discover(ctx, j.stores, src, j.window.Start, j.window.End); err != nil {
		return res, fmt.Errorf("find reference: %w", err)
	}
	j.progress.add(0, j.preds.Bytes())

	j.mem = newMemory(j.processMemory(), j.workers)
	j.classes = newClasses(&j.spec, j.mem, &j.dictBytes)
	s := &referenceScan{j: j, names: j.spec.ColumnsOfReference(), bar: table.NewBar()}
	p := s.names
	s.cols.id = idColumns{s.cols.addID(p.ID, true, s.bar), s.bar}
	s.cols.time = s.cols.add(p.Timestamp, table.AsTime, true)
	s.cols.values = s.cols.addValues(&j.spec, &p.PredictionColumns, j.classes)
	s.cols.version = s.cols.add(p.ModelVersion, table.AsText, true)
	s.cols.label = s.cols.add(p.Label, labelAs(j.classes), false)
	s.cols.entity = -1
	if j.opt.ByEntity {
		s.cols.entity = s.cols.add(p.Entity, table.AsID, true)
	}
	for _, name := range j.spec.Segments {
		s.cols.segments = append(s.cols.segments, s.cols.add(name, table.AsText, true))
	}
	s.cols.features = addFeatures(&s.cols.wantList, j.spec.Features)

	own := make([]*referenceWorker, j.workers)
	workers := make([]*scanWorker, j.workers)
	for i := range own {
		if own[i], err = s.worker(j.sinks[i]); err != nil {
			return res, err
		}
		workers[i] = &own[i].scanWorker
	}
	objects := j.preds.Objects
	scan := format.Scan{
		Objects: objects, Format: src.Format, Workers: j.workers, Wants: s.cols.wants,
		Read: func(ctx context.Context, worker int, p *format.Part) (table.ReadStats, error) {
			w := own[worker]
			w.values.reset()
			w.labels.reset()
			w.met.reset()
			return w.read(ctx, p, s.cols.wants, s.cols.id, table.ReadOptions{Memory: j.readerMemory()}, false, func(c *table.Chunk) error {
				return w.take(c, p.Object.Ord)
			})
		},
		Progress: j.progress.read,
	}
	read, err := scan.Run(ctx)
	if err != nil {
		return res, s.explain(err)
	}
	found := collect(workers, read, fromReference, objects, s.cols.wants)
	addFound(&res, &found, j.preds)
	if err := found.check(&res, j.spec.MaxBadShare, fromReference, objects, s.cols.values.needed()...); err != nil {
		return res, s.explain(err)
	}
	if found.scope >= fewRecords {
		if err := found.demand(s.cols.label); err != nil {
			return res, s.explain(err)
		}
	}
	var met metClasses
	for _, w := range own {
		res.Coverage.Add(w.coverage)
		met.merge(&w.met)
	}
	if k := j.classes; k != nil {
		res.Notes = append(res.Notes, met.labelNotes(s.names.Label, k)...)
	}
	sortLists(&res)
	return res, nil
}

// explain adds to the error of an object that lacks a column that every row needs how the
// configuration says that it has another name there, or is not there.
func (s *referenceScan) explain(err error) error {
	var missing *table.MissingColumnError
	if !errors.As(err, &missing) {
		return err
	}
	var keys, log []string
	there := neededColumns(&s.names.PredictionColumns, s.names.Label)
	mapped := neededColumns(&s.j.spec.PredictionColumns, s.j.spec.LabelColumns.Label)
	for i, c := range there {
		at := slices.IndexFunc(c.columns, func(name string) bool { return name != "" && !slices.Contains(missing.Columns, name) })
		if at < 0 {
			continue
		}
		keys = append(keys, c.write)
		if slices.Contains(mapped[i].columns, c.columns[at]) {
			log = append(log, c.logKey)
		}
	}
	too := ""
	if len(log) > 0 {
		too = "; if the log calls it so too, correct " + strings.Join(log, " and ") + " instead"
	}
	return fmt.Errorf(`%w; write reference: {columns: {%s}}, with the name that it has in the reference, or "" where it has none%s`, err, strings.Join(keys, ", "), too)
}

// neededColumn is what every row of a reference needs: how the reference's columns are named,
// which they are, and the key that names those of the log.
type neededColumn struct {
	write   string
	columns []string
	logKey  string
}

// neededColumns lists what every row needs.
func neededColumns(p *groundtruth.PredictionColumns, label string) []neededColumn {
	out := []neededColumn{
		{"prediction: NAME", []string{p.Prediction}, "predictions.columns.prediction"},
		{"score: NAME", []string{p.Score}, "predictions.columns.score"},
		{"scores: {CLASS: NAME}", nil, "predictions.columns.scores"},
		{"quantiles: [{q: NUMBER, column: NAME}]", nil, "predictions.columns.quantiles"},
		{"weight: NAME", []string{p.Weight}, "predictions.columns.weight"},
		{"label: NAME", []string{label}, "ground_truth.columns.label"},
	}
	for _, s := range p.Scores {
		out[2].columns = append(out[2].columns, s.Column)
	}
	for _, q := range p.Quantiles {
		out[3].columns = append(out[3].columns, q.Column)
	}
	return out
}

// worker returns what takes chunks for one goroutine and sends to sink.
func (s *referenceScan) worker(sink groundtruth.Sink) (*referenceWorker, error) {
	values, err := newRowValues(&s.cols.values, &s.j.spec, &s.names.PredictionColumns, s.j.classes)
	if err != nil {
		return nil, err
	}
	return &referenceWorker{
		referenceScan: s,
		sink:          sink,
		batch:         newBatcher(&s.j.spec, &s.cols, values, s.names.ModelVersion),
		values:        values,
		labels:        newLabelValues(s.j.classes),
		least:         s.j.leastIDs(s.bar),
		columns:       matchColumns{segments: make([]textRows, len(s.j.spec.Segments)), out: groundtruth.Matches{Segments: make([]groundtruth.Column, len(s.j.spec.Segments))}},
	}, nil
}

// take handles a chunk.
func (w *referenceWorker) take(c *table.Chunk, ord int) error {
	if err := w.values.read(c); err != nil {
		return err
	}
	if w.cols.label >= 0 {
		if err := w.labels.read(c.Column(w.cols.label), c.Len); err != nil {
			return err
		}
		w.labels.matches(w.names.Label, &w.all)
	}
	w.values.matches(&w.all)
	w.choose(c, ord)
	if len(w.sel) == 0 {
		return nil
	}
	w.coverage.Predictions += int64(len(w.sel))
	w.coverage.Labels += int64(len(w.selMatch))
	w.coverage.Matched += int64(len(w.selMatch))
	sel := w.sel
	if len(sel) == c.Len {
		sel = nil
	}
	if w.values.known() { // else there is no prediction that a sample could hold
		w.sample(c, ord)
	}
	if w.j.opt.Group != nil || w.j.opt.ByEntity {
		w.takeGroups(c, ord)
		return nil
	}
	w.picked = pickSampled(w.picked[:0], w.sampled, sel)
	w.batch.send(c, sel, w.picked, w.sink)
	w.matches(c, w.selMatch, func(rows []int32) []groundtruth.SampledRow {
		w.picked = pickSampled(w.picked[:0], w.sampled, rows)
		return w.picked
	})
	return nil
}

// takeGroups sends the chosen rows of a chunk by group.
func (w *referenceWorker) takeGroups(c *table.Chunk, ord int) {
	group := func(row int32) int64 { return w.entityOf(c, ord, row) }
	if byTime := w.j.opt.Group; byTime != nil {
		group = func(int32) int64 { return byTime(0) }
		if times := c.Column(w.cols.time); times.Kind == table.Time {
			group = func(row int32) int64 { return byTime(times.Times[row]) }
		}
	}
	g := &w.groups
	g.sample(w.sampled, c.Len)
	g.take(w.sel, group)
	w.batch.sendGroups(c, g, w.sampled, w.sink)
	g.take(w.selMatch, group)
	for i, key := range g.keys {
		w.columns.out.Group = key
		w.matches(c, g.of(i), func(rows []int32) []groundtruth.SampledRow { return g.pick(w.sampled, rows) })
	}
}

// matches sends the rows sel as matches, with those of them that pick says are sampled.
func (w *referenceWorker) matches(c *table.Chunk, sel []int32, pick func(rows []int32) []groundtruth.SampledRow) {
	for from := 0; from < len(sel); from += matchRows {
		rows := sel[from:min(from+matchRows, len(sel))]
		w.match(c, rows, pick(rows))
	}
}

// sample sets sampled: the rows whose ids are not above the bar, and those of the rows
// without an id that are not by their object's key and their number in it.
func (w *referenceWorker) sample(c *table.Chunk, ord int) {
	ids := w.ids
	next := ids.Sampled
	w.sampled = w.sampled[:0]
	for _, i := range w.sel {
		for len(next) > 0 && next[0].Row < int(i) {
			next = next[1:]
		}
		r := groundtruth.SampledRow{Row: int(i)}
		var id xxh3.Uint128
		if ids.Kind == table.ID && ids.Valid[i] {
			if len(next) == 0 || next[0].Row > int(i) {
				continue
			}
			r.Hash, id = next[0].Hash, ids.Hashes[i]
		} else {
			w.nameRow(c, ord, i)
			if r.Hash = table.SampleHash(w.rowName); r.Hash > w.bar.Hash() {
				continue
			}
			id = xxh3.Hash128(w.rowName)
		}
		if w.least.add(id, r.Hash) {
			w.sampled = append(w.sampled, r)
		}
	}
}

// match sends the rows sel as matches, and the sampled ones among them, numbered so.
func (w *referenceWorker) match(c *table.Chunk, sel []int32, sampled []groundtruth.SampledRow) {
	m, o := &w.columns, &w.columns.out
	o.Len = len(sel)
	time := c.Column(w.cols.time)
	o.HasTime = time.Kind == table.Time
	if o.HasTime {
		o.Times = pick(&m.times, time.Times, sel, c.Len)
	} else {
		m.times = zeroed(m.times, len(sel))
		o.Times = m.times
	}
	o.Sampled = sampled
	m.pickValues(&w.all, sel, c.Len)
	o.Narrow = w.labels.narrow
	o.Version = m.version.pick(w.names.ModelVersion, c.Column(w.cols.version), sel)
	for k, name := range w.j.spec.Segments {
		o.Segments[k] = m.segments[k].pick(name, c.Column(w.cols.segments[k]), sel)
	}
	w.sink.AddMatches(o)
}

// choose sets sel to the good rows and selMatch to those of them with a label.
func (w *referenceWorker) choose(c *table.Chunk, ord int) {
	w.sel, w.selMatch = w.sel[:0], w.selMatch[:0]
	times := c.Column(w.cols.time)
	binary := w.j.spec.Task == groundtruth.Binary
	for i := range c.Len {
		w.scope++
		if reason, column, text := w.badRow(c, times, i); reason != "" {
			w.lost++
			w.bad.add(reason, badRecord{ord, c.Row(i), column, text})
			continue
		}
		w.sel = append(w.sel, int32(i))
		if w.cols.label >= 0 && w.labels.valid[i] {
			w.selMatch = append(w.selMatch, int32(i))
			if binary {
				w.met.add(&w.labels.classOf, c.Column(w.cols.label), i)
			}
		}
	}
}

// badRow returns why row i cannot be used and by which column, or nothing.
func (w *referenceWorker) badRow(c *table.Chunk, times *table.Column, i int) (reason, column, text string) {
	if times.Kind == table.Time && !times.Valid[i] {
		if text, bad := times.InvalidText(i); bad {
			return groundtruth.BadTime, w.names.Timestamp, text
		}
		return groundtruth.MissingValue, w.names.Timestamp, ""
	}
	if w.values.valid != nil && !w.values.valid[i] {
		return w.values.bad(c, i)
	}
	if w.cols.label >= 0 && !w.labels.valid[i] {
		if reason, text := w.labels.bad(c.Column(w.cols.label), i); reason != "" {
			return reason, w.names.Label, text
		}
	}
	return "", "", ""
}
