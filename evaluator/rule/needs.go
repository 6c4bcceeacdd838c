package rule

import (
	"slices"
	"sort"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// mostTimes bounds how many times the rows that there are a rule is said to need: of more
// nothing is known, and nobody waits for them.
const mostTimes = 100

// needsRows returns Result.NeedsRows of an inconclusive rule. It judges the condition by
// the same figures with more and more rows, which leaves less to chance.
func (r *compiledRule) needsRows(facts *Facts) int64 {
	have := r.rows(facts)
	if have == 0 || r.NeedsLabels && (!(facts.Coverage >= r.MinCoverage) || facts.LabelBias != "") {
		return 0
	}
	least := max(have, r.MinSamples)
	decided := func(rows int64) bool {
		grown := r.withRows(facts, float64(rows)/float64(have))
		return r.when.eval(&grown).truth != truthUnknown
	}
	if !decided(max(least, mostTimes*have)) {
		if least > have {
			return least
		}
		return 0
	}
	more := sort.Search(int(max(0, mostTimes*have-least)), func(more int) bool { return decided(least + int64(more)) })
	if more == 0 {
		return least
	}
	return stat.RoundUp(float64(least) + float64(more))
}

// withRows returns the facts as they would be with so many times the rows and the same
// figures, as far as the rule asks for them.
func (r *compiledRule) withRows(facts *Facts, times float64) Facts {
	out := *facts
	out.Predictions = int64(float64(facts.Predictions) * times)
	out.Matched = int64(float64(facts.Matched) * times)
	out.times = times
	asksDrift := slices.ContainsFunc(r.variables, func(v *variable) bool {
		return v.kind == varDriftShare || v.kind == varDriftCount || v.kind == varDrifted
	})
	if asksDrift && facts.Evaluation != nil && facts.Evaluation.Drift != nil {
		ev := *facts.Evaluation
		ev.Drift = ev.Drift.WithRows(out.Predictions, out.Matched)
		out.Evaluation = &ev
	}
	return out
}
