package summary

import "math"

// CellCounts are the rows of a cell of a block: of a coarse bin of the score, and of an actual and
// a predicted class.
type CellCounts struct {
	Cell int     `json:"c"` // 4 for each coarse bin before, 2 where the actual class is positive, and 1 where the predicted one is
	N    int64   `json:"n"`
	W    float64 `json:"w,omitempty"` // where the window is weighted: the sum of weights, and of their squares
	W2   float64 `json:"w2,omitempty"`
}

// setClasses sets what a window's quarters have of a binary classifier.
func (w *WindowCounts) setClasses(c *Classes) {
	if c.Blocks() == 0 {
		return
	}
	w.Weighted = c.Weighted()
	parts := c.dayParts()
	for i := range parts {
		p := &w.Parts[i]
		for cell, n := range parts[i].n {
			if n == 0 {
				continue
			}
			counts := CellCounts{Cell: cell, N: n}
			if w.Weighted {
				m := parts[i].mass(cell)
				counts.W, counts.W2 = m.W, m.W2
			}
			p.N += n
			p.Classes = append(p.Classes, counts)
		}
	}
}

// classes returns what the window's quarters have, nil where that is none of so many coarse bins.
func (w *WindowCounts) classes(coarse int) []classBlock {
	out := make([]classBlock, len(w.Parts))
	for i := range w.Parts {
		b := &out[i]
		for _, c := range w.Parts[i].Classes {
			if c.Cell < 0 || c.Cell >= coarse*classCells || c.N <= 0 || !(c.W >= 0 && c.W2 >= 0) || math.IsInf(c.W, 0) || math.IsInf(c.W2, 0) {
				return nil
			}
			b.room(coarse)
			if w.Weighted {
				b.weigh()
				b.weights[c.Cell].add(weight{wideOf(c.W), wideOf(c.W2)})
			}
			b.n[c.Cell] += c.N
		}
	}
	return out
}
