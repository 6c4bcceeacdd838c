//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/kube"
)

// TestWalkthrough follows docs/kubernetes.md from an empty folder to an alert that fires
// and a retraining run: it runs the document's own blocks, in order and as they stand, in
// one shell. Only what the document calls names and addresses is set before.
//
// What the test is beside that: the registry's and the node's part in building and
// pulling an image, which has no registry here; the cluster's administrator, who makes a
// namespace as Kubeflow makes a profile; and the Prometheus operator, which hands Prometheus
// the rules.
func TestWalkthrough(t *testing.T) {
	t.Parallel()
	e := setup(t)
	script := commands(t, "../docs/kubernetes.md")
	w := e.newWalkthrough(t)

	ctx, cancel := context.WithCancel(t.Context())
	fired := make(chan map[string]string, 1)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w.watchAlerts(ctx, fired)
	}()
	loaded := make(chan error, 1)
	go func() { loaded <- w.loadRules(ctx) }()

	from := time.Now()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-s")
	cmd.Dir, cmd.Env, cmd.Stdin = t.TempDir(), w.environment, strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.Logf("the document took %s\n%s", time.Since(from).Round(100*time.Millisecond), out.String())
	cancel()
	<-watched
	if err := <-loaded; err != nil {
		t.Errorf("load the rules: %v", err)
	}
	if err != nil {
		t.Fatalf("the document's commands failed: %v", err)
	}
	select {
	case labels := <-fired:
		t.Logf("fired: %v", labels)
	default:
		t.Error("Alertmanager had no alert HindcastRuleBreached of the namespace")
	}
	runs, err := w.retrainings(t)
	if err != nil || len(runs) != 1 {
		t.Errorf("%d workflows of retrainings, want one; %v", len(runs), err)
	}
	if secret := os.Getenv("AWS_SECRET_ACCESS_KEY"); strings.Contains(out.String(), secret) {
		t.Error("the bucket's key is shown")
	}
}

// commands returns the document's blocks of shell as one script, each announced by its
// first line's number. Blocks that call themselves alternatives are left out.
func commands(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var script, block strings.Builder
	inside, from, n, blocks := false, 0, 0, 0
	for line := range strings.Lines(string(data)) {
		n++
		switch {
		case !inside && strings.TrimSpace(line) == "```sh":
			inside, from = true, n+1
			block.Reset()
		case inside && strings.TrimSpace(line) == "```":
			inside = false
			if strings.HasPrefix(block.String(), "# Alternative") {
				continue
			}
			blocks++
			fmt.Fprintf(&script, "echo \"== %s:%d after $SECONDS s\" >&2\n%s", filepath.Base(file), from, block.String())
		case inside:
			block.WriteString(line)
		}
	}
	if inside || blocks < 10 {
		t.Fatalf("%s: %d blocks of commands, the last open: %t", file, blocks, inside)
	}
	return script.String()
}

// walkthrough is what a user of the document has before the first command.
type walkthrough struct {
	env
	namespace   string
	environment []string
}

func (e env) newWalkthrough(t *testing.T) *walkthrough {
	t.Helper()
	w := &walkthrough{env: e, namespace: unique(t, "team")}
	e.operatorDefinitions(t)
	e.kubectl(t, "create", "namespace", w.namespace)
	t.Cleanup(func() {
		_ = exec.Command(e.Kubectl, "--kubeconfig", e.Kubeconfig, "delete", "namespace", w.namespace, "--wait=false").Run()
	})
	// A profile of Kubeflow comes with this account, which may use the pipelines.
	e.kubectl(t, "label", "namespace", w.namespace, "pod-security.kubernetes.io/enforce=restricted")
	if err := e.kube.ServiceAccount(t.Context(), w.namespace, "default-editor"); err != nil {
		t.Fatal(err)
	}
	err := e.kube.Grant(t.Context(), w.namespace, "default-editor", []kube.Rule{
		{APIGroups: []string{"pipelines.kubeflow.org"}, Resources: []string{"*"}, Verbs: []string{"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}

	// The bucket's address is one for pods and for this host.
	s3, err := url.Parse(e.forPods(t, e.S3))
	if err != nil {
		t.Fatal(err)
	}
	image := "localhost/hindcast:" + unique(t, "try")
	engine := filepath.Join(t.TempDir(), "engine")
	if err := os.WriteFile(engine, []byte(engineScript), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("ctr", "-a", e.Containerd, "-n", "k8s.io", "image", "rm", image).Run() })
	w.environment = []string{
		"PATH=" + filepath.Dir(e.Kubectl) + ":" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + os.Getenv("AWS_SECRET_ACCESS_KEY"),
		"KUBECONFIG=" + e.Kubeconfig,
		// The document's variables.
		"REPOSITORY=" + repository(t), "ENGINE=" + engine, "IMAGE=" + image, "NAMESPACE=" + w.namespace,
		"BUCKET=s3://" + e.Bucket + "/" + w.namespace,
		"BUCKET_OPTIONS=" + url.Values{"endpoint": {s3.String()}, "region": {e.Region}, "use_path_style": {"true"}}.Encode(),
		"PUSHGATEWAY=" + e.forPods(t, e.Pushgateway), "PIPELINES=" + e.forPods(t, e.KFPMulti),
		"PROMETHEUS=" + e.Prometheus, "ALERTMANAGER=" + e.Alertmanager, "PIPELINES_HERE=" + e.KFPMulti,
		// The engine's.
		"ENGINE_DIR=" + t.TempDir(), "ENGINE_STAGE=" + stageOf(t, e.Binary), "ENGINE_CONTAINERD=" + e.Containerd,
	}
	for _, name := range []string{"GOPROXY", "GOFLAGS", "GOCACHE", "GOMODCACHE", "GOSUMDB", "GONOSUMDB", "GOTOOLCHAIN"} {
		if value, ok := os.LookupEnv(name); ok {
			w.environment = append(w.environment, name+"="+value)
		}
	}
	return w
}

// engineScript stands in for docker: no registry is reachable here, so that the build
// stage comes from this host and a push goes to the node.
const engineScript = `#!/bin/sh
set -eu
command=$1; shift
buildah() { command buildah --root "$ENGINE_DIR/storage" --runroot "$ENGINE_DIR/run" --storage-driver vfs "$@"; }
case $command in
build) buildah bud --isolation chroot --build-context build="$ENGINE_STAGE" "$@" ;;
push)
  buildah push "$1" "docker-archive:$ENGINE_DIR/image.tar:$1"
  ctr -a "$ENGINE_CONTAINERD" -n k8s.io image import "$ENGINE_DIR/image.tar" ;;
*) echo "no such command: $command" >&2; exit 1 ;;
esac
`

// repository returns a repository with the working tree of this one as its only commit.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	list := must(t, "git", "-C", "..", "ls-files", "-co", "--exclude-standard", "--deduplicate")
	for name := range strings.Lines(list) {
		name = strings.TrimSuffix(name, "\n")
		from, err := os.Stat(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not yet committed so
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, from.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		must(t, "git", append([]string{"-C", dir, "-c", "user.name=e2e", "-c", "user.email=e2e@localhost", "-c", "commit.gpgsign=false"}, args...)...)
	}
	git("init", "-q", "-b", "main")
	git("add", "-A", "-f")
	git("commit", "-q", "-m", "The working tree")
	return "file://" + dir
}

// watchAlerts looks for the document's alert in Alertmanager until ctx is done, and
// sends its labels.
func (w *walkthrough) watchAlerts(ctx context.Context, fired chan<- map[string]string) {
	q := url.Values{"filter": {`alertname="HindcastRuleBreached"`, `namespace="` + w.namespace + `"`}, "active": {"true"}}
	for ctx.Err() == nil {
		var alerts []struct {
			Labels map[string]string `json:"labels"`
		}
		if body, err := answer(ctx, http.MethodGet, w.Alertmanager+"/api/v2/alerts?"+q.Encode()); err == nil && json.Unmarshal(body, &alerts) == nil && len(alerts) > 0 {
			fired <- alerts[0].Labels
			return
		}
		pause(ctx, 500*time.Millisecond)
	}
}

// loadRules does until ctx is done what the Prometheus operator and its reloader do with
// the PrometheusRules of a namespace: the groups go into a file of rules, and Prometheus
// loads it. In the end the file is taken away.
func (w *walkthrough) loadRules(ctx context.Context) error {
	file := filepath.Join(w.Rules, w.namespace+".yml")
	reload := func(ctx context.Context) error {
		_, err := answer(ctx, http.MethodPost, w.Prometheus+"/-/reload")
		return err
	}
	path := "/apis/monitoring.coreos.com/v1/namespaces/" + w.namespace + "/prometheusrules"
	var now []byte
	for ctx.Err() == nil {
		var list struct {
			Items []struct {
				Metadata struct {
					Labels map[string]string `json:"labels"`
				} `json:"metadata"`
				Spec struct {
					Groups []json.RawMessage `json:"groups"`
				} `json:"spec"`
			} `json:"items"`
		}
		groups := []json.RawMessage{}
		if err := w.kube.Do(ctx, http.MethodGet, path, "", nil, &list); err == nil {
			for _, rule := range list.Items {
				if rule.Metadata.Labels["release"] == "kube-prometheus-stack" { // the chart's selector
					groups = append(groups, rule.Spec.Groups...)
				}
			}
		}
		next, err := json.Marshal(map[string]any{"groups": groups}) // JSON is YAML
		if err != nil {
			return err
		}
		if !bytes.Equal(now, next) && (now != nil || len(groups) > 0) {
			if err := os.WriteFile(file, next, 0o644); err != nil {
				return err
			}
			if err := reload(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			now = next
		}
		pause(ctx, 500*time.Millisecond)
	}
	if now == nil {
		return fmt.Errorf("no PrometheusRule with the release's label came into %s", w.namespace)
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return reload(context.WithoutCancel(ctx))
}

// retrainings returns the workflows of the namespace's runs.
func (w *walkthrough) retrainings(t *testing.T) ([]kube.Workflow, error) {
	t.Helper()
	all, err := w.kube.Workflows(t.Context(), w.namespace, "")
	return slices.DeleteFunc(all, func(wf kube.Workflow) bool { return wf.Metadata.Labels["pipeline/runid"] == "" }), err
}

// answer makes a request and returns the body of an answer 2xx.
func answer(ctx context.Context, method, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %s", method, address, res.Status, b.Bytes())
	}
	return b.Bytes(), nil
}

// pause waits, at most until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
