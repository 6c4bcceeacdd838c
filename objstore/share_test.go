package objstore_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
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
	done, second := objstore.Share(), objstore.Share()
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
