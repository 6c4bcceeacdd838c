package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/digits"
	"github.com/hindcast/hindcast/job"
)

// A message shows no more than these limits, so that no part crowds out the others.
const (
	maxName   = 200 // characters of a name
	maxRules  = 20  // paragraphs of rules
	maxListed = 500 // characters of the names of drifted columns
)

// words are an event in words, the same for every receiver. The texts are as they
// came: each receiver escapes and cuts them by its own rules.
type words struct {
	title      string
	gist       string // the event in a line, for what shows no more; may be empty
	paragraphs []paragraph
	figures    []figure
	picture    *job.Picture // may be nil
	colour     string       // of the mail's upper edge
	links      []link
	url        string // of the run, where it is no web address
	footer     string
}

// link is a web address that a message shows.
type link struct {
	of  string // what is there, in words: report, dashboard, runbook or run
	url string
}

// paragraph is a text of a message, in pieces that each have a style.
type paragraph []span

// span is a piece of a paragraph in one style.
type span struct {
	style style
	text  string
}

// style says how a span is shown. Each receiver has its own way for each.
type style uint8

const (
	plain   style = iota
	strong        // a short name
	literal       // a short name as it is
	block         // a text as it is, on lines of its own: the only span of its paragraph
)

// figure is a named value, which receivers show in a table.
type figure struct{ name, value string }

// text is what a paragraph says, without its styles.
func (p paragraph) text() string {
	var b strings.Builder
	for _, s := range p {
		b.WriteString(s.text)
	}
	return b.String()
}

// say is a paragraph in one plain piece.
func say(text string) paragraph { return paragraph{{plain, text}} }

// word finds the words of an event for all receivers. What an event lacks is left out.
func word(e job.Event) words {
	w := words{picture: e.Picture, colour: colour(e.Kind), footer: footer(e), gist: gist(e)}
	w.links, w.url = links(e)
	figured := false
	switch e.Kind {
	case job.EventBreach:
		w.title, w.paragraphs, figured = ruleNames(e)+" breached", breach(e), true
	case job.EventResolved:
		w.title, w.paragraphs, figured = ruleNames(e)+" healthy again", recovered(e), true
	case job.EventRetrainSuggested:
		w.title, figured = "retraining suggested", true
		w.paragraphs = []paragraph{say(decisionReason(e)), {
			{plain, "Nothing was started. "}, {literal, "hindcast retrain"}, {plain, " starts it by hand; mode auto would do so by itself."},
		}}
	case job.EventRetrainStarted:
		p := slices.Concat(say("Run "), run(e), say(" was started"))
		if l := e.Launch; l != nil && l.Reason != "" {
			p = append(p, span{plain, ": " + l.Reason})
		}
		w.title, w.paragraphs, figured = "retraining started", []paragraph{p}, true
		if e.Failures > 0 {
			w.paragraphs = append(w.paragraphs, say("It could be started after "+failures(e, noun{"attempt", "attempts"})+"."))
		}
	case job.EventLaunchFailed:
		p := say("Retraining is due")
		if d := e.Decision; d != nil && d.Rule != "" {
			p = append(p, span{plain, " by rule "}, span{strong, d.Rule})
		}
		p = append(p, span{plain, ", and no run was started. The next pass tries again."})
		w.title, w.paragraphs = "retraining could not be started", []paragraph{p, repeated(e, noun{"attempt", "attempts"}), errorText(e.Err)}
	case job.EventRetrainFinished:
		w.title = "retraining finished"
		w.paragraphs = []paragraph{slices.Concat(say("Run "), run(e), say(" succeeded"+took(e)+".\nWhether it helped shows in the windows after it."))}
	case job.EventRetrainFailed:
		w.title, w.paragraphs = "retraining failed", retrainFailed(e)
	case job.EventRetrainDuplicate:
		w.title, w.paragraphs = "a duplicate retraining run was terminated", []paragraph{duplicate(e)}
	case job.EventRevised:
		w.title, w.paragraphs = "windows were judged again, and are not as was told", revised(e)
	case job.EventEvaluationFailing:
		w.title = "evaluation is failing"
		w.paragraphs = []paragraph{say("No verdict could be reached, which says nothing about the model."), repeated(e, noun{"pass", "passes"}), errorText(e.Err)}
	case job.EventEvaluationWorks:
		w.title, w.paragraphs = "evaluation works again", []paragraph{say("A pass succeeded after " + failures(e, noun{"pass", "passes"}) + ".")}
	case job.EventTest:
		w.title, figured = "this is a test", true
		w.paragraphs = []paragraph{say("Nothing has happened. Somebody tries whether messages get through, and this one did."), say(e.Sentence)}
	default:
		w.title, w.paragraphs = strings.ReplaceAll(string(e.Kind), "_", " "), []paragraph{errorText(e.Err)}
	}
	w.title = e.Model + ": " + w.title
	w.paragraphs = slices.DeleteFunc(w.paragraphs, func(p paragraph) bool { return strings.TrimSpace(p.text()) == "" })
	if figured {
		w.figures = figures(e.Outcome)
	}
	return w
}

// colour tells bad news from good. It says nothing that the title does not.
func colour(kind job.EventKind) string {
	switch kind {
	case job.EventBreach, job.EventRetrainFailed, job.EventLaunchFailed, job.EventEvaluationFailing:
		return colourBad
	case job.EventResolved, job.EventRetrainFinished, job.EventEvaluationWorks:
		return colourGood
	default:
		return colourNeutral
	}
}

// links lists the web addresses of an event. That of the run comes back by itself where it is
// none.
func links(e job.Event) (out []link, address string) {
	for _, l := range []link{{"report", e.Links.Report}, {"dashboard", e.Links.Dashboard}, {"runbook", e.Links.Runbook}, {"run", e.RunURL}} {
		switch web := webAddress(l.url); {
		case web != "":
			out = append(out, link{l.of, web})
		case l.of == "run":
			address = l.url
		}
	}
	return out, address
}

// ruleNames lists the rules that an event is about.
func ruleNames(e job.Event) string {
	names := make([]string, 0, len(e.Rules))
	for _, r := range e.Rules {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

// breach has a paragraph for each rule, so that a long reason leaves the others whole.
func breach(e job.Event) []paragraph {
	out := []paragraph{say(cmp.Or(e.Sentence, strings.Join(moved(e), " ")))}
	for i, r := range e.Rules {
		if i == maxRules {
			out = append(out, say(fmt.Sprintf("And %d more rules.", len(e.Rules)-i)))
			break
		}
		p := paragraph{{strong, r.Name}, {plain, " breached"}}
		if r.Streak > 1 {
			p = append(p, span{plain, fmt.Sprintf(" in %d consecutive windows", r.Streak)})
		}
		if r.Reason != "" {
			p = append(p, span{plain, ": " + r.Reason})
		}
		out = append(out, p)
	}
	if d := e.Decision; d != nil {
		p := paragraph{{strong, "Decision:"}, {plain, " " + string(d.Action)}}
		if d.Reason != "" {
			p = append(p, span{plain, ", " + d.Reason})
		}
		out = append(out, p)
	}
	return out
}

// recovered has a paragraph for each rule that is healthy again.
func recovered(e job.Event) []paragraph {
	out := []paragraph{say(e.Sentence)}
	for _, r := range e.Rules {
		p := paragraph{{strong, r.Name}, {plain, " is healthy again"}}
		if r.Reason != "" {
			p = append(p, span{plain, ": " + r.Reason})
		}
		out = append(out, p)
	}
	if s := e.Incident.Since; !s.IsZero() {
		out = append(out, say("People were told of its breach first on the window from "+minuteIn(e.TimeZone, s)+" "+e.TimeZone.String()+"."))
	}
	return out
}

// revised has a paragraph for each breach that is none any more, and for each run that
// nothing would have asked for.
func revised(e job.Event) []paragraph {
	out := []paragraph{say("Labels that came late, or another configuration, had windows judged again.")}
	left := 0
	add := func(p paragraph) {
		if len(out) > maxRules {
			left++
			return
		}
		out = append(out, p)
	}
	for _, r := range e.Revised {
		p := paragraph{{strong, r.Result.Name}, {plain, " is " + r.Result.Verdict.String() + " on the window " + r.Window.Format(e.TimeZone, minuteLayout, " to ") + " " + e.TimeZone.String() + ", of whose breach people were told"}}
		if r.Result.Reason != "" {
			p = append(p, span{plain, ": " + r.Result.Reason})
		}
		add(p)
	}
	for _, r := range e.Retracted {
		add(slices.Concat(say("Run "), run(job.Event{Launch: &r.Launch.Launch}),
			say(" is retracted, for nothing would have asked for it: "+r.Reason+". It is not stopped, and counts as the last run.")))
	}
	if left > 0 {
		out = append(out, say(fmt.Sprintf("And %d more.", left)))
	}
	return out
}

// noun is a word in both numbers, for texts that count.
type noun struct{ one, many string }

// repeated says how often something failed, where that was more than once.
func repeated(e job.Event, what noun) paragraph {
	if e.Failures < 2 {
		return nil
	}
	return say("So far " + failures(e, what) + ". People are reminded once a day, and told when it works again.")
}

// failures counts what failed, and says since when.
func failures(e job.Event, what noun) string {
	text := "1 failed " + what.one
	if e.Failures != 1 {
		text = fmt.Sprintf("%d failed %s", e.Failures, what.many)
	}
	if o := e.Incident.Opened; !o.IsZero() {
		text += " since " + minute(o) + " UTC"
	}
	return text
}

// retrainFailed says of a run that failed how it ended, and what Kubeflow quotes as its
// error.
func retrainFailed(e job.Event) []paragraph {
	p := slices.Concat(say("Run "), run(e))
	if s := e.State; s != nil && s.State != "" {
		p = append(p, span{plain, " ended as "}, span{literal, s.State}, span{plain, took(e) + "."})
	} else {
		p = append(p, span{plain, " failed" + took(e) + "."})
	}
	out := []paragraph{p}
	if s := e.State; s != nil && s.Error != "" {
		out = append(out, paragraph{{block, withoutUser(s.Error)}})
	}
	return out
}

// duplicate says which of two runs for one cause was terminated.
func duplicate(e job.Event) paragraph {
	p := say("Two runs were started for one cause. ")
	if s := e.State; s != nil && s.RunID != "" {
		p = append(p, span{plain, "Run "}, span{literal, s.RunID}, span{plain, ", the younger, was terminated"})
		if s.Kept != "" {
			p = append(p, span{plain, " and "}, span{literal, s.Kept}, span{plain, " kept"})
		}
	} else {
		p = append(p, span{plain, "The younger was terminated"})
	}
	return append(p, span{plain, ". This can happen when a process is suspended while it starts a run."})
}

// run names the run that an event is about.
func run(e job.Event) paragraph {
	if e.Launch == nil {
		return say("of retraining")
	}
	p := paragraph{{strong, e.Launch.Run}}
	if e.Launch.Run == "" {
		p = say("of retraining")
	}
	if e.Launch.RunID != "" {
		p = append(p, span{plain, " ("}, span{literal, e.Launch.RunID}, span{plain, ")"})
	}
	return p
}

// took says how long a run took, where that is known.
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
func errorText(err error) paragraph {
	if err == nil || err.Error() == "" {
		return nil
	}
	return paragraph{{block, withoutUser(err.Error())}}
}

// decisionReason is why the pass decided as it did, where it decided.
func decisionReason(e job.Event) string {
	if e.Decision == nil {
		return ""
	}
	return e.Decision.Reason
}

// gist says an event in one line, for notifications and screen readers.
func gist(e job.Event) string {
	switch {
	case e.Sentence != "":
		return e.Sentence
	case e.Err != nil:
		return withoutUser(e.Err.Error())
	case len(e.Rules) > 0:
		if sentences := moved(e); e.Kind == job.EventBreach && len(sentences) > 0 {
			return sentences[0]
		}
		return e.Rules[0].Reason
	case len(e.Retracted) > 0:
		return e.Retracted[0].Reason
	case len(e.Revised) > 0:
		return e.Revised[0].Result.Reason
	case e.Kind == job.EventRetrainFailed && e.State != nil && e.State.Error != "":
		return withoutUser(e.State.Error)
	case e.Launch != nil:
		return e.Launch.Run
	default:
		return decisionReason(e)
	}
}

// figures are the headline metrics against the reference, or before labels are in what they are
// estimated to be, coverage, and the columns that drifted.
func figures(o *job.Outcome) []figure {
	if o == nil {
		return nil
	}
	var out []figure
	add := func(name, value string) { out = append(out, figure{name, value}) }
	window := o.Window.Format(o.TimeZone, minuteLayout, " to ") + " " + o.TimeZone.String()
	if o.Stage != "" {
		window += ", " + o.Stage
	}
	add("window", window)
	add("predictions", strconv.FormatInt(o.Coverage.Predictions, 10))
	if m := o.Coverage.Matched; m != nil {
		text := strconv.FormatInt(*m, 10)
		if isNumber(o.Coverage.Coverage) {
			text += fmt.Sprintf(" (%.1f %%)", float64(100*float64(o.Coverage.Coverage)))
		}
		add("with a label", text)
	}
	for _, spec := range metric.ForPeople() {
		name := spec.Name
		m, ok := o.Metrics[name]
		if !spec.Headline || !ok || !isNumber(m.Value) {
			continue
		}
		text := withInterval(m) + besideReference(o, name)
		if o.Rolling != nil {
			if r, ok := o.Rolling.Metrics[name]; ok && isNumber(r.Value) {
				text += ", rolling reference " + number(r.Value)
			}
		}
		add(name, text)
	}
	if o.Coverage.Matched == nil && o.Estimated != nil { // labels will say it
		for _, spec := range metric.ForPeople() {
			if m := o.Estimated.Metrics[spec.Name]; spec.Headline && m.N > 0 && isNumber(m.Value) {
				add("estimated "+spec.Name, withInterval(m)+besideReference(o, spec.Name))
			}
		}
	}
	if b := o.LabelBias; b != nil && b.Biased {
		add("labels", b.Reason)
	}
	if o.Drift != nil {
		add("drifted columns", drifted(o.Drift))
	}
	return out
}

// besideReference writes the reference's value of a metric, where it has one.
func besideReference(o *job.Outcome, name string) string {
	if o.Reference == nil {
		return ""
	}
	if r, ok := o.Reference.Metrics[name]; ok && isNumber(r.Value) {
		return ", reference " + number(r.Value)
	}
	return ""
}

// drifted names the columns that drifted, as many as a message has room for.
func drifted(d *drift.Drift) string {
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

// footer says who tells this and when, and by which key the launch is found.
func footer(e job.Event) string {
	text := "Hindcast, " + e.Time.UTC().Format(time.RFC3339)
	switch {
	case e.Decision != nil && e.Decision.Key != "":
		text += ", key " + e.Decision.Key
	case e.Launch != nil && e.Launch.Key != "":
		text += ", key " + e.Launch.Key
	}
	return text
}

// minuteLayout is how people read a time.
const minuteLayout = "2006-01-02 15:04"

// minute writes a time for people, in UTC.
func minute(t time.Time) string { return minuteIn(groundtruth.Zone{}, t) }

// minuteIn writes a time for people, as clocks in a zone show it.
func minuteIn(z groundtruth.Zone, t time.Time) string { return z.Wall(t).Format(minuteLayout) }

// isNumber reports whether there is a number: neither NaN nor infinite.
func isNumber(n stat.Number) bool { return stat.IsNumber(float64(n)) }

// number writes a number for a message.
func number(n stat.Number) string { return digits.Four(float64(n)) }
