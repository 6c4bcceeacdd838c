package groundtruth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// csvReader reads RFC 4180 records from a stream. Lines end in LF or CRLF; blank
// ones are skipped. A quote inside an unquoted field is taken as it is; text after a
// closing quote makes the record malformed, and reading goes on at the next line.
type csvReader struct {
	*lineBuffer
	delimiter byte
	fields    [][]byte // of the last record; valid until the next
	raw       []byte   // the last record as it stands
	text      []byte   // unquoted fields of a record with quotes
	spans     [][2]int
}

// errUnclosedQuote is no matter of one record: all that follows the quote is lost.
var errUnclosedQuote = errors.New("a quoted field is never closed")

// next reads a record. ok is false at the end; malformed is why the record cannot be
// used, if it can't.
func (r *csvReader) next() (ok bool, malformed string, err error) {
	for {
		line, found, quoted, err := r.line()
		if err != nil || !found {
			return false, "", err
		}
		if quoted {
			malformed, err := r.quoted()
			if errors.Is(err, errRecordTooLong) {
				err = fmt.Errorf("%w: a quote may not be closed", err)
			}
			return err == nil, malformed, err
		}
		r.start += len(line)
		line = trimLineEnd(line)
		if len(line) == 0 {
			continue
		}
		if len(line) > maxRecordBytes {
			return false, "", errRecordTooLong
		}
		r.raw = line
		r.fields = r.fields[:0]
		for {
			i := bytes.IndexByte(line, r.delimiter)
			if i < 0 {
				break
			}
			r.fields = append(r.fields, line[:i])
			line = line[i+1:]
		}
		r.fields = append(r.fields, line)
		return true, "", nil
	}
}

// line returns the next line with its end, without moving on; quoted tells that a
// quote is in it, so that a record may be more than the line.
func (r *csvReader) line() (line []byte, found, quoted bool, err error) {
	seen := 0
	for {
		rest := r.buf[r.start+seen : r.end]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line = r.buf[r.start : r.start+seen+i+1]
			return line, true, bytes.IndexByte(line, '"') >= 0, nil
		}
		seen += len(rest)
		if r.eof {
			line = r.buf[r.start:r.end]
			return line, len(line) > 0, bytes.IndexByte(line, '"') >= 0, nil
		}
		if err := r.more(); err != nil {
			return nil, false, false, err
		}
	}
}

func trimLineEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// quoted reads a record in which there are quotes, byte by byte.
func (r *csvReader) quoted() (malformed string, err error) {
	const (
		fieldStart = iota
		plain
		inside // of quotes
		closed // after a quote inside quotes: the closing one, or the first of two
		junk   // after text behind a closing quote
	)
	r.text, r.spans = r.text[:0], r.spans[:0]
	state, from := fieldStart, 0
	length := 0 // of the record, from r.start
	endField := func() {
		r.spans = append(r.spans, [2]int{from, len(r.text)})
		from = len(r.text)
	}
	for {
		if r.start+length == r.end {
			if err := r.more(); err != nil {
				return "", err
			}
			if r.start+length == r.end {
				if !r.eof {
					continue
				}
				break
			}
		}
		c := r.buf[r.start+length]
		length++
		if c == '\n' && state != inside {
			break
		}
		switch state {
		case fieldStart, plain:
			switch {
			case c == r.delimiter:
				endField()
				state = fieldStart
			case c == '"' && state == fieldStart:
				state = inside
			default:
				r.text = append(r.text, c)
				state = plain
			}
		case inside:
			if c == '"' {
				state = closed
			} else {
				r.text = append(r.text, c)
			}
		case closed:
			switch c {
			case '"':
				r.text = append(r.text, '"')
				state = inside
			case r.delimiter:
				endField()
				state = fieldStart
			case '\r': // of the line's end, else the next byte shows it
				if r.start+length == r.end && !r.eof {
					if err := r.more(); err != nil {
						return "", err
					}
				}
				if r.start+length < r.end && r.buf[r.start+length] != '\n' {
					state = junk
				}
			default:
				state = junk
			}
		}
	}
	r.raw = r.buf[r.start : r.start+length]
	r.start += length
	if length > maxRecordBytes {
		return "", errRecordTooLong
	}
	if state == inside {
		return "", errUnclosedQuote
	}
	if state == junk {
		return "text after a closing quote", nil
	}
	if state == plain && len(r.text) > from && r.text[len(r.text)-1] == '\r' {
		r.text = r.text[:len(r.text)-1]
	}
	endField()
	r.fields = r.fields[:0]
	for _, s := range r.spans {
		r.fields = append(r.fields, r.text[s[0]:s[1]])
	}
	return "", nil
}

// header reads the first record; none is no header.
func (r *csvReader) header() ([]string, error) {
	if err := r.skipBOM(); err != nil {
		return nil, err
	}
	ok, malformed, err := r.next()
	switch {
	case err != nil:
		return nil, fmt.Errorf("csv header: %w", err)
	case malformed != "":
		return nil, fmt.Errorf("csv header: %s: %s", malformed, sampleText(r.raw))
	case !ok:
		return nil, nil
	}
	names := make([]string, len(r.fields))
	for i, f := range r.fields {
		names[i] = string(f)
	}
	return names, nil
}

// readCSV reads records of a CSV stream whose first record names the columns.
func readCSV(in io.Reader, obj object, delimiter byte, wants []want, opt readOptions, stats *readStats, emit func(*chunk) error) error {
	r := &csvReader{lineBuffer: newLineBuffer(in), delimiter: delimiter}
	names, err := r.header()
	if err != nil || names == nil {
		return err
	}
	where := make([]int, len(wants)) // -1 is absent
	for i, w := range wants {
		where[i] = slices.Index(names, w.name)
		if where[i] < 0 {
			if !w.optional {
				return &missingColumnError{Object: obj.url, Column: w.name, Columns: names}
			}
			continue
		}
		if slices.Contains(names[where[i]+1:], w.name) {
			return fmt.Errorf("csv header: column %q is there twice", w.name)
		}
	}
	b := newChunkBuilder(wants)
	for i, at := range where {
		if at < 0 {
			b.columns[i].col.kind = cellAbsent
		}
	}
	for {
		ok, malformed, err := r.next()
		if err != nil {
			return fmt.Errorf("csv record %d: %w", stats.rows+1, err)
		}
		if !ok {
			return b.flush(emit)
		}
		row := stats.rows
		stats.rows++
		if malformed != "" || len(r.fields) != len(names) {
			stats.bad++
			if opt.onBad != nil {
				opt.onBad(BadRow, row, sampleText(trimLineEnd(r.raw)))
			}
			continue
		}
		b.row(row, len(r.raw))
		for i, at := range where {
			switch {
			case at < 0:
			case len(r.fields[at]) == 0:
				b.columns[i].addNull()
			default:
				b.columns[i].addText(r.fields[at])
			}
		}
		if b.full() {
			if err := b.flush(emit); err != nil {
				return err
			}
		}
	}
}

// chunkBuilder gathers records of a text format.
type chunkBuilder struct {
	out     chunk
	columns []*columnBuilder
	rows    []int64
	size    int // bytes of the records so far
}

func newChunkBuilder(wants []want) *chunkBuilder {
	b := &chunkBuilder{}
	for _, w := range wants {
		b.columns = append(b.columns, newColumnBuilder(w))
	}
	b.out.cols = make([]chunkColumn, len(wants))
	b.start()
	return b
}

func (b *chunkBuilder) start() {
	b.rows, b.size = b.rows[:0], 0
	for _, c := range b.columns {
		c.start()
	}
}

// row begins a record of the given number and length.
func (b *chunkBuilder) row(number int64, length int) {
	b.rows = append(b.rows, number)
	b.size += length
}

func (b *chunkBuilder) full() bool {
	return len(b.rows) >= chunkRows || b.size >= maxChunkBytes
}

func (b *chunkBuilder) flush(emit func(*chunk) error) error {
	n := len(b.rows)
	if n == 0 {
		return nil
	}
	b.out.n, b.out.row0, b.out.rows = n, b.rows[0], nil
	if b.rows[n-1]-b.rows[0] != int64(n-1) {
		b.out.rows = b.rows
	}
	for i, c := range b.columns {
		c.finish()
		b.out.cols[i] = c.col
	}
	if err := emit(&b.out); err != nil {
		return err
	}
	b.start()
	return nil
}
