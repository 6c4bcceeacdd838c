package notify

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hindcast/hindcast/redact"
)

// slowDown is an answer of Slack's by which it wants no message before the time is over.
func slowDown(after time.Duration) error {
	return &retryError{fmt.Errorf("slack limits the rate of messages: try again after %s", after), after}
}

// statusFault is an answer that HTTP calls a failure as an error, nil for status 200. A
// failure of Slack's own is worth another try: Slack has not looked at the message.
func statusFault(r response) error {
	switch {
	case r.code == http.StatusTooManyRequests:
		return slowDown(r.after)
	case r.code == http.StatusOK && r.err != nil:
		return fmt.Errorf("read Slack's answer: %w", r.err)
	case r.code == http.StatusOK:
		return nil
	}
	text := "slack answered " + r.status
	word := reason(r.body)
	switch {
	case word != "":
		text += ": " + explained(word, "chat:write")
	case r.code >= 300 && r.code < 400:
		text += ": redirects are not followed, for they would carry the secret along; check api_url or the webhook URL"
	case r.code == http.StatusUnauthorized, r.code == http.StatusForbidden, r.code == http.StatusNotFound:
		text += ": check the token or the webhook URL, and any proxy on the way"
	}
	err := errors.New(text)
	if r.code >= http.StatusInternalServerError {
		return &retryError{err: err}
	}
	return err
}

// botAnswer reads an answer of a method of the bot API that needs a scope, or returns it as
// an error. One with status 200 is an error all the same unless it says ok.
func botAnswer(r response, scope string, secrets *redact.Secrets) (answer, error) {
	if err := statusFault(r); err != nil {
		return answer{}, err
	}
	a, ok := readAnswer(r.body)
	if !ok {
		return answer{}, errors.New("the answer is not Slack's: check api_url, and any proxy on the way")
	}
	a.Needed = cmp.Or(a.Needed, scope)
	return a, a.err(secrets)
}

// webhookFault is an answer of an incoming webhook as an error. Slack's is a plain ok;
// some servers that imitate Slack answer by JSON.
func webhookFault(r response, secrets *redact.Secrets) error {
	if err := statusFault(r); err != nil {
		return err
	}
	if strings.TrimSpace(string(r.body)) == "ok" {
		return nil
	}
	if a, ok := readAnswer(r.body); ok {
		return a.err(secrets)
	}
	return errors.New("the answer is not a Slack webhook's: check the webhook URL, and any proxy on the way")
}

// answer is the JSON that the bot API answers.
type answer struct {
	OK     *bool  `json:"ok"`
	Error  string `json:"error"`
	Needed string `json:"needed"` // the scope that the token lacks

	Channel string `json:"channel"` // chat.postMessage: the channel's id, and the message's
	TS      string `json:"ts"`

	UploadURL string `json:"upload_url"` // files.getUploadURLExternal
	FileID    string `json:"file_id"`

	Metadata struct {
		Messages []string `json:"messages"`
	} `json:"response_metadata"`
}

// readAnswer reads an answer; ok is false where it is none of the bot API's.
func readAnswer(body []byte) (a answer, ok bool) {
	err := json.Unmarshal(body, &a)
	return a, err == nil && a.OK != nil
}

// maxDetails bounds how many of Slack's messages an error shows.
const maxDetails = 3

// err is the answer as an error, nil where it is ok.
func (a answer) err(secrets *redact.Secrets) error {
	switch {
	case *a.OK:
		return nil
	case a.Error == "ratelimited" || a.Error == "rate_limited":
		return slowDown(defaultRetryAfter)
	case a.Error == "":
		return errors.New("slack refused it: no reason given")
	}
	shown := func(s string) string { return truncate(clean(hide(secrets, s)), maxRefusal) }
	text := "slack refused it: " + explained(shown(a.Error), shown(a.Needed))
	var details []string
	for _, m := range a.Metadata.Messages[:min(len(a.Metadata.Messages), maxDetails)] {
		details = append(details, shown(m))
	}
	if len(details) > 0 {
		text += " (" + strings.Join(details, "; ") + ")"
	}
	return errors.New(text)
}

// explained adds what to do to Slack's word for an error. scope is what a token needs.
func explained(reason, scope string) string {
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
		hint = "the app needs the scope " + scope + ": add it under OAuth & Permissions, and install the app again"
	case "restricted_action", "action_prohibited":
		hint = "the workspace does not allow posting to this channel"
	case "file_uploads_disabled", "file_upload_size_restricted", "file_type_not_allowed":
		hint = "the workspace does not allow this file"
	case "no_service", "no_active_hooks", "invalid_token", "no_team":
		hint = "the webhook was removed or its URL is wrong"
	case "invalid_blocks", "invalid_blocks_format", "invalid_payload", "msg_too_long", "no_text":
		hint = "this is a bug in hindcast"
	default:
		return reason
	}
	return reason + ": " + hint
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
