package rule

import (
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
)

func fullEnv() Env {
	return Env{Task: "regression", HasReference: true, HasRolling: true, Segments: []string{"city"}, Prometheus: []string{"p95"}}
}

func defaultSpec(when string) Spec {
	return Spec{Name: "r", When: when, MinSamples: 200, MinCoverage: 0.8, For: 1, Action: "alert"}
}

func level(s float64) *float64 { return &s }

// testMetric has an interval of 2 standard errors.
func testMetric(value, se float64) metric.Result {
	return metric.Result{
		Value: stat.Number(value), Low: stat.Number(value - 2*se), High: stat.Number(value + 2*se), N: 940,
		Estimate: stat.Estimate{Value: value, SE: se, DF: math.Inf(1)},
	}
}

func testFacts() Facts {
	yes, no := true, false
	nan := stat.Number(math.NaN())
	return Facts{
		Predictions: 1000, Matched: 940, Coverage: 0.94, Mature: true,
		Prometheus: map[string]Answer{"p95": {Value: 0.7}},
		Evaluation: &evaluator.Evaluation{
			Metrics: map[string]metric.Result{
				"rmse": testMetric(1.9, 0.1), "mae": testMetric(1.2, 0.05), "me": testMetric(-0.3, 0.05),
				"mape":      {Value: nan, Low: nan, High: nan, Reason: "every label is 0", Estimate: stat.Estimate{SE: math.NaN()}},
				"mse":       {Value: 3.61, Low: nan, High: nan, N: 1, Reason: "an interval needs two rows or more", Estimate: stat.Estimate{SE: math.NaN()}},
				"medae":     {Value: 1, Low: 0.9, High: 1.3, N: 940, Estimate: stat.Estimate{SE: math.NaN()}},
				"max_error": {Value: 9, Low: nan, High: nan, N: 940, Estimate: stat.Estimate{SE: math.NaN()}},
				"smape":     testMetric(0.2, 0),
			},
			Reference: &evaluator.Reference{Rows: 5000, Metrics: map[string]metric.Result{
				"rmse": testMetric(1.4, 0.02), "mae": testMetric(1, 0.01), "r2": testMetric(0, 0.1),
			}, Segments: map[string]map[string]evaluator.Group{"city": {"Oslo": {N: 300, Metrics: map[string]metric.Result{"rmse": testMetric(1.5, 0.15)}}}}},
			Rolling: &evaluator.Rolling{Metrics: map[string]metric.Result{
				"rmse": testMetric(1.7, 0.05), "mae": {Value: nan, Low: nan, High: nan, Reason: "3 windows, and it needs 8"},
			}},
			Drift: &drift.Drift{
				Share: 0.5, Low: 0.4, High: 0.6, Count: 2, Judged: 4,
				Columns: map[string]drift.Column{
					"size":       {Drifted: &yes, Measures: map[string]drift.Measure{"psi": {Value: 0.31}, "ks": {Value: nan, Reason: "no values"}}},
					"age":        {Drifted: &no, Measures: map[string]drift.Measure{"psi": {Value: 0.01}}},
					"rooms":      {Drifted: &yes},
					"city":       {Drifted: &no, Measures: map[string]drift.Measure{"js": {Value: 0.05}}},
					"rare":       {Reason: "90 rows against 5000 in the reference, fewer than min_rows 200: shown, not judged"},
					"prediction": {Reason: "too few rows"},
					"label":      {Reason: "too few rows"},
				},
				LeftOut: map[string]string{"note": "text with more distinct values than half the rows"},
			},
			Segments: map[string]map[string]evaluator.Group{"city": {
				"Oslo":  {N: 120, Metrics: map[string]metric.Result{"rmse": testMetric(2.2, 0.2)}},
				"Turin": {N: 1, Metrics: map[string]metric.Result{"rmse": {Value: nan, Reason: "no matched rows"}}},
			}},
			Quality: &evaluator.Quality{MissingShare: 0.02, Columns: map[string]evaluator.ColumnQuality{
				"size": {Missing: 0.01, OutOfRange: 0.03, Unseen: 0, Invalid: 0.002},
				"void": {Missing: nan},
				"city": {Constant: true},
			}, Checks: map[string]evaluator.Check{
				"volume":           {Value: 0.25, Note: "940 predictions, and 3760 by 28 days of the reference"},
				"absent_columns":   {Value: 2, Note: `"a", "b"`},
				"type_changes":     {Value: 0},
				"empty_hours":      {Value: nan, Reason: "it is not known how the reference's rows are spread over the day"},
				"duplicate_labels": {Value: 0.5, Note: "20 of 40 label rows"},
			}},
		},
	}
}

func mustCompile(t testing.TB, spec Spec) *Set {
	t.Helper()
	set, errs := Compile([]Spec{spec}, fullEnv())
	if len(errs) > 0 {
		t.Fatalf("compile %q: %v", spec.When, errs)
	}
	return set
}

func judgeOne(t testing.TB, spec Spec, facts Facts) Result {
	t.Helper()
	results, waiting := mustCompile(t, spec).Judge(facts)
	if len(results) != 1 || len(waiting) != 0 {
		t.Fatalf("judge %q: results %v, waiting %v", spec.When, results, waiting)
	}
	return results[0]
}

func TestSemantics3_VerdictsAndReasons(t *testing.T) {
	for _, c := range []struct {
		when    string
		verdict Verdict
		reason  string
	}{
		// Significance: the standard error of rmse - 1.2*reference.rmse is
		// sqrt(0.1^2 + (1.2*0.02)^2) = 0.10284; the bound is 0.22 - 1.64485*0.10284.
		{"rmse > 1.2 * reference.rmse", Breached, "rmse 1.9 (1.7 to 2.1) > 1.2 * reference 1.4 = 1.68 at 95 %"},
		{"rmse > 1.8", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.8 is not significant at 95 %: the difference 0.1 may be as low as -0.06449"},
		{"rmse > 2", Healthy, "rmse 1.9 (1.7 to 2.1) <= 2"},
		{"rmse >= 1.9", Inconclusive, "rmse 1.9 (1.7 to 2.1) >= 1.9 is not significant at 95 %: the difference 0 may be as low as -0.1645"},
		{"rmse < 1.2 * reference.rmse", Healthy, "rmse 1.9 (1.7 to 2.1) >= 1.2 * reference 1.4 = 1.68"},
		{"1.68 < rmse", Breached, "1.68 < rmse 1.9 (1.7 to 2.1) at 95 %"},
		{"2 >= rmse", Inconclusive, "2 >= rmse 1.9 (1.7 to 2.1) is not significant at 95 %: the difference 0.1 may be as low as -0.06449"},
		{"rmse / reference.rmse > 1.1", Breached, "rmse 1.9 (1.7 to 2.1) / reference 1.4 = 1.357 > 1.1 at 95 %"},
		{"rmse > 1.2 * reference.mae", Breached, "rmse 1.9 (1.7 to 2.1) > 1.2 * reference mae 1 = 1.2 at 95 %"},
		{"abs(me) > 0.2", Breached, "abs(me -0.3 (-0.4 to -0.2)) = 0.3 > 0.2 at 95 %"},
		{"abs(me) > 0.25", Inconclusive, "abs(me -0.3 (-0.4 to -0.2)) = 0.3 > 0.25 is not significant at 95 %: the difference 0.05 may be as low as -0.03224"},
		{"rmse - (1 - 0.5) > 1", Breached, "rmse 1.9 (1.7 to 2.1) - (1 - 0.5) = 1.4 > 1 at 95 %"},
		{"smape > 0.1", Breached, "smape 0.2 (0.2 to 0.2) > 0.1"}, // An error without variance is compared as it is.
		// The median's error is recovered from the limit that lies towards the
		// threshold: (1-0.9)/1.95996 = 0.05102 below, 0.15306 above.
		{"medae > 0.91", Breached, "medae 1 (0.9 to 1.3) > 0.91 at 95 %"},
		{"medae < 1.1", Inconclusive, "medae 1 (0.9 to 1.3) < 1.1 is not significant at 95 %: the difference 0.1 may be as low as -0.152"},
		// Plain numbers.
		{"ci.rmse.low > 1.6", Breached, "ci.rmse.low 1.7 > 1.6"},
		{"ci.rmse.high > 2.2", Healthy, "ci.rmse.high 2.1 <= 2.2"},
		{"max_error >= 9", Breached, "max_error 9 >= 9"},
		{"matched < 950", Breached, "matched 940 < 950"},
		{"coverage < 0.9", Healthy, "coverage 0.94 >= 0.9"},
		{"predictions < 1001", Breached, "predictions 1000 < 1001"},
		{"predictions / 3 > 300", Breached, "predictions 1000 / 3 = 333.3 > 300"},
		{"reference.rows < 6000", Breached, "reference rows 5000 < 6000"},
		{"prometheus.p95 > 0.5", Breached, "prometheus.p95 0.7 > 0.5"},
		{"quality.missing_share > 0.1", Healthy, "quality.missing_share 0.02 <= 0.1"},
		{`quality.columns["size"].missing >= 0.01`, Breached, "size missing 0.01 >= 0.01"},
		{`quality.columns["size"].out_of_range > 0.01`, Breached, "size out_of_range 0.03 > 0.01"},
		{`quality.columns["size"].unseen > 0`, Healthy, "size unseen 0 <= 0"},
		{`quality.columns["size"].invalid > 0.001`, Breached, "size invalid 0.002 > 0.001"},
		{`quality.columns["city"].constant`, Breached, "city has one value alone"},
		{`quality.columns["size"].constant || quality.columns["size"].absent`, Healthy, "size has not one value alone; size has values"},
		{`!quality.columns["size"].type_changed`, Breached, "size is of the reference's kind"},
		{"quality.volume < 0.5", Breached, "quality.volume 0.25 (940 predictions, and 3760 by 28 days of the reference) < 0.5"},
		{"quality.absent_columns + quality.type_changes > 0", Breached, `quality.absent_columns 2 ("a", "b") + quality.type_changes 0 = 2 > 0`},
		{"quality.duplicate_labels > 0.1", Breached, "quality.duplicate_labels 0.5 (20 of 40 label rows) > 0.1"},
		{`drift.columns["size"].psi > 0.2`, Breached, "drift of size psi 0.31 > 0.2"},
		{`drift.columns["size"].drifted`, Breached, "size drifted"},
		{`!drift.columns["age"].drifted`, Breached, "age did not drift"},
		{`drift.columns["size"].drifted != drift.columns["age"].drifted`, Breached, "size drifted; age did not drift"},
		{`drift.columns["size"].drifted == false`, Healthy, "size drifted"},
		{`segments["city"]["Oslo"].rmse > 1.2 * reference.rmse`, Breached, "city=Oslo rmse 2.2 (1.8 to 2.6) > 1.2 * reference 1.4 = 1.68 at 95 %"},
		// The standard error is sqrt(0.2^2 + 0.15^2) = 0.25: a window's segment and that of the reference.
		{`segments["city"]["Oslo"].rmse > reference.segments["city"]["Oslo"].rmse`, Breached, "city=Oslo rmse 2.2 (1.8 to 2.6) > reference city=Oslo rmse 1.5 at 95 %"},
		{`segments["city"]["Oslo"].rmse - reference.segments["city"]["Oslo"].rmse > 0.3`, Inconclusive, "city=Oslo rmse 2.2 (1.8 to 2.6) - reference city=Oslo rmse 1.5 = 0.7 > 0.3 is not significant at 95 %: the difference 0.4 may be as low as -0.01121"},
		{`rmse > 1.2 * reference.segments["city"]["Bergen"].rmse`, Inconclusive, `reference.segments["city"]["Bergen"].rmse is missing: the reference has no labelled rows of city=Bergen by themselves`},
		// Of the second, sqrt(0.1^2 + (1.1*0.05)^2) = 0.11413.
		{"rmse > rolling.rmse", Breached, "rmse 1.9 (1.7 to 2.1) > rolling reference 1.7 at 95 %"},
		{"rmse > 1.1 * rolling.rmse", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.1 * rolling reference 1.7 = 1.87 is not significant at 95 %: the difference 0.03 may be as low as -0.1577"},
		{"mae > rolling.mae", Inconclusive, "rolling.mae is missing: 3 windows, and it needs 8"},
		// sqrt(0.05^2 + 0.02^2) = 0.05385.
		{"rolling.rmse > 1.1 * reference.rmse", Breached, "rolling rmse 1.7 > 1.1 * reference rmse 1.4 = 1.54 at 95 %"},
		{"rmse > 1.1 * max(reference.rmse, rolling.rmse)", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.1 * max(reference 1.4, rolling reference 1.7) = 1.87 is not significant at 95 %: the difference 0.03 may be as low as -0.1577"},
		{"predictions <= 1000", Breached, "predictions 1000 <= 1000"},
		{"predictions <= 999", Healthy, "predictions 1000 > 999"},
		{"predictions != 1000", Healthy, "predictions 1000 == 1000"},
		{"predictions != 1", Breached, "predictions 1000 != 1"},
		{"-matched < -939", Breached, "-matched 940 = -940 < -939"},
		{"matched < 1 ? coverage > 0.99 : coverage > 0.9", Breached, "matched 940 >= 1; coverage 0.94 > 0.9"},
		{"min(3, max(1, 2)) < predictions", Breached, "min(3, max(1, 2)) = 2 < predictions 1000"},
		{"predictions > 1 ? matched > 1000 : true", Healthy, "predictions 1000 > 1; matched 940 <= 1000"},
		{"matched > (predictions > 1 ? 1000 : 2)", Healthy, "matched 940 <= 1000; predictions 1000 > 1"},
		{"predictions > 99999999999 || true", Breached, "decided by true or false as written"},
		{"predictions * 1000000 == 1000000000", Breached, "predictions 1000 * 1000000 = 1000000000 == 1000000000"},
		{"predictions * 0.0000001 > 0.5", Healthy, "predictions 1000 * 1e-07 = 0.0001 <= 0.5"},
		// Columns whose drift is inconclusive: 2 of 4 judged, 1 unknown.
		{"drift.share >= 0.5", Inconclusive, "drift.share 0.5 (0.4 to 0.6 with 1 column inconclusive) >= 0.5 is undecided"},
		{"drift.share > 0.3", Breached, "drift.share 0.5 (0.4 to 0.6 with 1 column inconclusive) > 0.3"},
		{"drift.share > 0.6", Healthy, "drift.share 0.5 (0.4 to 0.6 with 1 column inconclusive) <= 0.6"},
		{"drift.count >= 3", Inconclusive, "drift.count 2 (2 to 3 with 1 column inconclusive) >= 3 is undecided"},
		{"drift.count >= 2", Breached, "drift.count 2 (2 to 3 with 1 column inconclusive) >= 2"},
		{"rmse > 1 + drift.share", Breached, "rmse 1.9 (1.7 to 2.1) > 1 + drift.share 0.5 (0.4 to 0.6 with 1 column inconclusive) = 1.5 at 95 %"},
		// Missing.
		{"mape > 0.1", Inconclusive, "mape is missing: every label is 0"},
		{"ci.mse.low > 1", Inconclusive, "ci.mse.low is missing: an interval needs two rows or more"},
		{"mse > 3", Inconclusive, "no interval for mse (an interval needs two rows or more): mse 3.61 > 3"},
		{"mse > 4", Healthy, "mse 3.61 <= 4"},
		{"reference.medae < 1", Inconclusive, "reference.medae is missing"},
		{`segments["city"]["Bergen"].rmse > 2`, Inconclusive, "no segment city=Bergen in this window"},
		{`segments["city"]["Turin"].rmse > 2`, Inconclusive, `segments["city"]["Turin"].rmse is missing: no matched rows`},
		{`drift.columns["size"].js > 1`, Inconclusive, `drift.columns["size"].js is missing: of this column are computed ks, psi`},
		{`drift.columns["size"].ks > 1`, Inconclusive, `drift.columns["size"].ks is missing: no values`},
		{`drift.columns["void"].psi > 1`, Inconclusive, `drift.columns["void"].psi is missing: no such column in this window's drift`},
		{`drift.columns["note"].psi > 1`, Inconclusive, `drift.columns["note"].psi is missing: the column is left out: text with more distinct values than half the rows`},
		{`drift.columns["rooms"].psi > 1`, Inconclusive, `drift.columns["rooms"].psi is missing`},
		{`drift.columns["rare"].psi > 1`, Inconclusive, `drift.columns["rare"].psi is missing: 90 rows against 5000 in the reference, fewer than min_rows 200: shown, not judged`},
		{`drift.columns["rare"].drifted`, Inconclusive, `drift.columns["rare"].drifted is missing: 90 rows against 5000 in the reference, fewer than min_rows 200: shown, not judged`},
		{`quality.columns["x"].missing > 0`, Inconclusive, `quality.columns["x"].missing is missing: no such column in this window's data quality`},
		{"quality.empty_hours > 2", Inconclusive, "quality.empty_hours is missing: it is not known how the reference's rows are spread over the day"},
		{"quality.constant_columns > 0", Inconclusive, "quality.constant_columns is missing: it was not counted of this window"},
		{`quality.columns["void"].missing > 0`, Inconclusive, `quality.columns["void"].missing is missing: no rows to take the share of`},
		{"mape > 0.1 && medae > matched * reference.mape", Inconclusive, "mape is missing: every label is 0; reference.mape is missing"},
		{"rmse / reference.r2 > 1", Inconclusive, "rmse 1.9 (1.7 to 2.1) / reference r2 0 > 1 is not a number"},
		{"0 / reference.r2 > 1", Inconclusive, "0 / reference r2 0 > 1 is not a number"},
		// Three-valued logic; the parts that decided are told.
		{"rmse > 1.2 && rmse > 1.8", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.8 is not significant at 95 %: the difference 0.1 may be as low as -0.06449"},
		{"rmse > 1.8 && rmse > 2", Healthy, "rmse 1.9 (1.7 to 2.1) <= 2"},
		{"rmse > 1.8 || rmse > 1.2", Breached, "rmse 1.9 (1.7 to 2.1) > 1.2 at 95 %"},
		{"rmse > 1.8 || rmse > 2", Inconclusive, "rmse 1.9 (1.7 to 2.1) > 1.8 is not significant at 95 %: the difference 0.1 may be as low as -0.06449"},
		{"rmse > 1.2 && mae > 1", Breached, "rmse 1.9 (1.7 to 2.1) > 1.2 at 95 %; mae 1.2 (1.1 to 1.3) > 1 at 95 %"},
		{"rmse > 2 || mae > 2", Healthy, "rmse 1.9 (1.7 to 2.1) <= 2; mae 1.2 (1.1 to 1.3) <= 2"},
		{"!(mape > 0.1)", Inconclusive, "mape is missing: every label is 0"},
		{"mape > 0.1 || predictions > 1", Breached, "predictions 1000 > 1"},
		{"mape > 0.1 && predictions > 1000", Healthy, "predictions 1000 <= 1000"},
		{"mape > 0.1 ? matched > 1 : coverage > 0.5", Breached, "matched 940 > 1; coverage 0.94 > 0.5"},
		{"mape > 0.1 ? matched > 1 : coverage > 0.99", Inconclusive, "mape is missing: every label is 0"},
		{"matched > (mape > 0.1 ? 5 : 5)", Breached, "matched 940 > 5"},
		{"matched > (mape > 0.1 ? 5 : 6)", Inconclusive, "mape is missing: every label is 0"},
		{`rmse > 0.5 * reference.rmse + 0.7 * reference["rmse"]`, Breached, "rmse 1.9 (1.7 to 2.1) > 0.5 * reference 1.4 + 0.7 * reference 1.4 = 1.68 at 95 %"},
		{"1 < (mape > 0.1 ? rmse : rmse)", Inconclusive, "mape is missing: every label is 0"},
	} {
		t.Run(c.when, func(t *testing.T) {
			got := judgeOne(t, defaultSpec(c.when), testFacts())
			if got.Verdict != c.verdict || got.Reason != c.reason {
				t.Errorf("got  %v: %s\nwant %v: %s", got.Verdict, got.Reason, c.verdict, c.reason)
			}
			if got.Streak != 0 || got.Acts {
				t.Errorf("streak %d, acts %v: these are not the evaluator's to know", got.Streak, got.Acts)
			}
		})
	}
}

func TestSemantics3_Guards(t *testing.T) {
	for name, c := range map[string]struct {
		when    string
		change  func(*Spec, *Facts)
		verdict Verdict
		reason  string
	}{
		"matched for labels":                   {"rmse > 1", func(_ *Spec, f *Facts) { f.Matched = 120 }, Inconclusive, "matched 120 < min_samples 200"},
		"matched just enough":                  {"rmse > 1", func(_ *Spec, f *Facts) { f.Matched = 200 }, Breached, "rmse 1.9 (1.7 to 2.1) > 1 at 95 %"},
		"predictions without labels":           {"drift.count > 1", func(_ *Spec, f *Facts) { f.Predictions, f.Matched = 199, 0 }, Inconclusive, "predictions 199 < min_samples 200"},
		"matched does not bar drift":           {"drift.count > 1", func(_ *Spec, f *Facts) { f.Matched, f.Coverage = 0, 0 }, Breached, "drift.count 2 (2 to 3 with 1 column inconclusive) > 1"},
		"reference needs no labels":            {"reference.rmse > 1", func(_ *Spec, f *Facts) { f.Matched, f.Coverage = 0, 0 }, Breached, "reference rmse 1.4 > 1 at 95 %"},
		"coverage":                             {"rmse > 1", func(_ *Spec, f *Facts) { f.Coverage = 0.5 }, Inconclusive, "coverage 0.5 < min_coverage 0.8"},
		"both":                                 {"rmse > 1", func(_ *Spec, f *Facts) { f.Matched, f.Coverage = 1, 0.5 }, Inconclusive, "matched 1 < min_samples 200; coverage 0.5 < min_coverage 0.8"},
		"coverage NaN":                         {"rmse > 1", func(s *Spec, f *Facts) { s.MinSamples, f.Predictions, f.Coverage = 0, 0, math.NaN() }, Inconclusive, "coverage is missing: no predictions"},
		"coverage guard off":                   {"max_error > 1", func(s *Spec, f *Facts) { s.MinCoverage, f.Coverage = 0, math.NaN() }, Breached, "max_error 9 > 1"},
		"predictions of zero rows":             {"predictions < 100", func(_ *Spec, f *Facts) { f.Predictions, f.Coverage = 0, math.NaN() }, Breached, "predictions 0 < 100"},
		"coverage below its guard":             {"coverage < 0.5", func(_ *Spec, f *Facts) { f.Coverage = 0.1 }, Breached, "coverage 0.1 < 0.5"},
		"coverage of zero rows":                {"coverage < 0.5", func(_ *Spec, f *Facts) { f.Predictions, f.Coverage = 0, math.NaN() }, Inconclusive, "coverage is missing: no predictions"},
		"volume and coverage":                  {"predictions == 0 || coverage < 0.5", func(_ *Spec, f *Facts) { f.Predictions, f.Coverage = 0, math.NaN() }, Breached, "predictions 0 == 0"},
		"volume by the reference of zero rows": {"quality.volume < 0.5", func(_ *Spec, f *Facts) { f.Predictions, f.Coverage = 0, math.NaN() }, Breached, "quality.volume 0.25 (940 predictions, and 3760 by 28 days of the reference) < 0.5"},
		"volume with something else":           {"predictions < 100 && drift.count > 1", func(_ *Spec, f *Facts) { f.Predictions = 0 }, Inconclusive, "predictions 0 < min_samples 200"},
		"no evaluation":                        {"rmse > 1", func(_ *Spec, f *Facts) { f.Evaluation = nil }, Inconclusive, "rmse is missing: the window was not evaluated"},
		"no drift":                             {"drift.share > 0.5", func(_ *Spec, f *Facts) { f.Evaluation.Drift = nil }, Inconclusive, "drift.share is missing: no reference"},
		"no reference":                         {"rmse > reference.rmse", func(_ *Spec, f *Facts) { f.Evaluation.Reference = nil }, Inconclusive, "reference.rmse is missing: no reference"},
		"no rolling reference":                 {"rmse > rolling.rmse", func(_ *Spec, f *Facts) { f.Evaluation.Rolling = nil }, Inconclusive, "rolling.rmse is missing: no rolling reference"},
		"no quality":                           {"quality.missing_share > 0.5", func(_ *Spec, f *Facts) { f.Evaluation.Quality = nil }, Inconclusive, "quality.missing_share is missing: no data quality in this window"},
		"no feature values":                    {"quality.missing_share > 0.5", func(_ *Spec, f *Facts) { f.Evaluation.Quality.MissingShare = stat.Number(math.NaN()) }, Inconclusive, "quality.missing_share is missing: no feature values"},
		"all columns inconclusive":             {"drift.count > 100", allInconclusive, Inconclusive, "drift.count is missing: all 3 feature columns are inconclusive"},
		"share of all inconclusive":            {"drift.share > 0.5", allInconclusive, Inconclusive, "drift.share is missing: all 3 feature columns are inconclusive"},
		"prometheus without an answer":         {"prometheus.p95 > 1", func(_ *Spec, f *Facts) { f.Prometheus = nil }, Inconclusive, "prometheus.p95 is missing: it was not asked for in this window"},
		"prometheus with a reason": {"prometheus.p95 > 1", func(_ *Spec, f *Facts) {
			f.Prometheus = map[string]Answer{"p95": {Value: stat.Number(math.NaN()), Reason: "the query gave no series"}}
		}, Inconclusive, "prometheus.p95 is missing: the query gave no series"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, facts := defaultSpec(c.when), testFacts()
			c.change(&spec, &facts)
			got := judgeOne(t, spec, facts)
			if got.Verdict != c.verdict || got.Reason != c.reason {
				t.Errorf("got  %v: %s\nwant %v: %s", got.Verdict, got.Reason, c.verdict, c.reason)
			}
		})
	}
}

func allInconclusive(_ *Spec, f *Facts) {
	f.Evaluation.Drift = &drift.Drift{
		Share: stat.Number(math.NaN()), Low: 0, High: 1, Reason: "all 3 feature columns are inconclusive",
		Columns: map[string]drift.Column{"a": {}, "b": {}, "c": {}},
	}
}

func TestSemantics3_RulesThatWaitForLabels(t *testing.T) {
	cases := map[string]bool{
		"rmse > 1": true, "ci.rmse.low > 1": true, "matched > 1": true, "coverage > 0.5": true,
		`segments["city"]["Oslo"].rmse > 1`: true, "rmse > reference.rmse": true,
		"drift.share > 0.5 || rmse > 1": true, `drift.columns["label"].psi > 1`: true, `drift.columns["label"].drifted`: true,
		"reference.rmse > 1": false, "reference.rows > 1": false, "rolling.rmse > 1.1 * reference.rmse": false,
		`reference.segments["city"]["Oslo"].rmse > 1`: false, "predictions > 1": false,
		"drift.share > 0.5": false, "drift.count > 1": false, `drift.columns["size"].psi > 1`: false,
		`drift.columns["prediction"].drifted`: false, "quality.missing_share > 0.5": false,
		"quality.duplicate_labels > 0.5": true, "quality.conflicting_labels > 0.5": true, "quality.duplicate_predictions > 0.5": false, "quality.volume < 0.5": false,
		`quality.columns["size"].unseen > 0.5`: false, "prometheus.p95 > 1": false,
	}
	var specs []Spec
	want := map[string]bool{}
	for when, needs := range cases {
		spec := defaultSpec(when)
		spec.Name = when
		specs = append(specs, spec)
		want[when] = needs
	}
	set, errs := Compile(specs, fullEnv())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	facts := testFacts()
	facts.Mature = false
	results, waiting := set.Judge(facts)
	got := map[string]bool{}
	for _, r := range results {
		got[r.Name] = false
	}
	for _, name := range waiting {
		got[name] = true
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("waiting for labels:\ngot  %v\nwant %v", got, want)
	}
	for _, r := range set.Rules() {
		if r.NeedsLabels != want[r.Name] {
			t.Errorf("%s: NeedsLabels = %v", r.Name, r.NeedsLabels)
		}
	}
	facts.Mature = true
	if results, waiting := set.Judge(facts); len(results) != len(specs) || waiting != nil {
		t.Errorf("mature: %d results of %d, waiting %v", len(results), len(specs), waiting)
	}
}

func TestRulesSayWhatTheyAre(t *testing.T) {
	specs := []Spec{
		{Name: "a", When: `rmse > 2 && drift.columns["x y"].psi > 1 && rmse < 9`, MinSamples: 5, MinCoverage: 0.5, For: 3, Action: "retrain"},
		{Name: "b", When: "drift.share > 0.5", For: 1, Action: "block", Significance: level(0)},
		{Name: "c", When: `mae > 1`, For: 1, Action: "alert", Significance: level(0.99)},
		{Name: "d", When: `mae > 1`, For: 1, Action: "alert", Significance: level(0)},
	}
	set, errs := Compile(specs, fullEnv())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := []Rule{
		{Name: "a", When: specs[0].When, MinSamples: 5, MinCoverage: 0.5, For: 3, Action: "retrain", Significance: 0.95, NeedsLabels: true, Variables: []string{"rmse", `drift.columns["x y"].psi`}},
		{Name: "b", When: specs[1].When, For: 1, Action: "block", Variables: []string{"drift.share"}},
		{Name: "c", When: "mae > 1", For: 1, Action: "alert", Significance: 0.99, NeedsLabels: true, Variables: []string{"mae"}},
		{Name: "d", When: "mae > 1", For: 1, Action: "alert", NeedsLabels: true, Variables: []string{"mae"}},
	}
	if got := set.Rules(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	set.Rules()[0].Variables[0] = "changed"
	if got := set.Rules()[0].Variables[0]; got != "rmse" {
		t.Errorf("a caller changed the set: %s", got)
	}
	results, _ := set.Judge(testFacts())
	for i, r := range results {
		if r.Name != specs[i].Name || r.Action != specs[i].Action || r.For != specs[i].For {
			t.Errorf("result %d: %+v", i, r)
		}
	}
}

func TestSemantics3_SignificanceIsTurnedOffAndRaised(t *testing.T) {
	spec := defaultSpec("rmse > 1.68 * 1") // T = 0.22/0.1 = 2.2: above 1.645, below 2.326.
	for s, want := range map[float64]Verdict{0: Breached, 0.95: Breached, 0.99: Inconclusive, 0.5: Breached} {
		spec.Significance = level(s)
		if got := judgeOne(t, spec, testFacts()); got.Verdict != want {
			t.Errorf("at %v: %v (%s), want %v", s, got.Verdict, got.Reason, want)
		}
	}
	spec.Significance = level(0)
	if got := judgeOne(t, spec, testFacts()).Reason; got != "rmse 1.9 (1.7 to 2.1) > 1.68 * 1 = 1.68" {
		t.Errorf("reason without significance: %s", got)
	}
}

func TestReasonsStayShort(t *testing.T) {
	long := strings.Repeat("å", 300)
	for _, when := range []string{
		strings.TrimSuffix(strings.Repeat("matched > 1 && predictions > 2 && rmse > 1 && mae > 0.5 && ", 8), " && "),
		`drift.columns["` + long + `"].psi > 1`,
		`segments["city"]["` + long + `"].rmse > 1 || mape > 1`,
		"matched > " + strings.Repeat("1 + ", 80) + "1",
	} {
		got := judgeOne(t, defaultSpec(when), testFacts()).Reason
		if n := utf8.RuneCountInString(got); n > maxReasonLength || n < 20 || !utf8.ValidString(got) {
			t.Errorf("%d characters: %s", n, got)
		}
	}
	got := joinReasons([]string{strings.Repeat("a", 90), strings.Repeat("b", 90), strings.Repeat("c", 90), "d"})
	if want := strings.Repeat("a", 90) + "; " + strings.Repeat("b", 90) + "; and 2 more"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	set, errs := Compile([]Spec{defaultSpec(`rmse > 1.2 * reference.rmse && (drift.share > 0.3 ? mae > 1 : matched > 1)`)}, fullEnv())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	facts := testFacts()
	want, _ := set.Judge(facts)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got, _ := set.Judge(facts); !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
				_, _ = set.Rules(), set.Warnings()
			}
		})
	}
	wg.Wait()
}

func TestSemantics7_LacksLabels(t *testing.T) {
	set := func(rules ...Spec) *Set {
		t.Helper()
		s, errs := Compile(rules, Env{HasReference: true})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		return s
	}
	spec := func(when string, samples int64, coverage float64) Spec {
		return Spec{Name: when, When: when, MinSamples: samples, MinCoverage: coverage, For: 1, Action: ActionAlert}
	}
	labels, drift := spec("rmse > 1", 200, 0.8), spec("drift.share > 0.5", 200, 0.8)
	for _, tc := range []struct {
		name                 string
		set                  *Set
		predictions, matched int64
		want                 bool
	}{
		{"enough of both", set(labels), 1000, 800, false},
		{"coverage too low", set(labels), 1000, 799, true},
		{"too few rows", set(spec("rmse > 1", 200, 0)), 1000, 199, true},
		{"rows enough", set(spec("rmse > 1", 200, 0)), 1000, 200, false},
		{"few, and all have a label", set(labels), 100, 100, false},
		{"no predictions", set(labels), 0, 0, false},
		{"no rule needs labels", set(drift), 1000, 0, false},
		{"coverage alone is judged with any", set(spec("coverage < 0.5", 200, 0.8)), 1000, 0, false},
		{"any of the rules", set(drift, labels), 1000, 0, true},
	} {
		if got := tc.set.LacksLabels(tc.predictions, tc.matched); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
