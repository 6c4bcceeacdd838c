package drift

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Profile names this package's way to judge drift: its measures, bins and floors. Other
// tools have theirs.
const Profile = "hindcast"

// Measure is what a drift measure came to for one column.
type Measure struct {
	Value      stat.Number  `json:"value"`
	Threshold  *stat.Number `json:"threshold,omitempty"`   // nil for a measure that doesn't judge
	NoiseFloor *stat.Number `json:"noise_floor,omitempty"` // quantile under no change, at the level that Compare gives it
	PValue     *stat.Number `json:"p_value,omitempty"`
	Bound      *stat.Number `json:"bound,omitempty"`   // numeric error bound of Value, where it isn't exact
	Drifted    *bool        `json:"drifted,omitempty"` // nil: does not judge, or inconclusive (Reason)
	Reason     string       `json:"reason,omitempty"`

	chance    float64 // the probability of its value without change, where it has drifted
	needsRows int64   // of the window, to be judged, where it isn't; 0 where that cannot be told
	unfit     bool    // this reference gives it a value in no window
}

// Column is the drift of one column. Drifted is nil when inconclusive or not applicable.
type Column struct {
	Kind    string `json:"kind"` // number or text
	N       int64  `json:"n"`
	Drifted *bool  `json:"drifted"`
	// NotApplicable says that no judging measure applies to the column, in this window or
	// any other; Reason says why. Such a column counts nowhere.
	NotApplicable bool `json:"not_applicable,omitempty"`

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
// judged, one that is flagged by chance would make it 1. Features to which no judging
// measure applies are in none of these.
type Drift struct {
	Profile string      `json:"profile"`
	Share   stat.Number `json:"share"`
	Low     stat.Number `json:"share_low"`
	High    stat.Number `json:"share_high"`
	Count   int         `json:"count"`
	Judged  int         `json:"judged"`
	// NotApplicable counts the features to which no judging measure applies.
	NotApplicable int `json:"not_applicable,omitempty"`
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
	unknown, unfit := 0, ""
	for i := range features {
		switch drifted := features[i].Drifted; {
		case features[i].NotApplicable:
			d.NotApplicable++
			unfit = cmp.Or(unfit, features[i].Reason)
		case drifted == nil:
			unknown++
		case *drifted:
			d.Count++
		}
	}
	all, columns := len(features)-d.NotApplicable, "feature columns"
	if d.NotApplicable > 0 {
		columns = "applicable " + columns
	}
	d.Judged = all - unknown
	nan := stat.Number(math.NaN())
	d.Share, d.Low, d.High = nan, nan, nan
	switch {
	case len(features) == 0:
		d.Reason = "no feature columns"
		return d
	case all == 0:
		d.Reason = "no feature column can be judged: " + unfit
		return d
	}
	d.Low = stat.Number(float64(d.Count) / float64(all))
	d.High = stat.Number(float64(d.Count+unknown) / float64(all))
	switch {
	case d.Judged == 0:
		d.Reason = fmt.Sprintf("all %d %s are inconclusive", all, columns)
	case 2*unknown > all: // High - Low > 0.5: the few that were judged don't stand for the rest
		d.Reason = fmt.Sprintf("%d of %d %s are inconclusive: the share is between %s and %s",
			unknown, all, columns, stat.Figure(float64(d.Low)), stat.Figure(float64(d.High)))
	default:
		d.Share = stat.Number(float64(d.Count) / float64(d.Judged))
	}
	return d
}

// Inconclusive reports whether the column is applicable, and neither drifted nor not.
func (c *Column) Inconclusive() bool { return c.Drifted == nil && !c.NotApplicable }

// Inconclusive counts the features whose drift is inconclusive.
func (d *Drift) Inconclusive() int {
	n := 0
	for name, c := range d.Columns {
		if c.Inconclusive() && !Reserved(name) {
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
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		c := columns[name]
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

// undecidedBeyond is how many times the threshold drift may be that the rows cannot show: up
// to there a measure says how far there is none, beyond it says nothing.
const undecidedBeyond = 2

// judge sets Drifted. It is true where the value is above the noise floor and the threshold;
// where the floor is the higher one, what is left of the value without chance has to be above
// the threshold. It is false where it isn't, and drift as large as the threshold could have
// been seen, or nearly, or would have been if ordinary days did not differ by more: then Reason
// says how far there is none. Else it is nil, with a reason.
func (ms *Measure) judge(m *measured, threshold float64, of *Spec, by evidence) {
	yes, no := true, false
	value, bound, chance := m.value, m.bound, &m.null
	undecided := float64(undecidedBeyond * threshold)
	seen := chance.leastSeen(threshold, of)
	drifted := func(value float64) bool {
		if value > chance.floor && chance.floor > threshold {
			return chance.excess(value, of) > threshold
		}
		return value > chance.floor && value > threshold
	}
	ofDays := false
	switch {
	case !by.enough():
		ms.Reason = "too few values to judge"
		if by.refRows >= by.minRows {
			ms.needsRows, _ = by.needs(seen, undecided)
		}
		return
	case drifted(value - bound):
		ms.Drifted = &yes
		return
	case seen > undecided && m.ofRows != nil:
		ofRows := m.ofRows()
		ofDays = ofRows.leastSeen(threshold, of) <= undecided
	}
	switch {
	case seen > undecided && !ofDays:
		ms.Reason = by.lacks(seen, threshold)
		ms.needsRows, _ = by.needs(seen, undecided)
	case drifted(value + bound):
		ms.Reason = fmt.Sprintf("within its numeric bound of %.3g of the threshold", bound)
	default:
		ms.Drifted = &no
		switch {
		case ofDays:
			ms.Reason = fmt.Sprintf("no drift beyond %.3g, which is how far ordinary days of the reference differ; the threshold is %.3g", seen, threshold)
		case seen > threshold:
			ms.Reason = fmt.Sprintf("no drift beyond %.3g, which is what %d rows show; the threshold is %.3g", seen, by.rows, threshold)
		}
	}
}

// Unfit says of a column why no judging measure applies to it.
func (c *Column) Unfit(why string) { c.NotApplicable, c.Reason = true, "not applicable: "+why }

// conclude decides a column: it has drifted where any measure says so, those beside the method
// too. Else the method's judging measures decide, all of them or, where it is auto, those
// that can at these numbers of rows.
func (c *Column) conclude(judging []string, auto bool, rows, refRows, minRows int64) {
	for _, ms := range c.Measures {
		if ms.Drifted != nil && *ms.Drifted {
			c.Drifted, c.NotApplicable, c.Reason = ms.Drifted, false, ""
			return
		}
	}
	if c.NotApplicable {
		return
	}
	var fit []string
	decided, limited := false, ""
	for _, name := range judging {
		ms := c.Measures[name]
		if ms.unfit {
			continue
		}
		fit = append(fit, name)
		if ms.Drifted != nil {
			decided = true
			if ms.Reason != "" {
				limited = name + ": " + ms.Reason
			}
		}
	}
	needs, reason := c.lacking(fit, auto)
	switch {
	case len(fit) == 0 && len(c.Measures) > 0:
		c.Unfit(judging[0] + ": " + c.Measures[judging[0]].Reason)
	case rows == 0:
		c.Reason = "no values in the window"
	case rows < minRows || refRows < minRows:
		c.Reason = fmt.Sprintf("%d rows against %d in the reference, fewer than min_rows %d: shown, not judged", rows, refRows, minRows)
		c.NeedsRows = needs
	case reason != "" && !(auto && decided):
		c.Reason, c.NeedsRows = reason, needs
	default:
		c.Drifted, c.Reason = new(bool), cmp.Or(limited, reason)
	}
}

// lacking returns the rows that a window needs to be judged, 0 where that cannot be told, and
// the reason of the measure that says so. Both are zero where all are conclusive. Any one of
// the measures is enough where they are chosen by the column; else all have to be conclusive.
func (c *Column) lacking(judging []string, anyOf bool) (needs int64, reason string) {
	for _, name := range judging {
		ms := c.Measures[name]
		if ms.Drifted != nil {
			continue
		}
		told, untold := ms.needsRows > 0, needs == 0
		better := ms.needsRows >= needs && !untold || !told // more rows, or nobody knows how many
		if anyOf {
			better = told && (untold || ms.needsRows < needs)
		}
		if reason == "" || better && !(untold && !anyOf) {
			needs, reason = ms.needsRows, name+": "+ms.Reason
		}
	}
	return needs, reason
}
