package format

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Who watches one large object being read sees it move: a text, a compressed text, and a Parquet
// object of one row group.
func TestProgressWithinAnObject(t *testing.T) {
	const rows = 200_000
	var csv, columns bytes.Buffer
	csv.WriteString("id\n")
	type row struct {
		ID string `parquet:"id"`
	}
	written := make([]row, rows)
	for i := range written {
		written[i].ID = fmt.Sprintf("%032x", uint64(i)*0x9e3779b97f4a7c15)
		csv.WriteString(written[i].ID + "\n")
	}
	if err := parquet.Write(&columns, written); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		data  []byte
		least int // how often it is told: Parquet by its chunks
	}{"a.csv": {csv.Bytes(), 10}, "a.csv.gz": {compress(t, csv.Bytes(), ".gz"), 10}, "a.parquet": {columns.Bytes(), 2}} {
		obj := readtest.Object(t, name, of.data)
		told, read := 0, int64(0)
		scan := Scan{
			Objects: []source.Object{obj}, Workers: 1,
			Read: func(ctx context.Context, _ int, p *Part) (table.ReadStats, error) {
				var r Reader
				return r.Read(ctx, p, []table.Want{{Name: "id"}}, table.ReadOptions{}, func(*table.Chunk) error { return nil })
			},
			Progress: func(n int64) {
				if n <= 0 {
					t.Errorf("%s: told of %d bytes", name, n)
				}
				told++
				read += n
			},
		}
		if _, err := scan.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if told < of.least || read != obj.Size {
			t.Errorf("%s: told %d times, of %d of %d bytes", name, told, read, obj.Size)
		}
	}
}
