package stat

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// Patterns are what repeats every day, and in a week or more every week too: the columns of
// a regression of a series' block sums on sinusoids. What they explain is no
// autocorrelation. They are made by PatternsOf.
type Patterns struct {
	// columns are functions of the block, f with sum of rows x f x g = 1 for f = g, else 0.
	// The first is constant: taking it out centres the series.
	columns [][]float64
}

const (
	harmonics = 3 // of a day, and of a week
	// A day or a week of an hour less, when clocks are put forward, has its pattern too.
	clocksForward = 1.0 / 24 // days
	// So little is left of a sinusoid where the blocks can't tell it from the others.
	leastLeft = 0.01
	// A column needs so many blocks, so that enough is left to tell how these vary.
	blocksPerPattern = 4
)

// PatternsOf returns the patterns of blocks with these numbers of rows, which together are so
// many days long; 0 where they aren't blocks of time. Three harmonics of the day are taken
// out from a day on, of the week from seven days on, as far as there are blocks enough.
func PatternsOf(rows []float64, days float64) *Patterns {
	p := &Patterns{}
	n, filled := 0.0, 0
	for _, r := range rows {
		n += r
		if r > 0 {
			filled++
		}
	}
	one := make([]float64, len(rows))
	for i := range one {
		one[i] = 1
	}
	p.add(rows, one)
	// The blocks will be merged until they have rows enough.
	for filled >= 2*minBlocks && n/float64(filled) < minRowsPerBlock {
		filled = (filled + 1) / 2
	}
	for _, period := range []float64{1, 7} { // days
		if days < period-clocksForward {
			break
		}
		for h := 1; h <= harmonics && blocksPerPattern*(len(p.columns)+2) <= filled; h++ {
			// The mean of a sinusoid over a block is its value in the middle, times the
			// same for all blocks.
			sines, cosines := make([]float64, len(rows)), make([]float64, len(rows))
			turns := float64(h) * days / period / float64(len(rows))
			for i := range rows {
				sines[i], cosines[i] = portable.SinCos(float64((float64(i) + 0.5) * turns))
			}
			p.add(rows, sines)
			p.add(rows, cosines)
		}
	}
	return p
}

// add makes a column orthogonal to the others, twice so that rounding leaves nothing of
// them, and adds it unless nearly nothing is left.
func (p *Patterns) add(rows, column []float64) {
	before := weighted(rows, column, column)
	for range 2 {
		for _, c := range p.columns {
			common := weighted(rows, column, c)
			for i := range column {
				column[i] -= float64(common * c[i])
			}
		}
	}
	left := weighted(rows, column, column)
	if !(left > leastLeft*before) {
		return
	}
	root := math.Sqrt(left)
	for i := range column {
		column[i] /= root
	}
	p.columns = append(p.columns, column)
}

// weighted returns the sum of rows x f x g.
func weighted(rows, f, g []float64) float64 {
	sum := 0.0
	for i, r := range rows {
		sum += float64(r * f[i] * g[i])
	}
	return sum
}

// take regresses block sums, each weighted by one over its rows, on the patterns. It returns
// what is left of each block with the block's rows, and the sum of squares that it explains
// of the rows.
func (p *Patterns) take(b BlockSeries) (left []restBlock, explained float64) {
	left = make([]restBlock, len(b.N))
	q := len(p.columns)
	taken := make([]float64, len(b.N)*q)
	for i, n := range b.N {
		left[i] = restBlock{n: n, u: b.U[i], taken: taken[i*q : (i+1)*q]}
	}
	for k, c := range p.columns {
		size := 0.0
		for i, u := range b.U {
			size += float64(u * c[i])
		}
		explained += float64(size * size)
		for i := range left {
			left[i].taken[k] = float64(b.N[i] * c[i])
			left[i].u -= float64(size * left[i].taken[k])
		}
	}
	return left, explained
}

// restBlock is what is left of a block. Rows that are independent, with the variance 1,
// leave the covariance n [a = b] - taken_a . taken_b of two blocks a and b.
type restBlock struct {
	n, u  float64
	taken []float64 // by pattern
}

// with returns the two blocks merged.
func (b restBlock) with(c restBlock) restBlock {
	out := restBlock{n: b.n + c.n, u: b.u + c.u, taken: make([]float64, len(b.taken))}
	for k := range out.taken {
		out.taken[k] = b.taken[k] + c.taken[k]
	}
	return out
}

// takenBoth returns how much the patterns take of the covariance of two blocks.
func takenBoth(b, c restBlock) float64 {
	sum := 0.0
	for k, t := range b.taken {
		sum += float64(t * c.taken[k])
	}
	return sum
}
