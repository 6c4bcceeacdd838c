package summary

import "math"

// binnedScores counts rows on bins of the score, each of 2^drop fine ones.
type binnedScores struct {
	drop     uint
	weighted bool
	octaves  []octave // of both sides
}

// octave is the bins of an octave, nil while they have no rows.
type octave struct {
	recent  []recentBin // nil where there are no recent rows
	bins    []scoreBin
	weights [][classCells]weight // nil without weights
}

// recentBin is the recent rows of a bin, and the sum of the places of their scores.
type recentBin struct {
	n      recentRows
	places uint64
}

// scoreBin is what is kept of a bin: rows by class, and the sum of the places of their scores
// between the bin's ends, counted from the one nearer to 0 or 1.
type scoreBin struct {
	n     [classCells]int64
	place place
}

const (
	binSize    = 48 // bytes of a scoreBin
	recentSize = 24 // and of a recentBin
)

func newBinnedScores(drop uint) *binnedScores {
	return &binnedScores{drop: drop, octaves: make([]octave, 2*octavesOfSide)}
}

// add counts rows.
func (t *binnedScores) add(p *scorePiece, rows []int32) {
	octaves, drop := t.octaves, t.drop&63 // a shift that can't be too far takes no branch
	within := uint64(1)<<drop - 1
	for _, row := range rows {
		fine := p.fine[row]
		recent, at := octaves[fine>>fineBits].recent, fine%fineInOctave>>drop
		if int(at) >= len(recent) {
			recent = make([]recentBin, fineInOctave>>drop)
			octaves[fine>>fineBits].recent = recent
		}
		b := &recent[at]
		b.n[p.classes[row]%classCells]++
		b.places += (uint64(fine)&within<<placeBits | p.places[row]) >> drop // as placeIn has it
	}
}

// settle brings recent rows into the counts.
func (t *binnedScores) settle() {
	for i := range t.octaves {
		o := &t.octaves[i]
		for k := range o.recent {
			if r := &o.recent[k]; r.n != (recentRows{}) {
				b, _ := t.at(uint32(i<<fineBits + k<<t.drop))
				b.place.merge(place{0, r.places})
				r.n.moveTo(&b.n)
				r.places = 0
			}
		}
	}
}

// release gives back the memory of recent rows, which are settled.
func (t *binnedScores) release() {
	for i := range t.octaves {
		if o := &t.octaves[i]; o.recent != nil {
			o.recent = nil
		}
	}
}

// weigh has the rows so far count 1 each where weights come in.
func (t *binnedScores) weigh() {
	t.weighted = true
	for i := range t.octaves {
		t.octaves[i].weights = nil
		for k := range t.octaves[i].bins {
			t.octaves[i].weights = append(t.octaves[i].weights, *unitCells(&t.octaves[i].bins[k].n))
		}
	}
}

// at returns the bin that a fine bin lies in, and its weights where there are some.
func (t *binnedScores) at(fine uint32) (*scoreBin, *[classCells]weight) {
	o := &t.octaves[fine>>fineBits]
	if o.bins == nil {
		o.bins = make([]scoreBin, fineInOctave>>t.drop)
		if t.weighted {
			o.weights = make([][classCells]weight, len(o.bins))
		}
	}
	at := fine % fineInOctave >> t.drop
	if !t.weighted {
		return &o.bins[at], nil
	}
	return &o.bins[at], &o.weights[at]
}

// addScore counts rows of one score, by its bits.
func (t *binnedScores) addScore(score uint64, n *[classCells]int64, w *[classCells]weight) {
	fine, at := fineBin(math.Float64frombits(score))
	from := scoreBin{n: *n}
	from.place.addTimes(placeIn(fine, at, t.drop), uint64(sumOf(n[:])))
	t.addBin(fine, &from, w)
}

// addBin counts rows of one bin.
func (t *binnedScores) addBin(fine uint32, from *scoreBin, w *[classCells]weight) {
	b, weights := t.at(fine)
	addCounts(&b.n, &from.n)
	b.place.merge(from.place)
	if weights != nil {
		addWeights(weights, w)
	}
}

// each calls fn with the bins that have rows, in their order, and the number of the first fine
// bin of each.
func (t *binnedScores) each(fn func(fine uint32, b *scoreBin, w *[classCells]weight)) {
	for i := range t.octaves {
		o := &t.octaves[i]
		for k := range o.bins {
			if o.bins[k].n == [classCells]int64{} {
				continue
			}
			var w *[classCells]weight
			if t.weighted {
				w = &o.weights[k]
			}
			fn(uint32(i<<fineBits+k<<t.drop), &o.bins[k], w)
		}
	}
}

func (t *binnedScores) bytes() (n int64) {
	for i := range t.octaves {
		o := &t.octaves[i]
		n += int64(len(o.bins))*binSize + int64(len(o.weights))*classCells*weightSize
	}
	return n
}

// ends returns the limits of a bin, of which a fine one is the first, and the mean of its
// scores.
func (b *scoreBin) ends(fine uint32, drop uint) (low, mean, high float64) {
	upper, at := fine >= upperSide, fine%upperSide
	switch {
	case at >= fineInOctave:
		low = math.Float64frombits((uint64(at) + firstKey) << (52 - fineBits))
		high = math.Float64frombits((uint64(at) + firstKey + 1<<drop) << (52 - fineBits))
	case at > 0:
		high = math.Ldexp(1, leastOctave)
	}
	width := high - low
	if at < fineInOctave {
		width = math.Ldexp(width, int(drop))
	}
	if low == 0.5 {
		high = low
	}
	var rows int64
	for _, n := range b.n {
		rows += n
	}
	mean = low + float64(b.place.float64()/float64(rows)*width)
	mean = min(max(mean, low), high)
	if upper {
		return 1 - high, 1 - mean, 1 - low
	}
	return low, mean, high
}
