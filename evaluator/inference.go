package evaluator

// estimate is what inference needs of one metric: see one-sided tests in this file.
type estimate struct {
	Value     float64 // the metric
	SE        float64 // standard error, autocorrelation counted
	DF        float64 // degrees of freedom of SE (Satterthwaite)
	Skew      float64 // standardised third cumulant of the linear part of the estimator
	Curvature float64 // g'' sigma / (g' sqrt n) of the metric as a function of its mean
}
