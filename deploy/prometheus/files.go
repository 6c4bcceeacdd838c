package prometheus

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

const header = "# Made from deploy/prometheus/rules.go by `go test ./deploy/prometheus -update`: change it there.\n"

// RuleFile is groups as a rule file of Prometheus.
func RuleFile(groups ...Group) ([]byte, error) {
	return file(struct {
		Groups []Group `yaml:"groups"`
	}{groups})
}

// PrometheusRule is groups as the object of the Prometheus operator.
func PrometheusRule(name string, groups ...Group) ([]byte, error) {
	type meta struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
	}
	type spec struct {
		Groups []Group `yaml:"groups"`
	}
	return file(struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   meta   `yaml:"metadata"`
		Spec       spec   `yaml:"spec"`
	}{
		"monitoring.coreos.com/v1", "PrometheusRule",
		meta{name, map[string]string{"app.kubernetes.io/name": "hindcast", "app.kubernetes.io/component": "monitoring"}},
		spec{groups},
	})
}

func file(v any) ([]byte, error) {
	data, err := yaml.MarshalWithOptions(v, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("encode rules: %w", err)
	}
	return append([]byte(header), data...), nil
}
