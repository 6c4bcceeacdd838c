package report

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/job"
)

// What is drawn of predictions is what the JSON of each window says, the reference's what its rows
// say, and windows without labels are drawn too.
func TestDrawnPredictionsAreTheJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 14))
	for name, stories := range map[string][2]*logged{
		"numbers": {houses(rng, 2000, 0), houses(rng, 1500, 0.1)},
		"scores":  {late(rng, 2000, 0), late(rng, 1500, 0.4)},
		"classes": {animals(rng, 2000), animals(rng, 900)},
	} {
		s := storyOf(stories[0], stories[1])
		if _, ok := figuresOf(t, s)["predictions"]; ok {
			t.Errorf("%s: one window is drawn as a course", name)
		}
		second := *s.Last()
		second.Window, second.Stage = day(2), "closed"
		second.Prediction = storyOf(stories[0], stories[0]).Last().Prediction
		s.Newer = []job.Told{second}
		ref := evaluator.PredictionOf(s.Profile.Summary())
		sec := figuresOf(t, s)["predictions"]
		for at := range sec.Figures {
			c := chartOf[chart.Trend](t, sec, at)
			drawn, lines := drawnData(t, sec, at, "value"), drawnData(t, sec, at, "reference")
			if len(drawn) != 2 || len(lines) == 0 {
				t.Fatalf("%s: %q has %d windows and %d references", name, c.Title, len(drawn), len(lines))
			}
			for i, w := range all(s) {
				o := predictionJSON(t, &w.Outcome)
				n := drawn[i].Numbers
				class, _, of := strings.Cut(c.Title, " is predicted for ")
				if of {
					drawnAs(t, name+": share of "+class, n["v"], o.Ratios[class])
					drawnAs(t, name+": reference of "+class, lines[0].Numbers["v"], float64(ref.Ratios[class]))
					continue
				}
				drawnAs(t, name+": median", n["v"], o.Quantiles["0.5"])
				drawnAs(t, name+": 5 % point", n["low"], o.Quantiles["0.05"])
				drawnAs(t, name+": 95 % point", n["high"], o.Quantiles["0.95"])
				drawnAs(t, name+": median of the reference", lines[0].Numbers["v"], float64(ref.Quantiles["0.5"]))
			}
		}
		if want := map[string]int{"numbers": 1, "scores": 2, "classes": 3}[name]; len(sec.Figures) != want {
			t.Errorf("%s: %d figures, not %d", name, len(sec.Figures), want)
		}
	}
}

// predictionJSON is what the JSON of an outcome says of predictions.
func predictionJSON(t *testing.T, o *job.Outcome) (out struct{ Quantiles, Ratios map[string]float64 }) {
	t.Helper()
	data, err := json.Marshal(o.Prediction)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
