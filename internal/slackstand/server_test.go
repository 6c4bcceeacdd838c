package slackstand

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func section(kind, text string) map[string]any {
	return map[string]any{"type": "section", "text": map[string]any{"type": kind, "text": text}}
}

func TestCheckBlocks(t *testing.T) {
	field := map[string]any{"type": "mrkdwn", "text": "x"}
	for name, tt := range map[string]struct {
		blocks  any
		refused string // part of the one refusal; empty when accepted
		wrong   string
	}{
		"good":                {blocks: []any{section("mrkdwn", "a &lt; b <https://x.org/?a=1|link>"), map[string]any{"type": "divider"}}},
		"not an array":        {blocks: "x", refused: "not an array"},
		"51 blocks":           {blocks: repeat(map[string]any{"type": "divider"}, 51), refused: "51 blocks"},
		"mrkdwn header":       {blocks: []any{map[string]any{"type": "header", "text": field}}, refused: "plain_text"},
		"long header":         {blocks: []any{map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": strings.Repeat("é", 151)}}}, refused: "151 characters"},
		"header at the limit": {blocks: []any{map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": strings.Repeat("é", 150)}}}},
		"long section":        {blocks: []any{section("mrkdwn", strings.Repeat("x", 3001))}, refused: "3001 characters"},
		"empty section":       {blocks: []any{section("mrkdwn", "")}, refused: "0 characters"},
		"no text":             {blocks: []any{map[string]any{"type": "section"}}, refused: "neither"},
		"11 fields":           {blocks: []any{map[string]any{"type": "section", "fields": repeat(field, 11)}}, refused: "11 fields"},
		"long field":          {blocks: []any{map[string]any{"type": "section", "fields": []any{map[string]any{"type": "mrkdwn", "text": strings.Repeat("x", 2001)}}}}, refused: "2001"},
		"empty context":       {blocks: []any{map[string]any{"type": "context"}}, refused: "0 elements"},
		"unknown type":        {blocks: []any{map[string]any{"type": "sektion"}}, refused: "doesn't know"},
		"bare less-than":      {blocks: []any{section("mrkdwn", "rmse < 2")}, wrong: "not escaped"},
		"bare ampersand":      {blocks: []any{section("mrkdwn", "a & b")}, wrong: "not escaped"},
		"mention":             {blocks: []any{section("mrkdwn", "<!channel> hi")}, wrong: "mention"},
		"plain text is free":  {blocks: []any{section("plain_text", "a < b & c")}},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(tt.blocks)
			if err != nil {
				t.Fatal(err)
			}
			refused, wrong := checkBlocks(raw)
			check := func(what string, got []string, want string) {
				if want == "" && len(got) != 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
					t.Errorf("%s: %q, want one with %q", what, got, want)
				}
			}
			check("refused", refused, tt.refused)
			check("wrong", wrong, tt.wrong)
		})
	}
}

func repeat(v any, n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestBot(t *testing.T) {
	s := New(time.Now)
	t.Cleanup(s.Close)
	api := slack.New(Token, slack.OptionAPIURL(s.APIURL()))
	channel, ts, err := api.PostMessageContext(t.Context(), Channel, slack.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := api.UpdateMessageContext(t.Context(), channel, ts, slack.MsgOptionText("changed", false)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := api.PostMessageContext(t.Context(), Channel, slack.MsgOptionText("more", false), slack.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	m := s.Messages()
	if len(m) != 2 || m[0].Text != "changed" || m[0].Updates != 1 || m[1].ThreadTS != ts || len(s.Violations()) != 0 {
		t.Errorf("messages %+v, violations %v", m, s.Violations())
	}
	for name, call := range map[string]func() error{
		"invalid_auth": func() error {
			_, _, err := slack.New("xoxb-wrong", slack.OptionAPIURL(s.APIURL())).PostMessageContext(t.Context(), Channel, slack.MsgOptionText("x", false))
			return err
		},
		"channel_not_found": func() error {
			_, _, err := api.PostMessageContext(t.Context(), "#elsewhere", slack.MsgOptionText("x", false))
			return err
		},
		"no_text": func() error {
			_, _, err := api.PostMessageContext(t.Context(), Channel)
			return err
		},
		"message_not_found": func() error {
			_, _, _, err := api.UpdateMessageContext(t.Context(), channel, "1.2", slack.MsgOptionText("x", false))
			return err
		},
	} {
		if err := call(); err == nil || err.Error() != name {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	if len(s.Messages()) != 2 {
		t.Error("a refused message is kept")
	}
}

func TestRateLimit(t *testing.T) {
	s := New(time.Now)
	t.Cleanup(s.Close)
	s.Limit(1, 3*time.Second)
	api := slack.New(Token, slack.OptionAPIURL(s.APIURL()))
	_, _, err := api.PostMessageContext(t.Context(), Channel, slack.MsgOptionText("x", false))
	if limited := new(slack.RateLimitedError); !errors.As(err, &limited) || limited.RetryAfter != 3*time.Second {
		t.Fatalf("got %v", err)
	}
	if _, _, err := api.PostMessageContext(t.Context(), Channel, slack.MsgOptionText("x", false)); err != nil {
		t.Fatal(err)
	}
	if v := s.Violations(); len(v) != 1 || !strings.Contains(v[0], "Retry-After") {
		t.Errorf("violations %v, want one about coming too early", v)
	}
}

func TestWebhook(t *testing.T) {
	s := New(time.Now)
	t.Cleanup(s.Close)
	for body, want := range map[string]string{
		`{"text":"hi"}`: "ok",
		`{}`:            "no_text",
		`{`:             "invalid_payload",
		`{"text":"x","blocks":[{"type":"header"}]}`: "invalid_blocks",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.WebhookURL(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if string(got) != want || (res.StatusCode == http.StatusOK) != (want == "ok") {
			t.Errorf("%s: %s %s, want %s", body, res.Status, got, want)
		}
	}
	if len(s.Messages()) != 1 {
		t.Errorf("%d messages, want 1", len(s.Messages()))
	}
}
