package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ours = `[{"coverage":{"predictions":10,"matched":9},
	"metrics":{"mae":{"value":2,"low":1.5,"high":2.5,"n":9},"rmse":{"value":3,"low":2.5,"high":3.5,"n":9}},
	"drift":{"columns":{"f0":{"n":10,"measures":{"psi":{"value":0.5},"ks":{"value":0.1},"wasserstein":{"value":20},"wasserstein_normed":{"value":0.2}}}}},
	"versions":{"v1":{"n":9,"metrics":{"mae":{"value":2}}}},
	"segments":{"city":{"a":{"n":4,"metrics":{"rmse":{"value":1}}}}}}]`

func TestAgree(t *testing.T) {
	for _, tt := range []struct {
		name, peer string
		compared   int
		wrong      string // part of the error
	}{
		{"nothing", `[]`, 0, ""},
		{"the same", `[{"part":"all","name":"","n":9,"mae":2,"rmse":3},{"part":"version","name":"v1","n":9,"mae":2},{"part":"city","name":"a","n":4,"rmse":1}]`, 7, ""},
		{"rounding", `[{"part":"all","name":"","mae":2.000000001}]`, 1, ""},
		{"another metric", `[{"part":"all","name":"","mae":2.00001}]`, 1, "mae of all"},
		{"another city's metric", `[{"part":"city","name":"a","rmse":1.1}]`, 1, "rmse of city a"},
		{"an unknown city", `[{"part":"city","name":"b","n":4}]`, 1, "rows of city b are 4, and 0"},
		{"other rows", `[{"part":"all","name":"","n":10}]`, 1, "rows of all"},
		{"an interval nearby", `[{"part":"all","name":"","mae_low":1.4,"mae_high":2.7}]`, 2, ""},
		{"an interval elsewhere", `[{"part":"all","name":"","mae_low":1.5,"mae_high":2.8}]`, 2, "mae's upper end"},
		{"distances within cells", `[{"part":"column","name":"f0","n":10,"psi":0.504,"ks":0.1009,"wasserstein":20.09,"wasserstein_normed":0.2009}]`, 5, ""},
		{"another distance", `[{"part":"column","name":"f0","ks":0.102}]`, 1, "ks of column f0"},
		{"another distance in the unit", `[{"part":"column","name":"f0","wasserstein":20.2}]`, 1, "wasserstein of column f0"},
		{"no number", `[{"part":"all","name":"","mae":1e999}]`, 0, "read the peer's output"},
		{"an unknown column", `[{"part":"column","name":"f1","ks":0}]`, 0, `no column "f1"`},
		{"a measure that is not there", `[{"part":"column","name":"f0","js":0}]`, 0, "no js of f0"},
		{"an unknown part", `[{"part":"channel","name":"web"}]`, 0, `a part "channel"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := agree([]byte(ours), []byte(tt.peer))
			if n != tt.compared {
				t.Errorf("compared %d figures, want %d", n, tt.compared)
			}
			switch {
			case tt.wrong == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
				t.Errorf("error %v, want one with %q", err, tt.wrong)
			}
		})
	}
	if _, err := agree([]byte(`[]`), []byte(`[]`)); err == nil {
		t.Error("no window agrees")
	}
}

func TestReadStats(t *testing.T) {
	log := `plain text with "bytes_read"
{"msg":"reference profile built","bytes_read":5}
{"msg":"window evaluated","window_start":"a","bytes_read":10,"rows_read":3,"spilled_bytes":1}
{"msg":"window evaluated","window_start":"b","bytes_read":20,"rows_read":4,"spilled_bytes":0}
`
	got, err := readStats(strings.NewReader(log))
	if want := (stats{BytesRead: 30, RowsRead: 7, SpilledBytes: 1, Windows: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := readStats(strings.NewReader(`{"bytes_read":`)); err == nil {
		t.Error("a line that is cut off is no error")
	}
}

func TestSeries(t *testing.T) {
	s := series{{Wall: 3 * time.Second, CPU: time.Second, RSS: 5}, {Wall: time.Second, CPU: 2 * time.Second, RSS: 9}, {Wall: 2 * time.Second, CPU: 9 * time.Second, RSS: 7}}
	if s.wall() != 2*time.Second || s.cpu() != 2*time.Second || s.rss() != 9 {
		t.Errorf("wall %v, CPU %v, RSS %d", s.wall(), s.cpu(), s.rss())
	}
	if got := s[:2].wall(); got != time.Second {
		t.Errorf("of two runs %v, want the lower", got)
	}
}

func TestTargetsAreMetAtTheirLimit(t *testing.T) {
	b := &bench{section: "s"}
	b.atMost("most", 0.5, "", 0.5, nil, nil)
	b.atMost("more", 0.5, "", 0.51, nil, nil)
	b.atLeast("least", 30, "", 30, nil, nil)
	b.atLeast("less", 30, "", 29.9, nil, nil)
	b.atMost("no number", 0.5, "", math.NaN(), nil, nil)
	b.add("shown", "", "", 1, true, nil, nil)
	var got []string
	for _, r := range b.table {
		got = append(got, r.Met)
	}
	if want := "yes no yes no no "; strings.Join(got, " ") != want {
		t.Errorf("met %q, want %q", strings.Join(got, " "), want)
	}
}

func TestDifference(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"a\n b\nc", "a\n d\nc", "line 2: d, not b"},
		{"a\nb", "a", "1 lines, not 2"},
	} {
		if got := difference([]byte(tt.a), []byte(tt.b)); got != tt.want {
			t.Errorf("difference of %q and %q is %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestWhatIsKeptIsNamedByWhatItIsMadeOf(t *testing.T) {
	repo := t.TempDir()
	names := map[string]bool{}
	for _, text := range []string{"duckdb==1.4.1\n", "duckdb==1.4.2\n", "duckdb==1.4.1\n"} {
		if err := os.WriteFile(filepath.Join(repo, "duckdb.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		madeOf, err := contents(repo, "duckdb.txt")
		if err != nil {
			t.Fatal(err)
		}
		names[keyed("data", madeOf)] = true
	}
	if len(names) != 2 {
		t.Errorf("two versions have the names %v", names)
	}
}
