package config

import (
	"maps"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
)

// httpConfig reads the settings of an HTTP client under key into dst. Relative paths
// are joined to dir.
//
// The library's own UnmarshalYAML does not read them: it stops at the first fault and
// has no line for it, quotes values that may be secrets, knows neither ${VAR} nor which
// secret came from one, takes the references of a secret manager that is not there, and
// follows redirects unless told not to. What is used of it are its types, its lists of
// names, its way with paths and its Validate.
func (o *object) httpConfig(key, dir string, dst *HTTPClient) {
	v, ok := o.get(key)
	if !ok {
		return
	}
	before := len(o.d.errs)
	c := &promconfig.HTTPClientConfig{EnableHTTP2: true}
	h := o.d.object(v)
	if bv, ok := h.get("basic_auth"); ok {
		c.BasicAuth = o.d.basicAuth(bv)
	}
	if av, ok := h.get("authorization"); ok {
		c.Authorization = o.d.authorization(av)
	}
	if ov, ok := h.get("oauth2"); ok {
		c.OAuth2 = o.d.oauth2(ov)
	}
	h.credential("bearer_token", &c.BearerToken, &c.BearerTokenFile)
	if tv, ok := h.get("tls_config"); ok {
		c.TLSConfig = o.d.tlsConfig(tv)
	}
	h.boolean("follow_redirects", &c.FollowRedirects)
	h.boolean("enable_http2", &c.EnableHTTP2)
	h.proxy(&c.ProxyConfig)
	if hv, ok := h.get("http_headers"); ok {
		c.HTTPHeaders = o.d.httpHeaders(hv)
	}
	h.done()
	h.exclusive("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file")
	if len(o.d.errs) > before {
		return
	}
	c.SetDirectory(dir)
	if a := c.OAuth2; a != nil { // whose key the library leaves where it is
		a.ClientCertificateKeyFile = promconfig.JoinDir(dir, a.ClientCertificateKeyFile)
	}
	if err := c.Validate(); err != nil { // what the checks above do not know of
		o.d.fail(v, "%v", err)
		return
	}
	dst.config, dst.given = c, o.d.givenBelow(v)
	dst.bearer = h.has("bearer_token") || h.has("bearer_token_file")
}

// basicAuth reads a user and a password.
func (d *decoder) basicAuth(v value) *promconfig.BasicAuth {
	o := d.object(v)
	var b promconfig.BasicAuth
	o.text("username", &b.Username)
	o.text("username_file", &b.UsernameFile)
	o.credential("password", &b.Password, &b.PasswordFile)
	o.exclusive("username", "username_file")
	if o.ok && !o.has("username") && !o.has("username_file") {
		o.fail("username (or username_file) is missing")
	}
	o.done()
	return &b
}

// authorization reads what goes into the header Authorization.
func (d *decoder) authorization(v value) *promconfig.Authorization {
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
	o.credential("credentials", &a.Credentials, &a.CredentialsFile)
	if o.ok && !o.has("credentials") && !o.has("credentials_file") {
		o.fail("credentials (or credentials_file) is missing")
	}
	o.done()
	return &a
}

// GrantJWT is the grant of RFC 7523.
const GrantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// oauth2 reads how a token is fetched.
func (d *decoder) oauth2(v value) *promconfig.OAuth2 {
	o := d.object(v)
	var a promconfig.OAuth2
	o.text("client_id", &a.ClientID)
	o.credential("client_secret", &a.ClientSecret, &a.ClientSecretFile)
	o.text("client_certificate_key_id", &a.ClientCertificateKeyID)
	o.credential("client_certificate_key", &a.ClientCertificateKey, &a.ClientCertificateKeyFile)
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
		a.TLSConfig = d.tlsConfig(tv)
	}
	o.proxy(&a.ProxyConfig)
	o.need("client_id", "token_url")
	o.done()
	return &a
}

// tlsConfig reads certificates and what of the server's is checked.
func (d *decoder) tlsConfig(v value) promconfig.TLSConfig {
	o := d.object(v)
	var c promconfig.TLSConfig
	var ca, cert promconfig.Secret // no secrets, but as long and as little use in a message
	o.credential("ca", &ca, &c.CAFile)
	o.credential("cert", &cert, &c.CertFile)
	c.CA, c.Cert = string(ca), string(cert)
	o.credential("key", &c.Key, &c.KeyFile)
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
func (d *decoder) httpHeaders(v value) *promconfig.Headers {
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
			h.Files, _ = d.texts(lv, "files")
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
func (o *object) credential(key string, inline *promconfig.Secret, file *string) {
	if v, ok := o.get(key); ok {
		if s, ok := o.d.secretText(v); ok {
			*inline = promconfig.Secret(strings.TrimSpace(s))
		}
	}
	o.text(key+"_file", file)
	o.exclusive(key, key+"_file")
}
