package parquet

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// readerMemory is the memory that the columns of a Reader share, and the account of what they
// hold.
type readerMemory struct {
	window  windowSource // of objects nearby
	pages   [][]byte     // free memory for decompressed pages, what was used last at the end
	picks   []int32      // for the lazyValues of the column that is sent
	spare   pageScratch  // that of the lazy column whose page was taken last
	decoder *zstd.Decoder

	// What columns hold of their files is counted before it is made, and bounded: a
	// page of a few bytes may become a gigabyte.
	limit   int64 // 0 is no bound
	held    int64
	columns []*columnReader
}

// take counts n more bytes for a column. Where there is no room, others give up what
// can be made again. The error says what is to be held.
func (m *readerMemory) take(n int64, c *columnReader, what string) error {
	room := func() bool {
		var spare int64
		for _, p := range m.pages {
			spare += int64(cap(p))
		}
		return m.limit == 0 || m.held+n+spare+m.spare.bytes()+int64(cap(m.window.buf)) <= m.limit
	}
	if !room() {
		m.pages, m.window, m.spare = nil, windowSource{}, pageScratch{}
	}
	for _, other := range m.columns {
		if room() {
			break
		}
		if other != c && other.want.Lazy {
			other.giveUp()
		}
	}
	if !room() {
		return fmt.Errorf("%s takes %s of memory, and %s of the %s that a goroutine has for pages and their texts are taken: raise --memory, lower --workers, or write the file with smaller pages",
			what, table.Mebibytes(n), table.Mebibytes(m.held), table.Mebibytes(m.limit))
	}
	m.held += n
	return nil
}

// pageScratch is the memory for what a columnReader makes of a page. Lazy columns, which are
// read one after the other, hand it on by readerMemory.spare.
type pageScratch struct {
	indexes []int32
	levels  []byte
	offsets []uint32
	rare    []byte
}

// bytes returns what the memory takes.
func (s *pageScratch) bytes() int64 {
	return 4*int64(cap(s.indexes)+cap(s.offsets)) + int64(cap(s.levels)+cap(s.rare))
}

// page returns memory for a page of so many bytes: what was used last and has room,
// since a cache may hold it, but isn't meant for much larger pages; else the least there
// is, which may have to grow.
func (m *readerMemory) page(n int64) []byte {
	if len(m.pages) == 0 {
		return nil
	}
	take := 0
	for i, p := range slices.Backward(m.pages) {
		if have := int64(cap(p)); have >= n && have <= 2*n {
			take = i
			break
		}
		if cap(p) < cap(m.pages[take]) {
			take = i
		}
	}
	p := m.pages[take]
	m.pages = slices.Delete(m.pages, take, take+1)
	return p
}

// free takes a page's memory back.
func (m *readerMemory) free(page []byte) {
	if page != nil {
		m.pages = append(m.pages, page[:0])
	}
}

// zstd returns the decoder of Zstandard pages, which works on the calling goroutine.
func (m *readerMemory) zstd() (*zstd.Decoder, error) {
	var err error
	if m.decoder == nil {
		m.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPageBytes), zstd.WithDecodeAllCapLimit(true))
	}
	return m.decoder, err
}
