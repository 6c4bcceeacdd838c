// Package monitoring_test holds the objects of the Prometheus operator to its types and
// to what Hindcast pushes. That the operator takes them is for the end-to-end tests.
package monitoring_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"sigs.k8s.io/yaml"
)

// decode reads the documents of a file into objects, strictly: a key that the
// operator's types do not have is an error.
func decode(t *testing.T, name string, into ...any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	documents := bytes.Split(data, []byte("\n---\n"))
	if len(documents) != len(into) {
		t.Fatalf("%s holds %d objects, want %d", name, len(documents), len(into))
	}
	for i, d := range documents {
		if err := yaml.UnmarshalStrict(d, into[i]); err != nil {
			t.Errorf("%s, object %d: %v", name, i+1, err)
		}
	}
}

// alerts lists the alerts of a rule file.
func alerts(t *testing.T, name string) []string {
	t.Helper()
	var file monitoringv1.PrometheusRuleSpec
	decode(t, "../prometheus/"+name+".rules.yml", &file)
	var out []string
	for _, g := range file.Groups {
		for _, rule := range g.Rules {
			out = append(out, rule.Alert)
		}
	}
	return out
}

func TestPrometheusRule(t *testing.T) {
	t.Parallel()
	var r monitoringv1.PrometheusRule
	decode(t, "prometheusrule.yaml", &r)
	if r.Kind != monitoringv1.PrometheusRuleKind || r.APIVersion != monitoringv1.SchemeGroupVersion.String() {
		t.Errorf("%s %s", r.APIVersion, r.Kind)
	}
	var got, want []string
	for _, g := range r.Spec.Groups {
		for _, rule := range g.Rules {
			got = append(got, rule.Alert)
		}
	}
	for _, name := range []string{"hindcast", "model-service"} {
		want = append(want, alerts(t, name)...)
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("rules %v, want %v", got, want)
	}
}

func TestServiceMonitors(t *testing.T) {
	t.Parallel()
	var pushgateway, serve monitoringv1.ServiceMonitor
	decode(t, "servicemonitor.yaml", &pushgateway, &serve)
	for _, m := range []monitoringv1.ServiceMonitor{pushgateway, serve} {
		if m.Kind != monitoringv1.ServiceMonitorsKind || m.APIVersion != monitoringv1.SchemeGroupVersion.String() || len(m.Spec.Endpoints) != 1 {
			t.Errorf("%s %s %s with %d endpoints", m.APIVersion, m.Kind, m.Name, len(m.Spec.Endpoints))
		}
	}
	// Without it job and namespace would be the Pushgateway's own.
	if !pushgateway.Spec.Endpoints[0].HonorLabels {
		t.Error("the Pushgateway's labels are not kept")
	}
}

func TestAlertmanagerConfig(t *testing.T) {
	t.Parallel()
	var c monitoringv1alpha1.AlertmanagerConfig
	decode(t, "alertmanagerconfig.yaml", &c)
	if c.Kind != monitoringv1alpha1.AlertmanagerConfigKind || c.APIVersion != monitoringv1alpha1.SchemeGroupVersion.String() {
		t.Errorf("%s %s", c.APIVersion, c.Kind)
	}
	receivers := map[string]bool{}
	for _, r := range c.Spec.Receivers {
		receivers[r.Name] = true
		for _, s := range r.SlackConfigs {
			if s.APIURL == nil || s.APIURL.Name == "" || s.APIURL.Key == "" {
				t.Errorf("receiver %s: the webhook's URL is no reference to a Secret", r.Name)
			}
		}
	}
	routes, err := c.Spec.Route.ChildRoutes()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(routes, *c.Spec.Route) {
		if !receivers[r.Receiver] {
			t.Errorf("a route leads to %q, which is no receiver", r.Receiver)
		}
	}
	// What is inhibited, and by what, are alerts that there are.
	known := alerts(t, "hindcast")
	for _, i := range c.Spec.InhibitRules {
		for _, m := range slices.Concat(i.SourceMatch, i.TargetMatch) {
			for name := range strings.SplitSeq(m.Value, "|") {
				if !slices.Contains(known, name) {
					t.Errorf("an inhibition names %s, which is no alert", name)
				}
			}
		}
	}
}
