//go:build !amd64

package summary

// set computes what the terms of n rows are made of.
func (c *runErrors) set(n int, center float64) (greatest rowErrors, zeros int) {
	return c.setPlain(n, center)
}
