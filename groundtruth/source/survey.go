package source

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

const (
	// surveyObjects and surveyLists bound what Survey lists: names, and the requests for them
	// where each partition is a folder of its own.
	surveyObjects = 10_000
	surveyLists   = 200
	// surveyDays and surveyMonth are how far back Survey looks for the newest objects, where it
	// did not come to them.
	surveyDays  = 3 * 24 * time.Hour
	surveyMonth = 31 * 24 * time.Hour
)

// Survey lists objects of src for one who wants to see what is there: all of them, or so many
// of the oldest that it has seen enough, and then those of the three days before now, or where
// there are none of the month, and of the time also. more tells that there are others.
func Survey(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, now time.Time, also groundtruth.Window) (set *Set, more bool, err error) {
	bound := &boundedLister{objects: surveyObjects, lists: surveyLists}
	set, err = discover(ctx, stores, src, time.Time{}, time.Time{}, true, bound)
	if err != nil || !bound.reached {
		return set, false, err
	}
	seen := make(map[string]bool, len(set.Objects))
	for _, o := range set.Objects {
		seen[o.Rel] = true
	}
	within := func(from, to time.Time) (found int, err error) {
		part, err := discover(ctx, stores, src, from, to, false, &boundedLister{objects: surveyObjects, lists: surveyLists})
		if err != nil {
			return 0, err
		}
		for _, o := range part.Objects {
			if !seen[o.Rel] {
				seen[o.Rel] = true
				set.Objects = append(set.Objects, o)
			}
		}
		return len(part.Objects), nil
	}
	found, err := within(now.Add(-surveyDays), now)
	if err == nil && found == 0 {
		_, err = within(now.Add(-surveyMonth), now)
	}
	if err == nil && also.Start.Before(also.End) {
		_, err = within(also.Start, also.End)
	}
	return set, true, err
}

// Shown returns a source's URL for people: without its parameters.
func Shown(rawURL string) string { return withoutQuery(rawURL) }

// errEnough ends a walk whose boundedLister has listed as much as it may.
var errEnough = errors.New("enough is listed")

// boundedLister is a lister that ends with errEnough.
type boundedLister struct {
	lister
	objects, lists int // that it may still list, and ask for
	reached        bool
}

// enough returns errEnough once nothing more may be listed.
func (b *boundedLister) enough() error {
	if b.objects > 0 && b.lists > 0 {
		return nil
	}
	b.reached = true
	return errEnough
}

// List implements lister.
func (b *boundedLister) List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		b.lists--
		for o, err := range b.lister.List(ctx, prefix) {
			if err == nil {
				err = b.enough()
			}
			b.objects--
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// ListDir implements lister.
func (b *boundedLister) ListDir(ctx context.Context, prefix string) (objs []objstore.Object, dirs []string, err error) {
	if err := b.enough(); err != nil {
		return nil, nil, err
	}
	b.lists--
	objs, dirs, err = b.lister.ListDir(ctx, prefix)
	b.objects -= len(objs)
	return objs, dirs, err
}
