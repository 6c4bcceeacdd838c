// Package notify tells people: in Slack.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/hindcast/hindcast/job"
)

// Tries and waits of one message.
const (
	defaultTimeout = 10 * time.Second
	maxTries       = 4
	maxWait        = 60 * time.Second // of all Retry-After together
)

// SlackOptions say where messages go: to a channel by a bot token, or to a webhook.
type SlackOptions struct {
	Token      func() (string, error) // read for each message, so that it may rotate
	Channel    string
	WebhookURL func() (string, error) // read for each message
	UseWebhook bool
	APIURL     string        // base of the bot API; empty: Slack's own
	Timeout    time.Duration // of one request; default 10 s
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
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.Sleep == nil {
		opts.Sleep = sleep
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.APIURL != "" && !strings.HasSuffix(opts.APIURL, "/") {
		opts.APIURL += "/"
	}
	return &Slack{opts: opts, client: &http.Client{Timeout: opts.Timeout}}
}

// Name implements job.Notifier.
func (s *Slack) Name() string {
	if s.opts.UseWebhook {
		return "Slack webhook"
	}
	return "Slack channel " + s.opts.Channel
}

// Notify implements job.Notifier. It waits as Slack asks when it is told to slow
// down, and tries once more when Slack fails; a refusal is final.
func (s *Slack) Notify(ctx context.Context, e job.Event) error {
	text, blocks := message(e)
	var waited time.Duration
	for try := 1; ; try++ {
		err := s.send(ctx, text, blocks)
		if err == nil {
			return nil
		}
		wait, again := retryAfter(err, try)
		waited += wait
		if !again || try == maxTries || waited > maxWait {
			return fmt.Errorf("send message: %w", explain(err))
		}
		s.opts.Log.Warn("slack did not take the message, trying again", "model", e.Model, "wait", wait, "err", explain(err))
		if err := s.opts.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("send message: %w", err)
		}
	}
}

func (s *Slack) send(ctx context.Context, text string, blocks []slack.Block) error {
	if s.opts.UseWebhook {
		hook, err := s.opts.WebhookURL()
		if err != nil {
			return fmt.Errorf("read webhook URL: %w", err)
		}
		return slack.PostWebhookCustomHTTPContext(ctx, hook, s.client, &slack.WebhookMessage{Text: text, Blocks: &slack.Blocks{BlockSet: blocks}})
	}
	token, err := s.opts.Token()
	if err != nil {
		return fmt.Errorf("read bot token: %w", err)
	}
	options := []slack.Option{slack.OptionHTTPClient(s.client)}
	if s.opts.APIURL != "" {
		options = append(options, slack.OptionAPIURL(s.opts.APIURL))
	}
	_, _, err = slack.New(token, options...).PostMessageContext(ctx, s.opts.Channel, slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...))
	return err
}

// retryAfter says whether a message is worth another try, and after how long.
func retryAfter(err error, try int) (time.Duration, bool) {
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return max(limited.RetryAfter, time.Second), true
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code >= 500 {
		return time.Second, try == 1
	}
	return 0, false
}

// explain takes secrets out of an error and says what to do about the common ones.
func explain(err error) error {
	var transport *url.Error
	if errors.As(err, &transport) {
		return fmt.Errorf("reach Slack: %w", transport.Err) // without the URL, which may be a webhook's
	}
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) {
		return err
	}
	hint := map[string]string{
		"invalid_auth":      "the bot token is not valid",
		"not_authed":        "there is no bot token",
		"token_revoked":     "the bot token was revoked",
		"account_inactive":  "the bot token belongs to an app that was removed",
		"channel_not_found": "check notify.slack.channel, and invite the bot to it when it is private",
		"not_in_channel":    "invite the bot to the channel",
		"is_archived":       "the channel is archived",
		"missing_scope":     "the app needs the scope chat:write",
		"invalid_blocks":    "this is a bug in hindcast",
	}[refused.Err]
	if hint == "" {
		return fmt.Errorf("slack refused it: %s", refused.Err)
	}
	return fmt.Errorf("slack refused it: %s: %s", refused.Err, hint)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
