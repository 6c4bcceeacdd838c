package summary

// vectorErrors sets what the terms of n rows are made of, n a positive multiple of
// exact.ProductLanes, and returns the greatest absolute values, the greatest |y|+|p|, and
// how many labels are 0.
//
//go:noescape
func vectorErrors(c *runErrors, n int, center float64) (e, z, a, s, d float64, zeros int)

// set computes what the terms of n rows are made of.
func (c *runErrors) set(n int, center float64) (greatest rowErrors, zeros int) {
	if !vectors() {
		return c.setPlain(n, center)
	}
	var d float64
	greatest.e, greatest.z, greatest.a, greatest.s, d, zeros = vectorErrors(c, n, center)
	if d > greatestSum { // what is said of huge numbers is left to the plain form
		return c.setPlain(n, center)
	}
	return greatest, zeros
}
