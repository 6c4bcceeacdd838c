package source

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

func TestParsePattern(t *testing.T) {
	for _, c := range []struct{ name, url, base, text, err string }{
		{"s3", "s3://logs/m/dt={date}/*.parquet", "s3://logs/m", "dt={date}/*.parquet", ""},
		{"parameters stay with the bucket", "s3://logs/m/dt={date}/*.csv?region=eu-west-1", "s3://logs/m?region=eu-west-1", "dt={date}/*.csv", ""},
		{"pattern right in the bucket", "gs://logs/*.csv", "gs://logs", "*.csv", ""},
		{"one object", "azblob://logs/a/b.csv", "azblob://logs/a", "b.csv", ""},
		{"a folder", "s3://logs/a/", "s3://logs/a", "**", ""},
		{"a bucket's all", "mem://m/", "mem://m", "**", ""},
		{"relative path", "data/{year}/{month}.csv", "data", "{year}/{month}.csv", ""},
		{"plain name", "a.csv", ".", "a.csv", ""},
		{"absolute path", "/data/*/x.csv", "/data", "*/x.csv", ""},
		{"in the root folder", "/*.csv", "/", "*.csv", ""},
		{"file URL", "file:///data/*.csv", "file:///data", "*.csv", ""},
		{"file URL in the root folder", "file:///*.csv", "file:///", "*.csv", ""},
		{"relative file URL", "file://./data/*.csv", "file://./data", "*.csv", ""},
		{"file URL of a name", "file://*.csv", "file://.", "*.csv", ""},
		{"question mark in a path", "data/a?/*.csv", "data/a?", "*.csv", ""},

		{"empty", "", "", "", "empty"},
		{"bucket only", "s3://logs", "", "", "names a bucket and no object"},
		{"wildcard bucket", "s3://log*/a.csv", "", "", "bucket's name"},
		{"unknown placeholder", "s3://logs/{day_of_week}/*.csv", "", "", "unknown placeholder {day_of_week}"},
		{"unclosed placeholder", "s3://logs/{date/*.csv", "", "", "unknown placeholder {date"},
		{"closing brace", "s3://logs/a}b/*.csv", "", "", "} without its {"},
		{"part of a segment deep", "s3://logs/a**/x.csv", "", "", "whole path segment"},
		{"too deep", "s3://logs/**/a/**/b/**/c/**", "", "", "more than 3 times **"},
		{"empty segment", "s3://logs/*//x.csv", "", "", "empty path segment"},
		{"parent", "data/*/../x.csv", "", "", "cannot follow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePattern(c.url)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil || p.base != c.base || p.text != c.text {
				t.Errorf("got %q and %q (%v), want %q and %q", p.base, p.text, err, c.base, c.text)
			}
		})
	}
}

func TestParsePatternHidesParameters(t *testing.T) {
	_, err := parsePattern("s3://logs/{x}/*.csv?token=secret")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestMatchKey(t *testing.T) {
	for _, c := range []struct{ name, pattern, key, span string }{
		{"date", "dt={date}/*.csv", "dt=2026-01-05/a.csv", "2026-01-05/2026-01-06"},
		{"no such date", "dt={date}/*.csv", "dt=2026-02-30/a.csv", "-"},
		{"date and hour", "{date}/{hour}.csv", "2026-01-05/07.csv", "2026-01-05T07:00:00Z/2026-01-05T08:00:00Z"},
		{"no such hour", "{date}/{hour}.csv", "2026-01-05/24.csv", "-"},
		{"the date twice", "{date}/log-{date}.csv", "2026-01-05/log-2026-01-05.csv", "2026-01-05/2026-01-06"},
		{"two dates", "{date}/log-{date}.csv", "2026-01-05/log-2026-01-06.csv", "-"},
		{"fields", "{year}/{month}/{day}/x.csv", "2026/01/05/x.csv", "2026-01-05/2026-01-06"},
		{"fields in any order", "{day}.{month}.{year}.csv", "05.01.2026.csv", "2026-01-05/2026-01-06"},
		{"no such day of the month", "{day}.{month}.{year}.csv", "31.04.2026.csv", "-"},
		{"month", "{year}-{month}.csv", "2026-12.csv", "2026-12-01/2027-01-01"},
		{"year", "{year}.csv", "2026.csv", "2026-01-01/2027-01-01"},
		{"an hour without its date has no span", "{hour}.csv", "07.csv", ""},
		{"one-digit month", "{year}-{month}.csv", "2026-1.csv", "-"},
		{"star stays in its segment", "*.csv", "a/b.csv", "-"},
		{"star may be empty", "a*.csv", "a.csv", ""},
		{"point is literal", "a.csv", "abcsv", "-"},
		{"deep at no depth", "**/x.csv", "x.csv", ""},
		{"deep", "**/x.csv", "a/b/x.csv", ""},
		{"deep in the middle", "a/**/dt={date}/*.csv", "a/b/c/dt=2026-01-05/x.csv", "2026-01-05/2026-01-06"},
		{"deep at the end", "a/**", "a/b/c.csv", ""},
		{"deep at the end is below", "a/**", "a", "-"},
		{"twice deep", "**/a/**/b", "x/a/y/z/b", ""},
		{"hidden from a star", "*.csv", "_tmp.csv", "-"},
		{"hidden by a point", "*", ".x.crc", "-"},
		{"hidden folder", "**/x.csv", "_temporary/0/x.csv", "-"},
		{"hidden name below deep", "**", "a/_SUCCESS", "-"},
		{"named by the pattern", "_tmp/*.csv", "_tmp/a.csv", ""},
		{"name begun by the pattern", "_*.csv", "_a.csv", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePattern("mem://m/*/" + c.pattern)
			if err != nil {
				t.Fatal(err)
			}
			part, ok, _ := matchKey(p.segments[1:], strings.Split(c.key, "/"), noPartition())
			if !ok {
				if c.span != "-" {
					t.Error("no match")
				}
				return
			}
			got := ""
			if span, ok := part.span(); ok {
				got = span.String()
			}
			if got != c.span {
				t.Errorf("got %q, want %q", got, c.span)
			}
		})
	}
}

// put writes objects with some text and returns the store's URL.
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

// at is a point in time by its text.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	u, err := groundtruth.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

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

// recordingLister notes what is listed.
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
		{"fields", "dt={year}-{month}-{day}/p/*", 24, []string{"dt=2026-01-05/p/"}},
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
	want := "no object matches dt={date}/*.csv in file://" + root + "/log between 2026-01-07T00:00:00Z and 2026-01-08T00:00:00Z"
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
			span, has := part.span()
			if ok && (!has || span.End.After(from.Add(-slack)) && span.Start.Before(to.Add(slack))) {
				want = append(want, o.Key)
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%s: got %d objects, want %d", pattern, len(got), len(want))
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("s3://logs/m/dt={date}/*.parquet?region=x", "dt=2026-01-05/a.parquet")
	f.Add("**/{year}/{month}/{day}/{hour}/**", "a/2026/01/05/07/b/c")
	f.Add("{date}{hour}*{", "2026-01-0507")
	f.Fuzz(func(t *testing.T, url, key string) {
		if strings.Count(key, "/") > 40 {
			return
		}
		p, err := parsePattern(url)
		if err != nil {
			return
		}
		if len(p.segments) == 0 || p.base == "" {
			t.Fatalf("%q has base %q and %d segments", url, p.base, len(p.segments))
		}
		part, ok, _ := matchKey(p.segments, strings.Split(key, "/"), noPartition())
		if span, has := part.span(); ok && has && !span.Start.Before(span.End) {
			t.Fatalf("%q has the empty span %s", key, span)
		}
		// Every name that is asked for in a range matches its segment.
		w := walker{from: time.Date(2026, 1, 5, 7, 0, 0, 0, time.UTC), to: time.Date(2026, 1, 7, 7, 0, 0, 0, time.UTC)}
		for _, s := range p.segments {
			if s.deep || s.literal || s.glob {
				continue
			}
			names, _ := w.candidates(s, noPartition())
			for _, name := range names {
				next, ok, _ := s.accept(name, noPartition())
				if !ok || !w.needed(next) {
					t.Fatalf("%q asks for %q, which it does not match", s.text, name)
				}
			}
		}
	})
}
