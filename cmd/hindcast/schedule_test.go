package main

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/config"
)

// A file that gets a second model keeps its recurring run.
func TestScheduleName(t *testing.T) {
	cfg := &config.Config{State: config.State{URL: "s3://state/a"}}
	a, b := &config.Model{Name: "a"}, &config.Model{Name: "b"}
	one, both := scheduleName(cfg, []*config.Model{a}, false), scheduleName(cfg, []*config.Model{a, b}, false)
	if one != both || !strings.HasPrefix(one, "hindcast-all-") {
		t.Errorf("%s with one model, %s with two", one, both)
	}
	hash := strings.TrimPrefix(one, "hindcast-all-")
	if got := scheduleName(cfg, []*config.Model{a}, true); got != "hindcast-a-"+hash {
		t.Errorf("a chosen model's is %s", got)
	}
	if got := scheduleName(cfg, []*config.Model{a, b}, true); got != "hindcast-a-b-"+hash {
		t.Errorf("chosen models' is %s", got)
	}
}
