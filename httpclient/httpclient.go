// Package httpclient makes the HTTP clients that the configuration's http_config keys
// describe. config reads those keys and reaches no server; cmd makes the clients here and
// gives them to what asks or tells one. Two things are done that the library of
// Prometheus does not do: what a client sends that is secret is known to redact before
// an answer can quote it, and a token of OAuth 2 is fetched within the request that
// needs it. Begin at New.
package httpclient

import (
	"fmt"
	"net/http"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/redact"
)

// userAgent is what the clients call themselves.
const userAgent = "hindcast"

// New returns a client as the settings say, under a name for metrics. What it sends
// that is secret is added to secrets, a file's text whenever the file is read and the
// tokens that it fetches too, before anybody can see an answer that quotes it.
func New(settings config.HTTPClient, name string, secrets *redact.Secrets, opts ...promconfig.HTTPClientOption) (*http.Client, error) {
	settings.AddSent(secrets)
	c := settings.Config()
	tokenSettings := c.OAuth2
	c.OAuth2 = nil // the library's own transport knows no time-out: see tokens
	client, err := promconfig.NewClientFromConfig(c, name, append(opts, promconfig.WithUserAgent(userAgent))...)
	if err == nil && tokenSettings != nil {
		client.Transport, err = newTokens(client.Transport, tokenSettings, secrets)
	}
	if err != nil {
		return nil, fmt.Errorf("read http_config: %w", secrets.Error(err))
	}
	client.Transport = &telling{client.Transport, settings, secrets}
	return client, nil
}

// telling is a transport that adds the secrets of its settings to those that no output
// may show. A file may change while the request is made, so that they are read after it
// too.
type telling struct {
	next     http.RoundTripper
	settings config.HTTPClient
	secrets  *redact.Secrets
}

// RoundTrip implements http.RoundTripper.
func (t *telling) RoundTrip(r *http.Request) (*http.Response, error) {
	t.settings.AddSent(t.secrets)
	defer t.settings.AddSent(t.secrets)
	return t.next.RoundTrip(r)
}

// CloseIdleConnections passes it on.
func (t *telling) CloseIdleConnections() { closeIdle(t.next) }

func closeIdle(t http.RoundTripper) {
	if c, ok := t.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
