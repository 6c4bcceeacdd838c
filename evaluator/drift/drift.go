package drift

import (
	"fmt"
	"maps"
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Profile names this package's way to judge drift: its measures, bins and floors. Other
// tools have theirs.
const Profile = "hindcast"

// Measure is what a drift measure came to for one column.
type Measure struct {
	Value      stat.Number  `json:"value"`
	Threshold  *stat.Number `json:"threshold,omitempty"`   // nil for a measure that doesn't judge
	NoiseFloor *stat.Number `json:"noise_floor,omitempty"` // quantile under no change: 95 %, or 1 - 5 %/k where k measures judge the column
	PValue     *stat.Number `json:"p_value,omitempty"`
	Bound      *stat.Number `json:"bound,omitempty"`   // numeric error bound of Value, where it isn't exact
	Drifted    *bool        `json:"drifted,omitempty"` // nil: does not judge, or inconclusive (Reason)
	Reason     string       `json:"reason,omitempty"`

	chance    float64 // the probability of its value without change, where it has drifted
	needsRows int64   // of the window, to be judged, where it isn't; 0 where that cannot be told
}

// Column is the drift of one column. Drifted is nil when inconclusive or not judged.
type Column struct {
	Kind     string             `json:"kind"` // number or text
	N        int64              `json:"n"`
	Drifted  *bool              `json:"drifted"`
	Reason   string             `json:"reason,omitempty"`
	Measures map[string]Measure `json:"measures"`
	// NeedsRows is about how many rows a window needs for the column to be conclusive, where
	// it isn't and more rows would do.
	NeedsRows int64 `json:"needs_rows,omitempty"`

	chance float64 // the probability that it drifts as far without change, where it has drifted
}

// Drift is the drift of all columns. Share is drifted features over conclusive
// features; Low and High bound it over what the inconclusive ones may be. Where they
// are more than 0.5 apart the share is null: among many columns that could not be
// judged, one that is flagged by chance would make it 1.
type Drift struct {
	Profile string      `json:"profile"`
	Share   stat.Number `json:"share"`
	Low     stat.Number `json:"share_low"`
	High    stat.Number `json:"share_high"`
	Count   int         `json:"count"`
	Judged  int         `json:"judged"`
	// FalseDiscoveryRate is the rate that Count was counted at, nil where each feature counts
	// that drifted by itself.
	FalseDiscoveryRate *float64 `json:"false_discovery_rate,omitempty"`

	Reason  string            `json:"reason,omitempty"` // why Share is null
	Columns map[string]Column `json:"columns"`
	LeftOut map[string]string `json:"left_out,omitempty"` // column to why features: auto left it out
}

// Of counts the features that drifted. The columns that are reported, features or
// not, are the caller's to add.
func Of(features []Column) Drift {
	d := Drift{Profile: Profile, Columns: map[string]Column{}}
	unknown := 0
	for i := range features {
		switch drifted := features[i].Drifted; {
		case drifted == nil:
			unknown++
		case *drifted:
			d.Count++
		}
	}
	all := len(features)
	d.Judged = all - unknown
	nan := stat.Number(math.NaN())
	d.Share, d.Low, d.High = nan, nan, nan
	if all == 0 {
		d.Reason = "no feature columns"
		return d
	}
	d.Low = stat.Number(float64(d.Count) / float64(all))
	d.High = stat.Number(float64(d.Count+unknown) / float64(all))
	switch {
	case d.Judged == 0:
		d.Reason = fmt.Sprintf("all %d feature columns are inconclusive", all)
	case 2*unknown > all: // High - Low > 0.5: the few that were judged don't stand for the rest
		d.Reason = fmt.Sprintf("%d of %d feature columns are inconclusive: the share is between %s and %s",
			unknown, all, stat.Figure(float64(d.Low)), stat.Figure(float64(d.High)))
	default:
		d.Share = stat.Number(float64(d.Count) / float64(d.Judged))
	}
	return d
}

// Inconclusive counts the features whose drift is inconclusive.
func (d *Drift) Inconclusive() int {
	n := 0
	for name, c := range d.Columns {
		if c.Drifted == nil && !Reserved(name) {
			n++
		}
	}
	return n
}

// WithRows returns the drift as it would be in a window with so many rows, and so many of
// them with a label, if chance alone makes the difference of the columns that are
// inconclusive now: those for which so many rows are enough have not drifted then.
func (d *Drift) WithRows(rows, labels int64) *Drift {
	columns := maps.Clone(d.Columns)
	var features []Column
	for name, c := range columns {
		there := rows
		if name == LabelColumn {
			there = labels
		}
		if c.Drifted == nil && c.NeedsRows > 0 && c.NeedsRows <= there {
			c.Drifted = new(bool)
			columns[name] = c
		}
		if !Reserved(name) {
			features = append(features, c)
		}
	}
	out := Of(features)
	out.Columns, out.LeftOut, out.FalseDiscoveryRate = columns, d.LeftOut, d.FalseDiscoveryRate
	out.Count = out.CountWith(0)
	return &out
}

// judge sets Drifted: true above threshold and floor, nil with a reason where the
// floor exceeds the threshold or the numeric bound reaches over the threshold.
func (ms *Measure) judge(value, bound, threshold, floor float64, by evidence) {
	yes, no := true, false
	limit := threshold
	if floor > limit {
		limit = floor
	}
	switch {
	case !by.enough():
		ms.Reason = "too few values to judge"
		if by.refRows >= by.minRows {
			ms.needsRows, _ = by.needs(floor, threshold)
		}
	case value-bound > limit:
		ms.Drifted = &yes
	case floor > threshold:
		ms.Reason = by.lacks(floor, threshold)
		ms.needsRows, _ = by.needs(floor, threshold)
	case value+bound > limit:
		ms.Reason = fmt.Sprintf("within its numeric bound of %.3g of the threshold", bound)
	default:
		ms.Drifted = &no
	}
}

// conclude decides the column from its judging measures.
func (c *Column) conclude(judging []string, values, rows, refRows, minRows int64) {
	switch {
	case values == 0:
		c.Reason = "no values in the reference"
		return
	case rows == 0:
		c.Reason = "no values in the window"
		return
	case rows < minRows || refRows < minRows:
		c.Reason = fmt.Sprintf("%d rows against %d in the reference, fewer than min_rows %d: shown, not judged", rows, refRows, minRows)
		c.NeedsRows, _ = c.lacking(judging)
		return
	case len(judging) == 0:
		c.Reason = "none of the configured measures applies to this column"
		return
	}
	drifted := false
	for _, name := range judging {
		if is := c.Measures[name].Drifted; is != nil && *is {
			drifted = true
		}
	}
	needs, reason := c.lacking(judging)
	if drifted || reason == "" {
		c.Drifted = &drifted
		return
	}
	c.Reason, c.NeedsRows = reason, needs
}

// lacking returns the rows that a window needs for every judging measure to be conclusive, 0
// where one of them cannot tell, and the reason of the measure that needs most. Both are zero
// where all are conclusive.
func (c *Column) lacking(judging []string) (needs int64, reason string) {
	for _, name := range judging {
		ms := c.Measures[name]
		untold := reason != "" && needs == 0
		if ms.Drifted == nil && !untold && (reason == "" || ms.needsRows == 0 || ms.needsRows >= needs) {
			needs, reason = ms.needsRows, name+": "+ms.Reason
		}
	}
	return needs, reason
}
