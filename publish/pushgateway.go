package publish

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/push"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// jobLabel is the Pushgateway's job of every group.
const jobLabel = "hindcast"

// PushgatewayOptions hold what has a default.
type PushgatewayOptions struct {
	Grouping map[string]string      // labels of the group beside job and model
	Username string                 // of basic authentication; empty for none
	Password func() (string, error) // read for each push
	Timeout  time.Duration          // of one push; default 10 s
	Build    BuildInfo
	Client   *http.Client // default: one with the time-out
}

// Pushgateway pushes a model's figures to a Prometheus Pushgateway, as the group
// job=hindcast, model=NAME and the configured grouping: the full set by PUT after a
// successful pass, so that no series outlives its source, and how the pass went by
// POST after a failed one, so that the last success survives.
type Pushgateway struct {
	url  string
	opts PushgatewayOptions
}

var _ job.Publisher = (*Pushgateway)(nil)

// NewPushgateway returns the Pushgateway at url.
func NewPushgateway(rawURL string, opts PushgatewayOptions) *Pushgateway {
	if opts.Timeout == 0 {
		opts.Timeout = 10 * time.Second
	}
	if opts.Client == nil {
		opts.Client = &http.Client{Timeout: opts.Timeout}
	}
	return &Pushgateway{url: rawURL, opts: opts}
}

// Name implements job.Publisher.
func (p *Pushgateway) Name() string { return "Pushgateway " + redacted(p.url) }

// Publish implements job.Publisher.
func (p *Pushgateway) Publish(ctx context.Context, s job.Snapshot) error {
	return p.push(ctx, s.Status.Model, append(samples(s), p.opts.Build.samples()...), (*push.Pusher).PushContext)
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

// Forget deletes the model's group.
func (p *Pushgateway) Forget(ctx context.Context, model string) error {
	pusher, err := p.pusher(model)
	if err != nil {
		return err
	}
	// The library's Delete takes no context; the client's time-out bounds it.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := pusher.Delete(); err != nil {
		return fmt.Errorf("delete the series of %s: %w", model, p.clean(err))
	}
	return nil
}

func (p *Pushgateway) push(ctx context.Context, model string, set []sample, send func(*push.Pusher, context.Context) error) error {
	pusher, err := p.pusher(model)
	if err != nil {
		return err
	}
	if err := send(pusher.Gatherer(gather(set)), ctx); err != nil {
		return fmt.Errorf("push metrics of %s: %w", model, p.clean(err))
	}
	return nil
}

func (p *Pushgateway) pusher(model string) (*push.Pusher, error) {
	pusher := push.New(p.url, jobLabel).Client(p.opts.Client).Grouping("model", model)
	for name, value := range p.opts.Grouping {
		pusher = pusher.Grouping(name, value)
	}
	if p.opts.Username != "" {
		password, err := p.opts.Password()
		if err != nil {
			return nil, fmt.Errorf("read the Pushgateway's password: %w", err)
		}
		pusher = pusher.BasicAuth(p.opts.Username, password)
	}
	return pusher, nil
}

// clean takes the URL, which may hold a password, out of a transport error.
func (p *Pushgateway) clean(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the outermost error is the one with the URL
		return fmt.Errorf("%s %s: %w", e.Op, redacted(e.URL), e.Err)
	}
	return err
}

func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}
