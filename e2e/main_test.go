//go:build e2e

// Package e2e tests the hindcast binary and image against real servers; e2e/run
// starts them and runs the tests.
package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
	"github.com/hindcast/hindcast/e2e/internal/kube"
	"github.com/hindcast/hindcast/e2e/internal/promquery"
	"github.com/hindcast/hindcast/e2e/internal/stack"
)

// retrainSpec is the pipeline that retrainings run.
//
//go:embed testdata/retrain.yaml
var retrainSpec []byte

// env is the stack and clients of its servers.
type env struct {
	*stack.Stack
	kube       *kube.Client
	kfp        *kfp.Client
	prometheus *promquery.Client
}

// setup finds the stack.
func setup(t *testing.T) env {
	t.Helper()
	s, err := stack.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	k, err := kube.New(s.Kubernetes, s.KubernetesCA, s.KubernetesToken)
	if err != nil {
		t.Fatal(err)
	}
	return env{Stack: s, kube: k, kfp: kfp.New(s.KFP, ""), prometheus: promquery.New(s.Prometheus)}
}

// unique returns a name that no other test and no other run against the stack has.
func unique(t *testing.T, prefix string) string {
	t.Helper()
	return fmt.Sprintf("%s-%d", prefix, time.Now().UnixNano())
}

// put writes objects to the bucket by a client other than hindcast's objstore.
func (e env) put(t *testing.T, objects map[string][]byte) {
	t.Helper()
	b, err := blob.OpenBucket(t.Context(), e.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for key, data := range objects {
		if err := b.WriteAll(t.Context(), key, data, nil); err != nil {
			t.Fatalf("put %s: %v", key, err)
		}
	}
}

// get reads an object of the bucket.
func (e env) get(t *testing.T, key string) []byte {
	t.Helper()
	b, err := blob.OpenBucket(t.Context(), e.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	data, err := b.ReadAll(t.Context(), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return data
}

// eventually tries f until it gives no error, for at most d.
func eventually(t *testing.T, d time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %v", d, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// sample waits until the expression gives exactly one series and returns it.
func (e env) sample(t *testing.T, expr string) promquery.Sample {
	t.Helper()
	var got promquery.Sample
	eventually(t, 10*time.Second, func(ctx context.Context) error {
		samples, err := e.prometheus.Query(ctx, expr)
		if err != nil {
			return err
		}
		if len(samples) != 1 {
			return fmt.Errorf("%s: %d series, want one: %v", expr, len(samples), samples)
		}
		got = samples[0]
		return nil
	})
	return got
}

// move sets the phase of the run's one workflow and waits until KFP says the state.
func (e env) move(t *testing.T, runID, phase, state string) {
	t.Helper()
	wfs, err := e.kube.Workflows(t.Context(), "kubeflow", runID)
	if err != nil {
		t.Fatal(err)
	}
	if len(wfs) != 1 {
		t.Fatalf("run %s has %d workflows, want one", runID, len(wfs))
	}
	if err := e.kube.SetPhase(t.Context(), wfs[0], phase, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, func(ctx context.Context) error {
		r, err := e.kfp.Get(ctx, runID)
		if err != nil {
			return err
		}
		if r.State != state {
			return fmt.Errorf("run %s is %s, want %s", runID, r.State, state)
		}
		return nil
	})
}

// status returns the status of a StatusError of KFP, 200 for none.
func status(err error) int {
	var se *kfp.StatusError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &se):
		return se.Code
	}
	return 0
}

// decode reads JSON strictly enough to fail on anything that is none.
func decode(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("decode %.300s: %v", data, err)
	}
}

// writeFile writes a file that only its owner reads and returns its path.
func writeFile(t *testing.T, path string, data string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
