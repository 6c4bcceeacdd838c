package summary

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// BinaryOptions say of a classifier what is kept of its rows. Those of a regression are zero.
type BinaryOptions struct {
	// Positive is the label of the positive class, as groundtruth.Spec has it; default 1.
	Positive string
	// Scored says that predictions are scores, probabilities of the positive class; else they
	// are 1 and 0.
	Scored bool
	// Classes are, of Multiclass, those that rows have probabilities of, as a list in JSON, so
	// that options can be compared.
	Classes string
}

// BinaryOf returns the options for rows that have these columns, those of a log or of a
// reference.
func BinaryOf(spec *groundtruth.Spec, columns groundtruth.PredictionColumns) BinaryOptions {
	return BinaryOptions{Positive: spec.Positive, Scored: columns.Score != "", Classes: classesText(columns.Scores)}.of(spec.Task)
}

// of returns the options with their defaults, zero ones where the task is another.
func (o BinaryOptions) of(task groundtruth.Task) BinaryOptions {
	switch task {
	case groundtruth.Binary:
	case groundtruth.Multiclass:
		return BinaryOptions{Classes: o.Classes}
	default:
		return BinaryOptions{}
	}
	o.Classes, o.Positive = "", cmp.Or(o.Positive, "1")
	return o
}

// names returns the names of the negative and the positive class: 1 and true have a
// counterpart, and of another label all others are the negative class.
func (o BinaryOptions) names() []string {
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
