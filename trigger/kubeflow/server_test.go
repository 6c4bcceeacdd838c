package kubeflow

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
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

// kfp stands in for a server and behaves as 2.0.x and 2.17 were seen to.
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

// ServeHTTP notes the call and has it answered, one at a time.
func (k *kfp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.calls = append(k.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/apis/v2beta1"))
	onAny := k.onAny
	k.mu.Unlock()
	if onAny != nil && onAny(w, r) {
		return
	}
	if r.URL.Path != "/apis/v2beta1/healthz" && !k.authorised(w, r) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.routes().ServeHTTP(w, r)
}

// authorised answers a request that a multi-user server refuses, and says whether it
// takes it.
func (k *kfp) authorised(w http.ResponseWriter, r *http.Request) bool {
	header := r.Header.Get("Authorization")
	switch {
	case !k.multiUser || header == "Bearer "+k.token:
		return true
	case header == "Bearer "+k.denied:
		k.fail(w, 403, 7, "User 'sa' is not authorized with reason:  (request: &ResourceAttributes{Namespace:%s})", r.URL.Query().Get("namespace"))
	default:
		k.fail(w, 401, 16, "Request header error: there is no Authorization header or it is bad: %s", header)
	}
	return false
}

// routes returns what answers which request.
func (k *kfp) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]http.HandlerFunc{
		"GET /healthz":                           k.healthz,
		"GET /pipelines":                         k.listPipelines,
		"GET /pipelines/{id}/versions":           k.listVersions,
		"GET /pipelines/{id}/versions/{version}": k.getVersion,
		"GET /experiments":                       k.listExperiments,
		"POST /experiments":                      k.postExperiment,
		"GET /runs":                              k.listRuns,
		"POST /runs":                             k.postRun,
		"GET /runs/{id}":                         k.getRun,
		"POST /runs/{id}":                        k.terminate, // the id ends with :terminate
		"/":                                      func(w http.ResponseWriter, _ *http.Request) { k.fail(w, 404, 5, "Not Found") },
	} {
		method, path, _ := strings.Cut(pattern, "/")
		mux.HandleFunc(method+"/apis/v2beta1/"+path, answer)
	}
	return mux
}

func (k *kfp) healthz(w http.ResponseWriter, _ *http.Request) {
	if k.multiUser {
		k.answer(w, object{"multi_user": true})
	} else {
		k.answer(w, object{})
	}
}

func (k *kfp) listPipelines(w http.ResponseWriter, r *http.Request) {
	var mine []object
	for _, p := range k.pipelines {
		if ns, _ := p["namespace"].(string); !k.multiUser || ns == r.URL.Query().Get("namespace") {
			mine = append(mine, p)
		}
	}
	k.page(w, r.URL.Query(), "pipelines", mine)
}

func (k *kfp) listVersions(w http.ResponseWriter, r *http.Request) {
	k.page(w, r.URL.Query(), "pipeline_versions", with("pipeline_id", r.PathValue("id"), k.versions))
}

// getVersion answers with the pipeline's specification, which a list may leave out.
func (k *kfp) getVersion(w http.ResponseWriter, r *http.Request) {
	for _, v := range with("pipeline_version_id", r.PathValue("version"), k.versions) {
		full := object{"pipeline_spec": spec(k.t, retrainSpec)}
		maps.Copy(full, v)
		k.answer(w, full)
		return
	}
	k.fail(w, 404, 5, "ResourceNotFoundError: PipelineVersion %s not found", r.PathValue("version"))
}

func (k *kfp) listExperiments(w http.ResponseWriter, r *http.Request) {
	if k.multiUser != (r.URL.Query().Get("namespace") != "") {
		k.fail(w, 400, 3, "namespace is needed exactly in multi-user mode")
		return
	}
	k.page(w, r.URL.Query(), "experiments", k.experiments)
}

func (k *kfp) postExperiment(w http.ResponseWriter, r *http.Request) {
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
	if !clash {
		k.experiments = append(k.experiments, e)
	}
	if clash || k.conflict {
		k.fail(w, 409, 6, "Already exist error: experiment %s", in.DisplayName)
		return
	}
	k.answer(w, e)
}

func (k *kfp) listRuns(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("experiment_id")
	if id == "" {
		k.fail(w, 400, 3, "experiment_id or namespace is needed")
		return
	}
	k.page(w, r.URL.Query(), "runs", with("experiment_id", id, k.runs))
}

// run answers a request for a run that there isn't, and returns nil.
func (k *kfp) run(w http.ResponseWriter, id string) object {
	for _, o := range with("run_id", id, k.runs) {
		return o
	}
	k.fail(w, 404, 5, "ResourceNotFoundError: Run %s not found", id)
	return nil
}

func (k *kfp) getRun(w http.ResponseWriter, r *http.Request) {
	if o := k.run(w, r.PathValue("id")); o != nil {
		k.answer(w, o)
	}
}

func (k *kfp) terminate(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("id"), ":terminate")
	if !ok {
		k.fail(w, 404, 5, "Not Found")
		return
	}
	if o := k.run(w, id); o != nil {
		o["state"] = "CANCELING"
		k.answer(w, object{})
	}
}

// with returns the objects whose field has the value.
func with(field, value string, all []object) []object {
	var out []object
	for _, o := range all {
		if o[field] == value {
			out = append(out, o)
		}
	}
	return out
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
