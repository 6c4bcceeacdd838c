package summary

import (
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/exact"
	"github.com/hindcast/hindcast/groundtruth"
)

const (
	// kernelRows is how many matches are taken apart by their groups at a time.
	kernelRows = 1 << 15
	// runRows of a cell are worked on at a time: few enough for the columns that a term is
	// made of to stay in a core's nearest cache, and enough for what a run costs beside.
	runRows = 1 << 9
	// cellRows is how many rows a cell should have, so that what each costs is little
	// beside what its rows do.
	cellRows = 1 << 7
)

// errorKernel adds the terms of many rows to ErrorSums. A piece of rows is taken apart
// by cell: the rows of one version and one value of each segment column, as long as
// such cells have many rows, else one way after the other. The terms of a cell are
// computed once, column by column, summed exactly, and the sums go to all groups that
// the cell belongs to. The result is that of adding term by term.
type errorKernel struct {
	piece   pieceRows
	logs    []float64 // of the piece's rows: see logErrors
	noLogs  bool      // whether some are NaN
	blockOf []int32   // their time blocks, nil where they have none
	hourOf  []int32   // their hours of the week, nil where they are not kept
	center  float64
	errorOf []float64   // of the piece's rows: see setErrors
	sizeOf  []int32     // likewise: see sizes.find
	times   codeNumbers // of pairs of a block and an hour: see timeCells

	rowOrder
	cellOf []int32

	// Of a run.
	n           int   // rows
	nonZero     int64 // labels
	logRows     int64 // those of LogRows
	errors      runErrors
	greatest    rowErrors        // absolute values
	greatestLog float64          // of the piece
	e2, e4      [runRows]float64 // terms that others are made of
	z2          [runRows]float64
	a2, s2      [runRows]float64
	l, l2, l4   [runRows]float64
	last        [runRows]float64
	rests       [runRows]float64
	to          targets // of a run's terms

	quantiles *quantileTerms // nil where no orders are given
	weighted  *weightedTerms // nil before the first row with a weight
}

// targets are the sums that a run's terms go to.
type targets struct {
	first, logs, quantiles [][]exact.Sum // by SumKind, from that on which each begins with
	second                 [][]exact.Sum // as weightSums has them
	plain                  [][]exact.Sum // as plainSums has them
	weights                []*weightSums
	blocks                 []*blockMass
}

// of returns the sums of a kind, and which of each it is.
func (t *targets) of(kind SumKind) (sums [][]exact.Sum, at SumKind) {
	switch {
	case kind < numFirstSums:
		return t.first, kind
	case kind < endOfLogSums:
		return t.logs, kind - numFirstSums
	}
	return t.quantiles, kind - endOfLogSums
}

// reset leaves no sums.
func (t *targets) reset() {
	t.first, t.logs, t.quantiles, t.second = t.first[:0], t.logs[:0], t.quantiles[:0], t.second[:0]
	t.plain, t.weights, t.blocks = t.plain[:0], t.weights[:0], t.blocks[:0]
}

// addGroup adds those of a group, which it makes where there are none.
func (t *targets) addGroup(k *errorKernel, g *ErrorSums) {
	t.first = append(t.first, g.sums)
	t.logs = append(t.logs, ready(&g.logs, numLogSums).sums)
	if k.piece.quantiles != nil {
		t.quantiles = append(t.quantiles, ready(&g.quantiles, numQuantileSums).sums)
	}
	if k.piece.weights != nil {
		w := g.readyWeights()
		t.second, t.weights = append(t.second, w.second), append(t.weights, w)
	}
}

// addBlock adds those of a block, which it makes where there are none.
func (t *targets) addBlock(k *errorKernel, b *blockSums) {
	t.first = append(t.first, b.sums[:])
	t.logs = append(t.logs, ready(&b.logs, blockLogSums).sums)
	if k.piece.quantiles != nil {
		t.quantiles = append(t.quantiles, ready(&b.quantiles, blockQuantileSums).sums)
	}
	if k.piece.weights != nil {
		if b.mass == nil {
			b.mass = new(blockMass)
		}
		t.blocks = append(t.blocks, b.mass)
	}
}

// runErrors is what all terms of a run's rows are made of, with zeros up to a
// multiple of exact.ProductLanes.
type runErrors struct {
	p, y   [runRows]float64 // prediction and label
	e, abs [runRows]float64 // p - y
	z      [runRows]float64 // y - center
	a      [runRows]float64 // |e| / |y|, 0 where y is
	s      [runRows]float64 // see symmetricError
}

// rowErrors holds what the terms of one row are made of.
type rowErrors struct{ e, z, a, s float64 }

// key is a way to take the rows of a piece apart: by version, by a segment column, or
// not at all.
type key struct {
	numbers []int32      // by row: the number of its group; nil is 0 for all
	groups  []*ErrorSums // by number
	// countsOnly leaves out the sums over rows, which others' are added to later.
	countsOnly bool
}

// pieceRows are the rows of a piece.
type pieceRows struct {
	predictions, labels []float64
	quantiles           [][]float64 // by their orders; nil where the rows have none
	weights             []float64   // likewise
}

// rowsOf returns the matches from one row to before another.
func rowsOf(m *groundtruth.Matches, from, to int) pieceRows {
	p := pieceRows{predictions: m.Predictions[from:to], labels: m.Labels[from:to]}
	for _, q := range m.Quantiles {
		p.quantiles = append(p.quantiles, q[from:to])
	}
	if m.Weights != nil {
		p.weights = m.Weights[from:to]
	}
	return p
}

// newErrorKernel returns a kernel for rows with predicted quantiles of these orders, which may
// be none.
func newErrorKernel(center float64, orders []float64) *errorKernel {
	k := &errorKernel{center: center}
	if len(orders) > 0 {
		k.quantiles = &quantileTerms{orders: orders}
	}
	return k
}

// load takes a piece of rows, whose time blocks may be set then. It panics where the rows'
// quantiles aren't as many as the kernel's orders.
func (k *errorKernel) load(rows pieceRows) {
	k.piece, k.blockOf, k.hourOf = rows, nil, nil
	k.logs, k.greatestLog, k.noLogs = logErrors(k.logs, rows.predictions, rows.labels)
	if rows.quantiles != nil {
		k.quantiles.load(rows)
	}
	if rows.weights != nil && k.weighted == nil {
		k.weighted = new(weightedTerms)
	}
}

// addKeys adds the piece's rows to their groups of each key.
func (k *errorKernel) addKeys(keys []key) {
	n := len(k.piece.labels)
	for len(keys) > 0 {
		together, cells := 1, len(keys[0].groups)
		for together < len(keys) && cells*len(keys[together].groups)*cellRows <= max(n, cellRows) {
			cells *= len(keys[together].groups)
			together++
		}
		k.cellOf = zeroed(k.cellOf, n)
		for _, key := range keys[:together] {
			size := int32(len(key.groups))
			if key.numbers == nil {
				continue
			}
			for row, number := range key.numbers {
				k.cellOf[row] = k.cellOf[row]*size + number
			}
		}
		k.group(k.cellOf, cells)
		for cell := range cells {
			k.addCell(keys[:together], cell)
		}
		keys = keys[together:]
	}
}

// addCell adds the rows of a cell to its group of each key.
func (k *errorKernel) addCell(keys []key, cell int) {
	rows := k.rows(cell)
	if len(rows) == 0 {
		return
	}
	var few [8]*ErrorSums
	var fewSummed [8]*ErrorSums
	groups, summed := few[:0], fewSummed[:0]
	k.to.reset()
	for _, key := range slices.Backward(keys) {
		g := key.groups[cell%len(key.groups)]
		cell /= len(key.groups)
		groups = append(groups, g)
		if !key.countsOnly {
			summed = append(summed, g)
			k.to.addGroup(k, g)
		}
	}
	k.countByBlock(groups, rows)
	for run := range slices.Chunk(rows, runRows) {
		k.loadRun(run)
		for _, g := range groups {
			g.n += int64(k.n)
			g.nonZero += k.nonZero
			g.maxAbs = max(g.maxAbs, k.greatest.e)
			g.abs.addPositive(k.errors.abs[:k.n])
			if k.piece.weights != nil {
				k.weighted.addTallies(g.readyWeights(), k)
			}
		}
		for _, g := range summed {
			g.logs.n += k.logRows
			if k.piece.quantiles != nil {
				g.quantiles.n += int64(k.n)
				g.crossed += k.quantiles.crossed
			}
		}
		if len(summed) > 0 {
			k.addBlockTerms()
			k.addOtherTerms()
		}
	}
}

// countByBlock counts rows by time block into those of the groups that keep such counts.
func (k *errorKernel) countByBlock(groups []*ErrorSums, rows []int32) {
	counted := func(g *ErrorSums) bool { return g.byBlock != nil }
	if k.blockOf == nil || !slices.ContainsFunc(groups, counted) {
		return
	}
	var n [NumBlocks]int64
	for _, row := range rows {
		n[k.blockOf[row]]++
	}
	for _, g := range groups {
		if !counted(g) {
			continue
		}
		for i := range n {
			g.byBlock[i] += n[i]
		}
	}
}

// addBlocks adds the piece's rows to their time blocks.
func (k *errorKernel) addBlocks(blocks []blockSums, blockOf []int32) {
	k.group(blockOf, len(blocks))
	for i := range blocks {
		if rows := k.rows(i); len(rows) > 0 {
			k.to.reset()
			k.addBlock(&blocks[i], rows)
		}
	}
}

// addBlock adds rows to a block.
func (k *errorKernel) addBlock(b *blockSums, rows []int32) {
	k.to.addBlock(k, b)
	for run := range slices.Chunk(rows, runRows) {
		k.loadRun(run)
		b.n += int64(k.n)
		b.nonZero += k.nonZero
		b.logs.n += k.logRows
		if k.piece.quantiles != nil {
			b.quantiles.n += int64(k.n)
		}
		k.addBlockTerms()
	}
}

// loadRun takes the rows of a run.
func (k *errorKernel) loadRun(rows []int32) {
	k.n = len(rows)
	c, n, padded := &k.errors, k.n, k.padded()
	predictions := k.piece.predictions
	labels, logs := k.piece.labels[:len(predictions)], k.logs[:len(predictions)]
	for j, i := range rows {
		c.p[j], c.y[j], k.l[j] = predictions[i], labels[i], logs[i]
	}
	// The last row fills up the lanes, so that nothing becomes greater.
	for j := n; j < padded; j++ {
		c.p[j], c.y[j] = c.p[n-1], c.y[n-1]
	}
	var zeros int
	k.greatest, zeros = c.set(padded, k.center)
	k.nonZero = int64(n - zeros)
	for j := n; j < padded; j++ {
		if c.y[j] == 0 {
			k.nonZero++
		}
		c.e[j], c.abs[j], c.z[j], c.a[j], c.s[j] = 0, 0, 0, 0, 0
	}
	clear(k.l[n:padded])
	k.logRows = int64(n)
	if k.noLogs {
		k.leaveNoLogs()
	}
	if k.piece.quantiles != nil {
		k.quantiles.loadRun(rows, padded)
	}
	if k.piece.weights != nil {
		k.weighted.loadRun(rows, k)
	}
}

// leaveNoLogs takes the run's rows that are not LogRows out of their terms.
func (k *errorKernel) leaveNoLogs() {
	for j, l := range k.l[:k.n] {
		if l != l {
			k.l[j] = 0
			k.logRows--
		}
	}
}

// setPlain computes what the terms of n rows are made of, and returns the greatest
// absolute values and how many labels are 0.
func (c *runErrors) setPlain(n int, center float64) (greatest rowErrors, zeros int) {
	for j, p := range c.p[:n] {
		y := c.y[j]
		e := p - y
		abs := math.Abs(e)
		z := y - center
		a := 0.0
		if y != 0 {
			a = abs / math.Abs(y)
		} else {
			zeros++
		}
		s := symmetricError(p, y, abs)
		c.e[j], c.abs[j], c.z[j], c.a[j], c.s[j] = e, abs, z, a, s
		greatest.e = max(greatest.e, abs)
		greatest.z = max(greatest.z, math.Abs(z))
		greatest.a = max(greatest.a, a)
		greatest.s = max(greatest.s, s)
	}
	return greatest, zeros
}

// padded returns the run's number of rows, rounded up.
func (k *errorKernel) padded() int {
	return (k.n + exact.ProductLanes - 1) / exact.ProductLanes * exact.ProductLanes
}

// addTerm computes the term xs*ys of each row, xs where ys is nil, into products and adds
// it to the sums.
// Every product is rounded on its own: no sum of products, so nothing can be fused and
// all architectures agree.
func (k *errorKernel) addTerm(kind SumKind, products, xs, ys *[runRows]float64, greatest float64) {
	n := k.padded()
	var factors []float64
	if ys != nil {
		factors = ys[:n]
	}
	parts, ok := exact.Products(products[:n], xs[:n], factors, k.rests[:n], greatest)
	if kind <= SumE2 {
		addParts(k.to.plain, int(kind), &parts, ok, products[:n])
	}
	if k.piece.weights != nil {
		k.weighted.addTerm(k, kind, products[:n], greatest)
		return
	}
	sums, at := k.to.of(kind)
	addParts(sums, int(at), &parts, ok, products[:n])
}

// addParts adds the parts of some products, or themselves where these are not ok, to one of each
// of the sums.
func addParts(to [][]exact.Sum, at int, parts *exact.Parts, ok bool, products []float64) {
	for _, sums := range to {
		if ok {
			sums[at].AddParts(parts)
			continue
		}
		for _, x := range products {
			sums[at].Add(x)
		}
	}
}

// addBlockTerms adds the terms that are kept of time blocks.
func (k *errorKernel) addBlockTerms() {
	c, e, z := &k.errors, k.greatest.e, k.greatest.z
	k.addTerm(SumE, &k.last, &c.e, nil, e)
	k.addTerm(SumAbsE, &k.last, &c.abs, nil, e)
	k.addTerm(SumE2, &k.e2, &c.e, &c.e, float64(e*e))
	k.addTerm(SumA1, &k.last, &c.a, nil, k.greatest.a)
	k.addTerm(SumS1, &k.last, &c.s, nil, k.greatest.s)
	k.addTerm(SumZ1, &k.last, &c.z, nil, z)
	k.addTerm(SumZ2, &k.z2, &c.z, &c.z, float64(z*z))
	k.addTerm(SumL1, &k.l2, &k.l, &k.l, float64(k.greatestLog*k.greatestLog))
	if k.piece.quantiles != nil {
		k.quantiles.addBlockTerms(k)
	}
	if k.piece.weights != nil {
		k.weighted.addMass(k)
	}
}

// addOtherTerms adds the terms beyond, after those.
func (k *errorKernel) addOtherTerms() {
	c, e, z, a, s := &k.errors, k.greatest.e, k.greatest.z, k.greatest.a, k.greatest.s
	e2, z2, a2, s2 := float64(e*e), float64(z*z), float64(a*a), float64(s*s)
	e4 := float64(e2 * e2)
	k.addTerm(SumE3, &k.last, &k.e2, &c.e, float64(e2*e))
	k.addTerm(SumAbsE3, &k.last, &k.e2, &c.abs, float64(e2*e))
	k.addTerm(SumE4, &k.e4, &k.e2, &k.e2, e4)
	k.addTerm(SumE6, &k.last, &k.e4, &k.e2, float64(e4*e2))
	k.addTerm(SumE8, &k.last, &k.e4, &k.e4, float64(e4*e4))
	k.addTerm(SumZ3, &k.last, &k.z2, &c.z, float64(z2*z))
	k.addTerm(SumZ4, &k.last, &k.z2, &k.z2, float64(z2*z2))
	k.addTerm(SumE2Z, &k.last, &k.e2, &c.z, float64(e2*z))
	k.addTerm(SumE2Z2, &k.last, &k.e2, &k.z2, float64(e2*z2))
	k.addTerm(SumA2, &k.a2, &c.a, &c.a, a2)
	k.addTerm(SumA3, &k.last, &k.a2, &c.a, float64(a2*a))
	k.addTerm(SumA4, &k.last, &k.a2, &k.a2, float64(a2*a2))
	k.addTerm(SumS2, &k.s2, &c.s, &c.s, s2)
	k.addTerm(SumS3, &k.last, &k.s2, &c.s, float64(s2*s))
	k.addTerm(SumS4, &k.last, &k.s2, &k.s2, float64(s2*s2))
	k.addTerm(SumEZ, &k.last, &c.e, &c.z, float64(e*z))
	k.addTerm(SumEZ2, &k.last, &k.z2, &c.e, float64(z2*e))
	l2 := float64(k.greatestLog * k.greatestLog)
	l4 := float64(l2 * l2)
	k.addTerm(SumL2, &k.l4, &k.l2, &k.l2, l4)
	k.addTerm(SumL3, &k.last, &k.l4, &k.l2, float64(l4*l2))
	k.addTerm(SumL4, &k.last, &k.l4, &k.l4, float64(l4*l4))
	if k.piece.quantiles != nil {
		k.quantiles.addOtherTerms(k)
	}
}
