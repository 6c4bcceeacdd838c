// Package join brings predictions and their labels together and sends what belongs
// together to sinks: Join those of a window, ScanReference the rows of a reference, which
// hold both. Begin with Join, then joiner.join, which has the steps in their order.
//
// The words of this package:
//
//   - An object is a file of a source; package format reads it in parts, each on one
//     goroutine, and a part comes as chunks of rows.
//   - A place is where a row stands: its object's number, by key, and its number there.
//     It decides ties.
//   - A record is the few bytes that are kept of a row until it is joined: record.go.
//   - A partition holds the records of one kind whose ids' hashes share their first bits,
//     in blocks of memory and, where memory is short, in the spill files. Only records
//     of one partition meet.
//   - The stage gathers the records that a goroutine deals to the partitions, until they
//     fill lines of memory: stage.go.
//   - A match is a unique prediction with the one label of its id.
//
// What was predicted and what is true is read by values.go and labelvalues.go, whatever the
// model predicts; classes.go reads classes.
//
// The first half scans: predictions.go and labels.go turn chunks into records, and send
// predictions and features to the sinks as they come. The second half joins partition by
// partition: resolve_cached.go those that fit into a core's cache, resolve_join.go and
// resolve.go the others; within.go all of them where labels count within a time. Where
// duplicates turned up, the sinks forget the predictions and the first half sends them
// again.
package join

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// Options change how Join and ScanReference work, not what they find.
type Options struct {
	Limits     groundtruth.Limits
	ReadLabels bool // whether Join reads the labels; without, it sends no matches
	// Past says that as-of is a moment of the past: labels whose ingest time is their
	// object's partition are hidden where that was not over then. Of a partition that is
	// not over now, what is there by now is no label of the future.
	Past bool
	// Delay is how long after its end a window's labels are waited for, for
	// Result.LabelDelay and notes.
	Delay time.Duration
	// Coverage is the greatest share of predictions with a label that somebody asks for, 0
	// where nobody does. Where so many have one, notes expect no others.
	Coverage float64
	// Group tells the group of a row by its time, in Unix nanoseconds. Where it is set
	// ScanReference sends the rows of each group by themselves, in batches and matches that
	// have its number.
	Group func(t int64) int64
	// ByEntity has ScanReference send the rows by the groups of their entities instead, as Join
	// does where PredictionColumns has a column of these.
	ByEntity bool
	Progress func(doneBytes, totalBytes int64) // told after each object, of Parquet each row group, one call at a time; may be nil
	Log      *slog.Logger                      // may be nil

	hooks hooks
}

// hooks let tests look into a join and set bounds that are not options.
type hooks struct {
	createSpill func(path string) (spillFile, error)
	memory      int64         // a limit that may be below minMemory
	sample      int           // how many ids the sample holds, where it is not groundtruth.SampleSize
	far         bool          // whether objects are taken for such that lie behind a network
	scanned     func()        // called when all objects were read once
	done        func(*joiner) // called before the join cleans up
}

// joiner holds what the steps and goroutines of one call of Join or ScanReference share.
type joiner struct {
	stores  *objstore.Opener
	spec    groundtruth.Spec
	window  groundtruth.Window
	asOf    time.Time
	opt     Options
	log     *slog.Logger
	workers int
	sinks   []groundtruth.Sink

	mem          *memory
	spill        *spillStore
	layout       *recordLayout
	arena        *arena
	parts        *stored // of each worker
	dictBytes    atomic.Int64
	versions     *dictionary
	segmentNames []string
	segments     []*dictionary
	classes      *classes // nil of a regression
	block        int

	preds, labels *source.Set // labels is nil when they are not read
	narrowLabels  bool        // some of them are of a column of 32 bits
	lastHidden    int64       // when the last label came in that as-of hides
	progress      progress
}

// Join reads the predictions of a window and, if opt says so, the labels known at
// asOf, and sends what belongs together to sinks made by newSink, one for each
// worker. It returns the sinks for the caller to merge; what all of them took
// together does not depend on the number of workers, on timing, or on how rows are
// dealt over objects, ties in time aside.
//
// Predictions are unique by (id, model version): the latest timestamp wins, then the
// greater relative key, then the later row. Features go to the sinks while the
// predictions are read for the first time; if a duplicate turns up, the sinks are
// told to forget them (after they took the matches) and the predictions are read
// once more. When no timestamp column is mapped, every row of the objects whose
// partition lies in the window belongs to it, and slack plays no part.
//
// Labels are read from the window's start less their slack up to as-of. Per id, and with
// Spec.Within per prediction of those that count for it, one version counts: the latest
// by ingest time, then relative key, then row, and as Spec.Resolve says. The ingest time is that of the mapped column, else the end of
// the object's partition; without either no version is hidden, Result.AsOfApplied is
// false, and key and row order the versions. Key and row leave no tie, so that
// modification times, which a copy of the data changes, are never asked.
//
// Bad records are counted and left out; above Spec.MaxBadShare of the records read,
// or of those of the window, of the predictions or of the labels, the error is a
// *BadShareError.
//
// The narrow rows take what opt.Limits.MemoryBytes leaves for them beside the program
// and what its goroutines need to decode and count, and spill to opt.Limits.SpillDir
// beyond. One bit per row around duplicates comes on top.
func Join[S groundtruth.Sink](ctx context.Context, stores *objstore.Opener, spec groundtruth.Spec, w groundtruth.Window, asOf time.Time, opt Options, newSink func() S) (groundtruth.Result, []S, error) {
	if !w.Start.Before(w.End) {
		return groundtruth.Result{}, nil, fmt.Errorf("join window %s to %s: it is empty", w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339))
	}
	if asOf.IsZero() {
		return groundtruth.Result{}, nil, errors.New("join: the as-of time is not set")
	}
	j, err := newJoiner(stores, spec, opt)
	if err != nil {
		return groundtruth.Result{}, nil, err
	}
	sinks := giveSinks(j, newSink)
	j.window, j.asOf = w, asOf
	res, err := j.join(ctx)
	if j.opt.hooks.done != nil {
		j.opt.hooks.done(j)
	}
	if closeErr := j.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return groundtruth.Result{}, nil, err
	}
	return res, sinks, nil
}

// giveSinks makes a sink for each worker. The caller has them by their own type, the
// workers by what they ask of them.
func giveSinks[S groundtruth.Sink](j *joiner, newSink func() S) []S {
	sinks := make([]S, j.workers)
	j.sinks = make([]groundtruth.Sink, j.workers)
	for i := range sinks {
		sinks[i] = newSink()
		j.sinks[i] = sinks[i]
	}
	return sinks
}

// newJoiner checks the options and fills in their defaults, for Join and ScanReference.
func newJoiner(stores *objstore.Opener, spec groundtruth.Spec, opt Options) (*joiner, error) {
	j := &joiner{stores: stores, spec: spec, opt: opt, log: opt.Log, workers: opt.Limits.Workers}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if j.workers <= 0 {
		j.workers = runtime.GOMAXPROCS(0)
	}
	switch spec.Resolve {
	case "":
		j.spec.Resolve = groundtruth.ResolveLatest
	case groundtruth.ResolveLatest, groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing:
	default:
		return nil, fmt.Errorf("join: unknown resolve %q: want %s, %s or %s", spec.Resolve, groundtruth.ResolveLatest, groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing)
	}
	if spec.Within > 0 && (spec.PredictionColumns.Timestamp == "" || spec.LabelColumns.Timestamp == "") {
		return nil, errors.New("join: labels that count within a time need the timestamps of predictions and labels")
	}
	j.progress.tell = opt.Progress
	return j, nil
}

// processMemory returns how many bytes the process may take.
func (j *joiner) processMemory() int64 {
	return cmp.Or(j.opt.Limits.MemoryBytes, groundtruth.DefaultMemory)
}

// leastIDs returns what finds the ids of the sample for a goroutine.
func (j *joiner) leastIDs(bar *table.Bar) leastIDs {
	return leastIDs{bar: bar, size: cmp.Or(j.opt.hooks.sample, groundtruth.SampleSize)}
}

// readerMemory returns how many bytes a goroutine may hold of what it reads.
func (j *joiner) readerMemory() int64 {
	return max(j.processMemory()/4/int64(j.workers), table.MinReaderMemory)
}

// prepare lays the records out and makes the partitions, once the objects are known.
func (j *joiner) prepare() {
	process := j.processMemory()
	if j.preds.Far() || j.labels != nil && j.labels.Far() {
		process -= min(format.FetchMemory+connectionMemory, process/4)
	}
	j.mem = newMemory(process, j.workers)
	if n := j.opt.hooks.memory; n > 0 {
		j.mem.limit = n
		j.mem.setRowLimit(j.workers)
	}
	j.spill = newSpillStore(j.opt.Limits.SpillDir, j.log, j.opt.hooks.createSpill)
	if j.opt.ReadLabels {
		j.segmentNames = j.spec.Segments
	}
	options := layoutOptions{
		window: j.window, hasTime: j.spec.PredictionColumns.Timestamp != "",
		objects: len(j.preds.Objects), segmentCount: len(j.segmentNames), groups: j.opt.ReadLabels && j.spec.PredictionColumns.Entity != "",
	}
	if j.opt.ReadLabels { // else there are no matches
		options.positive, options.numbers = furtherOf(&j.spec)
	}
	bytes := j.preds.Bytes()
	if j.labels != nil {
		bytes += j.labels.Bytes()
		options.objects = max(options.objects, len(j.labels.Objects))
		options.event = j.spec.LabelColumns.Timestamp != ""
		options.within = j.spec.Within
		options.ingest = j.spec.LabelColumns.IngestedAt != "" || slices.ContainsFunc(j.labels.Objects, func(o source.Object) bool { return o.HasSpan })
	}
	j.layout = newRecordLayout(options)
	const rowBytes = 64 // of a compressed file, about
	bits := radixFor(bytes/rowBytes, j.mem.limit, j.workers, j.layout)
	// The last blocks of all partitions together take at most an eighth of the memory.
	j.block = int(min(max(j.mem.limit/(8*recordKinds*int64(j.workers)<<bits), minBlock), maxBlock))
	j.classes = newClasses(&j.spec, j.mem, &j.dictBytes)
	j.versions = newDictionary(j.spec.PredictionColumns.ModelVersion, j.mem, &j.dictBytes)
	for _, name := range j.segmentNames {
		j.segments = append(j.segments, newDictionary(name, j.mem, &j.dictBytes))
	}
	j.arena = newArena(j.mem, j.block)
	j.parts = &stored{bits: bits}
	for range j.workers {
		j.parts.of = append(j.parts.of, newPartitions(bits, j.layout, j.arena, j.spill.newLog(), j.block))
	}
}

// closeParts gives the memory of the rows back.
func (j *joiner) closeParts() {
	if j.parts == nil {
		return
	}
	j.arena.close()
	j.parts = nil
}

// close frees what the join holds outside of memory.
func (j *joiner) close() error {
	j.closeParts()
	if j.spill == nil {
		return nil
	}
	return j.spill.close()
}

// join does the work of Join: it scans, joins, and sends again what had duplicates.
func (j *joiner) join(ctx context.Context) (groundtruth.Result, error) {
	res := groundtruth.Result{LabelsRead: j.opt.ReadLabels}
	var err error
	if res.AsOfApplied, err = asOfApplies(j.spec); err != nil {
		return res, err
	}
	if err := j.find(ctx); err != nil {
		return res, err
	}
	j.prepare()

	scan := newPredictionScan(j)
	found, err := scan.run(ctx, nil)
	if err != nil {
		return res, err
	}
	met := metRows{predictions: found.rows, skipped: found.skipped, outside: scan.outside}
	addFound(&res, &found, j.preds)
	if err := found.check(&res, j.spec.MaxBadShare, fromPredictions, j.preds.Objects, slices.Concat(scan.cols.id.at, []int{scan.cols.time}, scan.cols.values.needed())...); err != nil {
		return res, err
	}
	if j.classes != nil {
		res.Notes = append(res.Notes, scan.met.severalNotes(fromPredictions, j.spec.PredictionColumns.Prediction, j.classes)...)
	}
	if j.spec.PredictionColumns.Timestamp == "" {
		res.Notes = append(res.Notes, "predictions have no timestamp column: every row of the objects read belongs to the window")
	}
	var counted groundtruth.Coverage
	if j.labels != nil {
		labels := newLabelScan(j)
		if found, counted, err = labels.run(ctx); err != nil {
			return res, err
		}
		met.labels = found.rows
		addFound(&res, &found, j.labels)
		if err := found.check(&res, j.spec.MaxBadShare, fromLabels, j.labels.Objects, slices.Concat(labels.id.at, []int{labels.ingest})...); err != nil {
			return res, err
		}
		if labels.allUnknown >= fewRecords {
			if err := found.demand(labels.label); err != nil {
				return res, err
			}
		}
	}

	if j.opt.hooks.scanned != nil {
		j.opt.hooks.scanned()
	}
	for _, p := range j.parts.of {
		p.finish()
	}
	losers := make([]rowSet, len(j.preds.Objects))
	if err := j.match(ctx, &res, newSampledIDs(scan.least), losers); err != nil {
		return res, err
	}
	res.Coverage.Add(counted)
	j.closeParts()
	res.SpilledBytes = j.spill.written()
	if err := j.spill.close(); err != nil {
		return res, err
	}
	if res.Coverage.DuplicatePredictions > 0 {
		bytes, err := j.resend(ctx, scan, losers)
		if err != nil {
			return res, err
		}
		res.BytesRead += bytes
	}
	if err := j.explain(ctx, &res, &met); err != nil {
		return res, err
	}
	sortLists(&res)
	return res, nil
}

// find lists the objects.
func (j *joiner) find(ctx context.Context) error {
	var err error
	if j.preds, err = j.findPredictions(ctx); err != nil {
		return fmt.Errorf("find predictions: %w", err)
	}
	if j.opt.ReadLabels {
		if j.labels, err = j.findLabels(ctx); err != nil {
			return fmt.Errorf("find labels: %w", err)
		}
	}
	for _, s := range []*source.Set{j.preds, j.labels} {
		if s == nil {
			continue
		}
		j.progress.add(0, s.Bytes())
		if j.opt.hooks.far {
			for i := range s.Objects {
				s.Objects[i].Far, s.Objects[i].InParts = true, true
			}
		}
	}
	return nil
}

// findPredictions lists the prediction objects.
func (j *joiner) findPredictions(ctx context.Context) (*source.Set, error) {
	src := j.spec.Predictions
	if j.spec.PredictionColumns.Timestamp == "" {
		src.Slack = 0 // Without times nothing would tell a neighbour's rows from the window's.
	}
	return source.Discover(ctx, j.stores, src, j.window.Start, j.window.End)
}

// findLabels lists the label objects. Their range includes as-of itself; it never
// is an empty one, so that a missing bucket is found whatever the window.
func (j *joiner) findLabels(ctx context.Context) (*source.Set, error) {
	to := j.asOf.Add(1)
	if !to.After(j.window.Start) {
		to = j.window.Start.Add(1) // What was ingested later is hidden row by row.
	}
	return source.Discover(ctx, j.stores, j.spec.Labels, j.window.Start, to)
}

// asOfApplies reports whether label versions have an ingest time: a column, or the
// date in their object's key.
func asOfApplies(spec groundtruth.Spec) (bool, error) {
	if spec.LabelColumns.IngestedAt != "" || spec.Labels.URL == "" {
		return spec.LabelColumns.IngestedAt != "", nil
	}
	return source.HasDate(spec.Labels.URL)
}

// match joins the partitions and marks the rows of duplicates in losers. It sets what the
// result has of that.
func (j *joiner) match(ctx context.Context, res *groundtruth.Result, sampled *sampledIDs, losers []rowSet) error {
	phase := &joinPhase{
		delays:  j.delayLimits(),
		layout:  j.layout,
		narrow:  j.narrowLabels,
		how:     j.spec.Resolve,
		hasTime: j.spec.PredictionColumns.Timestamp != "",
		names:   j.segmentNames,
		version: j.spec.PredictionColumns.ModelVersion,
		spec:    &j.spec,
		losers:  losers,
		sampled: sampled,
		mem:     j.mem,
		arena:   j.arena,
		share:   j.mem.tableShare(j.workers),
		block:   j.block,

		within:     uint64(j.spec.Within),
		hasDeletes: j.spec.LabelColumns.Op != "",
	}
	if phase.version != "" {
		phase.versions = newDictTexts(j.versions)
	}
	for _, d := range j.segments {
		phase.segments = append(phase.segments, newDictTexts(d))
	}
	if j.spec.Task == groundtruth.Multiclass {
		phase.classes = newDictTexts(j.classes.dict)
	}
	coverage, delays, err := phase.run(ctx, j.parts, j.sinks)
	if err != nil {
		return err
	}
	res.Coverage, res.LabelDelay = coverage, delays.result()
	if phase.within > 0 {
		res.Notes = append(res.Notes, phase.withinNotes(coverage)...)
	}
	return nil
}

// addFound counts what was found in a source.
func addFound(r *groundtruth.Result, found *scanned, objects *source.Set) {
	r.RowsRead += found.rows
	r.BytesRead += found.bytes
	r.Notes = append(append(r.Notes, objects.Notes...), found.notes...)
	for _, o := range objects.Objects {
		r.Inputs = append(r.Inputs, groundtruth.Input{URL: o.URL, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime})
	}
}

// sortLists sorts what a result lists. An object that held both predictions and labels
// is listed once.
func sortLists(r *groundtruth.Result) {
	slices.SortFunc(r.Inputs, func(a, b groundtruth.Input) int { return cmp.Compare(a.URL, b.URL) })
	r.Inputs = slices.CompactFunc(r.Inputs, func(a, b groundtruth.Input) bool { return a.URL == b.URL })
	slices.Sort(r.Notes)
	r.Notes = slices.Compact(r.Notes)
}

// newDictTexts orders a dictionary that is complete.
func newDictTexts(d *dictionary) *dictTexts {
	texts, rank := d.sorted()
	return &dictTexts{texts, rank}
}
