// Package objstore reaches object storage by URL: S3, Google Cloud Storage, Azure
// Blob Storage, folders of files and memory, behind one small type with one
// behaviour, which the conformance suite in objstoretest holds all of them to.
//
// A [Store] is a bucket or folder and a prefix in it, its root. Keys are relative
// to that root, separated by '/', and go to the store as they are: nothing is
// escaped or decoded in keys or in the path of a URL.
//
// Two guarantees carry the rest of the program. A write is atomic: a reader sees
// the whole old object or the whole new one. And [Store.Create] is create-if-absent:
// of any number of racers, in one process or on many hosts, exactly one wins.
package objstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
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
// several goroutines.
type Store struct {
	url    string // for people and for the audit: no query, no secrets, no trailing slash
	root   string // prepended to each key; empty or ending in '/'
	bucket bucket
	close  func() error
}

// entry is an object or, in a delimited listing, a folder (a key ending in '/').
type entry struct {
	Object
	dir bool
}

// info is what a reader knows of the object that it reads.
type info struct {
	size    int64
	modTime time.Time
}

// same compares instants: two of one instant may differ in how they show it.
func (i info) same(o info) bool { return i.size == o.size && i.modTime.Equal(o.modTime) }

// bucket is what a back end implements. Keys are complete here, root included.
// Errors are faults where the back end can tell what is wrong.
type bucket interface {
	// list yields in the order of the keys' bytes. It may yield folder markers,
	// keys ending in '/' that are not folders of a delimited listing.
	list(ctx context.Context, prefix string, delimited bool) iter.Seq2[entry, error]
	// open reads length bytes from off, to the end where length is negative. A
	// range past the end reads nothing.
	open(ctx context.Context, key string, off, length int64) (io.ReadCloser, info, error)
	// put writes atomically; with create, only when the key is absent.
	put(ctx context.Context, key string, data []byte, create bool) error
	remove(ctx context.Context, key string) error
}

// Open returns the store at a URL. It checks the URL but makes no request: see
// [Store.Check].
//
//	s3://bucket/prefix?region=eu-west-1
//	s3://bucket/prefix?endpoint=http://minio:9000
//	gs://bucket/prefix
//	azblob://container/prefix?storage_account=name
//	file:///folder, file://./folder, ./folder
//	mem://name/prefix
//
// Relative file paths start at baseDir. A mem:// store is shared by name within
// the process. Credentials come from the provider's own environment variables,
// files and metadata services, never from the URL. An unknown parameter is an error.
func Open(ctx context.Context, rawURL, baseDir string) (*Store, error) {
	loc, err := parse(rawURL, baseDir)
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	s := &Store{url: loc.String(), root: loc.root(), close: func() error { return nil }}
	switch loc.scheme {
	case schemeFile:
		// The folder itself is the bucket, so that its absence can be told from
		// that of a key.
		s.bucket, s.root = newFileBucket(loc.path), ""
	case schemeMem:
		s.bucket = openMem(loc.bucket)
	default:
		c, closeStore, err := openShared(ctx, loc)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", s.url, err)
		}
		s.bucket, s.close = c, closeStore
	}
	return s, nil
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
	switch b := s.bucket.(type) {
	case *fileBucket:
		return true
	case *cloudBucket:
		return b.scheme == schemeMem
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
		case e.dir:
			dirs = append(dirs, e.Key)
		default:
			objs = append(objs, e.Object)
		}
	}
	return objs, dirs, nil
}

func (s *Store) entries(ctx context.Context, prefix string, delimited bool) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		fail := func(err error) { yield(entry{}, s.wrap(ctx, "list", prefix, err)) }
		if err := checkPrefix(prefix); err != nil {
			fail(err)
			return
		}
		if err := ctx.Err(); err != nil {
			fail(err)
			return
		}
		for e, err := range s.bucket.list(ctx, s.root+prefix, delimited) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				fail(err)
				return
			}
			e.Key = strings.TrimPrefix(e.Key, s.root)
			if !e.dir && (e.Key == "" || strings.HasSuffix(e.Key, "/")) {
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
	data, err := readAll(r, i.size)
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

func (s *Store) open(ctx context.Context, key string, off, length int64) (io.ReadCloser, info, error) {
	err := checkKey(key)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, info{}, s.wrap(ctx, "read", key, err)
	}
	r, i, err := s.bucket.open(ctx, s.root+key, off, length)
	if err != nil {
		return nil, info{}, s.wrap(ctx, "read", key, err)
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
		err = s.bucket.put(ctx, s.root+key, data, create)
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
		err = s.bucket.remove(ctx, s.root+key)
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

// Close releases the store's connections. A mem:// store keeps its objects.
func (s *Store) Close() error { return s.close() }

// checkKey refuses keys that could name something outside the root or that no back
// end can hold.
func checkKey(key string) error {
	if key == "" {
		return errors.New("the key is empty")
	}
	if strings.HasSuffix(key, "/") {
		return fmt.Errorf("bad key %q: it ends in '/'", key)
	}
	return checkPrefix(key)
}

// checkNewKey is for keys that are written: every back end must be able to hold
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

func sortEntries(es []entry) {
	slices.SortFunc(es, func(a, b entry) int { return cmp.Compare(a.Key, b.Key) })
}
