package a

// Tests may compute as they like.
func inTest(x, y, z float64) float64 { return x*y + z }
