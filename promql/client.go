// Package promql asks a Prometheus, or what speaks its API, for the one number that
// a query gives at an instant.
//
// A query is PromQL of the configuration. What comes back is an answer
// ([rule.Answer]): the number, or the reason why there is none. No answer at all,
// such as from a server that is down, is an error. Rules compare the number as
// prometheus.NAME; job keeps it in the ledger, so that a window is asked about once.
//
// Begin at [Client.Query].
package promql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/redact"
)

const (
	defaultTimeout = 10 * time.Second
	maxAnswer      = 4 << 20 // bytes of an answer; one number takes a few hundred
	maxDetail      = 200     // characters that a message quotes of what a server says
	maxSeries      = 3       // series that a reason names
	maxNotes       = 5
)

// Options hold what has a default when a Prometheus is asked.
type Options struct {
	Timeout time.Duration   // of one query; default 10 s
	Secrets *redact.Secrets // are taken out of what a server says
}

// Client asks one Prometheus. It is safe for concurrent use.
type Client struct {
	api    v1.API
	name   string
	client *http.Client
	opts   Options
}

// New returns a client of the Prometheus at rawURL, which is reached by client.
func New(rawURL string, client *http.Client, opts Options) (*Client, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return nil, errors.New("connect to Prometheus: the URL cannot be read; want http://HOST:PORT")
	}
	if u.User != nil {
		return nil, errors.New("connect to Prometheus: the URL holds credentials; they belong into http_config")
	}
	own := *client
	client = &own
	client.Transport = capped{client.Transport}
	if client.CheckRedirect != nil { // it follows none, and an error says where it would lead
		client.CheckRedirect = func(r *http.Request, _ []*http.Request) error { return &redirectError{host: r.URL.Host} }
	}
	c, err := api.NewClient(api.Config{Address: strings.TrimRight(u.String(), "/"), Client: client})
	if err != nil {
		return nil, fmt.Errorf("connect to Prometheus: %w", err)
	}
	return &Client{api: v1.NewAPI(c), name: "Prometheus " + strings.TrimRight(u.String(), "/"), client: client, opts: opts}, nil
}

// Name says which server is asked, without secrets.
func (c *Client) Name() string { return c.name }

// Close ends the connections that are kept.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// Query asks for the number that the query gives at an instant. A scalar, and a
// vector of just one sample, is one; everything else is an answer without a value
// that says why. An error says that there was no answer; the answer beside it says
// the same in its reason.
func (c *Client) Query(ctx context.Context, query string, at time.Time) (rule.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	answer := rule.Answer{Value: stat.Number(math.NaN()), Query: query, Time: at.UTC()}
	value, warnings, infos, err := c.api.Query(ctx, query, at, v1.WithTimeout(c.opts.Timeout))
	for _, note := range slices.Concat(warnings, v1.Warnings(infos)) {
		answer.Notes = append(answer.Notes, clip(c.opts.Secrets.Text(note)))
	}
	if more := len(answer.Notes) - maxNotes; more > 0 {
		answer.Notes = append(answer.Notes[:maxNotes], fmt.Sprintf("and %d more", more))
	}
	var text *v1.Error
	if errors.As(err, &text) && text.Type == v1.ErrBadResponse && text.Msg == `unexpected value type "string"` {
		answer.Reason = "the query gave text, want a number" // the library knows of no such result
		return answer, nil
	}
	if err == nil && value == nil {
		err = &v1.Error{Type: v1.ErrBadResponse, Msg: "no result"}
	}
	if err != nil {
		err = c.failure(ctx, err)
		answer.Reason = err.Error()
		return answer, err
	}
	answer.Value, answer.Reason = number(value)
	answer.Reason = c.opts.Secrets.Text(answer.Reason)
	return answer, nil
}

// number returns the one number that a result holds, or the reason why it holds none.
func number(v model.Value) (n stat.Number, reason string) {
	none := stat.Number(math.NaN())
	switch t := v.(type) {
	case *model.Scalar:
		return finite(t.Value)
	case model.Vector:
		switch {
		case len(t) == 0:
			return none, "the query gave no series"
		case len(t) > 1:
			return none, fmt.Sprintf("the query gave %d series, want one: %s", len(t), series(t))
		case t[0].Histogram != nil:
			return none, "the query gave a histogram, want a number; histogram_quantile() makes one of it"
		}
		return finite(t[0].Value)
	case model.Matrix:
		return none, "the query gave a range of samples, want one number: leave [...] out or put a function such as rate() or avg_over_time() around it"
	default:
		return none, "the query gave no number"
	}
}

// finite returns a sample whose value is a number, and for NaN and the infinities the
// reason why there is none.
func finite(v model.SampleValue) (n stat.Number, reason string) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return stat.Number(math.NaN()), "the query gave " + v.String()
	}
	return stat.Number(v), ""
}

// series names the first few series of a result, in the order of their names, for a
// reason.
func series(v model.Vector) string {
	names := make([]string, len(v))
	for i, s := range v {
		names[i] = s.Metric.String()
	}
	slices.Sort(names)
	more := ""
	if len(names) > maxSeries {
		names, more = names[:maxSeries], ", ..."
	}
	return clip(strings.Join(names, ", ")) + more
}

// failure turns an error of the library into one that says why there is no answer and
// what to change.
func (c *Client) failure(ctx context.Context, err error) error {
	var redirect *redirectError
	var refused *v1.Error
	var transport *url.Error
	switch {
	case errors.As(err, &redirect):
		return fmt.Errorf("%s leads on to %s: correct prometheus.url, or set prometheus.http_config.follow_redirects", c.name, clip(redirect.host))
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("%s: the answer is larger than 4 MiB: the query must give one number", c.name)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer in %s (prometheus.timeout): %w", c.name, c.opts.Timeout, context.DeadlineExceeded)
	case ctx.Err() != nil:
		return fmt.Errorf("ask %s: %w", c.name, context.Cause(ctx))
	case errors.As(err, &refused):
		return errors.New(c.refusal(refused))
	case errors.As(err, &transport):
		err = transport.Err // its method and URL say nothing that isn't said
	}
	return fmt.Errorf("reach %s: %s", c.name, clip(c.opts.Secrets.Text(err.Error())))
}

// refusal says what the server found wrong, without the secrets that it may quote.
func (c *Client) refusal(e *v1.Error) string {
	quote := func(s string) string { return clip(c.opts.Secrets.Text(s)) } // a secret that is cut would not be found
	detail := ""
	if d := strings.TrimSpace(e.Detail); d != "" && !strings.HasPrefix(d, "<") { // no page of a proxy
		detail = ": " + quote(d)
	}
	switch code := status(e); {
	case e.Type == v1.ErrBadData, e.Type == v1.ErrExec:
		return fmt.Sprintf("%s does not take the query: %s", c.name, quote(e.Msg))
	case e.Type == v1.ErrBadResponse:
		return fmt.Sprintf("%s answers as no Prometheus does (%s): see prometheus.url", c.name, quote(e.Msg))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Sprintf("%s lets nobody in like this (%d %s): see prometheus.http_config%s", c.name, code, http.StatusText(code), detail)
	case code == http.StatusNotFound:
		return fmt.Sprintf("%s has no query API there (404 Not Found): see prometheus.url%s", c.name, detail)
	case code != 0:
		return fmt.Sprintf("%s failed (%d %s)%s", c.name, code, http.StatusText(code), detail)
	default:
		return fmt.Sprintf("%s failed (%s): %s%s", c.name, e.Type, quote(e.Msg), detail)
	}
}

// status is the HTTP status of a refusal that is not the API's own, which the library
// only tells in words ("client error: 401"), or 0.
func status(e *v1.Error) int {
	if e.Type != v1.ErrClient && e.Type != v1.ErrServer {
		return 0
	}
	_, number, _ := strings.Cut(e.Msg, " error: ")
	code, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return code
}

// redirectError ends a request that would be redirected, and says where to.
type redirectError struct{ host string }

// Error implements error.
func (e *redirectError) Error() string { return "redirected to " + e.host }

// errTooLarge ends the reading of an answer of more than maxAnswer bytes.
var errTooLarge = errors.New("answer too large")

// capped is a transport that ends bodies by errTooLarge, since the library reads them
// whole.
type capped struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c capped) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &body{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// CloseIdleConnections hands the call on to the transport, which http.Client looks for
// here.
func (c capped) CloseIdleConnections() {
	if t, ok := c.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// body is the body of an answer, of which at most so many bytes are still read.
type body struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// clip shortens what a server says to a line of a message.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxDetail {
		return string(r[:maxDetail]) + "..."
	}
	return cmp.Or(s, "no more is said")
}
