package job_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
)

// summaryReads is a bucket that has what a store has, and counts how often each Summary in it
// is read.
type summaryReads struct {
	store *objstore.Store
	mu    sync.Mutex
	reads map[string]int // by the first day of the window
}

// countSummaries has the world's passes read their state through one that counts.
func (w *world) countSummaries() *summaryReads {
	w.t.Helper()
	b := &summaryReads{store: w.state, reads: map[string]int{}}
	opener := objstore.NewOpener("", objstore.Scheme{
		Name: "counted",
		Open: func(context.Context, string, url.Values) (objstore.Bucket, func() error, error) {
			return b, func() error { return nil }, nil
		},
	})
	var err error
	if w.r.State, err = opener.Open(w.t.Context(), "counted://state"); err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (b *summaryReads) List(ctx context.Context, prefix string, _ bool) iter.Seq2[objstore.Entry, error] {
	return func(yield func(objstore.Entry, error) bool) {
		for o, err := range b.store.List(ctx, prefix) {
			if errors.Is(err, objstore.ErrNotExist) || !yield(objstore.Entry{Object: o}, err) {
				return
			}
		}
	}
}

func (b *summaryReads) Open(ctx context.Context, key string, _, _ int64) (io.ReadCloser, objstore.Info, error) {
	data, err := b.store.Read(ctx, key)
	if errors.Is(err, objstore.ErrNotExist) {
		err = objstore.ErrNoObject
	}
	if rest, ok := strings.CutPrefix(key, job.SummariesDir+"m/"); ok {
		b.mu.Lock()
		b.reads[rest[:len("20260101")]]++
		b.mu.Unlock()
	}
	return io.NopCloser(bytes.NewReader(data)), objstore.Info{Size: int64(len(data))}, err
}

func (b *summaryReads) Put(ctx context.Context, key string, data []byte, create bool) error {
	if create {
		return b.store.Create(ctx, key, data)
	}
	return b.store.Write(ctx, key, data)
}

func (b *summaryReads) Remove(ctx context.Context, key string) error { return b.store.Delete(ctx, key) }

// A pass reads each Summary once, and for its first window as many as there may be windows.
func TestSemantics8_ARollingReferenceReadsEachSummaryOnce(t *testing.T) {
	w := newWorld(t, settings{rules: "[" + ruleRolling + "]", rolling: "{windows: 9}", model: "relook: 0s"})
	for n := 1; n <= 20; n++ {
		w.logs(n, good)
	}
	w.matureNights(1, 13)
	counted := w.countSummaries()
	out := w.night(16 + 1 + labelDelay) // three windows have become mature
	if got, want := rolledDays(of(t, out, 16)), days(7, 15); got != want {
		t.Errorf("day 16 is compared with %s, want %s", got, want)
	}
	if len(counted.reads) != 9 {
		t.Errorf("read are the Summaries of %v, want nine", counted.reads)
	}
	for day, n := range counted.reads {
		if n != 1 || day < "20260105" || day > "20260113" {
			t.Errorf("the Summary of %s is read %d times", day, n)
		}
	}
}
