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

// longRun compares the variance between time blocks with what independent rows
// of variance v would give. It returns the factor by which autocorrelation
// inflates the variance of the mean and the degrees of freedom of that factor;
// (1, +Inf) where the blocks don't speak against independence.
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
func longRun(b BlockSeries, n, v float64) (inflation, df float64) {
	none := math.Inf(1)
	if b.Patterns == nil {
		b.Patterns = PatternsOf(b.N, 0)
	}
	blocks, explained := b.Patterns.take(b)
	blocks = withoutEmpty(blocks)
	for len(blocks) >= 2*minBlocks && n/float64(len(blocks)) < minRowsPerBlock {
		blocks = merged(blocks)
	}
	q := float64(len(b.Patterns.columns))
	if len(blocks) < minBlocks || !(v > 0) {
		return 1, none
	}
	s := sumsOf(blocks)
	k := float64(len(blocks))
	within := (float64(v*(n-1)) - explained) / (n - q)
	if !(s.e0 > 0) || !(s.pairs > 0) || !(within > 0) {
		return 1, none
	}
	if z := (s.l0/(s.e0*within) - 1) / (math.Sqrt(2*s.pairs*k/(k-q)) / n); z < blockTestZ {
		return 1, none
	}
	for {
		half := (len(blocks) + 1) / 2
		// What neighbours have in common, with what the patterns took of it put back.
		common := s.l1 - s.e1*s.l0/s.e0
		if common > maxBlockCorr*s.l0 && half >= minBlocks && half >= blocksPerPattern*(len(b.Patterns.columns)-1) {
			blocks = merged(blocks)
			s = sumsOf(blocks)
			continue
		}
		sum, norm := s.l0, s.e0
		if common > 0 {
			sum += float64(2 * s.l1)
			norm += float64(2 * s.e1)
		}
		if c := math.Min(common/s.l0, 0.6); c > maxBlockCorr {
			// Merging had to end early: blocks further apart have something in common too.
			// Where autocorrelation falls off exponentially it is about so much.
			sum *= (1 + 2*c/(1-float64(1.4*c*c))) / (1 + float64(2*c))
		}
		// So many blocks of one size would vary as these.
		even := n * n / s.squares
		if even < minBlocks/2 || !(norm > 0) {
			return 1, none
		}
		return math.Max(1, sum/(norm*v)), math.Max(1, (even-q+1)/2.5)
	}
}

// blockSums are the sums over blocks that longRun names.
type blockSums struct {
	l0, l1, e0, e1 float64
	squares, pairs float64 // of the numbers of rows: sum n^2 and sum n (n-1)
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
		}
	}
	return s
}

// merged returns the blocks merged pairwise.
func merged(blocks []restBlock) []restBlock {
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

// withoutEmpty returns the blocks that have rows.
func withoutEmpty(blocks []restBlock) []restBlock {
	out := blocks[:0]
	for _, b := range blocks {
		if b.n > 0 {
			out = append(out, b)
		}
	}
	return out
}
