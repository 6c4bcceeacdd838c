package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/job"
)

// moved says in a sentence each how the metrics that an event's rules compare differ from the
// reference: which way they moved is what people want to know first, and which way is worse they
// know of their metric. A metric that is estimated before labels come is named so.
func moved(e job.Event) []string {
	o := e.Outcome
	if o == nil || o.Reference == nil {
		return nil
	}
	var out []string
	for _, r := range e.Rules {
		for _, c := range r.Comparisons {
			name, estimated := strings.CutPrefix(c.Variable, "estimated.")
			spec, known := metric.Find(name)
			m, title := o.Metrics[name], spec.Title
			if estimated {
				title = "Estimated " + title
				if o.Estimated != nil {
					m = o.Estimated.Metrics[name]
				}
			}
			reference := o.Reference.Metrics[name]
			if !known || !isNumber(m.Value) || !isNumber(reference.Value) || m.N == 0 {
				continue
			}
			way := "rose to"
			switch {
			case m.Value < reference.Value:
				way = "fell to"
			case m.Value == reference.Value:
				way = "stayed at"
			}
			text := fmt.Sprintf("%s %s %s, from %s on the reference.", title, way, withInterval(m), number(reference.Value))
			if estimated && o.Coverage.Matched == nil {
				text += " Labels are not in yet."
			}
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out[:min(len(out), maxRules)]
}

// withInterval writes a metric with its interval, or an estimate with its band, where it has one.
func withInterval(m metric.Result) string {
	text := number(m.Value)
	if isNumber(m.Low) && isNumber(m.High) {
		text += fmt.Sprintf(" (%s to %s)", number(m.Low), number(m.High))
	}
	return text
}
