package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxLedgerGrowth = 1.2 // of a pass's requests, from the smallest ledger to the largest
	maxHistory      = 2 * time.Second
	maxHistoryLast  = 500 * time.Millisecond
	keyTime         = "20060102T150405Z"
)

// ledger measures passes over states of many windows, healthy ones and breached ones,
// in files and on an S3 server behind a proxy that counts requests; and history. Each
// state is that of one real pass whose window was recorded many times over. The first
// pass finds no index, as on a state that an earlier version made.
func (b *bench) ledger(ctx context.Context) error {
	server, err := b.startS3(ctx, "")
	if err != nil {
		return err
	}
	defer server.stop()
	through, err := startProxy(server.url, 0)
	if err != nil {
		return err
	}
	defer through.close()
	// What people are told of a breach goes here.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for messages: %w", err)
	}
	receiver := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = receiver.Serve(listener) }()
	defer func() { _ = receiver.Close() }()
	sizes := []int{100, 10_000, 100_000} // windows of an hour
	small, middle, large := sizes[0], sizes[1], sizes[2]
	for _, breached := range []bool{false, true} {
		requests := map[int]int64{}
		for _, n := range sizes {
			for _, store := range []string{"files", "s3"} {
				s, err := b.makeLedger(ctx, server, through, listener.Addr().String(), store, n, breached)
				if err != nil {
					return err
				}
				for _, index := range []string{"no index", "index"} {
					asked, u, err := s.run(ctx, "run", "-c", s.config, "-o", "json")
					if err != nil {
						return err
					}
					b.add(fmt.Sprintf("%s, %s", s.what, index), "", fmt.Sprintf("%d requests, %s", asked, seconds(u.Wall)), 0, true, series{}, series{})
					if store == "s3" && index == "index" {
						requests[n] = asked
					}
					if err := s.forgetNewest(); err != nil {
						return err
					}
				}
				if n != middle || breached {
					continue
				}
				for _, h := range []struct {
					args  []string
					limit time.Duration
				}{{nil, maxHistory}, {[]string{"--last", "50"}, maxHistoryLast}} {
					args := append([]string{"history", "-c", s.config}, h.args...)
					if _, _, err := s.run(ctx, args...); err != nil { // makes the index
						return err
					}
					asked, u, err := s.run(ctx, args...)
					if err != nil {
						return err
					}
					b.atMost(strings.Join(append([]string{"history of", s.what}, h.args...), " "), 1,
						fmt.Sprintf("%d requests, %s : %s", asked, seconds(u.Wall), seconds(h.limit)), u.Wall.Seconds()/h.limit.Seconds(), series{}, series{})
				}
			}
		}
		few, many := requests[small], requests[large]
		b.atMost(fmt.Sprintf("requests of a pass, %d : %d windows, %s", large, small, health(breached)), maxLedgerGrowth,
			fmt.Sprintf("%d : %d", many, few), float64(many)/float64(few), series{}, series{})
	}
	return nil
}

func health(breached bool) string {
	if breached {
		return "breached"
	}
	return "healthy"
}

// ledgerState is a state whose ledger has many windows, for passes to go on from.
type ledgerState struct {
	b       *bench
	what    string
	config  string
	env     []string
	through *proxy
	folder  string // of the state
	newest  string // of the window that the next pass judges, as in keys
}

// run runs hindcast and counts the requests on the way to the server.
func (s *ledgerState) run(ctx context.Context, args ...string) (int64, usage, error) {
	before := s.through.requests.Load()
	u, err := s.b.measure(ctx, s.env, s.b.hindcast, args...)
	return s.through.requests.Load() - before, u, err
}

// makeLedger makes a state of n windows before the newest.
func (b *bench) makeLedger(ctx context.Context, server *s3Server, through *proxy, receiver, store string, n int, breached bool) (*ledgerState, error) {
	what := fmt.Sprintf("%d windows, %s, %s", n, health(breached), store)
	fmt.Fprintf(b.log, "bench: %s\n", what)
	folder, err := os.MkdirTemp(b.work, "ledger-")
	if err != nil {
		return nil, fmt.Errorf("make a working folder: %w", err)
	}
	s := &ledgerState{b: b, what: what, config: filepath.Join(folder, "hindcast.yaml"), env: server.credentials, through: through, folder: filepath.Join(folder, "state")}
	url := "file://" + s.folder
	if store == "s3" {
		name := filepath.Base(folder)
		url = fmt.Sprintf("s3://%s/%s?endpoint=%s&region=us-east-1", bucket, name, through.url)
		s.folder = filepath.Join(b.work, "s3", bucket, name)
	}
	// The log is one hour's, the last that is over: the pass judges it as of now.
	end := time.Now().UTC().Truncate(time.Hour)
	var predictions, labels, reference strings.Builder
	for i := range 500 {
		at := end.Add(-time.Hour + time.Duration(i)*time.Second)
		fmt.Fprintf(&predictions, "%d,%s,%d,%d\n", i, at.Format(time.RFC3339), i%17, i%10)
		fmt.Fprintf(&labels, "%d,%d\n", i, i%10+i%3)
		fmt.Fprintf(&reference, "%d,%d,%d,%d\n", i, i%17, i%10, i%10+i%3)
	}
	limit := "100"
	if breached {
		limit = "0.1"
	}
	for name, text := range map[string]string{
		"predictions.csv": "id,at,x,pred\n" + predictions.String(),
		"labels.csv":      "id,y\n" + labels.String(),
		"reference.csv":   "id,x,pred,y\n" + reference.String(),
		"hindcast.yaml": fmt.Sprintf(`version: 1
state: {url: "%s"}
models:
  - name: m
    task: regression
    window: 1h
    predictions: {url: ./predictions.csv, columns: {id: id, timestamp: at, prediction: pred}}
    ground_truth: {url: ./labels.csv, columns: {id: id, label: y}, delay: 0s}
    reference: {url: ./reference.csv}
    rules: [{name: mae, when: mae > %s, action: retrain}]
    retrain: {mode: suggest}
notify: {webhook: {url: "http://%s/", timeout: 1s}}
`, url, limit, receiver),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write a file: %w", err)
		}
	}
	if _, _, err := s.run(ctx, "run", "-c", s.config); err != nil {
		return nil, err
	}
	s.newest = end.Add(-time.Hour).Format(keyTime) + "_" + end.Format(keyTime)
	record, err := os.ReadFile(filepath.Join(s.folder, "evaluations", "m", s.newest, "r000001.json"))
	if err != nil {
		return nil, fmt.Errorf("read what the first pass recorded: %w", err)
	}
	for i := range n {
		if err := s.clone(string(record), end.Add(-time.Hour), end.Add(-time.Duration(i+2)*time.Hour), breached); err != nil {
			return nil, err
		}
	}
	for _, kind := range []string{"index", "grids"} {
		if err := os.RemoveAll(filepath.Join(s.folder, kind)); err != nil {
			return nil, fmt.Errorf("remove what earlier versions did not write: %w", err)
		}
	}
	return s, s.forgetNewest()
}

// clone records the window that starts at from once more, as the one that starts at to.
func (s *ledgerState) clone(record string, from, to time.Time, breached bool) error {
	text := strings.NewReplacer(
		from.Format(time.RFC3339), to.Format(time.RFC3339),
		from.Add(time.Hour).Format(time.RFC3339), to.Add(time.Hour).Format(time.RFC3339),
	).Replace(record)
	window := to.Format(keyTime) + "_" + to.Add(time.Hour).Format(keyTime)
	files := map[string]string{
		filepath.Join("evaluations", "m", window, "r000001.json"): text,
		filepath.Join("mature", "m", window):                      `{"schema":1}`,
	}
	if breached {
		told, err := json.Marshal(map[string]any{"schema": 1, "model": "m", "window": window, "rule": "mae", "state": "breached", "since": to, "at": to.Add(time.Hour)})
		if err != nil {
			return fmt.Errorf("encode a telling: %w", err)
		}
		files[filepath.Join("told", "m", window, "mae", "breached")] = string(told)
	}
	for name, text := range files {
		path := filepath.Join(s.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write a record: %w", err)
		}
	}
	return nil
}

// forgetNewest removes the newest window's records, so that the next pass judges it.
func (s *ledgerState) forgetNewest() error {
	for _, kind := range []string{"evaluations", "mature", "told"} {
		if err := os.RemoveAll(filepath.Join(s.folder, kind, "m", s.newest)); err != nil {
			return fmt.Errorf("remove a record: %w", err)
		}
	}
	return nil
}
