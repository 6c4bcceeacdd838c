//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestServe lets the daemon come to a slot of its schedule, which is a minute at the
// finest, and stops it.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, nil)
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, s.config, strings.Replace(string(config), "    task: regression\n", "    task: regression\n    schedule: '* * * * *'\n", 1))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.Binary, nil, "serve", "-c", s.config, "--listen", "127.0.0.1:0")
	var log lockedBuffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { t.Logf("serve:\n%s", log.String()) })

	address := ""
	eventually(t, 30*time.Second, func(context.Context) error {
		m := regexp.MustCompile(`msg=serving address=(\S+)`).FindStringSubmatch(log.String())
		if m == nil {
			return fmt.Errorf("no address yet: %s", log.String())
		}
		address = m[1]
		return nil
	})
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		if code, body := fetch(t, "http://"+address+path); code != http.StatusOK {
			t.Errorf("%s: status %d: %s", path, code, body)
		}
	}
	want := []string{
		fmt.Sprintf(`hindcast_serve_passes_total{model=%q,result="done"}`, s.Model),
		fmt.Sprintf(`hindcast_last_run_success{model=%q} 1`, s.Model),
		fmt.Sprintf(`hindcast_rule_breached{model=%q,rule="rmse"} 1`, s.Model),
	}
	eventually(t, 2*time.Minute, func(context.Context) error {
		_, body := fetch(t, "http://"+address+"/metrics")
		for _, w := range want {
			if !strings.Contains(body, w) {
				return fmt.Errorf("/metrics has no %s:\n%s", w, body)
			}
		}
		return nil
	})
	run := s.oneRun(t)
	s.sample(t, fmt.Sprintf(`hindcast_last_run_success{model=%q} == 1`, s.Model)) // pushed as well
	if n := s.told(run.ID); n != 1 {
		t.Errorf("the run is told %d times: %+v", n, s.slack.Messages())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopped: %v", err)
		}
	case <-time.After(40 * time.Second):
		t.Error("serve goes on after SIGTERM")
	}
}

func fetch(t *testing.T, url string) (code int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// lockedBuffer is a buffer that is read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
