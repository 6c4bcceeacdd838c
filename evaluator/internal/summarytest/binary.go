package summarytest

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Binary are rows of a binary classifier. Scores are nil where there are none, Predicted where
// those from 1/2 on are positive, and Weights where there are none.
type Binary struct {
	Labels    []float64
	Scores    []float64
	Predicted []bool
	Weights   []float64
	Versions  []string // nil where there are none
}

// Matches returns the rows as a scan sends them, in time order and evenly spread over a window
// from start on that is so long.
func (b *Binary) Matches(start time.Time, long time.Duration) *groundtruth.Matches {
	m := &groundtruth.Matches{
		Len: len(b.Labels), HasTime: true, Times: make([]int64, len(b.Labels)),
		Predictions: b.Scores, Labels: b.Labels, Weights: b.Weights, Version: groundtruth.Column{Kind: groundtruth.Absent},
	}
	m.Positive = b.Predicted
	for i := range b.Labels {
		m.Times[i] = start.UnixNano() + int64(float64(long)/float64(len(b.Labels))*float64(i))
		if b.Predicted == nil {
			m.Positive = append(m.Positive, b.Scores[i] >= 0.5)
		}
	}
	if b.Scores == nil {
		for _, p := range b.Predicted {
			score := 0.0
			if p {
				score = 1
			}
			m.Predictions = append(m.Predictions, score)
		}
	}
	if b.Versions != nil {
		m.Version = groundtruth.Column{Kind: groundtruth.Text, Valid: slices.Repeat([]bool{true}, len(b.Labels))}
		for _, v := range b.Versions {
			if !slices.Contains(m.Version.Dict, v) {
				m.Version.Dict = append(m.Version.Dict, v)
			}
			m.Version.Codes = append(m.Version.Codes, uint32(slices.Index(m.Version.Dict, v)))
		}
	}
	return m
}

// Summary returns the Summary of the rows, of a window that is so long.
func (b *Binary) Summary(long time.Duration) *summary.Summary {
	start := time.Unix(1, 0)
	builder := summary.NewBuilder(nil, groundtruth.Window{Start: start, End: start.Add(long)}, nil, summary.BuilderOptions{
		Task: groundtruth.Binary, Classifier: summary.ClassifierOptions{Scored: b.Scores != nil},
	})
	const chunk = 1 << 13
	all := b.Matches(start, long)
	for first := 0; first < all.Len; first += chunk {
		next := min(first+chunk, all.Len)
		part := *all
		part.Len, part.Times, part.Predictions = next-first, all.Times[first:next], all.Predictions[first:next]
		part.Labels, part.Positive = all.Labels[first:next], all.Positive[first:next]
		if all.Weights != nil {
			part.Weights = all.Weights[first:next]
		}
		if b.Versions != nil {
			part.Version.Codes, part.Version.Valid = all.Version.Codes[first:next], all.Version.Valid[first:next]
		}
		builder.AddMatches(&part)
	}
	return builder.Summary()
}

// Add adds a row without weight and version.
func (b *Binary) Add(label, score float64) {
	b.Labels, b.Scores = append(b.Labels, label), append(b.Scores, score)
}

// Classified is a binary classifier whose scores are right: positive rows are normal about Apart,
// negative ones about 0, and the score is the probability of the label that follows from that.
type Classified struct {
	Prevalence, Apart float64
}

func (c Classified) score(x float64) float64 {
	odds := portable.Exp(-float64(c.Apart*x)+float64(c.Apart*c.Apart/2)) * (1 - c.Prevalence) / c.Prevalence
	return 1 / (1 + float64(odds))
}

// Draw draws rows, in time order. With rho above 0 how far a row lies from its mean hangs on the
// row before it, as AR(1) errors do.
func (c Classified) Draw(rng *rand.Rand, rows int, rho float64) Binary {
	b := Binary{}
	for _, e := range evaltest.ErrorsOf(rng, rows, rho) {
		b.Add(c.Row(rng, e))
	}
	return b
}

// Row draws a row of either class that lies so far from its mean towards the other class: the less
// of it, the easier it is to classify.
func (c Classified) Row(rng *rand.Rand, towards float64) (label, score float64) {
	if rng.Float64() < c.Prevalence {
		return 1, c.score(c.Apart - towards)
	}
	return 0, c.score(towards)
}

// Truth returns what some metrics are of all rows that could be drawn, by sums over where these lie.
func (c Classified) Truth() map[string]float64 {
	const step = 1e-3
	var tp, said, right, loss, brier, auc, below float64
	density := func(x float64) float64 {
		return float64(portable.Exp(-float64(x*x/2)) / math.Sqrt(2*math.Pi) * step)
	}
	for x := -9.0; x < 9+c.Apart; x += step {
		one, other, s := density(x-c.Apart), density(x), c.score(x)
		auc += float64(one * (below + float64(other/2)))
		below += other
		positive, negative := float64(c.Prevalence*one), float64((1-c.Prevalence)*other)
		loss -= float64(positive*portable.Log(s)) + float64(negative*portable.Log(1-s))
		brier += float64(positive*(1-s)*(1-s)) + float64(negative*s*s)
		if s >= 0.5 {
			tp += positive
			said += positive + negative
			right += positive
		} else {
			right += negative
		}
	}
	return map[string]float64{
		"accuracy": right, "f1": 2 * tp / (c.Prevalence + said), "log_loss": loss, "brier": brier, "roc_auc": auc,
	}
}
