package source

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// zone returns the zone of a name.
func zone(t testing.TB, name string) groundtruth.Zone {
	t.Helper()
	z, err := groundtruth.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A partition is a date or an hour of its zone's clocks. In Oslo they go from 02:00 to
// 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October, both at 01:00 UTC.
func TestSemantics8_PartitionsOfAZone(t *testing.T) {
	const day, hour = "dt={date}/*.csv", "dt={date}/hour={hour}/*.csv"
	for _, c := range []struct {
		name, zone, pattern, key, span string
	}{
		{"a day", "Europe/Oslo", day, "dt=2026-01-05/a.csv", "2026-01-04T23:00:00Z/2026-01-05T23:00:00Z"},
		{"a short day", "Europe/Oslo", day, "dt=2026-03-29/a.csv", "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z"},
		{"a long day", "Europe/Oslo", day, "dt=2026-10-25/a.csv", "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z"},
		{"an hour that comes twice", "Europe/Oslo", hour, "dt=2026-10-25/hour=02/a.csv", "2026-10-25T00:00:00Z/2026-10-25T02:00:00Z"},
		{"the hour before it", "Europe/Oslo", hour, "dt=2026-10-25/hour=01/a.csv", "2026-10-24T23:00:00Z/2026-10-25T00:00:00Z"},
		{"an hour that never comes", "Europe/Oslo", hour, "dt=2026-03-29/hour=02/a.csv", "2026-03-29T01:00:00Z/2026-03-29T01:00:00Z"},
		{"the hour after it", "Europe/Oslo", hour, "dt=2026-03-29/hour=03/a.csv", "2026-03-29T01:00:00Z/2026-03-29T02:00:00Z"},
		{"half an hour that comes twice", "Australia/Lord_Howe", hour, "dt=2026-04-05/hour=01/a.csv", "2026-04-04T14:00:00Z/2026-04-04T15:30:00Z"},
		{"a day that came back for an hour", "America/Sao_Paulo", day, "dt=2019-02-16/a.csv", "2019-02-16T02:00:00Z/2019-02-17T03:00:00Z"},
		{"a day that came back for 59 minutes", "America/St_Johns", day, "dt=2010-11-06/a.csv", "2010-11-06T02:30:00Z/2010-11-07T03:30:00Z"},
		{"a month", "Europe/Oslo", "{year}/{month}.csv", "2026/03.csv", "2026-02-28T23:00:00Z/2026-03-31T22:00:00Z"},
		{"a year", "Asia/Kathmandu", "{year}.csv", "2026.csv", "2025-12-31T18:15:00Z/2026-12-31T18:15:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// All objects are found where the time is open, and each has its span.
			url := "mem://" + t.Name()
			putObjects(t, url, c.key)
			src := groundtruth.Source{URL: url + "/" + c.pattern, PartitionZone: zone(t, c.zone)}
			set, err := Discover(context.Background(), objstore.NewOpener(""), src, time.Time{}, time.Time{})
			if err != nil || len(set.Objects) != 1 || !set.Objects[0].HasSpan {
				t.Fatalf("got %+v (%v)", set, err)
			}
			if s := set.Objects[0].Span; timesOf(s) != c.span {
				t.Errorf("got %s, want %s", timesOf(s), c.span)
			}
		})
	}
}

// timesOf writes a window with times even where they are midnights.
func timesOf(w groundtruth.Window) string {
	return w.Format(groundtruth.Zone{}, time.RFC3339, "/")
}

// What a zone's partitions hold is found for every window, whichever zone it is cut in:
// each row in the partition of the date and hour that clocks showed at its time, or as
// far from it as slack allows.
func TestSemantics8_RowsOfAWindowAreFound(t *testing.T) {
	type log struct {
		zone  groundtruth.Zone
		url   string
		start time.Time
		rows  []time.Time
	}
	var logs []log
	for name, middle := range map[string]string{
		"Europe/Oslo": "2026-10-25", "America/New_York": "2026-03-08", "Australia/Lord_Howe": "2026-04-05", "America/Sao_Paulo": "2019-02-17",
		"America/St_Johns": "2010-11-07", "Pacific/Apia": "2011-12-30", "Asia/Kathmandu": "2026-01-01", "UTC": "2026-01-01",
	} {
		l := log{zone: zone(t, name), url: "mem://rows/" + name, start: at(t, middle).AddDate(0, 0, -3)}
		for u := l.start; u.Before(l.start.AddDate(0, 0, 6)); u = u.Add(15 * time.Minute) {
			l.rows = append(l.rows, u)
		}
		logs = append(logs, l)
	}
	slices.SortFunc(logs, func(a, b log) int { return slices.Compare([]byte(a.url), []byte(b.url)) })
	layouts := map[string]string{ // of keys, by pattern
		"a/dt={date}/hour={hour}/x.csv":     "a/dt=2006-01-02/hour=15/x.csv",
		"b/{year}/{month}/{day}/{hour}.csv": "b/2006/01/02/15.csv",
		"c/dt={date}/*.csv":                 "c/dt=2006-01-02/x.csv",
		"d/{year}/{month}/*/h{hour}.csv":    "d/2006/01/02/h15.csv",
		"e/{year}-{month}/**":               "e/2006-01/x.csv",
	}
	for _, l := range logs {
		keys := map[string]bool{}
		for _, u := range l.rows {
			for _, layout := range layouts {
				keys[l.zone.Wall(u).Format(layout)] = true
			}
		}
		putObjects(t, l.url, slices.Sorted(maps.Keys(keys))...)
	}
	patterns := slices.Sorted(maps.Keys(layouts))
	rapid.Check(t, func(rt *rapid.T) {
		l := logs[rapid.IntRange(0, len(logs)-1).Draw(rt, "log")]
		pattern := rapid.SampledFrom(patterns).Draw(rt, "pattern")
		from := l.start.Add(time.Duration(rapid.IntRange(0, 6*24*4).Draw(rt, "from")) * 15 * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(1, 3*24*4).Draw(rt, "length")) * 15 * time.Minute)
		slack := time.Duration(rapid.IntRange(0, 10).Draw(rt, "slack")) * 30 * time.Minute
		set, err := Discover(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: l.url + "/" + pattern, PartitionZone: l.zone, Slack: slack}, from, to)
		if err != nil {
			rt.Fatal(err)
		}
		found := map[string]int{}
		for _, o := range set.Objects {
			found[strings.TrimPrefix(o.URL, l.url+"/")]++
		}
		near := map[string]bool{}
		for _, u := range l.rows {
			key := l.zone.Wall(u).Format(layouts[pattern])
			if !u.Before(from.Add(-slack)) && u.Before(to.Add(slack)) {
				near[key] = true
			}
		}
		for key := range near {
			if found[key] != 1 {
				rt.Fatalf("%s of %s holds rows from %s to %s and is found %d times", key, l.zone, from, to, found[key])
			}
		}
		// No more is found than spans that touch the range.
		for _, o := range set.Objects {
			if !o.HasSpan || !o.Span.Start.Before(to.Add(slack)) || !o.Span.End.After(from.Add(-slack)) {
				rt.Fatalf("%s of %s is found for %s to %s", o.Key, timesOf(o.Span), from, to)
			}
		}
	})
}

func TestSemantics8_OnlyNeededPartitionsOfAZoneAreListed(t *testing.T) {
	store, err := objstore.NewOpener("").Open(context.Background(), "mem://zoned")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		listed   []string
	}{
		// The day of Oslo on which clocks are put back, and that of UTC.
		{"2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", []string{"dt=2026-10-25/"}},
		{"2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z", []string{"dt=2026-10-25/", "dt=2026-10-26/"}},
	} {
		p, err := parsePattern("mem://zoned/dt={date}/*")
		if err != nil {
			t.Fatal(err)
		}
		r := &recordingLister{Store: store}
		w := walker{lister: r, store: store, from: at(t, c.from), to: at(t, c.to), zone: zone(t, "Europe/Oslo")}
		if err := w.walk(context.Background(), "", p.segments, noPartition()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.listed, c.listed) {
			t.Errorf("from %s to %s: listed %q, want %q", c.from, c.to, r.listed, c.listed)
		}
	}
}

func TestNoteOfAZone(t *testing.T) {
	putObjects(t, "mem://noted", "dt=2026-01-01/a.csv")
	src := groundtruth.Source{URL: "mem://noted/dt={date}/*.csv", PartitionZone: zone(t, "Europe/Oslo")}
	_, notes := rels(t, src, "", at(t, "2026-03-28T23:00:00Z"), at(t, "2026-03-29T22:00:00Z"))
	want := "no object matches dt={date}/*.csv in mem://noted between 2026-03-29T00:00:00+01:00 and 2026-03-30T00:00:00+02:00: it matches 1 of 1 objects there, whose times are 2026-01-01 Europe/Oslo"
	if fmt.Sprint(notes) != "["+want+"]" {
		t.Errorf("got %q, want %q", notes, want)
	}
}
