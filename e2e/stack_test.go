//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
	"github.com/hindcast/hindcast/e2e/internal/kube"
)

// These tests show that the stack is what the others take it for; they don't use hindcast.

func TestStackS3(t *testing.T) {
	e := setup(t)
	key := unique(t, "stack/object")
	e.put(t, map[string][]byte{key: []byte("hello")})
	if got := e.get(t, key); string(got) != "hello" {
		t.Errorf("got %q", got)
	}
}

func TestStackPrometheus(t *testing.T) {
	e := setup(t)
	job := unique(t, "stack")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, e.Pushgateway+"/metrics/job/"+job, strings.NewReader("stack_probe 42\n"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		t.Fatal(res.Status)
	}
	if s := e.sample(t, fmt.Sprintf("stack_probe{job=%q}", job)); s.Value != 42 {
		t.Errorf("got %v", s)
	}
}

func TestStackKubeflow(t *testing.T) {
	e := setup(t)
	name := unique(t, "stack")
	p, err := e.kfp.Upload(t.Context(), name, "", retrainSpec)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.kfp.CreateExperiment(t.Context(), name, "")
	if err != nil {
		t.Fatal(err)
	}
	for phase, state := range map[string]string{"Succeeded": "SUCCEEDED", "Failed": "FAILED"} {
		r, err := e.kfp.Create(t.Context(), name, x, p.ID, map[string]any{"model_name": "m", "data_until": "2026-01-02T00:00:00Z"})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 10*time.Second, func(ctx context.Context) error {
			wfs, err := e.kube.Workflows(ctx, "kubeflow", r.ID)
			if err == nil && len(wfs) != 1 {
				err = fmt.Errorf("%d workflows of run %s", len(wfs), r.ID)
			}
			return err
		})
		e.move(t, r.ID, "Running", "RUNNING")
		e.move(t, r.ID, phase, state)
	}
	if runs, err := e.kfp.Runs(t.Context(), x); err != nil || len(runs) != 2 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}

// kfpUser makes a service account that may or may not use KFP in the namespace
// team-a, and returns its token.
func (e env) kfpUser(t *testing.T, allowed bool) string {
	t.Helper()
	return e.kfpUserOf(t, "team-a", allowed)
}

// kfpUserOf does what kfpUser does, for any namespace.
func (e env) kfpUserOf(t *testing.T, namespace string, allowed bool) string {
	t.Helper()
	name := unique(t, "user")
	if err := e.kube.ServiceAccount(t.Context(), namespace, name); err != nil {
		t.Fatal(err)
	}
	if allowed {
		err := e.kube.Grant(t.Context(), namespace, name, []kube.Rule{
			{APIGroups: []string{"pipelines.kubeflow.org"}, Resources: []string{"runs", "experiments"}, Verbs: []string{"create", "get", "list", "terminate"}},
			{APIGroups: []string{"pipelines.kubeflow.org"}, Resources: []string{"pipelines", "pipelines/versions", "pipelineversions"}, Verbs: []string{"create", "get", "list"}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	token, err := e.kube.Token(t.Context(), namespace, name, "pipelines.kubeflow.org")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestStackKubeflowAuth(t *testing.T) {
	e := setup(t)
	for name, tt := range map[string]struct {
		token string
		want  int
	}{
		"none":        {"", http.StatusUnauthorized},
		"bad":         {"not-a-token", http.StatusUnauthorized},
		"not allowed": {e.kfpUser(t, false), http.StatusForbidden},
		"allowed":     {e.kfpUser(t, true), http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kfp.New(e.KFPMulti, tt.token).Experiment(t.Context(), "none", "team-a")
			if got := status(err); got != tt.want {
				t.Errorf("status %d, want %d: %v", got, tt.want, err)
			}
		})
	}
}
