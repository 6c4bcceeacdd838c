package notify

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// Slack's limits, in characters; that of the fallback is chosen, Slack takes more.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxFields  = 10 // of a section
	maxText    = 3000
)

// Limits of one message, so that no part crowds out the others.
const (
	maxName   = 200 // characters of a name
	maxRules  = 20  // sections of rules
	maxListed = 500 // characters of the names of drifted columns
)

// message is the body of chat.postMessage and of a webhook.
type message struct {
	Channel string        `json:"channel,omitempty"`
	Text    string        `json:"text"` // for notifications and screen readers
	Blocks  []slack.Block `json:"blocks"`

	// A link to a run needs no preview, which Slack would have to fetch.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

// words are what is said of an event, in mrkdwn apart from the title.
type words struct {
	title    string
	sections []string
	figures  bool // the window's figures are of interest
}

// newMessage words an event: a plain fallback and Block Kit blocks.
func newMessage(e job.Event) message {
	w := word(e)
	blocks := []slack.Block{header(w.title)}
	for _, s := range w.sections {
		blocks = append(blocks, section(s))
	}
	if w.figures {
		if f := figures(e.Outcome); len(f) > 0 {
			blocks = append(blocks, slack.NewSectionBlock(nil, f, nil))
		}
	}
	if e.RunURL != "" {
		text, ok := link(e.RunURL, "Open the run")
		if !ok {
			text = escape("The run: " + withoutUser(e.RunURL))
		}
		blocks = append(blocks, section(text))
	}
	blocks = append(blocks, slack.NewContextBlock("", mrkdwn(footer(e), maxField)))
	text := escape(w.title)
	if gist := gist(e); gist != "" {
		text += "\n" + escape(gist)
	}
	return message{Text: truncate(text, maxText), Blocks: blocks}
}

// word finds the words of an event. What an event lacks is left out.
func word(e job.Event) words {
	switch e.Kind {
	case job.EventBreach:
		return breach(e)
	case job.EventRetrainSuggested:
		return words{title: e.Model + ": retraining suggested", figures: true, sections: nonEmpty(
			escape(decisionReason(e)),
			"Nothing was started. `hindcast retrain` starts it by hand; mode auto would do so by itself.",
		)}
	case job.EventRetrainStarted:
		text := "Run " + run(e) + " was started"
		if l := e.Launch; l != nil && l.Reason != "" {
			text += ": " + escape(l.Reason)
		}
		return words{title: e.Model + ": retraining started", sections: []string{text}, figures: true}
	case job.EventLaunchFailed:
		text := "Retraining is due"
		if d := e.Decision; d != nil && d.Rule != "" {
			text += " by rule " + bold(d.Rule)
		}
		return words{title: e.Model + ": retraining could not be started", sections: nonEmpty(
			text+", and no run was started. The next pass tries again.", errorText(e.Err))}
	case job.EventRetrainFinished:
		return words{title: e.Model + ": retraining finished", sections: []string{
			"Run " + run(e) + " succeeded" + took(e) + ".\nWhether it helped shows in the windows after it."}}
	case job.EventRetrainFailed:
		return retrainFailed(e)
	case job.EventRetrainDuplicate:
		return words{title: e.Model + ": a duplicate retraining run was terminated", sections: []string{duplicate(e)}}
	case job.EventEvaluationFailing:
		return words{title: e.Model + ": evaluation is failing", sections: nonEmpty(
			"No verdict could be reached, which says nothing about the model.", errorText(e.Err))}
	default:
		return words{title: e.Model + ": " + strings.ReplaceAll(string(e.Kind), "_", " "), sections: nonEmpty(errorText(e.Err))}
	}
}

func breach(e job.Event) words {
	names := make([]string, 0, len(e.Rules))
	for _, r := range e.Rules {
		names = append(names, r.Name)
	}
	w := words{title: e.Model + ": " + strings.Join(names, ", ") + " breached", sections: ruleLines(e.Rules), figures: true}
	if d := e.Decision; d != nil {
		text := "*Decision:* " + escape(string(d.Action))
		if d.Reason != "" {
			text += ", " + escape(d.Reason)
		}
		w.sections = append(w.sections, text)
	}
	return w
}

// ruleLines has a section for each rule, so that a long reason leaves the others whole.
func ruleLines(rules []evaluator.RuleResult) []string {
	var out []string
	for i, r := range rules {
		if i == maxRules {
			return append(out, fmt.Sprintf("And %d more rules.", len(rules)-i))
		}
		text := bold(r.Name) + " breached"
		if r.Streak > 1 {
			text += fmt.Sprintf(" in %d consecutive windows", r.Streak)
		}
		if r.Reason != "" {
			text += ": " + escape(r.Reason)
		}
		out = append(out, text)
	}
	return out
}

func retrainFailed(e job.Event) words {
	text := "Run " + run(e)
	if s := e.State; s != nil && s.State != "" {
		text += " ended as " + literal(s.State) + took(e) + "."
	} else {
		text += " failed" + took(e) + "."
	}
	w := words{title: e.Model + ": retraining failed", sections: []string{text}}
	if s := e.State; s != nil && s.Error != "" {
		w.sections = append(w.sections, code(withoutUser(s.Error), maxSection))
	}
	return w
}

func duplicate(e job.Event) string {
	text := "Two runs were started for one cause. "
	if s := e.State; s != nil && s.RunID != "" {
		text += "Run " + literal(s.RunID) + ", the younger, was terminated"
		if s.Kept != "" {
			text += " and " + literal(s.Kept) + " kept"
		}
	} else {
		text += "The younger was terminated"
	}
	return text + ". This can happen when a process is suspended while it starts a run."
}

// run names a started run.
func run(e job.Event) string {
	if e.Launch == nil {
		return "of retraining"
	}
	text := bold(e.Launch.Run)
	if e.Launch.Run == "" {
		text = "of retraining"
	}
	if e.Launch.RunID != "" {
		text += " (" + literal(e.Launch.RunID) + ")"
	}
	return text
}

func took(e job.Event) string {
	if e.State == nil || e.State.FinishedAt == nil || e.Launch == nil {
		return ""
	}
	d := e.State.FinishedAt.Sub(e.Launch.LaunchedAt)
	if d <= 0 {
		return ""
	}
	return " after " + d.Round(time.Second).String()
}

// errorText shows an error as it is, without the users of URLs in it.
func errorText(err error) string {
	if err == nil || err.Error() == "" {
		return ""
	}
	return code(withoutUser(err.Error()), maxSection)
}

func decisionReason(e job.Event) string {
	if e.Decision == nil {
		return ""
	}
	return e.Decision.Reason
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// gist is the event in a line, for what shows no blocks.
func gist(e job.Event) string {
	switch {
	case e.Err != nil:
		return withoutUser(e.Err.Error())
	case len(e.Rules) > 0:
		return e.Rules[0].Reason
	case e.Kind == job.EventRetrainFailed && e.State != nil && e.State.Error != "":
		return withoutUser(e.State.Error)
	case e.Launch != nil:
		return e.Launch.Run
	default:
		return decisionReason(e)
	}
}

// figures shows the headline metrics against the reference, coverage, and the
// columns that drifted.
func figures(o *job.Outcome) []*slack.TextBlockObject {
	if o == nil {
		return nil
	}
	var out []*slack.TextBlockObject
	add := func(name, text string) {
		if len(out) < maxFields {
			out = append(out, mrkdwn("*"+name+"*\n"+escape(text), maxField))
		}
	}
	window := windowText(o.Window)
	if o.Stage != "" {
		window += ", " + o.Stage
	}
	add("window", window)
	add("predictions", strconv.FormatInt(o.Coverage.Predictions, 10))
	if m := o.Coverage.Matched; m != nil {
		text := strconv.FormatInt(*m, 10)
		if isNumber(o.Coverage.Coverage) {
			text += fmt.Sprintf(" (%.1f %%)", 100*float64(o.Coverage.Coverage))
		}
		add("with a label", text)
	}
	for _, name := range []string{"rmse", "mae", "r2"} {
		m, ok := o.Metrics[name]
		if !ok || !isNumber(m.Value) {
			continue
		}
		text := number(m.Value)
		if isNumber(m.Low) && isNumber(m.High) {
			text += fmt.Sprintf(" (%s to %s)", number(m.Low), number(m.High))
		}
		if o.Reference != nil {
			if r, ok := o.Reference.Metrics[name]; ok && isNumber(r.Value) {
				text += ", reference " + number(r.Value)
			}
		}
		add(name, text)
	}
	if o.Drift != nil {
		add("drifted columns", drifted(o.Drift))
	}
	return out
}

func drifted(d *evaluator.Drift) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.Columns)) {
		if flag := d.Columns[name].Drifted; flag != nil && *flag {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	text := truncate(clean(names[0]), maxName)
	for i, name := range names[1:] {
		if length(text)+length(name) > maxListed {
			return fmt.Sprintf("%s and %d more", text, len(names)-1-i)
		}
		text += ", " + name
	}
	return text
}

func footer(e job.Event) string {
	text := "Hindcast, " + e.Time.UTC().Format(time.RFC3339)
	switch {
	case e.Decision != nil && e.Decision.Key != "":
		text += ", key " + e.Decision.Key
	case e.Launch != nil && e.Launch.Key != "":
		text += ", key " + e.Launch.Key
	}
	return escape(text)
}

func header(text string) slack.Block {
	text = strings.Join(strings.Fields(clean(text)), " ")
	return slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, truncate(text, maxHeader), false, false))
}

func section(text string) slack.Block {
	return slack.NewSectionBlock(mrkdwn(text, maxSection), nil, nil)
}

// mrkdwn is a text object. It is verbatim: Slack makes no links or mentions of what
// looks like some.
func mrkdwn(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, truncate(text, limit), false, true)
}

func windowText(w groundtruth.Window) string {
	return w.Start.UTC().Format("2006-01-02 15:04") + " to " + w.End.UTC().Format("2006-01-02 15:04") + " UTC"
}

func isNumber(n evaluator.Number) bool {
	return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0)
}

// number shows four digits, and all of a larger whole part.
func number(n evaluator.Number) string {
	f := float64(n)
	if a := math.Abs(f); a >= 1000 && a < 1e9 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}
