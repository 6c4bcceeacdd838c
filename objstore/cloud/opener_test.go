package cloud_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/cloud"
)

// TestStoresShareAClient counts the connections that stores of one bucket make to a server.
func TestStoresShareAClient(t *testing.T) {
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
	looks := func(stores *objstore.Opener, urls ...string) int {
		t.Helper()
		before := connections.Load()
		for _, u := range urls {
			ctx, cancel := context.WithCancel(t.Context())
			s, err := stores.Open(ctx, u)
			if err == nil {
				err = s.Check(ctx)
			}
			cancel() // The client outlives it.
			if err != nil {
				t.Fatal(err)
			}
		}
		return int(connections.Load() - before)
	}
	stores, others := opener(t), opener(t)
	if n := looks(stores, url, url, url); n != 1 {
		t.Errorf("three stores of one opener made %d connections", n)
	}
	if n := looks(stores, url+"&use_path_style=true"); n != 1 {
		t.Errorf("a store with other parameters made %d connections of its own", n)
	}
	if n := looks(others, url); n != 1 {
		t.Errorf("a store of another opener made %d connections of its own", n)
	}
	if err := others.Close(); err != nil {
		t.Fatal(err)
	}
	if n := looks(stores, url); n != 0 {
		t.Errorf("the client is gone with another opener: %d connections", n)
	}
	if err := stores.Close(); err != nil {
		t.Fatal(err)
	}
	if n := looks(stores, url); n != 1 {
		t.Errorf("after closing a store made %d connections", n)
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
	stores := objstore.NewOpener("", cloud.Schemes(slog.New(slog.NewJSONHandler(&log, nil)))...)
	s, err := stores.Open(t.Context(), "s3://bucket?anonymous=true&endpoint="+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, `"level":"WARN"`) || !strings.Contains(text, "Date header") {
		t.Errorf("the log has no warning of the Date header: %q", text)
	}
	if err := stores.Close(); err != nil {
		t.Error(err)
	}
}
