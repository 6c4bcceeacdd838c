package table

import (
	"fmt"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// As says what a column is read as.
type As uint8

// What a column can be read as.
const (
	// AsText reads versions, segments, operations and categorical features.
	// Numbers become canonical text, so that 123 in Parquet equals "123" in CSV.
	AsText As = iota
	// AsNumber reads float64 values; numeric text counts, booleans are 1 and 0.
	AsNumber
	// AsTime reads Unix nanoseconds.
	AsTime
	// AsStored reads a column as the file has it: by its type in Parquet, as
	// text in CSV and JSON Lines, whose cells carry no type for the whole column.
	AsStored
	// AsID reads ids as the hashes of what AsText would read, without making
	// the texts. The empty text is no id: it is missing.
	AsID
)

// Want describes a column that a reader is to read.
type Want struct {
	Name string // the header's name, the Parquet column's dotted path or the JSON key's
	// Element is what is read of the column's values where they are maps or lists: As says what
	// of it: of a map that of the key, of a list that at the place. A value that has no such
	// element, as a list that is too short, is missing; one that is no map where there is a key
	// alone, and no list where there is a place alone, is invalid. Text may be JSON, or a map or
	// a list as Python writes it. The zero Element is the value itself.
	Element groundtruth.Element
	As      As
	// Optional columns that an object does not have become Absent; a missing
	// required column is a *MissingColumnError. JSON Lines have no header: there a
	// column that no record has is a column of missing values, never an error, and
	// never Absent; ReadOptions.OnUnseen is told of it.
	Optional bool
	// Lazy columns need not be read with the chunk: their values are asked for by
	// Chunk.Lazy, or never.
	Lazy bool
	// Bar asks AsID for Column.Sampled, of the ids that are not above it; nil for none.
	Bar *Bar
}

// ReadOptions change how an object is read. The zero value reads everything.
type ReadOptions struct {
	// TimeColumn, when set, lets the Parquet reader skip row groups whose
	// statistics say that no value lies in [From, To). A zero bound is open.
	// Rows outside the range may still be emitted, and rows whose time is null
	// or cannot be read are emitted only with their row group.
	TimeColumn string
	From, To   time.Time
	// OnBad is told of each malformed record, in order: its reason (groundtruth.BadRow), its
	// 0-based number and a sample of its text. Malformed records are never emitted.
	OnBad func(reason string, row int64, value string)
	// OnUnseen is told, behind the last record of an object of JSON Lines, which wants no
	// record had a key for, and the keys that there were. It is not called where every
	// want was met, or where there was no record.
	OnUnseen func(wants []int, keys []string)
	// Memory is what pages and records may take that are held at one time on one
	// goroutine; 0 is no bound. What takes more is an error.
	Memory int64
}

// ReadStats counts what was read of a part, an object or a source.
type ReadStats struct {
	Rows    int64 // records met, malformed and skipped ones included
	Bad     int64 // malformed records
	Skipped int64 // rows in row groups passed over by their time statistics
	Bytes   int64 // bytes read from the object, before decompression
}

// MissingColumnError says that an object lacks a required column, or that no record of the
// objects has it, of which this is the first.
type MissingColumnError struct {
	Object  string
	Column  string
	Columns []string // what the object has
}

// Error implements error.
func (e *MissingColumnError) Error() string {
	have := "it has no columns"
	if len(e.Columns) > 0 {
		have = "it has " + QuoteNames(e.Columns) + DidYouMean(e.Column, e.Columns)
	}
	return fmt.Sprintf("object %s has no column %q: %s", e.Object, e.Column, have)
}

// Add sums counts.
func (s *ReadStats) Add(o ReadStats) {
	s.Rows += o.Rows
	s.Bad += o.Bad
	s.Skipped += o.Skipped
	s.Bytes += o.Bytes
}

// MinReaderMemory is the least that a goroutine has for what it reads, when a join plans its
// memory. It holds the pages of any usual writer.
const MinReaderMemory = 16 << 20

// Mebibytes returns a number of bytes as people read it.
func Mebibytes(n int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(float64(n)/(1<<20))), ".0") + " MiB"
}
