package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// webLimits bound what those who connect to serve can take from its passes.
type webLimits struct {
	connections int // open at once
	scrapes     int // answered at once: each holds every model's figures in memory

	header time.Duration // to send a request's header in
	read   time.Duration // to send a request in
	write  time.Duration // to take an answer in
	stall  time.Duration // to take one piece of it in
	idle   time.Duration // between two requests
}

// maxHeaderBytes bounds a request's header, which is read into memory.
const maxHeaderBytes = 16 << 10

// defaultWebLimits leave the passes three quarters of the files that the process may have
// open. The time to take an answer in is that of a large scrape over a slow line; who
// takes nothing is cut off long before it.
func defaultWebLimits() webLimits {
	l := webLimits{
		connections: 256, scrapes: 4,
		header: 5 * time.Second, read: 10 * time.Second, write: 30 * time.Second, stall: 3 * time.Second, idle: time.Minute,
	}
	if files := openFilesLimit(); files > 0 {
		l.connections = int(min(uint64(l.connections), max(files/4, 4)))
	}
	return l
}

// webServer returns a server of the handler, and the listener that it is to serve, which
// keep to the limits.
func webServer(listener net.Listener, handler http.Handler, limits webLimits, log *slog.Logger) (*http.Server, net.Listener) {
	bounded := &connections{Listener: listener, most: limits.connections, stall: limits.stall}
	return &http.Server{
		Handler:           bounded.handler(handler),
		ReadHeaderTimeout: limits.header,
		ReadTimeout:       limits.read,
		WriteTimeout:      limits.write,
		IdleTimeout:       limits.idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       withConnection,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}, bounded
}

// connections is a listener with a bounded number of open connections. Where all are
// taken, who comes gets the place of the one that has waited longest for a request: so
// nobody keeps others out by having come first and saying nothing.
type connections struct {
	net.Listener
	most  int
	stall time.Duration

	mu      sync.Mutex
	open    int
	waiting []*connection // those without a request that is being answered, the longest first
}

// connection is a connection that connections accepted.
type connection struct {
	net.Conn
	of     *connections
	until  time.Time // the server's own deadline for writing
	closed bool      // guarded by of.mu
}

// Accept implements net.Listener. It makes room where all places are taken.
func (l *connections) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		mine := &connection{Conn: c, of: l}
		if l.admit(mine) {
			return mine, nil
		}
		_ = c.Close() // requests are being answered on all others
	}
}

// admit finds a place for a connection and reports whether there is one.
func (l *connections) admit(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most {
		if len(l.waiting) == 0 {
			return false
		}
		oldest := l.waiting[0]
		l.forget(oldest)
		_ = oldest.Conn.Close() // the server's read of it fails, and it lets go of it
	}
	l.open++
	l.waiting = append(l.waiting, c)
	return true
}

// forget gives up a connection's place. The caller holds the lock.
func (l *connections) forget(c *connection) {
	if c.closed {
		return
	}
	c.closed = true
	l.open--
	l.unwait(c)
}

// unwait takes a connection from those that wait. The caller holds the lock.
func (l *connections) unwait(c *connection) {
	if i := slices.Index(l.waiting, c); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}

// handler answers requests, and meanwhile has their connections keep their places.
func (l *connections) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := connectionOf(r.Context())
		l.mu.Lock()
		l.unwait(c)
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if !c.closed {
				l.waiting = append(l.waiting, c)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Close implements net.Conn and frees the place.
func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.forget(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// SetWriteDeadline implements net.Conn. The server calls it once for each request.
func (c *connection) SetWriteDeadline(t time.Time) error {
	c.until = t
	return c.Conn.SetWriteDeadline(t)
}

// Write implements net.Conn. It gives up on who takes nothing in for a while.
func (c *connection) Write(p []byte) (int, error) {
	deadline := time.Now().Add(c.of.stall)
	if !c.until.IsZero() && c.until.Before(deadline) {
		deadline = c.until
	}
	if err := c.Conn.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// connectionKey is what a request's connection has in the request's context.
type connectionKey struct{}

// withConnection is the http.Server's ConnContext.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// connectionOf returns the connection that a request came by.
func connectionOf(ctx context.Context) *connection {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		panic("a request came by a connection that connections did not accept")
	}
	return c
}
