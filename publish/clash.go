package publish

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/series"
)

// clashPattern finds the metric in what a Pushgateway (1.0 and later) says where one
// name would have two types: collected metric "NAME" { ... } is not a GAUGE. The
// series that it shows beside is the pushed one or the other, by the order of groups;
// there may be a list of these.
var clashPattern = regexp.MustCompile(`(?s)collected metric "([a-zA-Z0-9_:]+)" .*? is not a (?:COUNTER|GAUGE|HISTOGRAM|GAUGE_HISTOGRAM|SUMMARY|UNTYPED)\b`)

const (
	maxRefusal    = 64 << 10 // bytes of a refusal that are looked into
	maxGroups     = 64 << 20 // bytes of the list of groups
	maxGroupShown = 3
)

// ClashError says that the Pushgateway refuses a push since a metric of another group
// has the same name and another type: in Prometheus a name has one.
type ClashError struct {
	Metric string
	Groups []ClashGroup // those that hold it; nil where the server would not say
	server string
}

// ClashGroup is a group of the Pushgateway that holds the metric with another type.
type ClashGroup struct {
	Labels map[string]string
	Type   string // in lower case
}

// Error names the metric and the groups, and says what to do about each.
func (e *ClashError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the Pushgateway holds a metric %s that is %s in another group, and a name has one type", e.Metric, notOur(e.Metric))
	if len(e.Groups) == 0 {
		fmt.Fprintf(&b, ": find that group in %s/api/v1/metrics and delete it, or let its owner call the metric otherwise", e.server)
	}
	for i, g := range e.Groups {
		if i == maxGroupShown {
			fmt.Fprintf(&b, "; and %d more groups", len(e.Groups)-i)
			break
		}
		fmt.Fprintf(&b, "; it is a %s in the group %s: call it otherwise there, or delete the group: curl -X DELETE '%s'", g.Type, g.name(), e.server+g.path())
	}
	b.WriteString(". Nothing of the model was pushed; its evaluation and decision stand")
	return b.String()
}

// typeOf returns the type that a metric has here. An alias has that of a gauge.
func typeOf(metric string) string {
	if m, ok := series.Find(strings.TrimPrefix(metric, prefix)); ok {
		return m.Type
	}
	return series.Gauge
}

// notOur says that a metric has another type than here.
func notOur(metric string) string {
	if kind := typeOf(metric); kind != series.Gauge {
		return "not " + kind
	}
	return "no gauge"
}

// name writes the labels of the group as Prometheus writes them.
func (g ClashGroup) name() string {
	var parts []string
	for k, v := range sorted(g.Labels) {
		parts = append(parts, fmt.Sprintf("%s=%q", k, v))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// path is the group's URL below the server's. A value that no path can hold is written
// in base64, as the Pushgateway has it.
func (g ClashGroup) path() string {
	names := slices.Sorted(maps.Keys(g.Labels))
	names = slices.DeleteFunc(names, func(n string) bool { return n == "job" })
	path := "/metrics"
	for _, name := range append([]string{"job"}, names...) {
		value := g.Labels[name]
		switch {
		case value == "":
			path += "/" + name + "@base64/="
		case strings.Contains(value, "/"):
			path += "/" + name + "@base64/" + base64.RawURLEncoding.EncodeToString([]byte(value))
		default:
			path += "/" + name + "/" + url.PathEscape(value)
		}
	}
	return path
}

// refused looks into a refusal: a clash of types becomes an error that says so, any
// other stays the answer that it is.
func (p *Pushgateway) refused(r *http.Request, resp *http.Response) (*http.Response, error) {
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what was read of it counts
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(said[:min(len(said), maxAnswer)]))
	found := clashPattern.FindSubmatch(said)
	if found == nil {
		return resp, nil
	}
	clash := &ClashError{Metric: string(found[1]), server: p.url}
	clash.Groups = p.holders(r, clash.Metric)
	return nil, clash
}

// holders asks which groups hold the metric as something else than its type here; nil where
// the server does not say.
func (p *Pushgateway) holders(push *http.Request, metric string) []ClashGroup {
	r, err := http.NewRequestWithContext(push.Context(), http.MethodGet, p.url+"/api/v1/metrics", http.NoBody)
	if err != nil {
		return nil
	}
	if user, password, ok := push.BasicAuth(); ok {
		r.SetBasicAuth(user, password)
	}
	resp, err := p.opts.Client.Do(r)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }() // only read
	var list struct {
		Data []map[string]json.RawMessage `json:"data"`
	}
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, maxGroups)).Decode(&list) != nil {
		return nil
	}
	var out []ClashGroup
	for _, group := range list.Data {
		var held struct {
			Type string `json:"type"`
		}
		g := ClashGroup{}
		if raw, ok := group[metric]; !ok || json.Unmarshal(raw, &held) != nil || json.Unmarshal(group["labels"], &g.Labels) != nil || strings.EqualFold(held.Type, typeOf(metric)) {
			continue
		}
		g.Type = strings.ToLower(held.Type)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b ClashGroup) int { return strings.Compare(a.name(), b.name()) })
	return out
}
