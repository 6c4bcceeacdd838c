package stat

import "math"

// BlockSeries is a series by time block, in order. Neighbouring blocks tell how far rows
// that are close in time vary together.
type BlockSeries struct {
	N        []float64 // the number of rows of each block
	U        []float64 // the sum of each block's values, centred on the mean of all
	Patterns *Patterns // what is taken out first, of these blocks; nil for the mean alone
}

// Limits of the long-run variance.
const (
	minBlocks       = 8   // fewer time blocks with rows say nothing about autocorrelation
	minRowsPerBlock = 3   // neighbours are merged until blocks hold that many on average
	blockTestZ      = 1.3 // the one-sided 90 % point: above it, rows are taken as autocorrelated
	maxBlockCorr    = 0.3 // neighbouring blocks more correlated than that are merged further
)

// LongRun is how a window's rows vary together as time goes by, as one series shows it. The
// rows of a part of the window, such as a segment, vary together alike: see share.
type LongRun struct {
	inflation float64 // the factor by which it inflates the variance of the mean
	df        float64 // the degrees of freedom of inflation
	// Below is nothing where rows vary independently.
	merged  []int   // the merged block of each block, -1 for empty ones
	within  float64 // covariance of two rows of a merged block, over the variance of one
	between float64 // the same of rows of neighbouring blocks
}

// independent is a LongRun of rows that vary independently.
func independent() *LongRun { return &LongRun{inflation: 1, df: math.Inf(1)} }

// share returns inflation and df for a part of the rows, of which there are so many in each
// block. With m_b of its rows in merged block b, its sum has the variance, over that of one
// row,
//
//	m + within sum m_b (m_b - 1) + 2 between sum m_b m_{b+1},
//
// m altogether. A few rows that were drawn from all of the time hardly vary together, rows
// that have an hour to themselves do as the whole's of that hour. Its degrees of freedom are
// as much more as the uncertain share of it is less.
func (l *LongRun) share(rows []float64) (inflation, df float64) {
	if len(l.merged) != len(rows) {
		return 1, math.Inf(1)
	}
	m, total := make([]float64, len(rows)), 0.0
	for i, n := range rows {
		if l.merged[i] >= 0 {
			m[l.merged[i]] += n
			total += n
		}
	}
	pairs, next := 0.0, 0.0
	for b, n := range m {
		pairs += float64(n * (n - 1))
		if b > 0 {
			next += float64(n * m[b-1])
		}
	}
	more := (float64(l.within*pairs) + float64(2*l.between*next)) / total
	if !(more > 0) {
		return 1, math.Inf(1)
	}
	uncertain := more / (l.inflation - 1) * l.inflation / (1 + more)
	return 1 + more, l.df / float64(uncertain*uncertain)
}

// longRun compares the variance between time blocks with what independent rows
// of variance v would give. Rows are independent where the blocks don't speak against it.
//
// Of the block sums, what the patterns explain is taken out first: the error's own way over
// the day would look like autocorrelation, and widen every interval. With q patterns, the
// mean among them, independent rows leave L0 = sum u_b^2 the mean v E0, E0 = n - sum
// |taken_b|^2, whatever their distribution, and a relative standard deviation of about
// sqrt(2 sum n_b (n_b-1) K/(K-q))/n. Where L0 is above that, v being without the patterns, the
// long-run variance is the lag-one batch-means estimator
//
//	(L0 + 2 L1) / (E0 + 2 E1),  L1 = sum u_b u_{b+1},  E1 = - sum taken_b . taken_{b+1},
//
// on blocks merged until neighbours correlate little; it has about (K-q)/2.5 degrees of
// freedom for K blocks (the truncated kernel's asymptotic variance, Priestley, Spectral
// Analysis and Time Series, 1981, 6.2.3). Dividing by what independent rows would leave
// rather than by the number of blocks matters: patterns take the lowest frequencies, which
// weigh most in L0 + 2 L1.
func longRun(b BlockSeries, n, v float64) *LongRun {
	if b.Patterns == nil {
		b.Patterns = PatternsOf(b.N, 0)
	}
	blocks, explained := b.Patterns.take(b)
	blocks, place := withoutEmpty(blocks)
	for len(blocks) >= 2*minBlocks && n/float64(len(blocks)) < minRowsPerBlock {
		blocks = merged(blocks, place)
	}
	q := float64(len(b.Patterns.columns))
	if len(blocks) < minBlocks || !(v > 0) {
		return independent()
	}
	s := sumsOf(blocks)
	k := float64(len(blocks))
	within := (float64(v*(n-1)) - explained) / (n - q)
	if !(s.e0 > 0) || !(s.pairs > 0) || !(within > 0) {
		return independent()
	}
	if z := (s.l0/(s.e0*within) - 1) / (math.Sqrt(2*s.pairs*k/(k-q)) / n); z < blockTestZ {
		return independent()
	}
	for {
		half := (len(blocks) + 1) / 2
		// What neighbours have in common, with what the patterns took of it put back.
		common := s.l1 - s.e1*s.l0/s.e0
		if common > maxBlockCorr*s.l0 && half >= minBlocks && half >= blocksPerPattern*(len(b.Patterns.columns)-1) {
			blocks = merged(blocks, place)
			s = sumsOf(blocks)
			continue
		}
		sum, norm := s.l0, s.e0
		if common > 0 {
			sum += float64(2 * s.l1)
			norm += float64(2 * s.e1)
		}
		// The covariance of a block with others, over its variance.
		others := math.Max(0, math.Min(common/s.l0, 0.6))
		if others > maxBlockCorr {
			// Merging had to end early: blocks further apart have something in common too.
			// Where autocorrelation falls off exponentially it is about so much.
			further := others / (1 - float64(1.4*others*others))
			sum = float64(sum * ((1 + float64(2*further)) / (1 + float64(2*others))))
			others = further
		}
		// So many blocks of one size would vary as these.
		even := n * n / s.squares
		if even < minBlocks/2 || !(norm > 0) {
			return independent()
		}
		l := &LongRun{inflation: sum / (norm * v), df: math.Max(1, (even-q+1)/2.5)}
		if !(l.inflation > 1) {
			return independent()
		}
		l.merged = place
		neighbours := float64(l.inflation*n) * 2 * others / (1 + float64(2*others)) // of the sum's variance
		if s.next > 0 {
			l.between = neighbours / (2 * s.next)
		}
		l.within = (float64((l.inflation-1)*n) - float64(2*l.between*s.next)) / s.pairs
		return l
	}
}

// blockSums are the sums over blocks that longRun names.
type blockSums struct {
	l0, l1, e0, e1 float64
	// Of the numbers of rows: sum n_b^2, sum n_b (n_b-1) and sum n_b n_{b+1}.
	squares, pairs, next float64
}

func sumsOf(blocks []restBlock) blockSums {
	var s blockSums
	for i, b := range blocks {
		s.l0 += float64(b.u * b.u)
		s.e0 += b.n - takenBoth(b, b)
		s.squares += float64(b.n * b.n)
		s.pairs += float64(b.n * (b.n - 1))
		if i > 0 {
			s.l1 += float64(b.u * blocks[i-1].u)
			s.e1 -= takenBoth(b, blocks[i-1])
			s.next += float64(b.n * blocks[i-1].n)
		}
	}
	return s
}

// merged returns the blocks merged pairwise, and halves the places accordingly.
func merged(blocks []restBlock, place []int) []restBlock {
	for i, at := range place {
		if at > 0 {
			place[i] = at / 2
		}
	}
	out := make([]restBlock, 0, (len(blocks)+1)/2)
	for i := 0; i < len(blocks); i += 2 {
		if i+1 == len(blocks) {
			out = append(out, blocks[i])
		} else {
			out = append(out, blocks[i].with(blocks[i+1]))
		}
	}
	return out
}

// withoutEmpty returns the blocks that have rows, and the place there of each block, -1 of
// an empty one.
func withoutEmpty(blocks []restBlock) (filled []restBlock, place []int) {
	place = make([]int, len(blocks))
	filled = blocks[:0]
	for i, b := range blocks {
		if place[i] = -1; b.n > 0 {
			place[i] = len(filled)
			filled = append(filled, b)
		}
	}
	return filled, place
}
