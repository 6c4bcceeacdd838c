package groundtruth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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
func readText(ctx context.Context, obj object, c codec, wants []want, opt readOptions, stats *readStats, emit func(*chunk) error) (err error) {
	if obj.Size == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	raw, err := obj.store.ReadRange(ctx, obj.Key, 0, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	r, done, err := decompress(&countingReader{r: raw, n: &stats.bytes}, c.compression)
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

// maxZstdWindow bounds the memory that a Zstandard frame may ask for; --ultra and
// --long=27 stay within it.
const maxZstdWindow = 128 << 20

func decompress(r io.Reader, compression string) (io.Reader, func(), error) {
	switch compression {
	case "gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("decompress gzip: %w", unexpectedEOF(err))
		}
		return &namedReader{"gzip", z}, func() {}, nil
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, fmt.Errorf("decompress zstd: %w", err)
		}
		return &namedReader{"zstd", z}, z.Close, nil
	}
	return r, func() {}, nil
}

// unexpectedEOF keeps an end inside a stream from passing as the stream's end.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// namedReader says which decompression failed.
type namedReader struct {
	name string
	r    io.Reader
}

func (n *namedReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("decompress %s: %w", n.name, err)
	}
	return k, err
}

type countingReader struct {
	r io.Reader
	n *int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	k, err := c.r.Read(p)
	*c.n += int64(k)
	return k, err
}

// maxRecordBytes bounds a line or CSV record, whatever memory there is.
const maxRecordBytes = 16 << 20

// recordLimit bounds a record by the memory that a goroutine has for what it reads: it
// is held in a buffer, in a chunk and in the chunk's texts.
func recordLimit(memory int64) int {
	if memory == 0 {
		return maxRecordBytes
	}
	return int(min(maxRecordBytes, memory/4))
}

// lineBuffer reads ahead in a stream and holds at least the current record.
type lineBuffer struct {
	r          io.Reader
	buf        []byte
	start, end int // what is read and not yet used
	moves      int // how often more was called: positions in buf are then others
	eof        bool
	most       int // bytes of a record
}

func newLineBuffer(r io.Reader, memory int64) *lineBuffer {
	return &lineBuffer{r: r, buf: make([]byte, 256<<10), most: recordLimit(memory)}
}

// recordTooLongError says that a record is longer than may be.
type recordTooLongError struct{ most int }

// Error implements error.
func (e *recordTooLongError) Error() string {
	text := "it is longer than " + mebibytes(int64(e.most))
	if e.most < maxRecordBytes {
		text += ", a quarter of what --memory leaves a goroutine for what it reads: raise --memory or lower --workers"
	}
	return text
}

func (b *lineBuffer) tooLong() error { return &recordTooLongError{b.most} }

// more reads on. What lies between start and end may move to the front of the
// buffer. At the end of the stream it sets eof and reads nothing.
func (b *lineBuffer) more() error {
	if b.eof {
		return nil
	}
	if b.end-b.start > b.most {
		return b.tooLong()
	}
	b.moves++
	if b.start > 0 {
		b.end = copy(b.buf, b.buf[b.start:b.end])
		b.start = 0
	}
	if b.end == len(b.buf) {
		b.buf = append(b.buf, make([]byte, len(b.buf))...)
	}
	for range 100 {
		n, err := b.r.Read(b.buf[b.end:])
		b.end += n
		if err == io.EOF {
			b.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			return nil
		}
	}
	return io.ErrNoProgress
}

// skipBOM drops a UTF-8 byte order mark and refuses UTF-16.
func (b *lineBuffer) skipBOM() error {
	for b.end-b.start < 3 && !b.eof {
		if err := b.more(); err != nil {
			return err
		}
	}
	head := b.buf[b.start:b.end]
	switch {
	case len(head) >= 3 && string(head[:3]) == "\xef\xbb\xbf":
		b.start += 3
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff"):
		return errors.New("it is UTF-16: convert it to UTF-8")
	}
	return nil
}
