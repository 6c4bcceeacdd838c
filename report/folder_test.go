package report

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

func TestPathOf(t *testing.T) {
	w := groundtruth.Window{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 1, 1, 30, 0, 0, time.UTC)}
	path := PathOf("house", w)
	if path != "house/20260101T000000Z_20260101T013000Z.html" {
		t.Errorf("got %s", path)
	}
	for _, other := range []string{
		"", "index.html", "notes.txt", "20260101T000000Z_20260101T013000Z", "20260101T013000Z_20260101T000000Z.html",
		"20260101_20260102.html", "20260101T000000Z.html", "a/20260101T000000Z_20260101T013000Z.html",
	} {
		if w, ok := windowOf(other); ok {
			t.Errorf("%q is taken for the report of %s", other, w)
		}
	}
}

// FuzzWindowOf reads back what PathOf writes, and takes nothing else for a report.
func FuzzWindowOf(f *testing.F) {
	f.Add("20260101T000000Z_20260101T013000Z.html")
	f.Add("20260101T000000.5Z_20260101T013000Z.html")
	f.Add("20260101T000000+0100_20260102T000000+0100.html")
	f.Add("index.html")
	f.Fuzz(func(t *testing.T, rest string) {
		w, ok := windowOf(rest)
		if !ok {
			return
		}
		again, ok := windowOf(strings.TrimPrefix(PathOf("m", w), "m/"))
		if !ok || !again.Equal(w) || !w.End.After(w.Start) {
			t.Errorf("%q is %s, which is written as %s", rest, w, PathOf("m", w))
		}
	})
}

// failing is a folder of which one step fails.
type failing struct{ write, list error }

func (f *failing) Write(context.Context, string, []byte) error { return f.write }

func (f *failing) Delete(context.Context, string) error { return nil }

func (f *failing) List(context.Context, string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		if f.list != nil {
			yield(objstore.Object{}, f.list)
		}
	}
}

// TestFolderSaysWhatFailed wraps what a store refuses with what could not be done, once.
func TestFolderSaysWhatFailed(t *testing.T) {
	full := errors.New("disk full")
	for _, c := range []struct {
		name string
		open error
		failing
		want string
	}{
		{name: "open", open: full, want: "open report.url: disk full"},
		{name: "list", failing: failing{list: full}, want: "list reports: disk full"},
		{name: "write", failing: failing{write: full}, want: "write the list of m: disk full"},
		{name: "nothing there yet", failing: failing{list: objstore.ErrNotExist}},
	} {
		lines := func(context.Context, string, int) ([]trigger.Record, error) { return nil, nil }
		folder := NewFolder([]Model{{Name: "m"}, {Name: "other"}}, true, time.Now, func(context.Context) (Files, error) { return &c.failing, c.open }, lines)
		err := folder.Report(t.Context(), &job.Judged{Model: "m"})
		if got := ""; err != nil && err.Error() != c.want || err == nil && c.want != got {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
