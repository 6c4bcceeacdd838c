package datacheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/probe"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// valueRoles are the columns of what a model predicts, and of weights.
func (c *checker) valueRoles(p *groundtruth.PredictionColumns) []role {
	out := []role{
		c.classRole(keyPrediction, p.Prediction),
		{key: keyScore, column: p.Score, as: table.AsNumber, required: true, most: 1},
		{key: keyWeight, column: p.Weight, as: table.AsNumber, required: true, most: groundtruth.MaxWeight},
	}
	for _, s := range p.Scores[:min(len(p.Scores), mostScores)] {
		out = append(out, role{key: keyScores, column: s.Column, element: s.Element, as: table.AsNumber, required: true, most: 1})
	}
	for _, q := range p.Quantiles[:min(len(p.Quantiles), mostScores)] {
		out = append(out, role{key: keyQuantiles, column: q.Column, as: table.AsNumber, required: true})
	}
	return out
}

// classRole is the column of what is predicted or true: classes, or the numbers of a regression.
func (c *checker) classRole(key, column string) role {
	if c.spec.Task == groundtruth.Binary || c.spec.Task == groundtruth.Multiclass {
		return role{key: key, column: column, as: table.AsText, required: true, classes: true}
	}
	return role{key: key, column: column, as: table.AsNumber, required: true}
}

// countClasses makes classes of the texts of a head, which it has counted as they are written.
// Where a binary model's are 1 and 0, all others are bad.
func (c *checker) countClasses(r *reading) {
	_, byNumber := table.PositiveLabel(c.spec.Positive)
	byNumber = byNumber && c.spec.Task == groundtruth.Binary
	for i, role := range r.roles {
		if !role.classes || r.head.Texts[i] == nil {
			continue
		}
		field, classes := &r.head.Fields[i], map[string]int64{}
		usable := int64(0)
		for _, text := range slices.Sorted(maps.Keys(r.head.Texts[i])) {
			n := r.head.Texts[i][text]
			class := table.ClassText(text)
			if c.spec.Task == groundtruth.Binary {
				class = table.BinaryText(text)
			}
			switch {
			case byNumber && table.IsMissingWord(table.TrimSpace([]byte(text))), len(table.TrimSpace([]byte(text))) == 0:
				field.Missing += n
				continue
			case byNumber && class != "1" && class != "0":
				field.BadExample = cmp.Or(field.BadExample, text)
			default:
				usable += n
			}
			classes[class] += n
		}
		if byNumber {
			field.Bad += field.Known() - usable
		}
		r.head.Texts[i] = classes
	}
}

// texts returns the classes in a column and how many records have each, nil where there is no
// such column.
func (r *reading) texts(key string) map[string]int64 {
	if at := r.field(key); at >= 0 {
		return r.head.Texts[at]
	}
	return nil
}

// mostNamed is how many classes a problem names.
const mostNamed = 5

// countsText lists classes with their numbers, the most frequent first.
func countsText(classes map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(classes), func(a, b string) int {
		return cmp.Or(cmp.Compare(classes[b], classes[a]), cmp.Compare(a, b))
	})
	text := ""
	for i, name := range names[:min(len(names), mostNamed)] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s (%d)", table.Quote(name), classes[name])
	}
	if more := len(names) - mostNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// classes says what is wrong with the classes of a classifier, in the columns that can be used.
func (c *checker) classes() {
	for _, of := range []struct {
		r   *reading
		key string
	}{{&c.labels, keyLabel}, {&c.predictions, keyPrediction}, {&c.reference, keyLabel}, {&c.reference, keyPrediction}} {
		field := of.r.column(of.key)
		if field == nil || field.Known() == 0 || share(field.Bad, field.Rows) > c.spec.MaxBadShare {
			continue
		}
		switch c.spec.Task {
		case groundtruth.Binary:
			c.twoClasses(of.r, of.key, field)
		case groundtruth.Multiclass:
			c.manyClasses(of.r, of.key, field)
		}
	}
	if c.spec.Task == groundtruth.Multiclass {
		c.sameClasses()
	}
}

// severity is that of a class that no record has: without it nothing can be judged, but of what
// was not all read it may be in the rest.
func (r *reading) severity(key string) string {
	if key == keyLabel && r.head.Whole && !r.More && len(r.head.Objects) == r.Objects {
		return Error
	}
	return Warning
}

// whose names the values of a column of classes.
func (c *checker) whose(r *reading, key string) string {
	return fmt.Sprintf("column %s, which %s names", table.Quote(r.column(key).Name), c.keyOf(r.Name, role{key: key}))
}

// twoClasses says what is wrong with a column of a binary model.
func (c *checker) twoClasses(r *reading, key string, field *probe.Column) {
	classes := r.texts(key)
	positive, byNumber := table.PositiveLabel(c.spec.Positive)
	others := maps.Clone(classes)
	delete(others, positive)
	switch {
	case classes[positive] == 0 && key == keyPrediction && table.Shares(slices.Collect(maps.Keys(others))):
		c.problem(Warning, r.Name, fmt.Sprintf("%s, has numbers from 0 to 1 and not %s, the positive_label, in %d records; it has %s",
			c.whose(r, key), table.Quote(positive), field.Known(), countsText(others)), c.asScore(r))
	case classes[positive] == 0:
		c.problem(r.severity(key), r.Name, fmt.Sprintf("%s, has no value %s, the positive_label, in %d records; it has %s%s",
			c.whose(r, key), table.Quote(positive), field.Known(), countsText(others), table.DidYouMean(positive, slices.Sorted(maps.Keys(others)))),
			"set `positive_label` to the label of the class that is looked for; with one class alone most metrics are not defined")
	case len(others) == 0:
		c.problem(r.severity(key), r.Name, fmt.Sprintf("%s, has no value but %s, the positive_label, in %d records", c.whose(r, key), table.Quote(positive), field.Known()),
			"write rows of the other class too; with one class alone most metrics are not defined")
	case len(others) > 1 && !byNumber:
		c.problem(Warning, r.Name, fmt.Sprintf("%s, has %d values beside %s, the positive_label, and all of them count as the other class: %s",
			c.whose(r, key), len(others), table.Quote(positive), countsText(others)), "leave it so, or set `task: multiclass` where each is a class")
	}
}

// toWrite says what a column is to hold in which some values are bad, where more can be said
// than that they are to be mended.
func (c *checker) toWrite(r *reading, field *probe.Column, role role) string {
	switch {
	case role.element.Of > 0:
		return "write probabilities, from 0 to 1, and name in `classes` all that a list has, in its order"
	case role.key == keyScore, role.key == keyScores:
		return "write probabilities, from 0 to 1"
	case role.key == keyWeight:
		return fmt.Sprintf("write weights, from 0 to %g", role.most)
	case role.as == table.AsNumber && role.key == keyLabel:
		return "write numbers, such as 12.5, or set `task: binary` where the model predicts one of two classes, `task: multiclass` where it is one of several"
	case role.as == table.AsNumber:
		return "write numbers, such as 12.5"
	case role.key == keyPrediction && role.classes && c.spec.Task == groundtruth.Binary && table.Shares(slices.Collect(maps.Keys(r.texts(role.key)))):
		return c.asScore(r)
	case role.classes && c.spec.Task == groundtruth.Binary && r.texts(role.key)["1"] > 0 && r.texts(role.key)["0"] > 0:
		return "write 1 and 0 alone, or set `task: multiclass` where each is a class; the values are " + countsText(r.texts(role.key))
	case role.classes && c.spec.Task == groundtruth.Binary:
		return "set `positive_label` to the label that is meant; the values are " + countsText(r.texts(role.key))
	}
	return ""
}

// asScore says what to do about probabilities where classes are wanted.
func (c *checker) asScore(r *reading) string {
	return fmt.Sprintf("if they are probabilities, map the column as `%s` in place of `%s`", c.keyOf(r.Name, role{key: keyScore}), c.keyOf(r.Name, role{key: keyPrediction}))
}

// manyClasses says what is wrong with a column of a multiclass model.
func (c *checker) manyClasses(r *reading, key string, field *probe.Column) {
	switch classes := r.texts(key); {
	case len(classes) == 1:
		c.problem(r.severity(key), r.Name, fmt.Sprintf("%s, has one value alone in %d records: %s", c.whose(r, key), field.Known(), countsText(classes)),
			"name the column of the class; of one class alone nothing can be told apart")
	case field.Distinct >= probe.MaxCounted:
		c.problem(Warning, r.Name, fmt.Sprintf("%s, has more than %d values in %d records", c.whose(r, key), probe.MaxCounted-1, field.Known()),
			"name the column of the class, or set `task: regression` where it is a number; beyond 1,000 classes the rare ones are counted together")
	}
}

// sameClasses says where the classes of labels are none of those that can be predicted.
func (c *checker) sameClasses() {
	labels, predicted := c.labels.texts(keyLabel), c.predictions.texts(keyPrediction)
	if len(labels) == 0 || len(labels) >= probe.MaxCounted {
		return
	}
	if scores := c.spec.PredictionColumns.Scores; len(scores) > 0 {
		without := maps.Clone(labels)
		for _, s := range scores {
			delete(without, table.ClassText(s.Class))
		}
		if len(without) > 0 {
			c.problem(Warning, labelsName, fmt.Sprintf("%d of the %d classes of labels have no score: %s", len(without), len(labels), countsText(without)),
				"add them to `predictions.columns.scores`, or write classes alike there and in the labels")
			return
		}
	}
	if len(predicted) == 0 || len(predicted) >= probe.MaxCounted {
		return
	}
	unlike := maps.Clone(labels)
	maps.DeleteFunc(unlike, func(class string, _ int64) bool { return predicted[class] > 0 })
	if len(unlike) == len(labels) {
		c.problem(Warning, "", fmt.Sprintf("no class of labels is one that is predicted: labels have %s, predictions %s", countsText(labels), countsText(predicted)),
			"write classes alike on both sides")
	}
}
