package groundtruth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/objstore"
)

// cell is a read cell, for comparison; its text is empty where it is not valid.
type cell struct {
	valid bool
	bad   string // the text of an invalid cell
	text  string
	x     float64
	t     int64
	hash  xxh3.Uint128
}

// readTable is all that an object gave.
type readTable struct {
	cells  map[string][]cell // by wanted column
	kinds  map[string]cellKind
	rows   []int64
	bad    []BadSample
	stats  readStats
	chunks int
}

// mostRows is more than any reader puts into a chunk.
const mostRows = 1 << 17

// storeObject writes an object to a store in memory and returns it.
func storeObject(t testing.TB, key string, data []byte) object {
	t.Helper()
	store, err := objstore.NewOpener("").Open(context.Background(), "mem://decode-"+t.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(context.Background(), key, data); err != nil {
		t.Fatal(err)
	}
	return object{store: store, Object: objstore.Object{Key: key, Size: int64(len(data))}, url: "mem://decode/" + key, rel: key}
}

// collectChunks gathers what read emits of the wanted columns, and checks what holds for every
// chunk. It sets opt's onBad.
func collectChunks(t testing.TB, wants []want, opt readOptions, read func(opt readOptions, emit func(*chunk) error) (readStats, error)) (readTable, error) {
	t.Helper()
	got := readTable{cells: map[string][]cell{}, kinds: map[string]cellKind{}}
	opt.onBad = func(reason string, row int64, value string) {
		if reason != BadRow {
			t.Errorf("malformed for %s", reason)
		}
		got.bad = append(got.bad, BadSample{Row: row, Value: value})
	}
	type dictionary struct {
		gen   uint64
		texts []string
	}
	dicts := make([]dictionary, len(wants))
	stats, err := read(opt, func(c *chunk) error {
		got.chunks++
		if c.n < 1 || c.n > mostRows || len(c.cols) != len(wants) || (c.rows != nil && len(c.rows) != c.n) || c.row(0) != c.row0 {
			t.Fatalf("chunk of %d rows from %d and %d columns", c.n, c.row0, len(c.cols))
		}
		for i := range c.n {
			got.rows = append(got.rows, c.row(i))
		}
		for i := range c.cols {
			col, name := &c.cols[i], wants[i].name
			if k, ok := got.kinds[name]; ok && k != col.kind {
				t.Errorf("column %q changes its kind", name)
			}
			got.kinds[name] = col.kind
			if col.kind == cellAbsent {
				continue
			}
			if len(col.valid) != c.n {
				t.Fatalf("column %q has %d validities for %d rows", name, len(col.valid), c.n)
			}
			cells := make([]cell, c.n)
			for r := range cells {
				cells[r].valid = col.valid[r]
				switch {
				case col.kind == cellNumber:
					cells[r].x = col.floats[r]
				case !col.valid[r]:
				case col.kind == cellText:
					cells[r].text = col.dict[col.codes[r]]
				case col.kind == cellID:
					cells[r].hash = col.hashes[r]
				default:
					cells[r].t = col.times[r]
				}
			}
			for k, bad := range col.invalid {
				if col.valid[bad.i] || (k > 0 && col.invalid[k-1].i >= bad.i) {
					t.Errorf("column %q: invalid cell %d is valid or out of order", name, bad.i)
				}
				cells[bad.i].bad = bad.text
			}
			got.cells[name] = append(got.cells[name], cells...)
			if col.kind == cellText {
				d := &dicts[i]
				if col.dictGen == 0 || col.dictGen < d.gen {
					t.Errorf("column %q: dictionary %d after %d", name, col.dictGen, d.gen)
				}
				if col.dictGen == d.gen && !slices.Equal(d.texts, col.dict[:min(len(d.texts), len(col.dict))]) {
					t.Errorf("column %q: dictionary %d changed", name, d.gen)
				}
				*d = dictionary{col.dictGen, slices.Clone(col.dict)}
			}
		}
		return nil
	})
	got.stats = stats
	return got, err
}

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

func texts(cells []cell) []string {
	var out []string
	for _, c := range cells {
		switch {
		case c.bad != "":
			out = append(out, "!"+c.bad)
		case !c.valid:
			out = append(out, "-")
		default:
			out = append(out, c.text)
		}
	}
	return out
}

func TestCodecOf(t *testing.T) {
	for _, c := range []struct {
		format, key string
		want        codec
		err         string
	}{
		{"auto", "a/b.parquet", codec{"parquet", "", ','}, ""},
		{"auto", "a/b.CSV.GZ", codec{"csv", "gz", ','}, ""},
		{"", "a.tsv.zst", codec{"csv", "zst", '\t'}, ""},
		{"auto", "a.jsonl", codec{"jsonl", "", ','}, ""},
		{"auto", "a.ndjson.gz", codec{"jsonl", "gz", ','}, ""},
		{"auto", "a.json", codec{"jsonl", "", ','}, ""},
		{"csv", "part-0000", codec{"csv", "", ','}, ""},
		{"jsonl", "part-0000.gz", codec{"jsonl", "gz", ','}, ""},
		{"auto", "part-0000", codec{}, "want an ending .parquet"},
		{"auto", "a.csv.bz2", codec{}, "want an ending"},
		{"auto", "dir.csv/part", codec{}, "want an ending"},
		{"avro", "a.avro", codec{}, `unknown format "avro"`},
		{"auto", "a.parquet.gz", codec{}, "store it uncompressed"},
	} {
		t.Run(c.format+" "+c.key, func(t *testing.T) {
			got, err := codecOf(c.format, c.key)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, err, c.want)
			}
		})
	}
}

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  float64
		state numberState
	}{
		{"1", 1, numberOK}, {" -1.5e3\t", -1500, numberOK}, {"+2", 2, numberOK}, {".5", .5, numberOK}, {"5.", 5, numberOK},
		{"1e-400", 0, numberOK}, {"0.1", 0.1, numberOK}, {"9007199254740993", 9007199254740992, numberOK},
		{"true", 1, numberOK}, {"False", 0, numberOK},
		{"", 0, numberMissing}, {"  ", 0, numberMissing}, {"null", 0, numberMissing}, {"None", 0, numberMissing}, {"NA", 0, numberMissing}, {"n/a", 0, numberMissing},
		{"NaN", math.NaN(), numberNaN}, {"-nan", math.NaN(), numberNaN},
		{"1e400", math.Inf(1), numberBad}, {"inf", 0, numberBad}, {"-Infinity", 0, numberBad}, {"0x1p4", 0, numberBad},
		{"1_000", 0, numberBad}, {"1,5", 0, numberBad}, {"abc", 0, numberBad}, {"1 2", 0, numberBad}, {"-", 0, numberBad}, {"e", 0, numberBad}, {"1e", 0, numberBad}, {"١", 0, numberBad},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, state := parseNumber([]byte(c.text))
			if state != c.state || (got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want))) {
				t.Errorf("got %v (%d), want %v (%d)", got, state, c.want, c.state)
			}
		})
	}
}

func TestSemantics2_CanonicalText(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want string
	}{
		{123, "123"}, {-123, "-123"}, {0, "0"}, {math.Copysign(0, -1), "0"}, {0.5, "0.5"}, {1e15, "1000000000000000"},
		{1<<53 - 1, "9007199254740991"}, {1 << 53, "9.007199254740992e+15"}, {1e300, "1e+300"}, {1e-7, "1e-07"},
	} {
		if got := string(appendFloatText(nil, c.x, 64)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.x, got, c.want)
		}
	}
	for _, c := range []struct{ literal, want string }{
		{"123", "123"}, {"123.0", "123"}, {"1.23e2", "123"}, {"-0", "0"}, {"-0.0", "0"}, {"9007199254740993", "9007199254740993"},
		{"123456789012345678901234567890", "123456789012345678901234567890"}, {"-5", "-5"}, {"0.10", "0.1"}, {"1e999", "!"}, {"-", "!"},
	} {
		got, ok := appendNumberText(nil, []byte(c.literal))
		if !ok {
			got = []byte("!")
		}
		if string(got) != c.want {
			t.Errorf("%s: got %s, want %s", c.literal, got, c.want)
		}
	}
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
		"a.parquet": parquetBytes(t, []row{{0}, {-7}, {123}, {9007199254740993}}),
	} {
		got, err := readAll(t, storeObject(t, name, data), "auto", []want{{name: "id"}}, readOptions{})
		if err != nil || !slices.Equal(texts(got.cells["id"]), ids) {
			t.Errorf("%s: got %v (%v), want %v", name, texts(got.cells["id"]), err, ids)
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
		{"a.parquet", parquetBytes(t, rows), []string{"a", "-", "Ø", "a", "-"}},
		{"dict.parquet", parquetBytes(t, dictRows), []string{"a", "-", "Ø", "a", "-"}},
		{"number.parquet", parquetBytes(t, []numberRow{{new(7.0)}, {new(math.NaN())}, {nil}, {new(0.5)}}), []string{"7", "-", "-", "0.5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			obj := storeObject(t, c.name, c.data)
			got, err := readAll(t, obj, "auto", []want{{name: "id", kind: wantID}}, readOptions{})
			if err != nil || got.kinds["id"] != cellID {
				t.Fatalf("kind %v (%v)", got.kinds["id"], err)
			}
			var cells []cell
			for _, s := range c.ids {
				switch {
				case s == "-":
					cells = append(cells, cell{})
				case s[0] == '!':
					cells = append(cells, cell{bad: s[1:]})
				default:
					cells = append(cells, cell{valid: true, hash: xxh3.HashString128(s)})
				}
			}
			if !slices.Equal(got.cells["id"], cells) {
				t.Errorf("got %+v, want %+v", got.cells["id"], cells)
			}
			plain, err := readAll(t, obj, "auto", []want{{name: "id"}}, readOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range plain.cells["id"] {
				if c.text != "" && xxh3.HashString128(c.text) != got.cells["id"][i].hash {
					t.Errorf("row %d: %q has another hash", i, c.text)
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
	pq := parquetBytes(t, make([]row, 1000))
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
		{"long line", "a.jsonl", []byte(`{"id":"` + long + `"}`), "line 1 (blank ones not counted): it is longer than 16 MiB"},
		{"long record", "a.csv", []byte("id\n1\n" + long + "\n"), "csv record 2: it is longer than 16 MiB"},
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
			_, err := readAll(t, storeObject(t, c.key, c.data), "auto", []want{{name: "id"}}, readOptions{})
			if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "mem://decode/"+c.key) {
				t.Errorf("got %v, want an error with %q that names the object", err, c.err)
			}
		})
	}
}

func TestReadObjectStops(t *testing.T) {
	obj := storeObject(t, "a.csv", []byte("id\n1\n2\n"))
	stop := errors.New("enough")
	if _, err := readObject(context.Background(), obj, "auto", []want{{name: "id"}}, readOptions{}, func(*chunk) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of emit comes back as %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := readObject(ctx, obj, "auto", []want{{name: "id"}}, readOptions{}, func(*chunk) error {
		t.Error("a chunk was emitted after the end")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	missing := obj
	missing.Key = "b.csv"
	if _, err := readObject(context.Background(), missing, "auto", nil, readOptions{}, nil); !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("missing object: %v", err)
	}
}

func TestReadEmptyTextFiles(t *testing.T) {
	for key, data := range map[string]string{
		"empty.csv": "", "empty.jsonl": "", "empty.csv.gz": "", "blank.jsonl": "\n \n", "blank.csv": "\n\r\n", "bom.csv": "\xef\xbb\xbf", "header.csv": "id,x\n", "header.tsv": "id\tx",
	} {
		got, err := readAll(t, storeObject(t, key, []byte(data)), "auto", []want{{name: "id"}, {name: "x"}}, readOptions{})
		if err != nil || got.stats.rows != 0 || got.chunks != 0 {
			t.Errorf("%s: %d rows (%v)", key, got.stats.rows, err)
		}
	}
	gz := compress(t, nil, ".gz")
	if got, err := readAll(t, storeObject(t, "a.csv.gz", gz), "auto", []want{{name: "id"}}, readOptions{}); err != nil || got.stats.rows != 0 {
		t.Errorf("compressed nothing: %d rows (%v)", got.stats.rows, err)
	}
}

func TestSampleText(t *testing.T) {
	for _, n := range []int{maxSampleText - 1, maxSampleText, maxSampleText + 1} {
		got := sampleText([]byte(strings.Repeat("é", n)))
		if len(got) > maxSampleText || strings.Trim(got, "é") != "" {
			t.Errorf("%d letters: %d bytes, %q", n, len(got), got)
		}
	}
	if got := sampleText([]byte("a\xffb")); got != "a�b" {
		t.Errorf("got %q", got)
	}
}

// A text column that is all new values stops keeping them, one of few values keeps
// its dictionary, and each cell's text is right either way.
func TestTextDictionaries(t *testing.T) {
	var data strings.Builder
	data.WriteString("id,city\n")
	var ids, cities []string
	for i := range 3*chunkRows + 7 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
		cities = append(cities, []string{"Oslo", "Bergen", "São Paulo"}[i%3])
		fmt.Fprintf(&data, "%s,%s\n", ids[i], cities[i])
	}
	gens := map[string]map[uint64]bool{"id": {}, "city": {}}
	obj := storeObject(t, "a.csv", []byte(data.String()))
	wants := []want{{name: "id"}, {name: "city"}}
	_, err := readObject(context.Background(), obj, "auto", wants, readOptions{}, func(c *chunk) error {
		for i, w := range wants {
			gens[w.name][c.cols[i].dictGen] = true
		}
		if len(c.cols[1].dict) != 3 {
			t.Errorf("the cities' dictionary has %d entries", len(c.cols[1].dict))
		}
		return nil
	})
	if err != nil || len(gens["id"]) != 4 || len(gens["city"]) != 1 {
		t.Errorf("dictionaries: %v (%v)", gens, err)
	}
	got, err := readAll(t, obj, "auto", wants, readOptions{})
	if err != nil || !slices.Equal(texts(got.cells["id"]), ids) || !slices.Equal(texts(got.cells["city"]), cities) || got.chunks != 4 {
		t.Errorf("the texts differ (%v)", err)
	}
}

// Texts of every length, many in one place of those met last, keep their codes.
func TestTextDictCodes(t *testing.T) {
	var d textDict
	d.start()
	r := rand.New(rand.NewPCG(13, 14))
	codes := map[string]uint32{}
	for range 20_000 {
		s := strings.Repeat("ab", 10)[:r.IntN(20)] + []string{"", "x", "é"}[r.IntN(3)] + strings.Repeat("ba", 10)[:r.IntN(20)]
		code := d.add([]byte(s))
		if d.dict[code] != s {
			t.Fatalf("%q became %q", s, d.dict[code])
		}
		if before, ok := codes[s]; ok && before != code {
			t.Fatalf("%q has codes %d and %d", s, before, code)
		}
		codes[s] = code
	}
	if len(codes) != len(d.dict) {
		t.Errorf("%d texts have %d entries", len(codes), len(d.dict))
	}
}
