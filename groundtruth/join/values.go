package join

import (
	"fmt"
	"math"
	"strconv"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// valueColumns says which of the wants hold what a model predicted of a row, and the weight of
// the row.
type valueColumns struct {
	main  *numberColumn // of a regression the prediction, of Binary the score; nil is none
	class int           // the class that is predicted; -1 is none
	// further are the numbers that a row has beside: probabilities of classes, predicted
	// quantiles and the weight, in this order.
	further           []numberColumn
	scores, quantiles int // how many of these there are
	weighted          bool
	className         string
	plain             bool // there is at most a regression's prediction
}

// numberColumn is a column of numbers of which a row needs one.
type numberColumn struct {
	want        int
	name        string
	reason      string // of a row where it is no number that it may be
	least, most float64
}

// numberOf returns a column whose values may be any finite number.
func numberOf(want int, name string) numberColumn {
	return numberColumn{want, name, groundtruth.BadNumber, -math.MaxFloat64, math.MaxFloat64}
}

// scoreOf returns a column of probabilities.
func scoreOf(want int, name string) numberColumn {
	return numberColumn{want, name, groundtruth.BadScore, 0, 1}
}

// nameOf names where a score is for people.
func nameOf(s groundtruth.ClassScore) string {
	switch {
	case s.Element.Key != "":
		return fmt.Sprintf("%s[%q]", s.Column, s.Element.Key)
	case s.Element.Place > 0:
		return fmt.Sprintf("%s[%d]", s.Column, s.Element.Place)
	}
	return s.Column
}

// addValues adds the columns of a log, or of a reference, that hold what a model predicted.
func (l *wantList) addValues(spec *groundtruth.Spec, names *groundtruth.PredictionColumns, k *classes) valueColumns {
	v := valueColumns{class: -1, className: names.Prediction}
	switch {
	case k == nil && names.Prediction != "":
		main := numberOf(l.add(names.Prediction, table.AsNumber, false), names.Prediction)
		v.main = &main
	case k != nil:
		v.class = l.add(names.Prediction, k.as(), false)
	}
	if spec.Task == groundtruth.Binary && names.Score != "" {
		main := scoreOf(l.add(names.Score, table.AsNumber, false), names.Score)
		v.main = &main
	}
	if spec.Task == groundtruth.Multiclass {
		for _, s := range names.Scores {
			at := l.addWant(table.Want{Name: s.Column, Element: s.Element, As: table.AsNumber})
			v.further = append(v.further, scoreOf(at, nameOf(s)))
		}
		v.scores = len(v.further)
	}
	if k == nil {
		for _, q := range names.Quantiles {
			v.further = append(v.further, numberOf(l.add(q.Column, table.AsNumber, false), q.Column))
		}
		v.quantiles = len(v.further)
	}
	if names.Weight != "" {
		v.weighted = true
		v.further = append(v.further, numberColumn{l.add(names.Weight, table.AsNumber, false), names.Weight, groundtruth.BadWeight, 0, groundtruth.MaxWeight})
	}
	v.plain = k == nil && len(v.further) == 0
	return v
}

// furtherOf returns what predictions have beside their value in records: whether it is known
// of which of two classes they are, and how many numbers.
func furtherOf(spec *groundtruth.Spec) (positive bool, numbers int) {
	p := &spec.PredictionColumns
	switch spec.Task {
	case groundtruth.Binary:
		positive = true
	case groundtruth.Multiclass:
		numbers = len(p.Scores)
	default:
		numbers = len(p.Quantiles)
	}
	if p.Weight != "" {
		numbers++
	}
	return positive, numbers
}

// known reports whether a column says what was predicted.
func (v *valueColumns) known() bool { return v.main != nil || v.class >= 0 || v.scores > 0 }

// needed returns the columns that every row needs, by index of their wants.
func (v *valueColumns) needed() []int {
	at := []int{v.class}
	if v.main != nil {
		at = append(at, v.main.want)
	}
	for _, f := range v.further {
		at = append(at, f.want)
	}
	return at
}

// rowValues reads what a model predicted of the rows of a chunk, and their weights, for one
// goroutine. What it says is valid until the next chunk.
type rowValues struct {
	*valueColumns
	threshold  float64
	classes    *classes
	classOf    classColumn
	scoreCodes []uint32 // of the classes of the scores

	valid  []bool // whether a row has all of it; nil where all have
	narrow bool   // the predictions are floating-point numbers of 32 bits
	groundtruth.Classifier
	predictions []float64   // of Multiclass, and where no column says what was predicted, nil
	numbers     [][]float64 // of the further columns

	validMemory []bool
	oneOrZero   []float64
	everyRow    []bool // true of each row
	positive    []bool
	best        []float64
}

// newRowValues returns what reads some columns.
func newRowValues(cols *valueColumns, spec *groundtruth.Spec, names *groundtruth.PredictionColumns, k *classes) (*rowValues, error) {
	v := &rowValues{valueColumns: cols, threshold: spec.Threshold, classes: k, classOf: classColumn{classes: k}, numbers: make([][]float64, len(cols.further))}
	for _, s := range names.Scores[:cols.scores] {
		code, err := k.code(s.Class)
		if err != nil {
			return nil, err
		}
		v.scoreCodes = append(v.scoreCodes, code)
	}
	if cols.scores > 0 {
		v.Scores = v.numbers[:cols.scores]
	}
	return v, nil
}

// matches sets what matches have of the rows of the chunk.
func (v *rowValues) matches(m *groundtruth.Matches) {
	m.Predictions, m.Classifier = v.predictions, v.Classifier
	if v.quantiles > 0 {
		m.Quantiles = v.numbers[v.scores : v.scores+v.quantiles]
	}
	if v.weighted {
		m.Weights = v.numbers[len(v.numbers)-1]
	}
}

// read sets what there is of the rows of a chunk.
func (v *rowValues) read(c *table.Chunk) error {
	if v.main != nil {
		col := c.Column(v.main.want)
		v.predictions, v.narrow, v.valid = col.Floats, col.Narrow, col.Valid
	}
	if v.plain {
		return nil
	}
	v.valid = table.Resize(v.validMemory, c.Len)
	v.validMemory = v.valid
	for i := range v.valid {
		v.valid[i] = true
	}
	if v.main != nil {
		v.main.check(c, v.valid)
	}
	for k := range v.further {
		v.numbers[k] = v.further[k].check(c, v.valid)
	}
	if v.class >= 0 {
		if err := v.classOf.read(c.Column(v.class), c.Len); err != nil {
			return err
		}
		for i, ok := range v.classOf.valid {
			v.valid[i] = v.valid[i] && ok
		}
	}
	switch {
	case v.classes == nil || !v.known():
	case v.classes.task == groundtruth.Binary:
		v.readBinary(c.Len)
	default:
		v.readMulticlass(c.Len)
	}
	return nil
}

// reset forgets the dictionaries of the object before.
func (v *rowValues) reset() { v.classOf.reset() }

// check takes from valid the rows without a number that may be, and returns the numbers. Of
// zeros there is one.
func (n *numberColumn) check(c *table.Chunk, valid []bool) []float64 {
	col := c.Column(n.want)
	for i, x := range col.Floats[:len(valid)] {
		valid[i] = valid[i] && col.Valid[i] && x >= n.least && x <= n.most
		if x == 0 {
			col.Floats[i] = 0
		}
	}
	return col.Floats
}

// readBinary sets what a binary model predicts.
func (v *rowValues) readBinary(rows int) {
	v.positive = table.Resize(v.positive, rows)
	v.Positive = v.positive
	if v.class < 0 {
		for i, x := range v.predictions[:rows] {
			v.Positive[i] = x >= v.threshold
		}
		return
	}
	for i, code := range v.classOf.codes {
		v.Positive[i] = code == positiveClass
	}
	if v.main == nil {
		v.oneOrZero = table.Resize(v.oneOrZero, rows)
		v.predictions = v.oneOrZero
		for i, code := range v.classOf.codes {
			v.predictions[i] = float64(code)
		}
	}
}

// readMulticlass sets what a multiclass model predicts.
func (v *rowValues) readMulticlass(rows int) {
	codes := v.classOf.codes
	if v.class < 0 {
		codes = v.mostProbable(rows)
	}
	for len(v.everyRow) < rows {
		v.everyRow = append(v.everyRow, true)
	}
	v.Class = groundtruth.Column{Name: v.className, Kind: groundtruth.Text, Codes: codes, Dict: v.classes.dict.soFar(), Valid: v.everyRow[:rows]}
}

// mostProbable returns the codes of the classes of the greatest scores, of equal ones the
// first.
func (v *rowValues) mostProbable(rows int) []uint32 {
	v.classOf.codes, v.best = table.Resize(v.classOf.codes, rows), table.Resize(v.best, rows)
	codes, best := v.classOf.codes, v.best
	for k, scores := range v.Scores {
		for i, x := range scores[:rows] {
			if k == 0 || x > best[i] {
				codes[i], best[i] = v.scoreCodes[k], x
			}
		}
	}
	return codes
}

// mainOf returns what a record holds as the value of row i.
func (v *rowValues) mainOf(i int) float64 {
	if v.predictions == nil {
		return float64(v.Class.Codes[i])
	}
	return v.predictions[i]
}

// bad returns why row i cannot be used, by which column, and what is there, of those that are
// not valid.
func (v *rowValues) bad(c *table.Chunk, i int) (reason, column, text string) {
	if v.main != nil {
		if reason, text := v.main.bad(c, i); reason != "" {
			return reason, v.main.name, text
		}
	}
	if v.class >= 0 && !v.classOf.valid[i] {
		if text, bad := v.classOf.bad(c.Column(v.class), i); bad {
			return groundtruth.BadClass, v.className, text
		}
		return groundtruth.MissingValue, v.className, ""
	}
	for k := range v.further {
		if reason, text := v.further[k].bad(c, i); reason != "" {
			return reason, v.further[k].name, text
		}
	}
	return "", "", ""
}

// bad returns why row i has no number that may be, and what is there; nothing where it has one.
func (n *numberColumn) bad(c *table.Chunk, i int) (reason, text string) {
	col := c.Column(n.want)
	x := col.Floats[i]
	switch {
	case !col.Valid[i]:
		if text, bad := col.BadNumber(i); bad {
			return n.reason, text
		}
		return groundtruth.MissingValue, ""
	case x >= n.least && x <= n.most:
		return "", ""
	}
	return n.reason, strconv.FormatFloat(x, 'g', -1, 64)
}
