package groundtruth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// errStopped ends the reading of a part because an earlier one failed.
var errStopped = errors.New("stopped")

// openObject is an object that is being read, in parts: the row groups of a Parquet
// object, all of another.
type openObject struct {
	object
	ord   int
	codec codec
	file  *parquetFile // nil of another format
	parts int
	next  int         // the part to hand out next
	left  int         // parts that are not done
	stats readStats   // of the parts that are done
	told  int64       // bytes that progress was told of
	noted atomic.Bool // whether its columns were looked at
	ahead int         // the part to fetch next
	data  []*groupData
}

// openObjectAt opens an object as far as is needed to know its parts.
func openObjectAt(ctx context.Context, objects []object, ord int, format string) (*openObject, error) {
	o := &openObject{object: objects[ord], ord: ord, parts: 1}
	var err error
	if o.codec, err = codecOf(format, o.rel); err == nil && o.codec.format == "parquet" {
		if o.file, err = openParquet(ctx, o.object); err == nil {
			o.stats.bytes = o.file.read
			o.parts = max(len(o.file.row0), 1)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", o.url, err)
	}
	o.left = o.parts
	o.data = make([]*groupData, o.parts)
	return o, nil
}

func (o *openObject) close() error {
	if o.file == nil {
		return nil
	}
	if err := o.file.close(); err != nil {
		return fmt.Errorf("read object %s: %w", o.url, err)
	}
	return nil
}

// part is what one goroutine reads at a time.
type part struct {
	object *openObject
	index  int
	data   *groupData  // nil when it is read as needed
	stop   func() bool // whether an earlier part has failed
}

// objectReader reads parts of objects. It is one goroutine's, and of one source.
type objectReader struct {
	parquet parquetReader
}

// read streams the records of a part as chunks, in order. An error names the object;
// an error of emit ends the reading and is returned as it is.
func (r *objectReader) read(ctx context.Context, p *part, wants []want, opt readOptions, emit func(*chunk) error) (readStats, error) {
	var stats readStats
	var emitErr error
	guarded := func(c *chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		emitErr = emit(c)
		return emitErr
	}
	o := p.object
	var err error
	if o.file == nil {
		err = readText(ctx, o.object, o.codec, wants, opt, &stats, guarded)
	} else if err = r.parquet.bind(o.object, o.file, wants, opt); err == nil && p.index < len(o.file.row0) {
		err = r.parquet.rowGroup(p.index, p.data, &stats, guarded)
	}
	var missing *missingColumnError
	switch {
	case err == nil:
		return stats, nil
	case emitErr != nil:
		return stats, emitErr
	case errors.As(err, &missing): // it says all
		return stats, missing
	default:
		return stats, fmt.Errorf("read object %s: %w", o.url, err)
	}
}

// add sums counts.
func (s *readStats) add(o readStats) {
	s.rows += o.rows
	s.bad += o.bad
	s.skipped += o.skipped
	s.bytes += o.bytes
}

// partPlace orders the parts of a source.
type partPlace struct{ ord, index int }

func (p partPlace) before(q partPlace) bool {
	return p.ord < q.ord || p.ord == q.ord && p.index < q.index
}

// objectScan reads the objects of a source on several goroutines, which share the
// row groups of an object. Of several failures the one of the first part is
// returned, so that the same data give the same error: parts before a failed one are
// read to their end, those after it are not begun, and those begun see stop report
// true.
type objectScan struct {
	objects []object
	format  string
	workers int
	// read reads a part.
	read  func(ctx context.Context, worker int, p *part) (readStats, error)
	wants []want // what read reads, for what is fetched ahead
	opt   readOptions
	// progress is told of bytes read, of a Parquet object after each part.
	progress func(bytes int64)
	// done is told of each object that was read to its end; nil is nobody.
	done func(ord int, stats readStats) error

	mu      sync.Mutex
	changed *sync.Cond    // something can be taken, or nothing ever will be
	next    int           // the object to open next
	opening int           // that are being opened
	open    []*openObject // with parts to hand out, in order
	failed  partPlace
	first   error
	total   readStats
	fetch   *fetcher // nil where objects lie nearby
	aside   sync.WaitGroup
}

// run reads all objects and returns what was read.
func (s *objectScan) run(ctx context.Context) (readStats, error) {
	s.changed = sync.NewCond(&s.mu)
	s.failed = partPlace{len(s.objects), 0}
	if len(s.objects) > 0 && s.objects[0].far {
		s.fetch = newFetcher(s.wants, s.opt)
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
	for w := range s.workers {
		wg.Go(func() {
			for p := s.take(scanning); p != nil; p = s.take(scanning) {
				stats, err := s.read(scanning, w, p)
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
func (s *objectScan) take(ctx context.Context) *part {
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
func (s *objectScan) ready() *part {
	for _, o := range s.open {
		at := partPlace{o.ord, o.next}
		if o.next == o.parts || s.failed.before(at) {
			continue
		}
		o.next++
		o.ahead = max(o.ahead, o.next)
		return &part{object: o, index: at.index, data: o.data[at.index], stop: func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.failed.before(at)
		}}
	}
	return nil
}

// lookAhead begins to fetch the parts that come next, and to open the objects after
// them, as far as there is room. Nothing is fetched of parts behind a failed one.
func (s *objectScan) lookAhead(ctx context.Context) {
	if s.fetch == nil {
		return
	}
	for _, o := range s.open {
		for ; o.ahead < o.parts; o.ahead++ {
			if s.failed.before(partPlace{o.ord, o.ahead}) {
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
			s.aside.Go(func() { s.fetch.fetch(ctx, o.file.in, g) })
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
func (s *objectScan) begin() int {
	s.next++
	s.opening++
	return s.next - 1
}

// openNext opens the next object; s.mu is held, though not meanwhile.
func (s *objectScan) openNext(ctx context.Context) {
	s.openAt(ctx, s.begin())
}

// openAt opens an object; s.mu is held, though not meanwhile.
func (s *objectScan) openAt(ctx context.Context, ord int) {
	s.mu.Unlock()
	o, err := openObjectAt(ctx, s.objects, ord, s.format)
	s.mu.Lock()
	s.opening--
	if err != nil {
		s.fail(partPlace{ord, 0}, err)
	} else {
		i, _ := slices.BinarySearchFunc(s.open, ord, func(o *openObject, ord int) int { return o.ord - ord })
		s.open = slices.Insert(s.open, i, o)
		s.total.bytes += o.stats.bytes
	}
	s.changed.Broadcast()
}

// fail keeps the first failure.
func (s *objectScan) fail(at partPlace, err error) {
	if at.before(s.failed) {
		s.failed, s.first = at, err
	}
}

// finish takes note of a part that was read.
func (s *objectScan) finish(p *part, stats readStats, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := p.object
	o.stats.add(stats)
	s.total.add(stats)
	o.left--
	if p.data != nil {
		<-p.data.done
		s.fetch.release(p.data)
	}
	if err != nil {
		s.fail(partPlace{o.ord, p.index}, err)
	} else if s.progress != nil {
		read := int64(float64(o.Size) * float64(o.parts-o.left) / float64(o.parts))
		if o.left == 0 {
			read = o.Size
		}
		s.progress(read - o.told)
		o.told = read
	}
	if o.left > 0 {
		return
	}
	s.open = slices.DeleteFunc(s.open, func(q *openObject) bool { return q == o })
	err = o.close()
	if err == nil && s.done != nil && (partPlace{o.ord, o.parts}).before(s.failed) {
		err = s.done(o.ord, o.stats)
	}
	if err != nil {
		s.fail(partPlace{o.ord, o.parts}, err)
	}
}
