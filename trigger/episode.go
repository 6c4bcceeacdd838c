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
	// NoLabels says that it is judged without labels, so that a breach of it is none of the
	// performance.
	NoLabels bool
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
	// the window was recorded: windows before it have been judged since, for the first time.
	Lengthened bool
	// Waits says that the streak reaches For, but only by windows before this one that
	// were judged again since it was found breached: the rule acts on the next window.
	Waits bool
}

// judged holds the newest verdicts on one window: of each rule the one in the newest
// revision that judged it. byWindow makes it, and streaks and episodes are counted in it.
type judged struct {
	window   groundtruth.Window
	versions []string // of the newest revision
	rules    map[string]ruleIn
}

// ruleIn is a rule's result in the record that it comes from, the newest that judged it.
type ruleIn struct {
	result rule.Result
	record *Record
	before *rule.Result // in the record before that; nil where there is none
}

// breachedAsOf returns as of when the rule was first found breached on the window, by
// this revision or by those right before it.
func (r ruleIn) breachedAsOf() time.Time {
	if t, ok := r.record.BreachedAsOf[r.result.Name]; ok {
		return t
	}
	return r.record.AsOf
}

// anew reports whether the record is this pass's and no earlier revision found the same
// breach: the rule acts as it does on a window that was never judged.
func (r ruleIn) anew() bool {
	_, known := r.record.BreachedAsOf[r.result.Name]
	return r.record.Revision == Unrecorded && !known
}

// acted reports whether the rule acted on the window before this pass.
func (r ruleIn) acted() bool {
	if r.record.Revision == Unrecorded {
		return r.before != nil && r.before.Acts
	}
	return r.result.Acts
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
		for i, result := range r.Rules {
			newest, newer := out[len(out)-1].rules[result.Name]
			switch {
			case !newer:
				newest = ruleIn{result: result, record: r}
			case newest.before == nil:
				newest.before = &r.Rules[i]
			}
			out[len(out)-1].rules[result.Name] = newest
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
// ones only those that counts accepts (nil: all) add, and a window that ends says yes to
// (nil: none) ends it too. end is the window that ended it.
func streak(grid Grid, windows []judged, name string, w groundtruth.Window, counts, ends func(judged) bool) (n int, end groundtruth.Window) {
	for {
		j, ok := find(windows, w)
		if !ok {
			return n, w
		}
		r, ok := j.rules[name]
		if !ok || r.result.Verdict == rule.Healthy || ends != nil && ends(j) {
			return n, w
		}
		if r.result.Verdict == rule.Breached && (counts == nil || counts(j)) {
			n++
		}
		w = grid.Prev(w)
	}
}

// find returns what was judged of a window.
func find(windows []judged, w groundtruth.Window) (judged, bool) {
	i, ok := slices.BinarySearchFunc(windows, w, func(j judged, w groundtruth.Window) int { return compareWindows(j.window, w) })
	if !ok {
		return judged{}, false
	}
	return windows[i], true
}

// streakSince counts the rule's streak on the window w as far back as the first window
// before it that was judged again at that moment or later.
func streakSince(grid Grid, windows []judged, name string, w groundtruth.Window, since time.Time) int {
	n, _ := streak(grid, windows, name, w, nil, func(j judged) bool {
		r := j.rules[name].record
		return r.JudgedAgain > 0 && !r.AsOf.Before(since) && compareWindows(j.window, w) != 0
	})
	return n
}

// FirstBreached returns what BreachedAsOf of a new record is: of each rule that it finds
// breached, as of when the revisions before it found that first. A window that is judged
// again, or by other hashes, is found breached anew. records are those of the ledger.
func FirstBreached(records []Record, r Record) map[string]time.Time {
	if r.JudgedAgain > 0 {
		return nil
	}
	old := byWindow(slices.DeleteFunc(slices.Clone(records), func(o Record) bool { return compareWindows(o.Window, r.Window) != 0 }))
	if len(old) == 0 {
		return nil
	}
	var out map[string]time.Time
	for _, result := range r.Rules {
		o, ok := old[0].rules[result.Name]
		if !ok || result.Verdict != rule.Breached || o.result.Verdict != rule.Breached ||
			OtherHash(o.record.ReadHash, r.ReadHash) || OtherHash(o.record.RulesHash, r.RulesHash) {
			continue
		}
		if out == nil {
			out = map[string]time.Time{}
		}
		out[result.Name] = o.breachedAsOf().UTC()
	}
	return out
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
		r.Streak, _ = streak(grid, windows, r.Name, grid.Prev(w), nil, nil)
		if r.Verdict == rule.Breached {
			r.Streak++
		}
	}
	return out
}

// NewestVerdicts returns the newest verdict of every rule over the records, in the
// rules' order, with Streak counted anew and Action and For as configured now. A
// rule acts when it is breached and its streak reaches For: Acts says so. Where only a
// judgement again of windows before made the streak that long, it Waits instead.
func NewestVerdicts(grid Grid, records []Record, rules []Rule) []RuleState {
	windows := byWindow(records)
	out := make([]RuleState, 0, len(rules))
	for _, of := range rules {
		s := RuleState{Result: rule.Result{Name: of.Name, Reason: "it has not been judged yet"}}
		for _, w := range slices.Backward(windows) {
			if r, ok := w.rules[of.Name]; ok {
				s = newestVerdict(grid, windows, r, w.window, max(of.For, 1))
				break
			}
		}
		s.Action, s.For = of.Action, max(of.For, 1)
		out = append(out, s)
	}
	return out
}

// newestVerdict returns the state of a rule whose newest verdict is r, on w. windows are
// those that it was judged on, and need is how long a streak it acts from.
func newestVerdict(grid Grid, windows []judged, r ruleIn, w groundtruth.Window, need int) RuleState {
	s := RuleState{Result: r.result, Window: w, Stage: r.record.Stage}
	s.Streak, _ = streak(grid, windows, s.Name, w, nil, nil)
	s.Acts = false
	if s.Verdict != rule.Breached {
		return s
	}
	own := s.Streak
	if !r.anew() {
		own = streakSince(grid, windows, s.Name, w, r.breachedAsOf())
	}
	s.Lengthened = own > r.result.Streak
	s.Acts = s.Streak >= need && (own >= need || r.acted())
	s.Waits = s.Streak >= need && !s.Acts
	return s
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

// AsConfigured returns the verdicts on a window with For as in states: what is decided
// now on an earlier window is by the rules as they are configured now.
func AsConfigured(results []rule.Result, states []RuleState) []rule.Result {
	out := slices.Clone(results)
	for i := range out {
		for _, s := range states {
			if s.Name == out[i].Name {
				out[i].For = s.For
			}
		}
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
		if e == nil || e.After(w.Start) || s.Launch.LaunchedAt.Before(newest) {
			continue
		}
		until := *e // where the stretch is known to have gone on to when the run was started
		if of := s.Launch.Window; of != nil {
			until = of.Start
		}
		if healthy.IsZero() || until.After(healthy) {
			start, newest = *e, s.Launch.LaunchedAt
		}
	}
	return start, true
}
