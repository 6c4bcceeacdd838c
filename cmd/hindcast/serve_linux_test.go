package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A serve that may have few files open keeps most of them for its passes, however many
// connect to it.
func TestConnectionsLeaveFilesForPasses(t *testing.T) {
	const most, idle = 96, 120
	dir := t.TempDir()
	text := strings.Replace(baseConfig, "    task: regression", "    task: regression\n    schedule: \"0 3 * * *\"", 1)
	log := filepath.Join(dir, "log")
	if err := os.WriteFile(filepath.Join(dir, "hindcast.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", fmt.Sprintf("ulimit -n %d; exec hindcast serve --listen 127.0.0.1:0 2>log", most))
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	var address string
	for deadline := time.Now().Add(20 * time.Second); address == ""; time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(log)
		if m := regexp.MustCompile(`msg=serving address=(\S+)`).FindSubmatch(data); err == nil && m != nil {
			address = string(m[1])
		} else if time.Now().After(deadline) {
			t.Fatalf("it does not serve: %s", data)
		}
	}
	for range idle {
		connect(t, address, "")
	}
	for _, path := range []string{"/metrics", "/-/healthy"} {
		if code := status(t, address, path); code != http.StatusOK {
			t.Errorf("%s answers %d", path, code)
		}
	}
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > most/2 {
		t.Errorf("%d of %d files are open, and passes have the rest", len(files), most)
	}
}
