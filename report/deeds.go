package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// decisionWord is a decision in two or three words.
func decisionWord(o *job.Outcome) string {
	d := &o.Decision
	text := map[trigger.Action]string{
		trigger.ActionAlert: "Tell people", trigger.ActionRetrain: "Retrain", trigger.ActionSuppressed: "Held back",
	}[d.Action]
	switch {
	case text == "":
		return "Nothing to do"
	case d.Guard == trigger.GuardMode:
		return "Retraining suggested"
	case d.DryRun:
		text += " (dry run)"
	}
	return text
}

// guardText says what a guard is.
func guardText(guard string) string {
	text, ok := map[string]string{
		trigger.GuardNewWindows: "the breached windows are still the old model's",
		trigger.GuardMode:       "the configuration's mode starts no run by itself",
		trigger.GuardBlock:      "a rule with action block is not healthy",
		trigger.GuardInFlight:   "a run goes on already",
		trigger.GuardCooldown:   "the last run is too short ago",
		trigger.GuardBudget:     "the budget of runs is spent",
		"look":                  "this pass only looked",
		"error":                 "it could not be started, and the next pass tries again",
	}[guard]
	if !ok {
		return guard
	}
	return text
}

// decisionSection says what followed from the verdict, what kept it from more, and which run it
// started.
func decisionSection(s *job.Story) section {
	o := &s.Last().Outcome
	d := &o.Decision
	out := section{ID: "decision", Title: "Decision", Facts: []fact{{Name: "What follows", Text: decisionWord(o)}}}
	if d.Reason != "" {
		out.Facts = append(out.Facts, fact{Name: "Why", Text: d.Reason})
	}
	if d.Rule != "" {
		out.Facts = append(out.Facts, fact{Name: "Rule", Text: d.Rule})
	}
	if d.Guard != "" {
		g := fact{Name: "Held back by", Text: guardText(d.Guard), About: d.Guard, Help: "What kept a run from being started."}
		if d.Until != nil {
			g.About += ", until " + timeText(*d.Until, s.TimeZone)
		}
		out.Facts = append(out.Facts, g)
	}
	if d.Episode != nil {
		out.Facts = append(out.Facts, fact{
			Name: "Cause", Text: fmt.Sprintf("since %s, attempt %d", timeText(*d.Episode, s.TimeZone), d.Attempt),
			Help: "The first of the breached windows in a row: one cause starts one run.",
		})
	}
	if d.Run != "" {
		f := fact{Name: "Run", Text: d.Run, About: d.RunID}
		for i := range s.Runs {
			if r := &s.Runs[i]; r.Launch.Run == d.Run {
				f.Text, f.Href, f.About = d.Run, webOnly(r.Launch.URL), runState(r)
			}
		}
		out.Facts = append(out.Facts, f)
	}
	return out
}

// notesSection shows what is to be known of the window beside its figures.
func notesSection(s *job.Story) section {
	notes := s.Last().Notes
	if len(notes) == 0 {
		return section{}
	}
	var out []string
	for _, n := range notes {
		out = append(out, capital(n))
	}
	return section{ID: "notes", Title: "Notes", Notes: out}
}

// mostStreak is how many windows the strip of a rule shows.
const mostStreak = 30

// rulesSection lists the rules with their verdicts in the last windows.
func rulesSection(s *job.Story) section {
	o := &s.Last().Outcome
	if len(o.Rules)+len(o.NotJudged) == 0 {
		return section{}
	}
	t := table{
		Caption: "Rules, judged on " + o.Window.Days(s.TimeZone),
		Columns: []column{{Name: "Rule"}, {Name: "Verdict"}, {Name: "Why"}, {Name: "Streak", Help: "breached windows in a row, and from how many on the rule acts"}, {Name: "Action"}},
	}
	history := len(s.Windows) > 1
	if history {
		t.Columns = append(t.Columns, column{Name: "Last windows", Help: "oldest first: healthy ●, breached ▲, inconclusive ○, not judged ·"})
	}
	for _, r := range o.Rules {
		row := []cell{
			{Text: r.Name}, {Text: r.Verdict.String(), State: stateOf(r.Verdict), Value: fmt.Sprint(rankOf(stateOf(r.Verdict)))}, {Text: r.Reason},
			{Text: Streak(r), Value: fmt.Sprint(r.Streak)}, {Text: r.Action},
		}
		if history {
			row = append(row, cell{Strip: stripOfRule(s, r.Name)})
		}
		t.Rows = append(t.Rows, row)
	}
	for _, n := range o.NotJudged {
		row := []cell{{Text: n.Name}, {Text: "· waits", Value: "0"}, {Text: waitsFor(&n, s.TimeZone)}, {Text: "-"}, {Text: "-"}}
		if history {
			row = append(row, cell{Strip: stripOfRule(s, n.Name)})
		}
		t.Rows = append(t.Rows, row)
	}
	return section{
		ID: "rules", Title: "Rules", Tables: []table{t},
		Lead: "Each rule with its verdict and its arithmetic. A rule acts once it is breached in enough windows in a row.",
		Terms: []term{
			{"Breached", "The condition of the rule holds, and chance does not explain it."},
			{"Inconclusive", "The window can't tell: too few rows or labels, or a difference that may be chance."},
			{"Streak", "Breached windows in a row. Inconclusive ones neither add to it nor end it."},
		},
	}
}

// stripOfRule lists how a rule was judged in the last windows.
func stripOfRule(s *job.Story, name string) []chart.State {
	var out []chart.State
	for _, w := range s.Windows[max(0, len(s.Windows)-mostStreak):] {
		state := chart.None
		if i := slices.IndexFunc(w.Rules, func(r rule.Result) bool { return r.Name == name }); i >= 0 {
			state = stateOf(w.Rules[i].Verdict)
		}
		out = append(out, state)
	}
	return out
}

// mostRuns is how many runs and suggestions are listed.
const mostRuns = 20

// runsSection lists the runs that were started and those that were suggested, the newest first.
func runsSection(s *job.Story) section {
	if len(s.Runs)+len(s.Suggestions) == 0 {
		return section{}
	}
	out := section{ID: "runs", Title: "Retraining", Lead: "The runs that were started for this model, and those that would have been."}
	runs := table{
		Caption: "Runs",
		Columns: []column{{Name: "Run"}, {Name: "State"}, {Name: "Started"}, {Name: "Over"}, {Name: "Window"}, {Name: "Rule"}, {Name: "Why"}},
	}
	for i := range slices.Backward(s.Runs) {
		if len(runs.Rows) == mostRuns {
			runs.About = fmt.Sprintf("The newest %d of %d.", mostRuns, len(s.Runs))
			break
		}
		runs.Rows = append(runs.Rows, runRow(s, &s.Runs[i]))
	}
	if len(runs.Rows) > 0 {
		out.Tables = append(out.Tables, runs)
	}
	suggested := table{
		Caption: "Suggestions: what mode suggest would have started",
		Columns: []column{{Name: "Window"}, {Name: "Suggested"}, {Name: "Rule"}, {Name: "Why"}, {Name: "Attempt", Numbers: true}},
	}
	for _, g := range slices.Backward(s.Suggestions) {
		if len(suggested.Rows) == mostRuns {
			suggested.About = fmt.Sprintf("The newest %d of %d.", mostRuns, len(s.Suggestions))
			break
		}
		suggested.Rows = append(suggested.Rows, []cell{
			{Text: g.Window.Days(s.TimeZone)}, {Text: timeText(g.At, s.TimeZone)}, {Text: g.Rule}, {Text: g.Reason}, {Text: fmt.Sprint(g.Attempt), Value: fmt.Sprint(g.Attempt)},
		})
	}
	if len(suggested.Rows) > 0 {
		out.Tables = append(out.Tables, suggested)
	}
	return out
}

// runRow is one run of the table.
func runRow(s *job.Story, r *trigger.LaunchStatus) []cell {
	l := &r.Launch
	over, window, why := "-", "-", l.Reason
	if !r.FinishedAt.IsZero() {
		over = timeText(r.FinishedAt, s.TimeZone)
	}
	if l.Window != nil {
		window = l.Window.Days(s.TimeZone)
	}
	by := l.Rule
	if l.Manual {
		by = "by hand"
	}
	if r.Retracted != nil {
		why += "; later: " + r.Retracted.Error
	}
	state := map[string]chart.State{
		trigger.StateSucceeded: chart.Good, trigger.StateFailed: chart.Bad, trigger.StateGone: chart.Unsure,
	}[r.Latest]
	return []cell{
		{Text: l.Run, Href: webOnly(l.URL)}, {Text: runState(r), State: state}, {Text: timeText(l.LaunchedAt, s.TimeZone), Value: fmt.Sprint(l.LaunchedAt.Unix())},
		{Text: over}, {Text: window}, {Text: by}, {Text: why},
	}
}

// runState is how far a run is, in a word.
func runState(r *trigger.LaunchStatus) string {
	if r.Latest == "" {
		return "started"
	}
	return strings.ToLower(r.Latest)
}

// webOnly is an address of the web, and empty for any other, which might run a script.
func webOnly(href string) string {
	if strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://") {
		return href
	}
	return ""
}
