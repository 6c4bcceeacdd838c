package main

import (
	"maps"
	"slices"
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

// rows are logged predictions with their labels, as a join hands them on: in the order of time,
// each day's by themselves.
type rows struct {
	window groundtruth.Window
	days   []dayRows
}

// dayRows are the rows of one day.
type dayRows struct {
	predictions *groundtruth.Batch
	matches     *groundtruth.Matches // nil without labels
	entities    []int64              // the groups of the rows' entities; nil where they have none
}

// byEntity returns the rows by the groups of their entities.
func (d dayRows) byEntity() []dayRows {
	of := map[int64]*dayRows{}
	for i, group := range d.entities {
		to := of[group]
		if to == nil {
			to = &dayRows{&groundtruth.Batch{HasTime: true, Group: group}, &groundtruth.Matches{HasTime: true, Group: group}, nil}
			of[group] = to
		}
		p, m := to.predictions, to.matches
		p.Len, m.Len = p.Len+1, m.Len+1
		p.Times, m.Times = append(p.Times, d.predictions.Times[i]), append(m.Times, d.matches.Times[i])
		p.Predictions, m.Predictions = append(p.Predictions, d.predictions.Predictions[i]), append(m.Predictions, d.matches.Predictions[i])
		m.Labels = append(m.Labels, d.matches.Labels[i])
	}
	var out []dayRows
	for _, group := range slices.Sorted(maps.Keys(of)) {
		out = append(out, *of[group])
	}
	return out
}

// haveEntities reports whether the rows have entities.
func (r rows) haveEntities() bool { return r.days[0].entities != nil }

// feedEntities sends rows to a sink by the groups of their entities.
func feedEntities(sink groundtruth.Sink, r rows) {
	for _, d := range r.days {
		feed(sink, rows{days: d.byEntity()}, nil)
	}
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
// passes over the rows.
func profileOf(ref rows, features []groundtruth.FeatureSpec) *summary.Profile {
	p := summary.NewProfiler(features, nil, summary.ProfilerOptions{Strata: summary.WeekendStrata})
	feed(p, ref, nil)
	partition := p.Partition()
	b := summary.NewProfileBuilder(p.Layout(), partition, nil)
	feed(b, ref, partition)
	profile := b.Profile()
	if ref.haveEntities() {
		e := summary.NewEntityCounter(p.Layout())
		feedEntities(e, ref)
		profile.Entities = e.Clusters()
	}
	return profile
}

// evaluate evaluates the rows of a window as a pass does.
func evaluate(r rows, ref *summary.Profile, opt drift.Options) *evaluator.Evaluation {
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, r.window.Start, r.window.End)
	b := summary.NewBuilder(ref.Layout, r.window, nil, summary.BuilderOptions{Calendar: calendar, Entities: r.haveEntities()})
	if r.haveEntities() {
		feedEntities(b, r)
	} else {
		feed(b, r, nil)
	}
	return evaluator.Evaluate(b.Summary(), ref, evaluator.Options{Drift: opt})
}

// feed sends rows to a sink, by the groups of a partition where there is one.
func feed(sink groundtruth.Sink, r rows, partition *summary.Partition) {
	for _, d := range r.days {
		if partition != nil {
			group := partition.Group(d.predictions.Times[0])
			d.predictions.Group = group
			if d.matches != nil {
				d.matches.Group = group
			}
		}
		sink.AddPredictions(d.predictions)
		if d.matches != nil {
			sink.AddMatches(d.matches)
		}
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
	predictions, matched := r.number()
	facts := rule.Facts{
		Evaluation: ev, Mature: true,
		Predictions: predictions, Matched: matched, Coverage: float64(matched) / float64(predictions),
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
