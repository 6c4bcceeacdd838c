package format

import (
	"context"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/hindcast/hindcast/groundtruth/offheap"
	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// Row groups of objects that lie behind a network are fetched ahead of those who read
// them: the ranges of the wanted columns, neighbours in one request, several requests
// at a time, and only so many bytes as are set apart for it.

const (
	// FetchMemory is what the row groups of one Scan may take that are fetched or being read.
	// Join counts it when it plans its memory.
	FetchMemory = 64 << 20
	// requestBytes is how much one request asks for: more than what a round trip
	// weighs, less than what would make the others wait.
	requestBytes = 4 << 20
	// maxRequests are under way at a time.
	maxRequests = 24
	// openAhead is how many objects may be opened before they are read.
	openAhead = 8
)

// fetcher fetches row groups for a Scan and owns the memory that they lie in. Its methods but
// fetch are called with the lock of its Scan held.
type fetcher struct {
	wants  []table.Want
	opt    table.ReadOptions
	budget int64
	held   int64                   // memory of groups that are fetched or being fetched
	groups map[*parquet.Group]bool // that are not released
	free   [][]byte                // memory outside of the garbage collector's heap
	spare  int64                   // memory of free
	slots  *semaphore.Weighted     // how many requests may be under way
}

// newFetcher makes a fetcher of the wanted columns.
func newFetcher(wants []table.Want, opt table.ReadOptions) *fetcher {
	return &fetcher{wants: wants, opt: opt, budget: FetchMemory, groups: map[*parquet.Group]bool{}, slots: semaphore.NewWeighted(maxRequests)}
}

// plan returns what to fetch of a part, nil where it is not fetched ahead: there is
// nothing to fetch, or too much. wait says that there is no room for it now.
func (f *fetcher) plan(o *openObject, index int) (g *parquet.Group, wait bool) {
	if o.file == nil || o.file.Ahead == 0 || index >= len(o.file.Row0) {
		return nil, false
	}
	ranges, err := o.file.Ranges(index, f.wants, f.opt)
	if err != nil || len(ranges) == 0 {
		return nil, false // who reads the part will say what is wrong
	}
	if size := parquet.Bytes(ranges); size > f.budget {
		return nil, false
	}
	g = f.group(ranges)
	return g, g == nil
}

// group returns memory for ranges, nil where there is no room now.
func (f *fetcher) group(ranges []parquet.Range) *parquet.Group {
	if f.held+parquet.Bytes(ranges) > f.budget {
		return nil
	}
	g := &parquet.Group{Ranges: ranges, Done: make(chan struct{})}
	f.groups[g] = true
	for _, s := range ranges {
		b := f.buffer(s.End - s.Off)
		g.Data = append(g.Data, b)
		f.held += int64(cap(b))
	}
	return g
}

// buffer returns memory for a range: what is free and fits, else new memory, for which
// others are given back as far as the budget asks.
func (f *fetcher) buffer(n int64) []byte {
	for i, b := range f.free {
		if have := int64(cap(b)); have >= n && have <= n+n/4 {
			f.free = slices.Delete(f.free, i, i+1)
			f.spare -= have
			return b[:n]
		}
	}
	// Row groups are of about one size; a little room makes the next one fit.
	room := n + n/8
	f.trim(f.budget - room)
	return offheap.Alloc(int(room))[:n]
}

// trim gives free memory back until all there is takes at most so many bytes.
func (f *fetcher) trim(most int64) {
	for len(f.free) > 0 && f.held+f.spare > most {
		f.spare -= int64(cap(f.free[0]))
		offheap.Free(f.free[0])
		f.free = slices.Delete(f.free, 0, 1)
	}
}

// release takes the memory of a part back.
func (f *fetcher) release(g *parquet.Group) {
	delete(f.groups, g)
	for _, b := range g.Data {
		f.held -= int64(cap(b))
		f.spare += int64(cap(b))
		f.free = append(f.free, b)
	}
	g.Data = nil
	f.trim(f.budget)
}

// close gives all memory back. Nothing is fetched or read any more.
func (f *fetcher) close() {
	for g := range f.groups {
		f.release(g)
	}
	for _, b := range f.free {
		offheap.Free(b)
	}
	f.free, f.spare = nil, 0
}

// fetch reads all ranges of a group and closes its Done.
func (f *fetcher) fetch(ctx context.Context, in io.ReaderAt, g *parquet.Group) {
	defer close(g.Done)
	var requests errgroup.Group
	for i, s := range g.Ranges {
		for off := s.Off; off < s.End; off += requestBytes {
			into := g.Data[i][off-s.Off:][:min(requestBytes, s.End-off)]
			if g.Err = f.slots.Acquire(ctx, 1); g.Err != nil {
				_ = requests.Wait()
				return
			}
			requests.Go(func() error {
				defer f.slots.Release(1)
				if n, err := in.ReadAt(into, off); n < len(into) {
					return fmt.Errorf("it ends before its listed size: %w", source.UnexpectedEOF(err))
				}
				return nil
			})
		}
	}
	g.Err = requests.Wait()
}
