package job

import (
	"context"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Summaries makes what a pass judges by: the Summary of a window, and the profile of a
// reference. A pass asks nothing else of where rows are and how they are read. Logs is
// the one that reads objects; what computes elsewhere is another.
type Summaries interface {
	// Inputs lists what the Summary of a window would be made from, by URL. What is kept
	// of a window holds as long as these are the same.
	Inputs(ctx context.Context, q WindowQuery) ([]groundtruth.Input, error)
	// Window makes the Summary of a window, on the layout of the query's profile, and says
	// what it met on the way.
	Window(ctx context.Context, q WindowQuery) (*summary.Summary, groundtruth.Result, error)
	// ReferenceInputs lists what the profile of a model's reference would be made from, by
	// URL, and what a person should know of it.
	ReferenceInputs(ctx context.Context, m *config.Model) (inputs []groundtruth.Input, notes []string, err error)
	// Reference makes the profile of a model's reference, and says what that took. The
	// fingerprint is the caller's to set.
	Reference(ctx context.Context, m *config.Model) (*summary.Profile, Work, error)
}

// WindowQuery says which Summary a pass asks for.
type WindowQuery struct {
	Model   *config.Model
	Profile *summary.Profile // the reference's, whose layout the window is counted on; nil without one
	Window  groundtruth.Window
	AsOf    time.Time
	Past    bool // AsOf is a moment of the past
	Labels  bool // with the labels known at AsOf
}

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

// Reporter shows in pictures what passes judged.
type Reporter interface {
	// Report is given what a pass judged, once it is recorded.
	Report(ctx context.Context, j *Judged) error
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
