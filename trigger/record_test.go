package trigger

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
)

// keptRecord returns a record of schema 1, which a version of schema 1 wrote of the demo's
// log, and the key under which it lay.
func keptRecord(t *testing.T) (key string, data []byte) {
	t.Helper()
	data, err := os.ReadFile("testdata/record-schema1.json")
	if err != nil {
		t.Fatal(err)
	}
	return "evaluations/house-price/20260111T000000Z_20260112T000000Z/r000002.json", data
}

// readRecord reads a record from a ledger that holds nothing else.
func readRecord(t *testing.T, key string, data []byte) (Record, error) {
	t.Helper()
	store := newMemStore()
	store.objects[key] = data
	records, err := NewLedger(store).History(t.Context(), "house-price")
	if err != nil {
		return Record{}, err
	}
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	return records[0], nil
}

func TestRecordOfSchema1(t *testing.T) {
	path, data := keptRecord(t)
	r, err := readRecord(t, path, data)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
	}
	at := func(d, h int) time.Time { return time.Date(2026, 1, d, h, 0, 0, 0, time.UTC) }
	rest := r
	rest.Rules, rest.Versions, rest.Inputs, rest.Decision, rest.Output = nil, nil, nil, Decision{}, nil
	check("the window", rest, Record{
		Model: "house-price", Window: groundtruth.Window{Start: at(11, 0), End: at(12, 0)}, OnGrid: true, Grid: "1d", Stage: StageMature,
		Revision: 2, AsOf: at(15, 3), RecordedAt: at(15, 3), PolicyHash: "82c1234577d0e21fb41e8f90c4918515", Verdict: rule.Breached,
	})
	check("the second rule", r.Rules[1:], []rule.Result{{
		Name: "rmse", Verdict: rule.Breached, Reason: "rmse 81222 (77555 to 84889) > 1.2 * reference 46133 = 55359 at 95 %",
		Action: "retrain", For: 2, Streak: 2, Acts: true,
		Comparisons: []rule.Comparison{{
			Left: "rmse", Op: ">", Right: "1.2 * reference.rmse", LeftValue: 81221.77866970365, RightValue: 55359.163417367636, Variable: "rmse",
		}},
	}})
	episode, key := at(10, 0), "house-price-fece3c2cb913c7c8"
	check("the decision", r.Decision, Decision{
		Action: ActionSuppressed, Guard: GuardMode, Rule: "rmse", Episode: &episode, Attempt: 1, Key: key, Run: RunName(key),
		Reason: "mode is suggest: would start attempt 1 for the episode since 2026-01-10T00:00:00Z, rmse breached in 2 consecutive windows",
	})
	check("the versions", r.Versions, []string{"v1", "v2"})
	check("the first of six inputs", r.Inputs[:len(r.Inputs)-5], []groundtruth.Input{{
		URL: "s3://logs/labels/dt=2026-01-11/part-0.csv", Size: 91592, ETag: "165c8-18867251edfa0000", ModTime: at(1, 0),
	}})
	again, err := json.Marshal(newEvaluationRecord(r))
	if err != nil {
		t.Fatal(err)
	}
	if string(again)+"\n" != string(data) {
		t.Errorf("it is written as another:\n%s", again)
	}
}

func TestRecordOfALaterVersion(t *testing.T) {
	key, data := keptRecord(t)
	want, err := readRecord(t, key, data)
	if err != nil {
		t.Fatal(err)
	}
	more := strings.NewReplacer(
		`{"schema":1,`, `{"schema":1,"later":{"a":[1]},`, `"rules":[{`, `"rules":[{"later":1,`, `"inputs":[{`, `"inputs":[{"later":1,`, `"decision":{`, `"decision":{"later":1,`,
	).Replace(string(data))
	got, err := readRecord(t, key, []byte(more))
	want.Output, got.Output = nil, nil // which is kept as it is
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("with fields of a later version: %v\n got %+v\nwant %+v", err, got, want)
	}
	newer := strings.Replace(string(data), `{"schema":1,`, `{"schema":2,`, 1)
	_, err = readRecord(t, key, []byte(newer))
	if text := "ledger record " + key + " has schema 2, this version knows up to 1: written by a newer version of hindcast"; !errors.Is(err, ErrNewerSchema) || err.Error() != text {
		t.Errorf("with a newer schema: %v\nwant %s", err, text)
	}
}
