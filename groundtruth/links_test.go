package groundtruth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		src := Source{URL: folder + "/" + pattern, Format: "csv"}
		set, err := discover(t.Context(), objstore.NewOpener(""), src, day, day.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		for _, obj := range set.objects {
			if !strings.HasSuffix(obj.rel, "/a.csv") && !strings.HasSuffix(obj.rel, "/same.csv") {
				t.Errorf("%s finds %s", pattern, obj.rel)
			}
		}
		if text := strings.Join(set.notes, "\n"); !strings.Contains(text, "leave the folder and were not followed, first \"dt=2026-01-0") || !strings.Contains(text, "follow_links") {
			t.Errorf("%s has the notes %q", pattern, text)
		}
		src.FollowLinks = true
		set, err = discover(t.Context(), objstore.NewOpener(""), src, day, day.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, obj := range set.objects {
			found += obj.rel + " "
		}
		if !strings.Contains(found, "/link.csv") && !strings.Contains(found, "/token") {
			t.Errorf("%s with follow_links finds %s", pattern, found)
		}
	}
	_, err := Columns(context.Background(), objstore.NewOpener(""), Source{URL: filepath.Join(folder, "dt=2026-01-01/link.csv")}, time.Time{}, time.Time{}, ColumnOptions{})
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

// What messages quote of a file is short, whatever the file holds.
func TestQuotesOfFilesAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x1b[31mé", 1000)
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("%d%s", i, long)
	}
	for _, text := range []string{
		(&missingColumnError{Object: "o", Column: "id", Columns: names}).Error(),
		quoteText(long), quoteNames(names), sampleText(long),
	} {
		if len(text) > 1000 {
			t.Errorf("a text of %d bytes: %.200s...", len(text), text)
		}
	}
	if got := quoteText(long); strings.ContainsRune(got, '\x1b') || !strings.HasSuffix(got, "...") {
		t.Errorf("quoted is %s", got)
	}
	if got := quoteText("plain"); got != `"plain"` {
		t.Errorf("quoted is %s", got)
	}
}
