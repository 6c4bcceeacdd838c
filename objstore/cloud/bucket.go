package cloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/wait"
)

// bucket is the objstore.Bucket of all three clouds, behind gocloud.dev/blob. It evens out
// what they answer differently.
type bucket struct {
	blobs    *blob.Bucket
	scheme   string
	name     string
	endpoint string // for people; empty for the provider's own
	ordered  bool   // whether listings come in the order of the keys' bytes
}

func (b *bucket) List(ctx context.Context, prefix string, delimited bool) iter.Seq2[objstore.Entry, error] {
	if b.ordered {
		return b.pages(ctx, prefix, delimited)
	}
	return func(yield func(objstore.Entry, error) bool) {
		var all []objstore.Entry
		for e, err := range b.pages(ctx, prefix, delimited) {
			if err != nil {
				yield(objstore.Entry{}, err)
				return
			}
			all = append(all, e)
		}
		slices.SortFunc(all, func(a, b objstore.Entry) int { return cmp.Compare(a.Key, b.Key) })
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (b *bucket) pages(ctx context.Context, prefix string, delimited bool) iter.Seq2[objstore.Entry, error] {
	return func(yield func(objstore.Entry, error) bool) {
		opt := &blob.ListOptions{Prefix: prefix}
		if delimited {
			opt.Delimiter = "/"
		}
		it := b.blobs.List(opt)
		for {
			o, err := it.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(objstore.Entry{}, b.fault(err, true))
				return
			}
			e := objstore.Entry{Dir: o.IsDir, Object: objstore.Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime.UTC(), ETag: etag(o)}}
			if o.IsDir {
				e.Object = objstore.Object{Key: o.Key}
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// etag takes the store's tag from what its listing said.
func etag(o *blob.ListObject) string {
	var s3Object types.Object
	var gcsObject storage.ObjectAttrs
	var azureObject container.BlobItem
	switch {
	case o.As(&s3Object) && s3Object.ETag != nil:
		return strings.Trim(*s3Object.ETag, `"`)
	case o.As(&gcsObject) && gcsObject.Etag != "":
		return strings.Trim(gcsObject.Etag, `"`)
	case o.As(&azureObject) && azureObject.Properties != nil && azureObject.Properties.ETag != nil:
		return strings.Trim(string(*azureObject.Properties.ETag), `"`)
	}
	return hex.EncodeToString(o.MD5)
}

func (b *bucket) Open(ctx context.Context, key string, off, length int64) (io.ReadCloser, objstore.Info, error) {
	r, i, err := b.openOnce(ctx, key, off, length)
	if err != nil {
		return nil, objstore.Info{}, err
	}
	end := i.Size
	if length >= 0 && length < i.Size-off {
		end = off + length
	}
	return &resumingReader{
		ctx: ctx, r: r, first: i, off: off, end: end,
		reopen: func(off, length int64) (io.ReadCloser, objstore.Info, error) {
			return b.openOnce(ctx, key, off, length)
		},
	}, i, nil
}

func (b *bucket) openOnce(ctx context.Context, key string, off, length int64) (io.ReadCloser, objstore.Info, error) {
	var err error
	if length != 0 {
		var r *blob.Reader
		if r, err = b.blobs.NewRangeReader(ctx, key, off, length, &blob.ReaderOptions{BeforeRead: asStored}); err == nil {
			return r, objstore.Info{Size: r.Size(), ModTime: r.ModTime()}, nil
		}
		code := gcerrors.Code(err)
		if code == gcerrors.NotFound || code == gcerrors.PermissionDenied || ctx.Err() != nil {
			return nil, objstore.Info{}, b.fault(err, false)
		}
	}
	// The stores answer a range that begins past the end (and so any range of an
	// empty object) with an error, each with its own.
	attrs, aerr := b.blobs.Attributes(ctx, key)
	switch {
	case aerr != nil && err == nil:
		err = aerr
	case aerr == nil && (length == 0 || off >= attrs.Size):
		return io.NopCloser(strings.NewReader("")), objstore.Info{Size: attrs.Size, ModTime: attrs.ModTime}, nil
	}
	return nil, objstore.Info{}, b.fault(err, false)
}

// asStored has Google send gzipped objects as they are: decompressed on the way they
// have another size, and ranges of them mean nothing.
func asStored(as func(any) bool) error {
	var h **storage.ObjectHandle
	if as(&h) {
		*h = (*h).ReadCompressed(true)
	}
	return nil
}

// createAttempts bounds how often a create is tried again after a conflict in which
// nobody won.
const createAttempts = 6

func (b *bucket) Put(ctx context.Context, key string, data []byte, create bool) error {
	for attempt := 1; ; attempt++ {
		// Not WriteAll: it feeds the client through a pipe, and gocloud's Azure writer
		// panics now and then when such a write fails, as a lost create does.
		err := b.blobs.Upload(ctx, key, bytes.NewReader(data), &blob.WriterOptions{
			IfNotExist: create, ContentType: http.DetectContentType(data),
		})
		switch {
		case err == nil:
			return nil
		case !create || ctx.Err() != nil:
			return b.fault(err, true)
		case gcerrors.Code(err) == gcerrors.FailedPrecondition:
			return objstore.ErrIsPresent
		case !isConflict(err):
			return b.fault(err, true)
		}
		// S3 answers 409 ConditionalRequestConflict when another request for the key
		// is under way: it may have won, or may have been a delete.
		there, xerr := b.blobs.Exists(ctx, key)
		switch {
		case xerr != nil:
			return b.fault(xerr, false)
		case there:
			return objstore.ErrIsPresent
		case attempt == createAttempts:
			return b.fault(err, false)
		}
		if err := wait.For(ctx, readRetryDelay<<(attempt-1)); err != nil {
			return err
		}
	}
}

func (b *bucket) Remove(ctx context.Context, key string) error {
	return b.fault(b.blobs.Delete(ctx, key), false)
}
