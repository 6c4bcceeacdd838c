package promql

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
	"go.uber.org/goleak"

	"github.com/hindcast/hindcast/redact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) }

func newClient(t *testing.T, url string, config promconfig.HTTPClientConfig, opts Options) *Client {
	t.Helper()
	client, err := promconfig.NewClientFromConfig(config, "prometheus")
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(url, client, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func data(kind, result string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
}

// The bodies are those of Prometheus 2.53, shortened.
func TestAnswers(t *testing.T) {
	sample := func(labels, value string) string {
		return `{"metric":` + labels + `,"value":[1767312000,"` + value + `"]}`
	}
	tests := []struct {
		name, body string
		want       float64
		reason     string
		notes      []string
	}{
		{"vector of one", data("vector", "["+sample(`{"pod":"a"}`, "0.31")+"]"), 0.31, "", nil},
		{"scalar", data("scalar", `[1767312000,"2"]`), 2, "", nil},
		{"zero is a number", data("vector", "["+sample("{}", "0")+"]"), 0, "", nil},
		{"empty", data("vector", "[]"), math.NaN(), "the query gave no series", nil},
		{
			"several", data("vector", "["+sample(`{"pod":"b"}`, "1")+","+sample(`{"__name__":"up","pod":"a"}`, "2")+"]"), math.NaN(),
			`the query gave 2 series, want one: up{pod="a"}, {pod="b"}`, nil,
		},
		{
			"many", data("vector", "["+sample(`{"p":"5"}`, "1")+","+sample(`{"p":"4"}`, "1")+","+sample(`{"p":"3"}`, "1")+","+sample(`{"p":"2"}`, "1")+"]"), math.NaN(),
			`the query gave 4 series, want one: {p="2"}, {p="3"}, {p="4"}, ...`, nil,
		},
		{"not a number", data("vector", "["+sample("{}", "NaN")+"]"), math.NaN(), "the query gave NaN", nil},
		{"infinite", data("scalar", `[1767312000,"+Inf"]`), math.NaN(), "the query gave +Inf", nil},
		{"minus infinite", data("scalar", `[1767312000,"-Inf"]`), math.NaN(), "the query gave -Inf", nil},
		{"text", data("string", `[1767312000,"hello"]`), math.NaN(), "the query gave text, want a number", nil},
		{"range", data("matrix", `[{"metric":{},"values":[[1767312000,"1"]]}]`), math.NaN(), "the query gave a range of samples, want one number", nil},
		{
			"histogram", data("vector", `[{"metric":{},"histogram":[1767312000,{"count":"1","sum":"2","buckets":[]}]}]`), math.NaN(),
			"the query gave a histogram, want a number", nil,
		},
		{
			"warnings", `{"status":"success","data":{"resultType":"scalar","result":[1,"2"]},"warnings":["remote read failed"],"infos":["metric might not be a counter"]}`,
			2, "", []string{"remote read failed", "metric might not be a counter"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/base/api/v1/query" || r.FormValue("query") != "sum(x) > 1" || r.FormValue("time") != "1767312000" || r.FormValue("timeout") != "3s" {
					http.Error(w, "unexpected "+r.URL.String()+" "+r.Form.Encode(), http.StatusTeapot)
					return
				}
				fmt.Fprint(w, tt.body)
			}))
			defer s.Close()
			answer, err := newClient(t, s.URL+"/base/", promconfig.HTTPClientConfig{}, Options{Timeout: 3 * time.Second}).Query(t.Context(), "sum(x) > 1", at())
			if err != nil {
				t.Fatal(err)
			}
			got := float64(answer.Value)
			if got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
				t.Errorf("value %v, want %v", got, tt.want)
			}
			if !strings.HasPrefix(answer.Reason, tt.reason) || (answer.Reason == "") != (tt.reason == "") || !slices.Equal(answer.Notes, tt.notes) {
				t.Errorf("reason %q, notes %q", answer.Reason, answer.Notes)
			}
			if answer.Missing() != (tt.reason != "") || answer.Query != "sum(x) > 1" || !answer.Time.Equal(at()) {
				t.Errorf("answer %+v", answer)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	const secret = "hunter2-token"
	secrets := &redact.Secrets{}
	secrets.Add(secret)
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  string
	}{
		{"no PromQL", reply(400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:3: parse error: unexpected end"}`), `URL does not take the query: invalid parameter "query": 1:3: parse error: unexpected end`},
		{"fails in it", reply(422, `{"status":"error","errorType":"execution","error":"found duplicate series"}`), "URL does not take the query: found duplicate series"},
		{"unauthorised", reply(401, "Unauthorized "+secret), "URL lets nobody in like this (401 Unauthorized): see prometheus.http_config: Unauthorized [redacted]"},
		{"a secret where it is cut", reply(401, strings.Repeat("x", maxDetail-4)+secret), "URL lets nobody in like this (401 Unauthorized): see prometheus.http_config: " + strings.Repeat("x", maxDetail-4) + "[red..."},
		{"and in the query's error", reply(400, `{"status":"error","errorType":"bad_data","error":"`+strings.Repeat("x", maxDetail-4)+secret+`"}`), "URL does not take the query: " + strings.Repeat("x", maxDetail-4) + "[red..."},
		{"forbidden", reply(403, "<html>"), "URL lets nobody in like this (403 Forbidden): see prometheus.http_config"},
		{"elsewhere", reply(404, "404 page not found"), "URL has no query API there (404 Not Found): see prometheus.url: 404 page not found"},
		{"down", reply(503, "Service Unavailable"), "URL failed (503 Service Unavailable): Service Unavailable"},
		{"a page", reply(200, "<html>log in</html>"), "URL answers as no Prometheus does (invalid character '<'"},
		{"another API", reply(200, "{}"), "URL answers as no Prometheus does (no result): see prometheus.url"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://u:"+secret+"@login.example/x?y", http.StatusFound)
		}, "URL leads on to login.example: correct prometheus.url, or set prometheus.http_config.follow_redirects"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = c.Close()
			}
		}, "reach URL: "},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			chunk := strings.Repeat(" ", 1<<20)
			for range 6 {
				fmt.Fprint(w, chunk)
			}
		}, "URL: the answer is larger than 4 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(tt.serve)
			defer s.Close()
			c := newClient(t, s.URL, promconfig.HTTPClientConfig{}, Options{Secrets: secrets})
			answer, err := c.Query(t.Context(), "up", at())
			if err == nil {
				t.Fatalf("answer %+v", answer)
			}
			want := strings.ReplaceAll(tt.want, "URL", "Prometheus "+s.URL)
			if !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), secret) || len(err.Error()) > 500 {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if !answer.Missing() || answer.Reason != err.Error() {
				t.Errorf("answer %+v", answer)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		s := httptest.NewServer(nil)
		s.Close()
		_, err := newClient(t, s.URL, promconfig.HTTPClientConfig{}, Options{}).Query(t.Context(), "up", at())
		if err == nil || !strings.HasPrefix(err.Error(), "reach Prometheus "+s.URL+": ") || !strings.Contains(err.Error(), "refused") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too slow", func(t *testing.T) {
		asked, done := make(chan struct{}), make(chan struct{})
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(asked); <-done }))
		defer s.Close()
		defer close(done)
		_, err := newClient(t, s.URL, promconfig.HTTPClientConfig{}, Options{Timeout: 50 * time.Millisecond}).Query(t.Context(), "up", at())
		<-asked
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not answer in 50ms (prometheus.timeout)") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("stopped", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := newClient(t, "http://127.0.0.1:1", promconfig.HTTPClientConfig{}, Options{}).Query(ctx, "up", at()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFollowsRedirectsWhereAsked(t *testing.T) {
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.FormValue("query") != "up" {
			http.Error(w, "lost on the way", http.StatusTeapot)
			return
		}
		fmt.Fprint(w, data("scalar", `[1,"7"]`))
	}))
	defer to.Close()
	from := httptest.NewServer(http.RedirectHandler(to.URL+"/api/v1/query", http.StatusTemporaryRedirect))
	defer from.Close()
	answer, err := newClient(t, from.URL, promconfig.HTTPClientConfig{FollowRedirects: true}, Options{}).Query(t.Context(), "up", at())
	if err != nil || answer.Value != 7 {
		t.Errorf("%+v, %v", answer, err)
	}
}

// TLS with the server's own authority, and each way to say who one is.
func TestHTTPConfig(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		basic := user == "me" && password == "pa55"
		if !basic && r.Header.Get("Authorization") != "Bearer t0ken" && r.Header.Get("X-Key") != "k3y" {
			http.Error(w, "nobody", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, data("scalar", `[1,"1"]`))
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of handshakes that are to fail
	s.StartTLS()
	defer s.Close()
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := promconfig.TLSConfig{CAFile: file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))}
	token := file("token", []byte("t0ken\n"))
	tests := []struct {
		name   string
		config promconfig.HTTPClientConfig
		want   string // part of the error; "" for none
	}{
		{"unknown authority", promconfig.HTTPClientConfig{}, "certificate signed by unknown authority"},
		{"nobody", promconfig.HTTPClientConfig{TLSConfig: ca}, "401 Unauthorized"},
		{"wrong name", promconfig.HTTPClientConfig{TLSConfig: promconfig.TLSConfig{CAFile: ca.CAFile, ServerName: "other.test"}}, "not other.test"},
		{"basic auth", promconfig.HTTPClientConfig{TLSConfig: ca, BasicAuth: &promconfig.BasicAuth{Username: "me", Password: "pa55"}}, ""},
		{"bearer of a file", promconfig.HTTPClientConfig{TLSConfig: ca, Authorization: &promconfig.Authorization{Type: "Bearer", CredentialsFile: token}}, ""},
		{"header, unverified", promconfig.HTTPClientConfig{
			TLSConfig:   promconfig.TLSConfig{InsecureSkipVerify: true},
			HTTPHeaders: &promconfig.Headers{Headers: map[string]promconfig.Header{"X-Key": {Secrets: []promconfig.Secret{"k3y"}}}},
		}, ""},
		{"token without a file", promconfig.HTTPClientConfig{TLSConfig: ca, Authorization: &promconfig.Authorization{Type: "Bearer", CredentialsFile: filepath.Join(dir, "none")}}, "none: no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newClient(t, s.URL, tt.config, Options{}).Query(t.Context(), "up", at())
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	// A token that is rotated is read again.
	c := newClient(t, s.URL, tests[4].config, Options{})
	if err := os.WriteFile(token, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Query(t.Context(), "up", at()); err == nil {
		t.Error("the old token is taken")
	}
	if err := os.WriteFile(token, []byte("t0ken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Query(t.Context(), "up", at()); err != nil {
		t.Error(err)
	}
	for _, raw := range []string{"http://u:p@h:1", "h:1", "http://", "\x00"} {
		if _, err := New(raw, &http.Client{}, Options{}); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
