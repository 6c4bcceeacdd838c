// Package config reads hindcast.yaml: strictly, with every error at once and each
// at its line and column.
//
// A Config says what is wanted and reaches no server: cmd opens the stores, and
// httpclient makes the clients. The one thing that is opened, when its value is asked
// for, is the file of a Secret.
//
// Terms. A value is a YAML value with its aliases followed; it has a place, which is its
// line and column, and a path such as models[0].rules[1].when. An object is a value with
// keys. A scalar is a value that is text, a number, a boolean or nothing, after its
// variables are replaced. A word is a text of which only some are known, such as a
// format.
//
// The way of a key. Parse (load.go) has the text parsed into a tree (decode.go) and asks
// the tree for one key after the other (object.go). Each part of the file has a method
// that reads it: model.go, rules.go, retrain.go, outputs.go, receivers.go and so on. It
// reads a value as what it has to be (scalar.go, words.go), checks it, and puts it into
// the field of Config (config.go) that carries the key as its yaml tag. Every fault goes
// to the decoder's list and reading goes on, so that all are told at once (errors.go);
// what the file does not say is as in defaults.go. What is left in an object at its end is an
// unknown key, or one of unsupported.go. Begin at Parse, or at Config for what comes out.
//
// Paths. A relative path and a relative file URL (file://./state, or plain ./state)
// start at the folder of the configuration file, Config.Dir, not at the working
// folder: URLs are kept as written, for an objstore.Opener of cfg.Dir; paths of
// secrets and of the text file are joined to that folder at load.
//
// Variables. ${VAR} is replaced in scalar values, after the YAML is parsed, so
// that no value can add structure; $${ stands for a literal ${, and other dollars
// are left alone. Where a number is wanted a variable may hold it, quoted or not;
// a parameter of a pipeline is a number or a boolean only where it is not quoted.
package config

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Config is a valid configuration with its defaults filled in.
type Config struct {
	File        string      // name of the file, for messages
	Dir         string      // relative paths and file URLs start here
	Version     int         `yaml:"version"`
	State       State       `yaml:"state"`
	Concurrency int         `yaml:"concurrency"` // models worked on at once; 0: as many as there are cores
	Models      []*Model    `yaml:"models"`      // in the file's order
	Publish     Publish     `yaml:"publish"`
	Prometheus  *Prometheus `yaml:"prometheus"` // nil without one
	Notify      Notify      `yaml:"notify"`
	Report      Report      `yaml:"report"`
}

// The words of Report.When.
const (
	ReportAlways   = "always"
	ReportBreached = "breached" // of windows that are breached
	ReportNever    = "never"
)

// Report says where passes write reports, and of which windows. Without one they write none.
type Report struct {
	URL  string `yaml:"url"`  // a folder of their own
	When string `yaml:"when"` // empty where the file has no report; one of the words above
}

// Written reports whether passes write reports.
func (r Report) Written() bool { return r.When == ReportAlways || r.When == ReportBreached }

// State says where Hindcast keeps its own memory.
type State struct {
	URL           string        `yaml:"url"`
	KeepSummaries time.Duration `yaml:"keep_summaries"` // for how long after a window's end its Summary is kept; 0 keeps none
}

// Model is one model to evaluate.
type Model struct {
	Name        string            `yaml:"name"`
	Task        groundtruth.Task  `yaml:"task"`
	Schedule    string            `yaml:"schedule"`  // cron, five fields; empty when serve leaves the model alone
	TimeZone    string            `yaml:"time_zone"` // of the schedule, an IANA name
	Predictions Predictions       `yaml:"predictions"`
	GroundTruth GroundTruth       `yaml:"ground_truth"`
	Window      string            `yaml:"window"`           // parsed by Grid
	WindowZone  string            `yaml:"window_time_zone"` // of the windows, an IANA name; in Grid
	CatchUp     int               `yaml:"catch_up"`
	Relook      time.Duration     `yaml:"relook"`    // for how long after it became mature a window may be judged again; 0 turns it off
	Reference   *Reference        `yaml:"reference"` // nil without one
	Segments    []string          `yaml:"segments"`
	MaxSegments int               `yaml:"max_segments"` // values kept per segment column
	MaxBadShare float64           `yaml:"max_bad_share"`
	Drift       Drift             `yaml:"drift"`
	Prometheus  map[string]string `yaml:"prometheus"` // queries by name, as written; Queries replaces $window
	RuleList    []Rule            `yaml:"rules"`      // the default rules where the file has no such key; rules: [] means none
	Retrain     Retrain           `yaml:"retrain"`

	// What kinds.go reads.
	PositiveLabel     string           `yaml:"positive_label"`      // of binary, where it has a default
	Threshold         float64          `yaml:"threshold"`           // likewise
	BusinessValue     *BusinessValue   `yaml:"business_value"`      // of classifiers; nil without one
	CostPerPrediction float64          `yaml:"cost_per_prediction"` // taken from each row's business value
	Metrics           MetricParameters `yaml:"metrics"`
	Estimated         Estimated        `yaml:"estimated"`
	LabelBias         LabelBias        `yaml:"label_bias"`

	noTask       bool // the file names none that there is; Task is then one to read on by
	baseDir      string
	queriesAt    position
	rollingAt    value
	defaultRules bool
	grid         groundtruth.Grid
	rules        *rule.Set
	schedule     *Schedule
}

// Predictions is a model's prediction log.
type Predictions struct {
	URL      string            `yaml:"url"`
	Format   string            `yaml:"format"`
	Slack    time.Duration     `yaml:"slack"`
	Columns  PredictionColumns `yaml:"columns"`
	Features Features          `yaml:"features"`
	// Bounds are those that predictions of a regression are expected to keep; nil for none.
	Bounds *Bounds `yaml:"bounds"`
	// PartitionZone is the zone of {date} and the like in URL, an IANA name.
	PartitionZone string `yaml:"partition_time_zone"`
	// FollowLinks lets symbolic links in a folder lead out of it.
	FollowLinks bool `yaml:"follow_links"`

	zone groundtruth.Zone // of PartitionZone
}

// Bounds are the least and the greatest prediction that is expected, of which one may be nil.
type Bounds struct {
	Min *float64 `yaml:"min"`
	Max *float64 `yaml:"max"`
}

// PredictionColumns names the columns of a prediction log.
type PredictionColumns struct {
	ID           groundtruth.IDColumns `yaml:"id"` // one at least
	Timestamp    string                `yaml:"timestamp"`
	Prediction   string                `yaml:"prediction"`
	ModelVersion string                `yaml:"model_version"` // may be empty
	Entity       string                `yaml:"entity"`        // of what rows are about; may be empty
	Score        string                `yaml:"score"`         // of binary; with it Prediction may be empty
	// Scores are, of multiclass, those of the classes in the file's order; with them Prediction may be empty.
	Scores    []groundtruth.ClassScore `yaml:"scores"`
	Quantiles []groundtruth.Quantile   `yaml:"quantiles"` // of regression, ascending
	Weight    string                   `yaml:"weight"`    // may be empty
}

// Features says which columns are features.
type Features struct {
	Auto    bool     // every column that is not mapped; the default
	Columns []string // where Auto is false
}

// GroundTruth is where labels come from.
type GroundTruth struct {
	URL     string              `yaml:"url"`
	Format  string              `yaml:"format"`
	Slack   time.Duration       `yaml:"slack"`
	Columns LabelColumns        `yaml:"columns"`
	Delay   time.Duration       `yaml:"delay"`
	Resolve groundtruth.Resolve `yaml:"resolve"`
	Match   Match               `yaml:"match"`
	// PartitionZone is the zone of {date} and the like in URL, an IANA name.
	PartitionZone string `yaml:"partition_time_zone"`
	// FollowLinks lets symbolic links in a folder lead out of it.
	FollowLinks bool `yaml:"follow_links"`

	zone groundtruth.Zone // of PartitionZone
}

// Match says which labels of an id count for which of its predictions.
type Match struct {
	Within time.Duration `yaml:"within"` // 0: all labels of an id count for all its predictions
}

// LabelColumns names the columns of the labels; only ID and Label are never empty.
type LabelColumns struct {
	ID         groundtruth.IDColumns `yaml:"id"` // as many as those of the predictions
	Label      string                `yaml:"label"`
	Timestamp  string                `yaml:"timestamp"`
	IngestedAt string                `yaml:"ingested_at"`
	Op         string                `yaml:"op"`
}

// SavedProfile is the word for the profile that hindcast baseline saved in the state.
const SavedProfile = "saved"

// Reference is what a window is compared to: rows or a profile, never both.
type Reference struct {
	URL    string `yaml:"url"`    // rows with the predictions' columns, label included
	Format string `yaml:"format"` // of the rows
	// Columns names the columns of the rows; nil where none is named, and all are as those
	// of predictions and ground truth.
	Columns *ReferenceColumns `yaml:"columns"`
	Profile string            `yaml:"profile"` // URL of a saved profile, or SavedProfile
	// Strata says which rows a window is compared with; empty is by the length of windows:
	// Model.Strata.
	Strata summary.StrataKind `yaml:"strata"`
	// FollowLinks lets symbolic links in a folder lead out of it.
	FollowLinks bool     `yaml:"follow_links"`
	Rolling     *Rolling `yaml:"rolling"` // nil without one
}

// ReferenceColumns names the columns of a reference. What the file does not name is as in
// predictions and ground truth; an empty name says that there is no such column.
type ReferenceColumns struct {
	ID           groundtruth.IDColumns `yaml:"id"`
	Timestamp    string                `yaml:"timestamp"`
	Prediction   string                `yaml:"prediction"`
	ModelVersion string                `yaml:"model_version"`
	Entity       string                `yaml:"entity"`
	Label        string                `yaml:"label"`

	Score     string                   `yaml:"score"`
	Scores    []groundtruth.ClassScore `yaml:"scores"`    // in the order of those of predictions
	Quantiles []groundtruth.Quantile   `yaml:"quantiles"` // as many as those of predictions
	Weight    string                   `yaml:"weight"`
}

// lacks reports whether the reference is said to have no predictions and no labels.
func (r *Reference) lacks() (predictions, labels bool) {
	if r == nil || r.Columns == nil {
		return false, false
	}
	c := r.Columns
	return c.Prediction == "" && c.Score == "" && len(c.Scores) == 0, c.Label == ""
}

// Saved reports whether the profile is the one that hindcast baseline saved.
func (r *Reference) Saved() bool { return r != nil && r.Profile == SavedProfile }

// Drift says how the drift of a column is judged.
type Drift struct {
	Profile    string             `yaml:"profile"`
	Methods    []string           `yaml:"method"`    // measure names; empty means auto
	Threshold  *float64           `yaml:"threshold"` // for every judging measure; nil means each its own
	Thresholds map[string]float64 // by measure, where the file has a map
	// What PolicyHash leaves out where the file has none: it came later than the others.
	Std                *float64           `json:",omitempty"`                             // the number of {std: NUMBER} for every judging measure
	Stds               map[string]float64 `json:",omitempty"`                             // by measure
	FalseDiscoveryRate *float64           `json:",omitempty" yaml:"false_discovery_rate"` // nil means none, but of drift.count

	MinRows     int64 `yaml:"min_rows"`
	ExactValues int   `yaml:"exact_values"`
}

// Rule is a rule as configured, its defaults filled in.
type Rule struct {
	Name         string   `yaml:"name"`
	When         string   `yaml:"when"`
	MinSamples   int64    `yaml:"min_samples"`
	MinCoverage  float64  `yaml:"min_coverage"`
	Significance *float64 `yaml:"significance"` // nil: the default where it can apply
	For          int      `yaml:"for"`
	Action       string   `yaml:"action"` // one of rule.Actions
}

// Retrain says when and how retraining is started.
type Retrain struct {
	Mode     trigger.Mode  `yaml:"mode"`
	Cooldown time.Duration `yaml:"cooldown"`
	Budget   Budget        `yaml:"budget"`
	Settle   time.Duration `yaml:"settle"`
	Kubeflow *Kubeflow     `yaml:"kubeflow"` // nil without one
}

// Budget allows Runs launches in any period of length Per.
type Budget struct {
	Runs int           `yaml:"runs"`
	Per  time.Duration `yaml:"per"`
}

// Kubeflow names a pipeline and what to run it with. Parameters are stored with
// the run and in the ledger: they are no place for secrets.
type Kubeflow struct {
	Endpoint       string         `yaml:"endpoint"`
	Namespace      string         `yaml:"namespace"`  // may be empty
	Experiment     string         `yaml:"experiment"` // may be empty
	Pipeline       string         `yaml:"pipeline"`
	Version        string         `yaml:"version"`    // of the pipeline
	Parameters     map[string]any `yaml:"parameters"` // as JSON has them, with int64 beside float64; their templates are checked
	ServiceAccount string         `yaml:"service_account"`
	PipelineRoot   string         `yaml:"pipeline_root"`
	UIURL          string         `yaml:"ui_url"`
	Token          Secret         `yaml:"token"` // unset: the client's default places
	Timeout        time.Duration  `yaml:"timeout"`
}

// Publish says where metrics go; nil members are not used.
type Publish struct {
	Pushgateway *Pushgateway      `yaml:"pushgateway"`
	Textfile    *Textfile         `yaml:"textfile"`
	Aliases     map[string]string `yaml:"aliases"` // names of metrics, without hindcast_, by what they are shown as too
}

// Pushgateway is a Prometheus Pushgateway.
type Pushgateway struct {
	URL      string            `yaml:"url"`
	Grouping map[string]string `yaml:"grouping"` // labels beside job and model
	Username string            `yaml:"username"`
	Password Secret            `yaml:"password"`
	HTTP     HTTPClient        `yaml:"http_config"` // never beside Username
	Timeout  time.Duration     `yaml:"timeout"`
}

// Textfile is a file for node_exporter's textfile collector.
type Textfile struct {
	Path string `yaml:"path"` // joined to Config.Dir
}

// Prometheus is the server that models' queries are asked of.
type Prometheus struct {
	URL     string        `yaml:"url"`
	Timeout time.Duration `yaml:"timeout"` // of one query
	HTTP    HTTPClient    `yaml:"http_config"`
}

// Notify says who is told; nil members are not used.
type Notify struct {
	Slack        *Slack        `yaml:"slack"`
	Email        *Email        `yaml:"email"`
	Webhook      *Webhook      `yaml:"webhook"`
	Alertmanager *Alertmanager `yaml:"alertmanager"`
	Links        Links         `yaml:"links"`
}

// Slack is a Slack channel, by bot token or by webhook.
type Slack struct {
	Token      Secret        `yaml:"token"`
	Channel    string        `yaml:"channel"`
	WebhookURL Secret        `yaml:"webhook_url"`
	APIURL     string        `yaml:"api_url"` // of the bot API; empty means Slack's own
	Timeout    time.Duration `yaml:"timeout"`
}

// Model returns the model of that name, or nil.
func (c *Config) Model(name string) *Model {
	for _, m := range c.Models {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Grid is the grid of the model's windows.
func (m *Model) Grid() groundtruth.Grid { return m.grid }

// Strata returns the kinds of time by which the model's reference is taken apart.
func (m *Model) Strata() summary.StrataKind {
	const day = 24 * time.Hour
	switch length := m.grid.Length(); {
	case m.Reference == nil:
		return summary.NoStrata
	case m.Reference.Strata != "":
		return m.Reference.Strata
	case length < day:
		return summary.HourOfDayStrata
	case length < 7*day && length%day == 0:
		return summary.WeekendStrata
	default:
		return summary.NoStrata
	}
}

// Cron is when serve runs the model; nil when it has no schedule.
func (m *Model) Cron() *Schedule { return m.schedule }

// Policy says when a proposed retraining is started.
func (m *Model) Policy() trigger.Policy {
	return trigger.Policy{
		Mode:     m.Retrain.Mode,
		Cooldown: m.Retrain.Cooldown,
		Budget:   trigger.Budget{Runs: m.Retrain.Budget.Runs, Per: m.Retrain.Budget.Per},
		Settle:   m.Retrain.Settle,
	}
}
