package stat

import "math"

// clustered compares the variance between groups of entities with what independent rows of
// variance v would give. It returns the factor by which likeness within entities inflates
// the variance of the mean, not below 1, and the degrees of freedom of that factor; (1,
// +Inf) without groups. Both are NaN where too few groups have rows: a few entities say
// little of how entities differ.
//
// With group sums u_g centred on the overall mean, S = sum u_g^2 has the mean
// v (n - sum n_g^2/n) for independent rows. What S is beyond that is what the pairs of rows
// within a group add to the variance of the sum. Centring on a mean that a large group has
// moved takes from it: where each group is one entity it leaves
//
//	c = 1 - 2 sum n_g^3/(n sum n_g^2) + sum n_g^2/n^2
//
// of it, where a group is many entities 1 - sum n_g^2/n^2, and the smaller one is divided by.
// Both are 1 - 1/K for K even groups. The groups count as n^2/sum n_g^2 even ones, less one
// for the mean (Carter, Schnepel and Steigerwald, Review of Economics and Statistics 99, 2017).
func clustered(groups BlockSeries, n, v float64) (inflation, df float64) {
	if len(groups.N) == 0 || !(v > 0) {
		return 1, math.Inf(1)
	}
	var s, sq, cube float64
	for g, rows := range groups.N {
		s += float64(groups.U[g] * groups.U[g])
		sq += float64(rows * rows)
		cube += float64(rows * rows * rows)
	}
	even := n * n / sq
	if even < minEvenGroups {
		return math.NaN(), math.NaN()
	}
	excess := s - float64(v*(n-sq/n))
	kept := math.Min(1-sq/(n*n), 1-2*cube/(n*sq)+sq/(n*n))
	return 1 + math.Max(0, excess)/kept/float64(n*v), even - 1
}

const (
	// minEvenGroups is how many groups of one size tell how entities differ, at the least.
	minEvenGroups = 5
	// fewEntitiesDF is below how many degrees of freedom intervals may be too narrow: of means
	// of squares, whose groups are skewed, those of 10 entities cover 88 %, of 20 91 to 93 %.
	fewEntitiesDF = 28
)

// twoWay puts the inflations of a mean's variance by likeness in time and within entities
// together: V = V_time + V_entity - V_independent, which counts each pair of rows once that
// is of one time or of one entity (Cameron, Gelbach and Miller, Journal of Business and
// Economic Statistics 29, 2011). Rows that are both, as those of a session, count twice, so
// the variance is then too large, never too small. Their degrees of freedom are put
// together as Satterthwaite has it.
func twoWay(inTime, dfTime, inEntities, dfEntities float64) (inflation, df float64) {
	inflation = math.Max(1, inTime+inEntities-1)
	uncertain := float64(inTime*inTime)/dfTime + float64(inEntities*inEntities)/dfEntities
	return inflation, inflation * inflation / uncertain
}
