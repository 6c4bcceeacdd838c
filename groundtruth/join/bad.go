package join

import (
	"cmp"
	"fmt"
	"maps"
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
	samples map[string][]badRecord
}

// badRecord says where a bad record stands and what was there, for a message.
type badRecord struct {
	object int
	row    int64 // 0-based
	value  string
}

func (r badRecord) compare(s badRecord) int {
	return cmp.Or(cmp.Compare(r.object, s.object), cmp.Compare(r.row, s.row))
}

// add counts a record.
func (b *badRecords) add(reason string, r badRecord) {
	if b.counts == nil {
		b.counts, b.samples = map[string]int64{}, map[string][]badRecord{}
	}
	b.counts[reason]++
	b.sample(reason, r)
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
		if b.counts == nil {
			b.counts, b.samples = map[string]int64{}, map[string][]badRecord{}
		}
		b.counts[reason] += n
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
	s := groundtruth.Skipped{Counts: map[string]int64{}, Samples: map[string][]groundtruth.BadSample{}}
	for reason, n := range b.counts {
		s.Counts[reason] = n
		for _, r := range b.samples[reason] {
			s.Samples[reason] = append(s.Samples[reason], groundtruth.BadSample{Source: source, Object: objects[r.object].Rel, Row: r.row + 1, Value: r.value})
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
	var b strings.Builder
	of := "records read"
	if e.InScope {
		of = "records of the window"
	}
	fmt.Fprintf(&b, "%s: %d of %d %s are bad, a share above max_bad_share %g: ", e.Source, e.Bad, e.Rows, of, e.Max)
	for i, reason := range slices.Sorted(maps.Keys(e.Skipped.Counts)) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", e.Skipped.Counts[reason], reason)
		if s := e.Skipped.Samples[reason]; len(s) > 0 {
			fmt.Fprintf(&b, " (first in %s, record %d", s[0].Object, s[0].Row)
			if s[0].Value != "" {
				fmt.Fprintf(&b, ": %q", s[0].Value)
			}
			b.WriteString(")")
		}
	}
	b.WriteString("; mend the data, check the mapped columns or raise max_bad_share")
	return b.String()
}

// checkShare fails when bad of rows is more than limit allows. Zero of zero is not.
func checkShare(bad, rows int64, limit float64, inScope bool, source string, skipped groundtruth.Skipped) error {
	if bad == 0 || float64(bad)/float64(rows) <= limit {
		return nil
	}
	return &BadShareError{Source: source, Bad: bad, Rows: rows, Max: limit, InScope: inScope, Skipped: skipped}
}
