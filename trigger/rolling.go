package trigger

import (
	"cmp"
	"slices"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// Undisturbed returns the records by which windows that end before w were judged as mature,
// of those that show the model as it should be: no rule on labels found them breached, and
// none began in an episode that goes on up to w. They are oldest first, each at its newest
// revision. A rule that is not configured any more counts as one on labels.
func Undisturbed(records []Record, rules []Rule, launches []LaunchStatus, w groundtruth.Window) []Record {
	before := slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Window.End.After(w.Start) })
	episode, open := episodeStart(byWindow(before), retraining(rules), w, launches)
	slices.SortStableFunc(before, func(a, b Record) int {
		return cmp.Or(compareWindows(a.Window, b.Window), cmp.Compare(b.Revision, a.Revision))
	})
	mature := slices.DeleteFunc(before, func(r Record) bool { return r.Stage != StageMature })
	newest := slices.CompactFunc(mature, func(a, b Record) bool { return compareWindows(a.Window, b.Window) == 0 })
	return slices.DeleteFunc(newest, func(r Record) bool {
		return open && !r.Window.Start.Before(episode) || breachedByLabels(r, rules)
	})
}

// breachedByLabels reports whether a rule on labels found the window breached.
func breachedByLabels(r Record, rules []Rule) bool {
	return slices.ContainsFunc(r.Rules, func(of rule.Result) bool {
		noLabels := slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == of.Name && r.NoLabels })
		return of.Verdict == rule.Breached && !noLabels
	})
}
