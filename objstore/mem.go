package objstore

import (
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

// memBuckets holds the mem:// buckets by name. A mem:// URL must mean the same
// objects to every part of the process that opens it, as any other URL does, and
// the URL is all they share; so this is the one place with state of the process.
// The buckets live until the process ends.
//
//nolint:gochecknoglobals // See above.
var memBuckets = struct {
	sync.Mutex
	byName map[string]*blob.Bucket
}{byName: map[string]*blob.Bucket{}}

func openMem(name string) *cloudBucket {
	memBuckets.Lock()
	defer memBuckets.Unlock()
	b := memBuckets.byName[name]
	if b == nil {
		b = memblob.OpenBucket(nil)
		memBuckets.byName[name] = b
	}
	return &cloudBucket{bucket: b, scheme: schemeMem, name: name, ordered: true}
}
