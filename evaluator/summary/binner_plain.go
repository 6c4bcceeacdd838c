//go:build !amd64

package summary

func bounds(xs []float64) (low, high float64) { return plainBounds(xs) }

func (b *binner) count(xs []float64) (points int) { return b.plainCount(xs) }
