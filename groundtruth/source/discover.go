package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/objstore"
)

// Object is an object that Discover found, with what a reader needs to open it.
type Object struct {
	Store *objstore.Store // where it lies
	objstore.Object
	URL     string             // for people and the audit, without secrets
	Rel     string             // key relative to the URL's fixed part: the order for tie-breaks
	Span    groundtruth.Window // the partition's time span, by the placeholders of the pattern
	HasSpan bool               // whether the pattern gave a span
	Far     bool               // whether each read takes a way over a network
	InParts bool               // whether it is read in parts however small it is, for tests
}

// Set holds what Discover found of a source.
type Set struct {
	Objects []Object // sorted by Rel
	Notes   []string // what a person should know, such as a pattern that matched nothing
}

// Discover lists the objects of src whose partition may hold rows of [from, to),
// widened by src.Slack on both sides. A zero from or to is open. Only the
// partitions that are needed are listed. A missing bucket or folder is an error; a
// pattern that matches nothing in the range is a note, which says what is there
// instead, as far as one more request tells.
func Discover(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time) (*Set, error) {
	return discover(ctx, stores, src, from, to, true, nil)
}

// discover does the work of Discover; with look a note says what is there instead, and a
// bound, where there is one, ends it early.
func discover(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time, look bool, bound *boundedLister) (*Set, error) {
	p, err := parsePattern(src.URL)
	if err != nil {
		return nil, err
	}
	store, err := stores.Open(ctx, p.base)
	if err != nil {
		return nil, err
	}
	w := walker{lister: store, store: store, from: from, to: to, zone: src.PartitionZone, outside: map[string]bool{}}
	if bound != nil {
		bound.lister, w.lister, w.surveys = store, bound, true
	}
	if !src.FollowLinks {
		store.KeepInside(w.leaveOut)
	}
	if !from.IsZero() {
		w.from = from.Add(-src.Slack).UTC()
	}
	if !to.IsZero() {
		w.to = to.Add(src.Slack).UTC()
	}
	if err := w.walk(ctx, "", p.segments, noPartition()); err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("find objects of %s: %w", withoutQuery(src.URL), err)
	}
	slices.SortFunc(w.found, func(a, b Object) int { return cmp.Compare(a.Rel, b.Rel) })
	set := &Set{Objects: w.found}
	outside := slices.Sorted(maps.Keys(w.outside)) // as the pattern met them
	if len(w.found) == 0 {
		note := fmt.Sprintf("no object matches %s in %s%s", p.text, store.URL(), w.rangeText())
		if look && w.hidden == 0 && len(outside) == 0 {
			note += w.instead(ctx, p)
		}
		set.Notes = append(set.Notes, note)
	}
	if w.hidden > 0 {
		set.Notes = append(set.Notes, fmt.Sprintf("%d objects in %s match %s but for a name that begins with '.' or '_', and were left out", w.hidden, store.URL(), p.text))
	}
	if n := len(outside); n > 0 {
		set.Notes = append(set.Notes, fmt.Sprintf("%d symbolic links in %s leave the folder and were not followed, first %s: put the files themselves there, or set follow_links: true where those who can write to the folder may read all that this program can",
			n, store.URL(), table.Quote(outside[0])))
	}
	return set, nil
}

// Far reports whether reads of the objects take a way over a network.
func (s *Set) Far() bool { return len(s.Objects) > 0 && s.Objects[0].Far }

// Bytes returns the size of all objects.
func (s *Set) Bytes() int64 {
	var n int64
	for _, o := range s.Objects {
		n += o.Size
	}
	return n
}

// Inputs lists the objects of a source whose partition may hold rows of
// [from, to), by URL; a zero bound is open. It reads none of them. The notes are what
// a person should know of what was found. They say what is there instead of nothing where
// the range is open, as that of a reference: a window's is listed again, by Discover, when
// it is read.
func Inputs(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time) (inputs []groundtruth.Input, notes []string, err error) {
	set, err := discover(ctx, stores, src, from, to, from.IsZero() && to.IsZero(), nil)
	if err != nil {
		return nil, nil, err
	}
	inputs = make([]groundtruth.Input, 0, len(set.Objects))
	for _, o := range set.Objects {
		inputs = append(inputs, groundtruth.Input{URL: o.URL, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime})
	}
	return inputs, set.Notes, nil
}

// UnexpectedEOF keeps an end inside a stream from passing as the stream's end.
func UnexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
