package evaluator

// RuleSpec is a rule as configured.
type RuleSpec struct {
	Name         string
	When         string   // CEL
	MinSamples   int64    // default 200
	MinCoverage  float64  // default 0.8
	Significance *float64 // nil: the default where it can apply; 0 turns it off
	For          int      // default 1
	Action       string   // alert | retrain | block
}

// RuleEnv is what rules may name: it decides which variables exist at load.
type RuleEnv struct {
	Task         string   // regression
	HasReference bool     // reference.METRIC, drift.*, quality.*.out_of_range|unseen need one
	Segments     []string // configured segment columns
	Prometheus   []string // configured prometheus.NAME
}

// WindowFacts is what a rule is judged on.
type WindowFacts struct {
	Evaluation  *Evaluation
	Predictions int64
	Matched     int64
	Coverage    float64 // NaN without predictions
	Mature      bool    // labels are mature: rules that need labels are judged
}
