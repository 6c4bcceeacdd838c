package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hindcast/hindcast/objstore"
)

// TestShare counts the connections that stores of one bucket make to a server.
func TestShare(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("list-type") != "" {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = w.Write([]byte(`<ListBucketResult></ListBucketResult>`))
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	url := "s3://bucket/logs?anonymous=true&endpoint=" + server.URL
	look := func(url string) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s, err := objstore.Open(ctx, url, "")
		if err != nil {
			return err
		}
		return errors.Join(s.Check(ctx), s.Close())
	}
	looks := func(urls ...string) int {
		t.Helper()
		before := connections.Load()
		for _, u := range urls {
			if err := look(u); err != nil {
				t.Fatal(err)
			}
		}
		return int(connections.Load() - before)
	}
	if n := looks(url, url, url); n != 3 {
		t.Errorf("three stores that share nothing made %d connections", n)
	}
	log := slog.New(slog.DiscardHandler)
	done, second := objstore.Share(log), objstore.Share(log)
	if n := looks(url, url, url); n != 1 {
		t.Errorf("three stores that share made %d connections", n)
	}
	if n := looks(url + "&use_path_style=true"); n != 1 {
		t.Errorf("a store with other parameters made %d connections of its own", n)
	}
	if err := errors.Join(done(), done()); err != nil {
		t.Fatal(err)
	}
	if n := looks(url); n != 0 {
		t.Errorf("the client is gone before the last is done: %d connections", n)
	}
	if err := second(); err != nil {
		t.Fatal(err)
	}
	if n := looks(url); n != 1 {
		t.Errorf("after the last is done a store made %d connections", n)
	}
}

// What the client of S3 remarks on goes to the log, not past it to standard error.
func TestRemarksOfTheClientAreLogged(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{"rubbish"}
		_, _ = w.Write([]byte("data"))
	}))
	t.Cleanup(server.Close)
	var log bytes.Buffer
	done := objstore.Share(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() {
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	s := open(t, "s3://bucket?anonymous=true&endpoint="+server.URL, "")
	if _, err := s.Read(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, `"level":"WARN"`) || !strings.Contains(text, "Date header") {
		t.Errorf("the log has no warning of the Date header: %q", text)
	}
}
