//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/faultproxy"
)

// TestCluster runs the CronJob of the kustomize base in pods: the real image, under the
// restricted Pod Security Standard, evaluating from S3, pushing, and starting a run in a
// Kubeflow Pipelines that asks Kubernetes who the pod's token is and what it may do.
func TestCluster(t *testing.T) {
	t.Parallel()
	e := setup(t)
	image := e.nodeImage(t, e.Binary)

	t.Run("one run", func(t *testing.T) {
		t.Parallel()
		p := e.newInPods(t, image, e.KFPMulti, worseNoise)
		p.enforced(t)
		p.apply(t)
		p.pass(t, "first")
		_, pods := p.waitFor(t, "first", "Complete")
		p.restricted(t, pods)
		if log := p.logs(pods); len(pods) != 1 || pods[0].exit() != 0 || !strings.Contains(log, "BREACHED") {
			t.Errorf("%d pods\n%s", len(pods), log)
		}
		run := p.oneRunThere(t)
		if log := p.logs(pods); !strings.Contains(log, run.ID) {
			t.Errorf("the pod doesn't name the run %s:\n%s", run.ID, log)
		}
		group := fmt.Sprintf(`{model=%q,namespace=%q,job="hindcast"}`, p.Model, p.Namespace)
		p.sample(t, "hindcast_last_run_success"+group+" == 1")
		p.sample(t, fmt.Sprintf(`hindcast_rule_breached{model=%q,namespace=%q,rule="rmse"} == 1`, p.Model, p.Namespace))
		p.sample(t, fmt.Sprintf(`hindcast_retrain_last_trigger_timestamp_seconds{model=%q,namespace=%q} > 0`, p.Model, p.Namespace))
		p.pass(t, "second")
		p.waitFor(t, "second", "Complete")
		if again := p.oneRunThere(t); again.ID != run.ID {
			t.Errorf("run %s, before %s", again.ID, run.ID)
		}
	})

	t.Run("its own schedule", func(t *testing.T) {
		t.Parallel()
		p := e.newInPods(t, image, e.KFPMulti, worseNoise)
		p.patches = patch("CronJob", `{op: replace, path: /spec/schedule, value: "* * * * *"}`)
		p.apply(t)
		var job string
		eventually(t, 90*time.Second, func(ctx context.Context) error {
			var list struct {
				Items []jobObject `json:"items"`
			}
			if err := p.kube.Do(ctx, http.MethodGet, "/apis/batch/v1/namespaces/"+p.Namespace+"/jobs", "", nil, &list); err != nil {
				return err
			}
			if len(list.Items) == 0 {
				return fmt.Errorf("no job yet")
			}
			job = list.Items[0].Metadata.Name
			return nil
		})
		p.kubectl(t, "-n", p.Namespace, "patch", "cronjob", "hindcast", "-p", `{"spec":{"suspend":true}}`)
		p.waitFor(t, job, "Complete")
		p.oneRunThere(t)
	})

	for name, tt := range map[string]struct {
		patches string
		want    string // in the pod's log
	}{
		"token for somebody else": {patch("CronJob", `{op: replace, path: /spec/jobTemplate/spec/template/spec/volumes/2/projected/sources/0/serviceAccountToken/audience, value: other}`), "401"},
		"no token": {patch("CronJob",
			`{op: remove, path: /spec/jobTemplate/spec/template/spec/volumes/2}`,
			`{op: remove, path: /spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/2}`), "401"},
		"no role": {patch("RoleBinding", `{op: replace, path: /subjects/0/name, value: somebody-else}`), "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e.refused(t, image, tt.patches, tt.want)
		})
	}

	t.Run("a configuration at fault", func(t *testing.T) {
		t.Parallel()
		p := e.newInPods(t, image, e.KFPMulti, healthyNoise)
		config, err := os.ReadFile(p.config)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, p.config, strings.Replace(string(config), "segments:", "segmentz:", 1))
		p.apply(t)
		p.pass(t, "faulty")
		job, pods := p.waitFor(t, "faulty", "Failed")
		if reason, _ := job.ended("Failed"); reason != "PodFailurePolicy" || len(pods) != 1 || pods[0].exit() != 3 {
			t.Errorf("reason %s, %d pods; want PodFailurePolicy and one with status 3\n%s", reason, len(pods), p.logs(pods))
		}
		if log := p.logs(pods); !strings.Contains(log, "segments") {
			t.Errorf("the log doesn't say what is wrong:\n%s", log)
		}
	})

	// Killed when the request for a run is under way: a retry can't know whether it
	// arrived. The first request is swallowed after or before the server saw it.
	for name, tt := range map[string]struct {
		fault faultproxy.Fault
		posts int // that arrive in all
	}{
		"killed after the run was made": {faultproxy.HangAfter, 1},
		"killed before the run is made": {faultproxy.Hang, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, proxy := e.hanging(t, image, tt.fault)
			first := p.atPost(t, proxy, "killed")
			p.inside(t, first)
			p.kubectl(t, "-n", p.Namespace, "delete", "pod", first.Metadata.Name, "--grace-period=0", "--force")
			job, pods := p.waitFor(t, "killed", "Complete")
			if len(pods) != 1 || pods[0].Metadata.Name == first.Metadata.Name || job.Status.Failed != 1 {
				t.Errorf("%d pods and %d failed, want the retry, and one", len(pods), job.Status.Failed)
			}
			p.oneRunThere(t)
			if came, _ := proxy.Count(http.MethodPost, runsPath); came != tt.posts {
				t.Errorf("%d requests for a run, want %d", came, tt.posts)
			}
			p.pass(t, "after")
			p.waitFor(t, "after", "Complete")
			p.oneRunThere(t)
		})
	}

	t.Run("killed between run and record", func(t *testing.T) {
		t.Parallel()
		p := e.newInPods(t, e.nodeImage(t, e.CrashBinary), e.KFPMulti, worseNoise)
		p.patches = patch("CronJob", `{op: add, path: /spec/jobTemplate/spec/template/spec/containers/0/env/-, value: {name: HINDCAST_TEST_CRASH_AT, value: posted}}`)
		p.apply(t)
		p.pass(t, "crashed")
		// The first process of a container is deaf to a SIGKILL of its own: it stands still
		// at the step, and gets one from outside, as from the kernel when memory is short.
		eventually(t, time.Minute, func(context.Context) error {
			if n := len(p.runsThere(t)); n != 1 {
				return fmt.Errorf("%d runs", n)
			}
			return nil
		})
		pid, err := p.process(t.Context(), p.running(t, "crashed"))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		job, pods := p.waitFor(t, "crashed", "Complete")
		exits := []int{}
		for _, pod := range pods {
			exits = append(exits, pod.exit())
		}
		slices.Sort(exits)
		if !slices.Equal(exits, []int{0, 137}) || job.Status.Failed != 1 { // 128 + SIGKILL
			t.Errorf("the pods ended with %v, want 137 for the first and 0 for its retry\n%s", exits, p.logs(pods))
		}
		p.oneRunThere(t)
	})

	t.Run("drained", func(t *testing.T) {
		t.Parallel()
		p, proxy := e.hanging(t, image, faultproxy.HangAfter)
		first := p.atPost(t, proxy, "drained")
		err := p.kube.Create(t.Context(), "/api/v1/namespaces/"+p.Namespace+"/pods/"+first.Metadata.Name+"/eviction", map[string]any{
			"apiVersion": "policy/v1", "kind": "Eviction", "metadata": map[string]string{"name": first.Metadata.Name, "namespace": p.Namespace},
		})
		if err != nil {
			t.Fatal(err)
		}
		// SIGTERM ends the pass within the pod's grace, and how it ended is pushed.
		p.sample(t, fmt.Sprintf(`hindcast_last_run_success{model=%q,namespace=%q} == 0`, p.Model, p.Namespace))
		job, pods := p.waitFor(t, "drained", "Complete")
		if job.Status.Failed != 0 {
			t.Errorf("the drained pod counts as failed: %+v", job.Status)
		}
		if last := pods[len(pods)-1]; last.Metadata.Name == first.Metadata.Name {
			t.Errorf("the pod wasn't replaced: %s", p.logs(pods))
		}
		p.sample(t, fmt.Sprintf(`hindcast_last_run_success{model=%q,namespace=%q} == 1`, p.Model, p.Namespace))
		p.oneRunThere(t)
	})
}

// refused runs a pass that patches keep from starting a run: it fails, its log holds want,
// and what it evaluated is pushed all the same. Without the patches the next pass makes up
// for it.
func (e env) refused(t *testing.T, image, patches, want string) {
	t.Helper()
	p := e.newInPods(t, image, e.KFPMulti, worseNoise)
	p.patches = patches
	p.apply(t)
	p.pass(t, "refused")
	job, pods := p.waitFor(t, "refused", "Failed")
	if reason, _ := job.ended("Failed"); reason != "BackoffLimitExceeded" || len(pods) != 2 {
		t.Errorf("reason %s, %d pods, want two", reason, len(pods))
	}
	for _, pod := range pods {
		if log := p.logs([]podObject{pod}); pod.exit() != 1 || !strings.Contains(log, want) || !strings.Contains(log, "could not be started") {
			t.Errorf("want status 1 and why the run isn't started, %s:\n%s", want, log)
		}
	}
	if runs := p.runsThere(t); len(runs) != 0 {
		t.Errorf("runs %+v", runs)
	}
	// What it evaluated is there all the same, and says that the pass failed.
	p.sample(t, fmt.Sprintf(`hindcast_last_run_success{model=%q,namespace=%q} == 0`, p.Model, p.Namespace))
	p.sample(t, fmt.Sprintf(`hindcast_rule_breached{model=%q,namespace=%q,rule="rmse"} == 1`, p.Model, p.Namespace))
	// Put right, the same cause is made up for.
	p.patches = ""
	p.apply(t)
	p.pass(t, "granted")
	p.waitFor(t, "granted", "Complete")
	p.oneRunThere(t)
}

// patch returns a patch of the overlay.
func patch(kind string, operations ...string) string {
	return "  - target: {kind: " + kind + "}\n    patch: |-\n      - " + strings.Join(operations, "\n      - ")
}

// hanging returns a scenario whose first request for a run hangs.
func (e env) hanging(t *testing.T, image string, fault faultproxy.Fault) (*inPods, *faultproxy.Proxy) {
	t.Helper()
	proxy := faultproxy.New(e.KFPMulti, func(method, path string, n int) faultproxy.Fault {
		if method == http.MethodPost && path == runsPath && n == 1 {
			return fault
		}
		return faultproxy.None
	})
	t.Cleanup(proxy.Close)
	return e.newInPods(t, image, proxy.URL, worseNoise), proxy
}

// atPost makes a Job and returns its pod when it has asked for a run.
func (p *inPods) atPost(t *testing.T, proxy *faultproxy.Proxy, job string) podObject {
	t.Helper()
	p.apply(t)
	p.pass(t, job)
	eventually(t, time.Minute, func(context.Context) error {
		if came, _ := proxy.Count(http.MethodPost, runsPath); came == 0 {
			return fmt.Errorf("no request for a run yet")
		}
		return nil
	})
	return p.running(t, job)
}

// running returns the one pod of a Job, which runs.
func (p *inPods) running(t *testing.T, job string) podObject {
	t.Helper()
	var pod podObject
	eventually(t, 10*time.Second, func(ctx context.Context) error {
		pods, err := p.pods(ctx, job)
		if err == nil && (len(pods) != 1 || len(pods[0].Status.ContainerStatuses) != 1 || pods[0].Status.ContainerStatuses[0].State.Running == nil) {
			err = fmt.Errorf("no running pod: %+v", pods)
		}
		if err == nil {
			pod = pods[0]
		}
		return err
	})
	return pod
}

// enforced shows that the namespace refuses what isn't restricted.
func (p *inPods) enforced(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), p.Kubectl, "--kubeconfig", p.Kubeconfig, "-n", p.Namespace, "run", "root", "--image", p.image).CombinedOutput()
	if err == nil || !strings.Contains(string(out), `violates PodSecurity "restricted`) {
		t.Errorf("a pod that may be root is accepted: %v\n%s", err, out)
	}
}

// restricted shows that the API server keeps the pods as the base asks for them: with one
// token, which is for Kubeflow Pipelines.
func (p *inPods) restricted(t *testing.T, pods []podObject) {
	t.Helper()
	for _, pod := range pods {
		s := pod.Spec
		if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken || s.ServiceAccountName != "hindcast" || s.HostNetwork {
			t.Errorf("%s: %+v", pod.Metadata.Name, s)
		}
		var audiences []string
		for _, v := range s.Volumes {
			if v.Projected == nil {
				continue
			}
			for _, source := range v.Projected.Sources {
				if source.ServiceAccountToken != nil {
					audiences = append(audiences, source.ServiceAccountToken.Audience)
				}
			}
		}
		if !slices.Equal(audiences, []string{"pipelines.kubeflow.org"}) {
			t.Errorf("%s has tokens for %q", pod.Metadata.Name, audiences)
		}
	}
}

// inside looks at the running container from the node: who it runs as, what it may, that
// its root is read-only, and which secrets lie in it.
func (p *inPods) inside(t *testing.T, pod podObject) {
	t.Helper()
	pid, err := p.process(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	proc := fmt.Sprintf("/proc/%d", pid)
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	for name, want := range map[string]string{
		"Uid": "65532 65532 65532 65532", "Gid": "65532 65532 65532 65532", "NoNewPrivs": "1", "Seccomp": "2",
		"CapEff": "0000000000000000", "CapBnd": "0000000000000000",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	mounts, err := os.ReadFile(filepath.Join(proc, "mounts"))
	if err != nil {
		t.Fatal(err)
	}
	root := false
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == "/" {
			root = slices.Contains(strings.Split(f[3], ","), "ro")
		}
	}
	if !root {
		t.Errorf("the root file system isn't read-only:\n%s", mounts)
	}
	var secrets []string
	for _, dir := range []string{"/var/run/secrets", "/run/secrets"} {
		_ = filepath.WalkDir(filepath.Join(proc, "root", dir), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.Contains(path, "/..") {
				secrets = append(secrets, strings.TrimPrefix(path, filepath.Join(proc, "root")))
			}
			return nil // the folder may be missing
		})
	}
	if !slices.Equal(secrets, []string{"/var/run/secrets/kubeflow/pipelines/token"}) {
		t.Errorf("the pod holds the secrets %q, want Kubeflow's token alone", secrets)
	}
}
