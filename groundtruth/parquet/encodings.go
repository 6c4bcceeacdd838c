package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// decodeValues reads n values that are not indexes. Those of a fixed width are
// little-endian bytes, as PLAIN has them; other encodings are the library's to decode.
func decodeValues(v *pageValues, data []byte, enc format.Encoding, kind parquet.Kind, size, n int) error {
	*v = pageValues{n: n, kind: kind, size: size, offsets: v.offsets[:0], scratch: v.scratch}
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
func (v *pageValues) findTexts(data []byte) error {
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

// decodeRare reads values in an encoding other than PLAIN, by the Parquet library.
func (v *pageValues) decodeRare(data []byte, enc format.Encoding) error {
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
			enc, table.Mebibytes(repeated), table.Mebibytes(maxRepeated))
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

// appendLittleEndian appends numbers that the library decoded, unless it failed.
func appendLittleEndian(out []byte, x any, err error) ([]byte, error) {
	if err != nil {
		return out, err
	}
	return binary.Append(out, binary.LittleEndian, x)
}
