package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// thriftInt writes the field delta places on, an i32.
func thriftInt(delta byte, v int64) []byte {
	return binary.AppendUvarint([]byte{delta<<4 | 5}, uint64(v<<1)^uint64(v>>63))
}

// dataHeader writes the header of a data page of version 1.
func dataHeader(uncompressed, compressed, values int64) []byte {
	return slices.Concat(thriftInt(1, 0), thriftInt(1, uncompressed), thriftInt(1, compressed), []byte{2<<4 | 12}, thriftInt(1, values), []byte{0, 0})
}

func TestPageHeaders(t *testing.T) {
	body := make([]byte, 100)
	good := slices.Concat(dataHeader(400, 100, 50), body, dataHeader(100, 100, 50), body)
	for _, c := range []struct {
		name string
		data []byte
		err  string
	}{
		{"two good pages", good, ""},
		{"longer than the column", slices.Concat(dataHeader(400, 101, 50), body), "a page of 101 bytes, where the column has 100 left"},
		{"negative length", slices.Concat(dataHeader(400, -1, 50), body), "a page of -1 bytes"},
		{"too large uncompressed", slices.Concat(dataHeader(minPageBytes+1, 100, 50), body), "bytes uncompressed"},
		{"too many values", slices.Concat(dataHeader(4, 100, 1000), body), "a page of 1000 values"},
		{"negative values", slices.Concat(dataHeader(4, 100, -5), body), "a page of -5 values"},
		{"second page", slices.Concat(dataHeader(400, 100, 50), body, dataHeader(400, 101, 50), body), "a page of 101 bytes"},
		{"header cut", dataHeader(400, 100, 50)[:6], "ends within a structure"},
		{"list longer than the file", []byte{1<<4 | 9, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0}, "ends within a structure"},
		{"unknown type", []byte{1<<4 | 15, 0}, "unknown type 15"},
		{"nested too deep", slices.Repeat([]byte{1<<4 | 12}, 100), "nested too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const start = 7 // what comes before is not the column's
			data := slices.Concat(make([]byte, start), c.data)
			var read int64
			r := pageReader{memory: &readerMemory{}}
			src := &columnSource{window: &windowSource{}, file: &File{In: bytes.NewReader(data)}, end: int64(len(data)), count: &read}
			r.reset(src, &format.ColumnMetaData{DataPageOffset: start, TotalCompressedSize: int64(len(c.data)), TotalUncompressedSize: 800, NumValues: 100})
			pages := 0
			var err error
			for ; err == nil; pages++ {
				_, err = r.header()
			}
			switch {
			case c.err == "" && (!errors.Is(err, io.EOF) || pages != 3):
				t.Errorf("%d pages, then %v", pages, err)
			case c.err != "" && (!errors.Is(err, errCorrupt) || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v, want an error with %q", err, c.err)
			}
		})
	}
}

// A list that says it is longer than memory must not be allocated: that would end
// the process.
func TestReadParquetFooterThatAsksForTooMuch(t *testing.T) {
	footer := []byte{2<<4 | 9, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0, 0}
	data := slices.Concat([]byte("PAR1"), footer, binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), []byte("PAR1"))
	_, err := readAll(t, readtest.Object(t, "a.parquet", data), []table.Want{{Name: "id"}}, table.ReadOptions{})
	if !errors.Is(err, errCorrupt) {
		t.Errorf("got %v", err)
	}
}

func TestCheckThriftWalksOurFooters(t *testing.T) {
	data := readtest.Parquet(t, readtest.SampleEveryType())
	length := int64(binary.LittleEndian.Uint32(data[len(data)-8:]))
	footer := data[int64(len(data))-8-length : len(data)-8]
	if n, err := checkThrift(footer, nil); err != nil || n != len(footer) {
		t.Errorf("%d of %d bytes: %v", n, len(footer), err)
	}
	for i := range footer {
		if _, err := checkThrift(footer[:i], nil); !errors.Is(err, errThriftShort) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
}
