package summary

import "math"

// Bounds are the least and the greatest prediction that a model is expected to make, infinite
// where there is none.
type Bounds struct{ Min, Max float64 }

// boundCount counts the predictions that are beyond bounds.
type boundCount struct {
	bounds  Bounds
	outside int64
}

// OutOfBounds returns the number of predictions beyond bounds. It is false where they were not
// counted by these.
func (s *Summary) OutOfBounds(b Bounds) (int64, bool) {
	if s.bounds == nil || s.bounds.bounds != b {
		return 0, false
	}
	return s.bounds.outside, true
}

// add counts predictions.
func (c *boundCount) add(predictions []float64) {
	for _, x := range predictions {
		if x < c.bounds.Min || x > c.bounds.Max {
			c.outside++
		}
	}
}

// mergeBounds adds what o has; counts by other bounds come to nothing.
func (s *Summary) mergeBounds(o *Summary) {
	if s.bounds == nil || o.bounds == nil || s.bounds.bounds != o.bounds.bounds {
		s.bounds = nil
		return
	}
	s.bounds.outside += o.bounds.outside
}

func (e *encoder) bounds(c *boundCount) {
	e.float(c.bounds.Min)
	e.float(c.bounds.Max)
	e.uint(uint64(c.outside))
}

// bounds reads the count of a Summary's predictions beyond bounds.
func (d *decoder) bounds(of *Summary) *boundCount {
	c := &boundCount{bounds: Bounds{math.Float64frombits(d.fixed()), math.Float64frombits(d.fixed())}}
	c.outside = d.amount()
	b := c.bounds
	d.check(b.Min < b.Max && b != (Bounds{math.Inf(-1), math.Inf(1)}) && c.outside <= of.prediction.valid)
	return c
}
