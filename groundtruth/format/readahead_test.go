package format

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

func TestReadAhead(t *testing.T) {
	failed := errors.New("failed")
	for _, size := range []int{0, 1, aheadBufferBytes - 1, aheadBufferBytes, aheadBufferBytes + 1, aheadBuffers*aheadBufferBytes + 1, 3*aheadBuffers*aheadBufferBytes + 7} {
		data := make([]byte, size)
		r := rand.NewChaCha8([32]byte{1})
		if _, err := r.Read(data); err != nil {
			t.Fatal(err)
		}
		for name, in := range map[string]io.Reader{
			"plain": bytes.NewReader(data), "halves": iotest.HalfReader(bytes.NewReader(data)), "data with its end": iotest.DataErrReader(bytes.NewReader(data)),
			"failing": io.MultiReader(bytes.NewReader(data), iotest.ErrReader(failed)),
		} {
			a := newReadAhead(in)
			got, err := io.ReadAll(iotest.HalfReader(a))
			a.close()
			want := error(nil)
			if name == "failing" {
				want = failed
			}
			if !bytes.Equal(got, data) || !errors.Is(err, want) {
				t.Errorf("%d bytes, %s: got %d (%v)", size, name, len(got), err)
			}
			if n, again := a.Read(make([]byte, 1)); n != 0 || (want == nil && !errors.Is(again, io.EOF)) || (want != nil && !errors.Is(again, want)) {
				t.Errorf("%d bytes, %s: after the end: %d (%v)", size, name, n, again)
			}
		}
	}
}

// idleReader never gives a byte.
type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestReadAheadStops(t *testing.T) {
	a := newReadAhead(idleReader{})
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that reads nothing: %v", err)
	}
	a.close()
	newReadAhead(strings.NewReader(strings.Repeat("x", 10*aheadBuffers*aheadBufferBytes))).close() // TestMain finds a goroutine that is left
}

// An error of emit ends the reading of a long object, of which much is not read yet.
func TestReadAheadEndsWithEmit(t *testing.T) {
	var data bytes.Buffer
	data.WriteString("id,x\n")
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 200_000 {
		fmt.Fprintf(&data, "%d,%d\n", i, r.Uint64())
	}
	for _, ending := range []string{"", ".gz", ".zst"} {
		obj := readtest.Object(t, "a.csv"+ending, compress(t, data.Bytes(), ending))
		stop := errors.New("enough")
		_, err := readObject(context.Background(), obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{}, func(*table.Chunk) error { return stop })
		if !errors.Is(err, stop) {
			t.Errorf("%q: got %v", ending, err)
		}
		stats, err := readObject(context.Background(), obj, "auto", []table.Want{{Name: "id"}}, table.ReadOptions{}, func(*table.Chunk) error { return nil })
		if err != nil || stats.Rows != 200_000 || stats.Bytes != obj.Size {
			t.Errorf("%q: %+v of %d bytes (%v)", ending, stats, obj.Size, err)
		}
	}
}
