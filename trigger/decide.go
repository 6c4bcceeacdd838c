package trigger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// What suppresses a proposed run. GuardNewWindows isn't a guard in the order of
// semantics.md, 4: where it holds there is no proposal, so it comes before them.
const (
	GuardNewWindows = "new_windows" // the breached windows are still the old model's
	GuardMode       = "mode"
	GuardBlock      = "block"
	GuardInFlight   = "in_flight"
	GuardCooldown   = "cooldown"
	GuardBudget     = "budget"
)

// DecideInput holds everything that a decision rests on. job fills it in.
type DecideInput struct {
	Model  string
	Policy Policy
	Grid   Grid
	Now    time.Time
	// Window limits the decision to the rules whose newest verdict is on this window;
	// the zero window means all. Every object of the output has a window of its own,
	// and a rule acts in one of them only.
	Window   groundtruth.Window
	Rules    []RuleState    // NewestVerdicts over Records
	Records  []Record       // the ledger's (Recent) with the windows judged in this pass
	Launches []LaunchStatus // all of the model's; fetch them again after a launch
	Claims   []Claim        // OpenClaims
}

// proposal is a run that the verdicts ask for. propose makes it, and the guards are asked
// about it.
type proposal struct {
	rule       RuleState
	start      time.Time
	attempt    int
	key        string
	lastLaunch *LaunchStatus // the newest of the episode; nil without one
}

// Decide says what follows from the newest verdicts: whether to tell people, to
// start a run and which, or why not (semantics.md, 4). It is pure: the same input
// gives the same decision, and the caller launches what it returns with action
// retrain and no RunID.
func Decide(in DecideInput) Decision {
	var acting []RuleState
	for _, r := range in.Rules {
		if r.Acts && (in.Window == (groundtruth.Window{}) || compareWindows(in.Window, r.Window) == 0) {
			acting = append(acting, r)
		}
	}
	var alert *RuleState
	var first *Decision
	windows := byWindow(in.Records)
	for i, r := range acting {
		switch r.Action {
		case rule.ActionAlert:
			if alert == nil {
				alert = &acting[i]
			}
		case rule.ActionRetrain:
			d := decideRetrain(in, windows, r)
			if d.Guard != GuardNewWindows {
				return d
			}
			if first == nil {
				first = &d
			}
		}
	}
	switch {
	case first != nil:
		return *first
	case alert != nil:
		return Decision{Action: ActionAlert, Rule: alert.Name, Reason: breachedIn(*alert)}
	}
	return Decision{Action: ActionNone, Reason: nothing(in)}
}

// decideRetrain says what follows from a retraining rule that acts: its run, or what
// holds it up.
func decideRetrain(in DecideInput, windows []judged, rule RuleState) Decision {
	p := propose(in, windows, rule)
	d := Decision{
		Rule: rule.Name, Episode: &p.start, Attempt: p.attempt, Key: p.key, Run: RunName(p.key),
		Reason: breachedIn(rule),
	}
	if l := p.lastLaunch; l != nil && l.Launch.Key == p.key {
		// The run of this key is there already.
		d.Run, d.RunID = l.Launch.Run, l.Launch.RunID
		if w := l.Launch.Window; w != nil && compareWindows(*w, rule.Window) == 0 {
			d.Action = ActionRetrain
			d.Reason += fmt.Sprintf("; its run %s was already started at %s", d.Run, stamp(l.Launch.LaunchedAt))
			return d
		}
	}
	if why := waitsForNewWindows(in, windows, p); why != "" {
		d.Action, d.Guard, d.Reason = ActionSuppressed, GuardNewWindows, breachedIn(rule)+", but "+why
		return d
	}
	if guard, why, until := guarded(in, p); guard != "" {
		d.Action, d.Guard, d.Reason, d.Until = ActionSuppressed, guard, why, until
		return d
	}
	d.Action = ActionRetrain
	if p.attempt > 1 {
		d.Reason += fmt.Sprintf("; attempt %d, after the run %s ended as %s at %s",
			p.attempt, p.lastLaunch.Launch.Run, p.lastLaunch.Latest, stamp(p.lastLaunch.FinishedAt))
	}
	return d
}

// propose finds the episode, the attempt and the key of the run that a rule asks
// for. While the episode's newest run goes on the attempt is still that run's, and
// so it is when that run was started for this very window and has not failed.
func propose(in DecideInput, windows []judged, asking RuleState) proposal {
	var retrain []string
	for _, r := range in.Rules {
		if r.Action == rule.ActionRetrain {
			retrain = append(retrain, r.Name)
		}
	}
	p := proposal{rule: asking, attempt: 1}
	var ok bool
	if p.start, ok = episodeStart(windows, retrain, asking.Window, in.Launches); !ok {
		p.start = asking.Window.Start
	}
	p.start = p.start.UTC()
	for i, l := range in.Launches {
		if e := l.Launch.Episode; e == nil || !e.Equal(p.start) {
			continue
		}
		if p.lastLaunch == nil || l.Launch.Attempt >= p.lastLaunch.Launch.Attempt {
			p.lastLaunch = &in.Launches[i]
		}
	}
	if l := p.lastLaunch; l != nil {
		p.attempt = l.Launch.Attempt
		same := l.Launch.Window != nil && compareWindows(*l.Launch.Window, asking.Window) == 0
		if l.Terminal && (failed(*l) || !same) {
			p.attempt++
		}
	}
	p.key = Key(in.Model, p.start, p.attempt)
	return p
}

// failed reports whether a run is known to have made no new model.
func failed(s LaunchStatus) bool {
	return s.Latest == StateFailed || s.Latest == StateCanceled || s.Latest == StateSkipped
}

// waitsForNewWindows says why the breached windows don't count after the newest
// run that may have made a new model, or nothing when enough of them do: those
// wholly after its completion, with predictions by a version other than the ones
// judged then. Of a run that the server forgot nobody knows whether it made a
// version at all, so there only the time counts, from when it was found missing.
func waitsForNewWindows(in DecideInput, windows []judged, p proposal) string {
	var run *LaunchStatus
	for i, l := range in.Launches {
		if l.Latest != StateSucceeded && l.Latest != StateGone {
			continue
		}
		if run == nil || l.FinishedAt.After(run.FinishedAt) {
			run = &in.Launches[i]
		}
	}
	if run == nil {
		return ""
	}
	var old []string
	if run.Latest == StateSucceeded {
		old = run.Launch.Versions
	}
	n, _ := streak(in.Grid, windows, p.rule.Name, p.rule.Window, func(j judged) bool {
		return !j.window.Start.Before(run.FinishedAt) && (len(old) == 0 || len(j.versions) == 0 ||
			slices.ContainsFunc(j.versions, func(v string) bool { return !slices.Contains(old, v) }))
	}, nil)
	if n >= p.rule.For {
		return ""
	}
	by := ""
	if len(old) > 0 {
		by = fmt.Sprintf(" and a model version other than %s", strings.Join(old, ", "))
	}
	ended := "succeeded"
	if run.Latest == StateGone {
		ended = "was found to be gone from the server"
	}
	return fmt.Sprintf("the run %s %s at %s, and of the %d breached windows needed that have all their predictions after that%s there are %d",
		run.Launch.Run, ended, stamp(run.FinishedAt), p.rule.For, by, n)
}

// guarded returns the first guard that holds a proposal, why, and until when.
func guarded(in DecideInput, p proposal) (guard, why string, until *time.Time) {
	switch in.Policy.Mode {
	case ModeAuto:
	case ModeOff:
		return GuardMode, "mode is off", nil
	case ModeSuggest:
		return GuardMode, fmt.Sprintf("mode is suggest: would start attempt %d for the episode since %s, %s", p.attempt, stamp(p.start), breachedIn(p.rule)), nil
	default:
		return GuardMode, fmt.Sprintf("mode %q is unknown", in.Policy.Mode), nil
	}
	for _, r := range in.Rules {
		if r.Action != rule.ActionBlock || r.Verdict == rule.Healthy {
			continue
		}
		on := ""
		if !r.Window.Start.IsZero() {
			on = fmt.Sprintf(" on the window from %s to %s", stamp(r.Window.Start), stamp(r.Window.End))
		}
		return GuardBlock, fmt.Sprintf("the block rule %s is %s%s: %s", r.Name, r.Verdict, on, r.Reason), nil
	}
	if why := inFlight(in.Launches, in.Claims, p.key); why != "" {
		return GuardInFlight, why, nil
	}
	if why, end := coolingDown(in); why != "" {
		return GuardCooldown, why, &end
	}
	return overBudget(in)
}

// inFlight says which run of the model is going on or may be, other than the one
// that would be started under key; nothing if none.
func inFlight(launches []LaunchStatus, claims []Claim, key string) string {
	for _, l := range launches {
		if !l.Terminal {
			state := l.Latest
			if state == "" {
				state = "not seen yet"
			}
			return fmt.Sprintf("the run %s (%s), started at %s, is in flight: %s", l.Launch.Run, l.Launch.RunID, stamp(l.Launch.LaunchedAt), state)
		}
	}
	for _, c := range claims {
		if c.Key != key {
			return fmt.Sprintf("the run %s may be in flight: it was claimed at %s by %s and not recorded", RunName(c.Key), stamp(c.At), c.By)
		}
	}
	return ""
}

// coolingDown says which run the cooldown counts from, and when it ends; nothing where it
// is over.
func coolingDown(in DecideInput) (why string, end time.Time) {
	for _, l := range in.Launches {
		for _, since := range []struct {
			verb string
			at   time.Time
		}{{"started", l.Launch.LaunchedAt}, {"completed", l.FinishedAt}} {
			until := since.at.Add(in.Policy.Cooldown)
			if !since.at.IsZero() && until.After(in.Now) && until.After(end) {
				end = until.UTC()
				why = fmt.Sprintf("cooldown of %s since the run %s was %s at %s: until %s",
					span(in.Policy.Cooldown), l.Launch.Run, since.verb, stamp(since.at), stamp(until))
			}
		}
	}
	return why, end
}

// overBudget returns the guard if the launches of the budget's period are used up, why, and
// until when.
func overBudget(in DecideInput) (guard, why string, until *time.Time) {
	b := in.Policy.Budget
	if b.Per <= 0 {
		return "", "", nil
	}
	var times []time.Time
	for _, l := range in.Launches {
		if l.Launch.LaunchedAt.After(in.Now.Add(-b.Per)) {
			times = append(times, l.Launch.LaunchedAt)
		}
	}
	if len(times) < b.Runs {
		return "", "", nil
	}
	why = fmt.Sprintf("budget of %d runs per %s is used up: %d were started since %s", b.Runs, span(b.Per), len(times), stamp(in.Now.Add(-b.Per)))
	if b.Runs <= 0 {
		return GuardBudget, why, nil
	}
	slices.SortFunc(times, time.Time.Compare)
	end := times[len(times)-b.Runs].Add(b.Per).UTC()
	return GuardBudget, why + ", until " + stamp(end), &end
}

// breachedIn says what a rule's streak is.
func breachedIn(r RuleState) string {
	if r.Streak <= 1 {
		return r.Name + " breached"
	}
	return fmt.Sprintf("%s breached in %d consecutive windows", r.Name, r.Streak)
}

// nothing says why no rule acts: how all of them stand on the window, those included that
// go by a newer one, and which wait for its labels.
func nothing(in DecideInput) string {
	if len(in.Rules) == 0 {
		return "there are no rules"
	}
	here := map[string]ruleIn{}
	for _, j := range byWindow(in.Records) {
		if compareWindows(j.window, in.Window) == 0 {
			here = j.rules
		}
	}
	var why, healthy, waiting []string
	for _, r := range in.Rules {
		is, newest := r.Result, in.Window == (groundtruth.Window{}) || compareWindows(in.Window, r.Window) == 0
		if !newest {
			of, judged := here[r.Name]
			if !judged {
				waiting = append(waiting, r.Name)
				continue
			}
			is = of.result
		}
		switch {
		case is.Verdict == rule.Healthy:
			healthy = append(healthy, r.Name)
		case is.Verdict == rule.Inconclusive && is.NeedsRows > 0:
			why = append(why, fmt.Sprintf("%s is inconclusive (needs about %d rows)", r.Name, is.NeedsRows))
		case is.Verdict == rule.Inconclusive:
			why = append(why, r.Name+" is inconclusive")
		case !newest:
			why = append(why, r.Name+" breached, but acts on its newest window")
		case r.Action == rule.ActionBlock:
			why = append(why, r.Name+" breached and holds retraining")
		case r.Waits:
			why = append(why, fmt.Sprintf("%s breached in %d consecutive windows, some of which were judged again since this one: it acts on the next breached window", r.Name, r.Streak))
		default:
			why = append(why, fmt.Sprintf("%s breached in %d of %d consecutive windows needed", r.Name, r.Streak, r.For))
		}
	}
	if len(healthy) == len(in.Rules) {
		return "every rule is healthy"
	}
	why = appendRules(why, healthy, "is healthy", "are healthy")
	if slices.ContainsFunc(in.Records, func(r Record) bool { return r.Stage == StageMature && compareWindows(r.Window, in.Window) == 0 }) {
		why = appendRules(why, waiting, "was not judged", "were not judged")
	} else {
		why = appendRules(why, waiting, "waits for labels", "wait for labels")
	}
	return strings.Join(why, "; ")
}

// appendRules adds to the parts of a reason what some rules are: by their names, or by their
// number where they are many.
func appendRules(why, names []string, one, many string) []string {
	const most = 3
	switch n := len(names); {
	case n == 0:
		return why
	case n == 1:
		return append(why, names[0]+" "+one)
	case n > most:
		return append(why, fmt.Sprintf("%d rules %s", n, many))
	default:
		return append(why, strings.Join(names[:n-1], ", ")+" and "+names[n-1]+" "+many)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// span writes a duration as a person would: 30d, 24h, 90s.
func span(d time.Duration) string {
	switch {
	case d > 24*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
