package main

import (
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

const day = 24 * time.Hour

// monday is the first day of every reference, the first of a year that begins with a Monday.
func monday() time.Time { return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) }

// rows are logged predictions of some days with their labels, in the order of time, as a join
// of them hands them on.
type rows struct {
	window      groundtruth.Window
	predictions *groundtruth.Batch
	matches     *groundtruth.Matches
}

// times spreads n rows evenly over a window, each somewhere in its n-th part of it.
func times(n int, w groundtruth.Window, jitter func() float64) []int64 {
	out := make([]int64, n)
	part := float64(w.Duration()) / float64(n)
	for i := range out {
		out[i] = w.Start.UnixNano() + int64((float64(i)+jitter())*part)
	}
	return out
}

// days returns so many days, the first of which is that many days after monday.
func days(first, n int) groundtruth.Window {
	from := monday().Add(time.Duration(first) * day)
	return groundtruth.Window{Start: from, End: from.Add(time.Duration(n) * day)}
}

// profileOf makes a reference profile as a pass does, in two passes over the rows.
func profileOf(ref rows, features []groundtruth.FeatureSpec) *summary.Profile {
	p := summary.NewProfiler(features, nil, summary.ProfilerOptions{})
	feed(p, ref)
	layout := p.Layout()
	b := summary.NewBuilder(layout, layout.Span(), nil, summary.BuilderOptions{})
	feed(b, ref)
	s := b.Summary()
	return &summary.Profile{Layout: layout, Summary: s, Rows: s.Predictions()}
}

// evaluate evaluates the rows of a window as a pass does.
func evaluate(r rows, ref *summary.Profile, opt drift.Options) *evaluator.Evaluation {
	b := summary.NewBuilder(ref.Layout, r.window, nil, summary.BuilderOptions{})
	feed(b, r)
	return evaluator.Evaluate(b.Summary(), ref, evaluator.Options{Drift: opt})
}

func feed(sink groundtruth.Sink, r rows) {
	sink.AddPredictions(r.predictions)
	if r.matches != nil {
		sink.AddMatches(r.matches)
	}
}

// compile compiles rules by name, with the defaults of a configuration. It panics where one
// is faulty.
func compile(when map[string]string) *rule.Set {
	var specs []rule.Spec
	for name, condition := range when {
		specs = append(specs, rule.Spec{Name: name, When: condition, MinSamples: 200, For: 1, Action: rule.ActionAlert})
	}
	set, errs := rule.Compile(specs, rule.Env{HasReference: true})
	if len(errs) > 0 {
		panic(errs[0])
	}
	return set
}

// judge counts which rules are breached, under their names. One whose metric is above its
// threshold, but not significantly, had an answer, which is that it does not fire.
func judge(set *rule.Set, ev *evaluator.Evaluation, r rows, into counts, suffix string) {
	facts := rule.Facts{Evaluation: ev, Predictions: int64(r.predictions.Len), Mature: true}
	if r.matches != nil {
		facts.Matched = int64(r.matches.Len)
		facts.Coverage = float64(facts.Matched) / float64(facts.Predictions)
	}
	results, _ := set.Judge(facts)
	for _, res := range results {
		if res.Verdict == rule.Inconclusive && !strings.Contains(res.Reason, "is not significant at") {
			into.unanswered(res.Name+suffix, res.Reason)
		} else {
			into.yesOrNo(res.Name+suffix, res.Verdict == rule.Breached)
		}
	}
}
