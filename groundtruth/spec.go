package groundtruth

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Source says where the objects of predictions, of labels or of a reference are, and how to
// read them.
type Source struct {
	// URL holds the bucket and the key pattern: {date} {hour} {year} {month} {day}, *, **.
	// Whoever opens it knows where relative paths start.
	URL string
	// Format is auto or one of Formats; auto goes by the key's ending, less .gz or .zst.
	Format string
	// Slack is how far a partition's time may lie from the prediction's, on both sides.
	Slack time.Duration
	// PartitionZone is the zone whose clocks {date} and the other placeholders go by. It is
	// left out of fingerprints where it is UTC.
	PartitionZone Zone `json:",omitzero"`
	// FollowLinks says that symbolic links in a folder may lead out of it. Whoever can
	// write to the folder can then have any file read that this process can read.
	FollowLinks bool
}

// Formats returns the names of the formats that Source.Format may have beside auto, in the
// order in which messages list them. The table of groundtruth/format has a row for each. The
// names stand here because config checks them without what reads files.
func Formats() []string { return []string{"parquet", "csv", "jsonl"} }

// IDColumns names the columns that make an id, mostly one. Predictions and labels have as
// many, in the same order; an id is missing where one of its columns is.
type IDColumns []string

// String names the columns for people.
func (c IDColumns) String() string { return strings.Join(c, ", ") }

// MarshalJSON implements json.Marshaler. One column is its name alone, so that hashes of
// what is read are those that they were before there could be several.
func (c IDColumns) MarshalJSON() ([]byte, error) {
	if len(c) == 1 {
		return json.Marshal(c[0])
	}
	return json.Marshal([]string(c))
}

// Task is what a model predicts.
type Task string

// The tasks of models.
const (
	Regression Task = "regression" // a number; the zero Task means it too
	Binary     Task = "binary"     // whether a row is of the positive class, mostly with a probability
	Multiclass Task = "multiclass" // one of several classes, perhaps with a probability of each
)

// Tasks returns all of them, in the order in which messages list them.
func Tasks() []Task { return []Task{Regression, Binary, Multiclass} }

// PredictionColumns names the columns of a prediction log. All but ID and what the task
// predicts may be empty: there is no such column. What came after the first four is left out of
// fingerprints where there is none.
type PredictionColumns struct {
	ID                                  IDColumns
	Timestamp, Prediction, ModelVersion string
	// Entity is the column that tells what a row is about, such as a customer. Rows of one
	// entity are alike.
	Entity string `json:",omitempty"`
	// Score holds, of Binary, the probability of the positive class. With it Prediction may be
	// empty: Spec.Threshold decides.
	Score string `json:",omitempty"`
	// Scores hold, of Multiclass, the probability of each class. With them Prediction may be
	// empty: the class of the greatest probability is predicted, of equal ones the first.
	Scores []ClassScore `json:",omitempty"`
	// Quantiles are, of Regression, the predicted quantiles, in ascending order.
	Quantiles []Quantile `json:",omitempty"`
	// Weight is how much a row counts in metrics.
	Weight string `json:",omitempty"`
}

// Names lists the columns that there are. One that is several things is there as often.
func (c *PredictionColumns) Names() []string {
	out := slices.Concat(c.ID, []string{c.Timestamp, c.Prediction, c.ModelVersion, c.Entity, c.Score, c.Weight})
	for _, s := range c.Scores {
		out = append(out, s.Column)
	}
	for _, q := range c.Quantiles {
		out = append(out, q.Column)
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == "" })
}

// ClassScore says where the probability of a class is: in a column of its own or in an element
// of one, which is a map or a list.
type ClassScore struct {
	Class, Column string
	Element       Element `json:",omitzero"`
}

// Element is a place inside a column whose values are maps or lists. Where it has a key and a
// place, the value decides: the key is of a map, the place of a list. The zero value is the value
// itself.
type Element struct {
	Key   string `json:",omitempty"` // of a map, where it is not empty
	Place int    `json:",omitempty"` // of a list, counted from 1
	Of    int    `json:"-"`          // how many elements such a list may have; of a longer one all are bad. 0 is any number. It follows from what else is named
}

// Quantile names the column that holds a predicted quantile of order Q, between 0 and 1.
type Quantile struct {
	Q      float64
	Column string
}

// Orders returns the orders of the predicted quantiles.
func (c PredictionColumns) Orders() []float64 {
	var out []float64
	for _, q := range c.Quantiles {
		out = append(out, q.Q)
	}
	return out
}

// LabelColumns names the columns of the labels. Only ID and Label are required.
type LabelColumns struct {
	ID                               IDColumns
	Label, Timestamp, IngestedAt, Op string
}

// ReferenceColumns names the columns of a reference's rows, which hold predictions and labels
// side by side. All of them may be empty: it has no such column.
type ReferenceColumns struct {
	PredictionColumns
	Label string
}

// Resolve says which label of an id counts.
type Resolve string

// The ways to resolve several labels of one id.
const (
	ResolveLatest            Resolve = "latest"
	ResolveFirst             Resolve = "first"
	ResolveConflictIsMissing Resolve = "conflict-is-missing"
)

// FeatureSpec names a feature's column and the kind to read it as.
type FeatureSpec struct {
	Name string
	Kind Kind
}

// Spec says what to read for one model. Join and ScanReference are given one.
type Spec struct {
	Task Task `json:",omitempty"` // empty is Regression; so are the next two left out of fingerprints where they are empty
	// Positive is, of Binary, the label of the positive class. The words 1, 1.0 and true are one
	// label, and 0, 0.0 and false are one; where it is none of these, all other labels are of
	// the other class.
	Positive string `json:",omitempty"`
	// Threshold is, of Binary, the score from which on a row is predicted to be of the positive
	// class where there is no column that says so.
	Threshold         float64 `json:",omitempty"`
	Predictions       Source
	PredictionColumns PredictionColumns
	Labels            Source
	LabelColumns      LabelColumns
	Resolve           Resolve
	Within            time.Duration     // how long before its timestamp a label counts for predictions; 0: for all of its id
	Reference         Source            // rows of training or the like; the zero value when there is none
	ReferenceColumns  *ReferenceColumns // nil: named as those of predictions and labels
	Segments          []string
	Features          []FeatureSpec // what Join sends as Batch.Features
	MaxBadShare       float64
}

// ColumnsOfReference returns the names of the reference's columns.
func (s *Spec) ColumnsOfReference() ReferenceColumns {
	if s.ReferenceColumns != nil {
		return *s.ReferenceColumns
	}
	return ReferenceColumns{s.PredictionColumns, s.LabelColumns.Label}
}

// DefaultMemory is what a process takes where nothing else is said, in bytes.
const DefaultMemory = 512 << 20

// Limits bound what a scan uses. Zero values mean the defaults.
type Limits struct {
	MemoryBytes int64  // of the whole process, of which the join's rows have their part before they spill; default DefaultMemory
	SpillDir    string // default os.TempDir()
	Workers     int    // default GOMAXPROCS
}

// Coverage counts what a join found of predictions and labels, and how they met. With
// Spec.Within, where labels are resolved for each prediction, what is said of ids holds of
// predictions: Labels are those that match a prediction and the versions that match none,
// which UnmatchedLabels are, and labels that are null and have no timestamp are NullLabels
// each.
type Coverage struct {
	Predictions          int64 `json:"predictions"`              // unique predictions in the window
	Labels               int64 `json:"labels"`                   // ids with a known label after resolution, among labels read
	Matched              int64 `json:"matched"`                  // predictions with a label
	DuplicatePredictions int64 `json:"duplicate_predictions"`    // rows beyond the first of their (id, version)
	DuplicateLabels      int64 `json:"duplicate_labels"`         // label versions beyond the first of their id, deletes and nulls included
	ConflictingLabels    int64 `json:"conflicting_labels"`       // ids whose known label versions differ in value
	UnmatchedLabels      int64 `json:"unmatched_labels"`         // labelled ids without a prediction in this window
	DeletedLabels        int64 `json:"deleted_labels"`           // ids whose winning version is a delete
	NullLabels           int64 `json:"null_labels"`              // ids whose winning version is null
	LabelsBefore         int64 `json:"labels_before_prediction"` // matched predictions later than their label's event time; they count as matched
	HiddenLabels         int64 `json:"hidden_labels"`            // label versions ingested after as-of
}

// LabelDelay says how long after their predictions the labels came in that a join matched, by
// their ingest times. Of an id with several label versions the earliest with a value counts.
type LabelDelay struct {
	Labels int64         `json:"labels"` // matched predictions whose label has an ingest time
	Late   int64         `json:"late"`   // of these, labels that came when the window was mature already
	Recent int64         `json:"recent"` // of these, labels that came in the last quarter of the time from the window's end to as-of
	Median time.Duration `json:"median"` // half of the labels came within this time; it may be a sixteenth too long
	Most   time.Duration `json:"most"`   // and 95 % within this
	// Ages say how many of them came within fixed ages, ascending: from the first age that has
	// some to the first that has all, or to the last, beyond which the others came. Nil of
	// what earlier versions counted.
	Ages []LabelAge `json:"ages,omitempty"`
}

// LabelAge counts the labels that came within a time after their predictions.
type LabelAge struct {
	Within time.Duration `json:"within"`
	Labels int64         `json:"labels"`
}

// BadSample shows where a skipped record came from.
type BadSample struct {
	Source string `json:"source,omitempty"` // predictions, labels or reference
	Object string `json:"object"`           // key relative to the URL's fixed part
	Row    int64  `json:"row"`              // 1-based record number in the object
	Column string `json:"column,omitempty"` // the column that is bad; none of a record that is bad as a whole
	Value  string `json:"value,omitempty"`
}

// Skipped counts records that were not used, by reason, with the first few samples
// by (object, row).
type Skipped struct {
	Counts  map[string]int64            `json:"counts"`
	Columns map[string]map[string]int64 `json:"columns"` // by reason and column, of the records in which one column is bad
	Samples map[string][]BadSample      `json:"samples"`
}

// Reasons for skipping a record.
const (
	BadNumber    = "bad_number" // prediction or label is not a finite number (text; of a prediction also NaN)
	BadTime      = "bad_time"   // prediction, label or ingest time cannot be read
	MissingID    = "missing_id"
	MissingValue = "missing_value" // no prediction, no timestamp of one, or a label without the ingest time
	BadRow       = "bad_row"       // short or long CSV row, malformed JSON line
	BadClass     = "bad_class"     // the class of a prediction or a label is nested, or is neither 1 nor 0 where Spec.Positive is one of them
	BadScore     = "bad_score"     // a score is no number from 0 to 1
	BadWeight    = "bad_weight"    // a weight is no number from 0 to MaxWeight
)

// MaxWeight is the greatest weight that a row may have.
const MaxWeight = 1e9

// wrongWith says what is wrong with records that are skipped for a reason whose name alone does
// not say it.
func wrongWith(reason string) string {
	switch reason {
	case BadClass:
		return "nested, or neither 1, 0, true nor false where positive_label is one of these"
	case BadScore:
		return "no number from 0 to 1"
	case BadWeight:
		return fmt.Sprintf("no number from 0 to %g", MaxWeight)
	}
	return ""
}

// Input names an object that was read, for the audit.
type Input struct {
	URL     string    `json:"url"`
	Size    int64     `json:"size"`
	ETag    string    `json:"etag,omitempty"`
	ModTime time.Time `json:"mod_time"`
}

// Result holds what a join found, beside what it sent to the sinks.
type Result struct {
	Coverage     Coverage
	Skipped      Skipped
	Inputs       []Input // sorted by URL
	AsOfApplied  bool
	LabelsRead   bool
	LabelDelay   *LabelDelay // nil where no ingest time or no prediction time is known, or nothing matched
	Notes        []string    // e.g. patterns that matched nothing; sorted
	RowsRead     int64
	BytesRead    int64
	SpilledBytes int64 // written to disk for want of memory; depends on timing, so it belongs into no output that is compared
}

// Add sums counts.
func (c *Coverage) Add(d Coverage) {
	c.Predictions += d.Predictions
	c.Labels += d.Labels
	c.Matched += d.Matched
	c.DuplicatePredictions += d.DuplicatePredictions
	c.DuplicateLabels += d.DuplicateLabels
	c.ConflictingLabels += d.ConflictingLabels
	c.UnmatchedLabels += d.UnmatchedLabels
	c.DeletedLabels += d.DeletedLabels
	c.NullLabels += d.NullLabels
	c.LabelsBefore += d.LabelsBefore
	c.HiddenLabels += d.HiddenLabels
}

// Add merges the bad records of another source.
func (s *Skipped) Add(o Skipped) {
	if s.Counts == nil {
		s.Counts, s.Columns, s.Samples = map[string]int64{}, map[string]map[string]int64{}, map[string][]BadSample{}
	}
	for reason, columns := range o.Columns {
		if s.Columns[reason] == nil {
			s.Columns[reason] = map[string]int64{}
		}
		for column, n := range columns {
			s.Columns[reason][column] += n
		}
	}
	for reason, n := range o.Counts {
		s.Counts[reason] += n
		all := append(slices.Clone(s.Samples[reason]), o.Samples[reason]...)
		slices.SortStableFunc(all, func(a, b BadSample) int {
			return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Row, b.Row), cmp.Compare(b.Source, a.Source))
		})
		s.Samples[reason] = all[:min(len(all), MaxSamples)]
	}
}

// Words says what was skipped and why, for messages: "3 missing_value in column "loaded" (first
// in labels.csv, record 1), 1 bad_row (first in labels.csv, record 9: "a,b")".
func (s *Skipped) Words() string {
	var b strings.Builder
	for i, reason := range slices.Sorted(maps.Keys(s.Counts)) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", s.Counts[reason], reason)
		columns := slices.Sorted(maps.Keys(s.Columns[reason]))
		for k, column := range columns {
			switch {
			case len(columns) == 1:
				fmt.Fprintf(&b, " in column %q", column)
			case k == 0:
				fmt.Fprintf(&b, " in columns %q (%d)", column, s.Columns[reason][column])
			default:
				fmt.Fprintf(&b, ", %q (%d)", column, s.Columns[reason][column])
			}
		}
		if samples := s.Samples[reason]; len(samples) > 0 {
			b.WriteString(" (")
			if wrong := wrongWith(reason); wrong != "" {
				b.WriteString(wrong + "; ")
			}
			fmt.Fprintf(&b, "first in %s, record %d", samples[0].Object, samples[0].Row)
			if samples[0].Value != "" {
				fmt.Fprintf(&b, ": %q", samples[0].Value)
			}
			b.WriteString(")")
		}
	}
	return b.String()
}

// MaxSamples is how many bad records are shown per reason.
const MaxSamples = 5
