package drift

import (
	"math"
	"sort"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// The measures of shares say how many more of a window's rows have something than of the
// reference's: no value, or one outside the range of the reference's values. They judge
// beside the measures of every method, which compare the values that are there and in range.
//
// What chance makes of them is known in closed form, so they need no draws, and what they can
// flag by chance is known too: the other measures of the column get what they leave of its 5 %.

// shareLevel is the level of their noise floors.
const shareLevel = 0.995

// shares is a measure of shares of one window and one reference.
type shares struct {
	value   float64
	found   int64               // rows of the window that have it; those that are alike count as fewer
	of      int64               // most that may have it
	at      func(int64) float64 // what the measure is with so many
	atLeast func(int64) float64 // how likely so many or more are without change
	mean    float64             // without change
	sd      float64
}

// missingShare is the share of rows without a value. Without change the window's are dealt to
// it from all that lack one, as the hypergeometric distribution says.
func missingShare(ref, cur *summary.Column, alike Likeness) shares {
	allRef, all := ref.N()+ref.Missing(), cur.N()+cur.Missing()
	n, m := alike.wholeRows(allRef, all)
	lackingRef, found := alike.wholeRows(ref.Missing(), cur.Missing())
	lacking := lackingRef + found
	at := func(k int64) float64 { return float64(k)/float64(m) - float64(lacking-k)/float64(n) }
	dealt := newHypergeometric(lacking, float64(n), float64(m))
	return shares{
		value: float64(cur.Missing())/float64(all) - float64(ref.Missing())/float64(allRef),
		found: found, of: min(lacking, m), at: at, atLeast: dealt.atLeast,
		sd: float64(dealt.sd * (1/float64(n) + 1/float64(m))),
	}
}

// outOfRange is the share of rows outside the range of the reference, where it has none
// itself. Beyond either end lie as many of m new values as failures come before a success
// that is as likely as n/(n+m), whatever the distribution is, and fewer where values are tied:
// together a negative binomial of two.
func outOfRange(ref, cur *summary.Column, alike Likeness) shares {
	beyond := cur.Open(0) + cur.Open(len(cur.Edges()))
	valuesRef, values := alike.wholeRows(ref.N(), cur.N())
	_, found := alike.wholeRows(0, beyond)
	n, m := float64(valuesRef), float64(values)
	_, missing := alike.wholeRows(0, cur.Missing())
	rows := float64(values + missing)
	at := func(k int64) float64 { return float64(k) / rows }
	success, failure := n/(n+m), m/(n+m)
	mean := float64(2 * failure / success)
	return shares{
		value: float64(beyond) / float64(cur.N()+cur.Missing()), found: found, of: values, at: at,
		atLeast: func(k int64) float64 {
			if k <= 0 {
				return 1
			}
			return float64(portable.Exp(float64(float64(k)*portable.Log(failure))) * (1 + float64(float64(k)*success)))
		},
		mean: mean / rows, sd: math.Sqrt(mean/success) / rows,
	}
}

// measured returns the measure with its noise floor and p-value.
func (s *shares) measured() measured {
	beyond := sort.Search(int(s.of), func(k int) bool { return s.atLeast(int64(k)+1) <= 1-shareLevel })
	p := s.atLeast(s.found)
	return measured{
		value: s.value, pValue: &p,
		null: null{
			floor: s.at(int64(beyond)), mean: s.mean, rms: math.Sqrt(float64(s.sd*s.sd) + float64(s.mean*s.mean)), sd: s.sd, signed: true,
			exceeded: func(value float64) float64 { return s.likely(func(of float64) bool { return of >= value }) },
		},
	}
}

// spends returns how likely the measure is above its limit without change.
func (s *shares) spends(limit float64) float64 {
	return s.likely(func(of float64) bool { return of > limit })
}

// likely returns how likely the measure is without change what the function says, which is so
// from some value on.
func (s *shares) likely(is func(float64) bool) float64 {
	least := sort.Search(int(s.of)+1, func(k int) bool { return is(s.at(int64(k))) })
	if int64(least) > s.of {
		return 0
	}
	return s.atLeast(int64(least))
}

// hypergeometric is the distribution of how many of some marked rows a window of m rows gets
// where n other rows have the rest.
type hypergeometric struct {
	from int64
	tail []float64 // of from, from+1, ...: how likely so many or more are
	sd   float64
}

// smallestMass is how much less likely than the likeliest a number is that is left out.
const smallestMass = 1e-18

func newHypergeometric(marked int64, n, m float64) hypergeometric {
	k, all := float64(marked), n+m
	h := hypergeometric{}
	if marked == 0 || all < 2 {
		h.tail = []float64{1}
		return h
	}
	h.sd = math.Sqrt(k * (m / all) * (n / all) * ((all - k) / (all - 1)))
	// From the likeliest number downwards and upwards, by the ratio of neighbours.
	likeliest := math.Floor((k + 1) * ((m + 1) / (all + 2)))
	var below, above []float64
	for x, mass := likeliest, 1.0; x > 0 && mass > smallestMass; x-- {
		mass = float64(mass * float64(x/(k-x+1)*((n-k+x)/(m-x+1))))
		below = append(below, mass)
	}
	for x, mass := likeliest, 1.0; x < math.Min(k, m) && mass > smallestMass; x++ {
		mass = float64(mass * float64((k-x)/(x+1)*((m-x)/(n-k+x+1))))
		above = append(above, mass)
	}
	h.from = int64(likeliest) - int64(len(below))
	h.tail = make([]float64, len(below)+1+len(above))
	for i, mass := range below {
		h.tail[len(below)-1-i] = mass
	}
	h.tail[len(below)] = 1
	copy(h.tail[len(below)+1:], above)
	for i := len(h.tail) - 2; i >= 0; i-- {
		h.tail[i] += h.tail[i+1]
	}
	total := h.tail[0]
	for i := range h.tail {
		h.tail[i] /= total
	}
	return h
}

// atLeast returns how likely x or more are.
func (h *hypergeometric) atLeast(x int64) float64 {
	switch i := x - h.from; {
	case i <= 0:
		return 1
	case i >= int64(len(h.tail)):
		return 0
	default:
		return h.tail[i]
	}
}
