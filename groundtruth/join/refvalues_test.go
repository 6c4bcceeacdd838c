package join

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// This file holds what the simple join makes of predictions, labels, scores, quantiles and
// weights, and what draws them.

// classCell is what a class is written as, and the class that it is.
type classCell struct {
	cell   tableCell
	class  string // "" is none
	binary string // where true and false are 1 and 0
}

// classCells returns spellings of classes.
func classCells() []classCell {
	return []classCell{
		{"cat", "cat", "cat"}, {" cat", " cat", " cat"}, {"Cat", "Cat", "Cat"}, {"日本", "日本", "日本"},
		{int64(3), "3", "3"}, {"3", "3", "3"}, {"3.0", "3", "3"}, {3.0, "3", "3"}, {" 3", "3", "3"}, {"03", "03", "03"},
		{2.5, "2.5", "2.5"}, {"2.50", "2.5", "2.5"}, {"none", "none", "none"},
		{int64(1), "1", "1"}, {"1", "1", "1"}, {"1.0", "1", "1"}, {1.0, "1", "1"}, {true, "true", "1"}, {"true", "true", "1"}, {"TRUE", "TRUE", "1"},
		{int64(0), "0", "0"}, {"0", "0", "0"}, {"-0.0", "0", "0"}, {0.0, "0", "0"}, {false, "false", "0"}, {"False", "False", "0"},
		{nil, "", ""}, {"", "", ""}, {" ", "", ""},
	}
}

// classOf returns the class that a cell is of a model of the task.
func classOf(task groundtruth.Task, c tableCell) string {
	all := classCells()
	found := all[slices.IndexFunc(all, func(k classCell) bool { return k.cell == c })]
	if task == groundtruth.Binary {
		return found.binary
	}
	return found.class
}

// refClass reads a cell as the class of a binary model, 1 of the positive one and 0 of the
// other: it is missing or bad.
func refBinary(spec *groundtruth.Spec, c tableCell) (value float64, why string) {
	positive, class := classOf(groundtruth.Binary, spec.Positive), classOf(groundtruth.Binary, c)
	byNumber := positive == "1" || positive == "0"
	switch {
	case class == "", byNumber && class == "none":
		return 0, groundtruth.MissingValue
	case class == positive:
		return 1, ""
	case byNumber && class != "1" && class != "0":
		return 0, groundtruth.BadClass
	}
	return 0, ""
}

// refBounded reads a cell as a number between bounds.
func refBounded(c tableCell, most float64, bad string) (float64, string) {
	x, why := refNumber(c)
	if why == groundtruth.BadNumber || why == "" && (x < 0 || x > most) {
		return 0, bad
	}
	return x + 0, why
}

// refPredicted reads what was predicted of a row, as predictedText and furtherText have it, or
// says why it is bad.
func refPredicted(spec *groundtruth.Spec, cols *groundtruth.PredictionColumns, r tableRow) (predicted, further, why string) {
	first := func(w string) {
		if why == "" {
			why = w
		}
	}
	var parts, more []any
	switch spec.Task {
	case groundtruth.Binary:
		var score, class float64
		var badScore, badClass string
		if cols.Score != "" {
			score, badScore = refBounded(r[cols.Score], 1, groundtruth.BadScore)
			first(badScore)
			class = 0
			if score >= spec.Threshold {
				class = 1
			}
		}
		if cols.Prediction != "" {
			class, badClass = refBinary(spec, r[cols.Prediction])
			first(badClass)
		}
		switch {
		case cols.Score != "":
			parts = append(parts, score, class == 1)
		case cols.Prediction != "":
			parts = append(parts, class, class == 1)
		}
	case groundtruth.Multiclass:
		class, best := "", -1.0
		var scores []any
		if cols.Prediction != "" {
			if class = classOf(spec.Task, r[cols.Prediction]); class == "" {
				first(groundtruth.MissingValue)
			}
		}
		for _, s := range cols.Scores {
			x, bad := refBounded(r[s.Column], 1, groundtruth.BadScore)
			first(bad)
			scores = append(scores, x)
			if cols.Prediction == "" && x > best {
				class, best = classOf(spec.Task, s.Class), x
			}
		}
		if cols.Prediction != "" || len(cols.Scores) > 0 {
			parts = append(append(parts, strconv.Quote(class)), scores...)
		}
	default:
		if cols.Prediction != "" {
			x, bad := refNumber(r[cols.Prediction])
			first(bad)
			parts = append(parts, x)
		}
		for _, q := range cols.Quantiles {
			x, bad := refNumber(r[q.Column])
			first(bad)
			more = append(more, x)
		}
	}
	if cols.Weight != "" {
		x, bad := refBounded(r[cols.Weight], groundtruth.MaxWeight, groundtruth.BadWeight)
		first(bad)
		more = append(more, "weighs", x)
	}
	if predicted = words(parts...); predicted == "" {
		predicted = "-"
	}
	return predicted, words(more...), why
}

// refLabelValue reads a cell as a label: its words, null or bad.
func refLabelValue(spec *groundtruth.Spec, c tableCell) (value string, null bool, why string) {
	var x float64
	switch spec.Task {
	case groundtruth.Binary:
		x, why = refBinary(spec, c)
	case groundtruth.Multiclass:
		class := classOf(spec.Task, c)
		return strconv.Quote(class), class == "", ""
	default:
		if x, isNumber := c.(float64); isNumber && math.IsNaN(x) {
			return "", true, ""
		}
		x, why = refNumber(c)
	}
	if why == groundtruth.MissingValue {
		return "", true, ""
	}
	return fmt.Sprint(x), false, why
}

// The columns of test tables beside a prediction.
func furtherColumns() []string {
	return []string{"score", "p_cat", "p_three", "p_dog", "q10", "q90", "w"}
}

// drawTask draws what a model predicts, into a spec.
func drawTask(t *rapid.T, spec *groundtruth.Spec) {
	p := &spec.PredictionColumns
	spec.Task = rapid.SampledFrom([]groundtruth.Task{"", groundtruth.Regression, groundtruth.Binary, groundtruth.Binary, groundtruth.Multiclass, groundtruth.Multiclass}).Draw(t, "task")
	with := rapid.SampledFrom([]string{"prediction", "scores", "both"}).Draw(t, "what is predicted")
	switch spec.Task {
	case groundtruth.Binary:
		spec.Positive = rapid.SampledFrom([]string{"1", "true", "0", "False", "cat", "3"}).Draw(t, "positive")
		spec.Threshold = rapid.SampledFrom([]float64{0.25, 0.5}).Draw(t, "threshold")
		if with != "prediction" {
			p.Score = "score"
		}
	case groundtruth.Multiclass:
		if with != "prediction" {
			p.Scores = []groundtruth.ClassScore{{Class: "cat", Column: "p_cat"}, {Class: "3.0", Column: "p_three"}, {Class: "Cat", Column: "p_dog"}}
		}
	default:
		if with != "prediction" {
			p.Quantiles = []groundtruth.Quantile{{Q: 0.1, Column: "q10"}, {Q: 0.9, Column: "q90"}}
		}
		with = "prediction"
	}
	if with == "scores" {
		p.Prediction = ""
	}
	p.Weight = rapid.SampledFrom([]string{"", "", "w"}).Draw(t, "weight")
}

// genLabel draws a label, or a predicted class, of the task.
func genLabel(task groundtruth.Task) *rapid.Generator[tableCell] {
	if task != groundtruth.Binary && task != groundtruth.Multiclass {
		return genFloat()
	}
	var cells, often []tableCell
	for _, c := range classCells() {
		cells = append(cells, c.cell)
		if task == groundtruth.Binary && (c.binary == "1" || c.binary == "0") {
			often = append(often, c.cell, c.cell, c.cell) // else most rows are bad
		}
	}
	return rapid.SampledFrom(append(often, cells...))
}

// genScore draws a probability, or a weight.
func genScore() *rapid.Generator[tableCell] {
	return rapid.Custom(func(t *rapid.T) tableCell {
		if n := 40 - rapid.IntRange(0, 40).Draw(t, "score"); n < 8 {
			return []tableCell{nil, "abc", math.NaN(), math.Inf(1), -0.125, 1.5, math.Copysign(0, -1), "0.5"}[n]
		}
		return float64(rapid.IntRange(0, 8).Draw(t, "eighths")) / 8
	})
}

// drawFurther draws what a row has beside its prediction, of what the spec maps.
func drawFurther(t *rapid.T, spec *groundtruth.Spec, r tableRow) {
	p := &spec.PredictionColumns
	if p.Score != "" {
		r[p.Score] = genScore().Draw(t, "score")
	}
	for _, s := range p.Scores {
		r[s.Column] = genScore().Draw(t, "probability")
	}
	for _, q := range p.Quantiles {
		r[q.Column] = genFloat().Draw(t, "quantile")
	}
	if p.Weight != "" {
		r[p.Weight] = genScore().Draw(t, "weight")
		if rapid.IntRange(0, 30).Draw(t, "heavy") == 30 {
			r[p.Weight] = 2e9
		}
	}
}
