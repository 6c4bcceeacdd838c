package job

import (
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Coverage holds the counts of a window's join as people and programs read them.
// What needs labels is nil where none were read.
type Coverage struct {
	Predictions          int64            `json:"predictions"`
	Labels               *int64           `json:"labels"`
	Matched              *int64           `json:"matched"`
	Coverage             stat.Number      `json:"coverage"` // null without predictions or labels
	DuplicatePredictions int64            `json:"duplicate_predictions"`
	DuplicateLabels      int64            `json:"duplicate_labels"`
	ConflictingLabels    int64            `json:"conflicting_labels"`
	UnmatchedLabels      int64            `json:"unmatched_labels"`
	DeletedLabels        int64            `json:"deleted_labels"`
	NullLabels           int64            `json:"null_labels"`
	HiddenLabels         int64            `json:"hidden_labels"`
	LabelsBefore         int64            `json:"labels_before_prediction"`
	LabelDelay           *LabelDelay      `json:"label_delay,omitempty"` // nil where no ingest time is known
	Skipped              map[string]int64 `json:"skipped"`
	Reason               string           `json:"reason,omitempty"` // why something above is null
}

// LabelDelay says how long after their predictions the labels of a window came in.
type LabelDelay struct {
	N    int64   `json:"n"`           // matched predictions whose label has an ingest time
	Late int64   `json:"late"`        // of these, labels that came when the window was mature already
	P50  float64 `json:"p50_seconds"` // half of them came within
	P95  float64 `json:"p95_seconds"`
	// Ages say how many of them came within some ages, ascending: from the first age that has
	// some to the first that has all. What is left at the last came later than 90 days after.
	Ages []LabelAge `json:"ages,omitempty"`
}

// LabelAge counts the labels that came within so many seconds after their predictions.
type LabelAge struct {
	WithinSeconds int64 `json:"within_seconds"`
	N             int64 `json:"n"`
}

// Outcome is the object of `run -o json`: one model, one window.
type Outcome struct {
	Model       string             `json:"model"`
	Window      groundtruth.Window `json:"window"`
	TimeZone    groundtruth.Zone   `json:"time_zone,omitzero"` // of the model's windows; left out where it is UTC
	AsOf        time.Time          `json:"as_of"`
	AsOfApplied bool               `json:"as_of_applied"`
	Stage       string             `json:"stage"` // mature or closed
	OnGrid      bool               `json:"on_grid"`
	Revision    int                `json:"revision"` // 0 when not recorded
	Verdict     rule.Verdict       `json:"verdict"`
	Coverage    Coverage           `json:"coverage"`
	evaluator.Evaluation
	Prometheus map[string]rule.Answer `json:"prometheus,omitempty"` // answers of the model's queries, by name
	Rules      []rule.Result          `json:"rules"`
	NotJudged  []NotJudged            `json:"not_judged,omitempty"`
	Decision   trigger.Decision       `json:"decision"`
	Notes      []string               `json:"notes,omitempty"`
	Recorded   bool                   `json:"-"` // a backfill has not judged it, and shows what is recorded
}

// Noted is the message of a note in the log. One on a window has its start as window_start, and is
// among the window's Notes too.
const Noted = "noted"

// NotJudged is a rule that waits for the labels of its window.
type NotJudged struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// RunStatus says how a model's pass went. Publishers are given it.
type RunStatus struct {
	Model    string
	Start    time.Time
	Duration time.Duration
	Err      error // nil on success
	// ReportErrors counts the reports that could not be written; nil where none are.
	ReportErrors *int
}

// Snapshot holds all that a successful pass shows of a model. Publishers are given it.
type Snapshot struct {
	Status      RunStatus
	Performance *Outcome // the newest mature window, from this pass or the ledger; nil when there is none yet
	Drift       *Outcome // the newest closed window: drift, quality, volume; may be the same as Performance
	Launches    []trigger.LaunchStatus
}

// EventKind says what people are told.
type EventKind string

// The events.
const (
	EventBreach            EventKind = "breach"
	EventResolved          EventKind = "resolved" // a rule whose breach people were told of is healthy again
	EventRetrainSuggested  EventKind = "retrain_suggested"
	EventRetrainStarted    EventKind = "retrain_started"
	EventRetrainFinished   EventKind = "retrain_finished"
	EventRetrainFailed     EventKind = "retrain_failed" // failed, cancelled or gone
	EventRetrainDuplicate  EventKind = "retrain_duplicate"
	EventLaunchFailed      EventKind = "retrain_not_started" // Err says why; the next pass tries again
	EventRevised           EventKind = "revised"             // judged again, windows or runs are not as people were told
	EventEvaluationFailing EventKind = "evaluation_failing"
	EventEvaluationWorks   EventKind = "evaluation_works" // a pass succeeded again
	EventTest              EventKind = "test"             // nothing has happened: somebody tries the receivers
)

// EventKinds lists the events that passes tell.
func EventKinds() []EventKind {
	return []EventKind{
		EventBreach, EventResolved, EventRetrainSuggested, EventRetrainStarted, EventRetrainFinished, EventRetrainFailed, EventRetrainDuplicate,
		EventLaunchFailed, EventRevised, EventEvaluationFailing, EventEvaluationWorks,
	}
}

// Incident is what an event belongs to: a rule's breach with the runs that follow from
// it, a run that was started by hand, or a series of passes that failed.
type Incident struct {
	ID     string    // the same for all events of one incident, and for no others
	Rule   string    // whose breach it is; empty for a run by hand and for failing passes
	Since  time.Time // the breach: start of the first window that people were told of. A run by hand: its start. Failing passes: start of the first window that was to be judged
	Opened time.Time // when it was first told; of failing passes and attempts: when the first failed
	First  bool      // this event is the first that people are told of it
}

// Event is something that people are told, once.
type Event struct {
	Kind     EventKind
	Model    string
	Time     time.Time
	TimeZone groundtruth.Zone // of the model's windows
	Incident Incident
	// Until is how long the event stands without another word: until the next pass but
	// one should have said more.
	Until     time.Time
	Failures  int                  // EventEvaluation*, EventLaunchFailed, EventRetrainStarted: how many passes or attempts failed since Incident.Opened; at a run's start there may have been none
	Rules     []rule.Result        // EventBreach, EventResolved: the rules
	Outcome   *Outcome             // EventBreach, EventResolved, EventRetrain*: the window; may be nil
	Decision  *trigger.Decision    // what follows from it; may be nil
	Launch    *trigger.Launch      // EventRetrain*
	State     *trigger.RunState    // EventRetrainFinished, EventRetrainFailed, EventRetrainDuplicate
	RunURL    string               // for people; may be empty
	Window    *groundtruth.Window  // that it is about; nil where it is about none
	Sentence  string               // EventBreach, EventResolved: why, in a sentence; may be empty
	Picture   *Picture             // EventBreach, EventResolved: the figure that the rule compares, over windows; nil where there is none
	Links     Links                // for people
	Revised   []Revised            // EventRevised: the breaches that are none any more
	Retracted []trigger.Retraction // EventRevised: the runs that nothing would have asked for
	Err       error                // EventLaunchFailed, EventEvaluationFailing
}

// Picture is a picture that a message shows beside its words.
type Picture struct {
	PNG           []byte
	Width, Height int    // in units of a page; the PNG may have more pixels
	Title         string // what it shows, in a line
	Alt           string // the same for who doesn't see it
}

// Links are addresses for people, as the configuration's templates give them. Each may be
// empty.
type Links struct{ Report, Dashboard, Runbook string }
