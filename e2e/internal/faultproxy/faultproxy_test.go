package faultproxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault     Fault
		status    int // 0: the client gets an error
		forwarded int64
	}{
		"none":          {None, http.StatusCreated, 1},
		"refuse":        {Refuse, http.StatusServiceUnavailable, 0},
		"hang":          {Hang, 0, 0},
		"hang after":    {HangAfter, 0, 1},
		"error after":   {ErrorAfter, http.StatusInternalServerError, 1},
		"drop after":    {DropAfter, 0, 1},
		"drop before":   {DropBefore, 0, 0},
		"delay forward": {DelayForward, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var hits atomic.Int64
			up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if string(b) != "body" || r.URL.RawQuery != "a=%20b" || r.Header.Get("X-A") != "1" {
					t.Errorf("forwarded %q %q %v", b, r.URL.RawQuery, r.Header)
				}
				hits.Add(1)
				w.WriteHeader(http.StatusCreated)
			}))
			defer up.Close()
			p := New(up.URL, func(method, path string, n int) Fault {
				if method != http.MethodPost || path != "/x" || n != 1 {
					t.Errorf("asked about %s %s %d", method, path, n)
				}
				return tt.fault
			})
			p.Delay = 200 * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/x?a=%20b", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-A", "1")
			status := 0
			if res, err := http.DefaultClient.Do(req); err == nil {
				status = res.StatusCode
				_ = res.Body.Close()
			}
			p.Close()
			if status != tt.status || hits.Load() != tt.forwarded {
				t.Errorf("status %d, forwarded %d; want %d, %d", status, hits.Load(), tt.status, tt.forwarded)
			}
			if came, forwarded := p.Count(http.MethodPost, "/x"); came != 1 || int64(forwarded) != tt.forwarded {
				t.Errorf("counted %d, %d", came, forwarded)
			}
		})
	}
}
