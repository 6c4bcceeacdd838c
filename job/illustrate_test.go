package job_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// fakeIllustrator remembers what it was to draw.
type fakeIllustrator struct {
	trends []job.Trend
	said   []string
	err    error
}

func (f *fakeIllustrator) Sentence(o job.Outcome, previous *job.Outcome) string {
	s := fmt.Sprintf("%s is %s on day %d", o.Rules[0].Name, o.Verdict, o.Window.Start.Day())
	if previous != nil {
		s += fmt.Sprintf(" after day %d", previous.Window.Start.Day())
	}
	if len(o.Rules) != 1 || len(o.NotJudged) > 0 {
		s += ", beside others"
	}
	f.said = append(f.said, s)
	return s
}

func (f *fakeIllustrator) Picture(t job.Trend, _ groundtruth.Zone) (*job.Picture, error) {
	f.trends = append(f.trends, t)
	return &job.Picture{Title: t.Metric}, f.err
}

func (*fakeIllustrator) Windows() int { return 30 }

// drawn says of each picture its figure, its windows and which of them have a value.
func (f *fakeIllustrator) drawn() []string {
	out := []string{}
	for _, t := range f.trends {
		s := t.Metric
		for _, p := range t.Points {
			s += fmt.Sprint(" ", p.Window.Start.Day())
			if p.Judged && !math.IsNaN(float64(p.Value)) && !math.IsNaN(float64(p.Threshold)) {
				s += p.Verdict.String()[:1]
			}
		}
		out = append(out, s)
	}
	f.trends = nil
	return out
}

// A message on a rule has a picture of the rule's figure, with the windows that the pass has just
// judged and not yet recorded.
func TestMessagesHavePictures(t *testing.T) {
	w := newWorld(t, settings{mode: "off", rules: "[" + strings.Replace(ruleRMSE, "retrain", "alert", 1) + ", " + ruleDrift + "]"})
	by := &fakeIllustrator{}
	w.r.Illustrator = by
	w.logs(1, good, wrong, wrong, drifted, drifted, good)
	for _, night := range []struct {
		day   int
		drawn []string
		said  string
	}{
		{4, []string{}, ""},
		{5, []string{"drift.share 1h 2h 3h 4b", "rmse 1h 2b"}, "drift is breached on day 4 after day 3"},
		{6, []string{"drift.share 1h 2h 3h 4b 5b", "rmse 1h 2b 3b"}, "drift is breached on day 5 after day 4"},
	} {
		by.said = nil
		w.night(night.day)
		for _, e := range w.told.events {
			if e.Picture == nil || e.Sentence == "" || e.Window == nil || !e.Window.Equal(e.Outcome.Window) {
				t.Errorf("%s: picture %v, sentence %q, window %v", e.Kind, e.Picture, e.Sentence, e.Window)
			}
		}
		w.told.take()
		wantLines(t, fmt.Sprint("drawn on day ", night.day), by.drawn(), night.drawn...)
		if night.said != "" && (len(by.said) == 0 || by.said[0] != night.said) {
			t.Errorf("said on day %d: %q, want %q", night.day, by.said, night.said)
		}
	}

	// What can't be drawn costs nothing but the picture.
	by.err = errors.New("out of ink")
	w.night(7)
	if len(w.told.events) == 0 || w.told.events[0].Sentence == "" || !strings.Contains(w.log.String(), "a message goes without a picture") {
		t.Errorf("told %d events, log %s", len(w.told.events), w.log.String())
	}
}

func TestEventsHaveLinks(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRMSE + "]"})
	w.r.Links = config.Links{
		Report: "https://r/{{ .Model }}/{{ .Window.Start }}", Dashboard: "https://d/?to={{ .Window.EndMillis }}&rule={{ .Rule }}",
		Runbook: "https://b/{{ .Event }}", Run: "https://k/{{ .RunID }}",
	}
	w.logs(1, good, wrong, good)
	w.night(5)
	got := map[string]string{}
	for _, e := range w.told.events {
		got[string(e.Kind)] = strings.Join([]string{e.Links.Report, e.Links.Dashboard, e.Links.Runbook, e.RunURL}, " ")
	}
	const of = "https://r/m/2026-01-02T00%3A00%3A00Z https://d/?to=1767398400000&rule=rmse https://b/"
	for kind, want := range map[string]string{"breach": of + "breach ", "retrain_started": of + "retrain_started https://k/run-1"} {
		if got[kind] != want {
			t.Errorf("%s: %q, want %q", kind, got[kind], want)
		}
	}

	// An event of no window has no links that name one; without templates nothing changes.
	e := job.Event{Kind: job.EventEvaluationFailing, Model: "m", RunURL: "https://kfp/1"}
	if err := job.Link(w.r.Links, &e); err != nil || e.Links != (job.Links{Runbook: "https://b/evaluation_failing"}) || e.RunURL != "https://kfp/1" {
		t.Errorf("%+v, %s, %v", e.Links, e.RunURL, err)
	}
	e.Links = job.Links{}
	if err := job.Link(config.Links{}, &e); err != nil || e.Links != (job.Links{}) || e.RunURL != "https://kfp/1" {
		t.Errorf("%+v, %s, %v", e.Links, e.RunURL, err)
	}
	// One template that fails costs no other.
	err := job.Link(config.Links{Report: "https://r/{{ slice .Model 3 9 }}", Runbook: "https://b"}, &e)
	if err == nil || !strings.Contains(err.Error(), "notify.links.report") || e.Links.Runbook != "https://b" {
		t.Errorf("%v, %+v", err, e.Links)
	}
}

func TestFigureOfARule(t *testing.T) {
	for variable, want := range map[string]string{
		"rmse": "rmse", "estimated.roc_auc": "roc_auc", "drift.share": job.DriftShare, `drift.columns["x"].psi`: job.DriftShare,
		`segments["city"]["Oslo"].rmse`: "", "predictions": "", "": "",
	} {
		by := &fakeIllustrator{}
		e := job.Event{Outcome: &job.Outcome{}, Rules: []rule.Result{{Comparisons: []rule.Comparison{{Variable: variable, Left: variable}}}}}
		if err := job.Illustrate(by, &e, []job.Told{{}}); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(by.trends) > 0 {
			got = by.trends[0].Metric
		}
		if got != want {
			t.Errorf("of %s %q is drawn, want %q", variable, got, want)
		}
	}
}

// A receiver can be limited to any of the events.
func TestConfigurationKnowsAllEvents(t *testing.T) {
	var kinds []string
	for _, kind := range job.EventKinds() {
		kinds = append(kinds, string(kind))
	}
	newWorld(t, settings{top: "notify: {webhook: {url: 'https://h/', events: [" + strings.Join(kinds, ", ") + "]}}"})
}
