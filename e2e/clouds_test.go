//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hindcast/hindcast/e2e/internal/cloudstand"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/cloud"
)

func (e env) azure(t *testing.T) *service.Client {
	t.Helper()
	cred, err := azblob.NewSharedKeyCredential(e.AzureAccount, e.AzureKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := service.NewClientWithSharedKeyCredential("http://"+e.Azure+"/"+e.AzureAccount, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// azureContainer makes a container; access may open it to everyone.
func (e env) azureContainer(t *testing.T, access *container.PublicAccessType) string {
	t.Helper()
	name := unique(t, "e2e")
	if _, err := e.azure(t).NewContainerClient(name).Create(t.Context(), &container.CreateOptions{Access: access}); err != nil {
		t.Fatal(err)
	}
	return name
}

func (e env) gcsBucket(t *testing.T) string {
	t.Helper()
	name := unique(t, "e2e")
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.GCS+"/storage/v1/b?project=e2e", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("make bucket: %s", res.Status)
	}
	return name
}

// s3Public makes a bucket that everyone may read.
func (e env) s3Public(t *testing.T) string {
	t.Helper()
	name := unique(t, "public")
	client := s3.New(s3.Options{
		Region: e.Region, BaseEndpoint: aws.String(e.S3), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", `+
		`"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"]}]}`, name)
	if _, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String(name), Policy: aws.String(policy)}); err != nil {
		t.Fatal(err)
	}
	return name
}

// azureKey returns the environment of a shell that has the emulator's key.
func (e env) azureKey() []string {
	return []string{"AZURE_STORAGE_ACCOUNT=" + e.AzureAccount, "AZURE_STORAGE_KEY=" + e.AzureKey}
}

// fill writes the files of a scenario, without the model's name before them, to a store.
func (s *scenario) fill(t *testing.T, url string) {
	t.Helper()
	stores := objstore.NewOpener("", cloud.Schemes(slog.New(slog.DiscardHandler))...)
	defer stores.Close()
	b, err := stores.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range s.files(t) {
		if err := b.Write(t.Context(), strings.TrimPrefix(key, s.Model+"/"), data); err != nil {
			t.Fatal(err)
		}
	}
}

// fillAzure is fill with the emulator's key, which objstore/cloud would take from the
// environment of this process.
func (s *scenario) fillAzure(t *testing.T, name string) {
	t.Helper()
	for key, data := range s.files(t) {
		blob := s.azure(t).NewContainerClient(name).NewBlockBlobClient(strings.TrimPrefix(key, s.Model+"/"))
		if _, err := blob.UploadBuffer(t.Context(), data, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// docBlock is a fenced block of docs/object-storage.md under a heading.
type docBlock struct{ heading, language, text string }

func docBlocks(t *testing.T) []docBlock {
	t.Helper()
	data, err := os.ReadFile("../docs/object-storage.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []docBlock
	heading := ""
	for _, m := range regexp.MustCompile("(?ms)^#+ ([^\n]*)$|^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		if m[1] != "" {
			heading = m[1]
			continue
		}
		blocks = append(blocks, docBlock{heading, m[2], m[3]})
	}
	return blocks
}

// TestObjectStorageDocument runs every command of docs/object-storage.md as it stands
// there, and holds all of them to the same evaluation.
func TestObjectStorageDocument(t *testing.T) {
	t.Parallel()
	s := newScenario(t, worseNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
	want := s.judged(t)

	public := container.PublicAccessTypeContainer
	s3Bucket, gcs, azure, azureOpen := s.s3Public(t), s.gcsBucket(t), s.azureContainer(t, nil), s.azureContainer(t, &public)
	s.fill(t, s.BucketURL(s3Bucket, ""))
	s.fill(t, s.GCSURL(gcs, ""))
	s.fillAzure(t, azure)
	s.fillAzure(t, azureOpen)

	sasURL, err := s.azure(t).GetSASURL(sas.AccountResourceTypes{Container: true, Object: true},
		sas.AccountPermissions{Read: true, List: true, Write: true, Create: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(sasURL, "?")

	const workload = "token-of-the-pod"
	stand, err := cloudstand.New(cloudstand.Options{
		Workload: workload, AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		GCS: s.GCS, Azure: "http://" + s.Azure + "/" + s.AzureAccount, AzureSAS: query, MetadataAnswer: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stand.Close)
	dir := t.TempDir()
	token := writeFile(t, filepath.Join(dir, "token"), workload)
	federation := writeFile(t, filepath.Join(dir, "federation.json"), fmt.Sprintf(`{"type": "external_account", "audience": %q,
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
		"credential_source": {"file": %q}}`, cloudstand.GCPAudience, token))
	behind := []string{"HTTPS_PROXY=" + stand.URL, "SSL_CERT_FILE=" + writeFile(t, filepath.Join(dir, "ca.pem"), string(stand.CA))}
	s3Key := []string{"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + os.Getenv("AWS_SECRET_ACCESS_KEY")}
	onS3, onGCS := []string{"S3_ENDPOINT=" + s.S3, "BUCKET=" + s3Bucket}, []string{"GCS_ENDPOINT=" + s.GCS, "BUCKET=" + gcs}
	onAzure := []string{"AZURE_DOMAIN=" + s.Azure, "ACCOUNT=" + s.AzureAccount}

	// What the shell that runs the block has, and what the stand-in has to have seen.
	shells := map[string]struct {
		env  []string
		seen []string
	}{
		"S3: endpoint":          {slices.Concat(onS3, s3Key), nil},
		"S3: region":            {slices.Concat(onS3, s3Key, []string{"AWS_ENDPOINT_URL=" + s.S3}), nil},
		"S3: path style":        {slices.Concat(onS3, s3Key), nil},
		"S3: workload identity": {slices.Concat(onS3, behind, []string{"AWS_ROLE_ARN=" + cloudstand.AWSRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token}), []string{"sts"}},
		"S3: anonymous":         {onS3, nil},
		"GCS: endpoint":         {onGCS, nil},
		"GCS: workload identity": {
			slices.Concat(onGCS, behind, []string{"GCE_METADATA_HOST=" + strings.TrimPrefix(stand.URL, "http://")}), []string{"metadata token", "gcs"},
		},
		"GCS: workload identity federation": {slices.Concat(onGCS, behind, []string{"FEDERATION=" + federation}), []string{"google sts", "gcs"}},
		"GCS: anonymous":                    {onGCS, nil},
		"Azure: account key":                {slices.Concat(onAzure, []string{"CONTAINER=" + azure, "ACCOUNT_KEY=" + s.AzureKey}), nil},
		"Azure: endpoint":                   {slices.Concat(onAzure, []string{"CONTAINER=" + azure, "AZURE_STORAGE_KEY=" + s.AzureKey}), nil},
		"Azure: SAS":                        {slices.Concat(onAzure, []string{"CONTAINER=" + azure, "SAS=" + query}), nil},
		"Azure: workload identity": {slices.Concat(onAzure, behind, []string{"CONTAINER=" + azure, "AZURE_TENANT_ID=" + cloudstand.AzureTenant,
			"AZURE_CLIENT_ID=" + cloudstand.AzureClient, "AZURE_FEDERATED_TOKEN_FILE=" + token}), []string{"entra", "azure"}},
		"Azure: anonymous": {slices.Concat(onAzure, []string{"CONTAINER=" + azureOpen}), nil},
	}
	config := ""
	for _, b := range docBlocks(t) {
		switch b.language {
		case "yaml":
			config = b.text
		case "sh":
			shell, ok := shells[b.heading]
			if !ok {
				t.Errorf("the block under %q is not tried", b.heading)
				continue
			}
			delete(shells, b.heading)
			t.Run(b.heading, func(t *testing.T) {
				before := len(stand.Seen())
				r := s.shell(t, config, b.text, shell.env)
				if r.code != 0 {
					t.Fatalf("exit status %d\n%s", r.code, r.stderr)
				}
				got := one(t, r)
				if got.Revision != 1 && !strings.Contains(b.text, "STATE=") {
					t.Errorf("revision %d", got.Revision)
				}
				if len(want.Metrics) == 0 || *got.Metrics["rmse"].Value != *want.Metrics["rmse"].Value || got.Coverage.Matched != want.Coverage.Matched {
					t.Errorf("rmse %v of %d rows, want %v of %d", *got.Metrics["rmse"].Value, got.Coverage.Matched, *want.Metrics["rmse"].Value, want.Coverage.Matched)
				}
				seen := stand.Seen()[before:]
				for _, w := range shell.seen {
					if !slices.Contains(seen, w) {
						t.Errorf("%q was not asked: %q", w, seen)
					}
				}
				if len(shell.seen) == 0 && len(seen) > 0 {
					t.Errorf("the stand-in was asked: %q", seen)
				}
			})
		}
	}
	for heading := range shells {
		t.Errorf("no block under %q", heading)
	}
}

// shell runs a block of the document in a folder of its own, with hindcast on the path.
func (s *scenario) shell(t *testing.T, config, block string, extra []string) result {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "hindcast.yaml"), config)
	if err := os.Symlink(s.Binary, filepath.Join(dir, "hindcast")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euc", block)
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	cmd.Env = append([]string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "PREFIX=" + unique(t, "state")}, extra...)
	return finish(t, cmd, cmd.Run)
}

// TestCloudFaults shows what a person reads when a cloud store says no, and how soon.
func TestCloudFaults(t *testing.T) {
	t.Parallel()
	s := newScenario(t, healthyNoise, func(c *settings) { c.KFP, c.Push, c.Slack = "", "", nil })
	closed := s.azureContainer(t, nil)
	s3Key := []string{"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + os.Getenv("AWS_SECRET_ACCESS_KEY")}
	stand, err := cloudstand.New(cloudstand.Options{Workload: "another token", GCS: s.GCS, MetadataAnswer: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stand.Close)
	token := writeFile(t, filepath.Join(s.dir, "token"), "token-of-the-pod")
	behind := []string{"HTTPS_PROXY=" + stand.URL, "SSL_CERT_FILE=" + writeFile(t, filepath.Join(s.dir, "ca.pem"), string(stand.CA))}
	for name, tt := range map[string]struct {
		url  string
		env  []string
		want string
	}{
		"s3 wrong bucket":        {s.BucketURL("no-such-bucket-here", "x"), s3Key, `bucket "no-such-bucket-here" does not exist`},
		"gcs wrong bucket":       {s.GCSURL("no-such-bucket-here", "x"), nil, `bucket "no-such-bucket-here" does not exist`},
		"azure wrong container":  {s.AzureURL("no-such-container", "x"), s.azureKey(), `container "no-such-container" does not exist`},
		"s3 wrong key":           {s.Stack.URL("x"), []string{"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=hush"}, "the credentials are refused"},
		"azure wrong key":        {s.AzureURL(closed, "x"), []string{"AZURE_STORAGE_KEY=aHVzaA=="}, "check AZURE_STORAGE_KEY"},
		"azure broken key":       {s.AzureURL(closed, "x"), []string{"AZURE_STORAGE_KEY=hush!"}, "AZURE_STORAGE_KEY is not the base64 of a key"},
		"s3 anonymous denied":    {s.Stack.URL("x") + "&anonymous=true", nil, "access denied to bucket"},
		"azure anonymous denied": {s.AzureURL(closed, "x") + "&anonymous=true", nil, `access denied to container "` + closed + `"`},
		"s3 wrong region":        {strings.Replace(s.Stack.URL("x"), "region=us-east-1", "region=eu-west-1", 1), s3Key, `is in another region`},
		"s3 no credentials":      {s.Stack.URL("x"), []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + stand.URL}, "no credentials found: set AWS_ACCESS_KEY_ID"},
		"gcs no credentials":     {"gs://bucket/x", nil, "no credentials found: set GOOGLE_APPLICATION_CREDENTIALS"},
		"azure no credentials":   {"azblob://container/x?storage_account=none", nil, "no credentials found: set AZURE_STORAGE_ACCOUNT"},
		"s3 token refused": {s.Stack.URL("x"), append([]string{"AWS_ROLE_ARN=" + cloudstand.AWSRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token}, behind...),
			"cannot get credentials"},
		"azure token refused": {"azblob://container/x?storage_account=none", append([]string{"AZURE_TENANT_ID=" + cloudstand.AzureTenant,
			"AZURE_CLIENT_ID=" + cloudstand.AzureClient, "AZURE_FEDERATED_TOKEN_FILE=" + token}, behind...), "AADSTS700213"},
		"credentials in the URL": {"azblob://container/x?storage_account=none&sig=hush", nil, `unknown URL parameter "sig"`},
	} {
		t.Run(name, func(t *testing.T) {
			from := time.Now()
			r := s.shell(t, strings.ReplaceAll(faultConfig, "URL", tt.url), "hindcast run -c hindcast.yaml", tt.env)
			took := time.Since(from)
			t.Logf("took %s", took)
			if r.code != 1 && r.code != 3 || !strings.Contains(strings.ReplaceAll(r.stderr, `\"`, `"`), tt.want) {
				t.Errorf("status %d, want 1 or 3 and %q\n%s", r.code, tt.want, r.stderr)
			}
			for _, secret := range []string{"hush", "aHVzaA", "token-of-the-pod"} {
				if strings.Contains(r.stderr+r.stdout, secret) {
					t.Errorf("the output tells %q", secret)
				}
			}
			if took > 30*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

const faultConfig = `version: 1
state: {url: ./state}
models:
  - name: m
    task: regression
    predictions: {url: 'URL', format: csv, columns: {id: id, timestamp: t, prediction: p}}
    ground_truth: {url: ./labels, format: csv, columns: {id: id, label: l, timestamp: t}}
    window: 1d
`
