package drift

import (
	"math"
	"math/bits"
	"sync"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// normals is a deterministic stream of random numbers: SplitMix64 (Steele, Lea,
// Flood, OOPSLA 2014), and standard normal ones by the polar method of Marsaglia: of
// numbers u and v in (-1, 1) that follow one another it makes two normal ones, u and v
// times a factor, unless it rejects them. Every stream is the same one from its start.
type normals struct {
	at    uint64 // uniform numbers taken
	spare float64
	have  bool
	polar *polar // of a part of the stream, nil before the first
	from  uint64 // where that part begins
}

// floorGamma is by how much SplitMix64 counts on.
const floorGamma = 0x9e3779b97f4a7c15

// uniformAt returns the number at a 0-based position of the stream, in [0, 1).
func uniformAt(position uint64) float64 {
	z := floorSeed + (position+1)*floorGamma
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(float64(z>>11) / (1 << 53))
}

// signedAt returns the same number in [-1, 1).
func signedAt(position uint64) float64 { return float64(2*uniformAt(position)) - 1 }

// polarFactor returns what the polar method multiplies two numbers by whose squares sum to s.
func polarFactor(s float64) float64 { return math.Sqrt(-2 * portable.Log(s) / s) }

// polarTakes returns 1 where 0 < s < 1, which the polar method asks for, else 0; s isn't
// negative.
func polarTakes(s float64) int {
	_, below := bits.Sub64(math.Float64bits(s)-1, math.Float64bits(1)-1, 0)
	return int(below)
}

// uniform returns the next number of the stream, in [0, 1).
func (r *normals) uniform() float64 {
	r.at++
	return uniformAt(r.at - 1)
}

// next returns the next standard normal number.
func (r *normals) next() float64 {
	if r.have {
		r.have = false
		return r.spare
	}
	for r.at < polarParts*polarSize {
		i := r.at - r.from
		if r.polar == nil || i >= polarSize {
			r.polar, r.from = polarAt(r.at)
			i = r.at - r.from
		}
		r.at += 2
		if f := r.polar.factor[i]; f != 0 {
			r.spare, r.have = float64(r.polar.signed[i+1]*f), true
			return float64(r.polar.signed[i] * f)
		}
	}
	for {
		u, v := signedAt(r.at), signedAt(r.at+1)
		r.at += 2
		if s := float64(u*u) + float64(v*v); polarTakes(s) == 1 {
			f := polarFactor(s)
			r.spare, r.have = float64(v*f), true
			return float64(u * f)
		}
	}
}

// fill takes as many normal numbers as out has room for. It is for many at once: pairs
// are tried without a branch, and those taken don't wait for one another.
func (r *normals) fill(out []float64) {
	const most = 64
	var u, v, s [most]float64
	for len(out) > 0 {
		if r.have {
			out[0], r.have = r.spare, false
			out = out[1:]
			continue
		}
		pairs := min((len(out)+1)/2, most)
		for n := 0; n < pairs; r.at += 2 {
			i := n % most
			u[i], v[i] = signedAt(r.at), signedAt(r.at+1)
			s[i] = float64(u[i]*u[i]) + float64(v[i]*v[i])
			n += polarTakes(s[i])
		}
		for i := range pairs {
			f := polarFactor(s[i])
			out[0] = float64(u[i] * f)
			if len(out) == 1 {
				r.spare, r.have = float64(v[i]*f), true
				return
			}
			out[1] = float64(v[i] * f)
			out = out[2:]
		}
	}
}

// polar is what the polar method makes of a part of the stream, wherever it begins.
type polar struct {
	signed [polarSize + 1]float64 // and the first of the next part
	factor [polarSize]float64     // 0 where the pair is rejected
}

const (
	polarSize  = 4096
	polarParts = 64 // 4 MiB, which few columns go beyond
)

// polarTable holds the parts that were asked for: all columns ask for the same ones.
//
//nolint:gochecknoglobals // constants too long to write down
var polarTable [polarParts]struct {
	once sync.Once
	part *polar
}

// polarAt returns the part of the table that a position lies in, and where it begins.
func polarAt(position uint64) (part *polar, from uint64) {
	k := position / polarSize
	kept := &polarTable[k]
	kept.once.Do(func() { kept.part = newPolar(k * polarSize) })
	return kept.part, k * polarSize
}

func newPolar(from uint64) *polar {
	p := new(polar)
	for i := range p.signed {
		p.signed[i] = signedAt(from + uint64(i))
	}
	for i := range p.factor {
		u, v := p.signed[i], p.signed[i+1]
		if s := float64(u*u) + float64(v*v); polarTakes(s) == 1 {
			p.factor[i] = polarFactor(s)
		}
	}
	return p
}

// binomial draws the number of successes in a fixed number of trials: by inversion,
// and where at least 40 of either outcome are expected by the rounded normal, whose
// error is far below that of a quantile of the draws.
type binomial struct {
	trials, p float64
	swapped   bool    // p is that of failure, the rarer outcome
	none      float64 // the probability of no success
	normal    bool
	mean, sd  float64
}

func newBinomial(trials, p float64) binomial {
	b := binomial{trials: trials, p: p}
	if p > 0.5 {
		b.p, b.swapped = 1-p, true
	}
	b.mean = float64(trials * b.p)
	b.sd = math.Sqrt(b.mean * (1 - b.p))
	b.normal = b.mean > 40
	if !b.normal {
		b.none = portable.Exp(float64(trials * portable.Log1p(-b.p)))
	}
	return b
}

func (b *binomial) draw(rng *normals) float64 {
	k := 0.0
	switch {
	case b.trials == 0:
		return 0
	case b.normal:
		k = min(roundPositive(max(b.mean+float64(b.sd*rng.next()), 0)), b.trials)
	default:
		u, prob, odds := rng.uniform(), b.none, b.p/(1-b.p)
		for u > prob && k < b.trials {
			u -= prob
			prob = float64(prob * ((b.trials - k) / (k + 1) * odds))
			k++
		}
	}
	if b.swapped {
		return b.trials - k
	}
	return k
}

// roundPositive is math.Round of a number from 0 to 2^62, without its branches: what is
// added is the greatest number below a half, so that nothing below a half is rounded up.
func roundPositive(x float64) float64 { return float64(int64(x + 0x1.fffffffffffffp-2)) }
