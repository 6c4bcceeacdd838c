package trigger

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
)

func TestUndisturbed(t *testing.T) {
	retrain := Rule{Name: "rmse", Action: rule.ActionRetrain, For: 1}
	alert := Rule{Name: "rmse", Action: rule.ActionAlert, For: 1}
	noLabels := Rule{Name: "rmse", Action: rule.ActionAlert, For: 1, NoLabels: true}
	closed := rec(3, "rmse", healthy)
	closed.Revision, closed.Stage = 2, StageClosed
	again := rec(2, "rmse", healthy)
	again.Revision = 2
	own := rec(4, "rmse", healthy)
	fixed := day(2).Start
	for _, c := range []struct {
		name     string
		records  []Record
		rules    []Rule
		launches []LaunchStatus
		want     string // the days, of a window on day 6
	}{
		{"healthy and inconclusive", recs("rmse", "hih-hhh"), []Rule{alert}, nil, "1 2 3 5"},
		{"a breach", recs("rmse", "hbhbh"), []Rule{alert}, nil, "1 3 5"},
		{"a breach without labels", recs("rmse", "hbhbh"), []Rule{noLabels}, nil, "1 2 3 4 5"},
		{"a breach of a rule that is no more", recs("rmse", "hbhbh"), []Rule{{Name: "mae", Action: rule.ActionAlert, NoLabels: true}}, nil, "1 3 5"},
		{"an episode that goes on", recs("rmse", "hhbii"), []Rule{retrain}, nil, "1 2"},
		{"an episode that has ended", recs("rmse", "hbihh"), []Rule{retrain}, nil, "1 3 4 5"},
		{"an episode that began on the window", recs("rmse", "hhhhhb"), []Rule{retrain}, nil, "1 2 3 4 5"},
		{"an episode whose start a run has fixed", recs("rmse", "hiibi"), []Rule{retrain}, []LaunchStatus{{Launch: Launch{Episode: &fixed, LaunchedAt: time.Unix(1, 0)}}}, "1"},
		{"a window judged again", append(recs("rmse", "hbh"), again), []Rule{alert}, nil, "1 2r2 3"},
		{"a window judged as closed after it was as mature", append(recs("rmse", "hhb"), closed), []Rule{alert}, nil, "1 2"},
		{"a window of the same pass", append(recs("rmse", "hhh"), own), []Rule{alert}, nil, "1 2 3 4"},
	} {
		var got []string
		for _, r := range Undisturbed(c.records, c.rules, c.launches, day(6)) {
			s := fmt.Sprint(r.Window.Start.Day())
			if r.Revision > 1 {
				s += fmt.Sprintf("r%d", r.Revision)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestVersionOfARecord(t *testing.T) {
	for _, c := range []struct {
		record  Record
		version string
		known   bool
	}{
		{Record{}, "", true},
		{Record{Versions: []string{"v1"}}, "v1", true},
		{Record{Versions: []string{"v1", "v2"}, Mostly: "v2"}, "v2", true},
		{Record{Versions: []string{"v1", "v2"}}, "", false},
	} {
		if version, known := c.record.Version(); version != c.version || known != c.known {
			t.Errorf("%v: %q, %v", c.record.Versions, version, known)
		}
	}
}
