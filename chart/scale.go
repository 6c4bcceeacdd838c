package chart

import (
	"math"
	"strconv"
)

// scale maps numbers to lengths.
type scale struct {
	min, max float64 // of the numbers; of their logarithms where log
	log      bool
	from, to float64 // lengths
	exp      int     // numbers are divided by 2^exp first, so that nothing overflows
}

// extent gathers the numbers that an axis is to show.
type extent struct {
	min, max float64
	any      bool
	log      bool
}

func (e *extent) add(numbers ...float64) {
	for _, v := range numbers {
		if !finite(v) || e.log && v <= 0 {
			continue
		}
		if !e.any {
			e.min, e.max, e.any = v, v, true
		}
		e.min, e.max = min(e.min, v), max(e.max, v)
	}
}

// extentOf begins with what an axis asks for itself.
func extentOf(a Axis) extent {
	e := extent{log: a.Log}
	if a.Min != 0 || a.Max != 0 {
		e.add(a.Min, a.Max)
	}
	return e
}

// scaleTo is a scale over an extent with a margin on both sides, as a share of the extent. Where all
// numbers are equal, or there is none, the axis is around them.
func (e extent) scaleTo(from, to, margin float64) scale {
	lo, hi := e.min, e.max
	if !e.any {
		lo, hi = 0, 1
		if e.log {
			lo, hi = 1, 10
		}
	}
	s := scale{log: e.log, from: from, to: to}
	if s.log {
		lo, hi = math.Log10(lo), math.Log10(hi)
	} else {
		_, s.exp = math.Frexp(max(math.Abs(lo), math.Abs(hi)))
		lo, hi = math.Ldexp(lo, -s.exp), math.Ldexp(hi, -s.exp)
	}
	pad := float64((hi - lo) * margin)
	if !(hi-lo > 1e-12*max(math.Abs(lo), math.Abs(hi))) {
		pad = max(float64(math.Abs(lo)*0.1), 0.1)
	}
	s.min, s.max = lo-pad, hi+pad
	// An axis of numbers that are all at least 0 does not go below.
	if !s.log && lo >= 0 {
		s.min = max(s.min, 0)
	}
	return s
}

// at is where a number lies. What is beyond the axis lies at its end, and what it doesn't show at its
// beginning.
func (s scale) at(v float64) float64 {
	if s.log {
		v = math.Log10(v)
	} else {
		v = math.Ldexp(v, -s.exp)
	}
	share := min(max((v-s.min)/(s.max-s.min), 0), 1)
	if math.IsNaN(share) {
		share = 0
	}
	return s.from + float64(share*(s.to-s.from))
}

// shows reports whether a scale has a place for a number.
func (s scale) shows(v float64) bool { return finite(v) && (!s.log || v > 0) }

// tick is one number along an axis.
type tick struct {
	value float64
	text  string
}

// ticks are about n round numbers within the scale: 1, 2 or 5 times a power of ten. A nil format
// writes as many digits as tell them apart.
func (s scale) ticks(n int, format func(float64) string) []tick {
	if s.log {
		if t := s.logTicks(n, format); len(t) > 1 {
			return t
		}
		return s.ends(format)
	}
	lo, hi := math.Ldexp(s.min, s.exp), math.Ldexp(s.max, s.exp)
	rough := hi/float64(n) - lo/float64(n)
	if !finite(lo) || !finite(hi) || rough < 1e-300 || !finite(rough) {
		return s.ends(format)
	}
	power := math.Floor(math.Log10(rough))
	var step float64
	// The nearest of the round steps, by its share of the rough one.
	for _, m := range []float64{1, 2, 5, 10} {
		if step = m * math.Pow(10, power); step*math.Sqrt(nextStep(m)) >= rough {
			break
		}
	}
	first, last := math.Ceil(lo/step-1e-9), math.Floor(hi/step+1e-9)
	if !finite(step) || last-first > 100 || math.Abs(first) > 1e15 || math.Abs(last) > 1e15 {
		return s.ends(format)
	}
	decimals := int(max(0, -math.Floor(math.Log10(step)+1e-9)))
	write := tickText(max(math.Abs(lo), math.Abs(hi)), step, decimals, format)
	var ticks []tick
	for k := first; k <= last; k++ {
		v := float64(k*step) + 0 // no -0
		if decimals > 0 && decimals < 300 {
			// The number that is written, 0.3 rather than 0.30000000000000004.
			v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64)
		}
		ticks = append(ticks, tick{v, write(v)})
	}
	return ticks
}

// nextStep is by how much the round step after m is larger.
func nextStep(m float64) float64 {
	if m == 2 {
		return 2.5
	}
	return 2
}

// tickText is how the ticks of a step are written on an axis up to a number: with the decimals that tell them
// apart, and in thousands, millions and so on where the largest has five digits or more.
func tickText(largest, step float64, decimals int, format func(float64) string) func(float64) string {
	unit, suffix := unitOf(largest)
	return func(v float64) string {
		switch {
		case format != nil:
			return format(v)
		case v != 0 && largest >= 1e4 && largest < 1e15 && step >= unit/100:
			return strconv.FormatFloat(v/unit, 'g', 6, 64) + suffix
		case v != 0 && math.Abs(v) < 1000 && decimals <= 5:
			return strconv.FormatFloat(v, 'f', decimals, 64)
		}
		return written(nil, v)
	}
}

// unitOf is the largest of a thousand, a million and so on that a number reaches, and its letter.
func unitOf(v float64) (unit float64, suffix string) {
	unit = 1
	for _, letter := range []string{"k", "M", "G", "T"} {
		if math.Abs(v) < unit*1000 {
			break
		}
		unit, suffix = unit*1000, letter
	}
	return unit, suffix
}

// Short writes a number for a label along an axis with three significant digits: "131k", "1.05M".
func Short(f float64) string {
	if a := math.Abs(f); !(a >= 1e4 && a < 1e15) {
		return Number(f)
	}
	return inUnits(f)
}

func inUnits(f float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 3, 64), 64)
	unit, suffix := unitOf(rounded)
	return strconv.FormatFloat(rounded/unit, 'g', 3, 64) + suffix
}

// ends are the ends of a scale, where there are no round numbers between.
func (s scale) ends(format func(float64) string) []tick {
	var ticks []tick
	for _, v := range []float64{s.min, s.max} {
		if s.log {
			v = math.Pow(10, v)
		} else {
			v = math.Ldexp(v, s.exp)
		}
		if finite(v) {
			ticks = append(ticks, tick{v, written(format, v)})
		}
	}
	return ticks
}

// logTicks are powers of ten, with 2 and 5 times them where there are few.
func (s scale) logTicks(n int, format func(float64) string) []tick {
	decades := s.max - s.min
	mantissas, every := []float64{1}, max(1, int(math.Ceil(decades/float64(n))))
	if decades < 2.2 {
		mantissas = []float64{1, 2, 5}
	}
	var ticks []tick
	for k := int(math.Floor(s.min)); k <= int(math.Ceil(s.max)); k++ {
		if k%every != 0 {
			continue
		}
		for _, m := range mantissas {
			v, err := strconv.ParseFloat(strconv.Itoa(int(m))+"e"+strconv.Itoa(k), 64)
			if l := math.Log10(v); err == nil && v > 0 && l >= s.min-1e-9 && l <= s.max+1e-9 {
				ticks = append(ticks, tick{v, logText(format, v)})
			}
		}
	}
	return ticks
}

// logText writes a tick of a logarithmic axis.
func logText(format func(float64) string, v float64) string {
	switch {
	case format != nil:
		return format(v)
	case v >= 1000 && v < 1e15:
		return inUnits(v)
	}
	return Number(v)
}
