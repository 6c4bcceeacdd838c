package cloud

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob/azureblob"

	"github.com/hindcast/hindcast/objstore"
)

// openAzure builds the service's address from the environment, as gocloud does, and
// the URL's parameters over it. With a SAS token in the environment the URL may not
// name another service: the token would go there.
func openAzure(ctx context.Context, name string, params url.Values) (*bucket, error) {
	opt := azureblob.NewDefaultServiceURLOptions()
	set := func(param string, to *string) {
		if v := params.Get(param); v != "" {
			*to = v
		}
	}
	anonymous := false
	for param, to := range map[string]*bool{"anonymous": &anonymous, "cdn": &opt.IsCDN, "localemu": &opt.IsLocalEmulator} {
		if v := params.Get(param); v != "" {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return nil, errors.New("URL parameter \"" + param + "\" must be true or false")
			}
			*to = b
		}
	}
	if anonymous {
		opt.SASToken = ""
	}
	if opt.SASToken != "" {
		for param := range params {
			if param != "anonymous" && (param != "storage_account" || params.Get(param) != opt.AccountName) {
				return nil, errors.New("URL parameter \"" + param + "\" would send AZURE_STORAGE_SAS_TOKEN elsewhere: " +
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
	client, err := azureClient(service, opt.AccountName, name, anonymous)
	if err != nil {
		return nil, &objstore.Fault{Kind: objstore.ErrDenied, Text: "no usable credentials: " + credentialsHint(azureScheme), Cause: err}
	}
	blobs, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	return &bucket{blobs: blobs, scheme: azureScheme, name: name, endpoint: opt.StorageDomain}, nil
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
