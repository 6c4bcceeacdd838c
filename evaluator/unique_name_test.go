package evaluator

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/internal/evaltest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
)

// TestGroupsThatDifferInABadByteKeepTheirNames holds that no two segment values or
// versions become one key, whatever bytes they are made of.
func TestGroupsThatDifferInABadByteKeepTheirNames(t *testing.T) {
	groups := map[string]*summary.ErrorSums{}
	for _, s := range []string{"a\xff", "a\xfe", `a\xff`, `a\x5cxff`, "a\uFFFD", "Oslo", `a\b`, `\\x`, ""} {
		groups[s] = summary.NewErrorSums(0, summary.GroupBuckets, false)
	}
	out := map[string]Group{}
	var w work
	finish := w.groups(groups, func() map[string]metric.Result { return nil }, metric.Options{}, out)
	w.do(1)
	finish()
	data, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]json.RawMessage
	if err := json.Unmarshal(data, &read); err != nil || len(read) != len(groups) {
		t.Errorf("%d of %d groups can be told apart in %s (%v)", len(read), len(groups), data, err)
	}
	if _, ok := read["Oslo"]; !ok || read[`a\b`] == nil {
		t.Errorf("usual names are changed in %s", data)
	}
	// Columns likewise.
	columns := map[string]any{}
	for name := range groups {
		columns[name] = []float64{1, 2}
	}
	batch := evaltest.Table(2, columns)
	e := evaluateTables(batch, batch, summary.ProfilerOptions{}, Options{})
	var shown struct {
		Drift, Quality struct{ Columns map[string]json.RawMessage }
	}
	if data, err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &shown); err != nil || len(shown.Quality.Columns) != len(groups)+1 || len(shown.Drift.Columns) < len(groups) {
		t.Errorf("%d and %d of %d columns can be told apart (%v)", len(shown.Drift.Columns), len(shown.Quality.Columns), len(groups), err)
	}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOfN(rapid.SampledFrom([]byte("\\x5cf\xff\xfea")), 0, 8).Draw(t, "bytes"))
		})
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		if !utf8.ValidString(UniqueName(a)) || (UniqueName(a) == UniqueName(b)) != (a == b) {
			t.Fatalf("%q and %q are called %q and %q", a, b, UniqueName(a), UniqueName(b))
		}
	})
}
