package job

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// oddPerformance says what a window's performance shows of columns that were probably mapped
// wrongly. No rule needs to see that: where the reference was mapped so too, all of them are healthy.
func oddPerformance(m *config.Model, out *Outcome) []string {
	if out.Coverage.Matched == nil {
		return nil
	}
	var notes []string
	for _, of := range []func(*config.Model, *Outcome) string{turnedScores, turnedQuantiles, labelsWithoutScore} {
		if note := of(m, out); note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// known reports whether a metric has an interval.
func known(r metric.Result) bool { return r.Reason == "" && r.Low <= r.High }

// turnedScores tells of scores that are worse than chance: those of a model that knows nothing are
// not, but those of the other class are.
func turnedScores(m *config.Model, out *Outcome) string {
	auc, there := out.Metrics["roc_auc"]
	if !there || !known(auc) || auc.High >= 0.5 {
		return ""
	}
	note := fmt.Sprintf("roc_auc %s (%s to %s) is below 0.5, that of chance: ", stat.Figure(float64(auc.Value)), stat.Figure(float64(auc.Low)), stat.Figure(float64(auc.High)))
	if m.Task == groundtruth.Multiclass {
		return note + "see whether each of `predictions.columns.scores` is the probability of the class that it names, and whether a list stands in the order of `classes`"
	}
	return note + fmt.Sprintf("%s is probably not the probability of positive_label %s, but that of the other class; write 1 less it, or set `positive_label` and `threshold` for the other class",
		table.Quote(m.Predictions.Columns.Score), table.Quote(m.PositiveLabel))
}

// turnedQuantiles tells of predicted quantiles of which the highest is mostly the lowest.
func turnedQuantiles(m *config.Model, out *Outcome) string {
	width, there := out.Metrics["interval_width"]
	if !there || !known(width) || width.High >= 0 {
		return ""
	}
	q := m.Predictions.Columns.Quantiles
	low, high := q[0], q[len(q)-1]
	return fmt.Sprintf("%s, the predicted quantile %g, lies %s below %s, the quantile %g, on average: see whether `predictions.columns.quantiles` has them the wrong way round",
		table.Quote(high.Column), high.Q, stat.Figure(-float64(width.Value)), table.Quote(low.Column), low.Q)
}

// labelsWithoutScore tells of labels whose class has no score, so that it counts as predicted with
// a probability of 0.
func labelsWithoutScore(m *config.Model, out *Outcome) string {
	scores := m.Predictions.Columns.Scores
	if len(scores) == 0 || len(out.Classes) > summary.MaxClasses {
		return ""
	}
	var scored, without []string
	for _, s := range scores {
		scored = append(scored, table.ClassText(s.Class))
	}
	rows := int64(0)
	for _, class := range slices.Sorted(maps.Keys(out.Classes)) {
		if n := out.Classes[class].N; n > 0 && !slices.Contains(scored, class) {
			without = append(without, class)
			rows += n
		}
	}
	if len(without) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d labelled rows are of a class that has no score, %s%s: it counts as predicted with a probability of 0; add it to `predictions.columns.scores`, or write classes alike there and in the labels",
		rows, *out.Coverage.Matched, table.QuoteNames(without), table.DidYouMean(without[0], scored))
}
