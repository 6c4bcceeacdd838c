package format

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// codec is how an object is encoded.
type codec struct {
	format      string // parquet, csv or jsonl
	compression string // "", gz or zst
	delimiter   byte   // csv
}

// codecOf tells an object's encoding by its format and the ending of its name.
func codecOf(format, key string) (codec, error) {
	name := strings.ToLower(path.Base(key))
	var c codec
	for _, ending := range []string{"gz", "zst"} {
		if rest, ok := strings.CutSuffix(name, "."+ending); ok {
			name, c.compression = rest, ending
			break
		}
	}
	c.delimiter = ','
	if strings.HasSuffix(name, ".tsv") {
		c.delimiter = '\t'
	}
	switch format {
	case "parquet", "csv", "jsonl":
		c.format = format
	case "", "auto":
		switch path.Ext(name) {
		case ".parquet":
			c.format = "parquet"
		case ".csv", ".tsv":
			c.format = "csv"
		case ".jsonl", ".ndjson", ".json":
			c.format = "jsonl"
		default:
			return c, errors.New("its name does not tell its format: want an ending .parquet, .csv, .tsv, .jsonl, .ndjson or .json, with .gz or .zst after it where it is compressed, or set format")
		}
	default:
		return c, fmt.Errorf("unknown format %q: want auto, parquet, csv or jsonl", format)
	}
	if c.format == "parquet" && c.compression != "" {
		return c, fmt.Errorf("a Parquet file compressed as a whole (.%s) cannot be read in parts: store it uncompressed; its pages have their own compression", c.compression)
	}
	return c, nil
}

// readText reads CSV and JSON Lines.
func readText(ctx context.Context, obj source.Object, c codec, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) (err error) {
	if obj.Size == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	raw, err := obj.Store.ReadRange(ctx, obj.Key, 0, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	r, done, err := decompress(&countingReader{r: raw, n: &stats.Bytes}, c.compression)
	if err != nil {
		return err
	}
	defer done()
	if obj.Size >= aheadFrom {
		ahead := newReadAhead(r)
		defer func() {
			if err != nil {
				cancel() // so that it need not be waited for
			}
			ahead.close()
		}()
		r = ahead
	}
	if c.format == "csv" {
		return readCSV(r, obj, c.delimiter, wants, opt, stats, emit)
	}
	return readJSONL(r, wants, opt, stats, emit)
}
