package metric

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// leastOfClass is how many rows of each class an interval needs. Of fewer the skewness of a
// metric is not told well enough for an interval to cover what it should.
const leastOfClass = 50

// binaryRows are the matched rows of a binary classifier, as its metrics need them: how much of
// them there is of each score, actual and predicted class.
type binaryRows struct {
	*origin
	classes    *summary.Classes
	mass       [2][2]summary.Mass  // of all scores, by actual and predicted class
	all        summary.Mass        // of all rows
	positive   summary.Mass        // those whose label is positive
	negative   summary.Mass        // and the others
	predicted  summary.Mass        // those that are predicted to be positive
	cells      []summary.ScoreCell // by score; nil where there are no scores
	coarse     []int               // the coarse bin of each of cells
	blockCells map[*summary.ErrorSums]*classBlocks
}

// figure is what the function of a metric makes of rows: the value, with what each row adds to
// it, from which all else follows.
type figure struct {
	value float64
	// influence is how far a row moves the value away from that of all rows: the value of all
	// rows and one more is value + influence/rows, but for terms that vanish faster.
	influence influence
	missing   string // why there is no value; empty where there is one
	note      string
	// of are the rows that it is a share of, where it is one; those of the rarer class where it
	// is zero.
	of summary.Mass
	// bound is how far off the value may be at the most, since scores are on bins.
	bound float64
	// byChance says that chance alone may make the value: what it is of all rows that there could
	// be may then be as little as its least.
	byChance bool
	// variance is that of the influence where the metric has an estimator of its own; else 0.
	// Of roc_auc ofNegatives is the part of it that comes from negative rows.
	variance, ofNegatives float64
}

// influence is by cell of score, in the order of binaryRows.cells, and there by actual and
// predicted class. One that doesn't depend on the score has one cell.
type influence [][2][2]float64

func newBinaryRows(o *origin) *binaryRows {
	c := o.e.Classes()
	r := &binaryRows{origin: o, classes: c, cells: c.Scores(), blockCells: map[*summary.ErrorSums]*classBlocks{}}
	for a := range 2 {
		for p := range 2 {
			r.mass[a][p] = c.Mass(a, p)
		}
	}
	m := &r.mass
	r.negative, r.positive = sum(m[0][0], m[0][1]), sum(m[1][0], m[1][1])
	r.predicted, r.all = sum(m[0][1], m[1][1]), sum(r.negative, r.positive)
	if r.cells == nil {
		r.cells = c.CoarseScores()
	}
	r.coarse = make([]int, len(r.cells))
	for i, cell := range r.cells {
		// The middle lies inside the bin, whose mean may lie on its edge.
		r.coarse[i] = c.CoarseOf(cell.Low + float64((cell.High-cell.Low)/2))
	}
	return r
}

// sum returns what some rows count together.
func sum(masses ...summary.Mass) summary.Mass {
	var out summary.Mass
	for _, m := range masses {
		out.N += m.N
		out.W += m.W
		out.W2 += m.W2
	}
	return out
}

// kish returns how many rows of equal weight tell as much: (sum w)^2 / sum w^2.
func kish(m summary.Mass) float64 {
	if m.W2 == 0 {
		return 0
	}
	return m.W * m.W / m.W2
}

// result implements rows.
func (r *binaryRows) result(s *Spec) Result {
	r.fewAlike = false
	f := figure{missing: "every weight is 0"}
	if r.all.W > 0 {
		f = s.binary(r)
	}
	if f.missing != "" {
		return missingMetric(r.n, f.missing)
	}
	return r.ofClassifier(s, r.estimateOf(s, &f), f.byChance, f.bound, f.note)
}

// ofClassifier turns the estimate of a classifier's metric into its result, with what its figure
// says of the value.
func (o *origin) ofClassifier(s *Spec, est stat.Estimate, byChance bool, bound float64, note string) Result {
	o.fewAlike = est.InTime > 1 && o.n < fewAlike && o.parts == nil
	m := s.result(est, o.n, true)
	if byChance && m.Low > stat.Number(s.Least) {
		m.Low = stat.Number(s.Least)
	}
	m.Untold = est.Reason != ""
	if bound > 0 {
		// Two digits of a number are less than it by a twentieth at the most, which is added, so
		// that what is said holds.
		m.note("from bins of the score, within %.2g", float64(1.05*bound))
	}
	if note != "" {
		m.note("%s", note)
	}
	return m
}

// estimateOf returns the estimate of a metric by its influence. A function of the rows'
// distribution differs from its true value as the mean of its influence does from 0, whose
// moments the cells give exactly, and whose sums by block those of the blocks' coarse bins.
func (r *binaryRows) estimateOf(s *Spec, f *figure) stat.Estimate {
	if few := r.fewOfClass(); few != "" {
		nan := math.NaN()
		return stat.Estimate{Value: f.value, SE: nan, DF: nan, Reason: few}
	}
	est := r.estimate(r.moments(f), r.series(f.influence), f.value, 1, 0)
	if width := s.Most - s.Least; est.SE == 0 && stat.IsNumber(width) {
		est.SE = float64(width * r.ofEqualRows(f))
	}
	return est
}

// fewOfClass says why there are no intervals; empty where there are.
func (r *binaryRows) fewOfClass() string {
	for class, m := range []summary.Mass{r.negative, r.positive} {
		if m.N < leastOfClass {
			return fmt.Sprintf("%d labels are %s: an interval needs %d rows or more of each class", m.N, r.classes.Names()[class], leastOfClass)
		}
	}
	return ""
}

// roundingAlone is what the mean square of an influence is below where rounding alone makes it.
const roundingAlone = 1e-26

// moments returns those of the influence. With weights, rows of one weight that tell as much
// have them: a row counts by the square of its weight.
func (r *binaryRows) moments(f *figure) stat.Moments {
	var second, third, fourth float64
	add := func(mass *[2][2]summary.Mass, psi *[2][2]float64) {
		for a := range 2 {
			for p := range 2 {
				u, w := psi[a][p], mass[a][p].W2
				square := float64(w * u * u)
				second += square
				third += float64(square * u)
				fourth += float64(square * u * u)
			}
		}
	}
	if len(f.influence) == 1 {
		add(&r.mass, &f.influence[0])
	} else {
		for i := range r.cells {
			add(&r.cells[i].Mass, &f.influence[i])
		}
	}
	return ofInfluence(kish(r.all), f.value, f.variance, second/r.all.W2, third/r.all.W2, fourth/r.all.W2)
}

// ofInfluence returns the moments of the influence of a metric with such a value, by the means of its
// powers over n rows. The variance is 0 where the metric has no estimator of its own of it.
func ofInfluence(n, value, variance, second, third, fourth float64) stat.Moments {
	if second < roundingAlone*math.Max(1, value*value) {
		second, third, fourth = 0, 0, 0
	}
	m := stat.Moments{N: n, Mean: value, Variance: second * n / (n - 1), Kurtosis: 3}
	if variance > 0 {
		m.Variance = variance
	}
	if second > 0 {
		m.Kurtosis = math.Max(1, fourth/second/second)
	}
	return m.WithThird(third)
}

// ofEqualRows is errorOfEqual of the rows that tell a metric: those of the share that it is, else
// those of the rarer class.
func (r *binaryRows) ofEqualRows(f *figure) float64 {
	if f.of.N > 0 {
		return errorOfEqual(kish(f.of))
	}
	return errorOfEqual(math.Min(kish(r.positive), kish(r.negative)))
}

// errorOfEqual is the standard error, as a part of the range of its values, of a metric that all of
// m rows say the same of, such as a precision of 1: which other rows need not. Wilson's interval of
// a share of m rows that is 0 or 1 ends z^2/(m+z^2) from there, and so much are z of these
// standard errors.
func errorOfEqual(m float64) float64 {
	z := portable.NormalQuantile(0.5 + stat.IntervalLevel/2)
	return z / (m + float64(z*z))
}

// series gives the influence by groups of rows, from how many of these each has in the coarse
// bins of the score and in each class: there it has the mean influence of all rows. With
// weights, sums are scaled so that rows of one weight that tell as much would have them.
func (r *binaryRows) series(f influence) blocks {
	type mean struct{ w, u float64 }
	means := make([]mean, r.classes.Coarse()*4)
	for i := range r.cells {
		if len(f) == 1 {
			break
		}
		for k := range 4 {
			w := r.cells[i].Mass[k/2][k%2].W
			m := &means[4*r.coarse[i]+k]
			m.w += w
			m.u += float64(w * f[i][k/2][k%2])
		}
	}
	for k := range means {
		switch m := &means[k]; {
		case len(f) == 1:
			m.u = f[0][k%4/2][k%2]
		case m.w > 0:
			m.u /= m.w
		}
	}
	return func(e *summary.ErrorSums) stat.BlockSeries {
		b := r.blocksOf(e)
		out := seriesOfWeights(b.squares, r.all)
		for _, c := range b.cells {
			out.U[c.block] += float64(c.w * means[c.cell].u)
		}
		scale(out.U, r.all)
		return out
	}
}

// seriesOfWeights returns a series without values by blocks, of whose rows the weights have these sums
// of squares: of as many rows of one weight as tell as much.
func seriesOfWeights(squares []float64, all summary.Mass) stat.BlockSeries {
	out := stat.BlockSeries{N: make([]float64, len(squares)), U: make([]float64, len(squares))}
	n := kish(all)
	for i, w2 := range squares {
		out.N[i] = float64(w2 * (n / all.W2))
	}
	return out
}

// scale makes of sums of weights times an influence, by block, those that such rows would have.
func scale(sums []float64, all summary.Mass) {
	n := kish(all)
	for i := range sums {
		sums[i] = float64(sums[i] * (n / all.W))
	}
}

// classBlocks are the blocks of some rows, as all metrics need them.
type classBlocks struct {
	squares []float64 // the sum of the squares of the weights, by block
	cells   []classCell
}

// classCell is how much a block has of a coarse bin and of a pair of classes.
type classCell struct {
	block, cell int // 4 cells a coarse bin: 2 actual + predicted
	w           float64
}

// blocksOf returns the blocks of rows, each read once.
func (r *binaryRows) blocksOf(e *summary.ErrorSums) *classBlocks {
	if b := r.blockCells[e]; b != nil {
		return b
	}
	c := e.Classes()
	b := &classBlocks{squares: make([]float64, c.Blocks())}
	for block := range b.squares {
		for cell := range 4 * c.Coarse() {
			if m := c.BlockMass(block, cell/4, cell%4/2, cell%2); m.N > 0 {
				b.squares[block] += m.W2
				b.cells = append(b.cells, classCell{block, cell, m.W})
			}
		}
	}
	r.blockCells[e] = b
	return b
}
