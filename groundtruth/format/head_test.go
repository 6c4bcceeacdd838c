package format

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// TestHead reads about as many records as it is asked for, and tells how many there are.
func TestHead(t *testing.T) {
	t.Parallel()
	const rows = 3 * table.ChunkRows
	type record struct {
		ID string  `parquet:"id"`
		X  float64 `parquet:"x"`
	}
	var text, zipped, packed bytes.Buffer
	text.WriteString("id,x\n")
	records := make([]record, rows)
	for i := range records {
		records[i] = record{fmt.Sprintf("id-%06d", i), 1}
		fmt.Fprintf(&text, "id-%06d,1\n", i)
	}
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(text.Bytes())
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if err := parquet.Write(&packed, records, parquet.MaxRowsPerRowGroup(10_000)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key, format string
		data        []byte
		ask         int64
		known       bool
		least, most int64 // of the total
	}{
		{"a.csv", "CSV", text.Bytes(), rows + 1, true, rows, rows},
		{"a.csv", "CSV", text.Bytes(), 10, false, rows / 2, rows * 2},
		{"a.csv.gz", "CSV", zipped.Bytes(), rows + 1, true, rows, rows},
		{"a.csv.gz", "CSV", zipped.Bytes(), 10, false, table.ChunkRows, rows * 2},
		{"a.parquet", "Parquet", packed.Bytes(), rows + 1, true, rows, rows},
		{"a.parquet", "Parquet", packed.Bytes(), 10, true, rows, rows},
	} {
		obj := readtest.Object(t, c.key, c.data)
		seen := int64(0)
		info, err := Head(context.Background(), obj, "auto", []table.Want{{Name: "id", As: table.AsID}, {Name: "y", As: table.AsNumber, Optional: true}}, c.ask, table.ReadOptions{}, func(chunk *table.Chunk) error {
			seen += int64(chunk.Len)
			return nil
		})
		if err != nil || info.Format != c.format || info.Rows != seen || info.Known != c.known || info.Whole != (c.ask > rows) || info.Total < c.least || info.Total > c.most {
			t.Errorf("%s, %d records: %+v, %v; %d records came", c.key, c.ask, info, err, seen)
		}
		if c.ask == 10 && seen > table.ChunkRows {
			t.Errorf("%s: %d records were read for %d", c.key, seen, c.ask)
		}
	}
	if _, err := Head(context.Background(), readtest.Object(t, "a.txt", text.Bytes()), "auto", nil, 1, table.ReadOptions{}, nil); err == nil {
		t.Error("an object of no format is read")
	}
}
