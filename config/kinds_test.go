package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// kindText is the configuration of a model of a task, with further columns of predictions and
// further keys.
func kindText(task, columns, keys string) string {
	return `version: 1
state: {url: state}
models:
- name: m
  task: ` + task + `
  predictions:
    url: logs/*.csv
    columns: {id: id` + columns + `}
  ground_truth:
    url: labels/*.csv
    columns: {id: id, label: y}
    delay: 1d
` + keys
}

func TestKinds(t *testing.T) {
	type columns = groundtruth.PredictionColumns
	id := groundtruth.IDColumns{"id"}
	element := func(key string, place int) groundtruth.Element {
		return groundtruth.Element{Key: key, Place: place, Of: 2}
	}
	catDog := []groundtruth.ClassScore{{Class: "cat", Column: "p_cat"}, {Class: "dog", Column: "p_dog"}}
	for _, c := range []struct {
		name, task, columns, keys string
		want                      groundtruth.Spec
	}{
		{"regression", "regression", ", prediction: p", "", groundtruth.Spec{PredictionColumns: columns{ID: id, Prediction: "p"}}},
		{
			"regression with quantiles", "regression", ", prediction: p, quantiles: [{q: 0.1, column: p10}, {q: 0.9, column: p90}], weight: w", "",
			groundtruth.Spec{PredictionColumns: columns{ID: id, Prediction: "p", Quantiles: []groundtruth.Quantile{{Q: 0.1, Column: "p10"}, {Q: 0.9, Column: "p90"}}, Weight: "w"}},
		},
		{
			"binary of classes", "binary", ", prediction: p", "",
			groundtruth.Spec{Task: "binary", Positive: "1", Threshold: 0.5, PredictionColumns: columns{ID: id, Prediction: "p"}},
		},
		{
			"binary of scores", "binary", ", score: s", "  threshold: 0.3\n  positive_label: fraud\n",
			groundtruth.Spec{Task: "binary", Positive: "fraud", Threshold: 0.3, PredictionColumns: columns{ID: id, Score: "s"}},
		},
		{
			"a positive label that is a boolean", "binary", ", score: s", "  positive_label: true\n",
			groundtruth.Spec{Task: "binary", Positive: "true", Threshold: 0.5, PredictionColumns: columns{ID: id, Score: "s"}},
		},
		{
			"a positive label that is a number", "binary", ", score: s", "  positive_label: 2\n",
			groundtruth.Spec{Task: "binary", Positive: "2", Threshold: 0.5, PredictionColumns: columns{ID: id, Score: "s"}},
		},
		{
			"multiclass of classes", "multiclass", ", prediction: p", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Prediction: "p"}},
		},
		{
			"scores by class", "multiclass", ", scores: {cat: p_cat, dog: p_dog}", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Scores: catDog}},
		},
		{
			"scores in a list", "multiclass", ", scores: [{class: cat, column: p_cat}, {class: dog, column: p_dog}]", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Scores: catDog}},
		},
		{
			"classes that are numbers", "multiclass", ", scores: {1: p1, 2: p2}", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Scores: []groundtruth.ClassScore{{Class: "1", Column: "p1"}, {Class: "2", Column: "p2"}}}},
		},
		{
			"scores in one column", "multiclass", ", scores: {column: probs, classes: [cat, 2.0]}", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Scores: []groundtruth.ClassScore{
				{Class: "cat", Column: "probs", Element: element("cat", 1)}, {Class: "2", Column: "probs", Element: element("2.0", 2)},
			}}},
		},
		{
			"classes that are called as keys are", "multiclass", ", scores: {column: p_column, classes: p_classes}", "",
			groundtruth.Spec{Task: "multiclass", PredictionColumns: columns{ID: id, Scores: []groundtruth.ClassScore{{Class: "column", Column: "p_column"}, {Class: "classes", Column: "p_classes"}}}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustParse(t, kindText(c.task, c.columns, c.keys), noEnv).Models[0]
			got := m.GroundtruthSpec()
			got = groundtruth.Spec{Task: got.Task, Positive: got.Positive, Threshold: got.Threshold, PredictionColumns: got.PredictionColumns}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestReferenceColumnsOfKinds(t *testing.T) {
	reference := func(task, columns, own string) *groundtruth.ReferenceColumns {
		t.Helper()
		m := mustParse(t, kindText(task, columns, "  reference: {url: r/*.csv, columns: {"+own+"}}\n  rules: []\n"), noEnv).Models[0]
		return m.GroundtruthSpec().ReferenceColumns
	}
	if c := reference("binary", ", score: s, weight: w", "score: proba, weight: ''"); c.Score != "proba" || c.Weight != "" || c.Label != "y" {
		t.Errorf("binary: %+v", c)
	}
	if c := reference("binary", ", score: s, weight: w", "label: sold"); c.Score != "s" || c.Weight != "w" {
		t.Errorf("binary: %+v", c)
	}
	want := []groundtruth.ClassScore{{Class: "a", Column: "pa"}, {Class: "b", Column: "pb"}}
	if c := reference("multiclass", ", scores: {a: x, b: y1}", "scores: {b: pb, a: pa}"); !slices.Equal(c.Scores, want) {
		t.Errorf("multiclass: %+v", c.Scores)
	}
	if c := reference("multiclass", ", prediction: p, scores: {a: x, b: y1}", "scores: ''"); c.Scores != nil || c.Prediction != "p" {
		t.Errorf("multiclass: %+v", c)
	}
	if c := reference("regression", ", prediction: p, quantiles: [{q: 0.5, column: m}]", "quantiles: [{q: 0.5, column: median}]"); len(c.Quantiles) != 1 || c.Quantiles[0].Column != "median" {
		t.Errorf("regression: %+v", c.Quantiles)
	}
}

func TestParametersOfKinds(t *testing.T) {
	m := mustParse(t, kindText("binary", ", score: s", ""), noEnv).Models[0]
	if m.Metrics.FBeta.Beta != 2 || m.Metrics.TopKAccuracy.K != 0 || m.Estimated.Method != "auto" || m.LabelBias != (LabelBias{"auto", LabelBiasInconclusive}) || m.BusinessValue != nil {
		t.Errorf("by default: %+v", m)
	}
	m = mustParse(t, kindText("binary", ", score: s", `  business_value: {tp: 10, fn: -5}
  cost_per_prediction: 0.002
  metrics: {f_beta: {beta: 0.5}}
  estimated: {method: cbpe}
  label_bias: {action: warn}
`), noEnv).Models[0]
	if !reflect.DeepEqual(*m.BusinessValue, BusinessValue{TP: 10, FN: -5}) || m.CostPerPrediction != 0.002 || m.Metrics.FBeta.Beta != 0.5 || m.Estimated.Method != "cbpe" || m.LabelBias.Action != LabelBiasWarn {
		t.Errorf("%+v", m)
	}
	m = mustParse(t, kindText("multiclass", ", scores: {a: pa, b: pb}", `  business_value: [{actual: a, predicted: b, value: -3}, {actual: b, predicted: b, value: 1}]
  metrics: {top_k_accuracy: {k: 2}}
`), noEnv).Models[0]
	if want := []PairValue{{"a", "b", -3}, {"b", "b", 1}}; !slices.Equal(m.BusinessValue.Pairs, want) || m.Metrics.TopKAccuracy.K != 2 {
		t.Errorf("%+v", m)
	}
	m = mustParse(t, kindText("regression", ", prediction: p", ""), noEnv).Models[0]
	if m.PositiveLabel != "" || m.Threshold != 0 || m.Metrics != (MetricParameters{}) || m.Estimated.Method != "" {
		t.Errorf("a regression has %+v", m)
	}
}

func TestDefaultRulesOfKinds(t *testing.T) {
	for _, c := range []struct{ task, columns, reference, want string }{
		{"binary", ", score: s", "{url: r}", "roc_auc < 0.9 * reference.roc_auc"},
		{"binary", ", score: s, prediction: p", "{profile: saved}", "roc_auc < 0.9 * reference.roc_auc"},
		{"binary", ", prediction: p", "{url: r}", "f1 < 0.9 * reference.f1"},
		{"binary", ", score: s, prediction: p", "{url: r, columns: {score: ''}}", "f1 < 0.9 * reference.f1"},
		{"binary", ", score: s", "{url: r, columns: {score: ''}}", ""},
		{"binary", ", score: s", "{url: r, columns: {label: ''}}", ""},
		{"multiclass", ", scores: {a: x, b: y1}", "{url: r}", "roc_auc < 0.9 * reference.roc_auc"},
		{"multiclass", ", prediction: p", "{url: r}", "f1 < 0.9 * reference.f1"},
	} {
		m := mustParse(t, kindText(c.task, c.columns, "  reference: "+c.reference+"\n"), noEnv).Models[0]
		got := ""
		for _, r := range m.DefaultRules()[1:] {
			got = r.When
		}
		if m.DefaultRules()[0].When != "drift.share >= 0.5" || got != c.want {
			t.Errorf("%s %s %s: rules %+v, want %q", c.task, c.columns, c.reference, m.DefaultRules(), c.want)
		}
	}
}

// A threshold that does not count is warned of.
func TestThresholdBesideClasses(t *testing.T) {
	for _, c := range []struct {
		columns, keys string
		warned        bool
	}{
		{", score: s, prediction: p", "  threshold: 0.3\n", true},
		{", score: s, prediction: p", "  threshold: 0.5\n", false},
		{", score: s", "  threshold: 0.3\n", false},
		{", score: s, prediction: p", "  threshold: 0.3\n  reference: {url: r, columns: {prediction: ''}}\n", false},
	} {
		warnings := mustParse(t, kindText("binary", c.columns, c.keys), noEnv).Warnings()
		const want = "model m: threshold does not count: predictions.columns.prediction (p) says which class is predicted"
		if slices.Contains(warnings, want) != c.warned {
			t.Errorf("%s %s: warnings %q", c.columns, c.keys, warnings)
		}
	}
}

// A method that a file names, and that the rows' weights forbid, is warned of.
func TestEstimatedBesideWeights(t *testing.T) {
	for _, c := range []struct {
		columns, keys string
		warned        bool
	}{
		{", score: s, weight: w", "  estimated: {method: cbpe}\n  reference: {url: r}\n", true},
		{", score: s, weight: w", "  reference: {url: r}\n", false}, // the default is to estimate where that can be
		{", score: s", "  estimated: {method: cbpe}\n  reference: {url: r}\n", false},
	} {
		warnings := mustParse(t, kindText("binary", c.columns, c.keys), noEnv).Warnings()
		const want = "model m: estimated.method cbpe does not count: rows have weights (predictions.columns.weight), and performance is estimated of rows that all count alike"
		if slices.Contains(warnings, want) != c.warned {
			t.Errorf("%s %s: warnings %q", c.columns, c.keys, warnings)
		}
	}
}

// A rule on a class that has no score is warned of: it is probably misspelt.
func TestRuleOnAClassWithoutScore(t *testing.T) {
	const keys = "  rules: [{name: r, when: 'classes[\"%s\"].recall < 0.5'}]\n"
	for class, want := range map[string]string{
		"refund": "",
		"refnud": `model m: a rule names the class "refnud", which has no score (did you mean "refund"?): predictions.columns.scores has "login", "refund"`,
	} {
		warnings := mustParse(t, kindText("multiclass", ", scores: {login: x, refund: z}", fmt.Sprintf(keys, class)), noEnv).Warnings()
		if want == "" && strings.Contains(strings.Join(warnings, "\n"), "class") || want != "" && !slices.Contains(warnings, want) {
			t.Errorf("%s: warnings %q", class, warnings)
		}
	}
}

// What is wrong with the keys of kinds of models, and the exact messages.
func TestBadKinds(t *testing.T) {
	const reference = "  rules: []\n  reference: {url: r, columns: {"
	for _, c := range []struct{ name, task, columns, keys, want string }{
		{"no prediction of a regression", "regression", "", "", "8:14: models[0].predictions.columns: prediction is missing"},
		{"no prediction of a binary model", "binary", "", "", "8:14: models[0].predictions.columns: prediction or score is missing: the predicted class, or the probability of the positive one"},
		{"no prediction of a multiclass model", "multiclass", "", "", "8:14: models[0].predictions.columns: prediction or scores is missing: the predicted class, or the probabilities of all"},
		{"score of a regression", "regression", ", prediction: p, score: s", "", "8:38: models[0].predictions.columns.score: belongs to the task binary; this model's is regression"},
		{"scores of a binary model", "binary", ", score: p, scores: {a: x, b: z}", "", "8:33: models[0].predictions.columns.scores: belongs to the task multiclass; this model's is binary"},
		{"quantiles of a classifier", "binary", ", score: p, quantiles: []", "", "8:33: models[0].predictions.columns.quantiles: belongs to the task regression; this model's is binary"},
		{"threshold of a multiclass model", "multiclass", ", prediction: p", "  threshold: 0.5\n", "13:3: models[0].threshold: belongs to the task binary; this model's is multiclass"},
		{"threshold of 1", "binary", ", score: p", "  threshold: 1\n", "13:14: models[0].threshold: must be above 0 and below 1, got 1"},
		{"threshold of 0", "binary", ", score: p", "  threshold: 0\n", "13:14: models[0].threshold: must be above 0 and below 1, got 0"},
		{"threshold in percent", "binary", ", score: p", "  threshold: 50\n", "13:14: models[0].threshold: must be above 0 and below 1, got 50"},
		{"threshold in quotes", "binary", ", score: p", "  threshold: \"0.5\"\n", `13:14: models[0].threshold: want a number, got "0.5": write it without quotes`},
		{"positive_label of nothing", "binary", ", score: p", "  positive_label: ''\n", "13:19: models[0].positive_label: is empty: give it a value or leave the key out"},
		{"positive_label that is a list", "binary", ", score: p", "  positive_label: [a]\n", "13:19: models[0].positive_label: want the text of a class, got a list"},
		{"a class twice", "multiclass", ", scores: [{class: a, column: x}, {class: a, column: z}]", "", `8:55: models[0].predictions.columns.scores[1]: the class "a" is given twice`},
		{"a class twice, as numbers", "multiclass", ", scores: {1: x, 1.0: z}", "", `8:43: models[0].predictions.columns.scores["1.0"]: the class "1" is given twice`},
		{"a class twice in one column", "multiclass", ", scores: {column: x, classes: [a, b, a]}", "", `8:59: models[0].predictions.columns.scores.classes[2]: the class "a" is given twice`},
		{"a column of two classes", "multiclass", ", scores: {a: x, b: x}", "", `8:41: models[0].predictions.columns.scores.b: the column "x" is that of another class already`},
		{"one class", "multiclass", ", scores: {a: x}", "", `8:31: models[0].predictions.columns.scores: want two classes at least, got 1; where one column holds a map or a list of them, write {column: COLUMN, classes: [..]}`},
		{"one column without classes", "multiclass", ", scores: x", "", `8:31: models[0].predictions.columns.scores: want keys and values, got text`},
		{"quantile of 1", "regression", ", prediction: p, quantiles: [{q: 1, column: x}]", "", "8:54: models[0].predictions.columns.quantiles[0].q: must be above 0 and below 1, got 1"},
		{"quantiles that fall", "regression", ", prediction: p, quantiles: [{q: 0.9, column: x}, {q: 0.1, column: z}]", "", "8:75: models[0].predictions.columns.quantiles[1].q: the quantiles stand in ascending order, and 0.1 follows 0.9"},
		{"a quantile twice", "regression", ", prediction: p, quantiles: [{q: 0.9, column: x}, {q: 0.9, column: z}]", "", "8:75: models[0].predictions.columns.quantiles[1].q: the quantiles stand in ascending order, and 0.9 follows 0.9"},
		{"a column of two quantiles", "regression", ", prediction: p, quantiles: [{q: 0.1, column: x}, {q: 0.9, column: x}]", "", `8:88: models[0].predictions.columns.quantiles[1].column: the column "x" is that of another quantile already`},
		{"no quantiles", "regression", ", prediction: p, quantiles: []", "", "8:49: models[0].predictions.columns.quantiles: the list is empty: give it {q: NUMBER, column: COLUMN} or leave the key out"},
		{"a score that is the id", "binary", ", score: id", "", `8:30: models[0].predictions.columns.score: the column "id" is the id`},
		{"a weight that is the score", "binary", ", score: p, weight: p", "", `8:41: models[0].predictions.columns.weight: the column "p" is the score`},
		{"business_value of a regression", "regression", ", prediction: p", "  business_value: {tp: 1}\n", "13:3: models[0].business_value: belongs to the task binary or multiclass; this model's is regression"},
		{"business_value of nothing", "binary", ", score: p", "  business_value: {}\n", "13:19: models[0].business_value: is empty: say what a row is worth that is a true or false positive or negative, as in {tp: 10, fp: -1, fn: -5}"},
		{"business_value of another cell", "binary", ", score: p", "  business_value: {tpr: 1}\n", `13:20: models[0].business_value: unknown key "tpr" (did you mean "tp"?)`},
		{"business_value of binary as a list", "binary", ", score: p", "  business_value: [{actual: a, predicted: b, value: 3}]\n", "13:19: models[0].business_value: want keys and values, got a list"},
		{"business_value of multiclass as a map", "multiclass", ", prediction: p", "  business_value: {tp: 1}\n", "13:19: models[0].business_value: want a list of {actual: CLASS, predicted: CLASS, value: NUMBER}, got a mapping: an item of a list begins with a dash"},
		{"a pair twice", "multiclass", ", prediction: p", "  business_value: [{actual: a, predicted: b, value: 3}, {actual: a, predicted: b, value: 4}]\n", `13:57: models[0].business_value[1]: the value of "a" predicted as "b" is given twice`},
		{"a pair of no class", "multiclass", ", scores: {cat: x, dog: z}", "  business_value: [{actual: cta, predicted: dog, value: 3}]\n", `13:29: models[0].business_value[0].actual: "cta" is no class of predictions.columns.scores (did you mean "cat"?)`},
		{"a pair without a value", "multiclass", ", prediction: p", "  business_value: [{actual: a, predicted: b}]\n", "13:20: models[0].business_value[0]: value is missing"},
		{"cost without a value", "binary", ", score: p", "  cost_per_prediction: 1\n", "13:3: models[0].cost_per_prediction: is taken from the value of each row: give business_value too, which says what rows are worth"},
		{"negative cost", "binary", ", score: p", "  business_value: {tp: 1}\n  cost_per_prediction: -1\n", "14:24: models[0].cost_per_prediction: must be at least 0, got -1"},
		{"beta of 0", "binary", ", score: p", "  metrics: {f_beta: {beta: 0}}\n", "13:28: models[0].metrics.f_beta.beta: must be above 0, got 0: recall counts so many times as much as precision"},
		{"beta of nothing", "binary", ", score: p", "  metrics: {f_beta: {}}\n", "13:21: models[0].metrics.f_beta: beta is missing"},
		{"k of 0", "multiclass", ", scores: {a: x, b: z}", "  metrics: {top_k_accuracy: {k: 0}}\n", "13:33: models[0].metrics.top_k_accuracy.k: must be at least 1, got 0"},
		{"k without scores", "multiclass", ", prediction: p", "  metrics: {top_k_accuracy: {k: 2}}\n", "13:13: models[0].metrics.top_k_accuracy: it goes by the probabilities of classes: map predictions.columns.scores"},
		{"k of a binary model", "binary", ", score: p", "  metrics: {top_k_accuracy: {k: 2}}\n", "13:13: models[0].metrics.top_k_accuracy: belongs to the task multiclass; this model's is binary"},
		{"parameters of a metric without", "binary", ", score: p", "  metrics: {recall: {k: 2}}\n", `13:13: models[0].metrics: unknown key "recall"; known: f_beta, top_k_accuracy`},
		{"estimated regression", "regression", ", prediction: p", "  estimated: {method: auto}\n", "13:3: models[0].estimated: belongs to the task binary or multiclass; this model's is regression"},
		{"estimation of the future", "binary", ", score: p", "  estimated: {method: dle}\n", `13:23: models[0].estimated.method: "dle" is not supported by this version; supported: auto, cbpe`},
		{"estimation without scores", "binary", ", prediction: p", "  estimated: {method: cbpe}\n", "13:3: models[0].estimated: it goes by probabilities: map predictions.columns.score"},
		{"label bias of another action", "binary", ", score: p", "  label_bias: {action: block}\n", `13:24: models[0].label_bias.action: unknown value "block"; known: inconclusive, none, warn`},
		{"label bias of another method", "binary", ", score: p", "  label_bias: {method: psi}\n", `13:24: models[0].label_bias.method: unknown value "psi"; known: auto`},
		{"other classes in the reference", "multiclass", ", scores: {a: x, b: z}", reference + "scores: {a: x, c: z}}}\n", `14:41: models[0].reference.columns.scores: the class "b" of predictions.columns.scores is missing`},
		{"more classes in the reference", "multiclass", ", scores: {a: x, b: z}", reference + "scores: {a: x, b: z, c: v}}}\n", `14:41: models[0].reference.columns.scores: it has 3 classes, and predictions.columns.scores has 2: name the same`},
		{"score in the reference alone", "binary", ", prediction: p", reference + "score: s}}\n", `14:40: models[0].reference.columns.score: predictions.columns.score is not there: the reference's serves to compare with`},
		{"scores in the reference alone", "multiclass", ", prediction: p", reference + "scores: {a: x, b: z}}}\n", `14:41: models[0].reference.columns.scores: predictions.columns.scores is not there: the reference's serve to compare with`},
		{"other quantiles in the reference", "regression", ", prediction: p, quantiles: [{q: 0.1, column: x}]", reference + "quantiles: [{q: 0.2, column: x}]}}\n", `14:44: models[0].reference.columns.quantiles: they are not the quantiles of predictions.columns.quantiles: name the same`},
		{"score of a regression's reference", "regression", ", prediction: p", reference + "score: s}}\n", `14:33: models[0].reference.columns.score: belongs to the task binary; this model's is regression`},
		{"score that is the label", "binary", ", score: s", reference + "score: y}}\n", `14:32: models[0].reference.columns: the column "y" cannot be both the score and the label`},
		{"rule on scores without any", "binary", ", prediction: p", "  rules: [{name: auc, when: roc_auc < 0.8}]\n", "13:29: models[0].rules[0].when: roc_auc goes by probabilities, which this model has not: configure predictions.columns.score"},
		{"rule on an interval of scores without any", "multiclass", ", prediction: p", "  rules: [{name: l, when: ci.log_loss.low > 0.8}]\n", "13:27: models[0].rules[0].when: log_loss goes by probabilities, which this model has not: configure predictions.columns.scores"},
		{"rule on a reference without scores", "binary", ", score: s, prediction: p", "  reference: {url: r, columns: {score: ''}}\n  rules: [{name: auc, when: roc_auc < reference.roc_auc}]\n", "14:39: models[0].rules[0].when: reference.roc_auc can never be known: the reference has no probabilities, as reference.columns.score says"},
		{"rule on an estimate of rows with weights", "binary", ", score: s, weight: w", "  reference: {url: r}\n  rules: [{name: e, when: estimated.f1 < reference.f1}]\n", "14:27: models[0].rules[0].when: performance is estimated of rows that all count alike, and predictions.columns.weight says that these don't: name a metric that waits for labels, or leave weight out"},
		{"drift of the score", "binary", ", score: p_late", "  reference: {url: r}\n  rules: [{name: d, when: 'drift.columns[\"p_late\"].drifted'}]\n", `14:42: models[0].rules[0].when: the column "p_late" is no feature, it tells what was predicted: write drift.columns["prediction"]`},
		{"quality of the predicted class", "binary", ", score: s, prediction: p", "  rules: [{name: q, when: 'quality.columns[\"p\"].missing > 0.1'}]\n", `13:44: models[0].rules[0].when: the column "p" is no feature, it tells what was predicted: write quality.columns["prediction"]`},
		{"drift of the score of a class", "multiclass", ", scores: {a: x, b: z}", "  reference: {url: r}\n  rules: [{name: d, when: 'drift.columns[\"z\"].drifted'}]\n", `14:42: models[0].rules[0].when: the column "z" is no feature, it tells what was predicted: write drift.columns["prediction"]`},
		{"rule on a value that nobody gave", "binary", ", score: s", "  rules: [{name: v, when: business_value < 0}]\n", "13:27: models[0].rules[0].when: business_value goes by what rows are worth, which this model has not: configure business_value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parseError(t, kindText(c.task, c.columns, c.keys), noEnv); got != "hindcast.yaml:"+c.want {
				t.Errorf("got  %s\nwant hindcast.yaml:%s", got, c.want)
			}
		})
	}
	for _, name := range []string{"p", "z"} {
		text := strings.Replace(kindText("multiclass", ", prediction: p, scores: {a: x, b: z}", ""), "  ground_truth", "    features: [w, "+name+"]\n  ground_truth", 1)
		role := map[string]string{"p": "prediction", "z": "score of a class"}[name]
		if got, want := parseError(t, text, noEnv), `hindcast.yaml:9:19: models[0].predictions.features[1]: the column "`+name+`" is the `+role+`; it cannot be a feature too`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Where nobody knows the task, nobody knows which metrics a rule may name.
func TestRulesOfAnUnknownTask(t *testing.T) {
	text := strings.Replace(readTestdata(t, "full.yaml"), "task: regression", "task: classification", 1)
	text = strings.Replace(text, "rmse > 1.2 * reference.rmse", "accuracy < 0.9", 1)
	if !strings.Contains(text, "accuracy") {
		t.Fatal("there is no rule to replace")
	}
	const want = `hindcast.yaml:6:11: models[0].task: "classification" is either binary, of two classes, or multiclass`
	if got := parseError(t, text, noEnv); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
