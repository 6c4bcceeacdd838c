package summary

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// ClassifierOptions say of a classifier what is kept of its rows. Those of a regression are zero.
type ClassifierOptions struct {
	// Positive is, of Binary, the label of the positive class, as groundtruth.Spec has it;
	// default 1.
	Positive string
	// Scored says of Binary that predictions are scores, probabilities of the positive class;
	// else they are 1 and 0.
	Scored bool
	// Classes are, of Multiclass, those that rows have probabilities of; nil where they have
	// none.
	Classes []string
}

func (o ClassifierOptions) equal(p ClassifierOptions) bool {
	return o.Positive == p.Positive && o.Scored == p.Scored && slices.Equal(o.Classes, p.Classes)
}

// ClassifierOf returns the options for rows that have these columns, those of a log or of a
// reference.
func ClassifierOf(spec *groundtruth.Spec, columns groundtruth.PredictionColumns) ClassifierOptions {
	o := ClassifierOptions{Positive: spec.Positive, Scored: columns.Score != ""}
	for _, s := range columns.Scores {
		o.Classes = append(o.Classes, s.Class)
	}
	return o.of(spec.Task)
}

// of returns the options with their defaults, zero ones where the task is another.
func (o ClassifierOptions) of(task groundtruth.Task) ClassifierOptions {
	switch task {
	case groundtruth.Binary:
		return ClassifierOptions{Positive: cmp.Or(o.Positive, "1"), Scored: o.Scored}
	case groundtruth.Multiclass:
		return ClassifierOptions{Classes: o.Classes}
	default:
		return ClassifierOptions{}
	}
}

// names returns the names of the negative and the positive class: 1 and true have a
// counterpart, and of another label all others are the negative class.
func (o ClassifierOptions) names() []string {
	if f, err := strconv.ParseFloat(o.Positive, 64); err == nil && (f == 0 || f == 1) {
		return []string{strconv.FormatFloat(1-f, 'g', -1, 64), strconv.FormatFloat(f, 'g', -1, 64)}
	}
	switch strings.ToLower(o.Positive) {
	case "true":
		return []string{"false", "true"}
	case "false":
		return []string{"true", "false"}
	}
	return []string{"not " + o.Positive, o.Positive}
}
