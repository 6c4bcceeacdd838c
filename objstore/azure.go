package objstore

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob/azureblob"
)

// openAzure builds the service's address from the environment, as gocloud does, and
// the URL's parameters over it. With a SAS token in the environment the URL may not
// name another service: the token would go there.
func openAzure(ctx context.Context, loc location) (*cloudBucket, error) {
	opt := azureblob.NewDefaultServiceURLOptions()
	set := func(name string, to *string) {
		if v := loc.params.Get(name); v != "" {
			*to = v
		}
	}
	anonymous := false
	for name, to := range map[string]*bool{"anonymous": &anonymous, "cdn": &opt.IsCDN, "localemu": &opt.IsLocalEmulator} {
		if v := loc.params.Get(name); v != "" {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return nil, errors.New("URL parameter \"" + name + "\" must be true or false")
			}
			*to = b
		}
	}
	if anonymous {
		opt.SASToken = ""
	}
	if opt.SASToken != "" {
		for name := range loc.params {
			if name != "anonymous" && (name != "storage_account" || loc.params.Get(name) != opt.AccountName) {
				return nil, errors.New("URL parameter \"" + name + "\" would send AZURE_STORAGE_SAS_TOKEN elsewhere: " +
					"set AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_DOMAIN and AZURE_STORAGE_PROTOCOL instead")
			}
		}
	}
	set("storage_account", &opt.AccountName)
	set("domain", &opt.StorageDomain)
	set("protocol", &opt.Protocol)
	if opt.AccountName == "" {
		return nil, errors.New("no storage account: add ?storage_account= to the URL or set AZURE_STORAGE_ACCOUNT")
	}
	service, err := azureblob.NewServiceURL(opt)
	if err != nil {
		return nil, err
	}
	client, err := azureClient(service, opt.AccountName, loc.bucket, anonymous)
	if err != nil {
		return nil, &fault{kind: ErrDenied, text: "no usable credentials: " + credentialsHint(schemeAzure), cause: err}
	}
	bucket, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	return &cloudBucket{bucket: bucket, scheme: schemeAzure, name: loc.bucket, endpoint: opt.StorageDomain}, nil
}

// azureClient signs with the key of the environment for the account that the URL names:
// gocloud ignores the key where the environment doesn't name the account too.
func azureClient(service azureblob.ServiceURL, account, name string, anonymous bool) (*container.Client, error) {
	key := os.Getenv("AZURE_STORAGE_KEY") //nolint:forbidigo // gocloud reads the variables beside it here, too
	if !anonymous && key == "" {
		return azureblob.NewDefaultClient(service, azureblob.ContainerName(name))
	}
	address, err := url.JoinPath(string(service), name)
	if err != nil {
		return nil, err
	}
	if anonymous {
		return container.NewClientWithNoCredential(address, nil)
	}
	cred, err := container.NewSharedKeyCredential(account, key)
	if err != nil {
		return nil, errors.New("AZURE_STORAGE_KEY is not the base64 of a key") // The cause may quote it.
	}
	return container.NewClientWithSharedKeyCredential(address, cred, nil)
}
