package source

import (
	"context"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// maxCandidates is up to how many partitions of one level are asked for by name;
// beyond, their folder is listed and pruned, a thousand of them in one request.
const maxCandidates = 100

// lister is the part of a store that a walker asks; tests see by it which prefixes are listed.
type lister interface {
	List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error]
	ListDir(ctx context.Context, prefix string) (objs []objstore.Object, dirs []string, err error)
}

// walker goes down a pattern for Discover, segment by segment, and gathers what it finds.
type walker struct {
	lister   lister
	store    *objstore.Store  // of the objects
	from, to time.Time        // widened by the slack; zero is open
	zone     groundtruth.Zone // of the placeholders
	surveys  bool             // partitions are listed even where their names can be told, for most of these may not be there
	found    []Object
	hidden   int             // how many objects only their hidden names keep out
	outside  map[string]bool // links that leave the folder, by key
}

// leaveOut takes note of a link that leaves the folder. One that a pattern would not
// match for its name is nobody's loss.
func (w *walker) leaveOut(key string) {
	if name := path.Base(key); !isHidden(name) {
		w.outside[key] = true
	}
}

// walk finds the objects below prefix, which is empty or ends in '/'.
func (w *walker) walk(ctx context.Context, prefix string, segments []segment, at partition) error {
	s, last := segments[0], len(segments) == 1
	names, enumerated := []string(nil), false
	begin := s.prefix() // of what is listed where names are not enumerated
	switch {
	case s.deep:
		return w.list(ctx, prefix, segments, at)
	case s.literal:
		names, enumerated = []string{s.text}, true
	case !s.glob && !w.surveys:
		names, enumerated = w.candidates(s, at)
		if common, ok := s.unpadded(names); ok {
			enumerated, begin = false, common // to list both forms is one request
		}
	}
	if enumerated {
		for _, name := range names {
			next, ok, _ := s.accept(name, at)
			if !ok || !w.needed(next) {
				continue
			}
			var err error
			if last {
				err = w.exact(ctx, prefix+name, next)
			} else {
				err = w.walk(ctx, prefix+name+"/", segments[1:], next)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	objs, dirs, err := w.lister.ListDir(ctx, prefix+begin)
	if err != nil {
		return err
	}
	if last {
		for _, o := range objs {
			next, ok, hidden := s.accept(strings.TrimPrefix(o.Key, prefix), at)
			w.take(o, next, ok, hidden)
		}
		return nil
	}
	for _, dir := range dirs {
		next, ok, _ := s.accept(strings.TrimSuffix(strings.TrimPrefix(dir, prefix), "/"), at)
		if !ok || !w.needed(next) {
			continue
		}
		if err := w.walk(ctx, dir, segments[1:], next); err != nil {
			return err
		}
	}
	return nil
}

// list finds the objects below prefix at any depth.
func (w *walker) list(ctx context.Context, prefix string, segments []segment, at partition) error {
	for o, err := range w.lister.List(ctx, prefix) {
		if err != nil {
			return err
		}
		next, ok, hidden := matchKey(segments, strings.Split(strings.TrimPrefix(o.Key, prefix), "/"), at)
		w.take(o, next, ok, hidden)
	}
	return nil
}

// exact finds the object of one key.
func (w *walker) exact(ctx context.Context, key string, at partition) error {
	for o, err := range w.lister.List(ctx, key) {
		if err != nil {
			return err
		}
		// Of the keys that begin with key, key itself is the first.
		w.take(o, at, o.Key == key, false)
		return nil
	}
	return nil
}

// take keeps an object that matches, and counts one that only its hidden name keeps out.
func (w *walker) take(o objstore.Object, at partition, ok, hidden bool) {
	switch {
	case !w.needed(at):
	case hidden:
		w.hidden++
	case ok:
		found := Object{Store: w.store, Object: o, URL: w.store.ObjectURL(o.Key), Rel: o.Key, Far: !w.store.Local()}
		found.Span, found.HasSpan = at.span(w.zone)
		w.found = append(w.found, found)
	}
}

// needed reports whether the partition may hold rows of the range.
func (w *walker) needed(at partition) bool {
	span, ok := at.span(w.zone)
	if !ok {
		return true
	}
	return (w.to.IsZero() || span.Start.Before(w.to)) && (w.from.IsZero() || span.End.After(w.from))
}

// candidates returns the names that a segment without wildcards can have in the
// range, when they can be told and are few.
func (w *walker) candidates(s segment, at partition) ([]string, bool) {
	from, to := w.from, w.to
	if span, ok := at.span(w.zone); ok {
		if from.IsZero() || span.Start.After(from) {
			from = span.Start
		}
		if to.IsZero() || span.End.Before(to) {
			to = span.End
		}
	}
	if from.IsZero() || to.IsZero() {
		return nil, false
	}
	// What is known after this segment must be a year, a month, a day or an hour;
	// its size is the step. (Day 1 is in every month, so that any span will do.)
	known := at
	for _, f := range s.fields {
		text, ok := known.text(f)
		if !ok {
			text = map[field]string{fieldDate: "2000-01-01", fieldHour: "00", fieldYear: "2000", fieldMonth: "01", fieldDay: "01"}[f]
		}
		if known, ok = known.with(f, text); !ok {
			return nil, false
		}
	}
	step, ok := known.step()
	if !ok {
		return nil, false
	}
	var names []string
	lowest, highest := w.zone.WallBounds(from, to)
	if wall, ok := at.wall(); ok {
		// Beside a time that comes twice, clocks show another date too.
		if lowest.Before(wall.Start) {
			lowest = wall.Start
		}
		if highest.After(wall.End) {
			highest = wall.End
		}
	}
	for t := truncate(lowest, step); t.Before(highest); t = advance(t, step) {
		if len(names) == maxCandidates {
			return nil, false
		}
		name := s.text
		for _, f := range s.fields {
			name = strings.ReplaceAll(name, f.placeholder().name, partitionOf(t).format(f))
		}
		names = append(names, name)
	}
	return names, true
}

// rangeText tells in a note the range that was looked at.
func (w *walker) rangeText() string {
	text := func(t time.Time) string { return t.In(w.zone.Location()).Format(time.RFC3339) }
	switch {
	case w.from.IsZero() && w.to.IsZero():
		return ""
	case w.to.IsZero():
		return " from " + text(w.from) + " on"
	case w.from.IsZero():
		return " before " + text(w.to)
	}
	return " between " + text(w.from) + " and " + text(w.to)
}
