package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/estimate"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/spelling"
)

// unknown says that step at of the path is unknown, what is meant most likely,
// and what is known there.
func (n *names) unknown(path []step, at int, known []string) *fault {
	name := path[at].name
	full := pathName(path[:at+1])
	f := &fault{offset: path[at].offset}
	if at == 0 {
		if f.msg = n.ofOtherTask(name); f.msg != "" {
			return f
		}
	}
	if path[0].name == "drift" && at == 3 && slices.Contains(drift.Later(), name) {
		f.msg = fmt.Sprintf("drift measure %s is not in this version; known are %s", name, strings.Join(known, ", "))
		return f
	}
	if at > 0 && slices.Contains(known, n.metrics[0]) {
		if f.msg = n.ofOtherTask(name); f.msg != "" {
			return f
		}
	}
	f.msg = "unknown variable " + full
	switch {
	case at > 0 && path[at-1].name == "segments" && !path[at-1].literal:
		f.msg = fmt.Sprintf("%q is not a configured segment column", name)
	case at == 0:
		known = n.known()
	}
	near := nearestName(name, n.candidates(at, known))
	if whole := n.partOf(name); at == 0 && whole != "" {
		near = whole
	}
	if near == "" {
		f.msg += "; known are " + strings.Join(known, ", ")
		return f
	}
	if at > 0 {
		near = pathName(append(slices.Clone(path[:at]), step{name: near, literal: path[at].literal}))
	}
	f.msg += "; did you mean " + near + "? known are " + strings.Join(known, ", ")
	return f
}

// ofOtherTask says that a metric is one of other tasks; empty where it is none.
func (n *names) ofOtherTask(name string) string {
	if slices.Contains(n.metrics, name) {
		return ""
	}
	var have []string
	for _, task := range groundtruth.Tasks() {
		if slices.Contains(metric.Names(task), name) {
			have = append(have, string(task))
		}
	}
	if len(have) == 0 {
		return ""
	}
	return fmt.Sprintf("%s is a metric of task %s; this model's task is %s", name, strings.Join(have, " or "), n.task)
}

// partOf returns the variable that has the name for its last part, such as drift.share of
// share, or "" where there is none.
func (n *names) partOf(name string) string {
	for _, known := range n.known() {
		if i := strings.LastIndexByte(known, '.'); i >= 0 && known[i+1:] == name {
			return known
		}
	}
	return ""
}

// candidates lists the names that a misspelt step is compared with.
func (n *names) candidates(at int, known []string) []string {
	if at == 0 {
		return n.roots()
	}
	return known
}

// roots lists the names that a variable may begin with.
func (n *names) roots() []string {
	return append(slices.Clone(n.metrics), "ci", "reference", "rolling", "estimated", "matched", "coverage", "predictions",
		"segments", "classes", "drift", "quality", "prometheus")
}

// known lists every variable, families as patterns.
func (n *names) known() []string {
	out := append(slices.Clone(n.metrics), "ci.METRIC.low|high")
	if n.env.HasReference {
		out = append(out, "reference.METRIC", "reference.rows")
		for _, s := range n.env.Segments {
			out = append(out, fmt.Sprintf("reference.segments[%q][VALUE].METRIC", s))
		}
		if n.task == groundtruth.Multiclass {
			out = append(out, "reference.classes[CLASS]."+strings.Join(metric.OfClassNames(), "|"))
		}
	}
	if n.env.HasRolling {
		out = append(out, "rolling.METRIC")
	}
	if n.env.HasReference && !n.noScores() && estimate.Names(n.task) != nil {
		out = append(out, "estimated.METRIC")
	}
	out = append(out, "matched", "coverage", "predictions")
	for _, s := range n.env.Segments {
		out = append(out, fmt.Sprintf("segments[%q][VALUE].METRIC", s))
	}
	if n.task == groundtruth.Multiclass {
		out = append(out, "classes[CLASS]."+strings.Join(metric.OfClassNames(), "|"))
	}
	if n.env.HasReference {
		out = append(out, "drift.share", "drift.count", "drift.columns[NAME]."+strings.Join(drift.Names(), "|")+"|drifted")
	}
	fields := qualityFields()
	if !n.env.HasReference {
		fields = []string{"missing", "invalid"}
	}
	out = append(out, "quality.missing_share", "quality."+strings.Join(n.checks(), "|"), "quality.columns[NAME]."+strings.Join(fields, "|"))
	for _, p := range n.env.Prometheus {
		out = append(out, "prometheus."+p)
	}
	return out
}

// nearestName returns the candidate that name is the first or the last word of, as auc is of
// roc_auc. Else it returns the one that the fewest edits turn name into, the one
// closest in length among equals, or "" where all take more than a third of it.
func nearestName(name string, candidates []string) string {
	best, least, lengthOff := "", max(2, len(name)/3)+1, 0
	for _, c := range candidates {
		if len(name) > 2 && (strings.HasSuffix(c, "_"+name) || strings.HasPrefix(c, name+"_")) {
			return c
		}
	}
	for _, c := range candidates {
		d, off := spelling.Distance(name, c, least+1), max(len(c)-len(name), len(name)-len(c))
		if d < len(c) && (d < least || (d == least && best != "" && off < lengthOff)) {
			best, least, lengthOff = c, d, off
		}
	}
	return best
}
