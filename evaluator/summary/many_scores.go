package summary

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/portable"
)

// Losses are what the probabilities of a row of Multiclass cost, and are means over rows.
const (
	LogLoss    = iota // -log of the probability of the actual class
	BrierScore        // the sum over classes of the squared distance from 1 of the actual class, and 0 of others
	numLosses
)

// LeastScore is the probability that LogLoss takes a lesser one for; and of more than 1 less
// that it takes this.
const LeastScore = 1e-15

const (
	// oneVsRestBytes bounds the scores of all matched rows by class, and those of all predictions;
	// groupOneVsRestBytes those of a
	// version or segment.
	oneVsRestBytes      = 15 << 20
	groupOneVsRestBytes = 1 << 20
	scoreBinBytes       = binSize + recentSize
	scoreSlotBytes      = 2 * (slotSize + 8*classCells) // of which half are free
	widestDrop          = fineBits - 1                  // an octave has two bins
)

// lossSums are exact sums over rows of one loss, the powers of it without weights.
type lossSums struct {
	powers   [4]wide
	weighted [3]wide // weight times loss, weight squared times loss, and times loss squared
}

// manyScores is what is kept of the probabilities of rows of Multiclass.
type manyScores struct {
	weighted bool
	// tables have, for each class that has probabilities, all rows by the probability of it:
	// whether it is the actual class, and whether it is the predicted one. They are nil where
	// there are too many classes.
	tables []*scoreTable
	// confidence has the rows by the probability of the predicted class, where it has one: the
	// actual class is 1 where the prediction is right.
	confidence *scoreTable
	// ranks count the rows by how many classes are as probable as the actual one or more, it
	// included; 0 are rows whose class has no probability.
	ranks       []int64
	rankWeights []weight // nil without weights
	losses      [numLosses]lossSums
}

// newManyScores returns the scores of no rows with probabilities of so many classes, of the whole
// or of a group. It is nil where there are none.
func newManyScores(classes int, whole bool) *manyScores {
	if classes == 0 {
		return nil
	}
	bytes := groupOneVsRestBytes
	if whole {
		bytes = oneVsRestBytes
	}
	s := &manyScores{confidence: newScoreTable(whole), ranks: make([]int64, classes+1)}
	if drop, ok := dropOf(classes, bytes); ok {
		s.tables = make([]*scoreTable, classes)
		most := s.confidence.limit
		for i := range s.tables {
			s.tables[i] = &scoreTable{limit: min(max(bytes/classes/scoreSlotBytes, 16), most), drop: max(drop, s.confidence.drop)}
		}
	}
	return s
}

// fresh returns the scores of no rows that those of s can be merged into.
func (s *manyScores) fresh() *manyScores {
	out := &manyScores{confidence: s.confidence.fresh(), ranks: make([]int64, len(s.ranks))}
	for _, t := range s.tables {
		out.tables = append(out.tables, t.fresh())
	}
	return out
}

// dropOf returns by how many powers of 2 bins are to be wider so that the tables of so many
// classes have room, and false where they never have.
func dropOf(classes, bytes int) (drop uint, ok bool) {
	for classes*(2*octavesOfSide*fineInOctave>>drop)*scoreBinBytes > bytes {
		if drop++; drop > widestDrop {
			return 0, false
		}
	}
	return drop, true
}

// weigh has the rows so far count 1 each where weights come in.
func (s *manyScores) weigh() {
	if s.weighted {
		return
	}
	s.weighted = true
	s.rankWeights = unitWeights(s.ranks)
	for k := range s.losses {
		l := &s.losses[k]
		l.weighted = [3]wide{l.powers[0], l.powers[0], l.powers[1]}
	}
	s.confidence.weigh()
	for _, t := range s.tables {
		t.weigh()
	}
}

// mergeFrom adds what o has of the same classes.
func (s *manyScores) mergeFrom(o *manyScores) {
	if o.weighted {
		s.weigh()
	}
	s.confidence.mergeFrom(o.confidence)
	for i := range s.tables {
		s.tables[i].mergeFrom(o.tables[i])
	}
	ranks := o.rankWeights
	if s.weighted && ranks == nil {
		ranks = unitWeights(o.ranks)
	}
	for i, n := range o.ranks {
		s.ranks[i] += n
		if s.weighted {
			s.rankWeights[i].add(ranks[i])
		}
	}
	for k := range s.losses {
		l, from := &s.losses[k], o.losses[k]
		if !o.weighted {
			from.weighted = [3]wide{from.powers[0], from.powers[0], from.powers[1]}
		}
		for i := range l.powers {
			l.powers[i].add(from.powers[i])
		}
		for i := range l.weighted {
			if s.weighted {
				l.weighted[i].add(from.weighted[i])
			}
		}
	}
}

// settle makes the tables' recent rows readable; nil has none.
func (s *manyScores) settle() {
	if s == nil {
		return
	}
	s.confidence.seal()
	for _, t := range s.tables {
		t.seal()
	}
}

// add adds the loss of a row.
func (l *lossSums) add(loss float64) {
	squared := float64(loss * loss)
	l.powers[0].add(wideOf(loss))
	l.powers[1].add(wideOf(squared))
	l.powers[2].add(wideOf(float64(squared * loss)))
	l.powers[3].add(wideOf(float64(squared * squared)))
}

// addWeighted adds it with the row's weight.
func (l *lossSums) addWeighted(loss, w float64) {
	squared := float64(w * w)
	l.weighted[0].add(wideOf(float64(w * loss)))
	l.weighted[1].add(wideOf(float64(squared * loss)))
	l.weighted[2].add(wideOf(float64(float64(squared*loss) * loss)))
}

// logLoss returns the loss of a row whose actual class has that probability.
func logLoss(score float64) float64 {
	return -portable.Log(math.Min(math.Max(score, LeastScore), 1-LeastScore))
}

// bytes returns roughly how much memory the scores take.
func (s *manyScores) bytes() int64 {
	n := s.confidence.bytes() + int64(len(s.ranks))*8 + int64(len(s.rankWeights))*48
	for _, t := range s.tables {
		n += t.bytes()
	}
	return n
}
