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
	"github.com/parquet-go/parquet-go/encoding"
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

// parquetValues are the values of a page or a dictionary, nulls left out.
type parquetValues struct {
	n       int
	kind    encoding.Kind
	bits    []byte // booleans, eight to a byte
	int32s  []int32
	int64s  []int64
	int96s  []deprecated.Int96
	floats  []float32
	doubles []float64
	data    []byte // byte arrays
	offsets []uint32
	size    int // of fixed-length byte arrays
}

func parquetValuesOf(v encoding.Values) parquetValues {
	p := parquetValues{kind: v.Kind()}
	switch p.kind {
	case encoding.Boolean:
		p.bits = v.Boolean()
		p.n = 8 * len(p.bits)
	case encoding.Int32:
		p.int32s = v.Int32()
		p.n = len(p.int32s)
	case encoding.Int64:
		p.int64s = v.Int64()
		p.n = len(p.int64s)
	case encoding.Int96:
		p.int96s = v.Int96()
		p.n = len(p.int96s)
	case encoding.Float:
		p.floats = v.Float()
		p.n = len(p.floats)
	case encoding.Double:
		p.doubles = v.Double()
		p.n = len(p.doubles)
	case encoding.ByteArray:
		p.data, p.offsets = v.ByteArray()
		p.n = max(len(p.offsets)-1, 0)
	case encoding.FixedLenByteArray:
		p.data, p.size = v.FixedLenByteArray()
		if p.size > 0 {
			p.n = len(p.data) / p.size
		}
	}
	return p
}

// bytes returns value i of byte arrays. A corrupt file's offsets make it panic,
// which the reader of the object turns into an error.
func (v *parquetValues) bytes(i int) []byte {
	if v.kind == encoding.FixedLenByteArray {
		return v.data[i*v.size : (i+1)*v.size]
	}
	return v.data[v.offsets[i]:v.offsets[i+1]]
}

func (v *parquetValues) isBytes() bool {
	return v.kind == encoding.ByteArray || v.kind == encoding.FixedLenByteArray
}

// integer returns value i of whole numbers, as the type has its sign.
func (v *parquetValues) integer(t parquetType, i int) int64 {
	if v.kind == encoding.Int32 {
		if t.form == parquetUnsigned {
			return int64(uint32(v.int32s[i]))
		}
		return int64(v.int32s[i])
	}
	return v.int64s[i]
}

func (v *parquetValues) boolean(i int) bool {
	return v.bits[i/8]>>(i%8)&1 != 0
}

// numbers reads len(dst) values from the given one on as numbers. Timestamps and
// dates are Unix seconds, times of day seconds.
func (t parquetType) numbers(v *parquetValues, from int, dst []float64, states []numberState) {
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
		return
	case v.isBytes():
		for i := range dst {
			dst[i], states[i] = parseNumber(v.bytes(from + i))
		}
		return
	case v.kind == encoding.Boolean:
		for i := range dst {
			dst[i] = 0
			if v.boolean(from + i) {
				dst[i] = 1
			}
		}
	case v.kind == encoding.Float:
		for i, x := range v.floats[from : from+len(dst)] {
			dst[i] = float64(x)
		}
	case v.kind == encoding.Double:
		copy(dst, v.doubles[from:from+len(dst)])
	case v.kind == encoding.Int96:
		for i := range dst {
			nanos, ok := int96Time(v.int96s[from+i])
			states[i] = numberOK
			if !ok {
				states[i] = numberBad
			}
			dst[i] = inSeconds(nanos, 1_000_000_000)
		}
		return
	default:
		t.integers(v, from, dst)
	}
	for i, x := range dst {
		states[i] = floatState(x)
	}
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
			if v.kind == encoding.Int64 {
				dst[i] = float64(uint64(v.int64s[from+i]))
			} else {
				dst[i] = float64(uint32(v.int32s[from+i]))
			}
		}
	case parquetDecimal:
		for i := range dst {
			dst[i] = t.decimal(v.integer(t, from+i))
		}
	case parquetDate:
		for i := range dst {
			dst[i] = float64(v.integer(t, from+i)) * daySeconds
		}
	case parquetTimestamp, parquetClock:
		for i := range dst {
			dst[i] = inSeconds(v.integer(t, from+i), 1_000_000_000/t.unit)
		}
	default:
		if v.kind == encoding.Int32 {
			for i, x := range v.int32s[from : from+len(dst)] {
				dst[i] = float64(x)
			}
			return
		}
		for i, x := range v.int64s[from : from+len(dst)] {
			dst[i] = float64(x)
		}
	}
}

// times reads len(dst) values from the given one on as Unix nanoseconds; states are
// numberOK, numberMissing or numberBad.
func (t parquetType) times(v *parquetValues, from int, dst []int64, states []numberState) {
	for i := range dst {
		nanos, state := t.time(v, from+i)
		dst[i], states[i] = nanos, state
	}
}

func (t parquetType) time(v *parquetValues, i int) (int64, numberState) {
	var nanos int64
	ok := false
	switch {
	case t.form == parquetUUID, t.form == parquetClock, v.kind == encoding.Boolean:
	case v.kind == encoding.Int96:
		nanos, ok = int96Time(v.int96s[i])
	case v.isBytes() && t.form == parquetText:
		s := v.bytes(i)
		if nanos, ok = parseTime(s); !ok && isMissingWord(trimSpace(s)) {
			return 0, numberMissing
		}
	case t.form == parquetTimestamp && (v.kind == encoding.Int64 || v.kind == encoding.Int32):
		x := v.integer(t, i)
		nanos = x * t.unit
		ok = nanos/t.unit == x
	case t.form == parquetDate && (v.kind == encoding.Int64 || v.kind == encoding.Int32):
		x := v.integer(t, i)
		if x > -1<<32 && x < 1<<32 {
			nanos, ok = unixNanos(x*daySeconds, 0)
		}
	case t.form == parquetUnsigned && v.kind == encoding.Int64 && v.int64s[i] < 0:
	case (t.form == parquetNumber || t.form == parquetUnsigned) && (v.kind == encoding.Int64 || v.kind == encoding.Int32):
		nanos, ok = epochInt(v.integer(t, i))
	default:
		var x [1]float64
		var state [1]numberState
		t.numbers(v, i, x[:], state[:])
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
	case v.kind == encoding.Boolean:
		return strconv.AppendBool(dst, v.boolean(i)), true
	case v.kind == encoding.Float:
		return appendFloatText(dst, float64(v.floats[i]), 32), v.floats[i] == v.floats[i]
	case v.kind == encoding.Double:
		return appendFloatText(dst, v.doubles[i], 64), v.doubles[i] == v.doubles[i]
	case t.form == parquetTimestamp, t.form == parquetDate, t.form == parquetInt96:
		if nanos, state := t.time(v, i); state == numberOK {
			return appendTimeText(dst, nanos), true
		}
	case t.form == parquetDecimal:
		return t.appendDecimal(dst, strconv.FormatInt(v.integer(t, i), 10)), true
	case t.form == parquetUnsigned && v.kind == encoding.Int64:
		return strconv.AppendUint(dst, uint64(v.int64s[i]), 10), true
	}
	if v.kind == encoding.Int96 {
		return append(dst, v.int96s[i].String()...), true
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
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
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
