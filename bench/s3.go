package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const bucket = "bench"

// objectStorage reads the log from an S3 server on loopback, versitygw, whose objects are
// the same files, and again with latency added to each request. The server and the proxy
// have to share the cores with what is measured.
func (b *bench) objectStorage(ctx context.Context) error {
	folder, err := b.data(ctx, b.rows)
	if err != nil {
		return err
	}
	server, err := b.startS3(ctx, folder)
	if err != nil {
		return err
	}
	defer server.stop()
	direct, err := startProxy(server.url, 0)
	if err != nil {
		return err
	}
	defer direct.close()
	slow, err := startProxy(server.url, addedLatency)
	if err != nil {
		return err
	}
	defer slow.close()
	at := func(endpoint string) setting {
		object := func(kind string) string {
			return fmt.Sprintf("s3://%s/%s/*.parquet?endpoint=%s&region=us-east-1", bucket, kind, endpoint)
		}
		return setting{predictions: object("predictions"), labels: object("labels"), env: server.credentials}
	}
	all, err := b.alternate(ctx, b.n,
		b.contest("files", files(folder, "parquet")),
		b.contest("s3", at(server.url)),
		b.contest("s3 by a proxy", at(direct.url)),
		b.contest("s3 by a proxy, 50 ms later", at(slow.url)),
	)
	if err != nil {
		return err
	}
	local, store, proxied, late := all[0], all[1], all[2], all[3]
	b.atLeast("speed from S3 : from files", minFromStore, fmt.Sprintf("%s : %s", seconds(store.wall()), seconds(local.wall())),
		share(local.wall().Seconds(), store.wall().Seconds()), store, local)
	b.peak("peak memory from S3", store)
	b.atMost("50 ms of latency : none, by the same proxy", maxWithLatency,
		fmt.Sprintf("%s : %s, %d requests", seconds(late.wall()), seconds(proxied.wall()), slow.requests.Load()/int64(b.n)),
		share(late.wall().Seconds(), proxied.wall().Seconds()), late, proxied)
	b.add("50 ms of latency : S3 without a proxy", "", fmt.Sprintf("%s : %s", seconds(late.wall()), seconds(store.wall())),
		share(late.wall().Seconds(), store.wall().Seconds()), false, late, store)
	return nil
}

// s3Server is a running versitygw, which serves a folder as S3 does.
type s3Server struct {
	url         string
	credentials []string // as environment variables
	cmd         *exec.Cmd
	log         *os.File
}

// startS3 builds and starts one.
func (b *bench) startS3(ctx context.Context, folder string) (*s3Server, error) {
	binary := filepath.Join(b.dir, "versitygw")
	// From the module that pins it for the end-to-end tests.
	if err := b.tell(ctx, filepath.Join(b.repo, "e2e", "servers", "s3"), []string{"CGO_ENABLED=0"},
		"go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "github.com/versity/versitygw/cmd/versitygw"); err != nil {
		return nil, err
	}
	root := filepath.Join(b.work, "s3")
	if err := os.Mkdir(root, 0o755); err != nil {
		return nil, fmt.Errorf("make the server's folder: %w", err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(b.work, "s3.log"))
	if err != nil {
		return nil, fmt.Errorf("make the server's log: %w", err)
	}
	key, secret := "bench", rand.Text()
	s := &s3Server{
		url: "http://" + address, log: log,
		credentials: []string{"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_EC2_METADATA_DISABLED=true"},
	}
	s.cmd = exec.Command(binary, "--port", address, "--region", "us-east-1", "--health", "/healthz", "--quiet", "posix", root)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+key, "ROOT_SECRET_KEY="+secret)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start versitygw: %w", err), log.Close())
	}
	if err := s.fill(ctx, key, secret, root, folder); err != nil {
		s.stop()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("%w\n%s", err, tail(string(text), 1000))
	}
	return s, nil
}

// fill waits for the server, makes the bucket, and links the files of a folder into it,
// where one is given.
func (s *s3Server) fill(ctx context.Context, key, secret, root, folder string) error {
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/healthz", nil)
		if err != nil {
			return fmt.Errorf("wait for versitygw: %w", err)
		}
		res, err := client.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			return errors.Join(errors.New("versitygw is not ready after 10 s"), err)
		}
	}
	store := s3.New(s3.Options{
		BaseEndpoint: aws.String(s.url), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
	if _, err := store.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		return fmt.Errorf("make the bucket: %w", err)
	}
	if folder == "" {
		return nil
	}
	for _, kind := range []string{"predictions", "labels"} {
		if err := os.MkdirAll(filepath.Join(root, bucket, kind), 0o755); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		paths, err := filepath.Glob(filepath.Join(folder, kind, "*.parquet"))
		if err != nil {
			return fmt.Errorf("find files: %w", err)
		}
		if len(paths) == 0 {
			return fmt.Errorf("find files in %s: %w", filepath.Join(folder, kind), fs.ErrNotExist)
		}
		for _, path := range paths {
			if err := os.Link(path, filepath.Join(root, bucket, kind, filepath.Base(path))); err != nil {
				return fmt.Errorf("link a file: %w", err)
			}
		}
	}
	return nil
}

// stop ends the server and waits for it.
func (s *s3Server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.cmd.Wait()
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
	_ = s.log.Close()
}

// freeAddress returns an address on which nothing listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// proxy stands for a network: it holds each request up before it goes on, and counts them.
type proxy struct {
	url      string
	requests atomic.Int64
	server   *http.Server
}

// startProxy starts one in front of the target.
func startProxy(target string, latency time.Duration) (*proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("start a proxy: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a proxy: %w", err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true, ReadBufferSize: 256 << 10}
	forward := &httputil.ReverseProxy{
		Transport:  transport,
		BufferPool: buffers{make(chan []byte, 64)},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
	}
	p := &proxy{url: "http://" + l.Addr().String()}
	p.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
			return
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

func (p *proxy) close() { _ = p.server.Close() }

// buffers keeps the proxy's buffers, larger than its own.
type buffers struct{ free chan []byte }

// Get implements httputil.BufferPool.
func (b buffers) Get() []byte {
	select {
	case buf := <-b.free:
		return buf
	default:
		return make([]byte, 256<<10)
	}
}

// Put implements httputil.BufferPool.
func (b buffers) Put(buf []byte) {
	select {
	case b.free <- buf:
	default:
	}
}
