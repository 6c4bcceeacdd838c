// Package kubeflow starts, finds and watches runs on a Kubeflow Pipelines server
// by its REST API v2beta1. It has been written against servers from 2.0 to 2.17.
// Begin with Client, which is a trigger.Pipelines; Client.Apply makes recurring runs, for
// hindcast schedule.
//
// Its terms are the server's:
//   - A pipeline has versions, each with a spec that says what parameters a run takes. To
//     resolve a request is to find the ids of the names in it and to check its parameters.
//   - A run is one execution of a pipeline's version, within an experiment. A recurring run
//     is a schedule that the server itself starts runs by.
//   - A namespace is a profile of a server that has many users; other servers have none.
//
// The API's own generated models give the types of what the server says. Requests
// are written here, for the generated client sends zero times that the server
// stores, retries nothing but tells too little of what failed to decide whether a
// run may have been made.
package kubeflow

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/trigger"
)

const (
	// DefaultTokenFile is where a pod finds the token that its projected volume gives.
	DefaultTokenFile = "/var/run/secrets/kubeflow/pipelines/token"
	// DefaultTimeout bounds a request where Options.Timeout is zero.
	DefaultTimeout = 10 * time.Second

	apiPath     = "/apis/v2beta1"
	maxResponse = 64 << 20 // a pipeline spec may have 32 MiB
	maxToken    = 1 << 20
	maxMessage  = 600
	userAgent   = "hindcast"
)

// Options say how to reach a server. Endpoint is required.
type Options struct {
	// Endpoint is the API server's URL, e.g. http://ml-pipeline.kubeflow:8888; a path
	// in it goes before /apis.
	Endpoint string
	// Namespace is the profile's namespace on a multi-user server; requests may name
	// another. A single-user server is never sent any.
	Namespace string
	// Token is sent as a bearer token; where it is empty TokenFile is read, again for
	// each request. A missing TokenFile means no authentication. The default is
	// DefaultTokenFile.
	Token     string
	TokenFile string
	// Timeout bounds each request; the default is DefaultTimeout.
	Timeout time.Duration
	// UIURL is where people see the pipelines UI; without it runs have no URL.
	UIURL string
	// Transport sends the requests; the default is a transport of the client's own.
	Transport http.RoundTripper
	// Secrets are taken out of what the server says, the token too.
	Secrets *redact.Secrets
	// Log gets what is worth knowing and no error; nothing is logged if nil.
	Log *slog.Logger
}

// Client talks to one server. It is a trigger.Pipelines and a trigger.Checker, which the
// launcher uses, and may be used by any number of goroutines.
type Client struct {
	endpoint  *url.URL
	ui        string
	namespace string
	token     string
	tokenFile string
	timeout   time.Duration
	http      *http.Client
	secrets   *redact.Secrets
	log       *slog.Logger

	mu        sync.Mutex
	multiUser *bool // nil until the server has said
}

var (
	_ trigger.Pipelines = (*Client)(nil)
	_ trigger.Checker   = (*Client)(nil)
)

// New returns a client. It sends nothing yet.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		// The error would show what may be a password.
		return nil, errors.New("kubeflow endpoint is not a URL")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("kubeflow endpoint %s: want http://HOST or https://HOST", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("kubeflow endpoint %s: want no user, query or fragment", u.Redacted())
	}
	c := &Client{
		endpoint: u, ui: strings.TrimRight(o.UIURL, "/"), namespace: o.Namespace,
		token: strings.TrimSpace(o.Token), tokenFile: o.TokenFile, timeout: o.Timeout, secrets: o.Secrets, log: o.Log,
	}
	if c.tokenFile == "" {
		c.tokenFile = DefaultTokenFile
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.secrets == nil {
		c.secrets = &redact.Secrets{}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: c.timeout}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: c.timeout,
			MaxIdleConns:        4,
			IdleConnTimeout:     30 * time.Second,
			ForceAttemptHTTP2:   true,
		}
	}
	c.http = &http.Client{
		Transport: transport,
		// A redirect leads to a login page, never to the API: see statusError.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// bearer returns the token to send, empty for none.
func (c *Client) bearer() (string, error) {
	if c.token != "" {
		return c.token, nil
	}
	f, err := os.Open(c.tokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read kubeflow token: %w", err)
	}
	defer f.Close() //nolint:errcheck // Only read.
	b, err := io.ReadAll(io.LimitReader(f, maxToken))
	if err != nil {
		return "", fmt.Errorf("read kubeflow token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("read kubeflow token: %s holds no single token", c.tokenFile)
	}
	return token, nil
}

// get asks for path and fills out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, out)
}

// do sends one request with a JSON body, or none, once: see send.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	if in == nil {
		return c.send(ctx, method, path, query, "", nil, out)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode request: %w: %w", err, errNotSent)
	}
	return c.send(ctx, method, path, query, "application/json", b, out)
}

// send sends one request, once: see sendOnce. Its error shows no secret.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, contentType string, in []byte, out any) error {
	return c.secrets.Error(c.sendOnce(ctx, method, path, query, contentType, in, out))
}

// sendOnce sends one request. Its error is a *statusError when the server
// answered, and wraps errNotSent when nothing reached the server for certain.
func (c *Client) sendOnce(ctx context.Context, method, path string, query url.Values, contentType string, in []byte, out any) error {
	token, err := c.bearer()
	if err != nil {
		return fmt.Errorf("%w: %w", err, errNotSent)
	}
	c.secrets.Add(token)
	var body io.Reader
	if contentType != "" {
		body = bytes.NewReader(in)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var asked, connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	u := c.endpoint.JoinPath(apiPath, path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return fmt.Errorf("make request: %w: %w", err, errNotSent)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = c.transportError(ctx, err)
		if refusedBeforeSending(err) || asked.Load() && !connected.Load() {
			return fmt.Errorf("%w: %w", err, errNotSent)
		}
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // Only read.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return c.transportError(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		return newStatusError(resp, data, c.secrets)
	}
	if len(data) > maxResponse {
		return fmt.Errorf("kubeflow at %s: answer is longer than %d MiB", c.endpoint.Host, maxResponse>>20)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("kubeflow at %s: answer to %s %s is not what the API gives (is this the API server's address?): %w",
			c.endpoint.Host, method, apiPath+path, err)
	}
	return nil
}

// transportError says what happened without the URL's query.
func (c *Client) transportError(ctx context.Context, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("kubeflow at %s: no answer within %s: %w", c.endpoint.Host, c.timeout, err)
	}
	return fmt.Errorf("kubeflow at %s: %w", c.endpoint.Host, err)
}

// isMultiUser asks the server once whether it is a multi-user one.
func (c *Client) isMultiUser(ctx context.Context) (bool, error) {
	c.mu.Lock()
	known := c.multiUser
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	var health struct {
		MultiUser bool `json:"multi_user"`
	}
	if err := c.get(ctx, "/healthz", nil, &health); err != nil {
		return false, explain("ask for the server's health", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.multiUser = &health.MultiUser
	return health.MultiUser, nil
}

// namespaceOf returns the namespace to send: none to a single-user server.
func (c *Client) namespaceOf(ctx context.Context, wanted string) (string, error) {
	multi, err := c.isMultiUser(ctx)
	if err != nil || !multi {
		return "", err
	}
	if wanted == "" {
		wanted = c.namespace
	}
	if wanted == "" {
		return "", fmt.Errorf("kubeflow at %s serves several users: retrain.kubeflow.namespace is required (or --namespace, for hindcast schedule): %w", c.endpoint.Host, trigger.ErrRejected)
	}
	return wanted, nil
}
