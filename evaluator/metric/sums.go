package metric

import (
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// momentsOf returns the moments of a series of some of the rows, whose sum and sums of powers e
// keeps. Where rows have weights they are those of stat.WeightedMoments.
func momentsOf(e *summary.ErrorSums, r summary.Rows, k1, k2, k3, k4 summary.SumKind) stat.Moments {
	n := e.Rows(r)
	if !e.Weighted() {
		return stat.CentralMoments(n, e.ExactSum(k1), e.ExactSum(k2), e.Sum(k3), e.Sum(k4))
	}
	of := stat.WeightedSums{N: n, Sums: [4]float64{e.Sum(k1), e.Sum(k2), e.Sum(k3), e.Sum(k4)}}
	for power := range of.Mass {
		of.Mass[power] = e.Mass(r, power+1)
	}
	of.Second[0], of.Second[1], of.Second[2] = e.ExactMass(r, 2), e.ExactSquaredSum(k1), e.ExactSquaredSum(k2)
	return stat.WeightedMoments(of)
}

// first returns the mean of the terms of k, by the rows' weights where they have any.
func first(e *summary.ErrorSums, k summary.SumKind) float64 {
	return e.Sum(k) / e.Mass(summary.AllRows, 1)
}

// second returns what variances have in the place of such a mean: with weights w
// n sum w^2 x / (sum w)^2, which is the mean where these are equal.
func second(e *summary.ErrorSums, k summary.SumKind) float64 {
	return inVariance(e, e.SquaredSum(k))
}

// designEffect returns it of terms that are 1: by how much weights make the variance of a mean greater
// (Kish, Survey Sampling, 1965, 11.7). The rows count as n over that.
func designEffect(e *summary.ErrorSums) float64 {
	return inVariance(e, e.Mass(summary.AllRows, 2))
}

func inVariance(e *summary.ErrorSums, sum float64) float64 {
	if !e.Weighted() {
		return sum / float64(e.N())
	}
	mass := e.Mass(summary.AllRows, 1)
	return float64(sum / mass / mass * float64(e.N()))
}

// kurtosisOf returns the kurtosis of a series' values alone, where its moments are those with what
// weights add, by the sums of its powers.
func kurtosisOf(e *summary.ErrorSums, of stat.Moments, k2, k3, k4 summary.SumKind) float64 {
	if !e.Weighted() {
		return of.Kurtosis
	}
	m := of.Mean
	s2, s3, s4 := first(e, k2), first(e, k3), first(e, k4)
	variance := s2 - float64(m*m)
	fourth := s4 - float64(4*m*s3) + float64(6*m*m*s2) - float64(3*m*m*m*m)
	if k := fourth / variance / variance; k >= 1 {
		return k
	}
	return 3
}

// inThird returns by how much weights make the third moment of a mean's influence greater.
func inThird(e *summary.ErrorSums) float64 {
	mass := e.Mass(summary.AllRows, 1)
	n := float64(e.N())
	return float64(e.Mass(summary.AllRows, 3) / mass * (n / mass) * (n / mass))
}

// centred gives the series of some of the rows whose sum is k, centred on its mean.
func centred(k summary.SumKind, r summary.Rows, mean float64) blocks {
	return seriesOf(r, func(e *summary.ErrorSums, i int) float64 {
		return e.BlockSum(i, k) - float64(e.BlockMass(i, r)*mean)
	})
}

// seriesOf gives the series of some of the rows with such sums by block. Where rows have
// weights, they are sums of w u, and the series is that of w u / mean w.
func seriesOf(r summary.Rows, sum func(e *summary.ErrorSums, i int) float64) blocks {
	return func(e *summary.ErrorSums) stat.BlockSeries {
		b := stat.BlockSeries{N: make([]float64, e.Blocks()), U: make([]float64, e.Blocks())}
		rows, mass := 0.0, 0.0
		for i := range b.N {
			b.N[i], b.U[i] = float64(e.BlockRows(i, r)), sum(e, i)
			rows += b.N[i]
			mass += e.BlockMass(i, r)
		}
		if mass != rows && mass > 0 {
			for i := range b.U {
				b.U[i] = float64(b.U[i] / mass * rows)
			}
		}
		return b
	}
}
