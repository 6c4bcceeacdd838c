package groundtruth

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/parquet-go/parquet-go/format"
)

// Row groups of objects that lie behind a network are fetched ahead of those who read
// them: the ranges of the wanted columns, neighbours in one request, several requests
// at a time, and only so many bytes as are set apart for it.

const (
	// lookAhead is what row groups that are fetched or being read may take.
	lookAhead = 64 << 20
	// coalesceBytes are so few bytes between two columns that reading them costs less
	// than another request.
	coalesceBytes = 256 << 10
	// requestBytes is how much one request asks for: more than what a round trip
	// weighs, less than what would make the others wait.
	requestBytes = 4 << 20
	// maxRequests are under way at a time.
	maxRequests = 24
	// openAhead is how many objects may be opened before they are read.
	openAhead = 8
)

// span is a range of bytes of an object.
type span struct{ off, end int64 }

// spans returns the ranges of the wanted columns in a row group, in order, neighbours
// made one. It is nil where the group holds no row of the time asked for.
func (f *parquetFile) spans(index int, wants []want, opt readOptions) ([]span, error) {
	meta := &f.Metadata().RowGroups[index]
	if prune, err := f.pruner(opt); err != nil || prune != nil && prune.outside(meta) {
		return nil, err
	}
	var all []span
	for _, w := range wants {
		leaf, err := f.find(w.name)
		if err != nil {
			return nil, err
		}
		if leaf == nil {
			continue
		}
		if leaf.Index() >= len(meta.Columns) {
			return nil, fmt.Errorf("%w: it has %d columns, and the schema more", errCorrupt, len(meta.Columns))
		}
		s, err := f.span(&meta.Columns[leaf.Index()].MetaData)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", quoteText(leaf.name), err)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.off, b.off) })
	var out []span
	for _, s := range all {
		if n := len(out); n > 0 && s.off-out[n-1].end <= coalesceBytes {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out, nil
}

// span returns where a column chunk lies, which is within the file.
func (f *parquetFile) span(column *format.ColumnMetaData) (span, error) {
	start, end := chunkRange(column)
	if start < 0 || end < start || end > f.Size() {
		return span{}, fmt.Errorf("%w: its chunk is said to lie from byte %d to %d", errCorrupt, start, end)
	}
	return span{start, end}, nil
}

// groupData holds the column chunks of a row group that were fetched, or will have
// been when done is closed.
type groupData struct {
	spans []span
	data  [][]byte // of each span
	done  chan struct{}
	err   error
}

// bytes implements byteSource.
func (g *groupData) bytes(off, n int64) ([]byte, error) {
	<-g.done
	if g.err != nil {
		return nil, g.err
	}
	for i, s := range g.spans {
		if off >= s.off && off+n <= s.end {
			return g.data[i][off-s.off:][:n], nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// fetcher fetches row groups. Its methods but fetch are called with the lock of its
// objectScan held.
type fetcher struct {
	wants  []want
	opt    readOptions
	budget int64
	held   int64               // memory of groups that are fetched or being fetched
	groups map[*groupData]bool // that are not released
	free   [][]byte            // memory outside of the garbage collector's heap
	spare  int64               // memory of free
	slots  *semaphore.Weighted // of requests
}

func newFetcher(wants []want, opt readOptions) *fetcher {
	return &fetcher{wants: wants, opt: opt, budget: lookAhead, groups: map[*groupData]bool{}, slots: semaphore.NewWeighted(maxRequests)}
}

// plan returns what to fetch of a part, nil where it is not fetched ahead: there is
// nothing to fetch, or too much. wait says that there is no room for it now.
func (f *fetcher) plan(o *openObject, index int) (g *groupData, wait bool) {
	if o.file == nil || o.file.ahead == 0 || index >= len(o.file.row0) {
		return nil, false
	}
	spans, err := o.file.spans(index, f.wants, f.opt)
	if err != nil || len(spans) == 0 {
		return nil, false // who reads the part will say what is wrong
	}
	if size := bytesOf(spans); size > f.budget {
		return nil, false
	}
	g = f.group(spans)
	return g, g == nil
}

// bytesOf returns how many bytes spans have together.
func bytesOf(spans []span) int64 {
	var n int64
	for _, s := range spans {
		n += s.end - s.off
	}
	return n
}

// group returns memory for spans, nil where there is no room now.
func (f *fetcher) group(spans []span) *groupData {
	if f.held+bytesOf(spans) > f.budget {
		return nil
	}
	g := &groupData{spans: spans, done: make(chan struct{})}
	f.groups[g] = true
	for _, s := range spans {
		b := f.buffer(s.end - s.off)
		g.data = append(g.data, b)
		f.held += int64(cap(b))
	}
	return g
}

// buffer returns memory for a span: what is free and fits, else new memory, for which
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
	return newChunk(int(room))[:n]
}

// trim gives free memory back until all there is takes at most so many bytes.
func (f *fetcher) trim(most int64) {
	for len(f.free) > 0 && f.held+f.spare > most {
		f.spare -= int64(cap(f.free[0]))
		freeChunk(f.free[0])
		f.free = slices.Delete(f.free, 0, 1)
	}
}

// release takes the memory of a part back.
func (f *fetcher) release(g *groupData) {
	delete(f.groups, g)
	for _, b := range g.data {
		f.held -= int64(cap(b))
		f.spare += int64(cap(b))
		f.free = append(f.free, b)
	}
	g.data = nil
	f.trim(f.budget)
}

// close gives all memory back. Nothing is fetched or read any more.
func (f *fetcher) close() {
	for g := range f.groups {
		f.release(g)
	}
	for _, b := range f.free {
		freeChunk(b)
	}
	f.free, f.spare = nil, 0
}

// fetch reads all spans and closes done.
func (f *fetcher) fetch(ctx context.Context, in io.ReaderAt, g *groupData) {
	defer close(g.done)
	var requests errgroup.Group
	for i, s := range g.spans {
		for off := s.off; off < s.end; off += requestBytes {
			into := g.data[i][off-s.off:][:min(requestBytes, s.end-off)]
			if g.err = f.slots.Acquire(ctx, 1); g.err != nil {
				_ = requests.Wait()
				return
			}
			requests.Go(func() error {
				defer f.slots.Release(1)
				if n, err := in.ReadAt(into, off); n < len(into) {
					return fmt.Errorf("it ends before its listed size: %w", unexpectedEOF(err))
				}
				return nil
			})
		}
	}
	g.err = requests.Wait()
}
