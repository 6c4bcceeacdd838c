package objstore

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Stores of one bucket and its parameters share what the first of them made, until the
// opener is closed; a bucket that could not be opened is tried again.
func TestOpenerSharesBuckets(t *testing.T) {
	t.Parallel()
	var opened, closed atomic.Int32
	broken := errors.New("broken")
	err := broken
	stores := NewOpener("", Scheme{Name: "x", Params: []string{"a"}, Open: func(context.Context, string, url.Values) (Bucket, func() error, error) {
		if err != nil {
			return nil, nil, err
		}
		opened.Add(1)
		return &memBucket{}, func() error { closed.Add(1); return nil }, nil
	}})
	if _, got := stores.Open(t.Context(), "x://b/p?a=1"); !errors.Is(got, broken) || got.Error() != "open x://b/p: broken" {
		t.Errorf("got %v", got)
	}
	err = nil
	var wg sync.WaitGroup
	for range 16 {
		for _, u := range []string{"x://b/p?a=1", "x://b/q?a=1", "x://b/p?a=2", "x://c/p?a=1"} {
			wg.Go(func() {
				if _, err := stores.Open(t.Context(), u); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if err := stores.Close(); err != nil {
		t.Error(err)
	}
	if opened.Load() != 3 || closed.Load() != 3 {
		t.Errorf("of three buckets %d were opened and %d closed", opened.Load(), closed.Load())
	}
}
