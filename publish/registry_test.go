package publish

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/hindcast/hindcast/job"
)

func scrape(t *testing.T, r *Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler(0).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != http.StatusOK {
		t.Errorf("status %d, %v:\n%s", w.Code, err, body)
	}
	return string(body)
}

// figures is the part of a scrape that is about models.
func figures(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, `model="`) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestRegistry(t *testing.T) {
	r := NewRegistry(BuildInfo{"v1.2", "abc"})
	for _, name := range []string{"rents", "prices", "rents"} {
		if err := r.With(nil).Publish(t.Context(), rich(name)); err != nil {
			t.Fatal(err)
		}
	}
	got := scrape(t, r)
	want := figures(encode(t, gather(append(withModel("prices", samples(rich("prices"))), withModel("rents", samples(rich("rents")))...))))
	if figures(got) != want {
		t.Errorf("got\n%s\nwant\n%s", figures(got), want)
	}
	for _, part := range []string{`revision="abc",version="v1.2"} 1`, "go_goroutines", "process_start_time_seconds", "promhttp_metric_handler_errors_total{cause=\"gathering\"} 0"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in\n%s", part, got)
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(got) {
		series := line[:strings.LastIndexByte(line, ' ')+1]
		if !strings.HasPrefix(line, "#") && seen[series] {
			t.Errorf("twice: %s", line)
		}
		seen[series] = true
	}
	problems, err := promlint.New(strings.NewReader(got)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if r.Handler(0) == nil || scrape(t, r) == "" {
		t.Error("a second handler doesn't work")
	}
}

func TestRegistryFailure(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	later := job.RunStatus{Model: "prices", Start: start().Add(24 * time.Hour), Duration: time.Second, Err: errLaunch}
	if err := r.With(nil).PublishFailure(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if text := scrape(t, r); strings.Contains(text, prefix+lastSuccess+"{") || !strings.Contains(text, prefix+runSuccess+`{model="prices"} 0`) {
		t.Errorf("a first pass that fails has no success:\n%s", text)
	}
	if err := r.With(nil).Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	if err := r.With(nil).PublishFailure(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	text := scrape(t, r)
	failedPass(t, text)
	if !strings.Contains(text, "hindcast_drift_score{") {
		t.Errorf("the figures are gone:\n%s", text)
	}
	s := rich("prices")
	s.Status, s.Drift = later, nil
	for range 2 {
		if err := r.With(nil).Publish(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	text = scrape(t, r)
	failedPass(t, text)
	if strings.Contains(text, "hindcast_drift_score{") || !strings.Contains(text, "hindcast_rmse{") {
		t.Errorf("the figures are old:\n%s", text)
	}
}

func TestRegistryRuns(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	s := rich("prices")
	for _, err := range []error{r.With(nil).PublishRuns(t.Context(), "prices", nil), r.With(nil).Publish(t.Context(), s), r.With(nil).PublishRuns(t.Context(), "prices", s.Launches[:1])} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := scrape(t, r)
	if !strings.Contains(text, `hindcast_retrain_run_state{model="prices",state="FAILED"} 1`) || strings.Contains(text, `state="SUCCEEDED"} 1`) || !strings.Contains(text, "hindcast_rmse{") {
		t.Errorf("not the state:\n%s", text)
	}
}

// TestRegistryBadSeries shows that what cannot be shown takes nothing with it.
func TestRegistryBadSeries(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	if err := r.With(nil).Publish(t.Context(), rich("prices")); err != nil {
		t.Fatal(err)
	}
	bad := prometheus.NewDesc("bad", "Bad.", nil, nil)
	r.Registerer().MustRegister(broken{bad})
	text := scrape(t, r)
	if !strings.Contains(text, `hindcast_predictions{model="prices"} 1200`) {
		t.Errorf("one bad series spoils all:\n%s", text)
	}
}

type broken struct{ desc *prometheus.Desc }

func (b broken) Describe(ch chan<- *prometheus.Desc) { ch <- b.desc }
func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(b.desc, errLaunch)
}

// TestRegistryConcurrently shows, to the race detector above all, that a scrape may go
// on while figures change.
func TestRegistryConcurrently(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for _, name := range []string{"a", "b"} {
		s := rich(name)
		if err := r.With(nil).Publish(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		writers.Go(func() {
			for i := range 400 {
				if i%20 == 0 {
					_ = r.With(nil).Publish(t.Context(), s)
				}
				_ = r.With(nil).PublishRuns(t.Context(), name, s.Launches)
				_ = r.With(nil).PublishFailure(t.Context(), job.RunStatus{Model: name, Err: errLaunch})
			}
		})
	}
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			text := scrape(t, r)
			if strings.Count(text, "hindcast_run_duration_seconds{") != 2 || !strings.Contains(text, `errors_total{cause="gathering"} 0`) {
				t.Errorf("not both models, or an error:\n%s", text)
				return
			}
		}
	})
	readers.Go(func() {
		for {
			ch := make(chan prometheus.Metric, 1000)
			r.Collect(ch)
			select {
			case <-done:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
}

// Scrapes beyond the bound are refused at once: each that goes on holds all figures.
func TestScrapesBeyondTheBoundAreRefused(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	began, end := make(chan struct{}), make(chan struct{})
	r.Registerer().MustRegister(waiting{began, end})
	h := r.Handler(1)
	get := func() int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		return w.Code
	}
	first := make(chan int)
	go func() { first <- get() }()
	<-began
	if code := get(); code != http.StatusServiceUnavailable {
		t.Errorf("the second scrape got %d", code)
	}
	close(end)
	if code := <-first; code != http.StatusOK {
		t.Errorf("the first scrape got %d", code)
	}
}

// waiting is a collector that tells when it is asked, and waits.
type waiting struct{ began, end chan struct{} }

func (w waiting) Describe(chan<- *prometheus.Desc) {}

func (w waiting) Collect(chan<- prometheus.Metric) {
	w.began <- struct{}{}
	<-w.end
}

func TestForgottenModelsAreNotScraped(t *testing.T) {
	r := NewRegistry(BuildInfo{})
	for _, name := range []string{"prices", "rents"} {
		if err := r.With(nil).Publish(t.Context(), rich(name)); err != nil {
			t.Fatal(err)
		}
	}
	r.Forget("rents")
	if got := scrape(t, r); strings.Contains(got, `model="rents"`) || !strings.Contains(got, `model="prices"`) {
		t.Errorf("after Forget:\n%s", figures(got))
	}
}
