package kubeflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/pipeline_model"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/trigger"
)

func client(t *testing.T, url string, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{Endpoint: url, Timeout: 5 * time.Second, UIURL: "https://ui/pipeline/", TokenFile: filepath.Join(t.TempDir(), "none")}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func request() trigger.LaunchRequest {
	return trigger.LaunchRequest{
		Name: "hindcast-m-0123", Description: "why", Pipeline: "retrain", Version: "latest", Experiment: "exp",
		Parameters: map[string]any{"model_name": "m", "learning_rate": trigger.Rendered("0.5"), "epochs": uint64(7)}, ServiceAccount: "runner", PipelineRoot: "s3://artifacts/m",
	}
}

func TestNew(t *testing.T) {
	for _, bad := range []string{"", "ml-pipeline:8888", "ftp://x", "http://", "http://u:secret@h", "http://h/?q=1", "http://h\x00secret"} {
		if _, err := New(Options{Endpoint: bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCreateAndFind(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint("strict ", strict), func(t *testing.T) {
			k, url := startKFP(t)
			k.strict = strict
			c := client(t, url)
			ctx := t.Context()
			if runs, err := c.Find(ctx, request()); err != nil || len(runs) != 0 {
				t.Fatalf("before: %v %v", runs, err)
			}
			if len(k.experiments) != 0 {
				t.Error("a look made the experiment")
			}
			run, err := c.Create(ctx, request())
			if err != nil {
				t.Fatal(err)
			}
			if run.ID != "r1" || run.Name != "hindcast-m-0123" || run.State != "PENDING" || run.CreatedAt.IsZero() || !run.FinishedAt.IsZero() || run.URL != "https://ui/pipeline/#/runs/details/r1" {
				t.Errorf("%+v", run)
			}
			want := object{
				"display_name": "hindcast-m-0123", "description": "why", "experiment_id": "e1", "service_account": "runner",
				"pipeline_version_reference": object{"pipeline_id": "p1", "pipeline_version_id": "v2"},
				"runtime_config":             object{"parameters": object{"model_name": "m", "learning_rate": 0.5, "epochs": 7.0}, "pipeline_root": "s3://artifacts/m"},
			}
			if !reflect.DeepEqual(k.posts[0], want) {
				t.Errorf("sent %v, want %v", k.posts[0], want)
			}
			// The same name in other letters, an archived run, and more than a page.
			for _, o := range []object{
				{"display_name": "Hindcast-M-0123"}, {"display_name": "hindcast-m-0123", "storage_state": "ARCHIVED", "state": "FAILED", "finished_at": "2026-01-02T00:00:00Z"},
				{"display_name": "HINDCAST-m-0123"}, {"display_name": "hindcast-m-0123"},
			} {
				o["run_id"], o["experiment_id"] = fmt.Sprint("x", len(k.runs)), "e1"
				o["created_at"] = fmt.Sprintf("2025-12-0%dT00:00:00Z", 9-len(k.runs))
				k.runs = append(k.runs, o)
			}
			runs, err := c.Find(ctx, request())
			if err != nil || len(runs) != 3 {
				t.Fatalf("%+v %v", runs, err)
			}
			if ids := []string{runs[0].ID, runs[1].ID, runs[2].ID}; !slices.Equal(ids, []string{"x4", "x2", "r1"}) {
				t.Errorf("order %v", ids)
			}
			if runs[1].State != "FAILED" || runs[1].FinishedAt.IsZero() {
				t.Errorf("%+v", runs[1])
			}
		})
	}
}

func TestVersions(t *testing.T) {
	k, url := startKFP(t)
	c := client(t, url)
	for version, want := range map[string]string{"": "v2", "latest": "v2", "two": "v2", "Two": "v0"} {
		req := request()
		req.Version = version
		r, err := c.Resolve(t.Context(), req)
		if err != nil || r.PipelineID != "p1" || r.VersionID != want {
			t.Errorf("%q: %+v %v", version, r, err)
		}
	}
	// A list that leaves the spec out.
	delete(k.versions[1], "pipeline_spec")
	if err := c.Check(t.Context(), request()); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*trigger.LaunchRequest){
		"no pipeline RETRAIN":           func(r *trigger.LaunchRequest) { r.Pipeline = "RETRAIN" },
		"has no version TWO":            func(r *trigger.LaunchRequest) { r.Version = "TWO" },
		"Retrain has no version latest": func(r *trigger.LaunchRequest) { r.Pipeline = "Retrain" },
		"the run's name":                func(r *trigger.LaunchRequest) { r.Name = strings.Repeat("x", 129) },
		"the experiment's name":         func(r *trigger.LaunchRequest) { r.Experiment = strings.Repeat("x", 129) },
		"are required":                  func(r *trigger.LaunchRequest) { r.Pipeline = "" },
	} {
		req := request()
		change(&req)
		for name, err := range map[string]error{"check": c.Check(t.Context(), req), "create": second(c.Create(t.Context(), req))} {
			if !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v lacks %q", name, err, what)
			}
		}
	}
	k.versions[1]["pipeline_spec"] = spec(t, `{"apiVersion":"argoproj.io/v1alpha1"}`)
	if err := c.Check(t.Context(), request()); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "KFP 2") {
		t.Errorf("an old pipeline: %v", err)
	}
	if len(k.posts) != 0 || len(k.experiments) != 0 {
		t.Error("something was made")
	}
}

func second(_ trigger.Run, err error) error { return err }

func TestExperiments(t *testing.T) {
	t.Run("made by somebody else meanwhile", func(t *testing.T) {
		k, url := startKFP(t)
		k.conflict = true
		if run, err := client(t, url).Create(t.Context(), request()); err != nil || run.ID == "" {
			t.Errorf("%+v %v", run, err)
		}
	})
	t.Run("differs in case", func(t *testing.T) {
		k, url := startKFP(t)
		k.experiments = []object{{"experiment_id": "e0", "display_name": "EXP"}}
		_, err := client(t, url).Create(t.Context(), request())
		if !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "case") {
			t.Error(err)
		}
	})
	t.Run("default", func(t *testing.T) {
		k, url := startKFP(t)
		req := request()
		req.Experiment = ""
		if _, err := client(t, url).Create(t.Context(), req); err != nil || k.experiments[0]["display_name"] != "Default" {
			t.Errorf("%v %v", k.experiments, err)
		}
	})
}

func TestParameters(t *testing.T) {
	_, url := startKFP(t)
	c := client(t, url)
	r := func(s string) trigger.Rendered { return trigger.Rendered(s) }
	ok := map[string][][2]any{
		"model_name":    {{"m", "m"}, {"", ""}, {r("42"), "42"}, {r(" x "), " x "}},
		"learning_rate": {{0.1, 0.1}, {1, 1.0}, {uint64(2), 2.0}, {float32(0.5), 0.5}, {r("1e-3"), 0.001}, {r(" 5 "), 5.0}},
		"epochs":        {{5, int64(5)}, {uint64(5), int64(5)}, {5.0, int64(5)}, {r("42"), int64(42)}, {r("-1"), int64(-1)}, {int64(1) << 53, int64(1) << 53}},
		"shuffle":       {{true, true}, {r("false"), false}},
		"columns":       {{[]any{"a", 1}, []any{"a", 1}}, {[]string{"a"}, []string{"a"}}, {r(`["a"]`), []any{"a"}}},
		"options":       {{map[string]any{"a": 1}, map[string]any{"a": 1}}, {r(`{"a":1}`), map[string]any{"a": 1.0}}},
	}
	for name, cases := range ok {
		for _, in := range cases {
			req := request()
			req.Parameters[name] = in[0]
			got, err := c.Resolve(t.Context(), req)
			if err != nil || !reflect.DeepEqual(got.Parameters[name], in[1]) {
				t.Errorf("%s = %#v: %#v, want %#v, %v", name, in[0], got.Parameters[name], in[1], err)
			}
		}
	}
	bad := map[string][]any{
		"model_name":    {1, true, nil, []any{}, 0.5},
		"learning_rate": {"0.1", r("x"), r("NaN"), r("inf"), math.NaN(), math.Inf(1), true},
		"epochs":        {"5", 0.5, r("0.5"), r(""), r("99999999999999999999"), int64(1)<<53 + 1, math.Inf(1), uint64(math.MaxUint64)},
		"shuffle":       {"true", 1, r("yes")},
		"columns":       {"a", r("a"), r("null"), map[string]any{}},
		"options":       {[]any{}, r("[]"), r("null"), "x"},
	}
	kinds := map[string]string{"model_name": "STRING", "learning_rate": "NUMBER_DOUBLE", "epochs": "NUMBER_INTEGER", "shuffle": "BOOLEAN", "columns": "LIST", "options": "STRUCT"}
	for name, cases := range bad {
		for _, in := range cases {
			req := request()
			req.Parameters[name] = in
			err := c.Check(t.Context(), req)
			if !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "parameter "+name+" wants "+kinds[name]+", given ") {
				t.Errorf("%s = %#v: %v", name, in, err)
			}
		}
	}
	req := request()
	req.Parameters = map[string]any{"modle_name": "m", "epochs": "x"}
	err := c.Check(t.Context(), req)
	for _, words := range []string{
		"parameter modle_name is not one of the pipeline's (it has columns, epochs, learning_rate, model_name, options, shuffle)",
		`parameter epochs wants NUMBER_INTEGER, given the string "x"`, "parameter model_name (STRING) is missing",
	} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v lacks %q", err, words)
		}
	}
	req = request()
	req.Version = "one"
	if err := c.Check(t.Context(), req); err == nil || !strings.Contains(err.Error(), "it has none") {
		t.Error(err)
	}
}

func TestRenderedIntegersProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		got, err := convert(typeInteger, trigger.Rendered(fmt.Sprint(n)))
		same, sameErr := convert(typeInteger, n)
		if (err == nil) != (sameErr == nil) || !reflect.DeepEqual(got, same) {
			t.Fatalf("%d: rendered %v %v, literal %v %v", n, got, err, same, sameErr)
		}
		if i, ok := got.(int64); err == nil && (!ok || i != n) {
			t.Fatalf("%d became %v", n, got)
		}
	})
}

func FuzzSpec(f *testing.F) {
	f.Add(retrainSpec)
	f.Add(`{"pipeline_spec":{"root":{}}}`)
	f.Add(`{"root":{"inputDefinitions":{"parameters":{"a":{"type":"INT"}}}}}`)
	f.Fuzz(func(_ *testing.T, s string) {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			return
		}
		spec, err := specOf(version(v))
		if err == nil {
			_, _ = checkParameters(spec, map[string]any{"a": trigger.Rendered("1")})
		}
	})
}

func TestPostErrorClasses(t *testing.T) {
	req := request()
	for name, c := range map[string]struct {
		onPost func(k *kfp) func(w http.ResponseWriter, create func() object) bool
		want   error
		words  string
		made   int
	}{
		"500 after creating": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, create func() object) bool {
				create()
				k.fail(w, 500, 13, "Failed to store run: Internal error")
				return true
			}
		}, trigger.ErrUnclear, "500", 1},
		"500 for an unknown pipeline": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, _ func() object) bool {
				k.fail(w, 500, 13, "InternalServerError: ... ResourceNotFoundError: PipelineVersion not found")
				return true
			}
		}, trigger.ErrUnclear, "ResourceNotFoundError", 0},
		"503": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, _ func() object) bool { k.fail(w, 503, 14, "starting"); return true }
		}, trigger.ErrUnclear, "503", 0},
		"400": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, _ func() object) bool {
				k.fail(w, 400, 3, "parameter x is bad")
				return true
			}
		}, trigger.ErrRejected, "parameter x is bad", 0},
		"hang": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(_ http.ResponseWriter, create func() object) bool {
				create()
				k.mu.Unlock()
				<-k.closing
				k.mu.Lock()
				return true
			}
		}, trigger.ErrUnclear, "no answer within", 1},
		"broken connection": {func(*kfp) func(http.ResponseWriter, func() object) bool {
			return func(_ http.ResponseWriter, create func() object) bool { create(); panic(http.ErrAbortHandler) }
		}, trigger.ErrUnclear, "", 1},
		"200 with nonsense": {func(*kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, create func() object) bool {
				create()
				_, _ = w.Write([]byte("<html>"))
				return true
			}
		}, trigger.ErrUnclear, "", 1},
		"200 without an id": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, create func() object) bool {
				create()
				k.answer(w, object{})
				return true
			}
		}, trigger.ErrUnclear, "no run id", 1},
		"429": {func(k *kfp) func(http.ResponseWriter, func() object) bool {
			return func(w http.ResponseWriter, _ func() object) bool { k.fail(w, 429, 8, "slow down"); return true }
		}, nil, "slow down", 0},
	} {
		t.Run(name, func(t *testing.T) {
			k, url := startKFP(t)
			k.onPost = c.onPost(k)
			cl := client(t, url, func(o *Options) { o.Timeout = 300 * time.Millisecond })
			_, err := cl.Create(t.Context(), req)
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Fatalf("error %v lacks %q", err, c.words)
			}
			for _, class := range []error{trigger.ErrUnclear, trigger.ErrRejected, trigger.ErrRunGone, trigger.ErrTooLate, errNotSent} {
				if errors.Is(err, class) != errors.Is(class, c.want) {
					t.Errorf("class %q: %v", class, err)
				}
			}
			k.mu.Lock()
			k.onPost = nil
			posts := len(k.posts)
			k.mu.Unlock()
			if posts != 1 {
				t.Errorf("%d posts", posts)
			}
			if runs, err := cl.Find(t.Context(), req); err != nil || len(runs) != c.made {
				t.Errorf("a look finds %d, %v", len(runs), err)
			}
		})
	}
}

func TestNothingSent(t *testing.T) {
	// A port that nobody listens on.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := client(t, "http://"+addr)
	err = c.do(t.Context(), http.MethodPost, "/runs", nil, object{}, nil)
	if got := afterPost(err); !errors.Is(got, errNotSent) || errors.Is(got, trigger.ErrUnclear) || errors.Is(got, trigger.ErrRejected) {
		t.Errorf("connection refused: %v", got)
	}
	// Something that accepts and says nothing: the request may be on its way.
	k, url := startKFP(t)
	k.onAny = func(http.ResponseWriter, *http.Request) bool { <-k.closing; return true }
	c = client(t, url, func(o *Options) { o.Timeout = 100 * time.Millisecond })
	start := time.Now()
	err = c.do(t.Context(), http.MethodPost, "/runs", nil, object{}, nil)
	if got := afterPost(err); !errors.Is(got, trigger.ErrUnclear) || time.Since(start) > 3*time.Second {
		t.Errorf("hang: %v after %s", got, time.Since(start))
	}
	// A transport that tells nothing about connections is not trusted to have sent nothing.
	c = client(t, url, func(o *Options) {
		o.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("lost") })
	})
	if got := afterPost(c.do(t.Context(), http.MethodPost, "/runs", nil, object{}, nil)); !errors.Is(got, trigger.ErrUnclear) {
		t.Errorf("unknown: %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client(t, url).do(ctx, http.MethodGet, "/healthz", nil, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNotAfter(t *testing.T) {
	k, url := startKFP(t)
	req := request()
	req.NotAfter = time.Now().Add(-time.Millisecond)
	if _, err := client(t, url).Create(t.Context(), req); !errors.Is(err, trigger.ErrTooLate) || len(k.posts) != 0 {
		t.Errorf("%v, %d posts", err, len(k.posts))
	}
	req.NotAfter = time.Now().Add(time.Minute)
	if _, err := client(t, url).Create(t.Context(), req); err != nil {
		t.Error(err)
	}
}

func TestMultiUser(t *testing.T) {
	k, url := startKFP(t)
	k.multiUser, k.token, k.denied = true, "good-token", "no-role"
	k.pipelines = append(k.pipelines, object{"pipeline_id": "p1", "display_name": "mine", "namespace": "team-a"})
	file := filepath.Join(t.TempDir(), "token")
	c := client(t, url, func(o *Options) { o.TokenFile = file; o.Namespace = "team-a" })
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	try := func() error { return c.Check(t.Context(), request()) }
	if err := try(); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), "audience pipelines.kubeflow.org") {
		t.Errorf("without a token: %v", err)
	}
	write("wrong-token\n")
	if err := try(); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "wrong-token") {
		t.Errorf("with a bad token: %v", err)
	}
	write("no-role")
	if err := try(); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "403") || !strings.Contains(err.Error(), "runs and experiments") {
		t.Errorf("without a role: %v", err)
	}
	// The file is read again for each request, and trimmed.
	write("  good-token \n")
	if err := try(); err != nil {
		t.Errorf("with a good token: %v", err)
	}
	req := request()
	req.Pipeline = "mine"
	if run, err := c.Create(t.Context(), req); err != nil || run.ID == "" {
		t.Errorf("%+v %v", run, err)
	}
	if runs, err := c.Find(t.Context(), req); err != nil || len(runs) != 1 {
		t.Errorf("%+v %v", runs, err)
	}
	req.Namespace = "team-b"
	if err := c.Check(t.Context(), req); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "namespace team-b or shared") {
		t.Errorf("another team's pipeline: %v", err)
	}
	write("two tokens")
	if err := try(); err == nil || strings.Contains(err.Error(), "two tokens") {
		t.Errorf("two tokens: %v", err)
	}
	c = client(t, url, func(o *Options) { o.Token = "good-token" })
	if err := c.Check(t.Context(), request()); !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "namespace is required") {
		t.Errorf("without a namespace: %v", err)
	}
	c = client(t, url, func(o *Options) { o.Token = "good-token"; o.Namespace = "team-a" })
	if err := c.Check(t.Context(), request()); err != nil {
		t.Errorf("with a token given: %v", err)
	}
}

func TestSingleUserGetsNoNamespace(t *testing.T) {
	_, url := startKFP(t)
	req := request()
	req.Namespace = "team-a"
	if _, err := client(t, url).Create(t.Context(), req); err != nil {
		t.Error(err)
	}
}

func TestGetAndTerminate(t *testing.T) {
	k, url := startKFP(t)
	c := client(t, url)
	k.runs = []object{{
		"run_id": "r1", "display_name": "n", "experiment_id": "e", "state": "FAILED", "created_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T01:00:00Z",
		"state_history": []any{object{"state": "FAILED", "error": object{"code": 13, "message": "step train failed"}}},
	}, {"run_id": "r2", "state": "A_NEW_STATE", "finished_at": "0001-01-01T00:00:00Z"}, {"run_id": "r3", "state": "RUNTIME_STATE_UNSPECIFIED"}}
	r, err := c.Get(t.Context(), "r1")
	if err != nil || r.State != "FAILED" || r.Error != "step train failed" || !r.FinishedAt.Equal(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := c.Get(t.Context(), "r2"); err != nil || r.State != "A_NEW_STATE" || !r.FinishedAt.IsZero() || !r.CreatedAt.IsZero() {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := c.Get(t.Context(), "r3"); err != nil || r.State != "" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := c.Get(t.Context(), "r9"); !errors.Is(err, trigger.ErrRunGone) || errors.Is(err, trigger.ErrRejected) {
		t.Errorf("gone: %v", err)
	}
	if err := c.Terminate(t.Context(), "r1"); err != nil || k.runs[0]["state"] != "CANCELING" {
		t.Errorf("terminate: %v %v", k.runs[0], err)
	}
	if err := c.Terminate(t.Context(), "r9"); !errors.Is(err, trigger.ErrRunGone) {
		t.Errorf("terminate: %v", err)
	}
	// A 404 of a proxy, or an answer of something else, is no news of the run.
	k.onAny = func(w http.ResponseWriter, r *http.Request) bool { http.NotFound(w, r); return true }
	if _, err := c.Get(t.Context(), "r1"); err == nil || errors.Is(err, trigger.ErrRunGone) {
		t.Errorf("a proxy's 404: %v", err)
	}
	k.onAny = func(w http.ResponseWriter, _ *http.Request) bool { k.answer(w, object{}); return true }
	if _, err := c.Get(t.Context(), "r1"); err == nil || errors.Is(err, trigger.ErrRunGone) {
		t.Errorf("an empty answer: %v", err)
	}
}

func TestLoginPage(t *testing.T) {
	k, url := startKFP(t)
	k.onAny = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "https://dex.example.com/auth?state=secret", http.StatusFound)
		return true
	}
	err := client(t, url, func(o *Options) { o.Token = "tok" }).Check(t.Context(), request())
	if !errors.Is(err, trigger.ErrRejected) || !strings.Contains(err.Error(), "dex.example.com") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestLookFails(t *testing.T) {
	k, url := startKFP(t)
	k.experiments = []object{{"experiment_id": "e1", "display_name": "exp"}}
	c := client(t, url)
	k.onAny = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/runs") {
			k.fail(w, 500, 13, "database is away, token %s", strings.Repeat("x", 5000))
			return true
		}
		return false
	}
	if runs, err := c.Find(t.Context(), request()); err == nil || runs != nil || len(err.Error()) > 1000 {
		t.Errorf("%v %v", runs, err)
	}
	// A list whose pages never end, and a run that the server can't show.
	k.onAny = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/runs") {
			k.answer(w, object{"next_page_token": "again"})
			return true
		}
		return false
	}
	if _, err := c.Find(t.Context(), request()); err == nil || !strings.Contains(err.Error(), "same page") {
		t.Error(err)
	}
	k.onAny = nil
	k.runs = []object{{"run_id": "r1", "experiment_id": "e1", "error": object{"message": "Failed to parse"}}}
	k.onAny = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/runs") {
			k.answer(w, object{"runs": k.runs})
			return true
		}
		return false
	}
	if _, err := c.Find(t.Context(), request()); err == nil || !strings.Contains(err.Error(), "r1") {
		t.Error(err)
	}
}

func version(spec any) *pipeline_model.V2beta1PipelineVersion {
	return &pipeline_model.V2beta1PipelineVersion{DisplayName: "v", PipelineSpec: spec}
}

// The server cannot keep long descriptions, and says so only after it made the workflow.
func TestLongDescriptions(t *testing.T) {
	k, url := startKFP(t)
	c := client(t, url)
	long := strings.Repeat("Größe", 60) // more bytes than characters
	want := string([]rune(long)[:maxDescription-3]) + "..."
	req := request()
	req.Description = long
	if _, err := c.Create(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if got := k.posts[0]["description"]; got != want {
		t.Errorf("run: %v", got)
	}
	for about, short := range map[string]bool{"": true, "why": true, strings.Repeat("Größe", 30): true, long: false} {
		body, _, err := c.prepare(t.Context(), "", Schedule{Name: "s", About: about, Experiment: "exp", Pipeline: "retrain", Version: "two"}, "0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		n := utf8.RuneCountInString(body.Description)
		_, hash, _ := strings.Cut(body.Description, hashMark)
		if n > maxDescription || hash != "0123456789abcdef" || short != strings.HasPrefix(body.Description, about) || !short && n != maxDescription {
			t.Errorf("%d characters: %s", n, body.Description)
		}
	}
}
