package objstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/objstoretest"
)

func TestFile(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) *objstore.Store {
		return open(t, "file://"+filepath.Join(t.TempDir(), "made on write"), "")
	})
}

// put makes files in a folder, as others than the store do.
func put(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func symlink(t *testing.T, old, path string) {
	t.Helper()
	if err := os.Symlink(old, path); err != nil {
		t.Fatal(err)
	}
}

func listKeys(t *testing.T, s *objstore.Store, prefix string) []string {
	t.Helper()
	keys := []string{}
	for o, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

func wantKeys(t *testing.T, s *objstore.Store, prefix string, want ...string) {
	t.Helper()
	if got := listKeys(t, s, prefix); !slices.Equal(got, want) {
		t.Errorf("list %q gives %q, want %q", prefix, got, want)
	}
}

func TestFileFollowsSymlinks(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	put(t, root, map[string]string{"a/file": "in", "z": "last"})
	put(t, outside, map[string]string{"far/away": "out"})
	symlink(t, filepath.Join(outside, "far"), filepath.Join(root, "linked"))
	symlink(t, filepath.Join(outside, "far/away"), filepath.Join(root, "m"))
	symlink(t, filepath.Join(root, "nowhere"), filepath.Join(root, "dangling"))
	symlink(t, root, filepath.Join(root, "a/circle"))
	symlink(t, "itself", filepath.Join(root, "itself"))
	s := open(t, root, "")
	wantKeys(t, s, "", "a/file", "linked/away", "m", "z")
	objs, dirs, err := s.ListDir(t.Context(), "")
	if err != nil || len(objs) != 2 || !slices.Equal(dirs, []string{"a/", "linked/"}) {
		t.Errorf("list dir gives %v, %v, %v", objs, dirs, err)
	}
	for key, want := range map[string]string{"linked/away": "out", "m": "out"} {
		if got, err := s.Read(t.Context(), key); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", key, got, err)
		}
	}
	if objs[0].Key != "m" || objs[0].Size != 3 {
		t.Errorf("a link to a file is listed as %+v", objs[0])
	}
	for _, key := range []string{"dangling", "itself"} {
		if _, err := s.Read(t.Context(), key); !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("read %s gives %v", key, err)
		}
		if err := s.Create(t.Context(), key, nil); !errors.Is(err, objstore.ErrExists) {
			t.Errorf("create over the link %s gives %v", key, err)
		}
	}
	// Writing replaces the link, not what it leads to.
	if err := s.Write(t.Context(), "m", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(outside, "far/away")); err != nil || string(got) != "out" {
		t.Errorf("outside there is %q, %v", got, err)
	}
}

func TestFileMountedConfigMap(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, root, map[string]string{"..2026_01_01/data.csv": "x"})
	symlink(t, "..2026_01_01", filepath.Join(root, "..data"))
	symlink(t, "..data/data.csv", filepath.Join(root, "data.csv"))
	wantKeys(t, open(t, root, ""), "", "data.csv")
}

func TestFileIgnoresOthers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, root, map[string]string{"a": "x", ".hindcast-tmp-ABC": "half", "d/.hindcast-tmp-DEF": "half", ".visible": "x"})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	s := open(t, root, "")
	wantKeys(t, s, "", ".visible", "a")
	wantKeys(t, s, ".hindcast")
	done := make(chan error, 1)
	go func() { _, err := s.Read(t.Context(), "pipe"); done <- err }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "regular") {
			t.Errorf("reading a pipe gives %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("reading a pipe waits for its writer")
	}
	if err := s.Write(t.Context(), "d", nil); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("writing over a folder gives %v", err)
	}
	if err := s.Create(t.Context(), "d", nil); err == nil || errors.Is(err, objstore.ErrExists) {
		t.Errorf("creating over a folder gives %v", err)
	}
	if err := s.Write(t.Context(), "a/b", nil); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("writing below a file gives %v", err)
	}
}

func TestFileNewFilesAreReadableByOthers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	probe := filepath.Join(root, "probe")
	put(t, root, map[string]string{"probe": ""}) // has the mode 0644 less the process's mask
	s := open(t, root, "")
	if err := s.Create(t.Context(), "created", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), "written", nil); err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(probe)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"created", "written"} {
		got, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if got.Mode()&0o444 != want.Mode()&0o444 {
			t.Errorf("%s has mode %v, an ordinary file %v", name, got.Mode(), want.Mode())
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 3 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestFileMissingFolder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	s := open(t, "file://./missing/folder", base)
	path := filepath.Join(base, "missing/folder")
	var errs []error
	for _, err := range s.List(t.Context(), "") {
		errs = append(errs, err)
	}
	for _, err := range s.List(t.Context(), "dt=1/") {
		errs = append(errs, err)
	}
	_, _, err := s.ListDir(t.Context(), "")
	errs = append(errs, err, s.Check(t.Context()))
	if len(errs) != 4 {
		t.Fatalf("got %d errors", len(errs))
	}
	for _, err := range errs {
		if !errors.Is(err, objstore.ErrNotExist) || !strings.Contains(err.Error(), "folder "+path+" does not exist: create it or correct the URL") {
			t.Errorf("got %v", err)
		}
	}
	if err := s.Create(t.Context(), "a/b", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	wantKeys(t, s, "other/")
	// A file where a folder is needed.
	f := open(t, filepath.Join(path, "a/b"), "")
	if err := f.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "it is a file") {
		t.Errorf("a file as the folder gives %v", err)
	}
}

func TestFileDenied(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("the superuser may do everything; TestFileFault covers the message")
	}
	root := t.TempDir()
	put(t, root, map[string]string{"locked/a": "x"})
	if err := os.Chmod(filepath.Join(root, "locked"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "locked"), 0o755) })
	s := open(t, root, "")
	_, readErr := s.Read(t.Context(), "locked/a")
	for _, err := range []error{readErr, s.Write(t.Context(), "locked/b", nil), s.Create(t.Context(), "locked/b", nil)} {
		if !errors.Is(err, objstore.ErrDenied) {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range s.List(t.Context(), "") {
		if !errors.Is(err, objstore.ErrDenied) {
			t.Errorf("list gives %v", err)
		}
	}
}
