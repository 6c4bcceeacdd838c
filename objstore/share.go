package objstore

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// sharing holds the clients that stores of one bucket and one set of parameters share
// while Share asks for it. The URL is all that those who open a store have in common, so
// this is state of the process, as that of mem:// is.
//
//nolint:gochecknoglobals // See above.
var sharing struct {
	sync.Mutex
	users   int
	clients map[string]*client
	log     *slog.Logger // of the clients that are made while there are users
}

// client is a cloud client, made by whoever asks for it first.
type client struct {
	sync.Mutex
	bucket *cloudBucket
	over   bool // nobody shares any more
}

// Share has stores that are opened from now on use one client for each bucket and its
// parameters, and keep it, with its connections and credentials, until done is called: a
// process that looks at a thousand models' logs signs in once. Closing a store then
// leaves the client open. Calls may overlap; after the last done every client is closed.
// A client keeps the credentials of the environment in which it was made. What the
// providers' libraries remark on goes to the log of the last call, and nowhere while
// nobody shares.
func Share(log *slog.Logger) (done func() error) {
	sharing.Lock()
	defer sharing.Unlock()
	sharing.users++
	sharing.log = log
	return sync.OnceValue(func() error {
		sharing.Lock()
		defer sharing.Unlock()
		if sharing.users--; sharing.users > 0 {
			return nil
		}
		var errs []error
		for _, c := range sharing.clients {
			c.Lock()
			c.over = true
			if c.bucket != nil {
				errs = append(errs, c.bucket.bucket.Close())
			}
			c.Unlock()
		}
		sharing.clients, sharing.log = nil, nil
		return errors.Join(errs...)
	})
}

// openShared opens the bucket of a location and says how a store closes it.
func openShared(ctx context.Context, loc location) (b *cloudBucket, closeStore func() error, err error) {
	c, log := sharedClient(loc.scheme + "://" + loc.bucket + "?" + loc.params.Encode())
	if c != nil {
		c.Lock()
		defer c.Unlock()
		if !c.over {
			if c.bucket == nil {
				// The client outlives the call that makes it.
				if b, err = openCloud(context.WithoutCancel(ctx), loc, log); err != nil {
					return nil, nil, err
				}
				c.bucket = b
			}
			return c.bucket, func() error { return nil }, nil
		}
	}
	if b, err = openCloud(ctx, loc, log); err != nil {
		return nil, nil, err
	}
	return b, b.bucket.Close, nil
}

// sharedClient returns the client of that key, nil while nobody shares, and the log for
// what its library remarks on.
func sharedClient(key string) (*client, *slog.Logger) {
	sharing.Lock()
	defer sharing.Unlock()
	if sharing.users == 0 {
		return nil, slog.New(slog.DiscardHandler)
	}
	c := sharing.clients[key]
	if c == nil {
		if sharing.clients == nil {
			sharing.clients = map[string]*client{}
		}
		c = &client{}
		sharing.clients[key] = c
	}
	return c, sharing.log
}
