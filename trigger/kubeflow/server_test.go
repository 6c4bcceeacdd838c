package kubeflow

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a pipeline, version, experiment or run as the API shows it.
type object = map[string]any

// kfp behaves as servers 2.0.x and 2.17 were seen to: see the testbed's notes.
type kfp struct {
	t         *testing.T
	strict    bool // 2.17: unknown JSON fields are refused
	multiUser bool
	token     string // what a multi-user server takes
	denied    string // what it takes, but without a role

	mu          sync.Mutex
	pipelines   []object
	versions    []object
	experiments []object
	runs        []object
	posts       []object // bodies of POSTs of runs
	calls       []string
	onPost      func(w http.ResponseWriter, make func() object) bool // true: it answered
	onAny       func(w http.ResponseWriter, r *http.Request) bool
	conflict    bool // POST of an experiment: somebody else just made it
	closing     chan struct{}
}

const retrainSpec = `{"schemaVersion":"2.1.0","root":{"dag":{},"inputDefinitions":{"parameters":{
 "model_name":{"parameterType":"STRING"},
 "learning_rate":{"parameterType":"NUMBER_DOUBLE","defaultValue":0.1,"isOptional":true},
 "epochs":{"parameterType":"NUMBER_INTEGER","defaultValue":3},
 "shuffle":{"parameterType":"BOOLEAN","isOptional":true},
 "columns":{"parameterType":"LIST","isOptional":true},
 "options":{"parameterType":"STRUCT","isOptional":true}}}}}`

func spec(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func startKFP(t *testing.T) (*kfp, string) {
	t.Helper()
	k := &kfp{t: t, closing: make(chan struct{})}
	at := func(n int) string { return time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).Format(time.RFC3339) }
	k.pipelines = []object{
		{"pipeline_id": "p-upper", "display_name": "Retrain"},
		{"pipeline_id": "p1", "display_name": "retrain"},
	}
	k.versions = []object{
		{"pipeline_id": "p1", "pipeline_version_id": "v1", "display_name": "one", "created_at": at(1), "pipeline_spec": spec(t, `{"root":{"dag":{}}}`)},
		{"pipeline_id": "p1", "pipeline_version_id": "v2", "display_name": "two", "created_at": at(3), "pipeline_spec": spec(t, retrainSpec)},
		{"pipeline_id": "p1", "pipeline_version_id": "v0", "display_name": "Two", "created_at": at(2), "pipeline_spec": spec(t, `{"pipeline_spec":`+retrainSpec+`,"platform_spec":{}}`)},
	}
	s := httptest.NewServer(k)
	t.Cleanup(func() {
		close(k.closing)
		s.Close()
	})
	return k, s.URL
}

func (k *kfp) fail(w http.ResponseWriter, status, code int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	msg := fmt.Sprintf(format, args...)
	_ = json.NewEncoder(w).Encode(object{"error": msg, "code": code, "message": msg, "details": []any{object{"@type": "type.googleapis.com/google.rpc.Status"}}})
}

func (k *kfp) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// page answers a list: filtered without regard to case, two at a time.
func (k *kfp) page(w http.ResponseWriter, q url.Values, name string, all []object) {
	var filter struct {
		Predicates []struct {
			Operation   string `json:"operation"`
			Key         string `json:"key"`
			StringValue string `json:"string_value"`
		} `json:"predicates"`
	}
	if f := q.Get("filter"); f != "" {
		if err := json.Unmarshal([]byte(f), &filter); err != nil {
			k.fail(w, 400, 3, "bad filter: %v", err)
			return
		}
	}
	var hits []object
	for _, o := range all {
		ok := true
		for _, p := range filter.Predicates {
			if p.Key == "experiment_id" {
				k.fail(w, 500, 13, "Unknown column 'runs.experiment_id'")
				return
			}
			ok = ok && p.Operation == "EQUALS" && p.Key == "display_name" && strings.EqualFold(fmt.Sprint(o["display_name"]), p.StringValue)
		}
		if ok {
			hits = append(hits, o)
		}
	}
	if q.Get("sort_by") == "created_at desc" {
		slices.SortStableFunc(hits, func(a, b object) int {
			return strings.Compare(fmt.Sprint(b["created_at"]), fmt.Sprint(a["created_at"]))
		})
	}
	from, size := 0, 2
	_, _ = fmt.Sscan(q.Get("page_token"), &from)
	if q.Get("page_size") == "1" {
		size = 1
	}
	out := object{}
	if from < len(hits) {
		out[name] = hits[from:min(from+size, len(hits))]
		out["total_size"] = len(hits)
	}
	if from+size < len(hits) {
		out["next_page_token"] = fmt.Sprint(from + size)
	}
	k.answer(w, out)
}

func (k *kfp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/apis/v2beta1")
	k.mu.Lock()
	k.calls = append(k.calls, r.Method+" "+path)
	onAny := k.onAny
	k.mu.Unlock()
	if onAny != nil && onAny(w, r) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	if path == "/healthz" {
		if k.multiUser {
			k.answer(w, object{"multi_user": true})
		} else {
			k.answer(w, object{})
		}
		return
	}
	if k.multiUser {
		switch r.Header.Get("Authorization") {
		case "Bearer " + k.token:
		case "Bearer " + k.denied:
			k.fail(w, 403, 7, "User 'sa' is not authorized with reason:  (request: &ResourceAttributes{Namespace:%s})", r.URL.Query().Get("namespace"))
			return
		default:
			k.fail(w, 401, 16, "Request header error: there is no Authorization header or it is bad: %s", r.Header.Get("Authorization"))
			return
		}
	}
	q := r.URL.Query()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && path == "/pipelines":
		var mine []object
		for _, p := range k.pipelines {
			if ns, _ := p["namespace"].(string); !k.multiUser || ns == q.Get("namespace") {
				mine = append(mine, p)
			}
		}
		k.page(w, q, "pipelines", mine)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/pipelines/"):
		parts := strings.Split(path, "/") // "", pipelines, id, versions, id
		var mine []object
		for _, v := range k.versions {
			if v["pipeline_id"] == parts[2] {
				mine = append(mine, v)
			}
			if len(parts) == 5 && v["pipeline_version_id"] == parts[4] {
				full := object{"pipeline_spec": spec(k.t, retrainSpec)}
				for key, val := range v {
					full[key] = val
				}
				k.answer(w, full)
				return
			}
		}
		k.page(w, q, "pipeline_versions", mine)
	case r.Method == http.MethodGet && path == "/experiments":
		if k.multiUser != (q.Get("namespace") != "") {
			k.fail(w, 400, 3, "namespace is needed exactly in multi-user mode")
			return
		}
		k.page(w, q, "experiments", k.experiments)
	case r.Method == http.MethodPost && path == "/experiments":
		var in struct {
			DisplayName string `json:"display_name"`
			Namespace   string `json:"namespace"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || k.multiUser != (in.Namespace != "") {
			k.fail(w, 400, 3, "bad experiment: %v", err)
			return
		}
		e := object{"experiment_id": fmt.Sprint("e", len(k.experiments)+1), "display_name": in.DisplayName}
		clash := slices.ContainsFunc(k.experiments, func(o object) bool {
			return strings.EqualFold(fmt.Sprint(o["display_name"]), in.DisplayName)
		})
		if k.conflict && !clash {
			k.experiments = append(k.experiments, e)
			clash = true
		}
		if clash {
			k.fail(w, 409, 6, "Already exist error: experiment %s", in.DisplayName)
			return
		}
		k.experiments = append(k.experiments, e)
		k.answer(w, e)
	case r.Method == http.MethodGet && path == "/runs":
		if q.Get("experiment_id") == "" {
			k.fail(w, 400, 3, "experiment_id or namespace is needed")
			return
		}
		var mine []object
		for _, o := range k.runs {
			if o["experiment_id"] == q.Get("experiment_id") {
				mine = append(mine, o)
			}
		}
		k.page(w, q, "runs", mine)
	case r.Method == http.MethodPost && path == "/runs":
		k.postRun(w, r)
	case r.Method == http.MethodPost && strings.HasSuffix(path, ":terminate"):
		id := strings.TrimSuffix(strings.TrimPrefix(path, "/runs/"), ":terminate")
		for _, o := range k.runs {
			if o["run_id"] == id {
				o["state"] = "CANCELING"
				k.answer(w, object{})
				return
			}
		}
		k.fail(w, 404, 5, "ResourceNotFoundError: Run %s not found", id)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/runs/"):
		for _, o := range k.runs {
			if o["run_id"] == strings.TrimPrefix(path, "/runs/") {
				k.answer(w, o)
				return
			}
		}
		k.fail(w, 404, 5, "ResourceNotFoundError: Run %s not found", path)
	default:
		k.fail(w, 404, 5, "Not Found")
	}
}

func (k *kfp) postRun(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var in object
	if err := json.Unmarshal(raw, &in); err != nil {
		k.fail(w, 400, 3, "%v", err)
		return
	}
	k.posts = append(k.posts, in)
	if k.strict {
		known := []string{"display_name", "description", "experiment_id", "pipeline_version_reference", "runtime_config", "service_account"}
		for name := range in {
			if !slices.Contains(known, name) {
				k.fail(w, 400, 3, "proto: unknown field %q", name)
				return
			}
		}
	}
	if in["scheduled_at"] != nil || strings.Contains(string(raw), "0001-01-01") {
		k.t.Error("a zero time was sent")
	}
	create := func() object {
		o := object{
			"run_id": fmt.Sprint("r", len(k.runs)+1), "display_name": in["display_name"], "experiment_id": in["experiment_id"], "state": "PENDING",
			"created_at": time.Date(2026, 1, 1, 0, 0, len(k.runs), 0, time.UTC).Format(time.RFC3339), "finished_at": "1970-01-01T00:00:00Z",
		}
		k.runs = append(k.runs, o)
		return o
	}
	if k.onPost != nil && k.onPost(w, create) {
		return
	}
	if !slices.ContainsFunc(k.experiments, func(e object) bool { return e["experiment_id"] == in["experiment_id"] }) {
		k.fail(w, 404, 5, "ResourceNotFoundError: Experiment %v not found", in["experiment_id"])
		return
	}
	k.answer(w, create())
}
