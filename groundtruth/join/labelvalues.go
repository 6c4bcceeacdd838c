package join

import (
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// labelValues reads a column of labels for one goroutine: numbers, or classes in the stead of
// these. What it says of the rows of a chunk is valid until the next.
type labelValues struct {
	classOf classColumn // without classes the labels are numbers
	valid   []bool      // whether a row has a label
	values  []float64   // of Binary 1 and 0, of Multiclass codes of classes
	narrow  bool        // they are floating-point numbers of 32 bits
	memory  []float64
}

// newLabelValues returns what reads labels.
func newLabelValues(k *classes) labelValues { return labelValues{classOf: classColumn{classes: k}} }

// labelAs returns what a column of labels is read as.
func labelAs(k *classes) table.As {
	if k == nil {
		return table.AsNumber
	}
	return k.as()
}

// read sets what there is of the rows of a chunk.
func (l *labelValues) read(col *table.Column, rows int) error {
	if l.classOf.classes == nil {
		l.valid, l.values, l.narrow = col.Valid, col.Floats, col.Narrow
		return nil
	}
	if err := l.classOf.read(col, rows); err != nil {
		return err
	}
	l.valid, l.values = l.classOf.valid, table.Resize(l.memory, rows)
	l.memory = l.values
	for i, code := range l.classOf.codes {
		l.values[i] = float64(code)
	}
	return nil
}

// matches sets what matches have of the labels of the chunk's rows.
func (l *labelValues) matches(column string, m *groundtruth.Matches) {
	if k := l.classOf.classes; k == nil || k.task == groundtruth.Binary {
		m.Labels = l.values
		return
	}
	m.LabelClass = groundtruth.Column{Name: column, Kind: groundtruth.Text, Codes: l.classOf.codes, Dict: l.classOf.dict.soFar(), Valid: l.valid}
}

// reset forgets the dictionary of the object before.
func (l *labelValues) reset() { l.classOf.reset() }

// bad tells a row whose label cannot be read from one that has none, of those that are not
// valid. NaN is none: writers of Parquet have it for what is null elsewhere.
func (l *labelValues) bad(col *table.Column, i int) (reason, text string) {
	if l.classOf.classes == nil {
		if text, bad := col.InvalidText(i); bad {
			return groundtruth.BadNumber, text
		}
		return "", ""
	}
	if text, bad := l.classOf.bad(col, i); bad {
		return groundtruth.BadClass, text
	}
	return "", ""
}
