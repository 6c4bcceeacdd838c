package summary

import (
	"encoding/json"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// classesText names the classes that have probabilities; it is empty where there are none.
func classesText(scores []groundtruth.ClassScore) string {
	if len(scores) == 0 {
		return ""
	}
	var names []string
	for _, s := range scores {
		names = append(names, s.Class)
	}
	b, err := json.Marshal(names)
	if err != nil {
		panic("summary: names of classes are no JSON: " + err.Error())
	}
	return string(b)
}

// classes is the inverse of classesText. It reports false where the text is none that it makes.
func (o BinaryOptions) classes() (names []string, ok bool) {
	if o.Classes == "" {
		return nil, true
	}
	if json.Unmarshal([]byte(o.Classes), &names) != nil || len(names) == 0 {
		return nil, false
	}
	scores := make([]groundtruth.ClassScore, len(names))
	for i, name := range names {
		scores[i].Class = name
	}
	return names, classesText(scores) == o.Classes && !slices.Contains(names, "")
}

// scored returns the names of the classes that rows have probabilities of.
func (o BinaryOptions) scored() []string {
	names, _ := o.classes()
	return names
}

// classRank returns the rank of each of the reference's classes; nil without a reference.
func (l *Layout) classRank() map[string]int {
	if l == nil {
		return nil
	}
	rank := make(map[string]int, len(l.Classes))
	for i, name := range l.Classes {
		rank[name] = i
	}
	return rank
}

// topClasses returns the classes that are kept apart, the most frequent ones among labels and
// predictions.
func (p *Profiler) topClasses() []string {
	both := categoryCounts{limit: 2 * p.opts.ExactValues, counts: map[string]int64{}}
	both.mergeFrom(&p.label.categories)
	both.mergeFrom(&p.prediction.categories)
	return both.top(MaxClasses, "")
}
