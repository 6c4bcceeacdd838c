package summary

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/hindcast/hindcast/groundtruth"
)

// WindowCounts are what a window of a model tells of how its windows differ: what Clusters has
// of a day. They are kept as JSON.
type WindowCounts struct {
	Start    int64                `json:"start"`  // of the window, Unix nanoseconds
	Layout   string               `json:"layout"` // its ID in hexadecimal digits
	Rows     int64                `json:"rows"`
	Labels   int64                `json:"labels"`
	Columns  [][]int64            `json:"columns"` // features in the layout's order, the prediction, the label: as ClusterColumn.Counts
	Parts    [DayParts]PartErrors `json:"parts"`
	ByHour   []int64              `json:"hours,omitempty"`    // as Summary.Hours
	Scored   bool                 `json:"scored,omitempty"`   // of a binary classifier: whether its rows have scores
	Weighted bool                 `json:"weighted,omitempty"` // likewise: whether they have weights
	Matched  int64                `json:"matched,omitempty"`  // of several classes: rows whose classes are counted
	Many     []byte               `json:"classes,omitempty"`  // likewise: these, instead of Parts
}

// PartErrors are the sums over the matched rows of a quarter of a window.
type PartErrors struct {
	N       int64                 `json:"n"`
	NonZero int64                 `json:"nonzero"`
	Sums    [numBlockSums]float64 `json:"sums"`              // by SumKind
	Classes []CellCounts          `json:"classes,omitempty"` // of a binary classifier, instead of sums
}

// CountsOf returns the counts of a window on a reference's layout. Errors without time are left
// out. It reports false where sums are beyond the range of numbers.
func CountsOf(s *Summary) (WindowCounts, bool) {
	w := WindowCounts{Start: s.start, Layout: hex.EncodeToString([]byte(s.layout.ID())), Rows: s.predictions, Labels: s.matched, ByHour: slices.Clone(s.Hours())}
	for _, c := range append(slices.Clone(s.features), s.prediction, s.label) {
		w.Columns = append(w.Columns, c.layout.Coarse().Counts(c))
	}
	blocks := s.errors.Blocks()
	if c := s.errors.classes; c != nil && c.many != nil {
		w.setMany(c)
		return w, true
	}
	if c := s.errors.classes; c != nil {
		w.Scored = s.binary.Scored
		w.setClasses(c)
		return w, true
	}
	for b := range blocks {
		p := &w.Parts[b*DayParts/blocks]
		p.N += s.errors.BlockN(b)
		p.NonZero += s.errors.BlockNonZero(b)
		for k := range p.Sums {
			p.Sums[k] += s.errors.BlockSum(b, SumKind(k))
			if math.IsNaN(p.Sums[k]) || math.IsInf(p.Sums[k], 0) {
				return w, false
			}
		}
	}
	return w, true
}

// WithWindows returns the profile of a reference whose days are not known with windows of the
// model in their place, which are ordinary ones as far as one can tell. Of the whole profile
// nothing else changes. It fails where the windows were not counted on the profile's layout.
func (p *Profile) WithWindows(windows []WindowCounts) (*Profile, error) {
	c := newClusters(p.Layout, p.Layout.Task, p.Layout.Binary)
	c.parts = DayParts
	hours := make([]int64, allHours)
	errors := NewErrorSums(p.Layout.Label.Center, 0, false)
	c.errors = func() *ErrorSums { return errors }
	if c.task == groundtruth.Multiclass {
		c.errors = sync.OnceValue(c.sum)
	}
	if c.task == groundtruth.Binary {
		c.binary.Scored = len(windows) > 0 && windows[0].Scored
		c.errors = sync.OnceValue(c.sum)
	}
	for i := range windows {
		w := &windows[i]
		g := &cluster{key: int64(i), rows: w.Rows, labels: w.Labels, counts: w.Columns}
		if w.Layout != hex.EncodeToString([]byte(p.Layout.ID())) || len(w.Columns) != len(c.columns) {
			return nil, fmt.Errorf("take windows for days: %w", ErrLayout)
		}
		for at, counts := range w.Columns {
			if len(counts) != c.columns[at].bins+2 {
				return nil, fmt.Errorf("take windows for days: %w", ErrLayout)
			}
		}
		for _, part := range w.Parts {
			g.figures = append(g.figures, blockFigures{n: part.N, nonZero: part.NonZero, sums: part.Sums})
			errors.n += part.N
			errors.nonZero += part.NonZero
			for k, sum := range part.Sums {
				errors.sums[k].Add(sum)
			}
		}
		if c.task == groundtruth.Multiclass {
			var ok bool
			if g.many, ok = w.many(c.rank); !ok {
				return nil, fmt.Errorf("take windows for days: %w", ErrLayout)
			}
			g.figures = nil
		}
		if c.task == groundtruth.Binary {
			var ok bool
			if g.classes, g.figures, ok = w.classes(c.coarse()), nil, w.Scored == c.binary.Scored; !ok || g.classes == nil {
				return nil, fmt.Errorf("take windows for days: %w", ErrLayout)
			}
		}
		c.groups = append(c.groups, g)
		if len(w.ByHour) != allHours {
			hours = nil
		}
		for h := range hours {
			hours[h] += w.ByHour[h]
		}
	}
	out := *p
	out.Days, out.Windows, out.hours = c, len(windows), hours
	return &out, nil
}

// Hours returns the number of rows by the hour of the day of what a stratum is of: the reference,
// or windows in its days' place. It is nil where that is not known.
func (p *Profile) Hours(s Stratum) []int64 {
	if p.Windows > 0 {
		return p.hours
	}
	return s.Summary().Hours()
}
