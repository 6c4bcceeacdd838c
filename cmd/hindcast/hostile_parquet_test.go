package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A Parquet file of a few kilobytes may say of itself that it has values of gigabytes,
// and be right. No writer makes such files, so they are put together here page by page.

// hostilePage is a page of a hostileColumn.
type hostilePage struct {
	dictionary bool
	values     int
	encoding   format.Encoding
	// write writes what the page holds before compression.
	write func(w io.Writer)
	// says is what the header says of the size, where that is not the truth.
	says int
}

// hostileColumn is a column of all row groups of a file, which are alike.
type hostileColumn struct {
	name  string
	typ   format.Type
	rows  int
	pages []hostilePage
}

// countingWriter counts what goes through it.
type countingWriter struct {
	io.Writer
	n int
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	return w.Writer.Write(p)
}

// zeros writes n zero bytes.
func zeros(w io.Writer, n int) {
	block := make([]byte, 1<<20)
	for ; n > 0; n -= min(n, len(block)) {
		_, _ = w.Write(block[:min(n, len(block))])
	}
}

// texts returns a PLAIN page of texts of one size, told apart by their first bytes from the
// given one on.
func texts(n, size, from int) hostilePage {
	return hostilePage{values: n, encoding: format.Plain, write: func(w io.Writer) {
		for i := range n {
			_, _ = w.Write(binary.LittleEndian.AppendUint32(nil, uint32(size)))
			_, _ = w.Write(binary.BigEndian.AppendUint32(nil, uint32(from+i)))
			zeros(w, size-4)
		}
	}}
}

// indexes returns a page of n times the first entry of a dictionary.
func indexes(n int) hostilePage {
	return hostilePage{values: n, encoding: format.RLEDictionary, write: func(w io.Writer) {
		_, _ = w.Write(append(binary.AppendUvarint([]byte{1}, uint64(n)<<1), 0))
	}}
}

// doubles returns a page of the numbers from the given one on.
func doubles(n int, from float64) hostilePage {
	return hostilePage{values: n, encoding: format.Plain, write: func(w io.Writer) {
		for i := range n {
			_, _ = w.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(from+float64(i))))
		}
	}}
}

// hostileParquet returns a file of so many row groups, each with these columns.
func hostileParquet(t *testing.T, groups int, columns []hostileColumn) []byte {
	t.Helper()
	var file bytes.Buffer
	file.WriteString("PAR1")
	meta := format.FileMetaData{Version: 1, Schema: []format.SchemaElement{{Name: "root", NumChildren: thrift.New(int32(len(columns)))}}}
	marshal := func(v any) []byte {
		data, err := thrift.Marshal(new(thrift.CompactProtocol), v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	group := format.RowGroup{NumRows: int64(columns[0].rows)}
	chunks := make([][]byte, len(columns))
	for i, c := range columns {
		meta.Schema = append(meta.Schema, format.SchemaElement{Name: c.name, Type: thrift.New(c.typ), RepetitionType: thrift.New(format.Required)})
		column := format.ColumnMetaData{
			Type: c.typ, PathInSchema: []string{c.name}, Codec: format.Zstd, NumValues: int64(c.rows),
		}
		for _, p := range c.pages {
			var packed bytes.Buffer
			z.Reset(&packed)
			size := countingWriter{Writer: z}
			p.write(&size)
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			if p.says > 0 {
				size.n = p.says
			}
			head := format.PageHeader{Type: format.DataPage, UncompressedPageSize: int32(size.n), CompressedPageSize: int32(packed.Len())}
			if p.dictionary {
				head.Type = format.DictionaryPage
				head.DictionaryPageHeader.V = format.DictionaryPageHeader{NumValues: int32(p.values), Encoding: p.encoding}
				head.DictionaryPageHeader.Valid = true
			} else {
				head.DataPageHeader.V = format.DataPageHeader{
					NumValues: int32(p.values), Encoding: p.encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
				}
				head.DataPageHeader.Valid = true
			}
			column.TotalUncompressedSize += int64(size.n)
			chunks[i] = append(append(chunks[i], marshal(&head)...), packed.Bytes()...)
		}
		column.TotalCompressedSize = int64(len(chunks[i]))
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: column})
	}
	for range groups {
		g := group
		g.Columns = append([]format.ColumnChunk(nil), group.Columns...)
		for i := range columns {
			g.Columns[i].MetaData.DataPageOffset = int64(file.Len())
			file.Write(chunks[i])
		}
		meta.RowGroups = append(meta.RowGroups, g)
		meta.NumRows += g.NumRows
	}
	footer := marshal(&meta)
	file.Write(footer)
	file.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))))
	file.WriteString("PAR1")
	return file.Bytes()
}

// logColumns returns the columns of a log that is harmless but for the hostile ones.
func logColumns(rows int, hostile ...hostileColumn) []hostileColumn {
	stamps := hostilePage{values: rows, encoding: format.Plain, write: func(w io.Writer) {
		stamp := "2026-01-04T00:00:00Z"
		for range rows {
			_, _ = w.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(stamp))))
			_, _ = io.WriteString(w, stamp)
		}
	}}
	columns := []hostileColumn{
		{name: "id", typ: format.ByteArray, rows: rows, pages: []hostilePage{texts(rows, 8, 0)}},
		{name: "ts", typ: format.ByteArray, rows: rows, pages: []hostilePage{stamps}},
		{name: "pred", typ: format.Double, rows: rows, pages: []hostilePage{doubles(rows, 1)}},
		{name: "version", typ: format.ByteArray, rows: rows, pages: []hostilePage{texts(rows, 4, 0)}},
	}
	for _, h := range hostile {
		replaced := false
		for i := range columns {
			if columns[i].name == h.name {
				columns[i], replaced = h, true
			}
		}
		if !replaced {
			columns = append(columns, h)
		}
	}
	return columns
}
