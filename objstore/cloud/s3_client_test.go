package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

// fakeS3 stands in for a server that misbehaves in ways that a real one can't be
// asked to; what a good one does is tested on a real one, in TestS3.
func fakeS3(t *testing.T, h http.HandlerFunc) *objstore.Store {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return open(t, "s3://bucket?endpoint="+server.URL)
}

func s3Error(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>said so</Message></Error>`, code)
}

// TestS3Client makes its environment once, so that its parts may run in parallel.
func TestS3Client(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "testkey")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	t.Setenv("AWS_SESSION_TOKEN", "")
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"} {
		t.Setenv(name, "")
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	var metadata atomic.Int32
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		metadata.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(imds.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	t.Run("parts", func(t *testing.T) {
		t.Run("Resumes reading", testResumesReading)
		t.Run("Gives up reading", testGivesUpReading)
		t.Run("Sees an overwrite", testSeesOverwrite)
		t.Run("Ends with the context", testEndsWithContext)
		t.Run("Create conflict", testCreateConflict)
		t.Run("Follows no redirect", testFollowsNoRedirect)
		t.Run("Messages", testMessages)
		t.Run("Unreachable", testUnreachable)
		t.Run("Addressing", testAddressing)
		t.Run("Bad parameters", testBadParameters)
		t.Run("Folder markers", testFolderMarkers)
	})
	if n := metadata.Load(); n != 0 {
		t.Errorf("with keys in the environment the metadata service is asked %d times", n)
	}
}

// serveRange answers a GET for data with at most most bytes of what the header
// promises, and then breaks the connection.
func serveRange(t *testing.T, w http.ResponseWriter, r *http.Request, data []byte, most int, modTime time.Time) {
	t.Helper()
	off, end := 0, len(data)-1
	status := http.StatusOK
	if header := r.Header.Get("Range"); header != "" {
		status = http.StatusPartialContent
		from, to, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
		off, _ = strconv.Atoi(from)
		if to != "" {
			end, _ = strconv.Atoi(to)
		}
		end = min(end, len(data)-1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, end, len(data)))
	}
	part := data[off : end+1]
	w.Header().Set("Content-Length", strconv.Itoa(len(part)))
	w.Header().Set("Last-Modified", modTime.UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	if most >= len(part) {
		_, _ = w.Write(part)
		return
	}
	_, _ = w.Write(part[:most])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

var someTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testResumesReading(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 2_000)
	var requests atomic.Int32
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		// One answer in between isn't one, and one is a passing error.
		switch n {
		case 2:
			serveRange(t, w, r, data, 0, someTime)
		default:
			serveRange(t, w, r, data, 7_000, someTime)
		}
	})
	got, err := s.Read(t.Context(), "k")
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read %d bytes: %v", len(got), err)
	}
	if n := requests.Load(); n != 4 {
		t.Errorf("made %d requests, want 4: 7000, 0, 7000 and 6000 bytes", n)
	}
	r, err := s.ReadRange(t.Context(), "k", 100, 15_000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data[100:15_100]) {
		t.Errorf("range of %d bytes: %v", len(got), err)
	}
}

func testGivesUpReading(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		serveRange(t, w, r, []byte("0123456789"), 0, someTime)
	})
	_, err := s.Read(t.Context(), "k")
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "connection broke at byte 0 of 10, 5 times") {
		t.Errorf("got %v", err)
	}
	if n := requests.Load(); n != 5 {
		t.Errorf("made %d requests", n)
	}
}

func testSeesOverwrite(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		serveRange(t, w, r, []byte("0123456789"), 4, someTime.Add(time.Duration(n)*time.Second))
	})
	if got, err := s.Read(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "overwritten while it was read") {
		t.Errorf("got %q, %v", got, err)
	}
}

func testEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		serveRange(t, w, r, []byte("0123456789"), 0, someTime)
	})
	if _, err := s.Read(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func testFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", other.URL+r.URL.Path)
		s3Error(w, http.StatusTemporaryRedirect, "TemporaryRedirect")
	})
	_, err := s.Read(t.Context(), "k")
	if err == nil || elsewhere.Load() > 0 {
		t.Errorf("read: %v; %d requests went to the other server", err, elsewhere.Load())
	}
	if err := s.Write(t.Context(), "k", []byte("secret")); err == nil || elsewhere.Load() > 0 {
		t.Errorf("write: %v; %d requests went to the other server", err, elsewhere.Load())
	}
}

func testCreateConflict(t *testing.T) {
	for _, c := range []struct {
		name      string
		conflicts int32 // of so many PUTs
		there     bool  // afterwards
		want      error
		puts      int32
	}{
		{"passing", 2, false, nil, 3},
		{"lost", 1, true, objstore.ErrExists, 1},
		{"lasting", 1000, false, errAny, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var puts atomic.Int32
			s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodPut:
					if r.Header.Get("If-None-Match") != "*" {
						t.Errorf("create sends If-None-Match %q", r.Header.Get("If-None-Match"))
					}
					if puts.Add(1) <= c.conflicts {
						s3Error(w, http.StatusConflict, "ConditionalRequestConflict")
					}
				case http.MethodHead:
					if !c.there {
						w.WriteHeader(http.StatusNotFound)
					}
				}
			})
			err := s.Create(t.Context(), "k", []byte("x"))
			switch {
			case errors.Is(c.want, errAny):
				if err == nil || errors.Is(err, objstore.ErrExists) || !strings.Contains(err.Error(), "ConditionalRequestConflict") {
					t.Errorf("got %v", err)
				}
			case !errors.Is(err, c.want):
				t.Errorf("got %v, want %v", err, c.want)
			}
			if n := puts.Load(); n != c.puts {
				t.Errorf("made %d PUTs, want %d", n, c.puts)
			}
		})
	}
}

var errAny = errors.New("any error")

func testMessages(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		kind   error
		want   string
	}{
		{404, "NoSuchBucket", objstore.ErrNotExist, `bucket "bucket" does not exist at http://127.0.0.1:`},
		{404, "NoSuchKey", objstore.ErrNotExist, "no such object"},
		{403, "AccessDenied", objstore.ErrDenied, "allow s3:ListBucket on the bucket"},
		{403, "InvalidAccessKeyId", objstore.ErrDenied, "the credentials are refused"},
		{403, "SignatureDoesNotMatch", objstore.ErrDenied, "AWS_SECRET_ACCESS_KEY"},
		{400, "AuthorizationHeaderMalformed", nil, "set ?region="},
		{400, "SomethingElse", nil, "the store answered 400 SomethingElse said so"},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			s := fakeS3(t, func(w http.ResponseWriter, _ *http.Request) { s3Error(w, c.status, c.code) })
			_, err := s.Read(t.Context(), "a/b")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "read s3://bucket/a/b: ") {
				t.Fatalf("got %v, want %q in it", err, c.want)
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%v is no %v", err, c.kind)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q tells too much", err)
			}
			if c.code == "NoSuchBucket" {
				if err := s.Check(t.Context()); !errors.Is(err, objstore.ErrNotExist) || !strings.Contains(err.Error(), "create it or correct the URL") {
					t.Errorf("check gives %v", err)
				}
			}
		})
	}
}

func testUnreachable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close() // Nobody listens there now.
	err := open(t, "s3://bucket?endpoint="+server.URL).Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cannot reach the object store at "+server.URL) {
		t.Errorf("got %v", err)
	}
}

func testAddressing(t *testing.T) {
	t.Parallel()
	var path, host, region atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.URL.Path)
		host.Store(r.Host)
		// Credential=KEY/DATE/REGION/s3/aws4_request
		if parts := strings.Split(r.Header.Get("Authorization"), "/"); len(parts) > 2 {
			region.Store(parts[2])
		} else {
			region.Store("unsigned")
		}
		serveRange(t, w, r, []byte("x"), 1, someTime)
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	port := address[strings.LastIndexByte(address, ':'):]
	for _, c := range []struct{ query, path, host, region string }{
		{"endpoint=" + server.URL, "/bucket/p/k", address, "us-east-1"},
		{"endpoint=" + server.URL + "&use_path_style=true&region=eu-west-1", "/bucket/p/k", address, "eu-west-1"},
		{"endpoint=" + server.URL + "&s3ForcePathStyle=true&hostname_immutable=true", "/bucket/p/k", address, "us-east-1"},
		{"endpoint=" + address + "&disable_https=true", "/bucket/p/k", address, "us-east-1"},
		{"endpoint=" + server.URL + "&anonymous=true", "/bucket/p/k", address, "unsigned"},
		{"endpoint=http://localhost" + port + "&use_path_style=true", "/bucket/p/k", "localhost" + port, "us-east-1"},
	} {
		if got, err := open(t, "s3://bucket/p?"+c.query).Read(t.Context(), "k"); err != nil || string(got) != "x" {
			t.Errorf("%s: %q, %v", c.query, got, err)
			continue
		}
		if path.Load() != c.path || host.Load() != c.host || region.Load() != c.region {
			t.Errorf("%s asks for %v of %v in %v, want %s of %s in %s", c.query, path.Load(), host.Load(), region.Load(), c.path, c.host, c.region)
		}
	}
}

func testBadParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, want string }{
		{"s3://bucket", "no AWS region: add ?region="},
		{"s3://bucket?endpoint=ftp://x", "must be like http://host:port"},
		{"s3://bucket?endpoint=http://key:hush@x", "neither credentials"},
		{"s3://bucket?endpoint=http://x&use_path_style=maybe", `"use_path_style" must be true or false`},
		{"s3://bucket?endpoint=http://x&ssetype=none", `"ssetype" must be one of`},
		{"s3://bucket?region=x&anonymous=2", "anonymous"},
	} {
		if _, err := opener(t).Open(t.Context(), c.url); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s gives %v, want %q", c.url, err, c.want)
		}
	}
}

func testFolderMarkers(t *testing.T) {
	t.Parallel()
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		prefix := r.URL.Query().Get("prefix")
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprintf(w, `<ListBucketResult><Name>bucket</Name><Prefix>%s</Prefix><IsTruncated>false</IsTruncated>
			<Contents><Key>%[1]s</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>"0"</ETag><Size>0</Size></Contents>
			<Contents><Key>%[1]sa</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>"tag-1"</ETag><Size>5</Size></Contents>
			<CommonPrefixes><Prefix>%[1]sb/</Prefix></CommonPrefixes></ListBucketResult>`, prefix)
	})
	objs, dirs, err := s.ListDir(t.Context(), "f/")
	want := objstore.Object{Key: "f/a", Size: 5, ModTime: someTime, ETag: "tag-1"}
	if err != nil || len(objs) != 1 || objs[0] != want || len(dirs) != 1 || dirs[0] != "f/b/" {
		t.Errorf("got %+v, %q, %v", objs, dirs, err)
	}
}
