package chart

// canvas is what charts are drawn on. Lengths are in units, from the upper left corner.
type canvas interface {
	text(class string, x, y float64, s string)
}
