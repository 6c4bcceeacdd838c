package evaluator

import "github.com/hindcast/hindcast/groundtruth"

// column is a column of a test's table, row by row.
type column struct {
	Name    string
	Kind    groundtruth.Kind
	Floats  []float64
	Codes   []uint32
	Dict    []string
	Valid   []bool
	Invalid int
}

// values returns what a scan sends of the column.
func (c column) values() groundtruth.Values {
	v := groundtruth.Values{Name: c.Name, Kind: c.Kind, Rows: len(c.Valid), Invalid: c.Invalid}
	for i, ok := range c.Valid {
		switch {
		case !ok:
		case c.Kind == groundtruth.Number:
			v.Floats = append(v.Floats, c.Floats[i])
		case c.Kind == groundtruth.Text:
			v.Texts = append(v.Texts, c.Dict[c.Codes[i]])
		}
	}
	return v
}

// counted returns the values with each text or number once, as a dictionary gives them.
func (c column) counted() groundtruth.Values {
	plain := c.values()
	v := groundtruth.Values{Name: c.Name, Kind: c.Kind, Rows: plain.Rows, Invalid: plain.Invalid, Counts: []int64{}}
	texts, floats := map[string]int{}, map[float64]int{}
	for _, s := range plain.Texts {
		if _, ok := texts[s]; !ok {
			texts[s] = len(v.Texts)
			v.Texts, v.Counts = append(v.Texts, s), append(v.Counts, 0)
		}
		v.Counts[texts[s]]++
	}
	for _, x := range plain.Floats {
		if _, ok := floats[x]; !ok {
			floats[x] = len(v.Floats)
			v.Floats, v.Counts = append(v.Floats, x), append(v.Counts, 0)
		}
		v.Counts[floats[x]]++
	}
	return v
}

// rows returns the column of matches.
func (c column) rows() groundtruth.Column {
	return groundtruth.Column{Name: c.Name, Kind: c.Kind, Codes: c.Codes, Dict: c.Dict, Valid: c.Valid}
}

// addRow adds one row to the sums that its errors make.
func (e *ErrorSums) addRow(p, y float64) {
	var k errorKernel
	k.load([]float64{p}, []float64{y}, e.center)
	k.all(1)
	k.addTo(e, k.rows(0))
}

func (b *blockSums) addRow(p, y, center float64) {
	var k errorKernel
	k.load([]float64{p}, []float64{y}, center)
	k.all(1)
	k.addBlock(b, k.rows(0))
}
