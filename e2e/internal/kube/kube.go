// Package kube asks a Kubernetes API server for the little that the end-to-end tests need:
// Argo's workflows, which stand for the pods of a run, and service accounts with their
// rights and tokens. Begin with Client.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Client talks to a Kubernetes API server.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New makes a client that trusts the CA of the file.
func New(base, caFile, token string) (*Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read the API server's CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read the API server's CA: no certificate in %s", caFile)
	}
	return &Client{base: base, token: token, http: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}}, nil
}

// Do sends a body of that content type (none when empty) and decodes the answer
// into out unless that is nil. Any status but 2xx is an error.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body, out any) error {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, r)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
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
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, b)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Create posts an object to the path of its kind.
func (c *Client) Create(ctx context.Context, path string, object any) error {
	return c.Do(ctx, http.MethodPost, path, "application/json", object, nil)
}

// Workflow holds of an Argo workflow what the tests look at.
type Workflow struct {
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		ServiceAccountName string `json:"serviceAccountName"`
		Arguments          struct {
			Parameters []Parameter `json:"parameters"`
		} `json:"arguments"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

// Parameter is an argument of a workflow.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Workflows lists the namespace's workflows, of the KFP run when that is not empty.
func (c *Client) Workflows(ctx context.Context, namespace, runID string) ([]Workflow, error) {
	path := "/apis/argoproj.io/v1alpha1/namespaces/" + namespace + "/workflows"
	if runID != "" {
		path += "?labelSelector=" + url.QueryEscape("pipeline/runid="+runID)
	}
	var list struct {
		Items []Workflow `json:"items"`
	}
	if err := c.Do(ctx, http.MethodGet, path, "", nil, &list); err != nil {
		return nil, err
	}
	return list.Items, nil
}

// SetPhase does to a workflow what Argo's controller does: it sets the status and
// the labels, from which KFP's agent moves the run on. Phases: Running, Succeeded,
// Failed, Error.
func (c *Client) SetPhase(ctx context.Context, wf Workflow, phase, message string) error {
	now := time.Now().UTC().Format(time.RFC3339)
	status := map[string]any{"phase": phase, "startedAt": now}
	labels := map[string]string{"workflows.argoproj.io/phase": phase}
	if phase != "Running" && phase != "Pending" {
		status["finishedAt"] = now
		labels["workflows.argoproj.io/completed"] = "true"
	}
	if message != "" {
		status["message"] = message
	}
	path := "/apis/argoproj.io/v1alpha1/namespaces/" + wf.Metadata.Namespace + "/workflows/" + wf.Metadata.Name
	patch := map[string]any{"metadata": map[string]any{"labels": labels}, "status": status}
	return c.Do(ctx, http.MethodPatch, path, "application/merge-patch+json", patch, nil)
}

// ServiceAccount creates a service account in the namespace.
func (c *Client) ServiceAccount(ctx context.Context, namespace, name string) error {
	return c.Create(ctx, "/api/v1/namespaces/"+namespace+"/serviceaccounts", map[string]any{
		"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]string{"name": name},
	})
}

// Rule is a rule of a role: which verbs it allows on what.
type Rule struct {
	APIGroups []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

// Grant gives the service account the rules in its namespace, by a role of its name.
func (c *Client) Grant(ctx context.Context, namespace, serviceAccount string, rules []Rule) error {
	base := "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace
	err := c.Create(ctx, base+"/roles", map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
		"metadata": map[string]string{"name": serviceAccount}, "rules": rules,
	})
	if err != nil {
		return err
	}
	return c.Create(ctx, base+"/rolebindings", map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
		"metadata": map[string]string{"name": serviceAccount},
		"roleRef":  map[string]string{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": serviceAccount},
		"subjects": []map[string]string{{"kind": "ServiceAccount", "name": serviceAccount, "namespace": namespace}},
	})
}

// Token asks for a token of the service account, as a projected volume holds it.
func (c *Client) Token(ctx context.Context, namespace, serviceAccount, audience string) (string, error) {
	var answer struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	err := c.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+serviceAccount+"/token", "application/json", map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": map[string]any{"audiences": []string{audience}, "expirationSeconds": 3600},
	}, &answer)
	return answer.Status.Token, err
}
