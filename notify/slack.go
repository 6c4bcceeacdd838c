// Package notify tells people: in Slack, by mail, by a webhook, and by Alertmanager.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/wait"
)

// Tries and waits of one message.
const (
	defaultTimeout = 10 * time.Second
	maxTries       = 4
	maxWait        = 30 * time.Second // of all waits together: a pass must not hang on its messages
	failureWait    = time.Second      // before the one more try after a failure of Slack's
)

// DefaultAPIURL is the base of Slack's own bot API.
const DefaultAPIURL = "https://slack.com/api/"

// SlackOptions say where messages go: to a channel by a bot token, or to a webhook.
type SlackOptions struct {
	Token      func() (string, error) // read for each message, so that it may rotate
	Channel    string
	WebhookURL func() (string, error) // read for each message
	UseWebhook bool
	APIURL     string          // base of the bot API; default DefaultAPIURL
	Timeout    time.Duration   // of one request; default 10 s
	Secrets    *redact.Secrets // are taken out of what Slack says
	Log        *slog.Logger
	// Sleep waits before a message is tried again; default a timer.
	Sleep func(context.Context, time.Duration) error
}

// Slack tells a Slack channel.
type Slack struct {
	opts   SlackOptions
	client *http.Client
}

var _ job.Notifier = (*Slack)(nil)

// NewSlack returns a notifier for a Slack channel.
func NewSlack(opts SlackOptions) *Slack {
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Sleep == nil {
		opts.Sleep = wait.For
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Secrets == nil {
		opts.Secrets = &redact.Secrets{}
	}
	if opts.APIURL == "" {
		opts.APIURL = DefaultAPIURL
	}
	opts.APIURL = strings.TrimRight(opts.APIURL, "/") + "/"
	return &Slack{opts: opts, client: newClient(opts.Timeout)}
}

// Name implements job.Notifier.
func (s *Slack) Name() string {
	if s.opts.UseWebhook {
		return "Slack webhook"
	}
	return "Slack channel " + s.opts.Channel
}

// Notify implements job.Notifier. It waits as long as Slack asks when it is told to
// slow down, up to 30 s and four tries in all, and tries once more when Slack fails
// or no connection comes about; a refusal is final. A request that was sent without
// an answer is not sent again: the message may have been posted.
func (s *Slack) Notify(ctx context.Context, e job.Event) error {
	m := newMessage(e)
	m.Channel = s.opts.Channel
	left, failures := maxWait, 0
	for try := 1; ; try++ {
		err := s.send(ctx, m)
		if err == nil {
			return nil
		}
		var wait time.Duration
		var limited *rateLimitedError
		switch {
		case errors.As(err, &limited):
			wait = limited.after
		case failed(err) && failures == 0:
			wait = failureWait
			failures++
		default:
			return fmt.Errorf("send message: %w", presentable(s.opts.Secrets, err))
		}
		if try == maxTries || wait > left {
			return fmt.Errorf("send message: given up after %d tries: %w", try, presentable(s.opts.Secrets, err))
		}
		left -= wait
		s.opts.Log.Warn("slack did not take the message, trying again", "model", e.Model, "wait", wait, "err", presentable(s.opts.Secrets, err))
		if err := s.opts.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("send message: wait for the next try: %w", err)
		}
	}
}

// send sends the message once.
func (s *Slack) send(ctx context.Context, m message) error {
	if s.opts.UseWebhook {
		hook, err := read(s.opts.WebhookURL, "webhook URL")
		if err != nil {
			return err
		}
		s.opts.Secrets.AddURL(hook)
		m.Channel = "" // a webhook has its own
		return postWebhook(ctx, s.client, s.opts.Secrets, hook, m)
	}
	token, err := read(s.opts.Token, "bot token")
	if err != nil {
		return err
	}
	s.opts.Secrets.Add(token)
	return postMessage(ctx, s.client, s.opts.Secrets, s.opts.APIURL, token, m)
}

// read reads a secret. It is looked at anew for each message.
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

// failed reports whether Slack failed without having looked at the message, so that
// another try is worth while and can hardly post it twice.
func failed(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		return status.code >= http.StatusInternalServerError
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
