package parquet

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// textPrefix is the length of the length before each PLAIN byte array.
const textPrefix = 4

// pageValues are the values of a page or a dictionary as the file stores them, nulls left out.
// decodeValues finds them; leafType makes numbers, times and texts of them.
type pageValues struct {
	n    int
	kind parquet.Kind
	size int // of fixed-length byte arrays
	// raw holds the values one after the other, little-endian where they are numbers,
	// booleans eight to a byte.
	raw []byte
	// Byte array i is raw[offsets[i]:offsets[i+1]], less prefix at its end.
	offsets []uint32
	prefix  uint32
	scratch []byte // memory that raw may lie in
}

// width returns the bytes of a value of fixed width.
func (v *pageValues) width() int {
	switch v.kind {
	case parquet.Int32, parquet.Float:
		return 4
	case parquet.Int64, parquet.Double:
		return 8
	case parquet.Int96:
		return 12
	case parquet.FixedLenByteArray:
		return v.size
	default:
		return 0
	}
}

// bytes returns value i of byte arrays. A corrupt file's offsets make it panic,
// which the reader of the object turns into an error.
func (v *pageValues) bytes(i int) []byte {
	if v.kind == parquet.FixedLenByteArray {
		return v.raw[i*v.size : (i+1)*v.size]
	}
	return v.raw[v.offsets[i] : v.offsets[i+1]-v.prefix]
}

// isBytes reports whether the values are byte arrays.
func (v *pageValues) isBytes() bool {
	return v.kind == parquet.ByteArray || v.kind == parquet.FixedLenByteArray
}

// integer returns value i of whole numbers, as the type has its sign.
func (v *pageValues) integer(t leafType, i int) int64 {
	if v.kind == parquet.Int32 {
		x := binary.LittleEndian.Uint32(v.raw[4*i:])
		if t.form == formUnsigned {
			return int64(x)
		}
		return int64(int32(x))
	}
	return int64(binary.LittleEndian.Uint64(v.raw[8*i:]))
}

// boolean returns value i of booleans.
func (v *pageValues) boolean(i int) bool {
	return v.raw[i/8]>>(i%8)&1 != 0
}

// float returns value i of floating-point numbers of 32 bits.
func (v *pageValues) float(i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(v.raw[4*i:]))
}

// double returns value i of floating-point numbers of 64 bits.
func (v *pageValues) double(i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(v.raw[8*i:]))
}

// int96 returns value i of INT96.
func (v *pageValues) int96(i int) deprecated.Int96 {
	b := v.raw[12*i:]
	return deprecated.Int96{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])}
}

// numbers reads len(dst) values from the given one on as numbers. Timestamps and
// dates are Unix seconds, times of day seconds. When all of them are NumberOK it
// reports so, and has not set states.
func (t leafType) numbers(v *pageValues, from int, dst []float64, states []table.NumberState) (allOK bool) {
	switch {
	case v.isBytes() && t.form == formFloat16:
		for i := range dst {
			dst[i] = float16(binary.LittleEndian.Uint16(v.bytes(from + i)))
		}
	case v.isBytes() && t.form == formDecimal:
		for i := range dst {
			dst[i] = t.bigDecimal(v.bytes(from + i))
		}
	case v.isBytes() && t.form == formUUID:
		for i := range dst {
			dst[i], states[i] = 0, table.NumberBad
		}
		return false
	case v.isBytes():
		for i := range dst {
			dst[i], states[i] = table.ParseNumber(v.bytes(from + i))
		}
		return false
	case v.kind == parquet.Boolean:
		for i := range dst {
			dst[i] = 0
			if v.boolean(from + i) {
				dst[i] = 1
			}
		}
	case v.kind == parquet.Float:
		raw := v.raw[4*from:][:4*len(dst)]
		for i := range dst {
			dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	case v.kind == parquet.Double:
		if copyDoubles(dst, v.raw[8*from:]) {
			return true
		}
	case v.kind == parquet.Int96:
		for i := range dst {
			nanos, ok := int96Time(v.int96(from + i))
			states[i] = table.NumberOK
			if !ok {
				states[i] = table.NumberBad
			}
			dst[i] = inSeconds(nanos, 1_000_000_000)
		}
		return false
	default:
		t.integers(v, from, dst)
		if t.form != formDecimal {
			return true
		}
	}
	if allFinite(dst) {
		return true
	}
	for i, x := range dst {
		states[i] = table.FloatState(x)
	}
	return false
}

// copyDoubles reads len(dst) numbers and reports whether all are finite.
func copyDoubles(dst []float64, raw []byte) bool {
	raw = raw[:8*len(dst)]
	var over uint64
	for i := range dst {
		b := binary.LittleEndian.Uint64(raw[8*i:])
		// The exponent of a NaN or an infinity is the greatest: one more goes over it.
		over |= b&^(1<<63) + 1<<52
		dst[i] = math.Float64frombits(b)
	}
	return over>>63 == 0
}

// allFinite reports whether no value is a NaN or an infinity, those of the greatest
// exponents.
func allFinite(xs []float64) bool {
	const infinity = 0x7ff << 52
	var most uint64
	for _, x := range xs {
		most = max(most, math.Float64bits(x)&^(1<<63))
	}
	return most < infinity
}

// inSeconds divides without losing what float64 cannot hold of the whole number.
func inSeconds(x, perSecond int64) float64 {
	return float64(x/perSecond) + float64(x%perSecond)/float64(perSecond)
}

// integers does what numbers does, for INT32 and INT64.
func (t leafType) integers(v *pageValues, from int, dst []float64) {
	switch t.form {
	case formUnsigned:
		for i := range dst {
			dst[i] = float64(uint64(v.integer(t, from+i)))
		}
	case formDecimal:
		for i := range dst {
			dst[i] = t.decimal(v.integer(t, from+i))
		}
	case formDate:
		for i := range dst {
			dst[i] = float64(float64(v.integer(t, from+i)) * table.DaySeconds)
		}
	case formTimestamp, formClock:
		for i := range dst {
			dst[i] = inSeconds(v.integer(t, from+i), 1_000_000_000/t.unit)
		}
	default:
		if v.kind == parquet.Int32 {
			raw := v.raw[4*from:][:4*len(dst)]
			for i := range dst {
				dst[i] = float64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
			}
			return
		}
		raw := v.raw[8*from:][:8*len(dst)]
		for i := range dst {
			dst[i] = float64(int64(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	}
}

// times reads len(dst) values from the given one on as Unix nanoseconds; states are
// NumberOK, NumberMissing or NumberBad. When all are NumberOK it reports so, and has
// not set states.
func (t leafType) times(v *pageValues, from int, dst []int64, states []table.NumberState) (allOK bool) {
	if t.form == formTimestamp && v.kind == parquet.Int64 {
		most, raw := math.MaxInt64/t.unit, v.raw[8*from:][:8*len(dst)]
		ok := true
		for i := range dst {
			x := int64(binary.LittleEndian.Uint64(raw[8*i:]))
			ok = ok && x >= -most && x <= most
			dst[i] = x * t.unit
		}
		if ok {
			return true
		}
	}
	for i := range dst {
		dst[i], states[i] = t.time(v, from+i)
	}
	return false
}

// time reads value i as times does.
func (t leafType) time(v *pageValues, i int) (int64, table.NumberState) {
	var nanos int64
	ok := false
	switch {
	case t.form == formUUID, t.form == formClock, v.kind == parquet.Boolean:
	case v.kind == parquet.Int96:
		nanos, ok = int96Time(v.int96(i))
	case v.isBytes() && t.form == formText:
		s := v.bytes(i)
		if nanos, ok = table.ParseTime(s); !ok && table.IsMissingWord(table.TrimSpace(s)) {
			return 0, table.NumberMissing
		}
	case t.form == formTimestamp && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		x := v.integer(t, i)
		nanos = x * t.unit
		ok = nanos/t.unit == x
	case t.form == formDate && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		x := v.integer(t, i)
		if x > -1<<32 && x < 1<<32 {
			nanos, ok = table.UnixNanos(x*table.DaySeconds, 0)
		}
	case t.form == formUnsigned && v.kind == parquet.Int64 && v.integer(t, i) < 0:
	case (t.form == formNumber || t.form == formUnsigned) && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		nanos, ok = table.EpochInt(v.integer(t, i))
	default:
		var x [1]float64
		var state [1]table.NumberState
		t.numbers(v, i, x[:], state[:]) // which leaves NumberOK, the zero value, where it is
		switch {
		case state[0] == table.NumberNaN || state[0] == table.NumberMissing:
			return 0, table.NumberMissing
		case state[0] == table.NumberOK:
			nanos, ok = table.EpochFloat(x[0])
		}
	}
	if !ok {
		return 0, table.NumberBad
	}
	return nanos, table.NumberOK
}

// appendText appends value i as canonical text; ok is false where it is not a
// number although its type is (NaN), so that it is missing.
func (t leafType) appendText(dst []byte, v *pageValues, i int) (text []byte, ok bool) {
	switch {
	case t.form == formUUID && v.isBytes() && len(v.bytes(i)) == 16:
		return appendUUID(dst, v.bytes(i)), true
	case v.isBytes() && t.form == formFloat16:
		x := float16(binary.LittleEndian.Uint16(v.bytes(i)))
		return table.AppendFloatText(dst, x, 32), x == x
	case t.form == formDecimal && v.isBytes():
		return t.appendDecimal(dst, bigEndian(v.bytes(i)).String()), true
	case v.isBytes():
		return append(dst, v.bytes(i)...), true
	case v.kind == parquet.Boolean:
		return strconv.AppendBool(dst, v.boolean(i)), true
	case v.kind == parquet.Float:
		return table.AppendFloatText(dst, float64(v.float(i)), 32), v.float(i) == v.float(i)
	case v.kind == parquet.Double:
		return table.AppendFloatText(dst, v.double(i), 64), v.double(i) == v.double(i)
	case t.form == formTimestamp, t.form == formDate, t.form == formInt96:
		if nanos, state := t.time(v, i); state == table.NumberOK {
			return table.AppendTimeText(dst, nanos), true
		}
	case t.form == formDecimal:
		return t.appendDecimal(dst, strconv.FormatInt(v.integer(t, i), 10)), true
	case t.form == formUnsigned && v.kind == parquet.Int64:
		return strconv.AppendUint(dst, uint64(v.integer(t, i)), 10), true
	}
	if v.kind == parquet.Int96 {
		return append(dst, v.int96(i).String()...), true
	}
	return strconv.AppendInt(dst, v.integer(t, i), 10), true
}

// decimal returns x / 10^scale, correctly rounded.
func (t leafType) decimal(x int64) float64 {
	// Both operands are exact here, so that the one division rounds correctly.
	if t.scale >= 0 && t.scale <= 22 && x > -1<<53 && x < 1<<53 {
		return float64(x) / math.Pow10(t.scale)
	}
	return t.parsedDecimal(strconv.FormatInt(x, 10))
}

// bigDecimal returns the decimal of a two's complement number.
func (t leafType) bigDecimal(s []byte) float64 {
	if len(s) <= 8 {
		return t.decimal(bigEndian(s).Int64())
	}
	return t.parsedDecimal(bigEndian(s).String())
}

// parsedDecimal returns the decimal of unscaled digits, correctly rounded.
func (t leafType) parsedDecimal(digits string) float64 {
	// The error is about the range, and the infinity that comes with it says so.
	x, _ := strconv.ParseFloat(digits+"e"+strconv.Itoa(-t.scale), 64)
	return x
}

// appendDecimal puts the decimal point into the unscaled digits and drops zeros at
// the end, so that 12.50 and 12.5 are one text.
func (t leafType) appendDecimal(dst []byte, unscaled string) []byte {
	if unscaled == "0" {
		return append(dst, '0')
	}
	if unscaled[0] == '-' {
		dst = append(dst, '-')
		unscaled = unscaled[1:]
	}
	if t.scale <= 0 {
		dst = append(dst, unscaled...)
		for range -t.scale {
			dst = append(dst, '0')
		}
		return dst
	}
	for len(unscaled) <= t.scale {
		unscaled = "0" + unscaled
	}
	dst = append(dst, unscaled[:len(unscaled)-t.scale]...)
	fraction := unscaled[len(unscaled)-t.scale:]
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > 0 {
		dst = append(append(dst, '.'), fraction...)
	}
	return dst
}

// bigEndian reads a two's complement number.
func bigEndian(s []byte) *big.Int {
	x := new(big.Int).SetBytes(s)
	if len(s) > 0 && s[0]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
	}
	return x
}

// appendUUID appends the usual text of 16 bytes.
func appendUUID(dst, id []byte) []byte {
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		start := [...]int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, id[start:end])
	}
	return dst
}

// float16 widens an IEEE 754 half-precision number.
func float16(bits uint16) float64 {
	sign := 1.0
	if bits&0x8000 != 0 {
		sign = -1
	}
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	switch exponent {
	case 0:
		return float64(sign * math.Ldexp(fraction, -24))
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return float64(sign * math.Inf(1))
	}
	return float64(sign * math.Ldexp(1024+fraction, exponent-25))
}

// julianEpoch is the Julian day of 1970-01-01.
const julianEpoch = 2440588

// int96Time returns Impala's timestamp in Unix nanoseconds, when they fit.
func int96Time(x deprecated.Int96) (int64, bool) {
	nanos := x.Int64()
	days := int64(x[2]) - julianEpoch
	if nanos < 0 || nanos > table.DaySeconds*1_000_000_000 {
		return 0, false
	}
	return table.UnixNanos(days*table.DaySeconds+nanos/1_000_000_000, nanos%1_000_000_000)
}
