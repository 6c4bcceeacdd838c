package report

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/job"
)

// The names of the component's inputs and outputs, see deploy/kubeflow/component.yaml.
const (
	inputConfig = "config"
	inputModels = "models"
	inputDryRun = "dry_run"

	outputMetrics        = "metrics"
	outputClassification = "classification"
	outputReport         = "report"
)

// Task is a task of Kubeflow Pipelines as its launcher describes it to a component: the
// message ExecutorInput of the pipeline spec, as JSON.
type Task struct {
	Config []byte   // hindcast.yaml; empty where the component has no such input
	Models []string // empty means all
	DryRun bool

	outputFile string
	artifacts  map[string]artifact
	root       string // in front of the launcher's folders; empty but in tests
}

// artifact is an output of the task, as the launcher describes it.
type artifact struct {
	Name     string         `json:"name"`
	URI      string         `json:"uri"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// artifactList is how the launcher lists the artifacts of one output.
type artifactList struct {
	Artifacts []artifact `json:"artifacts"`
}

// ParseTask reads what the placeholder {{$}} of a component's arguments stands for.
func ParseTask(input string) (*Task, error) {
	var in struct {
		Inputs struct {
			ParameterValues map[string]json.RawMessage `json:"parameterValues"`
		} `json:"inputs"`
		Outputs struct {
			Artifacts  map[string]artifactList `json:"artifacts"`
			OutputFile string                  `json:"outputFile"`
		} `json:"outputs"`
	}
	if strings.Contains(input, "{{$}}") {
		return nil, errors.New("it is {{$}} itself: only the launcher of Kubeflow Pipelines knows what to put there")
	}
	if err := json.Unmarshal([]byte(input), &in); err != nil {
		// The error would be of no use without the input, which is long.
		return nil, errors.New("it is not the JSON that the launcher of Kubeflow Pipelines puts in the place of {{$}}")
	}
	t := &Task{outputFile: in.Outputs.OutputFile, artifacts: map[string]artifact{}}
	if t.outputFile == "" {
		return nil, errors.New("it names no outputs.outputFile to tell of the outputs in")
	}
	for name, list := range in.Outputs.Artifacts {
		if len(list.Artifacts) == 0 {
			continue
		}
		if _, err := localPath(list.Artifacts[0].URI); err != nil {
			return nil, fmt.Errorf("output %s: %w", name, err)
		}
		t.artifacts[name] = list.Artifacts[0]
	}
	values := in.Inputs.ParameterValues
	var text string
	for name, to := range map[string]any{inputConfig: &text, inputModels: &t.Models, inputDryRun: &t.DryRun} {
		if raw, ok := values[name]; ok {
			if err := json.Unmarshal(raw, to); err != nil {
				return nil, fmt.Errorf("its input %s is not of the type that the component declares", name)
			}
		}
	}
	var err error
	if t.Config, err = decodeConfig(text); err != nil {
		return nil, fmt.Errorf("its input %s: %w", inputConfig, err)
	}
	return t, nil
}

// EncodeConfig returns hindcast.yaml as the component takes it. As base64 no template of
// it, such as {{ .Model }}, is anything to what a parameter passes through: Argo and the
// launcher replace what stands between braces.
func EncodeConfig(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// decodeConfig takes a configuration as it is, too, as a person would paste it. YAML of
// one holds a colon, which base64 never does.
func decodeConfig(text string) ([]byte, error) {
	if text == "" || strings.Contains(text, ":") {
		return []byte(text), nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !utf8.Valid(data) {
		return nil, errors.New("neither a configuration nor base64 of one")
	}
	return data, nil
}

// localPath is where the launcher looks for what is to be uploaded to a URI: under a
// folder that is called after the kind of store.
func localPath(uri string) (string, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		if filepath.IsAbs(uri) {
			return filepath.Clean(uri), nil
		}
		return "", fmt.Errorf("%q is no URI of an artifact", uri)
	}
	folder, known := map[string]string{"minio": "/minio", "gs": "/gcs", "s3": "/s3"}[scheme]
	if !known {
		return "", fmt.Errorf("the artifact store %s:// is not known; minio, s3 and gs are", scheme)
	}
	path := filepath.Join(folder, rest)
	if !strings.HasPrefix(path, folder+"/") {
		return "", fmt.Errorf("%q leaves the folder of its store", uri)
	}
	return path, nil
}

// Write writes the page to where the launcher uploads it from, and the file that tells it
// of the metrics. An output that the component does not have is left out.
func (t *Task) Write(p Page) error {
	told := map[string]artifactList{}
	if a, ok := t.artifacts[outputReport]; ok {
		path, err := localPath(a.URI)
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		html, err := p.HTML()
		if err == nil {
			err = t.write(path, html)
		}
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if a, ok := t.artifacts[outputMetrics]; ok {
		a.Metadata = Metrics(p.Outcomes)
		told[outputMetrics] = artifactList{Artifacts: []artifact{a}}
	}
	if a, ok := t.artifacts[outputClassification]; ok {
		if a.Metadata = Classification(p.Outcomes); a.Metadata != nil {
			told[outputClassification] = artifactList{Artifacts: []artifact{a}}
		}
	}
	data, err := json.Marshal(map[string]any{"artifacts": told})
	if err == nil {
		err = t.write(t.outputFile, data)
	}
	if err != nil {
		return fmt.Errorf("write outputs of the task: %w", err)
	}
	return nil
}

// write writes a file for the launcher, and the folders above it.
func (t *Task) write(path string, data []byte) error {
	path = filepath.Join(t.root, path)
	// All may read it: the launcher may run as somebody else.
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// Metrics are the numbers of a pass by model and name, as a system.Metrics artifact
// holds them: performance of the newest mature window alone, drift of the newest one. The
// verdict is 1 in one of MODEL.healthy, MODEL.breached and MODEL.inconclusive. What does
// not exist is left out.
func Metrics(outcomes []job.Outcome) map[string]any {
	out := map[string]any{}
	set := func(model, name string, n stat.Number) {
		if !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) {
			out[model+"."+name] = float64(n)
		}
	}
	// Per model: mature before closed, newest first. The verdict is the first one's.
	for _, o := range slices.Backward(outcomes) {
		for _, v := range []rule.Verdict{rule.Healthy, rule.Breached, rule.Inconclusive} {
			out[o.Model+"."+v.String()] = 0.0
			if v == o.Verdict {
				out[o.Model+"."+v.String()] = 1.0
			}
		}
	}
	told := map[string]bool{}
	for _, o := range outcomes {
		if o.Coverage.Matched == nil || told[o.Model] {
			continue
		}
		told[o.Model] = true
		set(o.Model, "coverage", o.Coverage.Coverage)
		for name, m := range o.Metrics {
			set(o.Model, name, m.Value)
		}
	}
	newest := map[string]*job.Outcome{}
	for i := range outcomes {
		o := &outcomes[i]
		if n := newest[o.Model]; n == nil || o.Window.End.After(n.Window.End) {
			newest[o.Model] = o
		}
	}
	for model, o := range newest {
		set(model, "predictions", stat.Number(o.Coverage.Predictions))
		if o.Drift != nil {
			set(model, "drift_share", o.Drift.Share)
			set(model, "drift_share_low", o.Drift.Low)
			set(model, "drift_share_high", o.Drift.High)
		}
	}
	return out
}
