package trigger

import (
	"context"
	"errors"
)

// Pipelines starts, finds and watches retraining runs.
type Pipelines interface {
	// Find returns the runs of exactly that name in the request's experiment,
	// archived ones included, oldest first.
	Find(ctx context.Context, req LaunchRequest) ([]Run, error)
	// Create starts a run, once: it never retries. The error wraps ErrUnclear
	// when the run may have been made all the same.
	Create(ctx context.Context, req LaunchRequest) (Run, error)
	// Get returns a run; the error wraps ErrRunGone when the server has forgotten it.
	Get(ctx context.Context, runID string) (Run, error)
	// Terminate asks a run to stop.
	Terminate(ctx context.Context, runID string) error
}

var (
	// ErrUnclear marks a failed Create after which a run may exist: look, don't post again.
	ErrUnclear = errors.New("the run may have been started")
	// ErrRunGone marks a run that the server no longer knows, which isn't failure.
	ErrRunGone = errors.New("run is gone from the server")
	// ErrRejected marks a request that the server or the pipeline's spec refuses
	// for good: unknown pipeline, bad parameter, missing permission.
	ErrRejected = errors.New("the request is refused")
	// ErrTooLate marks a Create that sent nothing because LaunchRequest.NotAfter was over.
	ErrTooLate = errors.New("too late to start the run")
)

// Checker is a Pipelines that can refuse a request before anything is claimed
// for it: an unknown pipeline or version, a missing or mistyped parameter. The
// Launcher asks it where there is one.
type Checker interface {
	Check(ctx context.Context, req LaunchRequest) error
}
