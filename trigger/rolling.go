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
	return slices.DeleteFunc(matured(before), func(r Record) bool {
		return open && !r.Window.Start.Before(episode) || breachedByLabels(r, rules)
	})
}

// Matured returns the records by which windows before w, which end no later, were judged as mature:
// oldest first, each at its newest revision.
func Matured(records []Record, w groundtruth.Window) []Record {
	return matured(slices.DeleteFunc(slices.Clone(records), func(r Record) bool {
		return !r.Window.Start.Before(w.Start) || r.Window.End.After(w.End)
	}))
}

// matured keeps of records those by which windows were judged as mature, oldest first and each at
// its newest revision.
func matured(records []Record) []Record {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(compareWindows(a.Window, b.Window), cmp.Compare(b.Revision, a.Revision))
	})
	mature := slices.DeleteFunc(records, func(r Record) bool { return r.Stage != StageMature })
	return slices.CompactFunc(mature, func(a, b Record) bool { return compareWindows(a.Window, b.Window) == 0 })
}

// breachedByLabels reports whether a rule on labels found the window breached.
func breachedByLabels(r Record, rules []Rule) bool {
	return slices.ContainsFunc(r.Rules, func(of rule.Result) bool {
		noLabels := slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == of.Name && r.NoLabels })
		return of.Verdict == rule.Breached && !noLabels
	})
}
