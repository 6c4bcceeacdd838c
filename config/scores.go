package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// scores reads where the probabilities of the classes are: a mapping of classes to columns, a
// list of {class, column}, or {column, classes}, where the values of one column are maps, whose
// keys are the classes, or lists of as many numbers as there are classes.
func (d *decoder) scores(v value) []groundtruth.ClassScore {
	var out []groundtruth.ClassScore
	add := func(at value, s groundtruth.ClassScore) {
		switch {
		case slices.ContainsFunc(out, func(o groundtruth.ClassScore) bool { return o.Class == s.Class }):
			d.fail(at, "the class %q is given twice", clip(s.Class))
		case slices.ContainsFunc(out, func(o groundtruth.ClassScore) bool { return o.Column == s.Column && o.Element == s.Element }):
			d.fail(at, "the column %q is that of another class already", clip(s.Column))
		default:
			out = append(out, s)
		}
	}
	before := len(d.errs)
	if _, isList := v.node.(*ast.SequenceNode); isList {
		items, _ := d.list(v, "{class: CLASS, column: COLUMN}")
		for _, item := range items {
			o := d.object(item)
			var s groundtruth.ClassScore
			haveClass := false
			if cv, ok := o.get("class"); ok {
				s.Class, haveClass = d.oneOfClasses(cv)
			}
			_, haveColumn := o.text("column", &s.Column)
			o.need("class", "column")
			o.done()
			if haveClass && haveColumn {
				add(item, s)
			}
		}
	} else if members, ok := d.members(v); ok && d.oneColumn(members) {
		d.scoresOfOneColumn(v, add)
	} else {
		for class, cv := range d.entries(v) {
			if strings.TrimSpace(class) == "" {
				d.fail(cv, "the class is empty")
			} else if column, ok := d.text(cv); ok {
				add(cv, groundtruth.ClassScore{Class: table.ClassText(class), Column: column})
			}
		}
	}
	switch {
	case len(d.errs) > before:
	case len(out) < 2:
		d.fail(v, "want two classes at least, got %d; where one column holds a map or a list of them, write {column: COLUMN, classes: [..]}", len(out))
	case len(out) > mostClasses:
		d.fail(v, "at most %d classes have probabilities, got %d", mostClasses, len(out))
	}
	return out
}

// oneColumn reports whether scores has the form {column, classes}: a class of that name would
// have a column, and classes are a list.
func (d *decoder) oneColumn(members []member) bool {
	return slices.ContainsFunc(members, func(m member) bool {
		v, ok := d.resolve(m.node, "", 0)
		_, isList := v.node.(*ast.SequenceNode)
		return ok && m.key == "classes" && isList
	})
}

// scoresOfOneColumn reads {column, classes}. Whether a value is a map or a list shows in the
// value.
func (d *decoder) scoresOfOneColumn(v value, add func(value, groundtruth.ClassScore)) {
	o := d.object(v)
	var column string
	_, ok := o.text("column", &column)
	if cv, have := o.get("classes"); have && ok {
		items, _ := d.list(cv, "classes")
		for i, item := range items {
			if key, ok := d.class(item); ok {
				add(item, groundtruth.ClassScore{Class: table.ClassText(key), Column: column, Element: groundtruth.Element{Key: key, Place: i + 1, Of: len(items)}})
			}
		}
	}
	o.need("column")
	o.done()
}

// scoresOfReference reads where the probabilities of the classes are in the reference, which are
// those of the predictions: in their order. Empty text stands for none.
func (d *decoder) scoresOfReference(v value, of []groundtruth.ClassScore) []groundtruth.ClassScore {
	if isEmptyText(v) {
		return nil
	}
	before := len(d.errs)
	read := d.scores(v)
	if len(d.errs) > before {
		return of
	}
	if len(of) == 0 {
		d.fail(v, "predictions.columns.scores is not there: the reference's serve to compare with")
		return nil
	}
	out := slices.Clone(of)
	for i := range out {
		at := slices.IndexFunc(read, func(s groundtruth.ClassScore) bool { return s.Class == out[i].Class })
		if at < 0 {
			d.fail(v, "the class %q of predictions.columns.scores is missing", clip(out[i].Class))
			return of
		}
		out[i] = read[at]
	}
	if len(read) > len(of) {
		d.fail(v, "it has %d classes, and predictions.columns.scores has %d: name the same", len(read), len(of))
	}
	return out
}

// quantilesOfReference reads the reference's columns of predicted quantiles, which are those of
// the predictions. Empty text stands for none.
func (d *decoder) quantilesOfReference(v value, of []groundtruth.Quantile) []groundtruth.Quantile {
	if isEmptyText(v) {
		return nil
	}
	before := len(d.errs)
	read := d.quantiles(v)
	same := slices.EqualFunc(read, of, func(a, b groundtruth.Quantile) bool { return a.Q == b.Q })
	if len(d.errs) == before && !same {
		d.fail(v, "they are not the quantiles of predictions.columns.quantiles: name the same")
	}
	return read
}

// quantiles reads the columns of predicted quantiles.
func (d *decoder) quantiles(v value) []groundtruth.Quantile {
	items, ok := d.filled(v, "{q: NUMBER, column: COLUMN}")
	if !ok {
		return nil
	}
	var out []groundtruth.Quantile
	for _, item := range items {
		o := d.object(item)
		var q groundtruth.Quantile
		haveQ := false
		qv, ok := o.get("q")
		if ok {
			haveQ = d.between0And1(qv, &q.Q)
		}
		cv, haveColumn := o.text("column", &q.Column)
		o.need("q", "column")
		o.done()
		if !haveQ || !haveColumn {
			continue
		}
		if n := len(out); n > 0 && !(q.Q > out[n-1].Q) {
			d.fail(qv, "the quantiles stand in ascending order, and %s follows %s", formatFloat(q.Q), formatFloat(out[n-1].Q))
			continue
		}
		if slices.ContainsFunc(out, func(o groundtruth.Quantile) bool { return o.Column == q.Column }) {
			d.fail(cv, "the column %q is that of another quantile already", clip(q.Column))
			continue
		}
		out = append(out, q)
	}
	return out
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
