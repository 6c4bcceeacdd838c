package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/robfig/cron/v3"
	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/publish"
	"github.com/hindcast/hindcast/series"
)

const (
	followEvery     = time.Minute
	shutdownTimeout = 5 * time.Second
	headerTimeout   = 10 * time.Second
)

func (a *App) serveCommand() *cobra.Command {
	var (
		path, listen string
		grace        time.Duration
		engine       engineFlags
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Evaluate on each model's schedule",
		Long: "Serve is the cron daemon. A slot whose model is still being evaluated is skipped and\n" +
			"counted. On SIGTERM it starts nothing more and gives running evaluations --grace to end.\n" +
			"It serves /metrics, /-/healthy and /-/ready.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.open(cmd.Context(), path, engine, withSchedule)
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			c.Progress = nil
			s := newServer(a, c, grace)
			return s.run(cmd.Context(), c.cfg, listen)
		},
	}
	configFlag(cmd, &path)
	f := cmd.Flags()
	f.StringVar(&listen, "listen", ":8080", "address of /metrics, /-/healthy and /-/ready")
	f.DurationVar(&grace, "grace", 25*time.Second, "how long running evaluations may take to end after SIGTERM")
	addEngineFlags(cmd, &engine)
	addProfileFlags(cmd)
	return cmd
}

// withSchedule picks the models that have one.
func withSchedule(cfg *config.Config) ([]*config.Model, error) {
	return slices.DeleteFunc(slices.Clone(cfg.Models), func(m *config.Model) bool { return m.Cron() == nil }), nil
}

// server is the cron daemon.
type server struct {
	app      *App
	runner   *connected
	registry *publish.Registry
	grace    time.Duration
	skipped  *prometheus.CounterVec
	passes   *prometheus.CounterVec
	slots    map[string]*sync.Mutex // held by a slot, from its start on
	busy     map[string]*sync.Mutex // held by whoever works on the model
	places   chan struct{}          // one for each pass that may go on at once
	working  atomic.Int64           // slots and looks after runs that have begun, the waiting ones included
	ready    chan struct{}
}

func newServer(a *App, c *connected, grace time.Duration) *server {
	release, revision := buildVersion()
	registry := publish.NewRegistry(publish.BuildInfo{Version: release, Revision: revision}, c.cfg.Publish.Aliases)
	c.Publishers = append(c.Publishers, registry)
	if c.textfile != nil {
		c.textfile.Hold()
	}
	factory := promauto.With(registry.Registerer())
	return &server{
		app: a, runner: c, registry: registry, grace: grace, slots: map[string]*sync.Mutex{}, busy: map[string]*sync.Mutex{}, ready: make(chan struct{}),
		places:  make(chan struct{}, c.atOnce),
		skipped: counter(factory, "serve_skipped_slots_total"),
		passes:  counter(factory, "serve_passes_total"),
	}
}

// counter registers a counter as the list of metrics describes it.
func counter(factory promauto.Factory, name string) *prometheus.CounterVec {
	m, ok := series.Find(name)
	if !ok || m.Type != series.Counter {
		panic("no counter is called " + name)
	}
	return factory.NewCounterVec(prometheus.CounterOpts{Name: m.FullName(), Help: m.Help}, m.Labels)
}

// run serves until ctx is cancelled.
func (s *server) run(ctx context.Context, cfg *config.Config, listen string) error {
	// Passes outlive ctx by the grace: cancelling it only ends the schedule.
	passes, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	timetable := cron.New()
	scheduled := 0
	for _, m := range cfg.Models {
		s.slots[m.Name], s.busy[m.Name] = new(sync.Mutex), new(sync.Mutex)
		s.skipped.WithLabelValues(m.Name)
		if m.Cron() == nil {
			s.app.log.Warn("model has no schedule and is left alone", "model", m.Name)
			continue
		}
		scheduled++
		timetable.Schedule(m.Cron(), cron.FuncJob(func() { s.slot(ctx, passes, m) }))
		if m.Retrain.Kubeflow != nil {
			timetable.Schedule(cron.Every(followEvery), cron.FuncJob(func() { s.follow(passes, m) }))
		}
		s.app.log.Info("model scheduled", "model", m.Name, "schedule", m.Schedule, "time_zone", m.TimeZone, "next", m.Cron().Next(s.app.Clock()))
	}
	if scheduled == 0 {
		return configError{fmt.Errorf("serve %s: no model has a schedule", cfg.File)}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	web := &http.Server{Handler: s.handler(), ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	timetable.Start()
	close(s.ready)
	s.app.log.Info("serving", "address", listener.Addr().String(), "models", scheduled)
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("serve %s: %w", listen, err)
	}
	s.app.log.Info("stopping")
	s.drain(timetable.Stop(), cancel)
	end, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer done()
	if serr := web.Shutdown(end); serr != nil && err == nil {
		err = fmt.Errorf("stop serving: %w", serr)
	}
	return err
}

// drain waits for running passes, and cancels them after the grace.
func (s *server) drain(ended context.Context, cancel context.CancelFunc) {
	timer := time.NewTimer(s.grace)
	defer timer.Stop()
	select {
	case <-ended.Done():
	case <-timer.C:
		s.app.log.Warn("evaluations did not end in time and are cancelled; the next pass does them again", "grace", s.grace)
		cancel()
		<-ended.Done()
	}
}

// slot is one slot of a model's schedule. It begins no pass once stop is done.
func (s *server) slot(stop, ctx context.Context, m *config.Model) {
	if !s.slots[m.Name].TryLock() {
		s.skipped.WithLabelValues(m.Name).Inc()
		s.app.log.Warn("slot skipped: the model is still being evaluated", "model", m.Name)
		return
	}
	defer s.slots[m.Name].Unlock()
	s.working.Add(1)
	defer s.rest(ctx)
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-stop.Done():
	}
	if stop.Err() != nil {
		return
	}
	// Following started runs takes a moment; it is no reason to lose a slot.
	s.busy[m.Name].Lock()
	defer s.busy[m.Name].Unlock()
	defer s.recovered(m.Name)
	outcomes, err := s.runner.Pass(ctx, m, job.Options{})
	if err != nil {
		s.passes.WithLabelValues(m.Name, "failed").Inc()
		s.app.log.Error("pass failed", "model", m.Name, "err", err)
		return
	}
	s.passes.WithLabelValues(m.Name, "done").Inc()
	for _, o := range outcomes {
		s.app.log.Info("judged", "model", m.Name, "window_start", o.Window.Start, "window_end", o.Window.End, "stage", o.Stage,
			"verdict", o.Verdict.String(), "decision", string(o.Decision.Action), "reason", o.Decision.Reason, "run_id", o.Decision.RunID)
	}
}

// rest ends what began with working.Add. Figures of models that are worked on at the
// same time wait for one another in the text file, and the last writes them.
func (s *server) rest(ctx context.Context) {
	if s.working.Add(-1) > 0 {
		return
	}
	if err := s.runner.flush(ctx); err != nil {
		s.app.log.Error("publishing failed", "err", err)
	}
}

// recovered keeps one model's panic from ending the others' schedules.
func (s *server) recovered(model string) {
	if p := recover(); p != nil {
		s.passes.WithLabelValues(model, "failed").Inc()
		s.app.log.Error("evaluation panicked; this is a bug in hindcast", "model", model, "err", fmt.Sprint(p))
	}
}

// follow looks after started runs between two slots.
func (s *server) follow(ctx context.Context, m *config.Model) {
	if !s.busy[m.Name].TryLock() {
		return // the pass that is going on follows them itself
	}
	defer s.busy[m.Name].Unlock()
	s.working.Add(1)
	defer s.rest(ctx)
	defer s.recovered(m.Name)
	if _, err := s.runner.Follow(ctx, m); err != nil && !errors.Is(err, context.Canceled) {
		s.app.log.Error("following runs failed", "model", m.Name, "err", err)
	}
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.registry.Handler())
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-s.ready:
			fmt.Fprintln(w, "ready")
		default:
			http.Error(w, "not ready", http.StatusServiceUnavailable)
		}
	})
	return mux
}
