// Package notify tells people of events: in Slack, by mail, by a webhook, and by
// Alertmanager.
//
// An event ([job.Event]) is what a pass has to say, such as a breach or a run that
// failed. A receiver is a way to tell it: [Slack], [Email], [Webhook] and
// [Alertmanager], each a [job.Notifier]. The words of an event are found once, by the
// function word, and are the same for all receivers: each only escapes and cuts them by
// its own rules. An alert is a state that one event begins and another ends. The
// function alerts finds those of an event, for the receivers that speak of states.
//
// A receiver makes tries of a message. Where a try fails and another is worth while, it
// returns a retryError. Options.retry, which every receiver goes through, decides
// whether and when there is another. Receivers that speak HTTP post by a poster.
//
// Begin at word to change what people read, and at [Webhook] to add a receiver.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/wait"
)

// defaultTimeout is that of one request, and of each step of a dialogue.
const defaultTimeout = 10 * time.Second

// Options are what every receiver takes; all have defaults.
type Options struct {
	Timeout time.Duration   // of one request, or of each step of a dialogue; default 10 s
	Secrets *redact.Secrets // are taken out of what a server says
	Log     *slog.Logger
	// Sleep waits before a message is tried again; default a timer.
	Sleep func(context.Context, time.Duration) error
}

// withDefaults returns the options with a default for each that is not set.
func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Secrets == nil {
		o.Secrets = &redact.Secrets{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Sleep == nil {
		o.Sleep = wait.For
	}
	return o
}

// read reads a secret. It is looked at anew for each message, so that it may rotate.
func read(secret func() (string, error), what string) (string, error) {
	if secret == nil {
		return "", fmt.Errorf("no %s is configured", what)
	}
	s, err := secret()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", what, err)
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", fmt.Errorf("the %s is empty", what)
	}
	return s, nil
}

// presentable is an error without secrets and without the user of any URL, such as a proxy's.
// An error without any is returned as it is.
func presentable(secrets *redact.Secrets, err error) error {
	text := err.Error()
	if hidden := hide(secrets, text); hidden != text {
		return errors.New(hidden)
	}
	return err
}

// hide takes out of a text what presentable takes out of an error. A text that is cut is cut
// after that: half a secret is not found.
func hide(secrets *redact.Secrets, text string) string { return withoutUser(secrets.Text(text)) }

// withoutUser takes user and password out of the URLs in a text.
func withoutUser(text string) string {
	return regexp.MustCompile(`://[^/\s"'<>]*@`).ReplaceAllString(text, "://[redacted]@")
}
