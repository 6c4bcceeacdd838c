package format

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

func TestCodecOf(t *testing.T) {
	for _, c := range []struct {
		format, key       string
		name, compression string
		delimiter         byte
		err               string
	}{
		{"auto", "a/b.parquet", "parquet", "", 0, ""},
		{"auto", "a/b.CSV.GZ", "csv", "gz", ',', ""},
		{"", "a.tsv.zst", "csv", "zst", '\t', ""},
		{"csv", "a.tsv", "csv", "", '\t', ""},
		{"csv", "a.parquet", "csv", "", ',', ""},
		{"auto", "a.jsonl", "jsonl", "", 0, ""},
		{"auto", "a.ndjson.gz", "jsonl", "gz", 0, ""},
		{"auto", "a.json", "jsonl", "", 0, ""},
		{"csv", "part-0000", "csv", "", ',', ""},
		{"jsonl", "part-0000.gz", "jsonl", "gz", 0, ""},
		{"auto", "part-0000", "", "", 0, "its name does not tell its format: want an ending .parquet, .csv, .tsv, .jsonl, .ndjson or .json, with .gz or .zst after it where it is compressed, or set format"},
		{"auto", "a.csv.BZ2", "", "", 0, "it is compressed with bzip2, which is not supported: use gzip (.gz) or zstd (.zst)"},
		{"auto", "a.json.zip", "", "", 0, "it is compressed with zip, which is not supported"},
		{"auto", "a.csv.old", "", "", 0, "want an ending"},
		{"auto", "dir.csv/part", "", "", 0, "want an ending"},
		{"avro", "a.avro", "", "", 0, `unknown format "avro": want auto, parquet, csv or jsonl`},
		{"auto", "a.parquet.gz", "", "", 0, "a Parquet file compressed as a whole (.gz) cannot be read in parts: store it uncompressed; its pages have their own compression"},
	} {
		t.Run(c.format+" "+c.key, func(t *testing.T) {
			got, err := codecOf(formats(), c.format, c.key)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil || got.name != c.name || got.compression != c.compression || got.delimiter != c.delimiter {
				t.Errorf("got %s, %q and %q (%v)", got.name, got.compression, got.delimiter, err)
			}
		})
	}
}

// The list that config checks a name by and the table of formats are kept apart, because
// config reads no files; here they meet.
func TestTableHasTheFormatsThatAreNamed(t *testing.T) {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
		if inParts := f.open != nil && f.columns != nil; inParts == (f.read != nil && f.look != nil) || f.title == "" {
			t.Errorf("%s is read neither in parts nor as a stream, or both ways", f.name)
		}
	}
	if want := groundtruth.Formats(); !slices.Equal(names, want) {
		t.Errorf("the table has %q, and groundtruth names %q", names, want)
	}
}

// A format is one row: what reads objects, what looks for columns and what words errors know
// a new one by it.
func TestAFormatIsOneRow(t *testing.T) {
	words := fileFormat{name: "words", title: "Words", endings: []ending{{".words", 0}}}
	words.read = func(in stream, wants []table.Want, _ table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) error {
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		b := newChunkBuilder(wants)
		for _, word := range bytes.Fields(data) {
			b.row(stats.Rows, len(word))
			stats.Rows++
			for _, c := range b.columns {
				c.AddText(word)
			}
		}
		return b.flush(emit)
	}
	words.look = func(k *columnKinds, _ stream) error {
		k.at("word").text = true
		return nil
	}
	all := append(formats(), words)

	obj := readtest.Object(t, "a.words.gz", compress(t, []byte("one two three"), ".gz"))
	var reader Reader
	var got []string
	scan := Scan{Objects: []source.Object{obj}, Workers: 1, formats: all}
	scan.Read = func(ctx context.Context, _ int, p *Part) (table.ReadStats, error) {
		return reader.Read(ctx, p, []table.Want{{Name: "word"}}, table.ReadOptions{}, func(c *table.Chunk) error {
			for i := range c.Len {
				got = append(got, c.Column(0).Text(i))
			}
			return nil
		})
	}
	stats, err := scan.Run(t.Context())
	if err != nil || stats.Rows != 3 || !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Errorf("got %q of %d rows (%v)", got, stats.Rows, err)
	}

	stores := objstore.NewOpener("")
	store, err := stores.Open(t.Context(), "mem://one-row")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), "a.words", []byte("one")); err != nil {
		t.Fatal(err)
	}
	infos, err := Columns(t.Context(), stores, groundtruth.Source{URL: "mem://one-row/*"}, time.Time{}, time.Time{}, ColumnOptions{formats: all})
	if err != nil || fmt.Sprint(infos) != fmt.Sprint([]ColumnInfo{{Name: "word", Kind: groundtruth.Text}}) {
		t.Errorf("got %v (%v)", infos, err)
	}

	if _, err = codecOf(all, "avro", "a"); err == nil || !strings.HasSuffix(err.Error(), "want auto, parquet, csv, jsonl or words") {
		t.Errorf("an unknown format: %v", err)
	}
	if _, err = codecOf(all, "auto", "a"); err == nil || !strings.Contains(err.Error(), ".json or .words, with") {
		t.Errorf("an unknown ending: %v", err)
	}
}
