package groundtruth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// The Parquet library allocates what lengths in a file ask for before it looks
// whether the file is that long. In a corrupt file they may ask for more than there
// is, and a process out of memory cannot be saved. So the footer and the page headers
// are walked here first. Both are Thrift structs in the compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).

const (
	// maxPageValues and maxPageBytes are beyond any page that writers make, and
	// what a page may ask for at most.
	maxPageValues = 1 << 28
	maxPageBytes  = 1 << 30
	// minPageBytes are allowed whatever the footer says of the column's size, which
	// some writers get wrong.
	minPageBytes = 64 << 20
	// maxThriftDepth is how deep structs may be nested.
	maxThriftDepth = 32
)

// errThriftShort says that a struct goes on after the bytes at hand.
var errThriftShort = errors.New("it ends within a structure")

// thriftWalker walks a struct without making anything of it.
type thriftWalker struct {
	data  []byte
	pos   int
	visit func(parent, id int, value int64) // of whole numbers; parent is the field of the struct around it
}

// checkThrift walks the struct that data begins with and returns its length.
func checkThrift(data []byte, visit func(parent, id int, value int64)) (int, error) {
	w := thriftWalker{data: data, visit: visit}
	err := w.structure(0, 0)
	return w.pos, err
}

func (w *thriftWalker) byte() (byte, error) {
	if w.pos >= len(w.data) {
		return 0, errThriftShort
	}
	w.pos++
	return w.data[w.pos-1], nil
}

func (w *thriftWalker) uvarint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.pos:])
	if n == 0 {
		return 0, errThriftShort
	}
	if n < 0 {
		return 0, fmt.Errorf("%w: a number is too long", errCorrupt)
	}
	w.pos += n
	return v, nil
}

func (w *thriftWalker) varint() (int64, error) {
	v, err := w.uvarint()
	return int64(v>>1) ^ -int64(v&1), err // zigzag
}

func (w *thriftWalker) skip(n uint64) error {
	if n > uint64(len(w.data)-w.pos) {
		return errThriftShort
	}
	w.pos += int(n)
	return nil
}

// structure walks the fields of a struct up to its end.
func (w *thriftWalker) structure(parent, depth int) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("%w: its structures are nested too deep", errCorrupt)
	}
	id := 0
	for {
		head, err := w.byte()
		if err != nil || head == 0 {
			return err
		}
		if delta := int(head >> 4); delta > 0 {
			id += delta
		} else {
			v, err := w.varint()
			if err != nil {
				return err
			}
			id = int(int16(v))
		}
		kind := head & 0xf
		if kind == 1 || kind == 2 { // true and false have no more bytes
			continue
		}
		if err := w.value(kind, parent, id, depth); err != nil {
			return err
		}
	}
}

// value walks a value of a field or of a list's element.
func (w *thriftWalker) value(kind byte, parent, id, depth int) error {
	switch kind {
	case 1, 2, 3: // a boolean in a list, a byte
		return w.skip(1)
	case 4, 5, 6:
		v, err := w.varint()
		if err == nil && w.visit != nil {
			w.visit(parent, id, v)
		}
		return err
	case 7:
		return w.skip(8)
	case 8:
		n, err := w.uvarint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10:
		head, err := w.byte()
		if err != nil {
			return err
		}
		n := uint64(head >> 4)
		if n == 15 {
			if n, err = w.uvarint(); err != nil {
				return err
			}
		}
		return w.elements(n, id, depth, head&0xf)
	case 11:
		n, err := w.uvarint()
		if err != nil || n == 0 {
			return err
		}
		kinds, err := w.byte()
		if err != nil {
			return err
		}
		return w.elements(n, id, depth, kinds>>4, kinds&0xf)
	case 12:
		return w.structure(id, depth+1)
	case 13:
		return w.skip(16)
	}
	return fmt.Errorf("%w: it has a value of unknown type %d", errCorrupt, kind)
}

// elements walks those of a list, a set or a map. Each has a byte at least, which
// bounds their number.
func (w *thriftWalker) elements(n uint64, id, depth int, kinds ...byte) error {
	if n > uint64(len(w.data)-w.pos) {
		return errThriftShort
	}
	if depth > maxThriftDepth {
		return fmt.Errorf("%w: its lists are nested too deep", errCorrupt)
	}
	for range n {
		for _, kind := range kinds {
			if err := w.value(kind, id, 0, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFooter walks a file's metadata.
func checkFooter(r io.ReaderAt, size, length int64) error {
	data := make([]byte, length)
	if _, err := r.ReadAt(data, size-8-length); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := checkThrift(data, nil); err != nil {
		if errors.Is(err, errThriftShort) {
			err = fmt.Errorf("%w: the footer %w", errCorrupt, err)
		}
		return err
	}
	return nil
}

// pageGuard lets the bytes of a column chunk pass up to the first page whose header
// asks for more than there can be.
type pageGuard struct {
	in        io.ReaderAt
	next, end int64 // offset of the next page's header, and of the chunk's end
	values    int64 // that a page may have
	bytes     int64 // that a page may have after decompression
	head      []byte
}

func newPageGuard(in io.ReaderAt, column *format.ColumnMetaData) *pageGuard {
	start := column.DataPageOffset
	if column.DictionaryPageOffset != 0 {
		start = column.DictionaryPageOffset
	}
	return &pageGuard{
		in: in, next: start, end: start + column.TotalCompressedSize,
		values: min(column.NumValues, maxPageValues),
		bytes:  min(max(column.TotalUncompressedSize, minPageBytes), maxPageBytes),
	}
}

// ReadAt implements io.ReaderAt.
func (g *pageGuard) ReadAt(p []byte, off int64) (int, error) {
	n, err := g.in.ReadAt(p, off)
	for g.next < min(off+int64(n), g.end) {
		if err := g.page(); err != nil {
			return 0, err
		}
	}
	return n, err
}

// page checks the next page's header and goes on to the page after it.
func (g *pageGuard) page() error {
	var compressed, uncompressed, values, nulls int64
	visit := func(parent, id int, v int64) {
		switch {
		case parent == 0 && id == 2:
			uncompressed = v
		case parent == 0 && id == 3:
			compressed = v
		case (parent == 5 || parent == 7 || parent == 8) && id == 1: // of the three kinds of pages
			values = v
		case parent == 8 && id == 2:
			nulls = v
		}
	}
	length := int64(512)
	for {
		length = min(length, g.end-g.next)
		if int64(cap(g.head)) < length {
			g.head = make([]byte, length)
		}
		g.head = g.head[:length]
		if n, err := g.in.ReadAt(g.head, g.next); int64(n) < length {
			return unexpectedEOF(err)
		}
		compressed, uncompressed, values, nulls = 0, 0, 0, 0
		n, err := checkThrift(g.head, visit)
		if errors.Is(err, errThriftShort) && length < min(g.end-g.next, minPageBytes) {
			length *= 4 // statistics of long texts
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: a page header: %w", errCorrupt, err)
		}
		g.next += int64(n)
		break
	}
	switch {
	case compressed < 0 || compressed > g.end-g.next:
		return fmt.Errorf("%w: a page of %d bytes, where the column has %d left", errCorrupt, compressed, g.end-g.next)
	case uncompressed < 0 || uncompressed > g.bytes:
		return fmt.Errorf("%w: a page of %d bytes uncompressed, where %d can be", errCorrupt, uncompressed, g.bytes)
	case values < 0 || values > maxPageValues || values > max(g.values, 8*uncompressed), nulls < 0 || nulls > values:
		return fmt.Errorf("%w: a page of %d values with %d nulls, where the column has %d", errCorrupt, values, nulls, g.values)
	}
	g.next += compressed
	return nil
}
