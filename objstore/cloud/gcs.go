package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
	"google.golang.org/api/option"

	"github.com/hindcast/hindcast/objstore"
)

// openGCS makes the client itself because gocloud's URL opener prints warnings to
// stdout, which is the program's output.
func openGCS(ctx context.Context, name string, params url.Values) (*bucket, error) {
	anonymous := false
	if text := params.Get("anonymous"); text != "" {
		var err error
		if anonymous, err = strconv.ParseBool(text); err != nil {
			return nil, errors.New("URL parameter \"anonymous\" must be true or false")
		}
	}
	opt := &gcsblob.Options{}
	endpoint := params.Get("endpoint")
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, errors.New("URL parameter \"endpoint\" must be like http://host:port/storage/v1/, without credentials")
		}
		opt.ClientOptions = append(opt.ClientOptions, option.WithEndpoint(endpoint))
	}
	client := gcp.NewAnonymousHTTPClient(gcp.DefaultTransport())
	if !anonymous {
		creds, err := gcp.DefaultCredentials(ctx)
		if err != nil {
			return nil, &objstore.Fault{Kind: objstore.ErrDenied, Cause: err, Text: fmt.Sprintf(
				"no credentials found: %s; for a public bucket or an emulator add ?anonymous=true", credentialsHint(gcsScheme))}
		}
		if client, err = gcp.NewHTTPClient(gcp.DefaultTransport(), gcp.CredentialsTokenSource(creds)); err != nil {
			return nil, fmt.Errorf("make client: %w", err)
		}
	}
	client.CheckRedirect = stay // the client would add its token for any server
	blobs, err := gcsblob.OpenBucket(ctx, client, name, opt)
	if err != nil {
		return nil, err
	}
	return &bucket{blobs: blobs, scheme: gcsScheme, name: name, endpoint: endpoint, ordered: true}, nil
}
