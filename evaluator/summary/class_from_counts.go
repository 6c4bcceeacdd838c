package summary

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// ScoreCount counts rows of a binary classifier that have one score, by actual and predicted
// class, 1 being the positive one. Rows without a score have any score.
type ScoreCount struct {
	Score float64
	N     [2][2]int64
}

// ClassCounts counts matched rows of a binary classifier, which have no weights.
type ClassCounts struct {
	Scores []ScoreCount
	Blocks [][]ScoreCount // of all rows alone: as Scores, by time block
}

// addScores counts rows by their scores.
func (c *classCounts) addScores(from []ScoreCount) error {
	for _, s := range from {
		n, err := s.cells()
		if err != nil {
			return err
		}
		if c.scores == nil {
			addCounts((*[classCells]int64)(c.whole.n), &n)
		} else {
			c.scores.addScore(math.Float64bits(s.Score)&^signBit, &n, nil)
		}
	}
	return nil
}

// cells returns the rows by class.
func (s ScoreCount) cells() (n [classCells]int64, err error) {
	n = [classCells]int64{s.N[0][0], s.N[0][1], s.N[1][0], s.N[1][1]}
	if !(s.Score >= 0 && s.Score <= 1) || slices.Min(n[:]) < 0 || slices.Max(n[:]) == 0 {
		return n, fmt.Errorf("%v rows of the score %v, want scores from 0 to 1 and rows", s.N, s.Score)
	}
	return n, nil
}

// setClasses sets the counts of no rows of a binary classifier.
func (e *ErrorSums) setClasses(from *ErrorCounts) error {
	c := e.classes
	if from.Classes == nil || len(from.Sums)+len(from.Abs)+len(from.Blocks) > 0 {
		return errors.New("a binary classifier has counts by class, and no sums of errors")
	}
	if n := len(from.Classes.Blocks); n != 0 && n != len(c.blocks) {
		return fmt.Errorf("%d time blocks, want 0 or %d", n, len(c.blocks))
	}
	if n := len(from.ByBlock); n != 0 && n != len(e.byBlock) {
		return fmt.Errorf("rows of %d time blocks, want 0 or %d", n, len(e.byBlock))
	}
	e.n, e.timeless, e.byBlock = from.N, from.Timeless, slices.Clone(from.ByBlock)
	if err := c.addScores(from.Classes.Scores); err != nil {
		return err
	}
	for b, scores := range from.Classes.Blocks {
		for _, s := range scores {
			n, err := s.cells()
			if err != nil {
				return fmt.Errorf("time block %d: %w", b, err)
			}
			c.blocks[b].room(c.Coarse())
			at := c.CoarseOf(s.Score) * classCells
			addCounts((*[classCells]int64)(c.blocks[b].n[at:]), &n)
		}
	}
	return nil
}
