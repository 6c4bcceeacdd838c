//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	alerting "github.com/hindcast/hindcast/deploy/prometheus"
)

// definitions are the resource definitions of the Prometheus operator in the cluster of
// the tests, from the operator's own release. They are made once and stay.
var definitions = struct {
	sync.Once

	err error
}{}

const definitionsOf = "github.com/prometheus-operator/prometheus-operator@v0.94.0"

func (e env) operatorDefinitions(t *testing.T) {
	t.Helper()
	definitions.Do(func() {
		var module struct {
			Dir string `json:"Dir"`
		}
		decode(t, []byte(must(t, "go", "mod", "download", "-json", definitionsOf)), &module)
		for _, kind := range []string{"alertmanagerconfigs", "prometheusrules", "servicemonitors"} {
			file := filepath.Join(module.Dir, "example", "prometheus-operator-crd", "monitoring.coreos.com_"+kind+".yaml")
			// By the server: an annotation, as the client's apply makes, would be too long.
			args := []string{"apply", "--server-side", "--force-conflicts", "-f", file}
			if out, err := e.tryKubectl(t.Context(), args...); err != nil {
				definitions.err = fmt.Errorf("define %s: %w\n%s", kind, err, out)
				return
			}
		}
	})
	if definitions.err != nil {
		t.Fatal(definitions.err)
	}
	for _, kind := range []string{"alertmanagerconfigs", "prometheusrules", "servicemonitors"} {
		eventually(t, 30*time.Second, func(ctx context.Context) error {
			out, err := e.tryKubectl(ctx, "get", kind+".monitoring.coreos.com")
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", kind, err, out)
			}
			return nil
		})
	}
}

// tryKubectl runs kubectl and returns all that it says.
func (e env) tryKubectl(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, e.Kubectl, append([]string{"--kubeconfig", e.Kubeconfig}, args...)...).CombinedOutput()
	return string(out), err
}

// TestOperatorObjects has the real Kubernetes take the objects for the Prometheus
// operator as its definitions have them, with no key that they don't know.
func TestOperatorObjects(t *testing.T) {
	t.Parallel()
	e := setup(t)
	e.operatorDefinitions(t)
	namespace := unique(t, "monitoring")
	kubectl := func(args ...string) string {
		t.Helper()
		out, err := e.tryKubectl(t.Context(), args...)
		if err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, out)
		}
		return out
	}
	kubectl("create", "namespace", namespace)
	t.Cleanup(func() { // the test's own context has ended
		_, _ = e.tryKubectl(context.Background(), "delete", "namespace", namespace, "--wait=false")
	})
	folder := filepath.Join("..", "deploy", "monitoring")
	for range 2 { // the second time changes what the first one made
		kubectl("apply", "--validate=strict", "-n", namespace, "-k", folder)
	}
	names := strings.Fields(kubectl("get", "-n", namespace, "alertmanagerconfigs,prometheusrules,servicemonitors",
		"-l", "release=kube-prometheus-stack", "-o", "name"))
	slices.Sort(names)
	if want := []string{
		"alertmanagerconfig.monitoring.coreos.com/hindcast",
		"prometheusrule.monitoring.coreos.com/hindcast",
		"servicemonitor.monitoring.coreos.com/hindcast-pushgateway",
		"servicemonitor.monitoring.coreos.com/hindcast-serve",
	}; !slices.Equal(names, want) {
		t.Errorf("the cluster has %q by the label release, want %q", names, want)
	}
	// The server drops what its definitions lack: each alert, with all its fields, came through.
	var rule struct {
		Spec struct {
			Groups []alerting.Group `json:"groups"`
		} `json:"spec"`
	}
	decode(t, []byte(kubectl("get", "-n", namespace, "prometheusrule", "hindcast", "-o", "json")), &rule)
	o := alerting.DefaultOptions()
	want := []alerting.Group{alerting.Hindcast(o), alerting.ModelService(o), alerting.Objectives(o)}
	if fmt.Sprint(rule.Spec.Groups) != fmt.Sprint(want) {
		t.Errorf("the cluster's rules are\n%v\nwant\n%v", rule.Spec.Groups, want)
	}

	for _, c := range []struct{ file, old, new, want string }{
		{"prometheusrule.yaml", "expr:", "exprs:", `unknown field "spec.groups[0].rules[0].exprs"`},
		{"servicemonitor.yaml", "honorLabels: true", "honorLabels: kept", "honorLabels"},
		{"servicemonitor.yaml", "interval: 30s", "interval: half a minute", "interval"},
		{"alertmanagerconfig.yaml", `matchType: "=~"`, `matchType: "~"`, "matchType"},
		{"alertmanagerconfig.yaml", "repeatInterval: 12h", "repeatInterval: often", "repeatInterval"},
	} {
		data, err := os.ReadFile(filepath.Join(folder, c.file))
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.Replace(string(data), c.old, c.new, 1)
		if broken == string(data) {
			t.Fatalf("%s has no %q", c.file, c.old)
		}
		file := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := e.tryKubectl(t.Context(), "apply", "--validate=strict", "--dry-run=server", "-n", namespace, "-f", file)
		if err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s with %q was taken or refused for something else: %v\n%s", c.file, c.new, err, out)
		}
	}
}
