package objstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rangeBucket is a bucket whose objects are opened by a function.
type rangeBucket struct {
	Bucket
	read func(off, length int64) (io.ReadCloser, Info, error)
}

func (b rangeBucket) Open(_ context.Context, _ string, off, length int64) (io.ReadCloser, Info, error) {
	return b.read(off, length)
}

func TestRangesOfADistantStore(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	body := func(n int64) io.ReadCloser { return io.NopCloser(bytes.NewReader(make([]byte, n))) }
	requests := 0
	for _, c := range []struct {
		name string
		read func(off, length int64) (io.ReadCloser, Info, error)
		want string // part of the second read's error
	}{
		// The Azure client makes a new time.Location for each answer.
		{"instants are compared", func(_, length int64) (io.ReadCloser, Info, error) {
			return body(length), Info{size, time.Unix(1_700_000_000, 0).In(time.FixedZone("GMT", 0))}, nil
		}, ""},
		{"short body", func(off, length int64) (io.ReadCloser, Info, error) {
			return body(length - min(off, 1)), Info{Size: size}, nil
		}, io.ErrUnexpectedEOF.Error()},
		{"another size", func(off, length int64) (io.ReadCloser, Info, error) {
			return body(length), Info{Size: size + min(off, 1)}, nil
		}, "overwritten"},
		{"another time", func(off, length int64) (io.ReadCloser, Info, error) {
			return body(length), Info{size, time.Unix(off, 0)}, nil
		}, "overwritten"},
		{"no answer", func(off, length int64) (io.ReadCloser, Info, error) {
			if requests++; off > 0 {
				return nil, Info{}, errors.New("broken")
			}
			return body(length), Info{Size: size}, nil
		}, "broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Store{url: "s3://b", bucket: rangeBucket{read: c.read}}
			r, err := s.Ranges(t.Context(), Object{Key: "k", Size: size})
			if err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 100)
			if n, err := r.ReadAt(p, 0); n != len(p) || err != nil {
				t.Fatalf("first read gives %d, %v", n, err)
			}
			_, err = r.ReadAt(p, 500)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "s3://b")) {
				t.Errorf("second read gives %v, want %q and the object's name", err, c.want)
			}
		})
	}
	if requests != 2 {
		t.Errorf("two reads made %d requests", requests)
	}
}

// TestRangesOfAFileWrittenInPlace has a writer that does not make a new file, as most
// logs' writers don't.
func TestRangesOfAFileWrittenInPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := NewOpener("").Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Ranges(t.Context(), Object{Key: "a", Size: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(make([]byte, 5), 0); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("first and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "overwritten") {
		t.Errorf("closing gives %v", err)
	}
}
