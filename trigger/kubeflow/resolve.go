package kubeflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/experiment_model"
	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/pipeline_model"

	"github.com/hindcast/hindcast/trigger"
)

const (
	// DefaultExperiment is the experiment of a request that names none.
	DefaultExperiment = "Default"

	// maxName is the longest name that every server from 2.0 to 2.17 stores; one that
	// is too long gives a 500 and leaves a workflow without a run behind.
	maxName  = 128
	pageSize = 100  // objects asked for at a time
	maxPages = 1000 // of one list, in case a server gives pages for ever
)

// Resolved holds what the names in a request stand for on the server, and its parameters.
type Resolved struct {
	Namespace    string // empty on a single-user server
	PipelineID   string
	VersionID    string
	VersionName  string
	ExperimentID string         // empty when there is no such experiment yet
	Parameters   map[string]any // checked and typed
}

// Check resolves a request without making anything. Its error wraps
// trigger.ErrRejected when the request can't work as it is: the pipeline or its
// version is unknown, a parameter is missing, extra or mistyped, a name is too long,
// or access is refused.
func (c *Client) Check(ctx context.Context, req trigger.LaunchRequest) error {
	_, err := c.Resolve(ctx, req)
	return err
}

// Resolve looks up what the names in a request stand for, and checks the
// parameters against the pipeline version's spec. It makes nothing.
func (c *Client) Resolve(ctx context.Context, req trigger.LaunchRequest) (Resolved, error) {
	r, spec, err := c.resolvePipeline(ctx, req)
	if err != nil {
		return Resolved{}, err
	}
	if r.Parameters, err = checkParameters(spec, req.Parameters); err != nil {
		return Resolved{}, fmt.Errorf("pipeline %s, version %s: %w", req.Pipeline, r.VersionName, err)
	}
	r.ExperimentID, err = c.experiment(ctx, r.Namespace, experimentName(req))
	return r, err
}

// resolvePipeline resolves all but the experiment, and returns the version's spec too.
func (c *Client) resolvePipeline(ctx context.Context, req trigger.LaunchRequest) (Resolved, pipelineSpec, error) {
	var r Resolved
	for _, n := range []struct{ what, name string }{
		{"run", req.Name}, {"pipeline", req.Pipeline}, {"pipeline version", req.Version}, {"experiment", experimentName(req)},
	} {
		if utf8.RuneCountInString(n.name) > maxName {
			return r, pipelineSpec{}, fmt.Errorf("the %s's name %.20q... is longer than %d characters: %w", n.what, n.name, maxName, trigger.ErrRejected)
		}
	}
	if req.Name == "" || req.Pipeline == "" {
		return r, pipelineSpec{}, fmt.Errorf("the names of the run and of the pipeline are required: %w", trigger.ErrRejected)
	}
	var err error
	if r.Namespace, err = c.namespaceOf(ctx, req.Namespace); err != nil {
		return r, pipelineSpec{}, err
	}
	if r.PipelineID, err = c.pipeline(ctx, r.Namespace, req.Pipeline); err != nil {
		return r, pipelineSpec{}, err
	}
	v, err := c.version(ctx, r.PipelineID, req.Pipeline, req.Version)
	if err != nil {
		return r, pipelineSpec{}, err
	}
	r.VersionID, r.VersionName = v.PipelineVersionID, v.DisplayName
	spec, err := specOf(v)
	return r, spec, err
}

func experimentName(req trigger.LaunchRequest) string {
	if req.Experiment == "" {
		return DefaultExperiment
	}
	return req.Experiment
}

// named returns the filter for one display name. The server may compare without case.
func named(name string) string {
	b, err := json.Marshal(map[string]any{
		"predicates": []map[string]string{{"operation": "EQUALS", "key": "display_name", "string_value": name}},
	})
	if err != nil {
		panic(err) // Strings always marshal.
	}
	return string(b)
}

// pages calls read with the query of each page until there are no more; read
// returns the next page's token.
func pages(query url.Values, read func(url.Values) (string, error)) error {
	query.Set("page_size", strconv.Itoa(pageSize))
	for range maxPages {
		token, err := read(query)
		if err != nil || token == "" {
			return err
		}
		if token == query.Get("page_token") {
			return errors.New("kubeflow gives the same page for ever")
		}
		query.Set("page_token", token)
	}
	return fmt.Errorf("kubeflow gives more than %d pages", maxPages)
}

// pipeline returns the id of a pipeline by name: the namespace's own, else a
// shared one.
func (c *Client) pipeline(ctx context.Context, namespace, name string) (string, error) {
	scopes := []string{namespace}
	if namespace != "" {
		scopes = append(scopes, "")
	}
	for _, ns := range scopes {
		id, err := c.pipelineIn(ctx, ns, name)
		if err != nil || id != "" {
			return id, err
		}
	}
	where := ""
	if namespace != "" {
		where = " in namespace " + namespace + " or shared"
	}
	return "", fmt.Errorf("there is no pipeline %s%s: upload it, or correct retrain.kubeflow.pipeline: %w", name, where, trigger.ErrRejected)
}

// idOf returns the id of a namespace's pipeline or experiment (what) by name, or of a
// shared one where the namespace is empty; empty when there is none. read reads a page of
// them: their ids by name, and the next page's token.
func idOf(namespace, what, name string, read func(url.Values) (ids map[string]string, next string, err error)) (string, error) {
	query := url.Values{"filter": {named(name)}}
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	id := ""
	err := pages(query, func(q url.Values) (string, error) {
		ids, next, err := read(q)
		if found, ok := ids[name]; ok {
			id = found
		}
		return next, err
	})
	if err != nil {
		return "", explain("look for "+what+" "+name, err)
	}
	return id, nil
}

// pipelineIn returns the id of a namespace's pipeline by name, or of a shared one where
// the namespace is empty; empty when there is none.
func (c *Client) pipelineIn(ctx context.Context, namespace, name string) (string, error) {
	return idOf(namespace, "pipeline", name, func(q url.Values) (map[string]string, string, error) {
		var page pipeline_model.V2beta1ListPipelinesResponse
		err := c.get(ctx, "/pipelines", q, &page)
		ids := map[string]string{}
		for _, p := range page.Pipelines {
			if p != nil {
				ids[p.DisplayName] = p.PipelineID
			}
		}
		return ids, page.NextPageToken, err
	})
}

// version returns a version of a pipeline by name, or the newest.
func (c *Client) version(ctx context.Context, id, pipeline, name string) (*pipeline_model.V2beta1PipelineVersion, error) {
	path := "/pipelines/" + url.PathEscape(id) + "/versions"
	var found *pipeline_model.V2beta1PipelineVersion
	if name == "" || name == trigger.LatestVersion {
		var page pipeline_model.V2beta1ListPipelineVersionsResponse
		if err := c.get(ctx, path, url.Values{"sort_by": {"created_at desc"}, "page_size": {"1"}}, &page); err != nil {
			return nil, explain("look for the latest version of pipeline "+pipeline, err)
		}
		if len(page.PipelineVersions) > 0 {
			found = page.PipelineVersions[0]
		}
	} else {
		var err error
		if found, err = c.versionNamed(ctx, id, pipeline, name); err != nil {
			return nil, err
		}
	}
	if found == nil || found.PipelineVersionID == "" {
		if name == "" {
			name = trigger.LatestVersion
		}
		return nil, fmt.Errorf("pipeline %s has no version %s: upload it, or correct retrain.kubeflow.version: %w", pipeline, name, trigger.ErrRejected)
	}
	if found.PipelineSpec == nil {
		if err := c.get(ctx, path+"/"+url.PathEscape(found.PipelineVersionID), nil, &found); err != nil {
			return nil, explain("read version "+found.DisplayName+" of pipeline "+pipeline, err)
		}
	}
	return found, nil
}

// versionNamed returns a version of a pipeline by name, nil when there is none.
func (c *Client) versionNamed(ctx context.Context, id, pipeline, name string) (*pipeline_model.V2beta1PipelineVersion, error) {
	var found *pipeline_model.V2beta1PipelineVersion
	err := pages(url.Values{"filter": {named(name)}}, func(q url.Values) (string, error) {
		var page pipeline_model.V2beta1ListPipelineVersionsResponse
		if err := c.get(ctx, "/pipelines/"+url.PathEscape(id)+"/versions", q, &page); err != nil {
			return "", err
		}
		for _, v := range page.PipelineVersions {
			if v != nil && v.DisplayName == name {
				found = v
			}
		}
		return page.NextPageToken, nil
	})
	if err != nil {
		return nil, explain("look for version "+name+" of pipeline "+pipeline, err)
	}
	return found, nil
}

// experiment returns the id of an experiment by name, empty when there is none.
func (c *Client) experiment(ctx context.Context, namespace, name string) (string, error) {
	return idOf(namespace, "experiment", name, func(q url.Values) (map[string]string, string, error) {
		var page experiment_model.V2beta1ListExperimentsResponse
		err := c.get(ctx, "/experiments", q, &page)
		ids := map[string]string{}
		for _, e := range page.Experiments {
			if e != nil {
				ids[e.DisplayName] = e.ExperimentID
			}
		}
		return ids, page.NextPageToken, err
	})
}

// ensureExperiment makes an experiment. When somebody else just did, it finds it.
func (c *Client) ensureExperiment(ctx context.Context, namespace, name string) (string, error) {
	in := map[string]string{"display_name": name}
	if namespace != "" {
		in["namespace"] = namespace
	}
	var made experiment_model.V2beta1Experiment
	err := c.do(ctx, http.MethodPost, "/experiments", nil, in, &made)
	if err == nil && made.ExperimentID != "" {
		c.log.Info("experiment made", "experiment", name, "experiment_id", made.ExperimentID)
		return made.ExperimentID, nil
	}
	// Making an experiment can't be done twice, so whatever the answer was: look.
	id, lerr := c.experiment(ctx, namespace, name)
	if lerr == nil && id != "" {
		return id, nil
	}
	var s *statusError
	if errors.As(err, &s) && (s.status == http.StatusConflict || s.code == codeAlreadyExists) && lerr == nil {
		return "", fmt.Errorf("make experiment %s: the server has one whose name differs only in case: use that name: %w", name, trigger.ErrRejected)
	}
	if err == nil {
		err = errors.New("the server named no experiment id")
	}
	return "", explain("make experiment "+name, errors.Join(err, lerr))
}
