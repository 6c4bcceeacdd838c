package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/hindcast/hindcast/evaluator/drift"
)

// estimated lists the metrics whose bands are counted: those of estimates without labels.
func estimated() []string {
	return []string{"roc_auc", "accuracy", "f1", "precision", "recall", "average_precision", "log_loss", "brier"}
}

func bandOf(name string) string { return "band of " + name }

const estimateTrials = 200

// estimateCells is the grid of estimates: windows in which nothing changed, and whose labels come
// later.
func estimateCells() []cell {
	var out []cell
	for _, kind := range classKinds() {
		for _, positive := range []float64{0.5, 0.1} {
			for _, n := range []int{1000, 10000} {
				model := classifier{positive}
				c := cell{
					name:   fmt.Sprintf("%s rows whose labels come later, %s of %s positive", kind.name, percent(positive), thousands(n)),
					at:     classAt(kind, model, n),
					trials: estimateTrials,
				}
				c.trial = func(r *rand.Rand, number int, into counts) {
					reference, _ := model.rows(r, kind, model.referenceRows(), days(0, classDays), trained)
					w, _ := model.rows(r, kind, n, days(classDays+14+number%14, 1), trained)
					ev := evaluate(w, profileOf(reference, nil), drift.Options{})
					for _, name := range estimated() {
						countInterval(bandOf(name), ev.Estimated.Metrics[name], float64(ev.Metrics[name].Value), into)
					}
				}
				if kind.name == "independent" {
					for _, name := range estimated() {
						c.promises = append(c.promises, promise{figure: bandOf(name), low: 93, high: 98})
					}
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// estimateSmoke names the cells of the smoke.
func estimateSmoke() []string {
	return []string{"independent rows whose labels come later, 10 % of 1,000 positive"}
}
