package probe

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// put writes objects to a store in memory and returns an opener and the URL of the store.
func put(t *testing.T, objects map[string][]byte) (*objstore.Opener, string) {
	t.Helper()
	url := "mem://probe-" + strings.ReplaceAll(t.Name(), "/", "-")
	stores := objstore.NewOpener("")
	store, err := stores.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range objects {
		if err := store.Write(context.Background(), key, data); err != nil {
			t.Fatal(err)
		}
	}
	return stores, url
}

// row is a record of the objects that TestRead reads, of any format.
type row struct {
	ID string  `parquet:"id" json:"id"`
	At string  `parquet:"at" json:"at"`
	X  string  `parquet:"x" json:"x"`
	C  *string `parquet:"c,optional" json:"c"`
}

func rows() []row {
	city := "Oslo"
	return []row{
		{"a", "2026-01-05 10:00:00", "1.5", &city},
		{"b", "2026-01-05T11:00:00Z", "12,5", nil},
		{"", "yesterday", "", &city},
	}
}

func encoded(t *testing.T, format string) []byte {
	t.Helper()
	var out bytes.Buffer
	switch format {
	case "csv", "csv.gz":
		out.WriteString("id,at,x,c\n")
		for _, r := range rows() {
			c := ""
			if r.C != nil {
				c = *r.C
			}
			fmt.Fprintf(&out, "%s,%s,%q,%s\n", r.ID, r.At, r.X, c)
		}
	case "jsonl":
		for _, r := range rows() {
			c := "null"
			if r.C != nil {
				c = `"` + *r.C + `"`
			}
			fmt.Fprintf(&out, `{"id":%q,"at":%q,"x":%q,"c":%s}`+"\n", r.ID, r.At, r.X, c)
		}
	case "parquet":
		if err := parquet.Write(&out, rows()); err != nil {
			t.Fatal(err)
		}
	}
	if format != "csv.gz" {
		return out.Bytes()
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped.Bytes()
}

// TestRead reads the same records from objects of every format.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "csv.gz", "jsonl", "parquet"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			stores, url := put(t, map[string][]byte{"2026-01-05/a." + format: encoded(t, format), "2026-01-06/a." + format: encoded(t, format), "2026-01-07/a." + format: nil})
			ctx := context.Background()
			s, err := Find(ctx, stores, groundtruth.Source{URL: url + "/{date}/*"}, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), groundtruth.Window{})
			if err != nil || len(s.Objects) != 3 || !s.Dated || s.First.Format(time.DateOnly) != "2026-01-05" || s.Last.Format(time.DateOnly) != "2026-01-07" {
				t.Fatalf("%+v, %v", s, err)
			}
			head, err := s.Read(ctx, s.Spread(3), []Field{
				{Name: "id", As: table.AsID}, {Name: "at", As: table.AsTime}, {Name: "x", As: table.AsNumber}, {Name: "c", As: table.AsText, Hash: true}, {Name: "none", As: table.AsNumber}, {Name: "", As: table.AsText},
			}, Options{})
			if err != nil || head.Read != 6 || !head.Whole || len(head.Objects) != 2 || len(head.Columns) != 4 {
				t.Fatalf("%+v, %v", head, err)
			}
			want := []Column{
				{There: true, Rows: 6, Missing: 2, Example: "a"},
				{There: true, Rows: 6, Bad: 2, Example: "2026-01-05 10:00:00", BadExample: "yesterday", Unzoned: "2026-01-05 10:00:00"},
				{There: true, Rows: 6, Missing: 2, Bad: 2, Example: "1.5", BadExample: "12,5", Min: 1.5, Max: 1.5},
				{There: true, Rows: 6, Missing: 2, Example: "Oslo", Distinct: 1},
				{Lacking: 2},
				{},
			}
			for i, w := range want {
				w.Field = head.Fields[i].Field
				if head.Fields[i] != w {
					t.Errorf("field %d: %+v\nwant %+v", i, head.Fields[i], w)
				}
			}
			first, last, ok := head.Span(1)
			if !ok || first.Format(time.TimeOnly) != "10:00:00" || last.Format(time.TimeOnly) != "11:00:00" {
				t.Errorf("times from %s to %s, %v", first, last, ok)
			}
			if h := head.Rows.Hashes; h[2] != nil || len(h[3]) != 6 || h[3][0] == 0 || h[3][0] != h[3][3] || slices.Index(h[3], 0) < 0 {
				t.Errorf("hashes %v", h)
			}
			if r := &head.Rows; r.Len() != 6 || strings.Join(r.Texts, ",") != "a,b,,a,b," || r.IDs[0] != r.IDs[3] || r.IDs[0] == r.IDs[1] || r.Object[3] != 1 {
				t.Errorf("rows %+v", r)
			}
		})
	}
}

// TestReadOfIDsOfSeveralColumns makes one id of them, which is there where all are.
func TestReadOfIDsOfSeveralColumns(t *testing.T) {
	t.Parallel()
	stores, url := put(t, map[string][]byte{"a.csv": encoded(t, "csv")})
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/a.csv"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Read(context.Background(), s.Spread(1), []Field{{Name: "id", As: table.AsID}, {Name: "c", As: table.AsID}}, Options{})
	if err != nil || len(head.Rows.IDs) != 3 || strings.Join(head.Rows.Texts, ";") != "a, Oslo;;" || head.Rows.IDs[1] != head.Rows.IDs[2] || head.Rows.IDs[0] == head.Rows.IDs[1] {
		t.Errorf("%+v, %v", head.Rows, err)
	}
}

// TestReadOfLocalTimes tells timestamps of Parquet that are of no known zone from others.
// TestReadOfLongTexts keeps no long texts, and tells them apart all the same.
func TestReadOfLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxText)
	stores, url := put(t, map[string][]byte{"a.csv": []byte("id,c\n" + long + "," + long + "1\n" + long + "2," + long + "2\n3," + long + "1\n")})
	ctx := context.Background()
	s, err := Find(ctx, stores, groundtruth.Source{URL: url + "/a.csv"}, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Read(ctx, s.Spread(1), []Field{{Name: "id", As: table.AsID}, {Name: "c", As: table.AsText}}, Options{})
	if err != nil || strings.Join(head.Rows.Texts, ",") != long+",,3" || head.Rows.IDs[1] == head.Rows.IDs[0] || head.Fields[1].Distinct != 2 {
		t.Errorf("%q, %+v, %v", head.Rows.Texts, head.Fields, err)
	}
}

func TestReadOfLocalTimes(t *testing.T) {
	t.Parallel()
	type record struct {
		At    time.Time `parquet:"at,timestamp(microsecond:utc)"`
		Local time.Time `parquet:"local,timestamp(microsecond:local)"`
	}
	at := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	if err := parquet.Write(&out, []record{{at, at}}); err != nil {
		t.Fatal(err)
	}
	stores, url := put(t, map[string][]byte{"a.parquet": out.Bytes()})
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/a.parquet"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Read(context.Background(), s.Spread(1), []Field{{Name: "at", As: table.AsTime}, {Name: "local", As: table.AsTime}}, Options{})
	if err != nil || head.Fields[0].Unzoned != "" || head.Fields[1].Unzoned != "2026-01-05T10:00:00" {
		t.Errorf("%+v, %v", head, err)
	}
}

// TestReadOfBrokenObjects goes on with those that can be read.
func TestReadOfBrokenObjects(t *testing.T) {
	t.Parallel()
	stores, url := put(t, map[string][]byte{"a.parquet": []byte("no such thing"), "b.csv": encoded(t, "csv")})
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/*"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Read(context.Background(), s.Spread(3), []Field{{Name: "id", As: table.AsID}}, Options{})
	if err != nil || head.Read != 3 || head.Whole || len(head.Objects) != 2 || head.Objects[0].Err == nil || head.Objects[1].Err != nil {
		t.Errorf("%+v, %v", head, err)
	}
}

// TestReadElements reads elements of maps and lists as fields of their own.
func TestReadElements(t *testing.T) {
	t.Parallel()
	stores, url := put(t, map[string][]byte{
		"a.jsonl": []byte(`{"p":{"cat":0.5,"dog":"x"},"l":[1,2]}` + "\n" + `{"p":{"cat":0.25},"l":[]}` + "\n" + `{"p":null}` + "\n"),
		"b.csv":   []byte("p,l\n\"{\"\"cat\"\":0.5,\"\"dog\"\":\"\"x\"\"}\",\"[1,2]\"\n{'cat': 0.25},[]\n,\n"),
	})
	field := func(name, key string, place int) Field {
		return Field{Name: name, Element: groundtruth.Element{Key: key, Place: place}, As: table.AsNumber}
	}
	for _, name := range []string{"a.jsonl", "b.csv"} {
		s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/" + name}, time.Time{}, groundtruth.Window{})
		if err != nil {
			t.Fatal(err)
		}
		head, err := s.Read(context.Background(), s.Spread(1), []Field{field("p", "cat", 1), field("p", "dog", 2), field("l", "cat", 1), field("l", "dog", 2), field("p", "cow", 0), field("q", "cat", 1)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []Column{
			{There: true, Rows: 3, Missing: 1, Example: "0.5", Min: 0.25, Max: 0.5}, {There: true, Rows: 3, Missing: 2, Bad: 1, BadExample: "x"},
			{There: true, Rows: 3, Missing: 2, Example: "1", Min: 1, Max: 1, Whole: true}, {There: true, Rows: 3, Missing: 2, Example: "2", Min: 2, Max: 2, Whole: true},
			{There: true, Rows: 3, Missing: 3}, {Lacking: 1},
		} {
			want.Field = head.Fields[i].Field
			if got := head.Fields[i]; got != want {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
		}
	}
}

// TestReadIsBounded reads no more than what is asked for, and less where memory is scarce.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	text.WriteString("id\n")
	for i := range 200_000 {
		fmt.Fprintf(&text, "%d\n", i)
	}
	stores, url := put(t, map[string][]byte{"a.csv": text.Bytes()})
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/a.csv"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		opt  Options
		most int64
	}{
		{Options{}, DefaultRows},
		{Options{Rows: 10}, 10},
		{Options{MemoryBytes: 32 << 20}, 32 << 20 / 8 / rowBytes},
		{Options{MemoryBytes: 1}, fewRows},
	} {
		head, err := s.Read(context.Background(), s.Spread(1), []Field{{Name: "id", As: table.AsID}}, c.opt)
		if err != nil || head.Read != c.most || head.Whole || int64(head.Rows.Len()) != head.Read || head.Fields[0].Rows != head.Read {
			t.Errorf("%+v: %d records were read, %v", c.opt, head.Read, err)
		}
	}
}

// TestSpread picks the first, the last and some between them.
func TestSpread(t *testing.T) {
	t.Parallel()
	objects := map[string][]byte{}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := range 9 {
		objects[start.AddDate(0, 0, day).Format(time.DateOnly)+".csv"] = []byte("x\n")
	}
	stores, url := put(t, objects)
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/{date}.csv"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	keys := ""
	for _, o := range s.Spread(3) {
		keys += o.Rel[8:10] + " "
	}
	for _, o := range s.Between(start.AddDate(0, 0, 2), start.AddDate(0, 0, 4)) {
		keys += o.Rel[8:10] + " "
	}
	for _, o := range s.After(start.AddDate(0, 0, 1), start.AddDate(0, 0, 9), 4) {
		keys += o.Rel[8:10] + " "
	}
	if keys != "01 05 09 03 04 02 03 04 09 " {
		t.Errorf("picked are %s", keys)
	}
}

// TestReadOfBoundedAndCountedFields takes numbers beyond bounds for bad, and counts texts.
func TestReadOfBoundedAndCountedFields(t *testing.T) {
	t.Parallel()
	stores, url := put(t, map[string][]byte{"a.csv": []byte("p,c\n0,a\n1,b\n1.5,a\n-1,\nNaN,a\n,b\nx,c\n")})
	s, err := Find(context.Background(), stores, groundtruth.Source{URL: url + "/a.csv"}, time.Time{}, groundtruth.Window{})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Read(context.Background(), s.Spread(1), []Field{{Name: "p", As: table.AsNumber, Most: 1}, {Name: "c", As: table.AsText, Texts: true}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := head.Fields[0]; p.Known() != 2 || p.Bad != 4 || p.Missing != 1 || p.BadExample != "1.5" || p.Min != 0 || p.Max != 1 {
		t.Errorf("%+v", p)
	}
	if got := fmt.Sprint(head.Texts); got != "[map[] map[a:3 b:2 c:1]]" || head.Texts[0] != nil {
		t.Errorf("texts %s", got)
	}
	many := "c\n"
	for i := range 2 * MaxCounted {
		many += fmt.Sprintf("c%d\n", i)
	}
	stores, url = put(t, map[string][]byte{"b.csv": []byte(many)})
	if s, err = Find(context.Background(), stores, groundtruth.Source{URL: url + "/b.csv"}, time.Time{}, groundtruth.Window{}); err != nil {
		t.Fatal(err)
	}
	if head, err = s.Read(context.Background(), s.Spread(1), []Field{{Name: "c", As: table.AsText, Texts: true}}, Options{}); err != nil || len(head.Texts[0]) != MaxCounted || head.Fields[0].Distinct != 2*MaxCounted {
		t.Errorf("%d texts are counted, %v", len(head.Texts[0]), err)
	}
}
