package source

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// TestWhatIsThereInstead asks for patterns that match nothing, and for what the note says of
// what is there.
func TestWhatIsThereInstead(t *testing.T) {
	days := func(layout string) []string {
		var keys []string
		for day := range 4 {
			keys = append(keys, time.Date(2026, 1, 5+day, 7, 0, 0, 0, time.UTC).Format(layout))
		}
		return keys
	}
	for _, c := range []struct {
		name, pattern string
		keys          []string
		want          string
	}{
		{"no prefix of the date", "dt={date}/*.parquet", days("2006-01-02/part-0.parquet"), `{date}/*.parquet would match 4 of 4 objects there, first "2026-01-05/part-0.parquet"`},
		{"another prefix", "dt={date}/*.csv", days("date=2006-01-02/a1.csv"), `date={date}/*.csv would match 4 of 4 objects there, first "date=2026-01-05/a1.csv"`},
		{"another ending", "dt={date}/*.csv", days("dt=2006-01-02/a.csv.gz"), `dt={date}/*.csv.gz would match 4 of 4`},
		{"an ending with two points", "dt={date}/*.csv", days("dt=2006-01-02/part-0001.snappy.parquet"), `dt={date}/*.parquet would match 4 of 4`},
		{"dates in the objects' names", "dt={date}/*.csv", days("2006-01-02.csv"), `{date}.csv would match 4 of 4`},
		{"dates in longer names", "dt={date}/*.csv", days("sales_2006-01-02_v2.csv"), `sales_{date}_*.csv would match 4 of 4`},
		{"dates and parts in names", "dt={date}/*.csv", days("2006-01-02-part-0002-c1f3-2.csv"), `{date}-part-*.csv would match 4 of 4`},
		{"dates without lines", "{date}.csv", days("x-20060102.csv"), `x-{year}{month}{day}.csv would match 4 of 4`},
		{"date and hour without lines", "{date}.csv", days("2006010215.csv"), `{year}{month}{day}{hour}.csv would match 4 of 4`},
		{"date with lines and hour", "{date}.csv", days("2006-01-02T15/a.csv"), `{date}T{hour}/*.csv would match 4 of 4`},
		{"underscores", "{date}.csv", days("2006_01_02.csv"), `{year}_{month}_{day}.csv would match 4 of 4`},
		{"folders", "dt={date}/*.csv", days("2006/01/02/15/a.csv"), `{year}/{month}/{day}/{hour}/*.csv would match 4 of 4`},
		{"folders with names", "dt={date}/*.csv", days("year=2006/month=1/day=2/a.csv"), `year={year}/month={month}/day={day}/*.csv would match 4 of 4`},
		{"an hour more", "dt={date}/*.csv", days("dt=2006-01-02/hour=15/a.csv"), `dt={date}/hour={hour}/*.csv would match 4 of 4`},
		{"a plain hour more", "dt={date}/*.csv", days("dt=2006-01-02/15/a.csv"), `dt={date}/{hour}/*.csv would match 4 of 4`},
		{"another partition", "dt={date}/*.csv", append(days("region=eu/dt=2006-01-02/a.csv"), "region=us/dt=2026-01-05/a.csv"), `region=*/dt={date}/*.csv would match 5 of 5`},
		{"a folder of a run", "{date}/*.csv", days("run7/2006-01-02/a.csv"), `*/{date}/*.csv would match 4 of 4`},
		{"the most of several", "{date}/*.csv", append(days("dt=2006-01-02/a.csv"), "readme.txt", "x/y.json"), `dt={date}/*.csv would match 4 of 6`},
		{"no date at all", "dt={date}/*.csv", []string{"a.csv", "b.csv", "c.json"}, `*.csv would match 2 of 3`},
		{"other times", "dt={date}/*.csv", []string{"dt=2025-12-01/a.csv", "dt=2025-12-04/a.csv", "x.csv"}, `it matches 2 of 3 objects there, whose times are 2025-12-01 to 2025-12-04`},
		{"a folder for a file", "dt={date}/part.parquet", days("dt=2006-01-02/part.parquet/part-00000-c1.snappy.parquet"), `part.parquet is a folder there: dt={date}/part.parquet/*.parquet would match 4 of 4`},
		{"a folder whose name ends like a file's", "dt={date}/*.parquet", days("dt=2006-01-02/run.parquet/part-0.parquet"), `*.parquet is a folder there: dt={date}/*.parquet/*.parquet would match 4 of 4`},
		{"a folder of dates", "dt={date}", days("dt=2006-01-02/a.csv"), `dt={date} is a folder there: dt={date}/*.csv would match 4 of 4`},
		{"one folder", "log", days("log/dt=2006-01-02/a.csv"), `log is a folder there: log/dt={date}/*.csv would match 4 of 4`},
		{"a file for a folder", "dt={date}/part.parquet/*", days("dt=2006-01-02/part.parquet"), `dt={date}/*.parquet would match 4 of 4`},
		{"another name", "labels.csv", []string{"label.csv", "predictions.csv"}, `beside it are "label.csv", "predictions.csv" (did you mean "label.csv"?)`},
		{"another name, compressed", "labels.csv", []string{"labels.csv.gz"}, `beside it are "labels.csv.gz" (did you mean "labels.csv.gz"?)`},
		{"nothing", "dt={date}/*.csv", nil, `there is no object at all; correct the URL, or see whether whoever writes there does`},
		{"hidden names alone", "dt={date}/*.csv", []string{"_SUCCESS", ".x"}, `there is no object at all`},
		{"names that are no pattern", "dt={date}/*.csv", []string{"a*{b}/c"}, `there are "a*{b}/c"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			for _, base := range []string{"mem://" + t.Name() + "/log", folder} {
				putObjects(t, base, c.keys...)
				set, err := Discover(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: base + "/" + c.pattern}, at(t, "2026-03-05"), at(t, "2026-03-06"))
				if err != nil {
					t.Fatal(err)
				}
				if len(set.Objects) > 0 || len(set.Notes) != 1 {
					t.Fatalf("%d objects, notes %q", len(set.Objects), set.Notes)
				}
				_, got, _ := strings.Cut(set.Notes[0], " and 2026-03-06T00:00:00Z: ")
				if !strings.HasPrefix(got, c.want) {
					t.Errorf("%s: %q, want %q", base, set.Notes[0], c.want)
				}
			}
		})
	}
}

// A reference has no time that placeholders could stand for.
func TestWhatIsThereInsteadOfAReference(t *testing.T) {
	for key, want := range map[string]string{
		"dt=2026-01-05/a.csv.gz": "dt=*/*.csv.gz would match 1 of 1", "20260105.parquet": "*.parquet would match 1 of 1", "x.csv/2026-01-05.csv": "*.csv is a folder there: *.csv/*.csv would match 1 of 1",
	} {
		base := "mem://reference/" + key
		putObjects(t, base, key)
		_, notes, err := Inputs(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: base + "/*.csv"}, time.Time{}, time.Time{})
		if err != nil || len(notes) != 1 || !strings.Contains(notes[0], ": "+want) {
			t.Errorf("%s: notes %q (%v), want %q", key, notes, err, want)
		}
	}
}

// What is looked at is bounded, and no request is made for it where nobody is told.
func TestLookingAroundIsBounded(t *testing.T) {
	var keys []string
	for i := range lookedAround + 500 {
		keys = append(keys, fmt.Sprintf("2026-01-01/a%04d.csv", i))
	}
	putObjects(t, "mem://bounded", keys...)
	src := groundtruth.Source{URL: "mem://bounded/dt={date}/*.csv"}
	day := at(t, "2026-03-05")
	_, notes := rels(t, src, "", day, day.AddDate(0, 0, 1))
	if want := "{date}/*.csv would match 1000 of the first 1000 objects there"; len(notes) != 1 || !strings.Contains(notes[0], want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	for _, c := range []struct {
		from time.Time
		told bool
	}{{day, false}, {time.Time{}, true}} {
		to := c.from
		if !to.IsZero() {
			to = to.AddDate(0, 0, 1)
		}
		_, notes, err := Inputs(context.Background(), objstore.NewOpener(""), src, c.from, to)
		if err != nil || len(notes) != 1 || strings.Contains(notes[0], "would match") != c.told {
			t.Errorf("from %s: notes %q (%v)", c.from, notes, err)
		}
	}
}

func FuzzShape(f *testing.F) {
	for _, key := range []string{"dt=2026-01-05/part-0.snappy.parquet", "2026/1/5/7/a.csv.gz", "x_20260105T07.json", "a*{", "year=2026/m=1/.x"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		shape := shapeOf(key)
		if shape == "" {
			return
		}
		p, err := parsePattern("mem://shape/*/" + shape)
		if err != nil {
			t.Fatalf("%q has the shape %q: %v", key, shape, err)
		}
		if _, ok, _ := matchKey(p.segments[1:], strings.Split(key, "/"), noPartition()); !ok {
			t.Fatalf("%q has the shape %q, which does not match it", key, shape)
		}
	})
}
