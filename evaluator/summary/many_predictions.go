package summary

import (
	"maps"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// manyPredictions counts predictions of Multiclass, with and without a label.
type manyPredictions struct {
	classes *groups[rowCount, *rowCount]
	scores  *manyScores // of these the tables alone; nil without scores
}

// newManyPredictions returns the counts of no predictions; nil of other tasks.
func newManyPredictions(task groundtruth.Task, o ClassifierOptions, rank map[string]int) *manyPredictions {
	if task != groundtruth.Multiclass {
		return nil
	}
	return &manyPredictions{
		classes: newGroups[rowCount](MaxClasses, rank, func() *rowCount { return new(rowCount) }),
		scores:  newManyScores(len(o.Classes), true),
	}
}

func (p *manyPredictions) mergeFrom(o *manyPredictions) {
	p.classes.mergeFrom(o.classes)
	if p.scores != nil {
		p.scores.mergeFrom(o.scores)
	}
}

func (p *manyPredictions) settle() { p.scores.settle() }

func (p *manyPredictions) bytes() int64 {
	n := int64(len(p.classes.kept)) * 64
	if p.scores != nil {
		n += p.scores.bytes()
	}
	return n
}

// ScoredClass returns the predictions of Multiclass, with and without a label, by ascending
// probability of a class, which has its number in the names that BuilderOptions.Binary has: whether
// it is the predicted one; all are of actual class 0. It is nil as Classes.OneVsRest is.
func (s *Summary) ScoredClass(k int) []ScoreCell {
	if s.many == nil || s.many.scores == nil || s.many.scores.tables == nil {
		return nil
	}
	return s.many.scores.tables[k].cells()
}

// PredictedConfidence returns the predictions of Multiclass, with and without a label, by ascending
// probability of the class that is predicted, where it has one; nil without scores.
func (s *Summary) PredictedConfidence() []ScoreCell {
	if s.many == nil || s.many.scores == nil {
		return nil
	}
	return s.many.scores.confidence.cells()
}

// ScoredClasses returns the names of the classes that rows of Multiclass have probabilities of.
func (s *Summary) ScoredClasses() []string { return s.classifier.Classes }

// predictedClasses returns the number of predictions by class.
func (p *manyPredictions) predictedClasses() map[string]int64 {
	out := map[string]int64{}
	for name, c := range p.classes.all() {
		out[name] = c.n
	}
	return out
}

func (e *encoder) manyPredictions(p *manyPredictions) {
	all := p.classes.all()
	e.count(len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		e.string(name)
		e.uint(uint64(all[name].n))
	}
	if p.scores != nil {
		e.manyTables(p.scores)
	}
}

func (d *decoder) manyPredictions(s *Summary) {
	d.check(s.many != nil)
	if d.err != nil {
		return
	}
	rows, last := s.prediction.valid, ""
	for i := range d.count(2) {
		name := d.string()
		d.check((i == 0 || last < name) && (name == OtherGroup || len(s.many.classes.kept) < MaxClasses))
		last = name
		n := d.amount()
		d.check(n > 0 && n <= rows)
		rows -= n
		if d.err == nil {
			s.many.classes.get(name).n = n
		}
	}
	d.check(rows == 0)
	if s.many.scores != nil && d.err == nil {
		d.manyTables(s.many.scores, s.prediction.valid)
	}
}
