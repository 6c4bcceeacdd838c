package report

import (
	"cmp"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// figures returns the sections that are drawn from the kept Summary of the last window and the
// reference's Profile. Their place on the page is that of their ids in order.
func figures(story *job.Story) []section {
	if len(story.Windows) == 0 {
		return nil
	}
	d := newFigureSource(story)
	all := []section{d.predictions(), d.distributions()}
	switch story.Task {
	case groundtruth.Binary:
		all = append(all, d.curves(), d.calibrated(), d.scores(), d.confusion())
	case groundtruth.Multiclass:
		all = append(all, d.confidence(), d.confusion(), d.classes())
	default:
		all = append(all, d.predicted(), d.errors())
	}
	all = append(all, d.times())
	var out []section
	for _, s := range all {
		if s.Lead != "" || len(s.Figures) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// figureSource is what figures are drawn from: the last window with what is kept of it, and what it
// was compared with.
type figureSource struct {
	story *job.Story
	o     *job.Outcome
	cur   *summary.Summary // nil where no Summary is kept
	ref   *summary.Summary // nil where there is no reference, or another one than the window's
	noCur string           // why cur is nil
	noRef string           // why ref is nil
}

func newFigureSource(story *job.Story) *figureSource {
	d := &figureSource{story: story, o: &story.Last().Outcome, cur: story.Summary}
	if d.cur == nil {
		d.noCur = cmp.Or(story.NoSummary, "what was counted of it is not kept")
	}
	stratum, ok := story.Compared()
	switch {
	case !ok:
		d.noRef = cmp.Or(story.NoProfile, "the model has no reference")
	case d.cur != nil && d.cur.Layout().ID() != story.Profile.Layout.ID():
		d.noRef = "the reference is another one by now than the window was compared with"
	default:
		d.ref = stratum.Summary()
	}
	return d
}

// missing says why there is nothing to draw of the rows of the window that have a label; empty where
// there is.
func (d *figureSource) missing() string {
	switch m := d.o.Coverage.Matched; {
	case m == nil || *m == 0:
		return "There is nothing to show yet: no label of the window's " + counted(d.o.Coverage.Predictions, "prediction") + " is in."
	case d.cur == nil:
		return "This cannot be drawn of this window: " + d.noCur + "."
	}
	return ""
}

// ofReference returns the sums of the reference's rows with labels, nil where there are none.
func (d *figureSource) ofReference() *summary.ErrorSums {
	if d.ref == nil || d.ref.Matched() == 0 {
		return nil
	}
	return d.ref.Errors()
}
