package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/hindcast/hindcast/job"
)

// WebhookOptions say what a webhook is sent; all have defaults.
type WebhookOptions struct {
	HTTPOptions
	Labels map[string]string // go with every alert
	// Body is what is sent, as JSON, instead of alerts: templates of fill.Body in its texts are
	// filled in.
	Body   map[string]any
	Secret func() (string, error) // that Body may name; read for each event
	Events []string               // the kinds of events that are sent; nil for all
}

// Webhook posts events to a URL in the format of Alertmanager's webhooks, version 4, or as a
// body that the options describe.
type Webhook struct {
	url  func() (string, error)
	opts WebhookOptions
	post poster
}

var _ job.Notifier = (*Webhook)(nil)

// NewWebhook returns a notifier for the URL, which is read for each event, so that it
// may rotate.
func NewWebhook(url func() (string, error), opts WebhookOptions) *Webhook {
	return &Webhook{url: url, opts: opts, post: newPoster("the webhook", opts.HTTPOptions)}
}

// Name implements job.Notifier.
func (*Webhook) Name() string { return "webhook" }

// webhookBody is the JSON that Alertmanager posts to webhooks.
type webhookBody struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []webhookAlert    `json:"alerts"`
}

// webhookAlert is an alert in a webhookBody.
type webhookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"` // the zero time while the alert fires
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// newWebhookBody writes an event as a webhook takes it. The group of its alerts is the
// incident, and own are the labels of the configuration.
func newWebhookBody(e job.Event, own map[string]string) webhookBody {
	b := webhookBody{
		Version: "4", GroupKey: clean(e.Incident.ID), Status: stateResolved, Receiver: "hindcast",
		GroupLabels: map[string]string{"model": clean(e.Model)}, Alerts: []webhookAlert{},
	}
	if e.Incident.Rule != "" {
		b.GroupLabels["rule"] = clean(e.Incident.Rule)
	}
	for _, a := range alerts(e, own) {
		wa := webhookAlert{
			Status: a.status(), Labels: a.labels, Annotations: a.annotations, StartsAt: a.starts, GeneratorURL: a.url, Fingerprint: a.fingerprint(),
		}
		if a.resolved {
			wa.EndsAt = a.ends
		} else {
			b.Status = stateFiring
		}
		b.CommonLabels, b.CommonAnnotations = common(b.CommonLabels, a.labels), common(b.CommonAnnotations, a.annotations)
		b.Alerts = append(b.Alerts, wa)
	}
	return b
}

// common returns what two sets have in common, for the fields of a webhookBody that all
// of its alerts share; nil stands for the set of everything.
func common(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range b {
		if old, ok := a[k]; a == nil || ok && old == v {
			out[k] = v
		}
	}
	return out
}

// Notify implements job.Notifier. Every try of one event carries the same
// Idempotency-Key. A test is sent whichever events are.
func (h *Webhook) Notify(ctx context.Context, e job.Event) error {
	if h.opts.Events != nil && e.Kind != job.EventTest && !slices.Contains(h.opts.Events, string(e.Kind)) {
		return nil
	}
	address, err := read(h.url, "webhook URL")
	if err != nil {
		return err
	}
	body, err := h.body(e)
	if err != nil {
		return fmt.Errorf("make the body: %w", err)
	}
	if err := h.post.send(ctx, address, body, http.Header{"Idempotency-Key": {eventKey(e)}}); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}

// eventKey is the same for all tries of one event, and for no other event: it is the
// Idempotency-Key of a webhook and the id of a mail.
func eventKey(e job.Event) string {
	of := fmt.Sprintf("%q %q %s %d", e.Incident.ID, e.Kind, e.Time.UTC().Format(time.RFC3339Nano), e.Failures)
	if s := e.State; s != nil {
		of += fmt.Sprintf(" %q", s.RunID)
	}
	return hashed(of)
}

// hashed is a short name for a text, which is the same for no other one.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
