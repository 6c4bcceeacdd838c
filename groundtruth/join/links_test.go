package join

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/objstore"
)

// A link that leaves the folder gives away nothing of what it leads to, and is told of.
func TestLinksThatLeaveTheFolderAreNotRead(t *testing.T) {
	t.Parallel()
	const secret = "xoxb-canary"
	folder, outside := t.TempDir(), t.TempDir()
	for path, content := range map[string]string{
		filepath.Join(outside, "token"):               secret + "\n",
		filepath.Join(folder, "dt=2026-01-01/a.csv"):  "id,ts\n1,2\n",
		filepath.Join(folder, "dt=2026-01-01/.b.csv"): "id,ts\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for old, path := range map[string]string{
		filepath.Join(outside, "token"): "dt=2026-01-01/link.csv",
		outside:                         "dt=2026-01-02",
		"../dt=2026-01-01/a.csv":        "dt=2026-01-01/same.csv",
	} {
		if err := os.Symlink(old, filepath.Join(folder, path)); err != nil {
			t.Fatal(err)
		}
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, pattern := range []string{"dt={date}/*", "**", "dt=*/*", "dt={date}/link.csv", "*/link.csv"} {
		src := groundtruth.Source{URL: folder + "/" + pattern, Format: "csv"}
		set, err := source.Discover(t.Context(), objstore.NewOpener(""), src, day, day.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		for _, obj := range set.Objects {
			if !strings.HasSuffix(obj.Rel, "/a.csv") && !strings.HasSuffix(obj.Rel, "/same.csv") {
				t.Errorf("%s finds %s", pattern, obj.Rel)
			}
		}
		if text := strings.Join(set.Notes, "\n"); !strings.Contains(text, "leave the folder and were not followed, first \"dt=2026-01-0") || !strings.Contains(text, "follow_links") {
			t.Errorf("%s has the notes %q", pattern, text)
		}
		src.FollowLinks = true
		set, err = source.Discover(t.Context(), objstore.NewOpener(""), src, day, day.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, obj := range set.Objects {
			found += obj.Rel + " "
		}
		if !strings.Contains(found, "/link.csv") && !strings.Contains(found, "/token") {
			t.Errorf("%s with follow_links finds %s", pattern, found)
		}
	}
	_, err := format.Columns(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: filepath.Join(folder, "dt=2026-01-01/link.csv")}, time.Time{}, time.Time{}, format.ColumnOptions{})
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}
