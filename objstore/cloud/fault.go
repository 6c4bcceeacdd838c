package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/smithy-go"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"

	"github.com/hindcast/hindcast/objstore"
)

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
func (b *bucket) fault(err error, noObject bool) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	code, status := storeCode(err)
	cause := brief(err)
	noun := "bucket"
	if b.scheme == azureScheme {
		noun = "container"
	}
	noBucket := func() error {
		return &objstore.Fault{Kind: objstore.ErrNotExist, Text: fmt.Sprintf("%s %q does not exist%s: create it or correct the URL", noun, b.name, b.at())}
	}
	switch code {
	case "NoSuchBucket", "ContainerNotFound":
		return noBucket()
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AuthenticationFailed", "InvalidAuthenticationInfo":
		return &objstore.Fault{Kind: objstore.ErrDenied, Text: fmt.Sprintf("the credentials are refused%s (%s): %s", b.at(), code, credentialsHint(b.scheme))}
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return &objstore.Fault{Text: fmt.Sprintf("bucket %q is in another region: set ?region= in the URL or AWS_REGION", b.name), Cause: cause}
	}
	var dns *net.DNSError
	var dial *net.OpError
	switch text := err.Error(); {
	case errors.Is(err, storage.ErrBucketNotExist):
		return noBucket()
	// Before the status and the network's errors, which may be those of a server that was
	// asked for credentials.
	case hasNoRole(err):
		return &objstore.Fault{Kind: objstore.ErrDenied, Text: "no credentials found: " + credentialsHint(b.scheme), Cause: cause}
	case strings.Contains(text, "failed to refresh cached credentials"), strings.Contains(text, "get identity: get credentials"):
		return &objstore.Fault{Kind: objstore.ErrDenied, Text: "cannot get credentials: " + credentialsHint(b.scheme), Cause: cause}
	case status == 401 || status == 403 || gcerrors.Code(err) == gcerrors.PermissionDenied:
		return &objstore.Fault{Kind: objstore.ErrDenied, Text: fmt.Sprintf("access denied to %s %q%s: %s", noun, b.name, b.at(), permissionsHint(b.scheme)), Cause: cause}
	case errors.As(err, &dns), errors.As(err, &dial):
		return &objstore.Fault{Text: "cannot reach the object store" + b.at() + ": check the URL, its endpoint and the network", Cause: cause}
	case strings.Contains(text, "DefaultAzureCredential"), strings.Contains(text, "could not find default credentials"):
		return &objstore.Fault{Kind: objstore.ErrDenied, Text: "no credentials found: " + credentialsHint(b.scheme), Cause: cause}
	case gcerrors.Code(err) == gcerrors.NotFound && noObject:
		return noBucket()
	case gcerrors.Code(err) == gcerrors.NotFound:
		return objstore.ErrNoObject
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
		return &objstore.Fault{Kind: err, Text: text}
	}
	text = strings.TrimSpace(code + " " + text)
	return &objstore.Fault{Kind: err, Text: fmt.Sprintf("the store answered %d %s", status, text)}
}

// at names the endpoint where it is not the provider's own.
func (b *bucket) at() string {
	if b.endpoint == "" {
		return ""
	}
	return " at " + b.endpoint
}

// permissionsHint names what the program needs to be allowed.
func permissionsHint(scheme string) string {
	switch scheme {
	case s3Scheme:
		return "allow s3:ListBucket on the bucket and s3:GetObject (for state also s3:PutObject) on its objects"
	case gcsScheme:
		return "grant roles/storage.objectViewer (for state roles/storage.objectUser), and check that the bucket exists"
	case azureScheme:
		return "assign Storage Blob Data Reader (for state Storage Blob Data Contributor), or check AZURE_STORAGE_KEY or the SAS token"
	}
	return "check the permissions"
}
