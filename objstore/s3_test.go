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

// s3URL is that of a bucket on a real server, which the caller of the tests started.
func s3URL(t *testing.T) (base, query string) {
	t.Helper()
	url := os.Getenv("HINDCAST_TEST_S3_URL")
	if url == "" {
		t.Skip("set HINDCAST_TEST_S3_URL to a bucket on a test server (s3://bucket?endpoint=http://host:port), with its keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; make e2e does")
	}
	base, query, _ = strings.Cut(url, "?")
	return strings.TrimSuffix(base, "/"), query
}

func TestS3(t *testing.T) {
	base, query := s3URL(t)
	run := fmt.Sprintf("conformance-%d", time.Now().UnixNano())
	objstoretest.Run(t, func(t *testing.T) *objstore.Store {
		name := strings.ReplaceAll(t.Name(), " ", "_")
		return open(t, base+"/"+run+"/"+name+"?"+query, "")
	})
}
