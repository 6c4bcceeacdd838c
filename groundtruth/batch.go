package groundtruth

// Kind is the type of a column's values as the evaluator sees them.
type Kind uint8

// The kinds of columns.
const (
	// Absent marks a column that the object does not have: every value is missing.
	Absent Kind = iota
	// Number columns hold float64 values (integers, decimals and booleans too, true being 1).
	Number
	// Text columns hold codes into a dictionary.
	Text
	// Time columns hold points in time. Columns reports them; no Batch has one.
	Time
)

// Column is one column of a Batch. A value is missing where Valid is false; its
// Floats or Codes entry is then meaningless. NaN is a missing value. Invalid
// counts the values that were present and not of the wanted kind; they are
// missing as well, and so are infinities.
type Column struct {
	Name    string
	Kind    Kind
	Floats  []float64
	Codes   []uint32
	Dict    []string
	Valid   []bool
	Invalid int
}

// Batch is a few thousand rows of predictions as columns: each a unique
// prediction inside the window. It and all it holds is the scan's and is used
// again after the sink returns.
type Batch struct {
	Len         int
	Times       []int64   // prediction time in Unix nanoseconds; all zero when the source has no time
	HasTime     bool      // whether Times is known
	Predictions []float64 // finite
	Version     Column    // Text; Kind Absent when no version column is mapped
	Features    []Column  // in the order of Spec.Features
}

// Matches is a few thousand joined rows: a unique prediction and its one label.
type Matches struct {
	Len         int
	Times       []int64
	HasTime     bool
	IDHashes    []uint64 // a hash of the id, for samples; equal ids have equal hashes
	Predictions []float64
	Labels      []float64 // finite
	Version     Column
	Segments    []Column // Text, in the order of Spec.Segments
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
