package summary

import (
	"math"
	"math/bits"
	"slices"
)

// tally counts distinct float64 values, exactly while there are at most limit of
// them. Beyond, either it drops them all (dropping), or it becomes a quantile sketch:
// keys are the values' bit patterns in the order of the numbers, and losing the
// least bit of every key merges neighbouring buckets in pairs, so that buckets are
// spaced logarithmically, 2^(52-shift) to a binade. That is the uniform collapse of
// UDDSketch (Epicoco et al., "UDDSketch: accurate tracking of quantiles in data
// streams", 2020, arXiv:2004.08604) with the buckets of DDSketch (Masson et al., 2019,
// arXiv:1908.10693), interpolated linearly inside a binade so that no logarithm is
// computed.
//
// The number of distinct keys falls with the shift and grows with the data, and the
// shift is always the least that meets the limit: so the state is a function of the
// multiset of values alone, whatever the order and the way of merging.
type tally struct {
	limit    int
	dropping bool

	over   bool // dropped
	shift  uint
	used   int
	keys   []uint64
	counts []int64 // 0 marks a free slot
	// What was decoded is a list without free slots, in ascending order, until a key comes
	// in.
	packed bool
	// Once buckets are wide, those of keys from base on are counted in dense, by their
	// distance, and only the others by key.
	base  uint64
	dense []int64
	// early are the first values that are not negative, until there are earlyValues times
	// the limit: to count them together finds their shift at once, which would else rise
	// bit by bit.
	early  []float64
	opened bool // the first values were counted
}

const earlyValues = 4

// Entry is a bucket and its count.
type Entry struct {
	Key   uint64
	Count int64
}

// OrderKey maps finite values and infinities to integers of the same order; -0 is 0.
func OrderKey(x float64) uint64 {
	b := math.Float64bits(unsignedZero(x))
	// The sign bit is flipped, or, for negative numbers, every bit.
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// unsignedZero returns x, and 0 for -0: the two are one value everywhere here.
func unsignedZero(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x
}

// OrderValue is the inverse of OrderKey.
func OrderValue(k uint64) float64 {
	if k>>63 == 1 {
		return math.Float64frombits(k &^ (1 << 63))
	}
	return math.Float64frombits(^k)
}

// slotOf returns where key is, or the free slot where it belongs.
func (t *tally) slotOf(key uint64) int {
	mask := len(t.keys) - 1
	h := key * 0x9e3779b97f4a7c15
	i := int(h>>32^h>>7) & mask
	for t.counts[i] != 0 && t.keys[i] != key {
		i = (i + 1) & mask
	}
	return i
}

// add counts x.
func (t *tally) add(x float64) {
	if !t.over {
		t.insert(OrderKey(x)>>t.shift, 1)
	}
}

// addPositive counts values that are not negative, faster than add does.
func (t *tally) addPositive(xs []float64) {
	if !t.opened {
		n := min(len(xs), earlyValues*t.limit-len(t.early))
		t.early = append(t.early, xs[:n]...)
		if xs = xs[n:]; len(t.early) < earlyValues*t.limit {
			return
		}
		t.settle()
	}
	dense, base, shift := t.dense, t.base, t.shift
	for _, x := range xs {
		// The key of a value that is not negative, as OrderKey has it.
		key := (math.Float64bits(x) | 1<<63) >> (shift & 63)
		if i := key - base; i < uint64(len(dense)) && dense[i] != 0 {
			dense[i]++
			continue
		}
		t.add(x)
		dense, base, shift = t.dense, t.base, t.shift
	}
}

// settle counts the early values.
func (t *tally) settle() {
	if len(t.early) == 0 {
		return // many may read at once what is settled
	}
	early := t.early
	t.early, t.opened = nil, true
	if t.over {
		return
	}
	keys := make([]uint64, len(early))
	for i, x := range early {
		keys[i] = OrderKey(x) >> t.shift
	}
	slices.Sort(keys)
	entries := t.entries()
	for from, to := 0, 0; from < len(keys); from = to {
		for to < len(keys) && keys[to] == keys[from] {
			to++
		}
		entries = append(entries, Entry{keys[from], int64(to - from)})
	}
	if entries = sumEntries(entries); len(entries) > t.limit {
		if t.dropping {
			t.drop()
			return
		}
		t.raise(entries, leastShift(entries, t.limit))
		return
	}
	t.used = 0
	clear(t.counts)
	clear(t.dense)
	for _, e := range entries {
		t.insert(e.Key, e.Count)
	}
}

// sumEntries sorts entries and makes those of one key one.
func sumEntries(entries []Entry) []Entry {
	slices.SortFunc(entries, compareEntries)
	out := entries[:0]
	for _, e := range entries {
		if n := len(out); n > 0 && out[n-1].Key == e.Key {
			out[n-1].Count += e.Count
			continue
		}
		out = append(out, e)
	}
	return out
}

// addTimes counts x n times.
func (t *tally) addTimes(x float64, n int64) {
	if !t.over {
		t.insert(OrderKey(x)>>t.shift, n)
	}
}

// insert counts a key of the present shift.
func (t *tally) insert(key uint64, n int64) {
	if t.packed {
		t.unpack()
	}
	if i := key - t.base; i < uint64(len(t.dense)) {
		if t.dense[i] == 0 {
			if t.used == t.limit {
				t.overflow(key, n)
				return
			}
			t.used++
		}
		t.dense[i] += n
		return
	}
	if len(t.keys) == 0 {
		t.grow(16)
	}
	i := t.slotOf(key)
	if t.counts[i] != 0 {
		t.counts[i] += n
		return
	}
	if t.used == t.limit {
		t.overflow(key, n)
		return
	}
	if t.used >= len(t.keys)/2 {
		t.grow(2 * len(t.keys))
		i = t.slotOf(key)
	}
	t.keys[i], t.counts[i] = key, n
	t.used++
}

// unpack makes the list of a decoded tally a table.
func (t *tally) unpack() {
	size := 16
	for t.used > size/2 {
		size *= 2
	}
	t.packed = false
	t.grow(size)
}

func (t *tally) grow(size int) {
	keys, counts := t.keys, t.counts
	t.keys, t.counts = make([]uint64, size), make([]int64, size)
	for i, n := range counts {
		if n != 0 {
			j := t.slotOf(keys[i])
			t.keys[j], t.counts[j] = keys[i], n
		}
	}
}

// overflow takes a key that no longer fits.
func (t *tally) overflow(key uint64, n int64) {
	if t.dropping {
		t.drop()
		return
	}
	entries := append(t.entries(), Entry{key, n})
	slices.SortFunc(entries, compareEntries)
	t.raise(entries, leastShift(entries, t.limit))
}

// drop forgets what was counted, and counts nothing any more.
func (t *tally) drop() { *t = tally{limit: t.limit, dropping: t.dropping, over: true} }

// leastShift returns the least number of bits to drop from the sorted distinct keys
// so that at most limit remain.
func leastShift(entries []Entry, limit int) uint {
	// Two keys become one when all the bits that differ are dropped.
	var apart [65]int
	for i := 1; i < len(entries); i++ {
		apart[bits.Len64(entries[i-1].Key^entries[i].Key)]++
	}
	remain := len(entries)
	shift := uint(0)
	for remain > limit {
		shift++
		remain -= apart[shift]
	}
	return shift
}

// raise rebuilds the table from entries after dropping shift more bits.
func (t *tally) raise(entries []Entry, shift uint) {
	t.shift += shift
	t.used = 0
	t.packed = false
	clear(t.counts)
	// Most values of a magnitude lie within a few binades below the greatest.
	greatest := entries[len(entries)-1].Key >> shift
	if t.dense == nil {
		t.dense = make([]int64, 2*t.limit)
		// Few keys are left for the table, which grows again as it needs.
		t.keys, t.counts = nil, nil
	}
	clear(t.dense)
	t.base = greatest - min(greatest, uint64(len(t.dense)-len(t.dense)/8))
	for _, e := range entries {
		t.insert(e.Key>>shift, e.Count)
	}
}

// mergeFrom counts all that o counts. Both must have the same limit and kind.
func (t *tally) mergeFrom(o *tally) {
	t.settle()
	o.settle()
	if t.over || o.over {
		t.drop()
		return
	}
	if o.shift > t.shift && t.used > 0 {
		t.raise(t.entries(), o.shift-t.shift)
	}
	t.shift = max(t.shift, o.shift)
	for _, e := range o.entries() {
		// An overflow on the way may have raised the shift.
		if t.over {
			return
		}
		t.insert(e.Key>>(t.shift-o.shift), e.Count)
	}
}

func compareEntries(a, b Entry) int {
	switch {
	case a.Key < b.Key:
		return -1
	case a.Key > b.Key:
		return 1
	}
	return 0
}

// entries returns the buckets in no order; the early values are settled.
func (t *tally) entries() []Entry {
	out := make([]Entry, 0, t.used+1)
	for i, n := range t.counts {
		if n != 0 {
			out = append(out, Entry{t.keys[i], n})
		}
	}
	for i, n := range t.dense {
		if n != 0 {
			out = append(out, Entry{t.base + uint64(i), n})
		}
	}
	return out
}

// sorted returns the buckets in ascending order.
func (t *tally) sorted() []Entry {
	t.settle()
	out := t.entries()
	if !t.packed {
		slices.SortFunc(out, compareEntries)
	}
	return out
}

// isExact reports whether it holds every value.
func (t *tally) isExact() bool { return !t.over && t.shift == 0 && t.limit != 0 }

// bucket returns the least and the greatest value that fall into key.
func (t *tally) bucket(key uint64) (low, high float64) {
	low = OrderValue(key << t.shift)
	high = OrderValue(key<<t.shift | (1<<t.shift - 1))
	// A bucket at the end of the range reaches into the patterns of NaN.
	if math.IsNaN(low) {
		low = math.Inf(-1)
	}
	if math.IsNaN(high) {
		high = math.Inf(1)
	}
	// No value has the pattern of -0, which lies between the two.
	if high == 0 && math.Signbit(high) {
		high = -math.SmallestNonzeroFloat64
	}
	return low, high
}

// orderStatistic returns the middle of the bucket of the 0-based rank, and half its
// width.
func (t *tally) orderStatistic(entries []Entry, rank int64) (value, bound float64) {
	for _, e := range entries {
		if rank >= e.Count {
			rank -= e.Count
			continue
		}
		low, high := t.bucket(e.Key)
		if low == high {
			return low, 0
		}
		if math.IsInf(low, 0) || math.IsInf(high, 0) {
			return high, math.Inf(1)
		}
		return float64(low/2) + float64(high/2), float64(high/2) - float64(low/2)
	}
	panic("summary: rank beyond the count")
}

func (t *tally) reset() {
	*t = tally{limit: t.limit, dropping: t.dropping}
}

func (t *tally) bytes() int64 {
	return int64(len(t.keys))*16 + int64(len(t.dense)+cap(t.early))*8
}
