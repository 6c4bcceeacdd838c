package trigger

import (
	"cmp"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// Rule holds what the policy needs to know of a rule as it is configured now.
type Rule struct {
	Name   string
	Action string // one of rule.Actions
	For    int
}

// Grid is the grid of windows that a model is judged on.
type Grid interface {
	// Prev returns the window that ends where w starts.
	Prev(w groundtruth.Window) groundtruth.Window
}

// RuleState is a rule's newest verdict: a rule.Result and where it comes from. Decide goes
// by these. A rule that no record judged is inconclusive and has no window.
type RuleState struct {
	rule.Result
	Window groundtruth.Window
	Stage  string
	// Lengthened says that the rule is breached and its streak longer than it was when
	// the window was recorded: windows before it have been judged since.
	Lengthened bool
}

// judged holds the newest verdicts on one window: of each rule the one in the newest
// revision that judged it. byWindow makes it, and streaks and episodes are counted in it.
type judged struct {
	window   groundtruth.Window
	versions []string // of the newest revision
	rules    map[string]ruleIn
}

// ruleIn is a rule's result in the revision that it comes from.
type ruleIn struct {
	result   rule.Result
	stage    string
	revision int
}

// byWindow puts records in the order of their windows, newest revision first
// within one.
func byWindow(records []Record) []judged {
	sorted := make([]*Record, 0, len(records))
	for i := range records {
		sorted = append(sorted, &records[i])
	}
	slices.SortStableFunc(sorted, func(a, b *Record) int {
		return cmp.Or(compareWindows(a.Window, b.Window), cmp.Compare(b.Revision, a.Revision))
	})
	var out []judged
	for _, r := range sorted {
		if len(out) == 0 || compareWindows(out[len(out)-1].window, r.Window) != 0 {
			out = append(out, judged{window: r.Window, versions: r.Versions, rules: make(map[string]ruleIn, len(r.Rules))})
		}
		for _, result := range r.Rules {
			if _, newer := out[len(out)-1].rules[result.Name]; !newer {
				out[len(out)-1].rules[result.Name] = ruleIn{result, r.Stage, r.Revision}
			}
		}
	}
	return out
}

// health says how a window stands by all retraining rules together. An episode lies
// between windows that are allHealthy.
type health uint8

const (
	unclear health = iota // not all judged, or inconclusive
	allHealthy
	anyBreached
)

// of returns the window's health by those rules.
func (w judged) of(names []string) health {
	healthy := 0
	for _, name := range names {
		r, ok := w.rules[name]
		switch {
		case !ok:
		case r.result.Verdict == rule.Breached:
			return anyBreached
		case r.result.Verdict == rule.Healthy:
			healthy++
		}
	}
	if healthy > 0 && healthy == len(names) {
		return allHealthy
	}
	return unclear
}

// retraining returns the names of the rules whose action is a retraining.
func retraining(rules []Rule) []string {
	var names []string
	for _, r := range rules {
		if r.Action == rule.ActionRetrain {
			names = append(names, r.Name)
		}
	}
	return names
}

// streak counts a rule's breached windows over consecutive windows of the grid,
// from w backwards: an inconclusive window neither adds nor ends it, a healthy one
// ends it, and so does one on which no record judged the rule. Of the breached
// ones only those that counts accepts (nil: all) add.
func streak(grid Grid, windows []judged, name string, w groundtruth.Window, counts func(judged) bool) (n int, first groundtruth.Window) {
	for {
		i, ok := slices.BinarySearchFunc(windows, w, func(j judged, w groundtruth.Window) int { return compareWindows(j.window, w) })
		if !ok {
			return n, first
		}
		r, ok := windows[i].rules[name]
		if !ok || r.result.Verdict == rule.Healthy {
			return n, first
		}
		if r.result.Verdict == rule.Breached && (counts == nil || counts(windows[i])) {
			n++
			first = windows[i].window
		}
		w = grid.Prev(w)
	}
}

// Streaks returns the verdicts on window w with Streak set: the number of
// breached windows of that rule up to w, in records and on w itself
// (semantics.md, 3). It is 0 where the rule is healthy. records are those of the
// ledger, with or without an older revision of w, as Latest or Recent return them;
// off the grid nothing is before w, so pass none. The results passed in are not
// changed.
func Streaks(grid Grid, records []Record, w groundtruth.Window, results []rule.Result) []rule.Result {
	before := slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return compareWindows(r.Window, w) == 0 })
	windows := byWindow(before)
	out := slices.Clone(results)
	for i := range out {
		r := &out[i]
		r.Streak = 0
		if r.Verdict == rule.Healthy {
			continue
		}
		r.Streak, _ = streak(grid, windows, r.Name, grid.Prev(w), nil)
		if r.Verdict == rule.Breached {
			r.Streak++
		}
	}
	return out
}

// NewestVerdicts returns the newest verdict of every rule over the records, in the
// rules' order, with Streak counted anew and Action and For as configured now. A
// rule acts when it is breached and its streak reaches For: Acts says so.
func NewestVerdicts(grid Grid, records []Record, rules []Rule) []RuleState {
	windows := byWindow(records)
	out := make([]RuleState, 0, len(rules))
	for _, of := range rules {
		s := RuleState{Result: rule.Result{Name: of.Name, Reason: "it has not been judged yet"}}
		for _, w := range slices.Backward(windows) {
			if r, ok := w.rules[of.Name]; ok {
				s = RuleState{Result: r.result, Window: w.window, Stage: r.stage}
				s.Streak, _ = streak(grid, windows, of.Name, w.window, nil)
				s.Lengthened = s.Verdict == rule.Breached && s.Streak > r.result.Streak
				break
			}
		}
		s.Action, s.For = of.Action, max(of.For, 1)
		s.Acts = s.Verdict == rule.Breached && s.Streak >= s.For
		out = append(out, s)
	}
	return out
}

// Mark returns the verdicts on window w with Acts set as in states: only rules
// whose newest verdict is this one act.
func Mark(results []rule.Result, states []RuleState, w groundtruth.Window) []rule.Result {
	out := slices.Clone(results)
	for i := range out {
		out[i].Acts = slices.ContainsFunc(states, func(s RuleState) bool {
			return s.Name == out[i].Name && s.Acts && compareWindows(s.Window, w) == 0
		})
	}
	return out
}

// episodeStart returns the start of the episode that is going on up to window w:
// of the first window on which a retraining rule is breached after the last one on
// which all are healthy. Inconclusive and missing windows are passed over. A run
// that was started in that stretch fixes the start, so that a re-evaluation of
// earlier windows does not make a second cause of it; of several the newest does.
func episodeStart(windows []judged, retrain []string, w groundtruth.Window, launches []LaunchStatus) (time.Time, bool) {
	var start, healthy time.Time
	for _, j := range windows {
		if j.window.Start.After(w.Start) {
			break
		}
		switch j.of(retrain) {
		case allHealthy:
			start, healthy = time.Time{}, j.window.Start
		case anyBreached:
			if start.IsZero() {
				start = j.window.Start
			}
		case unclear:
		}
	}
	if start.IsZero() {
		return time.Time{}, false
	}
	var newest time.Time
	for _, s := range launches {
		e := s.Launch.Episode
		if e != nil && (healthy.IsZero() || e.After(healthy)) && !e.After(w.Start) && !s.Launch.LaunchedAt.Before(newest) {
			start, newest = *e, s.Launch.LaunchedAt
		}
	}
	return start, true
}
