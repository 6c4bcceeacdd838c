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

// needs returns about how many rows a window needs for what chance hides to come down to
// so much, and where no number would do, for the reference is too small, about how
// many both of them need. Either is 0 where it cannot be told.
//
// What chance makes of a distance falls as sqrt(1/n + 1/m) with the sizes of the samples, and that of
// a measure that grows with the square of a difference as 1/n + 1/m.
func (e evidence) needs(hidden, to float64) (window, both int64) {
	n, m := float64(e.refRows), float64(e.rows)
	if hidden <= to {
		return e.ofWindow(0), 0
	}
	fall := to / hidden
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

// lacks says in words why a measure that does not show drift below seen is undecided, and what
// would decide it.
func (e evidence) lacks(seen, threshold float64) string {
	if math.IsInf(seen, 1) { // one side got no rows in too many draws
		return "chance alone hides any drift: far too few rows to tell"
	}
	why := fmt.Sprintf("chance alone hides drift up to %.3g, more than twice the threshold %.3g: ", seen, threshold)
	switch window, both := e.needs(seen, float64(undecidedBeyond*threshold)); {
	case window > 0:
		return why + fmt.Sprintf("needs about %d rows, there are %d", window, e.window)
	case both > 0:
		return why + fmt.Sprintf("needs about %d rows in the window and in the reference, there are %d and %d", both, e.rows, e.refRows)
	}
	return why + "far too few rows to tell"
}
