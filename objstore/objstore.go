// Package objstore reads and writes object storage: folders of files and memory by
// itself, S3, Google Cloud Storage and Azure Blob Storage by objstore/cloud, behind one
// small type with one behaviour, which the conformance suite in objstoretest holds all of
// them to.
//
// Begin at [Opener], which opens a store by its URL, and [Store], which is what the
// program reads and writes. The terms are these. A store is a bucket or folder and a
// prefix in it, its root. A key names an [Object] in a store: it is relative to the root,
// separated by '/', and goes to the store as it is; nothing is escaped or decoded in keys
// or in the path of a URL. A [Bucket] is what a kind of store implements, and a [Scheme]
// is how an Opener comes to one. A [Fault] is an error that says what to do.
//
// Two guarantees carry the rest of the program. A write is atomic: a reader sees
// the whole old object or the whole new one. And [Store.Create] is create-if-absent:
// of any number of racers, in one process or on many hosts, exactly one wins.
package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// Object describes one stored object.
type Object struct {
	Key     string    // relative to the store's root
	Size    int64     // in bytes
	ModTime time.Time // of the last write, as the store tells it, in UTC
	// ETag changes when the content does: the store's own tag without quotes, a
	// content hash for mem, size and modification time for file. It may be empty.
	ETag string
}

// Store is a bucket or folder and a prefix in it. Its methods may be called from
// several goroutines, until the [Opener] that opened it is closed.
type Store struct {
	url    string // for people and for the audit: no query, no secrets, no trailing slash
	root   string // prepended to each key; empty or ending in '/'
	bucket Bucket
}

// KeepInside makes a file store read nothing that lies outside of its folder, which
// may be reached by links itself: a symbolic link in it that leads elsewhere is as if
// it were not there in listings, of which leftOut is told, and an error where it is
// read. Other stores have no links. It is to be called before the store is used.
func (s *Store) KeepInside(leftOut func(key string)) {
	if b, ok := s.bucket.(*fileBucket); ok {
		b.inside, b.leftOut = true, leftOut
	}
}

// Local reports whether reads take no way over a network, so that many small ones
// cost what a large one does.
func (s *Store) Local() bool {
	switch s.bucket.(type) {
	case *fileBucket, *memBucket:
		return true
	}
	return false
}

// URL returns the store's address without parameters, trailing slash or secrets.
// An object's address is this, a slash and its key.
func (s *Store) URL() string { return s.url }

// ObjectURL returns the address of an object, or the store's when the key is empty.
func (s *Store) ObjectURL(key string) string {
	switch {
	case key == "":
		return s.url
	case strings.HasSuffix(s.url, "/"):
		return s.url + key
	}
	return s.url + "/" + key
}

// List yields every object whose key begins with prefix, in the order of the keys'
// bytes. Folder markers (keys ending in '/') are left out. An error ends it.
//
// Nothing under the prefix is an empty list; a bucket or folder that is missing is
// an error that wraps [ErrNotExist].
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for e, err := range s.entries(ctx, prefix, false) {
			if !yield(e.Object, err) || err != nil {
				return
			}
		}
	}
}

// ListDir lists one level: the objects whose key begins with prefix and has no '/'
// after it, and the folders that begin with it. Folders are keys relative to the
// root that end in '/'. Both are in the order of the keys' bytes. A file store also
// lists folders without objects.
func (s *Store) ListDir(ctx context.Context, prefix string) (objs []Object, dirs []string, err error) {
	for e, err := range s.entries(ctx, prefix, true) {
		switch {
		case err != nil:
			return nil, nil, err
		case e.Dir:
			dirs = append(dirs, e.Key)
		default:
			objs = append(objs, e.Object)
		}
	}
	return objs, dirs, nil
}

func (s *Store) entries(ctx context.Context, prefix string, delimited bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		fail := func(err error) { yield(Entry{}, s.wrap(ctx, "list", prefix, err)) }
		if err := checkPrefix(prefix); err != nil {
			fail(err)
			return
		}
		if err := ctx.Err(); err != nil {
			fail(err)
			return
		}
		for e, err := range s.bucket.List(ctx, s.root+prefix, delimited) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				fail(err)
				return
			}
			e.Key = strings.TrimPrefix(e.Key, s.root)
			if !e.Dir && (e.Key == "" || strings.HasSuffix(e.Key, "/")) {
				continue // A folder marker, made by consoles and by Hadoop.
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Read returns the whole content of an object.
func (s *Store) Read(ctx context.Context, key string) ([]byte, error) {
	r, i, err := s.open(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	data, err := readAll(r, i.Size)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, s.wrap(ctx, "read", key, err)
	}
	return data, nil
}

// ReadRange reads length bytes from offset off, or to the end where length is -1. A
// range that goes past the end is cut there; one that begins there is empty. When a
// connection breaks, reading goes on where it stopped, a few times; an object that
// was overwritten meanwhile is then an error. The caller closes the reader, and ctx
// governs it until then.
func (s *Store) ReadRange(ctx context.Context, key string, off, length int64) (io.ReadCloser, error) {
	if off < 0 || length < -1 {
		return nil, s.wrap(ctx, "read", key, fmt.Errorf("bad range: offset %d, length %d", off, length))
	}
	r, _, err := s.open(ctx, key, off, length)
	if err != nil {
		return nil, err
	}
	return &namedReader{ctx: ctx, r: r, wrap: func(err error) error { return s.wrap(ctx, "read", key, err) }}, nil
}

func (s *Store) open(ctx context.Context, key string, off, length int64) (io.ReadCloser, Info, error) {
	err := checkKey(key)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, Info{}, s.wrap(ctx, "read", key, err)
	}
	r, i, err := s.bucket.Open(ctx, s.root+key, off, length)
	if err != nil {
		return nil, Info{}, s.wrap(ctx, "read", key, err)
	}
	return r, i, nil
}

// Write stores an object, replacing the one that is there. It is atomic; a file
// store makes the folders.
func (s *Store) Write(ctx context.Context, key string, data []byte) error {
	return s.put(ctx, "write", key, data, false)
}

// Create stores an object when there is none of that key, else it fails with
// [ErrExists]. It is atomic among goroutines, processes and hosts: one racer wins,
// and no reader sees less than its whole content.
//
// A request whose answer was lost is sent again by the cloud clients, and then finds
// what it wrote: so ErrExists may be about the caller's own object. A caller to whom
// that matters puts something of its own into the content and looks.
func (s *Store) Create(ctx context.Context, key string, data []byte) error {
	return s.put(ctx, "create", key, data, true)
}

func (s *Store) put(ctx context.Context, op, key string, data []byte, create bool) error {
	err := checkNewKey(key)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.bucket.Put(ctx, s.root+key, data, create)
	}
	return s.wrap(ctx, op, key, err)
}

// Delete removes an object. One that isn't there is [ErrNotExist].
func (s *Store) Delete(ctx context.Context, key string) error {
	err := checkKey(key)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = s.bucket.Remove(ctx, s.root+key)
	}
	return s.wrap(ctx, "delete", key, err)
}

// Check tells whether the bucket or folder is there and may be listed. The error
// says what is wrong and what to do; it wraps [ErrNotExist] or [ErrDenied] where
// that is the matter. An empty store is fine.
func (s *Store) Check(ctx context.Context) error {
	for _, err := range s.entries(ctx, "", true) {
		return err // The first one is enough.
	}
	return nil
}

// checkKey refuses keys that could name something outside the root or that no kind
// of store can hold.
func checkKey(key string) error {
	if key == "" {
		return errors.New("the key is empty")
	}
	if strings.HasSuffix(key, "/") {
		return fmt.Errorf("bad key %q: it ends in '/'", key)
	}
	return checkPrefix(key)
}

// checkNewKey is for keys that are written: every kind of store must be able to hold
// them, to the byte. Keys that others wrote are read as they are.
func checkNewKey(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] == 0x7f {
			return fmt.Errorf("bad key %q: it holds a control character", key)
		}
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return fmt.Errorf("bad key %q: it has an empty segment", key)
		case hidden(segment):
			return fmt.Errorf("bad key %q: the name %q is reserved", key, segment)
		case len(segment) > 255:
			return fmt.Errorf("bad key %q: a segment is longer than 255 bytes", key)
		}
	}
	return nil
}

func checkPrefix(prefix string) error {
	if strings.HasPrefix(prefix, "/") {
		return fmt.Errorf("bad key %q: it begins with '/'", prefix)
	}
	if strings.ContainsRune(prefix, 0) {
		return fmt.Errorf("bad key %q: it holds a NUL", prefix)
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("bad key %q: %q is not allowed as a segment", prefix, segment)
		}
	}
	return nil
}
