//go:build !amd64

package exact

func (s *Sum) addCuts(xs []float64, m1, m2 float64) { s.addPlainCuts(xs, m1, m2) }

func (s *Sum) addSquareCuts(xs []float64, center, m1, m2 float64) {
	s.addPlainSquareCuts(xs, center, m1, m2)
}
