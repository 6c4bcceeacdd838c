package rule

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

const knownVariables = "me, mae, mse, rmse, medae, mape, smape, r2, max_error, rmsle, explained_variance, skill_mean, skill_median, pinball_loss, interval_coverage, interval_width, ci.METRIC.low|high, reference.METRIC, " +
	`reference.rows, reference.segments["city"][VALUE].METRIC, rolling.METRIC, matched, coverage, predictions, segments["city"][VALUE].METRIC, drift.share, drift.count, ` +
	"drift.columns[NAME].psi|ks|wasserstein|wasserstein_normed|js|tvd|cohen_w|missing|out_of_range|drifted, quality.missing_share, " +
	"quality.absent_columns|type_changes|constant_columns|duplicate_predictions|duplicate_labels|conflicting_labels|volume|empty_hours|longest_gap_hours, " +
	"quality.columns[NAME].missing|out_of_range|unseen|invalid|absent|type_changed|constant, prometheus.p95"

const regressionNames = "me, mae, mse, rmse, medae, mape, smape, r2, max_error, rmsle, explained_variance, skill_mean, skill_median, pinball_loss, interval_coverage, interval_width"

func TestSemantics3_ExpressionsRefusedAtLoad(t *testing.T) {
	const joint = "; compare each by itself and join the comparisons with && or ||"
	for _, c := range []struct {
		when   string
		column int
		msg    string
	}{
		{"rsme > 1", 0, "unknown variable rsme; did you mean rmse? known are " + knownVariables},
		{"rmse > 1 && mea > 1", 12, "unknown variable mea; did you mean mae? known are " + knownVariables},
		{"rmse > 1 &&\n  latency > 1", 14, "unknown variable latency; known are " + knownVariables},
		{"share > 0.5", 0, "unknown variable share; did you mean drift.share? known are " + knownVariables},
		{"rows < 100", 0, "unknown variable rows; did you mean reference.rows? known are " + knownVariables},
		{"p95 > 0.5", 0, "unknown variable p95; did you mean prometheus.p95? known are " + knownVariables},
		{"é > 1", 0, "syntax error: unexpected 'é'"},
		{"accuracy < 0.9", 0, "accuracy is a metric of task binary or multiclass; this model's task is regression"},
		{"reference.f1 < 0.9", 9, "f1 is a metric of task binary or multiclass; this model's task is regression"},
		{`segments["city"]["Oslo"].f1 < 0.9`, 24, "f1 is a metric of task binary or multiclass; this model's task is regression"},
		{"reference.rsme > 1", 9, "unknown variable reference.rsme; did you mean reference.rmse? known are rows, " + regressionNames + ", segments"},
		{"reference > 1", 0, "reference is not a value: a metric or rows has to follow; known are rows, " + regressionNames + ", segments"},
		{"rolling.rmes > 1", 7, "unknown variable rolling.rmes; did you mean rolling.rmse? known are " + regressionNames},
		{"roling.rmse > 1", 0, "unknown variable roling; did you mean rolling? known are " + knownVariables},
		{"rolling > 1", 0, "rolling is not a value: a metric has to follow; known are " + regressionNames},
		{`reference.segments["town"]["Oslo"].rmse > 1`, 19, `"town" is not a configured segment column; known are city`},
		{`reference.segments["city"] > 1`, 0, `reference.segments["city"] is not a value: a segment in brackets, as in ["Oslo"] has to follow`},
		{`reference.segments["city"]["Oslo"].rsme > 1`, 34, `unknown variable reference.segments["city"]["Oslo"].rsme; did you mean reference.segments["city"]["Oslo"].rmse? known are ` + regressionNames},
		{`reference.segments["city"]["Oslo"].rmse > reference.rmse`, 40, `reference.segments["city"]["Oslo"].rmse and reference.rmse are two metrics of the reference in one comparison, and how they vary together is not known` + joint},
		{"rmse > rolling.rmse + rolling.mae", 5, "rolling.rmse and rolling.mae are two metrics of the rolling reference in one comparison, and how they vary together is not known" + joint},
		{"rmse.low > 1", 0, "rmse is a number and has no parts; its interval is ci.rmse.low"},
		{"coverage.x > 1", 8, "coverage is a value and has no parts; remove what follows it"},
		{"ci.rmse > 1", 0, "ci.rmse is not a value: low or high has to follow; known are low, high"},
		{"ci.rmse.hihg > 1", 7, "unknown variable ci.rmse.hihg; did you mean ci.rmse.high? known are low, high"},
		{`segments["town"]["Oslo"].rmse > 1`, 9, `"town" is not a configured segment column; known are city`},
		{`segments["city"] > 1`, 0, `segments["city"] is not a value: a segment in brackets, as in ["Oslo"] has to follow`},
		{`segments["city"][3].rmse > 1`, 17, `an index is a name in quotes, as in segments["city"]`},
		{`(rmse + 1).low > 1`, 6, "only a variable has fields and indexes"},
		{`drift.columns["x"].psy > 1`, 18, `unknown variable drift.columns["x"].psy; did you mean drift.columns["x"].psi? known are psi, ks, wasserstein, wasserstein_normed, js, tvd, cohen_w, missing, out_of_range, drifted`},
		{`drift.columns["x"].hellinger > 1`, 18, "drift measure hellinger is not in this version; known are psi, ks, wasserstein, wasserstein_normed, js, tvd, cohen_w, missing, out_of_range, drifted"},
		{"drift.shares > 1", 5, "unknown variable drift.shares; did you mean drift.share? known are share, count, columns"},
		{`quality.columns["x"].mising > 1`, 20, `unknown variable quality.columns["x"].mising; did you mean quality.columns["x"].missing? known are missing, out_of_range, unseen, invalid, absent, type_changed, constant`},
		{"quality.share > 1", 7, "unknown variable quality.share; did you mean quality.missing_share? known are missing_share, absent_columns, type_changes, constant_columns, duplicate_predictions, duplicate_labels, conflicting_labels, volume, empty_hours, longest_gap_hours, columns"},
		{"prometheus.p59 > 1", 10, "unknown variable prometheus.p59; did you mean prometheus.p95? known are p95"},
		{"estimated.rmse > 1", 0, "performance is not estimated of models of task regression"},
		{"rmse - mae > 1", 11, "rmse and mae are two metrics of the window in one comparison, and how they vary together is not known" + joint},
		{`1 < max(rmse, segments["city"]["Oslo"].rmse)`, 2, `rmse and segments["city"]["Oslo"].rmse are two metrics of the window in one comparison, and how they vary together is not known` + joint},
		{"max_error > 5 * rmse", 10, "max_error and rmse are two metrics of the window in one comparison, and how they vary together is not known" + joint},
		{"rmse > reference.rmse + reference.mae", 5, "reference.rmse and reference.mae are two metrics of the reference in one comparison, and how they vary together is not known" + joint},
		{"matched > ((rmse > mae) ? 1 : 2)", 17, "rmse and mae are two metrics of the window in one comparison, and how they vary together is not known" + joint},
		{`rmse > reference.rmse + reference["mae"]`, 5, "reference.rmse and reference.mae are two metrics of the reference in one comparison, and how they vary together is not known" + joint},
		{"rmse == 2", 5, "rmse is an estimate, which is never equal to a number; compare it with < or >"},
		{"2 != reference.rmse", 2, "reference.rmse is an estimate, which is never equal to a number; compare it with < or >"},
		{"", 0, "an expression is needed, such as rmse > 1.2 * reference.rmse"},
		{" \n", 0, "an expression is needed, such as rmse > 1.2 * reference.rmse"},
		{"rmse", 0, "the expression gives a number; a rule is a comparison, as in rmse > 1"},
		{"rmse > 1 ? 2 : 3", 0, "the expression gives a number; a rule is a comparison, as in rmse > 1"},
		{"1 < 2", 0, "the expression names no variable, so that it never changes"},
		{"true", 0, "the expression names no variable, so that it never changes"},
		{"rmse > 1 and mae > 2", 9, "syntax error: unexpected 'and'; write &&"},
		{"rmse > 1 or mae > 2", 9, "syntax error: unexpected 'or'; write ||"},
		{"rmse = 2", 5, "syntax error: unexpected '= '; write =="},
		{"rmse >", 6, "syntax error: unexpected end of the expression"},
		{"1 < rmse < 3", 9, "< does not take true-or-false and a number"},
		{`drift.columns["x"].drifted > 1`, 27, "> does not take true-or-false and a number"},
		{"rmse && true", 0, "a number stands where true-or-false is needed"},
		{"!rmse", 0, "! does not take a number"},
		{"rmse ? 1 > 2 : true", 5, "? : does not take a number and true-or-false and true-or-false"},
		{"double(rmse) > 1", 6, "unknown function double; rules have abs(a), min(a, b) and max(a, b)"},
		{"has(ci.rmse)", 3, "unknown function has; rules have abs(a), min(a, b) and max(a, b)"},
		{"rmse.abs() > 1", 8, "write abs(x), not x.abs()"},
		{"abs(rmse, 2) > 1", 3, "abs takes 1 argument, not 2"},
		{"max(rmse) > 1", 3, "max takes 2 arguments, not 1"},
		{"rmse % 2 > 1", 5, "rules have no operator %"},
		{"rmse in [1]", 5, "rules have no operator in"},
		{"[1] == [rmse]", 0, "rules have no lists, maps or objects"},
		{`"a" < rmse`, 0, `the text "a" is no value to compare; text only names columns, segments and classes, in brackets`},
		{"rmse > null", 7, "rules compare numbers, not null_type"},
		{"rmse > 1e400", 7, "invalid double literal"},
		{strings.Repeat("(", 150) + "rmse" + strings.Repeat(")", 150) + " > 1", 0, "the expression is too long or nests too deeply to parse; split the rule"},
		{"rmse > " + strings.Repeat("1", maxWhenLength), maxWhenLength, "the expression has 2007 characters and may have 2000"},
		{"rmse > \xff", 0, "the expression is not valid UTF-8"},
	} {
		t.Run(c.when, func(t *testing.T) {
			set, errs := Compile([]Spec{defaultSpec("mae > 1 + 1"), func() Spec {
				s := defaultSpec(c.when)
				s.Name = "wrong"
				return s
			}()}, fullEnv())
			if set != nil || len(errs) == 0 {
				t.Fatalf("accepted")
			}
			var got *Error
			if !errors.As(errs[0], &got) {
				t.Fatalf("%T: %v", errs[0], errs[0])
			}
			want := Error{Rule: "wrong", Index: 1, Field: "when", Msg: c.msg, Column: c.column}
			if *got != want {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
		})
	}
}

func TestEnvDecidesWhichVariablesExist(t *testing.T) {
	bare := Env{Task: "regression"}
	for when, want := range map[string]string{
		"rmse > reference.rmse":                     "reference.rmse needs a reference and this model has none; configure reference",
		"drift.share > 0.5":                         "drift.share needs a reference and this model has none; configure reference",
		`drift.columns["x"].drifted`:                `drift.columns["x"].drifted needs a reference and this model has none; configure reference`,
		`quality.columns["x"].unseen > 0`:           `quality.columns["x"].unseen needs a reference and this model has none; configure reference`,
		`quality.columns["x"].out_of_range > 0`:     `quality.columns["x"].out_of_range needs a reference and this model has none; configure reference`,
		`segments["city"]["Oslo"].rmse > 1`:         "this model has no segments; configure segments",
		`reference.segments["city"]["Oslo"].r2 > 1`: "this model has no segments; configure segments",
		"rmse > rolling.rmse":                       "rolling.rmse needs a rolling reference and this model has none; configure reference.rolling",
		"prometheus.p95 > 1":                        "this model has no prometheus queries to name",
		`quality.columns["x"].constant`:             `quality.columns["x"].constant needs a reference and this model has none; configure reference`,
		"quality.volume < 0.5":                      "quality.volume needs a reference and this model has none; configure reference",
		"quality.out_of_bounds > 0":                 "quality.out_of_bounds needs bounds and this model has none; configure predictions.bounds",
		"quality.duplicate_predictions.x > 0":       "quality.duplicate_predictions is a value and has no parts; remove what follows it",
		"quality.duplicate_predictions > 0":         "",
		`quality.columns["x"].missing > 0`:          "",
		"quality.missing_share > 0":                 "",
		"rmse > 1 && predictions > 1":               "",
		`drift["columns"]["x"]["psi"] > matched`:    `drift.columns["x"].psi needs a reference and this model has none; configure reference`,
		"latency > 1":                               "unknown variable latency; known are " + regressionNames + ", ci.METRIC.low|high, matched, coverage, predictions, quality.missing_share, quality.duplicate_predictions|duplicate_labels|conflicting_labels, quality.columns[NAME].missing|invalid",
		`segments.city.Oslo.rmse > reference.rmse`:  "this model has no segments; configure segments",
		"ci.rmse.low > 1.2 && max_error > coverage": "",
	} {
		_, errs := Compile([]Spec{defaultSpec(when)}, bare)
		switch {
		case want == "" && len(errs) > 0:
			t.Errorf("%s: %v", when, errs)
		case want != "" && len(errs) == 0:
			t.Errorf("%s: accepted", when)
		case want != "":
			var got *Error
			if !errors.As(errs[0], &got) {
				t.Fatalf("%s: %T: %v", when, errs[0], errs[0])
			}
			if got.Msg != want {
				t.Errorf("%s:\ngot  %s\nwant %s", when, got.Msg, want)
			}
		}
	}
}

func TestSemantics3_FieldsRefusedAtLoad(t *testing.T) {
	noInterval := func(when string) string {
		return `nothing in "` + when + `" has an interval to be significant by: no comparison holds one of me, mae, mse, rmse, medae, mape, smape, r2, rmsle, explained_variance, skill_mean, skill_median, pinball_loss, interval_coverage, interval_width; remove significance or set it to 0`
	}
	for name, c := range map[string]struct {
		change     func(*Spec)
		field, msg string
	}{
		"for":                          {func(s *Spec) { s.For = 0 }, "for", "0 is not a number of windows; give 1 or more"},
		"min_samples":                  {func(s *Spec) { s.MinSamples = -1 }, "min_samples", "-1 is negative; give a number of rows, 0 or more"},
		"min_coverage":                 {func(s *Spec) { s.MinCoverage = 1.1 }, "min_coverage", "1.1 is not a share; give a number from 0 to 1"},
		"min_coverage NaN":             {func(s *Spec) { s.MinCoverage = math.NaN() }, "min_coverage", "NaN is not a share; give a number from 0 to 1"},
		"significance 1":               {func(s *Spec) { s.Significance = level(1) }, "significance", "1 is not a level; give a number from 0.5 to below 1, or 0 to turn it off"},
		"significance 0.05":            {func(s *Spec) { s.Significance = level(0.05) }, "significance", "0.05 is not a level; give a number from 0.5 to below 1, or 0 to turn it off"},
		"significance NaN":             {func(s *Spec) { s.Significance = level(math.NaN()) }, "significance", "NaN is not a level; give a number from 0.5 to below 1, or 0 to turn it off"},
		"significance without metric":  {func(s *Spec) { s.When, s.Significance = "drift.share > 0.5", level(0.95) }, "significance", noInterval("drift.share > 0.5")},
		"significance of max_error":    {func(s *Spec) { s.When, s.Significance = "max_error > 2", level(0.95) }, "significance", noInterval("max_error > 2")},
		"significance of an interval":  {func(s *Spec) { s.When, s.Significance = "ci.rmse.low > 2", level(0.95) }, "significance", noInterval("ci.rmse.low > 2")},
		"action":                       {func(s *Spec) { s.Action = "restart" }, "action", `unknown action "restart"; the actions are alert, retrain, block`},
		"no action":                    {func(s *Spec) { s.Action = "" }, "action", `unknown action ""; the actions are alert, retrain, block`},
		"no name":                      {func(s *Spec) { s.Name = "" }, "name", "a rule needs a name"},
		"a name taken by another rule": {func(s *Spec) { s.Name = "first" }, "name", "rule 1 has this name already; the ledger tells rules apart by name"},
	} {
		t.Run(name, func(t *testing.T) {
			first, spec := defaultSpec("mae > 1"), defaultSpec("rmse > 1")
			first.Name = "first"
			c.change(&spec)
			set, errs := Compile([]Spec{first, spec}, fullEnv())
			if set != nil || len(errs) != 1 {
				t.Fatalf("set %v, errors %v", set, errs)
			}
			var got *Error
			if !errors.As(errs[0], &got) {
				t.Fatalf("%T: %v", errs[0], errs[0])
			}
			if want := (Error{Rule: spec.Name, Index: 1, Field: c.field, Msg: c.msg}); *got != want {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
		})
	}
}

func TestCompileReportsEveryFault(t *testing.T) {
	_, errs := Compile([]Spec{
		{Name: "a", When: "rsme > maee", MinCoverage: 2, For: 0, Action: "?"},
		{Name: "", When: "rmse > 1 +", For: 1, Action: "alert"},
	}, fullEnv())
	var got []string
	for _, err := range errs {
		text, _, _ := strings.Cut(err.Error(), ";")
		got = append(got, text)
	}
	want := []string{
		`rule "a": min_coverage: 2 is not a share`,
		`rule "a": for: 0 is not a number of windows`,
		`rule "a": action: unknown action "?"`,
		`rule "a": when, character 1: unknown variable rsme`,
		`rule "a": when, character 8: unknown variable maee`,
		`rule 2: name: a rule needs a name`,
		`rule 2: when, character 11: syntax error: unexpected end of the expression`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if set, errs := Compile(nil, Env{}); len(errs) > 0 || len(set.Rules()) != 0 {
		t.Errorf("no rules: %v, %v", set, errs)
	}
}

func TestWarningsOfReversedRules(t *testing.T) {
	const tail = " looks reversed: it turns true as the model gets better"
	for when, want := range map[string]string{
		"r2 > 0.9":                                 "r2 > 0.9" + tail,
		"r2 < 0.9":                                 "",
		"rmse < 1":                                 "rmse < 1" + tail,
		"1 >= rmse":                                "1 >= rmse" + tail,
		"rmse > 1":                                 "",
		"!(rmse > 1)":                              "rmse > 1" + tail,
		"!(rmse < 1)":                              "",
		"rmse < 1.2 * reference.rmse":              "rmse < 1.2 * reference.rmse" + tail,
		"reference.rmse / rmse > 1":                "reference.rmse / rmse > 1" + tail,
		"-rmse < -1":                               "",
		"1 - r2 < 0.5":                             "1 - r2 < 0.5" + tail,
		"rmse * -2 > -5":                           "rmse * -2 > -5" + tail,
		"abs(me) < 0.5":                            "abs(me) < 0.5" + tail,
		"abs(me) > 0.5":                            "",
		"abs(interval_coverage - 0.8) < 0.05":      "abs(interval_coverage - 0.8) < 0.05" + tail,
		"abs(0.8 - interval_coverage) > 0.05":      "",
		"interval_coverage < 0.75":                 "", // a coverage is too low as well as too high
		"interval_coverage > 0.95":                 "",
		"skill_mean < 0.3":                         "",
		"explained_variance > 0.3":                 "explained_variance > 0.3" + tail,
		"pinball_loss < 2":                         "pinball_loss < 2" + tail,
		"me < -0.5":                                "",
		"rmse > 1 && rmse < 5":                     "", // A range is meant.
		"rmse > 1 && drift.share < 0.2":            "",
		"drift.share < 0.2":                        "",
		"reference.rmse < 2":                       "",
		"ci.rmse.low < 1":                          "ci.rmse.low < 1" + tail,
		`segments["city"]["Oslo"].mae < 1`:         `segments["city"]["Oslo"].mae < 1` + tail,
		"predictions > 5 ? mae < 1 : mae < 2":      "mae < 1 and mae < 2" + tail,
		"max(rmse, 1) / min(2, 3) - 1 + 1 <= 4":    "max(rmse, 1) / min(2, 3) - 1 + 1 <= 4" + tail,
		"rmse * (reference.r2 - 1) > 0":            "",
		"rmse * (predictions > 1 ? 2 : 1 + 1) < 3": "",
	} {
		set := mustCompile(t, defaultSpec(when))
		got := strings.Join(set.Warnings(), "|")
		if want != "" {
			want = `rule "r": ` + want
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", when, got, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"rmse > 1.2 * reference.rmse", "drift.share >= 0.5 && !drift.columns[\"x\"].drifted",
		`segments["city"]["Oslo"].rmse > min(2, abs(-3)) || quality.columns['y'].unseen > .1`,
		"predictions > 1 ? mape < 2 : ci.mae.low > 2u", "rmse > (mape > 1 ? 1 : 2) / 0", "((((", "a.b[c]?.d", "[1,{2:3}]", "x{y:1}",
		"rmse > 1 and", "\"\\u00e9\" == b'x'", "rmse in [1].map(x, x)", "-9223372036854775808 < me", "`a` > 1", "1e308*1e308 < me",
		"prometheus.p95 - -1 > 0x10", "true == (rmse >= 1)", ".rmse > 1",
	} {
		f.Add(seed)
	}
	facts := testFacts()
	f.Fuzz(func(t *testing.T, when string) {
		set, errs := Compile([]Spec{defaultSpec(when)}, fullEnv())
		if (set == nil) != (len(errs) > 0) {
			t.Fatalf("set %v with errors %v", set, errs)
		}
		for _, err := range errs {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			if e.Column < 0 || e.Column > utf8.RuneCountInString(when) || e.Msg == "" {
				t.Fatalf("error out of place: %+v", e)
			}
		}
		if set == nil {
			return
		}
		_ = set.Warnings()
		if len(set.Rules()[0].Variables) == 0 {
			t.Fatal("a constant was accepted")
		}
		for _, w := range []Facts{facts, {}} {
			w.Mature = true
			results, _ := set.Judge(w)
			r := results[0]
			if r.Reason == "" || utf8.RuneCountInString(r.Reason) > maxReasonLength || !utf8.ValidString(r.Reason) {
				t.Fatalf("reason of %v: %q", r.Verdict, r.Reason)
			}
		}
	})
}
