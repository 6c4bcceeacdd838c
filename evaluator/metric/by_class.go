package metric

import (
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// ByClass are the metrics of one class of Multiclass against all others: precision, recall, f1
// and, where the class has probabilities, roc_auc.
type ByClass struct {
	N       int64 // rows whose label is of the class
	Metrics map[string]Result
}

// OfClassNames lists the names of the metrics that single classes have.
func OfClassNames() []string { return []string{"precision", "recall", "f1", "roc_auc"} }

// ClassesOfWindow computes the metrics of each class of the rows of a window, from what OfWindow
// is given. There are none of other tasks and without rows, and the rest of the classes, beyond
// those that are kept, has none.
func ClassesOfWindow(e, entities *summary.ErrorSums, opt Options) map[string]ByClass {
	return byClassOf(&origin{Options: opt, e: e, entities: entities})
}

// ClassesOfReference does the same of the rows of a reference, from what OfReference is given.
func ClassesOfReference(e, parts *summary.ErrorSums, opt Options) map[string]ByClass {
	return byClassOf(&origin{Options: opt, e: e, parts: parts, groups: "days"})
}

func byClassOf(o *origin) map[string]ByClass {
	if o.Task != groundtruth.Multiclass || o.e == nil || o.e.N() == 0 {
		return nil
	}
	o.n = o.e.N()
	r := newManyRows(o)
	if r.all.W == 0 {
		return nil
	}
	scored := r.classes.Scored()
	out := make(map[string]ByClass, r.kept)
	for k, name := range r.names[:r.kept] {
		c := ByClass{N: r.actual[k].N, Metrics: map[string]Result{}}
		none := fmt.Sprintf("no label is %s", name)
		c.Metrics["recall"] = r.ofClass("recall", r.recallOf(k), none)
		c.Metrics["precision"] = r.ofClass("precision", r.precisionOf(k), fmt.Sprintf("nothing is predicted to be %s", name))
		c.Metrics["f1"] = r.ofClass("f1", r.f1Of(k), none+" and nothing is predicted to be")
		if at := slices.Index(scored, name); at >= 0 && r.classes.OneVsRest(at) != nil {
			c.Metrics["roc_auc"] = r.aucOfClass(at, name)
		}
		out[name] = c
	}
	return out
}

// ofClass returns the result of a share of one class, which needs as many rows of the class as
// that of a binary classifier.
func (r *manyRows) ofClass(name string, c ofClass, none string) Result {
	s, _ := Find(name)
	r.metric = name
	f := manyFigure{value: c.value, terms: []manyTerm{c.term}, of: c.of}
	switch {
	case c.of.W == 0:
		f.missing = none
	default:
		f.few = r.fewOfClass(c.term.class)
	}
	return r.resultOf(&s, &f)
}

// fewOfClass says why metrics of a class have no interval; empty where they have one.
func (r *manyRows) fewOfClass(k int) string {
	if n := r.actual[k].N; n < leastOfClass || r.n-n < leastOfClass {
		return fmt.Sprintf("%d of %d labels are %s: an interval needs %d rows or more of the class and of others", n, r.n, r.names[k], leastOfClass)
	}
	return ""
}

// aucOfClass returns roc_auc of a class against all others.
func (r *manyRows) aucOfClass(at int, name string) Result {
	s, _ := Find("roc_auc")
	r.metric = s.Name
	auc, positive, ok := r.aucOf(at)
	if !ok {
		return missingMetric(r.n, fmt.Sprintf("no label is %s, or all are", name))
	}
	k := slices.Index(r.names, name)
	f := manyFigure{value: auc.value, bound: auc.bound, of: r.actual[k]}
	if others := less(r.all, f.of); kish(others) < kish(f.of) {
		f.of = others
	}
	f.moments = stat.Moments{N: kish(r.all), Mean: auc.value, Variance: auc.variance, Kurtosis: 3}
	if positive < leastOfClass || r.n-positive < leastOfClass {
		f.few = r.fewOfClass(k)
	}
	return r.resultOf(&s, &f)
}
