package drift

import (
	"fmt"
	"math"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// evidence is how much a measure has to judge a column by. Compare makes one for each
// measure, and judge asks it what more would decide.
type evidence struct {
	refRows, rows int64 // that the measure counts: all, or those with a value
	window        int64 // all rows of the window
	minRows       int64 // fewer on either side are not judged
	squared       bool  // the measure grows with the square of a difference, and so does its floor
}

// enough reports whether there are rows enough on both sides to be judged.
func (e evidence) enough() bool { return e.rows >= e.minRows && e.refRows >= e.minRows }

// Beyond these bounds the number of rows that is needed is not named, for the floor's law
// is that of many rows, and the larger the step, the less it holds.
const (
	farthest  = 20   // times what there is
	neverFrom = 4    // times the rows of the reference: that is what is too small then
	margin    = 1.05 // for the floor of other rows, which is a little different
)

// needs returns about how many rows a window needs for the measure's floor to come down to
// the threshold, and where no number would do, for the reference is too small, about how
// many both of them need. Either is 0 where it cannot be told.
//
// The floor of a distance falls as sqrt(1/n + 1/m) with the sizes of the samples, and that of
// a measure that grows with the square of a difference as 1/n + 1/m.
func (e evidence) needs(floor, threshold float64) (window, both int64) {
	n, m := float64(e.refRows), float64(e.rows)
	if floor <= threshold {
		return e.ofWindow(0), 0
	}
	fall := threshold / floor
	if !e.squared {
		fall = float64(fall * fall)
	}
	left := float64(fall * (1/n + 1/m)) // what 1/n + 1/m has to come down to
	if rest := left - 1/n; rest > 1/(neverFrom*n) {
		if rows := 1 / rest; rows <= farthest*m {
			return e.ofWindow(rows), 0
		}
		return 0, 0
	}
	if fall >= 1.0/farthest {
		return 0, stat.RoundUp(margin * 2 / left)
	}
	return 0, 0
}

// ofWindow returns the rows of a window of which so many count for the measure.
func (e evidence) ofWindow(counted float64) int64 {
	all := float64(e.window) / float64(e.rows)
	return max(stat.RoundUp(float64(margin*counted*all)), int64(math.Ceil(float64(e.minRows)*all)))
}

// lacks says in words why a floor above the threshold leaves the measure undecided, and what
// would decide it.
func (e evidence) lacks(floor, threshold float64) string {
	why := fmt.Sprintf("noise floor %.3g exceeds threshold %.3g: ", floor, threshold)
	switch window, both := e.needs(floor, threshold); {
	case window > 0:
		return why + fmt.Sprintf("needs about %d rows, there are %d", window, e.window)
	case both > 0:
		return why + fmt.Sprintf("needs about %d rows in the window and in the reference, there are %d and %d", both, e.rows, e.refRows)
	}
	return why + "far too few rows to tell"
}
