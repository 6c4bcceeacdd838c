package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	promconfig "github.com/prometheus/common/config"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/hindcast/hindcast/redact"
)

// tokens sends requests with a token that it fetches beforehand, and again when that
// has expired or the client's secret has changed. A token is fetched within the request
// that needs it: it obeys that request's context and time-out, which the library's own
// transport does not, and is sent nowhere but to token_url.
type tokens struct {
	next    http.RoundTripper // to the receiver
	server  http.RoundTripper // to the token server
	config  *promconfig.OAuth2
	secrets *redact.Secrets

	turn       chan struct{} // is held by the one request that looks after what follows
	credential string        // that token was fetched with
	grant      grant
	token      *oauth2.Token
}

// maxSaid bounds what an error shows of a token server's answer, in characters.
const maxSaid = 200

// grant fetches tokens.
type grant interface {
	TokenSource(context.Context) oauth2.TokenSource
}

// newTokens returns a transport that fetches the tokens which next's server wants.
func newTokens(next http.RoundTripper, c *promconfig.OAuth2, secrets *redact.Secrets) (*tokens, error) {
	server, err := promconfig.NewRoundTripperFromConfig(
		promconfig.HTTPClientConfig{TLSConfig: c.TLSConfig, ProxyConfig: c.ProxyConfig}, "oauth2",
		promconfig.WithUserAgent(userAgent), promconfig.WithKeepAlivesDisabled())
	if err != nil {
		return nil, fmt.Errorf("oauth2: %w", err)
	}
	return &tokens{next: next, server: server, config: c, secrets: secrets, turn: make(chan struct{}, 1)}, nil
}

// RoundTrip implements http.RoundTripper.
func (t *tokens) RoundTrip(r *http.Request) (*http.Response, error) {
	if leadsElsewhere(r) {
		return t.next.RoundTrip(r)
	}
	token, err := t.valid(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a transport has to, and nothing was read
		}
		return nil, err
	}
	r = r.Clone(r.Context())
	token.SetAuthHeader(r)
	return t.next.RoundTrip(r)
}

// CloseIdleConnections passes it on.
func (t *tokens) CloseIdleConnections() { closeIdle(t.next) }

// leadsElsewhere reports whether a request follows a redirect to another server than
// the first one, or from https to http.
func leadsElsewhere(r *http.Request) bool {
	first := r
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	return !strings.EqualFold(first.URL.Host, r.URL.Host) || first.URL.Scheme == "https" && r.URL.Scheme != "https"
}

// valid returns the token, a new one where that is needed.
func (t *tokens) valid(ctx context.Context) (*oauth2.Token, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a token: %w", ctx.Err())
	}
	credential, err := t.readCredential()
	if err != nil {
		return nil, fmt.Errorf("fetch token: %w", err)
	}
	if credential != t.credential || t.grant == nil {
		t.credential, t.grant, t.token = credential, t.newGrant(credential), nil
	}
	if t.token.Valid() {
		return t.token, nil
	}
	client := &http.Client{
		Transport: within{ctx, t.server, t.secrets},
		// The secret stands in the body, which would go along.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	token, err := t.grant.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client)).Token()
	if err != nil {
		return nil, t.failure(err)
	}
	t.secrets.Add(token.AccessToken, token.RefreshToken)
	t.token = token
	return token, nil
}

// readCredential returns what the grant needs: the client's secret, or its key.
func (t *tokens) readCredential() (string, error) {
	inline, file := string(t.config.ClientSecret), t.config.ClientSecretFile
	if t.config.GrantType == grantJWT {
		inline, file = string(t.config.ClientCertificateKey), t.config.ClientCertificateKeyFile
	}
	if file == "" {
		return inline, nil
	}
	return FileSecret(file).Value()
}

func (t *tokens) newGrant(credential string) grant {
	c := t.config
	params := url.Values{}
	for name, value := range c.EndpointParams {
		params.Set(name, value)
	}
	if c.GrantType != grantJWT {
		return &clientcredentials.Config{
			ClientID: c.ClientID, ClientSecret: credential, Scopes: c.Scopes, TokenURL: c.TokenURL, EndpointParams: params,
		}
	}
	algorithms := map[string]*jwt.SigningMethodRSA{"RS384": jwt.SigningMethodRS384, "RS512": jwt.SigningMethodRS512}
	return &promconfig.JwtGrantTypeConfig{
		PrivateKey: []byte(credential), PrivateKeyID: c.ClientCertificateKeyID,
		SigningAlgorithm: cmp.Or(algorithms[c.SignatureAlgorithm], jwt.SigningMethodRS256),
		Iss:              cmp.Or(c.Iss, c.ClientID), Subject: c.ClientID, Audience: c.Audience, PrivateClaims: c.Claims,
		Scopes: c.Scopes, TokenURL: c.TokenURL, EndpointParams: params,
	}
}

// failure says why there is no token.
func (t *tokens) failure(err error) error {
	server := "the token server"
	if u, err := url.Parse(t.config.TokenURL); err == nil {
		server = u.Host
	}
	var refused *oauth2.RetrieveError
	var transport *url.Error
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode/100 == 3:
		return fmt.Errorf("fetch token: %s redirects (%d), which is not followed, for it would carry the client's secret along: correct oauth2.token_url", server, refused.Response.StatusCode)
	case errors.As(err, &refused):
		said := cmp.Or(strings.TrimSpace(refused.ErrorCode+" "+refused.ErrorDescription), string(refused.Body))
		return fmt.Errorf("fetch token: %s answered %d %s: %s", server, refused.Response.StatusCode,
			http.StatusText(refused.Response.StatusCode), clipTo(strings.Join(strings.Fields(t.secrets.Text(said)), " "), maxSaid))
	case errors.As(err, &transport):
		err = transport.Err // its method and URL say nothing that isn't said
	}
	return fmt.Errorf("fetch token from %s: %w", server, t.secrets.Error(err))
}

// within is a transport whose requests end with a context: of the two grants one sends
// without any.
type within struct {
	ctx     context.Context // It lives no longer than the request that needs the token.
	next    http.RoundTripper
	secrets *redact.Secrets
}

// RoundTrip implements http.RoundTripper.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.GetBody != nil { // of a signed assertion, which is as good as the key while it lasts
		if body, err := r.GetBody(); err == nil {
			form, _ := io.ReadAll(body) // of memory
			values, _ := url.ParseQuery(string(form))
			w.secrets.Add(values["assertion"]...)
		}
	}
	return w.next.RoundTrip(r.WithContext(w.ctx))
}
