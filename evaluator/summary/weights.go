package summary

import (
	"maps"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// MaxPower is the greatest power of the rows' weights whose sum is kept.
const MaxPower = 4

// weightSums are what is kept of rows with weights beside the sums of weighted terms: what the
// variance of a weighted mean needs, and medians. A row of weight 0 is in none of it.
type weightSums struct {
	mass   [numRows][MaxPower]exact.Sum // of the weights' powers, the first at 0
	second []exact.Sum                  // of the terms of SumKind, each times the square of the row's weight
	abs    massTally                    // of |e|
	labels massTally                    // of all rows of a window or stratum; of a group it is empty
}

// blockMass are the sums of the weights of a block's rows.
type blockMass [numRows]exact.Sum

// newWeightSums returns those of no rows, with sketches of so many buckets. Labels are kept of
// the whole alone.
func newWeightSums(buckets int) *weightSums {
	w := &weightSums{second: make([]exact.Sum, numSums), abs: massTally{limit: buckets}}
	if buckets == wholeBuckets {
		w.labels.limit = buckets
	}
	return w
}

// addSums adds the sums over rows of o, and not its sketches.
func (w *weightSums) addSums(o *weightSums) {
	for r := range w.mass {
		for k := range w.mass[r] {
			w.mass[r][k].Merge(&o.mass[r][k])
		}
	}
	for k := range w.second {
		w.second[k].Merge(&o.second[k])
	}
}

func (w *weightSums) addTallies(o *weightSums) {
	w.abs.mergeFrom(&o.abs)
	w.labels.mergeFrom(&o.labels)
}

func (w *weightSums) bytes() int64 {
	if w == nil {
		return 0
	}
	return (int64(numRows)*MaxPower+int64(numSums))*sumBytes + w.abs.bytes() + w.labels.bytes()
}

// Weighted reports whether the rows have weights: terms are then times these.
func (e *ErrorSums) Weighted() bool { return e.weights != nil }

// Mass returns the sum of a power of the weights of some of the rows, from 1 to MaxPower: the
// number of these rows where they have no weights.
func (e *ErrorSums) Mass(r Rows, power int) float64 {
	if e.weights == nil {
		return float64(e.Rows(r))
	}
	return e.weights.mass[r][power-1].Float64()
}

// ExactMass returns it of rows with weights, not rounded. The caller must not change it.
func (e *ErrorSums) ExactMass(r Rows, power int) *exact.Sum { return &e.weights.mass[r][power-1] }

// SquaredSum returns the sum of the terms of k, each times the square of its row's weight, where
// the rows have weights; else it is Sum.
func (e *ErrorSums) SquaredSum(k SumKind) float64 {
	if e.weights == nil {
		return e.Sum(k)
	}
	return e.weights.second[k].Float64()
}

// ExactSquaredSum returns it of rows with weights, not rounded. The caller must not change it.
func (e *ErrorSums) ExactSquaredSum(k SumKind) *exact.Sum { return &e.weights.second[k] }

// BlockMass returns the sum of the weights of some of the rows of block i: the number of these
// rows where they have no weights.
func (e *ErrorSums) BlockMass(i int, r Rows) float64 {
	switch {
	case e.figures != nil && e.figures[i].mass != nil:
		return e.figures[i].mass[r]
	case e.figures == nil && e.blocks[i].mass != nil:
		return e.blocks[i].mass[r].Float64()
	}
	return float64(e.BlockRows(i, r))
}

// AbsErrorAt returns the least |e| at which the sum of the weights of the rows with at most that
// reaches a share of all, the middle of it and the next where it is reached exactly, and the
// greatest error that this can have: 0 as long as the distinct values fit the sketch. It is
// for rows with weights of which one is above 0.
func (e *ErrorSums) AbsErrorAt(share float64) (value, bound float64) {
	return e.weights.abs.at(share)
}

// massTally sums up weights by value, exactly while there are at most limit values; beyond, it
// becomes the sketch that tally does. What of a weight is below the unit of wide is lost.
type massTally struct {
	limit int
	shift uint
	of    map[uint64]wide // by key
}

// add adds to the weight of a value.
func (t *massTally) add(x float64, w wide) {
	if t.limit > 0 && w != (wide{}) {
		t.insert(OrderKey(x)>>t.shift, w)
	}
}

// insert adds to the weight of a key of the present shift.
func (t *massTally) insert(key uint64, w wide) {
	if t.of == nil {
		t.of = map[uint64]wide{}
	}
	t.addAt(key, w)
	if len(t.of) > t.limit {
		var entries []Entry
		for _, key := range t.keys() {
			entries = append(entries, Entry{Key: key})
		}
		t.raise(leastShift(entries, t.limit))
	}
}

func (t *massTally) addAt(key uint64, w wide) {
	sum := t.of[key]
	sum.add(w)
	t.of[key] = sum
}

// raise drops so many more bits of the keys.
func (t *massTally) raise(shift uint) {
	of := t.of
	t.shift += shift
	t.of = make(map[uint64]wide, len(of))
	for key, w := range of {
		t.addAt(key>>shift, w)
	}
}

func (t *massTally) mergeFrom(o *massTally) {
	if o.shift > t.shift {
		t.raise(o.shift - t.shift)
	}
	for key, w := range o.of {
		// One before may have raised the shift.
		t.insert(key>>(t.shift-o.shift), w)
	}
}

// keys returns the keys in ascending order.
func (t *massTally) keys() []uint64 { return slices.Sorted(maps.Keys(t.of)) }

// at is ErrorSums.AbsErrorAt of the values.
func (t *massTally) at(share float64) (value, bound float64) {
	cells := t.cells()
	return cellAt(cells, float64(share*cells[len(cells)-1].upTo))
}

func (t *massTally) bytes() int64 { return int64(len(t.of)) * 48 }
