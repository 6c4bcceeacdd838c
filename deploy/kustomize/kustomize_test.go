// Package kustomize_test holds the manifests to what the program and a restricted
// namespace ask for. That a real API server takes them is for a cluster to say.
package kustomize_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hindcast/hindcast/config"
)

func read(t *testing.T, name string) any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("base", name))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// at follows keys into maps, and takes the first of lists on the way.
func at(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func TestSampleConfigurationIsValid(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(filepath.Join("base", "hindcast.yaml"), func(string) (string, bool) { return "", false }); err != nil {
		t.Error(err)
	}
}

func TestCronJob(t *testing.T) {
	t.Parallel()
	const (
		job       = "spec.jobTemplate.spec."
		pod       = job + "template.spec."
		container = pod + "containers."
	)
	cron := read(t, "cronjob.yaml")
	for _, c := range []struct {
		path string
		want any
	}{
		{"spec.concurrencyPolicy", "Forbid"},
		{"spec.timeZone", "Etc/UTC"},
		{job + "backoffLimit", uint64(1)},
		{pod + "restartPolicy", "Never"}, // podFailurePolicy asks for it.
		{pod + "automountServiceAccountToken", false},
		{pod + "serviceAccountName", at(read(t, "serviceaccount.yaml"), "metadata.name")},
		{pod + "securityContext.runAsNonRoot", true},
		{pod + "securityContext.runAsUser", uint64(65532)}, // The image's.
		{pod + "securityContext.seccompProfile.type", "RuntimeDefault"},
		{container + "securityContext.allowPrivilegeEscalation", false},
		{container + "securityContext.readOnlyRootFilesystem", true},
		{container + "securityContext.capabilities.drop", []any{"ALL"}},
		{container + "args", []any{"run", "--config=/etc/hindcast/hindcast.yaml"}},
	} {
		if got := at(cron, c.path); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %v (%T), want %v", c.path, got, got, c.want)
		}
	}
	fields := map[string]any{}
	env, _ := at(cron, container+"env").([]any)
	for _, v := range env {
		if name, _ := at(v, "name").(string); name != "" {
			fields[name] = at(v, "valueFrom.fieldRef.fieldPath")
		}
	}
	if fields["POD_NAME"] != "metadata.name" || fields["POD_NAMESPACE"] != "metadata.namespace" {
		t.Errorf("the pod doesn't know its name and namespace: %v", fields)
	}
	for _, path := range []string{"spec.startingDeadlineSeconds", job + "activeDeadlineSeconds", job + "ttlSecondsAfterFinished"} {
		if n, ok := at(cron, path).(uint64); !ok || n == 0 {
			t.Errorf("%s is missing", path)
		}
	}
	if name, _ := at(cron, "metadata.name").(string); name == "" || len(name) > 52 {
		t.Errorf("name %q: the controller adds 11 characters to at most 52", name)
	}
	rules, _ := at(cron, job+"podFailurePolicy.rules").([]any)
	if len(rules) != 2 {
		t.Fatalf("%d rules for failed pods, want 2", len(rules))
	}
	if at(rules[0], "action") != "FailJob" || !reflect.DeepEqual(at(rules[0], "onExitCodes.values"), []any{uint64(3)}) {
		t.Errorf("exit status 3 doesn't end the Job: %v", rules[0])
	}
	if at(rules[1], "action") != "Ignore" || at(rules[1], "onPodConditions.type") != "DisruptionTarget" {
		t.Errorf("a drained node counts as a failure: %v", rules[1])
	}
	// Every mount has its volume and the other way round, and the token is Kubeflow's.
	var mounts, volumes []string
	mountPaths := map[string]string{}
	list, _ := at(cron, container+"volumeMounts").([]any)
	for _, m := range list {
		name, _ := at(m, "name").(string)
		mounts = append(mounts, name)
		mountPaths[name], _ = at(m, "mountPath").(string)
	}
	list, _ = at(cron, pod+"volumes").([]any)
	for _, v := range list {
		name, _ := at(v, "name").(string)
		volumes = append(volumes, name)
		if token := at(v, "projected.sources.serviceAccountToken"); token != nil {
			if at(token, "audience") != "pipelines.kubeflow.org" || at(token, "path") != "token" || mountPaths[name] != "/var/run/secrets/kubeflow/pipelines" {
				t.Errorf("the token for Kubeflow is elsewhere: %v at %s", token, mountPaths[name])
			}
		}
	}
	slices.Sort(mounts)
	slices.Sort(volumes)
	if !slices.Equal(mounts, volumes) || len(mounts) != 3 || mountPaths["tmp"] != "/tmp" {
		t.Errorf("mounts %v, volumes %v", mountPaths, volumes)
	}
}

func TestKustomizationNamesEveryFile(t *testing.T) {
	t.Parallel()
	k := read(t, "kustomization.yaml")
	var want []string
	for _, path := range []string{"resources", "configMapGenerator.files"} {
		list, _ := at(k, path).([]any)
		for _, name := range list {
			s, _ := name.(string)
			want = append(want, s)
		}
	}
	want = append(want, "kustomization.yaml")
	slices.Sort(want)
	entries, err := os.ReadDir("base")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, the kustomization names %v", got, want)
	}
	// The name that the generator makes is the one that the volume and the image use.
	cron := read(t, "cronjob.yaml")
	if at(k, "configMapGenerator.name") != at(cron, "spec.jobTemplate.spec.template.spec.volumes.configMap.name") {
		t.Error("the ConfigMap has another name than the volume asks for")
	}
	if at(k, "images.name") != at(cron, "spec.jobTemplate.spec.template.spec.containers.image") {
		t.Error("the image has another name than the one that is replaced")
	}
}

// TestBacklog holds the Jobs of a backlog to the CronJob's pod: only their arguments differ.
func TestBacklog(t *testing.T) {
	t.Parallel()
	const container = "spec.template.spec.containers."
	cron := read(t, "cronjob.yaml")
	want := at(cron, "spec.jobTemplate.spec.template")
	shards, merge := read(t, "../backlog/shards.yaml"), read(t, "../backlog/merge.yaml")
	n, ok := at(shards, "spec.completions").(uint64)
	if parallel, _ := at(shards, "spec.parallelism").(uint64); !ok || n < 2 || parallel < 1 || parallel > n {
		t.Errorf("%d shards, %d at once", n, parallel)
	}
	for _, c := range []struct {
		of   any
		path string
		want any
	}{
		{shards, "kind", "Job"},
		{shards, "spec.completionMode", "Indexed"}, // JOB_COMPLETION_INDEX asks for it.
		{shards, "spec.backoffLimitPerIndex", uint64(1)},
		{shards, container + "args", []any{"run", "--config=/etc/hindcast/hindcast.yaml", fmt.Sprintf("--shard=auto/%d", n)}},
		{shards, "spec.podFailurePolicy", at(cron, "spec.jobTemplate.spec.podFailurePolicy")},
		{merge, "kind", "Job"},
		{merge, "spec.suspend", true}, // Until the shards have ended.
		{merge, "spec.backoffLimit", uint64(1)},
		{merge, container + "args", []any{"run", "--config=/etc/hindcast/hindcast.yaml", "--merge"}},
		{merge, "spec.podFailurePolicy", at(cron, "spec.jobTemplate.spec.podFailurePolicy")},
	} {
		if got := at(c.of, c.path); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s is %v, want %v", c.path, got, c.want)
		}
	}
	for name, job := range map[string]any{"shards.yaml": shards, "merge.yaml": merge} {
		if length, ok := at(job, "spec.ttlSecondsAfterFinished").(uint64); !ok || length == 0 {
			t.Errorf("%s stays for ever", name)
		}
		list, _ := at(job, "spec.template.spec.containers").([]any)
		if len(list) != 1 {
			t.Fatalf("%s has %d containers", name, len(list))
		}
		pod, _ := list[0].(map[string]any)
		pod["args"] = at(want, "spec.containers.args")
		if got := at(job, "spec.template"); !reflect.DeepEqual(got, want) {
			t.Errorf("the pods of %s are not the CronJob's:\n%v\n%v", name, got, want)
		}
	}
	k := read(t, "../backlog/kustomization.yaml")
	if got := at(k, "resources"); !reflect.DeepEqual(got, []any{"shards.yaml", "merge.yaml"}) || at(k, "kind") != "Component" {
		t.Errorf("the component holds %v", got)
	}
	if !reflect.DeepEqual(at(k, "images"), at(read(t, "kustomization.yaml"), "images")) {
		t.Error("the component has another image than the base")
	}
}
