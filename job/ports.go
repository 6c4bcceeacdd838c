package job

import (
	"context"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/trigger"
)

// Publisher shows a model's figures to a monitoring system.
type Publisher interface {
	// Name says where, for messages; no secrets.
	Name() string
	// Publish replaces everything shown of the model.
	Publish(ctx context.Context, s Snapshot) error
	// PublishFailure shows that a pass failed and leaves the figures alone.
	PublishFailure(ctx context.Context, s RunStatus) error
	// PublishRuns shows the states of started runs and leaves the rest alone.
	PublishRuns(ctx context.Context, model string, runs []trigger.LaunchStatus) error
}

// Querier asks a monitoring system.
type Querier interface {
	// Query returns the number that the query gives at a time, or an answer without
	// one whose reason says why. An error says that nobody could be asked, beside an
	// answer whose reason says so too; no secrets in either.
	Query(ctx context.Context, query string, at time.Time) (rule.Answer, error)
}

// Notifier tells people of an event.
type Notifier interface {
	Name() string
	Notify(ctx context.Context, e Event) error
}

// Keeper is a Notifier whose receiver takes silence for recovery, as Alertmanager
// does.
type Keeper interface {
	Notifier
	// Keep says of what people were told before that it still goes on. It tells no one
	// anew.
	Keep(ctx context.Context, open []Event) error
}
