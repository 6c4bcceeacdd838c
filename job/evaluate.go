package job

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// evaluated is a judged window. judge makes it, and the pass adds the decision to the
// outcome, and its revision when it is recorded.
type evaluated struct {
	outcome  Outcome
	inputs   []groundtruth.Input
	versions []string // model versions of the window's predictions, sorted
	decided  bool     // and recorded before the pass decides, as windows are on which no rule acts

	unrecorded bool // it is shown, and not recorded
}

// judge computes and judges a window that was read; queries have been answered.
func (r *Runner) judge(m *config.Model, ref *reference, p planned, asOf time.Time, labels bool, answers map[string]rule.Answer, read *reading) *evaluated {
	started := r.Clock()
	result, window := read.result, read.summary
	var profile *summary.Profile
	if ref != nil {
		profile = ref.profile
	}
	evaluation := evaluator.Evaluate(window, profile, r.evaluationOptions(m))
	if !labels {
		for name, metric := range evaluation.Metrics {
			metric.Reason = "labels are not mature"
			evaluation.Metrics[name] = metric
		}
	}
	out := Outcome{
		Model: m.Name, Window: p.window, TimeZone: m.Grid().Zone(), AsOf: asOf, AsOfApplied: result.AsOfApplied,
		Stage: p.stage, OnGrid: p.onGrid, Evaluation: *evaluation,
		Coverage: coverage(result), Notes: result.Notes, Prometheus: answers,
	}
	mature := p.window.End.Add(m.GroundTruth.Delay)
	var waiting []string
	out.Rules, waiting = m.Rules().Judge(rule.Facts{
		Evaluation:  evaluation,
		Predictions: result.Coverage.Predictions,
		Matched:     result.Coverage.Matched,
		Coverage:    float64(out.Coverage.Coverage),
		Mature:      p.stage == trigger.StageMature,
		Prometheus:  answers,
	})
	if out.Rules == nil {
		out.Rules = []rule.Result{} // [] in JSON, where a list is promised
	}
	for _, name := range waiting {
		out.NotJudged = append(out.NotJudged, NotJudged{name, "labels are mature at " + mature.UTC().Format(time.RFC3339)})
	}
	out.Verdict = verdict(out.Rules)
	out.Notes = slices.Concat(out.Notes, r.undecided(m, &out))
	work := read.work
	work.Duration += r.Clock().Sub(started)
	r.Log.Info("window evaluated", append([]any{
		"model", m.Name, "window_start", p.window.Start, "window_end", p.window.End, "stage", p.stage,
		"verdict", out.Verdict.String(), "predictions", result.Coverage.Predictions, "matched", result.Coverage.Matched,
	}, r.done(work)...)...)
	for _, note := range out.Notes {
		r.Log.Warn("noted", "model", m.Name, "window_start", p.window.Start, "window_end", p.window.End, "note", note)
	}
	for _, reason := range slices.Sorted(maps.Keys(result.Skipped.Counts)) {
		var where []string
		for _, s := range result.Skipped.Samples[reason] {
			if s.Column != "" {
				where = append(where, fmt.Sprintf("%s row %d column %q %q", s.Object, s.Row, s.Column, s.Value))
				continue
			}
			where = append(where, fmt.Sprintf("%s row %d %q", s.Object, s.Row, s.Value))
		}
		r.Log.Warn("records skipped", "model", m.Name, "window_start", p.window.Start, "reason", reason, "count", result.Skipped.Counts[reason], "samples", strings.Join(where, "; "))
	}
	return &evaluated{outcome: out, inputs: result.Inputs, versions: slices.Sorted(maps.Keys(window.VersionPredictions()))}
}

// verdict returns the model's: breached if any rule is, else inconclusive if any is or
// none was judged, else healthy (semantics, section 3).
func verdict(rules []rule.Result) rule.Verdict {
	out := rule.Inconclusive
	for i, r := range rules {
		switch {
		case r.Verdict == rule.Breached:
			return rule.Breached
		case i == 0:
			out = r.Verdict
		case r.Verdict == rule.Inconclusive:
			out = rule.Inconclusive
		}
	}
	return out
}

// evaluationOptions returns the model's options of its figures, on the runner's threads.
func (r *Runner) evaluationOptions(m *config.Model) evaluator.Options {
	return EvaluationOptions(m, cmp.Or(r.Limits.Workers, runtime.GOMAXPROCS(0)))
}

// EvaluationOptions returns a model's options of its figures.
func EvaluationOptions(m *config.Model, workers int) evaluator.Options {
	return evaluator.Options{
		Drift: drift.Options{
			Methods:    m.Drift.Methods,
			Threshold:  m.Drift.Threshold,
			Thresholds: m.Drift.Thresholds,
			MinRows:    m.Drift.MinRows,
		},
		Workers: workers,
	}
}

// coverage turns the join's counts into what people read.
func coverage(r groundtruth.Result) Coverage {
	c := r.Coverage
	out := Coverage{
		Predictions:          c.Predictions,
		Coverage:             stat.Number(math.NaN()),
		DuplicatePredictions: c.DuplicatePredictions,
		DuplicateLabels:      c.DuplicateLabels,
		ConflictingLabels:    c.ConflictingLabels,
		UnmatchedLabels:      c.UnmatchedLabels,
		DeletedLabels:        c.DeletedLabels,
		NullLabels:           c.NullLabels,
		HiddenLabels:         c.HiddenLabels,
		LabelsBefore:         c.LabelsBefore,
		Skipped:              r.Skipped.Counts,
	}
	if d := r.LabelDelay; d != nil {
		out.LabelDelay = &LabelDelay{N: d.Labels, Late: d.Late, P50: math.Ceil(d.Median.Seconds()), P95: math.Ceil(d.Most.Seconds())}
	}
	if out.Skipped == nil {
		out.Skipped = map[string]int64{}
	}
	switch {
	case !r.LabelsRead:
		out.Reason = "labels are not mature and were not read"
	default:
		out.Labels, out.Matched = &c.Labels, &c.Matched
		if c.Predictions > 0 {
			out.Coverage = stat.Number(float64(c.Matched) / float64(c.Predictions))
		} else {
			out.Reason = "no predictions in the window"
		}
	}
	return out
}
