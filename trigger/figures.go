package trigger

import (
	"encoding/json"
	"fmt"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// Figures are the numbers that one line on a window shows. The index keeps them of each
// evaluation, so that a history needs no evaluation as a whole. Numbers that there are not
// are NaN.
type Figures struct {
	Form int `json:"form"` // figuresForm, where this version has made them

	Metric        string      `json:"metric"` // the primary metric; empty where the window has none
	Value         stat.Number `json:"value"`
	Low           stat.Number `json:"low"` // the interval of Value
	High          stat.Number `json:"high"`
	Reference     stat.Number `json:"reference"`
	Rolling       stat.Number `json:"rolling"` // of the rolling reference
	Estimated     stat.Number `json:"estimated"`
	EstimatedLow  stat.Number `json:"estimated_low"` // the band of Estimated
	EstimatedHigh stat.Number `json:"estimated_high"`
	Predictions   int64       `json:"predictions"`
	Matched       *int64      `json:"matched"` // nil where no labels were read
	Coverage      stat.Number `json:"coverage"`
	DriftShare    stat.Number `json:"drift_share"`
	DriftCount    int         `json:"drift_count"`  // the columns that drifted,
	DriftJudged   int         `json:"drift_judged"` // of so many
}

// figuresForm is the version of Figures in the index. It rises where Figures get a field, so
// that those of an earlier version are made anew from the evaluation.
const figuresForm = 1

// WithFigures returns the same ledger that knows the figures of an evaluation's output: Brief,
// LastWindows and Since return them, and pages of the index keep them.
func (l *Ledger) WithFigures(of func(output json.RawMessage) (Figures, error)) *Ledger {
	same := *l
	same.figuresOf = of
	return &same
}

// brief returns what a page keeps of an evaluation: all but its inputs and its output,
// which are what makes it large and what no decision rests on, and the figures of the output.
// With mustTell an output whose figures cannot be read is an error; passes do without them.
func (l *Ledger) brief(mustTell bool) func(data []byte, key string) ([]byte, error) {
	return func(data []byte, key string) ([]byte, error) {
		r, err := parseEvaluation(key, data)
		if err != nil {
			return nil, err
		}
		// Fields that a later version added stay.
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(data, &fields); err != nil {
			return nil, damaged(key, "%w", err)
		}
		delete(fields, "inputs")
		delete(fields, "output")
		if l.figuresOf != nil {
			figures, err := l.figuresOf(r.Output)
			figures.Form = figuresForm
			switch {
			case err == nil:
				if fields["figures"], err = json.Marshal(figures); err != nil {
					return nil, fmt.Errorf("encode figures of %s: %w", key, err)
				}
			case mustTell:
				return nil, damaged(key, "%w", err)
			}
		}
		return json.Marshal(fields)
	}
}

// figuresIn returns the figures in what a page keeps of an evaluation; nil where it has none,
// or those of another version.
func figuresIn(data []byte) *Figures {
	var kept struct {
		Figures *Figures `json:"figures"`
	}
	if json.Unmarshal(data, &kept) != nil || kept.Figures == nil || kept.Figures.Form != figuresForm {
		return nil
	}
	return kept.Figures
}
