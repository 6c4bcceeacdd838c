package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/source"
)

// The pages of a column are read here and not by the Parquet library, which copies
// each of them three times and makes a level for each value. The library reads the
// footer, and decodes the encodings that are rare.

const (
	// maxPageValues and maxPageBytes are beyond any page that writers make, and
	// what a page may ask for at most.
	maxPageValues = 1 << 28
	maxPageBytes  = 1 << 30
	// minPageBytes are allowed whatever the footer says of the column's size, which
	// some writers get wrong.
	minPageBytes = 64 << 20
	// maxRepeated is how much the texts of one page in the encoding DELTA_BYTE_ARRAY may
	// take from one another.
	maxRepeated = 32 << 20
	// pageHeaderBytes holds a page header without long statistics.
	pageHeaderBytes = 256
)

// byteSource gives a pageReader the bytes of a column chunk: a columnSource reads them
// when they are asked for, a Group has fetched them ahead. Those of one call are valid
// until the next.
type byteSource interface {
	bytes(off, n int64) ([]byte, error)
}

// windowSource reads an object in steps for columnSource: what is asked for, and what lies
// behind it. Columns share one where a step is cheap.
type windowSource struct {
	file *File
	off  int64 // of buf
	buf  []byte
}

// read returns the n bytes from off on, of which none lie at end or beyond; read
// counts what is read for it.
func (w *windowSource) read(file *File, off, n, end int64, read *int64) ([]byte, error) {
	if w.file != file {
		w.file, w.off, w.buf = file, 0, w.buf[:0]
	}
	if off >= w.off && off+n <= w.off+int64(len(w.buf)) {
		return w.buf[off-w.off:][:n], nil
	}
	if n > end-off {
		return nil, io.ErrUnexpectedEOF
	}
	// What is there already moves to the front.
	kept := 0
	if off >= w.off && off < w.off+int64(len(w.buf)) {
		kept = copy(w.buf, w.buf[off-w.off:])
	}
	length := int(min(end-off, max(n+nearAheadBytes, file.Ahead)))
	w.buf = slices.Grow(w.buf[:kept], length-kept)[:length]
	w.off = off
	k, err := file.In.ReadAt(w.buf[kept:], off+int64(kept))
	*read += int64(k)
	if k < length-kept {
		w.buf = w.buf[:kept]
		return nil, fmt.Errorf("it ends before its listed size: %w", source.UnexpectedEOF(err))
	}
	return w.buf[:n], nil
}

// columnSource reads a column chunk of a file through a window.
type columnSource struct {
	window *windowSource
	file   *File
	end    int64  // of the column chunk
	count  *int64 // of bytes read
}

// bytes implements byteSource.
func (c *columnSource) bytes(off, n int64) ([]byte, error) {
	return c.window.read(c.file, off, n, c.end, c.count)
}

// pageHeader holds what the header of a page says of it, for pageReader and columnReader.
type pageHeader struct {
	kind                     format.PageType
	compressed, uncompressed int64  // bytes of the page
	crc                      uint32 // checksum; 0 is none
	values, nulls            int64
	encoding                 format.Encoding
	levels, starts           format.Encoding // of definition and of repetition levels
	defBytes, repBytes       int64           // of levels, in pages of version 2
	plain                    bool            // not compressed, of a page of version 2
}

// parse reads a header, which may be cut: errThriftShort.
func (h *pageHeader) parse(data []byte) (int, error) {
	*h = pageHeader{}
	return checkThrift(data, func(path uint64, v int64) {
		switch path {
		case 1:
			h.kind = format.PageType(v)
		case 2:
			h.uncompressed = v
		case 3:
			h.compressed = v
		case 4:
			h.crc = uint32(v)
		case 5<<8 | 1, 7<<8 | 1, 8<<8 | 1: // of the three kinds of pages
			h.values = v
		case 5<<8 | 2, 7<<8 | 2, 8<<8 | 4:
			h.encoding = format.Encoding(v)
		case 5<<8 | 3:
			h.levels = format.Encoding(v)
		case 5<<8 | 4:
			h.starts = format.Encoding(v)
		case 8<<8 | 2:
			h.nulls = v
		case 8<<8 | 5:
			h.defBytes = v
		case 8<<8 | 6:
			h.repBytes = v
		case 8<<8 | 7:
			h.plain = v == 0
		}
	})
}

// pageReader reads the pages of one column chunk, one after the other.
type pageReader struct {
	src       byteSource
	next, end int64 // offset of the next page's header, and of the chunk's end
	maxValues int64 // that a page may have
	maxBytes  int64 // that a page may have after decompression
	codec     format.CompressionCodec
	memory    *readerMemory
	head      pageHeader // of the page that was met last
	body      int64      // offset of the page's data
	maxHeader int64      // that a header may have
}

// reset begins another column chunk.
func (r *pageReader) reset(src byteSource, column *format.ColumnMetaData) {
	r.src = src
	r.next, r.end = chunkRange(column)
	r.maxValues = min(column.NumValues, maxPageValues)
	r.maxBytes = min(max(column.TotalUncompressedSize, minPageBytes), maxPageBytes)
	r.codec = column.Codec
	r.maxHeader = minPageBytes
	if limit := r.memory.limit; limit > 0 {
		r.maxHeader = max(limit/8, pageHeaderBytes)
	}
}

// chunkRange returns where a column chunk lies in its file.
func chunkRange(column *format.ColumnMetaData) (start, end int64) {
	start = column.DataPageOffset
	if d := column.DictionaryPageOffset; d != 0 && d < start {
		start = d
	}
	return start, start + column.TotalCompressedSize
}

// header reads the next page's header. What it asks for is bounded by what there is:
// a length in a corrupt file may ask for more than memory holds. io.EOF is the end of
// the chunk.
func (r *pageReader) header() (*pageHeader, error) {
	if r.next >= r.end {
		return nil, io.EOF
	}
	for length := int64(pageHeaderBytes); ; length *= 4 { // statistics of long texts
		length = min(length, r.end-r.next)
		data, err := r.src.bytes(r.next, length)
		if err != nil {
			return nil, err
		}
		n, err := r.head.parse(data)
		if errors.Is(err, errThriftShort) && length < min(r.end-r.next, r.maxHeader) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: a page header: %w", errCorrupt, err)
		}
		r.body = r.next + int64(n)
		break
	}
	h := &r.head
	switch left := r.end - r.body; {
	case h.compressed < 0 || h.compressed > left:
		return nil, fmt.Errorf("%w: a page of %d bytes, where the column has %d left", errCorrupt, h.compressed, left)
	case h.uncompressed < 0 || h.uncompressed > r.maxBytes:
		return nil, fmt.Errorf("%w: a page of %d bytes uncompressed, where %d can be", errCorrupt, h.uncompressed, r.maxBytes)
	case h.values < 0 || h.values > maxPageValues || h.values > max(r.maxValues, 8*h.uncompressed), h.nulls < 0 || h.nulls > h.values:
		return nil, fmt.Errorf("%w: a page of %d values with %d nulls, where the column has %d", errCorrupt, h.values, h.nulls, r.maxValues)
	case h.defBytes < 0 || h.repBytes < 0 || h.defBytes > h.compressed || h.repBytes > h.compressed-h.defBytes:
		return nil, fmt.Errorf("%w: a page of %d bytes with levels of %d and %d", errCorrupt, h.compressed, h.repBytes, h.defBytes)
	}
	r.next = r.body + h.compressed
	return h, nil
}

// again makes the page of an earlier header the one to read.
func (r *pageReader) again(head pageHeader, body int64) { r.head, r.body = head, body }

// bytes is about what the page takes while it is read and decoded: itself, compressed
// and not, and for each value its level and its place.
func (h *pageHeader) bytes() int64 {
	each := int64(6)
	switch h.encoding {
	case format.Plain, format.RLEDictionary, oldDictionary:
	default:
		each = 24 // decoded by the library and then copied
	}
	return h.compressed + max(h.compressed, h.uncompressed) + each*h.values
}

// data returns the page whose header was read, decompressed into buf, whose memory
// grows as needed: the levels of a page of version 2, and the rest.
func (r *pageReader) data(buf *[]byte) (levels, values []byte, err error) {
	h := &r.head
	raw, err := r.src.bytes(r.body, h.compressed)
	if err != nil {
		return nil, nil, err
	}
	if h.crc != 0 && crc32.ChecksumIEEE(raw) != h.crc {
		return nil, nil, fmt.Errorf("%w: a page differs from its checksum", errCorrupt)
	}
	if h.kind == format.DataPageV2 {
		levels, raw = raw[:h.repBytes+h.defBytes], raw[h.repBytes+h.defBytes:]
	}
	size := int(h.uncompressed) - len(levels)
	if size < 0 {
		return nil, nil, fmt.Errorf("%w: a page of %d bytes with levels of %d", errCorrupt, h.uncompressed, len(levels))
	}
	if r.codec == format.Uncompressed || h.plain || len(raw) == 0 {
		// The bytes are the source's and may go with its next call.
		*buf = append(slices.Grow((*buf)[:0], len(levels)+len(raw)), levels...)
		*buf = append(*buf, raw...)
		return (*buf)[:len(levels)], (*buf)[len(levels):], nil
	}
	*buf = append(slices.Grow((*buf)[:0], len(levels)+size), levels...)
	// No more than the header says, whatever the page becomes.
	out := (*buf)[len(levels) : len(levels) : len(levels)+size]
	if r.codec == format.Zstd {
		decoder, err := r.memory.zstd()
		if err != nil {
			return nil, nil, err
		}
		if out, err = decoder.DecodeAll(raw, out); err != nil {
			return nil, nil, fmt.Errorf("%w: decompress a page: %w", errCorrupt, err)
		}
	} else {
		out, err = decompressPage(r.codec, out[:size], raw)
	}
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%w: decompress a page: %w", errCorrupt, err)
	case len(out) != size:
		return nil, nil, fmt.Errorf("%w: a page of %d bytes says that it has %d", errCorrupt, len(out), size)
	}
	return (*buf)[:len(levels)], out, nil
}

// decompressPage fills dst. The library would make as much as the data ask for.
func decompressPage(codec format.CompressionCodec, dst, raw []byte) ([]byte, error) {
	switch codec {
	case format.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		return readPage(dst, z)
	case format.Brotli:
		return readPage(dst, brotli.NewReader(bytes.NewReader(raw)))
	case format.Snappy:
		if n, err := snappy.DecodedLen(raw); err != nil || n != len(dst) {
			return nil, fmt.Errorf("it is snappy of %d bytes: %w", n, cmp.Or(err, errPageSize))
		}
	}
	return parquet.LookupCompressionCodec(codec).Decode(dst, raw)
}

// errPageSize says that a page has another size than its header says.
var errPageSize = errors.New("its header says otherwise")

// readPage fills dst with all of a stream.
func readPage(dst []byte, r io.Reader) ([]byte, error) {
	if _, err := io.ReadFull(r, dst); err != nil {
		return nil, source.UnexpectedEOF(err)
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return nil, errPageSize
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return dst, nil
}

// levelDecoder reads definition or repetition levels: runs of one level and groups of eight packed
// ones (https://parquet.apache.org/docs/file-format/data-pages/encodings/, RLE).
type levelDecoder struct{ levels []byte }

// decode reads n levels of a width that holds most. It returns nil when all are most.
func (d *levelDecoder) decode(data []byte, n int, most byte) ([]byte, error) {
	width := uint(bits.Len8(most))
	d.levels = d.levels[:0]
	for len(d.levels) < n {
		head, k := binary.Uvarint(data)
		if k <= 0 {
			return nil, fmt.Errorf("%w: a page's levels are cut", errCorrupt)
		}
		data = data[k:]
		left := n - len(d.levels)
		if head&1 == 0 {
			if len(data) == 0 {
				return nil, fmt.Errorf("%w: a page's levels are cut", errCorrupt)
			}
			level := data[0]
			data = data[1:]
			run := int(min(head>>1, uint64(left)))
			if run == n && level == most {
				return nil, nil
			}
			d.levels = append(d.levels, slices.Repeat([]byte{level}, run)...)
			if run == 0 {
				return nil, fmt.Errorf("%w: a page has an empty run of levels", errCorrupt)
			}
			continue
		}
		groups := int(min(head>>1, uint64(left+7)/8))
		if groups == 0 || groups*int(width) > len(data) {
			return nil, fmt.Errorf("%w: a page's levels are cut", errCorrupt)
		}
		for g := range groups {
			var word uint64
			for i, b := range data[g*int(width):][:width] {
				word |= uint64(b) << (8 * i)
			}
			for range min(8, n-len(d.levels)) {
				d.levels = append(d.levels, byte(word)&(1<<width-1))
				word >>= width
			}
		}
		data = data[groups*int(width):]
	}
	return d.levels, nil
}

// decodeIndexes reads the n indexes of a page into dst: their width, then runs of one
// index and groups of eight packed ones.
func decodeIndexes(dst []int32, data []byte, n int) ([]int32, error) {
	dst = slices.Grow(dst[:0], n)
	if n == 0 {
		return dst, nil
	}
	cut := fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	if len(data) == 0 {
		return nil, cut
	}
	width := uint(data[0])
	data = data[1:]
	if width > 32 {
		return nil, fmt.Errorf("%w: indexes of %d bits", errCorrupt, width)
	}
	bytesEach := int(width+7) / 8
	for len(dst) < n {
		head, k := binary.Uvarint(data)
		if k <= 0 {
			return nil, cut
		}
		data = data[k:]
		left := n - len(dst)
		if head&1 == 0 {
			if len(data) < bytesEach || head>>1 == 0 {
				return nil, cut
			}
			var word [8]byte
			copy(word[:], data[:bytesEach])
			index := int32(binary.LittleEndian.Uint64(word[:]))
			data = data[bytesEach:]
			for range min(head>>1, uint64(left)) {
				dst = append(dst, index)
			}
			continue
		}
		groups := int(min(head>>1, uint64(left+7)/8))
		take := min(8*groups, left)
		if groups == 0 || (take*int(width)+7)/8 > len(data) {
			return nil, cut
		}
		dst = unpackIndexes(dst, data, width, take)
		data = data[min(groups*int(width), len(data)):]
	}
	return dst, nil
}

// unpackIndexes appends n packed indexes, of which data is known to hold all.
func unpackIndexes(dst []int32, data []byte, width uint, n int) []int32 {
	mask := uint64(1)<<width - 1
	out := dst[len(dst) : len(dst)+n]
	// An index and the bits before it in its first byte fit into eight bytes.
	whole := 0
	if width > 0 && len(data) >= 8 {
		whole = min(n, int((uint(len(data)-8)*8)/width)+1)
	}
	bit := uint(0)
	for i := range out[:whole] {
		out[i] = int32(binary.LittleEndian.Uint64(data[bit/8:]) >> (bit % 8) & mask)
		bit += width
	}
	for i := whole; i < n; i++ {
		var word [8]byte
		copy(word[:], data[bit/8:])
		out[i] = int32(binary.LittleEndian.Uint64(word[:]) >> (bit % 8) & mask)
		bit += width
	}
	return dst[:len(dst)+n]
}
