package objstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
)

// Scheme is a kind of store that an [Opener] opens by URL, by what stands before "://".
type Scheme struct {
	Name        string
	Params      []string // names of the parameters that its URLs may have, in order
	Credentials string   // what to do where credentials are missing or misplaced: "set ..."
	// Open returns a bucket and what closes its connections. It makes no request. The
	// context doesn't end before the bucket is closed.
	Open func(ctx context.Context, bucket string, params url.Values) (Bucket, func() error, error)
}

// Opener opens stores by URL: files, memory, and the kinds that it was made with. It is
// made where the program is wired and handed to all who open stores. Stores of one bucket
// and one set of parameters share a client, which keeps its connections and credentials
// until the Opener is closed: a process that looks at a thousand models' logs signs in
// once. A client keeps the credentials of the environment in which it was made. The
// methods of an Opener may be called from several goroutines.
type Opener struct {
	baseDir string
	schemes []Scheme

	mu      sync.Mutex
	clients map[string]*client // by scheme, bucket and parameters
}

// client is a bucket that stores share. The first of them makes it.
type client struct {
	sync.Mutex
	bucket Bucket // nil until it is made
	close  func() error
}

// NewOpener returns an opener of files, memory and the further schemes. Relative paths
// start at baseDir.
func NewOpener(baseDir string, further ...Scheme) *Opener {
	const none = "it needs none"
	return &Opener{
		baseDir: baseDir,
		schemes: append(slices.Clip(further), Scheme{Name: schemeFile, Credentials: none}, Scheme{Name: schemeMem, Credentials: none, Open: openMem}),
		clients: map[string]*client{},
	}
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
// A mem:// store is shared by name within the process. Credentials come from the
// provider's own environment variables, files and metadata services, never from the URL.
// An unknown parameter is an error.
func (o *Opener) Open(ctx context.Context, rawURL string) (*Store, error) {
	loc, err := o.parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	s := &Store{url: loc.String(), root: loc.root()}
	if loc.scheme.Name == schemeFile {
		// The folder itself is the bucket, so that its absence can be told from
		// that of a key.
		s.bucket, s.root = newFileBucket(loc.path), ""
		return s, nil
	}
	if s.bucket, err = o.bucket(ctx, loc); err != nil {
		return nil, fmt.Errorf("open %s: %w", s.url, err)
	}
	return s, nil
}

// CheckURL tells whether Open can make sense of a URL: scheme, bucket and the names of
// the parameters. It looks at nothing but the text.
func (o *Opener) CheckURL(rawURL string) error {
	_, err := o.parse(rawURL)
	return err
}

// bucket returns the bucket of a location, which all stores of its parameters share.
func (o *Opener) bucket(ctx context.Context, loc location) (Bucket, error) {
	c := o.client(loc.scheme.Name + "://" + loc.bucket + "?" + loc.params.Encode())
	c.Lock()
	defer c.Unlock()
	if c.bucket == nil {
		// The client outlives the call that makes it, and fetches tokens later.
		b, closeBucket, err := loc.scheme.Open(context.WithoutCancel(ctx), loc.bucket, loc.params)
		if err != nil {
			return nil, err // and the next store tries again
		}
		c.bucket, c.close = b, closeBucket
	}
	return c.bucket, nil
}

func (o *Opener) client(key string) *client {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.clients[key]
	if c == nil {
		c = &client{}
		o.clients[key] = c
	}
	return c
}

// Close closes the connections of all stores, none of which is used any more. What a
// mem:// store holds stays.
func (o *Opener) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	for _, c := range o.clients {
		c.Lock()
		if c.bucket != nil {
			errs = append(errs, c.close())
		}
		c.Unlock()
	}
	clear(o.clients)
	return errors.Join(errs...)
}
