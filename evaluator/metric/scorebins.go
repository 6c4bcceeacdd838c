package metric

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// ScoreBin counts the rows whose scores are in one of some bins of equal width. A score between two
// bins is in the one that is nearer to 1/2.
type ScoreBin struct {
	Low, High          float64
	Negative, Positive int64 // rows by their label, or by whether they are of the class; weights count nowhere
}

// mostScoreBins is how many bins scores have where rows are many. It is a power of 2, so that
// bins end where those of a Summary do.
const mostScoreBins = 32

// ScoreBinsOf counts rows by ascending score. There are fewer bins of few rows: at most twice the
// cube root of their number. It is nil without rows.
func ScoreBinsOf(cells []summary.ScoreCell) []ScoreBin {
	var n int64
	for i := range cells {
		n += allOf(&cells[i]).N
	}
	if n == 0 {
		return nil
	}
	return scoreBins(cells, scoreBinsFor(n))
}

// ScoreBinsAlike does the same of two samples on the same bins, as many as the smaller one is
// enough for. Either may be empty, and has bins without rows then.
func ScoreBinsAlike(a, b []summary.ScoreCell) (binsA, binsB []ScoreBin) {
	var least int64
	for _, cells := range [2][]summary.ScoreCell{a, b} {
		var n int64
		for i := range cells {
			n += allOf(&cells[i]).N
		}
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	bins := scoreBinsFor(least)
	return scoreBins(a, bins), scoreBins(b, bins)
}

// scoreBinsFor returns how many bins so many rows are enough for.
func scoreBinsFor(n int64) int {
	bins := int64(mostScoreBins)
	for bins > 8 && bins*bins*bins > 8*n {
		bins /= 2
	}
	return int(bins)
}

func scoreBins(cells []summary.ScoreCell, bins int) []ScoreBin {
	out := make([]ScoreBin, bins)
	for i := range out {
		out[i].Low, out[i].High = float64(i)/float64(bins), float64(i+1)/float64(bins)
	}
	for i := range cells {
		at := float64(cells[i].Score * float64(bins))
		k := int(at)
		if cells[i].Score > 0.5 {
			k = int(math.Ceil(at)) - 1
		}
		b := &out[min(max(k, 0), bins-1)]
		for predicted := range 2 {
			b.Negative += cells[i].Mass[0][predicted].N
			b.Positive += cells[i].Mass[1][predicted].N
		}
	}
	return out
}
