package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
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
)

// serveCommand runs the daemon.
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
			"counted. What was due at the last slot before it started, and is not recorded, it judges\n" +
			"at once. On SIGTERM it starts nothing more and gives running evaluations --grace to end.\n" +
			"On SIGHUP it reads the configuration again, and keeps the old one where the new one is\n" +
			"wrong; flags stay as they are. It serves /metrics, /-/healthy and /-/ready.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			load := func(ctx context.Context) (*connected, error) { return a.openToJudge(ctx, path, engine, withSchedule) }
			c, err := load(cmd.Context())
			if err != nil {
				return err
			}
			return newServer(a, load, grace).run(cmd.Context(), c, listen, hangups)
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
	models := slices.DeleteFunc(slices.Clone(cfg.Models), func(m *config.Model) bool { return m.Cron() == nil })
	if len(models) == 0 {
		return nil, configError{fmt.Errorf("serve %s: no model has a schedule", cfg.File)}
	}
	return models, nil
}

// server is the daemon of hindcast serve, which does passes by the models' schedules. What
// it goes by is a generation, and SIGHUP begins another.
type server struct {
	app      *App
	load     func(context.Context) (*connected, error) // reads the configuration and connects
	registry *publish.Registry
	grace    time.Duration          // how long passes may go on when it is told to stop
	skipped  *prometheus.CounterVec // slots, by model
	passes   *prometheus.CounterVec // by model and how they ended
	ready    chan struct{}          // closed once it serves

	mu    sync.Mutex
	locks map[string]*modelLocks // by model; the generations share them
}

// modelLocks keeps two passes, or a pass and a look after runs, from working on a model at
// once.
type modelLocks struct {
	slot sync.Mutex // held by a slot, from its start on
	busy sync.Mutex // held by whoever works on the model
}

// generation is a configuration that the server goes by until the next takes its place.
type generation struct {
	*server
	runner    *connected
	timetable *cron.Cron
	places    chan struct{}   // one for each pass that may go on at once
	working   atomic.Int64    // slots and looks after runs that have begun, the waiting ones included
	before    <-chan struct{} // closed when nothing of the earlier generations goes on any more
}

// newServer returns a server with its own metrics; run starts it.
func newServer(a *App, load func(context.Context) (*connected, error), grace time.Duration) *server {
	release, revision := buildVersion()
	registry := publish.NewRegistry(publish.BuildInfo{Version: release, Revision: revision})
	factory := promauto.With(registry.Registerer())
	return &server{
		app: a, load: load, registry: registry, grace: grace, locks: map[string]*modelLocks{}, ready: make(chan struct{}),
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

// run serves until ctx is cancelled, at first by the configuration of c.
func (s *server) run(ctx context.Context, c *connected, listen string, hangups <-chan os.Signal) error {
	// Passes outlive ctx by the grace: cancelling it only ends the schedule.
	passes, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	first := make(chan struct{})
	close(first)
	now := s.begin(ctx, passes, c, first)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		<-now.end(nil)
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	limits := defaultWebLimits()
	web, bounded := webServer(listener, s.handler(limits.scrapes), limits, s.app.log)
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(bounded) }()
	now.timetable.Start()
	close(s.ready)
	s.app.log.Info("serving", "address", listener.Addr().String(), "models", len(c.models))
	for serving := true; serving; {
		select {
		case <-hangups:
			now = s.reload(ctx, passes, now)
		case <-ctx.Done():
			serving = false
		case err = <-failed:
			err = fmt.Errorf("serve %s: %w", listen, err)
			serving = false
		}
	}
	s.app.log.Info("stopping")
	s.drain(now.end(nil), cancel)
	end, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer done()
	if serr := web.Shutdown(end); serr != nil && err == nil {
		err = fmt.Errorf("stop serving: %w", serr)
	}
	return err
}

// begin makes a generation of a configuration. Its schedule is not running yet.
func (s *server) begin(stop, passes context.Context, c *connected, before <-chan struct{}) *generation {
	c.Progress = nil
	c.Publishers = append(c.Publishers, s.registry.With(c.cfg.Publish.Aliases))
	if c.textfile != nil {
		c.textfile.Hold()
	}
	g := &generation{
		server: s, runner: c, places: make(chan struct{}, c.atOnce), before: before,
		timetable: cron.New(cron.WithLogger(cron.DiscardLogger)), // it tells of nothing that the log doesn't
	}
	for _, m := range c.cfg.Models {
		s.skipped.WithLabelValues(m.Name)
		if m.Cron() == nil {
			s.app.log.Warn("model has no schedule and is left alone", "model", m.Name)
			continue
		}
		g.timetable.Schedule(m.Cron(), cron.FuncJob(func() { g.slot(stop, passes, m) }))
		g.timetable.Schedule(&atOnce{}, cron.FuncJob(func() { g.missed(stop, passes, m) }))
		if m.Retrain.Kubeflow != nil {
			g.timetable.Schedule(cron.Every(followEvery), cron.FuncJob(func() { g.follow(passes, m) }))
		}
		s.app.log.Info("model scheduled", "model", m.Name, "schedule", m.Schedule, "time_zone", m.TimeZone, "next", m.Cron().Next(s.app.Clock()))
	}
	return g
}

// reload has the configuration as it is now take the place of the old one, and returns
// the generation that counts from now on: the old one, where the new configuration is
// wrong.
func (s *server) reload(stop, passes context.Context, old *generation) *generation {
	c, err := s.load(stop)
	if err != nil {
		s.app.log.Error("configuration is not taken over, the old one goes on", "err", err)
		return old
	}
	s.app.log.Info("configuration read again; passes that are running end by the old one")
	gone := slices.DeleteFunc(slices.Clone(old.runner.cfg.Models), func(m *config.Model) bool { return c.cfg.Model(m.Name) != nil })
	g := s.begin(stop, passes, c, old.end(func() {
		for _, m := range gone {
			s.forget(m.Name)
		}
	}))
	g.timetable.Start()
	return g
}

// forget takes a model that is configured no more out of /metrics.
func (s *server) forget(model string) {
	s.registry.Forget(model)
	s.skipped.DeletePartialMatch(prometheus.Labels{"model": model})
	s.passes.DeletePartialMatch(prometheus.Labels{"model": model})
}

// locksOf returns the locks of a model.
func (s *server) locksOf(model string) *modelLocks {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.locks[model]
	if l == nil {
		l = &modelLocks{}
		s.locks[model] = l
	}
	return l
}

// drain waits for running passes, and cancels them after the grace.
func (s *server) drain(ended <-chan struct{}, cancel context.CancelFunc) {
	timer := time.NewTimer(s.grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		s.app.log.Warn("evaluations did not end in time and are cancelled; the next pass does them again", "grace", s.grace)
		cancel()
		<-ended
	}
}

// end ends the generation's schedule. When its last pass has ended, and those of earlier
// generations, it closes what they used, calls last, which may be nil, and closes the
// channel.
func (g *generation) end(last func()) <-chan struct{} {
	jobs := g.timetable.Stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-jobs.Done()
		<-g.before
		if err := g.runner.Close(); err != nil {
			g.app.log.Warn("closing connections failed", "err", err)
		}
		if last != nil {
			last()
		}
	}()
	return ended
}

// atOnce is a schedule that fires once, when it is started.
type atOnce struct{ fired bool }

// Next implements cron.Schedule.
func (o *atOnce) Next(t time.Time) time.Time {
	if o.fired {
		return time.Time{}
	}
	o.fired = true
	return t
}

// slot does the pass of one slot of a model's schedule, or skips it while the last one's
// still goes on.
func (g *generation) slot(stop, ctx context.Context, m *config.Model) {
	locks := g.locksOf(m.Name)
	if !locks.slot.TryLock() {
		g.skipped.WithLabelValues(m.Name).Inc()
		g.app.log.Warn("slot skipped: the model is still being evaluated", "model", m.Name)
		return
	}
	defer locks.slot.Unlock()
	g.whenFree(stop, ctx, m, func() { g.pass(ctx, m, job.Options{}) })
}

// missed does the pass of the last slot before the schedule began, as of then, if a window
// that was due at that slot is not recorded: nobody was there to judge it. What has closed
// since is left to the next slot, for which its logs and labels are expected to be in.
func (g *generation) missed(stop, ctx context.Context, m *config.Model) {
	slot := m.Cron().Last(g.app.Clock())
	locks := g.locksOf(m.Name)
	if slot.IsZero() || !locks.slot.TryLock() {
		return // a pass that is going on judges it
	}
	defer locks.slot.Unlock()
	g.whenFree(stop, ctx, m, func() {
		due, err := g.runner.Due(ctx, m, slot)
		switch {
		case err != nil:
			g.app.log.Error("what is due is not known; the next slot judges it", "model", m.Name, "err", err)
		case due:
			g.app.log.Info("judging what has been due since the last slot", "model", m.Name, "slot", slot)
			g.pass(ctx, m, job.Options{AsOf: slot, Late: true})
		default:
			g.app.log.Info("nothing has been due since the last slot", "model", m.Name, "slot", slot)
		}
	})
}

// whenFree does work on a model as soon as it may, and never once stop is done.
func (g *generation) whenFree(stop, ctx context.Context, m *config.Model, work func()) {
	g.working.Add(1)
	defer g.rest(ctx)
	// Memory and threads are all in use while passes of an older generation go on.
	select {
	case <-g.before:
	case <-stop.Done():
	}
	select {
	case g.places <- struct{}{}:
		defer func() { <-g.places }()
	case <-stop.Done():
	}
	if stop.Err() != nil {
		return
	}
	// Following started runs takes a moment; it is no reason to lose a slot.
	busy := &g.locksOf(m.Name).busy
	busy.Lock()
	defer busy.Unlock()
	defer g.recovered(m.Name)
	work()
}

// pass does a pass and tells of it.
func (g *generation) pass(ctx context.Context, m *config.Model, opt job.Options) {
	outcomes, err := g.runner.Pass(ctx, m, opt)
	if err != nil {
		g.passes.WithLabelValues(m.Name, "failed").Inc()
		g.app.log.Error("pass failed", "model", m.Name, "err", err)
		return
	}
	g.passes.WithLabelValues(m.Name, "done").Inc()
	for _, o := range outcomes {
		g.app.log.Info("judged", "model", m.Name, "window_start", o.Window.Start, "window_end", o.Window.End, "stage", o.Stage,
			"verdict", o.Verdict.String(), "decision", string(o.Decision.Action), "reason", o.Decision.Reason, "run_id", o.Decision.RunID)
	}
}

// rest ends what began with working.Add. Figures of models that are worked on at the
// same time wait for one another in the text file, and the last writes them.
func (g *generation) rest(ctx context.Context) {
	if g.working.Add(-1) > 0 {
		return
	}
	if err := g.runner.flush(ctx); err != nil {
		g.app.log.Error("publishing failed", "err", err)
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
func (g *generation) follow(ctx context.Context, m *config.Model) {
	busy := &g.locksOf(m.Name).busy
	if !busy.TryLock() {
		return // the pass that is going on follows them itself
	}
	defer busy.Unlock()
	g.working.Add(1)
	defer g.rest(ctx)
	defer g.recovered(m.Name)
	if _, err := g.runner.Follow(ctx, m); err != nil && !errors.Is(err, context.Canceled) {
		g.app.log.Error("following runs failed", "model", m.Name, "err", err)
	}
}

// handler answers the requests of Prometheus and of probes.
func (s *server) handler(scrapes int) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.registry.Handler(scrapes))
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
