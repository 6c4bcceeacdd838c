//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
)

// TestAuth starts runs in a KFP for many users, which asks Kubernetes who the token is
// and what it may do.
func TestAuth(t *testing.T) {
	t.Parallel()
	e := setup(t)
	granted := e.kfpUser(t, true)
	refused := e.kfpUser(t, false)
	for name, tt := range map[string]struct {
		token string // empty: the file is missing
		want  string // part of the message; empty when a run is started
	}{
		"no token":        {"", "401"},
		"bad token":       {"not-a-token", "401"},
		"not allowed":     {refused, "403"},
		"allowed":         {granted, ""},
		"allowed, spaced": {granted + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, worseNoise, func(c *settings) {
				c.KFP, c.Namespace, c.TokenFile = e.Stack.KFPMulti, "team-a", filepath.Join(t.TempDir(), "token")
			})
			admin := kfp.New(e.KFPMulti, granted)
			if _, err := admin.Upload(t.Context(), s.Pipeline, "team-a", retrainSpec); err != nil {
				t.Fatal(err)
			}
			experiment, err := admin.CreateExperiment(t.Context(), s.Experiment, "team-a")
			if err != nil {
				t.Fatal(err)
			}
			if tt.token != "" {
				writeFile(t, s.TokenFile, tt.token)
			}
			var r result
			if tt.want == "" {
				if r = s.pass(t); r.code != 0 {
					t.Errorf("status %d", r.code)
				}
			} else {
				r = s.notStarted(t, tt.want)
			}
			runs, err := admin.Runs(t.Context(), experiment)
			if err != nil {
				t.Fatal(err)
			}
			if token := strings.TrimSpace(tt.token); token != "" && strings.Contains(r.stdout+r.stderr, token) {
				t.Error("the token is shown")
			}
			if tt.want == "" {
				if o := one(t, r); len(runs) != 1 || o.Decision.RunID != runs[0].ID {
					t.Fatalf("decision %+v, runs %+v", o.Decision, runs)
				}
				wfs, err := s.kube.Workflows(t.Context(), "team-a", runs[0].ID)
				if err != nil || len(wfs) != 1 {
					t.Errorf("%d workflows, %v", len(wfs), err)
				}
				return
			}
			if len(runs) != 0 {
				t.Errorf("runs %+v", runs)
			}
			// Granted later, the same cause is made up for.
			writeFile(t, s.TokenFile, granted)
			o := s.judged(t)
			if runs, err := admin.Runs(t.Context(), experiment); err != nil || len(runs) != 1 || o.Decision.RunID != runs[0].ID {
				t.Errorf("after the grant: decision %+v, runs %+v, %v", o.Decision, runs, err)
			}
		})
	}
}
