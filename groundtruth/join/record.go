package join

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
)

// The join is narrow: of each row only what decides the join is kept, as a record
// of fixed width, so that millions of them are a few allocations, invisible to the
// garbage collector, and can be written to disk as they are.
//
// A prediction record is
//
//	hash of the id (10) | prediction (8) | time (0 to 8) | place (5 to 8) | version (3) | segments (3 each) | group (0 or 1)
//	| whether the positive class is predicted (0 or 1) | further numbers (8 each)
//
// and a label record
//
//	hash of the id (10) | label (8) | event time (0 to 8) | ingest time (0 or 8) | place (5 to 8) | flags (1)
//
// in little-endian order. A time is counted from the window's start and as wide as
// the window needs; the event time, which is only compared with prediction times, is
// held within a nanosecond of the window and what Spec.Within adds to it. The place is object and row, with objects
// numbered in the order of their relative keys. Version and segments are codes of a
// dictionary plus one, 0 being a missing value. The group is that of the row's entity, where
// there is a column of these: entities.go. A class stands for a prediction or a label by its
// code in the dictionary of classes. The further numbers are the probabilities of classes,
// predicted quantiles and the weight, as far as the rows have them: values.go.
//
// Ids are compared by the lower 80 of the 128 bits of their XXH3 and by those that
// chose their partition, which are more where there are more ids. Among 10^8 distinct
// ids a collision has a probability below 10^-11. XXH3 is not a cryptographic hash, so
// who can choose ids and wants a collision can make one.
const (
	hashBytes  = 10
	valueBytes = 8
	codeBytes  = 3
	flagBytes  = 1
	groupBytes = 1
	// recordSlack is what a field may be written, and read, beyond its width, so that
	// each is one word.
	recordSlack = 8
	// maxCode is the greatest code plus one.
	maxCode = 1<<(8*codeBytes) - 1
	// minRowBits are the fewest bits of a place that are the row.
	minRowBits = 36
)

// recordKind tells the two kinds of records apart, which have partitions of their own.
type recordKind uint8

const (
	predictionRecords recordKind = iota
	labelRecords
	recordKinds = 2
)

// The flags of a label record.
const (
	labelNull    uint8 = 1 << iota // the label is known to be unknown
	labelDeleted                   // the version is a delete
	labelTimed                     // the event time is known
	labelPending                   // null, and not ingested yet: every other version counts before it
)

// idHash holds what records keep of an id's hash: its lower 80 bits.
type idHash struct {
	lo uint64
	hi uint16
}

// highBits are the bits of idHash.hi.
const highBits = 16

// bits returns n bits of the hash, off bits from the top of its 80.
func (h idHash) bits(off, n uint) int {
	var top uint64
	switch {
	case off < highBits:
		top = uint64(h.hi)<<(64-highBits+off) | h.lo>>(highBits-off)
	case off < hashBits:
		top = h.lo << (off - highBits)
	}
	return int(top >> (64 - n))
}

// hashBits are the bits of an idHash, which split partitions that are too large.
const hashBits = 64 + highBits

// recordLayout says where the fields of records lie.
type recordLayout struct {
	size   [recordKinds]int
	start  int64  // of the window
	length uint64 // of the window
	reach  uint64 // how long after the window's start the event time of a label matters
	time   int    // width of a prediction's time
	event  int    // width of an event time
	place  int    // width of a place
	rows   uint   // bits of a place that are the row
	// Offsets within a record.
	timeAt, placeAt, versionAt  int
	groupAt                     int // 0 without groups
	positiveAt                  int // 0 where the classes are not two
	numbersAt                   int // of the further numbers
	numbers                     int // how many these are
	eventAt, ingestAt, labelsAt int // labelsAt is the place of a label record
	flagsAt                     int
}

// layoutOptions tell newRecordLayout what the widths of fields depend on.
type layoutOptions struct {
	window       groundtruth.Window
	hasTime      bool          // predictions have a timestamp
	event        bool          // labels have an event time
	within       time.Duration // as Spec has it
	ingest       bool          // labels have an ingest time
	objects      int           // the greater number of objects of the two sources
	segmentCount int
	groups       bool // predictions have entities
	positive     bool // predictions are of one of two classes
	numbers      int  // that predictions have beside their value
}

func newRecordLayout(o layoutOptions) *recordLayout {
	l := &recordLayout{}
	if o.hasTime {
		l.start = nanos(o.window.Start)
		l.length = uint64(nanos(o.window.End)) - uint64(l.start)
		// From a nanosecond before the window to its end.
		l.time = (bits.Len64(l.length+1) + 7) / 8
		l.reach = l.length + uint64(o.within)
		l.event = (bits.Len64(l.reach+1) + 7) / 8
	}
	objectBits := uint(bits.Len(uint(max(o.objects-1, 1))))
	l.place = int(minRowBits+objectBits+7) / 8
	l.rows = uint(8*l.place) - objectBits
	l.timeAt = hashBytes + valueBytes
	l.placeAt = l.timeAt + l.time
	l.versionAt = l.placeAt + l.place
	l.size[predictionRecords] = l.versionAt + codeBytes*(1+o.segmentCount)
	if o.groups {
		l.groupAt = l.size[predictionRecords]
		l.size[predictionRecords] += groupBytes
	}
	if o.positive {
		l.positiveAt = l.size[predictionRecords]
		l.size[predictionRecords] += flagBytes
	}
	l.numbersAt, l.numbers = l.size[predictionRecords], o.numbers
	l.size[predictionRecords] += valueBytes * o.numbers

	l.eventAt = hashBytes + valueBytes
	l.ingestAt = l.eventAt
	if o.event {
		l.ingestAt += l.event
	}
	l.labelsAt = l.ingestAt
	if o.ingest {
		l.labelsAt += 8
	}
	l.flagsAt = l.labelsAt + l.place
	l.size[labelRecords] = l.flagsAt + flagBytes
	return l
}

// checkRow says whether a row number fits.
func (l *recordLayout) checkRow(row int64) error {
	if l.rows < 64 && uint64(row)>>l.rows != 0 {
		return fmt.Errorf("row %d: more than 2^%d rows in one object cannot be joined: store them in several", row, l.rows)
	}
	return nil
}

// prediction holds the fields of a prediction record that decide which of two counts.
type prediction struct {
	time    int64
	value   float64
	place   uint64
	version uint32 // code plus one
}

// labelVersion holds the fields of a label record, less its hash.
type labelVersion struct {
	value  float64
	ingest int64
	event  int64 // see recordLayout.nearWindow
	place  uint64
	flags  uint8
}

func putHash(rec []byte, h xxh3.Uint128) {
	binary.LittleEndian.PutUint64(rec, h.Lo)
	binary.LittleEndian.PutUint16(rec[8:], uint16(h.Hi))
}

func getHash(rec []byte) idHash {
	return idHash{lo: binary.LittleEndian.Uint64(rec), hi: binary.LittleEndian.Uint16(rec[8:])}
}

func getValue(rec []byte) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(rec[hashBytes:]))
}

// wordAt returns the width bytes at off.
func wordAt(rec []byte, off, width int) uint64 {
	return binary.LittleEndian.Uint64(rec[off:off+8]) & (1<<(8*width) - 1)
}

// placeOf returns the place of a row.
func (l *recordLayout) placeOf(object int, row int64) uint64 {
	return uint64(object)<<l.rows | uint64(row)
}

// rowOf is the inverse of placeOf.
func (l *recordLayout) rowOf(place uint64) (object int, row int64) {
	return int(place >> l.rows), int64(place & (1<<l.rows - 1))
}

// putPrediction encodes p, its segments and, where the layout has groups, the group. It sets
// recordSlack bytes behind the record as well.
func (l *recordLayout) putPrediction(rec []byte, h xxh3.Uint128, p prediction, segments []uint32, group uint8) {
	rec = rec[:l.size[predictionRecords]+recordSlack]
	putHash(rec, h)
	binary.LittleEndian.PutUint64(rec[hashBytes:], math.Float64bits(p.value))
	binary.LittleEndian.PutUint64(rec[l.timeAt:], uint64(p.time-l.start))
	binary.LittleEndian.PutUint64(rec[l.placeAt:], p.place)
	binary.LittleEndian.PutUint32(rec[l.versionAt:], p.version)
	at := l.versionAt
	for _, code := range segments {
		at += codeBytes
		binary.LittleEndian.PutUint32(rec[at:], code)
	}
	if l.groupAt > 0 {
		rec[l.groupAt] = group
	}
}

// putFurther adds to a prediction record what predictions have beside their value, of row i.
func (l *recordLayout) putFurther(rec []byte, v *rowValues, i int) {
	if l.positiveAt > 0 {
		rec[l.positiveAt] = 0
		if v.Positive[i] {
			rec[l.positiveAt] = 1
		}
	}
	for k, numbers := range v.numbers {
		binary.LittleEndian.PutUint64(rec[l.numbersAt+valueBytes*k:], math.Float64bits(numbers[i]))
	}
}

// positive reports whether a prediction is of the positive class, where the layout knows.
func (l *recordLayout) positive(rec []byte) bool { return rec[l.positiveAt] != 0 }

// number returns the k-th of the further numbers of a prediction.
func (l *recordLayout) number(rec []byte, k int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(rec[l.numbersAt+valueBytes*k:]))
}

// prediction decodes a prediction record.
func (l *recordLayout) prediction(rec []byte) prediction {
	return prediction{
		time:    l.predictionTime(rec),
		value:   getValue(rec),
		place:   wordAt(rec, l.placeAt, l.place),
		version: l.version(rec),
	}
}

func (l *recordLayout) predictionTime(rec []byte) int64 {
	return l.start + int64(wordAt(rec, l.timeAt, l.time))
}

func (l *recordLayout) version(rec []byte) uint32 {
	return binary.LittleEndian.Uint32(rec[l.versionAt:]) & maxCode
}

// segment returns the code plus one of the k-th segment column.
func (l *recordLayout) segment(rec []byte, k int) uint32 {
	return binary.LittleEndian.Uint32(rec[l.versionAt+codeBytes*(k+1):]) & maxCode
}

// group returns the group of a prediction's entity, where the layout has groups.
func (l *recordLayout) group(rec []byte) uint8 { return rec[l.groupAt] }

// reaches reports whether labels of an event time may count for a prediction of the
// window, where they count within a time.
func (l *recordLayout) reaches(event int64) bool {
	return event >= l.start && uint64(event)-uint64(l.start) < l.reach
}

// nearWindow returns t within a nanosecond of the window and its reach, which is before
// or not before the same prediction times.
func (l *recordLayout) nearWindow(t int64) int64 {
	switch {
	case t < l.start:
		return l.start - 1
	case uint64(t)-uint64(l.start) > l.reach:
		return l.start + int64(l.reach)
	}
	return t
}

// putLabel encodes v. It sets recordSlack bytes behind the record as well.
func (l *recordLayout) putLabel(rec []byte, h xxh3.Uint128, v labelVersion) {
	rec = rec[:l.size[labelRecords]+recordSlack]
	putHash(rec, h)
	binary.LittleEndian.PutUint64(rec[hashBytes:], math.Float64bits(v.value))
	binary.LittleEndian.PutUint64(rec[l.eventAt:], uint64(l.nearWindow(v.event)-l.start+1))
	binary.LittleEndian.PutUint64(rec[l.ingestAt:], uint64(v.ingest))
	binary.LittleEndian.PutUint64(rec[l.labelsAt:], v.place)
	rec[l.flagsAt] = v.flags
}

// label decodes a label record.
func (l *recordLayout) label(rec []byte) labelVersion {
	v := labelVersion{
		value: getValue(rec),
		event: l.eventTime(rec),
		place: wordAt(rec, l.labelsAt, l.place),
		flags: rec[l.flagsAt],
	}
	v.ingest = l.ingest(rec)
	return v
}

// ingest returns the ingest time of a label record, 0 where there is none.
func (l *recordLayout) ingest(rec []byte) int64 {
	if l.labelsAt == l.ingestAt {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(rec[l.ingestAt:]))
}

// eventTime returns the event time of a label record.
func (l *recordLayout) eventTime(rec []byte) int64 {
	return l.start - 1 + int64(wordAt(rec, l.eventAt, l.ingestAt-l.eventAt))
}

// newer reports whether p comes after q by semantics.md 2: timestamp, then object
// key, then row.
func (p prediction) newer(q prediction) bool {
	if p.time != q.time {
		return p.time > q.time
	}
	return p.place > q.place
}

// newer reports whether l comes after m by semantics.md 2: ingest time, then object
// key, then row.
func (l labelVersion) newer(m labelVersion) bool {
	if l.ingest != m.ingest {
		return l.ingest > m.ingest
	}
	return l.place > m.place
}
