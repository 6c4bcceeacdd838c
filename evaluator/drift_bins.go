package evaluator

// fewValues is the number of distinct reference values up to which a numeric
// column is compared as categories.
const fewValues = 5

// categorical reports whether a numeric column has so few distinct values in the
// reference that they are its categories.
func (l *ColumnLayout) categorical() bool { return l.Exact && len(l.Edges) <= fewValues }

// stepsOf views a numeric column as steps on its layout's edges.
func stepsOf(c *ColumnSummary) *steps {
	k := len(c.Edges())
	s := &steps{points: c.Edges(), at: make([]int64, k), open: make([]int64, k+1), sum: make([]float64, k+1)}
	for i := range s.at {
		s.at[i] = c.Point(i)
	}
	for i := range s.open {
		if s.open[i] = c.Open(i); s.open[i] > 0 {
			s.sum[i] = c.OpenSum(i)
		}
	}
	s.interior, s.counts, s.known = c.Interior()
	return s
}

// psiBins counts a column in the bins of PSI: for numbers the reference's deciles
// (or its values, where they are few), then out of range, then missing; for text
// its categories, then unseen, then missing.
func psiBins(c *ColumnSummary) bins {
	l := c.Layout()
	if c.Kind() != numberKind || l.categorical() {
		return append(categoryBins(c), float64(c.Missing()))
	}
	var out bins
	k := len(l.Edges)
	var in float64
	next := 0
	for i := range k {
		if i > 0 {
			in += float64(c.Open(i))
		}
		in += float64(c.Point(i))
		if next < len(l.Cuts) && l.Cuts[next] == i {
			out = append(out, in)
			in = 0
			next++
		}
	}
	return append(out, in, float64(c.Open(0)+c.Open(k)), float64(c.Missing()))
}

// categoryBins counts a column by the reference's values, and all others in one
// more bin.
func categoryBins(c *ColumnSummary) bins {
	var out bins
	if c.Kind() != numberKind {
		for i := range c.Categories() {
			out = append(out, float64(c.Category(i)))
		}
		return append(out, float64(c.Unseen()))
	}
	var rest float64
	for i := range c.Edges() {
		out = append(out, float64(c.Point(i)))
	}
	for i := range len(c.Edges()) + 1 {
		rest += float64(c.Open(i))
	}
	return append(out, rest)
}

// values returns the number of distinct values that the reference has, as far as
// the layout tells.
func (l *ColumnLayout) values() int {
	if l.Kind == numberKind {
		return len(l.Edges)
	}
	return len(l.Categories)
}
