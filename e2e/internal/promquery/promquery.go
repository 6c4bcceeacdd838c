// Package promquery asks a Prometheus server for values, independently of the client that
// hindcast uses. Begin with Client.
package promquery

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Sample is one series of an instant query's answer.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Client talks to a Prometheus server.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the server at a base URL.
func New(base string) *Client {
	return &Client{base: base, http: &http.Client{Timeout: 10 * time.Second}}
}

// Query evaluates the expression now; the answer has to be a vector.
func (c *Client) Query(ctx context.Context, expr string) ([]Sample, error) {
	return c.instant(ctx, expr, url.Values{"query": {expr}})
}

// QueryAt evaluates the expression at a time; the answer has to be a vector.
func (c *Client) QueryAt(ctx context.Context, expr string, at time.Time) ([]Sample, error) {
	return c.instant(ctx, expr, url.Values{"query": {expr}, "time": {unix(at)}})
}

// instant asks for the values of an expression at one time.
func (c *Client) instant(ctx context.Context, expr string, params url.Values) ([]Sample, error) {
	var results []struct {
		Metric map[string]string `json:"metric"`
		Value  pair              `json:"value"`
	}
	if err := c.data(ctx, "query", params, "vector", &results); err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	out := make([]Sample, 0, len(results))
	for _, r := range results {
		out = append(out, Sample{Labels: r.Metric, Value: r.Value.Value})
	}
	return out, nil
}
