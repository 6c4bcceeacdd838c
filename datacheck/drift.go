package datacheck

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/job"
)

// driftBytes bounds the reference, and the objects of a window, that are read as a run reads
// them.
const driftBytes = 64 << 20

// drift says whether the drift of a usual window can be decided with the rows that it has. It
// counts the reference and the window as a run does, where they are small, and judges nothing
// by that.
func (c *checker) drift(ctx context.Context) error {
	if c.out.Errors() > 0 || c.reference.head == nil || c.out.Windows == nil {
		return nil
	}
	bytes := int64(0)
	slack := c.spec.Predictions.Slack
	for _, o := range c.predictions.list.Between(c.usual.Start.Add(-slack), c.usual.End.Add(slack)) {
		bytes += o.Size
	}
	if max(bytes, c.reference.Bytes) > driftBytes {
		return nil
	}
	profile, window, predictions, err := c.count(ctx)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if err != nil {
		c.problem(Error, "", fmt.Sprintf("reading all of it, as a run does, fails: %v", err), "mend what it names")
		return nil
	}
	for name, why := range profile.Layout.LeftOut {
		c.reference.leaveOut(name, why)
	}
	evaluation := evaluator.Evaluate(window, profile, job.EvaluationOptions(c.model, 1))
	if !c.undecided(evaluation.Drift) {
		c.rules(evaluation, predictions)
	}
	return nil
}

// blocked says which rules hold every run for good, as far as the reference's columns tell.
func (c *checker) blocked() {
	if c.reference.head == nil || c.reference.head.Read == 0 {
		return
	}
	known := drift.Prospects{Options: c.model.DriftOptions(), Features: map[string]groundtruth.Kind{}}
	features, _ := job.Features(c.model, c.reference.head.Columns)
	for _, f := range features {
		known.Features[f.Name] = f.Kind
	}
	for _, never := range c.model.Rules().NeverHealthy(known) {
		c.problem(Error, referenceName, fmt.Sprintf("rule %s has the action block, which holds every run unless the rule is healthy, and it never is: %s", never.Rule, never.Why),
			"give the rule what this reference has, or give `drift.method` measures that judge it")
	}
}

// usualText names the usual window.
func (c *checker) usualText() string { return c.usual.Text(c.model.Grid().Zone(), "/") }

// count counts the reference and the usual window, and the predictions of it.
func (c *checker) count(ctx context.Context) (*summary.Profile, *summary.Summary, int64, error) {
	logs := job.Logs{
		Stores: c.stores, Limits: groundtruth.Limits{MemoryBytes: c.opt.MemoryBytes},
		Log: slog.New(slog.DiscardHandler), // what it says is in the report
	}
	profile, _, err := logs.Reference(ctx, c.model)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("reference: %w", err)
	}
	window, result, err := logs.Window(ctx, job.WindowQuery{Model: c.model, Profile: profile, Window: c.usual, AsOf: c.opt.Now})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("window %s: %w", c.usualText(), err)
	}
	return profile, window, result.Coverage.Predictions, nil
}

// rules says which rules that need no labels the usual window leaves inconclusive, and what
// would decide them. Those that ask for more rows than it has have been told of, and nothing
// is asked of Prometheus here.
func (c *checker) rules(evaluation *evaluator.Evaluation, predictions int64) {
	out := &job.Outcome{Evaluation: *evaluation, Coverage: job.Coverage{Predictions: predictions}}
	results, _ := c.model.Rules().Judge(rule.Facts{Evaluation: evaluation, Predictions: predictions, Coverage: math.NaN()})
	for _, compiled := range c.model.Rules().Rules() {
		asks := slices.ContainsFunc(compiled.Variables, func(name string) bool { return strings.HasPrefix(name, "prometheus.") })
		i := slices.IndexFunc(results, func(r rule.Result) bool { return r.Name == compiled.Name })
		if i >= 0 && !asks && compiled.MinSamples <= predictions {
			out.Rules = append(out.Rules, results[i])
		}
	}
	for _, lack := range job.Undecided(c.model, out) {
		c.problem(Warning, predictionsName, fmt.Sprintf("in a usual window (%s) %s", c.usualText(), lack.Found), "set "+cmp.Or(lack.Set, moreRows))
	}
}

// moreRows is what decides drift where nothing else is known to.
const moreRows = "a longer `window` or a larger reference"

// undecided says which features cannot be decided, and what would do it, and reports whether
// that leaves drift as a whole undecided.
func (c *checker) undecided(d *drift.Drift) bool {
	out := &Drift{Window: c.usualText(), Features: len(d.Columns), Undecided: []string{}}
	for _, name := range slices.Sorted(maps.Keys(d.Columns)) {
		column := d.Columns[name]
		switch {
		case drift.Reserved(name):
			out.Features--
		case column.Inconclusive():
			out.Undecided = append(out.Undecided, name)
			out.NeedsRows = max(out.NeedsRows, column.NeedsRows)
		}
	}
	c.out.Drift = out
	// Too few rows for drift.min_rows have been told of.
	if c.out.Windows.Rows < c.model.Drift.MinRows {
		return true
	}
	if d.Reason == "" || len(out.Undecided) == 0 {
		return false
	}
	first := out.Undecided[0]
	var do []string
	if rows := max(c.out.Windows.Rows, 1); out.NeedsRows > rows {
		times := (out.NeedsRows + rows - 1) / rows
		if longer, ok := c.model.Grid().Times(times); ok && times <= job.MostWindows {
			do = append(do, "`window: "+longer+"`")
		}
	}
	if method, ok := job.EvaluationOptions(c.model, 1).Drift.Decisive(d); ok {
		do = append(do, "`drift.method: "+method+"`")
	}
	if len(do) == 0 {
		do = append(do, moreRows)
	}
	c.problem(Warning, predictionsName, fmt.Sprintf("drift cannot be decided in a usual window (%s): %d of %d features are inconclusive, %s for one: %s",
		c.usualText(), len(out.Undecided), out.Features, table.Quote(first), d.Columns[first].Reason), "set "+strings.Join(do, ", or "))
	return true
}
