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

// Registry holds the newest figures of all models, and shows them when it is scraped.
type Registry struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	models   map[string][]sample
}

// Scraped is the publisher that puts the figures of models into a Registry.
type Scraped struct {
	r       *Registry
	aliases Aliases
}

var (
	_ job.Publisher        = Scraped{}
	_ prometheus.Collector = (*Registry)(nil)
)

// NewRegistry returns a registry that shows the process, the build, and what it is
// given.
func NewRegistry(build BuildInfo) *Registry {
	r := &Registry{registry: prometheus.NewRegistry(), models: map[string][]sample{}}
	r.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{build.samples()}, r)
	return r
}

// Registerer takes the collectors of others that are to be shown beside the figures.
func (r *Registry) Registerer() prometheus.Registerer { return r.registry }

// Handler serves the scrape to so many at once, and answers 503 to more: each holds all
// figures in memory until its last byte is taken. A time-out of promhttp would hold the
// whole answer as well, and longer than it counts the scrape; whoever serves this has
// one for writing.
func (r *Registry) Handler(scrapes int) http.Handler {
	// A series that cannot be shown must not take those of every model with it; it is
	// counted in promhttp_metric_handler_errors_total.
	return promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{Registry: r.registry, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapes})
}

// With returns the publisher for a configuration with these aliases.
func (r *Registry) With(aliases Aliases) Scraped { return Scraped{r, aliases} }

// Forget takes a model's series out of the registry.
func (r *Registry) Forget(model string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.models, model)
}

// Name implements job.Publisher.
func (p Scraped) Name() string { return "/metrics" }

// Publish implements job.Publisher.
func (p Scraped) Publish(_ context.Context, s job.Snapshot) error {
	r, fresh := p.r, withModel(s.Status.Model, p.aliases.extend(samples(s)))
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
func (p Scraped) PublishFailure(_ context.Context, s job.RunStatus) error {
	p.replace(s.Model, statusSamples(s))
	return nil
}

// PublishRuns implements job.Publisher.
func (p Scraped) PublishRuns(_ context.Context, model string, runs []trigger.LaunchStatus) error {
	p.replace(model, runSamples(runs))
	return nil
}

// replace puts the samples in the place of those that have the same metrics; the model
// keeps its other samples.
func (p Scraped) replace(model string, set []sample) {
	r := p.r
	names := map[string]bool{}
	for _, s := range set {
		names[s.name] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A copy, since a scrape may be reading the old set.
	kept := slices.DeleteFunc(slices.Clone(r.models[model]), func(s sample) bool { return names[s.name] })
	r.models[model] = append(kept, withModel(model, p.aliases.extend(set))...)
}

// Describe implements prometheus.Collector. It describes nothing, as collector does.
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

// sortFamilies orders families as a registry does: by name.
func sortFamilies(f []*dto.MetricFamily) {
	slices.SortFunc(f, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
}

// sortedFamilies lists families in the order of sortFamilies.
func sortedFamilies(m map[string]*dto.MetricFamily) []*dto.MetricFamily {
	f := slices.Collect(maps.Values(m))
	sortFamilies(f)
	return f
}
