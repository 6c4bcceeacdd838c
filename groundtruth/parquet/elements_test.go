package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// key and place make wants of elements.
func key(name, key string, as table.As) table.Want {
	return table.Want{Name: name, As: as, Element: groundtruth.Element{Key: key}}
}

func place(name string, place int, as table.As) table.Want {
	return table.Want{Name: name, As: as, Element: groundtruth.Element{Place: place}}
}

// ofList bounds the elements of the lists that a want is of.
func ofList(w table.Want, most int) table.Want {
	w.Element.Of = most
	return w
}

// readElements reads an object, and returns the cells of each want by its number.
func readElements(t testing.TB, data []byte, wants []table.Want, opt table.ReadOptions) ([][]readtest.Cell, error) {
	t.Helper()
	out := make([][]readtest.Cell, len(wants))
	_, err := readGroups(readtest.Object(t, "a.parquet", data), wants, opt, func(c *table.Chunk) error {
		for i := range c.Cols {
			col := &c.Cols[i]
			if col.Kind == table.Absent {
				continue
			}
			for r := range c.Len {
				cell := readtest.Cell{Valid: col.Valid[r]}
				if !cell.Valid {
					cell.Bad, _ = col.InvalidText(r)
				}
				switch {
				case col.Kind == table.Number:
					cell.X = col.Floats[r]
				case col.Kind == table.Text:
					cell.Text = col.Text(r)
				case col.Kind == table.Time:
					cell.T = col.Times[r]
				}
				out[i] = append(out[i], cell)
			}
		}
		return nil
	})
	return out, err
}

// fixtureNumber is number j of row i of the files that testdata/nested.py writes.
func fixtureNumber(i, j, of int) readtest.Cell {
	if j < 0 || j >= of || i%7 == 6 || (i+j)%5 == 4 {
		return readtest.Cell{}
	}
	return readtest.Cell{Valid: true, X: float64(i) + float64(j)/8}
}

// TestNestedFixtures reads what other writers make of lists, maps and groups.
func TestNestedFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var wants []table.Want
			var want []func(i int) readtest.Cell
			add := func(w table.Want, cell func(i int) readtest.Cell) { wants, want = append(wants, w), append(want, cell) }
			for p := range 4 {
				for _, name := range []string{"l", "large", "fixed"} {
					of := func(i int) int { return i % 4 }
					if name == "fixed" {
						of = func(int) int { return 3 }
					}
					add(place(name, p+1, table.AsNumber), func(i int) readtest.Cell { return fixtureNumber(i, p, of(i)) })
				}
				add(place("words", p+1, table.AsNumber), func(i int) readtest.Cell { return fixtureNumber(i, p, i%4) })
				add(place("words", p+1, table.AsText), func(i int) readtest.Cell {
					c := fixtureNumber(i, p, i%4)
					if c.Valid {
						c.X, c.Text = 0, strconv.FormatFloat(c.X, 'f', -1, 64)
						if !strings.Contains(c.Text, ".") {
							c.Text += ".0"
						}
					}
					return c
				})
				add(place("l", p+1, table.AsTime), func(i int) readtest.Cell {
					c := fixtureNumber(i, p, i%4)
					return readtest.Cell{Valid: c.Valid, T: int64(c.X * 1e9)}
				})
			}
			for k := range 3 {
				inMap := func(i int) readtest.Cell { return fixtureNumber(i, (k-i%3+3)%3, i%4) }
				letter := "abc"[k : k+1]
				add(key("m", letter, table.AsNumber), inMap)
				add(key("whole", strconv.Itoa(10*(k+1)), table.AsNumber), inMap)
				add(key("json", letter, table.AsNumber), inMap)
				inGroup := func(i int) readtest.Cell { return fixtureNumber(i, k, 2) }
				add(key("s", letter, table.AsNumber), inGroup)
				if k < 2 {
					add(table.Want{Name: "s." + letter, As: table.AsNumber}, inGroup)
				}
			}
			if strings.Contains(path, "polars") { // it has no maps, and one kind of list
				for i := len(wants) - 1; i >= 0; i-- {
					if slices.Contains([]string{"m", "whole", "large", "fixed"}, wants[i].Name) {
						wants, want = slices.Delete(wants, i, i+1), slices.Delete(want, i, i+1)
					}
				}
			}
			got, err := readElements(t, data, wants, table.ReadOptions{Memory: 16 << 20})
			if err != nil {
				t.Fatal(err)
			}
			known := 0
			for w := range wants {
				if len(got[w]) != 150 {
					t.Fatalf("%+v: %d rows", wants[w], len(got[w]))
				}
				for i, c := range got[w] {
					if c != want[w](i) {
						t.Fatalf("%+v, row %d: got %+v, want %+v", wants[w], i, c, want[w](i))
					}
					if c.Valid {
						known++
					}
				}
			}
			if known < 1000 {
				t.Errorf("%d values", known)
			}
		})
	}
}

// Elements of columns as old writers made them, and of none.
func TestElementsOfOtherShapes(t *testing.T) {
	number, text := parquet.Leaf(parquet.DoubleType), parquet.String()
	list := func(n parquet.Node) parquet.Node { return parquet.Optional(parquet.List(n)) }
	pair := parquet.Group{"key": parquet.Required(text), "value": parquet.Optional(number)}
	schema := parquet.NewSchema("rows", parquet.Group{
		"bare":    parquet.Repeated(number),
		"two":     parquet.Optional(parquet.Group{"array": parquet.Repeated(number)}),
		"tuple":   parquet.Optional(parquet.Group{"bag": parquet.Repeated(parquet.Group{"array_element": parquet.Optional(number)})}),
		"pairs":   parquet.Repeated(pair),
		"o":       parquet.Group{"deep": list(number)},
		"in.name": list(number),
		"lists":   list(list(number)),
		"groups":  list(parquet.Group{"label": text, "score": number}),
		"maps":    parquet.Optional(parquet.Map(text, list(number))),
		"far":     parquet.Repeated(parquet.Group{"l": list(number), "m": number}),
		"s":       parquet.Optional(parquet.Group{"cat": parquet.Optional(number), "inner": parquet.Group{"x": number, "y": number}}),
		"plain":   number,
	})
	var out bytes.Buffer
	w := parquet.NewWriter(&out, schema)
	for _, row := range []map[string]any{
		{"bare": []float64{1, 2}, "two": map[string]any{"array": []float64{3, 4}}, "tuple": map[string]any{"bag": []any{map[string]any{"array_element": 5.0}, map[string]any{}}}, "pairs": []any{map[string]any{"key": "cat", "value": 6.0}, map[string]any{"key": "cat", "value": 7.0}}, "o": map[string]any{"deep": []any{8.0, 9.0}}, "in.name": []any{10.0}, "s": map[string]any{"cat": 11.0}},
		{},
		{"bare": []float64{1.5}, "pairs": []any{map[string]any{"key": "dog", "value": 1.0}}, "o": map[string]any{}},
	} {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want  table.Want
		cells string // - is missing, ! bad
	}{
		{place("bare", 1, table.AsNumber), "1 - 1.5"},
		{place("bare", 2, table.AsNumber), "2 - -"},
		{place("two", 2, table.AsNumber), "4 - -"},
		{ofList(place("two", 1, table.AsNumber), 2), "3 - -"},
		{ofList(place("two", 1, table.AsNumber), 1), "! - -"},
		{ofList(place("bare", 1, table.AsNumber), 1), "! - 1.5"},
		{ofList(key("pairs", "cat", table.AsNumber), 1), "7 - -"},
		{place("tuple", 1, table.AsNumber), "5 - -"},
		{place("tuple", 2, table.AsNumber), "- - -"},
		{key("pairs", "cat", table.AsNumber), "7 - -"},
		{key("pairs", "dog", table.AsNumber), "- - 1"},
		{place("o.deep", 2, table.AsNumber), "9 - -"},
		{place("in.name", 1, table.AsNumber), "10 - -"},
		{key("s", "cat", table.AsNumber), "11 - -"},
		{key("s", "dog", table.AsNumber), "- - -"},
		{table.Want{Name: "bare", As: table.AsNumber, Element: groundtruth.Element{Key: "cat", Place: 2}}, "2 - -"},
		{table.Want{Name: "pairs", As: table.AsNumber, Element: groundtruth.Element{Key: "cat", Place: 2}}, "7 - -"},
		{table.Want{Name: "s", As: table.AsNumber, Element: groundtruth.Element{Key: "cat", Place: 2}}, "11 - -"},
	} {
		got, err := readElements(t, out.Bytes(), []table.Want{c.want}, table.ReadOptions{})
		if err != nil {
			t.Errorf("%+v: %v", c.want, err)
			continue
		}
		var cells []string
		for _, cell := range got[0] {
			if !cell.Valid {
				cells = append(cells, map[bool]string{true: "!", false: "-"}[cell.Bad != ""])
				continue
			}
			cells = append(cells, strconv.FormatFloat(cell.X, 'g', -1, 64))
		}
		if got := strings.Join(cells, " "); got != c.cells {
			t.Errorf("%+v: got %s, want %s", c.want, got, c.cells)
		}
	}
	for _, c := range []struct {
		want table.Want
		err  string
	}{
		{key("bare", "cat", table.AsNumber), `column "bare" is a list, which has places, and the element of the key "cat" is wanted of it`},
		{place("pairs", 1, table.AsNumber), `column "pairs" is a map, which has keys, and the element at place 1 is wanted of it`},
		{place("s", 1, table.AsNumber), `column "s" is a group of columns`},
		{key("s", "inner", table.AsNumber), `column "s" has in it "inner", which is no value`},
		{place("lists", 1, table.AsNumber), `column "lists", of which elements are wanted, holds lists`},
		{place("groups", 1, table.AsNumber), `column "groups", of which elements are wanted, holds lists, maps or groups`},
		{key("maps", "a", table.AsNumber), `column "maps", of which elements are wanted, holds lists`},
		{place("far.l", 1, table.AsNumber), `column "far.l", of which elements are wanted, lies in a list`},
		{place("plain", 1, table.AsNumber), `column "plain", of which elements are wanted, has one value a row`},
		{place("gone", 1, table.AsNumber), `has no column "gone"`},
		{place("o.gone", 1, table.AsNumber), `has no column "o.gone"`},
	} {
		if _, err := readElements(t, out.Bytes(), []table.Want{c.want}, table.ReadOptions{}); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%+v: got %v, want an error with %q", c.want, err, c.err)
		}
	}
	gone := place("gone", 1, table.AsNumber)
	gone.Optional = true
	if got, err := readElements(t, out.Bytes(), []table.Want{gone}, table.ReadOptions{}); err != nil || got[0] != nil {
		t.Errorf("an optional column that is not there: %v (%v)", got, err)
	}
}

// elementRow is a row with lists and maps.
type elementRow struct {
	ID    string             `parquet:"id"`
	List  []*float64         `parquet:"list,list"`
	Plain []float64          `parquet:"plain"`
	Words []string           `parquet:"words,list,dict"`
	Map   map[string]float64 `parquet:"map"`
}

// Rows come back the same whatever pages, row groups and encodings they are in.
func TestElementsRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := make([]elementRow, rapid.IntRange(0, 80).Draw(rt, "rows"))
		number := rapid.Float64Range(-10, 10)
		for i := range rows {
			rows[i] = elementRow{ID: fmt.Sprint(i), Plain: rapid.SliceOfN(number, 0, 5).Draw(rt, "plain"), Words: rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2.5", "x", ""}), 0, 4).Draw(rt, "words")}
			rows[i].List = rapid.SliceOfN(rapid.Ptr(number, true), 0, rapid.SampledFrom([]int{1, 3, 40}).Draw(rt, "most")).Draw(rt, "list")
			rows[i].Map = rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), number, 0, 3).Draw(rt, "map")
		}
		options := []parquet.WriterOption{
			parquet.PageBufferSize(rapid.SampledFrom([]int{20, 200, 1 << 20}).Draw(rt, "page")), parquet.MaxRowsPerRowGroup(rapid.SampledFrom([]int64{7, 1 << 20}).Draw(rt, "group")),
			parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")),
		}
		wants := []table.Want{
			place("list", 1, table.AsNumber), place("list", 3, table.AsNumber), place("plain", 2, table.AsNumber), place("plain", 2, table.AsText), place("words", 2, table.AsNumber), place("words", 2, table.AsText),
			key("map", "a", table.AsNumber), key("map", "c", table.AsNumber), {Name: "id"}, place("list", 1, table.AsNumber), place("words", 2, table.AsID),
		}
		got, err := readElements(t, readtest.Parquet(t, rows, options...), wants, table.ReadOptions{Memory: 16 << 20})
		if err != nil {
			rt.Fatal(err)
		}
		for i, r := range rows {
			var cells []readtest.Cell
			at := func(p int) readtest.Cell {
				if p > len(r.List) || r.List[p-1] == nil {
					return readtest.Cell{}
				}
				return readtest.Cell{Valid: true, X: *r.List[p-1]}
			}
			plain, plainText, word, wordText, id := readtest.Cell{}, readtest.Cell{}, readtest.Cell{}, readtest.Cell{}, readtest.Cell{}
			if len(r.Plain) > 1 {
				plain = readtest.Cell{Valid: true, X: r.Plain[1]}
				plainText = readtest.Cell{Valid: true, Text: string(table.AppendFloatText(nil, r.Plain[1], 64))}
			}
			if len(r.Words) > 1 {
				x, state := table.ParseNumber([]byte(r.Words[1]))
				word = readtest.Cell{Valid: state == table.NumberOK, X: x}
				if state == table.NumberBad {
					word.Bad = r.Words[1]
				}
				wordText = readtest.Cell{Valid: true, Text: r.Words[1]}
				id.Valid = r.Words[1] != ""
			}
			inMap := func(k string) readtest.Cell { x, ok := r.Map[k]; return readtest.Cell{Valid: ok, X: x} }
			cells = append(cells, at(1), at(3), plain, plainText, word, wordText, inMap("a"), inMap("c"), readtest.Cell{Valid: true, Text: r.ID}, at(1), id)
			for w, want := range cells {
				if len(got[w]) != len(rows) || got[w][i] != want {
					rt.Fatalf("row %d, %+v: got %+v, want %+v", i, wants[w], got[w][i], want)
				}
			}
		}
	})
}

// A row may be longer than what is read at one time, and than a page.
func TestElementsOfLongRows(t *testing.T) {
	long := make([]float64, 3*entryRows)
	for i := range long {
		long[i] = float64(i)
	}
	rows := []elementRow{{ID: "a", Plain: long}, {ID: "b"}, {ID: "c", Plain: long[:entryRows]}, {ID: "d", Plain: long[1:]}}
	for name, options := range map[string][]parquet.WriterOption{"one page": nil, "pages": {parquet.PageBufferSize(5000), parquet.DataPageVersion(1)}} {
		got, err := readElements(t, readtest.Parquet(t, rows, options...), []table.Want{place("plain", entryRows+1, table.AsNumber), place("plain", 3*entryRows, table.AsNumber)}, table.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]readtest.Cell{
			{{Valid: true, X: entryRows}, {}, {}, {Valid: true, X: entryRows + 1}},
			{{Valid: true, X: 3*entryRows - 1}, {}, {}, {}},
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%s: got %v, want %v", name, got[i], want[i])
			}
		}
	}
}

// Values that are no numbers are missing or invalid as those of columns are.
func TestElementsThatAreBad(t *testing.T) {
	type row struct {
		L []float64 `parquet:"l,list"`
	}
	rows := []row{{[]float64{math.NaN()}}, {[]float64{math.Inf(1)}}, {[]float64{1}}}
	got, err := readElements(t, readtest.Parquet(t, rows), []table.Want{place("l", 1, table.AsNumber)}, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := got[0]; c[0].Valid || c[0].Bad != "" || !math.IsNaN(c[0].X) || c[1].Bad != "+Inf" || !c[2].Valid {
		t.Errorf("got %+v", c)
	}
}

// Few elements of a large page take little memory, and a page that is too large is an error.
func TestElementsMemory(t *testing.T) {
	long := make([]float64, 1<<20)
	for i := range long {
		long[i] = 1 / float64(i+1)
	}
	data := readtest.Parquet(t, []elementRow{{ID: "a", Plain: long}}, parquet.PageBufferSize(64<<20))
	_, err := readElements(t, data, []table.Want{place("plain", 1, table.AsNumber)}, table.ReadOptions{Memory: 4 << 20})
	if err == nil || !strings.Contains(err.Error(), "raise --memory") {
		t.Errorf("got %v", err)
	}
	if _, err := readElements(t, data, []table.Want{place("plain", 1, table.AsNumber)}, table.ReadOptions{Memory: 64 << 20}); err != nil {
		t.Error(err)
	}
}

// FuzzElements reads what is made of files with lists and maps: no rows but those that the
// file has, or an error.
func FuzzElements(f *testing.F) {
	one := 1.0
	rows := []elementRow{
		{ID: "a", List: []*float64{&one, nil}, Plain: []float64{1, 2}, Words: []string{"x"}, Map: map[string]float64{"a": 1, "b": 2}},
		{ID: "b"}, {ID: "c", Plain: []float64{3}},
	}
	f.Add(readtest.Parquet(f, rows))
	f.Add(readtest.Parquet(f, rows, parquet.DataPageVersion(1), parquet.PageBufferSize(10)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		wants := []table.Want{
			place("list", 2, table.AsNumber), place("plain", 1, table.AsNumber), place("words", 1, table.AsText), key("map", "a", table.AsNumber), key("map", "b", table.AsTime), key("id", "a", table.AsNumber),
		}
		for i := range wants {
			wants[i].Optional = true
		}
		rows := int64(0)
		stats, err := readGroups(readtest.Object(t, "a.parquet", data), wants, table.ReadOptions{Memory: 16 << 20}, func(c *table.Chunk) error {
			for i := range c.Cols {
				if col := &c.Cols[i]; col.Kind != table.Absent && len(col.Valid) != c.Len {
					t.Fatalf("column %d has %d cells in %d rows", i, len(col.Valid), c.Len)
				}
			}
			if rows += int64(c.Len); rows > 1<<18 {
				return errors.New("enough")
			}
			return nil
		})
		if err == nil && stats.Rows != rows {
			t.Fatalf("%d rows, %d emitted", stats.Rows, rows)
		}
	})
}

// FuzzRepetitionLevels deals levels to rows: each row has the entries that begin with its own,
// in whatever pieces they come.
func FuzzRepetitionLevels(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 0, 1}, uint8(2))
	f.Add([]byte{1, 1}, uint8(1))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, levels []byte, rows uint8) {
		for i := range levels {
			levels[i] &= 1
		}
		left := int(rows)
		k := rowsBegun(levels, len(levels), &left)
		begun := bytes.Count(levels[:k], []byte{0})
		if left != int(rows)-begun || k < len(levels) && (levels[k] != 0 || left != 0) {
			t.Fatalf("%v: %d entries and %d rows left of %d", levels, k, left, rows)
		}
	})
}
