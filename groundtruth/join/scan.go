package join

import (
	"cmp"
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

// wantKey tells two wants apart: a column that is read as two things, or of which two elements
// are read, is read twice.
type wantKey struct {
	name    string
	element groundtruth.Element
	kind    table.As
}

// add returns the index of a column among the wants, or -1 for no name.
func (l *wantList) add(name string, kind table.As, optional bool) int {
	return l.addWant(table.Want{Name: name, As: kind, Optional: optional})
}

func (l *wantList) addWant(add table.Want) int {
	if add.Name == "" {
		return -1
	}
	key := wantKey{add.Name, add.Element, add.As}
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

// addID adds the columns that make an id, and returns their indexes. With a bar, the
// ids that are not above it are sampled.
func (l *wantList) addID(names groundtruth.IDColumns, optional bool, bar *table.Bar) []int {
	var at []int
	for _, name := range names {
		w := table.Want{Name: name, As: table.AsID, Optional: optional, Bar: bar}
		if bar != nil && len(names) > 1 {
			w.Bar = table.NewBar() // The hash of a part says nothing of that of the id.
		}
		at = append(at, l.addWant(w))
	}
	return at
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
	reader  format.Reader
	joined  table.JoinedIDs
	ids     *table.Column // of the chunk
	bad     badRecords
	scope   int64 // records that belong to the window, good and bad
	lost    int64 // bad ones among these
	objects int   // that have rows
	// absent counts the objects that lack a column, by index of the want, and unseen the
	// objects without a schema in which no record has it.
	absent, unseen absentColumns
}

// absentColumns counts the objects that lack a column, by index of the want, for notes.
type absentColumns map[int]*absentColumn

// absentColumn is the number of objects that lack a column, the first of them, and the keys
// of its records where that has no schema.
type absentColumn struct {
	objects int
	first   int
	keys    []string
}

// add counts objects that lack a column.
func (m *absentColumns) add(i int, a absentColumn) {
	if *m == nil {
		*m = absentColumns{}
	}
	b := (*m)[i]
	if b == nil {
		(*m)[i] = &a
		return
	}
	b.objects += a.objects
	if a.first < b.first {
		b.first, b.keys = a.first, a.keys
	}
}

// idColumns are the columns of a scan that make an id.
type idColumns struct {
	at  []int // among the wants
	bar *table.Bar
}

// read reads a part of an object and calls rows with its chunks, whose ids are then in
// scanWorker.ids. With quiet set, nothing is counted: the object was read before.
func (s *scanWorker) read(ctx context.Context, p *format.Part, wants []table.Want, id idColumns, opt table.ReadOptions, quiet bool, rows func(*table.Chunk) error) (table.ReadStats, error) {
	ord := p.Object.Ord
	if !quiet {
		opt.OnBad = func(reason string, row int64, value string) {
			s.bad.add(reason, badRecord{object: ord, row: row, value: value})
		}
		opt.OnUnseen = func(wants []int, keys []string) {
			for _, i := range wants {
				s.unseen.add(i, absentColumn{1, ord, keys})
			}
		}
	}
	return s.reader.Read(ctx, p, wants, opt, func(c *table.Chunk) error {
		if p.Stop() {
			return format.ErrStopped
		}
		if !quiet && p.Object.Noted.CompareAndSwap(false, true) {
			s.noteAbsent(c, ord)
		}
		s.ids = s.joined.Column(c, id.at, id.bar)
		return rows(c)
	})
}

// missingID returns which column of an id has none in row i of a chunk, and what stands there
// that cannot be one.
func missingID(c *table.Chunk, id idColumns, wants []table.Want, i int) (column, text string) {
	for _, at := range id.at {
		if !c.Cols[at].Valid[i] {
			text, _ = c.Cols[at].InvalidText(i)
			return wants[at].Name, text
		}
	}
	return "", ""
}

// noteAbsent counts an object and the columns that it lacks, by its first chunk.
func (s *scanWorker) noteAbsent(c *table.Chunk, ord int) {
	s.objects++
	for i := range c.Cols {
		if c.Cols[i].Kind == table.Absent {
			s.absent.add(i, absentColumn{objects: 1, first: ord})
		}
	}
}

// scanned sums what the goroutines of one source found, for Result.
type scanned struct {
	bad               badRecords
	rows, scope, lost int64
	skipped           int64 // rows that were passed over by their statistics
	bytes             int64
	notes             []string
	nowhere           map[int]*table.MissingColumnError // columns that no record of objects without a schema has, nor any other object, by index of the want
}

// collect merges the goroutines of one source; read counts what all of them read.
func collect(workers []*scanWorker, read table.ReadStats, source string, objects []source.Object, wants []table.Want) scanned {
	all := scanned{rows: read.Rows, skipped: read.Skipped, bytes: read.Bytes, nowhere: map[int]*table.MissingColumnError{}}
	var absent, unseen absentColumns
	withRows := 0
	for _, w := range workers {
		all.bad.merge(w.bad)
		all.scope += w.scope
		all.lost += w.lost
		withRows += w.objects
		for i, a := range w.absent {
			absent.add(i, *a)
		}
		for i, a := range w.unseen {
			unseen.add(i, *a)
		}
	}
	for i, a := range unseen {
		if b := absent[i]; a.objects == withRows || b != nil && a.objects+b.objects == withRows {
			delete(absent, i)
			name := wants[i].Name
			all.nowhere[i] = &table.MissingColumnError{Object: objects[a.first].URL, Column: name, Columns: a.keys}
			all.notes = append(all.notes, fmt.Sprintf("column %s is in no record of %s, first %s: its values count as missing; the records there have %s%s",
				table.Quote(name), source, objects[a.first].Rel, table.QuoteNames(a.keys), table.DidYouMean(name, a.keys)))
		}
	}
	for i, a := range absent {
		all.notes = append(all.notes, fmt.Sprintf("column %s is not in %d of %d objects of %s, first %s: its values count as missing there",
			table.Quote(wants[i].Name), a.objects, len(objects), source, objects[a.first].Rel))
	}
	slices.Sort(all.notes)
	return all
}

// fewRecords is how many records may all lack a key that they need not have before it is taken
// for a misspelt one: who logs what is not known may leave the key out.
const fewRecords = 100

// demand fails where one of the columns, by index of their wants, is in no record, as a file
// with a schema does that lacks it. An index of -1 is no column.
func (s *scanned) demand(columns ...int) error {
	for _, i := range columns {
		if missing := s.nowhere[i]; missing != nil {
			return missing
		}
	}
	return nil
}

// check adds the bad records to the result, and says in a note which these are. It fails when
// they are too many: of all that were read, or of those that belong to the window, lest a
// bad window hide in a long log. Where that is for want of a column that every record
// needs, by index of its want, the error says so.
func (s *scanned) check(res *groundtruth.Result, limit float64, source string, objects []source.Object, needed ...int) error {
	skipped := s.bad.skipped(source, objects)
	if s.bad.total() > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("left out of %s: %s", source, skipped.Words()))
	}
	res.Skipped.Add(skipped)
	err := checkShare(s.bad.total(), max(s.rows, s.bad.total()), limit, false, source, skipped)
	if err == nil {
		err = checkShare(s.lost, s.scope, limit, true, source, skipped)
	}
	if err == nil {
		return nil
	}
	return cmp.Or(s.demand(needed...), err)
}
