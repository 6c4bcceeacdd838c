package estimate

import (
	"math"
	"sort"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// Calibration says how a reference's scores were made probabilities.
type Calibration struct {
	Rows    int64 `json:"rows"`    // of the reference, with score and label
	Applied bool  `json:"applied"` // whether scores are calibrated; they are taken as they stand where that is no worse
	// Before and After are the calibration errors of scores as they stand and calibrated, on rows
	// that the calibration has not seen. They hold what chance makes of rows so few, which is the
	// same of both. They are null where there are too few rows to tell.
	Before stat.Number `json:"error_before"`
	After  stat.Number `json:"error_after"`

	curve curve
}

// folds is into how many parts a reference is dealt, each of which tests what the others make of
// it, and foldBins how many bins of the score its calibration error has.
const (
	folds    = 10
	foldBins = 10
)

// leastToCompare is how many rows of a reference tell whether calibration helps: each bin of
// each part then has ten.
const leastToCompare = 10 * folds * foldBins

// labelled counts the rows of one score.
type labelled struct {
	score       float64
	n, positive int64
}

// rate returns the share of positive rows.
func (l labelled) rate() float64 { return float64(l.positive) / float64(l.n) }

// labelledCells counts a reference's rows by score, in ascending order.
func labelledCells(cells []summary.ScoreCell) []labelled {
	var out []labelled
	for _, c := range cells {
		positive := c.Mass[1][0].N + c.Mass[1][1].N
		n := positive + c.Mass[0][0].N + c.Mass[0][1].N
		switch last := len(out) - 1; {
		case n == 0:
		case last >= 0 && out[last].score == c.Score:
			out[last].n, out[last].positive = out[last].n+n, out[last].positive+positive
		default:
			out = append(out, labelled{c.Score, n, positive})
		}
	}
	return out
}

// calibrate learns of a reference's rows what scores are worth. There is at least one row.
func calibrate(cells []labelled) *Calibration {
	c := &Calibration{curve: fit(cells), Before: stat.Number(math.NaN()), After: stat.Number(math.NaN())}
	var positive int64
	for _, cell := range cells {
		c.Rows, positive = c.Rows+cell.n, positive+cell.positive
	}
	switch {
	case positive == 0 || positive == c.Rows:
		// One class tells nothing of the other's scores.
	case c.Rows < leastToCompare:
		c.Applied = true
	default:
		before, after := calibrationErrors(cells)
		c.Before, c.After, c.Applied = stat.Number(before), stat.Number(after), after < before
	}
	return c
}

// A curve is an isotonic regression: of all functions of the score that never fall, the one
// closest to the labels. It is constant within blocks of neighbouring scores, linear between one
// block and the next, and beyond the outermost ones as these are.
type curve struct {
	score  []float64 // ascending
	block  []int     // of the score
	blocks []labelled
}

// fit makes a curve by pooling neighbours that are in the wrong order (Ayer and others, An
// empirical distribution function for sampling with incomplete information, Annals of
// Mathematical Statistics 26, 1955). Cells ascend by score.
func fit(cells []labelled) curve {
	var c curve
	var ends []int // of the blocks
	for i, cell := range cells {
		c.score = append(c.score, cell.score)
		c.blocks, ends = append(c.blocks, cell), append(ends, i+1)
		for last := len(c.blocks) - 1; last > 0 && c.blocks[last-1].rate() >= c.blocks[last].rate(); last-- {
			c.blocks[last-1].n += c.blocks[last].n
			c.blocks[last-1].positive += c.blocks[last].positive
			ends[last-1] = ends[last]
			c.blocks, ends = c.blocks[:last], ends[:last]
		}
	}
	for b, end := range ends {
		for len(c.block) < end {
			c.block = append(c.block, b)
		}
	}
	return c
}

// place is where a score lies on a curve: at share of the way from one block to another.
type place struct {
	from, to int
	share    float64
}

// find returns the place of a score.
func (c *curve) find(score float64) place {
	i := sort.SearchFloat64s(c.score, score)
	switch {
	case i == len(c.score):
		i--
		fallthrough
	case i == 0 || c.score[i] == score:
		return place{from: c.block[i], to: c.block[i]}
	}
	low, high := c.score[i-1], c.score[i]
	return place{c.block[i-1], c.block[i], (score - low) / (high - low)}
}

// at returns the value at a place.
func (c *curve) at(p place) float64 {
	from, to := c.blocks[p.from].rate(), c.blocks[p.to].rate()
	return from + float64(p.share*(to-from))
}

// calibrationErrors returns the mean calibration error of scores as they stand and of what a
// curve of the other parts makes of them, over the parts of a reference.
func calibrationErrors(cells []labelled) (before, after float64) {
	parts := deal(cells)
	for _, part := range parts {
		rest := make([]labelled, 0, len(cells))
		var tested []labelled
		for i, cell := range cells {
			if part[i].n > 0 {
				tested = append(tested, part[i])
			}
			if n := cell.n - part[i].n; n > 0 {
				rest = append(rest, labelled{cell.score, n, cell.positive - part[i].positive})
			}
		}
		c := fit(rest)
		before += calibrationError(tested, func(score float64) float64 { return score })
		after += calibrationError(tested, func(score float64) float64 { return c.at(c.find(score)) })
	}
	return before / folds, after / folds
}

// calibrationError returns the mean distance of the share of positive rows from the mean
// probability, over bins of as many rows each; rows of one score are in one bin.
func calibrationError(cells []labelled, probability func(score float64) float64) float64 {
	var n, seen int64
	for _, c := range cells {
		n += c.n
	}
	var excess, sum float64
	for i, c := range cells {
		seen += c.n
		excess += float64(float64(c.n)*probability(c.score)) - float64(c.positive)
		if bin := seen * foldBins / n; i == len(cells)-1 || bin > (seen-c.n)*foldBins/n {
			sum += math.Abs(excess)
			excess = 0
		}
	}
	return sum / float64(n)
}

// deal deals rows to parts at random, always in the same way: what a part gets of the rows of a
// score and label is the normal approximation of a binomial number.
func deal(cells []labelled) [folds][]labelled {
	var parts [folds][]labelled
	for f := range parts {
		parts[f] = make([]labelled, len(cells))
	}
	draws := uint64(0)
	for i, cell := range cells {
		left := [2]int64{cell.n - cell.positive, cell.positive}
		for f := range parts {
			parts[f][i].score = cell.score
			for label, rows := range left {
				taken := rows
				if among := float64(folds - f); among > 1 && rows > 0 {
					mean := float64(rows) / among
					sd := math.Sqrt(float64(mean * (1 - 1/among)))
					draws++
					taken = int64(min(max(math.Round(mean+float64(sd*portable.NormalQuantile(uniform(draws)))), 0), float64(rows)))
				}
				left[label] -= taken
				parts[f][i].n += taken
				if label == 1 {
					parts[f][i].positive += taken
				}
			}
		}
	}
	return parts
}

// uniform returns a number between 0 and 1, both excluded, that looks random in i: SplitMix64
// (Steele, Lea, Flood, OOPSLA 2014).
func uniform(i uint64) float64 {
	z := i * 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64((float64(z>>12) + 0.5) / (1 << 52))
}

// variances returns the variance of each block's share of positive rows. Half a row is added of
// either class, so that a share of 0 or 1 isn't taken for certain.
func (c *curve) variances() []float64 {
	out := make([]float64, len(c.blocks))
	for i, b := range c.blocks {
		n := float64(b.n)
		p := (float64(b.positive) + 0.5) / (n + 1)
		out[i] = float64(p*(1-p)) / n
	}
	return out
}
