// Package kubeflow holds Hindcast as a component of Kubeflow Pipelines, and makes the
// pipeline of it that a schedule runs.
package kubeflow

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Component is component.yaml.
//
//go:embed component.yaml
var Component []byte

// executor is the component's name in the deployment.
const executor = "exec-hindcast"

// Secret is a Kubernetes Secret of which keys become environment variables.
type Secret struct {
	Name string
	Keys map[string]string // variable by key
}

// longestName is that of a Secret and of a key in one. It is no part of the patterns: a
// counted repetition is compiled into as many copies, whenever the program starts.
const longestName = 253

var (
	secretName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
	secretKey  = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)
	variable   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// ParseSecret reads NAME:KEY or NAME:KEY=VARIABLE, more of them after commas. Without a
// variable the key is its name.
func ParseSecret(text string) (Secret, error) {
	name, keys, ok := strings.Cut(text, ":")
	if !ok || keys == "" {
		return Secret{}, fmt.Errorf("%q: want NAME:KEY or NAME:KEY=VARIABLE, more keys after commas", text)
	}
	if len(name) > longestName || !secretName.MatchString(name) {
		return Secret{}, fmt.Errorf("%q is no name of a Secret", name)
	}
	s := Secret{Name: name, Keys: map[string]string{}}
	for pair := range strings.SplitSeq(keys, ",") {
		key, env, named := strings.Cut(pair, "=")
		if !named {
			env = key
		}
		switch {
		case len(key) > longestName || !secretKey.MatchString(key):
			return Secret{}, fmt.Errorf("%q is no key of a Secret", key)
		case !variable.MatchString(env):
			return Secret{}, fmt.Errorf("%q is no name of an environment variable; write %s:%s=VARIABLE", env, name, key)
		case s.Keys[key] != "":
			return Secret{}, fmt.Errorf("the key %s of %s is given twice", key, name)
		}
		s.Keys[key] = env
	}
	return s, nil
}

// Pipeline is the component as a pipeline in IR YAML, with its image and with variables
// from secrets, which stand in a second document, the platform's. The version is a name
// that the content alone gives.
func Pipeline(image string, secrets []Secret) (spec []byte, version string, err error) {
	if image == "" || strings.ContainsAny(image, " \t\r\n{}$") {
		return nil, "", fmt.Errorf("%q is no image", image)
	}
	var doc yaml.MapSlice // keeps the order
	if err := yaml.UnmarshalWithOptions(Component, &doc, yaml.UseOrderedMap()); err != nil {
		return nil, "", fmt.Errorf("read component.yaml: %w", err)
	}
	if !set(doc, image, "deploymentSpec", "executors", executor, "container", "image") {
		return nil, "", errors.New("component.yaml has no image to replace")
	}
	if spec, err = yaml.Marshal(doc); err != nil {
		return nil, "", fmt.Errorf("write pipeline: %w", err)
	}
	if len(secrets) > 0 {
		platform, err := yaml.Marshal(platformSpec(secrets))
		if err != nil {
			return nil, "", fmt.Errorf("write platform: %w", err)
		}
		spec = slices.Concat(spec, []byte("---\n"), platform)
	}
	sum := sha256.Sum256(spec)
	return spec, "sha256-" + hex.EncodeToString(sum[:12]), nil
}

// set puts a value in the place of the one at the path.
func set(m yaml.MapSlice, value string, path ...string) bool {
	for i := range m {
		if m[i].Key != path[0] {
			continue
		}
		if len(path) == 1 {
			m[i].Value = value
			return true
		}
		inner, ok := m[i].Value.(yaml.MapSlice)
		return ok && set(inner, value, path[1:]...)
	}
	return false
}

// platformSpec is the document that the SDK's kubernetes.use_secret_as_env makes.
func platformSpec(secrets []Secret) any {
	type keyToEnv struct {
		SecretKey string `yaml:"secretKey"`
		EnvVar    string `yaml:"envVar"`
	}
	type secretAsEnv struct {
		SecretName string     `yaml:"secretName"`
		KeyToEnv   []keyToEnv `yaml:"keyToEnv"`
	}
	var list []secretAsEnv
	for _, s := range secrets {
		one := secretAsEnv{SecretName: s.Name}
		for _, key := range slices.Sorted(maps.Keys(s.Keys)) {
			one.KeyToEnv = append(one.KeyToEnv, keyToEnv{SecretKey: key, EnvVar: s.Keys[key]})
		}
		list = append(list, one)
	}
	return map[string]any{"platforms": map[string]any{"kubernetes": map[string]any{"deploymentSpec": map[string]any{
		"executors": map[string]any{executor: map[string]any{"secretAsEnv": list}},
	}}}}
}
