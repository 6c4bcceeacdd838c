package cloud_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/cloud"
	"github.com/hindcast/hindcast/objstore/objstoretest"
)

// opener returns an opener of all kinds of stores, which is closed with the test.
func opener(t *testing.T) *objstore.Opener {
	t.Helper()
	stores := objstore.NewOpener("", cloud.Schemes(slog.New(slog.DiscardHandler))...)
	t.Cleanup(func() {
		if err := stores.Close(); err != nil {
			t.Error(err)
		}
	})
	return stores
}

func open(t *testing.T, url string) *objstore.Store {
	t.Helper()
	s, err := opener(t).Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

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
		return open(t, s)
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

// What is wrong with a URL is said with what its scheme knows.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"s3://b/p?region=x", ""},
		{"gs://b?anonymous=true", ""},
		{"azblob://c?storage_account=x", ""},
		{"ftp://x/y", `unknown scheme "ftp": use s3, gs, azblob, file, mem or a path`},
		{"s3://b/p?regoin=x", `unknown URL parameter "regoin": s3 URLs know accelerate, anonymous`},
		{"s3://b/p?secret_key=hush", "AWS_SECRET_ACCESS_KEY"},
		{"azblob://c?sig=hush", "AZURE_STORAGE_SAS_TOKEN"},
		{"gs://b?access_id=hush", "GOOGLE_APPLICATION_CREDENTIALS"},
		{"gs://b?endpoint=http://x&region=y", `unknown URL parameter "region": gs URLs know anonymous, endpoint`},
	} {
		err := opener(t).CheckURL(c.in)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q is refused: %v", c.in, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush")):
			t.Errorf("%q gives %v, want %q", c.in, err, c.want)
		}
	}
}
