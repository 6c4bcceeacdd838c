package summary

import "github.com/hindcast/hindcast/groundtruth"

// Entities returns the rows by groups of entities, to which chance has dealt these: how far
// groups differ beyond what chance does to independent rows tells how alike the rows of one
// entity are. It is nil where the rows have no entities, or these are not known of all.
func (s *Summary) Entities() *Clusters { return s.entities }

// newEntities returns what counts rows by groups of entities; without a layout their errors
// alone are told apart. The orders are those of the predicted quantiles.
func newEntities(task groundtruth.Task, o ClassifierOptions, l *Layout, orders []float64) *Clusters {
	if l == nil {
		l = &Layout{Prediction: *columnOf("prediction", task), Label: *columnOf("label", task)}
	}
	c := newClusters(l, task, o)
	c.orders = orders
	return c
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
		for i := range g.errors {
			n += g.errors[i].bytes()
		}
		for i := range g.classes {
			n += g.classes[i].bytes()
		}
		for _, counts := range g.counts {
			n += int64(8 * len(counts))
		}
	}
	return n
}

// EntityCounter counts the rows of a reference by groups of their entities, for
// Profile.Entities. Each worker of a scan that sends these groups has its own; they are merged.
type EntityCounter struct{ of *Clusters }

var _ groundtruth.Sink = (*EntityCounter)(nil)

// NewEntityCounter returns an EntityCounter on the reference's layout, with the orders of
// Matches.Quantiles.
func NewEntityCounter(layout *Layout, quantiles []float64) *EntityCounter {
	return &EntityCounter{newEntities(layout.Task, layout.Classifier, layout, quantiles)}
}

// AddPredictions implements groundtruth.Sink.
func (e *EntityCounter) AddPredictions(b *groundtruth.Batch) { e.of.addPredictions(b.Group, b) }

// AddMatches implements groundtruth.Sink.
func (e *EntityCounter) AddMatches(m *groundtruth.Matches) { e.of.addMatches(m.Group, m) }

// ResetPredictions implements groundtruth.Sink.
func (e *EntityCounter) ResetPredictions() { e.of.resetPredictions() }

// Clusters returns the rows of the counters of one scan, which must not be used afterwards.
func (e *EntityCounter) Clusters(others ...*EntityCounter) *Clusters {
	for _, o := range others {
		e.of.mergeFrom(o.of)
	}
	e.of.seal()
	return e.of
}
