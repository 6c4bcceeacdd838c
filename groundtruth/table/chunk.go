package table

import (
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
)

// Kind says which slices of a Column hold its cells. It is that of what was read, ids among
// them; groundtruth.Kind, which has none, is the kind of what a sink is sent.
type Kind uint8

// The kinds of columns.
const (
	Absent Kind = iota // the object has no such column: no slice is set
	Number             // Floats
	Text               // Codes and Dict
	Time               // Times
	ID                 // Hashes
)

// Chunk is a run of records of one object, as columns in the
// order of the wants. It and all its slices are used again after emit returns;
// only the strings in it may be kept. (A string may share its memory with the
// other text of its chunk: clone what is kept for long.)
type Chunk struct {
	Len  int
	Row0 int64 // 0-based number of the first record, counting malformed records
	// Rows holds the 0-based number of each record where malformed records lie
	// between them; nil when record i is number Row0+i. The method Row knows both.
	Rows []int64
	Cols []Column
	// Lazy sends the values of a column whose slices are not set, as ValueSender.Send does,
	// which calls it; nil when all slices are. What goes wrong is in Err.
	Lazy func(i int, sel []int32, emit func(*groundtruth.Values))
	// LazyCells reads the cells of such a column instead, for Cells.
	LazyCells func(i int) *Column
	Err       error
}

// ChunkRows is the largest number of records in a chunk of a text format: so many that
// a column's bins come into cache for thousands of values.
const ChunkRows = 32_768

// Row returns the 0-based number of record i in its object, counting malformed
// records. (groundtruth.BadSample.Row is 1-based.)
func (c *Chunk) Row(i int) int64 {
	if c.Rows != nil {
		return c.Rows[i]
	}
	return c.Row0 + int64(i)
}

// Column is a column of a Chunk. The slices that its kind has are of the length Chunk.Len.
type Column struct {
	Kind Kind
	// Floats of a Number column. Where Valid is false it is 0 for a null or
	// empty cell and for text, NaN for a NaN (the number or the word), and an
	// infinity for an infinite number, so that the reader of a prediction can tell
	// no value from a bad one.
	Floats []float64
	// Narrow says that the numbers are floating-point ones of 32 bits.
	Narrow bool
	// Codes of a Text column point into Dict. Entries of Dict may be equal to
	// one another, and not every entry need be used.
	Codes []uint32
	Dict  []string
	// DictGen numbers the dictionary: while it stays the same from one chunk of
	// the object to the next, Dict has only grown and codes keep their meaning, so
	// what was looked up per code can be kept. It is never 0.
	DictGen uint64
	// Times of a Time column, in Unix nanoseconds.
	Times []int64
	// Hashes of an ID column: the 128-bit XXH3 of each canonical text.
	Hashes []xxh3.Uint128
	// Sampled are the rows of an ID column, in order, whose hashes were not above
	// Want.Bar when the chunk was begun.
	Sampled []groundtruth.SampledRow
	// Valid marks usable cells: not null, not empty where a number or a time is
	// wanted, not NaN, and of the wanted kind. The empty string is a valid text in
	// JSON and Parquet and a missing one in CSV, which cannot tell it from null; as an
	// id it is missing everywhere.
	Valid []bool
	// Invalid lists the cells that are present but not of the wanted kind, by
	// row: text that is no number or time, infinite numbers, times out of range,
	// nested JSON values. NaN is not among them.
	Invalid []invalidCell
}

// invalidCell tells of a cell that is present but not of the wanted kind.
type invalidCell struct {
	Row  int    // index in the chunk
	Text string // what was there, at most MaxSample bytes
}

// Column returns column i of a chunk, or an absent one for -1.
func (c *Chunk) Column(i int) *Column {
	if i < 0 {
		return &Column{}
	}
	return &c.Cols[i]
}

// Cells returns the cells of column i, which are read now where they were not with the chunk:
// of such a column once, in Lazy's stead, and they are valid until those of the next one are
// asked for.
func (c *Chunk) Cells(i int) *Column {
	col := c.Column(i)
	if c.LazyCells != nil && col.Kind != Absent && col.Valid == nil {
		return c.LazyCells(i)
	}
	return col
}

// Text returns the usable text of row i; the empty text is not usable.
func (c *Column) Text(i int) string {
	if c.Kind != Text || !c.Valid[i] {
		return ""
	}
	return c.Dict[c.Codes[i]]
}

// InvalidText returns what is in row i when it is present and not of the wanted kind.
func (c *Column) InvalidText(i int) (string, bool) {
	k := sort.Search(len(c.Invalid), func(k int) bool { return c.Invalid[k].Row >= i })
	if k < len(c.Invalid) && c.Invalid[k].Row == i {
		return c.Invalid[k].Text, true
	}
	return "", false
}

// BadNumber tells a number that is no value from a missing one, for a row that is
// not valid.
func (c *Column) BadNumber(i int) (text string, bad bool) {
	if text, bad := c.InvalidText(i); bad {
		return text, true
	}
	if c.Kind == Number && (math.IsNaN(c.Floats[i]) || math.IsInf(c.Floats[i], 0)) {
		return strconv.FormatFloat(c.Floats[i], 'g', -1, 64), true
	}
	return "", false
}

// Resize returns n elements, in the memory of s where it has room.
func Resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// NoCode marks, in a list of codes by the entries of a dictionary, an entry that was not
// looked up yet.
const NoCode = math.MaxUint32
