package summary

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

// plainSums are what is kept of the matched rows of an hour of the week, or of those with
// predictions of one size: plain since each row counts once, also where rows have weights.
type plainSums struct {
	n     int64
	right int64       // of a classifier: rows whose class was predicted
	sums  []exact.Sum // of a regression, by SumKind: the first ones; nil without rows
}

const numPlainSums = int(SumE2 + 1)

// ready makes the sums where there are none yet, and returns them.
func (p *plainSums) ready() []exact.Sum {
	if p.sums == nil {
		p.sums = make([]exact.Sum, numPlainSums)
	}
	return p.sums
}

// mergeFrom adds those of o.
func (p *plainSums) mergeFrom(o *plainSums) {
	p.n += o.n
	p.right += o.right
	if o.sums == nil {
		return
	}
	for k, sums := 0, p.ready(); k < len(sums); k++ {
		sums[k].Merge(&o.sums[k])
	}
}

// plainBytes returns how much memory some take.
func plainBytes(of []plainSums) int64 {
	const size = 40 // of one without sums
	n := int64(len(of)) * size
	for i := range of {
		n += int64(len(of[i].sums)) * sumBytes
	}
	return n
}

// addTimes adds the piece's rows to their time blocks and to their hours of the week, as far as
// they have these. Rows of one block and one hour are added to both at once, as long as such cells
// have many rows.
func (k *errorKernel) addTimes(blocks []blockSums, c *clock) {
	cells, together := k.timeCells()
	if !together {
		if k.blockOf != nil {
			k.addBlocks(blocks, k.blockOf)
		}
		if k.hourOf != nil {
			k.addPlain(k.hourOf, c.hours[:])
		}
		return
	}
	k.group(k.cellOf, len(cells))
	for i, cell := range cells {
		hour, rows := &c.hours[cell%groundtruth.HoursOfWeek], k.rows(i)
		hour.n += int64(len(rows))
		k.to.reset()
		k.to.plain = append(k.to.plain, hour.ready())
		k.addBlock(&blocks[cell/groundtruth.HoursOfWeek], rows)
	}
}

// timeCells numbers the pairs of a block and an hour that the piece has, and sets cellOf to the
// number of each row. It reports false where there are none, or too many; and where rows have
// weights, since those of weight 0 have no errors in blocks.
func (k *errorKernel) timeCells() (cells []int, together bool) {
	if k.blockOf == nil || k.hourOf == nil || k.piece.weights != nil {
		return nil, false
	}
	k.cellOf = zeroed(k.cellOf, len(k.blockOf))
	k.times.begin(NumBlocks * groundtruth.HoursOfWeek)
	for row, block := range k.blockOf {
		k.cellOf[row] = k.times.numberOf(int(block)*groundtruth.HoursOfWeek + int(k.hourOf[row]))
	}
	k.times.end()
	cells = k.times.seen
	return cells, len(cells)*cellRows <= len(k.blockOf)
}

// setErrors computes the errors of the piece's rows, for addPlain.
func (k *errorKernel) setErrors() {
	labels := k.piece.labels
	predictions := k.piece.predictions[:len(labels)]
	k.errorOf = slices.Grow(k.errorOf[:0], len(labels))[:len(labels)]
	for row, y := range labels {
		k.errorOf[row] = predictions[row] - y
	}
}

// addPlain adds each of the piece's rows to one of these sums, by its number.
func (k *errorKernel) addPlain(sumsOf []int32, to []plainSums) {
	k.group(sumsOf, len(to))
	for i := range to {
		if rows := k.rows(i); len(rows) > 0 {
			to[i].n += int64(len(rows))
			for run := range slices.Chunk(rows, runRows) {
				k.addPlainRun(run, to[i].ready())
			}
		}
	}
}

// addPlainRun adds the rows of a run.
func (k *errorKernel) addPlainRun(run []int32, sums []exact.Sum) {
	k.n = len(run)
	e, abs := k.errors.e[:k.padded()], k.errors.abs[:k.padded()]
	for j, row := range run {
		e[j] = k.errorOf[row]
	}
	clear(e[k.n:])
	for j, x := range e {
		abs[j] = math.Abs(x)
	}
	greatest := greatestOf(e)
	k.addProducts(&sums[SumE], e, nil, greatest)
	k.addProducts(&sums[SumAbsE], abs, nil, greatest)
	k.addProducts(&sums[SumE2], e, e, float64(greatest*greatest))
}

// addProducts adds the products of a run's rows to a sum.
func (k *errorKernel) addProducts(sum *exact.Sum, xs, ys []float64, greatest float64) {
	products := k.last[:len(xs)]
	parts, ok := exact.Products(products, xs, ys, k.rests[:len(xs)], greatest)
	if ok {
		sum.AddParts(&parts)
		return
	}
	for _, x := range products {
		sum.Add(x)
	}
}
