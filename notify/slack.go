package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
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

	refusedPictures sync.Map // the reasons for which pictures were refused and that have been logged
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
// message may have been posted. The picture of an event follows in the message's thread. A
// webhook takes none.
func (s *Slack) Notify(ctx context.Context, e job.Event) error {
	m := newMessage(e)
	if !s.opts.UseWebhook { // which has a channel of its own
		m.Channel = s.opts.Channel
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("send message: encode message: %w", err)
	}
	var posted answer
	err = s.opts.retry(ctx, func() (err error) {
		posted, err = s.try(ctx, body)
		return err
	}, func(wait time.Duration, err error) {
		s.opts.Log.Warn("slack did not take the message, trying again", "model", e.Model, "wait", wait, "err", err)
	})
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	if e.Picture == nil || s.opts.UseWebhook {
		return nil
	}
	return s.addPicture(ctx, e, posted)
}

// try sends a message once, with the secret as it is by now.
func (s *Slack) try(ctx context.Context, body []byte) (answer, error) {
	if !s.opts.UseWebhook {
		return s.ask(ctx, "chat.postMessage", typeJSON, body, "chat:write")
	}
	hook, err := read(s.opts.WebhookURL, "webhook URL")
	if err != nil {
		return answer{}, err
	}
	s.opts.Secrets.AddURL(hook)
	r, err := s.post.once(ctx, hook, body, http.Header{"Content-Type": {typeJSON}})
	if err != nil {
		return answer{}, err
	}
	return answer{}, webhookFault(r, s.opts.Secrets)
}

// The forms of what the bot API is sent.
const (
	typeJSON = "application/json; charset=utf-8"
	typeForm = "application/x-www-form-urlencoded"
)

// ask sends a request to a method of the bot API, which needs the scope, and returns what
// it answers.
func (s *Slack) ask(ctx context.Context, method, kind string, body []byte, scope string) (answer, error) {
	token, err := read(s.opts.Token, "bot token")
	if err != nil {
		return answer{}, err
	}
	s.opts.Secrets.Add(token)
	header := http.Header{"Content-Type": {kind}, "Authorization": {"Bearer " + token}}
	r, err := s.post.once(ctx, s.opts.APIURL+method, body, header)
	if err != nil {
		return answer{}, err
	}
	return botAnswer(r, scope, s.opts.Secrets)
}
