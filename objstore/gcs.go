package objstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
	"google.golang.org/api/option"
)

// openGCS makes the client itself because gocloud's URL opener prints warnings to
// stdout, which is the program's output.
func openGCS(ctx context.Context, loc location) (*cloudBucket, error) {
	anonymous := false
	if text := loc.params.Get("anonymous"); text != "" {
		var err error
		if anonymous, err = strconv.ParseBool(text); err != nil {
			return nil, errors.New("URL parameter \"anonymous\" must be true or false")
		}
	}
	opt := &gcsblob.Options{}
	endpoint := loc.params.Get("endpoint")
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, errors.New("URL parameter \"endpoint\" must be like http://host:port/storage/v1/, without credentials")
		}
		opt.ClientOptions = append(opt.ClientOptions, option.WithEndpoint(endpoint))
	}
	client := gcp.NewAnonymousHTTPClient(gcp.DefaultTransport())
	if !anonymous {
		// The tokens are fetched for as long as the store lives, not only until Open
		// returns.
		creds, err := gcp.DefaultCredentials(context.WithoutCancel(ctx))
		if err != nil {
			return nil, &fault{kind: ErrDenied, cause: err, text: fmt.Sprintf(
				"no credentials found: %s; for a public bucket or an emulator add ?anonymous=true", credentialsHint(schemeGCS))}
		}
		if client, err = gcp.NewHTTPClient(gcp.DefaultTransport(), gcp.CredentialsTokenSource(creds)); err != nil {
			return nil, fmt.Errorf("make client: %w", err)
		}
	}
	client.CheckRedirect = stay // the client would add its token for any server
	bucket, err := gcsblob.OpenBucket(context.WithoutCancel(ctx), client, loc.bucket, opt)
	if err != nil {
		return nil, err
	}
	return &cloudBucket{bucket: bucket, scheme: schemeGCS, name: loc.bucket, endpoint: endpoint, ordered: true}, nil
}
