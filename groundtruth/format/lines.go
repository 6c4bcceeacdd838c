package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// maxRecordBytes bounds a line or CSV record, whatever memory there is. A longer one is a bad
// row. One that is shorter, and longer than memory allows, is an error: what is read must
// not depend on memory.
const maxRecordBytes = 16 << 20

// recordLimit bounds a record by the memory that a goroutine has for what it reads: it
// is held in a buffer, in a chunk and in the chunk's texts.
func recordLimit(memory int64) int {
	if memory == 0 {
		return maxRecordBytes
	}
	return int(min(maxRecordBytes, memory/4))
}

// lineBuffer reads ahead in a stream for csvReader and readJSONL, and holds at least the
// current record.
type lineBuffer struct {
	r          io.Reader
	buf        []byte
	start, end int // what is read and not yet used
	moves      int // how often more was called: positions in buf are then others
	eof        bool
	most       int // bytes that a record may have
}

// newLineBuffer makes a buffer whose records take about so much memory at most; 0 is no bound.
func newLineBuffer(r io.Reader, memory int64) *lineBuffer {
	return &lineBuffer{r: r, buf: make([]byte, 256<<10), most: recordLimit(memory)}
}

// recordTooLongError says that a record is longer than may be.
type recordTooLongError struct {
	most   int
	passed int64  // its length, where it was passed over; 0 where its end is not known
	head   string // what it begins with
}

// Error implements error.
func (e *recordTooLongError) Error() string {
	text := "it is longer than " + table.Mebibytes(int64(e.most))
	if e.most < maxRecordBytes {
		return text + ", a quarter of what --memory leaves a goroutine for what it reads: raise --memory or lower --workers"
	}
	return text + ", the limit of a record"
}

// tooLong says that a record is longer than the buffer takes.
func (b *lineBuffer) tooLong() error { return &recordTooLongError{most: b.most} }

// passOver passes over the line that begins at start and is longer than the buffer takes. The
// error says so, and how long it is; quoted tells that a quote is in it.
func (b *lineBuffer) passOver() (quoted bool, err error) {
	long := &recordTooLongError{most: b.most, head: table.Sample(b.buf[b.start:b.end])}
	for {
		rest := b.buf[b.start:b.end]
		newline := bytes.IndexByte(rest, '\n')
		if newline >= 0 {
			rest = rest[:newline]
		}
		long.passed += int64(len(rest))
		quoted = quoted || bytes.IndexByte(rest, '"') >= 0
		b.start += len(rest)
		if newline >= 0 {
			b.start++
			return quoted, long
		}
		if b.eof {
			return quoted, long
		}
		if err := b.more(); err != nil {
			return quoted, err
		}
	}
}

// longRecord reports whether an error of reading a record says that this is longer than any
// may be and was passed over, so that reading can go on behind it. what says that for
// people, and shows its beginning.
func longRecord(err error) (what string, ok bool) {
	if err == nil {
		return "", false // before the variable, which takes memory for every record
	}
	var long *recordTooLongError
	if !errors.As(err, &long) || long.passed <= maxRecordBytes {
		return "", false
	}
	return fmt.Sprintf("longer than %s, the limit of a record: %s...", table.Mebibytes(maxRecordBytes), long.head), true
}

// badRow counts a record that cannot be used, for readers of text, and tells of it.
func badRow(opt table.ReadOptions, stats *table.ReadStats, row int64, value string) {
	stats.Bad++
	if opt.OnBad != nil {
		opt.OnBad(groundtruth.BadRow, row, value)
	}
}

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
