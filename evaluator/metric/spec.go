// Package metric computes how good predictions were, once their labels are in.
//
// A metric is a [Spec]: its name and all that others have to know of it, and the functions
// that compute it, one for each task that has it (a task is what a model predicts). A [Result]
// is a metric's value for some matched rows, with its confidence interval or the reason why
// there is none.
//
// The sums and counts of a summary ([summary.ErrorSums]) are all that a metric may read: a row
// is seen once, and windows of any size cost the same.
//
// Begin at [All], the table, where a metric is added: by its row and its function. [Specs]
// tells which metrics a task has, and [OfWindow] computes them all.
package metric

import (
	"cmp"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// Unit is what a metric is measured in. No metric has the zero value.
type Unit uint8

// The units of metrics.
const (
	LabelUnit        Unit = iota + 1 // the label's own
	LabelUnitSquared                 // its square
	Share                            // a part of one
	NoUnit                           // a number without a unit
	WorthUnit                        // that of Options.Worth
)

// Worse is how a metric moves as the model gets worse. No metric has the zero value: one
// whose row forgets it would be taken for an error, or for its opposite.
type Worse uint8

// The ways to get worse.
const (
	WorseRises        Worse = iota + 1 // as an error does
	WorseFalls                         // as an accuracy does
	WorseLeaves0                       // to either side, as a bias does
	WorseLeavesTarget                  // likewise from Spec.Target, as the coverage of an interval does
)

// Spec is one metric: a row of the table that rules, series, dashboards, messages, the
// terminal and the documentation's tests read.
type Spec struct {
	// Name is what rules and JSON call the metric, and Prometheus after hindcast_.
	Name string
	// Title is what people call it, on a dashboard's panel.
	Title string
	// Help is one sentence that Prometheus shows.
	Help string
	// About is what a person at a dashboard should know of it, without a full stop.
	About string
	Unit  Unit
	Worse Worse
	// Least and Most are the limits of its values, which its interval stays within.
	Least, Most float64
	// HasInterval says that it has a confidence interval where there are rows enough, so
	// that significance applies to rules on it.
	HasInterval bool
	// Rank orders metrics for people, who look at 1 first. Of equal ranks the one that the
	// table has first comes first.
	Rank int
	// Needs is what the model has to have for it, which the configuration tells.
	Needs Input
	// Headline says that messages show it.
	Headline bool

	// daysLike names the metric with whose mean from day to day this one goes, in proportion;
	// empty where it is the function of a mean itself.
	daysLike string

	// These compute the metric of some matched rows, each of one task's; nil where the task
	// hasn't this metric. That of a regression is given its own row, for the limits.
	regression func(*Spec, *errorMoments) Result
	binary     func(*binaryRows) figure
	many       func(*manyRows) manyFigure
}

// of reports whether the task has the metric.
func (s *Spec) of(task groundtruth.Task) bool {
	switch task {
	case groundtruth.Regression, "":
		return s.regression != nil
	case groundtruth.Binary:
		return s.binary != nil
	case groundtruth.Multiclass:
		return s.many != nil
	default:
		return false
	}
}

// Specs lists the metrics of a task, in the order in which the documentation and error
// messages list them. A task that isn't evaluated has none.
func Specs(task groundtruth.Task) []Spec {
	return slices.DeleteFunc(All(), func(s Spec) bool { return !s.of(task) })
}

// Names lists the names of a task's metrics, as Specs does.
func Names(task groundtruth.Task) []string {
	var out []string
	for _, spec := range Specs(task) {
		out = append(out, spec.Name)
	}
	return out
}

// Find returns the metric of that name, whichever task has it.
func Find(name string) (Spec, bool) {
	specs := All()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}

// ForPeople lists the metrics of all tasks in the order in which people look at them: by Rank.
// A model has those of its own task.
func ForPeople() []Spec {
	specs := All()
	slices.SortStableFunc(specs, func(a, b Spec) int { return cmp.Compare(a.Rank, b.Rank) })
	return specs
}

// Primary returns the name of the metric that people look at first, of those of a window or
// of a reference: of ForPeople the first that the model has. It is empty where there is none.
func Primary(metrics map[string]Result) string {
	for _, spec := range ForPeople() {
		if m, ok := metrics[spec.Name]; ok && !m.Unmapped() {
			return spec.Name
		}
	}
	return ""
}

// PrimaryOf returns the metric that Primary names of the windows of a task's model which lacks
// some inputs. A task that isn't evaluated has none.
func PrimaryOf(task groundtruth.Task, lacks func(Input) bool) (Spec, bool) {
	specs := ForPeople()
	i := slices.IndexFunc(specs, func(s Spec) bool { return s.of(task) && (s.Needs == 0 || !lacks(s.Needs)) })
	if i < 0 {
		return Spec{}, false
	}
	return specs[i], true
}
