package job_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// The outcome in a record of schema 1 is read as it was, and written as it was. Later
// versions add to it, and rename nothing.
func TestOutcomeInARecordOfSchema1(t *testing.T) {
	data, err := os.ReadFile("../trigger/testdata/record-schema1.json")
	if err != nil {
		t.Fatal(err)
	}
	state := open(t, memory()+"/state")
	if err := state.Create(t.Context(), "evaluations/house-price/20260111T000000Z_20260112T000000Z/r000002.json", data); err != nil {
		t.Fatal(err)
	}
	records, err := trigger.NewLedger(state).History(t.Context(), "house-price")
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	var o job.Outcome
	later := strings.Replace(string(records[0].Output), `{"model":`, `{"later":{"a":[1]},"model":`, 1)
	if err := json.Unmarshal([]byte(later), &o); err != nil {
		t.Fatal(err)
	}
	if rmse := o.Metrics["rmse"]; o.Verdict != rule.Breached || *o.Coverage.Matched == 0 || rmse.Value < 80000 || o.Drift.Share != 0.5 || len(o.Versions) == 0 || len(o.Segments) == 0 {
		t.Errorf("%+v", o)
	}
	if again, err := json.Marshal(o); err != nil || string(again) != string(records[0].Output) {
		t.Errorf("it is written as another: %v\n got %s\nwant %s", err, again, records[0].Output)
	}
}
