package join

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
)

// labelDelays counts for one goroutine how long after their predictions the labels of matches
// came in. Of an id with several label versions the earliest with a value counts: a correction
// was not waited for.
type labelDelays struct {
	delays       diagnose.Delays
	ages         diagnose.Ages
	late, recent int64
}

// delayLimits are the ingest times that labelDelays compares with.
type delayLimits struct {
	known  bool  // both times are known
	late   int64 // the window is mature
	recent int64 // near the as-of
}

// The shares of labels of which groundtruth.LabelDelay tells within what time they came.
const (
	halfLabels = 0.5
	mostLabels = 0.95
)

// delayLimits returns the limits of the join.
func (j *joiner) delayLimits() delayLimits {
	return delayLimits{
		known:  j.layout.time > 0 && j.layout.labelsAt > j.layout.ingestAt,
		late:   nanos(j.window.End.Add(j.opt.Delay)),
		recent: nanos(j.asOf.Add(-j.recent())),
	}
}

// recent is how long before as-of a label is one of the last that came: a quarter of the time
// since the window's end.
func (j *joiner) recent() time.Duration { return j.asOf.Sub(j.window.End) / 4 }

// add counts a label that came in at a time, 0 where that is not known, for a prediction.
func (d *labelDelays) add(limits *delayLimits, came, prediction int64) {
	if came == 0 {
		return
	}
	d.delays.Add(came - prediction)
	d.ages.Add(came - prediction)
	if came > limits.late {
		d.late++
	}
	if came > limits.recent {
		d.recent++
	}
}

// merge adds the counts of another goroutine.
func (d *labelDelays) merge(o *labelDelays) {
	d.delays.Merge(&o.delays)
	d.ages.Merge(&o.ages)
	d.late += o.late
	d.recent += o.recent
}

// result returns what was counted, nil for nothing.
func (d *labelDelays) result() *groundtruth.LabelDelay {
	if d.delays.Count() == 0 {
		return nil
	}
	return &groundtruth.LabelDelay{
		Labels: d.delays.Count(), Late: d.late, Recent: d.recent,
		Median: d.delays.Quantile(halfLabels), Most: d.delays.Quantile(mostLabels),
		Ages: d.ages.Counts(),
	}
}
