package kubeflow

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func decode(t *testing.T, data string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(data), &m); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return m
}

func at(v any, path ...string) any {
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// TestPipelineIsTheComponent shows that what is uploaded is component.yaml but for the
// image.
func TestPipelineIsTheComponent(t *testing.T) {
	t.Parallel()
	spec, version, err := Pipeline("localhost/hindcast:7", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, want := decode(t, string(spec)), decode(t, string(Component))
	container, _ := at(got, "deploymentSpec", "executors", executor, "container").(map[string]any)
	if container["image"] != "localhost/hindcast:7" {
		t.Errorf("the image is %v", container["image"])
	}
	container["image"] = at(want, "deploymentSpec", "executors", executor, "container", "image")
	a, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("the pipeline is\n%s\nwant\n%s", a, b)
	}
	again, same, err := Pipeline("localhost/hindcast:7", nil)
	if err != nil || string(again) != string(spec) || same != version {
		t.Errorf("a second time it is another: %s, %s, %v", version, same, err)
	}
	if _, other, err := Pipeline("localhost/hindcast:8", nil); err != nil || other == version {
		t.Errorf("another image has the same version %s, %v", other, err)
	}
}

// TestComponent holds the component to what Kubeflow needs to run it at all.
func TestComponent(t *testing.T) {
	t.Parallel()
	c := decode(t, string(Component))
	command, _ := at(c, "deploymentSpec", "executors", executor, "container", "command").([]any)
	if len(command) != 1 || command[0] != "/hindcast" {
		t.Errorf("command %v; the image's entry point is ignored", command)
	}
	if caching, ok := at(c, "root", "dag", "tasks", "hindcast", "cachingOptions").(map[string]any); !ok || caching["enableCache"] == true {
		t.Errorf("cachingOptions %v; a cached task does nothing", caching)
	}
	for name, kind := range map[string]string{"metrics": "system.Metrics", "report": "system.HTML"} {
		if got := at(c, "components", "comp-hindcast", "outputDefinitions", "artifacts", name, "artifactType", "schemaTitle"); got != kind {
			t.Errorf("output %s is %v, want %s", name, got, kind)
		}
	}
	root, component := at(c, "root", "inputDefinitions"), at(c, "components", "comp-hindcast", "inputDefinitions")
	a, _ := yaml.Marshal(root)
	b, _ := yaml.Marshal(component)
	if string(a) != string(b) {
		t.Errorf("the pipeline's inputs are not the component's:\n%s\n%s", a, b)
	}
}

func TestPipelineSecrets(t *testing.T) {
	t.Parallel()
	secret, err := ParseSecret("team-secrets:slack-token=SLACK_TOKEN,AWS_ACCESS_KEY_ID")
	if err != nil {
		t.Fatal(err)
	}
	spec, _, err := Pipeline("hindcast", []Secret{secret})
	if err != nil {
		t.Fatal(err)
	}
	_, platform, ok := strings.Cut(string(spec), "---\n")
	want := `platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-hindcast:
          secretAsEnv:
          - secretName: team-secrets
            keyToEnv:
            - secretKey: AWS_ACCESS_KEY_ID
              envVar: AWS_ACCESS_KEY_ID
            - secretKey: slack-token
              envVar: SLACK_TOKEN
`
	if !ok || platform != want {
		t.Errorf("platform document:\n%s\nwant\n%s", platform, want)
	}
}

func TestParseSecretRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "want NAME:KEY",
		"name":              "want NAME:KEY",
		"name:":             "want NAME:KEY",
		"Name:KEY":          "no name of a Secret",
		"name:a b":          "no key",
		"name:slack-token":  "write name:slack-token=VARIABLE",
		"name:KEY=":         "no name of an environment variable",
		"name:KEY,KEY=B":    "given twice",
		"name:KEY=A,,":      "no key",
		"name:KEY=A B":      "no name of an environment variable",
		"na\nme: KEY=VALUE": "no name of a Secret",
	} {
		if s, err := ParseSecret(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", text, s, err, want)
		}
	}
	for _, image := range []string{"", "a b", "{{$.inputs}}"} {
		if _, _, err := Pipeline(image, nil); err == nil {
			t.Errorf("image %q is taken", image)
		}
	}
}
