package config

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/redact"
)

// httpText is full.yaml with an http_config for the Pushgateway.
func httpText(t testing.TB, body string) string {
	t.Helper()
	indented := "\n      " + strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n      ")
	return edit(t, readTestdata(t, "full.yaml"), "  pushgateway: {url: http://pushgateway:9091, grouping: {namespace: team-a}}\n",
		"  pushgateway:\n    url: http://pushgateway:9091\n    http_config:"+indented+"\n")
}

func TestHTTPConfig(t *testing.T) {
	env := envOf(map[string]string{"TOKEN": "t0ken", "SKIP": "true", "PROXY": "http://u:pa55@proxy:3128"})
	tests := []struct {
		name, body string
		want       func(*promconfig.HTTPClientConfig)
	}{
		{"basic auth", "basic_auth: {username: u, password_file: keys/p}", func(c *promconfig.HTTPClientConfig) {
			c.BasicAuth = &promconfig.BasicAuth{Username: "u", PasswordFile: "/etc/hindcast/keys/p"}
		}},
		{"basic auth of files", "basic_auth: {username_file: u, password: p}", func(c *promconfig.HTTPClientConfig) {
			c.BasicAuth = &promconfig.BasicAuth{UsernameFile: "/etc/hindcast/u", Password: "p"}
		}},
		{"bearer", "authorization: {credentials: \"${TOKEN}\"}", func(c *promconfig.HTTPClientConfig) {
			c.Authorization = &promconfig.Authorization{Type: "Bearer", Credentials: "t0ken"}
		}},
		{"another scheme", "authorization: {type: Token, credentials_file: /secrets/t}", func(c *promconfig.HTTPClientConfig) {
			c.Authorization = &promconfig.Authorization{Type: "Token", CredentialsFile: "/secrets/t"}
		}},
		{"bearer of old", "bearer_token_file: t", func(c *promconfig.HTTPClientConfig) {
			c.Authorization = &promconfig.Authorization{Type: "Bearer", CredentialsFile: "/etc/hindcast/t"}
		}},
		{"TLS", `
tls_config:
  ca_file: ca.pem
  cert_file: cert.pem
  key_file: key.pem
  server_name: prometheus.example
  insecure_skip_verify: ${SKIP}
  min_version: TLS12
  max_version: TLS13
enable_http2: false`, func(c *promconfig.HTTPClientConfig) {
			c.TLSConfig = promconfig.TLSConfig{
				CAFile: "/etc/hindcast/ca.pem", CertFile: "/etc/hindcast/cert.pem", KeyFile: "/etc/hindcast/key.pem",
				ServerName: "prometheus.example", InsecureSkipVerify: true,
				MinVersion: promconfig.TLSVersions["TLS12"], MaxVersion: promconfig.TLSVersions["TLS13"],
			}
			c.EnableHTTP2 = false
		}},
		{"OAuth 2", `
oauth2:
  client_id: me
  client_secret_file: secret
  token_url: https://login.example/token?tenant=1
  scopes: [read, query]
  endpoint_params: {resource: x}
  claims: {groups: [a, b], level: 3, text: "{{ as it is }}"}
  tls_config: {ca_file: ca.pem}`, func(c *promconfig.HTTPClientConfig) {
			c.OAuth2 = &promconfig.OAuth2{
				ClientID: "me", ClientSecretFile: "/etc/hindcast/secret", TokenURL: "https://login.example/token?tenant=1",
				Scopes: []string{"read", "query"}, EndpointParams: map[string]string{"resource": "x"},
				Claims:    map[string]any{"groups": []any{"a", "b"}, "level": int64(3), "text": "{{ as it is }}"},
				TLSConfig: promconfig.TLSConfig{CAFile: "/etc/hindcast/ca.pem"},
			}
		}},
		{"headers", "http_headers: {X-Scope-OrgID: {values: [team-a]}, X-Key: {secrets: [\"${TOKEN}\"], files: [more]}}", func(c *promconfig.HTTPClientConfig) {
			c.HTTPHeaders = &promconfig.Headers{Headers: map[string]promconfig.Header{
				"X-Scope-OrgID": {Values: []string{"team-a"}},
				"X-Key":         {Secrets: []promconfig.Secret{"t0ken"}, Files: []string{"/etc/hindcast/more"}},
			}}
		}},
		{"proxy of the environment", "proxy_from_environment: true", func(c *promconfig.HTTPClientConfig) { c.ProxyFromEnvironment = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := mustParse(t, httpText(t, tt.body), env).Publish.Pushgateway.HTTP
			want := promconfig.HTTPClientConfig{EnableHTTP2: true}
			tt.want(&want)
			if got := h.Config(); !h.IsSet() || !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
	h := mustParse(t, httpText(t, "proxy_url: \"${PROXY}\"\nno_proxy: .local\nproxy_connect_header: {Proxy-Authorization: [\"${TOKEN}\"]}"), env).Publish.Pushgateway.HTTP.Config()
	if h.ProxyURL.String() != "http://u:pa55@proxy:3128" || h.NoProxy != ".local" || h.ProxyConnectHeader["Proxy-Authorization"][0] != "t0ken" {
		t.Errorf("proxy = %+v", h.ProxyConfig)
	}
	if got := (HTTPClient{}).Config(); (HTTPClient{}).IsSet() || !got.EnableHTTP2 || !got.ProxyFromEnvironment || got.FollowRedirects {
		t.Errorf("the zero value is %+v", got)
	}
}

// TestHTTPConfigJoinsPaths looks for every file beside a configuration in a relative
// folder, where joining a path twice would show.
func TestHTTPConfigJoinsPaths(t *testing.T) {
	var files []string
	for _, body := range []string{
		"basic_auth: {username_file: a, password_file: b}\nhttp_headers: {X-A: {files: [c]}}\ntls_config: {ca_file: d, cert_file: e, key_file: f}",
		"bearer_token_file: g",
		"authorization: {credentials_file: h}",
		`oauth2: {client_id: i, token_url: "http://t", client_secret_file: j, tls_config: {ca_file: k, cert_file: l, key_file: m}}`,
		`oauth2: {client_id: i, token_url: "http://t", grant_type: "` + GrantJWT + `", client_certificate_key_file: n}`,
	} {
		c, err := Parse("hindcast.yaml", []byte(httpText(t, body)), "conf", noEnv)
		if err != nil {
			t.Fatal(err)
		}
		c.Publish.Pushgateway.HTTP.each(func(_ string, s Secret) { files = append(files, s.File()) })
	}
	slices.Sort(files)
	var want []string
	for _, name := range strings.Split("abcdefghjklmn", "") {
		want = append(want, "conf/"+name)
	}
	if !slices.Equal(slices.Compact(files), want) {
		t.Errorf("files %q, want %q", files, want)
	}
}

func TestBadHTTPConfig(t *testing.T) {
	const secret = "hunter2-bearer"
	tests := []struct{ name, body, want string }{
		{"unknown key", "basic_aut: {username: u}", `hindcast.yaml:57:7: publish.pushgateway.http_config: unknown key "basic_aut" (did you mean "basic_auth"?)`},
		{"unknown key inside", "basic_auth: {user: u}", `publish.pushgateway.http_config.basic_auth: unknown key "user"`},
		{"no secret manager", "authorization: {credentials_ref: x, credentials: y}", `unknown key "credentials_ref"`},
		{"empty", "{}\n", ""},
		{"two ways", "basic_auth: {username: u}\nauthorization: {credentials: " + secret + "}", "hindcast.yaml:58:7: publish.pushgateway.http_config.authorization: basic_auth is given too; use one of them"},
		{"twice", "authorization: {credentials: " + secret + ", credentials_file: f}", "http_config.authorization.credentials_file: credentials is given too; use one of them"},
		{"no credentials", "authorization: {type: Bearer}", "http_config.authorization: credentials (or credentials_file) is missing"},
		{"basic as a type", "authorization: {type: Basic, credentials: " + secret + "}", "http_config.authorization.type: a user and a password are given as basic_auth"},
		{"no user", "basic_auth: {password: " + secret + "}", "http_config.basic_auth: username (or username_file) is missing"},
		{"unset variable", `authorization: {credentials: "${NOT_SET}"}`, "hindcast.yaml:57:36: publish.pushgateway.http_config.authorization.credentials: the environment variable NOT_SET is not set"},
		{"number as a secret", "authorization: {credentials: 123456}", "http_config.authorization.credentials: want text: put it in quotes"},
		{"TLS version", "tls_config: {min_version: TLS1.2}", `http_config.tls_config.min_version: unknown value "TLS1.2"; known: TLS10, TLS11, TLS12, TLS13`},
		{"TLS versions crossed", "tls_config: {min_version: TLS13, max_version: TLS12}", "http_config.tls_config.max_version: is below min_version"},
		{"certificate without key", "tls_config: {cert_file: c}", "http_config.tls_config: key (or key_file) is missing beside the client's certificate"},
		{"key without certificate", "tls_config: {key: " + secret + "}", "http_config.tls_config: cert (or cert_file) is missing beside the client's key"},
		{"text for a boolean", "tls_config: {insecure_skip_verify: yes}", `http_config.tls_config.insecure_skip_verify: want true or false, got "yes"`},
		{"no token URL", "oauth2: {client_id: a}", "http_config.oauth2: token_url is missing"},
		{"bad token URL", "oauth2: {client_id: a, token_url: login}", "http_config.oauth2.token_url: the URL must begin with http:// or https://"},
		{"bad proxy", "proxy_url: ftp://" + secret + "@x", "http_config.proxy_url: the URL of a proxy must begin with"},
		{"no proxy", "no_proxy: .local", "http_config.no_proxy: there is no proxy_url"},
		{"two proxies", "proxy_url: http://p:1\nproxy_from_environment: true", "http_config.proxy_url: proxy_from_environment is given too"},
		{"reserved header", "http_headers: {authorization: {secrets: [" + secret + "]}}", "http_config.http_headers.authorization: the header Authorization is set by the client itself"},
		{"bad header", "http_headers: {\"a b\": {values: [x]}}", "no HTTP header can be called that"},
		{"empty header", "http_headers: {x: {}}", "http_config.http_headers.x: values, secrets or files is missing"},
		{"redirects of pushes", "follow_redirects: true", "publish.pushgateway.http_config.follow_redirects: a push follows no redirect"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := httpText(t, tt.body)
			if tt.want == "" {
				mustParse(t, text, noEnv)
				return
			}
			got := parseError(t, text, noEnv)
			if !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if strings.Contains(got, secret) {
				t.Errorf("the message shows the secret: %s", got)
			}
		})
	}
	text := edit(t, readTestdata(t, "full.yaml"), "grouping: {namespace: team-a}", "username: u, password: p, http_config: {}")
	if got := parseError(t, text, noEnv); !strings.Contains(got, "publish.pushgateway.username: http_config is given too: put the user and the password there, as basic_auth") {
		t.Errorf("got %s", got)
	}
}

// What prometheus/common reads is read here, secret managers aside.
func TestHTTPConfigKnowsEveryKey(t *testing.T) {
	keys := func(typ reflect.Type) []string {
		var out []string
		var walk func(reflect.Type)
		walk = func(typ reflect.Type) {
			for i := range typ.NumField() {
				tag, options, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
				switch {
				case options == "inline":
					walk(typ.Field(i).Type)
				case tag != "" && !strings.HasSuffix(tag, "_ref"):
					out = append(out, tag)
				}
			}
		}
		walk(typ)
		slices.Sort(out)
		return out
	}
	const odd = "zzzzzzzzzzzzzzzz: 1"
	for _, tt := range []struct {
		body string
		typ  reflect.Type
	}{
		{odd, reflect.TypeFor[promconfig.HTTPClientConfig]()},
		{"basic_auth: {username: u, " + odd + "}", reflect.TypeFor[promconfig.BasicAuth]()},
		{"authorization: {credentials: c, " + odd + "}", reflect.TypeFor[promconfig.Authorization]()},
		{"oauth2: {client_id: c, token_url: http://x, " + odd + "}", reflect.TypeFor[promconfig.OAuth2]()},
		{"tls_config: {" + odd + "}", reflect.TypeFor[promconfig.TLSConfig]()},
		{"http_headers: {x: {" + odd + "}}", reflect.TypeFor[promconfig.Header]()},
	} {
		_, list, ok := strings.Cut(parseError(t, httpText(t, tt.body), noEnv), "; known: ")
		if got, want := strings.Split(list, ", "), keys(tt.typ); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: the loader knows %v, prometheus/common has %v", tt.typ, got, want)
		}
	}
}

func TestHTTPConfigNeverPrints(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("s3cret-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := httpText(t, `
oauth2: {client_id: c, token_url: http://x, client_secret: s3cret-oauth, endpoint_params: {password: s3cret-param}}
proxy_url: http://u:s3cret-proxy@proxy:3128
proxy_connect_header: {X-A: [s3cret-connect]}
http_headers: {X-B: {secrets: [s3cret-header], files: [key]}}
tls_config: {cert: c, key: s3cret-key}`)
	c, err := Parse("hindcast.yaml", []byte(text), dir, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	h := c.Publish.Pushgateway.HTTP
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
		for _, v := range []any{h, &h, c, *c, c.Publish, *c.Publish.Pushgateway, []HTTPClient{h}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "http", h, "config", c)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "http", h, "config", *c.Publish.Pushgateway)
	if s := out.String(); strings.Contains(s, "s3cret") || strings.Contains(s, fmt.Sprintf("%x", "s3cret")) {
		t.Error("a secret shows")
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that there are secrets")
	}
	const said = "you sent s3cret-oauth, s3cret-param, s3cret-proxy, s3cret-connect, s3cret-header and s3cret-file"
	hide := func(h HTTPClient, text string) string {
		var secrets redact.Secrets
		h.AddSent(&secrets)
		return secrets.Text(text)
	}
	if got := hide(h, said); strings.Contains(got, "s3cret") || strings.Count(got, "[redacted]") != 6 {
		t.Errorf("redacted = %s", got)
	}
	// A user and a password are seen as they are sent.
	text = httpText(t, "basic_auth: {username: me, password_file: key}\nproxy_url: http://u:s3%20cret@proxy:3128")
	if c, err = Parse("hindcast.yaml", []byte(text), dir, noEnv); err != nil {
		t.Fatal(err)
	}
	sent := []string{base64.StdEncoding.EncodeToString([]byte("me:s3cret-file")), base64.StdEncoding.EncodeToString([]byte("u:s3 cret"))}
	if got := hide(c.Publish.Pushgateway.HTTP, "Basic "+strings.Join(sent, ", ")); got != "Basic [redacted], [redacted]" {
		t.Errorf("redacted = %s", got)
	}
	if got := hide(HTTPClient{}, said); got != said {
		t.Errorf("nothing to hide, yet %s", got)
	}
}
