package portable

// Log1ps replaces each number by its Log1p.
func Log1ps(xs []float64) { plainLog1ps(xs) }
