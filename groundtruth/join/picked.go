package join

import "github.com/hindcast/hindcast/groundtruth"

// pickedRows is the memory of what some rows have beside predictions and labels, as batches and
// matches send it. What its methods return is valid until they are called again.
type pickedRows struct {
	positive          []bool
	class             textRows
	scores, quantiles numberRows
}

// numberRows is the memory of several columns of numbers.
type numberRows struct{ columns, memory [][]float64 }

// classifier returns the rows sel of n; nil is all.
func (p *pickedRows) classifier(c *groundtruth.Classifier, sel []int32, n int) groundtruth.Classifier {
	var out groundtruth.Classifier
	if c.Positive != nil {
		out.Positive = pick(&p.positive, c.Positive, sel, n)
	}
	out.Class = p.class.pickRows(&c.Class, sel, n)
	out.Scores = p.scores.pick(c.Scores, sel, n)
	return out
}

// pick returns the rows sel of n of each column, nil of none.
func (r *numberRows) pick(columns [][]float64, sel []int32, n int) [][]float64 {
	if columns == nil {
		return nil
	}
	for len(r.memory) < len(columns) {
		r.columns, r.memory = append(r.columns, nil), append(r.memory, nil)
	}
	for k, values := range columns {
		r.columns[k] = pick(&r.memory[k], values, sel, n)
	}
	return r.columns[:len(columns)]
}

// pickRows returns the rows sel of n of a text column; nil is all.
func (t *textRows) pickRows(c *groundtruth.Column, sel []int32, n int) groundtruth.Column {
	out := *c
	if c.Kind == groundtruth.Text {
		out.Codes, out.Valid = pick(&t.codes, c.Codes, sel, n), pick(&t.valid, c.Valid, sel, n)
	}
	return out
}
