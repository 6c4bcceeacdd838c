package groundtruth

import (
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/objstore"
)

// wantKind says what a column is read as.
type wantKind uint8

const (
	// wantText reads versions, segments, operations and categorical features.
	// Numbers become canonical text, so that 123 in Parquet equals "123" in CSV.
	wantText wantKind = iota
	// wantNumber reads float64 values; numeric text counts, booleans are 1 and 0.
	wantNumber
	// wantTime reads Unix nanoseconds.
	wantTime
	// wantNatural reads a column as the file has it: by its type in Parquet, as
	// text in CSV and JSON Lines, whose cells carry no type for the whole column.
	wantNatural
	// wantID reads ids as the hashes of what wantText would read, without making
	// the texts. The empty text is no id: it is missing.
	wantID
)

// want describes one column to read.
type want struct {
	name string // the header's name, the Parquet column's dotted path or the JSON key's
	kind wantKind
	// optional columns that an object does not have become cellAbsent; a missing
	// required column is a *missingColumnError. JSON Lines have no header: there a
	// column that no record has is a column of missing values, never an error, and
	// never cellAbsent.
	optional bool
	// lazy columns need not be read with the chunk: their values are asked for by
	// chunk.values, or never.
	lazy bool
}

// cellKind is the kind of the values of a chunkColumn.
type cellKind uint8

const (
	cellAbsent cellKind = iota // the object has no such column: no slice is set
	cellNumber                 // floats
	cellText                   // codes and dict
	cellTime                   // times
	cellID                     // hashes
)

// chunk is a run of records of one object, as columns in the
// order of the wants. It and all its slices are used again after emit returns;
// only the strings in it may be kept. (A string may share its memory with the
// other text of its chunk: clone what is kept for long.)
type chunk struct {
	n    int
	row0 int64 // 0-based number of the first record, counting malformed records
	// rows holds the 0-based number of each record where malformed records lie
	// between them; nil when record i is number row0+i. See row.
	rows []int64
	cols []chunkColumn
	// lazy sends the values of a column whose slices are not set, as values does; nil
	// when all slices are. What goes wrong is in err.
	lazy func(i int, sel []int32, emit func(*Values))
	err  error
}

// chunkRows is the largest number of records in a chunk of a text format: so many that
// a column's bins come into cache for thousands of values.
const chunkRows = 32_768

// row returns the 0-based number of record i in its object, counting malformed
// records. (BadSample.Row is 1-based.)
func (c *chunk) row(i int) int64 {
	if c.rows != nil {
		return c.rows[i]
	}
	return c.row0 + int64(i)
}

// chunkColumn is one column of a chunk. Slices have length chunk.n.
type chunkColumn struct {
	kind cellKind
	// floats of a cellNumber column. Where valid is false it is 0 for a null or
	// empty cell and for text, NaN for a NaN (the number or the word), and an
	// infinity for an infinite number, so that the reader of a prediction can tell
	// no value from a bad one.
	floats []float64
	// narrow says that the numbers are floating-point ones of 32 bits.
	narrow bool
	// codes of a cellText column point into dict. Entries of dict may be equal to
	// one another, and not every entry need be used.
	codes []uint32
	dict  []string
	// dictGen numbers the dictionary: while it stays the same from one chunk of
	// the object to the next, dict has only grown and codes keep their meaning, so
	// what was looked up per code can be kept. It is never 0.
	dictGen uint64
	// times of a cellTime column, in Unix nanoseconds.
	times []int64
	// hashes of a cellID column: the 128-bit XXH3 of each canonical text.
	hashes []xxh3.Uint128
	// valid marks usable cells: not null, not empty where a number or a time is
	// wanted, not NaN, and of the wanted kind. The empty string is a valid text in
	// JSON and Parquet and a missing one in CSV, which cannot tell it from null; as an id it is missing
	// everywhere.
	valid []bool
	// invalid lists the cells that are present but not of the wanted kind, by
	// row: text that is no number or time, infinite numbers, times out of range,
	// nested JSON values. NaN is not among them.
	invalid []invalidCell
}

// invalidCell is a cell that is present but not of the wanted kind.
type invalidCell struct {
	i    int    // index in the chunk
	text string // what was there, at most maxSampleText bytes
}

// readOptions change how an object is read. The zero value reads everything.
type readOptions struct {
	// timeColumn, when set, lets the Parquet reader skip row groups whose
	// statistics say that no value lies in [from, to). A zero bound is open.
	// Rows outside the range may still be emitted, and rows whose time is null
	// or cannot be read are emitted only with their row group.
	timeColumn string
	from, to   time.Time
	// onBad is told of each malformed record, in order: its reason (BadRow), its
	// 0-based number and a sample of its text. Malformed records are never emitted.
	onBad func(reason string, row int64, value string)
	// memory is what pages and records may take that are held at one time on one
	// goroutine; 0 is no bound. What takes more is an error.
	memory int64
}

// readStats counts what readObject read.
type readStats struct {
	rows    int64 // records met, malformed and skipped ones included
	bad     int64 // malformed records
	skipped int64 // rows in row groups passed over by their time statistics
	bytes   int64 // bytes read from the object, before decompression
}

// missingColumnError says that an object lacks a required column.
type missingColumnError struct {
	Object  string
	Column  string
	Columns []string // what the object has
}

// Error implements error.
func (e *missingColumnError) Error() string {
	have := "it has no columns"
	if len(e.Columns) > 0 {
		have = "it has " + quoteNames(e.Columns)
	}
	return fmt.Sprintf("object %s has no column %q: %s", e.Object, e.Column, have)
}

// object is one discovered object.
type object struct {
	store *objstore.Store
	objstore.Object
	url     string // for people and the audit, without secrets
	rel     string // key relative to the URL's fixed part: the order for tie-breaks
	span    Window // the partition's time span, by the placeholders of the pattern
	hasSpan bool   // whether the pattern gave a span
	far     bool   // whether each read takes a way over a network
	parts   bool   // whether it is read in parts however small it is, for tests
}
