//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
)

// kubectl runs kubectl as the cluster's administrator; it has to succeed.
func (e env) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return must(t, e.Kubectl, append([]string{"--kubeconfig", e.Kubeconfig}, args...)...)
}

// stageOf returns a folder as the Dockerfile's build stage leaves it, with a binary that was
// built by its flags. That the stage itself works is TestImage's to show.
func stageOf(t *testing.T, binary string) string {
	t.Helper()
	stage := t.TempDir()
	data, err := os.ReadFile(binary)
	if err == nil {
		err = os.Mkdir(filepath.Join(stage, "out"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(stage, "out", "hindcast"), data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

// nodeImage builds the image with the binary and gives it to the node, as a pull would.
func (e env) nodeImage(t *testing.T, binary string) string {
	t.Helper()
	image, archive, _ := e.buildImage(t, stageOf(t, binary))
	must(t, "ctr", "-a", e.Containerd, "-n", "k8s.io", "image", "import", archive)
	t.Cleanup(func() { _ = exec.Command("ctr", "-a", e.Containerd, "-n", "k8s.io", "image", "rm", image).Run() })
	return image
}

// forPods makes a server on loopback reachable from pods, to which this host is the
// gateway of their network, and returns the URL that it has there.
func (e env) forPods(t *testing.T, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	target := u.Host
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(e.PodGateway, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go relay(c, target)
		}
	}()
	u.Host = l.Addr().String()
	return u.String()
}

// relay carries what comes over a connection to the target, and back.
func relay(c net.Conn, target string) {
	defer c.Close()
	to, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		return
	}
	defer to.Close()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{c, to}, {to, c}} {
		go func() {
			_, _ = io.Copy(way[1], way[0]) // an end on one side ends both
			done <- struct{}{}
		}()
	}
	<-done
}

// inPods is a scenario whose passes are pods of a namespace of its own, which enforces
// the Pod Security Standard restricted.
type inPods struct {
	*scenario
	image   string
	admin   *kfp.Client // may do everything in the namespace's pipelines
	overlay string      // folder
	patches string      // of the overlay, YAML
}

// newInPods puts a scenario's files into the bucket, makes its namespace and uploads its
// pipeline. Pods of it go to pipelines, Kubeflow Pipelines for many users or what stands
// before it.
func (e env) newInPods(t *testing.T, image, pipelines string, noise float64) *inPods {
	t.Helper()
	s3, push, pipelines := e.forPods(t, e.S3), e.forPods(t, e.Pushgateway), e.forPods(t, pipelines)
	s := newScenario(t, noise, func(c *settings) {
		there := *e.Stack
		there.S3 = s3
		model := c.Model
		c.URL = func(key string) string { return there.URL(model + "/" + key) }
		c.State, c.Push, c.KFP, c.Slack = c.URL("state"), push, pipelines, nil
		c.Namespace, c.Group, c.Settle, c.Timeout = model, model, "12s", "8s"
	})
	p := &inPods{scenario: s, image: image}
	p.kubectl(t, "create", "namespace", p.Namespace)
	t.Cleanup(func() {
		_ = exec.Command(e.Kubectl, "--kubeconfig", e.Kubeconfig, "delete", "namespace", p.Namespace, "--wait=false").Run()
	})
	p.kubectl(t, "label", "namespace", p.Namespace, "pod-security.kubernetes.io/enforce=restricted")
	secret := []string{"-n", p.Namespace, "create", "secret", "generic", "hindcast"}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		secret = append(secret, "--from-literal="+name+"="+os.Getenv(name))
	}
	p.kubectl(t, secret...)
	p.admin = kfp.New(e.KFPMulti, e.kfpUserOf(t, p.Namespace, true))
	if _, err := p.admin.Upload(t.Context(), p.Pipeline, p.Namespace, retrainSpec); err != nil {
		t.Fatal(err)
	}
	return p
}

// overlayTemplate is the overlay of deploy/kustomize/README.md.
var overlayTemplate = template.Must(template.New("kustomization.yaml").Parse(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: {{ .Namespace }}
resources: [../../base]
configMapGenerator:
  - name: hindcast
    behavior: replace
    files: [hindcast.yaml]
images:
  - name: ghcr.io/hindcast/hindcast
    newName: {{ .Name }}
    newTag: {{ .Tag }}
{{- with .Patches }}
patches:
{{ . }}
{{- end }}
`))

// apply applies an overlay of the kustomize base with the scenario's configuration.
func (p *inPods) apply(t *testing.T) {
	t.Helper()
	if p.overlay == "" {
		root := t.TempDir()
		p.overlay = filepath.Join(root, "overlays", p.Namespace)
		if err := os.CopyFS(filepath.Join(root, "base"), os.DirFS("../deploy/kustomize/base")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(p.overlay, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	config, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(p.overlay, "hindcast.yaml"), string(config))
	name, tag, _ := strings.Cut(p.image, ":")
	var b strings.Builder
	err = overlayTemplate.Execute(&b, map[string]string{"Namespace": p.Namespace, "Name": name, "Tag": tag, "Patches": p.patches})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(p.overlay, "kustomization.yaml"), b.String())
	p.kubectl(t, "apply", "-k", p.overlay)
}

// pass makes a Job of the CronJob, as a slot would.
func (p *inPods) pass(t *testing.T, job string) {
	t.Helper()
	p.kubectl(t, "-n", p.Namespace, "create", "job", "--from=cronjob/hindcast", job)
}

// jobObject is a Job, as far as the tests look.
type jobObject struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Status struct {
		Succeeded  int `json:"succeeded"`
		Failed     int `json:"failed"`
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

// ended returns the reason of the Job's condition of that type, Complete or Failed.
func (j jobObject) ended(condition string) (reason string, ok bool) {
	for _, c := range j.Status.Conditions {
		if c.Type == condition && c.Status == "True" {
			return c.Reason, true
		}
	}
	return "", false
}

// podObject is a Pod, as far as the tests look.
type podObject struct {
	Metadata struct {
		Name   string            `json:"name"`
		UID    string            `json:"uid"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		AutomountServiceAccountToken *bool  `json:"automountServiceAccountToken"`
		ServiceAccountName           string `json:"serviceAccountName"`
		HostNetwork                  bool   `json:"hostNetwork"`
		Volumes                      []struct {
			Name      string `json:"name"`
			Projected *struct {
				Sources []struct {
					ServiceAccountToken *struct {
						Audience string `json:"audience"`
					} `json:"serviceAccountToken"`
				} `json:"sources"`
			} `json:"projected"`
		} `json:"volumes"`
	} `json:"spec"`
	Status struct {
		Phase      string `json:"phase"`
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			Reason string `json:"reason"`
		} `json:"conditions"`
		ContainerStatuses []struct {
			ContainerID string `json:"containerID"`
			State       struct {
				Terminated *struct {
					ExitCode int    `json:"exitCode"`
					Reason   string `json:"reason"`
				} `json:"terminated"`
				Running *struct {
					StartedAt time.Time `json:"startedAt"`
				} `json:"running"`
			} `json:"state"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

// exit returns the exit status of the pod's container, -1 while there is none.
func (p podObject) exit() int {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Terminated != nil {
			return c.State.Terminated.ExitCode
		}
	}
	return -1
}

func (p *inPods) job(ctx context.Context, name string) (jobObject, error) {
	var j jobObject
	err := p.kube.Do(ctx, http.MethodGet, "/apis/batch/v1/namespaces/"+p.Namespace+"/jobs/"+name, "", nil, &j)
	return j, err
}

// pods lists the pods of a Job, oldest first.
func (p *inPods) pods(ctx context.Context, job string) ([]podObject, error) {
	var list struct {
		Items []podObject `json:"items"`
	}
	q := url.Values{"labelSelector": {"batch.kubernetes.io/job-name=" + job}}
	err := p.kube.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+p.Namespace+"/pods?"+q.Encode(), "", nil, &list)
	return list.Items, err
}

// waitFor waits for the Job's end of that kind, Complete or Failed, and returns it with
// its pods.
func (p *inPods) waitFor(t *testing.T, name, condition string) (jobObject, []podObject) {
	t.Helper()
	var j jobObject
	var pods []podObject
	other := map[string]string{"Complete": "Failed", "Failed": "Complete"}[condition]
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		var err error
		if j, err = p.job(ctx, name); err == nil {
			pods, err = p.pods(ctx, name)
		}
		if _, ok := j.ended(condition); ok && err == nil {
			return j, pods
		}
		if reason, ok := j.ended(other); ok {
			t.Fatalf("job %s ended as %s (%s), want %s\n%s", name, other, reason, condition, p.logs(pods))
		}
		select {
		case <-ctx.Done():
			events, _ := exec.Command(p.Kubectl, "--kubeconfig", p.Kubeconfig, "-n", p.Namespace, "get", "events").CombinedOutput()
			t.Fatalf("job %s hasn't ended: %+v, %v\n%s\n%s", name, j.Status, err, p.logs(pods), events)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// logs returns what the pods' containers wrote, as kubectl logs shows it.
func (p *inPods) logs(pods []podObject) string {
	var b strings.Builder
	for _, pod := range pods {
		out, err := exec.Command(p.Kubectl, "--kubeconfig", p.Kubeconfig, "-n", p.Namespace, "logs", pod.Metadata.Name).CombinedOutput()
		fmt.Fprintf(&b, "%s (exit status %d):\n%s", pod.Metadata.Name, pod.exit(), out)
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
		}
	}
	return b.String()
}

// runsThere lists the runs of the scenario's experiment in Kubeflow Pipelines for many users.
func (p *inPods) runsThere(t *testing.T) []kfp.Run {
	return runsIn(t, p.admin, p.Experiment, p.Namespace)
}

// oneRunThere requires that there is one run with one workflow, which the ledger has
// recorded.
func (p *inPods) oneRunThere(t *testing.T) kfp.Run {
	t.Helper()
	runs := p.runsThere(t)
	if len(runs) != 1 {
		t.Fatalf("%d runs, want one: %+v", len(runs), runs)
	}
	wfs, err := p.kube.Workflows(t.Context(), p.Namespace, runs[0].ID)
	if err != nil || len(wfs) != 1 {
		t.Errorf("%d workflows of run %s, want one; %v", len(wfs), runs[0].ID, err)
	}
	var history struct {
		Runs []struct {
			RunID string `json:"run_id"`
			By    string `json:"by"`
			Claim int    `json:"claim"`
			Found bool   `json:"found_before"`
		} `json:"runs"`
		Evaluations []struct {
			Verdict string `json:"verdict"`
		} `json:"evaluations"`
	}
	r := p.hindcast(t, "history", "-c", p.config, "-o", "json")
	decode(t, []byte(r.stdout), &history)
	if len(history.Runs) != 1 || history.Runs[0].RunID != runs[0].ID {
		t.Errorf("the ledger has the runs %+v, Kubeflow %s", history.Runs, runs[0].ID)
	}
	if len(history.Evaluations) == 0 || history.Evaluations[0].Verdict != "breached" {
		t.Errorf("the ledger has the evaluations %+v", history.Evaluations)
	}
	t.Logf("run %s: %+v", runs[0].ID, history.Runs)
	return runs[0]
}

// process returns the process of a running pod's container, by its id on this host.
func (p *inPods) process(ctx context.Context, pod podObject) (int, error) {
	if len(pod.Status.ContainerStatuses) != 1 {
		return 0, fmt.Errorf("pod %s has %d containers", pod.Metadata.Name, len(pod.Status.ContainerStatuses))
	}
	_, id, _ := strings.Cut(pod.Status.ContainerStatuses[0].ContainerID, "://")
	out, err := exec.CommandContext(ctx, "ctr", "-a", p.Containerd, "-n", "k8s.io", "task", "ls").Output()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(out)) {
		var name, status string
		var pid int
		if _, err := fmt.Sscan(line, &name, &pid, &status); err == nil && name == id && id != "" {
			return pid, nil
		}
	}
	return 0, errors.New("the pod has no process")
}
