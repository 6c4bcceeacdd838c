package join

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// This file holds a slow and simple join over tables in memory, the reference that
// the real one is compared with.

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
