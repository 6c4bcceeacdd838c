package summary

import "github.com/hindcast/hindcast/groundtruth"

// kindOf returns the kind of the columns of predictions and labels: of several classes they
// are texts.
func kindOf(task groundtruth.Task) groundtruth.Kind {
	if task == groundtruth.Multiclass {
		return groundtruth.Text
	}
	return groundtruth.Number
}

// textCounts counts how often each text comes in a column row by row, so that a text is looked
// up once for many rows. It is memory for one column after the other.
type textCounts struct {
	codes  codeNumbers
	values groundtruth.Values
}

// of returns the texts of the first n rows of a column with their counts; none of a column that
// is not text. They are valid until the next call.
func (t *textCounts) of(col *groundtruth.Column, n int) *groundtruth.Values {
	v := &t.values
	v.Name, v.Kind, v.Rows, v.Texts, v.Counts = col.Name, groundtruth.Text, n, v.Texts[:0], v.Counts[:0]
	if col.Kind != groundtruth.Text {
		return v
	}
	t.codes.begin(len(col.Dict))
	for row := range n {
		if !col.Valid[row] {
			continue
		}
		code := int(col.Codes[row])
		if at := int(t.codes.numberOf(code)); at < len(v.Counts) {
			v.Counts[at]++
			continue
		}
		v.Texts, v.Counts = append(v.Texts, col.Dict[code]), append(v.Counts, 1)
	}
	t.codes.end()
	return v
}
