package notify

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// Slack's limits, in characters.
const (
	maxHeader  = 150
	maxSection = 3000
	maxField   = 2000
	maxText    = 3000 // of the fallback
)

// message words an event: a plain fallback and Block Kit blocks.
func message(e job.Event) (string, []slack.Block) {
	title, body := words(e)
	blocks := []slack.Block{header(title)}
	if body != "" {
		blocks = append(blocks, section(body))
	}
	if f := figures(e.Outcome); len(f) > 0 && showsFigures(e.Kind) {
		blocks = append(blocks, slack.NewSectionBlock(nil, f, nil))
	}
	if e.Decision != nil && e.Kind == job.EventBreach {
		blocks = append(blocks, section("*Hindcast's decision:* "+escape(string(e.Decision.Action)+": "+e.Decision.Reason)))
	}
	if e.RunURL != "" {
		blocks = append(blocks, section("<"+escape(e.RunURL)+"|Open the run>"))
	}
	blocks = append(blocks, slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, escape(footer(e)), false, false)))
	return truncate(title+"\n"+plain(e), maxText), blocks
}

func showsFigures(k job.EventKind) bool {
	switch k {
	case job.EventBreach, job.EventRetrainSuggested, job.EventRetrainStarted:
		return true
	default:
		return false
	}
}

// words returns the title and the mrkdwn body of an event.
func words(e job.Event) (title, body string) {
	switch e.Kind {
	case job.EventBreach:
		names := make([]string, 0, len(e.Rules))
		var lines []string
		for _, r := range e.Rules {
			names = append(names, r.Name)
			lines = append(lines, fmt.Sprintf("*%s* breached: %s (streak %d of %d)", escape(r.Name), escape(r.Reason), r.Streak, r.For))
		}
		return fmt.Sprintf("%s: %s breached", e.Model, strings.Join(names, ", ")), strings.Join(lines, "\n")
	case job.EventRetrainSuggested:
		return e.Model + ": retraining suggested", escape(e.Decision.Reason) + ".\nNothing was started. `hindcast retrain` starts it by hand; mode auto would do so by itself."
	case job.EventRetrainStarted:
		return e.Model + ": retraining started", fmt.Sprintf("Run *%s* (`%s`) was started: %s", escape(e.Launch.Run), escape(e.Launch.RunID), escape(e.Launch.Reason))
	case job.EventRetrainFinished:
		return e.Model + ": retraining finished", fmt.Sprintf("Run *%s* (`%s`) succeeded%s.\nWhether it helped shows in the windows after it.", escape(e.Launch.Run), escape(e.Launch.RunID), took(e))
	case job.EventRetrainFailed:
		body = fmt.Sprintf("Run *%s* (`%s`) ended as %s%s.", escape(e.Launch.Run), escape(e.Launch.RunID), escape(e.State.State), took(e))
		if e.State.Error != "" {
			body += "\n" + escape(e.State.Error)
		}
		return e.Model + ": retraining failed", body
	case job.EventRetrainDuplicate:
		return e.Model + ": a second retraining run was terminated", fmt.Sprintf(
			"Two runs were started for one cause, *%s*. `%s` was terminated, the older one is kept. This can happen when a process is suspended while it starts a run.",
			escape(e.Launch.Run), escape(e.State.RunID))
	case job.EventEvaluationFailing:
		return e.Model + ": evaluation is failing", "No verdict could be reached, which says nothing about the model.\n" + code(e.Err)
	default:
		return e.Model + ": " + string(e.Kind), ""
	}
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

// code shows an error as it is.
func code(err error) string {
	if err == nil {
		return ""
	}
	return "```" + escape(truncate(strings.ReplaceAll(err.Error(), "```", "'''"), maxSection-400)) + "```"
}

// plain is the body for notifications and screen readers, which show no blocks.
func plain(e job.Event) string {
	switch {
	case e.Err != nil:
		return escape(e.Err.Error())
	case len(e.Rules) > 0:
		return escape(e.Rules[0].Reason)
	case e.Decision != nil:
		return escape(e.Decision.Reason)
	case e.Launch != nil:
		return escape(e.Launch.Run)
	default:
		return ""
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
		if len(out) < 10 {
			out = append(out, slack.NewTextBlockObject(slack.MarkdownType, truncate("*"+escape(name)+"*\n"+escape(text), maxField), false, false))
		}
	}
	add("window", windowText(o.Window)+", "+o.Stage)
	add("predictions", strconv.FormatInt(o.Coverage.Predictions, 10))
	if o.Coverage.Matched != nil {
		add("with a label", fmt.Sprintf("%d (%s)", *o.Coverage.Matched, percent(o.Coverage.Coverage)))
	}
	for _, name := range []string{"rmse", "mae", "r2"} {
		m, ok := o.Metrics[name]
		if !ok || math.IsNaN(float64(m.Value)) {
			continue
		}
		text := number(m.Value)
		if !math.IsNaN(float64(m.Low)) {
			text += fmt.Sprintf(" (%s to %s)", number(m.Low), number(m.High))
		}
		if o.Reference != nil {
			text += ", reference " + number(o.Reference.Metrics[name].Value)
		}
		add(name, text)
	}
	if o.Drift != nil {
		var drifted []string
		for _, name := range slices.Sorted(maps.Keys(o.Drift.Columns)) {
			if d := o.Drift.Columns[name].Drifted; d != nil && *d {
				drifted = append(drifted, name)
			}
		}
		text := "none"
		if len(drifted) > 0 {
			text = strings.Join(drifted, ", ")
		}
		add("drifted columns", text)
	}
	return out
}

func footer(e job.Event) string {
	text := "Hindcast, " + e.Time.UTC().Format(time.RFC3339)
	if e.Decision != nil && e.Decision.Key != "" {
		text += ", key " + e.Decision.Key
	} else if e.Launch != nil {
		text += ", key " + e.Launch.Key
	}
	return truncate(text, maxField)
}

func header(text string) slack.Block {
	return slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, truncate(text, maxHeader), false, false))
}

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, truncate(text, maxSection), false, false), nil, nil)
}

// escape writes the three characters that mrkdwn gives a meaning as entities.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// truncate cuts text to n characters, the last being an ellipsis; an entity is not
// cut in two.
func truncate(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) <= n {
		return string(r)
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, '&'); i >= 0 && len(cut)-i < len("&amp;") && !strings.Contains(cut[i:], ";") {
		cut = cut[:i]
	}
	return cut + "…"
}

func windowText(w groundtruth.Window) string {
	return w.Start.UTC().Format("2006-01-02 15:04") + " to " + w.End.UTC().Format("2006-01-02 15:04") + " UTC"
}

func number(n evaluator.Number) string {
	f := float64(n)
	if a := math.Abs(f); a >= 1000 && a < 1e9 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

func percent(n evaluator.Number) string {
	if math.IsNaN(float64(n)) {
		return "coverage unknown"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n))
}
