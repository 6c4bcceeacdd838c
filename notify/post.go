package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/wait"
)

// maxRefusal bounds what an error shows of a refusal, in characters.
const maxRefusal = 200

// HTTPOptions say how a server is spoken to; all have defaults.
type HTTPOptions struct {
	Client  *http.Client    // default: one that goes through the environment's proxy
	Secrets *redact.Secrets // are taken out of what a server says
	Timeout time.Duration   // of one request; default 10 s
	Log     *slog.Logger
	// Sleep waits before a request is sent again; default a timer.
	Sleep func(context.Context, time.Duration) error
}

// poster posts JSON to a server.
type poster struct {
	name string // of the server, for messages
	opts HTTPOptions
}

func newPoster(name string, o HTTPOptions) poster {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	client := *newClient(o.Timeout)
	if o.Client != nil {
		client = *o.Client
		client.Timeout = o.Timeout
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	o.Client = &client
	if o.Secrets == nil {
		o.Secrets = &redact.Secrets{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Sleep == nil {
		o.Sleep = wait.For
	}
	return poster{name, o}
}

// answerError is an answer other than success.
type answerError struct {
	name  string
	code  int
	said  string
	after time.Duration // how long to wait, where the server says so
	again bool          // the server says that it took nothing in
}

// Error implements error.
func (e *answerError) Error() string {
	text := e.name + " answered " + strconv.Itoa(e.code)
	if name := http.StatusText(e.code); name != "" {
		text += " " + name
	}
	if e.code >= 300 && e.code < 400 {
		return text + ": redirects are not followed; check the URL"
	}
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

// send posts a body. It is sent again only where the server cannot have taken it: no
// connection came about, or it answered 429 or 503. What a server that slows us down
// asks for is waited, up to 30 s in all and four tries. Everything else may have
// arrived, and is final.
func (p poster) send(ctx context.Context, address string, body []byte, header map[string]string) error {
	p.opts.Secrets.AddURL(address)
	left, unreached := maxWait, false
	for try := 1; ; try++ {
		err := p.once(ctx, address, body, header)
		if err == nil {
			return nil
		}
		var wait time.Duration
		var said *answerError
		var op *net.OpError
		switch {
		case errors.As(err, &said) && said.again:
			wait = said.after
		case errors.As(err, &op) && op.Op == "dial" && !unreached:
			wait, unreached = failureWait, true
		default:
			return presentable(p.opts.Secrets, err)
		}
		if try == maxTries || wait > left {
			return fmt.Errorf("given up after %d tries: %w", try, presentable(p.opts.Secrets, err))
		}
		left -= wait
		p.opts.Log.Warn("message not taken, trying again", "receiver", p.name, "wait", wait, "err", presentable(p.opts.Secrets, err))
		if err := p.opts.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("wait for the next try: %w", err)
		}
	}
}

func (p poster) once(ctx context.Context, address string, body []byte, header map[string]string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		// The parser's error quotes the URL, which may hold a secret.
		return fmt.Errorf("the URL of %s cannot be read; want https://HOST/PATH", p.name)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hindcast")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := p.opts.Client.Do(req)
	if err != nil {
		var transport *url.Error
		if errors.As(err, &transport) {
			err = transport.Err // without the URL
		}
		return fmt.Errorf("reach %s: %w", p.name, err)
	}
	defer func() { _ = resp.Body.Close() }() // read as far as it is needed
	said, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil // it was taken, whatever became of the answer's body
	}
	if err != nil {
		said = nil
	}
	e := &answerError{name: p.name, code: resp.StatusCode, said: truncate(oneLine(hide(p.opts.Secrets, string(said))), maxRefusal)}
	if e.code == http.StatusTooManyRequests || e.code == http.StatusServiceUnavailable {
		e.again, e.after = true, retryAfter(resp.Header.Get("Retry-After"))
	}
	return e
}
