package config

import (
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// What stands here reads the keys that belong to some kinds of models: to classifiers, to those
// with probabilities, to regressions with quantiles.

// BusinessValue is what rows are worth, by what was predicted of them and what came true.
type BusinessValue struct {
	// Of binary: true and false positives, false and true negatives.
	TP float64 `yaml:"tp"`
	FP float64 `yaml:"fp"`
	FN float64 `yaml:"fn"`
	TN float64 `yaml:"tn"`
	// Pairs are, of multiclass, the classes whose rows are worth anything, in the file's order.
	Pairs []PairValue
}

// PairValue is what a row of one class is worth of which one, or another, is predicted.
type PairValue struct {
	Actual, Predicted string
	Value             float64
}

// MetricParameters are those that metrics have.
type MetricParameters struct {
	FBeta        FBeta        `yaml:"f_beta"`         // of binary
	TopKAccuracy TopKAccuracy `yaml:"top_k_accuracy"` // of multiclass
}

// FBeta says how many times as much as precision recall counts.
type FBeta struct {
	Beta float64 `yaml:"beta"`
}

// TopKAccuracy says among how many of the most probable classes the actual one counts as found.
type TopKAccuracy struct {
	K int `yaml:"k"`
}

// Estimated says how performance is estimated before labels are in.
type Estimated struct {
	Method string `yaml:"method"` // a word of estimations; empty of regressions, whose performance isn't estimated
}

// LabelBias says how it is found that the rows with a label are unlike those without, and what
// follows.
type LabelBias struct {
	Method string `yaml:"method"` // auto
	Action string `yaml:"action"` // one of the LabelBias actions
}

// What follows where rows with a label are unlike those without.
const (
	LabelBiasInconclusive = "inconclusive" // rules on performance are
	LabelBiasWarn         = "warn"         // a note says so
	LabelBiasNone         = "none"         // it is not looked for
)

// scored reports whether predictions of a classifier have probabilities.
func (m *Model) scored() bool {
	c := m.Predictions.Columns
	return c.Score != "" || len(c.Scores) > 0
}

// lacks returns what metrics go by that the model has not, with the keys that would name it.
func (m *Model) lacks() map[metric.Input]string {
	out := map[metric.Input]string{}
	if m.Task == groundtruth.Regression {
		if len(m.Predictions.Columns.Quantiles) == 0 {
			out[metric.PredictedQuantiles] = "predictions.columns.quantiles"
		}
		return out
	}
	if !m.scored() {
		out[metric.Scores] = "predictions.columns." + scoreKey(m.Task)
	}
	if m.BusinessValue == nil {
		out[metric.WorthOfRows] = "business_value"
	}
	return out
}

// referenceLacks returns what of it the reference is said to have not. What a profile has shows
// when it is read.
func (m *Model) referenceLacks() map[metric.Input]string {
	if m.Reference == nil || m.Reference.Columns == nil {
		return nil
	}
	c := m.Reference.Columns
	switch {
	case m.Task == groundtruth.Regression && len(c.Quantiles) == 0:
		return map[metric.Input]string{metric.PredictedQuantiles: "reference.columns.quantiles"}
	case m.Task != groundtruth.Regression && c.Score == "" && len(c.Scores) == 0:
		return map[metric.Input]string{metric.Scores: "reference.columns." + scoreKey(m.Task)}
	}
	return nil
}

// ofPrediction lists the columns that tell what was predicted. Where features are listed, and
// "score" is none of them, that word can only be meant for the key.
func (m *Model) ofPrediction() []string {
	c := m.Predictions.Columns
	var out []string
	for _, column := range []string{c.Prediction, c.Score} {
		if column != "" {
			out = append(out, column)
		}
	}
	for _, s := range c.Scores {
		out = append(out, s.Column)
	}
	for _, q := range c.Quantiles {
		out = append(out, q.Column)
	}
	if f := m.Predictions.Features; c.Score != "" && !f.Auto && !slices.Contains(f.Columns, "score") {
		out = append(out, "score")
	}
	return out
}

// weighted reports whether predictions have weights, and the rows of the reference too. What a
// profile has shows when it is read.
func (m *Model) weighted() bool {
	r := m.Reference
	return m.Predictions.Columns.Weight != "" && r != nil && r.URL != "" && (r.Columns == nil || r.Columns.Weight != "")
}

// scoredClasses returns the classes that have a score, as rows have them.
func (m *Model) scoredClasses() []string {
	var out []string
	for _, s := range m.Predictions.Columns.Scores {
		out = append(out, table.ClassText(s.Class))
	}
	return out
}

// scoreKey names the key of predictions.columns that has probabilities.
func scoreKey(task groundtruth.Task) string {
	if task == groundtruth.Multiclass {
		return "scores"
	}
	return "score"
}

// Estimates reports whether the model's performance is estimated before labels are in, as far as
// the file tells.
func (m *Model) Estimates() bool {
	_, lacks := m.referenceLacks()[metric.Scores]
	return m.Estimated.Method != "" && m.Reference != nil && m.scored() && !lacks
}

// task reads what the model predicts. Where that is misspelt the rest is read as a regression,
// and keys of other tasks are let pass.
func (d *decoder) task(o *object, m *Model) {
	m.Task, m.noTask = groundtruth.Regression, true
	v, ok := o.get("task")
	if !ok {
		return
	}
	s, ok := d.textScalar(v)
	if !ok {
		return
	}
	if strings.Contains(strings.ToLower(s.text), "classif") {
		d.fail(v, "%s is either binary, of two classes, or multiclass", s.shown())
		return
	}
	word := ""
	if d.choice(v, &word, tasks(), nil) {
		m.Task, m.noTask = groundtruth.Task(word), false
	}
}

// belongs returns the value of a key that models of some tasks have, and refuses it for others.
func (o *object) belongs(key string, m *Model, tasks ...groundtruth.Task) (value, bool) {
	v, ok := o.get(key)
	if !ok || slices.Contains(tasks, m.Task) {
		return v, ok
	}
	if !m.noTask {
		o.d.failAt(o.keyPos(key), join(o.v.path, key), "belongs to the task %s; this model's is %s", strings.Join(texts(tasks), " or "), m.Task)
	}
	return v, false
}

// kind reads the keys of a model that belong to its task, once its columns are known.
func (d *decoder) kind(o *object, m *Model) {
	if m.Task == groundtruth.Binary {
		m.PositiveLabel, m.Threshold = defaultPositiveLabel, defaultThreshold
		m.Metrics.FBeta.Beta = defaultBeta
	}
	if m.Task == groundtruth.Multiclass && len(m.Predictions.Columns.Scores) > 0 {
		m.Metrics.TopKAccuracy.K = defaultTopK
	}
	if v, ok := o.belongs("positive_label", m, groundtruth.Binary); ok {
		if text, ok := d.class(v); ok {
			m.PositiveLabel = text
		}
	}
	if v, ok := o.belongs("threshold", m, groundtruth.Binary); ok {
		d.between0And1(v, &m.Threshold)
	}
	if v, ok := o.belongs("business_value", m, groundtruth.Binary, groundtruth.Multiclass); ok {
		d.businessValue(v, m)
	}
	if v, ok := o.belongs("cost_per_prediction", m, groundtruth.Binary, groundtruth.Multiclass); ok {
		if f, ok := d.notNegative(v); ok {
			m.CostPerPrediction = f
		}
		if !o.has("business_value") {
			d.failAt(o.keyPos("cost_per_prediction"), v.path, "is taken from the value of each row: give business_value too, which says what rows are worth")
		}
	}
	if v, ok := o.get("metrics"); ok {
		d.metricParameters(v, m)
	}
	d.estimated(o, m)
	d.labelBias(o, m)
}

// estimated reads how performance is estimated.
func (d *decoder) estimated(o *object, m *Model) {
	if m.Task != groundtruth.Regression {
		m.Estimated.Method = auto
	}
	v, ok := o.belongs("estimated", m, groundtruth.Binary, groundtruth.Multiclass)
	if !ok {
		return
	}
	if !m.scored() {
		d.failAt(o.keyPos("estimated"), v.path, "it goes by probabilities: map predictions.columns.%s", scoreKey(m.Task))
	}
	e := d.object(v)
	can, later := estimations()
	e.choice("method", &m.Estimated.Method, can, later)
	e.done()
}

// labelBias reads what follows where labels are of rows unlike the others.
func (d *decoder) labelBias(o *object, m *Model) {
	m.LabelBias = LabelBias{Method: auto, Action: defaultLabelBias}
	v, ok := o.get("label_bias")
	if !ok {
		return
	}
	b := d.object(v)
	b.choice("method", &m.LabelBias.Method, []string{auto}, nil)
	b.choice("action", &m.LabelBias.Action, labelBiasActions(), nil)
	b.done()
}

// metricParameters reads the parameters of metrics that the model's task has.
func (d *decoder) metricParameters(v value, m *Model) {
	o := d.object(v)
	if fv, ok := o.belongs("f_beta", m, groundtruth.Binary); ok {
		f := d.object(fv)
		if bv, ok := f.get("beta"); ok {
			if b, s, ok := d.number(bv); ok && !(b > 0) {
				d.fail(bv, "must be above 0, got %s: recall counts so many times as much as precision", s.raw)
			} else if ok {
				m.Metrics.FBeta.Beta = b
			}
		}
		f.need("beta")
		f.done()
	}
	if kv, ok := o.belongs("top_k_accuracy", m, groundtruth.Multiclass); ok {
		k := d.object(kv)
		k.count("k", 1, mostClasses, &m.Metrics.TopKAccuracy.K)
		k.need("k")
		k.done()
		if len(m.Predictions.Columns.Scores) == 0 {
			d.failAt(o.keyPos("top_k_accuracy"), kv.path, "it goes by the probabilities of classes: map predictions.columns.scores")
		}
	}
	o.done()
}

// businessValue reads what rows are worth.
func (d *decoder) businessValue(v value, m *Model) {
	if m.Task == groundtruth.Multiclass {
		d.pairValues(v, m)
		return
	}
	o := d.object(v)
	if !o.ok {
		return
	}
	b := &BusinessValue{}
	for _, of := range []struct {
		key string
		to  *float64
	}{{"tp", &b.TP}, {"fp", &b.FP}, {"fn", &b.FN}, {"tn", &b.TN}} {
		if nv, ok := o.get(of.key); ok {
			if f, _, ok := d.number(nv); ok {
				*of.to = f
			}
		}
	}
	if len(o.members) == 0 {
		o.fail("is empty: say what a row is worth that is a true or false positive or negative, as in {tp: 10, fp: -1, fn: -5}")
	}
	o.done()
	m.BusinessValue = b
}

// pairValues reads what rows are worth by their class and the predicted one.
func (d *decoder) pairValues(v value, m *Model) {
	items, ok := d.filled(v, "{actual: CLASS, predicted: CLASS, value: NUMBER}")
	if !ok {
		return
	}
	b := &BusinessValue{}
	for _, item := range items {
		o := d.object(item)
		var pair PairValue
		actual, haveActual := o.class("actual", m)
		predicted, havePredicted := o.class("predicted", m)
		if nv, ok := o.get("value"); ok {
			pair.Value, _, _ = d.number(nv)
		}
		o.need("actual", "predicted", "value")
		o.done()
		if !haveActual || !havePredicted {
			continue
		}
		pair.Actual, pair.Predicted = actual, predicted
		if slices.ContainsFunc(b.Pairs, func(p PairValue) bool { return p.Actual == actual && p.Predicted == predicted }) {
			o.fail("the value of %q predicted as %q is given twice", clip(actual), clip(predicted))
			continue
		}
		b.Pairs = append(b.Pairs, pair)
	}
	m.BusinessValue = b
}

// class reads the name of a class under a key; of a model with probabilities it is one of these.
func (o *object) class(key string, m *Model) (string, bool) {
	v, ok := o.get(key)
	if !ok {
		return "", false
	}
	text, ok := o.d.oneOfClasses(v)
	if scores := m.Predictions.Columns.Scores; ok && len(scores) > 0 {
		names := make([]string, len(scores))
		for i, s := range scores {
			names[i] = s.Class
		}
		if !slices.Contains(names, text) {
			o.d.fail(v, "%q is no class of predictions.columns.scores%s", clip(text), didYouMean(text, names))
			return "", false
		}
	}
	return text, ok
}

// class reads the text of a class or of a label. A number or a boolean is one as it is written.
func (d *decoder) class(v value) (string, bool) {
	s, ok := d.scalar(v, "the text of a class")
	if !ok {
		return "", false
	}
	if strings.TrimSpace(s.text) == "" || s.kind == nullScalar {
		d.failEmpty(v)
		return "", false
	}
	return s.text, true
}

// oneOfClasses reads the text of a class of several, as the data's are read: 1, 1.0 and "1" are
// one class.
func (d *decoder) oneOfClasses(v value) (string, bool) {
	text, ok := d.class(v)
	return table.ClassText(text), ok
}

// between0And1 reads a number that is neither.
func (d *decoder) between0And1(v value, dst *float64) bool {
	f, s, ok := d.number(v)
	if ok && !(f > 0 && f < 1) {
		d.fail(v, "must be above 0 and below 1, got %s", s.raw)
		return false
	}
	if ok {
		*dst = f
	}
	return ok
}
