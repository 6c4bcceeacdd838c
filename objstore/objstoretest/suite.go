// Package objstoretest holds what every object store of the program must do, as one
// suite of tests for all kinds of stores: the tests of each call [Run].
package objstoretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

// Run tests a kind of store. Open gives a store whose root holds nothing and that nobody
// else uses.
func Run(t *testing.T, open func(t *testing.T) *objstore.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *objstore.Store)
	}{
		{"Write and read", testWriteRead},
		{"List", testList},
		{"List dir", testListDir},
		{"List many", testListMany},
		{"List stops", testListStops},
		{"Ranges", testRanges},
		{"Read at", testReadAt},
		{"Read at of another object", testReadAtChanged},
		{"Overwrite is atomic", testOverwriteAtomic},
		{"Create", testCreate},
		{"Create race", testCreateRace},
		{"Create large", testCreateLarge},
		{"Delete", testDelete},
		{"Special keys", testSpecialKeys},
		{"Bad keys", testBadKeys},
		{"Missing", testMissing},
		{"Cancelled", testCancelled},
		{"Empty object", testEmptyObject},
		{"Large object", testLarge},
		{"Object facts", testObjectFacts},
		{"Check", testCheck},
		{"URL", testURL},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func write(t *testing.T, s *objstore.Store, key, content string) {
	t.Helper()
	if err := s.Write(t.Context(), key, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, s *objstore.Store, key, want string) {
	t.Helper()
	got, err := s.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Fatalf("%s holds %.60q, want %.60q", key, got, want)
	}
}

func list(t *testing.T, s *objstore.Store, prefix string) []objstore.Object {
	t.Helper()
	var all []objstore.Object
	for o, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func keys(objs []objstore.Object) []string {
	ks := []string{}
	for _, o := range objs {
		ks = append(ks, o.Key)
	}
	return ks
}

// content gives n bytes that differ by seed and don't repeat.
func content(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func testWriteRead(t *testing.T, s *objstore.Store) {
	write(t, s, "a", "one")
	write(t, s, "deep/er/b", "two")
	wantContent(t, s, "a", "one")
	wantContent(t, s, "deep/er/b", "two")
	write(t, s, "a", "longer than before")
	wantContent(t, s, "a", "longer than before")
	write(t, s, "a", "s")
	wantContent(t, s, "a", "s")
	// The caller's bytes are its own again.
	data := []byte("mine")
	if err := s.Write(t.Context(), "a", data); err != nil {
		t.Fatal(err)
	}
	copy(data, "over")
	wantContent(t, s, "a", "mine")
}

// The keys are such that the order of their bytes isn't the order of a walk through
// folders: '-' and '.' come before '/', '0' after it.
var orderKeys = []string{
	"a-b/x", "a.b", "a/x", "a/y/z", "a0", "aa/x", "b", "dt=2026-01-01/p.csv", "dt=2026-01-02/p.csv", "dt=2026-01-02/q.csv", "é", "日",
}

func testList(t *testing.T, s *objstore.Store) {
	for _, i := range rand.Perm(len(orderKeys)) {
		write(t, s, orderKeys[i], orderKeys[i])
	}
	for _, prefix := range []string{"", "a", "a/", "a/y", "dt=2026-01-0", "dt=2026-01-02/", "dt=2026-01-02/q", "b", "b/", "nothing", "a/x/y", "é"} {
		want := []string{}
		for _, k := range orderKeys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		got := list(t, s, prefix)
		if !slices.Equal(keys(got), want) {
			t.Errorf("list %q = %q, want %q", prefix, keys(got), want)
		}
		for _, o := range got {
			if o.Size != int64(len(o.Key)) {
				t.Errorf("%s has size %d, want %d", o.Key, o.Size, len(o.Key))
			}
		}
	}
}

func testListDir(t *testing.T, s *objstore.Store) {
	for _, k := range orderKeys {
		write(t, s, k, k)
	}
	for _, c := range []struct {
		prefix     string
		objs, dirs []string
	}{
		{"", []string{"a.b", "a0", "b", "é", "日"}, []string{"a-b/", "a/", "aa/", "dt=2026-01-01/", "dt=2026-01-02/"}},
		{"a", []string{"a.b", "a0"}, []string{"a-b/", "a/", "aa/"}},
		{"a/", []string{"a/x"}, []string{"a/y/"}},
		{"a/y", nil, []string{"a/y/"}},
		{"a/y/", []string{"a/y/z"}, nil},
		{"dt=2026-01-0", nil, []string{"dt=2026-01-01/", "dt=2026-01-02/"}},
		{"dt=2026-01-02/", []string{"dt=2026-01-02/p.csv", "dt=2026-01-02/q.csv"}, nil},
		{"nothing/", nil, nil},
	} {
		objs, dirs, err := s.ListDir(t.Context(), c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(keys(objs), c.objs) || !slices.Equal(dirs, c.dirs) {
			t.Errorf("list dir %q = %q, %q, want %q, %q", c.prefix, keys(objs), dirs, c.objs, c.dirs)
		}
		for _, o := range objs {
			if o.Size != int64(len(o.Key)) {
				t.Errorf("%s has size %d, want %d", o.Key, o.Size, len(o.Key))
			}
		}
	}
}

// testListMany needs more than one page of every cloud store's listing.
func testListMany(t *testing.T, s *objstore.Store) {
	if testing.Short() {
		t.Skip("many requests")
	}
	const n = 1100
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				if err := s.Write(t.Context(), fmt.Sprintf("many/%06d", i), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := keys(list(t, s, "many/"))
	if len(got) != n || !slices.IsSorted(got) {
		t.Fatalf("listed %d objects, sorted %v, want %d", len(got), slices.IsSorted(got), n)
	}
	objs, _, err := s.ListDir(t.Context(), "many/")
	if err != nil || !slices.Equal(keys(objs), got) {
		t.Fatalf("list dir gives %d objects and %v", len(objs), err)
	}
}

func testListStops(t *testing.T, s *objstore.Store) {
	for _, k := range []string{"a/1", "a/2", "b/1"} {
		write(t, s, k, "")
	}
	n := 0
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if n == 2 {
			break
		}
	}
	if n != 2 {
		t.Fatalf("got %d objects", n)
	}
}

func testRanges(t *testing.T, s *objstore.Store) {
	const text = "0123456789"
	write(t, s, "digits", text)
	for _, c := range []struct {
		off, length int64
		want        string
	}{
		{0, -1, text}, {0, 10, text}, {0, 1, "0"}, {3, 4, "3456"}, {9, 1, "9"}, {7, -1, "789"},
		{7, 100, "789"}, {0, 100, text}, {0, 0, ""}, {5, 0, ""}, {10, 0, ""}, {10, -1, ""}, {10, 5, ""},
		{11, -1, ""}, {1000, 5, ""}, {1000, 0, ""},
	} {
		r, err := s.ReadRange(t.Context(), "digits", c.off, c.length)
		if err != nil {
			t.Errorf("range %d+%d: %v", c.off, c.length, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != c.want {
			t.Errorf("range %d+%d gives %q and %v, want %q", c.off, c.length, got, err, c.want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, c := range [][2]int64{{-1, 5}, {0, -2}} {
		if _, err := s.ReadRange(t.Context(), "digits", c[0], c[1]); err == nil {
			t.Errorf("range %d+%d is accepted", c[0], c[1])
		}
	}
}

func testReadAt(t *testing.T, s *objstore.Store) {
	data := content(1, 5<<20+12345) // over several blocks, the last one short
	if err := s.Write(t.Context(), "data", data); err != nil {
		t.Fatal(err)
	}
	r, err := s.Ranges(t.Context(), list(t, s, "data")[0])
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(w), 7))
			for range 25 {
				off := rnd.IntN(len(data))
				p := make([]byte, rnd.IntN(2<<20))
				n, err := r.ReadAt(p, int64(off))
				want := data[off:min(off+len(p), len(data))]
				if !bytes.Equal(p[:n], want) {
					t.Errorf("%d bytes at %d differ", len(p), off)
				}
				if wantEOF := len(want) < len(p); wantEOF != errors.Is(err, io.EOF) || !wantEOF && err != nil {
					t.Errorf("%d bytes at %d of %d: %v", len(p), off, len(data), err)
				}
			}
		})
	}
	wg.Wait()
	whole := make([]byte, len(data))
	if n, err := r.ReadAt(whole, 0); n != len(data) || err != nil || !bytes.Equal(whole, data) {
		t.Errorf("read %d bytes of %d: %v", n, len(data), err)
	}
	for _, off := range []int64{int64(len(data)), int64(len(data)) + 5} {
		if n, err := r.ReadAt(make([]byte, 3), off); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read at %d gives %d and %v", off, n, err)
		}
	}
	if _, err := r.ReadAt(make([]byte, 3), -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read at -1 gives %v", err)
	}
	// The standard library's own opinion of a reader.
	if err := iotest.TestReader(io.NewSectionReader(r, 1<<20-50, 100), data[1<<20-50:1<<20+50]); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// readAt reads one range of an object.
func readAt(ctx context.Context, s *objstore.Store, o objstore.Object, p []byte, off int64) (int, error) {
	r, err := s.Ranges(ctx, o)
	if err != nil {
		return 0, err
	}
	n, err := r.ReadAt(p, off)
	return n, errors.Join(err, r.Close())
}

func testReadAtChanged(t *testing.T, s *objstore.Store) {
	write(t, s, "a", "first")
	o := list(t, s, "a")[0]
	write(t, s, "a", "second, longer")
	if n, err := readAt(t.Context(), s, o, make([]byte, 5), 0); err == nil || !strings.Contains(err.Error(), "overwritten") {
		t.Fatalf("read %d bytes of the new object as the old one: %v", n, err)
	}
}

func testOverwriteAtomic(t *testing.T, s *objstore.Store) {
	a, b := bytes.Repeat([]byte("a"), 200_000), bytes.Repeat([]byte("b"), 300_000)
	if err := s.Write(t.Context(), "k", a); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for i := range 30 {
			if err := s.Write(t.Context(), "k", [][]byte{b, a}[i%2]); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		wg.Go(func() {
			for {
				got, err := s.Read(t.Context(), "k")
				// A read that lost its connection in an overwrite may say so.
				if err == nil && !bytes.Equal(got, a) && !bytes.Equal(got, b) {
					t.Errorf("read %d bytes, neither the old object nor the new", len(got))
				}
				if err != nil && !strings.Contains(err.Error(), "overwritten") {
					t.Error(err)
				}
				for o, err := range s.List(t.Context(), "") {
					if err != nil || o.Key != "k" {
						t.Errorf("listed %q, %v", o.Key, err)
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	wg.Wait()
}

func testCreate(t *testing.T, s *objstore.Store) {
	if err := s.Create(t.Context(), "claims/k/1", []byte("first")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := s.Create(t.Context(), "claims/k/1", []byte("second"))
		if !errors.Is(err, objstore.ErrExists) {
			t.Fatalf("second create gives %v", err)
		}
		if !strings.Contains(err.Error(), s.ObjectURL("claims/k/1")) {
			t.Errorf("%q does not say where", err)
		}
	}
	wantContent(t, s, "claims/k/1", "first")
	// Over a written one, and again after a delete.
	write(t, s, "w", "written")
	if err := s.Create(t.Context(), "w", nil); !errors.Is(err, objstore.ErrExists) {
		t.Fatalf("create over a written object gives %v", err)
	}
	if err := s.Delete(t.Context(), "w"); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "w", []byte("again")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "w", "again")
	if err := s.Write(t.Context(), "w", []byte("over")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "w", "over")
}

func testCreateRace(t *testing.T, s *objstore.Store) {
	for round := range 5 {
		key := fmt.Sprintf("race/%d/claim", round)
		start := make(chan struct{})
		errs := make([]error, 16)
		contents := make([][]byte, len(errs))
		var wg sync.WaitGroup
		for i := range errs {
			contents[i] = content(uint64(i), 10_000+i)
			wg.Go(func() {
				<-start
				errs[i] = s.Create(t.Context(), key, contents[i])
				if got, err := s.Read(t.Context(), key); err != nil || len(got) < 10_000 {
					t.Errorf("after its create racer %d reads %d bytes: %v", i, len(got), err)
				}
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("racers %d and %d both won", winner, i)
			case err == nil:
				winner = i
			case !errors.Is(err, objstore.ErrExists):
				t.Fatalf("racer %d: %v", i, err)
			}
		}
		if winner < 0 {
			t.Fatal("nobody won")
		}
		wantContent(t, s, key, string(contents[winner]))
	}
}

// testCreateLarge is above the size from which cloud clients upload in parts.
func testCreateLarge(t *testing.T, s *objstore.Store) {
	if testing.Short() {
		t.Skip("large")
	}
	data := content(3, 20<<20)
	if err := s.Create(t.Context(), "large", data); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), "large", data[:17<<20]); !errors.Is(err, objstore.ErrExists) {
		t.Fatalf("second create gives %v", err)
	}
	if got, err := s.Read(t.Context(), "large"); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read %d bytes: %v", len(got), err)
	}
}

func testDelete(t *testing.T, s *objstore.Store) {
	write(t, s, "a/b", "x")
	write(t, s, "a/c", "y")
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if got := keys(list(t, s, "")); !slices.Equal(got, []string{"a/c"}) {
		t.Fatalf("left are %q", got)
	}
	if _, err := s.Read(t.Context(), "a/b"); !errors.Is(err, objstore.ErrNotExist) {
		t.Fatalf("read gives %v", err)
	}
	if err := s.Delete(t.Context(), "a/b"); !errors.Is(err, objstore.ErrNotExist) {
		t.Fatalf("second delete gives %v", err)
	}
}

func testSpecialKeys(t *testing.T, s *objstore.Store) {
	want := []string{
		"with space", "with  two spaces/and one at the end ", "ünï/日本語/🏠", "per%cent", "per%2Fcent%20", "dt=2026-01-01/x=y&z",
		"a+b", "a..b", "...", "ends..", "q?x=1", "hash#tag", "star*", "colon:semi;", "quote'double\"", "back\\slash", "tilde~",
		"brace{date}", "amp&amp;", "<xml>", ".dot", "at@", "comma,", "100%",
	}
	want = slices.DeleteFunc(want, func(k string) bool { return k == "..." }) // Reserved, see testBadKeys.
	for _, k := range want {
		if err := s.Write(t.Context(), k, []byte("in "+k)); err != nil {
			t.Errorf("write: %v", err)
		}
	}
	slices.Sort(want)
	if got := keys(list(t, s, "")); !slices.Equal(got, want) {
		t.Fatalf("listed %q, want %q", got, want)
	}
	for _, k := range want {
		wantContent(t, s, k, "in "+k)
		if err := s.Create(t.Context(), k, nil); !errors.Is(err, objstore.ErrExists) {
			t.Errorf("create %q gives %v", k, err)
		}
		if got := keys(list(t, s, k)); !slices.Contains(got, k) {
			t.Errorf("list %q gives %q", k, got)
		}
		if err := s.Delete(t.Context(), k); err != nil {
			t.Error(err)
		}
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("left are %q", keys(got))
	}
}

func testBadKeys(t *testing.T, s *objstore.Store) {
	for _, k := range []string{"", "/", "/abs", "..", "../up", "a/../../up", "a/..", ".", "a/./b", "dir/", "nul\x00"} {
		if err := s.Write(t.Context(), k, nil); err == nil {
			t.Errorf("write %q is accepted", k)
		}
		if err := s.Create(t.Context(), k, nil); err == nil {
			t.Errorf("create %q is accepted", k)
		}
		if _, err := s.Read(t.Context(), k); err == nil {
			t.Errorf("read %q is accepted", k)
		}
		if _, err := s.ReadRange(t.Context(), k, 0, -1); err == nil {
			t.Errorf("read range of %q is accepted", k)
		}
		if err := s.Delete(t.Context(), k); err == nil {
			t.Errorf("delete %q is accepted", k)
		}
	}
	// These may not be written; elsewhere others may have.
	for _, k := range []string{"a//b", "..data/x", ".hindcast-tmp-x", "line\nbreak", strings.Repeat("x", 300)} {
		if err := s.Write(t.Context(), k, nil); err == nil {
			t.Errorf("write %q is accepted", k)
		}
		if err := s.Create(t.Context(), k, nil); err == nil {
			t.Errorf("create %q is accepted", k)
		}
	}
	for _, p := range []string{"/", "..", "../", "a/../b"} {
		for _, err := range s.List(t.Context(), p) {
			if err == nil {
				t.Errorf("list %q is accepted", p)
			}
		}
		if _, _, err := s.ListDir(t.Context(), p); err == nil {
			t.Errorf("list dir %q is accepted", p)
		}
	}
}

func testMissing(t *testing.T, s *objstore.Store) {
	write(t, s, "folder/object", "x")
	for _, k := range []string{"no", "folder", "folder/no", "no/no", "folder/object/below"} {
		_, err := s.Read(t.Context(), k)
		if !errors.Is(err, objstore.ErrNotExist) || !strings.Contains(err.Error(), s.ObjectURL(k)) {
			t.Errorf("read %q gives %v", k, err)
		}
		if _, err := s.ReadRange(t.Context(), k, 3, 4); !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("read range of %q gives %v", k, err)
		}
		if _, err := s.ReadRange(t.Context(), k, 0, 0); !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("empty read range of %q gives %v", k, err)
		}
		if _, err := readAt(t.Context(), s, objstore.Object{Key: k, Size: 10}, make([]byte, 2), 0); !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("read at of %q gives %v", k, err)
		}
		if err := s.Delete(t.Context(), k); !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("delete %q gives %v", k, err)
		}
	}
}

func testCancelled(t *testing.T, s *objstore.Store) {
	write(t, s, "a", "x")
	o := list(t, s, "a")[0]
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.ReadRange(ctx, "a", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	_, readErr := r.Read(make([]byte, 1))
	_, err = s.Read(ctx, "a")
	errs := map[string]error{"open reader": readErr, "read": err}
	errs["write"] = s.Write(ctx, "b", nil)
	errs["create"] = s.Create(ctx, "c", nil)
	errs["delete"] = s.Delete(ctx, "a")
	errs["check"] = s.Check(ctx)
	_, errs["read range"] = s.ReadRange(ctx, "a", 0, 1)
	_, errs["read at"] = readAt(ctx, s, o, make([]byte, 1), 0)
	_, _, errs["list dir"] = s.ListDir(ctx, "")
	for _, err := range s.List(ctx, "") {
		errs["list"] = err
	}
	for what, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s gives %v", what, err)
		}
	}
	if errs["list"] == nil {
		t.Error("list ends without an error")
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if _, err := s.Read(late, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a read after its deadline gives %v", err)
	}
	if got := keys(list(t, s, "")); !slices.Equal(got, []string{"a"}) {
		t.Errorf("there is %q", got)
	}
}

func testEmptyObject(t *testing.T, s *objstore.Store) {
	write(t, s, "empty", "")
	if err := s.Create(t.Context(), "created", []byte{}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"empty", "created"} {
		wantContent(t, s, k, "")
		for _, c := range [][2]int64{{0, -1}, {0, 0}, {0, 5}, {3, -1}, {3, 5}} {
			r, err := s.ReadRange(t.Context(), k, c[0], c[1])
			if err != nil {
				t.Errorf("range %v of an empty object: %v", c, err)
				continue
			}
			if got, err := io.ReadAll(r); err != nil || len(got) != 0 {
				t.Errorf("range %v of an empty object: %q, %v", c, got, err)
			}
			_ = r.Close()
		}
		o := list(t, s, k)[0]
		if o.Size != 0 {
			t.Errorf("%s has size %d", k, o.Size)
		}
		if n, err := readAt(t.Context(), s, o, make([]byte, 1), 0); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read at gives %d, %v", n, err)
		}
	}
	if err := s.Create(t.Context(), "empty", []byte("x")); !errors.Is(err, objstore.ErrExists) {
		t.Errorf("create over an empty object gives %v", err)
	}
}

func testLarge(t *testing.T, s *objstore.Store) {
	data := content(2, 8<<20)
	if err := s.Write(t.Context(), "large", data); err != nil {
		t.Fatal(err)
	}
	got, err := s.Read(t.Context(), "large")
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read %d bytes: %v", len(got), err)
	}
	r, err := s.ReadRange(t.Context(), "large", 5<<20+1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data[5<<20+1:6<<20+1]) {
		t.Fatalf("range of %d bytes: %v", len(got), err)
	}
}

func testObjectFacts(t *testing.T, s *objstore.Store) {
	before := time.Now().Add(-time.Hour)
	write(t, s, "a", "one")
	first := list(t, s, "")[0]
	if first.Key != "a" || first.Size != 3 || first.ETag == "" || strings.Contains(first.ETag, `"`) {
		t.Errorf("listed %+v", first)
	}
	if first.ModTime.Before(before) || first.ModTime.After(time.Now().Add(time.Hour)) || first.ModTime.Location() != time.UTC {
		t.Errorf("written at %v", first.ModTime)
	}
	if again := list(t, s, "")[0]; again != first {
		t.Errorf("listed %+v and then %+v", first, again)
	}
	if objs, _, err := s.ListDir(t.Context(), ""); err != nil || objs[0] != first {
		t.Errorf("list dir gives %+v, list %+v (%v)", objs, first, err)
	}
	write(t, s, "a", "other")
	if second := list(t, s, "")[0]; second.ETag == first.ETag || second.Size != 5 {
		t.Errorf("after an overwrite listed %+v", second)
	}
}

func testCheck(t *testing.T, s *objstore.Store) {
	if err := s.Write(t.Context(), "a/b", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func testURL(t *testing.T, s *objstore.Store) {
	if u := s.URL(); !strings.Contains(u, "://") || strings.ContainsAny(u, "?@") || strings.HasSuffix(u, "/") {
		t.Errorf("URL is %q", u)
	}
	if got, want := s.ObjectURL("a/b"), s.URL()+"/a/b"; got != want {
		t.Errorf("object URL is %q, want %q", got, want)
	}
}
