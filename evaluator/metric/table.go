package metric

import "math"

// All lists the metrics of every task: the table. A name is one metric, so that rules, series and
// dashboards say one thing by it; a metric that several tasks have is one row with a function for
// each. A new one is added to the list of its kind; where it needs a sum or a count that nobody
// kept so far, package summary gets it first.
func All() []Spec { return regressions() }

// regressions lists the metrics of errors, of models that predict numbers.
func regressions() []Spec {
	inf := math.Inf(1)
	return []Spec{
		{
			Name: "me", Title: "ME", Help: "Mean error, prediction less label.",
			About: "Mean error, prediction less label, in the label's unit: the bias",
			Unit:  LabelUnit, Worse: WorseLeaves0, Least: -inf, Most: inf, HasInterval: true, Rank: 3, regression: meanError,
		},
		{
			Name: "mae", Title: "MAE", Help: "Mean absolute error.",
			About: "Mean absolute error, in the label's unit",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 2, Headline: true, regression: meanAbsoluteError,
		},
		{
			Name: "mse", Title: "MSE", Help: "Mean squared error.",
			About: "Mean squared error, in the label's unit squared",
			Unit:  LabelUnitSquared, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 8, regression: meanSquaredError,
		},
		{
			Name: "rmse", Title: "RMSE", Help: "Root mean squared error.",
			About: "Root mean squared error, in the label's unit: great errors weigh more",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 1, Headline: true, regression: rootMeanSquaredError,
		},
		{
			Name: "medae", Title: "MedAE", Help: "Median absolute error.",
			About: "Median absolute error, in the label's unit: half of the predictions are closer",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 4, daysLike: "mae", regression: medianAbsoluteError,
		},
		{
			Name: "mape", Title: "MAPE", Help: "Mean absolute error relative to the label, a share.",
			About: "Mean absolute error relative to the label",
			Unit:  Share, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 5, regression: meanPercentageError,
		},
		{
			Name: "smape", Title: "SMAPE", Help: "Mean symmetric relative error, a share.",
			About: "Mean symmetric relative error",
			Unit:  Share, Worse: WorseRises, Most: 2, HasInterval: true, Rank: 6, regression: meanSymmetricError,
		},
		{
			Name: "r2", Title: "R²", Help: "Coefficient of determination.",
			About: "Coefficient of determination: 1 is perfect, 0 is as good as the labels' mean",
			Unit:  NoUnit, Worse: WorseFalls, Least: -inf, Most: 1, HasInterval: true, Rank: 7, Headline: true, regression: rSquared,
		},
		{
			Name: "max_error", Title: "Max error", Help: "Greatest absolute error.",
			About: "Greatest absolute error, in the label's unit; a maximum has no interval",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, Rank: 9, regression: maxError,
		},
	}
}
