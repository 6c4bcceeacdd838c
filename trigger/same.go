package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/evaluator/rule"
)

// sameEvaluation reports whether b, not yet recorded, says of its window what a says:
// by stage, policy, versions, verdicts, every figure of the output that is the window's
// own, and the run that was started. The objects that were read are not compared: new
// label files come with every pass, and an object that changed without changing any
// figure says nothing new.
//
// A judgement again is another one whatever it says: its as-of, inputs and hashes are
// what keeps the next pass from judging once more. Where somebody has recorded another
// revision meanwhile, it is compared with that like any other.
func sameEvaluation(a, b Record) (bool, error) {
	if b.JudgedAgain > 0 && b.JudgedAgain == a.Revision {
		return false, nil
	}
	if OtherHash(a.ReadHash, b.ReadHash) || OtherHash(a.RulesHash, b.RulesHash) {
		return false, nil
	}
	if b.Decision.RunID != "" && a.Decision.RunID != b.Decision.RunID {
		return false, nil // that a run was started belongs to the audit
	}
	if a.Stage != b.Stage || a.PolicyHash != b.PolicyHash || a.Verdict != b.Verdict || !slices.Equal(a.Versions, b.Versions) {
		return false, nil
	}
	if !slices.EqualFunc(a.Rules, b.Rules, func(x, y rule.Result) bool {
		return x.Name == y.Name && x.Verdict == y.Verdict && x.Action == y.Action && x.For == y.For
	}) {
		return false, nil
	}
	x, err := essence(a.Output)
	if err != nil {
		return false, err
	}
	y, err := essence(b.Output)
	if err != nil {
		return false, err
	}
	return bytes.Equal(x, y), nil
}

// OtherHash reports whether two hashes differ; one that is not known is equal to any.
func OtherHash(a, b string) bool { return a != "" && b != "" && a != b }

// essence strips an output of what may differ between two evaluations that say the same
// of a window: when it was judged and what followed, what is said of all the objects that
// were read, which hold other windows' rows too, when labels came in, and how the estimates of
// other windows came out. What is said by hour and weekday is of the same rows as the metrics,
// and earlier versions did not say it.
func essence(output json.RawMessage) ([]byte, error) {
	if len(output) == 0 {
		return []byte("null"), nil
	}
	dec := json.NewDecoder(bytes.NewReader(output))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("read output: %w", err)
	}
	if m, ok := v.(map[string]any); ok {
		for _, name := range []string{"revision", "as_of", "decision", "notes", "by_hour", "by_weekday"} {
			delete(m, name)
		}
		if estimated, ok := m["estimated"].(map[string]any); ok {
			delete(estimated, "scored")
		}
		if quality, ok := m["quality"].(map[string]any); ok {
			if checks, ok := quality["checks"].(map[string]any); ok {
				delete(checks, "duplicate_labels")
				delete(checks, "conflicting_labels")
			}
		}
		if counts, ok := m["coverage"].(map[string]any); ok {
			for _, name := range []string{
				"labels", "duplicate_labels", "conflicting_labels", "unmatched_labels", "deleted_labels", "null_labels", "hidden_labels", "skipped", "label_delay",
			} {
				delete(counts, name)
			}
		}
	}
	return json.Marshal(v)
}
