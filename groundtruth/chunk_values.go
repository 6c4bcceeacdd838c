package groundtruth

// valueSender sends the values of columns of chunks, in its own memory. It is one
// goroutine's.
type valueSender struct {
	floats []float64
	texts  []string
	ns     []int64
	counts []int64 // by code; all 0 between two columns
	seen   []uint32
}

// values sends the values of column i of a chunk in the rows sel; nil is all.
func (s *valueSender) values(c *chunk, i int, sel []int32, emit func(*Values)) {
	if i < 0 {
		return
	}
	col := &c.cols[i]
	if c.lazy != nil && col.valid == nil {
		c.lazy(i, sel, emit)
		return
	}
	out := Values{Rows: c.n}
	if sel != nil {
		out.Rows = len(sel)
	}
	switch col.kind {
	case cellNumber:
		out.Kind = Number
		out.Floats, out.Narrow = s.numbers(c, col, sel), col.narrow
	case cellText:
		out.Kind = Text
		s.countTexts(c, col, sel, false)
		out.Texts, out.Counts = s.texts, s.ns
	default:
		return
	}
	out.Invalid = countInvalid(col, sel)
	emit(&out)
}

// numbers returns the numbers that there are.
func (s *valueSender) numbers(c *chunk, col *chunkColumn, sel []int32) []float64 {
	s.floats = s.floats[:0]
	if sel == nil {
		for i, x := range col.floats[:c.n] {
			if col.valid[i] {
				s.floats = append(s.floats, x)
			}
		}
		return s.floats
	}
	for _, i := range sel {
		if col.valid[i] {
			s.floats = append(s.floats, col.floats[i])
		}
	}
	return s.floats
}

// countTexts sets texts and ns to the texts that there are and their counts. With
// noEmpty an empty text is none.
func (s *valueSender) countTexts(c *chunk, col *chunkColumn, sel []int32, noEmpty bool) {
	if n := len(col.dict) - len(s.counts); n > 0 {
		s.counts = append(s.counts, make([]int64, n)...)
	}
	s.seen = s.seen[:0]
	count := func(code uint32) {
		if s.counts[code] == 0 {
			s.seen = append(s.seen, code)
		}
		s.counts[code]++
	}
	if sel == nil {
		for i, code := range col.codes[:c.n] {
			if col.valid[i] {
				count(code)
			}
		}
	} else {
		for _, i := range sel {
			if col.valid[i] {
				count(col.codes[i])
			}
		}
	}
	s.texts, s.ns = s.texts[:0], s.ns[:0]
	for _, code := range s.seen {
		if text := col.dict[code]; !noEmpty || text != "" {
			s.texts, s.ns = append(s.texts, text), append(s.ns, s.counts[code])
		}
		s.counts[code] = 0
	}
}

// countInvalid returns how many invalid cells lie in the rows sel.
func countInvalid(col *chunkColumn, sel []int32) int {
	if sel == nil {
		return len(col.invalid)
	}
	n, at := 0, 0
	for _, cell := range col.invalid {
		for at < len(sel) && int(sel[at]) < cell.i {
			at++
		}
		if at < len(sel) && int(sel[at]) == cell.i {
			n++
		}
	}
	return n
}
