// Package readtest helps the tests of packages that read objects: it writes objects, gathers
// what a reader emits of them and checks what holds for every chunk.
//
// Begin with Object, which makes an object, and Collect, which reads one into a Table of cells.
package readtest

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// Cell holds what a reader gave for one cell, for comparison; its text is empty where it is not
// valid.
type Cell struct {
	Valid bool
	Bad   string // the text of an invalid cell
	Text  string
	X     float64
	T     int64
	Hash  xxh3.Uint128
	// Sample is the hash that the sample goes by, 0 where the row was not sampled.
	Sample uint64
}

// Table holds all that a reader gave of an object.
type Table struct {
	Cells  map[string][]Cell // by wanted column
	Kinds  map[string]table.Kind
	Rows   []int64 // numbers of the records
	Bad    []groundtruth.BadSample
	Stats  table.ReadStats
	Chunks int
}

// mostRows is more than any reader puts into a chunk.
const mostRows = 1 << 17

// Object writes an object to a store in memory and returns it.
func Object(t testing.TB, key string, data []byte) source.Object {
	t.Helper()
	store, err := objstore.NewOpener("").Open(context.Background(), "mem://decode-"+t.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(context.Background(), key, data); err != nil {
		t.Fatal(err)
	}
	return source.Object{Store: store, Object: objstore.Object{Key: key, Size: int64(len(data))}, URL: "mem://decode/" + key, Rel: key}
}

// Collect gathers what read emits of the wanted columns, and checks what holds for every
// chunk. It sets opt's OnBad.
func Collect(t testing.TB, wants []table.Want, opt table.ReadOptions, read func(opt table.ReadOptions, emit func(*table.Chunk) error) (table.ReadStats, error)) (Table, error) {
	t.Helper()
	got := Table{Cells: map[string][]Cell{}, Kinds: map[string]table.Kind{}}
	opt.OnBad = func(reason string, row int64, value string) {
		if reason != groundtruth.BadRow {
			t.Errorf("malformed for %s", reason)
		}
		got.Bad = append(got.Bad, groundtruth.BadSample{Row: row, Value: value})
	}
	type dictionary struct {
		gen   uint64
		texts []string
	}
	dicts := make([]dictionary, len(wants))
	stats, err := read(opt, func(c *table.Chunk) error {
		got.Chunks++
		if c.Len < 1 || c.Len > mostRows || len(c.Cols) != len(wants) || (c.Rows != nil && len(c.Rows) != c.Len) || c.Row(0) != c.Row0 {
			t.Fatalf("chunk of %d rows from %d and %d columns", c.Len, c.Row0, len(c.Cols))
		}
		for i := range c.Len {
			got.Rows = append(got.Rows, c.Row(i))
		}
		for i := range c.Cols {
			col, name := &c.Cols[i], wants[i].Name
			if k, ok := got.Kinds[name]; ok && k != col.Kind {
				t.Errorf("column %q changes its kind", name)
			}
			got.Kinds[name] = col.Kind
			if col.Kind == table.Absent {
				continue
			}
			if len(col.Valid) != c.Len {
				t.Fatalf("column %q has %d validities for %d rows", name, len(col.Valid), c.Len)
			}
			cells := make([]Cell, c.Len)
			for r := range cells {
				cells[r].Valid = col.Valid[r]
				switch {
				case col.Kind == table.Number:
					cells[r].X = col.Floats[r]
				case !col.Valid[r]:
				case col.Kind == table.Text:
					cells[r].Text = col.Dict[col.Codes[r]]
				case col.Kind == table.ID:
					cells[r].Hash = col.Hashes[r]
				default:
					cells[r].T = col.Times[r]
				}
			}
			setSampled(t, cells, name, col)
			for k, bad := range col.Invalid {
				if col.Valid[bad.Row] || (k > 0 && col.Invalid[k-1].Row >= bad.Row) {
					t.Errorf("column %q: invalid cell %d is valid or out of order", name, bad.Row)
				}
				cells[bad.Row].Bad = bad.Text
			}
			got.Cells[name] = append(got.Cells[name], cells...)
			if col.Kind == table.Text {
				d := &dicts[i]
				if col.DictGen == 0 || col.DictGen < d.gen {
					t.Errorf("column %q: dictionary %d after %d", name, col.DictGen, d.gen)
				}
				if col.DictGen == d.gen && !slices.Equal(d.texts, col.Dict[:min(len(d.texts), len(col.Dict))]) {
					t.Errorf("column %q: dictionary %d changed", name, d.gen)
				}
				*d = dictionary{col.DictGen, slices.Clone(col.Dict)}
			}
		}
		return nil
	})
	got.Stats = stats
	return got, err
}

// setSampled notes which rows of a column were sampled.
func setSampled(t testing.TB, cells []Cell, name string, col *table.Column) {
	t.Helper()
	for k, s := range col.Sampled {
		if !col.Valid[s.Row] || k > 0 && col.Sampled[k-1].Row >= s.Row {
			t.Errorf("column %q: sampled row %d has no id or is out of order", name, s.Row)
		}
		cells[s.Row].Sample = s.Hash
	}
}

// Texts shows text cells: those without a value as -, those that are not of the wanted kind
// after an exclamation mark.
func Texts(cells []Cell) []string {
	var out []string
	for _, c := range cells {
		switch {
		case c.Bad != "":
			out = append(out, "!"+c.Bad)
		case !c.Valid:
			out = append(out, "-")
		default:
			out = append(out, c.Text)
		}
	}
	return out
}

// Parquet writes rows of structs as a Parquet file.
func Parquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[T](&out, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Time reads a point in time, or a date.
func Time(t testing.TB, s string) time.Time {
	t.Helper()
	u, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		u, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u.UTC()
}

// EveryType has a column of each type that Parquet has.
type EveryType struct {
	Bool    bool             `parquet:"bool"`
	I32     int32            `parquet:"i32"`
	I64     int64            `parquet:"i64"`
	U32     uint32           `parquet:"u32"`
	U64     uint64           `parquet:"u64"`
	F32     float32          `parquet:"f32"`
	F64     float64          `parquet:"f64"`
	Text    string           `parquet:"text"`
	Enum    string           `parquet:"enum,enum"`
	Bytes   []byte           `parquet:"bytes"`
	Fixed   [3]byte          `parquet:"fixed"`
	UUID    [16]byte         `parquet:"uuid,uuid"`
	Dec32   int32            `parquet:"dec32,decimal(2:9)"`
	Dec64   int64            `parquet:"dec64,decimal(3:18)"`
	DecText [16]byte         `parquet:"dec16,decimal(2:38)"`
	Day     int32            `parquet:"day,date"`
	Millis  int64            `parquet:"millis,timestamp(millisecond)"`
	Micros  int64            `parquet:"micros,timestamp(microsecond)"`
	Nanos   int64            `parquet:"nanos,timestamp(nanosecond)"`
	Legacy  deprecated.Int96 `parquet:"int96"`
	Nested  struct {
		Leaf *float64 `parquet:"leaf,optional"`
	} `parquet:"nested"`
	Opt  *int64   `parquet:"opt,optional"`
	List []string `parquet:"list"`
}

// SampleEveryType returns a row of usual values and one of extremes.
func SampleEveryType() []EveryType {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	half, seven := 0.5, int64(7)
	a := EveryType{
		Bool: true, I32: -5, I64: 1 << 60, U32: math.MaxUint32, U64: math.MaxUint64, F32: 0.1, F64: 123, Text: "Øst", Enum: "A",
		Bytes: []byte("raw"), Fixed: [3]byte{'a', 'b', 'c'}, UUID: [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00},
		Dec32: 1250, Dec64: -1, DecText: [16]byte{15: 200}, Day: int32(at.Unix() / 86_400), Millis: at.UnixMilli(), Micros: at.UnixMicro(), Nanos: at.UnixNano(),
		Opt: &seven, List: []string{"x", "y"},
	}
	nanos := uint64(at.Sub(at.Truncate(24 * time.Hour)))
	a.Legacy = deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(at.Unix()/86_400 + 2_440_588)}
	a.Nested.Leaf = &half
	b := EveryType{F32: float32(math.NaN()), F64: math.Inf(-1), Millis: math.MaxInt64, Day: math.MaxInt32, U64: 1, Dec64: math.MinInt64}
	for i := range b.DecText {
		b.DecText[i] = 0xff // -1
	}
	return []EveryType{a, b}
}
