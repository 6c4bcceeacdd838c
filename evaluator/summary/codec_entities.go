package summary

import "github.com/hindcast/hindcast/groundtruth"

// entities writes the groups of entities that have rows.
func (e *encoder) entities(c *Clusters) {
	e.count(len(c.groups))
	for _, g := range c.groups {
		e.count(int(g.key))
		e.cluster(g)
	}
}

// cluster writes what is kept of one group's rows.
func (e *encoder) cluster(g *cluster) {
	e.uint(uint64(g.rows))
	e.uint(uint64(g.labels))
	for _, counts := range g.counts {
		e.counts(counts[:len(counts)-1]) // the missing ones are the rest
	}
	if g.encoded != nil {
		e.b = append(e.b, g.encoded...)
	}
	for i := range g.errors {
		e.block(&g.errors[i])
	}
	for i := range g.classes {
		e.classBlock(&g.classes[i])
	}
	if g.many != nil {
		e.uint(uint64(g.many.parts[0].n))
		e.manyClasses(g.many)
	}
}

// cluster reads into c what is kept of one group's rows, which are at most so many, with at most
// so many labels, and returns how many have errors too. Of its errors' sums, which are large, it keeps the figures and the bytes.
func (d *decoder) cluster(c *Clusters, key, rows, labels int64) (g *cluster, errors int64) {
	g = c.newCluster(key)
	c.kept[key] = g
	g.rows, g.labels = d.amount(), d.amount()
	d.check((g.rows > 0 || g.labels > 0) && g.rows <= rows && g.labels <= labels)
	for i, counts := range g.counts {
		most := g.rows
		if i == len(g.counts)-1 {
			most = g.labels
		}
		d.counts(counts[:len(counts)-1])
		d.check(d.total(counts) <= most)
	}
	start, inParts := d.b, int64(0)
	switch c.task {
	case groundtruth.Multiclass:
		g.many = newManyClasses(c.rank, 0, c.parts, nil)
		errors = d.amount()
		d.check(errors <= g.labels)
		d.manyClasses(g.many, errors, 0)
		return g, errors
	case groundtruth.Binary:
		g.classes = make([]classBlock, c.parts)
		for i := range g.classes {
			inParts += d.classBlock(&g.classes[i], c.coarse(), g.labels-inParts)
		}
		return g, inParts
	}
	for range c.parts {
		var part blockSums
		d.block(&part, g.labels-inParts)
		inParts += part.n
		g.figures = append(g.figures, part.figures())
	}
	g.encoded = start[:len(start)-len(d.b)]
	return g, inParts
}

// totals are the numbers of rows that groups of them come to together: all, those with a label,
// and those with an error.
type totals struct{ rows, labels, errors int64 }

func (s *Summary) totals() totals { return totals{s.predictions, s.matched, s.errors.n} }

func (t totals) plus(o totals) totals {
	return totals{t.rows + o.rows, t.labels + o.labels, t.errors + o.errors}
}

// entities reads the groups of entities of so many rows of a task on a layout.
func (d *decoder) entities(task groundtruth.Task, o ClassifierOptions, l *Layout, of totals) *Clusters {
	if d.err != nil {
		return nil
	}
	rows, labels, errors := of.rows, of.labels, of.errors // of groups that are yet to come
	c := newEntities(task, o, l, nil)
	n := d.count(4 + len(c.columns))
	d.check(n <= groundtruth.EntityGroups)
	last := -1
	for range n {
		key := d.small(groundtruth.EntityGroups - 1)
		d.check(key > last)
		last = key
		if d.err != nil {
			return nil
		}
		g, of := d.cluster(c, int64(key), rows, labels)
		rows, labels, errors = rows-g.rows, labels-g.labels, errors-of
	}
	d.check(rows == 0 && labels == 0 && errors == 0)
	if d.err != nil {
		return nil
	}
	c.seal()
	return c
}
