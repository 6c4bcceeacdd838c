package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// calibrationBins is how many bins of equal size ece has.
const calibrationBins = 10

// leastOverChance is how many times what chance makes of a model whose scores are right ece has to
// be for its interval to begin above 0.
const leastOverChance = 2

// muchByChance is from what ece on of a model whose scores are right people are told of it.
const muchByChance = 0.01

// CalibrationBin tells of the rows with some scores how often their label is positive, beside
// the score, which says how often it should be.
type CalibrationBin struct {
	Low   stat.Number `json:"low"`  // the least of the scores
	High  stat.Number `json:"high"` // and the greatest
	N     int64       `json:"n"`
	Score stat.Number `json:"score"` // the mean score
	Rate  stat.Number `json:"rate"`  // the share of rows whose label is positive

	weight      float64
	first, next int // its cells: from first on, before next
}

// Calibration returns the bins of ece by ascending score, nil of a regression, without scores and
// without rows.
func Calibration(e *summary.ErrorSums) []CalibrationBin {
	c := e.Classes()
	if c == nil || e.N() == 0 {
		return nil
	}
	return CalibrationOf(c.Scores())
}

// CalibrationOf returns the bins of ece of rows by ascending score, nil without any. It deals cells of ascending score to bins. The cell with the share c of the weight
// before it is in bin k, counted from 0, where c is above k/10 (n-1)/n and not above the same for
// k+1: which has rows of a score that isn't one of the quantiles
// 0.1, 0.2 ... 0.9 as numpy interpolates them between the two, and those of one that is in the bin
// that ends with it. So equal scores are never split. Bins without rows are left out.
func CalibrationOf(cells []summary.ScoreCell) []CalibrationBin {
	var n int64
	total := 0.0
	for i := range cells {
		all := allOf(&cells[i])
		n += all.N
		total += all.W
	}
	if total == 0 {
		return nil
	}
	var out []CalibrationBin
	before, at := 0.0, -1
	for i := range cells {
		c := &cells[i]
		bin := 0
		for k := 1; k < calibrationBins; k++ {
			if float64(calibrationBins*before)*float64(n) > float64(k)*total*float64(n-1) {
				bin = k
			}
		}
		if bin != at {
			out = append(out, CalibrationBin{Low: stat.Number(c.Low), first: i})
			at = bin
		}
		b := &out[len(out)-1]
		all := allOf(c)
		_, positive := byLabel(c)
		b.High, b.next = stat.Number(c.High), i+1
		b.N += all.N
		b.weight += all.W
		b.Score += stat.Number(c.Score * all.W)
		b.Rate += stat.Number(positive)
		before += all.W
	}
	for i := range out {
		out[i].Score /= stat.Number(out[i].weight)
		out[i].Rate /= stat.Number(out[i].weight)
	}
	return out
}

// allOf returns all rows of a cell.
func allOf(c *summary.ScoreCell) summary.Mass {
	return sum(c.Mass[0][0], c.Mass[0][1], c.Mass[1][0], c.Mass[1][1])
}

// calibrationError is ece = sum over bins of their share of rows times |rate - mean score|, from 0
// to 1: the expected calibration error, of at most 10 bins (CalibrationOf). Chance makes it of few
// rows greater than it is of many, as a rate differs from the mean score either way, and each
// difference counts. The influence of a row is that of the mean of the bins' differences, each
// with the sign that it has. Where it isn't twice what chance makes of right scores, its interval
// begins at 0.
func calibrationError(r *binaryRows) figure {
	if r.cells == nil {
		return figure{missing: noScore}
	}
	f := figure{influence: make(influence, len(r.cells)), of: r.all}
	off, chance := 0.0, 0.0
	for _, b := range CalibrationOf(r.cells) {
		difference := float64(b.Rate - b.Score)
		f.value += float64(b.weight * math.Abs(difference))
		variance := 0.0
		for i := b.first; i < b.next; i++ {
			c := &r.cells[i]
			for label := range 2 {
				u := float64(label) - c.Score
				if difference < 0 {
					u = -u
				}
				f.influence[i][label] = [2]float64{u, u}
			}
			variance += float64(allOf(c).W2 * c.Score * (1 - c.Score))
		}
		// The mean of the absolute value of a normal number is sqrt(2/pi) of its deviation.
		chance += math.Sqrt(2 / math.Pi * variance)
		if last := &r.cells[b.next-1]; last.Low < last.High {
			// The bin would end somewhere within this one, and the next begin there.
			off += float64(2 * allOf(last).W)
		}
	}
	f.value /= r.all.W
	f.bound = off / r.all.W
	f.influence.center(f.value)
	chance /= r.all.W
	f.byChance = f.value < float64(leastOverChance*chance)
	if f.byChance && chance > muchByChance {
		f.note = "so few rows of a model whose scores are right would show about " + stat.Figure(math.Round(1e4*chance)/1e4)
	}
	return f
}
