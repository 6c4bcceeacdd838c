package rule

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Max(1, math.Abs(b)) }

// The numbers are worked out by hand from the formulas in the documentation of
// stat.OneSided; quantiles of Student's t are those of printed tables.
func TestSemantics3_StudentisedStatisticByHand(t *testing.T) {
	t.Run("one estimate", func(t *testing.T) {
		// D = x - 1 at x = 1.5 with se 0.2: T = 2.5, A = 0.3, q = 0.3/3 + 0.1/2 = 0.15,
		// T' = 2.5 + 0.15*6.25 + 0.0225*15.625/3 + 0.05 = 3.6046875.
		s := testOf(t, "rmse > 1", 1.5, stat.Estimate{SE: 0.2, DF: 10, Skew: 0.3, Curvature: 0.1}, stat.Estimate{})
		if !near(s.Corrected(), 3.6046875, 1e-8) {
			t.Errorf("T' = %v", s.Corrected())
		}
		if got := s.Quantile(0.95); !near(got, 1.812461, 1e-6) {
			t.Errorf("t(0.95, 10) = %v", got)
		}
	})
	t.Run("the direction turns the skewness", func(t *testing.T) {
		// D = 2 - x at 1.5: T = 2.5, A = -0.3, q = -0.15,
		// T' = 2.5 - 0.9375 + 0.1171875 - 0.05 = 1.6296875.
		s := testOf(t, "rmse < 2", 1.5, stat.Estimate{SE: 0.2, DF: 30, Skew: 0.3, Curvature: 0.1}, stat.Estimate{})
		if !near(s.Corrected(), 1.6296875, 1e-8) {
			t.Errorf("T' = %v", s.Corrected())
		}
		if got := s.Quantile(0.95); !near(got, 1.697261, 1e-6) {
			t.Errorf("t(0.95, 30) = %v", got)
		}
	})
	t.Run("a window and a reference", func(t *testing.T) {
		// D = x - 1.2 r at x = 2, r = 1.5, slopes 1 and -1.2, a*se = 0.1 and 0.06:
		// V = 0.01 + 0.0036 = 0.0136, T = 0.2/sqrt(V) = 1.7149859,
		// A = (0.001*0.2 - 0.000216*0.5)/V^1.5 = 0.000092/0.00158602 = 0.0580068,
		// C = (0.001*0.1 - 0.000216*0.3)/V^1.5 = 0.0000352/0.00158602 = 0.0221939,
		// q = 0.0193356 + 0.0110970 = 0.0304326,
		// T' = 1.7149859 + q*2.9411765 + q^2*5.0440761/3 + A/6 = 1.8157186,
		// df = V^2/(0.0001/20 + 0.00001296/50) = 0.00018496/0.0000052592 = 35.1688.
		s := testOf(t, "rmse > 1.2 * reference.rmse", 2, stat.Estimate{SE: 0.1, DF: 20, Skew: 0.2, Curvature: 0.1},
			stat.Estimate{Value: 1.5, SE: 0.05, DF: 50, Skew: 0.5, Curvature: 0.3})
		if !near(s.Variance, 0.0136, 1e-8) {
			t.Errorf("V = %v", s.Variance)
		}
		if !near(s.Corrected(), 1.8157186, 1e-6) {
			t.Errorf("T' = %.8f", s.Corrected())
		}
		if df := s.Variance * s.Variance / s.InverseDF; !near(df, 35.16884, 1e-6) {
			t.Errorf("df = %v", df)
		}
	})
	t.Run("a ratio", func(t *testing.T) {
		// D = x/r - 1 at 3/2: slopes 1/r = 0.5 and -x/r^2 = -0.75,
		// V = (0.5*0.2)^2 + (0.75*0.1)^2 = 0.01 + 0.005625.
		s := testOf(t, "rmse / reference.rmse > 1", 3, stat.Estimate{SE: 0.2, DF: 20}, stat.Estimate{Value: 2, SE: 0.1, DF: 20})
		if !near(s.Variance, 0.015625, 1e-8) || !near(s.Corrected(), 4, 1e-8) {
			t.Errorf("V = %v, T' = %v", s.Variance, s.Corrected())
		}
	})
}

// testOf builds the test of a comparison as decide does.
func testOf(t *testing.T, when string, value float64, window, reference stat.Estimate) stat.OneSided {
	t.Helper()
	window.Value = value
	facts := testFacts()
	facts.Evaluation.Metrics["rmse"] = metric.Result{Value: stat.Number(value), N: 900, Estimate: window}
	facts.Evaluation.Reference.Metrics["rmse"] = metric.Result{Value: stat.Number(reference.Value), N: 900, Estimate: reference}
	c := mustCompile(t, defaultSpec(when)).rules[0].when
	b := &binding{readings: map[*variable]reading{}, first: map[*numeric]bool{}}
	if missing := append(c.left.bind(&facts, b), c.right.bind(&facts, b)...); len(missing) > 0 {
		t.Fatal(missing)
	}
	sign := 1.0
	if c.cmp == "<" {
		sign = -1
	}
	difference := func(at func(*variable) float64) float64 {
		return sign * (c.left.value(b, at) - c.right.value(b, at))
	}
	s := stat.OneSided{Difference: difference(b.measured)}
	for _, v := range c.estimates() {
		if reason := v.addTo(&s, b.readings[v].metric, difference, b.measured); reason != "" {
			t.Fatal(reason)
		}
	}
	return s
}

func TestSemantics3_NoIntervalIsUnknown(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for name, est := range map[string]stat.Estimate{
		"no standard error":       {SE: nan, DF: 10},
		"infinite standard error": {SE: inf, DF: 10},
		"no degrees of freedom":   {SE: 0.1, DF: nan},
		"zero degrees of freedom": {SE: 0, DF: 0},
		"no skewness":             {SE: 0.1, DF: 10, Skew: nan},
		"no curvature":            {SE: 0.1, DF: 10, Curvature: inf},
	} {
		facts := testFacts()
		m := metric.Result{Value: 5, Low: stat.Number(nan), High: stat.Number(nan), N: 900, Estimate: est}
		facts.Evaluation.Metrics["rmse"] = m
		if got := judgeOne(t, defaultSpec("rmse > 1"), facts); got.Verdict != Inconclusive || got.Reason != "no interval for rmse: rmse 5 > 1" {
			t.Errorf("%s: %v: %s", name, got.Verdict, got.Reason)
		}
		// The point estimate alone says that this one does not hold.
		if got := judgeOne(t, defaultSpec("rmse > 6"), facts); got.Verdict != Healthy {
			t.Errorf("%s: %v: %s", name, got.Verdict, got.Reason)
		}
		// Where the estimate doesn't move the difference, its error doesn't matter.
		if got := judgeOne(t, defaultSpec("max(rmse, 10) > 9"), facts); got.Verdict != Breached {
			t.Errorf("%s: %v: %s", name, got.Verdict, got.Reason)
		}
	}
}

// Error estimates are made here from their definitions, so that the test and not
// the estimates of the metrics is what the simulations show.

// meanOf returns the estimate of g(mean) of u with the slope and curvature of g there.
func meanOf(u []float64, g func(mean float64) (value, slope, curvature float64)) stat.Estimate {
	n := float64(len(u))
	var mean, m2, m3, m4 float64
	for _, x := range u {
		mean += x / n
	}
	for _, x := range u {
		d := x - mean
		m2 += d * d / n
		m3 += d * d * d / n
		m4 += d * d * d * d / n
	}
	value, slope, curvature := g(mean)
	se := math.Sqrt(m2 / (n - 1))
	df := 2 / (m4/(m2*m2)/n - (n-3)/(n*(n-1)))
	if !(df > 0 && df < n-1) {
		df = n - 1
	}
	return stat.Estimate{
		Value: value, SE: math.Abs(slope) * se, DF: df,
		Skew: m3 / math.Pow(m2, 1.5) / math.Sqrt(n), Curvature: curvature / slope * se,
	}
}

func identity(mean float64) (value, slope, curvature float64) { return mean, 1, 0 }

func root(mean float64) (value, slope, curvature float64) {
	r := math.Sqrt(mean)
	return r, 0.5 / r, -0.25 / (r * r * r)
}

// firingRate returns the share of windows that breach when, which holds exactly at the
// threshold.
func firingRate(t *testing.T, when string, trials int, draw func(*rand.Rand) (window, reference stat.Estimate)) float64 {
	t.Helper()
	set := mustCompile(t, defaultSpec(when))
	facts := testFacts()
	rng := rand.New(rand.NewPCG(3, 14159))
	fired := 0
	for range trials {
		w, r := draw(rng)
		facts.Evaluation.Metrics["rmse"] = metric.Result{Value: stat.Number(w.Value), N: 500, Estimate: w}
		facts.Evaluation.Metrics["mae"] = facts.Evaluation.Metrics["rmse"]
		facts.Evaluation.Reference.Metrics["rmse"] = metric.Result{Value: stat.Number(r.Value), N: 500, Estimate: r}
		if results, _ := set.Judge(facts); results[0].Verdict == Breached {
			fired++
		}
	}
	return float64(fired) / float64(trials)
}

func squares(rng *rand.Rand, n int) []float64 {
	u := make([]float64, n)
	for i := range u {
		e := rng.NormFloat64()
		u[i] = e * e
	}
	return u
}

func TestSemantics3_FiresAtItsLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation, which takes seconds")
	}
	const trials = 3000
	tolerance := 3.5 * math.Sqrt(0.05*0.95/trials)
	for name, c := range map[string]struct {
		when string
		draw func(*rand.Rand) (window, reference stat.Estimate)
	}{
		"rmse against a number": {"rmse > 1", func(r *rand.Rand) (stat.Estimate, stat.Estimate) {
			return meanOf(squares(r, 200), root), stat.Estimate{}
		}},
		"rmse against 200 reference rows": {"rmse > 1.0 * reference.rmse", func(r *rand.Rand) (stat.Estimate, stat.Estimate) {
			return meanOf(squares(r, 500), root), meanOf(squares(r, 200), root)
		}},
		"rmse against 5000 reference rows": {"rmse > reference.rmse", func(r *rand.Rand) (stat.Estimate, stat.Estimate) {
			return meanOf(squares(r, 200), root), meanOf(squares(r, 5000), root)
		}},
		"mean of exponential errors": {"mae > 1", func(r *rand.Rand) (stat.Estimate, stat.Estimate) {
			u := make([]float64, 200)
			for i := range u {
				u[i] = r.ExpFloat64()
			}
			return meanOf(u, identity), stat.Estimate{}
		}},
		"mean of exponential errors from below": {"mae < 1", func(r *rand.Rand) (stat.Estimate, stat.Estimate) {
			u := make([]float64, 200)
			for i := range u {
				u[i] = r.ExpFloat64()
			}
			return meanOf(u, identity), stat.Estimate{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if rate := firingRate(t, c.when, trials, c.draw); math.Abs(rate-0.05) > tolerance {
				t.Errorf("fires in %.4f of windows at the threshold, want 0.05 +- %.4f", rate, tolerance)
			} else {
				t.Logf("fires in %.4f", rate)
			}
		})
	}
}
