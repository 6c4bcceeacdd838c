package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// compress returns data as an object of the ending holds them.
func compress(t testing.TB, data []byte, ending string) []byte {
	t.Helper()
	var out bytes.Buffer
	switch ending {
	case ".gz":
		w := gzip.NewWriter(&out)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	case ".zst":
		w, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	default:
		return data
	}
	return out.Bytes()
}

// The same ids are the same text, whatever file they come in.
func TestSemantics2_IDsAreTextInEveryFormat(t *testing.T) {
	type row struct {
		ID int64 `parquet:"id"`
	}
	ids := []string{"0", "-7", "123", "9007199254740993"}
	for name, data := range map[string][]byte{
		"a.csv":     []byte("id\n0\n-7\n123\n9007199254740993\n"),
		"a.jsonl":   []byte("{\"id\":0}\n{\"id\":-7}\n{\"id\":\"123\"}\n{\"id\":9007199254740993}\n"),
		"a.parquet": readtest.Parquet(t, []row{{0}, {-7}, {123}, {9007199254740993}}),
	} {
		got, err := readAll(t, readtest.Object(t, name, data), "auto", []table.Want{{Name: "id"}}, table.ReadOptions{})
		if err != nil || !slices.Equal(readtest.Texts(got.Cells["id"]), ids) {
			t.Errorf("%s: got %v (%v), want %v", name, readtest.Texts(got.Cells["id"]), err, ids)
		}
	}
}

// An id is the hash of what it reads as text; the empty text is no id.
func TestReadIDs(t *testing.T) {
	type row struct {
		ID *string `parquet:"id,optional"`
	}
	type dictRow struct {
		ID *string `parquet:"id,optional,dict"`
	}
	type numberRow struct {
		ID *float64 `parquet:"id,optional"`
	}
	var rows []row
	var dictRows []dictRow
	for _, s := range []string{"a", "", "Ø", "a", "-"} {
		s := &s
		if *s == "-" {
			s = nil
		}
		rows, dictRows = append(rows, row{s}), append(dictRows, dictRow{s})
	}
	for _, c := range []struct {
		name string
		data []byte
		ids  []string // as texts gives them
	}{
		{"a.csv", []byte("x,id\n1,7\n1,00123\n1,\"\"\n1,\n1,\"say \"\"hi\"\"\"\n1,7\n1,日本\n1, NaN\n"), []string{"7", "00123", "-", "-", `say "hi"`, "7", "日本", " NaN"}},
		{"a.jsonl", []byte("{\"id\":7}\n{\"id\":7.0}\n{\"id\":\"\\u00e9\\\"\"}\n{\"id\":\"\"}\n{}\n{\"id\":null}\n{\"id\":[1]}\n{\"id\":true}\n{\"id\":nan}\n{\"id\":1e999}\n"),
			[]string{"7", "7", "é\"", "-", "-", "-", "![1]", "true", "-", "!1e999"}},
		{"a.parquet", readtest.Parquet(t, rows), []string{"a", "-", "Ø", "a", "-"}},
		{"dict.parquet", readtest.Parquet(t, dictRows), []string{"a", "-", "Ø", "a", "-"}},
		{"number.parquet", readtest.Parquet(t, []numberRow{{new(7.0)}, {new(math.NaN())}, {nil}, {new(0.5)}}), []string{"7", "-", "-", "0.5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			obj := readtest.Object(t, c.name, c.data)
			got, err := readAll(t, obj, "auto", []table.Want{{Name: "id", As: table.AsID, Bar: table.NewBar()}}, table.ReadOptions{})
			if err != nil || got.Kinds["id"] != table.ID {
				t.Fatalf("kind %v (%v)", got.Kinds["id"], err)
			}
			var cells []readtest.Cell
			for _, s := range c.ids {
				switch {
				case s == "-":
					cells = append(cells, readtest.Cell{})
				case s[0] == '!':
					cells = append(cells, readtest.Cell{Bad: s[1:]})
				default:
					cells = append(cells, readtest.Cell{Valid: true, Hash: xxh3.HashString128(s), Sample: table.SampleHash([]byte(s))})
				}
			}
			if !slices.Equal(got.Cells["id"], cells) {
				t.Errorf("got %+v, want %+v", got.Cells["id"], cells)
			}
			plain, err := readAll(t, obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range plain.Cells["id"] {
				if c.Text != "" && xxh3.HashString128(c.Text) != got.Cells["id"][i].Hash {
					t.Errorf("row %d: %q has another hash", i, c.Text)
				}
			}
		})
	}
}

func TestReadObjectErrors(t *testing.T) {
	long := strings.Repeat("x", maxRecordBytes+1)
	csvGz := compress(t, []byte("id\n"+strings.Repeat("1234\n", 10_000)), ".gz")
	csvZst := compress(t, []byte("id\n"+strings.Repeat("1234\n", 10_000)), ".zst")
	type row struct {
		ID int64 `parquet:"id"`
	}
	pq := readtest.Parquet(t, make([]row, 1000))
	for _, c := range []struct {
		name, key string
		data      []byte
		err       string
	}{
		{"truncated gzip", "a.csv.gz", csvGz[:len(csvGz)-20], "unexpected EOF"},
		{"gzip cut in its header", "a.csv.gz", csvGz[:5], "gzip"},
		{"no gzip", "a.csv.gz", []byte("id\n1\n"), "gzip"},
		{"truncated zstd", "a.csv.zst", csvZst[:len(csvZst)-2], "zstd"},
		{"no zstd", "a.jsonl.zst", []byte("{}\n{}\n{}\n{}\n"), "zstd"},
		{"long record with a quote", "a.csv", []byte("id\n1\n\"" + long + "\"\n"), "csv record 2: it is longer than 16 MiB, the limit of a record: a quote may not be closed"},
		{"long record with a quote at its end", "a.csv", []byte("id,x\n1,2\n" + long + ",\"2\"\n"), "csv record 2: it is longer than 16 MiB, the limit of a record: a quote may not be closed"},
		{"long header", "a.csv", []byte(long + "\n1\n"), "csv header: it is longer than 16 MiB"},
		{"unclosed quote", "a.csv", []byte("id\n1\n\"2\n3\n"), "csv record 2: a quoted field is never closed"},
		{"UTF-16", "a.csv", []byte("\xff\xfei\x00d\x00\n\x00"), "UTF-16"},
		{"malformed header", "a.csv", []byte("\"id\"x\n1\n"), "csv header: text after a closing quote"},
		{"column twice", "a.csv", []byte("id,id\n1,2\n"), `column "id" is there twice`},
		{"wrong header", "a.csv", []byte("Id,ts\n1,2\n"), `object mem://decode/a.csv has no column "id": it has "Id", "ts"`},
		{"empty Parquet", "a.parquet", nil, "it is empty"},
		{"no Parquet", "a.parquet", []byte("id\n1234567890\n"), "truncated or something else"},
		{"truncated Parquet", "a.parquet", pq[:len(pq)-30], "truncated or something else"},
		{"Parquet cut at the front", "a.parquet", pq[30:], "the file is corrupt"},
		{"footer longer than the file", "a.parquet", []byte("PAR1\xff\xff\xff\x7fPAR1"), "longer than the file"},
		{"unknown ending", "a.txt", []byte("x"), "want an ending"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(t, readtest.Object(t, c.key, c.data), "auto", []table.Want{{Name: "id"}}, table.ReadOptions{})
			if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "mem://decode/"+c.key) {
				t.Errorf("got %v, want an error with %q that names the object", err, c.err)
			}
		})
	}
}

// TestLongRecords reads files in which one record is longer than any may be: it is counted as
// a bad row that says why, wherever it stands, and the others are read. With less memory
// one that is shorter than that is an error, for what is read does not depend on memory.
func TestLongRecords(t *testing.T) {
	long := strings.Repeat("x", maxRecordBytes+1)
	fits := strings.Repeat("x", maxRecordBytes-len(`{"id":"2","x":""}`))
	for _, c := range []struct {
		name, key, head, long, tail string
		ids                         []string
		row                         int64
	}{
		{"JSON", "a.jsonl", `{"id":"1"}` + "\n\n", `{"id":"2","x":"` + long + `"}` + "\n", `{"id":"3"}` + "\n", []string{"1", "3"}, 1},
		{"JSON at the end", "a.jsonl", `{"id":"1"}` + "\n", `{"id":"2","x":"` + long, "", []string{"1"}, 1},
		{"JSON that just fits", "a.jsonl", "", `{"id":"2","x":"` + fits + `"}` + "\n", `{"id":"3"}`, []string{"2", "3"}, -1},
		{"JSON of one byte more", "a.jsonl", "", `{"id":"2","x":"` + fits + `y"}` + "\n", `{"id":"3"}`, []string{"3"}, 0},
		{"CSV", "a.csv", "id,x\n1,\n", "2," + long + "\n", "3,4\n", []string{"1", "3"}, 1},
		{"CSV at the end", "a.csv", "id,x\n1,\n", "2," + long, "", []string{"1"}, 1},
		{"CSV, compressed", "a.csv.gz", "id,x\n\"1\",\n", "2," + long + "\n", "\"3\",4\n", []string{"1", "3"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := []byte(c.head + c.long + c.tail)
			if strings.HasSuffix(c.key, ".gz") {
				data = compress(t, data, ".gz")
			}
			obj := readtest.Object(t, c.key, data)
			got, err := readAll(t, obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{})
			if err != nil || !slices.Equal(readtest.Texts(got.Cells["id"]), c.ids) {
				t.Fatalf("ids %q, want %q (%v)", readtest.Texts(got.Cells["id"]), c.ids, err)
			}
			var want []groundtruth.BadSample
			if c.row >= 0 {
				want = append(want, groundtruth.BadSample{Row: c.row, Value: "longer than 16 MiB, the limit of a record: " + c.long[:40] + "..."})
			}
			if !slices.Equal(got.Bad, want) || got.Stats.Bad != int64(len(want)) || got.Stats.Rows != int64(len(c.ids)+len(want)) {
				t.Errorf("bad %v, want %v; %+v", got.Bad, want, got.Stats)
			}
			if err := newColumnKinds(ColumnOptions{}).lookAt(t.Context(), obj, "auto"); err != nil {
				t.Errorf("columns: %v", err)
			}
			if _, err = readAll(t, obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{Memory: 32 << 20}); (err == nil) != (c.row >= 0) {
				t.Errorf("with little memory: %v", err)
			}
		})
	}
}

func TestReadObjectStops(t *testing.T) {
	obj := readtest.Object(t, "a.csv", []byte("id\n1\n2\n"))
	stop := errors.New("enough")
	if _, err := readObject(context.Background(), obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{}, func(*table.Chunk) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of emit comes back as %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := readObject(ctx, obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{}, func(*table.Chunk) error {
		t.Error("a chunk was emitted after the end")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	missing := obj
	missing.Key = "b.csv"
	if _, err := readObject(context.Background(), missing, "auto", nil, table.ReadOptions{}, nil); !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("missing object: %v", err)
	}
}

func TestReadEmptyTextFiles(t *testing.T) {
	for key, data := range map[string]string{
		"empty.csv": "", "empty.jsonl": "", "empty.csv.gz": "", "blank.jsonl": "\n \n", "blank.csv": "\n\r\n", "bom.csv": "\xef\xbb\xbf", "header.csv": "id,x\n", "header.tsv": "id\tx",
	} {
		got, err := readAll(t, readtest.Object(t, key, []byte(data)), "auto", []table.Want{{Name: "id"}, {Name: "x"}}, table.ReadOptions{})
		if err != nil || got.Stats.Rows != 0 || got.Chunks != 0 {
			t.Errorf("%s: %d rows (%v)", key, got.Stats.Rows, err)
		}
	}
	gz := compress(t, nil, ".gz")
	if got, err := readAll(t, readtest.Object(t, "a.csv.gz", gz), "auto", []table.Want{{Name: "id"}}, table.ReadOptions{}); err != nil || got.Stats.Rows != 0 {
		t.Errorf("compressed nothing: %d rows (%v)", got.Stats.Rows, err)
	}
}

// A text column that is all new values stops keeping them, one of few values keeps
// its dictionary, and each cell's text is right either way.
func TestTextDictionaries(t *testing.T) {
	var data strings.Builder
	data.WriteString("id,city\n")
	var ids, cities []string
	for i := range 3*table.ChunkRows + 7 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
		cities = append(cities, []string{"Oslo", "Bergen", "São Paulo"}[i%3])
		fmt.Fprintf(&data, "%s,%s\n", ids[i], cities[i])
	}
	gens := map[string]map[uint64]bool{"id": {}, "city": {}}
	obj := readtest.Object(t, "a.csv", []byte(data.String()))
	wants := []table.Want{{Name: "id"}, {Name: "city"}}
	_, err := readObject(context.Background(), obj, "auto", wants, table.ReadOptions{}, func(c *table.Chunk) error {
		for i, w := range wants {
			col := &c.Cols[i]
			gens[w.Name][col.DictGen] = true
			if w.Name == "city" && len(col.Dict) != 3 {
				t.Errorf("the cities' dictionary has %d entries", len(col.Dict))
			}
		}
		return nil
	})
	if err != nil || len(gens["id"]) != 4 || len(gens["city"]) != 1 {
		t.Errorf("dictionaries: %v (%v)", gens, err)
	}
	got, err := readAll(t, obj, "auto", wants, table.ReadOptions{})
	if err != nil || !slices.Equal(readtest.Texts(got.Cells["id"]), ids) || !slices.Equal(readtest.Texts(got.Cells["city"]), cities) || got.Chunks != 4 {
		t.Errorf("the texts differ (%v)", err)
	}
}

// TestRecordsTakeNoMemoryToBeOfAGoodLength asks of every record whether it is too long.
func TestRecordsTakeNoMemoryToBeOfAGoodLength(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { longRecord(nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
