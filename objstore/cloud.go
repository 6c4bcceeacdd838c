package objstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"

	"github.com/hindcast/hindcast/wait"
)

// cloudBucket is a bucket behind gocloud.dev/blob.
type cloudBucket struct {
	bucket   *blob.Bucket
	scheme   string
	name     string
	endpoint string // for people; empty for the provider's own
	ordered  bool   // whether listings come in the order of the keys' bytes
}

func openCloud(ctx context.Context, loc location, log *slog.Logger) (*cloudBucket, error) {
	switch loc.scheme {
	case schemeS3:
		return openS3(ctx, loc, log)
	case schemeGCS:
		return openGCS(ctx, loc)
	default:
		return openAzure(ctx, loc)
	}
}

// stay follows no redirect: it would take what is written, and a token, elsewhere.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (b *cloudBucket) list(ctx context.Context, prefix string, delimited bool) iter.Seq2[entry, error] {
	if b.ordered {
		return b.pages(ctx, prefix, delimited)
	}
	return func(yield func(entry, error) bool) {
		var all []entry
		for e, err := range b.pages(ctx, prefix, delimited) {
			if err != nil {
				yield(entry{}, err)
				return
			}
			all = append(all, e)
		}
		sortEntries(all)
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (b *cloudBucket) pages(ctx context.Context, prefix string, delimited bool) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		opt := &blob.ListOptions{Prefix: prefix}
		if delimited {
			opt.Delimiter = "/"
		}
		it := b.bucket.List(opt)
		for {
			o, err := it.Next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(entry{}, b.fault(err, true))
				return
			}
			e := entry{dir: o.IsDir, Object: Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime.UTC(), ETag: etag(o)}}
			if o.IsDir {
				e.Object = Object{Key: o.Key}
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

func (b *cloudBucket) open(ctx context.Context, key string, off, length int64) (io.ReadCloser, info, error) {
	r, i, err := b.openOnce(ctx, key, off, length)
	if err != nil {
		return nil, info{}, err
	}
	end := i.size
	if length >= 0 && length < i.size-off {
		end = off + length
	}
	return &resumingReader{
		ctx: ctx, r: r, first: i, off: off, end: end,
		reopen: func(off, length int64) (io.ReadCloser, info, error) { return b.openOnce(ctx, key, off, length) },
	}, i, nil
}

func (b *cloudBucket) openOnce(ctx context.Context, key string, off, length int64) (io.ReadCloser, info, error) {
	var err error
	if length != 0 {
		var r *blob.Reader
		if r, err = b.bucket.NewRangeReader(ctx, key, off, length, &blob.ReaderOptions{BeforeRead: asStored}); err == nil {
			return r, info{r.Size(), r.ModTime()}, nil
		}
		code := gcerrors.Code(err)
		if code == gcerrors.NotFound || code == gcerrors.PermissionDenied || ctx.Err() != nil {
			return nil, info{}, b.fault(err, false)
		}
	}
	// The stores answer a range that begins past the end (and so any range of an
	// empty object) with an error, each with its own.
	attrs, aerr := b.bucket.Attributes(ctx, key)
	switch {
	case aerr != nil && err == nil:
		err = aerr
	case aerr == nil && (length == 0 || off >= attrs.Size):
		return io.NopCloser(strings.NewReader("")), info{attrs.Size, attrs.ModTime}, nil
	}
	return nil, info{}, b.fault(err, false)
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

func (b *cloudBucket) put(ctx context.Context, key string, data []byte, create bool) error {
	for attempt := 1; ; attempt++ {
		// Not WriteAll: it feeds the client through a pipe, and gocloud's Azure writer
		// panics now and then when such a write fails, as a lost create does.
		err := b.bucket.Upload(ctx, key, bytes.NewReader(data), &blob.WriterOptions{
			IfNotExist: create, ContentType: http.DetectContentType(data),
		})
		switch {
		case err == nil:
			return nil
		case !create || ctx.Err() != nil:
			return b.fault(err, true)
		case gcerrors.Code(err) == gcerrors.FailedPrecondition:
			return errIsPresent()
		case !isConflict(err):
			return b.fault(err, true)
		}
		// S3 answers 409 ConditionalRequestConflict when another request for the key
		// is under way: it may have won, or may have been a delete.
		there, xerr := b.bucket.Exists(ctx, key)
		switch {
		case xerr != nil:
			return b.fault(xerr, false)
		case there:
			return errIsPresent()
		case attempt == createAttempts:
			return b.fault(err, false)
		}
		if err := wait.For(ctx, readRetryDelay<<(attempt-1)); err != nil {
			return err
		}
	}
}

func (b *cloudBucket) remove(ctx context.Context, key string) error {
	return b.fault(b.bucket.Delete(ctx, key), false)
}

// isConflict recognises the answers that say that something else happened to the key
// at the same time.
func isConflict(err error) bool {
	code, status := storeCode(err)
	return code == "ConditionalRequestConflict" || code == "OperationAborted" || status == 409 || status == 412
}

// storeCode gives the store's own error code and the HTTP status, as far as known.
func storeCode(err error) (code string, status int) {
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var response interface{ HTTPStatusCode() int } // AWS
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var google *googleapi.Error
	if errors.As(err, &google) {
		status = google.Code
		if len(google.Errors) > 0 {
			code = google.Errors[0].Reason
		}
	}
	var azure *azcore.ResponseError
	if errors.As(err, &azure) {
		code, status = azure.ErrorCode, azure.StatusCode
	}
	return code, status
}

// fault says what an error of the store means and what to do. Where no object was
// asked for, in listing and writing, what isn't found is the bucket.
func (b *cloudBucket) fault(err error, noObject bool) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code, status := storeCode(err)
	cause := brief(err)
	noun := "bucket"
	if b.scheme == schemeAzure {
		noun = "container"
	}
	noBucket := func() error {
		return &fault{kind: ErrNotExist, text: fmt.Sprintf("%s %q does not exist%s: create it or correct the URL", noun, b.name, b.at())}
	}
	switch code {
	case "NoSuchBucket", "ContainerNotFound":
		return noBucket()
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthenticationFailed", "InvalidAuthenticationInfo":
		return &fault{kind: ErrDenied, text: fmt.Sprintf("the credentials are refused%s (%s): %s", b.at(), code, credentialsHint(b.scheme))}
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return &fault{text: fmt.Sprintf("bucket %q is in another region: set ?region= in the URL or AWS_REGION", b.name), cause: cause}
	}
	var dns *net.DNSError
	var dial *net.OpError
	switch text := err.Error(); {
	case errors.Is(err, storage.ErrBucketNotExist):
		return noBucket()
	// Before the status and the network's errors, which may be those of a server that was
	// asked for credentials.
	case hasNoRole(err):
		return &fault{kind: ErrDenied, text: "no credentials found: " + credentialsHint(b.scheme), cause: cause}
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "get identity: get credentials"):
		return &fault{kind: ErrDenied, text: "cannot get credentials: " + credentialsHint(b.scheme), cause: cause}
	case status == 401 || status == 403 || gcerrors.Code(err) == gcerrors.PermissionDenied:
		return &fault{kind: ErrDenied, text: fmt.Sprintf("access denied to %s %q%s: %s", noun, b.name, b.at(), permissionsHint(b.scheme)), cause: cause}
	case errors.As(err, &dns), errors.As(err, &dial):
		return &fault{text: "cannot reach the object store" + b.at() + ": check the URL, its endpoint and the network", cause: cause}
	case strings.Contains(text, "DefaultAzureCredential"), strings.Contains(text, "could not find default credentials"):
		return &fault{kind: ErrDenied, text: "no credentials found: " + credentialsHint(b.scheme), cause: cause}
	case gcerrors.Code(err) == gcerrors.NotFound && noObject:
		return noBucket()
	case gcerrors.Code(err) == gcerrors.NotFound:
		return errNoObject()
	}
	return cause
}

// brief leaves out what the clients' errors repeat: the key, the operation, request
// and host ids, headers.
func brief(err error) error {
	var api smithy.APIError
	var google *googleapi.Error
	var azure *azcore.ResponseError
	code, status := storeCode(err)
	text := ""
	switch {
	case errors.As(err, &google):
		text = google.Message
	case errors.As(err, &azure):
		// Its text is the whole answer, on many lines.
	case errors.As(err, &api):
		text = api.ErrorMessage()
	default:
		text = err.Error()
		if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(text, "blob") {
			text = inner.Error() // Less what gocloud put before it.
		}
		return &briefError{text, err}
	}
	text = strings.TrimSpace(code + " " + text)
	return &briefError{fmt.Sprintf("the store answered %d %s", status, text), err}
}

// at names the endpoint where it is not the provider's own.
func (b *cloudBucket) at() string {
	if b.endpoint == "" {
		return ""
	}
	return " at " + b.endpoint
}

// permissionsHint names what the program needs to be allowed.
func permissionsHint(scheme string) string {
	switch scheme {
	case schemeS3:
		return "allow s3:ListBucket on the bucket and s3:GetObject (for state also s3:PutObject) on its objects"
	case schemeGCS:
		return "grant roles/storage.objectViewer (for state roles/storage.objectUser), and check that the bucket exists"
	case schemeAzure:
		return "assign Storage Blob Data Reader (for state Storage Blob Data Contributor), or check AZURE_STORAGE_KEY or the SAS token"
	}
	return "check the permissions"
}

// answerTimeout bounds the wait for a store to begin its answer. What follows may
// take as long as it takes; the context ends it.
const answerTimeout = time.Minute
