package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/push"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/series"
	"github.com/hindcast/hindcast/trigger"
)

// jobLabel is the value of the label job in every group that is pushed.
const jobLabel = "hindcast"

const (
	defaultPushTimeout = 10 * time.Second
	maxAnswer          = 1 << 10 // bytes of a refusal that an error shows
)

// PushgatewayOptions hold what has a default when figures are pushed.
type PushgatewayOptions struct {
	Grouping map[string]string      // labels of the group beside job and model
	Username string                 // of basic authentication; empty for none
	Password func() (string, error) // read for each push
	Timeout  time.Duration          // of one push; default 10 s
	Aliases  Aliases
	Build    BuildInfo
	Client   *http.Client    // default: one of its own
	Secrets  *redact.Secrets // are taken out of what a server says
}

// Pushgateway pushes a model's figures to a Prometheus Pushgateway, as the group
// job=hindcast, model=NAME and the configured grouping: the full set by PUT after a
// successful pass, so that no series outlives its source, and how the pass went by
// POST after a failed one, so that the last success survives. A pass that evaluated
// and then failed shows its full set by POST.
type Pushgateway struct {
	url    string
	faulty bool // the URL cannot be read
	opts   PushgatewayOptions
}

var _ job.Publisher = (*Pushgateway)(nil)

// NewPushgateway returns the Pushgateway at url. A user in the URL serves for basic
// authentication unless the options name one.
func NewPushgateway(rawURL string, opts PushgatewayOptions) *Pushgateway {
	if opts.Timeout <= 0 {
		opts.Timeout = defaultPushTimeout
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	if opts.Client != nil {
		client = *opts.Client
	}
	// A redirected PUT would become a GET, whose success would say nothing.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	opts.Client = &client
	if opts.Secrets == nil {
		opts.Secrets = &redact.Secrets{}
	}
	if !strings.Contains(rawURL, "://") {
		rawURL = "http://" + rawURL
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return &Pushgateway{faulty: true, opts: opts}
	}
	if u.User != nil && opts.Username == "" {
		password, _ := u.User.Password() // empty where there is none
		opts.Username, opts.Password = u.User.Username(), func() (string, error) { return password, nil }
	}
	u.User = nil // so that no error can show it
	return &Pushgateway{url: strings.TrimRight(u.String(), "/"), opts: opts}
}

// Name implements job.Publisher.
func (p *Pushgateway) Name() string {
	if p.faulty {
		return "Pushgateway"
	}
	return "Pushgateway " + p.url
}

// Publish implements job.Publisher.
func (p *Pushgateway) Publish(ctx context.Context, s job.Snapshot) error {
	send := (*push.Pusher).PushContext
	if s.Status.Err != nil {
		send = (*push.Pusher).AddContext
	}
	return p.push(ctx, s.Status.Model, append(samples(s), p.opts.Build.samples()...), send)
}

// PublishFailure implements job.Publisher.
func (p *Pushgateway) PublishFailure(ctx context.Context, s job.RunStatus) error {
	return p.push(ctx, s.Model, statusSamples(s), (*push.Pusher).AddContext)
}

// PublishRuns implements job.Publisher.
func (p *Pushgateway) PublishRuns(ctx context.Context, model string, runs []trigger.LaunchStatus) error {
	set := runSamples(runs)
	if len(set) == 0 {
		return nil
	}
	return p.push(ctx, model, set, (*push.Pusher).AddContext)
}

// Forget deletes the group of a model, as the command of that name does.
func (p *Pushgateway) Forget(ctx context.Context, model string) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	pusher, err := p.pusher(ctx, model)
	if err == nil {
		err = p.opts.Secrets.Error(pusher.Delete())
	}
	if err != nil {
		return fmt.Errorf("delete the series of %s: %w", model, err)
	}
	return nil
}

// push sends samples of a model by one of the methods of the library.
func (p *Pushgateway) push(ctx context.Context, model string, set []sample, send func(*push.Pusher, context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	pusher, err := p.pusher(ctx, model)
	if err == nil {
		err = p.opts.Secrets.Error(send(pusher.Gatherer(gather(p.opts.Aliases.extend(set))), ctx))
	}
	if err != nil {
		return fmt.Errorf("push metrics of %s: %w", model, err)
	}
	return nil
}

// pusher returns a client of the library for the group of a model, with the password as
// it is by now.
func (p *Pushgateway) pusher(ctx context.Context, model string) (*push.Pusher, error) {
	if p.faulty {
		return nil, errors.New("the URL cannot be read; want http://HOST:PORT")
	}
	pusher := push.New(p.url, jobLabel).Client(doer(func(r *http.Request) (*http.Response, error) { return p.do(r.WithContext(ctx)) })).Grouping("model", model)
	for _, name := range slices.Sorted(maps.Keys(p.opts.Grouping)) {
		if slices.Contains(series.OwnLabels(), name) {
			return nil, fmt.Errorf("grouping: hindcast sets the label %s itself; call it otherwise", name)
		}
		pusher = pusher.Grouping(name, p.opts.Grouping[name])
	}
	if p.opts.Username != "" {
		password := ""
		if p.opts.Password != nil {
			var err error
			if password, err = p.opts.Password(); err != nil {
				return nil, fmt.Errorf("read the password: %w", err)
			}
		}
		p.opts.Secrets.Add(password)
		pusher = pusher.BasicAuth(p.opts.Username, password)
	}
	return pusher, nil
}

// doer makes a function the HTTP client of the library.
type doer func(*http.Request) (*http.Response, error)

// Do implements push.HTTPDoer.
func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// do sends a request of the library. It mends the URL of the group, and turns an answer
// into an error that says what to change.
func (p *Pushgateway) do(r *http.Request) (*http.Response, error) {
	// The library writes spaces of the group as +, which the Pushgateway takes for a +;
	// a + itself is written %2B.
	base, group, ok := strings.Cut(r.URL.EscapedPath(), "/metrics/job")
	if path := base + "/metrics/job" + strings.ReplaceAll(group, "+", "%20"); ok {
		unescaped, err := url.PathUnescape(path)
		if err != nil {
			return nil, fmt.Errorf("write the group's URL: %w", err)
		}
		r.URL.Path, r.URL.RawPath = unescaped, path
	}
	resp, err := p.opts.Client.Do(r)
	if err != nil {
		var transport *url.Error
		if errors.As(err, &transport) {
			err = transport.Err // the group's long URL says nothing that isn't said
		}
		return nil, fmt.Errorf("reach the Pushgateway: %w", err)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		_ = resp.Body.Close() // unread
		return nil, fmt.Errorf("the server redirects (%s), which a push does not follow: check publish.pushgateway.url", resp.Status)
	}
	if resp.StatusCode == http.StatusBadRequest {
		return p.refused(r, resp)
	}
	resp.Body = capped{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// capped is the beginning of a body, which is all that an error shows.
type capped struct {
	io.Reader
	io.Closer
}
