//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/kfp"
	"github.com/hindcast/hindcast/internal/slackstand"
)

// result is how a command ended.
type result struct {
	code           int // -1 when a signal ended it
	stdout, stderr string
}

// command makes a command of hindcast with the environment of a shell that has the
// bucket's key and nothing else.
func (e env) command(ctx context.Context, binary string, extra []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"AWS_ACCESS_KEY_ID=" + os.Getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + os.Getenv("AWS_SECRET_ACCESS_KEY"),
	}, extra...)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// finish waits for a command that has its output in the two buffers.
func finish(t *testing.T, cmd *exec.Cmd, run func() error) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%v: %v", cmd.Args, err) // may be called from any goroutine
	}
	r := result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	t.Logf("%s: exit status %d\n%s", strings.Join(cmd.Args[1:], " "), r.code, r.stderr)
	return r
}

// hindcast runs the binary as it ships.
func (e env) hindcast(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := e.command(ctx, e.Binary, nil, args...)
	return finish(t, cmd, cmd.Run)
}

// outcome is the contract of `run -o json`, as far as the tests look.
type outcome struct {
	Model  string `json:"model"`
	Window struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"window"`
	AsOfApplied bool   `json:"as_of_applied"`
	Stage       string `json:"stage"`
	Revision    int    `json:"revision"`
	Verdict     string `json:"verdict"`
	Coverage    struct {
		Predictions          int64            `json:"predictions"`
		Labels               int64            `json:"labels"`
		Matched              int64            `json:"matched"`
		Coverage             float64          `json:"coverage"`
		DuplicatePredictions int64            `json:"duplicate_predictions"`
		DuplicateLabels      int64            `json:"duplicate_labels"`
		UnmatchedLabels      int64            `json:"unmatched_labels"`
		Skipped              map[string]int64 `json:"skipped"`
	} `json:"coverage"`
	Metrics   map[string]metric `json:"metrics"`
	Reference struct {
		Rows    int64             `json:"rows"`
		Metrics map[string]metric `json:"metrics"`
	} `json:"reference"`
	Drift struct {
		Share   float64 `json:"share"`
		Columns map[string]struct {
			Drifted  bool `json:"drifted"`
			Measures map[string]struct {
				Value float64 `json:"value"`
			} `json:"measures"`
		} `json:"columns"`
	} `json:"drift"`
	Versions map[string]struct {
		N       int64             `json:"n"`
		Metrics map[string]metric `json:"metrics"`
	} `json:"versions"`
	Segments map[string]map[string]struct {
		N       int64             `json:"n"`
		Metrics map[string]metric `json:"metrics"`
	} `json:"segments"`
	Rules []struct {
		Name    string `json:"name"`
		Verdict string `json:"verdict"`
		Reason  string `json:"reason"`
		Streak  int    `json:"streak"`
	} `json:"rules"`
	Decision struct {
		Action  string `json:"action"`
		Guard   string `json:"guard"`
		DryRun  bool   `json:"dry_run"`
		Reason  string `json:"reason"`
		Key     string `json:"key"`
		RunID   string `json:"run_id"`
		Started bool   `json:"started"` // this pass started the run; else it was there
	} `json:"decision"`
}

type metric struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
	N     int64    `json:"n"`
}

// one decodes the output of a pass over one model and one window.
func one(t *testing.T, r result) outcome {
	t.Helper()
	var all []outcome
	decode(t, []byte(r.stdout), &all)
	if len(all) != 1 {
		t.Fatalf("%d objects in the output, want one:\n%s", len(all), r.stdout)
	}
	return all[0]
}

// settings is what a scenario's configuration varies in.
type settings struct {
	Model      string
	State      string // URL
	Logs       string // URL of the folder of logs, a template's {{.Logs "dt={date}/*.csv"}}
	KFP        string // endpoint; empty leaves retraining out
	Namespace  string
	TokenFile  string
	Timeout    string
	Settle     string
	Cooldown   string
	Mode       string
	Experiment string
	Pipeline   string
	Parameters string // flow mapping
	Push       string // URL of the Pushgateway; empty leaves it out
	Group      string // the group's namespace
	Slack      *slackstand.Server
	SlackToken string // file
	Webhook    string // file, instead of the token
	URL        func(key string) string
}

var configTemplate = template.Must(template.New("hindcast.yaml").Parse(`version: 1
state: {url: '{{ .State }}'}
models:
  - name: {{ .Model }}
    task: regression
    predictions:
      url: '{{ call .URL "predictions/dt={date}/*" }}'
      columns: {id: request_id, timestamp: predicted_at, prediction: predicted_price, model_version: version}
    ground_truth:
      url: '{{ call .URL "sales/dt={date}/*.csv" }}'
      columns: {id: request_id, label: sold_price, timestamp: sold_at, ingested_at: loaded_at, op: op}
    window: 1d
    reference: {url: '{{ call .URL "training/*.csv.gz" }}'}
    segments: [city]
    rules:
      - {name: rmse, when: rmse > 1.2 * reference.rmse, min_samples: 100, action: retrain}
      - {name: drift, when: drift.share >= 0.5, action: alert}
{{- if .KFP }}
    retrain:
      mode: {{ .Mode }}
      cooldown: {{ .Cooldown }}
      settle: {{ .Settle }}
      kubeflow:
        endpoint: {{ .KFP }}
        {{- if .Namespace }}
        namespace: {{ .Namespace }}
        {{- end }}
        experiment: {{ .Experiment }}
        pipeline: {{ .Pipeline }}
        version: latest
        timeout: {{ .Timeout }}
        {{- if .TokenFile }}
        token_file: {{ .TokenFile }}
        {{- end }}
        service_account: pipeline-runner
        parameters: {{ .Parameters }}
{{- end }}
{{- if .Push }}
publish:
  pushgateway: {url: {{ .Push }}, timeout: 3s, grouping: {namespace: {{ or .Group "e2e" }}}}
{{- end }}
{{- if .Slack }}
notify:
  slack:
    timeout: 5s
    {{- if .Webhook }}
    webhook_url_file: {{ .Webhook }}
    {{- else }}
    token_file: {{ .SlackToken }}
    channel: "{{ "#ml-alerts" }}"
    api_url: {{ .Slack.APIURL }}
    {{- end }}
{{- end }}
`))

// scenario is a model with its logs in the bucket, its configuration and its pipeline.
type scenario struct {
	env
	settings

	dir       string
	config    string
	day       time.Time // start of the newest mature window
	window    []house
	reference []house
	slack     *slackstand.Server
}

// healthyNoise and worseNoise are standard deviations of errors: the reference has the
// first, so that the second breaches the rule rmse.
const (
	healthyNoise = 10
	worseNoise   = 30
)

// newScenario puts a day of predictions, its labels and a reference into the bucket,
// uploads a pipeline, starts a Slack stand-in and writes a configuration that
// retrains by itself. Change is applied to the settings before.
func newScenario(t *testing.T, noise float64, change func(*settings)) *scenario {
	t.Helper()
	e := setup(t)
	s := &scenario{env: e, dir: t.TempDir(), day: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)}
	s.Model = unique(t, "house")
	s.window = houses("w", s.day, 500, 7, noise, 0)
	s.reference = houses("r", s.day.AddDate(0, -3, 0), 1500, 8, healthyNoise, 0)
	s.put(t, s.files(t))

	s.slack = slackstand.New(time.Now)
	t.Cleanup(s.slack.Close)
	s.State, s.KFP, s.Push, s.Slack = e.URL(s.Model+"/state"), e.KFP, e.Pushgateway, s.slack
	s.URL = func(key string) string { return e.Stack.URL(s.Model + "/" + key) }
	s.Mode, s.Timeout, s.Settle, s.Cooldown = "auto", "5s", "20s", "24h"
	s.Experiment, s.Pipeline = s.Model, s.Model
	s.Parameters = `{model_name: "{{ .Model }}", data_until: "{{ .Window.End }}", reason: "{{ .Reason }}", learning_rate: 0.05, epochs: 7, warm_start: true}`
	s.SlackToken = writeFile(t, filepath.Join(s.dir, "slack-token"), slackstand.Token+"\n")
	if change != nil {
		change(&s.settings)
	}
	if s.KFP != "" && s.Namespace == "" {
		if _, err := e.kfp.Upload(t.Context(), s.Pipeline, "", retrainSpec); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t)
	return s
}

// files returns the objects of the scenario.
func (s *scenario) files(t *testing.T) map[string][]byte {
	t.Helper()
	date := "dt=" + s.day.Format(time.DateOnly)
	half := len(s.window) / 2
	return map[string][]byte{
		s.Model + "/predictions/" + date + "/a.parquet": parquetOf(t, s.window[:half]),
		s.Model + "/predictions/" + date + "/b.jsonl":   jsonlOf(t, s.window[half:]),
		s.Model + "/sales/" + date + "/sales.csv":       labelsOf(t, s.window),
		s.Model + "/training/all.csv.gz":                gzipOf(t, referenceOf(t, s.reference)),
	}
}

// write writes the configuration.
func (s *scenario) write(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	if err := configTemplate.Execute(&b, s.settings); err != nil {
		t.Fatal(err)
	}
	s.config = writeFile(t, filepath.Join(s.dir, "hindcast.yaml"), b.String())
}

// pass runs a pass and returns how it ended.
func (s *scenario) pass(t *testing.T, flags ...string) result {
	t.Helper()
	return s.hindcast(t, append([]string{"run", "-c", s.config, "-o", "json"}, flags...)...)
}

// judged does a pass that has to end with status 0, and returns its one window.
func (s *scenario) judged(t *testing.T, flags ...string) outcome {
	t.Helper()
	r := s.pass(t, flags...)
	if r.code != 0 {
		t.Fatalf("exit status %d, want 0\n%s", r.code, r.stderr)
	}
	return one(t, r)
}

// notStarted does a pass that judges but cannot start the run: it ends with status 1, and
// shows and records the window with why. Want is part of the reason.
func (s *scenario) notStarted(t *testing.T, want string) result {
	t.Helper()
	r := s.pass(t)
	if r.code != 1 || !strings.Contains(r.stderr, want) {
		t.Errorf("status %d, want 1 and %q\n%s", r.code, want, r.stderr)
	}
	o := one(t, r)
	if o.Verdict != "breached" || o.Revision == 0 || o.Decision.Action != "suppressed" || o.Decision.Guard != "error" || !strings.Contains(o.Decision.Reason, want) {
		t.Errorf("verdict %s, revision %d, decision %+v; want why the run isn't started: %q", o.Verdict, o.Revision, o.Decision, want)
	}
	if n := s.told(s.Model, "could not be started"); n != 1 {
		t.Errorf("that the run isn't started is told %d times, want once: %+v", n, s.slack.Messages())
	}
	return r
}

// runs lists what KFP has in the scenario's experiment.
func (s *scenario) runs(t *testing.T) []kfp.Run { return runsIn(t, s.kfp, s.Experiment, "") }

// runsIn lists the runs of an experiment, which there may not be.
func runsIn(t *testing.T, c *kfp.Client, experiment, namespace string) []kfp.Run {
	t.Helper()
	x, err := c.Experiment(t.Context(), experiment, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if x == "" {
		return nil
	}
	runs, err := c.Runs(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// oneRun requires that KFP has one run of the model, with one workflow.
func (s *scenario) oneRun(t *testing.T) kfp.Run {
	t.Helper()
	runs := s.runs(t)
	if len(runs) != 1 {
		t.Fatalf("%d runs, want one: %+v", len(runs), runs)
	}
	wfs, err := s.kube.Workflows(t.Context(), "kubeflow", runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(wfs) != 1 {
		t.Fatalf("%d workflows of run %s, want one", len(wfs), runs[0].ID)
	}
	return runs[0]
}

// told counts the messages that Slack shows with all of the words, in any case.
func (s *scenario) told(words ...string) int {
	n := 0
	for _, m := range s.slack.Messages() {
		all := true
		for _, w := range words {
			all = all && strings.Contains(strings.ToLower(m.All()), strings.ToLower(w))
		}
		if all {
			n++
		}
	}
	return n
}

// slackClean requires that nothing was refused or would be shown wrongly.
func (s *scenario) slackClean(t *testing.T) {
	t.Helper()
	for _, v := range s.slack.Violations() {
		t.Errorf("slack: %s", v)
	}
}
