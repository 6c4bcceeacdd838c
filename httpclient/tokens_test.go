package httpclient

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/redact"
)

// settings reads an http_config that stands in a configuration in dir.
func settings(t *testing.T, dir, httpConfig string) config.HTTPClient {
	t.Helper()
	c, err := config.Parse("hindcast.yaml", fmt.Appendf(nil, `version: 1
state: {url: state}
models:
  - name: m
    task: regression
    predictions: {url: predictions/*.csv, columns: {id: id, prediction: p}}
    ground_truth: {url: labels/*.csv, columns: {id: id, label: y}}
prometheus: {url: "http://prometheus:9090", http_config: {%s}}
`, httpConfig), dir, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return c.Prometheus.HTTP
}

// tokenServer gives a token for what wants holds, and counts.
type tokenServer struct {
	*httptest.Server
	wants   map[string]string // the form's values, and user and password as "user"
	expires int               // seconds
	given   int
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	user, password, _ := r.BasicAuth()
	for name, want := range s.wants {
		got := r.PostFormValue(name)
		if name == "user" {
			got = user + ":" + password
		}
		if got != want {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, fmt.Sprint(name, " is ", got, r.Header, r.PostForm))
			return
		}
	}
	s.given++
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("access-%d", s.given), "token_type": "Bearer", "expires_in": s.expires})
}

// What oauth2 is told reaches the token server, and what that gives the receiver.
func TestOAuth2(t *testing.T) {
	var got string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer receiver.Close()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("key.pem", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	file("secret", []byte("s3cret-file\n"))
	tests := []struct {
		name, body string
		wants      map[string]string
		expires    int
		tls        bool
		tokens     int // after three requests
	}{
		{"in the header", "client_secret: s3cret", map[string]string{"user": "me:s3cret", "grant_type": "client_credentials"}, 3600, false, 1},
		{"in the form", "client_secret: s3cret", map[string]string{"client_id": "me", "client_secret": "s3cret"}, 3600, false, 1},
		{"scopes and parameters", "client_secret: s3cret, scopes: [a, b], endpoint_params: {resource: x}", map[string]string{"scope": "a b", "resource": "x"}, 3600, false, 1},
		{"of a file", "client_secret_file: secret", map[string]string{"user": "me:s3cret-file"}, 3600, false, 1},
		{"soon over", "client_secret: s3cret", nil, 5, false, 3},
		{"TLS", "client_secret: s3cret, tls_config: {ca_file: ca.pem}", nil, 3600, true, 1},
		{"assertion", `grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", client_certificate_key_file: key.pem, signature_algorithm: RS384`, map[string]string{"grant_type": config.GrantJWT}, 3600, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &tokenServer{wants: tt.wants, expires: tt.expires}
			if s.Server = httptest.NewUnstartedServer(s); tt.tls {
				s.StartTLS()
				file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
			} else {
				s.Start()
			}
			defer s.Close()
			secrets := &redact.Secrets{}
			client, err := New(settings(t, dir, fmt.Sprintf("oauth2: {client_id: me, token_url: %q, %s}", s.URL, tt.body)), "test", secrets)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				resp, err := client.Get(receiver.URL)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			if want := fmt.Sprintf("access-%d", tt.tokens); got != "Bearer "+want || s.given != tt.tokens || secrets.Text(want) != redact.Mark {
				t.Errorf("sent %q after %d tokens, want %q, which shows as %q", got, s.given, want, secrets.Text(want))
			}
		})
	}
}

// A secret that is rotated fetches a new token; one that the server doesn't take is
// hidden in what it says.
func TestOAuth2RotatesAndHides(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	s := &tokenServer{wants: map[string]string{"user": "me:first"}, expires: 3600}
	s.Server = httptest.NewServer(s)
	defer s.Close()
	dir := t.TempDir()
	client, err := New(settings(t, dir, fmt.Sprintf("oauth2: {client_id: me, token_url: %q, client_secret_file: s}", s.URL)), "test", &redact.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(secret string) error {
		if err := os.WriteFile(filepath.Join(dir, "s"), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get(receiver.URL)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	if err := ask("first"); err != nil {
		t.Fatal(err)
	}
	if err := ask("second"); err == nil || !strings.Contains(err.Error(), "answered 401 Unauthorized: invalid_client") || strings.Contains(err.Error(), "second") {
		t.Errorf("the server is told of no other secret, or it shows: %v", err)
	}
	s.wants["user"] = "me:second"
	if err := ask("second"); err != nil || s.given != 2 {
		t.Errorf("%d tokens, %v", s.given, err)
	}
}

// Where redirects are followed the token stays with the server that it is for.
func TestOAuth2TokenIsForOneServer(t *testing.T) {
	s := &tokenServer{expires: 3600}
	s.Server = httptest.NewServer(s)
	defer s.Close()
	reached, sent := false, ""
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached, sent = true, r.Header.Get("Authorization") }))
	defer other.Close()
	receiver := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer receiver.Close()
	client, err := New(settings(t, t.TempDir(), fmt.Sprintf("follow_redirects: true, oauth2: {client_id: me, token_url: %q, client_secret: s3cret}", s.URL)), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if !reached || sent != "" {
		t.Errorf("reached %v with %q", reached, sent)
	}
}
