package join

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// wantList collects the columns to read; a column that is wanted twice is read once.
type wantList struct {
	wants []table.Want
	index map[wantKey]int
}

// wantKey tells two wants apart: a column that is read as two things is read twice.
type wantKey struct {
	name string
	kind table.As
}

// add returns the index of a column among the wants, or -1 for no name.
func (l *wantList) add(name string, kind table.As, optional bool) int {
	return l.addWant(table.Want{Name: name, As: kind, Optional: optional})
}

func (l *wantList) addWant(add table.Want) int {
	if add.Name == "" {
		return -1
	}
	key := wantKey{add.Name, add.As}
	if i, ok := l.index[key]; ok {
		w := &l.wants[i]
		w.Optional = w.Optional && add.Optional
		w.Lazy = w.Lazy && add.Lazy
		return i
	}
	if l.index == nil {
		l.index = map[wantKey]int{}
	}
	i := len(l.wants)
	l.index[key] = i
	l.wants = append(l.wants, add)
	return i
}

// nanos returns t in Unix nanoseconds, at the bounds of int64 when it lies beyond.
func nanos(t time.Time) int64 {
	const maxSeconds = math.MaxInt64/int64(time.Second) - 1
	switch s := t.Unix(); {
	case s > maxSeconds:
		return math.MaxInt64
	case s < -maxSeconds:
		return math.MinInt64
	}
	return t.UnixNano()
}

// progress adds up what was read and tells it, one call at a time.
type progress struct {
	mu          sync.Mutex
	done, total int64
	tell        func(done, total int64)
}

func (p *progress) add(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += done
	p.total += total
	if p.tell != nil {
		p.tell(p.done, p.total)
	}
}

// read adds bytes that were read.
func (p *progress) read(n int64) { p.add(n, 0) }

// scanWorker reads the objects of one source for one goroutine, and counts what is wrong
// with them. Each kind of scan has a worker with one inside.
type scanWorker struct {
	reader format.Reader
	bad    badRecords
	scope  int64 // records that belong to the window, good and bad
	lost   int64 // bad ones among these
	// absent lists the objects that lack a column, by index of the want: their
	// number and the first.
	absent map[int]*absentColumn
}

// absentColumn counts the objects that lack a column, for a note.
type absentColumn struct {
	objects int
	first   int
}

// read reads a part of an object and calls rows with its chunks. With quiet set,
// nothing is counted: the object was read before.
func (s *scanWorker) read(ctx context.Context, p *format.Part, wants []table.Want, opt table.ReadOptions, quiet bool, rows func(*table.Chunk) error) (table.ReadStats, error) {
	ord := p.Object.Ord
	if !quiet {
		opt.OnBad = func(reason string, row int64, value string) {
			s.bad.add(reason, badRecord{object: ord, row: row, value: value})
		}
	}
	return s.reader.Read(ctx, p, wants, opt, func(c *table.Chunk) error {
		if p.Stop() {
			return format.ErrStopped
		}
		if !quiet && p.Object.Noted.CompareAndSwap(false, true) {
			s.noteAbsent(c, ord)
		}
		return rows(c)
	})
}

// noteAbsent counts the columns that an object lacks.
func (s *scanWorker) noteAbsent(c *table.Chunk, ord int) {
	for i := range c.Cols {
		if c.Cols[i].Kind != table.Absent {
			continue
		}
		if s.absent == nil {
			s.absent = map[int]*absentColumn{}
		}
		a := s.absent[i]
		if a == nil {
			a = &absentColumn{first: ord}
			s.absent[i] = a
		}
		a.objects++
		a.first = min(a.first, ord)
	}
}

// scanned sums what the goroutines of one source found, for Result.
type scanned struct {
	bad               badRecords
	rows, scope, lost int64
	bytes             int64
	notes             []string
}

// collect merges the goroutines of one source; read counts what all of them read.
func collect(workers []*scanWorker, read table.ReadStats, source string, objects []source.Object, wants []table.Want) scanned {
	all := scanned{rows: read.Rows, bytes: read.Bytes}
	absent := map[int]*absentColumn{}
	for _, w := range workers {
		all.bad.merge(w.bad)
		all.scope += w.scope
		all.lost += w.lost
		for i, a := range w.absent {
			if b := absent[i]; b != nil {
				a = &absentColumn{a.objects + b.objects, min(a.first, b.first)}
			}
			absent[i] = a
		}
	}
	for i, a := range absent {
		all.notes = append(all.notes, fmt.Sprintf("column %s is not in %d of %d objects of %s, first %s: its values count as missing there",
			table.Quote(wants[i].Name), a.objects, len(objects), source, objects[a.first].Rel))
	}
	slices.Sort(all.notes)
	return all
}

// check adds the bad records to the result, and says in a note which these are. It fails when
// they are too many: of all that were read, or of those that belong to the window, lest a
// bad window hide in a long log.
func (s *scanned) check(res *groundtruth.Result, limit float64, source string, objects []source.Object) error {
	skipped := s.bad.skipped(source, objects)
	if s.bad.total() > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("left out of %s: %s", source, skipped.Words()))
	}
	res.Skipped.Add(skipped)
	if err := checkShare(s.bad.total(), max(s.rows, s.bad.total()), limit, false, source, skipped); err != nil {
		return err
	}
	return checkShare(s.lost, s.scope, limit, true, source, skipped)
}
