package job

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/trigger"
)

const (
	// scoredWindows is how many windows score estimates, the newest.
	scoredWindows = 30
	// scoredMetric is the metric by which they are scored: whatever has a score has it, and no
	// threshold has a part in it.
	scoredMetric = "roc_auc"
	// fewScored is how many windows tell whether estimates hold.
	fewScored = 10
)

// estimateOf returns what the ledger keeps of a mature window to score its estimate by, nil where
// it has none or labels don't show what came true.
func estimateOf(o *Outcome) *trigger.Estimate {
	if o.Stage != trigger.StageMature || o.Estimated == nil {
		return nil
	}
	e, real := o.Estimated.Metrics[scoredMetric], o.Metrics[scoredMetric]
	if !stat.IsNumber(float64(e.Value)) || !stat.IsNumber(float64(real.Value)) {
		return nil
	}
	return &trigger.Estimate{Metric: scoredMetric, Value: e.Value, Low: e.Low, High: e.High, Realised: real.Value}
}

// scoreEstimates compares the estimates of the newest mature windows up to this one, itself too
// where it is one, with what came true. records are those of the ledger and of this pass; they
// have what that takes, so that nothing is read again.
func (p *pass) scoreEstimates(e *evaluated, records []trigger.Record) {
	o := &e.outcome
	if o.Estimated == nil || o.Estimated.Reason != "" {
		return
	}
	var newest []trigger.Estimate
	if own := estimateOf(o); own != nil && o.OnGrid {
		newest = append(newest, *own)
	}
	for _, r := range slices.Backward(trigger.Matured(records, o.Window)) {
		if len(newest) < scoredWindows && r.Estimate != nil && r.Estimate.Metric == scoredMetric {
			newest = append(newest, *r.Estimate)
		}
	}
	scored := estimate.NewScored(scoredMetric)
	for _, of := range newest {
		scored.Add(of.Value, of.Low, of.High, of.Realised)
	}
	o.Estimated.Scored = scored
	if note := noteMissed(p.model, scored); note != "" {
		o.Notes = append(o.Notes, note)
	}
}

// noteMissed says that estimates have not held, where a rule goes by them: that so many were off
// is no chance.
func noteMissed(m *config.Model, s *estimate.Scored) string {
	asked := false
	for _, r := range m.Rules().Rules() {
		asked = asked || slices.ContainsFunc(r.Variables, func(name string) bool { return strings.HasPrefix(name, "estimated.") })
	}
	within, chance := float64(s.Within), stat.IntervalLevel-float64(3.3*math.Sqrt(stat.IntervalLevel*(1-stat.IntervalLevel)/float64(s.Windows)))
	if !asked || s.Windows < fewScored || !(within < chance) {
		return ""
	}
	way := "above"
	if s.Bias < 0 {
		way = "below"
	}
	return fmt.Sprintf("estimates do not hold: of the last %d windows with labels, %s lay within the band of the estimated %s, "+
		"which is %s %s what came true on average; a score is no longer worth what it was in the reference, make that anew from newer rows",
		s.Windows, stat.Figure(math.Round(100*within))+" %", s.Metric, stat.Figure(math.Abs(float64(s.Bias))), way)
}

// enoughEstimates reports whether records score the estimates of a model that has some.
func (p *pass) enoughEstimates(records []trigger.Record) bool {
	if !p.model.Estimates() {
		return true
	}
	n := 0
	for _, r := range records {
		if r.Stage == trigger.StageMature {
			n++
		}
	}
	return n >= scoredWindows
}
