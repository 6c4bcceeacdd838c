package publish_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/publish"
)

// A publisher is made once, and shows each pass of each model.
func ExampleTextfile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "hindcast.prom")
	file := publish.NewTextfile(path, publish.Aliases{"model_pass_ok": "last_run_success"})
	pass := job.RunStatus{Model: "house-price", Start: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), Duration: 2 * time.Second}
	if err := file.Publish(context.Background(), job.Snapshot{Status: pass}); err != nil {
		fmt.Println(err)
		return
	}
	shown, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(string(shown)) {
		if !strings.HasPrefix(line, "#") {
			fmt.Print(line)
		}
	}
	// Output:
	// hindcast_last_run_success{model="house-price"} 1
	// hindcast_last_run_timestamp_seconds{model="house-price"} 1.767322802e+09
	// hindcast_last_success_timestamp_seconds{model="house-price"} 1.767322802e+09
	// hindcast_run_duration_seconds{model="house-price"} 2
	// model_pass_ok{model="house-price"} 1
}
