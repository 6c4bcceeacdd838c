package summary

// Entities returns the rows by groups of entities, to which chance has dealt these: how far
// groups differ beyond what chance does to independent rows tells how alike the rows of one
// entity are. It is nil where the rows have no entities, or these are not known of all.
func (s *Summary) Entities() *Clusters { return s.entities }

// newEntities returns what counts rows by groups of entities; without a layout their errors
// alone are told apart.
func newEntities(l *Layout) *Clusters {
	if l == nil {
		l = &Layout{}
	}
	return newClusters(l)
}

// mergeEntities adds the groups of o. Of rows whose entities are not known nothing can be
// told, so that then the whole has none.
func (s *Summary) mergeEntities(o *Summary) {
	if s.entities == nil || o.entities == nil {
		s.entities = nil
		return
	}
	s.entities.mergeFrom(o.entities)
}

// bytes returns roughly how much memory the groups take.
func (c *Clusters) bytes() int64 {
	n := int64(0)
	for _, g := range c.kept {
		n += int64(numBlockSums) * sumBytes
		for _, counts := range g.counts {
			n += int64(8 * len(counts))
		}
	}
	return n
}
