package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// Failure says which model has no outcome on the page, and why.
type Failure struct {
	Model string
	Err   error
}

// Page holds what the page about a pass shows: of each model its Story, or where there is none
// the outcomes of the pass alone.
type Page struct {
	Title    string
	At       time.Time
	Outcomes []job.Outcome
	Stories  []job.Story
	Failures []Failure
}

// HTML returns the page as one file that loads nothing.
func (p Page) HTML() ([]byte, error) {
	var data pageData
	data.Title = p.Title
	for _, f := range p.Failures {
		data.Failures = append(data.Failures, failureLine{f.Model, f.Err.Error()})
	}
	stories := p.stories()
	for i := range stories {
		prefix := ""
		if len(stories) > 1 {
			prefix = fmt.Sprintf("m%d-", i+1)
		}
		data.Stories = append(data.Stories, view(&stories[i], prefix))
	}
	data.About = []string{"Pass of " + timeText(p.At, groundtruth.Zone{}) + "."}
	return data.html()
}

// stories returns a Story of each model, in the order of the outcomes.
func (p *Page) stories() []job.Story {
	out := slices.Clone(p.Stories)
	for _, o := range p.Outcomes {
		if !slices.ContainsFunc(out, func(s job.Story) bool { return s.Model == o.Model }) {
			out = append(out, storyOfPass(o.Model, p.Outcomes))
		}
	}
	return out
}

// storyOfPass makes a Story of what a pass found of a model: it is about the newest window that has
// labels, or where none has about the newest one.
func storyOfPass(model string, outcomes []job.Outcome) job.Story {
	s := job.Story{Model: model, NoSummary: "this page shows what one pass found", NoProfile: "this page shows what one pass found"}
	var told []job.Told
	for _, o := range outcomes {
		if o.Model != model {
			continue
		}
		told = append(told, job.Told{Outcome: o})
		s.TimeZone, s.Task = o.TimeZone, taskOf(&o)
		if o.AsOf.After(s.AsOf) {
			s.AsOf = o.AsOf
		}
	}
	slices.SortStableFunc(told, func(a, b job.Told) int { return a.Window.End.Compare(b.Window.End) })
	last := len(told) - 1
	for i := range slices.Backward(told) {
		if told[i].Coverage.Matched != nil {
			last = i
			break
		}
	}
	s.Windows, s.Newer = told[:last+1], told[last+1:]
	return s
}

// taskOf tells by its figures what a window's model predicts.
func taskOf(o *job.Outcome) groundtruth.Task {
	if len(o.Classes) > 0 {
		return groundtruth.Multiclass
	}
	for _, task := range groundtruth.Tasks() {
		names, foreign := metric.Names(task), false
		for name := range o.Metrics {
			foreign = foreign || !slices.Contains(names, name)
		}
		if !foreign {
			return task
		}
	}
	return groundtruth.Regression // of a later version, with metrics that this one doesn't know
}
