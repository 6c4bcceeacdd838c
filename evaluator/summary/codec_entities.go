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
	for i := range g.errors {
		e.block(&g.errors[i])
	}
}

// cluster reads what is kept of one group's rows, which are at most so many, with at most so
// many labels.
func (d *decoder) cluster(g *cluster, rows, labels int64) {
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
	inParts := int64(0)
	for i := range g.errors {
		d.block(&g.errors[i], g.labels-inParts)
		inParts += g.errors[i].n
	}
}

// entities reads the groups of entities of all rows that Summaries, of one layout, have.
func (d *decoder) entities(of ...*Summary) *Clusters {
	if d.err != nil || len(of) == 0 || of[0] == nil {
		d.fail()
		return nil
	}
	var rows, labels, errors int64 // of groups that are yet to come
	for _, s := range of {
		rows, labels, errors = rows+s.predictions, labels+s.matched, errors+s.errors.n
	}
	c := newEntities(of[0].layout)
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
		g := c.group(int64(key))
		d.cluster(g, rows, labels)
		rows, labels, errors = rows-g.rows, labels-g.labels, errors-g.errors[0].n
	}
	d.check(rows == 0 && labels == 0 && errors == 0)
	if d.err != nil {
		return nil
	}
	c.seal()
	return c
}
