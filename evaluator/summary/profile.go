package summary

import (
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Layout is what the first pass over the reference decides: the columns and their
// bins. Windows are counted on it, so that they can be compared with the reference
// and merged. It must not be changed once made.
type Layout struct {
	Task        groundtruth.Task // what the model predicts
	Classifier  ClassifierOptions
	Classes     []string       // of Multiclass: those that are kept apart, by descending count of labels and predictions in the reference, ties by name
	Features    []ColumnLayout // sorted by name
	Prediction  ColumnLayout
	Label       ColumnLayout
	Rows        int64 // rows of the reference
	HasTime     bool  // whether Start and End are known
	Start, End  int64 // least and greatest time of the reference, Unix nanoseconds
	ExactValues int
	MaxSegments int
	Segments    []SegmentLayout   // in the order of Spec.Segments
	LeftOut     map[string]string // feature to why it isn't among Features

	identity string // of the canonical bytes, set by seal
}

// ColumnLayout says how one column is counted.
type ColumnLayout struct {
	Name string
	Kind groundtruth.Kind

	// Number: the sorted distinct points v_i, the least and the greatest value of the
	// reference among them; none when the reference has no value.
	Edges []float64
	// Narrow says that the reference's column has 32 bits, in some of its files at least.
	Narrow bool
	// Exact says that Edges are all the reference's distinct values, so that its open
	// intervals are empty. Otherwise they are quantiles.
	Exact bool
	// Bound is the greatest share of the reference's values in one open interval, at
	// most 1/ExactValues and what the sketch adds: 0 when Exact.
	Bound float64
	// Cuts are indexes into Edges, ascending: the reference's deciles, equal ones
	// merged, less those equal to the greatest value. Bin j of PSI is
	// (v_Cuts[j-1], v_Cuts[j]], the first from v_0 on, included, and the last to the
	// greatest value; what lies outside [v_0, v_{k-1}] is in none.
	Cuts []int
	// Center is the reference's mean, 0 when it has no value.
	Center float64

	// Text: the reference's sorted categories.
	Categories []string
}

// fewValues is the number of distinct reference values up to which a numeric
// column is compared as categories.
const fewValues = 5

// Categorical reports whether a numeric column has so few distinct values in the
// reference that they are its categories.
func (l *ColumnLayout) Categorical() bool { return l.Exact && len(l.Edges) <= fewValues }

// Ranged reports whether the column's bins are ranges of numbers.
func (l *ColumnLayout) Ranged() bool { return l.Kind == groundtruth.Number && !l.Categorical() }

// Distinct returns the number of distinct values that the reference has, as far as
// the layout tells.
func (l *ColumnLayout) Distinct() int {
	if l.Kind == groundtruth.Number {
		return len(l.Edges)
	}
	return len(l.Categories)
}

// SegmentLayout holds the segment values that are kept apart, by descending count in
// the reference, ties by name.
type SegmentLayout struct {
	Column string
	Values []string
}

// FeatureSpecs returns what a join has to read for this layout.
func (l *Layout) FeatureSpecs() []groundtruth.FeatureSpec {
	specs := make([]groundtruth.FeatureSpec, len(l.Features))
	for i, f := range l.Features {
		specs[i] = groundtruth.FeatureSpec{Name: f.Name, Kind: f.Kind}
	}
	return specs
}

// Feature returns the layout of the feature of that name, nil when there is none.
func (l *Layout) Feature(name string) *ColumnLayout {
	i, ok := slices.BinarySearchFunc(l.Features, name, func(c ColumnLayout, name string) int {
		return strings.Compare(c.Name, name)
	})
	if !ok {
		return nil
	}
	return &l.Features[i]
}

// Span returns the time that the reference covers, both ends included; the zero
// Window when it has no time.
func (l *Layout) Span() groundtruth.Window {
	if !l.HasTime {
		return groundtruth.Window{}
	}
	return groundtruth.Window{Start: time.Unix(0, l.Start).UTC(), End: time.Unix(0, l.End).UTC()}
}

// segmentRank returns the rank of each listed value of a segment column.
func (l *Layout) segmentRank(column string) map[string]int {
	if l == nil {
		return nil
	}
	for _, seg := range l.Segments {
		if seg.Column != column {
			continue
		}
		return ranks(seg.Values)
	}
	return nil
}

// classRank returns the rank of each of the reference's classes; nil without a reference.
func (l *Layout) classRank() map[string]int {
	if l == nil {
		return nil
	}
	return ranks(l.Classes)
}

// ranks returns the place of each name in a list.
func ranks(names []string) map[string]int {
	out := make(map[string]int, len(names))
	for i, name := range names {
		out[name] = i
	}
	return out
}

// category returns the index of a category.
func (c *ColumnLayout) category(value string) (int, bool) {
	return slices.BinarySearch(c.Categories, value)
}

// ID identifies the layout by its content; a nil layout's is empty.
func (l *Layout) ID() string {
	if l == nil {
		return ""
	}
	return l.identity
}

// ProfileSchema is the version of the reference profile's schema. Older ones are read,
// newer ones refused.
const ProfileSchema = 3

// Profile is a reference profile: the reference's Summary on its own Layout, and its rows by
// time where that is known. It is read-only once made.
type Profile struct {
	Layout      *Layout
	Fingerprint string // of what the profile was made from, the caller's to define
	Rows        int64  // rows of the reference

	// Strata are the reference's parts by kind of time, all on the Layout, those without rows
	// too; none where rows are not taken apart so. For says which serves.
	Strata []Stratum
	// Days are the reference's local days; nil where rows have no time, and in profiles that
	// earlier versions made.
	Days *Clusters
	// Entities are all rows of the reference by groups of their entities; nil where there is no
	// column of these, and in profiles that earlier versions made.
	Entities *Clusters
	// Windows is how many windows of the model stand in the place of Days, where the reference
	// has none (WithWindows); else 0.
	Windows int

	hours     []int64    // of these windows' predictions by the hour of the day; nil where not known
	whole     *part      // all rows: the strata together
	partition *Partition // nil where neither strata nor days are known
}

// NewProfile returns the profile of a reference all of whose rows are in one Summary, on its own
// layout.
func NewProfile(s *Summary) *Profile {
	return &Profile{Layout: s.layout, Rows: s.predictions, whole: newPart(s)}
}

// setStrata sets what the rows of a reference come to, by stratum; one is that of all rows.
func (p *Profile) setStrata(strata []*part, days *Clusters) {
	p.Days = days
	p.whole = strata[0]
	if len(strata) > 1 {
		p.whole = together(strata)
		for i, name := range p.partition.kind.names() {
			part := Stratum{Name: name, Days: days, part: strata[i]}
			if p.partition.kind != HourOfDayStrata {
				part.Days = days.only(func(g *cluster) bool { return g.strata>>i&1 == 1 })
			}
			p.Strata = append(p.Strata, part)
		}
	}
}
