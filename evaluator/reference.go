package evaluator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Reference holds the figures of what the window is compared with, which rules compare the
// window's with: those of the reference's rows of the same kind of time, or of all.
type Reference struct {
	Stratum string                   `json:"stratum,omitempty"` // "weekend", say; empty of the whole reference
	Rows    int64                    `json:"rows"`              // predictions, or all rows where it has no predictions
	Days    int                      `json:"days,omitempty"`    // that have rows; 0 where they are not known
	Metrics map[string]metric.Result `json:"metrics"`

	// Segments are those of its segments that rules compare with, by column and value.
	Segments map[string]map[string]Group `json:"segments,omitempty"`

	// Classes are, of several classes, each by itself; N are rows labelled so.
	Classes map[string]Group `json:"classes,omitempty"`

	// EmptyHours are the hours of the day, by the clocks of the window's zone, in which a window
	// of a day or longer has no rows while the reference has, if these are so many that its
	// metrics cannot be compared with the reference's. EmptyShare is the reference's share of
	// rows in them.
	EmptyHours []int       `json:"empty_hours,omitempty"`
	EmptyShare stat.Number `json:"empty_share,omitempty"`

	// UnknownHours are hours without rows in a window of a day or longer, over a tenth of the
	// day, where it is not known how the reference's rows are spread over the day.
	UnknownHours []int `json:"-"`

	// WindowDays is how many days the window has that is compared with it, at least 1: one
	// of several days averages what makes these differ.
	WindowDays float64 `json:"-"`

	alike map[string]metric.Result // of the whole reference, by which its rows are alike within entities; nil where that isn't known
}

// newReference returns the reference's figures but for its metrics.
func newReference(ref *summary.Profile, s summary.Stratum, cur *summary.Summary) *Reference {
	w := spanOf(cur)
	r := &Reference{
		Stratum: s.Name, Rows: s.Rows(), Days: s.Days.Len(),
		WindowDays: math.Max(1, w.End.Sub(w.Start).Hours()/24),
	}
	if ref.Windows > 0 {
		// Windows of this length differ as they do, and are none of the reference's rows.
		r.Days, r.WindowDays = 0, 1
	}
	hours := ref.Hours(s)
	if hours == nil {
		if empty, share := emptyHours(cur.Hours(), slices.Repeat([]int64{1}, 24)); share > mostEmpty {
			r.UnknownHours = empty
		}
	}
	if empty, share := emptyHours(cur.Hours(), hours); share > mostEmpty {
		r.EmptyHours, r.EmptyShare = empty, stat.Number(share)
	}
	return r
}

// HoursText writes hours of the day, which ascend.
func HoursText(hours []int) string {
	var runs []string
	for i := 0; i < len(hours); {
		first := hours[i]
		for i++; i < len(hours) && hours[i] == hours[i-1]+1; i++ {
		}
		runs = append(runs, fmt.Sprintf("%02d:00 to %02d:00", first, hours[i-1]+1))
	}
	return strings.Join(runs, " and ")
}

const (
	// mostEmpty is the share of the reference's rows that hours without rows may hold. Half a
	// day is not as good or bad as a day: its hours may be the better ones.
	mostEmpty = 0.1
	// An hour without rows is empty where so many would have been expected: by chance it
	// has none in seven of a thousand days.
	leastExpected = 5
)

// emptyHours returns the hours of the day in which a window has no rows, where a few were to be
// expected of as many rows as it has by how the reference's are spread, and the reference's
// share of rows in these hours. Of hours that are not known there are none.
func emptyHours(window, reference []int64) (hours []int, share float64) {
	var rows, of, missing int64
	for h := range min(len(window), len(reference)) {
		rows += window[h]
		of += reference[h]
		if window[h] == 0 {
			missing += reference[h]
		}
	}
	if rows == 0 || missing == of {
		return nil, 0
	}
	// With the missing hours there would be more rows than there are.
	whole := float64(rows) * float64(of) / float64(of-missing)
	for h := range min(len(window), len(reference)) {
		if of := float64(reference[h]) / float64(of); window[h] == 0 && of*whole >= leastExpected {
			hours = append(hours, h)
			share += of
		}
	}
	return hours, share
}

// spanOf returns the window that a Summary was made for, the zero Window where it has none.
func spanOf(s *summary.Summary) groundtruth.Window {
	start, end := s.Span()
	if start == end {
		return groundtruth.Window{}
	}
	return groundtruth.Window{Start: time.Unix(0, start).UTC(), End: time.Unix(0, end).UTC()}
}

// compute computes the metrics of the stratum that the window is compared with, and how much
// they vary from one ordinary day of the reference to another.
func (r *Reference) compute(ref *summary.Profile, s summary.Stratum, opt metric.Options) {
	var days []metric.Days
	var parts *summary.ErrorSums
	switch {
	case ref.Windows > 0:
		days = append(days, metric.DaysOf(ref.Days.Errors(), ref.Days.DayParts(), opt))
	case daysAreOf(s, ref):
		parts = s.Days.DayParts()
	}
	if entities := ref.Entities.Errors(); entities != nil {
		r.alike = metric.OfWindow(ref.Whole().Errors(), entities, opt)
	}
	r.Metrics = metric.OfReference(s.Errors(), parts, r.alike, opt)
	r.Classes = groupsOfClasses(metric.ClassesOfReference(s.Errors(), parts, opt))
	for _, other := range ref.Strata {
		switch {
		case !daysAreOf(other, ref):
		case other.Name == s.Name:
			days = append(days, metric.DaysIn(r.Metrics))
		default:
			days = append(days, metric.DaysOf(other.Errors(), other.Days.DayParts(), opt))
		}
	}
	switch {
	case len(days) > 0:
	case s.Name == "":
		days = append(days, metric.DaysIn(r.Metrics))
	default:
		days = append(days, metric.DaysOf(ref.Whole().Errors(), ref.Days.DayParts(), opt))
	}
	metric.SetDays(r.Metrics, days)
	if why := cmp.Or(noPredictions(ref, s), noLabels(ref, s)); why != "" {
		explain(r.Metrics, why)
	}
}

// daysAreOf reports whether a stratum's days hold its rows: those of an hour of the day are
// the reference's, each with all of its hours.
func daysAreOf(s summary.Stratum, ref *summary.Profile) bool {
	return s.Name == "" || s.Days != ref.Days
}

// Ordinary returns how a metric of a window of this length varies from one to another
// without any change, beyond what its rows tell: as ordinary days do. Its SE is 0 where that
// isn't known, or where the reference's days don't show it.
func (r *Reference) Ordinary(name string) stat.Estimate {
	m := r.Metrics[name]
	return stat.Estimate{SE: float64(m.DaySD) / math.Sqrt(math.Max(1, r.WindowDays)), DF: m.DayDF}
}

// SegmentName names one segment: a column and its value as an Evaluation writes it.
type SegmentName struct{ Column, Value string }

// addSegments computes the metrics of those of the reference's segments that are named, as
// far as it has them.
func (r *Reference) addSegments(ref *summary.Summary, names []SegmentName, opt metric.Options) {
	if len(names) == 0 {
		return
	}
	segments := ref.Segments()
	for _, name := range names {
		for value, errors := range segments[name.Column] {
			if UniqueName(value) != name.Value {
				continue
			}
			if r.Segments == nil {
				r.Segments = map[string]map[string]Group{}
			}
			if r.Segments[name.Column] == nil {
				r.Segments[name.Column] = map[string]Group{}
			}
			r.Segments[name.Column][name.Value] = Group{N: errors.N(), Metrics: metric.OfReference(errors, nil, r.alike, opt)}
		}
	}
}

// explain gives metrics that are missing for want of something that reason.
func explain(metrics map[string]metric.Result, why string) {
	for name, m := range metrics {
		m.Reason = why
		metrics[name] = m
	}
}

// noPredictions says that the rows of a reference, of which a stratum serves, have no
// predictions; empty where they have.
func noPredictions(ref *summary.Profile, s summary.Stratum) string {
	return lacking(ref, s, "the reference has no predictions", (*summary.Summary).Prediction)
}

// unlikePredictions says that the predictions of a window cannot be compared with those of a
// reference, since one has scores and the other one classes; empty where they can.
func unlikePredictions(ref *summary.Profile, cur *summary.Summary) string {
	switch scored := cur.HasScores(); {
	case scored && !ref.Layout.Classifier.Scored:
		return "predictions are scores here, and classes in the reference, which has no scores"
	case !scored && ref.Layout.Classifier.Scored:
		return "predictions are classes here, and scores in the reference"
	}
	return ""
}

// noLabels is noPredictions of labels.
func noLabels(ref *summary.Profile, s summary.Stratum) string {
	return lacking(ref, s, "the reference has no labels", (*summary.Summary).Label)
}

// lacking gives a reason where no row of the reference has a value in a column. The stratum
// mostly tells, so that the whole needn't be read.
func lacking(ref *summary.Profile, s summary.Stratum, why string, column func(*summary.Summary) *summary.Column) string {
	if ref.Rows == 0 || column(s.Summary()).N() > 0 || column(ref.Summary()).N() > 0 {
		return ""
	}
	return why
}
