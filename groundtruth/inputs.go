package groundtruth

import (
	"context"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

// Inputs lists the objects of a source whose partition may hold rows of
// [from, to), by URL; a zero bound is open. It reads none of them. The notes are what
// a person should know of what was found.
func Inputs(ctx context.Context, stores *objstore.Opener, src Source, from, to time.Time) (inputs []Input, notes []string, err error) {
	set, err := discover(ctx, stores, src, from, to)
	if err != nil {
		return nil, nil, err
	}
	inputs = make([]Input, 0, len(set.objects))
	for _, o := range set.objects {
		inputs = append(inputs, Input{URL: o.url, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime})
	}
	return inputs, set.notes, nil
}
