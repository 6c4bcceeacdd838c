//go:build e2e

package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/faultproxy"
)

// answers is what `run -o json` shows of queries.
type answers struct {
	Stage      string `json:"stage"`
	Prometheus map[string]struct {
		Value  *float64  `json:"value"`
		Query  string    `json:"query"`
		Time   time.Time `json:"time"`
		Reason string    `json:"reason"`
	} `json:"prometheus"`
	Rules []struct {
		Name, Verdict, Reason string
	} `json:"rules"`
}

func (a answers) rule(name string) string {
	for _, r := range a.Rules {
		if r.Name == name {
			return r.Verdict + ": " + r.Reason
		}
	}
	return "not judged"
}

// replaced writes the configuration with old in it replaced.
func (s *scenario) replaced(t *testing.T, old, replacement string) {
	t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), old) != 1 {
		t.Fatalf("%q is not there once in\n%s", old, text)
	}
	s.config = writeFile(t, s.config, strings.Replace(string(text), old, replacement, 1))
}

// promRules are rules on queries beside the scenario's own, and promQueries the queries:
// the windows of the tests ended this midnight, so what was pushed just now is looked
// for after it.
const (
	promQueries = `    prometheus:
      latency: max_over_time(e2e_latency_seconds{job="JOB",pod="a"}[$window] offset -$window)
      constant: vector(0.31)
      pods: max_over_time(e2e_latency_seconds{job="JOB"}[$window] offset -$window)
      nothing: vector(0) > 1
      nan: scalar(e2e_there_is_no_such_series)
`
	promRules = `    rules:
      - {name: slow, when: prometheus.latency > 0.5, action: alert}
      - {name: constant, when: prometheus.constant > 0.5, action: alert}
      - {name: pods, when: prometheus.pods > 0, action: alert}
      - {name: nothing, when: prometheus.nothing > 0, action: alert}
      - {name: nan, when: prometheus.nan > 0, action: alert}
`
)

// pushText puts a group of a Pushgateway.
func pushText(t *testing.T, gateway, group, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, gateway+"/metrics/"+group, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("push: %s %s", res.Status, body)
	}
}

// A rule on what the real Prometheus says breaches; what it said is kept and not asked
// again; what is no number makes rules inconclusive; and where it is away, that shows.
func TestPrometheusQueries(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, func(s *settings) { s.KFP, s.Push = "", "" })
	pushText(t, s.Pushgateway, "job/"+s.Model, "e2e_latency_seconds{pod=\"a\"} 0.71\ne2e_latency_seconds{pod=\"b\"} 0.2\n")
	s.sample(t, fmt.Sprintf("e2e_latency_seconds{job=%q,pod=%q}", s.Model, "a"))
	away := false
	proxy := faultproxy.New(s.Prometheus, func(string, string, int) faultproxy.Fault {
		if away {
			return faultproxy.Refuse
		}
		return faultproxy.None
	})
	t.Cleanup(proxy.Close)
	asked := func() int {
		n, _ := proxy.Count(http.MethodPost, "/api/v1/query")
		return n
	}
	s.replaced(t, "    rules:\n", strings.ReplaceAll(promQueries, "JOB", s.Model)+promRules)
	s.replaced(t, "models:\n", "prometheus: {url: '"+proxy.URL+"', timeout: 5s}\nmodels:\n")

	judge := func(want int, flags ...string) answers {
		t.Helper()
		r := s.pass(t, flags...)
		if r.code != want {
			t.Errorf("status %d, want %d\n%s", r.code, want, r.stderr)
		}
		var all []answers
		decode(t, []byte(r.stdout), &all)
		if len(all) != 1 {
			t.Fatalf("%d windows", len(all))
		}
		return all[0]
	}
	first := judge(0)
	for name, want := range map[string]string{
		"slow":     "breached: prometheus.latency 0.71 > 0.5",
		"constant": "healthy: prometheus.constant 0.31 <= 0.5",
		"pods":     `inconclusive: prometheus.pods is missing: the query gave 2 series, want one: {`,
		"nothing":  "inconclusive: prometheus.nothing is missing: the query gave no series",
		"nan":      "inconclusive: prometheus.nan is missing: the query gave NaN",
		"rmse":     "healthy: ",
	} {
		if got := first.rule(name); !strings.HasPrefix(got, want) {
			t.Errorf("rule %s is %s, want %s", name, got, want)
		}
	}
	end := s.day.AddDate(0, 0, 1)
	if a := first.Prometheus["latency"]; a.Value == nil || *a.Value != 0.71 || !a.Time.Equal(end) || !strings.Contains(a.Query, "[1d] offset -1d") {
		t.Errorf("answer %+v", a)
	}
	if n := asked(); n != 5 {
		t.Errorf("%d queries in the first pass, want 5", n)
	}

	// Another pass and a look ask for what is missing alone.
	pushText(t, s.Pushgateway, "job/"+s.Model, "e2e_latency_seconds{pod=\"a\"} 99\ne2e_latency_seconds{pod=\"b\"} 0.2\n")
	s.sample(t, fmt.Sprintf("e2e_latency_seconds{job=%q,pod=%q} > 90", s.Model, "a"))
	date := s.day.Format(time.DateOnly) + "/" + end.Format(time.DateOnly)
	for i, flags := range [][]string{nil, {"--window", date}, {"--dry-run"}} {
		if got := judge(0, flags...).rule("slow"); got != "breached: prometheus.latency 0.71 > 0.5" {
			t.Errorf("%v: slow is %s", flags, got)
		}
		if n, want := asked(), 5+3*(i+1); n != want {
			t.Errorf("%v: %d queries, want %d", flags, n, want)
		}
	}
	h := s.hindcast(t, "history", "-c", s.config, "-o", "json")
	if !strings.Contains(h.stdout, `"value": 0.71`) {
		t.Errorf("history does not show the answer:\n%s", h.stdout)
	}

	// Away: what is kept still counts; what is missing is an error and no verdict.
	away = true
	gone := judge(1)
	if got := gone.rule("slow"); got != "breached: prometheus.latency 0.71 > 0.5" {
		t.Errorf("slow is %s", got)
	}
	if got := gone.rule("pods"); !strings.HasPrefix(got, "inconclusive: prometheus.pods is missing: Prometheus "+proxy.URL+" failed (503 Service Unavailable)") {
		t.Errorf("pods is %s", got)
	}
	if got := gone.rule("rmse"); !strings.HasPrefix(got, "healthy: ") {
		t.Errorf("rmse is %s", got)
	}
}

// freePort returns a port on which nothing listens for now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// daemon starts a server of the test's own and waits until ready gives no error.
func daemon(t *testing.T, ready func(context.Context) error, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", name, text)
		}
		log.Close()
	})
	eventually(t, 20*time.Second, ready)
}

// certificate writes a certificate of 127.0.0.1 that is its own authority.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "prometheus"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		writeFile(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}

// A Prometheus behind TLS and a password, both its own and checked.
func TestPrometheusTLSAndBasicAuth(t *testing.T) {
	t.Parallel()
	const (
		password = "pa55word"
		hash     = "$2b$06$abcdefghijklmnopqrstuuWFiLBhTC8c0RF1A22iIqr20tuX1FnnS" // bcrypt of it
	)
	s := newScenario(t, healthyNoise, func(s *settings) { s.KFP, s.Push = "", "" })
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	web := writeFile(t, filepath.Join(dir, "web.yml"), fmt.Sprintf("tls_server_config: {cert_file: %s, key_file: %s}\nbasic_auth_users: {me: '%s'}\n", cert, key, hash))
	config := writeFile(t, filepath.Join(dir, "prometheus.yml"), "global: {}\n")
	address := freePort(t)
	listens := func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
		}
		return err
	}
	daemon(t, listens, "prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.config.file="+web, "--web.listen-address="+address)
	writeFile(t, filepath.Join(filepath.Dir(s.config), "password"), password+"\n")
	writeFile(t, filepath.Join(filepath.Dir(s.config), "wrong"), "guess\n")
	s.replaced(t, "    rules:\n", "    prometheus: {one: vector(1)}\n    rules:\n      - {name: one, when: prometheus.one >= 1}\n")
	base, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, http, want string }{
		{"nothing", "{}", "certificate signed by unknown authority"},
		{"nobody", "{tls_config: {ca_file: " + cert + "}}", "lets nobody in like this (401 Unauthorized)"},
		{"wrong password", "{tls_config: {ca_file: " + cert + "}, basic_auth: {username: me, password_file: wrong}}", "lets nobody in like this (401 Unauthorized)"},
		{"all", "{tls_config: {ca_file: " + cert + "}, basic_auth: {username: me, password_file: password}}", ""},
	}
	for _, tt := range tests {
		writeFile(t, s.config, strings.Replace(string(base), "models:\n", "prometheus: {url: 'https://"+address+"', http_config: "+tt.http+"}\nmodels:\n", 1))
		r := s.pass(t)
		var all []answers
		decode(t, []byte(r.stdout), &all)
		got := all[0].rule("one")
		switch {
		case tt.want == "" && (r.code != 0 || got != "breached: prometheus.one 1 >= 1"):
			t.Errorf("%s: status %d, %s\n%s", tt.name, r.code, got, r.stderr)
		case tt.want != "" && (r.code != 1 || !strings.Contains(got, tt.want) || !strings.Contains(r.stderr, tt.want)):
			t.Errorf("%s: status %d, %s, want %s", tt.name, r.code, got, tt.want)
		}
		if strings.Contains(r.stdout+r.stderr, password) {
			t.Errorf("%s: the password shows", tt.name)
		}
	}
}

// A metric that somebody else pushed as a counter: the real Pushgateway refuses, the
// error says what to do, and after that the push gets through, with the namespace of
// the pod and the names of old.
func TestPushgatewayTypeClash(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	gateway := "http://" + address
	daemon(t, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, gateway+"/-/ready", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}, "prometheus-pushgateway", "--web.listen-address="+address, "--persistence.file=")
	pushText(t, gateway, "job/old/instance@base64/YS9i", "# TYPE hindcast_mae counter\nhindcast_mae 1\n")
	s := newScenario(t, healthyNoise, func(s *settings) { s.KFP, s.Push = "", gateway })
	s.replaced(t, ", grouping: {namespace: e2e}}\n", "}\n  aliases: {model_mae: mae}\n")
	pass := func() result {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := s.command(ctx, s.Binary, []string{"POD_NAMESPACE=team-b"}, "run", "-c", s.config, "-o", "json")
		return finish(t, cmd, cmd.Run)
	}
	r := pass()
	if o := one(t, r); r.code != 1 || o.Revision != 1 {
		t.Errorf("status %d, revision %d: the evaluation stands, and the push is not unseen", r.code, o.Revision)
	}
	if want := `holds a metric hindcast_mae that is no gauge in another group, and a name has one type; it is a counter in the group {instance=\"a/b\", job=\"old\"}`; !strings.Contains(r.stderr, want) {
		t.Errorf("no %s in\n%s", want, r.stderr)
	}
	advice := regexp.MustCompile(`curl -X DELETE '([^']+)'`).FindStringSubmatch(r.stderr)
	if advice == nil {
		t.Fatal("it does not say how to delete the group")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, advice[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if r := pass(); r.code != 0 {
		t.Errorf("after the deletion: status %d\n%s", r.code, r.stderr)
	}
	shown := func() string {
		_, text := fetch(t, gateway+"/metrics")
		return text
	}
	labels := fmt.Sprintf(`{instance="",job="hindcast",model=%q,namespace="team-b"} `, s.Model)
	overall := regexp.MustCompile(`(?m)^(hindcast|model)_mae`+regexp.QuoteMeta(labels)+`(\S+)$`).FindAllStringSubmatch(shown(), -1)
	if len(overall) != 2 || overall[0][2] != overall[1][2] {
		t.Errorf("shown are %q", overall)
	}
	threshold := regexp.MustCompile(`(?m)^hindcast_rule_threshold\{.*metric="rmse".*rule="rmse"\} (\S+)$`).FindStringSubmatch(shown())
	if threshold == nil {
		t.Error("the threshold of the rule rmse is not shown")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	forget := s.command(ctx, s.Binary, []string{"POD_NAMESPACE=team-b"}, "forget", "-c", s.config, "--model", s.Model)
	if r := finish(t, forget, forget.Run); r.code != 0 || strings.Contains(shown(), s.Model) {
		t.Errorf("forget: status %d, and left\n%s", r.code, shown())
	}
}
