package notify

import (
	"cmp"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/job"
)

// The names of alerts. None is the name of a rule in deploy/prometheus: silences and
// routes tell the two ways apart.
const (
	alertBreach     = "HindcastEventBreach"
	alertFailing    = "HindcastEventEvaluationFailing"
	alertSuggested  = "HindcastEventRetrainSuggested"
	alertNotStarted = "HindcastEventRetrainNotStarted"
	alertRetraining = "HindcastEventRetraining"
	alertFailed     = "HindcastEventRetrainFailed"
	alertDuplicate  = "HindcastEventRetrainDuplicate"
	alertRevised    = "HindcastEventRevised"
	alertTest       = "HindcastEventTest"
)

// Each alert has one of these severities, by which Alertmanager can route it.
const (
	severityWarning = "warning"
	severityInfo    = "info"
)

// An alert is in one of these states, which Alertmanager and its webhooks name so.
const (
	stateFiring   = "firing"
	stateResolved = "resolved"
)

// maxDescription bounds the annotation that holds an event in full, in characters.
const maxDescription = 3000

// alert is what an event says of one state that begins or ends: which it is, by its
// labels, and from when until when. Webhook and Alertmanager each write it in the format
// of theirs.
type alert struct {
	labels, annotations map[string]string
	starts, ends        time.Time
	resolved            bool
	url                 string // of what it came from; a web address, or empty
}

// status is the state of the alert as the webhook says it.
func (a alert) status() string {
	if a.resolved {
		return stateResolved
	}
	return stateFiring
}

// fingerprint is the hash of the labels by which Alertmanager tells alerts apart;
// webhooks carry it.
func (a alert) fingerprint() string {
	set := make(model.LabelSet, len(a.labels))
	for name, value := range a.labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}

// alerts says an event in alerts: which state it begins and which it ends. Of any two
// events of one state the labels are the same. own are the labels of the
// configuration.
func alerts(e job.Event, own map[string]string) []alert {
	w := word(e)
	annotations := map[string]string{"summary": oneLine(w.title), "description": truncate(w.plain(), maxDescription)}
	for name, url := range map[string]string{"report_url": e.Links.Report, "dashboard_url": e.Links.Dashboard, "runbook_url": e.Links.Runbook} {
		if web := webAddress(url); web != "" {
			annotations[name] = web
		}
	}
	var out []alert
	add := func(name, severity string, starts time.Time, over bool, more map[string]string) {
		a := alert{annotations: annotations, starts: starts.UTC(), ends: e.Until.UTC(), resolved: over, url: origin(e)}
		a.labels = maps.Clone(own)
		if a.labels == nil {
			a.labels = map[string]string{}
		}
		a.labels["alertname"], a.labels["severity"], a.labels["model"] = name, severity, clean(e.Model)
		for label, value := range more {
			if value != "" {
				a.labels[label] = clean(value)
			}
		}
		if over {
			a.ends = e.Time.UTC()
		}
		if a.starts.IsZero() || a.starts.After(e.Time) {
			a.starts = e.Time.UTC()
		}
		out = append(out, a)
	}
	var run map[string]string
	launched, opened := e.Time, e.Incident.Opened
	if l := e.Launch; l != nil {
		run = map[string]string{"rule": l.Rule, "run": l.Run}
		launched = l.LaunchedAt
	}
	var proposed map[string]string
	if d := e.Decision; d != nil {
		proposed = map[string]string{"rule": d.Rule}
	}
	switch e.Kind {
	case job.EventBreach, job.EventResolved:
		for _, r := range e.Rules {
			add(alertBreach, severityWarning, opened, e.Kind == job.EventResolved, map[string]string{"rule": r.Name})
		}
	case job.EventRetrainSuggested:
		add(alertSuggested, severityInfo, e.Time, false, proposed)
	case job.EventLaunchFailed:
		add(alertNotStarted, severityWarning, opened, false, proposed)
	case job.EventRetrainStarted:
		add(alertRetraining, severityInfo, launched, false, run)
		if e.Failures > 0 {
			add(alertNotStarted, severityWarning, opened, true, proposed)
		}
	case job.EventRetrainFinished:
		add(alertRetraining, severityInfo, launched, true, run)
	case job.EventRetrainFailed:
		add(alertFailed, severityWarning, e.Time, false, run)
		add(alertRetraining, severityInfo, launched, true, run)
	case job.EventRetrainDuplicate:
		add(alertDuplicate, severityInfo, e.Time, false, run)
	case job.EventRevised:
		add(alertRevised, severityInfo, e.Time, false, nil)
	case job.EventTest:
		add(alertTest, severityInfo, e.Time, false, nil)
	case job.EventEvaluationFailing, job.EventEvaluationWorks:
		add(alertFailing, severityWarning, opened, e.Kind == job.EventEvaluationWorks, nil)
	}
	return out
}

// origin is where people see what an alert came from: the run that it is about, else the
// report of the window, else the dashboard.
func origin(e job.Event) string {
	return cmp.Or(webAddress(e.RunURL), webAddress(e.Links.Report), webAddress(e.Links.Dashboard))
}

// plain writes an event's paragraphs and figures as text without markup, which the
// annotations of alerts are.
func (w words) plain() string {
	var b strings.Builder
	for i, p := range w.paragraphs {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(strings.TrimSpace(clean(p.text())))
	}
	if len(w.figures) > 0 {
		b.WriteString("\n")
	}
	for _, f := range w.figures {
		b.WriteString("\n" + oneLine(f.name) + ": " + oneLine(f.value))
	}
	return strings.TrimSpace(b.String())
}

// webAddress is a URL without user and password, and empty for what is no web address.
func webAddress(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return ""
	}
	u.User = nil // no secrets in messages
	return u.String()
}
