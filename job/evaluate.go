package job

import (
	"cmp"
	"context"
	"errors"
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
	mostly   string   // of several the one with most of them
	decided  bool     // and recorded before the pass decides, as windows are on which no rule acts
	created  bool     // the ledger has taken it as a new revision

	unrecorded bool // it is shown, and not recorded

	reading      *reading             // what was read, until its Summary is kept; nil where none is to be
	readAsOf     time.Time            // as of when
	again        *again               // nil where the window was not taken up to be judged again
	breachedAsOf map[string]time.Time // as of when revisions before this one found its rules breached
}

// judgeWindows reads and judges the windows of the plan, and returns the records with
// those of theirs.
func (p *pass) judgeWindows(ctx context.Context, ref *reference, windows []planned, records []trigger.Record) ([]trigger.Record, error) {
	for i, w := range windows {
		if w.recorded {
			continue
		}
		e, err := p.judgeWindow(ctx, ref, w, records)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		p.judged = append(p.judged, e)
		last := !w.older && !slices.ContainsFunc(windows[i+1:], func(o planned) bool { return o.stage == w.stage })
		reason := "recorded: rules act on the newest window"
		if e.again != nil {
			reason = "recorded: judged again; rules act on the newest window"
			last = last && !beforeNewest(w.window, records)
		}
		if w.onGrid {
			records = append(records, p.record(e))
		}
		// All but the newest of each stage are done with: they are recorded at once, so
		// that a crash does not lose them. The newest ones wait for their decision, so
		// that a crash before it makes the next pass judge them again.
		p.revise(ctx, e, last, i == len(windows)-1)
		if !last {
			e.outcome.Decision = trigger.Decision{Action: trigger.ActionNone, DryRun: p.opt.DryRun, Reason: reason}
			if err := p.append(ctx, p.record(e), e); err != nil {
				return nil, err
			}
			e.decided = true
		}
	}
	return records, errors.Join(p.unreadable...)
}

// judgeWindow reads and judges one window. It returns none where that cannot be done: one
// that is judged again stays as it is, and any other is among the unreadable ones.
func (p *pass) judgeWindow(ctx context.Context, ref *reference, w planned, records []trigger.Record) (*evaluated, error) {
	c := p.judgedAgain(w.window)
	if c != nil {
		p.Log.Info("a window is judged again", "model", p.model.Name, "window_start", w.window.Start, "window_end", w.window.End, "revision", c.revision, "why", c.why)
	}
	answers, unasked, err := p.ask(ctx, w.window)
	if err != nil {
		return nil, err
	}
	if c != nil && len(unasked) > 0 {
		p.leave(w.window, errors.Join(unasked...))
		return nil, nil
	}
	p.unaskedQueries = append(p.unaskedQueries, unasked...)
	labels := w.stage == trigger.StageMature || p.opt.Window != nil
	read, readAsOf, err := p.read(ctx, ref, w, labels)
	switch {
	case err != nil && c != nil && ctx.Err() == nil:
		if c.kept {
			p.unusable.add(w.window, "its Summary cannot be used: "+p.Secrets.Text(err.Error()))
		} else {
			p.leave(w.window, err)
			if p.effects.write {
				p.claim(ctx, p.unreadableMark(w.window))
			}
		}
		return nil, nil
	case err != nil:
		// One window that cannot be read does not hide the others. Two are taken for a
		// store that doesn't answer.
		p.unreadable = append(p.unreadable, err)
		if len(p.unreadable) > 1 || ctx.Err() != nil {
			return nil, errors.Join(p.unreadable...)
		}
		return nil, nil
	}
	if c != nil && !c.kept && read.result.Coverage.Predictions == 0 {
		if stays, err := p.stays(ctx, c.old); stays || err != nil {
			return nil, err
		}
	}
	if err := ref.read(w.window, p.evaluationOptions(p.model)); err != nil {
		return nil, err
	}
	shown := *read
	unkept := c == nil || !c.kept
	if unkept {
		if note := p.noteLacks(w, read.result.Coverage, c != nil); note != "" {
			shown.result.Notes = append(slices.Clone(shown.result.Notes), note)
		}
	}
	rolling, note, err := p.rolling(ctx, w, read.summary, records)
	if err != nil {
		return nil, err
	}
	shown.rolling = rolling
	if note != "" {
		shown.result.Notes = append(slices.Clone(shown.result.Notes), note)
	}
	e := p.judge(p.model, p.compared(ref, w), w, p.asOf, labels, answers, &shown)
	p.scoreEstimates(e, records)
	p.noteOrdinary(&e.outcome)
	p.addOrdinary(w, read.summary)
	e.again, e.readAsOf, e.unrecorded = c, readAsOf, w.shown
	p.roll(w, readAsOf, read.summary)
	p.hold(w, read.summary)
	if p.effects.write && w.onGrid && w.stage == trigger.StageMature && unkept {
		e.reading = read
	}
	if !w.onGrid {
		records = nil
	}
	e.breachedAsOf = trigger.FirstBreached(records, p.record(e))
	e.outcome.Rules = trigger.Streaks(p.model.Grid(), records, w.window, e.outcome.Rules)
	return e, nil
}

// stays reports whether a window that was judged with predictions, and has none now, stays as it
// was: where they are gone, or nobody can tell.
func (p *pass) stays(ctx context.Context, old trigger.Record) (bool, error) {
	switch gone, err := p.gone(ctx, old); {
	case err != nil && ctx.Err() == nil:
		p.leave(old.Window, err)
		return true, nil
	case err != nil:
		return false, err
	case gone:
		return true, p.keepJudgement(ctx, old)
	}
	return false, nil
}

// judge computes and judges a window that was read; queries have been answered.
func (r *Runner) judge(m *config.Model, ref *reference, p planned, asOf time.Time, labels bool, answers map[string]rule.Answer, read *reading) *evaluated {
	started := r.Clock()
	result, window := read.result, read.summary
	var profile *summary.Profile
	if ref != nil {
		profile = ref.profile
	}
	opt := r.evaluationOptions(m)
	opt.Rolling, opt.Coverage, opt.LabelsRead = read.rolling, &result.Coverage, result.LabelsRead
	evaluation := evaluator.Evaluate(window, profile, opt)
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
	if notes := evaluation.Quality.Notes(); len(notes) > 0 {
		out.Notes = slices.Concat(out.Notes, notes)
	}
	mature := p.window.End.Add(m.GroundTruth.Delay)
	bias := "" // where it is to leave rules inconclusive, their reason says so
	if b := evaluation.LabelBias; b != nil && b.Biased {
		if bias = b.Reason; m.LabelBias.Action == config.LabelBiasWarn {
			bias = ""
			out.Notes = append(slices.Clone(out.Notes), b.Reason)
		}
	}
	var waiting []string
	out.Rules, waiting = m.Rules().Judge(rule.Facts{
		Evaluation:  evaluation,
		Predictions: result.Coverage.Predictions,
		Matched:     result.Coverage.Matched,
		Coverage:    float64(out.Coverage.Coverage),
		Mature:      p.stage == trigger.StageMature,
		LabelBias:   bias,
		Prometheus:  answers,
	})
	if out.Rules == nil {
		out.Rules = []rule.Result{} // [] in JSON, where a list is promised
	}
	for _, name := range waiting {
		out.NotJudged = append(out.NotJudged, NotJudged{name, "labels are mature at " + mature.UTC().Format(time.RFC3339)})
	}
	if labels {
		out.Notes = append(slices.Clip(out.Notes), oddPerformance(m, &out)...)
	}
	out.Verdict = verdict(out.Rules)
	out.Notes = slices.Clip(out.Notes)
	for _, lack := range Undecided(m, &out) {
		out.Notes = append(out.Notes, lack.note())
	}
	work := read.work
	work.Duration += r.Clock().Sub(started)
	r.Log.Info("window evaluated", append([]any{
		"model", m.Name, "window_start", p.window.Start, "window_end", p.window.End, "stage", p.stage,
		"verdict", out.Verdict.String(), "predictions", result.Coverage.Predictions, "matched", result.Coverage.Matched,
	}, r.done(work)...)...)
	for _, note := range out.Notes {
		r.Log.Warn(Noted, "model", m.Name, "window_start", p.window.Start, "window_end", p.window.End, "note", note)
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
	e := &evaluated{outcome: out, inputs: result.Inputs, versions: slices.Sorted(maps.Keys(window.VersionPredictions()))}
	if len(e.versions) > 1 {
		e.mostly = mostly(window)
	}
	return e
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
	opt := evaluator.Options{Drift: m.DriftOptions(), Metric: m.MetricOptions(), Workers: workers, ReferenceSegments: m.Rules().ReferenceSegments()}
	opt.Drift.CountRate = countRate(m.Rules())
	opt.Bounds = m.PredictionBounds()
	opt.LabelBias = m.LabelBias.Action != config.LabelBiasNone
	return opt
}

// countRate returns the false discovery rate that drift.count is counted at where none is
// configured: a rule that names it would else fire by chance the more often, the more columns
// there are.
func countRate(rules *rule.Set) float64 {
	if rules == nil {
		return 0
	}
	for _, r := range rules.Rules() {
		if slices.Contains(r.Variables, "drift.count") {
			return drift.DefaultCountRate
		}
	}
	return 0
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
		for _, a := range d.Ages {
			out.LabelDelay.Ages = append(out.LabelDelay.Ages, LabelAge{WithinSeconds: int64(a.Within / time.Second), N: a.Labels})
		}
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
