package groundtruth

// Kind is the type of a column's values as sinks and the evaluator see them. Readers of files
// have a Kind of their own, table.Kind, which says how a chunk holds a column's cells.
type Kind uint8

// The kinds of columns.
const (
	// Absent marks a column that the object does not have: every value is missing.
	Absent Kind = iota
	// Number columns hold float64 values (integers, decimals and booleans too, true being 1).
	Number
	// Text columns hold codes into a dictionary, or distinct texts with their counts.
	Text
	// Time columns hold points in time. format.Columns reports them; no Batch has one.
	Time
)

// Column is a column row by row (table.Column is that of a chunk of a file). The value of
// row i is Dict[Codes[i]] in a column of Kind Text and Floats[i] in one of Kind Number. It
// is missing where Valid[i] is false; its code or number is then meaningless.
type Column struct {
	Name   string
	Kind   Kind // Text or Number; Absent when there is no such column
	Codes  []uint32
	Dict   []string
	Floats []float64
	Valid  []bool
}

// Values holds values of one column, those of some rows, as Batch.Features sends them.
// Which row has which is not told: what a window is compared by does not depend on it. What
// belongs together of a row is in Columns of Batch and Matches. NaN is a missing value.
type Values struct {
	Name string
	Kind Kind
	Rows int // the rows covered, those without a value included

	Floats []float64 // Number: the values that there are, finite
	Narrow bool      // Number: the column's are floating-point numbers of 32 bits
	Texts  []string  // Text: likewise
	// Counts tells how many rows have Floats[i] or Texts[i]; nil is one each. None is
	// 0, and values may come more than once.
	Counts []int64
	// Invalid counts the values that were present and not of the wanted kind. They
	// are missing as well, and so are infinities.
	Invalid int
}

// Batch holds a part of the unique predictions inside the window, for Sink.AddPredictions.
// Predictions and features come as they are read, each column at its own pace: all batches
// of a scan together have Len rows and as many of each feature. A batch and all it holds
// is the scan's and is used again after the sink returns.
type Batch struct {
	Len     int
	Times   []int64 // prediction time in Unix nanoseconds; all zero when the source has no time
	HasTime bool    // whether Times is known
	// Predictions are finite: of Binary the scores or, where there are none, 1 for the positive
	// class and 0 for the other. They are nil of Multiclass, and of a reference that has no
	// predictions.
	Predictions []float64
	Narrow      bool // the predictions are floating-point numbers of 32 bits
	Classifier
	Version  Values   // Text, of the Len rows; Kind Absent when no version column is mapped
	Features []Values // parts of features of Spec.Features, in any order
	Sampled  []SampledRow
	// Group is the number of the group that all rows are of, those of the features too, in a
	// scan that was asked for groups.
	Group int64
}

// Matches holds a few thousand joined rows, each a unique prediction and its one label, for
// Sink.AddMatches. Of a reference that has no predictions it holds the rows with a label.
type Matches struct {
	Len         int
	Times       []int64
	HasTime     bool
	Predictions []float64 // as those of Batch
	Labels      []float64 // finite; of Binary 1 and 0, nil of Multiclass
	Narrow      bool      // some labels' column is of floating-point numbers of 32 bits
	Classifier
	LabelClass Column      // of Multiclass: Text, and without missing values
	Quantiles  [][]float64 // as PredictionColumns.Quantiles, and there by row: finite; nil where none are named
	Weights    []float64   // finite, at least 0; nil where no column is named
	Version    Column
	Segments   []Column // Text, in the order of Spec.Segments
	Sampled    []SampledRow
	Group      int64 // as that of Batch
}

// Classifier is what a row's prediction by a classifier is, of the Len rows of a Batch or of
// Matches; the zero value of a regression, and of a reference that has no predictions.
type Classifier struct {
	Positive []bool // of Binary: whether the positive class is predicted
	// Class is, of Multiclass, the class that is predicted: Text, and without missing values. Its
	// Dict may have classes that no row has. From one batch of a scan to the next it only
	// grows, in an order that depends on how objects were read.
	Class  Column
	Scores [][]float64 // of Multiclass: as PredictionColumns.Scores, and there by row: from 0 to 1; nil where none are named
}

// EntityGroups is to how many groups entities are dealt, where PredictionColumns names their
// column: the groups of Join.
const EntityGroups = 64

// SampleSize is how many predictions a sample holds.
const SampleSize = 1024

// SampledRow is a row of a Batch or of Matches whose id may be among the SampleSize ids
// of the scan that have the least hashes. All rows of those ids are told, and some of
// others; in the order of their numbers.
type SampledRow struct {
	Row int
	// Hash is the XXH64, with seed 0, of the id's text, so that SQL engines that have
	// this hash choose the same ids. A row of a reference without an id has a hash of
	// its object's key and its number in it.
	Hash uint64
}

// Sink takes what a scan finds. Each worker owns one; the caller merges them, so
// no method is called from two goroutines at once. What it is given is valid only
// during the call.
type Sink interface {
	// AddPredictions takes unique predictions of the window.
	AddPredictions(*Batch)
	// AddMatches takes joined rows.
	AddMatches(*Matches)
	// ResetPredictions forgets everything that AddPredictions took: the scan found
	// duplicates and will send the unique predictions again. It comes after the
	// matches, which stay.
	ResetPredictions()
}
