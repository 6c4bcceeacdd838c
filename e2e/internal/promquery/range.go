package promquery

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Point is a value of a series at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Series is one series of a range query's answer.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Range evaluates the expression from one time to another, step by step.
func (c *Client) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) ([]Series, error) {
	var results []struct {
		Metric map[string]string `json:"metric"`
		Values []pair            `json:"values"`
	}
	params := url.Values{"query": {expr}, "start": {unix(from)}, "end": {unix(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)}}
	if err := c.data(ctx, "query_range", params, "matrix", &results); err != nil {
		return nil, fmt.Errorf("query %s: %w", expr, err)
	}
	out := make([]Series, 0, len(results))
	for _, r := range results {
		s := Series{Labels: r.Metric}
		for _, p := range r.Values {
			s.Points = append(s.Points, Point(p))
		}
		out = append(out, s)
	}
	return out, nil
}

// LabelValues lists the values that a label has among the series that match.
func (c *Client) LabelValues(ctx context.Context, label, match string, from, to time.Time) ([]string, error) {
	var values []string
	err := c.get(ctx, "label/"+url.PathEscape(label)+"/values", url.Values{"match[]": {match}, "start": {unix(from)}, "end": {unix(to)}}, &values)
	if err != nil {
		return nil, fmt.Errorf("list values of %s of %s: %w", label, match, err)
	}
	return values, nil
}

// unix writes a time as the API takes it, in seconds.
func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64) }

// pair is a point as the API writes it: [seconds, "value"].
type pair Point

// UnmarshalJSON implements json.Unmarshaler, for the API's form.
func (p *pair) UnmarshalJSON(data []byte) error {
	var at float64
	var text string
	if err := json.Unmarshal(data, &[2]any{&at, &text}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	p.At, p.Value = time.UnixMilli(int64(math.Round(at*1000))).UTC(), v
	return nil
}

// data reads a result of the given type.
func (c *Client) data(ctx context.Context, path string, params url.Values, kind string, into any) error {
	var d struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	if err := c.get(ctx, path, params, &d); err != nil {
		return err
	}
	if d.Type != kind {
		return fmt.Errorf("the answer is a %s, want a %s", d.Type, kind)
	}
	return json.Unmarshal(d.Result, into)
}

// get asks the API and decodes the answer's data.
func (c *Client) get(ctx context.Context, path string, params url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/api/v1/"+path+"?"+params.Encode(), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return fmt.Errorf("decode the answer of status %d: %w", res.StatusCode, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s", answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}
