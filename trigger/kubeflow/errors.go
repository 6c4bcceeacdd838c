package kubeflow

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/trigger"
)

// errNotSent marks a request that did not reach the server.
var errNotSent = errors.New("nothing was sent")

// gRPC status codes that the server puts into its errors.
const (
	codeNotFound      = 5
	codeAlreadyExists = 6
)

// statusError is an answer other than 2xx, from which explain and afterPost tell what it
// means for what was asked.
type statusError struct {
	host     string
	status   int
	code     int    // gRPC code; 0 when the answer wasn't the API's
	message  string // what the server says, cut short
	location string // host that a redirect leads to
}

// newStatusError reads what an answer says, in the API's form or in plain text, and takes
// secrets out of it.
func newStatusError(resp *http.Response, body []byte, secrets *redact.Secrets) *statusError {
	e := &statusError{host: resp.Request.URL.Host, status: resp.StatusCode}
	var s struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(body, &s) == nil && (s.Code != 0 || s.Message != "" || s.Error != "") {
		e.code, e.message = s.Code, s.Message
		if e.message == "" {
			e.message = s.Error
		}
	} else if !strings.Contains(resp.Header.Get("Content-Type"), "html") {
		e.message = string(body)
	}
	e.message = cut(strings.Join(strings.Fields(secrets.Text(e.message)), " "))
	if u, err := url.Parse(resp.Header.Get("Location")); err == nil {
		e.location = secrets.Text(u.Host)
	}
	return e
}

// cut shortens what a server says. Secrets have to be out of it: half of one would not
// be found.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > maxMessage {
		// The cause comes last in the server's wrapped errors.
		s = string(r[:maxMessage/2]) + " ... " + string(r[len(r)-maxMessage/2:])
	}
	return s
}

// atMost returns the beginning of a text of too many characters.
func atMost(s string, most int) string {
	const more = "..."
	r := []rune(strings.ToValidUTF8(s, "?"))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-len(more)]) + more
}

// Error says the status, what the server said, and what to do about it.
func (e *statusError) Error() string {
	s := fmt.Sprintf("kubeflow at %s answered %d %s", e.host, e.status, http.StatusText(e.status))
	if e.message != "" {
		s += ": " + e.message
	}
	switch {
	case e.status == http.StatusUnauthorized:
		s += " (the server takes no token or not this one: give the pod a projected token with audience pipelines.kubeflow.org, or name a token file)"
	case e.status == http.StatusForbidden:
		s += " (the token's service account lacks a role in the namespace: it needs create, get and list on runs and experiments, terminate on runs, and get and list on pipelines and pipelineversions, all in the API group pipelines.kubeflow.org)"
	case e.status/100 == 3:
		s += fmt.Sprintf(" (it redirects to %q: a login page sits in front; use the API server's address inside the cluster, or a token)", e.location)
	}
	return s
}

// explain adds what was being done and marks an answer that refuses it for good.
func explain(doing string, err error) error {
	var s *statusError
	if errors.As(err, &s) && refuses(s.status) && !errors.Is(err, trigger.ErrRunGone) {
		return fmt.Errorf("%s: %w: %w", doing, trigger.ErrRejected, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// refuses reports whether a status means that the request is wrong as it is and
// that nothing was done.
func refuses(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusTooEarly:
		return false
	}
	return status/100 == 4 || status/100 == 3
}

// refusedBeforeSending reports whether a transport error came before any byte of
// the request was sent.
func refusedBeforeSending(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &cert)
}

// afterPost tells of a failed POST of a run whether a run may have been made.
func afterPost(err error) error {
	const doing = "start run"
	var s *statusError
	switch {
	case errors.Is(err, errNotSent):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.As(err, &s) && refuses(s.status):
		return explain(doing, err)
	case errors.As(err, &s) && (s.status == http.StatusTooManyRequests || s.status == http.StatusTooEarly):
		return fmt.Errorf("%s: %w", doing, err)
	}
	// A 500 too: the server wraps what is the caller's fault in it, but also what
	// fails after the run was made.
	return fmt.Errorf("%s: %w: %w", doing, trigger.ErrUnclear, err)
}
