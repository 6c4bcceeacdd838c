package objstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childEnv makes the test binary one of the processes that a test starts: its value
// is what to do, and the folder.
const childEnv = "HINDCAST_OBJSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if what, folder, ok := strings.Cut(os.Getenv(childEnv), " "); ok {
		os.Exit(child(what, folder))
	}
	os.Exit(m.Run())
}

func childContent(id string) []byte { return bytes.Repeat([]byte(id+"\n"), 50_000) }

func child(what, folder string) int {
	b := newFileBucket(folder)
	ctx, id := context.Background(), strconv.Itoa(os.Getpid())
	switch what {
	case "race":
		// All wait for the same moment, which is when the file of that name is there.
		for {
			if _, err := os.Stat(filepath.Join(folder, "go")); err == nil {
				break
			}
		}
		switch err := b.Put(ctx, "claims/k/1", childContent(id), true); {
		case err == nil:
			fmt.Println("won", id)
		case errors.Is(err, ErrExists):
			fmt.Println("lost", id)
		default:
			fmt.Println("failed", err)
		}
	case "stop-create", "stop-write":
		b.placed = func(temp string) {
			fmt.Println(temp)
			select {} // Until killed.
		}
		_ = b.Put(ctx, "k", childContent(id), what == "stop-create")
	case "spin":
		for i := 0; ; i++ {
			if err := b.Put(ctx, fmt.Sprintf("%s-%d", id, i), childContent(id), i%2 == 0); err != nil {
				fmt.Println("failed", err)
				return 1
			}
			if i == 2 {
				fmt.Println("running")
			}
		}
	}
	return 0
}

func startChild(t *testing.T, what, folder string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+what+" "+folder)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewReader(out)
}

func TestFileCreateRaceOf16Processes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var outs []*bufio.Reader
	for range 16 {
		_, out := startChild(t, "race", folder)
		outs = append(outs, out)
	}
	time.Sleep(200 * time.Millisecond) // Let most of them reach the line; all is well if not.
	if err := os.WriteFile(filepath.Join(folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	results := map[string][]string{}
	for _, out := range outs {
		wg.Go(func() {
			line, _ := out.ReadString('\n')
			what, id, _ := strings.Cut(strings.TrimSpace(line), " ")
			mu.Lock()
			defer mu.Unlock()
			results[what] = append(results[what], id)
		})
	}
	wg.Wait()
	if len(results["won"]) != 1 || len(results["lost"]) != 15 {
		t.Fatalf("got %v", results)
	}
	got, err := os.ReadFile(filepath.Join(folder, "claims/k/1"))
	if err != nil || !bytes.Equal(got, childContent(results["won"][0])) {
		t.Fatalf("the content isn't the winner's: %d bytes, %v", len(got), err)
	}
	if temps := tempFiles(t, folder); len(temps) != 0 {
		t.Errorf("left are %q", temps)
	}
}

func tempFiles(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if strings.HasPrefix(d.Name(), tempPrefix) {
			found = append(found, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// TestFileKillBeforeName kills a process when its file is complete and has no name
// yet: nothing shows, and the next one wins.
func TestFileKillBeforeName(t *testing.T) {
	for _, what := range []string{"stop-create", "stop-write"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			cmd, out := startChild(t, what, folder)
			if line, err := out.ReadString('\n'); err != nil || !strings.Contains(line, tempPrefix) {
				t.Fatalf("the child said %q, %v", line, err)
			}
			kill(t, cmd)
			if len(tempFiles(t, folder)) != 1 {
				t.Fatal("the child left no temporary file, so this test shows nothing")
			}
			s, err := NewOpener("").Open(t.Context(), folder)
			if err != nil {
				t.Fatal(err)
			}
			for o, err := range s.List(t.Context(), "") {
				t.Errorf("listed %q, %v", o.Key, err)
			}
			if _, err := s.Read(t.Context(), "k"); !errors.Is(err, ErrNotExist) {
				t.Errorf("read gives %v", err)
			}
			if err := s.Create(t.Context(), "k", []byte("next")); err != nil {
				t.Error(err)
			}
			if got, err := s.Read(t.Context(), "k"); err != nil || string(got) != "next" {
				t.Errorf("read gives %q, %v", got, err)
			}
		})
	}
}

// TestFileKillAnywhere kills processes at any instruction: what is listed is whole.
func TestFileKillAnywhere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for i := range 5 {
		cmd, out := startChild(t, "spin", folder)
		if line, err := out.ReadString('\n'); err != nil || line != "running\n" {
			t.Fatalf("the child said %q, %v", line, err)
		}
		time.Sleep(time.Duration(i*7) * time.Millisecond)
		kill(t, cmd)
	}
	s, err := NewOpener("").Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
		id, _, _ := strings.Cut(o.Key, "-")
		if got, err := s.Read(t.Context(), o.Key); err != nil || !bytes.Equal(got, childContent(id)) {
			t.Errorf("%s holds %d bytes, not its content: %v", o.Key, len(got), err)
		}
	}
	if n < 10 {
		t.Errorf("only %d objects", n)
	}
}

func TestFileFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind error
		want string
	}{
		{syscall.EACCES, ErrDenied, "access denied to user"},
		{syscall.EROFS, ErrDenied, "read-only"},
		{syscall.ENOSPC, nil, "disk is full"},
		{syscall.ENOTDIR, nil, "is a file"},
		{syscall.ENOENT, ErrNotExist, "removed meanwhile"},
		{syscall.EIO, nil, "input/output error"},
	} {
		err := fileFault(&fs.PathError{Op: "open", Path: "/x", Err: c.err})
		if !strings.Contains(err.Error(), c.want) || !errors.Is(err, c.err) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%v becomes %q", c.err, err)
		}
	}
}

// TestLinkAnswerLost repeats what NFS does: the name is there and is this very file.
func TestLinkAnswerLost(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	temp, err := writeTemp(folder, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "k")
	for range 2 {
		if err := link(temp, path); err != nil {
			t.Fatal(err)
		}
	}
	other, err := writeTemp(folder, []byte("y"))
	if err != nil {
		t.Fatal(err)
	}
	if err := link(other, path); !errors.Is(err, ErrExists) {
		t.Errorf("another file gives %v", err)
	}
}
