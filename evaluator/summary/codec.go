package summary

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// errCorrupt is the cause of every failure to decode.
var errCorrupt = errors.New("corrupt or cut off")

// encoder appends the canonical encoding of values. Integers are variable-length,
// floats their bit patterns, least byte first.
type encoder struct{ b []byte }

func (e *encoder) uint(v uint64)   { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) count(v int)     { e.uint(uint64(v)) }
func (e *encoder) int(v int64)     { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) float(v float64) { e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v)) }
func (e *encoder) fixed(v uint64)  { e.b = binary.LittleEndian.AppendUint64(e.b, v) }

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) string(s string) {
	e.count(len(s))
	e.b = append(e.b, s...)
}

func (e *encoder) strings(list []string) {
	e.count(len(list))
	for _, s := range list {
		e.string(s)
	}
}

func (e *encoder) sum(s *exact.Sum) {
	e.b, _ = s.AppendBinary(e.b) // The error is always nil.
}

// counts writes counts that aren't negative, a run of zeros as 0 and its length.
func (e *encoder) counts(list []int64) {
	for i := 0; i < len(list); {
		if list[i] != 0 {
			e.uint(uint64(list[i]))
			i++
			continue
		}
		run := i
		for i < len(list) && list[i] == 0 {
			i++
		}
		e.uint(0)
		e.count(i - run)
	}
}

// floats writes an ascending list of floats as differences of their ranks.
func (e *encoder) floats(list []float64) {
	e.count(len(list))
	last := uint64(0)
	for _, v := range list {
		k := OrderKey(v)
		e.uint(k - last)
		last = k
	}
}

func (e *encoder) tally(t *tally) {
	entries := t.sorted()
	e.bool(t.over)
	e.count(int(t.shift))
	e.count(len(entries))
	last := uint64(0)
	for _, en := range entries {
		e.uint(en.Key - last)
		e.uint(uint64(en.Count))
		last = en.Key
	}
}

// decoder reads what encoder wrote. After the first error everything is zero. It
// allocates in proportion to the input only.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = errCorrupt
	}
	d.b = nil
}

// refuse fails with what people can do something about.
func (d *decoder) refuse(format string, args ...any) {
	d.err, d.b = fmt.Errorf(format, args...), nil
}

// check fails unless ok.
func (d *decoder) check(ok bool) {
	if !ok {
		d.fail()
	}
}

func (d *decoder) uint() uint64 {
	v, n := uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// uvarint is binary.Uvarint, faster, but refuses a last byte of 0 in a longer number,
// which isn't what an encoder writes, with n = 0.
func uvarint(b []byte) (v uint64, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if len(b) >= 8 {
		const more = 0x8080808080808080
		v = binary.LittleEndian.Uint64(b)
		if last := ^v & more; last != 0 {
			n = bits.TrailingZeros64(last)/8 + 1
			v &= ^uint64(0) >> (64 - 8*n)
			if v>>(8*n-8) == 0 {
				return 0, 0
			}
			// The seven bits of each byte move together, in pairs of one, two, four bytes.
			v &^= more
			v = v&0x007f007f007f007f | v&0x7f007f007f007f00>>1
			v = v&0x00003fff00003fff | v&0x3fff00003fff0000>>2
			v = v&0x000000000fffffff | v&0x0fffffff00000000>>4
			return v, n
		}
	}
	v, n = binary.Uvarint(b)
	if n <= 0 || b[n-1] == 0 {
		return 0, 0
	}
	return v, n
}

// amount reads an integer that is not negative.
func (d *decoder) amount() int64 {
	v := d.uint()
	if v > math.MaxInt64 {
		d.fail()
		return 0
	}
	return int64(v)
}

func (d *decoder) int() int64 {
	v := d.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads a number of elements that take at least size bytes each.
func (d *decoder) count(size int) int {
	v := d.uint()
	if v > uint64(len(d.b)/size) {
		d.fail()
		return 0
	}
	return int(v)
}

// small reads an integer of at most limit.
func (d *decoder) small(limit int) int {
	v := d.uint()
	if v > uint64(limit) {
		d.fail()
		return 0
	}
	return int(v)
}

func (d *decoder) fixed() uint64 {
	if len(d.b) < 8 {
		d.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

// finite reads a float that is neither NaN, infinite nor -0.
func (d *decoder) finite() float64 {
	v := math.Float64frombits(d.fixed())
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
		d.fail()
		return 0
	}
	return v
}

func (d *decoder) bool() bool { return d.small(1) == 1 }

func (d *decoder) string() string {
	n := d.count(1)
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// zone reads a time zone by its name.
func (d *decoder) zone() groundtruth.Zone {
	name := d.string()
	if d.err != nil {
		return groundtruth.Zone{}
	}
	z, err := groundtruth.ParseZone(name)
	if err != nil || z.String() != name {
		d.refuse("%w: no time zone is called %.64q", errCorrupt, name)
	}
	return z
}

func (d *decoder) strings() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// ascending reads strings that must be sorted and distinct.
func (d *decoder) ascending() []string {
	list := d.strings()
	for i := 1; i < len(list); i++ {
		d.check(list[i-1] < list[i])
	}
	return list
}

func (d *decoder) sum(s *exact.Sum) {
	if d.err != nil {
		return
	}
	rest, err := s.Decode(d.b)
	if err != nil {
		d.fail()
		return
	}
	d.b = rest
}

// counts reads len(list) counts.
func (d *decoder) counts(list []int64) {
	b := d.b // for long lists, the loops work on a variable of their own
	for i := 0; i < len(list) && d.err == nil; {
		v, n := uvarint(b)
		if n <= 0 || v > math.MaxInt64 {
			d.fail()
			return
		}
		b = b[n:]
		if v != 0 {
			list[i] = int64(v)
			i++
			continue
		}
		run, n := uvarint(b)
		if n <= 0 || run == 0 || run > uint64(len(list)-i) {
			d.fail()
			return
		}
		b = b[n:]
		i += int(run)
		// A run ends at a count or at the end.
		if i < len(list) && (len(b) == 0 || b[0] == 0) {
			d.fail()
			return
		}
	}
	if d.err == nil {
		d.b = b
	}
}

// floats reads an ascending list of finite floats.
func (d *decoder) floats() []float64 {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]float64, n)
	b, last := d.b, uint64(0)
	for i := range list {
		step, n := uvarint(b)
		k := last + step
		v := OrderValue(k)
		if n <= 0 || k <= last || math.IsNaN(v) || math.IsInf(v, 0) || OrderKey(v) != k {
			d.fail()
			return nil
		}
		b = b[n:]
		list[i], last = v, k
	}
	d.b = b
	return list
}

// places reads those of the inner open intervals that have values.
func (d *decoder) places(places []place, opens []int64) {
	if d.err != nil || len(opens) == 0 {
		return
	}
	b := d.b
	for i := 1; i < len(opens)-1; i++ {
		if opens[i] == 0 {
			continue
		}
		high, n := uvarint(b)
		if n <= 0 {
			d.fail()
			return
		}
		low, m := uvarint(b[n:])
		if m <= 0 {
			d.fail()
			return
		}
		places[i] = place{high: high, low: low}
		b = b[n+m:]
	}
	d.b = b
}

// tally reads into t, whose limit is set.
func (d *decoder) tally(t *tally) {
	t.over = d.bool()
	t.shift = uint(d.small(63))
	n := d.count(2)
	d.check(n <= t.limit)
	d.check(!t.over || t.dropping && n == 0)
	d.check(t.shift == 0 || !t.dropping)
	if n == 0 || d.err != nil {
		return
	}
	keys, counts := make([]uint64, n), make([]int64, n)
	b, last := d.b, uint64(0)
	for i := range keys {
		step, l := uvarint(b)
		if l <= 0 {
			d.fail()
			return
		}
		c, m := uvarint(b[l:])
		k := last + step
		if m <= 0 || i > 0 && k <= last || k<<t.shift>>t.shift != k || c == 0 || c > math.MaxInt64 {
			d.fail()
			return
		}
		b = b[l+m:]
		keys[i], counts[i], last = k, int64(c), k
	}
	d.b = b
	t.keys, t.counts, t.used, t.packed = keys, counts, n, true
}

// total returns the sum of counts, and fails where it overflows.
func (d *decoder) total(lists ...[]int64) int64 {
	var t int64
	for _, list := range lists {
		for _, v := range list {
			if t > math.MaxInt64-v {
				d.fail()
				return 0
			}
			t += v
		}
	}
	return t
}

// close returns the first error, or one when bytes are left over.
func (d *decoder) close(what string) error {
	d.check(len(d.b) == 0)
	if d.err != nil {
		return fmt.Errorf("decode %s: %w", what, d.err)
	}
	return nil
}

// header reads a magic number and a schema version of at most newest, and returns it.
func (d *decoder) header(what, magic string, newest uint64) (schema uint64) {
	if len(d.b) < len(magic) || string(d.b[:len(magic)]) != magic {
		d.fail()
		return 0
	}
	d.b = d.b[len(magic):]
	schema = d.uint()
	if d.err == nil && (schema == 0 || schema > newest) {
		d.refuse("%s has schema version %d, this program reads up to %d: make it again", what, schema, newest)
	}
	return schema
}
