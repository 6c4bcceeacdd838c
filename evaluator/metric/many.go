package metric

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// manyRows are the matched rows of a classifier of several classes, as its metrics need them: how
// much of them is of each class, is predicted to be, and both.
type manyRows struct {
	*origin
	classes *summary.Classes
	names   []string
	kept    int // classes that are not the rest, which comes last
	all     summary.Mass
	actual, predicted, correct,
	wrong []summary.Mass // rows of a class for which another is predicted
	cells  []manyCell // of these, by predicted class, where that is known
	blocks map[*summary.ErrorSums]*manyBlocks
	as     *stat.Estimate // that of the accuracy, nil where nothing asked for it yet
}

// manyCell is how much of an actual class is taken for another.
type manyCell struct {
	actual, predicted int
	mass              summary.Mass
}

// manyFigure is what the function of a metric makes of rows: the value and its influence (see
// figure). That of a row is base, the actual term of its actual class, the predicted one of its
// predicted class and, where it is right, the correct one of its class.
type manyFigure struct {
	value   float64
	missing string // why there is no value; empty where there is one
	note    string
	few     string       // why there is no interval; empty where there may be one
	of      summary.Mass // of a share: the rows that it is a share of
	bound   float64      // how far off the value may be at the most, since scores are on bins
	base    float64
	terms   []manyTerm

	byChance bool // as of figure

	moments stat.Moments                           // of the influence, where it isn't told by the terms
	series  blocks                                 // likewise; nil where blocks don't tell it
	cell    func(actual, predicted string) float64 // of the influence of rows that are wrong, where terms have only its mean by actual class
}

// manyTerm is what a class adds to the influence of rows.
type manyTerm struct {
	class                      int
	actual, predicted, correct float64
}

func newManyRows(o *origin) *manyRows {
	c := o.e.Classes()
	r := &manyRows{origin: o, classes: c, names: c.Names(), all: c.Total(), blocks: map[*summary.ErrorSums]*manyBlocks{}}
	if r.kept = len(r.names); c.Pooled() {
		r.kept--
	}
	r.wrong = make([]summary.Mass, len(r.names))
	for k := range r.names {
		r.actual, r.predicted, r.correct = append(r.actual, c.Actual(k)), append(r.predicted, c.Predicted(k)), append(r.correct, c.Correct(k))
		r.wrong[k] = less(r.actual[k], r.correct[k])
	}
	if c.CellsKnown() {
		c.EachCell(func(actual, predicted int, m summary.Mass) {
			if actual == predicted {
				m = less(m, r.correct[actual]) // of the rest: one of its classes is taken for another
			}
			if m.N > 0 {
				r.cells = append(r.cells, manyCell{actual, predicted, m})
			}
		})
	}
	return r
}

// less returns what some rows count without others.
func less(m, o summary.Mass) summary.Mass {
	return summary.Mass{N: m.N - o.N, W: math.Max(0, m.W-o.W), W2: math.Max(0, m.W2-o.W2)}
}

// result implements rows.
func (r *manyRows) result(s *Spec) Result {
	r.fewAlike = false
	f := manyFigure{missing: "every weight is 0"}
	if r.all.W > 0 {
		f = s.many(r)
	}
	return r.resultOf(s, &f)
}

func (r *manyRows) resultOf(s *Spec, f *manyFigure) Result {
	if f.missing != "" {
		return missingMetric(r.n, f.missing)
	}
	limits := *s
	if s.Name == "brier" {
		limits.Most = mostBrier
	}
	return r.ofClassifier(&limits, r.estimateOf(&limits, f), f.byChance, f.bound, f.note)
}

// leastRows is how many rows an interval needs in all.
const leastRows = 100

// estimateOf returns the estimate of a metric by its influence.
func (r *manyRows) estimateOf(s *Spec, f *manyFigure) stat.Estimate {
	few := f.few
	if r.n < leastRows {
		few = fmt.Sprintf("%d rows: an interval needs %d or more", r.n, leastRows)
	}
	if few != "" {
		nan := math.NaN()
		return stat.Estimate{Value: f.value, SE: nan, DF: nan, Reason: few}
	}
	m := f.moments
	if m.N == 0 {
		m = r.momentsOf(f)
	}
	var est stat.Estimate
	switch {
	case f.series != nil:
		est = r.estimate(m, f.series, f.value, 1, 0)
	case f.terms != nil:
		est = r.estimate(m, r.seriesOf(f), f.value, 1, 0)
	default:
		est = r.estimateAsAccuracy(m, f.value)
	}
	if width := s.Most - s.Least; est.SE == 0 && stat.IsNumber(width) {
		est.SE, est.DF = float64(width*errorOfEqual(r.toldBy(f))), kish(r.all)-1
	}
	return est
}

// toldBy returns how many rows tell a metric that all rows say the same of: those of the share that
// it is, else those of the rarest class.
func (r *manyRows) toldBy(f *manyFigure) float64 {
	if f.of.N > 0 {
		return kish(f.of)
	}
	m := kish(r.all)
	for k := range r.kept {
		if r.actual[k].W > 0 {
			m = math.Min(m, kish(r.actual[k]))
		}
	}
	return m
}

// estimateAsAccuracy returns the estimate of a metric that blocks tell nothing of: its rows are
// taken to be as alike in time and within entities, and its days to differ as much beside what
// sampling makes of them, as those of the accuracy.
func (r *manyRows) estimateAsAccuracy(m stat.Moments, value float64) stat.Estimate {
	if r.as == nil {
		name := r.metric
		r.metric = "accuracy"
		f := manyAccuracy(r)
		est := r.estimate(r.momentsOf(&f), r.seriesOf(&f), f.value, 1, 0)
		r.as, r.metric = &est, name
	}
	as := r.as
	est := stat.EstimateMean(m, stat.BlockSeries{}, as.Entities, value, 1, 0)
	if !(est.SE > 0) || !(as.SE > 0) {
		return est
	}
	inflation := float64(kish(r.all) / as.NEff * (est.NEff / m.N))
	root := math.Sqrt(inflation)
	est.SE, est.Skew, est.NEff = float64(est.SE*root), est.Skew/root, est.NEff/inflation
	est.DF = math.Min(est.DF, as.DF)
	est.InTime, est.LongRun, est.ByDays = as.InTime, nil, as.ByDays
	if len(as.Days.N) > 0 {
		est.Days = as.Days.Scaled(est.SE / as.SE)
		est.Days.Are = as.Days.Are
	}
	return est
}

// momentsOf returns those of the influence that terms tell (see binaryRows.moments).
func (r *manyRows) momentsOf(f *manyFigure) stat.Moments {
	actual, predicted, correct := make([]float64, len(r.names)), make([]float64, len(r.names)), make([]float64, len(r.names))
	for _, t := range f.terms {
		actual[t.class], predicted[t.class], correct[t.class] = t.actual, t.predicted, t.correct
	}
	var powers [4]float64 // sums of the squares of weights times a power of the influence
	add := func(w2, u float64) {
		power := w2
		for i := range powers {
			power = float64(power * u)
			powers[i] += power
		}
	}
	for k := range r.names {
		add(r.correct[k].W2, f.base+actual[k]+predicted[k]+correct[k])
	}
	switch {
	case f.cell != nil && r.classes.CellsKnown():
		for _, c := range r.cells {
			add(c.mass.W2, f.base+f.cell(r.names[c.actual], r.names[c.predicted]))
		}
	case r.classes.CellsKnown():
		for _, c := range r.cells {
			add(c.mass.W2, f.base+actual[c.actual]+predicted[c.predicted])
		}
	default:
		r.addIndependent(f.base, actual, predicted, &powers)
	}
	return ofInfluence(kish(r.all), f.value, 0, powers[1]/r.all.W2, powers[2]/r.all.W2, powers[3]/r.all.W2)
}

// addIndependent adds the wrong rows where it is not known which class was taken for which: as if
// what is predicted of them didn't depend on what they are.
func (r *manyRows) addIndependent(base float64, actual, predicted []float64, powers *[4]float64) {
	moments := func(of []float64, mass func(k int) float64) (total float64, m [5]float64) {
		for k := range of {
			w, power := mass(k), 1.0
			total += w
			for i := range m {
				m[i] += float64(w * power)
				power = float64(power * of[k])
			}
		}
		for i := range m {
			if total > 0 {
				m[i] /= total
			}
		}
		return total, m
	}
	total, a := moments(actual, func(k int) float64 { return r.wrong[k].W2 })
	shifted := make([]float64, len(predicted))
	for k := range shifted {
		shifted[k] = predicted[k] + base
	}
	_, p := moments(shifted, func(k int) float64 { return math.Max(0, r.predicted[k].W2-r.correct[k].W2) })
	binomials := [4][5]float64{{1, 1}, {1, 2, 1}, {1, 3, 3, 1}, {1, 4, 6, 4, 1}}
	for i := range powers {
		for j := range i + 2 {
			powers[i] += float64(total * binomials[i][j] * a[j] * p[i+1-j])
		}
	}
}

// manyBlocks are the blocks of some rows, as all metrics need them.
type manyBlocks struct {
	squares []float64 // the sum of the squares of the weights, by block
	weights []float64 // and of the weights
	classes [][]manyBlock
}

// manyBlock is how much a block has of a class.
type manyBlock struct {
	block                      int
	actual, predicted, correct float64
}

// blocksOf returns the blocks of rows, each read once. Their classes may have other numbers.
func (r *manyRows) blocksOf(e *summary.ErrorSums) *manyBlocks {
	if b := r.blocks[e]; b != nil {
		return b
	}
	c := e.Classes()
	n := c.Blocks()
	b := &manyBlocks{squares: make([]float64, n), weights: make([]float64, n), classes: make([][]manyBlock, len(r.names))}
	for block := range n {
		m := c.BlockTotal(block)
		b.squares[block], b.weights[block] = m.W2, m.W
	}
	at := make(map[string]int, len(r.names))
	for k, name := range r.names[:r.kept] {
		at[name] = k
	}
	names := c.Names()
	for k, name := range names {
		class, known := at[name]
		if !known || c.Pooled() && k == len(names)-1 {
			if class = len(r.names) - 1; class < r.kept {
				continue // no row of these is of such a class
			}
		}
		for block := range n {
			a, p, right := c.BlockActual(block, k).W, c.BlockPredicted(block, k).W, c.BlockCorrect(block, k).W
			if a != 0 || p != 0 {
				b.classes[class] = append(b.classes[class], manyBlock{block, a, p, right})
			}
		}
	}
	r.blocks[e] = b
	return b
}

// seriesOf gives the influence that terms tell by groups of rows, scaled where there are weights
// (see binaryRows.series).
func (r *manyRows) seriesOf(f *manyFigure) blocks {
	return func(e *summary.ErrorSums) stat.BlockSeries {
		b := r.blocksOf(e)
		out := seriesOfWeights(b.squares, r.all)
		for i, w := range b.weights {
			out.U[i] = float64(w * f.base)
		}
		for _, t := range f.terms {
			for _, of := range b.classes[t.class] {
				out.U[of.block] += float64(of.actual*t.actual) + float64(of.predicted*t.predicted) + float64(of.correct*t.correct)
			}
		}
		scale(out.U, r.all)
		return out
	}
}
