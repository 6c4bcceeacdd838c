package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// ruled lists the metrics of classifiers whose intervals and rules are promised; shown are
// others whose intervals are counted.
func ruled() []string { return []string{"roc_auc", "accuracy", "f1", "log_loss", "brier"} }
func shown() []string { return []string{"average_precision", "mcc", "ece"} }

// The separations of windows: at the threshold of rules, well below it, and better than in the
// reference (trained).
const (
	atThreshold = 1.6
	worse       = 1.2
	better      = 2.4
)

const (
	classTrials = 400
	// Of windows that are not at the threshold.
	otherClassTrials = 100
	// The reference: four times the rows where few are positive.
	classDays, classRows = 56, 5040
	fewPositive          = 0.01
	// leastOfClass is of how many rows of either class on the product judges.
	leastOfClass = 50
)

// Figures of a cell beside those of metrics and rules by name, and what is added to a rule's.
const (
	unchanged = "unchanged" // whether a rule fires where nothing changed, of any rule
	improved  = "better"    // whether one fires where the model got better
	undecided = "undecided" // whether nothing is judged of fewer than leastOfClass rows
	changed   = " at the threshold"
	muchWorse = " worse"
)

// classifierCells is the grid of classifiers: how rows are alike, how many are positive, rows of
// the window.
func classifierCells() []cell {
	var out []cell
	for _, kind := range classKinds() {
		for _, positive := range []float64{0.5, 0.1, fewPositive} {
			for _, n := range []int{1000, 5000, 10000} {
				if few := positive == fewPositive; few && !kind.ofFew(n) || !few && n == 5000 {
					continue
				}
				out = append(out, classifierCell(kind, classifier{positive}, n))
			}
		}
	}
	return out
}

// ofFew reports whether the grid has rows of a kind, of a window of so many, of which few are
// positive: of 1,000 nothing is judged, whatever their kind.
func (k classKind) ofFew(n int) bool {
	return k.name == "independent" || n > 1000 && k.name != "pattern with AR(1)"
}

func classifierCell(kind classKind, model classifier, n int) cell {
	c := cell{
		name:   fmt.Sprintf("%s rows of a classifier, %s of %s positive", kind.name, percent(model.positive), thousands(n)),
		at:     classAt(kind, model, n),
		trials: classTrials,
	}
	judgedBy := sync.OnceValue(func() rulesAtTruth { return model.rulesAtTruth(kind) })
	c.trial = func(r *rand.Rand, number int, into counts) {
		by := judgedBy()
		ref, _ := model.rows(r, kind, model.referenceRows(), days(0, classDays), trained)
		profile := profileOf(ref, nil)
		window := days(classDays+14+number%14, 1)
		judged := func(separation float64, suffix string, into counts) (*evaluator.Evaluation, int) {
			w, rarer := model.rows(r, kind, n, window, separation)
			ev := evaluate(w, profile, drift.Options{})
			judge(by.rules, ev, w, into, suffix)
			return ev, rarer
		}
		found := counts{}
		ev, rarer := judged(atThreshold, changed, found)
		countIntervals(ev.Metrics, by.truth, into)
		into.add(found)
		if rarer < leastOfClass {
			into.yesOrNo(undecided, heldBack(ev.Metrics, found))
		}
		if number%(classTrials/otherClassTrials) == 0 {
			judged(worse, muchWorse, into)
			for _, w := range []struct {
				figure     string
				separation float64
			}{{unchanged, trained}, {improved, better}} {
				found := counts{}
				judged(w.separation, "", found)
				for _, n := range found {
					into.add(counts{w.figure: n})
				}
			}
		}
	}
	c.promises = []promise{{figure: unchanged, high: 5, alarm: true}, {figure: improved, high: 0, alarm: true}}
	for _, name := range ruled() {
		c.promises = append(c.promises, promise{figure: name, low: 93, high: 97}, promise{figure: name + " fires" + changed, low: 3, high: 7, alarm: true})
	}
	if model.positive*float64(n) < 2*leastOfClass {
		c.promises = append(c.promises, promise{figure: undecided, low: 100, high: 100})
	}
	return c
}

// rulesAtTruth are rules whose thresholds are what metrics truly are, these, of rows whose
// separation is atThreshold.
type rulesAtTruth struct {
	rules *rule.Set
	truth map[string]float64
}

func (c classifier) rulesAtTruth(kind classKind) rulesAtTruth {
	reference, truth := c.classTruth(kind, trained), c.classTruth(kind, atThreshold)
	when := map[string]string{}
	for _, name := range ruled() {
		spec, _ := metric.Find(name)
		sign := "<"
		if spec.Worse == metric.WorseRises {
			sign = ">"
		}
		when[name+" fires"] = fmt.Sprintf("%s %s %.9f * reference.%s", name, sign, truth[name]/reference[name], name)
	}
	return rulesAtTruth{compile(groundtruth.Binary, when), truth}
}

// classAt is what tables say of a cell of a classifier.
func classAt(kind classKind, model classifier, n int) map[string]string {
	return map[string]string{"rows": kind.name, "positive": percent(model.positive), "number": thousands(n)}
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', -1, 64) + " %" }

// referenceRows returns how many rows the reference has: more where few are positive.
func (c classifier) referenceRows() int {
	if c.positive == fewPositive {
		return 4 * classRows
	}
	return classRows
}

// countIntervals counts which intervals of a classifier's metrics hold the truth.
func countIntervals(found map[string]metric.Result, truth map[string]float64, into counts) {
	for _, name := range append(ruled(), shown()...) {
		countInterval(name, found[name], truth[name], into)
	}
}

// countInterval counts whether the interval of a metric holds a value.
func countInterval(name string, m metric.Result, value float64, into counts) {
	low, high := float64(m.Low), float64(m.High)
	if math.IsNaN(low) || math.IsNaN(high) {
		into.unanswered(name, m.Reason)
		return
	}
	into.yesOrNo(name, low <= value && value <= high)
	if strings.Contains(m.Note, "may be too narrow") {
		into.note(name)
	}
}

// heldBack reports whether there is no interval and no verdict, and a reason for each.
func heldBack(found map[string]metric.Result, verdicts counts) bool {
	for _, name := range ruled() {
		m := found[name]
		if !math.IsNaN(float64(m.Low)) || m.Reason == "" {
			return false
		}
	}
	for _, n := range verdicts {
		if n.said != n.all() {
			return false
		}
	}
	return true
}

// classifierSmoke names the cells of the smoke.
func classifierSmoke() []string {
	return []string{
		"AR(1) 0.7 rows of a classifier, 10 % of 1,000 positive",
		"independent rows of a classifier, 1 % of 1,000 positive",
	}
}
