package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxAnswer         = 64 << 10        // bytes that are read of an answer
	maxRefusal        = 200             // characters that an error shows of a refusal
	defaultRetryAfter = 5 * time.Second // where a server says to slow down without a time that can be read
)

// HTTPOptions say how a server is spoken to; all have defaults.
type HTTPOptions struct {
	Options
	Client *http.Client // default: one that goes through the environment's proxy
}

// poster posts JSON to a server. All receivers that speak HTTP have one.
type poster struct {
	Options
	name   string // of the server, for messages
	client http.Client
}

// newPoster returns a poster whose client follows no redirect: it would take a token or
// the message elsewhere.
func newPoster(name string, o HTTPOptions) poster {
	p := poster{Options: o.withDefaults(), name: name}
	if o.Client != nil {
		p.client = *o.Client
	} else {
		// No connection is kept between the few messages that there are.
		p.client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	}
	p.client.Timeout = p.Timeout
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// response is what a server answered to a post.
type response struct {
	code   int
	status string        // the code and its name
	after  time.Duration // how long to wait, where the server says to slow down
	body   []byte        // the first maxAnswer bytes
	err    error         // why the body ends before them
}

// once posts a body. A failure to connect is worth another try; after any other, the
// message may have arrived.
func (p *poster) once(ctx context.Context, address string, body []byte, header http.Header) (response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		// The parser's error quotes the URL, in parts too, and it may hold a secret.
		return response{}, fmt.Errorf("the URL of %s cannot be read; want https://HOST/PATH", p.name)
	}
	req.Header = header
	resp, err := p.client.Do(req)
	if err != nil {
		var transport *url.Error
		if errors.As(err, &transport) {
			err = transport.Err // without the URL
		}
		err = fmt.Errorf("reach %s: %w", p.name, err)
		if unreached(err) {
			err = &retryError{err: err}
		}
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read as far as it is needed
	r := response{code: resp.StatusCode, status: strconv.Itoa(resp.StatusCode), after: retryAfter(resp.Header.Get("Retry-After"))}
	if name := http.StatusText(r.code); name != "" {
		r.status += " " + name
	}
	r.body, r.err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return r, nil
}

// send posts a body to a server that answers success by a status of its class alone. It
// is sent again only where the server cannot have taken it: no connection came about,
// or it answered 429 or 503.
func (p *poster) send(ctx context.Context, address string, body []byte, header http.Header) error {
	p.Secrets.AddURL(address)
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "hindcast")
	return p.retry(ctx, func() error {
		r, err := p.once(ctx, address, body, header)
		if err != nil {
			return err
		}
		return p.refusal(r)
	}, func(wait time.Duration, err error) {
		p.Log.Warn("message not taken, trying again", "receiver", p.name, "wait", wait, "err", err)
	})
}

// refusal is an answer other than success as an error. A success stands whatever became
// of the answer's body.
func (p *poster) refusal(r response) error {
	text := p.name + " answered " + r.status
	switch {
	case r.code >= 200 && r.code < 300:
		return nil
	case r.code >= 300 && r.code < 400:
		return errors.New(text + ": redirects are not followed; check the URL")
	}
	if said := truncate(oneLine(hide(p.Secrets, string(r.body))), maxRefusal); said != "" && r.err == nil {
		text += ": " + said
	}
	err := errors.New(text)
	if r.code == http.StatusTooManyRequests || r.code == http.StatusServiceUnavailable {
		return &retryError{err, r.after}
	}
	return err
}

// retryAfter reads the header, which servers send in whole seconds.
func retryAfter(header string) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(header), 10, 32)
	if err != nil || n < 0 {
		return defaultRetryAfter
	}
	return max(time.Duration(n)*time.Second, time.Second)
}
