package publish

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/goleak"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/series"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway keeps groups as the Pushgateway does: PUT replaces a group, POST the metrics
// of the names that it has, DELETE all of it.
type gateway struct {
	*httptest.Server
	answer func(w http.ResponseWriter, r *http.Request) bool // answers itself when it returns true

	mu     sync.Mutex
	calls  []string // method and escaped path
	users  []string // user:password of each
	groups map[string]map[string]*dto.MetricFamily
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{groups: map[string]map[string]*dto.MetricFamily{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	user, password, _ := r.BasicAuth()
	g.calls = append(g.calls, r.Method+" "+r.URL.EscapedPath())
	g.users = append(g.users, user+":"+password)
	if g.answer != nil && g.answer(w, r) {
		return
	}
	pushed := map[string]*dto.MetricFamily{}
	decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
	for {
		f := new(dto.MetricFamily)
		err := decoder.Decode(f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || pushed[f.GetName()] != nil {
			http.Error(w, "bad body", http.StatusBadRequest)
			return
		}
		pushed[f.GetName()] = f
	}
	group := groupOf(r.URL.EscapedPath())
	switch r.Method {
	case http.MethodPut:
		g.groups[group] = pushed
	case http.MethodPost:
		if g.groups[group] == nil {
			g.groups[group] = map[string]*dto.MetricFamily{}
		}
		maps.Copy(g.groups[group], pushed)
	case http.MethodDelete:
		delete(g.groups, group)
		w.WriteHeader(http.StatusAccepted)
	}
}

// groupOf sorts the labels of a group's path, whose order means nothing.
func groupOf(path string) string {
	base, rest, _ := strings.Cut(path, "/metrics/job/hindcast")
	var labels []string
	for pair := range slices.Chunk(strings.Split(strings.TrimPrefix(rest, "/"), "/"), 2) {
		labels = append(labels, strings.Join(pair, "/"))
	}
	slices.Sort(labels)
	return base + "/metrics/job/hindcast/" + strings.Join(labels, "/")
}

// text is what the group shows.
func (g *gateway) text(group string) string {
	var buf bytes.Buffer
	for _, f := range sortedFamilies(g.groups[group]) {
		_, _ = expfmt.MetricFamilyToText(&buf, f)
	}
	return buf.String()
}

func (g *gateway) names(group string) []string {
	return slices.Sorted(maps.Keys(g.groups[group]))
}

const group = "/metrics/job/hindcast/model/prices"

func TestPushgatewaySuccess(t *testing.T) {
	g := newGateway(t)
	p := NewPushgateway(g.URL+"/", PushgatewayOptions{Build: BuildInfo{"v1.2", "abc"}})
	if err := p.Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"PUT " + group}; !slices.Equal(g.calls, want) {
		t.Errorf("calls %q, want %q", g.calls, want)
	}
	if g.users[0] != ":" {
		t.Errorf("user %q was sent", g.users[0])
	}
	want := encode(t, gather(append(samples(rich("prices")), BuildInfo{"v1.2", "abc"}.samples()...)))
	if got := g.text(group); got != want || !strings.Contains(got, `revision="abc",version="v1.2"`) {
		t.Errorf("pushed\n%s", got)
	}

	// What a later pass doesn't have is gone.
	s := rich("prices")
	s.Drift = nil
	if err := p.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if names := g.names(group); slices.Contains(names, prefix+"drift_score") || !slices.Contains(names, prefix+"rmse") {
		t.Errorf("names %v", names)
	}
}

func TestPushgatewayFailure(t *testing.T) {
	g := newGateway(t)
	p := NewPushgateway(g.URL, PushgatewayOptions{})
	if err := p.Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	before := g.names(group)
	later := job.RunStatus{Model: "prices", Start: start().Add(24 * time.Hour), Duration: time.Second, Err: errLaunch}
	if err := p.PublishFailure(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if g.calls[1] != "POST "+group {
		t.Errorf("calls %q", g.calls)
	}
	if got := g.names(group); !slices.Equal(got, before) {
		t.Errorf("names %v, before %v", got, before)
	}
	failedPass(t, g.text(group))

	// A pass that evaluated and then failed shows its figures, and no success.
	g.calls = nil
	s := rich("prices")
	s.Status = later
	s.Performance.Metrics["rmse"] = s.Performance.Metrics["max_error"]
	if err := p.Publish(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if want := []string{"POST " + group}; !slices.Equal(g.calls, want) {
		t.Errorf("calls %q, want %q", g.calls, want)
	}
	failedPass(t, g.text(group))
	if text := g.text(group); !strings.Contains(text, "hindcast_rmse 9\n") {
		t.Errorf("the figures are old:\n%s", text)
	}
}

// failedPass checks that a text shows the failure of the second day beside the success
// of the first.
func failedPass(t *testing.T, text string) {
	t.Helper()
	value := func(name string) float64 {
		f := parse(t, text)[prefix+name]
		if len(f.GetMetric()) != 1 {
			t.Fatalf("%d series of %s in\n%s", len(f.GetMetric()), name, text)
		}
		return f.GetMetric()[0].GetGauge().GetValue()
	}
	first := float64(start().Add(90 * time.Second).Unix())
	second := float64(start().Add(24*time.Hour + time.Second).Unix())
	if value(lastRun) != second || value(lastSuccess) != first || value(runSuccess) != 0 || value(runDuration) != 1 {
		t.Errorf("run %v, success %v, %v after %v s in\n%s", value(lastRun), value(lastSuccess), value(runSuccess), value(runDuration), text)
	}
}

func TestPushgatewayRuns(t *testing.T) {
	g := newGateway(t)
	p := NewPushgateway(g.URL, PushgatewayOptions{})
	if err := p.PublishRuns(t.Context(), "prices", nil); err != nil || len(g.calls) != 0 {
		t.Errorf("%v, calls %q: without runs there is nothing to push", err, g.calls)
	}
	if err := p.PublishRuns(t.Context(), "prices", rich("prices").Launches); err != nil {
		t.Fatal(err)
	}
	if want := []string{prefix + lastTrigger, prefix + runState}; g.calls[0] != "POST "+group || !slices.Equal(g.names(group), want) {
		t.Errorf("calls %q, names %v", g.calls, g.names(group))
	}
	if text := g.text(group); !strings.Contains(text, `hindcast_retrain_run_state{state="SUCCEEDED"} 1`) || !strings.Contains(text, `hindcast_retrain_run_state{state="FAILED"} 0`) {
		t.Errorf("not the newest run's state:\n%s", text)
	}
}

func TestPushgatewayForget(t *testing.T) {
	g := newGateway(t)
	p := NewPushgateway(g.URL, PushgatewayOptions{Grouping: map[string]string{"namespace": "team-a"}})
	if err := p.Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	if err := p.Forget(t.Context(), "prices"); err != nil {
		t.Fatal(err)
	}
	if len(g.groups) != 0 {
		t.Errorf("groups %v", g.groups)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Forget(ctx, "prices"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestPushgatewayGrouping(t *testing.T) {
	for name, tc := range map[string]struct {
		model    string
		grouping map[string]string
		path     []string // parts of the escaped path
	}{
		"namespace":  {"prices", map[string]string{"namespace": "team-a"}, []string{"/model/prices", "/namespace/team-a"}},
		"space":      {"a b", nil, []string{"/model/a%20b"}},
		"plus":       {"a+b", nil, []string{"/model/a%2Bb"}},
		"slash":      {"a/b", nil, []string{"/model@base64/YS9i"}},
		"percent":    {"100%", nil, []string{"/model/100%25"}},
		"question":   {"a?b#c", nil, []string{"/model/a%3Fb%23c"}},
		"not ASCII":  {"prisdøgn", nil, []string{"/model/prisd%C3%B8gn"}},
		"empty":      {"m", map[string]string{"team": ""}, []string{"/team@base64/="}},
		"both, odd":  {"a b+c", map[string]string{"team": "x y"}, []string{"/model/a%20b%2Bc", "/team/x%20y"}},
		"like a job": {"m", map[string]string{"team": "/metrics/job"}, []string{"/model/m", "/team@base64/"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			p := NewPushgateway(g.URL+"/prefix+1", PushgatewayOptions{Grouping: tc.grouping})
			if err := p.PublishFailure(t.Context(), job.RunStatus{Model: tc.model}); err != nil {
				t.Fatal(err)
			}
			for _, part := range append(tc.path, "POST /prefix+1/metrics/job/hindcast/") {
				if !strings.Contains(g.calls[0], part) {
					t.Errorf("no %s in %s", part, g.calls[0])
				}
			}
		})
	}
}

func TestPushgatewayRefusesOwnLabels(t *testing.T) {
	for _, label := range series.OwnLabels() {
		g := newGateway(t)
		p := NewPushgateway(g.URL, PushgatewayOptions{Grouping: map[string]string{label: "x"}})
		for _, err := range []error{p.Publish(t.Context(), rich("prices")), p.PublishFailure(t.Context(), job.RunStatus{}), p.Forget(t.Context(), "prices")} {
			if err == nil || !strings.Contains(err.Error(), "label "+label) {
				t.Errorf("grouping by %s: %v", label, err)
			}
		}
		if len(g.calls) > 0 {
			t.Errorf("%s: calls %q", label, g.calls)
		}
	}
}

func TestPushgatewayAuth(t *testing.T) {
	g := newGateway(t)
	passwords := []string{"one", "two"}
	p := NewPushgateway(g.URL, PushgatewayOptions{Username: "me", Password: func() (string, error) {
		next := passwords[0]
		passwords = passwords[1:]
		return next, nil
	}})
	for range 2 {
		if err := p.PublishFailure(t.Context(), job.RunStatus{Model: "m"}); err != nil {
			t.Fatal(err)
		}
	}
	inURL := NewPushgateway(strings.Replace(g.URL, "://", "://you:th%20ree@", 1), PushgatewayOptions{})
	if err := inURL.Forget(t.Context(), "m"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"me:one", "me:two", "you:th ree"}; !slices.Equal(g.users, want) {
		t.Errorf("users %q, want %q", g.users, want)
	}
	p = NewPushgateway(g.URL, PushgatewayOptions{Username: "me", Password: func() (string, error) { return "", errors.New("no such file") }})
	if err := p.PublishFailure(t.Context(), job.RunStatus{Model: "m"}); err == nil || !strings.Contains(err.Error(), "read the password: no such file") {
		t.Errorf("error %v", err)
	}
}

func TestPushgatewayErrors(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	refuse := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	sent := base64.StdEncoding.EncodeToString([]byte("me:pa55word"))
	for name, tc := range map[string]struct {
		url    string // default: the gateway's
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"down":              {url: down.URL, want: "reach the Pushgateway"},
		"type clash":        {answer: refuse(400, "pushed metrics are invalid or inconsistent with existing metrics"), want: "inconsistent with existing"},
		"unauthorised":      {answer: refuse(401, "me:pa55word is not known"), want: "401"},
		"as it is sent":     {answer: refuse(401, "what is Basic "+sent), want: "Basic [redacted]"},
		"endless answer":    {answer: refuse(500, strings.Repeat("x", 1<<20)), want: "500"},
		"unreadable URL":    {url: "http://me:pa55word@host:port/", want: "URL cannot be read"},
		"unreadable escape": {url: "http://me:%zzpa55word@host/", want: "URL cannot be read"},
		"redirect": {want: "redirects", answer: func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/elsewhere") {
				return true // as a page would: 200
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusMovedPermanently)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			g.answer = tc.answer
			at := tc.url
			if at == "" {
				at = strings.Replace(g.URL, "://", "://me:pa55word@", 1)
			}
			p := NewPushgateway(at, PushgatewayOptions{})
			for _, err := range []error{
				p.Publish(t.Context(), rich("prices")), p.PublishFailure(t.Context(), job.RunStatus{Model: "prices"}),
				p.PublishRuns(t.Context(), "prices", rich("prices").Launches), p.Forget(t.Context(), "prices"),
			} {
				if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "prices") {
					t.Fatalf("error %v, want %q", err, tc.want)
				}
				if shown := err.Error() + p.Name(); strings.Contains(shown, "pa55word") || strings.Contains(shown, sent) || len(shown) > maxAnswer+500 {
					t.Errorf("a secret, or too much, is shown: %.3000s", shown)
				}
			}
		})
	}
}

func TestPushgatewayTimeout(t *testing.T) {
	release := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hangs.Close()
	defer close(release)
	p := NewPushgateway(hangs.URL, PushgatewayOptions{Timeout: 50 * time.Millisecond})
	for _, err := range []error{p.PublishFailure(t.Context(), job.RunStatus{Model: "m"}), p.Forget(t.Context(), "m")} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	}
}

func TestPushgatewayName(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h:9091/":         "Pushgateway http://h:9091",
		"https://me:pa55@h/push": "Pushgateway https://h/push",
		"h:9091":                 "Pushgateway http://h:9091",
		"http://me:pa55@h:x/":    "Pushgateway",
	} {
		if got := NewPushgateway(raw, PushgatewayOptions{}).Name(); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
