package join

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// ofBinary makes a spec one of a binary model with a score.
func ofBinary(positive string) func(*groundtruth.Spec, *Options) {
	return func(s *groundtruth.Spec, _ *Options) {
		s.Task, s.Positive, s.Threshold, s.MaxBadShare = groundtruth.Binary, positive, 0.5, 0
		s.PredictionColumns.Score = "score"
	}
}

// TestBinaryIsReadAlike reads the same rows in every format and spelling.
func TestBinaryIsReadAlike(t *testing.T) {
	for _, tc := range []struct {
		name         string
		positive     string
		yes, no      tableCell
		scoreDecides bool
	}{
		{"numbers", "1", 1.0, 0.0, false},
		{"whole numbers", "1.0", int64(1), int64(0), false},
		{"text of numbers", "true", "1", "0", false},
		{"text of numbers with a point", "1", "1.0", "0.0", false},
		{"booleans", "1", true, false, false},
		{"words in capitals", "true", "True", "FALSE", false},
		{"the positive class is 0", "False", 0.0, 1.0, false},
		{"text", "fraud", "fraud", "ok", false},
		{"another number", "2", int64(2), int64(1), false},
		{"another number as text", "2.0", "2", "1.0", false},
		{"no class is logged", "1", true, false, true},
	} {
		for _, format := range []string{"csv", "jsonl", "parquet"} {
			t.Run(tc.name+" "+format, func(t *testing.T) {
				preds := tableObject{"p." + format, []tableRow{
					pred("a", 5, 0, "pred", tc.yes, "score", 0.5), pred("b", 6, 0, "pred", tc.no, "score", 0.25), pred("c", 7, 0, "pred", tc.yes, "score", 1.0), pred("d", 8, 0, "pred", tc.no, "score", 0.0),
				}}
				labels := tableObject{"l." + format, []tableRow{label("a", tc.yes, 30), label("b", tc.yes, 30), label("c", tc.no, 30), label("d", nil, 30), label("e", tc.yes, 30)}}
				res, rows, err := run(t, func(s *groundtruth.Spec, o *Options) {
					ofBinary(tc.positive)(s, o)
					if tc.scoreDecides {
						s.PredictionColumns.Prediction = ""
					}
				}, []tableObject{preds}, []tableObject{labels})
				must(t, err)
				if got, want := kept(rows), "0 false 0.25 false 0.5 true 1 true"; got != want {
					t.Errorf("predictions %s, want %s", got, want)
				}
				if got, want := matched(rows), "0.25 false=1 0.5 true=1 1 true=0"; got != want {
					t.Errorf("matches %s, want %s", got, want)
				}
				if c := res.Coverage; c.NullLabels != 1 || c.UnmatchedLabels != 1 || len(oddNotes(res)) > 0 {
					t.Errorf("coverage %+v, notes %q", c, res.Notes)
				}
			})
		}
	}
}

// oddNotes are the notes less those on the hidden objects that test tables are written with.
func oddNotes(res groundtruth.Result) []string {
	return slices.DeleteFunc(res.Notes, func(n string) bool { return strings.Contains(n, "were left out") || strings.HasPrefix(n, "no row") })
}

// TestBinaryWithoutScore has 1 and 0 in its stead.
func TestBinaryWithoutScore(t *testing.T) {
	_, rows, err := run(t, func(s *groundtruth.Spec, o *Options) {
		ofBinary("fraud")(s, o)
		s.PredictionColumns.Score = ""
	}, []tableObject{{"p.csv", []tableRow{pred("a", 5, 0, "pred", "fraud"), pred("b", 5, 0, "pred", "ok")}}}, []tableObject{{"l.csv", []tableRow{label("a", "ok", 30), label("b", "fraud", 30)}}})
	must(t, err)
	if got, want := matched(rows), "0 false=1 1 true=0"; got != want {
		t.Errorf("matches %s, want %s", got, want)
	}
}

// TestMulticlassIsReadAlike reads one class from several spellings and formats, and the most
// probable one where none is logged.
func TestMulticlassIsReadAlike(t *testing.T) {
	for _, format := range []string{"csv", "jsonl", "parquet"} {
		t.Run(format, func(t *testing.T) {
			preds := []tableObject{
				{"p." + format, []tableRow{pred("a", 5, 0, "pred", int64(3)), pred("b", 6, 0, "pred", 10.0)}},
				{"q." + format, []tableRow{pred("c", 5, 0, "pred", "3.0"), pred("d", 6, 0, "pred", " cat"), pred("e", 6, 0, "pred", "cat")}},
			}
			labels := []tableObject{{"l." + format, []tableRow{label("a", "3", 30), label("b", "3", 30), label("c", "3.0", 30), label("d", "cat", 30), label("e", "cat", 30)}}}
			multiclass := func(s *groundtruth.Spec, _ *Options) { s.Task, s.MaxBadShare = groundtruth.Multiclass, 0 }
			_, rows, err := run(t, multiclass, preds, labels)
			must(t, err)
			if got, want := matched(rows), `" cat"="cat" "10"="3" "3"="3" "3"="3" "cat"="cat"`; got != want {
				t.Errorf("matches %s, want %s", got, want)
			}
			scores := []tableObject{{"p." + format, []tableRow{
				pred("a", 5, 0, "p_cat", 0.25, "p_three", 0.75), pred("b", 5, 0, "p_cat", 0.5, "p_three", 0.5), pred("c", 5, 0, "p_cat", 0.75, "p_three", 0.0),
			}}}
			_, rows, err = run(t, func(s *groundtruth.Spec, o *Options) {
				multiclass(s, o)
				s.PredictionColumns.Prediction = ""
				s.PredictionColumns.Scores = []groundtruth.ClassScore{{Class: "cat", Column: "p_cat"}, {Class: "3.0", Column: "p_three"}}
			}, scores, labels)
			must(t, err)
			if got, want := matched(rows), `"3" 0.25 0.75="3" "cat" 0.5 0.5="3" "cat" 0.75 0="3"`; got != want {
				t.Errorf("matches %s, want %s", got, want)
			}
		})
	}
}

// TestConflictsAreOfClasses takes versions of a label that are written differently for one.
func TestConflictsAreOfClasses(t *testing.T) {
	for _, tc := range []struct {
		task          groundtruth.Task
		first, second tableCell
		conflicts     int64
	}{
		{groundtruth.Multiclass, int64(3), "3.0", 0},
		{groundtruth.Multiclass, "cat", " cat", 1},
		{groundtruth.Binary, true, "1.0", 0},
		{groundtruth.Binary, "0", 1.0, 1},
	} {
		res, _, err := run(t, func(s *groundtruth.Spec, _ *Options) {
			s.Task, s.MaxBadShare, s.Resolve = tc.task, 0, groundtruth.ResolveConflictIsMissing
		}, []tableObject{{"p.csv", []tableRow{pred("a", 5, 1)}}}, []tableObject{{"a.parquet", []tableRow{label("a", tc.first, 30)}}, {"b.jsonl", []tableRow{label("a", tc.second, 31)}}})
		must(t, err)
		if c := res.Coverage; c.ConflictingLabels != tc.conflicts || c.Matched != 1-tc.conflicts || c.DuplicateLabels != 1 {
			t.Errorf("%s of %v and %v: coverage %+v, want %d conflicts", tc.task, tc.first, tc.second, c, tc.conflicts)
		}
	}
}

// TestBadValuesAreNamed fails a window with a message that names the column and what is wrong.
func TestBadValuesAreNamed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*groundtruth.Spec)
		row    tableRow
		label  tableCell
		want   string
	}{
		{"a score above 1", nil, pred("a", 5, 1, "score", 1.5), 1.0, `1 bad_score in column "score" (no number from 0 to 1; first in p.jsonl, record 1: "1.5")`},
		{"a score below 0", nil, pred("a", 5, 1, "score", -1e-9), 1.0, `1 bad_score in column "score" (no number from 0 to 1; first in p.jsonl, record 1: "-1e-09")`},
		{"a score that is NaN", nil, pred("a", 5, 1, "score", math.NaN()), 1.0, `record 1: "NaN")`},
		{"a score that is text", nil, pred("a", 5, 1, "score", "high"), 1.0, `1 bad_score in column "score" (no number from 0 to 1; first in p.jsonl, record 1: "high")`},
		{"no score", nil, pred("a", 5, 1), 1.0, `1 missing_value in column "score" (first in p.csv, record 1)`},
		{"no class", nil, pred("a", 5, 1, "pred", nil, "score", 0.5), 1.0, `1 missing_value in column "pred" (first in p.csv, record 1)`},
		{"a class that is neither", nil, pred("a", 5, 1, "pred", "maybe", "score", 0.5), 1.0, `1 bad_class in column "pred" (nested, or neither 1, 0, true nor false where positive_label is one of these; first in p.jsonl, record 1: "maybe")`},
		{"a class of another number", nil, pred("a", 5, 2, "score", 0.5), 1.0, `first in p.jsonl, record 1: "2")`},
		{"a label that is neither", nil, pred("a", 5, 1, "score", 0.5), "fraud", `labels: 1 of 1 records read are bad, a share above max_bad_share 0: 1 bad_class in column "label" (nested, or neither 1, 0, true nor false where positive_label is one of these; first in l.jsonl, record 1: "fraud"); mend the data, check the mapped columns, set positive_label where the classes of a binary model have other words, or raise max_bad_share`},
		{"a negative weight", func(s *groundtruth.Spec) { s.PredictionColumns.Weight = "w" }, pred("a", 5, 1, "score", 0.5, "w", -1.0), 1.0, `1 bad_weight in column "w" (no number from 0 to 1e+09; first in p.jsonl, record 1: "-1")`},
		{"no weight", func(s *groundtruth.Spec) { s.PredictionColumns.Weight = "w" }, pred("a", 5, 1, "score", 0.5), 1.0, `1 missing_value in column "w"`},
		{"a quantile", func(s *groundtruth.Spec) {
			s.Task, s.PredictionColumns.Quantiles = "", []groundtruth.Quantile{{Q: 0.1, Column: "q10"}, {Q: 0.9, Column: "q90"}}
		}, pred("a", 5, 1, "q10", 1.0, "q90", math.Inf(1)), 1.0, `1 bad_number in column "q90" (first in p.jsonl, record 1: "+Inf")`},
		{"a probability", func(s *groundtruth.Spec) {
			s.Task, s.PredictionColumns.Scores = groundtruth.Multiclass, []groundtruth.ClassScore{{Class: "cat", Column: "p_cat"}, {Class: "dog", Column: "p_dog"}}
		}, pred("a", 5, 1, "p_cat", 0.5, "p_dog", 2.0), 1.0, `1 bad_score in column "p_dog" (no number from 0 to 1; first in p.jsonl, record 1: "2")`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			object := "p.jsonl"
			if strings.Contains(tc.want, groundtruth.MissingValue) {
				object = "p.csv" // a key that no record of JSON has is another mistake
			}
			_, _, err := run(t, func(s *groundtruth.Spec, o *Options) {
				ofBinary("1")(s, o)
				if tc.change != nil {
					tc.change(s)
				}
			}, []tableObject{{object, []tableRow{tc.row}}}, []tableObject{{"l.jsonl", []tableRow{label("a", tc.label, 30)}}})
			var bad *BadShareError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v\nwant one with %s", err, tc.want)
			}
		})
	}
}

// TestNestedClassIsBad tells what is no text from what is missing.
func TestNestedClassIsBad(t *testing.T) {
	for _, positive := range []string{"1", "fraud"} {
		_, _, err := run(t, ofBinary(positive), []tableObject{{"p.jsonl", []tableRow{pred("a", 5, 0, "score", 0.5, "pred", nestedCell{})}}}, nil)
		if err == nil || !strings.Contains(err.Error(), `1 bad_class in column "pred"`) || !strings.Contains(err.Error(), `record 1: "[1]"`) {
			t.Errorf("positive_label %s: error %v", positive, err)
		}
	}
}

// nestedCell is a list in JSON.
type nestedCell struct{}

func (nestedCell) MarshalJSON() ([]byte, error) { return []byte("[1]"), nil }

// TestNotesOfClasses says where labels are probably not what positive_label means.
func TestNotesOfClasses(t *testing.T) {
	labelled := func(cells ...tableCell) (preds, labels []tableObject) {
		p, l := tableObject{rel: "p.csv"}, tableObject{rel: "l.csv"}
		for i, c := range cells {
			p.rows = append(p.rows, pred(fmt.Sprint(i), 5, 0, "pred", c, "score", 0.5))
			l.rows = append(l.rows, label(fmt.Sprint(i), c, 30))
		}
		return []tableObject{p}, []tableObject{l}
	}
	for _, tc := range []struct {
		name, positive string
		cells          []tableCell
		want           []string
	}{
		{"both classes", "1", []tableCell{1.0, 0.0}, nil},
		{"both classes by name", "fraud", []tableCell{"fraud", "ok"}, nil},
		{"no label", "1", nil, nil},
		{"none is positive", "1", []tableCell{0.0, 0.0, 0.0}, []string{`none of the 3 labels read is positive_label "1": "label" is 0; with`}},
		{"none is positive, which is 0", "0", []tableCell{1.0}, []string{`none of the 1 labels read is positive_label "0": "label" is 1; with`}},
		{"another spelling", "fraud", []tableCell{"Fraud", "ok"}, []string{`none of the 2 labels read is positive_label "fraud": "label" is "Fraud", "ok" (did you mean "Fraud"?); with`, `column "pred" of predictions has 2 values`}},
		{"probabilities that are predicted", "fraud", []tableCell{0.25, 0.5, 1.0}, []string{
			`none of the 3 labels read is positive_label "fraud"`,
			`column "pred" of predictions has 3 values from 0 to 1 and not positive_label "fraud": if they are probabilities, map it as predictions.columns.score in place of prediction`,
		}},
		{"several others", "fraud", []tableCell{"fraud", "ok", "new", "old", "1", "true", "1.0"}, []string{
			`column "label" of labels has 4 values beside positive_label "fraud", and all of them are the other class: "1", "new", "ok", "old"; with task: multiclass each is a class`,
			`column "pred" of predictions has 4 values beside positive_label "fraud"`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			preds, labels := labelled(tc.cells...)
			res, _, err := run(t, ofBinary(tc.positive), preds, labels)
			must(t, err)
			found, notes := 0, oddNotes(res)
			for _, want := range tc.want {
				if slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, want) }) {
					found++
				}
			}
			if found != len(tc.want) || len(notes) != len(tc.want) {
				t.Errorf("notes %q\nwant %q", notes, tc.want)
			}
		})
	}
}

// TestManyOtherClasses tells of no more than the first hundred, whatever the order.
func TestManyOtherClasses(t *testing.T) {
	var first []string
	for _, step := range []int{1, 77, 131} {
		l := tableObject{rel: "l.csv", rows: []tableRow{label("p", "fraud", 30)}}
		for i := range 150 {
			l.rows = append(l.rows, label(fmt.Sprint(i), fmt.Sprintf("c%03d", i*step%150), 30))
		}
		res, _, err := run(t, ofBinary("fraud"), []tableObject{{"p.csv", []tableRow{pred("p", 5, 0, "pred", "fraud", "score", 0.5)}}}, []tableObject{l})
		must(t, err)
		notes := oddNotes(res)
		if first == nil {
			first = notes
		}
		if len(notes) != 1 || !slices.Equal(first, notes) || !strings.Contains(notes[0], `has more than 100 values beside positive_label "fraud"`) || !strings.Contains(notes[0], `"c000", "c001", "c002", "c003", "c004" and 95 more`) {
			t.Errorf("notes %q", notes)
		}
	}
}

// jsonCell is written as it is in JSON, and in CSV as text.
type jsonCell string

func (c jsonCell) MarshalJSON() ([]byte, error) { return []byte(c), nil }

// TestScoresOfElements reads probabilities from the elements of a map and of a list.
func TestScoresOfElements(t *testing.T) {
	labels := []tableObject{{"l.csv", []tableRow{label("a", "dog", 30), label("b", "cat", 30)}}}
	for name, tc := range map[string]struct {
		elements      [2]groundtruth.Element
		first, second string
		bad           string // how the second element is called
	}{
		"map":  {[2]groundtruth.Element{{Key: "cat"}, {Key: "dog"}}, `{"cat":0.25,"dog":0.75}`, `{"dog":%s,"cat":0.5}`, `score["dog"]`},
		"list": {[2]groundtruth.Element{{Place: 1}, {Place: 2}}, `[0.25,0.75]`, `[0.5,%s]`, `score[2]`},
	} {
		for _, format := range []string{"csv", "jsonl"} {
			read := func(second string) (*recorder, error) {
				preds := []tableObject{{"p." + format, []tableRow{pred("a", 5, 0, "score", jsonCell(tc.first)), pred("b", 5, 0, "score", jsonCell(fmt.Sprintf(tc.second, second)))}}}
				_, rows, err := run(t, func(s *groundtruth.Spec, _ *Options) {
					s.Task, s.MaxBadShare, s.PredictionColumns.Prediction = groundtruth.Multiclass, 0, ""
					s.PredictionColumns.Scores = []groundtruth.ClassScore{{Class: "cat", Column: "score", Element: tc.elements[0]}, {Class: "dog", Column: "score", Element: tc.elements[1]}}
				}, preds, labels)
				return rows, err
			}
			rows, err := read("0.5")
			must(t, err)
			if got, want := matched(rows), `"cat" 0.5 0.5="cat" "dog" 0.25 0.75="dog"`; got != want {
				t.Errorf("%s in %s: matches %s, want %s", name, format, got, want)
			}
			if _, err := read("1.5"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("1 bad_score in column %q", tc.bad)) {
				t.Errorf("%s in %s: error %v", name, format, err)
			}
		}
	}
}

// TestReferenceLacksColumns says how the configuration has it that a reference has others.
func TestReferenceLacksColumns(t *testing.T) {
	var names memNames
	for _, tc := range []struct {
		change  func(*groundtruth.Spec)
		columns []string
		want    string
	}{
		{func(s *groundtruth.Spec) { s.PredictionColumns.Score = "score" }, []string{"pred", "label"}, `write reference: {columns: {score: NAME}}, with the name that it has in the reference, or "" where it has none; if the log calls it so too, correct predictions.columns.score instead`},
		{func(s *groundtruth.Spec) { s.PredictionColumns.Weight = "w" }, []string{"pred"}, `write reference: {columns: {weight: NAME, label: NAME}}`},
		{func(s *groundtruth.Spec) {
			s.Task = groundtruth.Multiclass
			s.PredictionColumns.Scores = []groundtruth.ClassScore{{Class: "a", Column: "pa"}, {Class: "b", Column: "pb"}}
		}, []string{"pred", "pa", "label"}, `write reference: {columns: {scores: {CLASS: NAME}}}, with the name that it has in the reference, or "" where it has none; if the log calls it so too, correct predictions.columns.scores instead`},
		{func(s *groundtruth.Spec) {
			s.Task = ""
			s.PredictionColumns.Quantiles = []groundtruth.Quantile{{Q: 0.5, Column: "q50"}}
			s.ReferenceColumns = &groundtruth.ReferenceColumns{PredictionColumns: s.PredictionColumns, Label: "label"}
			s.ReferenceColumns.Quantiles = []groundtruth.Quantile{{Q: 0.5, Column: "median"}}
		}, []string{"pred", "label"}, `write reference: {columns: {quantiles: [{q: NUMBER, column: NAME}]}}, with the name that it has in the reference, or "" where it has none`},
	} {
		base := names.next(t)
		storeTables(t, base, []tableObject{{"r.csv", []tableRow{{"pred": 1.0, "label": 1.0, "pa": 0.5}}}}, tc.columns)
		spec := testSpec("", "")
		spec.Task, spec.Reference.URL = groundtruth.Binary, base+"/*"
		tc.change(&spec)
		_, _, err := ScanReference(context.Background(), objstore.NewOpener(""), spec, Options{}, newRecorder)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("error %v\nwant %s", err, tc.want)
		}
	}
}
