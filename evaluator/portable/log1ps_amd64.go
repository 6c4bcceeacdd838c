package portable

import "golang.org/x/sys/cpu"

// vectorLanes is how many numbers vectorLog1ps takes at a time.
const vectorLanes = 4

// vectorLog1ps does what plainLog1ps does with n numbers, a positive multiple of vectorLanes,
// up to the first vectorLanes of them among which one is negative, -0, infinite or NaN. It
// returns how many numbers it has replaced.
//
//go:noescape
func vectorLog1ps(xs *float64, n int) (done int)

// Log1ps replaces each number by its Log1p, by vectors where the processor has them.
func Log1ps(xs []float64) {
	for cpu.X86.HasAVX2 && len(xs) >= vectorLanes {
		xs = xs[vectorLog1ps(&xs[0], len(xs)&^(vectorLanes-1)):]
		n := min(vectorLanes, len(xs))
		plainLog1ps(xs[:n])
		xs = xs[n:]
	}
	plainLog1ps(xs)
}
