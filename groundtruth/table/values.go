package table

import "github.com/hindcast/hindcast/groundtruth"

// ValueSender sends the values of a chunk's columns, which it gathers in its own memory. Each
// goroutine that reads has one.
type ValueSender struct {
	floats     []float64
	Texts      []string // what CountTexts found
	TextCounts []int64  // of each of Texts
	counts     []int64  // by code; all 0 between two columns
	seen       []uint32 // codes that are counted
}

// Send sends the values of column i of a chunk in the rows sel; nil is all. An index of -1
// is no column, of which nothing is sent.
func (s *ValueSender) Send(c *Chunk, i int, sel []int32, emit func(*groundtruth.Values)) {
	if i < 0 {
		return
	}
	col := &c.Cols[i]
	if c.Lazy != nil && col.Valid == nil {
		c.Lazy(i, sel, emit)
		return
	}
	if out := s.Values(col, sel); out.Kind != groundtruth.Absent {
		emit(&out)
	}
}

// Values returns the values of a column in the rows sel; nil is all. They are valid until the
// next call of a method. A column that is no number or text has none.
func (s *ValueSender) Values(col *Column, sel []int32) groundtruth.Values {
	out := groundtruth.Values{Rows: len(col.Valid)}
	if sel != nil {
		out.Rows = len(sel)
	}
	switch col.Kind {
	case Number:
		out.Kind = groundtruth.Number
		out.Floats, out.Narrow = s.numbers(col, sel), col.Narrow
	case Text:
		out.Kind = groundtruth.Text
		s.CountTexts(col, sel, false)
		out.Texts, out.Counts = s.Texts, s.TextCounts
	default:
		return out
	}
	out.Invalid = countInvalid(col, sel)
	return out
}

// numbers returns the usable numbers of a column in the rows sel.
func (s *ValueSender) numbers(col *Column, sel []int32) []float64 {
	s.floats = s.floats[:0]
	if sel == nil {
		for i, x := range col.Floats[:len(col.Valid)] {
			if col.Valid[i] {
				s.floats = append(s.floats, x)
			}
		}
		return s.floats
	}
	for _, i := range sel {
		if col.Valid[i] {
			s.floats = append(s.floats, col.Floats[i])
		}
	}
	return s.floats
}

// CountTexts sets Texts and TextCounts to the texts that there are in the rows sel and
// their counts. With noEmpty an empty text is none.
func (s *ValueSender) CountTexts(col *Column, sel []int32, noEmpty bool) {
	if n := len(col.Dict) - len(s.counts); n > 0 {
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
		for i, code := range col.Codes[:len(col.Valid)] {
			if col.Valid[i] {
				count(code)
			}
		}
	} else {
		for _, i := range sel {
			if col.Valid[i] {
				count(col.Codes[i])
			}
		}
	}
	s.Texts, s.TextCounts = s.Texts[:0], s.TextCounts[:0]
	for _, code := range s.seen {
		if text := col.Dict[code]; !noEmpty || text != "" {
			s.Texts, s.TextCounts = append(s.Texts, text), append(s.TextCounts, s.counts[code])
		}
		s.counts[code] = 0
	}
}

// countInvalid returns how many invalid cells lie in the rows sel.
func countInvalid(col *Column, sel []int32) int {
	if sel == nil {
		return len(col.Invalid)
	}
	n, at := 0, 0
	for _, cell := range col.Invalid {
		for at < len(sel) && int(sel[at]) < cell.Row {
			at++
		}
		if at < len(sel) && int(sel[at]) == cell.Row {
			n++
		}
	}
	return n
}
