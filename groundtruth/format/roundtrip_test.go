package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// tripRow is a row that every format can hold.
type tripRow struct {
	ID   string   `parquet:"id" json:"id"`
	At   int64    `parquet:"at,timestamp(nanosecond)" json:"at"`
	X    *float64 `parquet:"x,optional" json:"x,omitempty"`
	City *string  `parquet:"city,optional,dict" json:"city,omitempty"`
	Flag bool     `parquet:"flag" json:"flag"`
	N    int64    `parquet:"n" json:"n"`
}

// tripRows draws a table.
func tripRows() *rapid.Generator[[]tripRow] {
	return rapid.Custom(func(t *rapid.T) []tripRow {
		rows := make([]tripRow, rapid.IntRange(0, 60).Draw(t, "rows"))
		for i := range rows {
			rows[i] = tripRow{
				ID: rapid.StringN(1, 8, -1).Filter(everyFormatHolds).Draw(t, "id"),
				At: rapid.Int64Range(-9e18, 9e18).Draw(t, "at"),
				N:  rapid.Int64().Draw(t, "n"), Flag: rapid.Bool().Draw(t, "flag"),
			}
			if rapid.Bool().Draw(t, "has x") {
				x := rapid.Float64().Filter(func(x float64) bool { return !math.IsInf(x, 0) && x == x }).Draw(t, "x")
				rows[i].X = &x
			}
			if rapid.Bool().Draw(t, "has city") {
				city := rapid.SampledFrom([]string{"Oslo", "a,b", `"`, "two\nlines", "00123", " x ", "日本", "NA"}).Draw(t, "city")
				rows[i].City = &city
			}
		}
		return rows
	})
}

// everyFormatHolds tells text that comes back from the writers used here: the
// library for CSV changes CR, the one for JSON what is no UTF-8.
func everyFormatHolds(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, '\r')
}

// tripFile writes rows as an object of a format, by other libraries than those that read it.
func tripFile(t testing.TB, format string, rows []tripRow) []byte {
	var out bytes.Buffer
	switch format {
	case "csv":
		w := csv.NewWriter(&out)
		names := []string{"n", "flag", "city", "x", "at", "id"}
		records := [][]string{names}
		for _, r := range rows {
			cells := map[string]string{
				"n": strconv.FormatInt(r.N, 10), "flag": strconv.FormatBool(r.Flag), "at": time.Unix(0, r.At).UTC().Format(time.RFC3339Nano), "id": r.ID,
			}
			if r.City != nil {
				cells["city"] = *r.City
			}
			if r.X != nil {
				cells["x"] = strconv.FormatFloat(*r.X, 'g', -1, 64)
			}
			var record []string
			for _, name := range names {
				record = append(record, cells[name])
			}
			records = append(records, record)
		}
		if err := w.WriteAll(records); err != nil {
			t.Fatal(err)
		}
	case "jsonl":
		e := json.NewEncoder(&out)
		for _, r := range rows {
			line := struct {
				tripRow
				At time.Time `json:"at"`
			}{r, time.Unix(0, r.At).UTC()}
			if err := e.Encode(line); err != nil {
				t.Fatal(err)
			}
		}
	default:
		return readtest.Parquet(t, rows, parquet.MaxRowsPerRowGroup(17), parquet.PageBufferSize(200))
	}
	return out.Bytes()
}

// Rows written by other libraries come back the same from every format and
// compression, in one file or dealt over several.
func TestFormatsRoundTrip(t *testing.T) {
	wants := []table.Want{
		{Name: "id"}, {Name: "at", As: table.AsTime}, {Name: "x", As: table.AsNumber}, {Name: "city"}, {Name: "flag", As: table.AsNumber}, {Name: "n"},
	}
	flagAsText := []table.Want{{Name: "flag"}}
	rapid.Check(t, func(rt *rapid.T) {
		rows := tripRows().Draw(rt, "table")
		cut := rapid.IntRange(0, len(rows)).Draw(rt, "cut")
		for _, name := range []string{"a.csv", "a.csv.gz", "a.csv.zst", "a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"} {
			c, err := codecOf(formats(), "auto", name)
			if err != nil {
				rt.Fatal(err)
			}
			ending := map[string]string{"gz": ".gz", "zst": ".zst"}[c.compression]
			i := 0
			for _, part := range [][]tripRow{rows[:cut], rows[cut:]} {
				obj := readtest.Object(t, name, compress(t, tripFile(t, c.name, part), ending))
				read := func(wants []table.Want) map[string][]readtest.Cell {
					got, err := readAll(t, obj, "auto", wants, table.ReadOptions{})
					if err != nil || len(got.Rows) != len(part) || len(got.Bad) > 0 {
						rt.Fatalf("%s: %d of %d rows (%v)", name, len(got.Rows), len(part), err)
					}
					return got.Cells
				}
				cells, flags := read(wants), read(flagAsText)["flag"]
				for r, row := range part {
					want := map[string]readtest.Cell{
						"id": {Valid: true, Text: row.ID}, "at": {Valid: true, T: row.At}, "x": {}, "city": {},
						"flag": {Valid: true}, "n": {Valid: true, Text: strconv.FormatInt(row.N, 10)},
					}
					if row.X != nil {
						want["x"] = readtest.Cell{Valid: true, X: *row.X}
					}
					if row.City != nil {
						want["city"] = readtest.Cell{Valid: true, Text: *row.City}
					}
					if row.Flag {
						want["flag"] = readtest.Cell{Valid: true, X: 1}
					}
					for column, want := range want {
						if got := cells[column][r]; got != want {
							rt.Fatalf("%s, row %d, column %s: got %+v, want %+v", name, i, column, got, want)
						}
					}
					if want := (readtest.Cell{Valid: true, Text: strconv.FormatBool(row.Flag)}); flags[r] != want {
						rt.Fatalf("%s, row %d, flag as text: got %+v, want %+v", name, i, flags[r], want)
					}
					i++
				}
			}
		}
	})
}

// nestedRow is a row with a list and a map that every format can hold.
type nestedRow struct {
	ID   string             `parquet:"id" json:"id"`
	List []*float64         `parquet:"list,list" json:"list"`
	Map  map[string]float64 `parquet:"map" json:"map"`
}

// nestedFile writes rows as an object of a format; cells of CSV hold JSON.
func nestedFile(t testing.TB, format string, rows []nestedRow) []byte {
	var out bytes.Buffer
	text := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	switch format {
	case "csv":
		records := [][]string{{"map", "id", "list"}}
		for _, r := range rows {
			records = append(records, []string{text(r.Map), r.ID, text(r.List)})
		}
		if err := csv.NewWriter(&out).WriteAll(records); err != nil {
			t.Fatal(err)
		}
	case "jsonl":
		for _, r := range rows {
			out.WriteString(text(r) + "\n")
		}
	case "jsonl of texts":
		for _, r := range rows {
			out.WriteString(text(map[string]string{"id": r.ID, "list": text(r.List), "map": text(r.Map)}) + "\n")
		}
	default:
		return readtest.Parquet(t, rows, parquet.MaxRowsPerRowGroup(17), parquet.PageBufferSize(100))
	}
	return out.Bytes()
}

// Elements of lists and maps come back the same from every format.
func TestElementsRoundTrip(t *testing.T) {
	number := rapid.Float64Range(-100, 100)
	keys := []string{"cat", "dog", "a.b", "é", "1"}
	var wants []table.Want
	for p := range 4 {
		wants = append(wants, table.Want{Name: "list", As: table.AsNumber, Element: groundtruth.Element{Place: p + 1}})
	}
	for _, k := range keys {
		wants = append(wants, table.Want{Name: "map", As: table.AsNumber, Element: groundtruth.Element{Key: k}})
	}
	wants = append(wants, table.Want{Name: "id"}, table.Want{Name: "map", Element: groundtruth.Element{Key: "cat"}})
	rapid.Check(t, func(rt *rapid.T) {
		rows := make([]nestedRow, rapid.IntRange(1, 40).Draw(rt, "rows"))
		for i := range rows {
			rows[i] = nestedRow{
				ID: strconv.Itoa(i), List: rapid.SliceOfN(rapid.Ptr(number, true), 0, 5).Draw(rt, "list"), Map: rapid.MapOfN(rapid.SampledFrom(keys), number, 0, 4).Draw(rt, "map"),
			}
		}
		for _, f := range []struct{ name, format string }{{"a.csv", "csv"}, {"a.jsonl", "jsonl"}, {"a.jsonl", "jsonl of texts"}, {"a.parquet", "parquet"}} {
			got := make([][]readtest.Cell, len(wants))
			obj := readtest.Object(t, f.name, nestedFile(t, f.format, rows))
			for i, w := range wants { // each by itself, since a Table has one column of a name
				one, err := readAll(t, obj, "auto", []table.Want{w}, table.ReadOptions{})
				if err != nil {
					rt.Fatal(err)
				}
				got[i] = one.Cells[w.Name]
			}
			together := 0
			if _, err := readObject(t.Context(), obj, "auto", wants, table.ReadOptions{}, func(c *table.Chunk) error {
				for r := range c.Len {
					for i := range wants {
						if col := &c.Cols[i]; col.Valid[r] != got[i][together].Valid || col.Kind == table.Number && col.Floats[r] != got[i][together].X {
							rt.Fatalf("%s, row %d, %+v: %v of several wants, %+v alone", f.format, together, wants[i], col.Valid[r], got[i][together])
						}
					}
					together++
				}
				return nil
			}); err != nil {
				rt.Fatal(err)
			}
			for r, row := range rows {
				for i, w := range wants {
					var want readtest.Cell
					x, there := row.Map[w.Element.Key]
					switch p := w.Element.Place; {
					case w.Name == "id":
						want = readtest.Cell{Valid: true, Text: row.ID}
					case p > 0 && p <= len(row.List) && row.List[p-1] != nil:
						want = readtest.Cell{Valid: true, X: *row.List[p-1]}
					case there && w.As == table.AsText:
						want = readtest.Cell{Valid: true, Text: string(table.AppendFloatText(nil, x, 64))}
					case there:
						want = readtest.Cell{Valid: true, X: x}
					}
					if got[i][r] != want {
						rt.Fatalf("%s, row %d, %+v: got %+v, want %+v", f.format, r, w, got[i][r], want)
					}
				}
			}
		}
	})
}
