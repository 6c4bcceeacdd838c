package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The Parquet library allocates what lengths in a file ask for before it looks
// whether the file is that long. In a corrupt file they may ask for more than there
// is, and a process out of memory cannot be saved. So the footer and the page headers
// are walked here first. Both are Thrift structs in the compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).

// maxThriftDepth is how deep structs may be nested.
const maxThriftDepth = 32

// errThriftShort says that a struct goes on after the bytes at hand.
var errThriftShort = errors.New("it ends within a structure")

// thriftWalker walks a struct for checkThrift without making anything of it.
type thriftWalker struct {
	data []byte
	pos  int
	// visit is told of whole numbers and booleans. A path is the field's id, with the
	// path of the struct around it in the bits above the lowest eight.
	visit func(path uint64, value int64)
}

// checkThrift walks the struct that data begins with and returns its length.
func checkThrift(data []byte, visit func(path uint64, value int64)) (int, error) {
	w := thriftWalker{data: data, visit: visit}
	err := w.structure(0, 0)
	return w.pos, err
}

// byte reads a byte.
func (w *thriftWalker) byte() (byte, error) {
	if w.pos >= len(w.data) {
		return 0, errThriftShort
	}
	w.pos++
	return w.data[w.pos-1], nil
}

// uvarint reads a number without sign, of which each byte has seven bits.
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

// varint reads a number with its sign.
func (w *thriftWalker) varint() (int64, error) {
	v, err := w.uvarint()
	return int64(v>>1) ^ -int64(v&1), err // zigzag
}

// skip passes over n bytes.
func (w *thriftWalker) skip(n uint64) error {
	if n > uint64(len(w.data)-w.pos) {
		return errThriftShort
	}
	w.pos += int(n)
	return nil
}

// structure walks the fields of a struct up to its end.
func (w *thriftWalker) structure(path uint64, depth int) error {
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
		field := path<<8 | uint64(uint8(id))
		if kind == 1 || kind == 2 { // true and false have no more bytes
			if w.visit != nil {
				w.visit(field, int64(2-kind))
			}
			continue
		}
		if err := w.value(kind, field, depth); err != nil {
			return err
		}
	}
}

// value walks a value of a field or of a list's element.
func (w *thriftWalker) value(kind byte, path uint64, depth int) error {
	switch kind {
	case 1, 2, 3: // a boolean in a list, a byte
		return w.skip(1)
	case 4, 5, 6:
		v, err := w.varint()
		if err == nil && w.visit != nil {
			w.visit(path, v)
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
		return w.elements(n, path, depth, head&0xf)
	case 11:
		n, err := w.uvarint()
		if err != nil || n == 0 {
			return err
		}
		kinds, err := w.byte()
		if err != nil {
			return err
		}
		return w.elements(n, path, depth, kinds>>4, kinds&0xf)
	case 12:
		return w.structure(path, depth+1)
	case 13:
		return w.skip(16)
	}
	return fmt.Errorf("%w: it has a value of unknown type %d", errCorrupt, kind)
}

// elements walks those of a list, a set or a map. Each has a byte at least, which
// bounds their number.
func (w *thriftWalker) elements(n uint64, path uint64, depth int, kinds ...byte) error {
	if n > uint64(len(w.data)-w.pos) {
		return errThriftShort
	}
	if depth > maxThriftDepth {
		return fmt.Errorf("%w: its lists are nested too deep", errCorrupt)
	}
	for range n {
		for _, kind := range kinds {
			if err := w.value(kind, path<<8, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFooter walks a file's metadata, so that the Parquet library is given none that asks for
// more than there is.
func checkFooter(data []byte) error {
	if _, err := checkThrift(data, nil); err != nil {
		if errors.Is(err, errThriftShort) {
			err = fmt.Errorf("%w: the footer %w", errCorrupt, err)
		}
		return err
	}
	return nil
}
