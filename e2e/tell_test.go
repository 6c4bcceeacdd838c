//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// amAlert is an alert as Alertmanager's API shows it, as far as the tests look.
type amAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

// firing lists the model's alerts that Alertmanager holds for firing, by name.
func (e env) firing(ctx context.Context, model string) (map[string]amAlert, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Alertmanager+"/api/v2/alerts?filter=model%3D%22"+model+"%22", nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var all []amAlert
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, err
	}
	out := map[string]amAlert{}
	for _, a := range all {
		out[a.Labels["alertname"]] = a
	}
	return out, nil
}

// wantFiring waits until exactly these alerts of the model fire.
func (e env) wantFiring(t *testing.T, model string, names ...string) map[string]amAlert {
	t.Helper()
	var got map[string]amAlert
	eventually(t, 10*time.Second, func(ctx context.Context) error {
		var err error
		if got, err = e.firing(ctx, model); err != nil {
			return err
		}
		var have []string
		for name := range got {
			have = append(have, name)
		}
		slices.Sort(have)
		slices.Sort(names)
		if !slices.Equal(have, names) {
			return fmt.Errorf("firing are %q, want %q", have, names)
		}
		return nil
	})
	return got
}

// webhookData is what Alertmanager posts to webhooks, version 4.
type webhookData struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   uint64            `json:"truncatedAlerts"`
	Receiver          string            `json:"receiver"`
	Status            string            `json:"status"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []struct {
		Status       string            `json:"status"`
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`
		StartsAt     time.Time         `json:"startsAt"`
		EndsAt       time.Time         `json:"endsAt"`
		GeneratorURL string            `json:"generatorURL"`
		Fingerprint  string            `json:"fingerprint"`
	} `json:"alerts"`
}

// hookServer takes webhooks and decodes them strictly.
type hookServer struct {
	mu     sync.Mutex
	got    []webhookData
	faults []string
}

func (h *hookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	var d webhookData
	if err := dec.Decode(&d); err != nil || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") == "" || r.Header.Get("Authorization") != "Bearer hook-token" {
		h.faults = append(h.faults, fmt.Sprintf("%v, %v", err, r.Header))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.got = append(h.got, d)
}

// take returns what came since the last call: status and names of the alerts.
func (h *hookServer) take(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.faults {
		t.Errorf("webhook: %s", f)
	}
	var out []string
	for _, d := range h.got {
		s := d.Status
		for _, a := range d.Alerts {
			s += " " + a.Labels["alertname"] + "=" + a.Status
		}
		out = append(out, s)
	}
	h.got = nil
	return out
}

// mails reads the mails to an address.
func (e env) mails(t *testing.T, to string) []*mail.Message {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(e.SMTPDir, "mail", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*mail.Message
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		m, err := mail.ReadMessage(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(m.Header.Get("To"), to) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *mail.Message) int { // in the order of dates, and the first of an incident before what answers it
		x, _ := a.Header.Date()
		y, _ := b.Header.Date()
		return cmp.Or(x.Compare(y), cmp.Compare(len(a.Header.Get("In-Reply-To")), len(b.Header.Get("In-Reply-To"))))
	})
	return out
}

// TestTellEverybody follows a breach from the mail server, the webhook and Alertmanager
// until it is over, and an outage after it.
func TestTellEverybody(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
	hook := &hookServer{}
	server := httptest.NewServer(hook)
	t.Cleanup(server.Close)
	to := s.Model + "@example.com"
	receivers := func(password string) {
		s.write(t)
		text, err := os.ReadFile(s.config)
		if err != nil {
			t.Fatal(err)
		}
		text = fmt.Appendf(text, `notify:
  email:
    smarthost: %s
    from: "Målinger <hindcast@example.com>"
    to: [%s]
    username: hindcast
    password_file: %s
    tls_config: {ca_file: %s}
  webhook:
    url_file: %s
    http_config: {authorization: {credentials: hook-token}}
  alertmanager: {url: %s, labels: {namespace: e2e-tell}}
`, s.SMTP, to, password, filepath.Join(s.SMTPDir, "tls.crt"), writeFile(t, filepath.Join(s.dir, "hook"), server.URL+"/hook?token=1\n"), s.Alertmanager)
		s.config = writeFile(t, s.config, string(text))
	}
	receivers(filepath.Join(s.SMTPDir, "password"))

	if o := s.judged(t); o.Verdict != "breached" {
		t.Fatalf("verdict %s", o.Verdict)
	}
	alerts := s.wantFiring(t, s.Model, "HindcastEventBreach", "HindcastEventRetrainSuggested")
	a := alerts["HindcastEventBreach"]
	if a.Labels["rule"] != "rmse" || a.Labels["severity"] != "warning" || a.Labels["namespace"] != "e2e-tell" || !strings.Contains(a.Annotations["description"], "rmse breached") ||
		time.Until(a.EndsAt) < 48*time.Hour || time.Until(a.EndsAt) > 50*time.Hour {
		t.Errorf("the breach in Alertmanager: %+v", a)
	}
	if got := hook.take(t); !slices.Equal(got, []string{"firing HindcastEventBreach=firing", "firing HindcastEventRetrainSuggested=firing"}) {
		t.Errorf("webhook got %q", got)
	}
	sent := s.mails(t, to)
	if len(sent) != 2 {
		t.Fatalf("%d mails, want 2", len(sent))
	}

	// A pass with nothing new to tell keeps the alert, and tells nobody.
	s.judged(t)
	s.wantFiring(t, s.Model, "HindcastEventBreach", "HindcastEventRetrainSuggested")
	if got := hook.take(t); len(got) != 0 || len(s.mails(t, to)) != 2 {
		t.Errorf("told again: %q, %d mails", got, len(s.mails(t, to)))
	}

	// Corrected labels make the window healthy.
	fixed := houses("w", s.day, 500, 7, healthyNoise, 0)
	s.put(t, map[string][]byte{s.Model + "/sales/dt=" + s.day.Format(time.DateOnly) + "/sales.csv": labelsOf(t, fixed)})
	if o := s.judged(t); o.Verdict != "healthy" {
		t.Fatalf("verdict %s after the correction", o.Verdict)
	}
	s.wantFiring(t, s.Model, "HindcastEventRetrainSuggested")
	if got := hook.take(t); !slices.Equal(got, []string{"resolved HindcastEventBreach=resolved"}) {
		t.Errorf("webhook got %q", got)
	}
	sent = s.mails(t, to)
	if len(sent) != 3 {
		t.Fatalf("%d mails, want 3", len(sent))
	}
	s.oneThread(t, sent)

	// Passes that fail are one incident; the mail server refuses the password meanwhile.
	receivers(writeFile(t, filepath.Join(s.dir, "wrong"), "not-the-password\n"))
	bad := s.Model + "/predictions/dt=" + s.day.Format(time.DateOnly) + "/z.jsonl"
	s.put(t, map[string][]byte{bad: []byte("{\"request_id\": \"x\"}\n")})
	s.put(t, map[string][]byte{s.Model + "/training/all.csv.gz": []byte("no gzip")})
	for pass := range 2 {
		r := s.pass(t)
		if r.code != 1 {
			t.Errorf("status %d of a failing pass", r.code)
		}
		if failed := strings.Contains(r.stderr, "notify mail server"); failed != (pass == 0) || strings.Contains(r.stderr, "not-the-password") {
			t.Errorf("failing pass %d: %s", pass, r.stderr)
		}
		s.wantFiring(t, s.Model, "HindcastEventEvaluationFailing", "HindcastEventRetrainSuggested")
	}
	if got := hook.take(t); !slices.Equal(got, []string{"firing HindcastEventEvaluationFailing=firing"}) {
		t.Errorf("webhook got %q", got)
	}
	receivers(filepath.Join(s.SMTPDir, "password"))
	s.put(t, s.files(t))
	s.put(t, map[string][]byte{
		s.Model + "/sales/dt=" + s.day.Format(time.DateOnly) + "/sales.csv": labelsOf(t, fixed),
		bad: []byte(""),
	})
	s.judged(t)
	s.wantFiring(t, s.Model, "HindcastEventRetrainSuggested")
	if got := hook.take(t); !slices.Equal(got, []string{"resolved HindcastEventEvaluationFailing=resolved"}) {
		t.Errorf("webhook got %q", got)
	}
	sent = s.mails(t, to)
	if body, _ := io.ReadAll(sent[len(sent)-1].Body); len(sent) != 4 || !strings.Contains(string(body), "after 2 failed passes") {
		t.Errorf("%d mails, the last: %s", len(sent), body)
	}
}

// oneThread checks that the mails are a breach and what answers it, the last of which says
// that it is over.
func (s *scenario) oneThread(t *testing.T, sent []*mail.Message) {
	t.Helper()
	root := sent[0].Header
	subject := fmt.Sprintf("[hindcast] %s: rmse breached (%s)", s.Model, s.day.Format(time.DateOnly))
	if got, err := new(mime.WordDecoder).DecodeHeader(root.Get("Subject")); err != nil || got != subject || root.Get("In-Reply-To") != "" {
		t.Errorf("first mail %q, %v: %v", got, err, root)
	}
	if from, err := root.AddressList("From"); err != nil || from[0].Name != "Målinger" {
		t.Errorf("from %v, %v", from, err)
	}
	for _, m := range sent[1:] {
		if m.Header.Get("In-Reply-To") != root.Get("Message-Id") || m.Header.Get("References") != root.Get("Message-Id") || m.Header.Get("Subject") == root.Get("Subject") {
			t.Errorf("a later mail: %v", m.Header)
		}
	}
	body, err := io.ReadAll(sent[len(sent)-1].Body)
	if err != nil || !strings.Contains(string(body), "healthy again") || !strings.Contains(string(body), "text/html") {
		t.Errorf("the last mail: %v\n%s", err, body)
	}
}
