package metric

import "math"

// All lists the metrics of every task: the table. A name is one metric, so that rules, series and
// dashboards say one thing by it; a metric that several tasks have is one row with a function for
// each. A new one is added to the list of its kind; where it needs a sum or a count that nobody
// kept so far, package summary gets it first.
func All() []Spec { return append(regressions(), classifiers()...) }

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
			Unit:  LabelUnit, Worse: WorseRises, Most: inf, HasInterval: true, Rank: 14, Needs: PredictedQuantiles, regression: pinballLoss,
		},
		{
			Name: "interval_coverage", Title: "Interval coverage", Help: "Share of labels from the lowest predicted quantile to the highest.",
			About: "Share of labels from the lowest predicted quantile to the highest, which should be the difference of their orders",
			Unit:  Share, Worse: WorseLeavesTarget, Most: 1, HasInterval: true, Rank: 15, Needs: PredictedQuantiles, regression: intervalCoverage,
		},
		{
			Name: "interval_width", Title: "Interval width", Help: "Mean width from the lowest predicted quantile to the highest.",
			About: "Mean width from the lowest predicted quantile to the highest, in the label's unit",
			Unit:  LabelUnit, Worse: WorseRises, Least: -inf, Most: inf, HasInterval: true, Rank: 16, Needs: PredictedQuantiles, regression: intervalWidth,
		},
	}
}

// classifiers lists the metrics of classes and scores, of models that predict one of two classes
// or of several.
func classifiers() []Spec {
	inf := math.Inf(1)
	return []Spec{
		{
			Name: "accuracy", Title: "Accuracy", Help: "Share of rows that were classified right.",
			About: "Share of rows that were classified right: of rare classes it says little",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 5, Headline: true, binary: accuracy, many: manyAccuracy,
		},
		{
			Name: "balanced_accuracy", Title: "Balanced accuracy", Help: "Mean recall of the classes.",
			About: "Mean recall of the classes: 0.5 is what guessing between two has",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 10, binary: balancedAccuracy, many: manyBalancedAccuracy,
		},
		{
			Name: "precision", Title: "Precision", Help: "Share of what was predicted to be of a class that is.",
			About: "Share of positive predictions that were right; of several classes the mean of those of each",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 3, Headline: true, binary: precision, many: manyPrecision,
		},
		{
			Name: "recall", Title: "Recall", Help: "Share of what is of a class that was predicted to be.",
			About: "Share of positive labels that were predicted; of several classes the mean of those of each",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 4, Headline: true, binary: recall, many: manyRecall,
		},
		{
			Name: "specificity", Title: "Specificity", Help: "Share of negative labels that were predicted.",
			About: "Share of negative labels that were predicted",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 11, binary: specificity,
		},
		{
			Name: "f1", Title: "F1", Help: "Harmonic mean of precision and recall.",
			About: "Harmonic mean of precision and recall; of several classes the mean of those of each",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 2, Headline: true, binary: f1, many: manyF1,
		},
		{
			Name: "f1_micro", Title: "F1, micro", Help: "Harmonic mean of precision and recall of all classes' rows together.",
			About: "Harmonic mean of precision and recall of all classes' rows together, which is the accuracy",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 16, many: f1Micro,
		},
		{
			Name: "f1_weighted", Title: "F1, weighted", Help: "Mean over classes of the harmonic mean of precision and recall, each by its share of labels.",
			About: "Mean over classes of the harmonic mean of precision and recall, each by its share of labels",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 17, many: f1Weighted,
		},
		{
			Name: "f_beta", Title: "F-beta", Help: "Harmonic mean of precision and recall in which recall counts beta^2 times as much.",
			About: "Harmonic mean of precision and recall in which recall counts beta² times as much, beta being 2 where nothing else is configured",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 12, binary: fBeta,
		},
		{
			Name: "mcc", Title: "MCC", Help: "Matthews correlation coefficient of label and prediction.",
			About: "Matthews correlation coefficient of label and prediction: 1 is perfect, 0 is as good as chance",
			Unit:  NoUnit, Worse: WorseFalls, Least: -1, Most: 1, HasInterval: true, Rank: 13, binary: matthews, many: manyMatthews,
		},
		{
			Name: "cohen_kappa", Title: "Cohen's kappa", Help: "Accuracy beyond that of chance, over what there is beyond it.",
			About: "Accuracy beyond that of chance: 1 is perfect, 0 is as good as chance",
			Unit:  NoUnit, Worse: WorseFalls, Least: -1, Most: 1, HasInterval: true, Rank: 14, binary: cohenKappa, many: manyKappa,
		},
		{
			Name: "roc_auc", Title: "ROC AUC", Help: "Area under the receiver operating characteristic.",
			About: "How often a positive row has a higher score than a negative one: 1 is perfect, 0.5 is as good as chance; of several classes the mean of those of each against all others, whose interval may be too wide",
			Unit:  NoUnit, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 1, Needs: Scores, Headline: true, binary: rocAUC, many: manyAUC,
		},
		{
			Name: "average_precision", Title: "Average precision", Help: "Mean precision over the positive rows, each at its own score.",
			About: "Mean precision over the positive rows, each at its own score: 1 is perfect, the share of positive rows is as good as chance",
			Unit:  NoUnit, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 6, Needs: Scores, binary: averagePrecision,
		},
		{
			Name: "top_k_accuracy", Title: "Top-k accuracy", Help: "Share of rows whose class is among the k most probable ones.",
			About: "Share of rows whose class is among the k most probable ones, k being 3 where nothing else is configured",
			Unit:  Share, Worse: WorseFalls, Most: 1, HasInterval: true, Rank: 18, Needs: Scores, many: topKAccuracy,
		},
		{
			Name: "log_loss", Title: "Log loss", Help: "Mean logarithmic loss of the score.",
			About: "Mean logarithmic loss of the score, which counts sure mistakes most",
			Unit:  NoUnit, Worse: WorseRises, Most: worstLoss(), HasInterval: true, Rank: 7, Needs: Scores, binary: logLoss, many: manyLogLoss,
		},
		{
			Name: "brier", Title: "Brier score", Help: "Mean squared difference of the score and the label.",
			About: "Mean squared difference of the score and the label, as 1 or 0; of several classes the sum over these",
			Unit:  NoUnit, Worse: WorseRises, Most: 1, HasInterval: true, Rank: 8, Needs: Scores, binary: brier, many: manyBrier,
		},
		{
			Name: "ece", Title: "ECE", Help: "Expected calibration error.",
			About: "How far scores are off the share of positive rows, on average over 10 bins of the score; of few rows it is too great",
			Unit:  Share, Worse: WorseRises, Most: 1, HasInterval: true, Rank: 9, Needs: Scores, binary: calibrationError, many: manyCalibrationError,
		},
		{
			Name: "business_value", Title: "Business value", Help: "Mean business value of a row, less the cost of a prediction.",
			About: "What a prediction is worth on average by the configured business_value, less cost_per_prediction",
			Unit:  WorthUnit, Worse: WorseFalls, Least: -inf, Most: inf, HasInterval: true, Rank: 15, Needs: WorthOfRows, binary: businessValue, many: manyValue,
		},
	}
}
