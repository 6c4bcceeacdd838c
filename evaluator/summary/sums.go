package summary

// SumKind names an exact sum over matched rows. With label y, prediction p,
// e = p - y, z = y - Center, a = |e|/|y| over y != 0 and
// s = 2|e|/(|y|+|p|), which is 0 where both are 0.
type SumKind int

// The sums that ErrorSums keeps; those up to numBlockSums are kept per time block too.
const (
	SumE SumKind = iota
	SumAbsE
	SumE2
	SumA1
	SumS1
	SumZ1
	SumZ2
	numBlockSums
)

// The sums that are kept for the whole only.
const (
	SumE3 SumKind = iota + numBlockSums
	SumAbsE3
	SumE4
	SumE6
	SumE8
	SumA2
	SumA3
	SumA4
	SumS2
	SumS3
	SumS4
	SumZ3
	SumZ4
	SumE2Z
	SumE2Z2
	numSums
)
