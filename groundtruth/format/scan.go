package format

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// ErrStopped ends the reading of a part because an earlier one failed: Part.Stop says so.
var ErrStopped = errors.New("stopped")

// openObject is an object that a Scan is reading, in parts: the row groups of a Parquet object,
// all of another.
type openObject struct {
	source.Object
	Ord   int // number of the object in Scan.Objects
	codec codec
	file  *parquet.File    // nil of another format
	parts int              // how many it has
	next  int              // the part to hand out next
	left  int              // parts that are not done
	stats table.ReadStats  // of the parts that are done
	read  float64          // how much of it is read, in parts
	told  int64            // bytes that Progress was told of
	Noted atomic.Bool      // whether the caller of Reader looked at its columns
	ahead int              // the part to fetch next
	data  []*parquet.Group // what is fetched of each part; nil where it is read as needed
}

// openObjectAt opens an object as far as is needed to know its parts.
func (s *Scan) openObjectAt(ctx context.Context, ord int) (*openObject, error) {
	o := &openObject{Object: s.Objects[ord], Ord: ord, parts: 1}
	var err error
	if o.codec, err = codecOf(s.formats, s.Format, o.Rel); err == nil && o.codec.open != nil {
		if o.file, err = o.codec.open(ctx, o.Object); err == nil {
			o.stats.Bytes = o.file.BytesRead
			o.parts = max(len(o.file.Row0), 1)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", o.URL, err)
	}
	o.left = o.parts
	o.data = make([]*parquet.Group, o.parts)
	return o, nil
}

// close gives the object back. Its parts are read, or will not be.
func (o *openObject) close() error {
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); err != nil {
		return fmt.Errorf("read object %s: %w", o.URL, err)
	}
	return nil
}

// Part is a part of an object, which a Scan hands to one goroutine and that one to its Reader.
type Part struct {
	Object *openObject
	index  int
	data   *parquet.Group // nil when it is read as needed
	Stop   func() bool    // whether an earlier part has failed

	read    float64       // which share of it the Scan knows to be read
	reached func(float64) // tells that of a share, on any goroutine
}

// Local reports whether a column's type says that its times are of no known zone.
func (p *Part) Local(column string) bool {
	return p.Object.file != nil && p.Object.file.IsLocal(column)
}

// Reader makes chunks of parts. Each goroutine of a Scan has its own, for the objects of one
// source; it keeps its memory from part to part. The zero Reader is ready for use.
type Reader struct {
	parquet parquet.Reader
}

// Read streams the records of a part as chunks, in order. An error names the object;
// an error of emit ends the reading and is returned as it is.
func (r *Reader) Read(ctx context.Context, p *Part, wants []table.Want, opt table.ReadOptions, emit func(*table.Chunk) error) (table.ReadStats, error) {
	var stats table.ReadStats
	var emitErr error
	guarded := func(c *table.Chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		emitErr = emit(c)
		if p.Object.file != nil {
			p.reached(float64(stats.Rows) / float64(p.Object.file.Metadata().RowGroups[p.index].NumRows))
		}
		return emitErr
	}
	o := p.Object
	var err error
	if o.file == nil {
		err = readStream(ctx, o.Object, o.codec, wants, opt, &stats, p.reached, guarded)
	} else if err = r.parquet.Bind(o.Object, o.file, wants, opt); err == nil && p.index < len(o.file.Row0) {
		err = r.parquet.RowGroup(p.index, p.data, &stats, guarded)
	}
	var missing *table.MissingColumnError
	switch {
	case err == nil:
		return stats, nil
	case emitErr != nil:
		return stats, emitErr
	case errors.As(err, &missing): // it says all
		return stats, missing
	default:
		return stats, fmt.Errorf("read object %s: %w", o.URL, err)
	}
}

// partPlace says where a part stands among all parts of a Scan: by its object, then its number.
type partPlace struct{ ord, index int }

// before reports whether the part of p comes before that of q.
func (p partPlace) before(q partPlace) bool {
	return p.ord < q.ord || p.ord == q.ord && p.index < q.index
}

// Scan reads the objects of a source on several goroutines, which share the
// row groups of an object. Of several failures the one of the first part is
// returned, so that the same data give the same error: parts before a failed one are
// read to their end, those after it are not begun, and those begun see their Stop
// report true.
type Scan struct {
	Objects []source.Object
	Format  string // of all objects, as groundtruth.Source.Format
	Workers int    // how many goroutines read
	// Read reads a part, on the goroutine of the given number, by a Reader of its own.
	Read  func(ctx context.Context, worker int, p *Part) (table.ReadStats, error)
	Wants []table.Want // what Read reads, for what is fetched ahead
	Opt   table.ReadOptions
	// Glance says that little of each object is read, so that nothing is fetched before it is
	// needed.
	Glance bool
	// Progress is told of bytes as they are read, one call at a time; nil is nobody.
	Progress func(bytes int64)
	// Done is told of each object that was read to its end; nil is nobody.
	Done func(ord int, stats table.ReadStats) error

	formats []fileFormat // of tests; nil is all that there are

	mu      sync.Mutex
	changed *sync.Cond    // something can be taken, or nothing ever will be
	next    int           // the object to open next
	opening int           // how many objects are being opened
	open    []*openObject // with parts that are not done, in order
	failed  partPlace     // the first part that failed, beyond all where none did
	first   error         // its failure
	total   table.ReadStats
	fetch   *fetcher       // nil where objects lie nearby
	aside   sync.WaitGroup // of goroutines that fetch and open ahead
}

// Run reads all objects and returns what was read.
func (s *Scan) Run(ctx context.Context) (table.ReadStats, error) {
	s.formats = orAll(s.formats)
	s.changed = sync.NewCond(&s.mu)
	s.failed = partPlace{len(s.Objects), 0}
	if len(s.Objects) > 0 && s.Objects[0].Far && !s.Glance {
		s.fetch = newFetcher(s.Wants, s.Opt)
	}
	scanning, cancel := context.WithCancel(ctx)
	defer cancel()
	end := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer end()
	var wg sync.WaitGroup
	for w := range s.Workers {
		wg.Go(func() {
			for p := s.take(scanning); p != nil; p = s.take(scanning) {
				stats, err := s.Read(scanning, w, p)
				s.finish(p, stats, err)
			}
		})
	}
	wg.Wait()
	cancel()
	s.aside.Wait()
	if s.fetch != nil {
		s.fetch.close()
	}
	for _, o := range s.open { // what a failure left
		if err := o.close(); err != nil && s.first == nil {
			s.first = err
		}
	}
	if err := ctx.Err(); err != nil {
		return s.total, err
	}
	return s.total, s.first
}

// take returns the next part, nil when there is none. All goroutines work on the
// first object that has parts; one that finds none opens the next.
func (s *Scan) take(ctx context.Context) *Part {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil {
		s.lookAhead(ctx)
		if p := s.ready(); p != nil {
			return p
		}
		switch {
		case s.next < s.failed.ord && s.opening == 0:
			s.openNext(ctx)
		case s.next < s.failed.ord && s.fetch == nil:
			s.openNext(ctx)
		case s.opening > 0:
			s.changed.Wait()
		default:
			return nil
		}
	}
	return nil
}

// ready returns a part of an object that is open.
func (s *Scan) ready() *Part {
	for _, o := range s.open {
		at := partPlace{o.Ord, o.next}
		if o.next == o.parts || s.failed.before(at) {
			continue
		}
		o.next++
		o.ahead = max(o.ahead, o.next)
		p := &Part{Object: o, index: at.index, data: o.data[at.index], Stop: func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.failed.before(at)
		}}
		p.reached = func(share float64) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tell(p, share)
		}
		return p
	}
	return nil
}

// lookAhead begins to fetch the parts that come next, and to open the objects after
// them, as far as there is room. Nothing is fetched of parts behind a failed one.
func (s *Scan) lookAhead(ctx context.Context) {
	if s.fetch == nil {
		return
	}
	for _, o := range s.open {
		for ; o.ahead < o.parts; o.ahead++ {
			if s.failed.before(partPlace{o.Ord, o.ahead}) {
				return
			}
			g, wait := s.fetch.plan(o, o.ahead)
			if wait {
				return
			}
			if g == nil {
				continue
			}
			o.data[o.ahead] = g
			s.aside.Go(func() { s.fetch.fetch(ctx, o.file.In, g) })
		}
	}
	for s.opening < openAhead && len(s.open)+s.opening < openAhead && s.next < s.failed.ord {
		ord := s.begin()
		s.aside.Go(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.openAt(ctx, ord)
			s.lookAhead(ctx)
		})
	}
}

// begin counts the next object as being opened.
func (s *Scan) begin() int {
	s.next++
	s.opening++
	return s.next - 1
}

// openNext opens the next object; s.mu is held, though not meanwhile.
func (s *Scan) openNext(ctx context.Context) {
	s.openAt(ctx, s.begin())
}

// openAt opens an object; s.mu is held, though not meanwhile.
func (s *Scan) openAt(ctx context.Context, ord int) {
	s.mu.Unlock()
	o, err := s.openObjectAt(ctx, ord)
	s.mu.Lock()
	s.opening--
	if err != nil {
		s.fail(partPlace{ord, 0}, err)
	} else {
		i, _ := slices.BinarySearchFunc(s.open, ord, func(o *openObject, ord int) int { return o.Ord - ord })
		s.open = slices.Insert(s.open, i, o)
		s.total.Bytes += o.stats.Bytes
	}
	s.changed.Broadcast()
}

// fail keeps the first failure.
func (s *Scan) fail(at partPlace, err error) {
	if at.before(s.failed) {
		s.failed, s.first = at, err
	}
}

// tell tells Progress which share of a part has been read; s.mu is held.
func (s *Scan) tell(p *Part, share float64) {
	o := p.Object
	o.read += share - p.read
	p.read = share
	read := int64(float64(o.Size) * min(o.read/float64(o.parts), 1))
	if o.left == 0 {
		read = o.Size
	}
	if more := read - o.told; more > 0 && s.Progress != nil {
		s.Progress(more)
		o.told = read
	}
}

// finish takes note of a part that was read.
func (s *Scan) finish(p *Part, stats table.ReadStats, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := p.Object
	o.stats.Add(stats)
	s.total.Add(stats)
	o.left--
	if p.data != nil {
		<-p.data.Done
		s.fetch.release(p.data)
	}
	if err != nil {
		s.fail(partPlace{o.Ord, p.index}, err)
	} else {
		s.tell(p, 1)
	}
	if o.left > 0 {
		return
	}
	s.open = slices.DeleteFunc(s.open, func(q *openObject) bool { return q == o })
	err = o.close()
	if err == nil && s.Done != nil && (partPlace{o.Ord, o.parts}).before(s.failed) {
		err = s.Done(o.Ord, o.stats)
	}
	if err != nil {
		s.fail(partPlace{o.Ord, o.parts}, err)
	}
}
