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
	key, data := keptRecord(t)
	r, err := readRecord(t, key, data)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d, h int) time.Time { return time.Date(2026, 1, d, h, 0, 0, 0, time.UTC) }
	if want := (groundtruth.Window{Start: at(11, 0), End: at(12, 0)}); r.Model != "house-price" || r.Window != want || !r.OnGrid || r.Grid != "1d" ||
		r.Stage != StageMature || r.Revision != 2 || !r.AsOf.Equal(at(15, 3)) || !r.RecordedAt.Equal(at(15, 3)) || r.Verdict != rule.Breached {
		t.Errorf("the window: %+v", r)
	}
	if len(r.Rules) != 2 || r.Rules[1].Name != "rmse" || r.Rules[1].Verdict != rule.Breached || r.Rules[1].Streak != 2 || !r.Rules[1].Acts ||
		r.Rules[1].For != 2 || r.Rules[1].Action != rule.ActionRetrain || r.Rules[1].Comparisons[0].Right != "1.2 * reference.rmse" {
		t.Errorf("the rules: %+v", r.Rules)
	}
	if d := r.Decision; d.Action != ActionSuppressed || d.Guard != GuardMode || d.Rule != "rmse" || !d.Episode.Equal(at(10, 0)) || d.Attempt != 1 ||
		d.Key != "house-price-fece3c2cb913c7c8" || d.Run != RunName(d.Key) {
		t.Errorf("the decision: %+v", d)
	}
	if len(r.Versions) == 0 || len(r.Inputs) == 0 || !strings.HasPrefix(r.Inputs[0].URL, "s3://logs/") || r.Inputs[0].Size == 0 || r.Inputs[0].ETag == "" || r.Inputs[0].ModTime.IsZero() {
		t.Errorf("what was read: %v %+v", r.Versions, r.Inputs)
	}
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
