package summary

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/hindcast/hindcast/groundtruth"
)

// maxClusters is how many groups a Clusters has at most.
const maxClusters = 128

// Clusters counts the rows of groups that vary together, each by itself: the days of a
// reference, say. Of every column it has the rows on coarse bins, and of matched rows the sums
// that ErrorSums has of a time block. From them is told how far one group differs from another
// beyond what chance does to so many rows.
//
// Groups have numbers as keys. Where there are more than 128, those with keys that 2 divides
// are kept, or 4, and so on: which ones is a matter of the set of keys alone, so that a
// Clusters too depends on the multiset of rows alone. A nil Clusters is one that is not known.
type Clusters struct {
	layout     *Layout
	task       groundtruth.Task
	classifier ClassifierOptions
	rank       map[string]int // of the reference's classes
	columns    []*Coarse      // features in the layout's order, the prediction, the label
	parts      int            // that the errors of each group are kept by: 1, or of days DayParts
	// calendar tells the part of the day; nil where there is one part.
	calendar *groundtruth.Calendar
	stride   int64 // that kept keys are multiples of
	kept     map[int64]*cluster

	// Of sealed ones: the groups in the order of their keys.
	groups []*cluster
	errors func() *ErrorSums // asked for of entities alone, mostly

	orders  []float64 // of the predicted quantiles
	counts  textCounts
	kernel  *errorKernel // nil before the first match
	classes *classKernel // likewise, of a binary classifier
	many    *manyKernel  // likewise, of several classes
	partOf  []int32      // the parts of matches that are all of one group
}

// cluster is one group of rows.
type cluster struct {
	key     int64
	strata  uint32 // of days: the strata that its rows are in, each a bit
	rows    int64
	labels  int64
	counts  [][]int64      // by column, and there by coarse bin, outside and missing
	errors  []blockSums    // by part; nil where they were read
	encoded []byte         // they as they were read, for those who ask for more than the figures
	more    []byte         // likewise what encoder.blockMore has of them; nil where there is none
	figures []blockFigures // of errors, once sealed
	classes []classBlock   // of a binary classifier, instead of errors, by part
	many    *manyClasses   // of several classes, instead of errors, with the parts as blocks
}

// blocks returns the errors by part, decoded where they were read.
func (g *cluster) blocks() []blockSums {
	if g.encoded == nil {
		return g.errors
	}
	out := make([]blockSums, len(g.figures))
	d := decoder{b: g.encoded}
	for i := range out {
		d.block(&out[i], g.labels)
	}
	if g.more != nil {
		d = decoder{b: g.more}
		for i := range out {
			d.blockMore(&out[i])
		}
	}
	return out
}

// DayParts is the number of equal parts that the errors of a day are kept by. What these
// differ by within a day tells what sampling alone makes of the day's sum.
const DayParts = 4

// ClusterColumn is one column of a Clusters.
type ClusterColumn struct {
	coarse *Coarse
	groups []*cluster
	at     int // among the columns
}

// newDays returns a Clusters without rows whose groups are the days of a calendar.
func newDays(l *Layout, calendar *groundtruth.Calendar) *Clusters {
	c := newClusters(l, l.Task, l.Classifier)
	c.parts, c.calendar = DayParts, calendar
	return c
}

// newClusters returns a Clusters without rows on a layout.
func newClusters(l *Layout, task groundtruth.Task, o ClassifierOptions) *Clusters {
	c := &Clusters{layout: l, task: task, classifier: o, rank: l.classRank(), parts: 1, stride: 1, kept: map[int64]*cluster{}}
	for i := range l.Features {
		c.columns = append(c.columns, l.Features[i].Coarse())
	}
	c.columns = append(c.columns, l.Prediction.Coarse(), l.Label.Coarse())
	return c
}

// Len returns the number of groups that have rows, 0 of nil.
func (c *Clusters) Len() int {
	if c == nil {
		return 0
	}
	return len(c.groups)
}

// Rows returns the predictions of group g; of a reference, its rows.
func (c *Clusters) Rows(g int) int64 { return c.groups[g].rows }

// Key returns the key of group g: of days the number of the date, as groundtruth.Calendar has
// it. Groups are in the order of their keys.
func (c *Clusters) Key(g int) int64 { return c.groups[g].key }

// Feature returns a feature, nil where there is none of that name, or c is nil.
func (c *Clusters) Feature(name string) *ClusterColumn {
	if c == nil {
		return nil
	}
	at, ok := slices.BinarySearchFunc(c.layout.Features, name, func(l ColumnLayout, name string) int { return cmp.Compare(l.Name, name) })
	if !ok {
		return nil
	}
	return c.column(at)
}

// Prediction returns the column of all predictions, nil where c is.
func (c *Clusters) Prediction() *ClusterColumn { return c.column(-2) }

// Label returns the column of the labels of matched rows, nil where c is nil.
func (c *Clusters) Label() *ClusterColumn { return c.column(-1) }

// column returns a column by its index, one below 0 from the end.
func (c *Clusters) column(at int) *ClusterColumn {
	if c == nil {
		return nil
	}
	if at < 0 {
		at += len(c.columns)
	}
	return &ClusterColumn{coarse: c.columns[at], groups: c.groups, at: at}
}

// Coarse returns the column's coarse bins.
func (cc *ClusterColumn) Coarse() *Coarse { return cc.coarse }

// Len returns the number of groups.
func (cc *ClusterColumn) Len() int { return len(cc.groups) }

// Counts returns the rows of group g by coarse bin, which the caller must not change. The last
// two are the rows whose value is none that the reference has, and those without a value.
func (cc *ClusterColumn) Counts(g int) []int64 { return cc.groups[g].counts[cc.at] }

// Errors returns the sums over matched rows whose time blocks are the groups, in their order.
// It has the sums that time blocks have, and no others, and no order statistics. Where groups
// were left out it has less than all rows. It is nil where c is.
func (c *Clusters) Errors() *ErrorSums {
	if c == nil {
		return nil
	}
	return c.errors()
}

// DayParts returns the sums over matched rows whose time blocks are the parts of the days, as
// many a day as the constant says, in their order. It is nil where c is nil.
func (c *Clusters) DayParts() *ErrorSums {
	if c == nil {
		return nil
	}
	switch c.task {
	case groundtruth.Multiclass:
		return c.manyErrors(c.parts)
	case groundtruth.Binary:
		var parts []classBlock
		for _, g := range c.groups {
			parts = append(parts, g.classes...)
		}
		return c.classErrors(parts)
	}
	out := &ErrorSums{center: c.layout.Label.Center}
	for _, g := range c.groups {
		for i := range g.figures {
			out.n += g.figures[i].rows[AllRows]
			out.nonZero += g.figures[i].rows[NonZeroRows]
		}
		out.figures = append(out.figures, g.figures...)
	}
	return out
}

// group returns the group of a key, nil where it is not kept.
func (c *Clusters) group(key int64) *cluster {
	if g := c.kept[key]; g != nil {
		return g
	}
	if key%c.stride != 0 {
		return nil
	}
	g := c.newCluster(key)
	switch c.task {
	case groundtruth.Binary:
		g.classes = make([]classBlock, c.parts)
	case groundtruth.Multiclass:
		g.many = newManyClasses(c.rank, 0, c.parts, nil)
	default:
		g.errors = make([]blockSums, c.parts)
	}
	c.kept[key] = g
	c.thin()
	return c.kept[key]
}

// newCluster returns a group without rows, and without room for errors.
func (c *Clusters) newCluster(key int64) *cluster {
	g := &cluster{key: key, counts: make([][]int64, len(c.columns))}
	all := 0
	for _, col := range c.columns {
		all += col.bins + 2
	}
	room := make([]int64, all)
	for i, col := range c.columns {
		g.counts[i], room = room[:col.bins+2:col.bins+2], room[col.bins+2:]
	}
	return g
}

// thin leaves out groups until there are few enough.
func (c *Clusters) thin() {
	for len(c.kept) > maxClusters {
		c.stride *= 2
		c.dropBetween()
	}
}

// dropBetween leaves out the groups that the stride steps over.
func (c *Clusters) dropBetween() {
	maps.DeleteFunc(c.kept, func(key int64, _ *cluster) bool { return key%c.stride != 0 })
}

// addPredictions counts a batch, all of whose rows are of one group.
func (c *Clusters) addPredictions(key int64, b *groundtruth.Batch) {
	g := c.group(key)
	if g == nil {
		return
	}
	g.rows += int64(b.Len)
	for i := range b.Features {
		v := &b.Features[i]
		if cc := c.Feature(v.Name); cc != nil {
			cc.coarse.add(g.counts[cc.at], v)
		}
	}
	at := len(c.columns) - 2
	if b.Predictions != nil {
		c.columns[at].addNumbers(g.counts[at], b.Predictions[:b.Len], b.Narrow, nil)
	}
	if b.Class.Kind == groundtruth.Text {
		c.columns[at].add(g.counts[at], c.counts.of(&b.Class, b.Len))
	}
}

// addMatches counts matches, which are all of one group.
func (c *Clusters) addMatches(key int64, m *groundtruth.Matches) {
	g := c.group(key)
	if g == nil {
		return
	}
	at := len(c.columns) - 1
	g.labels += int64(m.Len)
	if m.Labels != nil {
		c.columns[at].addNumbers(g.counts[at], m.Labels[:m.Len], m.Narrow, nil)
	}
	if m.LabelClass.Kind == groundtruth.Text {
		c.columns[at].add(g.counts[at], c.counts.of(&m.LabelClass, m.Len))
	}
	switch {
	case c.task == groundtruth.Multiclass:
		c.addMany(g, m)
		return
	case m.Predictions == nil:
		return
	case c.kernel == nil:
		c.kernel = newErrorKernel(c.layout.Label.Center, c.orders)
		c.classes = newClassKernel()
	}
	for from := 0; from < m.Len; from += kernelRows {
		to := min(from+kernelRows, m.Len)
		c.findParts(m, from, to)
		if g.classes != nil {
			c.classes.load(m, from, to)
			c.classes.addBlocks(g.classes, c.partOf, c.classifier.Scored)
			continue
		}
		c.kernel.load(rowsOf(m, from, to))
		c.kernel.addBlocks(g.errors, c.partOf)
	}
}

// findParts sets the part of the group that each row is of, from one to before another.
func (c *Clusters) findParts(m *groundtruth.Matches, from, to int) {
	c.partOf = zeroed(c.partOf, to-from)
	if c.parts > 1 {
		for i, t := range m.Times[from:to] {
			c.partOf[i] = int32(c.calendar.Hour(t) * c.parts / allHours)
		}
	}
}

// resetPredictions forgets what addPredictions took.
func (c *Clusters) resetPredictions() {
	for _, g := range c.kept {
		g.rows = 0
		for i := range len(g.counts) - 1 {
			clear(g.counts[i])
		}
	}
}

// mergeFrom adds what o has counted on the same layout.
func (c *Clusters) mergeFrom(o *Clusters) {
	c.stride = max(c.stride, o.stride)
	c.dropBetween()
	for key, from := range o.kept {
		g := c.group(key)
		if g == nil {
			continue
		}
		g.strata |= from.strata
		g.rows += from.rows
		g.labels += from.labels
		for i, counts := range from.counts {
			for bin, n := range counts {
				g.counts[i][bin] += n
			}
		}
		for i := range g.classes {
			g.classes[i].mergeFrom(&from.classes[i])
		}
		if g.many != nil {
			g.many.mergeFrom(from.many)
			continue
		}
		g.errors, g.encoded, g.more = g.blocks(), nil, nil
		for i, part := range from.blocks() {
			g.errors[i].mergeFrom(&part)
		}
	}
}

// seal makes what was counted readable.
func (c *Clusters) seal() {
	c.groups = slices.SortedFunc(maps.Values(c.kept), func(a, b *cluster) int { return cmp.Compare(a.key, b.key) })
	c.groups = slices.DeleteFunc(c.groups, func(g *cluster) bool { return g.rows == 0 && g.labels == 0 })
	label := len(c.columns) - 1
	for _, g := range c.groups {
		if g.encoded == nil {
			g.figures = nil
		}
		for i := range g.errors {
			g.figures = append(g.figures, g.errors[i].figures())
		}
		for i, counts := range g.counts {
			rows := g.rows
			if i == label {
				rows = g.labels
			}
			missing := len(counts) - 1
			counts[missing] = rows - sumOf(counts[:missing])
		}
	}
	c.errors = sync.OnceValue(c.sum)
}

// sum returns the errors of the groups.
func (c *Clusters) sum() *ErrorSums {
	switch c.task {
	case groundtruth.Multiclass:
		return c.manyErrors(1)
	case groundtruth.Binary:
		return c.classErrors(c.classBlocks())
	}
	out := NewErrorSums(c.layout.Label.Center, 0, false)
	for _, g := range c.groups {
		var whole blockSums
		parts := g.blocks()
		for i := range parts {
			whole.mergeFrom(&parts[i])
		}
		out.n += whole.n
		out.nonZero += whole.nonZero
		for k := range whole.sums {
			out.sums[k].Merge(&whole.sums[k])
		}
		out.blocks = append(out.blocks, whole)
	}
	return out
}

// only returns the groups that are wanted.
func (c *Clusters) only(wanted func(*cluster) bool) *Clusters {
	if c == nil {
		return nil
	}
	out := &Clusters{layout: c.layout, task: c.task, classifier: c.classifier, rank: c.rank, columns: c.columns, parts: c.parts, stride: c.stride}
	for _, g := range c.groups {
		if wanted(g) {
			out.groups = append(out.groups, g)
		}
	}
	out.errors = sync.OnceValue(out.sum)
	return out
}
