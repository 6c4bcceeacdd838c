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
	aliases  Aliases
	mu       sync.Mutex
	models   map[string][]sample
}

var (
	_ job.Publisher        = (*Registry)(nil)
	_ prometheus.Collector = (*Registry)(nil)
)

// NewRegistry returns a registry that shows the process, the build, and what it is
// given.
func NewRegistry(build BuildInfo, aliases Aliases) *Registry {
	r := &Registry{registry: prometheus.NewRegistry(), aliases: aliases, models: map[string][]sample{}}
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{build.samples()}, r)
	return r
}

// Registerer takes further collectors.
func (r *Registry) Registerer() prometheus.Registerer { return r.registry }

// Handler serves the scrape.
func (r *Registry) Handler() http.Handler {
	// A series that cannot be shown must not take those of every model with it; it is
	// counted in promhttp_metric_handler_errors_total.
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{Registry: r.registry, ErrorHandling: promhttp.ContinueOnError})
}

// Name implements job.Publisher.
func (r *Registry) Name() string { return "/metrics" }

// Publish implements job.Publisher.
func (r *Registry) Publish(_ context.Context, s job.Snapshot) error {
	fresh := withModel(s.Status.Model, r.aliases.extend(samples(s)))
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Status.Err != nil { // evaluated and then failed: the last success stays
		for _, old := range r.models[s.Status.Model] {
			if old.name == lastSuccess {
				fresh = append(fresh, old)
			}
		}
	}
	r.models[s.Status.Model] = fresh
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
	// A copy, since a scrape may be reading the old set.
	kept := slices.DeleteFunc(slices.Clone(r.models[model]), func(s sample) bool { return names[s.name] })
	r.models[model] = append(kept, withModel(model, r.aliases.extend(set))...)
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

// sortMetrics orders the series of a family as a registry does: by the values of
// their labels, those with fewer first.
func sortMetrics(m []*dto.Metric) {
	slices.SortStableFunc(m, func(a, b *dto.Metric) int {
		return cmp.Or(cmp.Compare(len(a.GetLabel()), len(b.GetLabel())), slices.CompareFunc(a.GetLabel(), b.GetLabel(), func(a, b *dto.LabelPair) int {
			return cmp.Compare(a.GetValue(), b.GetValue())
		}))
	})
}

func sortFamilies(f []*dto.MetricFamily) {
	slices.SortFunc(f, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

func sortedFamilies(m map[string]*dto.MetricFamily) []*dto.MetricFamily {
	f := slices.Collect(maps.Values(m))
	sortFamilies(f)
	return f
}
