package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob/s3blob"
)

// defaultRegion signs requests to an endpoint that isn't Amazon's, where the region
// is a name without meaning that has to be there.
const defaultRegion = "us-east-1"

// openS3 makes the client itself rather than by gocloud's URL opener, whose endpoint
// goes by a resolver that the SDK has deprecated and whose addressing it decides
// differently.
func openS3(ctx context.Context, name string, params url.Values, log *slog.Logger) (*bucket, error) {
	q := maps.Clone(params)
	take := func(param string) string {
		v := q.Get(param)
		q.Del(param)
		return v
	}
	flag := func(param string) (set, value bool, err error) {
		text := take(param)
		if text == "" {
			return false, false, nil
		}
		value, err = strconv.ParseBool(text)
		if err != nil {
			return false, false, fmt.Errorf("URL parameter %q must be true or false", param)
		}
		return true, value, nil
	}

	_, noTLS, err1 := flag("disable_https")
	_, accelerate, err2 := flag("accelerate")
	endpoint, err3 := s3Endpoint(take("endpoint"), noTLS)
	// An endpoint is reached by path unless told otherwise: few but Amazon have a
	// host name for every bucket.
	pathStyle := endpoint != ""
	var err4 error
	for _, param := range []string{"hostname_immutable", "s3ForcePathStyle", "use_path_style"} {
		set, value, err := flag(param)
		err4 = errors.Join(err4, err)
		if set {
			pathStyle = value
		}
	}
	opt := s3blob.Options{KMSEncryptionID: take("kmskeyid")}
	var err5 error
	if sse := take("ssetype"); sse != "" {
		opt.EncryptionType = types.ServerSideEncryption(sse)
		if known := opt.EncryptionType.Values(); !slices.Contains(known, opt.EncryptionType) {
			err5 = fmt.Errorf("URL parameter \"ssetype\" must be one of %v", known)
		}
	}
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}

	// What remains are gocloud's own: region, anonymous, profile, role and the like.
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("configure AWS client: %w", err)
	}
	if cfg.Region == "" {
		if endpoint == "" {
			return nil, errors.New("no AWS region: add ?region= to the URL or set AWS_REGION")
		}
		cfg.Region = defaultRegion
	}
	cfg.HTTPClient = &http.Client{
		Transport: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = answerTimeout
			t.MaxIdleConnsPerHost = 64
		}).GetTransport(),
		CheckRedirect: stay,
	}
	cfg.Logger = s3Log{log}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		// Stores without checksums are many, and each read would be a line.
		o.DisableLogOutputChecksumValidationSkipped = true
		o.UsePathStyle = pathStyle
		o.UseAccelerate = accelerate
		o.EndpointOptions.DisableHTTPS = noTLS
		if r, ok := o.Retryer.(aws.RetryerV2); ok {
			o.Retryer = credentialsRetryer{r}
		}
		if endpoint != "" {
			o.BaseEndpoint = aws.String(endpoint)
		}
	})
	opt.RequestChecksumCalculation = cfg.RequestChecksumCalculation
	blobs, err := s3blob.OpenBucket(ctx, client, name, &opt)
	if err != nil {
		return nil, err
	}
	return &bucket{
		blobs: blobs, scheme: s3Scheme, name: name, endpoint: endpoint,
		// S3 lists in order, directory buckets (S3 Express) excepted.
		ordered: !strings.HasSuffix(name, "--x-s3"),
	}, nil
}

// s3Log is the SDK's logger, which by itself writes to standard error.
type s3Log struct{ log *slog.Logger }

// Logf implements the SDK's logging.Logger.
func (l s3Log) Logf(class logging.Classification, format string, args ...any) {
	level := slog.LevelDebug
	if class == logging.Warn {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, "remark of the s3 client", "remark", fmt.Sprintf(format, args...))
}

// credentialsRetryer does not ask the metadata server over and over: its client tries
// three times by itself, and outside Amazon there is none.
type credentialsRetryer struct{ aws.RetryerV2 }

// IsErrorRetryable is as the SDK's, but for credentials that nobody has.
func (r credentialsRetryer) IsErrorRetryable(err error) bool {
	return !hasNoRole(err) && r.RetryerV2.IsErrorRetryable(err)
}

// hasNoRole tells whether the last link of the SDK's chain has failed, which has no type.
func hasNoRole(err error) bool { return strings.Contains(err.Error(), "no EC2 IMDS role found") }

// s3Endpoint checks an endpoint and completes it with a scheme.
func s3Endpoint(endpoint string, noTLS bool) (string, error) {
	if endpoint == "" {
		return "", nil
	}
	if !strings.Contains(endpoint, "://") {
		if noTLS {
			endpoint = "http://" + endpoint
		} else {
			endpoint = "https://" + endpoint
		}
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("URL parameter \"endpoint\" must be like http://host:port or https://host")
	}
	if u.User != nil || u.RawQuery != "" {
		return "", errors.New("URL parameter \"endpoint\" may hold neither credentials nor parameters; " + credentialsHint(s3Scheme))
	}
	return endpoint, nil
}
