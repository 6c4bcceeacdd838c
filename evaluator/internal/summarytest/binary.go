package summarytest

import (
	"math"
	"math/rand/v2"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
)

// Classified is a binary classifier whose scores are right: positive rows are normal about Apart,
// negative ones about 0, and the score is the probability of the label that follows from that.
type Classified struct {
	Prevalence, Apart float64
}

func (c Classified) score(x float64) float64 {
	return 1 / (1 + math.Exp(-c.Apart*x+c.Apart*c.Apart/2)*(1-c.Prevalence)/c.Prevalence)
}

// Draw draws rows, in time order. With rho above 0 how far a row lies from its mean hangs on the
// row before it, as AR(1) errors do.
func (c Classified) Draw(rng *rand.Rand, rows int, rho float64) Binary {
	b := Binary{}
	for _, e := range evaltest.ErrorsOf(rng, rows, rho) {
		label := 0.0
		if rng.Float64() < c.Prevalence {
			label = 1
			// A row that is easy to tell is so whichever class it is of.
			e = -e
		}
		b.Labels = append(b.Labels, label)
		b.Scores = append(b.Scores, c.score(e+float64(c.Apart*label)))
	}
	return b
}

// Truth returns what some metrics are of all rows that could be drawn.
func (c Classified) Truth() map[string]float64 {
	const step = 1e-3
	var tp, said, right, loss, brier float64
	for x := -9.0; x < 9+c.Apart; x += step {
		density := func(mean float64) float64 { return math.Exp(-(x-mean)*(x-mean)/2) / math.Sqrt(2*math.Pi) * step }
		positive, negative, s := c.Prevalence*density(c.Apart), (1-c.Prevalence)*density(0), c.score(x)
		loss -= positive*math.Log(s) + negative*math.Log1p(-s)
		brier += positive*(1-s)*(1-s) + negative*s*s
		if s >= 0.5 {
			tp += positive
			said += positive + negative
			right += positive
		} else {
			right += negative
		}
	}
	return map[string]float64{
		"accuracy": right, "f1": 2 * tp / (c.Prevalence + said), "log_loss": loss, "brier": brier,
		"roc_auc": 0.5 * math.Erfc(-c.Apart/2),
	}
}
