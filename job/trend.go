package job

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// DriftShare is what TrendOf calls the share of drifted features, as rules do.
const DriftShare = "drift.share"

// estimatedPrefix is what rules put before a metric to name its estimate.
const estimatedPrefix = "estimated."

// Trend is one figure over windows, as charts show it. TrendOf makes it.
type Trend struct {
	Metric string // its name in rules
	Title  string // what people call it
	Unit   metric.Unit
	Worse  metric.Worse // how it moves as the model gets worse
	Points []TrendPoint // one a window, in the windows' order
}

// TrendPoint is a figure in one window. Numbers that there are not are NaN.
type TrendPoint struct {
	Window        groundtruth.Window
	Stage         string
	Value         stat.Number
	Low, High     stat.Number // the interval of Value
	N             int64       // the rows that Value is of
	Reference     stat.Number
	Rolling       stat.Number // of the rolling reference
	Threshold     stat.Number // of the rule on the figure: see TrendOf
	Estimated     stat.Number // before labels
	EstimatedLow  stat.Number
	EstimatedHigh stat.Number
	Coverage      stat.Number
	Judged        bool         // a rule on the figure was judged in the window
	Verdict       rule.Verdict // the worst of these rules; Inconclusive where Judged is false
	Runs          []string     // the names of the runs that were started by it
}

// TrendOf returns a metric, or DriftShare, over windows. A window's threshold is that of
// the comparison of a rule whose variable is the figure: of several the one of a breached
// rule, else of the first.
func TrendOf(windows []Told, name string) Trend {
	t := Trend{Metric: name, Title: name, Points: make([]TrendPoint, len(windows))}
	switch spec, ok := metric.Find(name); {
	case name == DriftShare:
		t.Title, t.Unit, t.Worse = "Share of drifted columns", metric.Share, metric.WorseRises
	case ok:
		t.Title, t.Unit, t.Worse = spec.Title, spec.Unit, spec.Worse
	}
	for i := range windows {
		t.Points[i] = trendPoint(&windows[i].Outcome, name)
	}
	return t
}

// trendPoint returns one point of TrendOf.
func trendPoint(o *Outcome, name string) TrendPoint {
	none := stat.Number(math.NaN())
	p := TrendPoint{
		Window: o.Window, Stage: o.Stage, Value: none, Low: none, High: none, Reference: none, Rolling: none, Threshold: none,
		Estimated: none, EstimatedLow: none, EstimatedHigh: none, Coverage: o.Coverage.Coverage,
	}
	if m, ok := o.Metrics[name]; ok {
		p.Value, p.Low, p.High, p.N = m.Value, m.Low, m.High, m.N
	}
	if name == DriftShare && o.Drift != nil {
		p.Value, p.Low, p.High, p.N = o.Drift.Share, o.Drift.Low, o.Drift.High, o.Coverage.Predictions
	}
	if o.Reference != nil {
		if m, ok := o.Reference.Metrics[name]; ok {
			p.Reference = m.Value
		}
	}
	if o.Rolling != nil {
		if m, ok := o.Rolling.Metrics[name]; ok {
			p.Rolling = m.Value
		}
	}
	if o.Estimated != nil {
		if m, ok := o.Estimated.Metrics[name]; ok {
			p.Estimated, p.EstimatedLow, p.EstimatedHigh = m.Value, m.Low, m.High
		}
	}
	p.judge(o.Rules, name)
	if !p.Judged { // before labels, rules may be on what is estimated
		p.judge(o.Rules, estimatedPrefix+name)
	}
	if o.Decision.Started {
		p.Runs = []string{o.Decision.Run}
	}
	return p
}

// judge takes the threshold and the verdict from the rules on the figure.
func (p *TrendPoint) judge(rules []rule.Result, name string) {
	for _, r := range rules {
		for _, c := range r.Comparisons {
			variable, _, threshold, ok := c.Threshold()
			if !ok || variable != name {
				continue
			}
			if !p.Judged || r.Verdict == rule.Breached && p.Verdict != rule.Breached {
				p.Threshold = threshold
			}
			if !p.Judged || r.Verdict == rule.Breached || p.Verdict != rule.Breached && r.Verdict == rule.Inconclusive {
				p.Verdict = r.Verdict
			}
			p.Judged = true
		}
	}
}
