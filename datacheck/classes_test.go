package datacheck

import (
	"fmt"
	"testing"
)

// classifier returns a healthy model of which predictions and labels have what row gives for a
// number: the values of class and score, and the label.
func classifier(task string, row func(i int) (class, score, label string)) *setup {
	s := healthy()
	s.task, s.rules = task, "[{name: accuracy, when: accuracy < 0.5}]"
	s.columns = "{id: id, timestamp: at, prediction: class, score: score}"
	s.write("class,score", func(i int) (predicted, label string) {
		class, score, label := row(i)
		return class + "," + score, label
	})
	return s
}

// each returns the rows of a binary classifier that has names for its classes.
func each(classes ...string) func(i int) (class, score, label string) {
	return func(i int) (class, score, label string) {
		return classes[i%len(classes)], fmt.Sprint(float64(i%5) / 4), classes[i/2%len(classes)]
	}
}

// TestCheckClassifiers looks at the data of classifiers: text is none of their faults.
func TestCheckClassifiers(t *testing.T) {
	t.Parallel()
	const fraud = "binary\n    positive_label: fraud"
	withScore := func(score string) func(i int) (class, sc, label string) {
		return func(i int) (class, sc, label string) {
			class, sc, label = each("1", "0")(i)
			if i%4 == 0 {
				sc = score
			}
			return class, sc, label
		}
	}
	for _, c := range []struct {
		name     string
		setup    *setup
		severity string // empty: nothing is wrong
		found    string
		do       string
	}{
		{"numbers", classifier("binary", each("1", "0")), "", "", ""},
		{"words", classifier("binary", each("True", "false")), "", "", ""},
		{"text", classifier(fraud, each("fraud", "ok")), "", "", ""},
		{
			"a score above 1", classifier("binary", withScore("1.5")),
			Error, `predictions: column "score", which predictions.columns.score names, has no usable value in 25 % of 720 records; the first that is no number from 0 to 1 is "1.5"`, "write probabilities, from 0 to 1, or set `predictions.columns.score: x`, which looks like a number; a run fails above max_bad_share 0.01",
		},
		{
			"a score that is missing", classifier("binary", withScore("")),
			Error, `column "score", which predictions.columns.score names, has no usable value in 25 % of 720 records; they are empty`, "mend the data",
		},
		{
			"labels of text", classifier("binary", func(i int) (string, string, string) { return "1", "0.5", []string{"yes", "no"}[i%2] }),
			Error, `labels: column "y", which ground_truth.columns.label names, has no usable value in 100 % of 960 records; the first that is no 1, 0, true or false is "no"`, "set `positive_label` to the label that is meant; the values are \"no\" (480), \"yes\" (480)",
		},
		{
			"a third class among numbers", classifier("binary", each("1", "0", "2")),
			Error, `labels: column "y", which ground_truth.columns.label names, has no usable value in 33.3 % of 960 records; the first that is no 1, 0, true or false is "2"`, "write 1 and 0 alone, or set `task: multiclass` where each is a class; the values are \"0\" (320), \"1\" (320), \"2\" (320)",
		},
		{
			"a third class among texts", classifier(fraud, each("fraud", "ok", "new")),
			Warning, `labels: column "y", which ground_truth.columns.label names, has 2 values beside "fraud", the positive_label, and all of them count as the other class: "new" (320), "ok" (320)`, "leave it so, or set `task: multiclass`",
		},
		{
			"a positive label that no row has", classifier(fraud, each("Fraud", "ok")),
			Warning, `labels: column "y", which ground_truth.columns.label names, has no value "fraud", the positive_label, in 960 records; it has "Fraud" (480), "ok" (480) (did you mean "Fraud"?)`, "set `positive_label`",
		},
		{
			"probabilities for classes", classifier(fraud, func(i int) (string, string, string) {
				return fmt.Sprint(float64(i%7) / 8), "0.5", []string{"fraud", "ok"}[i%2]
			}), Warning, `predictions: column "class", which predictions.columns.prediction names, has numbers from 0 to 1 and not "fraud", the positive_label, in 720 records`, "if they are probabilities, map the column as `predictions.columns.score` in place of `predictions.columns.prediction`",
		},
		{
			"probabilities for classes of 1 and 0", classifier("binary", func(i int) (string, string, string) {
				return fmt.Sprint(float64(i%7) / 8), "0.5", []string{"1", "0"}[i%2]
			}), Error, `predictions: column "class", which predictions.columns.prediction names, has no usable value in 85.4 % of 720 records`, "if they are probabilities, map the column as `predictions.columns.score`",
		},
		{
			"one class alone", classifier("binary", each("0")),
			Warning, `labels: column "y", which ground_truth.columns.label names, has no value "1", the positive_label, in 960 records; it has "0" (960)`, "with one class alone",
		},
		{
			"one class alone in all labels", func() *setup {
				s := classifier("binary", each("0"))
				s.objects = map[string]string{"p/2026-01-01/a.csv": s.objects["p/2026-01-01/a.csv"], "l/2026-01-01/a.csv": s.objects["l/2026-01-01/a.csv"]}
				return s
			}(), Error, `labels: column "y", which ground_truth.columns.label names, has no value "1", the positive_label, in 240 records`, "set `positive_label`",
		},
		{
			"the positive class alone", classifier("binary", each("1")),
			Warning, `predictions: column "class", which predictions.columns.prediction names, has no value but "1", the positive_label, in 720 records`, "write rows of the other class too",
		},
		{
			"a weight below 0", func() *setup {
				s := classifier("binary", each("1", "0"))
				s.columns = "{id: id, timestamp: at, prediction: class, score: score, weight: w}"
				s.edit("p/", "id,at,x,", "id,at,w,")
				s.edit("p/", ",3.5,", ",-3.5,")
				return s
			}(), Error, `predictions: column "w", which predictions.columns.weight names, has no usable value in 5.8 % of 720 records; the first that is no number from 0 to 1e+09 is "-3.5"`, "write weights, from 0 to 1e+09",
		},
		{
			"a score that is not there", func() *setup {
				s := classifier("binary", each("1", "0"))
				s.columns = "{id: id, timestamp: at, prediction: class, score: scores}"
				return s
			}(), Error, `predictions: there is no column "scores", which predictions.columns.score names`, "set `predictions.columns.score: score`",
		},
		{"classes", multiclass(each("cat", "dog", "3")), "", "", ""},
		{"one class of several", multiclass(each("cat")), Warning, `labels: column "y", which ground_truth.columns.label names, has one value alone in 960 records: "cat" (960)`, "name the column of the class"},
		{
			"classes that are written otherwise", multiclass(func(i int) (string, string, string) {
				return []string{"cat", "dog"}[i%2], "0.5", []string{"CAT", "DOG"}[i/2%2]
			}),
			Warning, `no class of labels is one that is predicted: labels have "CAT" (480), "DOG" (480), predictions "cat" (360), "dog" (360)`, "write classes alike on both sides",
		},
		{
			"a class without a score", func() *setup {
				s := multiclass(each("cat", "dog", "cow"))
				s.scores()
				return s
			}(), Warning, `labels: 1 of the 3 classes of labels have no score: "cow" (320)`, "add them to `predictions.columns.scores`",
		},
		{
			"a key of scores that no map has", func() *setup {
				s := multiclass(each("cat", "dog"))
				s.columns = "{id: id, timestamp: at, prediction: class, scores: {column: score, classes: [cat, dgo]}}"
				for i := range 5 {
					s.edit("p/", fmt.Sprintf(",%v\n", float64(i)/4), ",\"{'cat': 0.5, 'dog': 0.5}\"\n")
				}
				return s
			}(), Error, `predictions: column "score", which predictions.columns.scores names, has no usable value in 100 % of 720 records; they have no key "dgo" and, where they are lists, fewer than 2 elements`, "name classes in `predictions.columns.scores` as the maps have them, or mend the data",
		},
		{
			"a list of more scores than classes", func() *setup {
				s := multiclass(each("cat", "dog"))
				s.columns = "{id: id, timestamp: at, prediction: class, scores: {column: score, classes: [cat, dog]}}"
				for i := range 5 {
					s.edit("p/", fmt.Sprintf(",%v\n", float64(i)/4), ",[0.5 0.25 0.25]\n")
				}
				return s
			}(), Error, `predictions: column "score", which predictions.columns.scores names, has no usable value in 100 % of 720 records; the first that is no number from 0 to 1 is "[0.5 0.25 0.25]"`, "write probabilities, from 0 to 1, and name in `classes` all that a list has, in its order",
		},
		{
			"scores above 1", func() *setup {
				s := multiclass(each("cat", "dog"))
				s.scores()
				s.edit("p/", ",0.75\n", ",75\n")
				return s
			}(), Error, `predictions: column "score", which predictions.columns.scores names, has no usable value in 20 % of 720 records; the first that is no number from 0 to 1 is "75"`, "write probabilities",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.setup.finds(t, c.severity, c.found, c.do)
		})
	}
}

// multiclass is classifier of a model of several classes, without scores.
func multiclass(row func(i int) (class, score, label string)) *setup {
	s := classifier("multiclass", row)
	s.columns = "{id: id, timestamp: at, prediction: class}"
	return s
}

// scores gives the feature's column to the scores of a second class.
func (s *setup) scores() {
	s.columns = "{id: id, timestamp: at, prediction: class, scores: {cat: score, dog: x}}"
	for i := range 17 {
		s.edit("p/", fmt.Sprintf("Z,%d.5,", i), "Z,0.5,")
	}
}
