package summary

import (
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// Model says what a model predicts, as far as what is kept of its rows depends on it. The zero
// Model is that of a regression.
type Model struct {
	Task groundtruth.Task
	// Negative and Positive are, of Binary, the names of the classes.
	Negative, Positive string
	// Scored says that predictions have probabilities: of Binary they are scores, not 1 and 0.
	Scored bool
}

// ModelOf returns the Model of rows that have these columns, those of a log or of a reference.
func ModelOf(spec *groundtruth.Spec, columns groundtruth.PredictionColumns) Model {
	switch spec.Task {
	case groundtruth.Binary:
		negative, positive := classNames(spec.Positive)
		return Model{Task: spec.Task, Negative: negative, Positive: positive, Scored: columns.Score != ""}
	case groundtruth.Multiclass:
		return Model{Task: spec.Task, Scored: len(columns.Scores) > 0}
	default:
		return Model{}
	}
}

// classNames returns the names of the classes where the positive one has a label: 1 and true
// have a counterpart, and of other labels all others are the negative class.
func classNames(label string) (negative, positive string) {
	if f, err := strconv.ParseFloat(label, 64); err == nil && (f == 0 || f == 1) {
		return strconv.FormatFloat(1-f, 'g', -1, 64), strconv.FormatFloat(f, 'g', -1, 64)
	}
	switch strings.ToLower(label) {
	case "":
		return "0", "1"
	case "true":
		return "false", "true"
	case "false":
		return "true", "false"
	}
	return "not " + label, label
}

// classifies reports whether rows are counted by classes.
func (m Model) classifies() bool { return m.Task != "" && m.Task != groundtruth.Regression }

// known returns the Model with the zero value for a regression.
func (m Model) known() Model {
	if !m.classifies() {
		return Model{}
	}
	return m
}

// task returns the task, by its name.
func (m Model) task() groundtruth.Task {
	if !m.classifies() {
		return groundtruth.Regression
	}
	return m.Task
}
