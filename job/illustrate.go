package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/fill"
)

// Illustrator finds the words and the picture that an event of a rule opens with.
type Illustrator interface {
	// Sentence says in a sentence what the verdict of the only rule of an outcome is, and
	// why. The window before it may be nil.
	Sentence(o Outcome, previous *Outcome) string
	// Picture draws a figure over windows of a zone; nil where receivers show none.
	Picture(t Trend, zone groundtruth.Zone) (*Picture, error)
	// Windows is how many windows both look at, the event's own among them.
	Windows() int
}

// illustrate gives an event of a rule its sentence and its picture. An event goes without
// what fails here.
func (p *pass) illustrate(ctx context.Context, e *Event) {
	if p.Illustrator == nil || e.Outcome == nil || len(e.Rules) == 0 {
		return
	}
	windows, err := p.toldUpTo(ctx, e.Outcome)
	if err != nil {
		p.Log.Warn("a message goes without a picture", "model", p.model.Name, "err", p.Secrets.Error(err))
		windows = []Told{{Outcome: *e.Outcome}}
	}
	if err := Illustrate(p.Illustrator, e, windows); err != nil {
		p.Log.Warn("a message goes without a picture", "model", p.model.Name, "err", p.Secrets.Error(err))
	}
}

// Illustrate gives an event of a rule its sentence, and the picture of the figure that the
// rule compares over windows. The last of these is the event's.
func Illustrate(by Illustrator, e *Event, windows []Told) error {
	only := *e.Outcome
	only.Rules, only.NotJudged, only.Verdict = e.Rules[:1], nil, e.Rules[0].Verdict
	var previous *Outcome
	if len(windows) > 1 {
		previous = &windows[len(windows)-2].Outcome
	}
	e.Sentence = by.Sentence(only, previous)
	figure, ok := figureOf(e.Rules[0])
	if !ok {
		return nil
	}
	var err error
	e.Picture, err = by.Picture(TrendOf(windows, figure), e.Outcome.TimeZone)
	return err
}

// figureOf returns what a picture of a rule shows: the metric that it compares, also where
// that is estimated, and for drift of whatever kind the share of drifted columns. It is
// false for what TrendOf doesn't know.
func figureOf(r rule.Result) (string, bool) {
	for _, c := range r.Comparisons {
		name := strings.TrimPrefix(c.Variable, estimatedPrefix)
		if _, ok := metric.Find(name); ok {
			return name, true
		}
		if strings.HasPrefix(name, "drift.") {
			return DriftShare, true
		}
	}
	return "", false
}

// link fills in the links of an event, as the configuration has them.
func (p *pass) link(e *Event) {
	if e.Window == nil {
		switch {
		case e.Outcome != nil:
			e.Window = &e.Outcome.Window
		case e.Launch != nil:
			e.Window = e.Launch.Window
		}
	}
	if err := Link(p.Links, e); err != nil {
		p.Log.Warn("a message goes without a link", "model", p.model.Name, "err", p.Secrets.Error(err))
	}
}

// Link gives an event the links that the templates make, and another address of its run where
// there is a template of that. It goes without those that fail.
func Link(templates config.Links, e *Event) error {
	data := fill.NewLink(SubjectOf(*e))
	var errs []error
	of := func(key, text string) string {
		url, err := fill.URL(text, data)
		if err != nil {
			errs = append(errs, fmt.Errorf("fill in notify.links.%s: %w", key, err))
		}
		return url
	}
	e.Links = Links{Report: of("report", templates.Report), Dashboard: of("dashboard", templates.Dashboard), Runbook: of("runbook", templates.Runbook)}
	e.RunURL = cmp.Or(of("run", templates.Run), e.RunURL)
	return errors.Join(errs...)
}

// SubjectOf returns what an event is about, as templates name it.
func SubjectOf(e Event) fill.Subject {
	s := fill.Subject{Event: string(e.Kind), Model: e.Model, Rule: e.Incident.Rule}
	if e.Launch != nil {
		s.Run, s.RunID = e.Launch.Run, e.Launch.RunID
	}
	if e.State != nil {
		s.RunID = cmp.Or(e.State.RunID, s.RunID)
	}
	if e.Window != nil {
		s.Start, s.End = e.Window.Start, e.Window.End
	}
	return s
}

// toldUpTo returns the windows up to an outcome's: those of the ledger, and those that the pass
// judges, which are not recorded yet.
func (p *pass) toldUpTo(ctx context.Context, o *Outcome) ([]Told, error) {
	recorded := p.pictured
	if recorded == nil || !p.picturedUpTo.Equal(o.Window) {
		shown, _, err := p.Ledger.Shown(ctx, p.model.Name, p.model.Grid().String(), o.Window, &o.Window, p.Illustrator.Windows())
		if err != nil {
			return nil, err
		}
		if recorded, err = toldOfEach(shown); err != nil {
			return nil, err
		}
		p.pictured, p.picturedUpTo = recorded, o.Window
	}
	told := []Told{{Outcome: *o}}
	beside := func(of *Outcome) bool { return of.Window.Start.Before(o.Window.Start) }
	known := map[int64]bool{} // by the start
	for _, e := range slices.Backward(p.judged) {
		if of := &e.outcome; of.OnGrid && beside(of) && !known[of.Window.Start.Unix()] {
			known[of.Window.Start.Unix()] = true
			told = append(told, Told{Outcome: *of})
		}
	}
	for _, t := range recorded {
		if beside(&t.Outcome) && !known[t.Window.Start.Unix()] {
			told = append(told, t)
		}
	}
	slices.SortFunc(told, func(a, b Told) int { return a.Window.Start.Compare(b.Window.Start) })
	return told[max(0, len(told)-p.Illustrator.Windows()):], nil
}
