package source

import (
	"context"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// Inputs lists the objects of a source whose partition may hold rows of
// [from, to), by URL; a zero bound is open. It reads none of them. The notes are what
// a person should know of what was found.
func Inputs(ctx context.Context, stores *objstore.Opener, src groundtruth.Source, from, to time.Time) (inputs []groundtruth.Input, notes []string, err error) {
	set, err := Discover(ctx, stores, src, from, to)
	if err != nil {
		return nil, nil, err
	}
	inputs = make([]groundtruth.Input, 0, len(set.Objects))
	for _, o := range set.Objects {
		inputs = append(inputs, groundtruth.Input{URL: o.Url, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime})
	}
	return inputs, set.Notes, nil
}
