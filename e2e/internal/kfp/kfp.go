// Package kfp asks a Kubeflow Pipelines API server over plain REST, independently of
// the client that hindcast uses, so that tests see by it what that did. Begin with Client.
package kfp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Client talks to a KFP API server.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client; the token may be empty.
func New(base, token string) *Client {
	return &Client{base: base, token: token, http: &http.Client{Timeout: 20 * time.Second}}
}

// StatusError is the error of an answer other than 2xx.
type StatusError struct {
	Code int
	Body string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Code, e.Body) }

// do sends a body of that content type and decodes the answer into out.
func (c *Client) do(ctx context.Context, method, path, contentType string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, path, &StatusError{Code: res.StatusCode, Body: string(b)})
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: %w: %s", method, path, err, b)
	}
	return nil
}

// Pipeline is a pipeline that the server has.
type Pipeline struct {
	ID   string `json:"pipeline_id"`
	Name string `json:"display_name"`
}

// Upload makes a pipeline of that name from IR YAML; namespace is for many users.
func (c *Client) Upload(ctx context.Context, name, namespace string, spec []byte) (Pipeline, error) {
	q := url.Values{"name": {name}}
	if namespace != "" {
		q.Set("namespace", namespace)
	}
	return c.upload(ctx, "/apis/v2beta1/pipelines/upload?"+q.Encode(), spec)
}

// upload posts a pipeline as the form that the server wants.
func (c *Client) upload(ctx context.Context, path string, spec []byte) (Pipeline, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("uploadfile", "pipeline.yaml")
	if err != nil {
		return Pipeline{}, fmt.Errorf("make form: %w", err)
	}
	if _, err := part.Write(spec); err != nil {
		return Pipeline{}, fmt.Errorf("make form: %w", err)
	}
	if err := w.Close(); err != nil {
		return Pipeline{}, fmt.Errorf("make form: %w", err)
	}
	var p Pipeline
	err = c.do(ctx, http.MethodPost, path, w.FormDataContentType(), &body, &p)
	return p, err
}

// Run is a run that the server has.
type Run struct {
	ID             string `json:"run_id"`
	Name           string `json:"display_name"`
	Description    string `json:"description"`
	ExperimentID   string `json:"experiment_id"`
	State          string `json:"state"`
	ServiceAccount string `json:"service_account"`
	Version        struct {
		PipelineID string `json:"pipeline_id"`
		VersionID  string `json:"pipeline_version_id"`
	} `json:"pipeline_version_reference"`
	Config struct {
		Parameters map[string]any `json:"parameters"`
	} `json:"runtime_config"`
	CreatedAt time.Time `json:"created_at"`
}

// Get returns a run.
func (c *Client) Get(ctx context.Context, runID string) (Run, error) {
	var r Run
	err := c.do(ctx, http.MethodGet, "/apis/v2beta1/runs/"+url.PathEscape(runID), "", nil, &r)
	return r, err
}

// Runs lists every run of an experiment, archived ones included.
func (c *Client) Runs(ctx context.Context, experimentID string) ([]Run, error) {
	var all []Run
	for page := ""; ; {
		q := url.Values{"page_size": {"100"}, "experiment_id": {experimentID}}
		if page != "" {
			q.Set("page_token", page)
		}
		var list struct {
			Runs []Run  `json:"runs"`
			Next string `json:"next_page_token"`
		}
		if err := c.do(ctx, http.MethodGet, "/apis/v2beta1/runs?"+q.Encode(), "", nil, &list); err != nil {
			return nil, err
		}
		all = append(all, list.Runs...)
		if page = list.Next; page == "" {
			return all, nil
		}
	}
}

// Experiment returns the id of the experiment of that name, empty when there is
// none; namespace is for many users.
func (c *Client) Experiment(ctx context.Context, name, namespace string) (string, error) {
	filter := `{"predicates":[{"key":"display_name","operation":"EQUALS","string_value":` + strconv.Quote(name) + `}]}`
	q := url.Values{"filter": {filter}}
	if namespace != "" {
		q.Set("namespace", namespace)
	}
	var list struct {
		Experiments []struct {
			ID   string `json:"experiment_id"`
			Name string `json:"display_name"`
		} `json:"experiments"`
	}
	if err := c.do(ctx, http.MethodGet, "/apis/v2beta1/experiments?"+q.Encode(), "", nil, &list); err != nil {
		return "", err
	}
	for _, e := range list.Experiments {
		if e.Name == name {
			return e.ID, nil
		}
	}
	return "", nil
}

// CreateExperiment makes an experiment and returns its id.
func (c *Client) CreateExperiment(ctx context.Context, name, namespace string) (string, error) {
	var e struct {
		ID string `json:"experiment_id"`
	}
	err := c.post(ctx, "/apis/v2beta1/experiments", map[string]any{"display_name": name, "namespace": namespace}, &e)
	return e.ID, err
}

// Create starts a run of the pipeline's latest version.
func (c *Client) Create(ctx context.Context, name, experimentID, pipelineID string, parameters map[string]any) (Run, error) {
	var r Run
	err := c.post(ctx, "/apis/v2beta1/runs", map[string]any{
		"display_name": name, "experiment_id": experimentID,
		"pipeline_version_reference": map[string]string{"pipeline_id": pipelineID},
		"runtime_config":             map[string]any{"parameters": parameters},
	}, &r)
	return r, err
}

func (c *Client) post(ctx context.Context, path string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode body: %w", err)
	}
	return c.do(ctx, http.MethodPost, path, "application/json", bytes.NewReader(b), out)
}

// CopyRecurringRun makes a recurring run that differs from another in its id alone, on a
// server for one user.
func (c *Client) CopyRecurringRun(ctx context.Context, id string) error {
	var r map[string]any
	if err := c.do(ctx, http.MethodGet, "/apis/v2beta1/recurringruns/"+url.PathEscape(id), "", nil, &r); err != nil {
		return err
	}
	for _, key := range []string{"recurring_run_id", "created_at", "updated_at", "status", "namespace"} {
		delete(r, key)
	}
	return c.post(ctx, "/apis/v2beta1/recurringruns", r, &r)
}
