package evaluator

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// This file cuts the line of numbers into the bins of a Distribution.

const (
	// tailShare is the share of a side's values at either end that the bins leave to one bin for
	// all that lies beyond, where these values would make all bins much wider.
	tailShare = 0.005
	// muchWider is how many times as wide the range of all values has to be for that.
	muchWider = 1.3
	// logSpread is how many times the least value the greatest is on a logarithmic axis, at
	// least, and logMedian how near a side's median lies to the least on a plain one, at most.
	logSpread = 100
	logMedian = 0.1
	// mostPlain is beyond all numbers that round ends are looked for at.
	mostPlain = 1e300
	// leastLog is the least number on a logarithmic axis.
	leastLog = 1e-300
	// farthestSnap is how far, as a share of a bin, an end may move to where values are told apart.
	farthestSnap = 0.25
	// mostUnits is how many units of rounded values the range may have for its bins to end halfway
	// between two values: of more, each bin has so many that one more or less does not show.
	mostUnits = 20 * mostBins
	// mostDigits is up to how many digits after the point values are seen to be rounded.
	mostDigits = 3
)

// ranges makes the bins of numbers.
func (d *Distribution) ranges(pieces []piece) {
	if len(pieces) == 0 {
		return
	}
	if only := pieces[0]; math.IsInf(only.low, -1) && math.IsInf(only.high, 1) {
		// The reference has no value, and the window so many that they are not known.
		d.Bins = []DistributionBin{{Low: only.low, High: only.high, Window: only.window}}
		return
	}
	r := rangeOf(pieces, d)
	var ends []float64
	switch digits := digitsOf(pieces); {
	case r.logarithmic():
		d.Log = true
		ends = logEnds(r.low, r.high, binsOf(d))
	case digits >= 0 && r.high-r.low <= float64(mostUnits*decimal{1, -digits}.float64()):
		d.Unit = decimal{1, -digits}.float64()
		ends = plainEnds(r.low, r.high, binsOf(d), digits)
	default:
		ends = plainEnds(r.low, r.high, binsOf(d), -1)
	}
	d.fill(pieces, allowedEnds(pieces, ends))
}

// shiftOf returns how far the window's values have moved.
func shiftOf(pieces []piece, reference, window int64) Shift {
	nan := math.NaN()
	s := Shift{nan, nan, nan, nan, nan, nan}
	if reference > 0 {
		low, high := pieceOf(pieces, piece.ofReference, reference, 0.05), pieceOf(pieces, piece.ofReference, reference, 0.95)
		s.Low, s.High = pieces[low].low, pieces[high].high
		var below, above int64
		for i, p := range pieces {
			switch {
			case i < low:
				below += p.window
			case i > high:
				above += p.window
			}
		}
		s.Below, s.Above = float64(below)/float64(window), float64(above)/float64(window)
		s.ReferenceMedian = pieces[pieceOf(pieces, piece.ofReference, reference, 0.5)].middle()
	}
	if window > 0 {
		s.WindowMedian = pieces[pieceOf(pieces, piece.ofWindow, window, 0.5)].middle()
	}
	return s
}

// middle returns the middle of a piece, NaN of one that has no end.
func (p piece) middle() float64 {
	if math.IsInf(p.low, 0) || math.IsInf(p.high, 0) {
		return math.NaN()
	}
	return float64(p.low/2) + float64(p.high/2)
}

// binsOf returns how many bins the rows are enough for: twice the cube root of their number, as
// Rice's rule has it, of the side with fewer.
func binsOf(d *Distribution) int {
	n := d.Reference.N
	if n == 0 || d.Window.N > 0 && d.Window.N < n {
		n = d.Window.N
	}
	bins := leastBins
	for bins < d.most && int64(bins)*int64(bins)*int64(bins) < 8*n {
		bins++
	}
	return bins
}

// valueRange is the range that is displayed, and where each side's median lies in it.
type valueRange struct {
	low, high float64
	medians   []float64
}

// rangeOf returns the range of nearly all values of both sides. Where no more is known of values
// than that they are beyond the reference's, they are outside.
func rangeOf(pieces []piece, d *Distribution) valueRange {
	whole := valueRange{low: firstEnd(pieces), high: lastEnd(pieces)}
	near := valueRange{low: math.Inf(1), high: math.Inf(-1)}
	sides := []struct {
		n     int64
		count func(piece) int64
	}{{d.Reference.N, piece.ofReference}, {d.Window.N, piece.ofWindow}}
	for _, s := range sides {
		if s.n == 0 {
			continue
		}
		near.low = min(near.low, max(whole.low, pieces[pieceOf(pieces, s.count, s.n, tailShare)].low))
		near.high = max(near.high, min(whole.high, pieces[pieceOf(pieces, s.count, s.n, 1-tailShare)].high))
		m := pieces[pieceOf(pieces, s.count, s.n, 0.5)]
		whole.medians = append(whole.medians, min(max(m.low, whole.low), whole.high))
	}
	near.medians = whole.medians
	if near.low == near.high || whole.high-whole.low <= float64(muchWider*(near.high-near.low)) {
		return whole
	}
	return near
}

func (p piece) ofReference() int64 { return p.reference }
func (p piece) ofWindow() int64    { return p.window }

// firstEnd and lastEnd return the least and the greatest number that pieces tell of.
func firstEnd(pieces []piece) float64 {
	if p := pieces[0]; !math.IsInf(p.low, -1) {
		return p.low
	}
	return pieces[0].high
}

func lastEnd(pieces []piece) float64 {
	if p := pieces[len(pieces)-1]; !math.IsInf(p.high, 1) {
		return p.high
	}
	return pieces[len(pieces)-1].low
}

// pieceOf returns the first piece that has, with those before it, at least a share of a side's n
// values.
func pieceOf(pieces []piece, count func(piece) int64, n int64, share float64) int {
	need := min(max(int64(math.Ceil(share*float64(n))), 1), n)
	for i, p := range pieces {
		if need -= count(p); need <= 0 {
			return i
		}
	}
	return len(pieces) - 1
}

// logarithmic reports whether a logarithmic axis shows the values better: they are spread widely,
// and half of those of a side would be in the first few bins of a plain one.
func (r *valueRange) logarithmic() bool {
	if !(r.low > leastLog) || !(r.high >= float64(logSpread*r.low)) || !(r.high < mostPlain) {
		return false
	}
	for _, m := range r.medians {
		if m-r.low < float64(logMedian*(r.high-r.low)) {
			return true
		}
	}
	return false
}

// decimal is the number whole * 10^exponent, which is written without rounding more than once.
type decimal struct {
	whole    int64
	exponent int
}

func (d decimal) float64() float64 {
	f, err := strconv.ParseFloat(fmt.Sprintf("%de%d", d.whole, d.exponent), 64)
	if err != nil {
		return f // an infinity, which is out of range
	}
	return f
}

// plainSteps are the digits that the widths of bins have.
func plainSteps() []int64 { return []int64{10, 20, 25, 40, 50, 80} }

// plainEnds returns the ends of at most so many bins and one of a round width that low and high
// lie in. Where values are rounded to so many digits after the point, each bin has as many of
// these numbers as the next, and ends between two of them; digits is negative where they aren't.
func plainEnds(low, high float64, most, digits int) []float64 {
	width := high - low
	if !stat.IsNumber(width) || !(width > 0) || !(max(-low, high) < mostPlain) {
		return []float64{low, high}
	}
	// The exponent is that of the width that so many bins have, in units of its second digit.
	exponent := exponentOf(width / float64(most))
	for e := exponent - 1; ; e++ {
		for _, whole := range plainSteps() {
			s := decimal{whole, e}
			step := s.float64()
			if !(width <= float64(step*float64(most))) || digits >= 0 && !s.multipleOf(digits) {
				continue
			}
			if ends := endsOf(low, high, s, digits); ends != nil {
				return ends
			}
			return []float64{low, high}
		}
	}
}

// exponentOf returns the power of ten that a number above 0 is written with.
func exponentOf(x float64) int {
	text := strconv.FormatFloat(x, 'e', 0, 64)
	exponent, _ := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	return exponent
}

// multipleOf reports whether d is a multiple of a unit at that digit after the point.
func (d decimal) multipleOf(digits int) bool {
	unit := int64(1)
	for e := d.exponent; e < -digits; e++ {
		unit *= 10
	}
	return d.whole%unit == 0
}

// endsOf returns the multiples of a step from the last at or below low to the first at or above
// high. Of rounded values they are moved by half of a unit. It is nil where numbers are too far
// from 0 for steps so small.
func endsOf(low, high float64, step decimal, digits int) []float64 {
	first := math.Floor(low / step.float64())
	if !(math.Abs(first) < 1<<50/100) {
		return nil
	}
	at := func(k int64) float64 { return step.times(k, digits).float64() }
	k := int64(first) + 1
	for at(k) > low {
		k--
	}
	ends := []float64{at(k)}
	for ends[len(ends)-1] < high {
		k++
		next := at(k)
		if next <= ends[len(ends)-1] {
			return nil
		}
		ends = append(ends, next)
	}
	return ends
}

// times returns so many steps, less half of a unit at that digit after the point.
func (d decimal) times(k int64, digits int) decimal {
	out := decimal{whole: k * d.whole, exponent: d.exponent}
	if digits < 0 {
		return out
	}
	for ; out.exponent > -digits-1; out.exponent-- {
		out.whole *= 10
	}
	half := int64(5)
	for e := out.exponent; e < -digits-1; e++ {
		half *= 10
	}
	out.whole -= half
	return out
}

// digitsOf returns to how many digits after the point all values are rounded, -1 where they are
// not, or to more than a few.
func digitsOf(pieces []piece) int {
	digits, scale := 0, 1.0
	for _, p := range pieces {
		for _, x := range [2]float64{p.low, p.high} {
			if math.IsInf(x, 0) {
				continue
			}
			for math.Round(x*scale)/scale != x {
				if digits++; digits > mostDigits {
					return -1
				}
				scale = float64(scale * 10)
			}
		}
	}
	return digits
}

// logSteps are series of numbers from 1 to 10, in units of 1/100, whose ratios are nearly equal:
// the preferred numbers of Renard, and 1, 2, 5.
func logSteps() [][]int64 {
	return [][]int64{
		{100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900},
		{100, 125, 160, 200, 250, 315, 400, 500, 630, 800},
		{100, 160, 250, 400, 630},
		{100, 200, 500},
		{100},
	}
}

// logEnds returns the ends of at most so many bins of one ratio that low and high lie in.
func logEnds(low, high float64, most int) []float64 {
	var ends []float64
	exponent := exponentOf(low)
	for _, series := range logSteps() {
		ends = ends[:0]
		for e := exponent - 3; ; e++ {
			for _, whole := range series {
				x := decimal{whole, e}.float64()
				if x <= low {
					ends = append(ends[:0], x)
				} else if last := len(ends) - 1; ends[last] < high {
					ends = append(ends, x)
				}
			}
			if ends[len(ends)-1] >= high {
				break
			}
		}
		if len(ends)-1 <= most {
			return ends
		}
	}
	// So many powers of ten that a bin has several.
	each := (len(ends) + most - 2) / most
	var out []float64
	for i := 0; i < len(ends)-1+each; i += each {
		out = append(out, ends[min(i, len(ends)-1)])
	}
	return out
}

// allowedEnds returns the ends that are not within a piece. One that is moves to the nearest end
// of the piece, where that is near, and is left out otherwise.
func allowedEnds(pieces []piece, ends []float64) []float64 {
	var out []float64
	for i, x := range ends {
		k := sort.Search(len(pieces), func(k int) bool { return pieces[k].high > x })
		if k < len(pieces) && pieces[k].low < x {
			low, high := x, x
			if i > 0 {
				low -= float64(farthestSnap * (x - ends[i-1]))
			}
			if i+1 < len(ends) {
				high += float64(farthestSnap * (ends[i+1] - x))
			}
			p := pieces[k]
			switch toLow, toHigh := p.low >= low, p.high <= high; {
			case toLow && (!toHigh || x-p.low <= p.high-x):
				x = p.low
			case toHigh:
				x = p.high
			default:
				continue
			}
		}
		if len(out) == 0 || x > out[len(out)-1] {
			out = append(out, x)
		}
	}
	return out
}

// fill makes the bins between some ends, and one for the values beyond either of the outer ends
// where there are any.
func (d *Distribution) fill(pieces []piece, ends []float64) {
	if len(ends) < 2 {
		ends = []float64{firstEnd(pieces), lastEnd(pieces)}
	}
	last := len(ends) - 1
	bins := make([]DistributionBin, 0, last+2)
	bins = append(bins, DistributionBin{Low: math.Inf(-1), High: ends[0]})
	for i := range last {
		bins = append(bins, DistributionBin{Low: ends[i], High: ends[i+1]})
	}
	bins = append(bins, DistributionBin{Low: ends[last], High: math.Inf(1)})
	i := 0
	for _, p := range pieces {
		for i < last && p.low >= bins[i].High || i == last && (p.low > bins[i].High || p.open() && p.low >= bins[i].High) {
			i++
		}
		bins[i].Reference += p.reference
		bins[i].Window += p.window
	}
	for _, b := range bins {
		if !b.Outside() || b.Reference+b.Window > 0 {
			d.Bins = append(d.Bins, b)
		}
	}
}
