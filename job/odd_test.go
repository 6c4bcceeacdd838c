package job_test

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// TestWronglyMappedColumns reads windows whose columns were taken for one another: rules compare
// with a reference that was read so too, and find nothing.
func TestWronglyMappedColumns(t *testing.T) {
	all := kinds()
	for _, c := range []struct {
		name, kind string
		change     func(k *aKind) // nil where the columns are right
		want       string         // a part of the note; empty where none is
	}{
		{"scores", "binary", nil, ""},
		{"scores of the other class", "binary", func(k *aKind) { k.settings.model = strings.Replace(k.settings.model, "late", `"in time"`, 1) },
			`is below 0.5, that of chance: "score" is probably not the probability of positive_label "in time", but that of the other class; write 1 less it`},
		{"scores of several classes", "multiclass", nil, ""},
		{"scores of other classes", "multiclass", func(k *aKind) {
			k.settings.columns = strings.NewReplacer("a: pa", "a: pb", "b: pb", "b: pc", "c: pc", "c: pa").Replace(k.settings.columns)
		}, "is below 0.5, that of chance: see whether each of `predictions.columns.scores` is the probability of the class that it names"},
		{"a class without a score", "multiclass", func(k *aKind) { k.settings.columns = strings.Replace(k.settings.columns, "c: pc", "C: pc", 1) },
			`labelled rows are of a class that has no score, "c" (did you mean "C"?): it counts as predicted with a probability of 0`},
		{"quantiles", "regression with quantiles", nil, ""},
		{"quantiles the wrong way round", "regression with quantiles", func(k *aKind) {
			k.settings.columns = strings.NewReplacer("p10", "p90", "p90", "p10").Replace(k.settings.columns)
		}, "\"p10\", the predicted quantile 0.9, lies 2 below \"p90\", the quantile 0.1, on average: see whether `predictions.columns.quantiles` has them the wrong way round"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := all[c.kind]
			if c.change != nil {
				c.change(&k)
			}
			w := k.world(t, k.settings, 3, nil)
			w.at(6)
			day := day(3)
			var notes []string
			for _, note := range w.pass(job.Options{Window: &day})[0].Notes {
				if strings.Contains(note, "predictions.columns") || strings.Contains(note, "positive_label") {
					notes = append(notes, note)
				}
			}
			if want := min(len(c.want), 1); len(notes) != want || want > 0 && !strings.Contains(notes[0], c.want) {
				t.Errorf("got  %q\nwant %q", notes, c.want)
			}
		})
	}
}
