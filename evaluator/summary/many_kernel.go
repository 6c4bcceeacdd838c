package summary

import (
	"cmp"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// manyKernel counts rows of Multiclass, a piece at a time: texts are looked up once for all rows
// of a piece, and what the probabilities of a row come to is computed once for all groups that
// it is in.
type manyKernel struct {
	rowOrder
	codes  codeNumbers
	number map[string]int32
	names  []string // the piece's classes, by number

	actual, predicted []int32 // by row: the number of its class; actual is nil of predictions alone
	weights           []float64

	// Of a group: the slots of the classes, by number, and which numbers its rows have.
	slots []int32
	seen  []bool
	used  []int32

	scored []string // the classes that have probabilities
	later  []int    // by class of these: its place in name order
	index  map[string]int32
	of     []int32     // by number: which of these it is, -1 for none
	scores [][]float64 // by class, and there by row of the piece
	losses [numLosses][]float64
	rank   []int32
	picked struct { // rows for a table
		piece           scorePiece
		scores, weights []float64
	}
	all []int32 // the numbers of all rows
}

// newManyKernel returns the kernel of rows with probabilities of these classes.
func newManyKernel(scored []string) *manyKernel {
	k := &manyKernel{number: map[string]int32{}, scored: scored, later: make([]int, len(scored)), index: map[string]int32{}}
	byName := make([]int, len(scored))
	for i, name := range scored {
		k.index[name], byName[i] = int32(i), i
	}
	slices.SortFunc(byName, func(a, b int) int { return cmp.Compare(scored[a], scored[b]) })
	for place, i := range byName {
		k.later[i] = place
	}
	return k
}

// load takes the rows from one to before another of matches, or of a batch whose labels are nil.
func (k *manyKernel) load(predicted, labels *groundtruth.Column, scores [][]float64, weights []float64, from, to int) {
	clear(k.number)
	k.names, k.of = k.names[:0], k.of[:0]
	k.predicted = k.numbers(k.predicted, predicted, from, to)
	k.actual = k.actual[:0]
	if labels != nil {
		k.actual = k.numbers(k.actual, labels, from, to)
	}
	k.weights = nil
	if weights != nil {
		k.weights = weights[from:to]
	}
	k.slots = slices.Grow(k.slots[:0], len(k.names))[:len(k.names)]
	k.seen = slices.Grow(k.seen[:0], len(k.names))[:len(k.names)]
	clear(k.seen)
	for len(k.all) < to-from {
		k.all = append(k.all, int32(len(k.all)))
	}
	k.scores = k.scores[:0]
	for _, of := range scores {
		k.scores = append(k.scores, of[from:to])
	}
	if len(k.scores) > 0 && labels != nil {
		k.loss()
	}
}

// numbers returns the numbers of the classes of a column's rows.
func (k *manyKernel) numbers(out []int32, col *groundtruth.Column, from, to int) []int32 {
	out = slices.Grow(out[:0], to-from)[:to-from]
	k.codes.begin(len(col.Dict))
	for i := range out {
		out[i] = k.codes.numberOf(int(col.Codes[from+i]))
	}
	numbers := make([]int32, len(k.codes.seen))
	for i, code := range k.codes.seen {
		name := col.Dict[code]
		number, ok := k.number[name]
		if !ok {
			number = int32(len(k.names))
			k.number[name] = number
			k.names = append(k.names, name)
			of, scored := k.index[name]
			if !scored {
				of = -1
			}
			k.of = append(k.of, of)
		}
		numbers[i] = number
	}
	k.codes.end()
	for i, at := range out {
		out[i] = numbers[at]
	}
	return out
}

// loss computes what the probabilities of each row cost, and the rank of its actual class. Of
// classes that are as probable as the actual one, those that come after it by name are before it
// in rank, as scikit-learn's top_k_accuracy_score has it.
func (k *manyKernel) loss() {
	n := len(k.actual)
	for i := range k.losses {
		k.losses[i] = slices.Grow(k.losses[i][:0], n)[:n]
	}
	k.rank = slices.Grow(k.rank[:0], n)[:n]
	for row, number := range k.actual {
		of := k.of[number]
		actual, rank, brier := 0.0, int32(0), 0.0
		if of >= 0 {
			actual, rank = k.scores[of][row], 1
		}
		for i, scores := range k.scores {
			s := scores[row]
			if int32(i) == of {
				brier += float64((1 - s) * (1 - s))
				continue
			}
			brier += float64(s * s)
			if of >= 0 && (s > actual || s == actual && k.later[i] > k.later[of]) {
				rank++
			}
		}
		if of < 0 {
			brier++ // the class has no probability, which is one of 0
		}
		k.losses[LogLoss][row], k.losses[BrierScore][row], k.rank[row] = logLoss(actual), brier, rank
	}
}

// add adds some of the piece's rows to a group, and to its blocks where these are told by row.
func (k *manyKernel) add(c *manyClasses, rows, blockOf []int32) {
	if k.weights != nil {
		c.weigh()
	}
	c.order = nil
	k.findSlots(c, rows)
	for _, row := range rows {
		w := unitWeight(0)
		if c.weighted {
			w = rowWeight(k.weights, row)
		}
		k.addRow(c, row, 0, w)
		if blockOf != nil {
			k.addRow(c, row, 1+int(blockOf[row]), w)
		}
		if !c.noCells {
			c.rows[k.slots[k.actual[row]]].addCell(k.slots[k.predicted[row]], 1, w, c.weighted)
		}
	}
	if c.scores != nil && len(k.scores) > 0 {
		k.addScores(c.scores, rows)
	}
}

// findSlots sets the slots of the classes of some rows. The first round makes them; since one may
// fold another, the second finds where each ended up.
func (k *manyKernel) findSlots(c *manyClasses, rows []int32) {
	k.used = k.used[:0]
	for _, numbers := range [][]int32{k.actual, k.predicted} {
		for _, row := range rows {
			if number := numbers[row]; !k.seen[number] {
				k.seen[number] = true
				k.used = append(k.used, number)
				c.slotOf(k.names[number])
			}
		}
	}
	for _, number := range k.used {
		k.seen[number] = false
		slot := c.slots[k.names[number]] // 0 where it is folded
		k.slots[number] = slot
		c.row(slot)
	}
}

// addRow counts a row in a part.
func (k *manyKernel) addRow(c *manyClasses, row int32, part int, w weight) {
	actual, predicted := k.actual[row], k.predicted[row]
	c.count(k.slots[actual], part, actualRows, w)
	c.count(k.slots[predicted], part, predictedRows, w)
	if actual == predicted {
		c.count(k.slots[actual], part, correctRows, w)
	}
	p := &c.parts[part]
	p.n++
	p.weight.add(w)
	if len(k.scores) > 0 {
		for i := range p.losses {
			loss := k.losses[i][row]
			if k.weights != nil {
				loss = float64(loss * k.weights[row])
			}
			p.losses[i].add(wideOf(loss))
		}
	}
}

// count counts a row of a slot.
func (c *manyClasses) count(slot int32, part, margin int, w weight) {
	r := &c.rows[slot]
	at := part*classMargins + margin
	r.n[at]++
	if c.weighted {
		r.weights[at].add(w)
	}
}

// addScores adds the probabilities of some rows.
func (k *manyKernel) addScores(s *manyScores, rows []int32) {
	if k.weights != nil {
		s.weigh()
	}
	for _, row := range rows {
		s.ranks[k.rank[row]]++
		if s.weighted {
			s.rankWeights[k.rank[row]].add(rowWeight(k.weights, row))
		}
		for i := range s.losses {
			s.losses[i].add(k.losses[i][row])
			if s.weighted {
				w := 1.0
				if k.weights != nil {
					w = k.weights[row]
				}
				s.losses[i].addWeighted(k.losses[i][row], w)
			}
		}
	}
	k.addTables(s, rows)
}

// addTables adds rows to the tables of scores. Those of predictions alone are of no actual class.
func (k *manyKernel) addTables(s *manyScores, rows []int32) {
	for i, t := range s.tables {
		for _, row := range rows {
			class := uint8(one(k.of[k.predicted[row]] == int32(i)))
			if len(k.actual) > 0 {
				class |= uint8(one(k.of[k.actual[row]] == int32(i))) << 1
			}
			k.pick(row, k.scores[i][row], class)
		}
		k.addPicked(t)
	}
	for _, row := range rows {
		of := k.of[k.predicted[row]]
		if of < 0 {
			continue
		}
		class := uint8(0)
		if len(k.actual) > 0 {
			class = uint8(one(k.actual[row] == k.predicted[row])) << 1
		}
		k.pick(row, k.scores[of][row], class)
	}
	k.addPicked(s.confidence)
}

// pick takes a row for a table.
func (k *manyKernel) pick(row int32, score float64, class uint8) {
	p := &k.picked
	p.scores, p.piece.classes = append(p.scores, score), append(p.piece.classes, class)
	if k.weights != nil {
		p.weights = append(p.weights, k.weights[row])
	}
}

// addPicked adds the rows that were picked to a table.
func (k *manyKernel) addPicked(t *scoreTable) {
	p := &k.picked
	p.piece.load(p.scores)
	if p.piece.weights = nil; k.weights != nil {
		p.piece.weights = p.weights
	}
	t.add(&p.piece, k.all[:len(p.scores)])
	p.scores, p.weights, p.piece.classes = p.scores[:0], p.weights[:0], p.piece.classes[:0]
}

// right reports whether the class of a row was predicted.
func (k *manyKernel) right(row int) bool { return k.actual[row] == k.predicted[row] }

// addPredictions counts a batch of predictions, with and without a label.
func (k *manyKernel) addPredictions(p *manyPredictions, b *groundtruth.Batch) {
	for from := 0; from < b.Len; from += kernelRows {
		to := min(from+kernelRows, b.Len)
		k.load(&b.Class, nil, b.Scores, nil, from, to)
		for _, number := range k.predicted {
			p.classes.get(k.names[number]).n++
		}
		if p.scores != nil && len(k.scores) > 0 {
			k.addTables(p.scores, k.all[:to-from])
		}
	}
}

// addMany takes a piece of the matches of a classifier of several classes.
func (b *Builder) addMany(m *groundtruth.Matches, from, to int, keys []key, blockOf []int32) {
	k := b.many
	k.load(&m.Class, &m.LabelClass, m.Scores, m.Weights, from, to)
	for i := range keys {
		groups := keys[i].groups
		if len(groups) > 1 {
			k.group(keys[i].numbers, len(groups))
		}
		for g, e := range groups {
			rows := k.all[:to-from]
			if len(groups) > 1 {
				rows = k.rows(g)
			}
			e.n += int64(len(rows))
			blocks := blockOf
			if len(e.classes.many.parts) == 1 {
				blocks = nil
			}
			k.add(e.classes.many, rows, blocks)
			e.countRows(rows, blockOf)
		}
	}
}
