package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/cmd/hindcast/internal/heap"
	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/httpclient"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/promql"
	"github.com/hindcast/hindcast/publish"
	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
	"github.com/hindcast/hindcast/trigger/kubeflow"
)

// engineFlags holds the flags of commands that evaluate.
type engineFlags struct {
	memory   string
	spillDir string
	workers  int
}

// limits returns what the flags allow a scan, and has the garbage collector keep to it.
func (f *engineFlags) limits() (groundtruth.Limits, error) {
	if f.workers < 0 {
		return groundtruth.Limits{}, usagef("--workers is %d; give 1 or more, or 0 for all cores", f.workers)
	}
	l := groundtruth.Limits{SpillDir: f.spillDir, Workers: f.workers}
	if f.memory != "" {
		n, err := parseBytes(f.memory)
		if err != nil {
			return l, usagef("--memory: %w", err)
		}
		l.MemoryBytes = n
		// The rest is for what lies outside of the heap.
		heap.Limit(n / 4 * 3)
	}
	return l, nil
}

// connected is a job.Runner for the models of a configuration, with what it was made of and
// has to be closed. Every command that works on models opens one.
type connected struct {
	*job.Runner
	cfg         *config.Config
	models      []*config.Model // those that the command is about
	atOnce      int             // how many of the models are worked on at once
	pushgateway *publish.Pushgateway
	textfile    *publish.Textfile // nil without one
	prometheus  *promql.Client    // nil without one
	reports     *report.Folder    // of report.url; nil where the configuration has no report
	screen      *screen
}

// Close closes the connections that are kept.
func (c *connected) Close() error {
	c.screen.end()
	if c.prometheus != nil {
		c.prometheus.Close()
	}
	return c.Stores.Close()
}

// flush writes the figures that wait in the text file.
func (c *connected) flush(ctx context.Context) error {
	if c.textfile == nil {
		return nil
	}
	if err := c.textfile.Flush(ctx); err != nil {
		return fmt.Errorf("publish to %s: %w", c.textfile.Name(), err)
	}
	return nil
}

// open loads the configuration, picks models from it and connects; nil picks all.
func (a *App) open(ctx context.Context, path string, engine engineFlags, pick func(*config.Config) ([]*config.Model, error)) (*connected, error) {
	limits, err := engine.limits()
	if err != nil {
		return nil, err
	}
	cfg, err := a.load(path)
	if err != nil {
		return nil, err
	}
	picked := cfg.Models
	if pick != nil {
		if picked, err = pick(cfg); err != nil {
			return nil, err
		}
	}
	atOnce, each, err := divide(cfg, len(picked), limits)
	if err != nil {
		return nil, err
	}
	c, err := a.connect(ctx, cfg, each)
	if err != nil {
		return nil, err
	}
	c.models, c.atOnce = picked, atOnce
	return c, nil
}

// openToJudge does what open does for a command that judges windows, and logs what check warns
// of.
func (a *App) openToJudge(ctx context.Context, path string, engine engineFlags, pick func(*config.Config) ([]*config.Model, error)) (*connected, error) {
	c, err := a.open(ctx, path, engine, pick)
	if err != nil {
		return nil, err
	}
	for _, warning := range c.cfg.Warnings() {
		a.log.Warn("the configuration may not mean what it says", "file", c.cfg.File, "warning", warning)
	}
	return c, nil
}

// connect opens the state and makes the receivers that the configuration names.
func (a *App) connect(ctx context.Context, cfg *config.Config, limits groundtruth.Limits) (c *connected, err error) {
	stores := a.stores(cfg.Dir)
	defer func() {
		if err != nil {
			err = errors.Join(err, stores.Close())
		}
	}()
	state, err := stores.Open(ctx, cfg.State.URL)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	runner, err := job.New(job.Runner{
		Stores:        stores,
		State:         state,
		Ledger:        trigger.NewLedger(state).WithIndex(state).WithFigures(job.RecordedFigures),
		Pipelines:     func(m *config.Model) (trigger.Pipelines, error) { return a.pipelines(m, cfg) },
		Clock:         a.Clock,
		Log:           a.log,
		Secrets:       a.secrets,
		Limits:        limits,
		KeepSummaries: cfg.State.KeepSummaries,
		Hook:          crashHook(a.Env),
		Identity:      a.identity(),

		PeakMemory: peakMemory,
	})
	if err != nil {
		return nil, err
	}
	c = &connected{
		Runner: runner,
		cfg:    cfg,
		models: cfg.Models,
		atOnce: 1,
		screen: a.screen,
	}
	if a.screen.draws {
		c.Progress = a.screen.progress
	}
	if p := cfg.Prometheus; p != nil {
		client, err := httpclient.New(p.HTTP, "prometheus", a.secrets)
		if err != nil {
			return nil, fmt.Errorf("connect to Prometheus: %w", err)
		}
		if c.prometheus, err = promql.New(p.URL, client, promql.Options{Timeout: p.Timeout, Secrets: a.secrets}); err != nil {
			return nil, err
		}
		c.Querier = c.prometheus
	}
	release, revision := buildVersion()
	if p := cfg.Publish.Pushgateway; p != nil {
		opts := publish.PushgatewayOptions{
			Grouping: a.withNamespace(p.Grouping), Username: p.Username, Password: p.Password.Value, Timeout: p.Timeout,
			Build: publish.BuildInfo{Version: release, Revision: revision}, Aliases: cfg.Publish.Aliases, Secrets: a.secrets,
		}
		if p.HTTP.IsSet() {
			if opts.Client, err = httpClient(p.HTTP, "pushgateway", a.secrets); err != nil {
				return nil, fmt.Errorf("connect to the Pushgateway: %w", err)
			}
		}
		c.pushgateway = publish.NewPushgateway(p.URL, opts)
		c.Publishers = append(c.Publishers, c.pushgateway)
	}
	if t := cfg.Publish.Textfile; t != nil {
		c.textfile = publish.NewTextfile(t.Path, cfg.Publish.Aliases)
		c.Publishers = append(c.Publishers, c.textfile)
	}
	if c.Notifiers, err = a.notifiers(cfg); err != nil {
		return nil, err
	}
	c.Links = cfg.Notify.Links
	if len(c.Notifiers) > 0 {
		c.Illustrator = report.Illustrator{Pictures: showsPictures(cfg.Notify)}
	}
	if cfg.Report.URL != "" {
		c.reports = c.folder(cfg)
	}
	if cfg.Report.Written() {
		c.Reporter = c.reports
	}
	return c, nil
}

// httpClient returns the client that an http_config describes. It uses no connection
// twice: net/http sends a POST with an Idempotency-Key again where a connection that
// was kept turns out to be closed, and the server may have taken the first one.
func httpClient(h config.HTTPClient, name string, secrets *redact.Secrets) (*http.Client, error) {
	return httpclient.New(h, name, secrets, promconfig.WithKeepAlivesDisabled())
}

// Where a pod's namespace stands.
const (
	namespaceVariable = "POD_NAMESPACE"
	namespaceFile     = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	namespaceLabel    = "namespace"
)

// withNamespace returns the labels of the Pushgateway's groups or of alerts: those of the
// configuration, and the namespace of the pod that this runs in, where there is one.
func (a *App) withNamespace(configured map[string]string) map[string]string {
	namespace := podNamespace(a.Env, namespaceFile)
	if _, ok := configured[namespaceLabel]; ok || namespace == "" {
		return configured
	}
	out := map[string]string{namespaceLabel: namespace}
	maps.Copy(out, configured)
	return out
}

// podNamespace returns the namespace of the pod that this runs in, by the environment
// or by the file of its service account; "" outside of one. What Kubernetes would not
// take for a name is none.
func podNamespace(env func(string) (string, bool), file string) string {
	namespace, ok := env(namespaceVariable)
	if !ok || namespace == "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return "" // no pod, or one without the token of a service account
		}
		namespace = strings.TrimSpace(string(data))
	}
	if !namespacePattern.MatchString(namespace) {
		return ""
	}
	return namespace
}

var namespacePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// identity says who this process is in claims: the pod, or the host, and the process.
func (a *App) identity() string {
	name, ok := a.Env("POD_NAME")
	if !ok {
		name, _ = os.Hostname() // for people only: a host without a name is no reason to stop
	}
	return name + "/" + strconv.Itoa(os.Getpid())
}

// tokenPathVariable names the file of a Kubeflow Pipelines token, as for the KFP SDK;
// without it the client's default place counts.
const tokenPathVariable = "KF_PIPELINES_SA_TOKEN_PATH"

// pipelines returns the client of the model's Kubeflow Pipelines, nil where none is
// configured.
func (a *App) pipelines(m *config.Model, cfg *config.Config) (trigger.Pipelines, error) {
	if m.Retrain.Kubeflow == nil {
		return nil, nil
	}
	opts, err := a.kubeflowOptions(m)
	if err != nil {
		return nil, err
	}
	client, err := kubeflow.New(opts)
	if err != nil {
		return nil, fmt.Errorf("connect to Kubeflow Pipelines of model %s in %s: %w", m.Name, filepath.Base(cfg.File), err)
	}
	return client, nil
}

// kubeflowOptions returns those of the client of the server that a model retrains on.
func (a *App) kubeflowOptions(m *config.Model) (kubeflow.Options, error) {
	k := m.Retrain.Kubeflow
	opts := kubeflow.Options{
		Endpoint: k.Endpoint, Namespace: k.Namespace, Timeout: k.Timeout, UIURL: k.UIURL, Secrets: a.secrets, Log: a.log,
	}
	switch path, ok := a.Env(tokenPathVariable); {
	case k.Token.File() != "":
		opts.TokenFile = k.Token.File() // read again for each request
	case k.Token.IsSet():
		token, err := k.Token.Value()
		if err != nil {
			return opts, fmt.Errorf("connect to Kubeflow Pipelines of model %s: %w", m.Name, err)
		}
		opts.Token = token
	case ok && path != "":
		opts.TokenFile = path
	}
	return opts, nil
}
