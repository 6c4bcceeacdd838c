// Package stack says where the servers of the end-to-end tests are, which e2e/run starts
// and names in the environment. Begin with FromEnv.
package stack

import (
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Stack holds the addresses of the servers that e2e/run started, and what they are asked
// with.
type Stack struct {
	Dir             string // the run's folder: logs and state of the servers
	S3              string // base URL of the S3 server
	Bucket          string
	Region          string
	GCS             string // base URL of the GCS emulator
	Azure           string // host:port of the Azure emulator
	AzureAccount    string
	AzureKey        string
	Prometheus      string
	Pushgateway     string
	Alertmanager    string
	Hook            string // host:port that Alertmanager posts to; a test may listen there
	SMTP            string // host:port of the mail server, which wants STARTTLS and a password
	SMTPDir         string // its folder: tls.crt, password (of the user hindcast), and the maildir mail
	Rules           string // folder of Prometheus's rule files, *.yml
	Targets         string // folder of files with Prometheus's targets, *.json
	Kubernetes      string // https
	KubernetesCA    string // file
	KubernetesToken string // of the administrator
	Kubeconfig      string // file, of the administrator
	Kubectl         string // the program
	PodGateway      string // address of this host as pods see it
	KFP             string // for one user
	KFPMulti        string // for many users: TokenReview and RBAC
	Containerd      string // socket
	Binary          string // hindcast as it ships
	CrashBinary     string // hindcast with crash points
}

// FromEnv reads what e2e/run exports; the error names what is missing.
func FromEnv() (*Stack, error) {
	s := new(Stack)
	var missing []string
	for name, field := range map[string]*string{
		"HINDCAST_E2E_DIR":              &s.Dir,
		"HINDCAST_E2E_S3":               &s.S3,
		"HINDCAST_E2E_BUCKET":           &s.Bucket,
		"AWS_REGION":                    &s.Region,
		"HINDCAST_E2E_GCS":              &s.GCS,
		"HINDCAST_E2E_AZURE":            &s.Azure,
		"HINDCAST_E2E_AZURE_ACCOUNT":    &s.AzureAccount,
		"HINDCAST_E2E_AZURE_KEY":        &s.AzureKey,
		"HINDCAST_E2E_PROMETHEUS":       &s.Prometheus,
		"HINDCAST_E2E_PUSHGATEWAY":      &s.Pushgateway,
		"HINDCAST_E2E_ALERTMANAGER":     &s.Alertmanager,
		"HINDCAST_E2E_HOOK":             &s.Hook,
		"HINDCAST_E2E_SMTP":             &s.SMTP,
		"HINDCAST_E2E_SMTP_DIR":         &s.SMTPDir,
		"HINDCAST_E2E_RULES":            &s.Rules,
		"HINDCAST_E2E_TARGETS":          &s.Targets,
		"HINDCAST_E2E_KUBECONFIG":       &s.Kubeconfig,
		"HINDCAST_E2E_KUBECTL":          &s.Kubectl,
		"HINDCAST_E2E_POD_GATEWAY":      &s.PodGateway,
		"HINDCAST_E2E_KUBERNETES":       &s.Kubernetes,
		"HINDCAST_E2E_KUBERNETES_CA":    &s.KubernetesCA,
		"HINDCAST_E2E_KUBERNETES_TOKEN": &s.KubernetesToken,
		"HINDCAST_E2E_KFP":              &s.KFP,
		"HINDCAST_E2E_KFP_MULTI":        &s.KFPMulti,
		"HINDCAST_E2E_CONTAINERD":       &s.Containerd,
		"HINDCAST_E2E_BINARY":           &s.Binary,
		"HINDCAST_E2E_CRASH_BINARY":     &s.CrashBinary,
	} {
		if *field = os.Getenv(name); *field == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("read the stack's addresses: %s not set; start the tests with e2e/run", strings.Join(missing, ", "))
	}
	return s, nil
}

// URL returns the URL of a key or prefix of the bucket, as configurations take it. The
// key may hold patterns such as {date} and *.
func (s *Stack) URL(key string) string { return s.BucketURL(s.Bucket, key) }

// BucketURL returns the same for any bucket of the server, existing or not.
func (s *Stack) BucketURL(bucket, key string) string {
	q := url.Values{"endpoint": {s.S3}, "region": {s.Region}, "use_path_style": {"true"}}
	return "s3://" + bucket + "/" + strings.TrimPrefix(key, "/") + "?" + q.Encode()
}

// GCSURL returns the URL of a key or prefix of a bucket on the GCS emulator.
func (s *Stack) GCSURL(bucket, key string) string {
	q := url.Values{"endpoint": {s.GCS + "/storage/v1/"}, "anonymous": {"true"}}
	return "gs://" + bucket + "/" + strings.TrimPrefix(key, "/") + "?" + q.Encode()
}

// AzureURL returns the URL of a key or prefix of a container on the Azure emulator.
func (s *Stack) AzureURL(container, key string) string {
	q := url.Values{"storage_account": {s.AzureAccount}, "domain": {s.Azure}, "protocol": {"http"}}
	return "azblob://" + container + "/" + strings.TrimPrefix(key, "/") + "?" + q.Encode()
}
