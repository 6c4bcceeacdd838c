package join

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// This file holds a slow and simple join over tables in memory, the reference that
// the real one is compared with, and what writes such tables as objects.

// tableCell is a value of a test table: nil is missing, the rest is string, float64,
// int64 (an integer id), bool or time.Time.
type tableCell any

// tableRow is a record by column name. A malformed record has the column "!".
type tableRow map[string]tableCell

// tableObject is an object of a test table.
type tableObject struct {
	rel  string // its ending tells the format
	rows []tableRow
}

func wordOf(c tableCell) string {
	switch v := c.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case jsonCell:
		return string(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	panic(fmt.Sprintf("cell %T", c))
}

// encode writes an object in the format of its ending.
func (o tableObject) encode(t testing.TB, columns []string) []byte {
	t.Helper()
	var buf bytes.Buffer
	switch {
	case strings.HasSuffix(o.rel, ".csv"):
		w := csv.NewWriter(&buf)
		must(t, w.Write(columns))
		for _, r := range o.rows {
			if _, bad := r["!"]; bad {
				must(t, w.Write([]string{"short"}))
				continue
			}
			var rec []string
			for _, c := range columns {
				rec = append(rec, wordOf(r[c]))
			}
			must(t, w.Write(rec))
		}
		w.Flush()
		must(t, w.Error())
	case strings.HasSuffix(o.rel, ".jsonl"):
		for _, r := range o.rows {
			if _, bad := r["!"]; bad {
				buf.WriteString("{\"id\": \n")
				continue
			}
			m := map[string]any{}
			for _, c := range columns {
				switch v := r[c].(type) {
				case nil:
				case time.Time:
					m[c] = wordOf(v)
				case float64:
					if math.IsNaN(v) || math.IsInf(v, 0) {
						m[c] = wordOf(v)
					} else {
						m[c] = v
					}
				default:
					m[c] = v
				}
			}
			b, err := json.Marshal(m)
			must(t, err)
			buf.Write(append(b, '\n'))
		}
	case strings.HasSuffix(o.rel, ".parquet"):
		encodeParquet(t, &buf, o.rows, columns)
	default:
		t.Fatalf("object %s: no format", o.rel)
	}
	return buf.Bytes()
}

// encodeParquet gives each column the type that its cells share, text if they differ.
func encodeParquet(t testing.TB, buf *bytes.Buffer, rows []tableRow, columns []string) {
	t.Helper()
	group := parquet.Group{}
	kinds := map[string]string{}
	for _, c := range columns {
		for _, r := range rows {
			if r[c] == nil {
				continue
			}
			k := fmt.Sprintf("%T", r[c])
			if kinds[c] != "" && kinds[c] != k {
				k = "string"
			}
			kinds[c] = k
		}
		switch kinds[c] {
		case "float64":
			group[c] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		case "int64":
			group[c] = parquet.Optional(parquet.Int(64))
		case "bool":
			group[c] = parquet.Optional(parquet.Leaf(parquet.BooleanType))
		case "time.Time":
			group[c] = parquet.Optional(parquet.Timestamp(parquet.Nanosecond))
		default:
			group[c] = parquet.Optional(parquet.String())
		}
	}
	w := parquet.NewWriter(buf, parquet.NewSchema("rows", group))
	sorted := slices.Sorted(slices.Values(columns)) // A Group's columns are in order.
	for _, r := range rows {
		var rec parquet.Row
		for i, c := range sorted {
			v := parquet.NullValue().Level(0, 0, i)
			if r[c] != nil {
				v = parquetValue(r[c], kinds[c]).Level(0, 1, i)
			}
			rec = append(rec, v)
		}
		_, err := w.WriteRows([]parquet.Row{rec})
		must(t, err)
	}
	must(t, w.Close())
}

// parquetValue returns a cell of a column whose type is known, which is the cell's own
// or text.
func parquetValue(c tableCell, kind string) parquet.Value {
	if kind == "string" {
		return parquet.ByteArrayValue([]byte(wordOf(c)))
	}
	switch v := c.(type) {
	case float64:
		return parquet.DoubleValue(v)
	case int64:
		return parquet.Int64Value(v)
	case bool:
		return parquet.BooleanValue(v)
	case time.Time:
		return parquet.Int64Value(v.UnixNano())
	}
	return parquet.ByteArrayValue([]byte(wordOf(c)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// storeTables writes objects below a URL.
func storeTables(t testing.TB, url string, objects []tableObject, columns []string) {
	t.Helper()
	if folder, ok := strings.CutPrefix(url, "file://"); ok {
		// Written past objstore, which waits for the disk at each file.
		for _, o := range objects {
			path := filepath.Join(folder, filepath.FromSlash(o.rel))
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, o.encode(t, columns), 0o600))
		}
		return
	}
	s, err := objstore.NewOpener("").Open(context.Background(), url)
	must(t, err)
	for _, o := range objects {
		must(t, s.Write(context.Background(), o.rel, o.encode(t, columns)))
	}
}

// memNames makes the names of mem stores unique.
type memNames struct{ n atomic.Int64 }

func (m *memNames) next(t testing.TB) string {
	return fmt.Sprintf("mem://%s-%d", strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name())), m.n.Add(1))
}

// tally is what sinks took, as a multiset of rows in words.
type tally map[string]int

// recorder is a Sink that remembers rows, what columns of predictions have by value,
// and the sampled rows by their hashes.
type recorder struct {
	preds, columns, matches      tally
	values, pairs                tally // predictions alone, and those of matches with their labels
	sampledPreds, sampledMatches map[uint64]tally
	resets                       int
}

func newRecorder() *recorder {
	return &recorder{
		preds: tally{}, columns: tally{}, matches: tally{}, values: tally{}, pairs: tally{},
		sampledPreds: map[uint64]tally{}, sampledMatches: map[uint64]tally{},
	}
}

// addSampled counts a row by its hash.
func addSampled(to map[uint64]tally, hash uint64, row string, n int) {
	if to[hash] == nil {
		to[hash] = tally{}
	}
	to[hash][row] += n
}

// idHash64 is the hash of an id that the sample goes by.
func idHash64(id string) uint64 {
	parts := strings.Split(id, partsOfID)
	if len(parts) == 1 {
		return xxhash.Sum64String(id)
	}
	var hashes []byte
	for _, part := range parts {
		hashes = binary.BigEndian.AppendUint64(hashes, xxhash.Sum64String(part))
	}
	return xxhash.Sum64(hashes)
}

// partsOfID parts the texts of an id of several columns. No id of a test has it.
const partsOfID = "\x1f"

// refID returns the id of a row, empty where one of its columns is.
func refID(r tableRow, cols groundtruth.IDColumns) string {
	var parts []string
	for _, c := range cols {
		if wordOf(r[c]) == "" {
			return ""
		}
		parts = append(parts, wordOf(r[c]))
	}
	return strings.Join(parts, partsOfID)
}

// words joins values by spaces.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

func columnText(c groundtruth.Column, i int) string {
	if c.Kind == groundtruth.Absent || !c.Valid[i] {
		return "-"
	}
	return strconv.Quote(c.Dict[c.Codes[i]])
}

// predictedText is what was predicted of a row, "-" of a reference that has no predictions.
func predictedText(predictions []float64, c *groundtruth.Classifier, i int) string {
	var parts []any
	if predictions != nil {
		parts = append(parts, predictions[i])
	}
	if c.Positive != nil {
		parts = append(parts, c.Positive[i])
	}
	if c.Class.Kind != groundtruth.Absent {
		parts = append(parts, columnText(c.Class, i))
	}
	for _, scores := range c.Scores {
		parts = append(parts, scores[i])
	}
	return cmp.Or(words(parts...), "-")
}

// furtherText is what a match has beside prediction and label.
func furtherText(m *groundtruth.Matches, i int) string {
	var parts []any
	for _, q := range m.Quantiles {
		parts = append(parts, q[i])
	}
	if m.Weights != nil {
		parts = append(parts, "weighs", m.Weights[i])
	}
	return words(parts...)
}

// labelText is the label of a match.
func labelText(m *groundtruth.Matches, i int) string {
	if m.Labels == nil {
		return columnText(m.LabelClass, i)
	}
	return fmt.Sprint(m.Labels[i])
}

func (r *recorder) AddPredictions(b *groundtruth.Batch) {
	for i := range b.Len {
		predicted := predictedText(b.Predictions, &b.Classifier, i)
		r.preds[words(b.HasTime, b.Times[i], predicted)]++
		r.values[predicted]++
	}
	for _, s := range b.Sampled {
		addSampled(r.sampledPreds, s.Hash, words(b.HasTime, b.Times[s.Row], predictedText(b.Predictions, &b.Classifier, s.Row)), 1)
	}
	if b.Len > 0 {
		r.addValues("version", &b.Version)
		if b.Version.Rows != b.Len {
			panic("versions of other rows than the batch's")
		}
	}
	for i := range b.Features {
		r.addValues(b.Features[i].Name, &b.Features[i])
	}
}

// addValues counts the values of a column.
func (r *recorder) addValues(name string, v *groundtruth.Values) {
	missing := v.Rows
	count := func(i int, text string) {
		n := 1
		if v.Counts != nil {
			n = int(v.Counts[i])
		}
		missing -= n
		r.columns[words(name, text)] += n
	}
	for i, x := range v.Floats {
		count(i, strconv.FormatFloat(x, 'g', -1, 64))
	}
	for i, s := range v.Texts {
		count(i, strconv.Quote(s))
	}
	// The rows of several pieces may be told with the first of them.
	if missing != 0 {
		r.columns[words(name, "-")] += missing
		if r.columns[words(name, "-")] == 0 {
			delete(r.columns, words(name, "-"))
		}
	}
}

func (r *recorder) AddMatches(m *groundtruth.Matches) {
	for i := range m.Len {
		predicted, label := predictedText(m.Predictions, &m.Classifier, i), labelText(m, i)
		s := words(m.HasTime, m.Times[i], predicted, label, columnText(m.Version, i), furtherText(m, i))
		for _, f := range m.Segments {
			s += " " + columnText(f, i)
		}
		r.matches[s]++
		r.pairs[predicted+"="+label]++
	}
	for _, s := range m.Sampled {
		addSampled(r.sampledMatches, s.Hash, words(m.HasTime, m.Times[s.Row], predictedText(m.Predictions, &m.Classifier, s.Row), labelText(m, s.Row)), 1)
	}
}

func (r *recorder) ResetPredictions() {
	r.preds, r.columns, r.values, r.sampledPreds = tally{}, tally{}, tally{}, map[uint64]tally{}
	r.resets++
}

// mergeRecorders sums what sinks took.
func mergeRecorders(recorders []*recorder) *recorder {
	all := newRecorder()
	for _, r := range recorders {
		all.preds.add(r.preds)
		all.columns.add(r.columns)
		all.matches.add(r.matches)
		all.values.add(r.values)
		all.pairs.add(r.pairs)
		mergeSampled(all.sampledPreds, r.sampledPreds)
		mergeSampled(all.sampledMatches, r.sampledMatches)
		all.resets += r.resets
	}
	return all
}

// add adds another tally; what then comes no times is left out.
func (t tally) add(o tally) {
	for k, n := range o {
		if t[k] += n; t[k] == 0 {
			delete(t, k)
		}
	}
}

func mergeSampled(to, from map[uint64]tally) {
	for hash, rows := range from {
		if to[hash] == nil {
			to[hash] = tally{}
		}
		to[hash].add(rows)
	}
}

// joinTable is one join as tables.
type joinTable struct {
	spec          groundtruth.Spec
	window        groundtruth.Window
	asOf          time.Time
	preds, labels []tableObject
	partitioned   bool // whether the labels' keys begin with dt=DATE/
}

// expectation is what the reference join finds.
type expectation struct {
	coverage groundtruth.Coverage
	skipped  groundtruth.Skipped
	preds    tally
	columns  tally
	matches  tally
	// All predictions and matches by the hashes of their ids.
	sampledPreds, sampledMatches map[uint64]tally
}

// place orders rows by (rel, row).
type place struct {
	rel string
	row int
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.rel, q.rel), cmp.Compare(p.row, q.row))
}

// refNumber reads a cell as a number: ok, missing or bad.
func refNumber(c tableCell) (float64, string) {
	var v float64
	switch x := c.(type) {
	case nil:
		return 0, groundtruth.MissingValue
	case float64:
		v = x
	case int64:
		v = float64(x)
	case string:
		f, err := strconv.ParseFloat(x, 64)
		if err != nil {
			return 0, groundtruth.BadNumber
		}
		v = f
	default:
		return 0, groundtruth.BadNumber
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, groundtruth.BadNumber
	}
	return v, ""
}

// refTime reads a cell as a time.
func refTime(c tableCell) (int64, string) {
	switch x := c.(type) {
	case nil:
		return 0, groundtruth.MissingValue
	case time.Time:
		return x.UnixNano(), ""
	}
	return 0, groundtruth.BadTime
}

func refText(c tableCell) string {
	if wordOf(c) == "" {
		return "-"
	}
	return strconv.Quote(wordOf(c))
}

func (e *expectation) skip(reason, source string, p place) {
	e.skipped.Counts[reason]++
	e.skipped.Samples[reason] = append(e.skipped.Samples[reason], groundtruth.BadSample{Source: source, Object: p.rel, Row: int64(p.row) + 1})
}

// refPrediction is a good prediction of the window.
type refPrediction struct {
	place
	time      int64
	predicted string // as predictedText has it
	further   string // as furtherText has it
	row       tableRow
}

// refVersion is a version of an id's label.
type refVersion struct {
	place
	ingest, event int64
	timed         bool
	deleted, null bool
	pending       bool // null, and without the ingest time that is mapped
	other         bool // of other windows by its timestamp
	value         string
}

// refLabel is the version that counts of an id that has a label.
type refLabel struct {
	refVersion
	matched bool
}

// join is the reference implementation.
func (t joinTable) join() expectation {
	e := expectation{
		preds: tally{}, columns: tally{}, matches: tally{}, sampledPreds: map[uint64]tally{}, sampledMatches: map[uint64]tally{},
		skipped: groundtruth.Skipped{Counts: map[string]int64{}, Samples: map[string][]groundtruth.BadSample{}},
	}
	best := t.refPredictions(&e)
	if versions := t.refVersions(&e); t.spec.Within > 0 {
		t.matchWithin(&e, best, versions)
	} else {
		t.matchIDs(&e, best, versions)
	}
	for reason, s := range e.skipped.Samples {
		slices.SortFunc(s, func(a, b groundtruth.BadSample) int {
			return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row), cmp.Compare(b.Source, a.Source))
		})
		e.skipped.Samples[reason] = s[:min(len(s), groundtruth.MaxSamples)]
	}
	return e
}

// matchIDs matches predictions with the one label of their id.
func (t joinTable) matchIDs(e *expectation, best map[[2]string]refPrediction, versions map[string][]refVersion) {
	known := map[string]*refLabel{}
	for id, vs := range versions {
		if win, ok := e.resolve(vs, t.spec.Resolve); ok {
			known[id] = &refLabel{refVersion: win}
			e.coverage.Labels++
		}
	}
	for key, p := range best {
		t.match(e, key, p, known[key[0]])
	}
	for _, l := range known {
		if !l.matched {
			e.coverage.UnmatchedLabels++
		}
	}
}

// matchWithin matches predictions with what is left of the labels that count for them when
// deletes have taken theirs back, one after the other.
func (t joinTable) matchWithin(e *expectation, best map[[2]string]refPrediction, versions map[string][]refVersion) {
	used := map[place]bool{}
	for key, p := range best {
		var left []refVersion
		counting := slices.DeleteFunc(slices.Clone(versions[key[0]]), func(v refVersion) bool {
			return v.timed && (v.event < p.time || v.event > p.time+int64(t.spec.Within))
		})
		slices.SortFunc(counting, func(a, b refVersion) int { return cmp.Or(cmp.Compare(a.ingest, b.ingest), a.compare(b.place)) })
		for _, v := range counting {
			used[v.place] = true
			if !v.deleted {
				left = append(left, v)
				continue
			}
			left = slices.DeleteFunc(left, func(l refVersion) bool { return !v.timed || l.event == v.event })
		}
		var label *refLabel
		switch {
		case len(left) > 0:
			e.coverage.DuplicateLabels += int64(len(counting) - len(left))
			if win, ok := e.resolve(left, t.spec.Resolve); ok {
				label = &refLabel{refVersion: win}
				e.coverage.Labels++
			}
		case len(counting) > 0:
			e.coverage.DuplicateLabels += int64(len(counting) - 1)
			e.coverage.DeletedLabels++
		}
		t.match(e, key, p, label)
	}
	for _, vs := range versions {
		for _, v := range vs {
			if !used[v.place] && !v.deleted && !v.null {
				e.coverage.Labels++
				e.coverage.UnmatchedLabels++
			}
		}
	}
}

// refPredictions returns the one prediction that counts of each (id, version).
func (t joinTable) refPredictions(e *expectation) map[[2]string]refPrediction {
	cols := t.spec.PredictionColumns
	best := map[[2]string]refPrediction{}
	for _, o := range t.preds {
		for i, r := range o.rows {
			p, inWindow, why := t.refPrediction(r, place{o.rel, i})
			if why != "" {
				e.skip(why, fromPredictions, p.place)
			}
			if why != "" || !inWindow {
				continue
			}
			key := [2]string{refID(r, cols.ID), wordOf(r[cols.ModelVersion])}
			q, dup := best[key]
			if dup {
				e.coverage.DuplicatePredictions++
			}
			if !dup || cmp.Or(cmp.Compare(p.time, q.time), p.compare(q.place)) > 0 {
				best[key] = p
			}
		}
	}
	return best
}

// refPrediction reads a row of predictions, or says why it is bad.
func (t joinTable) refPrediction(r tableRow, at place) (p refPrediction, inWindow bool, why string) {
	cols := t.spec.PredictionColumns
	p = refPrediction{place: at, row: r}
	if _, bad := r["!"]; bad {
		return p, false, groundtruth.BadRow
	}
	if cols.Timestamp != "" {
		if p.time, why = refTime(r[cols.Timestamp]); why != "" {
			return p, false, why
		}
		if p.time < t.window.Start.UnixNano() || p.time >= t.window.End.UnixNano() {
			return p, false, ""
		}
	}
	if refID(r, cols.ID) == "" {
		return p, true, groundtruth.MissingID
	}
	p.predicted, p.further, why = refPredicted(&t.spec, &cols, r)
	return p, true, why
}

// refVersions returns the known label versions of each id.
func (t joinTable) refVersions(e *expectation) map[string][]refVersion {
	cols := t.spec.LabelColumns
	byID := map[string][]refVersion{}
	for _, o := range t.labels {
		for i, r := range o.rows {
			v, hidden, why := t.refVersion(r, place{o.rel, i})
			switch {
			case why != "":
				e.skip(why, fromLabels, v.place)
			case v.other:
			case hidden:
				e.coverage.HiddenLabels++
			case t.spec.Within > 0 && v.null && !v.timed:
				e.coverage.NullLabels++
			default:
				id := refID(r, cols.ID)
				byID[id] = append(byID[id], v)
			}
		}
	}
	return byID
}

// refVersion reads a row of labels, or says why it is bad.
func (t joinTable) refVersion(r tableRow, at place) (v refVersion, hidden bool, why string) {
	cols := t.spec.LabelColumns
	v = refVersion{place: at}
	if _, bad := r["!"]; bad {
		return v, false, groundtruth.BadRow
	}
	if event, why := refTime(r[cols.Timestamp]); t.spec.Within > 0 && why == "" {
		v.other = event < t.window.Start.UnixNano() || event >= t.window.End.UnixNano()+int64(t.spec.Within)
	}
	if v.other {
		return v, false, ""
	}
	op := strings.ToLower(wordOf(r[cols.Op]))
	v.deleted = cols.Op != "" && (op == "d" || op == "delete")
	var badLabel string
	if !v.deleted {
		v.value, v.null, badLabel = refLabelValue(&t.spec, r[cols.Label])
	}
	if cols.IngestedAt != "" {
		v.ingest, why = refTime(r[cols.IngestedAt])
		if v.pending = v.null && why == groundtruth.MissingValue; v.pending {
			v.ingest, why = math.MinInt64, ""
		}
		if why != "" {
			return v, false, why
		}
	} else if t.partitioned {
		day, err := time.Parse("2006-01-02", at.rel[len("dt="):len("dt=")+10])
		if err != nil {
			panic(err)
		}
		v.ingest = day.UnixNano()
	}
	if (cols.IngestedAt != "" || t.partitioned) && v.ingest > t.asOf.UnixNano() {
		return v, true, ""
	}
	if refID(r, cols.ID) == "" {
		return v, false, groundtruth.MissingID
	}
	if cols.Timestamp != "" && r[cols.Timestamp] != nil {
		if v.event, why = refTime(r[cols.Timestamp]); why != "" {
			return v, false, why
		}
		v.timed = true
	}
	if badLabel == "" && t.spec.Within > 0 && !v.deleted && !v.null && !v.timed {
		return v, false, groundtruth.MissingValue
	}
	return v, false, badLabel
}

// resolve counts the versions of an id and returns the one that counts, if that is a
// label.
func (e *expectation) resolve(vs []refVersion, how groundtruth.Resolve) (refVersion, bool) {
	slices.SortFunc(vs, func(a, b refVersion) int { return cmp.Or(cmp.Compare(a.ingest, b.ingest), a.compare(b.place)) })
	e.coverage.DuplicateLabels += int64(len(vs) - 1)
	values := map[string]bool{}
	for _, v := range vs {
		if !v.deleted && !v.null {
			values[v.value] = true
		}
	}
	if len(values) > 1 {
		e.coverage.ConflictingLabels++
	}
	win := vs[len(vs)-1]
	if win.deleted {
		e.coverage.DeletedLabels++
		return win, false
	}
	if how == groundtruth.ResolveFirst {
		if i := slices.IndexFunc(vs, func(v refVersion) bool { return !v.deleted && !v.pending }); i >= 0 {
			win = vs[i]
		}
	}
	if win.null {
		e.coverage.NullLabels++
		return win, false
	}
	return win, how != groundtruth.ResolveConflictIsMissing || len(values) <= 1
}

// match counts a prediction, and its match where its id has a label.
func (t joinTable) match(e *expectation, key [2]string, p refPrediction, l *refLabel) {
	e.coverage.Predictions++
	version := "-"
	if key[1] != "" {
		version = strconv.Quote(key[1])
	}
	timed := t.spec.PredictionColumns.Timestamp != ""
	e.preds[words(timed, p.time, p.predicted)]++
	addSampled(e.sampledPreds, idHash64(key[0]), words(timed, p.time, p.predicted), 1)
	e.columns[words("version", version)]++
	for _, f := range t.spec.Features {
		text := "-"
		if f.Kind == groundtruth.Text {
			text = refText(p.row[f.Name])
		} else if v, why := refNumber(p.row[f.Name]); why == "" {
			text = strconv.FormatFloat(v, 'g', -1, 64)
		}
		e.columns[words(f.Name, text)]++
	}
	if l == nil {
		return
	}
	l.matched = true
	e.coverage.Matched++
	if timed && l.timed && l.event < p.time {
		e.coverage.LabelsBefore++
	}
	addSampled(e.sampledMatches, idHash64(key[0]), words(timed, p.time, p.predicted, l.value), 1)
	s := words(timed, p.time, p.predicted, l.value, version, p.further)
	for _, f := range t.spec.Segments {
		s += " " + refText(p.row[f])
	}
	e.matches[s]++
}

// compare reports where a join differs from what is expected.
func (e expectation) compare(t rapid.TB, got groundtruth.Result, recorders []*recorder) {
	t.Helper()
	if got.Coverage != e.coverage {
		t.Fatalf("coverage:\n got %+v\nwant %+v", got.Coverage, e.coverage)
	}
	if !maps.Equal(got.Skipped.Counts, e.skipped.Counts) {
		t.Fatalf("skipped: got %v, want %v", got.Skipped.Counts, e.skipped.Counts)
	}
	for reason, want := range e.skipped.Samples {
		s := slices.Clone(got.Skipped.Samples[reason])
		for i := range s {
			s[i].Column, s[i].Value = "", "" // The reference does not say where in the row, and what was there.
		}
		if !slices.Equal(s, want) {
			t.Fatalf("samples of %s: got %v, want %v", reason, s, want)
		}
	}
	all := mergeRecorders(recorders)
	compareTally(t, "predictions", all.preds, e.preds)
	compareTally(t, "columns", all.columns, e.columns)
	compareTally(t, "matches", all.matches, e.matches)
}

// compareSample checks that the rows of so many ids of the least hashes were told as
// sampled, and of others none but their own.
func (e expectation) compareSample(t rapid.TB, size int, recorders []*recorder) {
	t.Helper()
	all := mergeRecorders(recorders)
	for what, rows := range map[string]struct{ got, want map[uint64]tally }{
		"sampled predictions": {all.sampledPreds, e.sampledPreds}, "sampled matches": {all.sampledMatches, e.sampledMatches},
	} {
		for hash, got := range rows.got {
			for row, n := range got {
				if n > rows.want[hash][row] {
					t.Fatalf("%s: row %s of hash %x came %d times, want %d", what, row, hash, n, rows.want[hash][row])
				}
			}
		}
		ids := slices.Sorted(maps.Keys(e.sampledPreds))
		for _, hash := range ids[:min(size, len(ids))] {
			compareTally(t, what, rows.got[hash], rows.want[hash])
		}
	}
}

func compareTally(t rapid.TB, what string, got, want tally) {
	t.Helper()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: row %s came %d times, want %d", what, k, got[k], n)
		}
	}
	for k, n := range got {
		if want[k] == 0 {
			t.Errorf("%s: row %s came %d times, want none", what, k, n)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}
