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
		{
			Name: "rmsle", Title: "RMSLE", Help: "Root mean squared logarithmic error.",
			About: "Root mean squared error of the logarithms of 1 + prediction and 1 + label: errors in proportion",
			Unit:  NoUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 10, regression: rootMeanSquaredLogError,
		},
		{
			Name: "explained_variance", Title: "Explained variance", Help: "Share of the labels' variance that predictions explain, their bias left aside.",
			About: "As R², with the bias left aside: 1 is perfect but for a bias",
			Unit:  NoUnit, Worse: WorseFalls, Least: -inf, Most: 1, HasInterval: true, Rank: 11, regression: explainedVariance,
		},
		{
			Name: "skill_mean", Title: "Skill over the mean", Help: "How much less the RMSE is than that of always predicting the labels' mean, a share.",
			About: "How much less RMSE is than that of always predicting the labels' mean: 1 is perfect, 0 is no better",
			Unit:  Share, Worse: WorseFalls, Least: -inf, Most: 1, HasInterval: true, Rank: 12, regression: skillOverMean,
		},
		{
			Name: "skill_median", Title: "Skill over the median", Help: "How much less the MAE is than that of always predicting the labels' median, a share.",
			About: "How much less MAE is than that of always predicting the labels' median: 1 is perfect, 0 is no better",
			Unit:  Share, Worse: WorseFalls, Least: -inf, Most: 1, HasInterval: true, Rank: 13, regression: skillOverMedian,
		},
		{
			Name: "pinball_loss", Title: "Pinball loss", Help: "Mean pinball loss of the predicted quantiles.",
			About: "Mean pinball loss of the predicted quantiles, in the label's unit",
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 14, regression: pinballLoss,
		},
		{
			Name: "interval_coverage", Title: "Interval coverage", Help: "Share of labels from the lowest predicted quantile to the highest.",
			About: "Share of labels from the lowest predicted quantile to the highest, which should be the difference of their orders",
			Unit:  Share, Worse: WorseLeavesTarget, Most: 1, HasInterval: true, Rank: 15, regression: intervalCoverage,
		},
		{
			Name: "interval_width", Title: "Interval width", Help: "Mean width from the lowest predicted quantile to the highest.",
			About: "Mean width from the lowest predicted quantile to the highest, in the label's unit",
			Unit:  LabelUnit, Worse: WorseRises, Least: -inf, Most: inf, HasInterval: true, Rank: 16, regression: intervalWidth,
		},
	}
}
