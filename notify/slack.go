package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
)

// slackAPI is the base of Slack's own bot API.
const slackAPI = "https://slack.com/api/"

// SlackOptions say where messages go: to a channel by a bot token, or to a webhook.
type SlackOptions struct {
	Options
	Token      func() (string, error) // read for each try, so that it may rotate
	Channel    string
	WebhookURL func() (string, error) // read for each try
	UseWebhook bool
	APIURL     string // base of the bot API; default Slack's own
}

// Slack is the receiver that tells a channel of Slack.
type Slack struct {
	opts SlackOptions
	post poster
}

var _ job.Notifier = (*Slack)(nil)

// NewSlack returns a receiver for the channel that the options name.
func NewSlack(opts SlackOptions) *Slack {
	if opts.APIURL == "" {
		opts.APIURL = slackAPI
	}
	opts.APIURL = strings.TrimRight(opts.APIURL, "/") + "/"
	opts.Options = opts.withDefaults()
	return &Slack{opts: opts, post: newPoster("Slack", HTTPOptions{Options: opts.Options})}
}

// Name implements job.Notifier.
func (s *Slack) Name() string {
	if s.opts.UseWebhook {
		return "Slack webhook"
	}
	return "Slack channel " + s.opts.Channel
}

// Notify implements job.Notifier. It waits as long as Slack asks when it is told to
// slow down, and tries once more when Slack fails or no connection comes about; a
// refusal is final. A request that was sent without an answer is not sent again: the
// message may have been posted.
func (s *Slack) Notify(ctx context.Context, e job.Event) error {
	m := newMessage(e)
	if !s.opts.UseWebhook { // which has a channel of its own
		m.Channel = s.opts.Channel
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("send message: encode message: %w", err)
	}
	err = s.opts.retry(ctx, func() error { return s.try(ctx, body) }, func(wait time.Duration, err error) {
		s.opts.Log.Warn("slack did not take the message, trying again", "model", e.Model, "wait", wait, "err", err)
	})
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// try sends a message once, with the secret as it is by now.
func (s *Slack) try(ctx context.Context, body []byte) error {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	if s.opts.UseWebhook {
		hook, err := read(s.opts.WebhookURL, "webhook URL")
		if err != nil {
			return err
		}
		s.opts.Secrets.AddURL(hook)
		r, err := s.post.once(ctx, hook, body, header)
		if err != nil {
			return err
		}
		return webhookFault(r, s.opts.Secrets)
	}
	token, err := read(s.opts.Token, "bot token")
	if err != nil {
		return err
	}
	s.opts.Secrets.Add(token)
	header.Set("Authorization", "Bearer "+token)
	r, err := s.post.once(ctx, s.opts.APIURL+"chat.postMessage", body, header)
	if err != nil {
		return err
	}
	return botFault(r, s.opts.Secrets)
}
