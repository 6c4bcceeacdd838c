package objstore

import (
	"context"
	"errors"
	"strconv"

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
	if opt.SASToken != "" {
		for name := range loc.params {
			if name != "storage_account" || loc.params.Get(name) != opt.AccountName {
				return nil, errors.New("URL parameter \"" + name + "\" would send AZURE_STORAGE_SAS_TOKEN elsewhere: " +
					"set AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_DOMAIN and AZURE_STORAGE_PROTOCOL instead")
			}
		}
	}
	set("storage_account", &opt.AccountName)
	set("domain", &opt.StorageDomain)
	set("protocol", &opt.Protocol)
	for name, to := range map[string]*bool{"cdn": &opt.IsCDN, "localemu": &opt.IsLocalEmulator} {
		if v := loc.params.Get(name); v != "" {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return nil, errors.New("URL parameter \"" + name + "\" must be true or false")
			}
			*to = b
		}
	}
	if opt.AccountName == "" {
		return nil, errors.New("no storage account: add ?storage_account= to the URL or set AZURE_STORAGE_ACCOUNT")
	}
	service, err := azureblob.NewServiceURL(opt)
	if err != nil {
		return nil, err
	}
	client, err := azureblob.NewDefaultClient(service, azureblob.ContainerName(loc.bucket))
	if err != nil {
		return nil, &fault{kind: ErrDenied, text: "no usable credentials: " + credentialsHint(schemeAzure), cause: err}
	}
	bucket, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	return &cloudBucket{bucket: bucket, scheme: schemeAzure, name: loc.bucket, endpoint: opt.StorageDomain}, nil
}
