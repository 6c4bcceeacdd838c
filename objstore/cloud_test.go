package objstore_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/objstoretest"
)

// testServer runs the suite on the bucket that an environment variable names, on a
// server that the caller of the tests started; its credentials come from the
// environment too. Each run leaves its objects under a prefix of its own.
func testServer(t *testing.T, variable, example string) {
	t.Helper()
	url := os.Getenv(variable)
	if url == "" {
		t.Skipf("set %s to a bucket on a test server, like %s, and its credentials as usual", variable, example)
	}
	base, query, _ := strings.Cut(url, "?")
	base = fmt.Sprintf("%s/conformance-%d/", strings.TrimSuffix(base, "/"), time.Now().UnixNano())
	objstoretest.Run(t, func(t *testing.T) *objstore.Store {
		s := base + strings.ReplaceAll(t.Name(), " ", "_")
		if query != "" {
			s += "?" + query
		}
		return open(t, s, "")
	})
}

// TestS3 is run by make e2e.
func TestS3(t *testing.T) {
	testServer(t, "HINDCAST_TEST_S3_URL", "s3://bucket?endpoint=http://127.0.0.1:9000")
}

// TestGCS goes with fake-gcs-server, or a bucket of your own.
func TestGCS(t *testing.T) {
	testServer(t, "HINDCAST_TEST_GCS_URL", "gs://bucket?anonymous=true (and STORAGE_EMULATOR_HOST)")
}

// TestAzure goes with Azurite, or a container of your own.
func TestAzure(t *testing.T) {
	testServer(t, "HINDCAST_TEST_AZURE_URL", "azblob://container?protocol=http&domain=127.0.0.1:10000")
}
