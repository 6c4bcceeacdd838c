package main

import (
	"math"
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

// rows are logged predictions with their labels, as a join hands them on.
type rows struct {
	window   groundtruth.Window
	task     groundtruth.Task // the zero value of a regression
	days     []part           // in the order of time
	entities []part           // the same rows by the groups of their entities; nil where they have none
}

// part is the rows of a day, or of a group of entities.
type part struct {
	predictions *groundtruth.Batch
	matches     *groundtruth.Matches // nil without labels
}

// number returns the numbers of predictions and of matches.
func (r rows) number() (predictions, matched int64) {
	for _, d := range r.days {
		predictions += int64(d.predictions.Len)
		if d.matches != nil {
			matched += int64(d.matches.Len)
		}
	}
	return predictions, matched
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

// profileOf makes a reference profile as a pass does with the strata of windows of a day, in two
// passes over the rows, and a third one where they have entities.
func profileOf(ref rows, features []groundtruth.FeatureSpec) *summary.Profile {
	p := summary.NewProfiler(features, nil, summary.ProfilerOptions{
		Strata: summary.WeekendStrata, Task: ref.task, Classifier: summary.ClassifierOptions{Scored: true},
	})
	feed(p, ref.days)
	partition := p.Partition()
	layout := p.Layout()
	b := summary.NewProfileBuilder(layout, partition, nil, nil)
	for _, d := range ref.days {
		d.predictions.Group = partition.Group(d.predictions.Times[0])
		if d.matches != nil {
			d.matches.Group = d.predictions.Group
		}
	}
	feed(b, ref.days)
	profile := b.Profile()
	if ref.entities != nil {
		counter := summary.NewEntityCounter(layout, nil)
		feed(counter, ref.entities)
		profile.Entities = counter.Clusters()
	}
	return profile
}

// evaluate evaluates the rows of a window as a pass does.
func evaluate(r rows, ref *summary.Profile, opt drift.Options) *evaluator.Evaluation {
	b := summary.NewBuilder(ref.Layout, r.window, nil, summary.BuilderOptions{
		Calendar: groundtruth.NewCalendar(groundtruth.Zone{}, r.window.Start, r.window.End),
		Entities: r.entities != nil,
	})
	if r.entities != nil {
		feed(b, r.entities)
	} else {
		feed(b, r.days)
	}
	return evaluator.Evaluate(b.Summary(), ref, evaluator.Options{Drift: opt})
}

// feed sends rows to a sink.
func feed(sink groundtruth.Sink, parts []part) {
	for _, p := range parts {
		sink.AddPredictions(p.predictions)
		if p.matches != nil {
			sink.AddMatches(p.matches)
		}
	}
}

// compile compiles rules of a model by name, with the defaults of a configuration. It panics where one
// is faulty.
func compile(of groundtruth.Task, when map[string]string) *rule.Set {
	var specs []rule.Spec
	for name, condition := range when {
		specs = append(specs, rule.Spec{Name: name, When: condition, MinSamples: 200, For: 1, Action: rule.ActionAlert})
	}
	set, errs := rule.Compile(specs, rule.Env{Task: of, HasReference: true})
	if len(errs) > 0 {
		panic(errs[0])
	}
	return set
}

// judge counts which rules are breached, under their names. One whose metric is above its
// threshold, but not significantly, had an answer, which is that it does not fire.
func judge(set *rule.Set, ev *evaluator.Evaluation, r rows, into counts, suffix string) {
	predictions, matched := r.number()
	facts := rule.Facts{
		Evaluation: ev, Mature: true,
		Predictions: predictions, Matched: matched, Coverage: float64(matched) / float64(predictions),
	}
	results, _ := set.Judge(facts)
	for _, res := range results {
		// A rule on a metric that has no interval is told so by the metric's reason.
		name, _, _ := strings.Cut(res.Name, " ")
		if m, ok := ev.Metrics[name]; ok && res.Verdict != rule.Breached && math.IsNaN(float64(m.Low)) {
			into.unanswered(res.Name+suffix, m.Reason)
		} else if res.Verdict == rule.Inconclusive && !strings.Contains(res.Reason, "is not significant at") {
			into.unanswered(res.Name+suffix, res.Reason)
		} else {
			into.yesOrNo(res.Name+suffix, res.Verdict == rule.Breached)
		}
	}
}
