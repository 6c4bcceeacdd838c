package trigger

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrInFlight marks a run by hand that was not started because another run of the
// model goes on.
var ErrInFlight = errors.New("a run of the model is in flight")

// Manual starts a run by hand. It passes every guard but in flight, which force
// passes too. meta must say the model and the reason; it gets a key of its own:
// with k the key of that name, which makes the call repeatable without a second
// run, else one that nothing repeats. It is recorded like any other run and counts
// in cooldown and budget.
func (l *Launcher) Manual(ctx context.Context, req LaunchRequest, meta Launch, k string, force bool) (Outcome, error) {
	if strings.TrimSpace(meta.Reason) == "" {
		return Outcome{}, errors.New("retrain by hand: say why: a reason is required")
	}
	if meta.Model == "" {
		return Outcome{}, errors.New("retrain by hand: a model is required")
	}
	if meta.Key == "" {
		meta.Key = RandomKey(meta.Model)
		if k != "" {
			meta.Key = ManualKey(meta.Model, k)
		}
	}
	meta.Manual, meta.Episode, meta.Attempt = true, nil, 0
	if known, err := l.recorded(ctx, meta.Key); err != nil || known != nil {
		return Outcome{Launch: deref(known)}, err
	}
	if !force {
		launches, err := l.Ledger.Launches(ctx, meta.Model)
		if err != nil {
			return Outcome{}, fmt.Errorf("retrain %s by hand: %w", meta.Model, err)
		}
		claims, err := l.Ledger.OpenClaims(ctx, meta.Model, launches)
		if err != nil {
			return Outcome{}, fmt.Errorf("retrain %s by hand: %w", meta.Model, err)
		}
		if why := inFlight(launches, claims, meta.Key); why != "" {
			return Outcome{}, fmt.Errorf("retrain %s by hand: %w: %s (--force starts one all the same)", meta.Model, ErrInFlight, why)
		}
	}
	return l.Launch(ctx, req, meta)
}
