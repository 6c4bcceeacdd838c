package evaluator

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Check is one figure of the quality of a window's rows together.
type Check struct {
	Value  stat.Number `json:"value"`
	Note   string      `json:"note,omitempty"`   // what it is of, for people
	Reason string      `json:"reason,omitempty"` // why there is no value
}

// CheckSpec says what one of Quality.Checks is: rules, series and documentation go by it.
type CheckSpec struct {
	Name string // as rules have it, behind quality.

	NeedsReference bool
	NeedsLabels    bool
	NeedsBounds    bool // predictions.bounds

	Series string  // its name among the series
	Help   string  // of the series
	When   string  // when it is there; empty for always
	Scale  float64 // the series' value is so many times that of the check
}

// The names of checks that are told apart outside of this file.
const (
	CheckAbsentColumns   = "absent_columns"
	CheckTypeChanges     = "type_changes"
	CheckConstantColumns = "constant_columns"
	CheckVolume          = "volume"
	CheckOutOfBounds     = "out_of_bounds"
)

// Checks lists the checks of a window, in the order in which people are shown them.
func Checks() []CheckSpec {
	const hour = 3600
	return []CheckSpec{
		{Name: CheckAbsentColumns, NeedsReference: true, Series: "absent_columns", Help: "Feature columns that have no value, and have in the reference.", When: "with a reference", Scale: 1},
		{Name: CheckTypeChanges, NeedsReference: true, Series: "changed_type_columns", Help: "Feature columns most of whose values are not of the reference's kind.", When: "with a reference", Scale: 1},
		{Name: CheckConstantColumns, NeedsReference: true, Series: "constant_columns", Help: "Feature columns, and the prediction, that have one value where the reference has several.", When: "with a reference", Scale: 1},
		{Name: "duplicate_predictions", Series: "duplicate_predictions_ratio", Help: "Share of prediction rows that repeat an id and model version.", When: "with predictions", Scale: 1},
		{Name: "duplicate_labels", NeedsLabels: true, Series: "duplicate_labels_ratio", Help: "Share of label rows beyond the first of their id, of all labels that were read.", When: "once labels were read", Scale: 1},
		{Name: "conflicting_labels", NeedsLabels: true, Series: "conflicting_labels_ratio", Help: "Share of labelled ids whose labels differ, of all labels that were read.", When: "once labels were read", Scale: 1},
		{Name: CheckVolume, NeedsReference: true, Series: "predictions_volume_ratio", Help: "Predictions over the number that was to be expected by the reference's days.", When: "with a reference whose days are known, or once there are windows enough", Scale: 1},
		{Name: "empty_hours", NeedsReference: true, Series: "predictions_gap_seconds", Help: "Time of the hours of the day without predictions in which some were to be expected by the reference.", When: "of windows of a day or longer, with a reference whose rows have times", Scale: hour},
		{Name: "longest_gap_hours", NeedsReference: true, Series: "predictions_longest_gap_seconds", Help: "Time of the most of these hours that follow one another.", When: "as the time of all", Scale: hour},
		{Name: CheckOutOfBounds, NeedsBounds: true, Series: "predictions_out_of_bounds_ratio", Help: "Share of predictions beyond predictions.bounds.", When: "with predictions.bounds", Scale: 1},
	}
}

// FindCheck returns the check of a name.
func FindCheck(name string) (CheckSpec, bool) {
	all := Checks()
	i := slices.IndexFunc(all, func(c CheckSpec) bool { return c.Name == name })
	if i < 0 {
		return CheckSpec{}, false
	}
	return all[i], true
}

// unknown returns a check without a value.
func unknown(reason string) Check { return Check{Value: stat.Number(math.NaN()), Reason: reason} }

const noRows = "no predictions in the window"

// check computes the checks of a window, whose columns are there. Without a reference, ref is
// nil; without columns that can be compared with it, none is counted.
func (q *Quality) check(cur *summary.Summary, ref *summary.Profile, s summary.Stratum, opt Options) {
	q.Checks = map[string]Check{}
	if ref != nil {
		q.countColumns(cur)
		q.Checks[CheckVolume] = volumeOf(cur, ref, s)
		q.Checks["empty_hours"], q.Checks["longest_gap_hours"] = gapsOf(cur, ref, s)
	}
	if c := opt.Coverage; c != nil {
		q.Checks["duplicate_predictions"] = share(c.DuplicatePredictions, c.Predictions+c.DuplicatePredictions, "prediction rows", noRows)
		q.Checks["duplicate_labels"], q.Checks["conflicting_labels"] = unknown(labelsNotRead), unknown(labelsNotRead)
		if opt.LabelsRead {
			// What became of ids: a label, a delete or a null.
			ids := c.Labels + c.DeletedLabels + c.NullLabels
			q.Checks["duplicate_labels"] = share(c.DuplicateLabels, ids+c.DuplicateLabels, "label rows", noLabelRows)
			q.Checks["conflicting_labels"] = share(c.ConflictingLabels, ids, "ids with a label", noLabelRows)
		}
	}
	if b := opt.Bounds; b != nil {
		switch n, known := cur.OutOfBounds(*b); {
		case !known:
			q.Checks[CheckOutOfBounds] = unknown("the window's predictions were not counted by these bounds")
		default:
			q.Checks[CheckOutOfBounds] = share(n, cur.Predictions(), "predictions", noRows)
			if p := cur.Prediction(); n > 0 {
				q.notes = append(q.notes, fmt.Sprintf("%d of %d predictions are beyond predictions.bounds, %s to %s: they are from %s to %s",
					n, cur.Predictions(), stat.Figure(b.Min), stat.Figure(b.Max), stat.Figure(p.Min()), stat.Figure(p.Max())))
			}
		}
	}
}

const (
	labelsNotRead = "labels are not mature and were not read"
	noLabelRows   = "no labels were read"
)

// share returns the check that some of things are so.
func share(n, of int64, things, none string) Check {
	if of == 0 {
		return unknown(none)
	}
	return Check{Value: stat.Number(float64(n) / float64(of)), Note: fmt.Sprintf("%d of %d %s", n, of, things)}
}

// countColumns counts the columns of which something is told, and notes what that is.
func (q *Quality) countColumns(cur *summary.Summary) {
	for _, of := range []struct{ check, is, todo string }{
		{CheckAbsentColumns, "without a value in this window, and with values in the reference", "was it renamed, or is it no longer logged?"},
		{CheckTypeChanges, "with values that are not of the reference's kind, and count as missing", "look at what writes them"},
		{CheckConstantColumns, "with one value in all of this window, and several in the reference", "look at where it comes from"},
	} {
		odd := q.odd[of.check]
		q.Checks[of.check] = Check{Value: stat.Number(len(odd)), Note: namesOf(odd, false)}
		if cur.Predictions() == 0 {
			q.Checks[of.check] = unknown(noRows)
		}
		if n := len(odd); n > 0 {
			columns := "columns"
			if n == 1 {
				columns = "column"
			}
			q.notes = append(q.notes, fmt.Sprintf("%d %s %s: %s; %s", n, columns, of.is, namesOf(odd, true), of.todo))
		}
	}
}

// namesOf names the first of some columns, perhaps with what is told of them.
func namesOf(odd []oddColumn, words bool) string {
	const most = 5
	var out []string
	for _, c := range odd[:min(len(odd), most)] {
		name := strconv.Quote(c.name)
		if words {
			name += " (" + c.words + ")"
		}
		out = append(out, name)
	}
	list := strings.Join(out, ", ")
	if more := len(odd) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// leastDays is how many days of the reference tell how many predictions an ordinary day has.
const leastDays = 7

// volumeOf compares a window's number of predictions with that of the reference's days, which
// those of the same kind of time are where that is known: of a window of a day or less with their
// median, of a longer one with their mean. Days of the reference may be the model's own windows.
func volumeOf(cur *summary.Summary, ref *summary.Profile, s summary.Stratum) Check {
	if s.Days.Len() < leastDays {
		why := "it is not known of which days the reference's rows are"
		if n := s.Days.Len(); n > 0 {
			why = fmt.Sprintf("the reference has %d days of rows, and %d tell what is ordinary", n, leastDays)
		}
		return unknown(why)
	}
	w, of := spanOf(cur), "days of the reference"
	if !w.End.After(w.Start) {
		return unknown("the window has no span")
	}
	long := float64(math.Round(w.End.Sub(w.Start).Hours()*8/24) / 8) // days are an hour longer or shorter where clocks are set
	if ref.Windows > 0 {
		long, of = 1, "windows of this model"
	}
	rows := make([]int64, s.Days.Len())
	for g := range rows {
		rows[g] = s.Days.Rows(g)
	}
	expected := median(rows)
	if long > 1 {
		expected = float64(long * mean(rows[1:len(rows)-1])) // the first and the last may be parts of days
	}
	if long < 1 {
		hours, known := ref.HourShare(w, s)
		if !known {
			return unknown("it is not known how the reference's rows are spread over the day")
		}
		expected = float64(expected * hours)
	}
	if expected <= 0 {
		return unknown("the reference has no rows at such hours")
	}
	return Check{
		Value: stat.Number(float64(cur.Predictions()) / expected),
		Note:  fmt.Sprintf("%d predictions, and %s by %d %s", cur.Predictions(), stat.Figure(expected), len(rows), of),
	}
}

// mean returns the mean of numbers of rows.
func mean(rows []int64) float64 {
	var sum int64
	for _, n := range rows {
		sum += n
	}
	return float64(sum) / float64(len(rows))
}

// median returns the median of numbers of rows.
func median(rows []int64) float64 {
	sorted := slices.Sorted(slices.Values(rows))
	n := len(sorted)
	return float64(float64(sorted[(n-1)/2]+sorted[n/2]) / 2)
}

// gapsOf counts the hours of the day in which a window has no rows while some were to be
// expected, and the most of them in a row.
func gapsOf(cur *summary.Summary, ref *summary.Profile, s summary.Stratum) (empty, longest Check) {
	window, reference := cur.Hours(), ref.Hours(s)
	why := ""
	switch {
	case cur.Predictions() == 0:
		why = noRows
	case window == nil:
		why = "the hours of the day are counted of windows of a day or longer whose predictions have times"
	case reference == nil:
		why = "it is not known how the reference's rows are spread over the day"
	}
	if why != "" {
		return unknown(why), unknown(why)
	}
	hours, _ := emptyHours(window, reference)
	most, run := 0, 0
	for i, h := range hours {
		if i == 0 || hours[i-1] != h-1 {
			run = 0
		}
		run++
		most = max(most, run)
	}
	return Check{Value: stat.Number(len(hours)), Note: HoursText(hours)}, Check{Value: stat.Number(most)}
}
