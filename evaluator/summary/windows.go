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
	// What records from before they were kept have none of, and rows without quantiles and
	// weights neither.
	LogRows      int64             `json:"log_rows,omitempty"`
	QuantileRows int64             `json:"quantile_rows,omitempty"`
	More         []float64         `json:"more,omitempty"` // SumL1, and with quantiles SumQ1, SumC1 and SumW1
	Mass         *[numRows]float64 `json:"mass,omitempty"` // by Rows: the sums of weights
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
		w.Scored = s.classifier.Scored
		w.setClasses(c)
		return w, true
	}
	for b := range blocks {
		if !w.Parts[b*DayParts/blocks].add(s.errors.blocks[b].figures()) {
			return w, false
		}
	}
	return w, true
}

// add adds what a block has. It reports false where sums are beyond the range of numbers.
func (p *PartErrors) add(b blockFigures) bool {
	p.N += b.rows[AllRows]
	p.NonZero += b.rows[NonZeroRows]
	p.LogRows += b.rows[LogRows]
	p.QuantileRows += b.rows[QuantileRows]
	for k, x := range b.sums {
		p.Sums[k] += x
	}
	more := 0 // sums of b.more that there are
	switch {
	case b.rows[QuantileRows] > 0:
		more = len(b.more)
	case b.rows[LogRows] > 0:
		more = blockLogSums
	}
	p.More = append(p.More, make([]float64, max(0, more-len(p.More)))...)
	for k := range more {
		p.More[k] += b.more[k]
	}
	all := slices.Concat(p.Sums[:], p.More)
	if b.mass != nil {
		if p.Mass == nil {
			p.Mass = new([numRows]float64)
		}
		for r, x := range b.mass {
			p.Mass[r] += x
		}
		all = append(all, p.Mass[:]...)
	}
	return !slices.ContainsFunc(all, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

// figures returns what a block of the part's rows has.
func (p *PartErrors) figures() blockFigures {
	f := blockFigures{
		rows: [numRows]int64{AllRows: p.N, NonZeroRows: p.NonZero, LogRows: p.LogRows, QuantileRows: p.QuantileRows},
		sums: p.Sums, mass: p.Mass,
	}
	copy(f.more[:], p.More)
	return f
}

// WithWindows returns the profile of a reference whose days are not known with windows of the
// model in their place, which are ordinary ones as far as one can tell. Of the whole profile
// nothing else changes. It fails where the windows were not counted on the profile's layout.
func (p *Profile) WithWindows(windows []WindowCounts) (*Profile, error) {
	c := newClusters(p.Layout, p.Layout.Task, p.Layout.Classifier)
	c.parts = DayParts
	hours := make([]int64, allHours)
	errors := NewErrorSums(p.Layout.Label.Center, 0, false)
	c.errors = func() *ErrorSums { return errors }
	if c.task == groundtruth.Multiclass {
		c.errors = sync.OnceValue(c.sum)
	}
	if c.task == groundtruth.Binary {
		c.classifier.Scored = len(windows) > 0 && windows[0].Scored
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
			g.figures = append(g.figures, part.figures())
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
			if g.classes, g.figures, ok = w.classes(c.coarse()), nil, w.Scored == c.classifier.Scored; !ok || g.classes == nil {
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
