package kubeflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/run_model"

	"github.com/hindcast/hindcast/trigger"
)

// createRun is the body of a POST of a run. The API's own model would send zero
// times, which the server stores.
type createRun struct {
	DisplayName              string                                    `json:"display_name"`
	Description              string                                    `json:"description,omitempty"`
	ExperimentID             string                                    `json:"experiment_id,omitempty"`
	PipelineVersionReference run_model.V2beta1PipelineVersionReference `json:"pipeline_version_reference"`
	RuntimeConfig            run_model.V2beta1RuntimeConfig            `json:"runtime_config"`
	ServiceAccount           string                                    `json:"service_account,omitempty"`
}

// Find implements trigger.Pipelines. Names are compared exactly, where the
// server may not; archived runs are among those it lists. Without the experiment
// there are no runs.
func (c *Client) Find(ctx context.Context, req trigger.LaunchRequest) ([]trigger.Run, error) {
	namespace, err := c.namespaceOf(ctx, req.Namespace)
	if err != nil {
		return nil, err
	}
	experiment, err := c.experiment(ctx, namespace, experimentName(req))
	if err != nil || experiment == "" {
		return nil, err
	}
	var found []trigger.Run
	query := url.Values{"experiment_id": {experiment}, "filter": {named(req.Name)}}
	err = pages(query, func(q url.Values) (string, error) {
		var page run_model.V2beta1ListRunsResponse
		if err := c.get(ctx, "/runs", q, &page); err != nil {
			return "", err
		}
		for _, r := range page.Runs {
			switch {
			case r == nil:
			case r.DisplayName == req.Name:
				found = append(found, c.run(r))
			case r.DisplayName == "" && r.Error != nil:
				// The server can't show a run that it says has about this name.
				return "", fmt.Errorf("run %s cannot be read: %s", c.secrets.Text(r.RunID), cut(c.secrets.Text(r.Error.Message)))
			}
		}
		return page.NextPageToken, nil
	})
	if err != nil {
		return nil, explain("look for run "+req.Name, err)
	}
	slices.SortStableFunc(found, func(a, b trigger.Run) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// Create implements trigger.Pipelines: it resolves the names, checks the
// parameters, makes the experiment when there is none, and posts once. Names are
// resolved before req.NotAfter is looked at, so that nothing slow lies between the
// two.
func (c *Client) Create(ctx context.Context, req trigger.LaunchRequest) (trigger.Run, error) {
	r, err := c.Resolve(ctx, req)
	if err != nil {
		return trigger.Run{}, err
	}
	if r.ExperimentID == "" {
		if r.ExperimentID, err = c.ensureExperiment(ctx, r.Namespace, experimentName(req)); err != nil {
			return trigger.Run{}, err
		}
	}
	body := createRun{
		DisplayName: req.Name, Description: atMost(req.Description, maxDescription), ExperimentID: r.ExperimentID,
		PipelineVersionReference: run_model.V2beta1PipelineVersionReference{PipelineID: r.PipelineID, PipelineVersionID: r.VersionID},
		RuntimeConfig:            run_model.V2beta1RuntimeConfig{Parameters: r.Parameters, PipelineRoot: req.PipelineRoot},
		ServiceAccount:           req.ServiceAccount,
	}
	if !req.NotAfter.IsZero() && !time.Now().Before(req.NotAfter) {
		return trigger.Run{}, fmt.Errorf("start run: %w", trigger.ErrTooLate)
	}
	var made run_model.V2beta1Run
	if err := c.do(ctx, http.MethodPost, "/runs", nil, body, &made); err != nil {
		return trigger.Run{}, afterPost(err)
	}
	if made.RunID == "" || c.secrets.Text(made.RunID) != made.RunID { // or one that quotes the request
		return trigger.Run{}, fmt.Errorf("start run: the server named no run id: %w", trigger.ErrUnclear)
	}
	return c.run(&made), nil
}

// Get implements trigger.Pipelines: it reads one run by its id.
func (c *Client) Get(ctx context.Context, runID string) (trigger.Run, error) {
	var r run_model.V2beta1Run
	if err := c.get(ctx, "/runs/"+url.PathEscape(runID), nil, &r); err != nil {
		return trigger.Run{}, explain("read run "+runID, gone(err))
	}
	if r.RunID != runID {
		return trigger.Run{}, fmt.Errorf("read run %s: the server answered with run %q", runID, c.secrets.Text(r.RunID))
	}
	return c.run(&r), nil
}

// Terminate implements trigger.Pipelines: it asks the server to end a run.
func (c *Client) Terminate(ctx context.Context, runID string) error {
	if err := c.do(ctx, http.MethodPost, "/runs/"+url.PathEscape(runID)+":terminate", nil, nil, nil); err != nil {
		return explain("terminate run "+runID, gone(err))
	}
	return nil
}

// gone marks the API's own "not found": a 404 of something in front of the server
// says nothing about the run.
func gone(err error) error {
	var s *statusError
	if errors.As(err, &s) && s.status == http.StatusNotFound && s.code == codeNotFound {
		return fmt.Errorf("%w: %w", trigger.ErrRunGone, err)
	}
	return err
}

// run reads what the server says of a run, without its secrets.
func (c *Client) run(r *run_model.V2beta1Run) trigger.Run {
	out := trigger.Run{
		ID: c.secrets.Text(r.RunID), Name: r.DisplayName, State: c.secrets.Text(string(r.State)),
		CreatedAt: when(time.Time(r.CreatedAt)), FinishedAt: when(time.Time(r.FinishedAt)),
	}
	if out.State == string(run_model.V2beta1RuntimeStateRUNTIMESTATEUNSPECIFIED) {
		out.State = ""
	}
	if !trigger.Terminal(out.State) {
		out.FinishedAt = time.Time{}
	}
	if r.Error != nil {
		out.Error = cut(c.secrets.Text(r.Error.Message))
	}
	for _, s := range slices.Backward(r.StateHistory) {
		if out.Error == "" && s != nil && s.Error != nil {
			out.Error = cut(c.secrets.Text(s.Error.Message))
		}
	}
	if c.ui != "" {
		out.URL = c.ui + "/#/runs/details/" + url.PathEscape(out.ID)
	}
	return out
}

// when reads a time of the server's, which writes the start of the epoch, or of the
// calendar, for none.
func when(t time.Time) time.Time {
	if t.Unix() > 0 {
		return t.UTC()
	}
	return time.Time{}
}
