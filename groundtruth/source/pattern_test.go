package source

import (
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
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
		{"one-digit month", "{year}-{month}.csv", "2026-1.csv", "2026-01-01/2026-02-01"},
		{"one digit each", "year={year}/month={month}/day={day}/hour={hour}/*", "year=2026/month=1/day=5/hour=0/a", "2026-01-05T00:00:00Z/2026-01-05T01:00:00Z"},
		{"one digit of one", "{year}/{month}/{day}/x.csv", "2026/01/5/x.csv", "2026-01-05/2026-01-06"},
		{"month 0", "{year}-{month}.csv", "2026-0.csv", "-"},
		{"three digits", "{year}/{month}/x.csv", "2026/001/x.csv", "-"},
		{"two digits side by side", "{year}{month}{day}.csv", "20260105.csv", "2026-01-05/2026-01-06"},
		{"one digit side by side", "{year}{month}{day}.csv", "202615.csv", "-"},
		{"one digit beside a star", "{year}/{month}*.csv", "2026/1x.csv", "-"},
		{"two digits beside a star", "{year}/*{month}.csv", "2026/112.csv", "2026-12-01/2027-01-01"},
		{"one digit beside a digit", "{year}/1{month}.csv", "2026/11.csv", "-"},
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
			if span, ok := part.span(groundtruth.Zone{}); ok {
				got = span.String()
			}
			if got != c.span {
				t.Errorf("got %q, want %q", got, c.span)
			}
		})
	}
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
		if span, has := part.span(groundtruth.Zone{}); ok && has && !span.Start.Before(span.End) {
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
