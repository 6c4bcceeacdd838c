package stat

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// minDays is the number of days from which on these tell how far a mean is off: fewer say
// little of how days differ.
const minDays = 8

// byDays returns the factor by which the variance of a series' mean is above that of
// independent rows of variance v, as the sums of its days have it, and its degrees of
// freedom. It reports false where there are too few days.
//
// With day sums U_d that are centred on the mean of all N rows,
//
//	V = sum U_d^2 / (N^2 - sum n_d^2)
//
// has the mean v/N for independent rows, and holds for whatever makes rows of a day vary
// together: hours that differ, autocorrelation, a good or a bad day. So many days of one
// size would vary as these, N^2 / sum n_d^2, less one, are its degrees of freedom.
func byDays(days BlockSeries, v float64) (inflation, df float64, ok bool) {
	var n, squares, sum float64
	for i := range days.N {
		n += days.N[i]
		squares += float64(days.N[i] * days.N[i])
		sum += float64(days.U[i] * days.U[i])
	}
	even := float64(n*n) / squares
	if days.filled() < minDays || !(sum > 0) || even < minDays/2 {
		return 0, 0, false
	}
	return sum / (float64(n*n) - squares) * n / v, even - 1, true
}

// DaySeries is a series by the days of one stratum of a reference, with what sampling alone
// makes of it.
type DaySeries struct {
	BlockSeries         // by day, centred on the stratum's mean
	Noise       float64 // the variance of a day's sum for each of its rows, by sampling alone
	NoiseDF     float64 // degrees of freedom of Noise
	Are         string  // what the days are, for people: days, or windows that stand for them
}

// BetweenDays returns the variance tau^2 of the true mean from one day to another, and its
// degrees of freedom, pooled over strata: each day is taken from the mean of its own. Both
// are 0 where the days don't differ clearly more than sampling makes them.
//
// With day sums U_d of n_d rows and S strata of K days altogether, the mean square
//
//	B = sum U_d^2/n_d / (K - S)
//
// has the mean noise + n0 tau^2, where n0 is sum over strata of (N - sum n_d^2/N) / (K - S)
// (Searle, Casella and McCulloch, Variance Components, 1992, 3.6). So tau^2 =
// (B - noise)/n0. It counts where B/noise is above the one-sided 90 % point of F, by
// Paulson's approximation (Annals of Mathematical Statistics 13, 1942): days that don't
// differ are taken for ordinary variation in one reference of ten. The degrees of freedom are
// Satterthwaite's.
func BetweenDays(strata []DaySeries) (variance, df float64) {
	var days, dfB, squares, spread, noise, noiseSquares float64
	for _, s := range strata {
		if !(s.Noise > 0) {
			continue
		}
		var k, n, sq float64
		for i, rows := range s.N {
			if rows > 0 {
				k++
				n += rows
				sq += float64(rows * rows)
				squares += float64(s.U[i]*s.U[i]) / rows
			}
		}
		if k == 0 {
			continue
		}
		days += k
		dfB += k - 1
		spread += n - sq/n
		noise += float64((k - 1) * s.Noise)
		noiseSquares += float64((k-1)*(k-1)*s.Noise*s.Noise) / s.NoiseDF
	}
	if days < minDays || !(noise > 0) {
		return 0, 0
	}
	f, dfN := squares/noise, float64(noise*noise)/noiseSquares
	// Paulson's normal deviate of F.
	root := portable.Cbrt(f)
	b, w := 2/(9*dfB), 2/(9*dfN)
	z := (float64((1-w)*root) - (1 - b)) / math.Sqrt(float64(w*root*root)+b)
	if !(z > clearlyThere) {
		return 0, 0
	}
	mean, excess := squares/dfB, (squares-noise)/dfB
	variance = float64(excess*dfB) / spread
	uncertain := float64(mean*mean)/dfB + float64(noise/dfB*noise/dfB)/dfN
	return variance, math.Max(1, float64(excess*excess)/uncertain)
}

// clearlyThere is the one-sided 90 % point of the normal distribution.
const clearlyThere = 1.2816

// filled returns the number of days with rows.
func (b BlockSeries) filled() int {
	days := 0
	for _, n := range b.N {
		if n > 0 {
			days++
		}
	}
	return days
}

// Scaled returns the series of a metric that has this slope by the mean of the series.
func (d DaySeries) Scaled(slope float64) DaySeries {
	out := DaySeries{BlockSeries: BlockSeries{N: d.N}, Noise: float64(d.Noise * slope * slope), NoiseDF: d.NoiseDF}
	for _, u := range d.U {
		out.U = append(out.U, float64(u*slope))
	}
	return out
}

// Days returns the series by day from that of equal parts of the days, so many a day.
func (b BlockSeries) Days(parts int) BlockSeries {
	days := len(b.N) / parts
	out := BlockSeries{N: make([]float64, days), U: make([]float64, days)}
	for i := range days * parts {
		out.N[i/parts] += b.N[i]
		out.U[i/parts] += b.U[i]
	}
	return out
}

// ByParts returns the series of the days of one stratum from that of equal parts of these
// days, so many a day: part k of day d at d*parts+k, centred on the stratum's mean. What the
// parts of the day have in common on all days, which is no noise, is taken off first. What
// they then differ by within their days is what sampling makes of them, with what
// autocorrelation within a part adds:
//
//	noise = sum over days and parts of (mean_dk - mean_d)^2 n_dk / degrees of freedom.
//
// The noise is not a number where too few days have two parts with rows.
func ByParts(b BlockSeries, parts int) DaySeries {
	common := make([]float64, parts) // the mean of each part over the days
	rows := make([]float64, parts)
	for i, n := range b.N {
		common[i%parts] += b.U[i]
		rows[i%parts] += n
	}
	out := DaySeries{NoiseDF: 1}
	for k, n := range rows {
		if n > 0 {
			common[k] /= n
			out.NoiseDF--
		}
	}
	for first := 0; first+parts <= len(b.N); first += parts {
		var n, u, squares float64
		for k := range parts {
			if m := b.N[first+k]; m > 0 {
				v := b.U[first+k] - float64(common[k]*m)
				n += m
				u += v
				squares += float64(v*v) / m
				out.NoiseDF++
			}
		}
		out.N, out.U = append(out.N, n), append(out.U, u)
		if n > 0 {
			out.Noise += squares - float64(u*u)/n
			out.NoiseDF--
		}
	}
	if out.NoiseDF < 1 {
		out.NoiseDF = math.NaN()
	}
	out.Noise /= out.NoiseDF
	return out
}
