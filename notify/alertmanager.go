package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
)

// skew is by how much a clock may be ahead of Alertmanager's before an alert that is
// over looks as if it ended in the future.
const skew = time.Minute

// Alertmanager tells an Alertmanager, or each of several that are one cluster, by its
// API v2. An alert fires until the event that ends it; without another word it ends by
// itself at job.Event.Until, which Keep moves on.
type Alertmanager struct {
	urls   []string
	labels map[string]string
	post   poster
}

var (
	_ job.Notifier = (*Alertmanager)(nil)
	_ job.Keeper   = (*Alertmanager)(nil)
)

// NewAlertmanager returns a notifier for the servers at the base URLs. The labels go
// with every alert.
func NewAlertmanager(urls []string, labels map[string]string, opts HTTPOptions) *Alertmanager {
	a := &Alertmanager{labels: labels, post: newPoster("Alertmanager", opts)}
	for _, u := range urls {
		a.urls = append(a.urls, strings.TrimRight(u, "/"))
	}
	return a
}

// Name implements job.Notifier.
func (a *Alertmanager) Name() string { return "Alertmanager " + strings.Join(a.urls, ", ") }

// postableAlert is what the API takes for an alert. Alertmanager.send posts a list of
// them.
type postableAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// Notify implements job.Notifier.
func (a *Alertmanager) Notify(ctx context.Context, e job.Event) error {
	return a.send(ctx, postable(alerts(e, a.labels)))
}

// Keep implements job.Keeper. It sends the alerts of the events that go on again, with a
// later end.
func (a *Alertmanager) Keep(ctx context.Context, open []job.Event) error {
	var all []postableAlert
	for _, e := range open {
		all = append(all, postable(alerts(e, a.labels))...)
	}
	return a.send(ctx, all)
}

// postable writes alerts as the API takes them, with times that it accepts.
func postable(alerts []alert) []postableAlert {
	out := make([]postableAlert, 0, len(alerts))
	for _, al := range alerts {
		if al.resolved {
			// An end that lies ahead of the server's clock would not end the alert: the
			// later end that was sent before would count.
			al.ends = al.ends.Add(-skew)
			if !al.starts.Before(al.ends) {
				al.starts = al.ends.Add(-time.Second)
			}
		}
		out = append(out, postableAlert{al.labels, al.annotations, al.starts, al.ends, al.url})
	}
	return out
}

// send posts alerts to every server. One that takes them is enough: the servers of a
// cluster share what they sent, and the others' failures are logged.
func (a *Alertmanager) send(ctx context.Context, all []postableAlert) error {
	if len(all) == 0 {
		return nil
	}
	body, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode alerts: %w", err)
	}
	var errs []error
	for _, u := range a.urls {
		if err := a.post.send(ctx, u+"/api/v2/alerts", body, http.Header{}); err != nil {
			errs = append(errs, fmt.Errorf("send alerts to %s: %w", u, err))
		}
	}
	if len(errs) == len(a.urls) {
		return errors.Join(errs...)
	}
	for _, err := range errs {
		a.post.Log.Warn("one Alertmanager of several did not take alerts", "err", err)
	}
	return nil
}
