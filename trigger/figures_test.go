package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

// rmseOf is the figures of an output in these tests: {"rmse": 1.5}.
func rmseOf(output json.RawMessage) (Figures, error) {
	var o struct {
		RMSE *float64 `json:"rmse"`
	}
	if err := json.Unmarshal(output, &o); err != nil {
		return Figures{}, err
	}
	if o.RMSE == nil {
		return Figures{}, errors.New("no rmse")
	}
	n := int64(90)
	f := Figures{Metric: "rmse", Predictions: 100, Matched: &n, Coverage: 0.9}
	for _, v := range []struct {
		field *float64
		value float64
	}{
		{(*float64)(&f.Value), *o.RMSE}, {(*float64)(&f.Low), *o.RMSE - 1}, {(*float64)(&f.High), *o.RMSE + 1}, {(*float64)(&f.DriftShare), 0.25},
	} {
		*v.field = v.value
	}
	return f, nil
}

// recordsAndFigures appends n daily windows, each in two revisions.
func recordsAndFigures(t *testing.T, l *Ledger, n int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		for revision := 1; revision <= 2; revision++ {
			r := rec(i, "rmse", healthy)
			r.AsOf = r.AsOf.Add(time.Duration(revision) * time.Hour)
			if revision == 2 {
				r.Verdict, r.Rules[0].Verdict = breached, breached
			}
			r.Output = fmt.Appendf(nil, `{"revision":0,"rmse":%d}`, 10*i+revision)
			if _, created, err := l.Append(t.Context(), r); err != nil || !created {
				t.Fatal(created, err)
			}
		}
	}
}

// values lists the figures of records, each as its window's day, revision and value.
func values(records []Record) string {
	var out []string
	for _, r := range records {
		f := "-"
		if r.Figures != nil {
			f = fmt.Sprint(r.Figures.Value)
		}
		out = append(out, fmt.Sprintf("%d.%d:%s", r.Window.Start.YearDay(), r.Revision, f))
	}
	return strings.Join(out, " ")
}

// A history of a year asked for 730 records to show one number of each.
func TestFigures_CostOnePageAndNoRecord(t *testing.T) {
	store := newMemStore()
	l := NewLedger(store).WithIndex(store).WithFigures(rmseOf)
	recordsAndFigures(t, l, 365)
	ctx := t.Context()
	if _, err := l.Recent(ctx, "m", "1d", day(365), day(365), nil, nil, func(r []Record) bool { return len(r) >= 365 }); err != nil { // a pass has written the page
		t.Fatal(err)
	}
	for name, read := range map[string]func() ([]Record, error){
		"all":   func() ([]Record, error) { return l.Brief(ctx, "m") },
		"since": func() ([]Record, error) { return l.Since(ctx, "m", day(359).Start, day(365)) },
		"last":  func() ([]Record, error) { return l.LastWindows(ctx, "m", day(365), 7) },
	} {
		if _, err := read(); err != nil { // what the pass had no need of, earlier revisions, joins the page
			t.Fatal(err)
		}
		store.requests = 0
		got, err := read()
		if err != nil {
			t.Fatal(err)
		}
		if store.requests != 2 { // a listing and a page
			t.Errorf("%s: %d requests for %d records", name, store.requests, len(got))
		}
		if text := values(got); !strings.HasSuffix(text, " 364.2:3642 365.1:3651 365.2:3652") {
			t.Errorf("%s: %s", name, text)
		}
		if name != "all" && len(got) != 14 {
			t.Errorf("%s: %d records", name, len(got))
		}
		if f := got[len(got)-1].Figures; f == nil || f.Low != 3651 || f.High != 3653 || f.Metric != "rmse" || f.Coverage != 0.9 || *f.Matched != 90 || f.DriftShare != 0.25 {
			t.Errorf("%s: figures %+v", name, f)
		}
	}
}

func TestFigures_SinceIsOfTheWindowsThatStartThen(t *testing.T) {
	store := newMemStore()
	l := NewLedger(store).WithFigures(rmseOf)
	recordsAndFigures(t, l, 4)
	for name, c := range map[string]struct {
		from time.Time
		want string
	}{
		"a start":     {day(3).Start, "3.1:31 3.2:32 4.1:41 4.2:42"},
		"noon":        {day(3).Start.Add(12 * time.Hour), "4.1:41 4.2:42"},
		"long ago":    {time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC), "1.1:11 1.2:12 2.1:21 2.2:22 3.1:31 3.2:32 4.1:41 4.2:42"},
		"another era": {time.Date(2025, 12, 30, 0, 0, 0, 0, time.UTC), "1.1:11 1.2:12 2.1:21 2.2:22 3.1:31 3.2:32 4.1:41 4.2:42"},
		"later":       {time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), ""},
	} {
		got, err := l.Since(t.Context(), "m", c.from, day(4))
		if err != nil || values(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", name, values(got), err, c.want)
		}
	}
}

// listedStore lists objects as another store showed them.
type listedStore struct {
	*memStore
	shown map[string]objstore.Object
}

func (s listedStore) List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		for o, err := range s.memStore.List(ctx, prefix) {
			if shown, ok := s.shown[o.Key]; ok {
				o = shown
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// stateOfEarlierVersion returns the state in which a version without figures had written the
// page in testdata, of the demo's log.
func stateOfEarlierVersion(t *testing.T) listedStore {
	t.Helper()
	data, err := os.ReadFile("testdata/page-without-figures.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept pageRecord
	if err := json.Unmarshal(data, &kept); err != nil {
		t.Fatal(err)
	}
	s := listedStore{newMemStore(), map[string]objstore.Object{}}
	for key, c := range kept.Copies {
		whole := bytes.TrimSuffix(bytes.TrimSpace(c.Data), []byte("}"))
		s.objects[key] = append(bytes.Clone(whole), `,"inputs":[],"output":{"rmse":7}}`...)
		s.shown[key] = objstore.Object{Key: key, Size: c.Size, ModTime: c.ModTime, ETag: c.ETag}
	}
	s.objects[indexDir+"house-price/records-2026"] = data
	return s
}

func TestFigures_PagesOfEarlierVersionsAreCompleted(t *testing.T) {
	store, ctx := stateOfEarlierVersion(t), t.Context()
	l := NewLedger(store).WithIndex(store).WithFigures(rmseOf)
	if _, err := l.Recent(ctx, "house-price", "1d", day(17), day(17), nil, nil, func(r []Record) bool { return false }); err != nil || store.reads > 10 {
		t.Errorf("a pass made %d reads, %v", store.reads, err) // of the pages of some years
	}
	n := len(store.shown)
	store.reads = 0
	first, err := l.Brief(ctx, "house-price")
	if err != nil || len(first) != n || store.reads != n+1 {
		t.Fatalf("%d records by %d reads, %v; the page has %d", len(first), store.reads, err, n)
	}
	for _, r := range first {
		if r.Figures == nil || r.Figures.Value != 7 {
			t.Fatalf("%s has the figures %+v", r.Window, r.Figures)
		}
	}
	store.reads = 0
	if again, err := l.Brief(ctx, "house-price"); err != nil || values(again) != values(first) || store.reads != 1 {
		t.Errorf("again: %d reads, %v", store.reads, err)
	}
}

// A ledger that knows of no figures is what earlier versions were.
func TestFigures_EarlierVersionsReadTheirPages(t *testing.T) {
	store, ctx := newMemStore(), t.Context()
	l := NewLedger(store).WithIndex(store).WithFigures(rmseOf)
	recordsAndFigures(t, l, 20)
	if _, err := l.Brief(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	page := bytes.Clone(store.objects["index/m/records-2026"])
	if n := strings.Count(string(page), `"figures":{"form":1,"metric":"rmse"`); n != 40 {
		t.Fatalf("%d copies have figures", n)
	}
	earlier := NewLedger(store).WithIndex(store)
	want, err := NewLedger(store).Brief(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	store.reads = 0
	got, err := earlier.Brief(ctx, "m")
	if err != nil || store.reads != 1 || !reflect.DeepEqual(got, want) || got[0].Figures != nil {
		t.Errorf("%d records by %d reads, %v", len(got), store.reads, err)
	}
	for i := 21; i <= 40; i++ { // what an earlier version adds leaves the figures that are there
		r := rec(i, "rmse", healthy)
		r.Output = json.RawMessage(`{"revision":0,"rmse":1}`)
		if _, _, err := earlier.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := earlier.Brief(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(store.objects["index/m/records-2026"]), `"figures":{`); n != 40 {
		t.Errorf("%d copies have figures after an earlier version's pass", n)
	}
	store.reads = 0
	if got, err = l.Brief(ctx, "m"); err != nil || store.reads != 21 || strings.Contains(values(got), "-") {
		t.Errorf("%d reads, %v, %s", store.reads, err, values(got))
	}
}

func TestFigures_ThoseOfAnotherFormAreMadeAnew(t *testing.T) {
	store, ctx := newMemStore(), t.Context()
	l := NewLedger(store).WithIndex(store).WithFigures(rmseOf)
	recordsAndFigures(t, l, 10)
	want, err := l.Brief(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	eachPage(store, func(d []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(d, []byte(`"form":1`), []byte(`"form":9`)), []byte(`"value":`), []byte(`"value":9`))
	})
	if got, err := l.Brief(ctx, "m"); err != nil || values(got) != values(want) {
		t.Errorf("%s, %v", values(got), err)
	}
}

// A pass does without figures; a history that cannot tell them names the record.
func TestFigures_OutputsThatCannotBeRead(t *testing.T) {
	store, ctx := newMemStore(), t.Context()
	l := NewLedger(store).WithIndex(store).WithFigures(rmseOf)
	recordsAndFigures(t, l, 9)
	r := rec(10, "rmse", healthy)
	r.Output = json.RawMessage(`{"revision":0,"rmse":"?"}`)
	if _, _, err := l.Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	records, err := l.Recent(ctx, "m", "1d", day(10), day(10), nil, nil, func(r []Record) bool { return len(r) >= 10 })
	if err != nil || len(records) != 10 {
		t.Errorf("a pass: %d records, %v", len(records), err)
	}
	if _, err := l.Brief(ctx, "m"); err == nil || !strings.Contains(err.Error(), "evaluations/m/20260110T000000Z_20260111T000000Z/r000001.json") {
		t.Errorf("a history: %v", err)
	}
}

func TestShownOf(t *testing.T) {
	at := func(n, revision int, stage string) Record {
		r := rec(n, "rmse", healthy)
		r.Revision, r.Stage = revision, stage
		return r
	}
	oslo := at(2, 1, StageMature)
	oslo.Grid = "1d@Europe/Oslo"
	records := []Record{
		at(1, 1, StageClosed), at(1, 2, StageMature), at(1, 3, StageMature),
		at(2, 1, StageMature), at(2, 2, StageClosed), oslo,
		at(3, 1, StageClosed), at(3, 2, StageClosed),
	}
	var got []string
	for _, r := range ShownOf(records) {
		got = append(got, fmt.Sprintf("%d.%d%s", r.Window.Start.Day(), r.Revision, r.Grid))
	}
	if text := strings.Join(got, " "); text != "1.3 2.1 2.11d@Europe/Oslo 3.2" {
		t.Error(text)
	}
	w := day(2)
	launches := []LaunchStatus{
		{Launch: Launch{RunID: "by hand"}}, {Launch: Launch{RunID: "a", Window: &w}}, {Launch: Launch{RunID: "b", Window: &w}},
		{Launch: Launch{RunID: "oslo", Window: &w, Grid: "1d@Europe/Oslo"}},
	}
	for _, c := range []struct {
		of   Record
		want string
	}{{records[3], "b"}, {oslo, "oslo"}, {records[0], ""}} {
		id := ""
		if l := RunOf(c.of, launches); l != nil {
			id = l.Launch.RunID
		}
		if id != c.want {
			t.Errorf("the run of %s %s is %q, want %q", c.of.Window, c.of.Grid, id, c.want)
		}
	}
}

// Whatever a page holds, its figures are those of this version or none.
func FuzzFiguresIn(f *testing.F) {
	for _, seed := range []string{`{"figures":{"form":1,"metric":"rmse","value":null,"matched":3}}`, `{"figures":{"form":2}}`, `{"figures":null}`, `{"figures":[]}`, `{`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		figures := figuresIn(data)
		if figures == nil {
			return
		}
		if figures.Form != figuresForm {
			t.Fatalf("figures of form %d", figures.Form)
		}
		again, err := json.Marshal(map[string]*Figures{"figures": figures})
		if err != nil {
			t.Fatal(err)
		}
		if got := figuresIn(again); got == nil || got.Metric != figures.Metric || got.Predictions != figures.Predictions {
			t.Fatalf("%s is read as %+v", again, got)
		}
	})
}
