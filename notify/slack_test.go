package notify

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func constant(s string) func() (string, error) {
	return func() (string, error) { return s, nil }
}

// waits records the waits instead of making them.
type waits []time.Duration

func (w *waits) sleep(ctx context.Context, d time.Duration) error {
	*w = append(*w, d)
	return ctx.Err()
}

func bot(f *fakeSlack, w *waits) *Slack {
	return NewSlack(SlackOptions{Token: constant(goodToken + "\n"), Channel: goodChannel, APIURL: f.URL + "/api", Options: Options{Sleep: w.sleep}})
}

func hook(f *fakeSlack, w *waits) *Slack {
	return NewSlack(SlackOptions{WebhookURL: constant(f.URL + hookPath), UseWebhook: true, Options: Options{Sleep: w.sleep}})
}

func TestSlackAccepts(t *testing.T) {
	for name, notifier := range map[string]func(*fakeSlack, *waits) *Slack{"bot": bot, "webhook": hook} {
		for kind, e := range events() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				f, w := newFakeSlack(t), new(waits)
				if err := notifier(f, w).Notify(t.Context(), e); err != nil {
					t.Fatal(err)
				}
				if len(f.accepted) != 1 || len(f.requests) != 1 || len(*w) != 0 {
					t.Errorf("%d accepted of %d requests, waits %v", len(f.accepted), len(f.requests), *w)
				}
			})
		}
	}
}

func TestSlackAPIURL(t *testing.T) {
	for _, suffix := range []string{"/api", "/api/"} {
		f := newFakeSlack(t)
		s := NewSlack(SlackOptions{Token: constant(goodToken), Channel: goodChannel, APIURL: f.URL + suffix})
		if err := s.Notify(t.Context(), events()["breach"]); err != nil {
			t.Errorf("%s: %v", suffix, err)
		}
	}
	if s := NewSlack(SlackOptions{}); s.opts.APIURL != slackAPI {
		t.Errorf("default %q", s.opts.APIURL)
	}
}

func TestSlackRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*SlackOptions)
		replies []reply
		want    []string // in the error
	}{
		"wrong token":      {change: func(o *SlackOptions) { o.Token = constant("xoxb-wrong") }, want: []string{"invalid_auth", "token is not valid"}},
		"missing channel":  {change: func(o *SlackOptions) { o.Channel = "#gone" }, want: []string{"channel_not_found", "notify.slack.channel"}},
		"empty token":      {change: func(o *SlackOptions) { o.Token = constant(" \n") }, want: []string{"bot token is empty"}},
		"no token":         {change: func(o *SlackOptions) { o.Token = nil }, want: []string{"no bot token is configured"}},
		"unreadable token": {change: func(o *SlackOptions) { o.Token = func() (string, error) { return "", errors.New("no such file") } }, want: []string{"read bot token", "no such file"}},
		"wrong webhook": {change: func(o *SlackOptions) {
			o.UseWebhook = true
			o.WebhookURL = constant(strings.TrimSuffix(o.APIURL, "/api") + "/services/gone")
		}, want: []string{"404", "no_service"}},
		"ok false":            {replies: []reply{{200, nil, `{"ok":false,"error":"is_archived"}`}}, want: []string{"is_archived", "the channel is archived"}},
		"ok false, details":   {replies: []reply{{200, nil, `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] too long"]}}`}}, want: []string{"invalid_blocks", "too long"}},
		"ok false, unknown":   {replies: []reply{{200, nil, `{"ok":false,"error":"brand_new"}`}}, want: []string{"refused it: brand_new"}},
		"ok false, unsaid":    {replies: []reply{{200, nil, `{"ok":false}`}}, want: []string{"no reason"}},
		"not the API":         {replies: []reply{{200, nil, "<html>Please log in</html>"}}, want: []string{"not Slack's", "api_url"}},
		"JSON, not the API's": {replies: []reply{{200, nil, `{"status":"fine"}`}}, want: []string{"not Slack's"}},
		"empty answer":        {replies: []reply{{200, nil, ""}}, want: []string{"not Slack's"}},
		"webhook, not ok":     {change: useHook, replies: []reply{{200, nil, "<html>Please log in</html>"}}, want: []string{"not a Slack webhook's"}},
		"webhook, ok false":   {change: useHook, replies: []reply{{200, nil, `{"ok":false,"error":"channel_is_archived"}`}}, want: []string{"channel_is_archived"}},
		"webhook, payload":    {change: useHook, replies: []reply{{400, nil, "invalid_payload"}}, want: []string{"400", "invalid_payload", "bug in hindcast"}},
		"webhook, forbidden":  {change: useHook, replies: []reply{{403, nil, "action_prohibited"}}, want: []string{"403", "action_prohibited"}},
		"proxy forbids":       {replies: []reply{{403, nil, "<h1>Blocked by policy</h1>"}}, want: []string{"403 Forbidden", "proxy"}},
		"redirect":            {replies: []reply{{307, http.Header{"Location": {"/elsewhere"}}, ""}}, want: []string{"307", "not followed"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, w := newFakeSlack(t), new(waits)
			f.replies = tc.replies
			var log bytes.Buffer
			o := SlackOptions{
				Token: constant(goodToken), Channel: goodChannel, APIURL: f.URL + "/api", WebhookURL: constant(f.URL + hookPath),
				Options: Options{Sleep: w.sleep, Log: slog.New(slog.NewTextHandler(&log, nil))},
			}
			if tc.change != nil {
				tc.change(&o)
			}
			err := NewSlack(o).Notify(t.Context(), events()["breach"])
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
			for _, secret := range []string{goodToken, "hook-secret", "xoxb", "<h"} {
				if shown := err.Error() + log.String(); strings.Contains(shown, secret) {
					t.Errorf("%q is shown: %s", secret, shown)
				}
			}
			if len(f.requests) > 1 || len(*w) > 0 {
				t.Errorf("a refusal is final, but there were %d requests, waits %v", len(f.requests), *w)
			}
		})
	}
}

func useHook(o *SlackOptions) { o.UseWebhook = true }

func limited(after string) reply {
	r := reply{429, http.Header{}, `{"ok":false,"error":"ratelimited"}`}
	if after != "" {
		r.header.Set("Retry-After", after)
	}
	return r
}

func TestSlackTriesAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		replies []reply
		always  *reply
		waits   []time.Duration
		calls   int
		err     string // empty for success
	}{
		"429 once":                   {replies: []reply{limited("3")}, waits: []time.Duration{3 * time.Second}, calls: 2},
		"429, no time":               {replies: []reply{limited("")}, waits: []time.Duration{defaultRetryAfter}, calls: 2},
		"429, unreadable time":       {replies: []reply{limited("soon")}, waits: []time.Duration{defaultRetryAfter}, calls: 2},
		"429, no wait":               {replies: []reply{limited("0")}, waits: []time.Duration{time.Second}, calls: 2},
		"200 ratelimited":            {replies: []reply{{200, nil, `{"ok":false,"error":"ratelimited"}`}}, waits: []time.Duration{defaultRetryAfter}, calls: 2},
		"500 once":                   {replies: []reply{{500, nil, "<html>"}}, waits: []time.Duration{time.Second}, calls: 2},
		"429, then 500":              {replies: []reply{limited("2"), {503, nil, ""}}, waits: []time.Duration{2 * time.Second, time.Second}, calls: 3},
		"500 for ever":               {always: &reply{502, nil, ""}, waits: []time.Duration{time.Second}, calls: 2, err: "502 Bad Gateway"},
		"429 for ever":               {always: new(limited("5")), waits: []time.Duration{5 * time.Second, 5 * time.Second, 5 * time.Second}, calls: 4, err: "rate"},
		"429 for ever, bounded":      {always: new(limited("20")), waits: []time.Duration{20 * time.Second}, calls: 2, err: "rate"},
		"429, longer than it may be": {always: new(limited("60")), calls: 1, err: "1m0s"},
	} {
		for kind, notifier := range map[string]func(*fakeSlack, *waits) *Slack{"bot": bot, "webhook": hook} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				f, w := newFakeSlack(t), new(waits)
				f.replies, f.always = tc.replies, tc.always
				err := notifier(f, w).Notify(t.Context(), events()["breach"])
				switch {
				case (err != nil) != (tc.err != ""):
					t.Errorf("error %v, want %q", err, tc.err)
				case err != nil && !strings.Contains(err.Error(), tc.err):
					t.Errorf("no %q in: %v", tc.err, err)
				}
				if len(f.requests) != tc.calls || !equal(*w, tc.waits) {
					t.Errorf("%d requests and waits %v, want %d and %v", len(f.requests), *w, tc.calls, tc.waits)
				}
				if tc.err == "" && len(f.accepted) != 1 {
					t.Errorf("%d messages were accepted", len(f.accepted))
				}
			})
		}
	}
}

func equal(a waits, b []time.Duration) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestSlackTokenIsReadAnew(t *testing.T) {
	f, w := newFakeSlack(t), new(waits)
	f.replies = []reply{limited("1")}
	tokens := []string{"xoxb-old", goodToken}
	s := NewSlack(SlackOptions{Channel: goodChannel, APIURL: f.URL + "/api", Options: Options{Sleep: w.sleep}, Token: func() (string, error) {
		next := tokens[0]
		tokens = tokens[1:]
		return next, nil
	}})
	if err := s.Notify(t.Context(), events()["breach"]); err != nil {
		t.Error(err)
	}
}

func TestSlackIsDown(t *testing.T) {
	f := httptest.NewServer(http.NotFoundHandler())
	f.Close()
	w := new(waits)
	s := NewSlack(SlackOptions{UseWebhook: true, WebhookURL: constant(f.URL + hookPath), Options: Options{Sleep: w.sleep}})
	err := s.Notify(t.Context(), events()["breach"])
	if err == nil || !strings.Contains(err.Error(), "reach Slack") || strings.Contains(err.Error(), "hook-secret") {
		t.Errorf("error %v", err)
	}
	if len(*w) != 1 {
		t.Errorf("no connection is worth one more try: waits %v", *w)
	}
}

func TestSlackTimeout(t *testing.T) {
	release := make(chan struct{})
	var calls atomic.Int32
	f := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1); <-release }))
	defer f.Close()
	defer close(release)
	w := new(waits)
	s := NewSlack(SlackOptions{UseWebhook: true, WebhookURL: constant(f.URL + hookPath), Options: Options{Sleep: w.sleep, Timeout: 300 * time.Millisecond}})
	err := s.Notify(t.Context(), events()["breach"])
	if err == nil || !strings.Contains(err.Error(), "Timeout") || strings.Contains(err.Error(), "hook-secret") {
		t.Errorf("error %v", err)
	}
	if calls.Load() != 1 || len(*w) != 0 {
		t.Errorf("a message without an answer may be posted and isn't sent again: %d calls", calls.Load())
	}
}

func TestSlackHonoursContext(t *testing.T) {
	t.Run("while waiting", func(t *testing.T) {
		f := newFakeSlack(t)
		f.always = new(limited("20"))
		ctx, cancel := context.WithCancel(t.Context())
		s := NewSlack(SlackOptions{Token: constant(goodToken), Channel: goodChannel, APIURL: f.URL + "/api", Options: Options{Log: slog.New(cancelling{cancel})}})
		if err := s.Notify(ctx, events()["breach"]); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("before", func(t *testing.T) {
		f, w := newFakeSlack(t), new(waits)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := bot(f, w).Notify(ctx, events()["breach"]); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if len(f.accepted) != 0 {
			t.Error("the message was sent")
		}
	})
}

// cancelling is a log that cancels, so that what comes after its line is cancelled.
type cancelling struct{ cancel func() }

func (c cancelling) Enabled(context.Context, slog.Level) bool { return true }
func (c cancelling) Handle(context.Context, slog.Record) error {
	c.cancel()
	return nil
}
func (c cancelling) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c cancelling) WithGroup(string) slog.Handler      { return c }

func TestSlackAnswerIsCapped(t *testing.T) {
	f, w := newFakeSlack(t), new(waits)
	f.always = &reply{200, nil, `{"ok":true,"x":"` + strings.Repeat("x", maxAnswer) + `"}`}
	if err := bot(f, w).Notify(t.Context(), events()["breach"]); err == nil {
		t.Error("an endless answer was read to its end")
	}
}

func TestSlackUnreadableURL(t *testing.T) {
	for _, raw := range []string{"https://hooks.example.com:bad-port-s3cret/x", "https://hooks.example.com/s3cret\x7f", "::s3cret", "s3cret"} {
		s := NewSlack(SlackOptions{UseWebhook: true, WebhookURL: constant(raw)})
		if err := s.Notify(t.Context(), events()["breach"]); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v", err)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	secrets := &redact.Secrets{}
	secrets.AddURL("https://hooks.slack.com/services/T1/B1/xyz")
	for in, want := range map[string]string{
		`Post "https://hooks.slack.com/services/T1/B1/xyz": EOF`:          `Post "[redacted]": EOF`,
		`redirected to http://other/services/T1/B1/xyz`:                   `redirected to http://other/[redacted]`,
		`invalid proxy address "http://me:pa55@proxy:3128": bad`:          `invalid proxy address "http://[redacted]@proxy:3128": bad`,
		`proxyconnect tcp: dial tcp 10.0.0.1:3128: connection refused`:    `proxyconnect tcp: dial tcp 10.0.0.1:3128: connection refused`,
		`404 for /services/T1/B1/xyz?`:                                    `404 for /[redacted]?`,
		`mail to a@b.c about https://hooks.slack.com/docs stays as it is`: `mail to a@b.c about https://hooks.slack.com/docs stays as it is`,
	} {
		if got := presentable(secrets, errors.New(in)).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if err := presentable(secrets, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("an error without a secret is changed: %v", err)
	}
}

// What servers quote of a URL, as it was sent or as they understand it.
func TestPartsOfAURLAreHidden(t *testing.T) {
	secrets := &redact.Secrets{}
	secrets.AddURL("https://h.test/in/s3cr%20et?token=a%2Fb<c>d&wait=1&hunter2")
	for _, in := range []string{
		`no page /in/s3cr et here`, `no page /in/s3cr%20et here`, `bad query token=a%2Fb<c>d&wait=1&hunter2`,
		`bad query token=a%2Fb&lt;c&gt;d&amp;wait=1&amp;hunter2`, `bad token a%2Fb<c>d`, `bad token a/b<c>d`, `bad token a/b&lt;c&gt;d`, `bad word hunter2`,
	} {
		got := presentable(secrets, errors.New(in)).Error()
		for _, part := range []string{"s3cr", "a/b", "a%2Fb", "hunter2"} {
			if strings.Contains(got, part) {
				t.Errorf("%s is shown as %s", in, got)
			}
		}
	}
	if got := presentable(secrets, errors.New("try 1 of 2")).Error(); got != "try 1 of 2" {
		t.Errorf("a short value is hidden: %s", got)
	}
}

// A secret that a text is cut in is hidden before the cut.
func TestSlackHidesBeforeItCuts(t *testing.T) {
	token := "xoxb-" + strings.Repeat("s3cret", 20)
	long := strings.Repeat("x", 150) + token
	a, ok := readAnswer([]byte(`{"ok":false,"error":"` + long + `","response_metadata":{"messages":["` + long + `"]}}`))
	if !ok {
		t.Fatal("no answer")
	}
	secrets := &redact.Secrets{}
	secrets.Add(token)
	if err := a.err(secrets); err == nil || strings.Contains(err.Error(), "xoxb") {
		t.Errorf("error %v", err)
	}
}

// FuzzAnswer reads whatever a server answers.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{"ok", "invalid_payload", `{"ok":true}`, `{"ok":false,"error":"x"}`, `{"ok":false,"error":"ratelimited"}`, `{"ok":null}`, "<html>", `{"ok":false,"response_metadata":{"messages":["a","b","c","d"]}}`} {
		f.Add([]byte(body), "1")
	}
	f.Add([]byte(""), "-9223372036854775808")
	f.Fuzz(func(t *testing.T, body []byte, after string) {
		if a, ok := readAnswer(body); ok {
			if err := a.err(nil); (err == nil) != *a.OK {
				t.Errorf("%q is taken for %v", body, err)
			} else if err != nil && len(err.Error()) > 4000 {
				t.Errorf("a long error: %d bytes", len(err.Error()))
			}
		}
		if word := reason(body); len(word) > 64 || strings.ContainsAny(word, "<> \n") {
			t.Errorf("%q is no word of Slack's", word)
		}
		if d := retryAfter(after); d < time.Second {
			t.Errorf("%q is %v", after, d)
		}
	})
}

func TestSlackName(t *testing.T) {
	if got := hook(&fakeSlack{Server: &httptest.Server{URL: "http://x"}}, new(waits)).Name(); got != "Slack webhook" {
		t.Errorf("webhook: %s", got)
	}
	if got := NewSlack(SlackOptions{Token: constant(goodToken), Channel: "#a"}).Name(); got != "Slack channel #a" {
		t.Errorf("bot: %s", got)
	}
}

var _ job.Notifier = (*Slack)(nil)
