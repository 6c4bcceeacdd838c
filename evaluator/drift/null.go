package drift

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// null is what a measure comes to at these numbers of rows where nothing has changed. The
// functions that draw floors return it, and the judging of a measure goes by it.
type null struct {
	floor float64 // the quantile at the level that was asked for
	mean  float64 // of the draws
	rms   float64 // the root of the mean of their squares
	sd    float64 // their standard deviation

	signed bool // the measure is a difference, about which chance adds as much as it takes

	// exceeded returns with what probability chance alone exceeds a value. It is nil where
	// chance brings nothing.
	exceeded func(value float64) float64
}

// p returns the probability that chance alone brings more than the value.
func (n null) p(value float64) float64 {
	switch {
	case n.exceeded != nil:
		return n.exceeded(value)
	case value > n.floor:
		return 0
	}
	return 1
}

// excess returns what is left of a value that chance alone has a part in: of a distance its
// square less the mean square of chance, for both add up as squares; of a measure that grows
// with a square, or is a difference, the value less the mean. A distance that can be at most so
// much has less room for anything else, the more of it chance takes: where chance alone brings
// it to its greatest value, nothing can be seen.
func (n null) excess(value float64, s *Spec) float64 {
	if s.squared || n.signed {
		return max(0, value-n.mean)
	}
	if value < n.rms {
		return 0
	}
	left := float64((value - n.rms) * (value + n.rms))
	switch room := s.most - n.rms; {
	case s.most == 0:
	case room <= 1e-9*s.most:
		return value
	default:
		left /= float64(room * (s.most + n.rms) / float64(s.most*s.most))
	}
	return math.Sqrt(left)
}

// leastSeen returns the least drift that shows beside chance: the noise floor, of which only
// the excess counts where it is above the threshold.
func (n null) leastSeen(threshold float64, s *Spec) float64 {
	if n.floor > threshold {
		return n.excess(n.floor, s)
	}
	return n.floor
}

// over returns the same of a measure that is divided by a number.
func (n null) over(by float64) null {
	out := null{floor: n.floor / by, mean: n.mean / by, rms: n.rms / by, sd: n.sd / by, signed: n.signed}
	if of := n.exceeded; of != nil {
		out.exceeded = func(value float64) float64 { return of(float64(value * by)) }
	}
	return out
}

// drawn fills in what draws of a measure have in common, but those that are infinite, which
// left one sample without rows. Squared says that the measure grows with the square of a
// difference.
func (n *null) drawn(draws []float64, squared bool) {
	square := func(v float64) float64 { return float64(v * v) }
	if squared {
		square = func(v float64) float64 { return v }
	}
	var count, sum, sum2, y1 float64
	for _, v := range draws {
		if !math.IsInf(v, 0) {
			count++
			sum += v
			sum2 += float64(v * v)
			y1 += square(v)
		}
	}
	if count == 0 {
		return
	}
	n.mean, n.rms = sum/count, math.Sqrt(sum2/count)
	n.sd = math.Sqrt(max(0, sum2/count-float64(n.mean*n.mean)))
	mean := y1 / count
	var y2, y3 float64
	for _, v := range draws {
		if !math.IsInf(v, 0) {
			d := square(v) - mean
			y2 += float64(d * d)
			y3 += float64(d * d * d)
		}
	}
	if sd := math.Sqrt(y2 / count); sd > 0 {
		of := newTail(count, mean, sd, y3/count)
		n.exceeded = func(value float64) float64 { return of.beyond(square(value)) }
	}
}

// tail is the law by which squares of a measure reach beyond what draws of them show: a gamma
// distribution with their mean, variance and skewness, which is what a weighted sum of squares
// of normal numbers is near to (Pearson, Biometrika 46, 1959), and distances of samples are
// about such sums.
type tail struct{ shift, scale, shape float64 }

// newTail fits it to the moments of so many draws: their mean, standard deviation and third
// central moment. Their skewness is taken to be no less than that of squares that begin at 0,
// and a standard error more than it is, since a p-value should rather be too large.
func newTail(draws, mean, sd, third float64) tail {
	skew := max(third/float64(sd*sd)/sd, 2*sd/mean) + 3/math.Sqrt(draws)
	t := tail{scale: float64(sd * skew / 2), shape: 4 / float64(skew*skew)}
	t.shift = mean - float64(t.shape*t.scale)
	return t
}

// beyond returns the probability of more than so much.
func (t tail) beyond(y float64) float64 {
	return portable.GammaTail(t.shape, (y-t.shift)/t.scale)
}

// ksNull is the two-sample Kolmogorov-Smirnov distance under no change: its quantile at level
// is sqrt(-ln((1-level)/2)/2 (1/n + 1/m)) (Smirnov 1939), its mean and mean square those of
// Kolmogorov's distribution, sqrt(pi/2) ln 2 and pi^2/12. All are conservative for tied data.
func ksNull(n, m, level float64) null {
	per := 1/n + 1/m
	root := math.Sqrt(per)
	mean := float64(math.Sqrt(math.Pi/2) * math.Ln2)
	const square = math.Pi * math.Pi / 12
	return null{
		floor:    math.Min(1, math.Sqrt(-portable.Log(float64((1-level)/2))/2*per)),
		mean:     math.Min(1, float64(mean*root)),
		rms:      math.Min(1, float64(math.Sqrt(square)*root)),
		sd:       float64(math.Sqrt(square-float64(mean*mean)) * root),
		exceeded: func(value float64) float64 { return KSPValue(value, n, m) },
	}
}
