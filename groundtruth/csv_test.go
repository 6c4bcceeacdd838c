package groundtruth

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, data string
		a, b       []string // texts of columns a and b; "-" is missing
		bad        []BadSample
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
		{"short row", "a,b\n1,2\n3\n5,6\n", []string{"1", "5"}, []string{"2", "6"}, []BadSample{{Row: 1, Value: "3"}}},
		{"long row", "a,b\n1,2,3\n5,6\n", []string{"5"}, []string{"6"}, []BadSample{{Row: 0, Value: "1,2,3"}}},
		{"text after a quote", "a,b\n\"1\"x,2\n\"3\" ,4\n5,6\n", []string{"5"}, []string{"6"}, []BadSample{{Row: 0, Value: "\"1\"x,2"}, {Row: 1, Value: "\"3\" ,4"}}},
		{"a CR inside a line", "a,b\n\"1\"\r,2\n5,6\n", []string{"5"}, []string{"6"}, []BadSample{{Row: 0, Value: "\"1\"\r,2"}}},
		{"unicode", "a,b\nØst,日本\n", []string{"Øst"}, []string{"日本"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, ending := range []string{"", ".gz", ".zst"} {
				obj := storeObject(t, "a.csv"+ending, compress(t, []byte(c.data), ending))
				got, err := readAll(t, obj, "auto", []want{{name: "a"}, {name: "b"}}, readOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if a, b := texts(got.cells["a"]), texts(got.cells["b"]); !slices.Equal(a, c.a) || !slices.Equal(b, c.b) {
					t.Errorf("got %q and %q, want %q and %q", a, b, c.a, c.b)
				}
				if !slices.Equal(got.bad, c.bad) || got.stats.bad != int64(len(c.bad)) || got.stats.rows != int64(len(c.a)+len(c.bad)) {
					t.Errorf("malformed: %+v (%+v), want %+v", got.bad, got.stats, c.bad)
				}
			}
		})
	}
}

func TestReadCSVRowNumbers(t *testing.T) {
	obj := storeObject(t, "a.csv", []byte("a,b\n1,2\n\nbad\n3,4\n5,6\n"))
	got, err := readAll(t, obj, "auto", []want{{name: "a"}}, readOptions{})
	if err != nil || !slices.Equal(got.rows, []int64{0, 2, 3}) {
		t.Errorf("rows %v (%v)", got.rows, err)
	}
}

func TestReadCSVKinds(t *testing.T) {
	obj := storeObject(t, "a.tsv", []byte("n\tt\tx\n1.5\t2026-01-02\tq\nabc\tnever\t\n\t\tr\ninf\t1767312000\ts\nNaN\tnull\ts\n"))
	wants := []want{{name: "n", kind: wantNumber}, {name: "t", kind: wantTime}, {name: "x", kind: wantNatural}, {name: "y", kind: wantNumber, optional: true}}
	got, err := readAll(t, obj, "auto", wants, readOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n := got.cells["n"]
	if n[0] != (cell{valid: true, x: 1.5}) || n[1] != (cell{bad: "abc"}) || n[2] != (cell{}) || n[3].bad != "inf" || n[3].valid {
		t.Errorf("numbers: %+v", n)
	}
	if n[4].valid || n[4].bad != "" || n[4].x == n[4].x {
		t.Errorf("the word NaN reads as %+v", n[4])
	}
	day := scanTime(t, "2026-01-02").UnixNano()
	if want := []cell{{valid: true, t: day}, {bad: "never"}, {}, {valid: true, t: day}, {}}; !slices.Equal(got.cells["t"], want) {
		t.Errorf("times: %+v, want %+v", got.cells["t"], want)
	}
	if got := texts(got.cells["x"]); !slices.Equal(got, []string{"q", "-", "r", "s", "s"}) {
		t.Errorf("texts: %q", got)
	}
	if got.kinds["y"] != cellAbsent || got.kinds["x"] != cellText {
		t.Errorf("kinds: %v", got.kinds)
	}
}

func TestMissingColumnErrorIsTyped(t *testing.T) {
	for key, data := range map[string][]byte{
		"a.csv":     []byte("a,b\n1,2\n"),
		"a.parquet": parquetBytes(t, []struct{ A, B int64 }{{1, 2}}),
	} {
		_, err := readAll(t, storeObject(t, key, data), "auto", []want{{name: "id"}}, readOptions{})
		var missing *missingColumnError
		if !errors.As(err, &missing) || missing.Column != "id" || len(missing.Columns) != 2 {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// records reads all records with the package's reader.
func csvRecords(data []byte, in io.Reader) ([][]string, error) {
	r := &csvReader{lineBuffer: newLineBuffer(in), delimiter: ','}
	r.buf = make([]byte, 1) // so that every boundary is met
	var out [][]string
	for {
		ok, malformed, err := r.next()
		if err != nil || !ok {
			return out, err
		}
		if malformed != "" {
			return out, errors.New(malformed)
		}
		if len(r.raw) > len(data) {
			return out, errors.New("a record is longer than the data")
		}
		var record []string
		for _, f := range r.fields {
			record = append(record, string(f))
		}
		out = append(out, record)
	}
}

// What the standard library's strict reader takes is read the same here; and reading
// byte by byte changes nothing.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\r\n\"x\ny\",2", "a\"b,c\n", "\"a\"b\n", "\"a", "\n\r\n,\n", "\xef\xbb\xbfa"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := csvRecords(data, bytes.NewReader(data))
		slow, slowErr := csvRecords(data, iotest.OneByteReader(bytes.NewReader(data)))
		if (err == nil) != (slowErr == nil) || len(got) != len(slow) {
			t.Fatalf("%q: %q (%v), byte by byte %q (%v)", data, got, err, slow, slowErr)
		}
		for i := range got {
			if !slices.Equal(got[i], slow[i]) {
				t.Fatalf("%q: %q, byte by byte %q", data, got, slow)
			}
		}
		std := csv.NewReader(bytes.NewReader(data))
		std.FieldsPerRecord = -1
		want, stdErr := std.ReadAll()
		if stdErr != nil || bytes.Contains(data, []byte("\r")) {
			// The library drops a CR before every LF, also inside quotes.
			return
		}
		if err != nil {
			t.Fatalf("%q: %v, but the standard library reads %q", data, err, want)
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %q, want %q", data, got, want)
		}
		for i := range got {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("%q: %q, want %q", data, got, want)
			}
		}
	})
}

// The whole reader never panics and counts every record once.
func FuzzReadCSV(f *testing.F) {
	f.Add("a,b\n1,2\n3\n\"4\"x,5\n")
	f.Fuzz(func(t *testing.T, data string) {
		got, err := readAll(t, storeObject(t, "a.csv", []byte(data)), "csv", []want{{name: "a", optional: true}, {name: "b", kind: wantNumber, optional: true}, {name: "c", kind: wantTime, optional: true}}, readOptions{})
		if err == nil && got.stats.rows != int64(len(got.rows))+got.stats.bad {
			t.Fatalf("%q: %d rows, %d emitted, %d malformed", data, got.stats.rows, len(got.rows), got.stats.bad)
		}
		if strings.Count(data, "\n")+1 < len(got.rows) {
			t.Fatalf("%q: %d rows", data, len(got.rows))
		}
	})
}
