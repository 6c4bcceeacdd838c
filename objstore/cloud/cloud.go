// Package cloud opens buckets of S3, Google Cloud Storage and Azure Blob Storage, through
// the providers' own clients, for an [objstore.Opener]. Only cmd imports it, so that no
// other package depends on a cloud's SDK or opens a connection to a store by itself.
//
// Begin at [Schemes], which lists the kinds of URL: their parameters, and for each a
// function that makes a client (s3.go, gcs.go, azure.go). What such a client is asked is
// the same for all three, and in bucket.go; what their errors mean is in fault.go.
package cloud

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

const (
	s3Scheme    = "s3"
	gcsScheme   = "gs"
	azureScheme = "azblob"
)

// Schemes returns the kinds of URL of the clouds. What the providers' libraries remark on
// goes to log.
func Schemes(log *slog.Logger) []objstore.Scheme {
	return []objstore.Scheme{
		{
			Name: s3Scheme,
			Params: []string{
				"accelerate", "anonymous", "disable_https", "dualstack", "endpoint", "fips",
				"hostname_immutable", "kmskeyid", "profile", "rate_limiter_capacity", "region",
				"request_checksum_calculation", "response_checksum_validation", "role",
				"s3ForcePathStyle", "ssetype", "use_path_style",
			},
			Credentials: credentialsHint(s3Scheme),
			Open: func(ctx context.Context, name string, params url.Values) (objstore.Bucket, func() error, error) {
				return opened(openS3(ctx, name, params, log))
			},
		},
		{
			Name:        gcsScheme,
			Params:      []string{"anonymous", "endpoint"},
			Credentials: credentialsHint(gcsScheme),
			Open: func(ctx context.Context, name string, params url.Values) (objstore.Bucket, func() error, error) {
				return opened(openGCS(ctx, name, params))
			},
		},
		{
			Name:        azureScheme,
			Params:      []string{"anonymous", "cdn", "domain", "localemu", "protocol", "storage_account"},
			Credentials: credentialsHint(azureScheme),
			Open: func(ctx context.Context, name string, params url.Values) (objstore.Bucket, func() error, error) {
				return opened(openAzure(ctx, name, params))
			},
		},
	}
}

// opened returns what a Scheme.Open is to return of a bucket.
func opened(b *bucket, err error) (objstore.Bucket, func() error, error) {
	if err != nil {
		return nil, nil, err
	}
	return b, b.blobs.Close, nil
}

// credentialsHint says where a scheme's credentials come from.
func credentialsHint(scheme string) string {
	switch scheme {
	case s3Scheme:
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the pod's role"
	case gcsScheme:
		return "set GOOGLE_APPLICATION_CREDENTIALS, or use workload identity"
	}
	return "set AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or use workload identity"
}

// stay follows no redirect: it would take what is written, and a token, elsewhere.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// answerTimeout bounds the wait for a store to begin its answer. What follows may
// take as long as it takes; the context ends it.
const answerTimeout = time.Minute
