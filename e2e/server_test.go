//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"
)

// startServer starts a program of a test's own on a free port, waits until it is ready
// and returns its address. It ends with the test.
func startServer(t *testing.T, name, ready string, args func(address string) []string) string {
	t.Helper()
	for range 10 {
		address := freeAddress(t)
		err := tryServer(t, name, args(address), "http://"+address+ready)
		switch {
		case err == nil:
			return address
		case !errors.Is(err, errEnded):
			t.Fatal(err)
		}
		t.Log(err) // somebody took the port in between
	}
	t.Fatalf("%s does not start", name)
	return ""
}

// freeAddress returns an address of a port below those that the kernel gives to outgoing
// connections, where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(17000)))
		if err != nil {
			continue
		}
		defer l.Close()
		return l.Addr().String()
	}
	t.Fatal("no free port")
	return ""
}

// errEnded says that a server ended before it was ready.
var errEnded = errors.New("ended by itself")

// tryServer starts a program and waits until the URL answers and the program, not
// another one at its port, is alive.
func tryServer(t *testing.T, name string, args []string, url string) error {
	t.Helper()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.WaitDelay = 10 * time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		cancel()
		return fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the context ends it, or it ends itself
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() && log.Len() > 0 {
			t.Logf("%s:\n%s", name, log.String())
		}
	})
	var answer error
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		answer = get(ctx, url)
		// One that cannot have its port ends at once.
		select {
		case <-ended:
			return fmt.Errorf("%s %w:\n%s", name, errEnded, log.String())
		case <-time.After(200 * time.Millisecond):
		}
		if answer == nil {
			return nil
		}
	}
	return fmt.Errorf("%s is not ready: %w", name, answer)
}

// get asks for a URL, which has to answer 200.
func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
