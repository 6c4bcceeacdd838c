package config

import (
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/hindcast/hindcast/internal/fill"
)

// Links are the templates of the links that messages show; empty ones are not shown.
type Links struct {
	Report    string `yaml:"report"`
	Dashboard string `yaml:"dashboard"`
	Runbook   string `yaml:"runbook"`
	Run       string `yaml:"run"` // of retraining; empty: as retrain.kubeflow.ui_url says
}

// links reads the templates of links.
func (d *decoder) links(v value) Links {
	o := d.object(v)
	var l Links
	for _, key := range []struct {
		name string
		to   *string
	}{{"report", &l.Report}, {"dashboard", &l.Dashboard}, {"runbook", &l.Runbook}, {"run", &l.Run}} {
		if lv, ok := o.text(key.name, key.to); ok {
			d.link(lv, *key.to)
		}
	}
	o.done()
	return l
}

// exampleSubject has all that messages may be about, for trial runs of templates.
func exampleSubject() fill.Subject {
	start := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	return fill.Subject{Event: "breach", Model: "model", Rule: "rule", Run: "run", RunID: "1", Start: start, End: start.AddDate(0, 0, 1)}
}

// link checks the template of a link.
func (d *decoder) link(v value, text string) {
	example := fill.NewLink(exampleSubject())
	if !d.template(v, text, example) {
		return
	}
	filled, err := fill.URL(text, example)
	if err != nil {
		d.fail(v, "%v", templateError(err))
		return
	}
	if filled == "" {
		return // a template that asks for a model of a certain name, for example
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		d.fail(v, "a link must begin with http:// or https:// and a host; values are escaped, so that a template can stand for none of these")
	case u.User != nil:
		d.fail(v, "a link is read by all whom messages reach; leave user and password out")
	}
}

// body reads the JSON that a webhook is sent, whose texts are templates.
func (d *decoder) body(v value) map[string]any {
	members, ok := d.members(v)
	if !ok {
		return nil
	}
	if len(members) == 0 {
		d.fail(v, "the body is empty: give it keys or leave it out")
		return nil
	}
	subject := exampleSubject()
	example := fill.Body{Event: subject.Event, Model: subject.Model, Window: fill.NewBodyWindow(subject)}
	return d.anyMap(v, members, func(tv value, s scalar) { d.template(tv, s.text, example) })
}

// namesSecret reports whether a body has a place for a secret.
func namesSecret(body map[string]any) bool {
	without, err := fill.Value(body, fill.Body{})
	with, _ := fill.Value(body, fill.Body{Secret: "secret"})
	return err != nil || !reflect.DeepEqual(without, with) // a body that is at fault has been spoken of
}

// events reads the kinds of events that a receiver is sent.
func (d *decoder) events(v value) []string {
	items, _ := d.filled(v, "events")
	var out []string
	for _, item := range items {
		s, ok := d.text(item)
		switch {
		case !ok:
		case !slices.Contains(eventKinds(), s):
			d.fail(item, "unknown event %q%s", clip(s), didYouMean(s, eventKinds()))
		case slices.Contains(out, s):
			d.fail(item, "%q is listed twice", clip(s))
		default:
			out = append(out, s)
		}
	}
	return out
}
