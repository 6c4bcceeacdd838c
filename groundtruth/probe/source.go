package probe

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/objstore"
)

// Source is what was listed of a source.
type Source struct {
	Objects     []source.Object // by date where the keys have one, then by key
	More        bool            // there are others, which were not listed
	Dated       bool            // the keys have dates
	First, Last time.Time       // of the dates, where they have: the oldest, and the newest, as the clocks of their zone show them
	Notes       []string        // what a person should know of what was listed

	format string
}

// Find lists the objects of a source, without reading any: those that there are, or the oldest
// and the newest of very many, and those of the time also.
func Find(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, now time.Time, also groundtruth.Window) (*Source, error) {
	set, more, err := source.Survey(ctx, stores, src, now, also)
	if err != nil {
		return nil, err
	}
	s := &Source{Objects: set.Objects, More: more, Notes: set.Notes, format: src.Format}
	slices.SortFunc(s.Objects, func(a, b source.Object) int {
		return cmp.Or(a.Span.Start.Compare(b.Span.Start), cmp.Compare(a.Rel, b.Rel))
	})
	if n := len(s.Objects); n > 0 && s.Objects[0].HasSpan {
		s.Dated = true
		s.First, s.Last = src.PartitionZone.Wall(s.Objects[0].Span.Start), src.PartitionZone.Wall(s.Objects[n-1].Span.Start)
	}
	return s, nil
}

// Bytes returns the size of the objects that were listed.
func (s *Source) Bytes() int64 {
	var n int64
	for _, o := range s.Objects {
		n += o.Size
	}
	return n
}

// Spread picks so many of the objects that are not empty: the first, the last, and some
// between them.
func (s *Source) Spread(most int) []source.Object {
	return spread(slices.DeleteFunc(slices.Clone(s.Objects), func(o source.Object) bool { return o.Size == 0 }), most)
}

// Between returns the objects that are not empty and may hold records of [from, to): all where
// the keys have no dates.
func (s *Source) Between(from, to time.Time) []source.Object {
	return slices.DeleteFunc(slices.Clone(s.Objects), func(o source.Object) bool {
		return o.Size == 0 || o.HasSpan && (!o.Span.End.After(from) || !o.Span.Start.Before(to))
	})
}

// After picks so many of the objects that Between returns: the first half of the number one
// after the other, for what follows on something mostly follows soon, and then some up to the
// last.
func (s *Source) After(from, to time.Time, most int) []source.Object {
	objects := s.Between(from, to)
	soon := min(most/2, len(objects))
	return append(objects[:soon:soon], spread(objects[soon:], most-soon)...)
}

// spread picks the first, the last and some between them.
func spread(objects []source.Object, most int) []source.Object {
	n := len(objects)
	if n <= most {
		return objects
	}
	out := make([]source.Object, most)
	for i := range out {
		out[i] = objects[i*(n-1)/max(most-1, 1)]
	}
	return out
}
