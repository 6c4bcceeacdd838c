// Package metric computes how good predictions were, once their labels are in.
//
// A metric is a [Spec]: its name and all that others have to know of it, and the function
// that computes it. A task is what a model predicts, of which regression is computed; the
// names of the others' metrics are known, so that a rule on one gets an answer that helps.
// A [Result] is a metric's value for some matched rows, with its confidence interval or
// the reason why there is none.
//
// The sums of a summary ([summary.ErrorSums]) are all that a metric may read: a row is seen
// once, and windows of any size cost the same.
//
// Begin at [Regressions], the table, where a metric is added: by its row and its function.
// [OfWindow] computes them all.
package metric

import (
	"cmp"
	"math"
	"slices"
)

// Unit is what a metric is measured in. No metric has the zero value.
type Unit uint8

// The units of metrics.
const (
	LabelUnit        Unit = iota + 1 // the label's own
	LabelUnitSquared                 // its square
	Share                            // a part of one
	NoUnit                           // a number without a unit
)

// Worse is how a metric moves as the model gets worse. No metric has the zero value: one
// whose row forgets it would be taken for an error, or for its opposite.
type Worse uint8

// The ways to get worse.
const (
	WorseRises   Worse = iota + 1 // as an error does
	WorseFalls                    // as an accuracy does
	WorseLeaves0                  // to either side, as a bias does
)

// Spec is one metric: a row of the table that rules, series, dashboards, messages, the
// terminal and the documentation's tests read.
type Spec struct {
	// Name is what rules and JSON call the metric, and Prometheus after hindcast_.
	Name string
	// Title is what people call it, on a dashboard's panel.
	Title string
	// Help is one sentence that Prometheus shows.
	Help string
	// About is what a person at a dashboard should know of it, without a full stop.
	About string
	Unit  Unit
	Worse Worse
	// Least and Most are the limits of its values, which its interval stays within.
	Least, Most float64
	// HasInterval says that it has a confidence interval where there are rows enough, so
	// that significance applies to rules on it.
	HasInterval bool
	// Rank orders metrics for people, who look at 1 first. Of equal ranks the one that the
	// table has first comes first.
	Rank int
	// Headline says that messages show it.
	Headline bool

	// daysLike names the metric with whose mean from day to day this one goes, in proportion;
	// empty where it is the function of a mean itself.
	daysLike string

	// compute is the metric of some matched rows. It is given its own row, for the limits.
	compute func(*Spec, *errorMoments) Result
}

// Regressions lists the metrics of regression models, in the order in which the
// documentation and error messages list them. A new one is added here; where it needs a sum
// that nobody kept so far, package summary gets it first.
func Regressions() []Spec {
	inf := math.Inf(1)
	return []Spec{
		{
			Name: "me", Title: "ME", Help: "Mean error, prediction less label.",
			About: "Mean error, prediction less label, in the label's unit: the bias",
			Unit:  LabelUnit, Worse: WorseLeaves0, Least: -inf, Most: inf, HasInterval: true, Rank: 3, compute: meanError,
		},
		{
			Name: "mae", Title: "MAE", Help: "Mean absolute error.",
			About: "Mean absolute error, in the label's unit",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 2, Headline: true, compute: meanAbsoluteError,
		},
		{
			Name: "mse", Title: "MSE", Help: "Mean squared error.",
			About: "Mean squared error, in the label's unit squared",
			Unit:  LabelUnitSquared, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 8, compute: meanSquaredError,
		},
		{
			Name: "rmse", Title: "RMSE", Help: "Root mean squared error.",
			About: "Root mean squared error, in the label's unit: great errors weigh more",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 1, Headline: true, compute: rootMeanSquaredError,
		},
		{
			Name: "medae", Title: "MedAE", Help: "Median absolute error.",
			About: "Median absolute error, in the label's unit: half of the predictions are closer",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 4, daysLike: "mae", compute: medianAbsoluteError,
		},
		{
			Name: "mape", Title: "MAPE", Help: "Mean absolute error relative to the label, a share.",
			About: "Mean absolute error relative to the label",
			Unit:  Share, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 5, compute: meanPercentageError,
		},
		{
			Name: "smape", Title: "SMAPE", Help: "Mean symmetric relative error, a share.",
			About: "Mean symmetric relative error",
			Unit:  Share, Worse: WorseRises, Most: 2, HasInterval: true, Rank: 6, compute: meanSymmetricError,
		},
		{
			Name: "r2", Title: "R²", Help: "Coefficient of determination.",
			About: "Coefficient of determination: 1 is perfect, 0 is as good as the labels' mean",
			Unit:  NoUnit, Worse: WorseFalls, Least: -inf, Most: 1, HasInterval: true, Rank: 7, Headline: true, compute: rSquared,
		},
		{
			Name: "max_error", Title: "Max error", Help: "Greatest absolute error.",
			About: "Greatest absolute error, in the label's unit; a maximum has no interval",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, Rank: 9, compute: maxError,
		},
	}
}

// The tasks of models: what they predict.
const (
	TaskRegression = "regression"
	TaskBinary     = "binary"
	TaskMulticlass = "multiclass"
)

// Tasks lists the tasks of models that this version evaluates, and those that have a
// name but are not evaluated yet.
func Tasks() (can, later []string) {
	return []string{TaskRegression}, []string{TaskBinary, TaskMulticlass}
}

// Names lists the names of a task's metrics, also those of tasks that this version doesn't
// evaluate; a task that there isn't has none.
func Names(task string) []string {
	switch task {
	case TaskRegression:
		var out []string
		for _, spec := range Regressions() {
			out = append(out, spec.Name)
		}
		return out
	case TaskBinary, TaskMulticlass:
		return []string{
			"accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "mcc",
			"roc_auc", "average_precision", "log_loss", "brier", "ece",
		}
	default:
		return nil
	}
}

// Find returns the metric of that name, of those that are computed.
func Find(name string) (Spec, bool) {
	specs := Regressions()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// ForPeople lists the metrics in the order in which people look at them: by Rank.
func ForPeople() []Spec {
	specs := Regressions()
	slices.SortStableFunc(specs, func(a, b Spec) int { return cmp.Compare(a.Rank, b.Rank) })
	return specs
}
