package publish

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// Registry holds the figures of all models for a scrape.
type Registry struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	models   map[string][]sample
}

var (
	_ job.Publisher        = (*Registry)(nil)
	_ prometheus.Collector = (*Registry)(nil)
)

// NewRegistry returns a registry that shows the process, the build, and what it is
// given.
func NewRegistry(build BuildInfo) *Registry {
	r := &Registry{registry: prometheus.NewRegistry(), models: map[string][]sample{}}
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{build.samples()}, r)
	return r
}

// Registerer takes further collectors.
func (r *Registry) Registerer() prometheus.Registerer { return r.registry }

// Handler serves the scrape.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{Registry: r.registry})
}

// Name implements job.Publisher.
func (r *Registry) Name() string { return "/metrics" }

// Publish implements job.Publisher.
func (r *Registry) Publish(_ context.Context, s job.Snapshot) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.models[s.Status.Model] = withModel(s.Status.Model, samples(s))
	return nil
}

// PublishFailure implements job.Publisher.
func (r *Registry) PublishFailure(_ context.Context, s job.RunStatus) error {
	r.replace(s.Model, statusSamples(s))
	return nil
}

// PublishRuns implements job.Publisher.
func (r *Registry) PublishRuns(_ context.Context, model string, runs []trigger.LaunchStatus) error {
	r.replace(model, runSamples(runs))
	return nil
}

// replace swaps the metrics that the samples name.
func (r *Registry) replace(model string, set []sample) {
	names := map[string]bool{}
	for _, s := range set {
		names[s.name] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(r.models[model]), func(s sample) bool { return names[s.name] })
	r.models[model] = append(kept, withModel(model, set)...)
}

// Describe implements prometheus.Collector.
func (r *Registry) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (r *Registry) Collect(ch chan<- prometheus.Metric) {
	r.mu.Lock()
	models := maps.Clone(r.models)
	r.mu.Unlock()
	for _, set := range models {
		collector{set}.Collect(ch)
	}
}

func sortFamilies(f []*dto.MetricFamily) {
	slices.SortFunc(f, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

func sortedFamilies(m map[string]*dto.MetricFamily) []*dto.MetricFamily {
	f := slices.Collect(maps.Values(m))
	sortFamilies(f)
	return f
}
