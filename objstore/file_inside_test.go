package objstore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/objstore"
)

// openInside opens a folder whose links are not followed out of it, and returns what
// was left out.
func openInside(t *testing.T, folder string) (*objstore.Store, *[]string) {
	t.Helper()
	s := open(t, folder, "")
	var left []string
	s.KeepInside(func(key string) { left = append(left, key) })
	return s, &left
}

func TestFileKeepsInside(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	put(t, root, map[string]string{"a/file": "in", "z": "last"})
	put(t, outside, map[string]string{"far/away": "secret"})
	symlink(t, "../a/file", filepath.Join(root, "a/back"))
	symlink(t, filepath.Join(root, "a"), filepath.Join(root, "absolute"))
	symlink(t, filepath.Join(outside, "far"), filepath.Join(root, "folder"))
	symlink(t, filepath.Join(outside, "far/away"), filepath.Join(root, "m"))
	symlink(t, "m", filepath.Join(root, "n"))
	symlink(t, "../"+filepath.Base(root)+"/z", filepath.Join(root, "round"))
	symlink(t, filepath.Join(root, "nowhere"), filepath.Join(root, "dangling"))
	symlink(t, root, filepath.Join(root, "a/circle"))
	linked := filepath.Join(t.TempDir(), "root")
	symlink(t, root, linked)
	for _, folder := range []string{root, linked} {
		s, left := openInside(t, folder)
		wantKeys(t, s, "", "a/back", "a/file", "absolute/back", "absolute/file", "round", "z")
		slices.Sort(*left)
		if want := []string{"folder", "m", "n"}; !slices.Equal(slices.Compact(*left), want) {
			t.Errorf("left out are %q, want %q", *left, want)
		}
		*left = nil
		wantKeys(t, s, "folder/")
		if want := []string{"folder"}; !slices.Equal(*left, want) {
			t.Errorf("left out are %q, want %q", *left, want)
		}
		_, dirs, err := s.ListDir(t.Context(), "")
		if err != nil || !slices.Equal(dirs, []string{"a/", "absolute/"}) {
			t.Errorf("the folders are %q, %v", dirs, err)
		}
		for key, want := range map[string]string{"a/back": "in", "absolute/file": "in", "round": "last", "z": "last"} {
			if got, err := s.Read(t.Context(), key); err != nil || string(got) != want {
				t.Errorf("%s holds %q, %v", key, got, err)
			}
		}
		for _, key := range []string{"folder/away", "m", "n"} {
			if got, err := s.Read(t.Context(), key); err == nil || !strings.Contains(err.Error(), "a symbolic link that leaves the folder") {
				t.Errorf("read %s gives %q, %v", key, got, err)
			}
		}
	}
}

// A file that was listed is not read once a link has come in its place.
func TestFileKeepsInsideAfterListing(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	put(t, root, map[string]string{"dt=1/file": "in"})
	put(t, outside, map[string]string{"file": "secret"})
	s, _ := openInside(t, root)
	wantKeys(t, s, "", "dt=1/file")
	if err := os.RemoveAll(filepath.Join(root, "dt=1")); err != nil {
		t.Fatal(err)
	}
	symlink(t, outside, filepath.Join(root, "dt=1"))
	if got, err := s.Read(t.Context(), "dt=1/file"); err == nil {
		t.Errorf("the file holds %q", got)
	}
}

func TestFileKeepsInsideMounts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, root, map[string]string{"..2026_01_01/data.csv": "x"})
	symlink(t, "..2026_01_01", filepath.Join(root, "..data"))
	symlink(t, "..data/data.csv", filepath.Join(root, "data.csv"))
	s, left := openInside(t, root)
	wantKeys(t, s, "", "data.csv")
	if got, err := s.Read(t.Context(), "data.csv"); err != nil || string(got) != "x" || len(*left) > 0 {
		t.Errorf("the file holds %q, %v; left out are %q", got, err, *left)
	}
}
