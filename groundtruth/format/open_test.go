package format

import (
	"strings"
	"testing"
)

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
