package join

import (
	"cmp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// classes says how a scan reads classes. Where a binary model's positive label is one of the
// words for 1 and 0 they are read as numbers, which takes no longer than those of a regression;
// else as texts. Those of a multiclass model get codes, which records hold as numbers.
type classes struct {
	task     groundtruth.Task
	byNumber bool        // the classes are the numbers 1 and 0
	positive string      // of Binary: the canonical text of the positive class
	dict     *dictionary // of Multiclass: all classes
}

// newClasses returns how to read the classes of a model, nil of one that predicts numbers.
func newClasses(spec *groundtruth.Spec, mem *memory, bytes *atomic.Int64) *classes {
	switch spec.Task {
	case groundtruth.Binary:
		positive, byNumber := table.PositiveLabel(spec.Positive)
		return &classes{task: spec.Task, positive: positive, byNumber: byNumber}
	case groundtruth.Multiclass:
		return &classes{task: spec.Task, dict: newClassDictionary(cmp.Or(spec.LabelColumns.Label, spec.PredictionColumns.Prediction), mem, bytes)}
	}
	return nil
}

// as returns what a column of classes is read as.
func (k *classes) as() table.As {
	if k.byNumber {
		return table.AsNumber
	}
	return table.AsText
}

// The codes of the two classes of Binary. Those of Multiclass are of the dictionary.
const (
	otherClass uint32 = iota
	positiveClass
	// noClass marks an entry of a column's dictionary that is blank, which is no class.
	noClass uint32 = table.NoCode - 1
)

// code returns the code of a text that is not blank.
func (k *classes) code(text string) (uint32, error) {
	if k.task == groundtruth.Multiclass {
		return k.dict.code(table.ClassText(text))
	}
	if table.BinaryText(text) == k.positive {
		return positiveClass, nil
	}
	return otherClass, nil
}

// classColumn reads a column of classes for one goroutine. What it says of the rows of a chunk
// is valid until the next.
type classColumn struct {
	*classes
	valid []bool   // whether a row has a class
	codes []uint32 // of the classes of valid rows

	gen     uint64   // of the column's dictionary that the next is of
	byEntry []uint32 // the code of an entry, noClass, or table.NoCode before it was met
}

// read sets what there is of the rows of a chunk.
func (k *classColumn) read(col *table.Column, rows int) error {
	k.valid, k.codes = table.Resize(k.valid, rows), table.Resize(k.codes, rows)
	if k.byNumber {
		k.readNumbers(col)
		return nil
	}
	if k.gen != col.DictGen {
		k.gen, k.byEntry = col.DictGen, k.byEntry[:0]
	}
	for len(k.byEntry) < len(col.Dict) {
		k.byEntry = append(k.byEntry, table.NoCode)
	}
	for i := range k.valid {
		k.valid[i] = col.Valid[i]
		if !col.Valid[i] {
			continue
		}
		code := k.byEntry[col.Codes[i]]
		if code == table.NoCode {
			var err error
			if code, err = k.entry(col.Dict[col.Codes[i]]); err != nil {
				return err
			}
			k.byEntry[col.Codes[i]] = code
		}
		k.valid[i], k.codes[i] = code != noClass, code
	}
	return nil
}

// readNumbers is read of the numbers 1 and 0.
func (k *classColumn) readNumbers(col *table.Column) {
	one, zero := positiveClass, otherClass
	if k.positive == "0" {
		one, zero = zero, one
	}
	for i, x := range col.Floats[:len(k.valid)] {
		k.valid[i] = col.Valid[i] && (x == 0 || x == 1)
		k.codes[i] = zero
		if x == 1 {
			k.codes[i] = one
		}
	}
}

// entry returns the code of an entry of a column's dictionary.
func (k *classColumn) entry(text string) (uint32, error) {
	if strings.TrimSpace(text) == "" {
		return noClass, nil
	}
	return k.code(text)
}

// reset forgets the dictionary of the object before.
func (k *classColumn) reset() { k.gen, k.byEntry = 0, k.byEntry[:0] }

// bad tells a row that has what is no class from one that has none, of those that are not
// valid.
func (k *classColumn) bad(col *table.Column, i int) (text string, bad bool) {
	if text, bad := col.InvalidText(i); bad {
		return text, true
	}
	if k.byNumber && col.Valid[i] {
		return strconv.FormatFloat(col.Floats[i], 'g', -1, 64), true
	}
	return "", false
}
