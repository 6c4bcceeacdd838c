package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// webUnder serves what serve does under the limits, and more figures than the buffers of
// a connection hold.
func webUnder(t *testing.T, limits webLimits) (address string) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := newServer(&App{log: log}, nil, 0)
	many := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "many", Help: "Many figures."}, []string{"which"})
	for i := range 8 << 10 {
		many.WithLabelValues(fmt.Sprintf("%s%d", strings.Repeat("x", 1<<10), i))
	}
	s.registry.Registerer().MustRegister(many)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	web, bounded := webServer(listener, s.handler(limits.scrapes), limits, log)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = web.Serve(bounded)
	}()
	t.Cleanup(func() {
		_ = web.Close()
		<-ended
	})
	return listener.Addr().String()
}

// connect opens a connection and writes the text to it.
func connect(t *testing.T, address, text string) net.Conn {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialTCP("tcp", nil, tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// status returns the status that a path answers with, 0 where it does not answer in time.
func status(t *testing.T, address, path string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// patient returns limits whose times nobody reaches in a test.
func patient() webLimits {
	return webLimits{connections: 8, scrapes: 2, header: time.Hour, read: time.Hour, write: time.Hour, stall: time.Hour, idle: time.Hour}
}

// Who connects and says nothing, or half of it, keeps nobody out, however long it may.
func TestIdleConnectionsGiveWay(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               "",
		"half a request":        "GET /metrics HT",
		"a request, then quiet": "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := webUnder(t, patient())
			for range 40 {
				connect(t, address, text)
			}
			for _, path := range []string{"/-/healthy", "/metrics"} {
				if code := status(t, address, path); code != http.StatusOK {
					t.Errorf("%s answers %d", path, code)
				}
			}
		})
	}
}

// Connections that are idle end, so that none is held for ever.
func TestIdleConnectionsEnd(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               "",
		"half a request":        "GET /metrics HT",
		"a request, then quiet": "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			limits := patient()
			limits.header, limits.idle = 50*time.Millisecond, 50*time.Millisecond
			c := connect(t, webUnder(t, limits), text)
			if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); err != nil {
				t.Errorf("it is still open: %v", err)
			}
		})
	}
}

// Who asks for figures and does not take them is cut off; meanwhile others hear that too
// many ask, and whether the process is well.
func TestReadersThatDoNotReadAreCutOff(t *testing.T) {
	limits := patient()
	limits.stall = time.Second
	address := webUnder(t, limits)
	for range 40 {
		connect(t, address, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	if code := status(t, address, "/-/healthy"); code != http.StatusOK {
		t.Errorf("/-/healthy answers %d", code)
	}
	refused := false
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		code := status(t, address, "/metrics")
		if code == http.StatusOK {
			break
		}
		refused = refused || code == http.StatusServiceUnavailable
		if time.Now().After(deadline) {
			t.Fatalf("/metrics still answers %d", code)
		}
	}
	if !refused {
		t.Error("no scrape was refused: the readers did not hold their places")
	}
}
