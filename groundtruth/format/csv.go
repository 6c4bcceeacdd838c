package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// csvReader reads RFC 4180 records from a stream, for readCSV and Columns. Lines end in LF
// or CRLF; blank ones are skipped. A quote inside an unquoted field is taken as it is;
// text after a closing quote makes the record malformed, and reading goes on at the next
// line.
type csvReader struct {
	*lineBuffer
	delimiter byte
	maxFields int      // that a record may have
	fields    [][]byte // of the last record; valid until the next
	raw       []byte   // the last record as it stands
	text      []byte   // unquoted fields of a record with quotes
	bounds    [][2]int // where the fields of such a record lie in text

	// What is known of quotes in the buffer, while moves is the buffer's: there is
	// none from where the search began up to searched but the one at quote (-1 is
	// none).
	moved, quote, searched int
}

// newCSVReader makes a reader that takes about so much memory; 0 is no bound.
func newCSVReader(in stream, memory int64) *csvReader {
	return &csvReader{lineBuffer: newLineBuffer(in, memory), delimiter: in.delimiter, maxFields: fieldLimit(memory)}
}

// errUnclosedQuote says that a quote is not closed, which is no matter of one record: all
// that follows the quote is lost.
var errUnclosedQuote = errors.New("a quoted field is never closed")

// next reads a record. ok is false at the end; malformed is why the record cannot be
// used, if it can't. The error of a record without quotes that is too long leaves the
// reader behind it; of one with quotes nobody knows where it ends.
func (r *csvReader) next() (ok bool, malformed string, err error) {
	for {
		line, found, quoted, err := r.line()
		if err != nil || !found {
			return false, "", err
		}
		if quoted {
			if r.buffered() {
				if len(r.raw) > r.most {
					return false, "", r.maybeUnclosed()
				}
				return true, "", nil
			}
			malformed, err := r.quoted()
			if tooLong := (*recordTooLongError)(nil); errors.As(err, &tooLong) {
				err = r.maybeUnclosed()
			}
			return err == nil, malformed, err
		}
		if len(bytes.TrimSuffix(line, []byte{'\n'})) > r.most {
			_, err := r.passOver()
			return false, "", err
		}
		r.start += len(line)
		line = trimLineEnd(line)
		if len(line) == 0 {
			continue
		}
		if len(line) > r.maxFields && bytes.Count(line, []byte{r.delimiter}) >= r.maxFields {
			return false, "", r.tooManyFields()
		}
		r.raw = line
		r.split(line)
		return true, "", nil
	}
}

// fieldLimit bounds the fields of a record by the memory that a goroutine has for what
// it reads.
func fieldLimit(memory int64) int {
	const fieldBytes = 100 // with the name of a column, and where to find it
	if memory == 0 {
		return maxRecordBytes
	}
	return int(memory / fieldBytes)
}

// tooManyFields says that a record has more fields than maxFields.
func (r *csvReader) tooManyFields() error {
	return fmt.Errorf("it has more than the %d fields that fit into what --memory leaves a goroutine for what it reads: raise --memory or lower --workers", r.maxFields)
}

// split parts a record without quotes at its delimiters, eight bytes at a time.
func (r *csvReader) split(line []byte) {
	const ones, rest = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	fields := r.fields[:0]
	delimiters := ones * uint64(r.delimiter)
	from, i := 0, 0
	for ; len(line)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(line[i:]) ^ delimiters
		for hits := ^((w&rest + rest) | w | rest); hits != 0; hits &= hits - 1 {
			at := i + bits.TrailingZeros64(hits)/8
			fields = append(fields, line[from:at])
			from = at + 1
		}
	}
	for ; i < len(line); i++ {
		if line[i] == r.delimiter {
			fields = append(fields, line[from:i])
			from = i + 1
		}
	}
	r.fields = append(fields, line[from:])
}

// hasQuote reports whether there is a quote between start and the given position.
func (r *csvReader) hasQuote(to int) bool {
	if r.moved != r.moves {
		r.moved, r.quote, r.searched = r.moves, -1, r.start
	}
	if r.quote < r.start && r.searched < to {
		from := max(r.start, r.searched)
		r.quote, r.searched = -1, r.end
		if i := bytes.IndexByte(r.buf[from:r.end], '"'); i >= 0 {
			r.quote = from + i
			r.searched = r.quote + 1
		}
	}
	return r.quote >= r.start && r.quote < to
}

// line returns the next line with its end, without moving on; quoted tells that a
// quote is in it, so that a record may be more than the line.
func (r *csvReader) line() (line []byte, found, quoted bool, err error) {
	seen := 0
	for {
		rest := r.buf[r.start+seen : r.end]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			end := r.start + seen + i + 1
			return r.buf[r.start:end], true, r.hasQuote(end), nil
		}
		seen += len(rest)
		if r.eof {
			line = r.buf[r.start:r.end]
			return line, len(line) > 0, r.hasQuote(r.end), nil
		}
		if seen > r.most && !r.hasQuote(r.end) {
			quoted, err := r.passOver()
			if quoted {
				err = r.maybeUnclosed()
			}
			return nil, false, false, err
		}
		if err := r.more(); err != nil {
			return nil, false, false, err
		}
	}
}

// maybeUnclosed says that a record with quotes is longer than may be.
func (r *csvReader) maybeUnclosed() error {
	return fmt.Errorf("%w: a quote may not be closed", r.tooLong())
}

// trimLineEnd cuts LF or CRLF from the end of a line.
func trimLineEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// buffered reads a record in which there are quotes, when it lies in the buffer up
// to its line's end and is well-formed; otherwise it changes nothing, and quoted is
// to read it.
func (r *csvReader) buffered() bool {
	buf, at, newline := r.buf[:r.end], r.start, -1
	fields := r.fields[:0]
	r.text = r.text[:0]
	for {
		if len(fields) == r.maxFields {
			return false // which quoted says
		}
		if at < len(buf) && buf[at] == '"' {
			at++
			from, kept, doubled := at, len(r.text), false
			for {
				i := bytes.IndexByte(buf[at:], '"')
				if i < 0 {
					return false
				}
				at += i + 1
				if at == len(buf) {
					return false
				}
				if buf[at] != '"' {
					break
				}
				r.text = append(r.text, buf[from:at]...)
				at++
				from, doubled = at, true
			}
			field := buf[from : at-1]
			if doubled {
				// Should the text move when it grows, fields stay where they are.
				r.text = append(r.text, field...)
				field = r.text[kept:]
			}
			fields = append(fields, field)
			switch {
			case buf[at] == r.delimiter:
				at++
				continue
			case buf[at] == '\n':
				at++
			case buf[at] == '\r' && at+1 < len(buf) && buf[at+1] == '\n':
				at += 2
			default:
				return false
			}
			break
		}
		if newline < at {
			i := bytes.IndexByte(buf[at:], '\n')
			if i < 0 {
				return false
			}
			newline = at + i
		}
		if i := bytes.IndexByte(buf[at:newline], r.delimiter); i >= 0 {
			fields = append(fields, buf[at:at+i])
			at += i + 1
			continue
		}
		fields = append(fields, bytes.TrimSuffix(buf[at:newline], []byte{'\r'}))
		at = newline + 1
		break
	}
	r.raw, r.fields = buf[r.start:at], fields
	r.start = at
	return true
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
	r.text, r.bounds = r.text[:0], r.bounds[:0]
	state, from := fieldStart, 0
	length := 0 // of the record, from r.start
	endField := func() {
		r.bounds = append(r.bounds, [2]int{from, len(r.text)})
		from = len(r.text)
	}
	for {
		if len(r.bounds) == r.maxFields {
			return "", r.tooManyFields()
		}
		c, ok, err := r.byteAt(length)
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
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
				after, ok, err := r.byteAt(length)
				if err != nil {
					return "", err
				}
				if ok && after != '\n' {
					state = junk
				}
			default:
				state = junk
			}
		}
	}
	r.raw = r.buf[r.start : r.start+length]
	r.start += length
	if length > r.most {
		return "", r.tooLong()
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
	for _, s := range r.bounds {
		r.fields = append(r.fields, r.text[s[0]:s[1]])
	}
	return "", nil
}

// byteAt returns the byte so many bytes behind start, for which it reads on where it must; ok
// is false where the stream ends before it.
func (r *csvReader) byteAt(i int) (c byte, ok bool, err error) {
	if r.start+i == r.end {
		if err := r.more(); err != nil || r.start+i == r.end {
			return 0, false, err
		}
	}
	return r.buf[r.start+i], true, nil
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
		return nil, fmt.Errorf("csv header: %s: %s", malformed, table.Quote(r.raw))
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
func readCSV(in stream, wants []table.Want, opt table.ReadOptions, stats *table.ReadStats, emit func(*table.Chunk) error) error {
	r := newCSVReader(in, opt.Memory)
	names, err := r.header()
	if err != nil || names == nil {
		return err
	}
	first, twice := make(map[string]int, len(names)), map[string]bool{}
	for i, name := range names {
		if _, ok := first[name]; ok {
			twice[name] = true
			continue
		}
		first[name] = i
	}
	where := make([]int, len(wants)) // -1 is absent
	for i, w := range wants {
		at, ok := first[w.Name]
		switch {
		case twice[w.Name]:
			return fmt.Errorf("csv header: column %s is there twice", table.Quote(w.Name))
		case !ok && !w.Optional:
			return &table.MissingColumnError{Object: in.url, Column: w.Name, Columns: names}
		case !ok:
			at = -1
		}
		where[i] = at
	}
	b := newChunkBuilder(wants)
	for i, at := range where {
		if at < 0 {
			b.columns[i].Col.Kind = table.Absent
		}
	}
	cells := newCSVCells(wants, where, opt.Memory)
	for {
		ok, malformed, err := r.next()
		if what, ok := longRecord(err); ok {
			stats.Rows++
			badRow(opt, stats, stats.Rows-1, what)
			continue
		}
		if err != nil {
			return fmt.Errorf("csv record %d: %w", stats.Rows+1, err)
		}
		if !ok {
			return b.flush(emit)
		}
		row := stats.Rows
		stats.Rows++
		if malformed != "" || len(r.fields) != len(names) {
			badRow(opt, stats, row, table.Sample(trimLineEnd(r.raw)))
			continue
		}
		b.row(row, len(r.raw))
		for i, at := range where {
			switch {
			case at < 0:
			case len(r.fields[at]) == 0:
				b.columns[i].AddNull()
			default:
				b.columns[i].AddText(r.fields[at])
			}
		}
		if cells != nil {
			if err := cells.add(r.fields, b.columns); err != nil {
				return fmt.Errorf("csv record %d: %w", stats.Rows, err)
			}
		}
		if b.full() {
			if err := b.flush(emit); err != nil {
				return err
			}
		}
	}
}

// lookCSV looks at the header and the first records of a CSV stream.
func (k *columnKinds) lookCSV(in stream) error {
	r := newCSVReader(in, k.readerMemory())
	names, err := r.header()
	if err != nil {
		return err
	}
	for _, name := range names {
		k.at(name)
	}
	for range columnRows {
		ok, malformed, err := r.next()
		if _, long := longRecord(err); long {
			continue // counted when the object is read
		}
		if err != nil || !ok {
			return err
		}
		if malformed != "" || len(r.fields) != len(names) {
			continue
		}
		for i, s := range r.fields {
			k.at(names[i]).addText(s)
		}
	}
	return nil
}
