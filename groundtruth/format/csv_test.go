package format

import (
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, data string
		a, b       []string // texts of columns a and b; "-" is missing
		bad        []groundtruth.BadSample
	}{
		{"plain", "a,b\n1,2\n3,4\n", []string{"1", "3"}, []string{"2", "4"}, nil},
		{"columns in another order, and one more", "b,x,a\n2,9,1\n", []string{"1"}, []string{"2"}, nil},
		{"no newline at the end", "a,b\n1,2", []string{"1"}, []string{"2"}, nil},
		{"CRLF", "a,b\r\n1,2\r\n3,4\r\n", []string{"1", "3"}, []string{"2", "4"}, nil},
		{"CRLF and quotes", "\"a\",\"b\"\r\n\"1\",\"2\"\r\n3,\"4\"\r\n\"5\",6\r\n", []string{"1", "3", "5"}, []string{"2", "4", "6"}, nil},
		{"CR at the end of the file", "a,b\r\n\"1\",2\r", []string{"1"}, []string{"2"}, nil},
		{"byte order mark", "\xef\xbb\xbfa,b\n1,2\n", []string{"1"}, []string{"2"}, nil},
		{"byte order mark and quotes", "\xef\xbb\xbf\"a\",b\n1,2\n", []string{"1"}, []string{"2"}, nil},
		{"quoted", "a,b\n\"1,5\",\"say \"\"hi\"\"\"\n", []string{"1,5"}, []string{`say "hi"`}, nil},
		{"lines in quotes", "a,b\n\"x\ny\n\",2\n3,\"\n\"\n", []string{"x\ny\n", "3"}, []string{"2", "\n"}, nil},
		{"empty is missing, quoted or not", "a,b\n,\n\"\",\"\"\n", []string{"-", "-"}, []string{"-", "-"}, nil},
		{"blanks stay", "a,b\n 1 , 2\n", []string{" 1 "}, []string{" 2"}, nil},
		{"blank lines", "a,b\n\n1,2\n\r\n\n3,4\n\n", []string{"1", "3"}, []string{"2", "4"}, nil},
		{"a quote inside a field", "a,b\n5\" pipe,2\n3,x\"\"y\"\n", []string{`5" pipe`, "3"}, []string{"2", `x""y"`}, nil},
		{"leading zeros", "a,b\n00123,1e3\n", []string{"00123"}, []string{"1e3"}, nil},
		{"words for missing are text", "a,b\nNA,null\n", []string{"NA"}, []string{"null"}, nil},
		{"short row", "a,b\n1,2\n3\n5,6\n", []string{"1", "5"}, []string{"2", "6"}, []groundtruth.BadSample{{Row: 1, Value: "3"}}},
		{"long row", "a,b\n1,2,3\n5,6\n", []string{"5"}, []string{"6"}, []groundtruth.BadSample{{Row: 0, Value: "1,2,3"}}},
		{"text after a quote", "a,b\n\"1\"x,2\n\"3\" ,4\n5,6\n", []string{"5"}, []string{"6"}, []groundtruth.BadSample{{Row: 0, Value: "\"1\"x,2"}, {Row: 1, Value: "\"3\" ,4"}}},
		{"a CR inside a line", "a,b\n\"1\"\r,2\n5,6\n", []string{"5"}, []string{"6"}, []groundtruth.BadSample{{Row: 0, Value: "\"1\"\r,2"}}},
		{"unicode", "a,b\nØst,日本\n", []string{"Øst"}, []string{"日本"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, ending := range []string{"", ".gz", ".zst"} {
				obj := readtest.Object(t, "a.csv"+ending, compress(t, []byte(c.data), ending))
				got, err := readAll(t, obj, "auto", []table.Want{{Name: "a"}, {Name: "b"}}, table.ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if a, b := readtest.Texts(got.Cells["a"]), readtest.Texts(got.Cells["b"]); !slices.Equal(a, c.a) || !slices.Equal(b, c.b) {
					t.Errorf("got %q and %q, want %q and %q", a, b, c.a, c.b)
				}
				if !slices.Equal(got.Bad, c.bad) || got.Stats.Bad != int64(len(c.bad)) || got.Stats.Rows != int64(len(c.a)+len(c.bad)) {
					t.Errorf("malformed: %+v (%+v), want %+v", got.Bad, got.Stats, c.bad)
				}
			}
		})
	}
}

func TestReadCSVRowNumbers(t *testing.T) {
	obj := readtest.Object(t, "a.csv", []byte("a,b\n1,2\n\nbad\n3,4\n5,6\n"))
	got, err := readAll(t, obj, "auto", []table.Want{{Name: "a"}}, table.ReadOptions{})
	if err != nil || !slices.Equal(got.Rows, []int64{0, 2, 3}) {
		t.Errorf("rows %v (%v)", got.Rows, err)
	}
}

func TestReadCSVKinds(t *testing.T) {
	obj := readtest.Object(t, "a.tsv", []byte("n\tt\tx\n1.5\t2026-01-02\tq\nabc\tnever\t\n\t\tr\ninf\t1767312000\ts\nNaN\tnull\ts\n"))
	wants := []table.Want{{Name: "n", As: table.AsNumber}, {Name: "t", As: table.AsTime}, {Name: "x", As: table.AsStored}, {Name: "y", As: table.AsNumber, Optional: true}}
	got, err := readAll(t, obj, "auto", wants, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n := got.Cells["n"]
	if n[0] != (readtest.Cell{Valid: true, X: 1.5}) || n[1] != (readtest.Cell{Bad: "abc"}) || n[2] != (readtest.Cell{}) || n[3].Bad != "inf" || n[3].Valid {
		t.Errorf("numbers: %+v", n)
	}
	if n[4].Valid || n[4].Bad != "" || n[4].X == n[4].X {
		t.Errorf("the word NaN reads as %+v", n[4])
	}
	day := readtest.Time(t, "2026-01-02").UnixNano()
	if want := []readtest.Cell{{Valid: true, T: day}, {Bad: "never"}, {}, {Valid: true, T: day}, {}}; !slices.Equal(got.Cells["t"], want) {
		t.Errorf("times: %+v, want %+v", got.Cells["t"], want)
	}
	if got := readtest.Texts(got.Cells["x"]); !slices.Equal(got, []string{"q", "-", "r", "s", "s"}) {
		t.Errorf("texts: %q", got)
	}
	if got.Kinds["y"] != table.Absent || got.Kinds["x"] != table.Text {
		t.Errorf("kinds: %v", got.Kinds)
	}
}

func TestMissingColumnErrorIsTyped(t *testing.T) {
	for key, data := range map[string][]byte{
		"a.csv":     []byte("a,b\n1,2\n"),
		"a.parquet": readtest.Parquet(t, []struct{ A, B int64 }{{1, 2}}),
	} {
		_, err := readAll(t, readtest.Object(t, key, data), "auto", []table.Want{{Name: "id"}}, table.ReadOptions{})
		var missing *table.MissingColumnError
		if !errors.As(err, &missing) || missing.Column != "id" || len(missing.Columns) != 2 {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// csvRecord holds a record as a reader gave it.
type csvRecord struct {
	fields    []string
	malformed string
	raw       string // without its line end, as malformed records are shown
}

// csvRecords reads all records with the package's reader, its buffer of the given size
// at first.
func csvRecords(in io.Reader, size int) (out []csvRecord, err error) {
	r := &csvReader{lineBuffer: &lineBuffer{r: in, buf: make([]byte, size), most: maxRecordBytes}, delimiter: ',', maxFields: maxRecordBytes}
	for {
		ok, malformed, err := r.next()
		if err != nil || !ok {
			return out, err
		}
		record := csvRecord{malformed: malformed, raw: string(trimLineEnd(r.raw))}
		if malformed == "" {
			for _, f := range r.fields {
				record.fields = append(record.fields, string(f))
			}
		}
		out = append(out, record)
	}
}

var quotedField = regexp.MustCompile(`^"(?:[^"]|"")*"`)

// csvReference reads records in the plainest way.
func csvReference(data string) (out []csvRecord, err error) {
	for data != "" {
		line, rest, _ := strings.Cut(data, "\n")
		if !strings.Contains(line, `"`) {
			data = rest
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				out = append(out, csvRecord{fields: strings.Split(line, ","), raw: strings.TrimSuffix(line, "\r")})
			}
			continue
		}
		var record csvRecord
		rest = data
		for ended := false; !ended; {
			var field string
			if strings.HasPrefix(rest, `"`) {
				field = quotedField.FindString(rest)
				rest = rest[len(field):]
				if field == "" || strings.HasPrefix(rest, `"`) {
					return out, errUnclosedQuote
				}
				field = strings.ReplaceAll(field[1:len(field)-1], `""`, `"`)
				switch {
				case rest == "", rest == "\r", strings.HasPrefix(rest, "\n"), strings.HasPrefix(rest, "\r\n"):
					ended = true
				case rest[0] != ',':
					record.malformed = "text after a closing quote"
					ended = true
				}
			} else {
				i := strings.IndexAny(rest, ",\n")
				if ended = i < 0 || rest[i] == '\n'; i < 0 {
					i = len(rest)
				}
				field, rest = rest[:i], rest[i:]
				if ended {
					field = strings.TrimSuffix(field, "\r")
				}
			}
			record.fields = append(record.fields, field)
			if !ended {
				rest = rest[1:]
			}
		}
		if record.malformed != "" {
			record.fields = nil
		}
		_, rest, _ = strings.Cut(rest, "\n")
		record.raw = string(trimLineEnd([]byte(data[:len(data)-len(rest)])))
		out = append(out, record)
		data = rest
	}
	return out, nil
}

// checkCSV compares the reader with the reference and, where both know a record, with
// the standard library's strict one; and the ways to read it with one another.
func checkCSV(t *testing.T, data string) {
	t.Helper()
	want, wantErr := csvReference(data)
	for _, c := range []struct {
		name string
		in   io.Reader
		size int
	}{
		{"at once", strings.NewReader(data), 1 << 16},
		{"in a small buffer", strings.NewReader(data), 1},
		{"by halves", iotest.HalfReader(strings.NewReader(data)), 16},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(data)), 8},
	} {
		got, err := csvRecords(c.in, c.size)
		if !errors.Is(err, wantErr) {
			t.Fatalf("%q %s: %v, want %v", data, c.name, err, wantErr)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q %s: %q, want %q", data, c.name, got, want)
		}
	}
	std := csv.NewReader(strings.NewReader(data))
	std.FieldsPerRecord = -1
	records, err := std.ReadAll()
	if err != nil || strings.Contains(data, "\r") {
		// The library drops a CR before every LF, also inside quotes.
		return
	}
	if wantErr != nil || len(want) != len(records) {
		t.Fatalf("%q: %q (%v), but the standard library reads %q", data, want, wantErr, records)
	}
	for i := range records {
		if !slices.Equal(want[i].fields, records[i]) {
			t.Fatalf("%q: %q, but the standard library reads %q", data, want, records)
		}
	}
}

// Random records of few bytes, among them fields of one to three words of eight.
func TestCSVAgainstReference(t *testing.T) {
	parts := []string{",", ",", "\n", "\r\n", "\r", `"`, `"`, `""`, `"a"`, `",`, `,"`, "\"\n", "-", "x", "12345678", "-,", ",-", "1234567890123456", "é", "\n\"", "\"\r\n", "+", "\x2d\x2c\x2d"}
	r := rand.New(rand.NewPCG(7, 8))
	for range 50_000 {
		var data strings.Builder
		for range r.IntN(12) {
			data.WriteString(parts[r.IntN(len(parts))])
		}
		checkCSV(t, data.String())
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\r\n\"x\ny\",2", "a\"b,c\n", "\"a\"b\n", "\"a", "\n\r\n,\n", "\xef\xbb\xbfa", "\"a\",\"\"\"b\"\"\"\r\n", "\"a\"\r", "a,-b,-c-,12345678,-1"} {
		f.Add(s)
	}
	f.Fuzz(checkCSV)
}

// The whole reader never panics and counts every record once.
func FuzzReadCSV(f *testing.F) {
	f.Add("a,b\n1,2\n3\n\"4\"x,5\n")
	f.Fuzz(func(t *testing.T, data string) {
		got, err := readAll(t, readtest.Object(t, "a.csv", []byte(data)), "csv", []table.Want{{Name: "a", Optional: true}, {Name: "b", As: table.AsNumber, Optional: true}, {Name: "c", As: table.AsTime, Optional: true}}, table.ReadOptions{})
		if err == nil && got.Stats.Rows != int64(len(got.Rows))+got.Stats.Bad {
			t.Fatalf("%q: %d rows, %d emitted, %d malformed", data, got.Stats.Rows, len(got.Rows), got.Stats.Bad)
		}
		if strings.Count(data, "\n")+1 < len(got.Rows) {
			t.Fatalf("%q: %d rows", data, len(got.Rows))
		}
	})
}
