package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/redact"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// defaultRetryAfter is how long to wait where Slack says to slow down without a time
// that can be read.
const defaultRetryAfter = 5 * time.Second

// statusError is an answer that HTTP calls a failure.
type statusError struct {
	code   int
	reason string // Slack's word for it; may be empty
}

// Error implements error.
func (e *statusError) Error() string {
	text := "slack answered " + strconv.Itoa(e.code)
	if name := http.StatusText(e.code); name != "" {
		text += " " + name
	}
	switch {
	case e.reason != "":
		return text + ": " + explained(e.reason)
	case e.code >= 300 && e.code < 400:
		return text + ": redirects are not followed, for they would carry the secret along; check api_url or the webhook URL"
	case e.code == http.StatusUnauthorized, e.code == http.StatusForbidden, e.code == http.StatusNotFound:
		return text + ": check the token or the webhook URL, and any proxy on the way"
	default:
		return text
	}
}

// rateLimitedError says that Slack wants no message before the time is over.
type rateLimitedError struct{ after time.Duration }

// Error implements error.
func (e *rateLimitedError) Error() string {
	return fmt.Sprintf("slack limits the rate of messages: try again after %s", e.after)
}

// refusedError is an answer of the bot API that is not ok.
type refusedError struct {
	reason  string   // Slack's word for it
	details []string // its messages; may be empty
}

// Error implements error.
func (e *refusedError) Error() string {
	text := "slack refused it: " + explained(e.reason)
	if len(e.details) > 0 {
		text += " (" + strings.Join(e.details, "; ") + ")"
	}
	return text
}

// explained adds what to do to Slack's word for an error.
func explained(reason string) string {
	var hint string
	switch reason {
	case "invalid_auth":
		hint = "the bot token is not valid"
	case "not_authed":
		hint = "there is no bot token"
	case "token_revoked", "token_expired":
		hint = "the bot token is no longer valid"
	case "account_inactive":
		hint = "the bot token belongs to an app or a workspace that was removed"
	case "channel_not_found":
		hint = "check notify.slack.channel, and invite the bot to it when it is private"
	case "not_in_channel":
		hint = "invite the bot to the channel"
	case "is_archived", "channel_is_archived":
		hint = "the channel is archived"
	case "missing_scope":
		hint = "the app needs the scope chat:write"
	case "restricted_action", "action_prohibited":
		hint = "the workspace does not allow posting to this channel"
	case "no_service", "no_active_hooks", "invalid_token", "no_team":
		hint = "the webhook was removed or its URL is wrong"
	case "invalid_blocks", "invalid_blocks_format", "invalid_payload", "msg_too_long", "no_text":
		hint = "this is a bug in hindcast"
	default:
		return reason
	}
	return reason + ": " + hint
}

// newClient returns a client that keeps no connection between the few messages that
// there are, and follows no redirect: it would take the token or the message elsewhere.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// postMessage posts by the bot API's chat.postMessage. An answer with status 200 is an
// error all the same unless it says ok.
func postMessage(ctx context.Context, client *http.Client, secrets *redact.Secrets, base, token string, m message) error {
	body, err := post(ctx, client, base+"chat.postMessage", token, m)
	if err != nil {
		return err
	}
	answer, ok := readAnswer(body)
	if !ok {
		return errors.New("the answer is not Slack's: check api_url, and any proxy on the way")
	}
	return answer.err(secrets)
}

// postWebhook posts to an incoming webhook, which answers a plain ok; some servers
// that imitate Slack's answer by JSON.
func postWebhook(ctx context.Context, client *http.Client, secrets *redact.Secrets, hook string, m message) error {
	body, err := post(ctx, client, hook, "", m)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(body)) == "ok" {
		return nil
	}
	if answer, ok := readAnswer(body); ok {
		return answer.err(secrets)
	}
	return errors.New("the answer is not a Slack webhook's: check the webhook URL, and any proxy on the way")
}

// post posts the message as JSON and returns the body of an answer with status 200.
func post(ctx context.Context, client *http.Client, address, token string, m message) ([]byte, error) {
	payload, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		// The parser's error quotes the URL, in parts too, and a webhook's is a secret.
		return nil, errors.New("the URL of Slack cannot be read; want https://HOST/PATH")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		var transport *url.Error
		if errors.As(err, &transport) {
			err = transport.Err // without the URL
		}
		return nil, fmt.Errorf("reach Slack: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read as far as it is needed
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return nil, &rateLimitedError{retryAfter(resp.Header.Get("Retry-After"))}
	case resp.StatusCode != http.StatusOK:
		return nil, &statusError{resp.StatusCode, reason(body)}
	case err != nil:
		return nil, fmt.Errorf("read Slack's answer: %w", err)
	}
	return body, nil
}

// retryAfter reads the header, which Slack sends in whole seconds.
func retryAfter(header string) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(header), 10, 32)
	if err != nil || n < 0 {
		return defaultRetryAfter
	}
	return max(time.Duration(n)*time.Second, time.Second)
}

// answer is what the bot API answers.
type answer struct {
	OK       *bool  `json:"ok"`
	Error    string `json:"error"`
	Metadata struct {
		Messages []string `json:"messages"`
	} `json:"response_metadata"`
}

// readAnswer reads an answer; ok is false where it is none of the bot API's.
func readAnswer(body []byte) (a answer, ok bool) {
	err := json.Unmarshal(body, &a)
	return a, err == nil && a.OK != nil
}

// err is the answer as an error, nil where it is ok.
func (a answer) err(secrets *redact.Secrets) error {
	switch {
	case *a.OK:
		return nil
	case a.Error == "ratelimited" || a.Error == "rate_limited":
		return &rateLimitedError{defaultRetryAfter}
	case a.Error == "":
		return &refusedError{reason: "no reason given"}
	}
	e := &refusedError{reason: truncate(clean(hide(secrets, a.Error)), 200)}
	for i, m := range a.Metadata.Messages {
		if i == 3 {
			break
		}
		e.details = append(e.details, truncate(clean(hide(secrets, m)), 200))
	}
	return e
}

// reason is Slack's word for a failure: the body of a webhook's answer, or the error
// of an API's. A page of something in between is left out.
func reason(body []byte) string {
	if a, ok := readAnswer(body); ok {
		body = []byte(a.Error)
	}
	word := strings.TrimSpace(string(body))
	if !regexp.MustCompile(`^[a-z][a-z_]{1,60}$`).MatchString(word) {
		return ""
	}
	return word
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
