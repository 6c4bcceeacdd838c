// Package faultproxy stands between a client and a server and does what networks and
// servers do on bad days. Begin with New, which is told what Fault befalls which request.
package faultproxy

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Fault says what happens to a request.
type Fault int

// The faults.
const (
	None         Fault = iota // forwarded as it is
	Refuse                    // 503 without forwarding
	Hang                      // never forwarded, never answered, until the client gives up
	HangAfter                 // forwarded; the answer never comes
	ErrorAfter                // forwarded; the client is told 500
	DropAfter                 // forwarded; then the connection is cut
	DropBefore                // the connection is cut without forwarding
	DelayForward              // forwarded after Proxy.Delay, even when the client has given up by then
)

// Request is a request that came to the proxy, and what happened to it.
type Request struct {
	Method string
	Path   string // without the query
	Fault  Fault
	Status int // of the upstream's answer; 0 when it was not forwarded
}

// Proxy is a running proxy in front of one server.
type Proxy struct {
	URL   string
	Delay time.Duration // of DelayForward; set it before the first request
	// Before is called with each request before anything else, and may hold it up; set
	// it before the first request. It must return when the request's context is done.
	Before func(r *http.Request)

	target string
	choose func(method, path string, n int) Fault
	server *httptest.Server
	client *http.Client

	mu       sync.Mutex
	seen     map[string]int
	requests []Request
	late     sync.WaitGroup
	quit     chan struct{}
}

// New starts a proxy in front of target, a base URL. Choose says what happens to a
// request; n counts from 1 the requests of this method and path so far. Close it.
func New(target string, choose func(method, path string, n int) Fault) *Proxy {
	p := &Proxy{
		target: target, choose: choose, seen: make(map[string]int), quit: make(chan struct{}),
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = p.server.URL
	return p
}

// Close lets hanging requests go, waits for delayed ones and stops the proxy.
func (p *Proxy) Close() {
	close(p.quit)
	p.server.CloseClientConnections()
	p.server.Close()
	p.late.Wait()
}

// Requests returns what came through so far.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.requests...)
}

// Count returns how many requests of this method and path came, and how many of
// them were forwarded.
func (p *Proxy) Count(method, path string) (came, forwarded int) {
	for _, r := range p.Requests() {
		if r.Method == method && r.Path == path {
			came++
			if r.Status != 0 {
				forwarded++
			}
		}
	}
	return came, forwarded
}

// serve has a request meet its fault.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if p.Before != nil {
		p.Before(r)
	}
	p.mu.Lock()
	key := r.Method + " " + r.URL.Path
	p.seen[key]++
	fault := p.choose(r.Method, r.URL.Path, p.seen[key])
	i := len(p.requests)
	p.requests = append(p.requests, Request{Method: r.Method, Path: r.URL.Path, Fault: fault})
	p.mu.Unlock()

	switch fault {
	case Refuse:
		http.Error(w, "stand-in: not available", http.StatusServiceUnavailable)
		return
	case Hang:
		p.hang(r)
		return
	case DropBefore:
		panic(http.ErrAbortHandler)
	case DelayForward:
		p.late.Go(func() {
			select {
			case <-time.After(p.Delay):
			case <-p.quit: // still delivered: the network doesn't know that the test is over
			}
			if res, _, err := p.forward(r, body); err == nil {
				p.note(i, res.StatusCode)
			}
		})
		p.hang(r)
		return
	}
	res, answer, err := p.forward(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	p.note(i, res.StatusCode)
	switch fault {
	case HangAfter:
		p.hang(r)
	case ErrorAfter:
		http.Error(w, `{"error":"stand-in: internal error","code":13,"message":"stand-in: internal error"}`, http.StatusInternalServerError)
	case DropAfter:
		panic(http.ErrAbortHandler)
	default:
		for k, v := range res.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(res.StatusCode)
		_, _ = w.Write(answer) // the client may be gone
	}
}

func (p *Proxy) note(i, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[i].Status = status
}

func (p *Proxy) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.quit:
	}
}

// forward sends the request on, under a context of its own: a client that gives up
// doesn't stop what is under way.
func (p *Proxy) forward(r *http.Request, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequest(r.Method, p.target+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	req.ContentLength = int64(len(body))
	res, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res, answer, err
}
