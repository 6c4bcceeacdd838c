package datacheck

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCheck breaks a healthy model in one way after the other: each is found, told once, and
// with what to do.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		breaks   func(s *setup)
		severity string // empty: nothing is wrong
		found    string
		do       string
	}{
		{"nothing", func(*setup) {}, "", "", ""},
		{"no timestamps are mapped", func(s *setup) { s.columns = "{id: id, prediction: pred}" }, "", "", ""},
		{"epoch seconds", func(s *setup) { s.times(func(at time.Time) string { return fmt.Sprint(at.Unix()) }) }, "", "", ""},
		{
			"date keys", func(s *setup) { s.times(func(at time.Time) string { return at.Format("20060102") }) },
			Error, `timestamps such as "20260101" are read as 1970-08-23T11:48:21Z to`, "date keys such as 20260101",
		},
		{
			"days of a spreadsheet", func(s *setup) {
				s.times(func(at time.Time) string { return fmt.Sprint(46023 + at.YearDay()) })
			}, Error, "are read as 1970-01-01T", "days of a spreadsheet",
		},
		{
			"timestamps in the future", func(s *setup) {
				s.objects["p/2026-01-06/a.csv"] += "z,2026-02-01T05:00:00Z,1,1\n"
				s.predictions = "p/{year}-*/a.csv"
			}, Warning, "1 of 721 timestamps lie in the future, the last at 2026-02-01T05:00:00Z", "clocks agree",
		},
		{
			"dates of another zone", func(s *setup) { s.times(later(5, time.RFC3339)) },
			Warning, "20.8 % of the rows lie outside of the date of their object, up to 5h after it", "of a time zone 5 h behind UTC: name it in `predictions.partition_time_zone`",
		},
		{
			"dates of the zone that is named", func(s *setup) {
				s.times(later(5, time.RFC3339))
				s.config = "partition_time_zone: America/New_York"
			}, "", "", "",
		},
		{
			"dates of another zone than the one that is named", func(s *setup) { s.config = "partition_time_zone: America/New_York" },
			Warning, "up to 5h before it", "of a time zone 5 h ahead of America/New_York",
		},
		{
			"local times without a zone", func(s *setup) { s.times(later(2, "2006-01-02 15:04:05")) },
			Warning, `8.3 % of the rows lie outside of the date of their object, up to 114m after it, where no window reads them; they have no time zone, as "2026-01-01 02:00:00", and are read as UTC`, "local times of a time zone 2 h ahead of UTC",
		},
		{
			"local times without a zone, and slack", func(s *setup) {
				s.times(later(8, time.DateTime))
				s.config = "slack: 8h"
			}, Warning, `33.3 % of the rows lie outside of the date of their object, up to 8h after it; they have no time zone`, "local times of a time zone 8 h ahead of UTC",
		},
		{
			"local times without a zone, and too little slack", func(s *setup) {
				s.times(later(8, time.DateTime))
				s.config = "slack: 6h"
			}, Warning, `up to 8h after it; 8.3 % lie further from it than predictions.slack (6h), where no window reads them; they have no time zone`, "local times",
		},
		{
			"times with their offset, and slack", func(s *setup) {
				s.times(later(8, time.RFC3339))
				s.config = "slack: 8h"
			}, "", "", "",
		},
		{
			"times in UTC without a zone that came late, and slack", func(s *setup) {
				s.times(func(at time.Time) string {
					if at.Hour() == 0 && at.Minute() == 0 {
						at = at.Add(-5 * time.Hour)
					}
					return at.Format(time.DateTime)
				})
				s.config = "slack: 8h"
			}, "", "", "",
		},
		{
			"rows by arrival", func(s *setup) {
				s.times(func(at time.Time) string {
					return at.Add(time.Duration(at.Minute()-30) * 10 * time.Minute).Format(time.RFC3339)
				})
			}, Warning, "of the rows lie outside of the date of their object", "`predictions.slack:",
		},
		{
			"the same ids every day", func(s *setup) {
				for day := range testDays {
					s.edit("p/", fmt.Sprintf("p%d-", day), "store-")
					s.edit("l/", fmt.Sprintf("p%d-", day), "store-")
				}
			}, Warning, "480 of 720 records have an id that another object has too, such as", "give each prediction an id of its own",
		},
		{
			"labels before predictions", func(s *setup) {
				s.times(func(at time.Time) string { return at.Add(23 * time.Hour).Format("2006-01-02 15:04:05") })
				s.predictions = "p/*/a.csv"
			}, Warning, "100 % of the labels are from before their predictions, the first by 3h", "without one are read as UTC",
		},
		{
			"a label of a part of the predictions", func(s *setup) {
				for day := range testDays {
					s.edit("l/", fmt.Sprintf("p%d-1", day), "other-1")
				}
			},
			Warning, "58.3 % of 240 ids of predictions have a label among 960 records of 4 objects; \"p2-100\" has none; rules ask for a coverage of 0.8", "a lower `min_coverage`",
		},
		{
			"labels of a sample", func(s *setup) {
				for day := range testDays {
					for ten := range testRows/10 - 1 {
						s.edit("l/", fmt.Sprintf("p%d-%02d", day, ten), fmt.Sprintf("p%d-%02d", day+1000, ten))
					}
				}
				s.rules = "[{name: mae, when: mae > 1, min_samples: 5, min_coverage: 0.04}]"
			}, "", "", "",
		},
		{
			"labels of another year", func(s *setup) {
				for day := range testDays {
					key := fmt.Sprintf("l/2026-01-%02d/a.csv", day+1)
					s.objects[strings.Replace(key, "2026", "2025", 1)] = s.objects[key]
					delete(s.objects, key)
				}
			}, Warning, "no object is of 2026-01-03 to 2026-02-02, where labels of the predictions that were looked at may lie; there are those of 2025-01-01 to 2025-01-06", "see whether labels of that time are written",
		},
		{
			"another case in a part of the labels", func(s *setup) {
				for day := range testDays {
					s.edit("l/", fmt.Sprintf("p%d-1", day), fmt.Sprintf("P%d-1", day))
				}
			}, Warning, `58.3 % of 240 ids of predictions have a label among 960 records of 4 objects: predictions have "p2-100", labels "P2-100"`, "upper-case",
		},
		{
			"labels of other predictions", func(s *setup) {
				for day := range testDays {
					s.edit("l/", fmt.Sprintf("p%d-", day), fmt.Sprintf("p%d-", day+1000))
				}
			}, Error, "none of 240 ids of predictions is among those of 960 label records", "they are written alike, so the labels read may be of other predictions",
		},
		{
			"few ids, none of which meets", func(s *setup) {
				s.objects = map[string]string{
					"p/2026-01-01/a.csv": "id,at,x,pred\n1,2026-01-01,1,1\n2,2026-01-01,2,2\n3,2026-01-01,3,3\n", "l/2026-01-01/a.csv": "id,y,loaded\n1.0,1,2026-01-02\n2.0,2,2026-01-02\n3.0,3,2026-01-02\n",
				}
			}, Error, `none of 3 ids of predictions is among those of 3 label records: predictions have "1", labels "1.0"`, `end in ".0"`,
		},
		{
			"malformed records", func(s *setup) { s.edit("p/2026-01-01", ".5,", ".5") },
			Error, "predictions: 33.3 % of 720 records are malformed", "max_bad_share 0.01",
		},
		{
			"empty labels", func(s *setup) {
				for i := range testRows {
					s.edit("l/", fmt.Sprintf(",%d,", i+1), ",,")
				}
			}, Error, `column "y", which ground_truth.columns.label names, is empty in all 960 records`, "name the labels' column by `ground_truth.columns.label`",
		},
		{
			"a column that newer objects lack", func(s *setup) { s.edit("p/2026-01-06", "id,at,x,pred", "id,at,x,price") },
			Error, `column "pred", which predictions.columns.prediction names, is not in 1 of 3 objects`, "write it into all objects",
		},
		{
			"a reference that is not there, and no rule that needs it", func(s *setup) { s.config = "    reference: {url: \"BASE/r/a.csv\"}\n" },
			Error, "reference: no object matches", "{date} for 2026-01-31; or leave `reference` out, which no rule needs",
		},
		{
			"a reference that rules need and that is not there", func(s *setup) {
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
				s.rules = "[{name: mae, when: mae > 2 * reference.mae}, {name: d, when: drift.share > 0.5}, {name: few, when: predictions < 10}]"
			}, Error, "reference: no object matches", "; or leave `reference` out, with rules mae and d, which need it",
		},
		{
			"a rule that holds every run for good", func(s *setup) {
				s.objects["r/a.csv"] = "x,pred,y,city\n" + strings.Repeat("1.5,2,3,Oslo\n2.5,3,4,Bergen\n", 300)
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n    drift: {method: ks}\n"
				s.edit("p/", "id,at,x,pred", "id,at,city,pred")
				s.rules = `[{name: hold, when: 'drift.columns["city"].drifted', action: block}, {name: d, when: drift.share > 0.5, action: block}]`
			}, Error, `reference: rule hold has the action block, which holds every run unless the rule is healthy, and it never is: drift.columns["city"].drifted is never known: ks compares numbers`,
			"give `drift.method` measures that judge it",
		},
		{
			"strata of a reference without times", func(s *setup) {
				s.objects["r/a.csv"] = "x,pred,y\n" + strings.Repeat("1.5,2,3\n", 8)
				s.config = "    reference: {url: \"BASE/r/a.csv\", strata: weekend}\n"
			}, Warning, "reference: `reference.strata` is weekend, and it has no timestamps to tell its rows apart by: every window is compared with all rows", "name the column of their times in `reference.columns.timestamp`",
		},
		{
			"strata of a reference where a row has no time", func(s *setup) {
				s.objects["r/a.csv"] = "at,x,pred,y\n,1.5,2,3\n" + strings.Repeat("2025-01-01T00:00:00Z,1.5,2,3\n", 8)
				s.config = "    reference: {url: \"BASE/r/a.csv\", strata: weekend}\n"
			}, Warning, "reference: `reference.strata` is weekend, and 1 of 9 rows have no timestamp to tell by", "or set `reference.strata: none`",
		},
		{
			"a reference without times, and strata of its own accord", func(s *setup) {
				s.objects["r/a.csv"] = "x,pred,y\n" + strings.Repeat("1.5,2,3\n", 8)
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
			}, "", "", "",
		},
		{
			"a reference with columns of its own", func(s *setup) {
				s.objects["r/a.csv"] = "x,score,y\n1.5,2,3\n"
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
			}, Error, `reference: there is no column "pred", which predictions.columns.prediction names`, "set `reference.columns.prediction: score`, which looks like a number",
		},
		{
			"an id of several columns, of which one is missing", func(s *setup) {
				s.columns, s.labels = "{id: [id, day], timestamp: at, prediction: pred}", "{id: [id, loaded], label: y}"
			},
			Error, `there is no column "day", which predictions.columns.id names`, "set `predictions.columns.id` to the column that is meant",
		},
		{
			"an id of another name", func(s *setup) { s.labels = "{id: request_id, label: y}" },
			Error, `there is no column "request_id", which ground_truth.columns.id names; there are "id", "y", "loaded"`, "set `ground_truth.columns.id",
		},
		{
			"an unreadable object", func(s *setup) { s.objects["p/2026-01-06/b.parquet"] = "none such" },
			Error, "1 of 3 objects cannot be read: read object mem://", "mend or remove them",
		},
		{
			"a segment that is not there", func(s *setup) { s.config = "    segments: [city]\n" },
			Warning, `there is no column "city", which segments names`, "set `segments` to the column that is meant",
		},
		{
			"a feature that is not there", func(s *setup) { s.config = "features: [x, city]" },
			Error, `there is no column "city", which predictions.features names`, "correct predictions.features",
		},
		{
			"few rows", func(s *setup) { s.config = "    window: 6h\n" },
			Warning, "rule mae asks for 200 rows, and a window of 6h has about 60", "set `window: 1d`, or a lower `min_samples`",
		},
		{
			"a feature that the log has no values of", func(s *setup) {
				text := "x,pred,y\n"
				for i := range 400 {
					text += fmt.Sprintf("%d.5,%d,%d\n", i%17, i, i)
				}
				s.objects["r/a.csv"] = text
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
				for i := range 17 {
					s.edit("p/", fmt.Sprintf("Z,%d.5,", i), "Z,,")
				}
			}, "", "", "",
		},
		{
			"a reference of another kind", func(s *setup) {
				text := "x,pred,y\n"
				for i := range 400 {
					text += fmt.Sprintf("%d.5,%d,%d\n", i%17, i, i)
				}
				s.objects["r/a.csv"] = text
				s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
				s.edit("p/", ".5,", " km,")
			}, Warning, `"x": numbers in the reference and not in the predictions`, "write them alike",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			c.breaks(s)
			s.finds(t, c.severity, c.found, c.do)
		})
	}
}

// TestCheckTellsOnce says once that a column has another name, though the reference lacks it too.
func TestCheckTellsOnce(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.columns = "{id: id, timestamp: at, prediction: predicted}"
	s.objects["r/a.csv"] = "x,pred,y\n1.5,2,3\n"
	s.config = "    reference: {url: \"BASE/r/a.csv\"}\n"
	if r := s.check(t); len(r.Problems) != 1 || r.Problems[0].Source != predictionsName || !strings.Contains(r.Problems[0].Do, "`predictions.columns.prediction: pred`") {
		t.Errorf("%+v", r.Problems)
	}
}

// TestCheckRules warns of a rule on drift that the rows of a usual window cannot decide, where
// one of two columns is inconclusive, and not where it decides all the same.
func TestCheckRules(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]string{
		"drift.share >= 0.5":                     "rule r is inconclusive with 240 rows, where about 500 are needed",
		"drift.share > 0.5":                      "",
		"drift.share >= 0.5 || predictions > 10": "",
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			city := func(head string, lines []string) string {
				for i := range lines {
					lines[i] += "," + string(rune('a'+i%2))
				}
				return head + ",city\n" + strings.Join(lines, "\n") + "\n"
			}
			for key, text := range s.objects {
				if strings.HasPrefix(key, "p/") {
					lines := strings.Split(strings.TrimSpace(text), "\n")
					s.objects[key] = city(lines[0], lines[1:])
				}
			}
			lines := make([]string, 5000)
			for i := range lines {
				lines[i] = fmt.Sprintf("%d.5,%d,%d", i%17, i%240, i%240)
			}
			s.objects["r/a.csv"] = city("x,pred,y", lines)
			s.config = "    reference: {url: \"BASE/r/a.csv\"}\n    drift: {threshold: {wasserstein_normed: 0.05, psi: 0.01}}\n"
			s.rules = "[{name: r, when: " + strconv.Quote(when) + "}]"
			r := s.check(t)
			if d := r.Drift; d == nil || d.Features != 2 || len(d.Undecided) != 1 {
				t.Fatalf("drift %+v, problems %+v", d, r.Problems)
			}
			switch {
			case want == "" && len(r.Problems) > 0, want != "" && len(r.Problems) != 1:
				t.Errorf("problems %+v", r.Problems)
			case want != "" && (!strings.Contains(r.Problems[0].Found, want) || r.Problems[0].Do != "set `window: 3d`"):
				t.Errorf("problem %+v, want %s", r.Problems[0], want)
			}
		})
	}
}

// TestCheckUnusableLabels tells of labels that meet predictions by their ids what they are worth.
func TestCheckUnusableLabels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(s *setup)
		want   float64
	}{
		"good": {func(*setup) {}, 0},
		"none": {func(s *setup) { s.edit("l/", ",2026", " EUR,2026") }, 1},
		"all empty": {func(s *setup) {
			s.labels = "{id: id, label: none, ingested_at: loaded}"
			s.edit("l/", ",2026", ",,2026")
			s.edit("l/", "y,", "y,none,")
		}, 1},
		"a few empty": {func(s *setup) { s.edit("l/", ",7,", ",,") }, 0},
		"one of 240":  {func(s *setup) { s.edit("l/", ",7,", ",seven,") }, 1. / 240},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := healthy()
			c.breaks(s)
			if ids := s.check(t).IDs; ids == nil || ids.Matched != 240 || float64(ids.Unusable) != c.want {
				t.Errorf("%+v, want %v", ids, c.want)
			}
		})
	}
}

// TestCheckIsTheSame gives the same report each time, though it goes by maps of ids.
func TestCheckIsTheSame(t *testing.T) {
	t.Parallel()
	first := ""
	for range 5 {
		s := healthy()
		s.edit("l/", "p", "P")
		text, err := json.Marshal(s.check(t))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Fatalf("%s\nand before\n%s", text, first)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]string{0: "0 %", 1: "100 %", 0.25: "25 %", 0.123: "12.3 %", 0.0001: "less than 0.1 %", 0.9999: "more than 99.9 %"} {
		if got := Percent(x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
}
