package metric

import (
	"cmp"
	"math"
	"slices"
)

// Unit is what a metric is measured in.
type Unit uint8

// The units of metrics.
const (
	LabelUnit        Unit = iota // the label's own
	LabelUnitSquared             // its square
	Share                        // a part of one
	NoUnit                       // a number without a unit
)

// Worse is how a metric moves as the model gets worse.
type Worse uint8

// The ways to get worse.
const (
	WorseUnknown Worse = iota // it may move either way, as a bias does
	WorseRises                // as an error does
	WorseFalls                // as an accuracy does
)

// Spec is one metric: a row of the table that rules, series, dashboards, messages, the
// terminal and the documentation's tests read. A metric is added by its row and the
// function that computes it.
type Spec struct {
	Name  string // in rules, in JSON and after hindcast_
	Title string // of a panel
	Help  string // one sentence, for Prometheus
	About string // what a person should know of it, without a full stop, for dashboards
	Unit  Unit
	Worse Worse
	// Least and Most are the limits of its values.
	Least, Most float64
	// HasInterval says that it has a confidence interval where there are rows enough.
	HasInterval bool
	// Rank orders metrics for people: 1 is what they look at first.
	Rank int
	// Headline says that messages show it.
	Headline bool

	compute func(*Spec, *errorMoments) Result
}

// Regressions lists the metrics of regression models, in the order in which the
// documentation and error messages list them.
func Regressions() []Spec {
	inf := math.Inf(1)
	return []Spec{
		{
			Name: "me", Title: "ME", Help: "Mean error, prediction less label.",
			About: "Mean error, prediction less label, in the label's unit: the bias",
			Unit:  LabelUnit, Worse: WorseUnknown, Least: -inf, Most: inf, HasInterval: true, Rank: 3, compute: meanError,
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
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 4, compute: medianAbsoluteError,
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

// The tasks of models.
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

// Names lists the names of the metrics of a task, those that this version doesn't
// compute included; none of a task that there isn't.
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

// Find returns the metric of that name.
func Find(name string) (Spec, bool) {
	specs := Regressions()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// ForPeople lists the metrics with what people look at first at its beginning.
func ForPeople() []Spec {
	specs := Regressions()
	slices.SortStableFunc(specs, func(a, b Spec) int { return cmp.Compare(a.Rank, b.Rank) })
	return specs
}
