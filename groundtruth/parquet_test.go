package groundtruth

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
)

// parquetBytes writes rows of structs as a Parquet file.
func parquetBytes[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
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

// everyType has a column of each type that there is.
type everyType struct {
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

// everyTypeDict is everyType with dictionaries where there can be some.
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

func sampleEveryType() []everyType {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	half, seven := 0.5, int64(7)
	a := everyType{
		Bool: true, I32: -5, I64: 1 << 60, U32: math.MaxUint32, U64: math.MaxUint64, F32: 0.1, F64: 123, Text: "Øst", Enum: "A",
		Bytes: []byte("raw"), Fixed: [3]byte{'a', 'b', 'c'}, UUID: [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00},
		Dec32: 1250, Dec64: -1, DecText: [16]byte{15: 200}, Day: int32(at.Unix() / daySeconds), Millis: at.UnixMilli(), Micros: at.UnixMicro(), Nanos: at.UnixNano(),
		Opt: &seven, List: []string{"x", "y"},
	}
	nanos := uint64(at.Sub(at.Truncate(24 * time.Hour)))
	a.Legacy = deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(at.Unix()/daySeconds + julianEpoch)}
	a.Nested.Leaf = &half
	b := everyType{F32: float32(math.NaN()), F64: math.Inf(-1), Millis: math.MaxInt64, Day: math.MaxInt32, U64: 1, Dec64: math.MinInt64}
	for i := range b.DecText {
		b.DecText[i] = 0xff // -1
	}
	return []everyType{a, b}
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
		kind   cellKind
	}{
		{"bool", [2]string{"true", "false"}, [2]float64{1, 0}, [2]bool{}, [2]int64{}, [2]bool{true, true}, cellNumber},
		{"i32", [2]string{"-5", "0"}, [2]float64{-5, 0}, [2]bool{}, [2]int64{-5e9, 0}, [2]bool{}, cellNumber},
		{"i64", [2]string{"1152921504606846976", "0"}, [2]float64{1 << 60, 0}, [2]bool{}, [2]int64{1 << 60, 0}, [2]bool{}, cellNumber},
		{"u32", [2]string{"4294967295", "0"}, [2]float64{math.MaxUint32, 0}, [2]bool{}, [2]int64{math.MaxUint32 * 1e9, 0}, [2]bool{}, cellNumber},
		{"u64", [2]string{"18446744073709551615", "1"}, [2]float64{math.MaxUint64, 1}, [2]bool{}, [2]int64{0, 1e9}, [2]bool{true, false}, cellNumber},
		{"f32", [2]string{"0.1", "-"}, [2]float64{float64(float32(0.1)), nan}, [2]bool{}, [2]int64{100_000_001, 0}, [2]bool{}, cellNumber},
		{"f64", [2]string{"123", "-Inf"}, [2]float64{123, math.Inf(-1)}, [2]bool{false, true}, [2]int64{123e9, 0}, [2]bool{false, true}, cellNumber},
		{"text", [2]string{"Øst", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, cellText},
		{"enum", [2]string{"A", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, cellText},
		{"bytes", [2]string{"raw", ""}, [2]float64{}, [2]bool{true, false}, [2]int64{}, [2]bool{true, false}, cellText},
		{"fixed", [2]string{"abc", "\x00\x00\x00"}, [2]float64{}, [2]bool{true, true}, [2]int64{}, [2]bool{true, true}, cellText},
		{"uuid", [2]string{"123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"}, [2]float64{}, [2]bool{true, true}, [2]int64{}, [2]bool{true, true}, cellText},
		{"dec32", [2]string{"12.5", "0"}, [2]float64{12.5, 0}, [2]bool{}, [2]int64{12_500_000_000, 0}, [2]bool{}, cellNumber},
		{"dec64", [2]string{"-0.001", "-9223372036854775.808"}, [2]float64{-0.001, -9223372036854775.808}, [2]bool{}, [2]int64{-1_000_000, 0}, [2]bool{false, true}, cellNumber},
		{"dec16", [2]string{"2", "-0.01"}, [2]float64{2, -0.01}, [2]bool{}, [2]int64{2e9, -10_000_000}, [2]bool{}, cellNumber},
		{"day", [2]string{"2026-01-02T00:00:00Z", "2147483647"}, [2]float64{float64(day.Unix()), math.MaxInt32 * 86400.0}, [2]bool{}, [2]int64{day.UnixNano(), 0}, [2]bool{false, true}, cellTime},
		{"millis", [2]string{"2026-01-02T03:04:05.678Z", "9223372036854775807"}, [2]float64{1767323045.678, 9223372036854775.807}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{false, true}, cellTime},
		{"micros", [2]string{"2026-01-02T03:04:05.678Z", "1970-01-01T00:00:00Z"}, [2]float64{1767323045.678, 0}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{}, cellTime},
		{"nanos", [2]string{"2026-01-02T03:04:05.678Z", "1970-01-01T00:00:00Z"}, [2]float64{1767323045.678, 0}, [2]bool{}, [2]int64{at.UnixNano(), 0}, [2]bool{}, cellTime},
		{"int96", [2]string{"2026-01-02T03:04:05.678Z", "0"}, [2]float64{1767323045.678, 0}, [2]bool{false, true}, [2]int64{at.UnixNano(), 0}, [2]bool{false, true}, cellTime},
		{"nested.leaf", [2]string{"0.5", "-"}, [2]float64{0.5, 0}, [2]bool{}, [2]int64{5e8, 0}, [2]bool{}, cellNumber},
		{"opt", [2]string{"7", "-"}, [2]float64{7, 0}, [2]bool{}, [2]int64{7e9, 0}, [2]bool{}, cellNumber},
	} {
		t.Run(c.column, func(t *testing.T) {
			for _, plain := range []bool{false, true} {
				data := everyTypeFile(t, sampleEveryType(), plain)
				obj := storeObject(t, "a.parquet", data)
				read := func(kind wantKind) readTable {
					got, err := readAllParquet(t, obj, []want{{name: c.column, kind: kind}}, readOptions{})
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				if got := texts(read(wantText).cells[c.column]); !slices.Equal(got, c.text[:]) {
					t.Errorf("text: got %q, want %q", got, c.text)
				}
				numbers, times := read(wantNumber).cells[c.column], read(wantTime).cells[c.column]
				for i := range 2 {
					if got := numbers[i]; (got.bad != "") != c.bad[i] && c.text[i] != "" || !same(got.x, c.number[i]) {
						t.Errorf("number %d: got %+v, want %v", i, got, c.number[i])
					}
					if got := times[i]; (got.bad != "") != c.noTime[i] || got.t != c.time[i] {
						t.Errorf("time %d: got %+v, want %d", i, got, c.time[i])
					}
				}
				if got := read(wantNatural).kinds[c.column]; got != c.kind {
					t.Errorf("natural kind %d, want %d", got, c.kind)
				}
			}
		})
	}
}

func same(a, b float64) bool { return a == b || (a != a && b != b) }

// everyTypeFile writes the columns with dictionaries or without.
func everyTypeFile(t testing.TB, rows []everyType, plain bool) []byte {
	t.Helper()
	if plain {
		return parquetBytes(t, rows)
	}
	dict := make([]everyTypeDict, len(rows))
	for i, r := range rows {
		dict[i] = everyTypeDict(r)
	}
	return parquetBytes(t, dict)
}

func TestReadParquetLists(t *testing.T) {
	obj := storeObject(t, "a.parquet", parquetBytes(t, sampleEveryType()))
	for _, c := range []struct{ column, err string }{
		{"list", `column "list" is a list or a map`},
		{"nested", `column "nested" is a group: name a column in it: "nested.leaf"`},
		{"nested.twig", `has no column "nested.twig"`},
	} {
		_, err := readAllParquet(t, obj, []want{{name: c.column}}, readOptions{})
		if err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want an error with %q", c.column, err, c.err)
		}
	}
	got, err := readAllParquet(t, obj, []want{{name: "i32"}, {name: "gone", optional: true}}, readOptions{})
	if err != nil || got.kinds["gone"] != cellAbsent || len(got.cells["i32"]) != 2 {
		t.Errorf("an optional column: %v (%v)", got.kinds, err)
	}
	if got, err = readAllParquet(t, obj, nil, readOptions{}); err != nil || got.stats.rows != 2 || len(got.rows) != 2 {
		t.Errorf("no column: %d rows (%v)", got.stats.rows, err)
	}
}

func TestReadParquetWithoutRows(t *testing.T) {
	got, err := readAllParquet(t, storeObject(t, "a.parquet", parquetBytes(t, []everyType{})), []want{{name: "i32"}}, readOptions{})
	if err != nil || got.stats.rows != 0 || got.chunks != 0 {
		t.Errorf("%d rows (%v)", got.stats.rows, err)
	}
}

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
	start := scanTime(t, "2026-01-01")
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
			obj := storeObject(t, "a.parquet", parquetBytes(t, rows, options...))
			if large := obj.Size > wholeObjectBytes; large != (name == "large") {
				t.Fatalf("the object has %d bytes", obj.Size)
			}
			wants := []want{{name: "city"}, {name: "x", kind: wantNumber}, {name: "id"}, {name: "at", kind: wantTime}, {name: "id", kind: wantText}}
			got, err := readAllParquet(t, obj, wants[:4], readOptions{})
			if err != nil || len(got.rows) != len(rows) || got.stats.rows != int64(len(rows)) {
				t.Fatalf("%d rows (%v)", len(got.rows), err)
			}
			for i, r := range rows {
				want := []cell{{valid: true, text: r.City}, {}, {valid: true, text: r.ID}, {valid: true, t: r.At * 1000}}
				if r.X != nil {
					want[1] = cell{valid: true, x: *r.X}
				}
				have := []cell{got.cells["city"][i], got.cells["x"][i], got.cells["id"][i], got.cells["at"][i]}
				if !slices.Equal(have, want) || got.rows[i] != int64(i) {
					t.Fatalf("row %d: got %+v, want %+v", i, have, want)
				}
			}
			if got.stats.bytes <= 0 || got.stats.bytes > 2*obj.Size {
				t.Errorf("%d bytes read of %d", got.stats.bytes, obj.Size)
			}
		})
	}
}

func TestReadParquetRefusesLZ4(t *testing.T) {
	obj := storeObject(t, "a.parquet", parquetBytes(t, []event{{ID: "a"}}, parquet.Compression(&parquet.Lz4Raw)))
	_, err := readAllParquet(t, obj, []want{{name: "id"}}, readOptions{})
	if err == nil || !strings.Contains(err.Error(), `column "id" is compressed with LZ4_RAW`) {
		t.Errorf("got %v", err)
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
	first := scanTime(t, "2026-01-01")
	for i := range 240 {
		u := first.Add(time.Duration(i) * time.Hour)
		rows = append(rows, timed{u.UnixMicro(), int32(u.Unix() / daySeconds), u.UnixMilli(), u.Format(time.RFC3339), float64(u.Unix())})
	}
	obj := storeObject(t, "a.parquet", parquetBytes(t, rows, parquet.MaxRowsPerRowGroup(24)))
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
			got, err := readAllParquet(t, obj, []want{{name: "micros", kind: wantTime}}, readOptions{timeColumn: c.column, from: c.from, to: c.to})
			if err != nil || len(got.rows) != 24*c.groups || got.stats.rows != 240 || got.stats.skipped != int64(240-24*c.groups) {
				t.Fatalf("%d rows read and %d passed over, want %d groups (%v)", len(got.rows), got.stats.skipped, c.groups, err)
			}
			for i, r := range got.rows {
				if got.cells["micros"][i].t != rows[r].Micros*1000 {
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
	day := scanTime(t, "2026-01-02")
	obj := storeObject(t, "a.parquet", parquetBytes(t, []timed{{day.Unix()}, {day.UnixMilli()}}))
	got, err := readAllParquet(t, obj, []want{{name: "at", kind: wantTime}}, readOptions{timeColumn: "at", from: day, to: day.Add(time.Second)})
	if err != nil || len(got.rows) != 2 {
		t.Errorf("%d rows (%v)", len(got.rows), err)
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
	obj := storeObject(t, "a.parquet", parquetBytes(t, sampleEveryType()))
	defer func() {
		if r := recover(); r != "mine" {
			t.Errorf("recovered %v", r)
		}
	}()
	_, _ = readParquet(obj, []want{{name: "i32"}}, readOptions{}, func(*chunk) error { panic("mine") })
}

// Any flipped byte gives an error or a table of the right length, never a panic.
func TestReadParquetCorruption(t *testing.T) {
	data := everyTypeFile(t, slices.Repeat(sampleEveryType(), 20), false)
	var wants []want
	for _, name := range []string{"bool", "i64", "f64", "text", "uuid", "dec16", "millis", "int96", "nested.leaf", "opt"} {
		wants = append(wants, want{name: name, optional: true}, want{name: name, kind: wantNumber, optional: true})
	}
	failed := 0
	for i := 0; i < len(data); i += 11 {
		broken := bytes.Clone(data)
		broken[i] ^= byte(1 + i%255)
		_, err := readParquet(storeObject(t, "a.parquet", broken), wants, readOptions{}, func(c *chunk) error {
			if c.n > 40 {
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
	f.Add(everyTypeFile(f, sampleEveryType(), false))
	f.Add(parquetBytes(f, []event{{ID: "a"}, {ID: "b"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		rows := int64(0)
		stats, err := readParquet(storeObject(t, "a.parquet", data), []want{
			{name: "id", optional: true}, {name: "i64", kind: wantNumber, optional: true}, {name: "text", optional: true}, {name: "millis", kind: wantTime, optional: true},
		}, readOptions{timeColumn: "millis", to: time.Unix(2e9, 0)}, func(c *chunk) error {
			if rows += int64(c.n); rows > 1<<20 {
				return errors.New("enough")
			}
			return nil
		})
		if err == nil && stats.rows != rows+stats.skipped {
			t.Fatalf("%d rows, %d emitted, %d passed over", stats.rows, rows, stats.skipped)
		}
	})
}

// readParquet reads all row groups of an object, one after the other.
func readParquet(obj object, wants []want, opt readOptions, emit func(*chunk) error) (stats readStats, err error) {
	file, err := openParquet(context.Background(), obj)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, file.close()) }()
	stats.bytes = file.read
	var r parquetReader
	if err := r.bind(obj, file, wants, opt); err != nil {
		return stats, err
	}
	for i := range file.row0 {
		if err := r.rowGroup(i, nil, &stats, emit); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// readAllParquet reads an object and checks what holds for every chunk.
func readAllParquet(t testing.TB, obj object, wants []want, opt readOptions) (readTable, error) {
	t.Helper()
	return collectChunks(t, wants, opt, func(opt readOptions, emit func(*chunk) error) (readStats, error) {
		return readParquet(obj, wants, opt, emit)
	})
}
