//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBadInput shows that what can't be evaluated is refused with what is wrong where,
// and that nothing is lost: once it is mended, the pass judges the window as its first.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, date string, files map[string][]byte)
		want  []string
	}{
		"truncated Parquet": {func(_ *testing.T, date string, files map[string][]byte) {
			key := "predictions/" + date + "/a.parquet"
			files[key] = files[key][:len(files[key])/2]
		}, []string{"a.parquet", "truncated"}},
		"truncated gzip": {func(_ *testing.T, _ string, files map[string][]byte) {
			files["training/all.csv.gz"] = files["training/all.csv.gz"][:1000]
		}, []string{"all.csv.gz", "EOF"}},
		"wrong header": {func(_ *testing.T, date string, files map[string][]byte) {
			key := "sales/" + date + "/sales.csv"
			files[key] = bytes.Replace(files[key], []byte("sold_price"), []byte("sold_prize"), 1)
		}, []string{"sales.csv", "sold_price", "sold_prize"}},
		"too many bad records": {func(_ *testing.T, date string, files map[string][]byte) {
			key := "sales/" + date + "/sales.csv"
			lines := bytes.SplitAfter(files[key], []byte("\n"))
			for i := 1; i <= 10; i++ { // of 500
				lines[i] = append(bytes.Split(lines[i], []byte(","))[0], '\n')
			}
			files[key] = bytes.Join(lines, nil)
		}, []string{"labels", "10 of 500", "sales.csv", "max_bad_share"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, healthyNoise, func(c *settings) { c.KFP, c.Push = "", "" })
			files := map[string][]byte{}
			for key, data := range s.files(t) {
				files[strings.TrimPrefix(key, s.Model+"/")] = data
			}
			good := maps.Clone(files)
			tt.spoil(t, "dt="+s.day.Format(time.DateOnly), files)
			s.replace(t, files)
			r := s.pass(t)
			if r.code != 1 || !containsAll(r.stderr, tt.want) {
				t.Errorf("status %d, want 1 and %q\n%s", r.code, tt.want, r.stderr)
			}
			if n := s.told(s.Model, "failing"); n != 1 {
				t.Errorf("told %d times, want once: %+v", n, s.slack.Messages())
			}
			s.slackClean(t)
			s.replace(t, good)
			if o := s.judged(t); o.Revision != 1 || o.Verdict != "healthy" || o.Coverage.Matched != 500 {
				t.Errorf("mended: revision %d, verdict %s, coverage %+v", o.Revision, o.Verdict, o.Coverage)
			}
		})
	}
	t.Run("no object in the window", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, healthyNoise, func(c *settings) {
			c.KFP, c.Push, c.Slack = "", "", nil
			c.URL = func(key string) string { return setup(t).URL("empty/" + c.Model + "/" + key) }
		})
		training := s.files(t)[s.Model+"/training/all.csv.gz"]
		s.put(t, map[string][]byte{"empty/" + s.Model + "/training/all.csv.gz": training})
		r := s.pass(t)
		if o := one(t, r); r.code != 0 || o.Verdict != "inconclusive" || o.Coverage.Predictions != 0 || !strings.Contains(r.stdout, "no object matches") {
			t.Errorf("status %d, verdict %s\n%s", r.code, o.Verdict, r.stdout)
		}
	})
	t.Run("read-only state", func(t *testing.T) {
		t.Parallel()
		folder := mounted(t, syscall.MS_RDONLY, "")
		s := newScenario(t, healthyNoise, func(c *settings) { c.KFP, c.Push, c.Slack, c.State = "", "", nil, "file://"+folder })
		if r := s.pass(t); r.code != 1 || !containsAll(r.stderr, []string{folder, "read-only"}) {
			t.Errorf("status %d, want 1 and the folder\n%s", r.code, r.stderr)
		}
	})
	t.Run("window in the future", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, healthyNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
		r := s.pass(t, "--window", fmt.Sprintf("%s/%s", s.day.AddDate(0, 0, 7).Format(time.DateOnly), s.day.AddDate(0, 0, 8).Format(time.DateOnly)))
		if r.code != 2 || !strings.Contains(r.stderr, "future") {
			t.Errorf("status %d, want 2\n%s", r.code, r.stderr)
		}
	})
	t.Run("full disk while spilling", func(t *testing.T) {
		t.Parallel()
		s := newScenario(t, healthyNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
		full := mounted(t, 0, "size=16k")
		r := s.pass(t, "--memory", "16KiB", "--spill-dir", full)
		if r.code != 1 || !containsAll(r.stderr, []string{"no space left", "--spill-dir"}) {
			t.Errorf("status %d, want 1, what is full and what to do\n%s", r.code, r.stderr)
		}
		if left, err := os.ReadDir(full); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		s.judged(t)
	})
}

// mounted returns a folder with a memory file system of its own.
func mounted(t *testing.T, flags uintptr, options string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "mounted")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", flags, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", folder, err)
		}
	})
	return folder
}

// replace puts the files, keyed without the model's prefix, over the scenario's.
func (s *scenario) replace(t *testing.T, files map[string][]byte) {
	t.Helper()
	objects := map[string][]byte{}
	for key, data := range files {
		objects[s.Model+"/"+key] = data
	}
	s.put(t, objects)
}

func containsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}
