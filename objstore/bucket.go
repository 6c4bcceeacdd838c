package objstore

import (
	"context"
	"io"
	"iter"
	"time"
)

// Bucket is what a kind of store implements, and a [Store] asks: file and mem here, the
// clouds in objstore/cloud. Keys are complete here, the store's root included. Errors are
// of type *[Fault] where the bucket can tell what is wrong; an object that is not there is
// [ErrNoObject].
type Bucket interface {
	// List yields in the order of the keys' bytes. It may yield folder markers,
	// keys ending in '/' that are not folders of a delimited listing.
	List(ctx context.Context, prefix string, delimited bool) iter.Seq2[Entry, error]
	// Open reads length bytes from off, to the end where length is negative. A
	// range past the end reads nothing.
	Open(ctx context.Context, key string, off, length int64) (io.ReadCloser, Info, error)
	// Put writes atomically; with create, only when the key is absent, else it returns
	// [ErrIsPresent].
	Put(ctx context.Context, key string, data []byte, create bool) error
	Remove(ctx context.Context, key string) error
}

// Entry is what a Bucket lists: an object or, in a delimited listing, a folder (a key
// ending in '/').
type Entry struct {
	Object
	Dir bool
}

// Info is what a reader knows of the object that it reads.
type Info struct {
	Size    int64
	ModTime time.Time
}

// Same compares instants: two of one instant may differ in how they show it.
func (i Info) Same(o Info) bool { return i.Size == o.Size && i.ModTime.Equal(o.ModTime) }
