package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// putObjects writes objects with some text to the store of a URL.
func putObjects(t testing.TB, url string, keys ...string) {
	t.Helper()
	store, err := objstore.NewOpener("").Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if err := store.Write(context.Background(), key, []byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
}

// at returns a point in time by its text.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	u, err := groundtruth.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// rels returns the keys that Discover finds, and its notes.
func rels(t testing.TB, src groundtruth.Source, baseDir string, from, to time.Time) ([]string, []string) {
	t.Helper()
	set, err := Discover(context.Background(), objstore.NewOpener(baseDir), src, from, to)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range set.Objects {
		got = append(got, o.Rel)
		if o.URL != o.Store.ObjectURL(o.Key) || o.Size != 2 {
			t.Errorf("object %+v", o)
		}
	}
	return got, set.Notes
}

func TestSemantics2_DiscoverPartitions(t *testing.T) {
	days := []string{
		"dt=2026-01-04/a.csv", "dt=2026-01-05/b.csv", "dt=2026-01-05/a.csv", "dt=2026-01-06/a.csv",
		"dt=2026-01-07/a.csv", "dt=2026-01-05/deep/a.csv", "dt=2026-01-05/a.json", "dt=x/a.csv", "other/a.csv",
	}
	hours := []string{"2026/01/05/22/a.csv", "2026/01/05/23/a.csv", "2026/01/06/00/a.csv", "2026/01/06/01/a.csv", "2026/02/06/01/a.csv", "2025/01/06/01/a.csv"}
	for _, c := range []struct {
		name, pattern string
		keys          []string
		from, to      string
		slack         time.Duration
		want          []string
	}{
		{"a day", "dt={date}/*.csv", days, "2026-01-05", "2026-01-06", 0, []string{"dt=2026-01-05/a.csv", "dt=2026-01-05/b.csv"}},
		{"part of a day", "dt={date}/*.csv", days, "2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z", 0, []string{"dt=2026-01-05/a.csv", "dt=2026-01-05/b.csv"}},
		{"slack on both sides", "dt={date}/a.csv", days, "2026-01-05", "2026-01-06", time.Hour, []string{"dt=2026-01-04/a.csv", "dt=2026-01-05/a.csv", "dt=2026-01-06/a.csv"}},
		{"a wildcard beside the date", "d*={date}/a.csv", days, "2026-01-05", "2026-01-06", 0, []string{"dt=2026-01-05/a.csv"}},
		{"deep below the date", "dt={date}/**", days, "2026-01-05", "2026-01-06", 0, []string{"dt=2026-01-05/a.csv", "dt=2026-01-05/a.json", "dt=2026-01-05/b.csv", "dt=2026-01-05/deep/a.csv"}},
		{"deep above the date", "**/dt={date}/a.csv", days, "2026-01-05", "2026-01-06", 0, []string{"dt=2026-01-05/a.csv"}},
		{"from on", "dt={date}/a.csv", days, "2026-01-06", "", 0, []string{"dt=2026-01-06/a.csv", "dt=2026-01-07/a.csv"}},
		{"up to", "dt={date}/a.csv", days, "", "2026-01-05", 0, []string{"dt=2026-01-04/a.csv"}},
		{"all", "dt={date}/a.csv", days, "", "", 0, []string{"dt=2026-01-04/a.csv", "dt=2026-01-05/a.csv", "dt=2026-01-06/a.csv", "dt=2026-01-07/a.csv"}},
		{"a long range is listed", "dt={date}/a.csv", days, "2020-01-01", "2026-01-06", 0, []string{"dt=2026-01-04/a.csv", "dt=2026-01-05/a.csv"}},
		{"no placeholder is all", "*/a.csv", days, "2026-01-05", "2026-01-06", 0, []string{"dt=2026-01-04/a.csv", "dt=2026-01-05/a.csv", "dt=2026-01-06/a.csv", "dt=2026-01-07/a.csv", "dt=x/a.csv", "other/a.csv"}},
		{"hours", "{year}/{month}/{day}/{hour}/*.csv", hours, "2026-01-05T23:00:00Z", "2026-01-06T01:00:00Z", 0, []string{"2026/01/05/23/a.csv", "2026/01/06/00/a.csv"}},
		{"hours with a wildcard", "{year}/{month}/{day}/*/a.csv", hours, "2026-01-05T23:00:00Z", "2026-01-06T00:00:00Z", 0, []string{"2026/01/05/22/a.csv", "2026/01/05/23/a.csv"}},
		{"in the object's name", "{date}.csv", []string{"2026-01-04.csv", "2026-01-05.csv", "2026-01-05.csv.gz"}, "2026-01-05", "2026-01-06", 0, []string{"2026-01-05.csv"}},
		{"one digit", "year={year}/month={month}/day={day}/hour={hour}/*.csv", []string{"year=2026/month=1/day=5/hour=7/a.csv", "year=2026/month=01/day=05/hour=07/a.csv", "year=2026/month=1/day=05/hour=07/b.csv", "year=2026/month=1/day=5/hour=8/a.csv", "year=2026/month=11/day=5/hour=7/a.csv"},
			"2026-01-05T07:00:00Z", "2026-01-05T08:00:00Z", 0, []string{"year=2026/month=01/day=05/hour=07/a.csv", "year=2026/month=1/day=05/hour=07/b.csv", "year=2026/month=1/day=5/hour=7/a.csv"}},
		{"one digit in the object's name", "{year}-{month}-{day}.csv", []string{"2026-1-5.csv", "2026-01-05.csv", "2026-1-6.csv", "2026-10-5.csv"}, "2026-01-05", "2026-01-06", 0, []string{"2026-01-05.csv", "2026-1-5.csv"}},
		{"months", "{year}-{month}.csv", []string{"2025-12.csv", "2026-01.csv", "2026-02.csv"}, "2026-01-31", "2026-02-01", 0, []string{"2026-01.csv"}},
		{"one object", "dt=x/a.csv", days, "2026-01-05", "2026-01-06", 0, []string{"dt=x/a.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var from, to time.Time
			if c.from != "" {
				from = at(t, c.from)
			}
			if c.to != "" {
				to = at(t, c.to)
			}
			folder := t.TempDir()
			for _, base := range []string{"mem://" + t.Name() + "/log", "file://" + folder, folder} {
				if base != folder {
					putObjects(t, base, c.keys...)
				}
				got, notes := rels(t, groundtruth.Source{URL: base + "/" + c.pattern, Slack: c.slack}, "", from, to)
				want := c.want
				if c.pattern == "dt=x/a.csv" {
					want = []string{"a.csv"} // all but the name is the fixed part
				}
				if !slices.Equal(got, want) || len(notes) > 0 {
					t.Errorf("%s: got %v (%v), want %v", base, got, notes, want)
				}
			}
		})
	}
}

// recordingLister is a store that notes which prefixes a walker lists.
type recordingLister struct {
	*objstore.Store
	listed []string
}

func (r *recordingLister) List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	r.listed = append(r.listed, prefix+"...")
	return r.Store.List(ctx, prefix)
}

func (r *recordingLister) ListDir(ctx context.Context, prefix string) ([]objstore.Object, []string, error) {
	r.listed = append(r.listed, prefix)
	return r.Store.ListDir(ctx, prefix)
}

func TestSemantics2_OnlyNeededPartitionsAreListed(t *testing.T) {
	store, err := objstore.NewOpener("").Open(context.Background(), "mem://needed")
	if err != nil {
		t.Fatal(err)
	}
	putObjects(t, "mem://needed", "dt=2026-01-04/p/a.csv", "dt=2026-01-05/p/a.csv", "dt=2026-01-05/q/a.csv", "dt=2026-01-06/p/a.csv", "dt=2025-01-05/p/a.csv")
	for _, c := range []struct {
		name, pattern string
		hours         int
		listed        []string
	}{
		{"by name", "dt={date}/p/*", 24, []string{"dt=2026-01-05/p/"}},
		{"by name with a wildcard below", "dt={date}/*/*", 24, []string{"dt=2026-01-05/", "dt=2026-01-05/p/", "dt=2026-01-05/q/"}},
		{"deep below", "dt={date}/**", 24, []string{"dt=2026-01-05/..."}},
		{"two days", "dt={date}/p/*", 48, []string{"dt=2026-01-05/p/", "dt=2026-01-06/p/"}},
		{"fields", "dt={year}-{month}-{day}/p/*", 24, []string{"dt=2026-", "dt=2026-01-05/p/"}}, // which finds dt=2026-1-5 too
		{"one object a day", "dt={date}/p/a.csv", 24, []string{"dt=2026-01-05/p/a.csv..."}},
		{"pruned folder by folder", "d*={date}/p/*", 24, []string{"d", "dt=2026-01-05/p/"}},
		{"folder by folder by the year", "dt={year}*/p/*", 24, []string{"dt=", "dt=2026-01-04/p/", "dt=2026-01-05/p/", "dt=2026-01-06/p/"}},
		{"a long range", "dt={date}/p/*", 24 * 101, []string{"dt=", "dt=2026-01-05/p/", "dt=2026-01-06/p/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePattern("mem://needed/" + c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			from := at(t, "2026-01-05")
			r := &recordingLister{Store: store}
			w := walker{lister: r, store: store, from: from, to: from.Add(time.Duration(c.hours) * time.Hour)}
			if err := w.walk(context.Background(), "", p.segments, noPartition()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.listed, c.listed) {
				t.Errorf("listed %q, want %q", r.listed, c.listed)
			}
		})
	}
}

func TestDiscoverNotesAndErrors(t *testing.T) {
	root := t.TempDir()
	putObjects(t, root, "log/dt=2026-01-05/a.csv", "log/dt=2026-01-05/_SUCCESS", "log/dt=2026-01-05/.a.csv.crc")
	day := at(t, "2026-01-07")
	_, notes := rels(t, groundtruth.Source{URL: "log/dt={date}/*.csv"}, root, day, day.AddDate(0, 0, 1))
	want := "no object matches dt={date}/*.csv in file://" + root + "/log between 2026-01-07T00:00:00Z and 2026-01-08T00:00:00Z: it matches 1 of 1 objects there, whose times are 2026-01-05"
	if len(notes) != 1 || notes[0] != want {
		t.Errorf("notes are %q, want %q", notes, want)
	}
	got, notes := rels(t, groundtruth.Source{URL: "log/dt={date}/*"}, root, time.Time{}, time.Time{})
	if len(got) != 1 || len(notes) != 1 || !strings.HasPrefix(notes[0], "2 objects") {
		t.Errorf("hidden names: got %q with notes %q", got, notes)
	}
	_, err := Discover(context.Background(), objstore.NewOpener(root), groundtruth.Source{URL: "nowhere/dt={date}/*.csv"}, day, day.AddDate(0, 0, 1))
	if !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err = Discover(context.Background(), objstore.NewOpener(root), groundtruth.Source{URL: "ftp://x/*.csv"}, day, day.AddDate(0, 0, 1)); err == nil {
		t.Error("an unknown scheme passes")
	}
}

// What Discover finds by going down the partitions is what listing all and matching
// each key finds.
func TestDiscoverAgreesWithMatching(t *testing.T) {
	var keys []string
	for h := 0; h < 24*40; h += 19 {
		u := time.Date(2025, 12, 1, h, 0, 0, 0, time.UTC)
		keys = append(keys, u.Format("a/dt=2006-01-02/15/2006-01-02.csv"), u.Format("b/2006/01/02/h15.csv"), u.Format("c/2006-01/02-15.csv"))
		keys = append(keys, u.Format("d/2006/1/2/")+fmt.Sprintf("h%d.csv", u.Hour()), u.Format("e/2006-1/02-15.csv"))
	}
	putObjects(t, "mem://agree", keys...)
	store, err := objstore.NewOpener("").Open(context.Background(), "mem://agree")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.SampledFrom([]string{
			"*/dt={date}/{hour}/{date}.csv", "{year}/*", "*/{year}/{month}/{day}/h{hour}.csv", "*/{year}-{month}/{day}-{hour}.csv",
			"*/dt={date}/*/*", "**/{date}.csv", "*/{year}/**", "*/{year}/{month}/*/h{hour}.csv", "*/**/{hour}/*",
		}).Draw(rt, "pattern")
		from := time.Date(2025, 12, 1, rapid.IntRange(0, 24*40).Draw(rt, "from"), 0, 0, 0, time.UTC)
		to := from.Add(time.Duration(rapid.IntRange(1, 300).Draw(rt, "hours")) * time.Hour)
		slack := time.Duration(rapid.IntRange(0, 30).Draw(rt, "slack")) * time.Hour
		got, _ := rels(t, groundtruth.Source{URL: "mem://agree/" + pattern, Slack: slack}, "", from, to)
		p, err := parsePattern("mem://agree/" + pattern)
		if err != nil {
			rt.Fatal(err)
		}
		var want []string
		for o, err := range store.List(context.Background(), "") {
			if err != nil {
				rt.Fatal(err)
			}
			part, ok, _ := matchKey(p.segments, strings.Split(o.Key, "/"), noPartition())
			span, has := part.span(groundtruth.Zone{})
			if ok && (!has || span.End.After(from.Add(-slack)) && span.Start.Before(to.Add(slack))) {
				want = append(want, o.Key)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s: got %d objects, want %d", pattern, len(got), len(want))
		}
	})
}
