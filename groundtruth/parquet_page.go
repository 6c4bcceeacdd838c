package groundtruth

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
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
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

// byteSource gives the bytes of a column chunk, those of one call until the next.
type byteSource interface {
	bytes(off, n int64) ([]byte, error)
}

// windowSource reads an object in steps: what is asked for, and what lies behind it.
// Columns may share one where a step is cheap.
type windowSource struct {
	file *parquetFile
	off  int64 // of buf
	buf  []byte
}

// read returns the n bytes from off on, of which none lie at end or beyond; read
// counts what is read for it.
func (w *windowSource) read(file *parquetFile, off, n, end int64, read *int64) ([]byte, error) {
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
	length := int(min(end-off, max(n+nearAheadBytes, file.ahead)))
	w.buf = slices.Grow(w.buf[:kept], length-kept)[:length]
	w.off = off
	k, err := file.in.ReadAt(w.buf[kept:], off+int64(kept))
	*read += int64(k)
	if k < length-kept {
		w.buf = w.buf[:kept]
		return nil, fmt.Errorf("it ends before its listed size: %w", unexpectedEOF(err))
	}
	return w.buf[:n], nil
}

// columnSource is a column chunk of a file, read through a window.
type columnSource struct {
	window *windowSource
	file   *parquetFile
	end    int64
	count  *int64
}

func (c *columnSource) bytes(off, n int64) ([]byte, error) {
	return c.window.read(c.file, off, n, c.end, c.count)
}

// parquetMemory is what the columns of a reader share.
type parquetMemory struct {
	window  windowSource // of objects nearby
	pages   [][]byte     // free memory for decompressed pages, what was used last at the end
	picks   []int32      // of the column that is sent
	spare   pageScratch  // of the lazy column whose page was taken last
	decoder *zstd.Decoder

	// What columns hold of their files is counted before it is made, and bounded: a
	// page of a few bytes may become a gigabyte.
	limit   int64 // 0 is no bound
	held    int64
	columns []*parquetColumn
}

// take counts n more bytes for a column. Where there is no room, others give up what
// can be made again. The error says what is to be held.
func (m *parquetMemory) take(n int64, c *parquetColumn, what string) error {
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
		if other != c && other.want.lazy {
			other.giveUp()
		}
	}
	if !room() {
		return fmt.Errorf("%s takes %s of memory, and %s of the %s that a goroutine has for pages and their texts are taken: raise --memory, lower --workers, or write the file with smaller pages",
			what, mebibytes(n), mebibytes(m.held), mebibytes(m.limit))
	}
	m.held += n
	return nil
}

// pageScratch is memory for what is made of a page.
type pageScratch struct {
	indexes []int32
	levels  []byte
	offsets []uint32
	rare    []byte
}

func (s *pageScratch) bytes() int64 {
	return 4*int64(cap(s.indexes)+cap(s.offsets)) + int64(cap(s.levels)+cap(s.rare))
}

// mebibytes is a number of bytes for people.
func mebibytes(n int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(float64(n)/(1<<20))), ".0") + " MiB"
}

// page returns memory for a page of so many bytes: what was used last and has room,
// since a cache may hold it, but isn't meant for much larger pages; else the least there
// is, which may have to grow.
func (m *parquetMemory) page(n int64) []byte {
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
func (m *parquetMemory) free(page []byte) {
	if page != nil {
		m.pages = append(m.pages, page[:0])
	}
}

// zstd returns the decoder: one page after the other, on this goroutine.
func (m *parquetMemory) zstd() (*zstd.Decoder, error) {
	var err error
	if m.decoder == nil {
		m.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPageBytes), zstd.WithDecodeAllCapLimit(true))
	}
	return m.decoder, err
}

// pageHeader is what the header of a page says.
type pageHeader struct {
	kind                     format.PageType
	compressed, uncompressed int64
	crc                      uint32 // 0 is none
	values, nulls            int64
	encoding, levels         format.Encoding
	defBytes, repBytes       int64 // version 2
	plain                    bool  // version 2: not compressed
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
	memory    *parquetMemory
	head      pageHeader
	body      int64 // offset of the page's data
	maxHeader int64
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
		return nil, unexpectedEOF(err)
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return nil, errPageSize
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return dst, nil
}

// levelDecoder reads definition levels: runs of one level and groups of eight packed
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

// decodeValues reads n values that are not indexes. Those of a fixed width are
// little-endian bytes, as PLAIN has them; other encodings are the library's to decode.
func decodeValues(v *parquetValues, data []byte, enc format.Encoding, kind parquet.Kind, size, n int) error {
	*v = parquetValues{n: n, kind: kind, size: size, offsets: v.offsets[:0], scratch: v.scratch}
	if n == 0 {
		return nil
	}
	if enc != format.Plain {
		return v.decodeRare(data, enc)
	}
	if kind == parquet.ByteArray {
		return v.findTexts(data)
	}
	need := n * v.width()
	if kind == parquet.Boolean {
		need = (n + 7) / 8
	}
	if len(data) < need {
		return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	}
	v.raw = data[:need]
	return nil
}

// findTexts finds where the values of PLAIN byte arrays lie: each behind its length.
func (v *parquetValues) findTexts(data []byte) error {
	v.raw, v.prefix = data, textPrefix
	v.offsets = slices.Grow(v.offsets, v.n+1)
	at := uint64(textPrefix)
	for range v.n {
		if at > uint64(len(data)) {
			return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
		}
		v.offsets = append(v.offsets, uint32(at))
		at += textPrefix + uint64(binary.LittleEndian.Uint32(data[at-textPrefix:]))
	}
	if at-textPrefix > uint64(len(data)) {
		return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	}
	v.offsets = append(v.offsets, uint32(at))
	return nil
}

// decodeRare reads an encoding other than PLAIN.
func (v *parquetValues) decodeRare(data []byte, enc format.Encoding) error {
	if err := checkRare(data, enc, v.n); err != nil {
		return err
	}
	e := parquet.LookupEncoding(enc)
	out := v.scratch[:0]
	var err error
	got := 0
	switch v.kind {
	case parquet.Boolean:
		out, err = e.DecodeBoolean(out, data)
		got = 8 * len(out)
	case parquet.Int32:
		var x []int32
		x, err = e.DecodeInt32(nil, data)
		for _, x := range x {
			out = binary.LittleEndian.AppendUint32(out, uint32(x))
		}
		got = len(x)
	case parquet.Int64:
		var x []int64
		x, err = e.DecodeInt64(nil, data)
		for _, x := range x {
			out = binary.LittleEndian.AppendUint64(out, uint64(x))
		}
		got = len(x)
	case parquet.Float:
		var x []float32
		x, err = e.DecodeFloat(make([]float32, 0, v.n), data)
		out, err = appendLittleEndian(out, x, err)
		got = len(x)
	case parquet.Double:
		var x []float64
		x, err = e.DecodeDouble(make([]float64, 0, v.n), data)
		out, err = appendLittleEndian(out, x, err)
		got = len(x)
	case parquet.ByteArray:
		out, v.offsets, err = e.DecodeByteArray(out, data, v.offsets[:0])
		got = max(len(v.offsets)-1, 0)
	case parquet.FixedLenByteArray:
		out, err = e.DecodeFixedLenByteArray(out, data, v.size)
		if v.size > 0 {
			got = len(out) / v.size
		}
	default:
		return fmt.Errorf("its values of type %s in the encoding %s cannot be read", v.kind, enc)
	}
	switch {
	case errors.Is(err, encoding.ErrNotSupported):
		return fmt.Errorf("its values of type %s in the encoding %s cannot be read", v.kind, enc)
	case err != nil:
		return fmt.Errorf("%w: values in the encoding %s: %w", errCorrupt, enc, err)
	case got < v.n:
		return fmt.Errorf("%w: a page has fewer values than it says", errCorrupt)
	}
	v.raw, v.scratch = out, out
	return nil
}

// checkRare tells whether values in an encoding of the library's are as many as the
// page says, and as long together as the page can be: the library makes as much as
// they ask for.
func checkRare(data []byte, enc format.Encoding, n int) error {
	cut := fmt.Errorf("%w: values in the encoding %s are cut", errCorrupt, enc)
	tooMany := fmt.Errorf("%w: a page has more values than it says", errCorrupt)
	switch enc {
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		count, rest, ok := passDeltas(data)
		if ok && enc == format.DeltaByteArray { // lengths of what is repeated, then of the rest
			var more uint64
			more, _, ok = passDeltas(rest)
			count = max(count, more)
		}
		if !ok {
			return cut
		}
		if count > uint64(n) {
			return tooMany
		}
	case format.RLE: // booleans: a length, then runs as in levels
		if len(data) < 4 || int64(len(data))-4 < int64(binary.LittleEndian.Uint32(data)) {
			return cut
		}
		total := uint64(0)
		for rest := data[4 : 4+binary.LittleEndian.Uint32(data)]; len(rest) > 0; {
			head, k := binary.Uvarint(rest)
			if k <= 0 {
				return cut
			}
			size := uint64(1)
			count := head >> 1
			if head&1 != 0 {
				size, count = head>>1, 8*(head>>1)
			}
			total += min(count, uint64(n)+64)
			if total > uint64(n)+64 {
				return tooMany
			}
			rest = rest[k:]
			rest = rest[min(size, uint64(len(rest))):]
		}
	}
	if enc != format.DeltaByteArray {
		return nil
	}
	// Each text repeats the beginning of the one before: a page of a kilobyte can have
	// a million texts of a megabyte.
	prefixes, err := parquet.LookupEncoding(format.DeltaBinaryPacked).DecodeInt32(nil, data)
	if err != nil {
		return fmt.Errorf("%w: values in the encoding %s: %w", errCorrupt, enc, err)
	}
	var repeated int64
	for _, p := range prefixes {
		repeated += int64(max(p, 0))
	}
	if repeated > maxRepeated {
		return fmt.Errorf("its texts in the encoding %s repeat %s of one another, and %s can be read: write them in the encoding PLAIN, or in smaller pages",
			enc, mebibytes(repeated), mebibytes(maxRepeated))
	}
	return nil
}

// passDeltas passes over numbers in the encoding DELTA_BINARY_PACKED
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/) and returns how
// many there are said to be, and what follows.
func passDeltas(data []byte) (count uint64, rest []byte, ok bool) {
	next := func() uint64 {
		v, k := binary.Uvarint(data)
		if ok = ok && k > 0; ok {
			data = data[k:]
		}
		return v
	}
	ok = true
	block, parts, count := next(), next(), next()
	next() // the first number
	if !ok || parts == 0 || block/parts == 0 {
		return 0, nil, false
	}
	for left := max(count, 1) - 1; left > 0 && len(data) > 0; {
		next() // the least difference
		if !ok || parts > uint64(len(data)) {
			return 0, nil, false
		}
		widths := data[:parts]
		data = data[parts:]
		for _, width := range widths {
			if left == 0 {
				break
			}
			data = data[min(block/parts*uint64(width)/8, uint64(len(data))):]
			left -= min(left, block/parts)
		}
	}
	return count, data, true
}

func appendLittleEndian(out []byte, x any, err error) ([]byte, error) {
	if err != nil {
		return out, err
	}
	return binary.Append(out, binary.LittleEndian, x)
}
