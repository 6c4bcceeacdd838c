package groundtruth

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetType is how the values of a Parquet column are to be understood.
type parquetType struct {
	form  parquetForm
	unit  int64 // parquetTimestamp, parquetClock: nanoseconds per step
	scale int   // parquetDecimal
}

type parquetForm uint8

const (
	parquetText parquetForm = iota // byte arrays, strings, enums, JSON: bytes as they are
	parquetNumber
	parquetUnsigned // INT32 and INT64 without sign
	parquetBool
	parquetFloat16
	parquetDecimal
	parquetUUID
	parquetTimestamp
	parquetDate
	parquetInt96 // Impala's timestamps: nanoseconds of the day, Julian day
	parquetClock // a time of day
	parquetNull
)

// kind returns the natural kind of the values.
func (t parquetType) kind() cellKind {
	switch t.form {
	case parquetText, parquetUUID, parquetNull:
		return cellText
	case parquetTimestamp, parquetDate, parquetInt96:
		return cellTime
	default:
		return cellNumber
	}
}

// maxDecimalScale is far beyond what any writer makes; more is a corrupt schema.
const maxDecimalScale = 1000

// parquetTypeOf takes the leaf's element of the file's schema too, because the
// library's types don't tell all logical types.
func parquetTypeOf(leaf *parquet.Column, element *format.SchemaElement) (parquetType, error) {
	t := leaf.Type()
	logical := &element.LogicalType
	if logical.Value == nil {
		logical = t.LogicalType() // made from a legacy converted type
	}
	if logical != nil {
		switch l := logical.Value.(type) {
		case *format.NullType:
			return parquetType{form: parquetNull}, nil
		case *format.UUIDType:
			return parquetType{form: parquetUUID}, nil
		case *format.Float16Type:
			return parquetType{form: parquetFloat16}, nil
		case *format.DateType:
			return parquetType{form: parquetDate}, nil
		case *format.TimestampType:
			if l.Unit.Value == nil {
				return parquetType{}, fmt.Errorf("its timestamps have no unit")
			}
			return parquetType{form: parquetTimestamp, unit: int64(l.Unit.Value.Duration())}, nil
		case *format.TimeType:
			if l.Unit.Value == nil {
				return parquetType{}, fmt.Errorf("its times have no unit")
			}
			return parquetType{form: parquetClock, unit: int64(l.Unit.Value.Duration())}, nil
		case *format.DecimalType:
			if l.Scale < -maxDecimalScale || l.Scale > maxDecimalScale {
				return parquetType{}, fmt.Errorf("its decimals have scale %d", l.Scale)
			}
			return parquetType{form: parquetDecimal, scale: int(l.Scale)}, nil
		case *format.IntType:
			if !l.IsSigned {
				return parquetType{form: parquetUnsigned}, nil
			}
		}
	}
	switch kind := t.Kind(); kind {
	case parquet.Boolean:
		return parquetType{form: parquetBool}, nil
	case parquet.Int96:
		return parquetType{form: parquetInt96}, nil
	case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
		return parquetType{form: parquetNumber}, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return parquetType{form: parquetText}, nil
	default:
		return parquetType{}, fmt.Errorf("its type %s cannot be read", t)
	}
}

// textPrefix is the length of the length before each PLAIN byte array.
const textPrefix = 4

// parquetValues are the values of a page or a dictionary, nulls left out.
type parquetValues struct {
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
func (v *parquetValues) width() int {
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
func (v *parquetValues) bytes(i int) []byte {
	if v.kind == parquet.FixedLenByteArray {
		return v.raw[i*v.size : (i+1)*v.size]
	}
	return v.raw[v.offsets[i] : v.offsets[i+1]-v.prefix]
}

func (v *parquetValues) isBytes() bool {
	return v.kind == parquet.ByteArray || v.kind == parquet.FixedLenByteArray
}

// integer returns value i of whole numbers, as the type has its sign.
func (v *parquetValues) integer(t parquetType, i int) int64 {
	if v.kind == parquet.Int32 {
		x := binary.LittleEndian.Uint32(v.raw[4*i:])
		if t.form == parquetUnsigned {
			return int64(x)
		}
		return int64(int32(x))
	}
	return int64(binary.LittleEndian.Uint64(v.raw[8*i:]))
}

func (v *parquetValues) boolean(i int) bool {
	return v.raw[i/8]>>(i%8)&1 != 0
}

func (v *parquetValues) float(i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(v.raw[4*i:]))
}

func (v *parquetValues) double(i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(v.raw[8*i:]))
}

func (v *parquetValues) int96(i int) deprecated.Int96 {
	b := v.raw[12*i:]
	return deprecated.Int96{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])}
}

// numbers reads len(dst) values from the given one on as numbers. Timestamps and
// dates are Unix seconds, times of day seconds. When all of them are numberOK it
// reports so, and has not set states.
func (t parquetType) numbers(v *parquetValues, from int, dst []float64, states []numberState) (allOK bool) {
	switch {
	case v.isBytes() && t.form == parquetFloat16:
		for i := range dst {
			dst[i] = float16(binary.LittleEndian.Uint16(v.bytes(from + i)))
		}
	case v.isBytes() && t.form == parquetDecimal:
		for i := range dst {
			dst[i] = t.bigDecimal(v.bytes(from + i))
		}
	case v.isBytes() && t.form == parquetUUID:
		for i := range dst {
			dst[i], states[i] = 0, numberBad
		}
		return false
	case v.isBytes():
		for i := range dst {
			dst[i], states[i] = parseNumber(v.bytes(from + i))
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
			states[i] = numberOK
			if !ok {
				states[i] = numberBad
			}
			dst[i] = inSeconds(nanos, 1_000_000_000)
		}
		return false
	default:
		t.integers(v, from, dst)
		if t.form != parquetDecimal {
			return true
		}
	}
	if allFinite(dst) {
		return true
	}
	for i, x := range dst {
		states[i] = floatState(x)
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

// integers is numbers for INT32 and INT64.
func (t parquetType) integers(v *parquetValues, from int, dst []float64) {
	switch t.form {
	case parquetUnsigned:
		for i := range dst {
			dst[i] = float64(uint64(v.integer(t, from+i)))
		}
	case parquetDecimal:
		for i := range dst {
			dst[i] = t.decimal(v.integer(t, from+i))
		}
	case parquetDate:
		for i := range dst {
			dst[i] = float64(float64(v.integer(t, from+i)) * daySeconds)
		}
	case parquetTimestamp, parquetClock:
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
// numberOK, numberMissing or numberBad. When all are numberOK it reports so, and has
// not set states.
func (t parquetType) times(v *parquetValues, from int, dst []int64, states []numberState) (allOK bool) {
	if t.form == parquetTimestamp && v.kind == parquet.Int64 {
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

func (t parquetType) time(v *parquetValues, i int) (int64, numberState) {
	var nanos int64
	ok := false
	switch {
	case t.form == parquetUUID, t.form == parquetClock, v.kind == parquet.Boolean:
	case v.kind == parquet.Int96:
		nanos, ok = int96Time(v.int96(i))
	case v.isBytes() && t.form == parquetText:
		s := v.bytes(i)
		if nanos, ok = parseTime(s); !ok && isMissingWord(trimSpace(s)) {
			return 0, numberMissing
		}
	case t.form == parquetTimestamp && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		x := v.integer(t, i)
		nanos = x * t.unit
		ok = nanos/t.unit == x
	case t.form == parquetDate && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		x := v.integer(t, i)
		if x > -1<<32 && x < 1<<32 {
			nanos, ok = unixNanos(x*daySeconds, 0)
		}
	case t.form == parquetUnsigned && v.kind == parquet.Int64 && v.integer(t, i) < 0:
	case (t.form == parquetNumber || t.form == parquetUnsigned) && (v.kind == parquet.Int64 || v.kind == parquet.Int32):
		nanos, ok = epochInt(v.integer(t, i))
	default:
		var x [1]float64
		var state [1]numberState
		t.numbers(v, i, x[:], state[:]) // which leaves numberOK, the zero value, where it is
		switch {
		case state[0] == numberNaN || state[0] == numberMissing:
			return 0, numberMissing
		case state[0] == numberOK:
			nanos, ok = epochFloat(x[0])
		}
	}
	if !ok {
		return 0, numberBad
	}
	return nanos, numberOK
}

// appendText appends value i as canonical text; ok is false where it is not a
// number although its type is (NaN), so that it is missing.
func (t parquetType) appendText(dst []byte, v *parquetValues, i int) (text []byte, ok bool) {
	switch {
	case t.form == parquetUUID && v.isBytes() && len(v.bytes(i)) == 16:
		return appendUUID(dst, v.bytes(i)), true
	case v.isBytes() && t.form == parquetFloat16:
		x := float16(binary.LittleEndian.Uint16(v.bytes(i)))
		return appendFloatText(dst, x, 32), x == x
	case t.form == parquetDecimal && v.isBytes():
		return t.appendDecimal(dst, bigEndian(v.bytes(i)).String()), true
	case v.isBytes():
		return append(dst, v.bytes(i)...), true
	case v.kind == parquet.Boolean:
		return strconv.AppendBool(dst, v.boolean(i)), true
	case v.kind == parquet.Float:
		return appendFloatText(dst, float64(v.float(i)), 32), v.float(i) == v.float(i)
	case v.kind == parquet.Double:
		return appendFloatText(dst, v.double(i), 64), v.double(i) == v.double(i)
	case t.form == parquetTimestamp, t.form == parquetDate, t.form == parquetInt96:
		if nanos, state := t.time(v, i); state == numberOK {
			return appendTimeText(dst, nanos), true
		}
	case t.form == parquetDecimal:
		return t.appendDecimal(dst, strconv.FormatInt(v.integer(t, i), 10)), true
	case t.form == parquetUnsigned && v.kind == parquet.Int64:
		return strconv.AppendUint(dst, uint64(v.integer(t, i)), 10), true
	}
	if v.kind == parquet.Int96 {
		return append(dst, v.int96(i).String()...), true
	}
	return strconv.AppendInt(dst, v.integer(t, i), 10), true
}

// decimal returns x / 10^scale, correctly rounded.
func (t parquetType) decimal(x int64) float64 {
	// Both operands are exact here, so that the one division rounds correctly.
	if t.scale >= 0 && t.scale <= 22 && x > -1<<53 && x < 1<<53 {
		return float64(x) / math.Pow10(t.scale)
	}
	return t.parsedDecimal(strconv.FormatInt(x, 10))
}

func (t parquetType) bigDecimal(s []byte) float64 {
	if len(s) <= 8 {
		return t.decimal(bigEndian(s).Int64())
	}
	return t.parsedDecimal(bigEndian(s).String())
}

func (t parquetType) parsedDecimal(digits string) float64 {
	// The error is about the range, and the infinity that comes with it says so.
	x, _ := strconv.ParseFloat(digits+"e"+strconv.Itoa(-t.scale), 64)
	return x
}

// appendDecimal puts the decimal point into the unscaled digits and drops zeros at
// the end, so that 12.50 and 12.5 are one text.
func (t parquetType) appendDecimal(dst []byte, unscaled string) []byte {
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

func int96Time(x deprecated.Int96) (int64, bool) {
	nanos := x.Int64()
	days := int64(x[2]) - julianEpoch
	if nanos < 0 || nanos > daySeconds*1_000_000_000 {
		return 0, false
	}
	return unixNanos(days*daySeconds+nanos/1_000_000_000, nanos%1_000_000_000)
}
