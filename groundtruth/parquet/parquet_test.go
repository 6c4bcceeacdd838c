package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// everyTypeDict is EveryType with dictionaries where there can be some.
type everyTypeDict struct {
	Bool    bool             `parquet:"bool"`
	I32     int32            `parquet:"i32,dict"`
	I64     int64            `parquet:"i64,dict"`
	U32     uint32           `parquet:"u32,dict"`
	U64     uint64           `parquet:"u64,dict"`
	F32     float32          `parquet:"f32,dict"`
	F64     float64          `parquet:"f64,dict"`
	Text    string           `parquet:"text,dict"`
	Enum    string           `parquet:"enum,dict,enum"`
	Bytes   []byte           `parquet:"bytes,dict"`
	Fixed   [3]byte          `parquet:"fixed,dict"`
	UUID    [16]byte         `parquet:"uuid,dict,uuid"`
	Dec32   int32            `parquet:"dec32,dict,decimal(2:9)"`
	Dec64   int64            `parquet:"dec64,dict,decimal(3:18)"`
	DecText [16]byte         `parquet:"dec16,dict,decimal(2:38)"`
	Day     int32            `parquet:"day,dict,date"`
	Millis  int64            `parquet:"millis,dict,timestamp(millisecond)"`
	Micros  int64            `parquet:"micros,dict,timestamp(microsecond)"`
	Nanos   int64            `parquet:"nanos,dict,timestamp(nanosecond)"`
	Legacy  deprecated.Int96 `parquet:"int96,dict"`
	Nested  struct {
		Leaf *float64 `parquet:"leaf,dict,optional"`
	} `parquet:"nested"`
	Opt  *int64   `parquet:"opt,dict,optional"`
	List []string `parquet:"list"`
}

func TestReadParquetTypes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	day := at.Truncate(24 * time.Hour)
	nan := math.NaN()
	for _, c := range []struct {
		column string
		text   [2]string // "-" is missing
		number [2]float64
		bad    [2]bool // as a number
		time   [2]int64
		noTime [2]bool
		kind   table.Kind
	}{
		{"bool", [2]string{"true", "false"}, [2]float64{1, 0}, [2]bool{}, [2]int64{}, [2]bool{true, true}, table.Number},
		{"i32", [2]string{"-5", "0"}, [2]float64{-5, 0}, [2]bool{}, [2]int64{-5e9, 0}, [2]bool{}, table.Number},
		{"i64", [2]string{"1152921504606846976", "0"}, [2]float64{1 << 60, 0}, [2]bool{}, [2]int64{1 << 60, 0}, [2]bool{}, table.Number},
		{"u32", [2]string{"4294967295", "0"}, [2]float64{math.MaxUint32, 0}, [2]bool{}, [2]int64{math.MaxUint32 * 1e9, 0}, [2]bool{}, table.Number},
		{"u64", [2]string{"18446744073709551615", "1"}, [2]float64{math.MaxUint64, 1}, [2]bool{}, [2]int64{0, 1e9}, [2]bool{true, false}, table.Number},
		{"f32", [2]string{"0.1", "-"}, [2]float64{float64(float32(0.1)), nan}, [2]bool{}, [2]int64{100_000_001, 0}, [2]bool{}, table.Number},
		{"f64", [2]string{"123", "-Inf"}, [2]float64{123, math.Inf(-1)}, [2]bool{false, true}, [2]int64{123e9, 0}, [2]bool{false, true}, table.Number},
		{"text", [2]string{"Øst", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, table.Text},
		{"enum", [2]string{"A", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, table.Text},
		{"bytes", [2]string{"raw", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, table.Text},
		{"fixed", [2]string{"abc", "\x00\x00\x00"}, [2]float64{}, [2]bool{true, true}, [2]int64{}, [2]bool{true, true}, table.Text},
		{"uuid", [2]string{"123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"}, [2]float64{}, [2]bool{true, true}, [2]int64{}, [2]bool{true, true}, table.Text},
		{"dec32", [2]string{"12.5", "0"}, [2]float64{12.5, 0}, [2]bool{}, [2]int64{12_500_000_000, 0}, [2]bool{}, table.Number},
		{"dec64", [2]string{"-0.001", "-9223372036854775.808"}, [2]float64{-0.001, -9223372036854775.808}, [2]bool{}, [2]int64{-1_000_000, 0}, [2]bool{false, true}, table.Number},
		{"dec16", [2]string{"2", "-0.01"}, [2]float64{2, -0.01}, [2]bool{}, [2]int64{2e9, -10_000_000}, [2]bool{}, table.Number},
		{"day", [2]string{"2026-01-02T00:00:00Z", "2147483647"}, [2]float64{float64(day.Unix()), math.MaxInt32 * 86400.0}, [2]bool{}, [2]int64{day.UnixNano(), 0}, [2]bool{false, true}, table.Time},
		{"millis", [2]string{"2026-01-02T03:04:05.678Z", "9223372036854775807"}, [2]float64{1767323045.678, 9223372036854775.807}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{false, true}, table.Time},
		{"micros", [2]string{"2026-01-02T03:04:05.678Z", "1970-01-01T00:00:00Z"}, [2]float64{1767323045.678, 0}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{}, table.Time},
		{"nanos", [2]string{"2026-01-02T03:04:05.678Z", "1970-01-01T00:00:00Z"}, [2]float64{1767323045.678, 0}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{}, table.Time},
		{"int96", [2]string{"2026-01-02T03:04:05.678Z", "0"}, [2]float64{1767323045.678, 0}, [2]bool{false, true}, [2]int64{at.UnixNano(), 0}, [2]bool{false, true}, table.Time},
		{"nested.leaf", [2]string{"0.5", "-"}, [2]float64{0.5, 0}, [2]bool{}, [2]int64{5e8, 0}, [2]bool{}, table.Number},
		{"opt", [2]string{"7", "-"}, [2]float64{7, 0}, [2]bool{}, [2]int64{7e9, 0}, [2]bool{}, table.Number},
	} {
		t.Run(c.column, func(t *testing.T) {
			for _, plain := range []bool{false, true} {
				data := everyTypeFile(t, readtest.SampleEveryType(), plain)
				obj := readtest.Object(t, "a.parquet", data)
				read := func(kind table.As) readtest.Table {
					got, err := readAll(t, obj, []table.Want{{Name: c.column, As: kind}}, table.ReadOptions{})
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				if got := readtest.Texts(read(table.AsText).Cells[c.column]); !slices.Equal(got, c.text[:]) {
					t.Errorf("text: got %q, want %q", got, c.text)
				}
				numbers, times := read(table.AsNumber).Cells[c.column], read(table.AsTime).Cells[c.column]
				for i := range 2 {
					if got := numbers[i]; (got.Bad != "") != c.bad[i] && c.text[i] != "" || !same(got.X, c.number[i]) {
						t.Errorf("number %d: got %+v, want %v", i, got, c.number[i])
					}
					if got := times[i]; (got.Bad != "") != c.noTime[i] || got.T != c.time[i] {
						t.Errorf("time %d: got %+v, want %d", i, got, c.time[i])
					}
				}
				if got := read(table.AsStored).Kinds[c.column]; got != c.kind {
					t.Errorf("natural kind %d, want %d", got, c.kind)
				}
			}
		})
	}
}

// same reports whether two numbers are equal, a NaN being equal to itself.
func same(a, b float64) bool { return a == b || (a != a && b != b) }

// everyTypeFile writes the columns with dictionaries or without.
func everyTypeFile(t testing.TB, rows []readtest.EveryType, plain bool) []byte {
	t.Helper()
	if plain {
		return readtest.Parquet(t, rows)
	}
	dict := make([]everyTypeDict, len(rows))
	for i, r := range rows {
		dict[i] = everyTypeDict(r)
	}
	return readtest.Parquet(t, dict)
}

func TestReadParquetLists(t *testing.T) {
	obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, readtest.SampleEveryType()))
	for _, c := range []struct{ column, err string }{
		{"list", `column "list" is a list or a map`},
		{"nested", `column "nested" is a group: name a column in it: "nested.leaf"`},
		{"nested.twig", `has no column "nested.twig"`},
	} {
		_, err := readAll(t, obj, []table.Want{{Name: c.column}}, table.ReadOptions{})
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want an error with %q", c.column, err, c.err)
		}
	}
	got, err := readAll(t, obj, []table.Want{{Name: "i32"}, {Name: "gone", Optional: true}}, table.ReadOptions{})
	if err != nil || got.Kinds["gone"] != table.Absent || len(got.Cells["i32"]) != 2 {
		t.Errorf("an optional column: %v (%v)", got.Kinds, err)
	}
	if got, err = readAll(t, obj, nil, table.ReadOptions{}); err != nil || got.Stats.Rows != 2 || len(got.Rows) != 2 {
		t.Errorf("no column: %d rows (%v)", got.Stats.Rows, err)
	}
}

func TestReadParquetWithoutRows(t *testing.T) {
	got, err := readAll(t, readtest.Object(t, "a.parquet", readtest.Parquet(t, []readtest.EveryType{})), []table.Want{{Name: "i32"}}, table.ReadOptions{})
	if err != nil || got.Stats.Rows != 0 || got.Chunks != 0 {
		t.Errorf("%d rows (%v)", got.Stats.Rows, err)
	}
}

// event is a row that has a time.
type event struct {
	ID   string   `parquet:"id"`
	At   int64    `parquet:"at,timestamp(microsecond)"`
	X    *float64 `parquet:"x,optional"`
	City string   `parquet:"city,dict"`
}

// Pages of different columns end at different rows; the columns still fit together,
// over small pages, several row groups, a large object and every way to compress.
func TestReadParquetPagesAndRowGroups(t *testing.T) {
	var rows []event
	start := readtest.Time(t, "2026-01-01")
	for i := range 30_000 {
		e := event{ID: fmt.Sprintf("%032d", i), At: start.Add(time.Duration(i) * time.Second).UnixMicro(), City: fmt.Sprint("city ", i%5)}
		if i%3 != 0 {
			x := float64(i) / 7
			e.X = &x
		}
		if i%1000 == 999 {
			e.City = fmt.Sprint("village ", i)
		}
		rows = append(rows, e)
	}
	for name, options := range map[string][]parquet.WriterOption{
		"small pages": {parquet.PageBufferSize(700)},
		"row groups":  {parquet.MaxRowsPerRowGroup(999), parquet.Compression(&parquet.Snappy)},
		"version 1":   {parquet.DataPageVersion(1), parquet.Compression(&parquet.Gzip)},
		"zstd":        {parquet.MaxRowsPerRowGroup(10_000), parquet.Compression(&parquet.Zstd)},
		"brotli":      {parquet.Compression(&parquet.Brotli)},
		"large":       {parquet.PageBufferSize(30_000), parquet.KeyValueMetadata("padding", strings.Repeat("x", wholeObjectBytes))},
	} {
		t.Run(name, func(t *testing.T) {
			obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, rows, options...))
			if large := obj.Size > wholeObjectBytes; large != (name == "large") {
				t.Fatalf("the object has %d bytes", obj.Size)
			}
			wants := []table.Want{{Name: "city"}, {Name: "x", As: table.AsNumber}, {Name: "id"}, {Name: "at", As: table.AsTime}, {Name: "id", As: table.AsText}}
			got, err := readAll(t, obj, wants[:4], table.ReadOptions{})
			if err != nil || len(got.Rows) != len(rows) || got.Stats.Rows != int64(len(rows)) {
				t.Fatalf("%d rows (%v)", len(got.Rows), err)
			}
			for i, r := range rows {
				want := []readtest.Cell{{Valid: true, Text: r.City}, {}, {Valid: true, Text: r.ID}, {Valid: true, T: r.At * 1000}}
				if r.X != nil {
					want[1] = readtest.Cell{Valid: true, X: *r.X}
				}
				have := []readtest.Cell{got.Cells["city"][i], got.Cells["x"][i], got.Cells["id"][i], got.Cells["at"][i]}
				if !slices.Equal(have, want) || got.Rows[i] != int64(i) {
					t.Fatalf("row %d: got %+v, want %+v", i, have, want)
				}
			}
			if got.Stats.Bytes <= 0 || got.Stats.Bytes > 2*obj.Size {
				t.Errorf("%d bytes read of %d", got.Stats.Bytes, obj.Size)
			}
		})
	}
}

func TestReadParquetRefusesLZ4(t *testing.T) {
	obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, []event{{ID: "a"}}, parquet.Compression(&parquet.Lz4Raw)))
	_, err := readAll(t, obj, []table.Want{{Name: "id"}}, table.ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), `column "id" is compressed with LZ4_RAW`) {
		t.Errorf("got %v", err)
	}
}

// TestReadParquetNamesTheCodec reads a file whose footer names a codec that is not
// supported: it is that, and no corrupt file.
func TestReadParquetNamesTheCodec(t *testing.T) {
	for codec, want := range map[format.CompressionCodec]string{
		format.LZO: "LZO", format.Lz4: "LZ4, the old codec of Hadoop", format.Lz4Raw: "LZ4_RAW", 77: "a codec of the number 77", -1: "a codec of the number -1",
	} {
		obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, []event{{ID: "a"}}, parquet.Compression(&parquet.Snappy)))
		f, err := Open(t.Context(), obj)
		if err != nil {
			t.Fatal(err)
		}
		columns := f.Metadata().RowGroups[0].Columns
		for i := range columns {
			columns[i].MetaData.Codec = codec
		}
		var r Reader
		if err := r.Bind(obj, f, []table.Want{{Name: "id"}}, table.ReadOptions{}); err != nil {
			t.Fatal(err)
		}
		err = r.RowGroup(0, nil, new(table.ReadStats), func(*table.Chunk) error { return nil })
		text := `column "id" is compressed with ` + want + ", which is not supported: write the file with zstd, snappy or gzip"
		if err == nil || !strings.HasSuffix(err.Error(), text) || errors.Is(err, errCorrupt) {
			t.Errorf("codec %d: %v", codec, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadParquetPrunesRowGroups(t *testing.T) {
	type timed struct {
		Micros int64   `parquet:"micros,timestamp(microsecond)"`
		Day    int32   `parquet:"day,date"`
		Millis int64   `parquet:"millis"`
		Text   string  `parquet:"text"`
		Double float64 `parquet:"double"`
	}
	var rows []timed
	first := readtest.Time(t, "2026-01-01")
	for i := range 240 {
		u := first.Add(time.Duration(i) * time.Hour)
		rows = append(rows, timed{u.UnixMicro(), int32(u.Unix() / table.DaySeconds), u.UnixMilli(), u.Format(time.RFC3339), float64(u.Unix())})
	}
	obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, rows, parquet.MaxRowsPerRowGroup(24)))
	from, to := first.AddDate(0, 0, 3), first.AddDate(0, 0, 5)
	for _, c := range []struct {
		column   string
		from, to time.Time
		groups   int
	}{
		{"micros", from, to, 2},
		{"day", from, to, 2},
		{"millis", from, to, 2},
		{"micros", from.Add(time.Hour), to.Add(-time.Hour), 2},
		{"micros", from.Add(-time.Hour), to.Add(time.Nanosecond), 4},
		{"micros", from, time.Time{}, 7},
		{"micros", time.Time{}, to, 5},
		{"text", from, to, 10},
		{"double", from, to, 10},
		{"none", from, to, 10},
	} {
		t.Run(c.column, func(t *testing.T) {
			got, err := readAll(t, obj, []table.Want{{Name: "micros", As: table.AsTime}}, table.ReadOptions{TimeColumn: c.column, From: c.from, To: c.to})
			if err != nil || len(got.Rows) != 24*c.groups || got.Stats.Rows != 240 || got.Stats.Skipped != int64(240-24*c.groups) {
				t.Fatalf("%d rows read and %d passed over, want %d groups (%v)", len(got.Rows), got.Stats.Skipped, c.groups, err)
			}
			for i, r := range got.Rows {
				if got.Cells["micros"][i].T != rows[r].Micros*1000 {
					t.Fatalf("row %d has another row's time", r)
				}
			}
		})
	}
}

func TestTimePrunerUnits(t *testing.T) {
	// Of these numbers the first counts seconds and the last milliseconds: the order
	// of the numbers is not that of the times.
	type timed struct {
		At int64 `parquet:"at"`
	}
	day := readtest.Time(t, "2026-01-02")
	obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, []timed{{day.Unix()}, {day.UnixMilli()}}))
	got, err := readAll(t, obj, []table.Want{{Name: "at", As: table.AsTime}}, table.ReadOptions{TimeColumn: "at", From: day, To: day.Add(time.Second)})
	if err != nil || len(got.Rows) != 2 {
		t.Errorf("%d rows (%v)", len(got.Rows), err)
	}
}

func TestFloat16(t *testing.T) {
	// IEEE 754-2008, 3.6: binary16.
	for bits, want := range map[uint16]float64{0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 0x1p-14, 0x0001: 0x1p-24, 0x3555: 0.333251953125, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1), 0x7e00: math.NaN()} {
		if got := float16(bits); !same(got, want) {
			t.Errorf("%#04x: got %v, want %v", bits, got, want)
		}
	}
}

// A panic of the consumer is the consumer's, not the file's.
func TestReadParquetKeepsForeignPanics(t *testing.T) {
	obj := readtest.Object(t, "a.parquet", readtest.Parquet(t, readtest.SampleEveryType()))
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	_, _ = readGroups(obj, []table.Want{{Name: "i32"}}, table.ReadOptions{}, func(*table.Chunk) error { panic("mine") })
}

// Any flipped byte gives an error or a table of the right length, never a panic.
func TestReadParquetCorruption(t *testing.T) {
	data := everyTypeFile(t, slices.Repeat(readtest.SampleEveryType(), 20), false)
	var wants []table.Want
	for _, name := range []string{"bool", "i64", "f64", "text", "uuid", "dec16", "millis", "int96", "nested.leaf", "opt"} {
		wants = append(wants, table.Want{Name: name, Optional: true}, table.Want{Name: name, As: table.AsNumber, Optional: true})
	}
	failed := 0
	for i := 0; i < len(data); i += 11 {
		broken := bytes.Clone(data)
		broken[i] ^= byte(1 + i%255)
		_, err := readGroups(readtest.Object(t, "a.parquet", broken), wants, table.ReadOptions{}, func(c *table.Chunk) error {
			if c.Len > 40 {
				return errors.New("more rows than were written")
			}
			return nil
		})
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("nothing failed")
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(everyTypeFile(f, readtest.SampleEveryType(), false))
	f.Add(readtest.Parquet(f, []event{{ID: "a"}, {ID: "b"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		rows := int64(0)
		stats, err := readGroups(readtest.Object(t, "a.parquet", data), []table.Want{
			{Name: "id", Optional: true}, {Name: "i64", As: table.AsNumber, Optional: true}, {Name: "text", Optional: true}, {Name: "millis", As: table.AsTime, Optional: true},
		}, table.ReadOptions{TimeColumn: "millis", To: time.Unix(2e9, 0)}, func(c *table.Chunk) error {
			if rows += int64(c.Len); rows > 1<<20 {
				return errors.New("enough")
			}
			return nil
		})
		if err == nil && stats.Rows != rows+stats.Skipped {
			t.Fatalf("%d rows, %d emitted, %d passed over", stats.Rows, rows, stats.Skipped)
		}
	})
}

// readGroups reads all row groups of an object, one after the other.
func readGroups(obj source.Object, wants []table.Want, opt table.ReadOptions, emit func(*table.Chunk) error) (stats table.ReadStats, err error) {
	file, err := Open(context.Background(), obj)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	stats.Bytes = file.BytesRead
	var r Reader
	if err := r.Bind(obj, file, wants, opt); err != nil {
		return stats, err
	}
	for i := range file.Row0 {
		if err := r.RowGroup(i, nil, &stats, emit); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// readAll reads an object and checks what holds for every chunk.
func readAll(t testing.TB, obj source.Object, wants []table.Want, opt table.ReadOptions) (readtest.Table, error) {
	t.Helper()
	return readtest.Collect(t, wants, opt, func(opt table.ReadOptions, emit func(*table.Chunk) error) (table.ReadStats, error) {
		return readGroups(obj, wants, opt, emit)
	})
}
