package publish

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The answers are those of Pushgateway 1.5.1, shortened.
func TestClash(t *testing.T) {
	const (
		ofOther = `pushed metrics are invalid or inconsistent with existing metrics: collected metric "hindcast_mae" { label:<name:"instance" value:"a" > label:<name:"job" value:"old" > counter:<value:1 > } is not a GAUGE` + "\n"
		ofOurs  = `pushed metrics are invalid or inconsistent with existing metrics: collected metric "hindcast_mae" { label:<name:"job" value:"hindcast" > label:<name:"model" value:"prices" > gauge:<value:1 > } is not a UNTYPED` + "\n"
		groups  = `{"status":"success","data":[
			{"labels":{"job":"hindcast","model":"rents"},"hindcast_mae":{"type":"GAUGE","metrics":[]},"push_time_seconds":{"type":"GAUGE"}},
			{"labels":{"instance":"a/b","job":"old jobs","x":""},"hindcast_mae":{"type":"COUNTER","metrics":[]}},
			{"labels":{"job":"older"},"other":{"type":"COUNTER"}}]}`
	)
	tests := []struct {
		name, said, list string
		status           int
		want             []string
	}{
		{"the other's series is shown", ofOther, groups, 200, []string{
			"push metrics of prices: the Pushgateway holds a metric hindcast_mae that is no gauge in another group",
			`it is a counter in the group {instance="a/b", job="old jobs", x=""}`,
			"curl -X DELETE 'URL/metrics/job/old%20jobs/instance@base64/YS9i/x@base64/='",
			"Nothing of the model was pushed; its evaluation and decision stand",
		}},
		{"our own series is shown", ofOurs, groups, 200, []string{`it is a counter in the group {instance="a/b"`}},
		{"a list of series", "pushed metrics are invalid or inconsistent with existing metrics: 2 error(s) occurred:\n* " + strings.TrimPrefix(ofOther, "pushed metrics are invalid or inconsistent with existing metrics: ") + "* " + strings.Repeat("x", 100_000), groups, 200, []string{`it is a counter in the group {instance="a/b"`}},
		{"the groups are not told", ofOther, "nothing", 404, []string{"find that group in URL/api/v1/metrics and delete it"}},
		{"the list cannot be read", ofOther, "<html>", 200, []string{"find that group in URL/api/v1/metrics and delete it"}},
		{"another refusal", "text format parsing error in line 1\n", groups, 200, []string{"unexpected status code 400", "text format parsing error in line 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if user, password, _ := r.BasicAuth(); user != "me" || password != "pa55" {
					http.Error(w, "who?", http.StatusUnauthorized)
					return
				}
				if r.Method == http.MethodGet {
					w.WriteHeader(tt.status)
					fmt.Fprint(w, tt.list)
					return
				}
				http.Error(w, strings.TrimSuffix(tt.said, "\n"), http.StatusBadRequest)
			}))
			defer s.Close()
			p := NewPushgateway(s.URL, PushgatewayOptions{Username: "me", Password: func() (string, error) { return "pa55", nil }})
			err := p.Publish(t.Context(), rich("prices"))
			for _, want := range tt.want {
				if want = strings.ReplaceAll(want, "URL", s.URL); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v\nwant %s", err, want)
				}
			}
			var clash *ClashError
			if errors.As(err, &clash) != strings.Contains(tt.said, "collected metric") {
				t.Errorf("error %T", err)
			}
		})
	}
}
