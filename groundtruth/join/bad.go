package join

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
)

// The sources of rows, as samples and errors name them.
const (
	fromPredictions = "predictions"
	fromLabels      = "labels"
	fromReference   = "reference"
)

// badRecords counts the bad records of one source, on one goroutine. Its samples
// are the first by (object, row), whatever order the objects came in.
type badRecords struct {
	counts  map[string]int64
	columns map[string]map[string]int64 // by reason and column
	samples map[string][]badRecord
}

// badRecord says where a bad record stands and what was there, for a message.
type badRecord struct {
	object int
	row    int64  // 0-based
	column string // that is bad; empty where the record as a whole is
	value  string
}

func (r badRecord) compare(s badRecord) int {
	return cmp.Or(cmp.Compare(r.object, s.object), cmp.Compare(r.row, s.row))
}

// add counts a record.
func (b *badRecords) add(reason string, r badRecord) {
	b.count(reason, "", 1)
	if r.column != "" {
		b.count(reason, r.column, 1)
	}
	b.sample(reason, r)
}

// count adds to the number of a reason's records, or of those in which a column is bad.
func (b *badRecords) count(reason, column string, n int64) {
	if b.counts == nil {
		b.counts, b.columns, b.samples = map[string]int64{}, map[string]map[string]int64{}, map[string][]badRecord{}
	}
	if column == "" {
		b.counts[reason] += n
		return
	}
	if b.columns[reason] == nil {
		b.columns[reason] = map[string]int64{}
	}
	b.columns[reason][column] += n
}

// sample keeps r if it is among the first.
func (b *badRecords) sample(reason string, r badRecord) {
	s := b.samples[reason]
	i, _ := slices.BinarySearchFunc(s, r, badRecord.compare)
	if i == groundtruth.MaxSamples {
		return
	}
	r.value = strings.Clone(r.value)
	s = slices.Insert(s, i, r)
	b.samples[reason] = s[:min(len(s), groundtruth.MaxSamples)]
}

// merge adds the records of another goroutine.
func (b *badRecords) merge(o badRecords) {
	for reason, n := range o.counts {
		b.count(reason, "", n)
		for column, n := range o.columns[reason] {
			b.count(reason, column, n)
		}
		for _, r := range o.samples[reason] {
			b.sample(reason, r)
		}
	}
}

// total returns how many records are bad.
func (b *badRecords) total() int64 {
	var n int64
	for _, c := range b.counts {
		n += c
	}
	return n
}

// skipped returns the counts and samples for people.
func (b *badRecords) skipped(source string, objects []source.Object) groundtruth.Skipped {
	s := groundtruth.Skipped{Counts: map[string]int64{}, Columns: b.columns, Samples: map[string][]groundtruth.BadSample{}}
	for reason, n := range b.counts {
		s.Counts[reason] = n
		for _, r := range b.samples[reason] {
			s.Samples[reason] = append(s.Samples[reason], groundtruth.BadSample{Source: source, Object: objects[r.object].Rel, Row: r.row + 1, Column: r.column, Value: r.value})
		}
	}
	return s
}

// BadShareError says that more records are bad than Spec.MaxBadShare allows.
type BadShareError struct {
	Source  string              // predictions, labels or reference
	Bad     int64               // bad records
	Rows    int64               // the records that they are a share of
	Max     float64             // Spec.MaxBadShare
	InScope bool                // whether Rows are those of the window only, rather than all that were read
	Skipped groundtruth.Skipped // of this source
}

// Error implements error.
func (e *BadShareError) Error() string {
	of := "records read"
	if e.InScope {
		of = "records of the window"
	}
	check := "check the mapped columns"
	if e.Skipped.Counts[groundtruth.BadClass] > 0 {
		check += ", set positive_label where the classes of a binary model have other words,"
	}
	return fmt.Sprintf("%s: %d of %d %s are bad, a share above max_bad_share %g: %s; mend the data, %s or raise max_bad_share",
		e.Source, e.Bad, e.Rows, of, e.Max, e.Skipped.Words(), check)
}

// checkShare fails when bad of rows is more than limit allows. Zero of zero is not.
func checkShare(bad, rows int64, limit float64, inScope bool, source string, skipped groundtruth.Skipped) error {
	if bad == 0 || float64(bad)/float64(rows) <= limit {
		return nil
	}
	return &BadShareError{Source: source, Bad: bad, Rows: rows, Max: limit, InScope: inScope, Skipped: skipped}
}
