package drift

import (
	"math"
	"slices"
	"sort"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Days of one kind differ though nothing has changed, and by more than chance does to their
// rows. So a noise floor is made of draws of an ordinary day at the window's number of rows: to
// a random split of what was seen each draw adds the deviation of one of the reference's days
// from its stratum, times a standard normal number. What sampling alone makes of a deviation is
// taken off by the method of moments: the mean square of the deviations, less what is expected
// of so many rows, is the variance between days.

const (
	// leastDays is how many days it takes to tell how far days differ.
	leastDays = 8
	// A variance between days counts for itself where it is so many standard errors above, or
	// below, that of the model's columns. A day of 90 rows shows little of it, all columns
	// together show more than one, and one that is taken for quieter than it is drifts often.
	clearlyMore, clearlyLess = 2, 3
	// shiftInBins is how much more of a shift is in bins than in the order of values: of a normal
	// number's square 0.93 is, and 0.55. In order days show sooner, and texts have none.
	shiftInBins = 1.7
	// clearlyThere is the one-sided 90 % quantile that the columns' has to be above to count.
	clearlyThere = 1.2816
)

// Days are the ordinary days of a reference, for the comparison of a window with one of its
// strata. Nil is of days that are not known, or too few.
type Days struct {
	features          map[string]*DayColumn
	prediction, label *DayColumn
}

// NewDays returns the days of a reference for a window of so many days that is compared with a
// stratum of it.
func NewDays(p *summary.Profile, of summary.Stratum, window float64) *Days {
	if of.Days.Len() < leastDays {
		return nil
	}
	kinds := kindsOfDays(p, of, window)
	// A window's own days deviate, and so does the mean of the stratum's.
	spread := math.Sqrt(1/math.Max(1, window) + 1/float64(of.Days.Len()))
	column := func(l *summary.ColumnLayout, column func(*summary.Clusters) *summary.ClusterColumn) *DayColumn {
		return newDayColumn(l, kinds, column, spread)
	}
	d := &Days{features: map[string]*DayColumn{}}
	var all []*DayColumn
	for i := range p.Layout.Features {
		l := &p.Layout.Features[i]
		if c := column(l, func(k *summary.Clusters) *summary.ClusterColumn { return k.Feature(l.Name) }); c != nil {
			d.features[l.Name] = c
			all = append(all, c)
		}
	}
	d.prediction = column(&p.Layout.Prediction, (*summary.Clusters).Prediction)
	d.label = column(&p.Layout.Label, (*summary.Clusters).Label)
	usualBins, usualOrder := usual(all, func(c *DayColumn) *between { return &c.inBins }), usual(all, func(c *DayColumn) *between { return &c.inOrder })
	if least := float64(shiftInBins * usualOrder.of); usualBins.of < least {
		usualBins = variance{of: least, se: float64(shiftInBins * usualOrder.se)}
	}
	for _, c := range append(all, d.prediction, d.label) {
		if c != nil {
			c.inBins.settle(usualBins)
			c.inOrder.settle(usualOrder)
		}
	}
	return d
}

// kindsOfDays returns the days by their kind: one of them is the stratum, or all are of one kind
// where that is none of the reference's strata. A window of whole weeks has days of all kinds.
func kindsOfDays(p *summary.Profile, of summary.Stratum, window float64) []*summary.Clusters {
	const week = 7 - 1.0/24 // days, when clocks are put forward
	var kinds []*summary.Clusters
	there := of.Name == "" && window >= week
	for i := range p.Strata {
		there = there || p.Strata[i].Name == of.Name
		if days := p.Strata[i].Days; days != p.Days {
			kinds = append(kinds, days)
		}
	}
	if !there || len(kinds) == 0 {
		return []*summary.Clusters{of.Days}
	}
	return kinds
}

// Feature returns the days of a feature, nil where they are not known.
func (d *Days) Feature(name string) *DayColumn {
	if d == nil {
		return nil
	}
	return d.features[name]
}

// Prediction and Label return the days of these columns, nil where they are not known.
func (d *Days) Prediction() *DayColumn {
	if d == nil {
		return nil
	}
	return d.prediction
}

// Label is Prediction of the label.
func (d *Days) Label() *DayColumn {
	if d == nil {
		return nil
	}
	return d.label
}

// DayColumn is the days of one column, which Compare takes.
type DayColumn struct {
	upTo   []float64 // by day, the share of the rows on it and on those before
	spread float64   // what a day's deviation is multiplied by for one of the window's

	// relative has, by day and group of values, by how much of itself a share deviates. Groups
	// are the deciles, or the coarse bins; groupOf has that of each bin of the measures.
	relative [][]float64
	groupOf  []int
	inBins   between

	// above has, by day, by how much the distribution function deviates at the ends of the
	// coarse bins, where that of all days has the values of upToEnd. They are nil of texts.
	above   [][]float64
	upToEnd []float64
	inOrder between
}

// newDayColumn takes the deviations of days from their kinds; nil where days with rows are few.
func newDayColumn(l *summary.ColumnLayout, kinds []*summary.Clusters, of func(*summary.Clusters) *summary.ClusterColumn, spread float64) *DayColumn {
	out := &DayColumn{spread: spread}
	coarse := l.Coarse()
	decile := make([]int, coarse.Bins())
	for i := range decile {
		decile[i] = coarse.Decile(i)
	}
	if l.Kind == groundtruth.Text {
		out.groupOf = make([]int, len(l.Categories))
	} else if len(decile) > 0 {
		out.groupOf = make([]int, decile[len(decile)-1]+1)
	}
	for i := range out.groupOf {
		out.groupOf[i] = coarse.Category(i)
	}
	ordered := l.Kind == groundtruth.Number
	var inBins, inOrder deviations
	var total float64
	all := make(bins, coarse.Bins())
	for _, kind := range kinds {
		var days []bins
		sum := make(bins, coarse.Bins())
		column, room := of(kind), make(bins, kind.Len()*coarse.Bins())
		for g := range kind.Len() {
			counts := room[g*coarse.Bins():][:coarse.Bins()]
			for i, n := range column.Counts(g)[:coarse.Bins()] {
				counts[i] = float64(n)
				sum[i] += counts[i]
				all[i] += counts[i]
			}
			days = append(days, counts)
		}
		n := sum.total()
		groups, upTo := sum.within(decile), sum.cumulated()
		for _, counts := range days {
			rows := counts.total()
			if rows == 0 || rows == n {
				continue
			}
			total += rows
			out.upTo = append(out.upTo, total)
			relative, square, ofRow := relativeDeviation(counts.within(decile), groups)
			out.relative = append(out.relative, relative)
			inBins.add(rows, n, square, ofRow)
			if ordered {
				above, square, ofRow := deviationAbove(counts, sum, upTo)
				out.above = append(out.above, above)
				if ofRow > 0 { // a kind of day that has one value alone tells nothing
					inOrder.add(rows, n, square/ofRow, 1)
				}
			}
		}
	}
	if len(out.upTo) < leastDays {
		return nil
	}
	for i := range out.upTo {
		out.upTo[i] /= total
	}
	out.inBins, out.inOrder = inBins.between(), inOrder.between()
	n := all.total()
	for _, upTo := range all.cumulated() {
		out.upToEnd = append(out.upToEnd, upTo/n)
	}
	return out
}

// within adds up bins by the group that each lies in; groups ascend.
func (b bins) within(group []int) bins {
	if len(b) == 0 {
		return nil
	}
	out := make(bins, group[len(b)-1]+1)
	for i, n := range b {
		out[group[i]] += n
	}
	return out
}

// cumulated adds up bins from the first on.
func (b bins) cumulated() bins {
	out := make(bins, len(b))
	sum := 0.0
	for i, n := range b {
		sum += n
		out[i] = sum
	}
	return out
}

// relativeDeviation returns by how much of themselves a day's shares differ from those of its
// kind, the square of that in the chi-squared distance, and what one row comes to in it.
func relativeDeviation(day, kind bins) (relative []float64, square, ofRow float64) {
	rows, n := day.total(), kind.total()
	relative = make([]float64, len(kind))
	for i := range kind {
		if p := kind[i] / n; p > 0 {
			relative[i] = day[i]/rows/p - 1
			square += float64(p * relative[i] * relative[i])
			ofRow++
		}
	}
	return relative, square, ofRow - 1
}

// deviationAbove returns by how much a day's distribution function differs from that of its
// kind, whose cumulated bins are given, at the end of each bin, the integral of the square, and
// what one row comes to in it.
func deviationAbove(day, kind, upTo bins) (above []float64, square, ofRow float64) {
	rows, n := day.total(), kind.total()
	above = make([]float64, len(kind))
	sum := 0.0
	for i := range kind {
		p := upTo[i] / n
		sum += day[i]
		above[i] = sum/rows - p
		// The part of the kind's rows that is nearest to this end.
		width := kind[i] / n
		if i+1 < len(kind) {
			width += kind[i+1] / n
		}
		square += float64(above[i] * above[i] * width)
		ofRow += float64(p * (1 - p) * width)
	}
	return above, square, ofRow
}

// deviations collects the squares of the days' deviations, each as many times as it has rows.
type deviations struct {
	squares, ofRow, rest []float64
	rows                 float64
}

// add takes the square of the deviation of a day with so many rows of n of its kind.
func (d *deviations) add(rows, n, square, ofRow float64) {
	own := 1 - rows/n // a day is part of what it is compared with
	d.squares = append(d.squares, float64(rows*square))
	d.ofRow = append(d.ofRow, float64(own*ofRow))
	d.rest = append(d.rest, float64(own*rows))
	d.rows += rows
}

// between is what days differ by in one regard.
type between struct {
	observed float64 // the mean square of the deviations
	variance float64 // between days: what sampling leaves of it
	se       float64 // of variance
	scale    float64 // what a deviation is multiplied by, so that its mean square is the variance
	df       float64 // the degrees of freedom of that
}

// between returns what the days differ by.
func (d *deviations) between() between {
	var squares, ofRows, rest float64
	for i := range d.squares {
		squares += d.squares[i]
		ofRows += d.ofRow[i]
		rest += d.rest[i]
	}
	if squares == 0 {
		return between{}
	}
	b := between{observed: squares / d.rows, variance: (squares - ofRows) / rest}
	var residuals float64
	for i := range d.squares {
		r := d.squares[i] - d.ofRow[i] - float64(d.rest[i]*b.variance)
		residuals += float64(r * r)
	}
	b.se = math.Sqrt(residuals) / rest
	return b
}

// settle decides which variance counts: the column's own where that is clear, else the usual
// one of the model's columns.
func (b *between) settle(usual variance) {
	if b.observed == 0 {
		return
	}
	variance, se := b.variance, b.se
	// The error that it has if the usual variance is its own too.
	own := float64(b.se * (b.observed - b.variance + usual.of) / b.observed)
	if away := variance - usual.of; away <= float64(clearlyMore*own) && away >= -float64(clearlyLess*own) {
		variance, se = usual.of, usual.se
	}
	variance = max(0, variance)
	b.scale = math.Sqrt(variance / b.observed)
	b.df = leastDF
	if se > 0 {
		b.df = max(leastDF, float64(2*(variance/se)*(variance/se)))
	}
}

// leastDF bounds the degrees of freedom of a variance that is next to nothing.
const leastDF = 4

// times returns what a day's deviation is multiplied by in a draw of two standard normal
// numbers: one is that of the day, the other that of the variance, which is only estimated: it
// is a chi-squared number over its degrees of freedom, by Wilson and Hilferty's cube.
func (b *between) times(day, estimate float64) float64 {
	v := 2 / float64(9*b.df)
	root := max(0.1, 1-v+float64(estimate*math.Sqrt(v)))
	return float64(day*b.scale) / float64(root*math.Sqrt(root))
}

// variance is what the columns of a model have between days, with its standard error.
type variance struct{ of, se float64 }

// usual returns the median of the columns' variances in a regard. It is 0 where that is not
// clearly above it: where days do not differ, half of all medians are.
func usual(columns []*DayColumn, regard func(*DayColumn) *between) variance {
	var all, errs []float64
	for _, c := range columns {
		if b := regard(c); b.observed > 0 {
			all, errs = append(all, b.variance), append(errs, b.se)
		}
	}
	if len(all) == 0 {
		return variance{}
	}
	const ofMedian = 1.2533 // its standard error over that of a mean, of normal numbers
	out := variance{of: median(all), se: float64(ofMedian*median(errs)) / math.Sqrt(float64(len(all)))}
	if out.of <= float64(clearlyThere*out.se) {
		out.of = 0
	}
	return out
}

// median returns that of some numbers, which it sorts.
func median(xs []float64) float64 {
	slices.Sort(xs)
	return float64(xs[(len(xs)-1)/2]/2) + float64(xs[len(xs)/2]/2)
}

// pick returns the day of a uniform number.
func (c *DayColumn) pick(u float64) int {
	return min(sort.Search(len(c.upTo), func(i int) bool { return c.upTo[i] > u }), len(c.upTo)-1)
}

// binsVary and orderVaries report whether days differ in what measures of bins, and of
// distribution functions, see.
func (c *DayColumn) binsVary() bool    { return c != nil && c.inBins.scale > 0 }
func (c *DayColumn) orderVaries() bool { return c != nil && c.inOrder.scale > 0 }

// dayDraw is what the deviation of a drawn day makes of the bins of measures.
type dayDraw struct {
	of       *DayColumn
	relative []float64 // by group
	times    float64
}

// draw draws a day.
func (c *DayColumn) draw(rng *normals) dayDraw {
	return dayDraw{of: c, relative: c.relative[c.pick(rng.uniform())], times: float64(c.inBins.times(rng.next(), rng.next()) * c.spread)}
}

// factor returns what the rows of a bin are multiplied by.
func (d *dayDraw) factor(bin int) float64 {
	if bin >= len(d.of.groupOf) {
		return 1
	}
	return max(0, 1+float64(d.times*d.relative[d.of.groupOf[bin]]))
}

// paths returns by how much the distribution function deviates on each day, at points given in
// ascending order by its value.
func (c *DayColumn) paths(points []float64) [][]float64 {
	out := make([][]float64, len(c.above))
	for day, above := range c.above {
		out[day] = make([]float64, len(points))
		bin := 0
		from, start := 0.0, 0.0 // the end before, and the deviation there
		for i, u := range points {
			for bin < len(above)-1 && u > c.upToEnd[bin] {
				from, start = c.upToEnd[bin], above[bin]
				bin++
			}
			if width := c.upToEnd[bin] - from; width > 0 {
				out[day][i] = start + float64((above[bin]-start)*((u-from)/width))
			}
		}
	}
	return out
}

// ordinary makes paths of ordinary days of the bridges.
type ordinary struct {
	days   *DayColumn
	by     float64     // what a deviation is multiplied by, beside the draw's numbers
	of     [][]float64 // by day, the deviations on the grid
	paths4 [][lanes]float64
}

// ordinary returns what adds the deviations of days to bridges that are to be multiplied by a
// scale; nil days add none.
func (b *bridges) ordinary(days *DayColumn, scale float64) *ordinary {
	if !days.orderVaries() {
		return &ordinary{}
	}
	return &ordinary{
		days: days, by: days.spread / scale, of: days.paths(b.grid),
		paths4: make([][lanes]float64, len(b.grid)),
	}
}

// path returns the paths of four draws with the deviations of days.
func (o *ordinary) path(four *bridgeFour) [][lanes]float64 {
	if o.days == nil {
		return four.path
	}
	for lane := range lanes {
		times, deviation := float64(o.days.inOrder.times(four.times[lane], four.estimate[lane])*o.by), o.of[o.days.pick(four.day[lane])]
		for j, d := range deviation {
			o.paths4[j][lane] = four.path[j][lane] + float64(times*d)
		}
	}
	return o.paths4
}

// ksNull is the Kolmogorov-Smirnov distance of ordinary days, from the draws of bridges. On a
// grid their greatest value is less than in between, by 0.5826 of the root of a step (Asmussen,
// Glynn and Pitman, Annals of Applied Probability 5, 1995).
func (b *bridges) ksNull(mem *Scratch, n, m, level float64, days *DayColumn) null {
	scale := math.Sqrt(1/n + 1/m)
	ordinary := b.ordinary(days, scale)
	missed := float64(0.5826 / math.Sqrt(gridParts))
	draws := mem.drawsOf(floorDraws)
	for i := range b.fours {
		path := ordinary.path(&b.fours[i])
		var most [lanes]float64
		for j := range path {
			for lane := range lanes {
				most[lane] = max(most[lane], math.Abs(path[j][lane]))
			}
		}
		for lane := range lanes {
			draws[i*lanes+lane] = float64(scale * (most[lane] + missed))
		}
	}
	var out null
	out.drawn(draws, false)
	out.floor = math.Min(1, drawnQuantile(draws, level))
	return out
}
