//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
)

// recurring is an object of `schedule show -o json`.
type recurring struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Cron    string `json:"cron"`
	Every   int64  `json:"interval_seconds"`
	Enabled bool   `json:"enabled"`
	CatchUp bool   `json:"catch_up"`
	Most    int64  `json:"max_concurrency"`
	Current bool   `json:"current"`
	XID     string `json:"experiment_id"`
}

// portable makes the scenario's configuration one that may be sent to a cluster.
func portable(s *settings) { s.Slack, s.Experiment = nil, s.Model }

// schedule runs a command of hindcast schedule that has to end with status 0.
func (s *scenario) schedule(t *testing.T, args ...string) string {
	t.Helper()
	r := s.hindcast(t, append([]string{"schedule"}, args...)...)
	if r.code != 0 {
		t.Fatalf("status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

func (s *scenario) applyArgs(more ...string) []string {
	return append([]string{"apply", "-c", s.config, "--image", "localhost/hindcast-task:1", "--pipeline", s.Model, "--experiment", s.Model}, more...)
}

func (s *scenario) scheduled(t *testing.T) []recurring {
	t.Helper()
	var out []recurring
	decode(t, []byte(s.schedule(t, "show", "-c", s.config, "-o", "json")), &out)
	return out
}

// unschedule sees to it that nothing goes on starting workflows, whatever fails.
func (s *scenario) unschedule(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		_ = s.command(ctx, s.Binary, nil, "schedule", "delete", "-c", s.config).Run()
	})
}

// TestSchedule makes, replaces, shows and deletes a recurring run, from which KFP's own
// controller starts a workflow.
func TestSchedule(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, portable)
	s.unschedule(t)

	if out := s.schedule(t, s.applyArgs("--cron", "0 3 * * 1-5", "--dry-run")...); !strings.Contains(out, "would be made") {
		t.Errorf("dry run says %q", out)
	}
	if got := s.scheduled(t); len(got) != 0 {
		t.Fatalf("a dry run made %+v", got)
	}

	s.schedule(t, s.applyArgs("--cron", "0 3 * * 1-5", "--secret", "hindcast:SLACK_TOKEN")...)
	first := s.scheduled(t)
	if len(first) != 1 || first[0].Cron != "0 0 3 * * 1-5" || !first[0].Enabled || first[0].CatchUp || first[0].Most != 1 || !first[0].Current {
		t.Fatalf("made %+v", first)
	}
	if out := s.schedule(t, s.applyArgs("--cron", "0 3 * * 1-5", "--secret", "hindcast:SLACK_TOKEN")...); !strings.Contains(out, "is there as wanted") {
		t.Errorf("a second time it says %q", out)
	}
	if again := s.scheduled(t); len(again) != 1 || again[0].ID != first[0].ID {
		t.Errorf("a second time there are %+v", again)
	}

	s.schedule(t, s.applyArgs("--cron", "* * * * *", "--secret", "hindcast:SLACK_TOKEN")...)
	second := s.scheduled(t)
	if len(second) != 1 || second[0].Cron != "0 * * * * *" || second[0].ID == first[0].ID {
		t.Fatalf("replaced by %+v", second)
	}

	var workflow struct {
		Items []json.RawMessage `json:"items"`
	}
	var started []kfp.Run
	eventually(t, 100*time.Second, func(ctx context.Context) error {
		var err error
		if started, err = s.kfp.Runs(ctx, second[0].XID); err != nil {
			return err
		}
		if len(started) == 0 {
			return fmt.Errorf("the controller has started nothing")
		}
		return nil
	})
	wfs, err := s.kube.Workflows(t.Context(), "kubeflow", started[0].ID)
	if err != nil || len(wfs) != 1 {
		t.Fatalf("%d workflows of run %s, %v", len(wfs), started[0].ID, err)
	}
	if err := s.kube.Do(t.Context(), "GET", "/apis/argoproj.io/v1alpha1/namespaces/kubeflow/workflows?labelSelector=pipeline%2Frunid%3D"+started[0].ID, "", nil, &workflow); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"localhost/hindcast-task:1", "--executor-input", "secretAsEnv", "SLACK_TOKEN"} {
		if len(workflow.Items) != 1 || !strings.Contains(string(workflow.Items[0]), want) {
			t.Errorf("the workflow does not hold %q", want)
		}
	}
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.runAsTask(t, started[0], config)

	writeFile(t, s.config, string(config)+"# changed\n")
	if got := s.scheduled(t); len(got) != 1 || got[0].Current {
		t.Errorf("with another configuration it shows %+v", got)
	}

	s.schedule(t, "delete", "-c", s.config)
	if got := s.scheduled(t); len(got) != 0 {
		t.Errorf("after delete there are %+v", got)
	}
	if out := s.schedule(t, "delete", "-c", s.config); !strings.Contains(out, "no such recurring run") {
		t.Errorf("a second delete says %q", out)
	}
}

// runAsTask does what the launcher does in the task's container: it runs the component's
// command with the run's own parameters, and takes up the outputs.
func (s *scenario) runAsTask(t *testing.T, run kfp.Run, config []byte) {
	t.Helper()
	folder := t.TempDir()
	input, err := json.Marshal(map[string]any{
		"inputs": map[string]any{"parameterValues": run.Config.Parameters},
		"outputs": map[string]any{
			"outputFile": filepath.Join(folder, "kfp_outputs/output_metadata.json"),
			"artifacts": map[string]any{
				"metrics": map[string]any{"artifacts": []any{map[string]any{"name": "metrics", "uri": filepath.Join(folder, "metrics")}}},
				"report":  map[string]any{"artifacts": []any{map[string]any{"name": "report", "uri": filepath.Join(folder, "report")}}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Beside no hindcast.yaml: the configuration comes with the parameters alone.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, s.Binary, nil, "run", "--executor-input", string(input))
	cmd.Dir = folder
	if r := finish(t, cmd, cmd.Run); r.code != 0 {
		t.Fatalf("status %d\n%s", r.code, r.stderr)
	}
	var out struct {
		Artifacts map[string]struct {
			Artifacts []struct {
				Metadata map[string]float64 `json:"metadata"`
			} `json:"artifacts"`
		} `json:"artifacts"`
	}
	data, err := os.ReadFile(filepath.Join(folder, "kfp_outputs/output_metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	decode(t, data, &out)
	if list := out.Artifacts["metrics"].Artifacts; len(list) != 1 || list[0].Metadata[s.Model+".healthy"] != 1 || list[0].Metadata[s.Model+".rmse"] == 0 || list[0].Metadata[s.Model+".coverage"] == 0 {
		t.Errorf("metrics %s", data)
	}
	page, err := os.ReadFile(filepath.Join(folder, "report"))
	if err != nil || !strings.Contains(string(page), s.Model) || !strings.Contains(string(page), "healthy") {
		t.Errorf("the page: %v\n%s", err, page)
	}
}

// TestScheduleCrash kills the process after the old recurring run is deleted and before
// the new one is made: the next call makes it.
func TestScheduleCrash(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, portable)
	s.unschedule(t)
	s.schedule(t, s.applyArgs("--cron", "0 3 * * *")...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	replace := append([]string{"schedule"}, s.applyArgs("--cron", "0 4 * * *")...)
	cmd := s.command(ctx, s.CrashBinary, []string{"HINDCAST_TEST_CRASH_AT=deleted"}, replace...)
	finish(t, cmd, cmd.Run)
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ctx.Err() != nil || !status.Signaled() {
		t.Fatalf("the process wasn't killed: %v", cmd.ProcessState)
	}
	if got := s.scheduled(t); len(got) != 0 {
		t.Fatalf("after the crash there are %+v", got)
	}
	s.schedule(t, s.applyArgs("--cron", "0 4 * * *")...)
	got := s.scheduled(t)
	if len(got) != 1 || got[0].Cron != "0 0 4 * * *" {
		t.Fatalf("afterwards there are %+v", got)
	}
	// Somebody makes another of the same name: apply leaves the one that it made.
	if err := s.kfp.CopyRecurringRun(t.Context(), got[0].ID); err != nil {
		t.Fatal(err)
	}
	if two := s.scheduled(t); len(two) != 2 {
		t.Fatalf("with a copy there are %+v", two)
	}
	if out := s.schedule(t, s.applyArgs("--cron", "0 4 * * *")...); !strings.Contains(out, "deleted") || !strings.Contains(out, "as wanted") {
		t.Errorf("with a copy there, apply says %q", out)
	}
	if one := s.scheduled(t); len(one) != 1 || one[0].Cron != "0 0 4 * * *" {
		t.Errorf("of two apply leaves %+v", one)
	}
}

// TestScheduleRefused shows errors of servers that do not make a recurring run.
func TestScheduleRefused(t *testing.T) {
	t.Parallel()
	e := setup(t)
	granted, refused := e.kfpUser(t, true), e.kfpUser(t, false)
	s := newScenario(t, healthyNoise, portable)
	token := func(text string) string { return writeFile(t, filepath.Join(t.TempDir(), "token"), text) }
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"unreachable":       {[]string{"--endpoint", "http://127.0.0.1:1"}, "connection refused"},
		"no token":          {[]string{"--endpoint", e.Stack.KFPMulti, "--namespace", "team-a", "--token-file", filepath.Join(t.TempDir(), "missing")}, "401"},
		"not allowed":       {[]string{"--endpoint", e.Stack.KFPMulti, "--namespace", "team-a", "--token-file", token(refused)}, "403"},
		"unknown namespace": {[]string{"--endpoint", e.Stack.KFPMulti, "--namespace", "no-such-team", "--token-file", token(granted)}, "403"},
		"no namespace":      {[]string{"--endpoint", e.Stack.KFPMulti, "--token-file", token(granted)}, "namespace"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.hindcast(t, append([]string{"schedule"}, s.applyArgs(append(tt.args, "--cron", "0 3 * * *")...)...)...)
			if r.code != 1 || !strings.Contains(r.stderr, tt.want) {
				t.Errorf("status %d, want 1 and %q\n%s", r.code, tt.want, r.stderr)
			}
			if strings.Contains(r.stdout+r.stderr, granted) || strings.Contains(r.stdout+r.stderr, refused) {
				t.Error("the token is shown")
			}
		})
	}
}

// TestComponentAndExample has the kfp SDK load the component, compile the example and run
// its steps for real; the server takes the result, and a breach starts a run of it.
func TestComponentAndExample(t *testing.T) {
	t.Parallel()
	python := os.Getenv("HINDCAST_E2E_PYTHON")
	if python == "" {
		t.Fatal("HINDCAST_E2E_PYTHON is not set: e2e/run makes a Python with the example's requirements")
	}
	const folder = "../deploy/kubeflow"
	run := func(dir string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, python, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run(folder, "-c", `
from kfp import components
c = components.load_component_from_file("component.yaml")
assert c.name == "hindcast", c.name
assert sorted(c.component_spec.inputs) == ["config", "dry_run", "models"], c.component_spec.inputs
assert {k: v.type.split("@")[0] for k, v in c.component_spec.outputs.items()} == {"classification": "system.ClassificationMetrics", "metrics": "system.Metrics", "report": "system.HTML"}, c.component_spec.outputs
`)
	examples := filepath.Join(folder, "examples/retrain")
	for _, script := range []string{"retrain.py", "classifier.py"} {
		run(examples, script, "--check")
	}
	run(examples, "-m", "unittest", "test_retrain", "test_classifier")

	s := newScenario(t, worseNoise, func(c *settings) {
		c.Parameters = `{model_name: "{{ .Model }}", data_until: "{{ .Window.End }}", reason: "{{ .Reason }}", data_url: "s3://warehouse/houses.csv", registry_url: "s3://models"}`
	})
	component, err := os.ReadFile(filepath.Join(folder, "component.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.kfp.Upload(t.Context(), s.Model+"-component", "", component); err != nil {
		t.Errorf("the server refuses component.yaml: %v", err)
	}
	classifier, err := os.ReadFile(filepath.Join(examples, "classifier.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.kfp.Upload(t.Context(), s.Model+"-classifier", "", classifier); err != nil {
		t.Errorf("the server refuses the example of a classifier: %v", err)
	}
	example, err := os.ReadFile(filepath.Join(examples, "retrain.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// A pipeline of its own: latest is by the second, in which the scenario's own was made.
	s.Pipeline += "-example"
	if _, err := s.kfp.Upload(t.Context(), s.Pipeline, "", example); err != nil {
		t.Fatalf("the server refuses the example: %v", err)
	}
	s.write(t)
	o := s.judged(t)
	made := s.oneRun(t)
	if o.Decision.RunID != made.ID || made.Config.Parameters["data_url"] != "s3://warehouse/houses.csv" || made.Config.Parameters["model_name"] != s.Model {
		t.Errorf("decision %+v, run %+v", o.Decision, made)
	}
}
