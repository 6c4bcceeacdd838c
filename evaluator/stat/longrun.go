package stat

import "math"

// BlockSeries is a series by time block, in order. Neighbouring blocks tell how far rows
// that are close in time vary together.
type BlockSeries struct {
	N []float64 // the number of rows of each block
	U []float64 // the sum of each block's values, centred on the mean of all
}

// merged returns the series with neighbouring blocks merged pairwise.
func (b BlockSeries) merged() BlockSeries {
	half := (len(b.N) + 1) / 2
	out := BlockSeries{N: make([]float64, half), U: make([]float64, half)}
	for i := range b.N {
		out.N[i/2] += b.N[i]
		out.U[i/2] += b.U[i]
	}
	return out
}

// withoutEmpty returns the series without the blocks that have no rows.
func (b BlockSeries) withoutEmpty() BlockSeries {
	var out BlockSeries
	for i := range b.N {
		if b.N[i] > 0 {
			out.N = append(out.N, b.N[i])
			out.U = append(out.U, b.U[i])
		}
	}
	return out
}

// Limits of the long-run variance.
const (
	minBlocks       = 8    // fewer time blocks with rows say nothing about autocorrelation
	minRowsPerBlock = 3    // neighbours are merged until blocks hold that many on average
	blockTestZ      = 1.3  // the one-sided 90 % point: above it, rows are taken as autocorrelated
	maxBlockCorr    = 0.25 // neighbouring blocks more correlated than that are merged further
)

// longRun compares the variance between time blocks with what independent rows
// of variance v would give. It returns the factor by which autocorrelation
// inflates the variance of the mean and the degrees of freedom of that factor;
// (1, +Inf) where the blocks don't speak against independence.
//
// With block sums u_b centred on the overall mean, L0 = sum u_b^2 has the mean
// v (n - sum n_b^2/n) for independent rows, whatever their distribution, and a
// relative standard deviation of about sqrt(2 sum n_b (n_b-1))/n. Where L0 is
// above that, the long-run variance is the lag-one batch-means estimator
// L0 + 2 L1, L1 = sum u_b u_{b+1}, on blocks merged until neighbours correlate
// little, each term divided by its mean under independence; it has about K/2.5
// degrees of freedom for K blocks (the truncated kernel's asymptotic variance,
// Priestley, Spectral Analysis and Time Series, 1981, 6.2.3).
func longRun(b BlockSeries, n, v float64) (inflation, df float64) {
	b = b.withoutEmpty()
	for len(b.N) >= 2*minBlocks && n/float64(len(b.N)) < minRowsPerBlock {
		b = b.merged()
	}
	if len(b.N) < minBlocks || !(v > 0) {
		return 1, math.Inf(1)
	}
	var l0, sq, pairs float64
	for i := range b.N {
		l0 += float64(b.U[i] * b.U[i])
		sq += float64(b.N[i] * b.N[i])
		pairs += float64(b.N[i] * (b.N[i] - 1))
	}
	expected := float64(v * (n - sq/n))
	if !(expected > 0) || !(pairs > 0) {
		return 1, math.Inf(1)
	}
	if z := (l0/expected - 1) / (math.Sqrt(2*pairs) / n); z < blockTestZ {
		return 1, math.Inf(1)
	}
	for {
		k := len(b.N)
		var l0, l1, sq, sq1 float64
		for i := range b.N {
			l0 += float64(b.U[i] * b.U[i])
			sq += float64(b.N[i] * b.N[i])
			if i > 0 {
				l1 += float64(b.U[i] * b.U[i-1])
				sq1 += float64(b.N[i] * b.N[i-1])
			}
		}
		if l1 > maxBlockCorr*l0 && k >= 2*minBlocks {
			b = b.merged()
			continue
		}
		sum := l0 + float64(2*math.Max(l1, 0))
		norm := float64(n * (1 - (sq+float64(2*sq1))/(n*n)))
		if l1 <= 0 {
			norm = float64(n * (1 - sq/(n*n)))
		}
		// So many blocks of one size would vary as these.
		even := n * n / sq
		if even < minBlocks/2 || !(norm > 0) {
			return 1, math.Inf(1)
		}
		return math.Max(1, sum/(norm*v)), math.Max(1, even/2.5)
	}
}
