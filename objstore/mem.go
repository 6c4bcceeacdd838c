package objstore

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// memBuckets holds the mem:// buckets by name. A mem:// URL must mean the same
// objects to every part of the process that opens it, as any other URL does, and
// the URL is all they share; so this is the one place with state of the process.
// The buckets live until the process ends.
//
//nolint:gochecknoglobals // See above.
var memBuckets = struct {
	sync.Mutex
	byName map[string]*memBucket
}{byName: map[string]*memBucket{}}

// openMem is Scheme.Open of mem.
func openMem(_ context.Context, name string, _ url.Values) (Bucket, func() error, error) {
	memBuckets.Lock()
	defer memBuckets.Unlock()
	b := memBuckets.byName[name]
	if b == nil {
		b = &memBucket{objects: map[string]memObject{}}
		memBuckets.byName[name] = b
	}
	return b, func() error { return nil }, nil
}

// memBucket is the Bucket of mem. It keeps objects in memory.
type memBucket struct {
	mu      sync.RWMutex
	objects map[string]memObject // by key
}

// memObject is an object's content, which is replaced and never changed.
type memObject struct {
	data    []byte
	modTime time.Time
	etag    string
}

// List yields what is there when it begins.
func (b *memBucket) List(_ context.Context, prefix string, delimited bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		entries := b.entries(prefix, delimited)
		for _, key := range slices.Sorted(maps.Keys(entries)) {
			if !yield(entries[key], nil) {
				return
			}
		}
	}
}

// entries returns the entries of a listing by key.
func (b *memBucket) entries(prefix string, delimited bool) map[string]Entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	entries := map[string]Entry{}
	for key, o := range b.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if name, _, below := strings.Cut(rest, "/"); below && delimited {
			dir := prefix + name + "/"
			entries[dir] = Entry{Object: Object{Key: dir}, Dir: true}
			continue
		}
		entries[key] = Entry{Object: Object{Key: key, Size: int64(len(o.data)), ModTime: o.modTime, ETag: o.etag}}
	}
	return entries
}

// Open reads the object as it is now, even where it is replaced meanwhile.
func (b *memBucket) Open(_ context.Context, key string, off, length int64) (io.ReadCloser, Info, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	o, ok := b.objects[key]
	if !ok {
		return nil, Info{}, ErrNoObject
	}
	size := int64(len(o.data))
	from, to := min(off, size), size
	if length >= 0 && length < size-from {
		to = from + length
	}
	return io.NopCloser(bytes.NewReader(o.data[from:to])), Info{size, o.modTime}, nil
}

// Put keeps a copy of the data.
func (b *memBucket) Put(_ context.Context, key string, data []byte, create bool) error {
	sum := md5.Sum(data)
	now := time.Now().UTC() //nolint:forbidigo // a store tells times by its own clock, as a server does
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.objects[key]; ok && create {
		return ErrIsPresent
	}
	b.objects[key] = memObject{data: bytes.Clone(data), modTime: now, etag: hex.EncodeToString(sum[:])}
	return nil
}

// Remove forgets an object.
func (b *memBucket) Remove(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.objects[key]; !ok {
		return ErrNoObject
	}
	delete(b.objects, key)
	return nil
}
