package exact

import "golang.org/x/sys/cpu"

// vectorValues is how many values the vector forms take at a time.
const vectorValues = 8

// vectorCuts returns the sums of what the two levels take off values, and of how many:
// it ends after n of them, which is positive and a multiple of vectorValues, or after
// the first vectorValues among which one leaves a rest.
//
//go:noescape
func vectorCuts(xs *float64, n int, m1, m2 float64) (a1, a2 float64, done int)

// vectorSquareCuts does what vectorCuts does with (x-center)^2.
//
//go:noescape
func vectorSquareCuts(xs *float64, n int, center, m1, m2 float64) (a1, a2 float64, done int)

// addCuts does what addPlainCuts does, by vectors where the processor has them. AddAll
// calls it.
func (s *Sum) addCuts(xs []float64, m1, m2 float64) {
	if !cpu.X86.HasAVX2 {
		s.addPlainCuts(xs, m1, m2)
		return
	}
	var a1, a2 float64
	for len(xs) >= vectorValues {
		b1, b2, done := vectorCuts(&xs[0], len(xs)&^(vectorValues-1), m1, m2)
		a1 += b1
		a2 += b2
		for _, x := range xs[done-vectorValues : done] {
			s.addRest(x, m1, m2)
		}
		xs = xs[done:]
	}
	s.Add(a1)
	s.Add(a2)
	if len(xs) > 0 {
		s.addPlainCuts(xs, m1, m2)
	}
}

// addSquareCuts does what addPlainSquareCuts does, by vectors where the processor has
// them. AddSquares calls it.
func (s *Sum) addSquareCuts(xs []float64, center, m1, m2 float64) {
	if !cpu.X86.HasAVX2 {
		s.addPlainSquareCuts(xs, center, m1, m2)
		return
	}
	var a1, a2 float64
	for len(xs) >= vectorValues {
		b1, b2, done := vectorSquareCuts(&xs[0], len(xs)&^(vectorValues-1), center, m1, m2)
		a1 += b1
		a2 += b2
		for _, x := range xs[done-vectorValues : done] {
			s.addRest(square(x, center), m1, m2)
		}
		xs = xs[done:]
	}
	s.Add(a1)
	s.Add(a2)
	if len(xs) > 0 {
		s.addPlainSquareCuts(xs, center, m1, m2)
	}
}
