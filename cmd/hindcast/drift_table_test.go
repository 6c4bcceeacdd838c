package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// TestDriftTableSaysWhyNot says of a column that has not drifted how far its rows show that,
// and why one above its threshold has not.
func TestDriftTableSaysWhyNot(t *testing.T) {
	no, threshold, floor := false, stat.Number(0.1), stat.Number(0.31)
	measures := map[string]drift.Measure{"js": {Value: 0.25, Threshold: &threshold, NoiseFloor: &floor, Drifted: &no}}
	columns := map[string]drift.Column{
		"age":  {Drifted: &no, Measures: measures},
		"city": {Drifted: &no, Measures: measures, Reason: "js: no drift beyond 0.14, which is what 1000 rows show; the threshold is 0.1"},
		"kind": {Drifted: &no, Measures: measures, Reason: "above threshold and noise floor, but among 20 features chance brings that too"},
	}
	var out bytes.Buffer
	driftTable(&out, &drift.Drift{Columns: columns})
	for _, want := range []string{"0.31         js: no drift beyond 0.14\n", "0.31         above threshold and noise floor, but among 20"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	driftTable(&out, &drift.Drift{Columns: map[string]drift.Column{"age": columns["age"]}})
	if strings.Contains(out.String(), "LACKS") {
		t.Errorf("a table without anything to say has a column for it:\n%s", out.String())
	}
}
