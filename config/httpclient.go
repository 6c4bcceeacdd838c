package config

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/redact"
)

// HTTPClient says how to reach a server: TLS, credentials, proxy and headers, with
// the keys of Prometheus's own http_config. It never prints itself, for it may hold
// secrets. The zero value is a client without any of these.
type HTTPClient struct {
	config *promconfig.HTTPClientConfig // a pointer, so that not even reflection-based printing shows it
	hidden hidden
	bearer bool // the authorization was given as bearer_token
}

// IsSet reports whether the configuration has an http_config.
func (h HTTPClient) IsSet() bool { return h.config != nil }

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

// proxyPassword is "" without one.
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
		h.hidden.tell(f, "basic_auth.username", "", b.UsernameFile)
	}
	h.hidden.tellTLS(f, "tls_config", &c.TLSConfig)
	if a := c.OAuth2; a != nil {
		h.hidden.tellTLS(f, "oauth2.tls_config", &a.TLSConfig)
	}
}

// eachSent is each for the secrets that are sent to servers, or sign what is.
func (h HTTPClient) eachSent(f func(key string, s Secret)) {
	c := h.config
	tell := func(key string, inline promconfig.Secret, file string) { h.hidden.tell(f, key, string(inline), file) }
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

// String hides the client's settings.
func (h HTTPClient) String() string {
	if h.config == nil {
		return ""
	}
	return redacted
}

// Format hides the client's settings for every verb.
func (h HTTPClient) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// MarshalText hides the client's settings, in JSON and YAML too.
func (h HTTPClient) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogValue hides the client's settings in logs.
func (h HTTPClient) LogValue() slog.Value { return slog.StringValue(h.String()) }

// httpConfig reads the settings of an HTTP client under key into dst. Relative paths
// are joined to dir.
func (o *object) httpConfig(key, dir string, dst *HTTPClient) {
	v, ok := o.get(key)
	if !ok {
		return
	}
	before := len(o.d.errs)
	c := &promconfig.HTTPClientConfig{EnableHTTP2: true}
	h := o.d.object(v)
	if bv, ok := h.get("basic_auth"); ok {
		c.BasicAuth = o.d.basicAuth(bv, dir)
	}
	if av, ok := h.get("authorization"); ok {
		c.Authorization = o.d.authorization(av, dir)
	}
	if ov, ok := h.get("oauth2"); ok {
		c.OAuth2 = o.d.oauth2(ov, dir)
	}
	h.credential("bearer_token", dir, &c.BearerToken, &c.BearerTokenFile)
	if tv, ok := h.get("tls_config"); ok {
		c.TLSConfig = o.d.tlsConfig(tv, dir)
	}
	h.boolean("follow_redirects", &c.FollowRedirects)
	h.boolean("enable_http2", &c.EnableHTTP2)
	h.proxy(&c.ProxyConfig)
	if hv, ok := h.get("http_headers"); ok {
		c.HTTPHeaders = o.d.httpHeaders(hv, dir)
	}
	h.done()
	h.exclusive("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file")
	if len(o.d.errs) > before {
		return
	}
	if err := c.Validate(); err != nil { // what the checks above do not know of
		o.d.fail(v, "%v", err)
		return
	}
	dst.config, dst.hidden = c, o.d.hiddenIn(v)
	dst.bearer = h.has("bearer_token") || h.has("bearer_token_file")
}

// basicAuth reads a user and a password.
func (d *decoder) basicAuth(v value, dir string) *promconfig.BasicAuth {
	o := d.object(v)
	var b promconfig.BasicAuth
	o.text("username", &b.Username)
	o.path("username_file", dir, &b.UsernameFile)
	o.credential("password", dir, &b.Password, &b.PasswordFile)
	o.exclusive("username", "username_file")
	if o.ok && !o.has("username") && !o.has("username_file") {
		o.fail("username (or username_file) is missing")
	}
	o.done()
	return &b
}

// authorization reads what goes into the header Authorization.
func (d *decoder) authorization(v value, dir string) *promconfig.Authorization {
	o := d.object(v)
	a := promconfig.Authorization{Type: "Bearer"}
	if tv, ok := o.text("type", &a.Type); ok {
		switch {
		case strings.EqualFold(a.Type, "basic"):
			d.fail(tv, "a user and a password are given as basic_auth")
		case !tokenPattern.MatchString(a.Type):
			d.fail(tv, "the type of an authorization is a word such as Bearer")
		}
	}
	o.credential("credentials", dir, &a.Credentials, &a.CredentialsFile)
	if o.ok && !o.has("credentials") && !o.has("credentials_file") {
		o.fail("credentials (or credentials_file) is missing")
	}
	o.done()
	return &a
}

// GrantJWT is the grant of RFC 7523.
const GrantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// oauth2 reads how a token is fetched.
func (d *decoder) oauth2(v value, dir string) *promconfig.OAuth2 {
	o := d.object(v)
	var a promconfig.OAuth2
	o.text("client_id", &a.ClientID)
	o.credential("client_secret", dir, &a.ClientSecret, &a.ClientSecretFile)
	o.text("client_certificate_key_id", &a.ClientCertificateKeyID)
	o.credential("client_certificate_key", dir, &a.ClientCertificateKey, &a.ClientCertificateKeyFile)
	o.choice("grant_type", &a.GrantType, []string{"client_credentials", GrantJWT}, nil)
	o.choice("signature_algorithm", &a.SignatureAlgorithm, []string{"RS256", "RS384", "RS512"}, nil)
	o.text("iss", &a.Iss)
	o.text("audience", &a.Audience)
	if cv, ok := o.get("claims"); ok {
		if members, ok := d.members(cv); ok {
			a.Claims = d.anyMap(cv, members, nil)
		}
	}
	if sv, ok := o.get("scopes"); ok {
		a.Scopes, _ = d.texts(sv, "scopes")
	}
	if tv, ok := o.text("token_url", &a.TokenURL); ok {
		// A query is part of some providers' address.
		base, _, _ := strings.Cut(a.TokenURL, "?")
		if err := checkHTTP(base); err != nil {
			d.fail(tv, "%v", err)
		}
	}
	if pv, ok := o.get("endpoint_params"); ok {
		a.EndpointParams = map[string]string{}
		for name, nv := range d.entries(pv) {
			if s, ok := d.secretText(nv); ok {
				a.EndpointParams[name] = s
			}
		}
	}
	if tv, ok := o.get("tls_config"); ok {
		a.TLSConfig = d.tlsConfig(tv, dir)
	}
	o.proxy(&a.ProxyConfig)
	o.need("client_id", "token_url")
	o.done()
	return &a
}

// tlsConfig reads certificates and what of the server's is checked.
func (d *decoder) tlsConfig(v value, dir string) promconfig.TLSConfig {
	o := d.object(v)
	var c promconfig.TLSConfig
	var ca, cert promconfig.Secret // no secrets, but as long and as little use in a message
	o.credential("ca", dir, &ca, &c.CAFile)
	o.credential("cert", dir, &cert, &c.CertFile)
	c.CA, c.Cert = string(ca), string(cert)
	o.credential("key", dir, &c.Key, &c.KeyFile)
	o.text("server_name", &c.ServerName)
	o.boolean("insecure_skip_verify", &c.InsecureSkipVerify)
	o.tlsVersion("min_version", &c.MinVersion)
	highest, ok := o.tlsVersion("max_version", &c.MaxVersion)
	if ok && c.MaxVersion < c.MinVersion {
		d.fail(highest, "is below min_version")
	}
	cert1, key := o.has("cert") || o.has("cert_file"), o.has("key") || o.has("key_file")
	switch {
	case cert1 && !key:
		o.fail("key (or key_file) is missing beside the client's certificate")
	case key && !cert1:
		o.fail("cert (or cert_file) is missing beside the client's key")
	}
	o.done()
	return c
}

// tlsVersion reads a version of TLS such as TLS12.
func (o *object) tlsVersion(key string, dst *promconfig.TLSVersion) (value, bool) {
	var word string
	v, ok := o.choice(key, &word, slices.Sorted(maps.Keys(promconfig.TLSVersions)), nil)
	if ok {
		*dst = promconfig.TLSVersions[word]
	}
	return v, ok
}

// proxy reads the proxy that requests go through; its URL may hold a password.
func (o *object) proxy(p *promconfig.ProxyConfig) {
	if v, ok := o.get("proxy_url"); ok {
		if s, ok := o.d.secretText(v); ok {
			u, err := url.Parse(strings.TrimSpace(s))
			switch {
			case err != nil || u.Hostname() == "":
				o.d.fail(v, "the URL cannot be read; want http://HOST:PORT")
			case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
				o.d.fail(v, "the URL of a proxy must begin with http://, https://, socks5:// or socks5h://")
			default:
				p.ProxyURL = promconfig.URL{URL: u}
			}
		}
	}
	o.text("no_proxy", &p.NoProxy)
	o.boolean("proxy_from_environment", &p.ProxyFromEnvironment)
	if v, ok := o.get("proxy_connect_header"); ok {
		p.ProxyConnectHeader = promconfig.ProxyHeader{}
		for name, hv := range o.d.entries(v) {
			if !tokenPattern.MatchString(name) {
				o.d.fail(hv, "no HTTP header can be called that")
				continue
			}
			p.ProxyConnectHeader[textproto.CanonicalMIMEHeaderKey(name)] = o.d.secrets(hv)
		}
	}
	switch named := o.has("proxy_url"); {
	case p.ProxyFromEnvironment && named:
		o.d.failAt(o.keyPos("proxy_url"), join(o.v.path, "proxy_url"), "proxy_from_environment is given too; use one of them")
	case p.ProxyFromEnvironment && o.has("no_proxy"):
		o.d.failAt(o.keyPos("no_proxy"), join(o.v.path, "no_proxy"), "proxy_from_environment takes this from the environment too; leave it out")
	case !named && o.has("no_proxy"):
		o.d.failAt(o.keyPos("no_proxy"), join(o.v.path, "no_proxy"), "there is no proxy_url that this would make an exception of")
	case !named && !p.ProxyFromEnvironment && o.has("proxy_connect_header"):
		o.d.failAt(o.keyPos("proxy_connect_header"), join(o.v.path, "proxy_connect_header"), "there is no proxy_url that these would be sent to")
	}
}

// tokenPattern is what a header may be called (RFC 9110, 5.6.2).
var tokenPattern = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// httpHeaders reads headers that go with every request.
func (d *decoder) httpHeaders(v value, dir string) *promconfig.Headers {
	out := &promconfig.Headers{Headers: map[string]promconfig.Header{}}
	for name, hv := range d.entries(v) {
		_, reserved := promconfig.ReservedHeaders[textproto.CanonicalMIMEHeaderKey(name)]
		switch {
		case !tokenPattern.MatchString(name):
			d.fail(hv, "no HTTP header can be called that")
			continue
		case reserved:
			d.fail(hv, "the header %s is set by the client itself", textproto.CanonicalMIMEHeaderKey(name))
			continue
		}
		o := d.object(hv)
		var h promconfig.Header
		if lv, ok := o.get("values"); ok {
			h.Values, _ = d.texts(lv, "values")
		}
		if lv, ok := o.get("secrets"); ok {
			h.Secrets = d.secrets(lv)
		}
		if lv, ok := o.get("files"); ok {
			files, _ := d.texts(lv, "files")
			for _, f := range files {
				h.Files = append(h.Files, inDir(dir, f))
			}
		}
		if o.ok && len(o.members) == 0 {
			o.fail("values, secrets or files is missing")
		}
		o.done()
		out.Headers[name] = h
	}
	return out
}

// secrets reads a list of texts without ever quoting one.
func (d *decoder) secrets(v value) []promconfig.Secret {
	items, _ := d.filled(v, "texts")
	out := make([]promconfig.Secret, 0, len(items))
	for _, item := range items {
		if s, ok := d.secretText(item); ok {
			out = append(out, promconfig.Secret(s))
		}
	}
	return out
}

// credential reads a secret under key, or the path of its file under key_file.
func (o *object) credential(key, dir string, inline *promconfig.Secret, file *string) {
	if v, ok := o.get(key); ok {
		if s, ok := o.d.secretText(v); ok {
			*inline = promconfig.Secret(strings.TrimSpace(s))
		}
	}
	o.path(key+"_file", dir, file)
	o.exclusive(key, key+"_file")
}

// path reads the path of a file into dst; a relative one is joined to dir.
func (o *object) path(key, dir string, dst *string) {
	var s string
	if _, ok := o.text(key, &s); ok {
		*dst = inDir(dir, s)
	}
}

// boolean reads true or false into dst.
func (o *object) boolean(key string, dst *bool) {
	v, ok := o.get(key)
	if !ok {
		return
	}
	s, ok := o.d.scalar(v, "true or false")
	if !ok {
		return
	}
	if s.replaced {
		s.kind = plainKind(s.text) // inside { } a variable has to be quoted
	}
	if s.kind != boolScalar {
		o.d.fail(v, "want true or false, got %s", s.describe())
		return
	}
	*dst = strings.EqualFold(s.text, "true")
}

// exclusive complains where more than one of the keys is there.
func (o *object) exclusive(keys ...string) {
	first := ""
	for _, m := range o.members { // in the file's order
		switch {
		case !slices.Contains(keys, m.key):
		case first == "":
			first = m.key
		default:
			o.d.failAt(m.pos, join(o.v.path, m.key), "%s is given too; use one of them", first)
		}
	}
}

// entries yields the values of a mapping whose keys are names, in the file's order.
func (d *decoder) entries(v value) func(func(string, value) bool) {
	return func(yield func(string, value) bool) {
		members, _ := d.members(v)
		for _, mem := range members {
			mv, ok := d.resolve(mem.node, join(v.path, mem.key), v.deep)
			if ok && !yield(mem.key, mv) {
				return
			}
		}
	}
}
