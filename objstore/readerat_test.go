package objstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func blocks(t *testing.T, data []byte, requests *atomic.Int64, fail func() error) *blockReader {
	t.Helper()
	return newBlockReader(t.Context(), int64(len(data)), func(off, length int64) (io.ReadCloser, info, error) {
		requests.Add(1)
		if err := fail(); err != nil {
			return nil, info{}, err
		}
		return io.NopCloser(bytes.NewReader(data[off : off+length])), info{size: int64(len(data))}, nil
	}, func(err error) error { return err })
}

func noFailure() error { return nil }

func TestBlockReaderMakesFewRequests(t *testing.T) {
	t.Parallel()
	data := make([]byte, 10*blockSize)
	for i := range data {
		data[i] = byte(i * 31 >> 7)
	}
	var requests atomic.Int64
	r := blocks(t, data, &requests, noFailure)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			p := make([]byte, 4096)
			for off := 0; off < 8*blockSize; off += len(p) {
				if _, err := r.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, data[off:off+len(p)]) {
					t.Errorf("at %d: %v", off, err)
				}
			}
		})
	}
	wg.Wait()
	if n := requests.Load(); n != 8 {
		t.Errorf("four readers of the same eight blocks made %d requests", n)
	}
	requests.Store(0)
	if _, err := r.ReadAt(make([]byte, 5*blockSize), 17); err != nil || requests.Load() != 1 {
		t.Errorf("a large read made %d requests: %v", requests.Load(), err)
	}
}

func TestBlockReaderForgets(t *testing.T) {
	t.Parallel()
	data := make([]byte, (maxBlocks+10)*blockSize)
	var requests atomic.Int64
	r := blocks(t, data, &requests, noFailure)
	p := make([]byte, 1)
	for i := range int64(maxBlocks + 10) {
		for _, at := range []int64{i, 0} { // The first block is used all the time.
			if _, err := r.ReadAt(p, at*blockSize); err != nil {
				t.Fatal(err)
			}
		}
		if len(r.blocks) > maxBlocks {
			t.Fatalf("holds %d blocks", len(r.blocks))
		}
	}
	if n := requests.Load(); n != maxBlocks+10 {
		t.Errorf("made %d requests: the block in use was forgotten", n)
	}
}

func TestBlockReaderTriesAgain(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var requests atomic.Int64
	r := blocks(t, make([]byte, 100), &requests, func() error {
		if requests.Load() == 1 {
			return broken
		}
		return nil
	})
	if _, err := r.ReadAt(make([]byte, 5), 0); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if n, err := r.ReadAt(make([]byte, 5), 0); n != 5 || err != nil {
		t.Errorf("then got %d, %v", n, err)
	}
}

// TestBlockReaderComparesInstants has a store that makes a new time.Location for each
// answer, as the Azure client does.
func TestBlockReaderComparesInstants(t *testing.T) {
	t.Parallel()
	r := newBlockReader(context.Background(), 2*blockSize, func(_, length int64) (io.ReadCloser, info, error) {
		at := time.Unix(1_700_000_000, 0).In(time.FixedZone("GMT", 0))
		return io.NopCloser(bytes.NewReader(make([]byte, length))), info{size: 2 * blockSize, modTime: at}, nil
	}, func(err error) error { return err })
	if _, err := r.ReadAt(make([]byte, blockSize), blockSize/2); err != nil {
		t.Error(err)
	}
}

func TestBlockReaderShortBody(t *testing.T) {
	t.Parallel()
	r := newBlockReader(context.Background(), 10, func(int64, int64) (io.ReadCloser, info, error) {
		return io.NopCloser(bytes.NewReader(make([]byte, 4))), info{size: 10}, nil
	}, func(err error) error { return err })
	if _, err := r.ReadAt(make([]byte, 10), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}
