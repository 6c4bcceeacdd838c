package config

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/redact"
)

// settings are settings of a type of the library, of which HTTPClient and TLS are made.
// They never print themselves, for they may hold secrets. The zero value has none.
type settings[T any] struct {
	config *T        // a pointer, so that not even reflection-based printing shows it
	given  givenKeys // the secrets among them that come from variables
}

// IsSet reports whether the configuration has the settings.
func (s settings[T]) IsSet() bool { return s.config != nil }

// String hides the settings.
func (s settings[T]) String() string {
	if s.config == nil {
		return ""
	}
	return redacted
}

// Format hides the settings for every verb.
func (s settings[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the settings, in JSON and YAML too.
func (s settings[T]) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the settings in logs.
func (s settings[T]) LogValue() slog.Value { return slog.StringValue(s.String()) }

// HTTPClient says how to reach a server: TLS, credentials, proxy and headers, with
// the keys of Prometheus's own http_config. It never prints itself. The zero value is a
// client without any of these.
type HTTPClient struct {
	settings[promconfig.HTTPClientConfig]
	bearer bool // the authorization was given as bearer_token
}

// Config is what httpclient.New makes a client of. Redirects are not followed
// unless the configuration says so: headers and the text of a query would go along.
// Without an http_config the environment names the proxy, as for every other server.
func (h HTTPClient) Config() promconfig.HTTPClientConfig {
	if h.config == nil {
		return promconfig.HTTPClientConfig{EnableHTTP2: true, ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true}}
	}
	return *h.config
}

// AddSent adds what the client sends to secrets. A file that cannot be read hides
// nothing, for nothing of it was sent.
func (h HTTPClient) AddSent(secrets *redact.Secrets) {
	if h.config == nil {
		return
	}
	h.eachSent(func(_ string, s Secret) {
		if v, err := s.Value(); err == nil {
			secrets.Add(v)
		}
	})
}

// proxies lists the client's proxies by the key that they are under.
func (h HTTPClient) proxies() map[string]*promconfig.ProxyConfig {
	out := map[string]*promconfig.ProxyConfig{"": &h.config.ProxyConfig}
	if a := h.config.OAuth2; a != nil {
		out["oauth2"] = &a.ProxyConfig
	}
	return out
}

// proxyPassword returns the password that a proxy's URL holds, or "".
func proxyPassword(p *promconfig.ProxyConfig) string {
	if p.ProxyURL.URL == nil {
		return ""
	}
	password, _ := p.ProxyURL.User.Password()
	return password
}

// each calls f with the secrets that the client holds and the files that it names, by
// their keys.
func (h HTTPClient) each(f func(key string, s Secret)) {
	c := h.config
	if c == nil {
		return
	}
	h.eachSent(f)
	if b := c.BasicAuth; b != nil {
		h.given.tell(f, "basic_auth.username", "", b.UsernameFile)
	}
	h.given.tellTLS(f, "tls_config", &c.TLSConfig)
	if a := c.OAuth2; a != nil {
		h.given.tellTLS(f, "oauth2.tls_config", &a.TLSConfig)
	}
}

// eachSent calls f as each does, with those secrets alone that are sent to servers or
// that sign what is sent.
func (h HTTPClient) eachSent(f func(key string, s Secret)) {
	c := h.config
	tell := func(key string, inline promconfig.Secret, file string) { h.given.tell(f, key, string(inline), file) }
	if b := c.BasicAuth; b != nil {
		tell("basic_auth.password", b.Password, b.PasswordFile)
	}
	if a := c.Authorization; a != nil {
		key := "authorization.credentials"
		if h.bearer {
			key = "bearer_token"
		}
		tell(key, a.Credentials, a.CredentialsFile)
	}
	if a := c.OAuth2; a != nil {
		tell("oauth2.client_secret", a.ClientSecret, a.ClientSecretFile)
		tell("oauth2.client_certificate_key", a.ClientCertificateKey, a.ClientCertificateKeyFile)
		for _, name := range slices.Sorted(maps.Keys(a.EndpointParams)) {
			tell(join("oauth2.endpoint_params", name), promconfig.Secret(a.EndpointParams[name]), "")
		}
	}
	proxies := h.proxies()
	for _, under := range slices.Sorted(maps.Keys(proxies)) {
		p := proxies[under]
		tell(join(under, "proxy_url"), promconfig.Secret(proxyPassword(p)), "")
		for _, name := range slices.Sorted(maps.Keys(p.ProxyConnectHeader)) {
			for i, v := range p.ProxyConnectHeader[name] {
				tell(fmt.Sprintf("%s[%d]", join(join(under, "proxy_connect_header"), name), i), v, "")
			}
		}
	}
	if c.HTTPHeaders == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.HTTPHeaders.Headers)) {
		hd, key := c.HTTPHeaders.Headers[name], join("http_headers", name)
		for i, v := range hd.Secrets {
			tell(fmt.Sprintf("%s.secrets[%d]", key, i), v, "")
		}
		for i, file := range hd.Files {
			f(fmt.Sprintf("%s.files[%d]", key, i), FileSecret(file))
		}
	}
}

// TLS says how a server's certificate is checked, with the keys of an http_config's
// tls_config. It never prints itself. The zero value is the system's roots and no
// certificate.
type TLS struct{ settings[promconfig.TLSConfig] }

// Config is what promconfig.NewTLSConfig takes.
func (t TLS) Config() promconfig.TLSConfig {
	if t.config == nil {
		return promconfig.TLSConfig{}
	}
	return *t.config
}

// each calls f with what the settings hold or name, by its key.
func (t TLS) each(f func(key string, s Secret)) {
	if t.config != nil {
		t.given.tellTLS(f, "", t.config)
	}
}

// givenKeys are the keys, in lower case, of the secrets in a library's settings that come
// from variables, which the library's types cannot say.
type givenKeys map[string]bool

// givenBelow returns the keys below v whose values come from variables.
func (d *decoder) givenBelow(v value) givenKeys {
	out := givenKeys{}
	for path := range d.given {
		if key, ok := strings.CutPrefix(path, v.path); ok {
			out[strings.ToLower(strings.TrimPrefix(key, "."))] = true
		}
	}
	return out
}

// tell calls f for the secret under key, or in the file under key_file.
func (g givenKeys) tell(f func(string, Secret), key, inline, file string) {
	if inline != "" {
		s := InlineSecret(inline)
		s.given = g[strings.ToLower(key)]
		f(key, s)
	}
	if file != "" {
		f(key+"_file", FileSecret(file))
	}
}

// tellTLS calls f for what a tls_config under key holds or names.
func (g givenKeys) tellTLS(f func(string, Secret), key string, c *promconfig.TLSConfig) {
	g.tell(f, join(key, "ca"), c.CA, c.CAFile)
	g.tell(f, join(key, "cert"), c.Cert, c.CertFile)
	g.tell(f, join(key, "key"), string(c.Key), c.KeyFile)
}
