package trigger

import (
	"encoding/json"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// Mode says what a policy may do by itself.
type Mode string

// The modes. Approve comes later and is refused by the configuration.
const (
	ModeOff     Mode = "off"
	ModeSuggest Mode = "suggest"
	ModeAuto    Mode = "auto"
)

// Modes lists the modes.
func Modes() []Mode { return []Mode{ModeOff, ModeSuggest, ModeAuto} }

// Budget allows Runs launches in any period of length Per.
type Budget struct {
	Runs int
	Per  time.Duration
}

// Policy says when a proposed retraining is started.
type Policy struct {
	Mode     Mode
	Cooldown time.Duration // from launch and from completion
	Budget   Budget
	Settle   time.Duration // semantics: launching, once
}

// Action is what a decision does.
type Action string

// The actions of a decision.
const (
	ActionNone       Action = "none"
	ActionAlert      Action = "alert"
	ActionRetrain    Action = "retrain"
	ActionSuppressed Action = "suppressed"
)

// Decision is what follows from the verdicts on a window. Its JSON is what commands
// print; the ledger writes it as a decisionRecord.
type Decision struct {
	Action  Action     `json:"action"`
	DryRun  bool       `json:"dry_run"`
	Reason  string     `json:"reason"`
	Guard   string     `json:"guard,omitempty"`   // one of the Guard constants: what suppressed it
	Until   *time.Time `json:"until,omitempty"`   // when that guard ends, where known
	Rule    string     `json:"rule,omitempty"`    // the rule that proposed it
	Episode *time.Time `json:"episode,omitempty"` // start of the episode's first window
	Attempt int        `json:"attempt,omitempty"`
	Key     string     `json:"key,omitempty"`
	RunID   string     `json:"run_id,omitempty"`
	Started bool       `json:"started,omitempty"` // this pass started the run; else it was there
	Run     string     `json:"run,omitempty"`     // the run's display name
}

// Stage of a window's record.
const (
	StageMature = "mature"
	StageClosed = "closed"
)

// Stages lists the stages.
func Stages() []string { return []string{StageMature, StageClosed} }

// Record is one evaluation in the ledger: append-only, a new revision for a re-evaluation.
// The ledger writes it as an evaluationRecord.
type Record struct {
	Model      string
	Window     groundtruth.Window
	OnGrid     bool
	Grid       string // the grid's name; none off the grid and in records of earlier versions, which are of the grid in UTC whose window they are
	Stage      string
	Revision   int
	AsOf       time.Time
	RecordedAt time.Time
	PolicyHash string
	Verdict    rule.Verdict
	Rules      []rule.Result
	Versions   []string // model versions seen, sorted
	Mostly     string   // of several versions the one with most of the predictions, see Version; empty where there are not several
	Inputs     []groundtruth.Input
	Decision   Decision
	Output     json.RawMessage // the object of run -o json, kept as it was printed
	Figures    *Figures        // of Output, where Brief, LastWindows or Since have read the record; else nil

	// What a pass goes by that may judge the window again. Records of earlier versions
	// have none of it.
	ReadHash    string    // of all that the reading depended on beside the objects; empty where it is not known
	RulesHash   string    // of all that the verdicts depended on beside what was read
	Layout      string    // ID of the reference's layout on which the window was counted; empty without one
	ReadAsOf    time.Time // as of when the window was read, where that was before AsOf: it was judged from its kept Summary
	Predictions *int64    // nil where it is not known
	Matched     *int64    // nil where no labels were read
	JudgedAgain int       // the revision that a pass took up and judged again; 0 for none
	Estimate    *Estimate // what scores estimates by what came true; nil where a mature window has not both
	// BreachedAsOf says, of rules whose breach an earlier revision found already, as of
	// when that was. No key: AsOf.
	BreachedAsOf map[string]time.Time
}

// Estimate is a metric of a window as it was estimated without labels, with its band, and as
// labels show it.
type Estimate struct {
	Metric                     string
	Value, Low, High, Realised stat.Number
}

// Unrecorded is the revision of an evaluation that is not recorded yet. It is above every
// recorded one: what is judged now is the newest.
const Unrecorded = 1 << 30

// WasReadAsOf returns as of when the window was read.
func (r Record) WasReadAsOf() time.Time {
	if r.ReadAsOf.IsZero() {
		return r.AsOf
	}
	return r.ReadAsOf
}

// Version returns the model version that the window belongs to, the one with most of its
// predictions: empty where the log has no versions. It is false where it is not known, as
// of several versions in the records of earlier versions of Hindcast.
func (r Record) Version() (version string, known bool) {
	switch {
	case len(r.Versions) == 0:
		return "", true
	case len(r.Versions) == 1:
		return r.Versions[0], true
	default:
		return r.Mostly, r.Mostly != ""
	}
}

// Launch is a started run in the ledger.
type Launch struct {
	Schema      int                 `json:"schema"`
	Key         string              `json:"key"`
	Model       string              `json:"model"`
	Run         string              `json:"run"` // display name
	RunID       string              `json:"run_id"`
	Episode     *time.Time          `json:"episode,omitempty"` // nil for a run started by hand
	Attempt     int                 `json:"attempt,omitempty"`
	Window      *groundtruth.Window `json:"window,omitempty"` // the window judged
	Grid        string              `json:"grid,omitempty"`   // whose window it is, where the interval does not tell it
	Versions    []string            `json:"versions,omitempty"`
	Rule        string              `json:"rule,omitempty"`
	For         int                 `json:"for,omitempty"` // the rule's then; 0 where an earlier version started the run
	Reason      string              `json:"reason"`
	Manual      bool                `json:"manual"`
	LaunchedAt  time.Time           `json:"launched_at"`
	PolicyHash  string              `json:"policy_hash,omitempty"`
	Parameters  map[string]any      `json:"parameters,omitempty"`
	Claim       int                 `json:"claim"`                  // the n of claims/KEY/n that launched it
	FoundBefore bool                `json:"found_before,omitempty"` // the run was there already

	// Where the run is, so that it can be looked for when the configuration has changed.
	Pipeline   string `json:"pipeline,omitempty"`
	Experiment string `json:"experiment,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	URL        string `json:"url,omitempty"` // for people
	By         string `json:"by,omitempty"`  // who launched or found it: Launcher.Identity
}

// RunState is the state of a started run, as KFP names it: PENDING, RUNNING,
// SUCCEEDED, SKIPPED, FAILED, CANCELING, CANCELED, PAUSED; or one of StateGone
// and StateDuplicate.
type RunState struct {
	Schema     int        `json:"schema"`
	Key        string     `json:"key"`
	RunID      string     `json:"run_id"`
	State      string     `json:"state"`
	Error      string     `json:"error,omitempty"`
	ObservedAt time.Time  `json:"observed_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Kept       string     `json:"kept,omitempty"` // of a duplicate: the id of the run that was kept
}

// Run is a run as the pipelines server shows it.
type Run struct {
	ID         string
	Name       string
	State      string
	Error      string
	CreatedAt  time.Time
	FinishedAt time.Time // zero while it goes on
	URL        string    // for people; may be empty
}

// LatestVersion stands for a pipeline's newest version.
const LatestVersion = "latest"

// LaunchRequest is what a run is made of; Parameters are rendered and typed.
type LaunchRequest struct {
	Name           string // display name, deterministic by key
	Description    string
	Pipeline       string
	Version        string // LatestVersion or a version's name
	Experiment     string
	Namespace      string
	Parameters     map[string]any
	ServiceAccount string
	PipelineRoot   string // empty: the server's default

	// NotAfter is when Create must give up instead of sending the request, by this
	// process's monotonic clock; zero for never. See ErrTooLate.
	NotAfter time.Time
}
