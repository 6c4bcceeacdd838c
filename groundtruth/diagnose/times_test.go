package diagnose_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// nanosOf reads timestamps as a log's are read.
func nanosOf(t *testing.T, texts ...string) diagnose.Times {
	t.Helper()
	var out diagnose.Times
	for i, text := range texts {
		n, ok := table.ParseTime([]byte(text))
		if !ok {
			t.Fatalf("%q is no time", text)
		}
		if i == 0 {
			out.First, out.Midnights = n, true
		}
		out.Last = n
		out.Midnights = out.Midnights && n%int64(24*time.Hour) == 0
	}
	return out
}

// TestOutside asks for the cause of timestamps that lie outside of the window 2026-01-01.
func TestOutside(t *testing.T) {
	t.Parallel()
	const nanosIn1970 = "1970-01-01T00:29:27.2256Z" // 1767225600 in a column of microseconds
	for _, c := range []struct {
		name        string
		first, last string
		window      string // the day of 2026-01-01 where empty
		slack       bool
		kind, says  string
	}{
		{"a date key", "20260101", "20260101", "", true, "date key", "they were read as time since 1970, and are date keys such as 20260101: have the job that writes them write 2026-01-01T00:00:00Z"},
		{"date keys of a month", "20260101", "20260131", "", false, "date key", "20260101"},
		{"keys of hours", "2026010100", "2026010123", "", false, "date key", "keys of hours such as 2026010100"},
		{"keys of minutes", "202601010000", "202601012359", "", false, "date key", "keys of minutes"},
		{"keys of months", "202601", "202601", "", false, "date key", "keys of months"},
		{"a spreadsheet's days", "46023", "46023", "", true, "excel", "days of a spreadsheet, counted from 1900 on, such as 46023"},
		{"days since 1970", "20454", "20455", "", false, "days", "days since 1970 such as 20454"},
		{"hours since 1970", "490896", "490900", "", false, "hours", "hours since 1970"},
		{"minutes since 1970", "29453760", "29453799", "", false, "minutes", "minutes since 1970"},
		{"seconds as milliseconds", "1970-01-21T10:53:45.6Z", "1970-01-21T10:53:46.1Z", "", false, "unit", "seconds in a column of milliseconds such as 1767225600"},
		{"seconds as microseconds", nanosIn1970, nanosIn1970, "", false, "unit", "seconds in a column of microseconds such as 1767225600"},
		{"truly 1970", "1970-03-01T12:00:00Z", "1970-03-04T12:00:00Z", "", false, "", ""},
		{"local time east", "2025-12-31T22:00:00Z", "2025-12-31T23:59:59Z", "", true, "time zone", "they lie at most 2h before it, as where the dates of folders are local: set predictions.partition_time_zone to the time zone of the folders, or predictions.slack: 2h"},
		{"local time west", "2026-01-02T00:00:00Z", "2026-01-02T04:29:59Z", "", false, "time zone", "at most 5h after it"},
		{"late rows", "2025-12-31T23:10:00Z", "2026-01-02T00:59:59Z", "", true, "late", "set predictions.slack: 1h"},
		{"other days of a flat file", "2025-12-01T00:00:00Z", "2026-01-05T04:59:59Z", "", false, "", ""},
		{"a month off", "2025-12-01T00:00:00Z", "2025-12-02T04:59:59Z", "", true, "", ""},
		{"the future", "2026-01-02T06:30:00Z", "2026-01-02T07:59:59Z", "", false, "future", "at most 2h after as-of"},
		{"a log that begins later", "2026-01-02T18:30:00Z", "2026-01-12T07:59:59Z", "", false, "", ""},
		{"dates in hourly windows", "2026-01-01", "2026-01-02", "2026-01-01T05:00:00Z/2026-01-01T06:00:00Z", false, "dates", "set window: 1d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.window == "" {
				c.window = "2026-01-01/2026-01-02"
			}
			w, err := groundtruth.ParseWindowIn(c.window, groundtruth.Zone{})
			if err != nil {
				t.Fatal(err)
			}
			asOf := w.End.Add(6 * time.Hour)
			got, ok := nanosOf(t, c.first, c.last).Outside(w, asOf, c.slack)
			if got.Kind != c.kind || ok != (c.kind != "") {
				t.Fatalf("got %q (%v), want %q", got.Kind, got, c.kind)
			}
			if ok && !strings.Contains(got.Words(), c.says) {
				t.Errorf("got %q, want %q in it", got.Words(), c.says)
			}
		})
	}
}

// TestDelays holds quantiles to those of the delays themselves.
func TestDelays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.SliceOfN(rapid.Int64Range(-5, 1<<33), 1, 200).Draw(t, "seconds")
		var whole, a, b diagnose.Delays
		for i, s := range seconds {
			whole.Add(s * int64(time.Second))
			part := &a
			if i%3 == 0 {
				part = &b
			}
			part.Add(s * int64(time.Second))
		}
		b.Merge(&a)
		if b != whole {
			t.Error("parts don't merge to the whole")
		}
		for _, q := range []float64{0.01, 0.5, 0.95, 1} {
			got := whole.Quantile(q)
			within, shorter := 0, 0
			for _, s := range seconds {
				if time.Duration(max(s, 0))*time.Second < got {
					within++
				}
				if float64(max(s, 0)) < (got.Seconds()-1.1)/(1+1.0/16)-1.1 {
					shorter++
				}
			}
			if float64(within) < q*float64(len(seconds)) || float64(shorter) >= q*float64(len(seconds)) {
				t.Errorf("quantile %v of %v is %v", q, seconds, got)
			}
		}
	})
	var none diagnose.Delays
	if got := none.Quantile(0.95); got != 0 {
		t.Errorf("quantile of no delay is %v", got)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	var got []string
	for _, d := range []time.Duration{-1, 0, 1, 90 * time.Second, 3 * time.Minute, 59*time.Minute + 1, 119 * time.Minute, 121 * time.Minute, 24 * time.Hour, 30 * time.Hour, 48 * time.Hour, 60 * time.Hour, 5 * 24 * time.Hour, 201 * time.Hour} {
		got = append(got, diagnose.Delay(d))
	}
	if got, want := strings.Join(got, " "), "0s 0s 1s 90s 3m 1h 119m 3h 1d 30h 2d 2d12h 5d 9d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestKeysOfAllDates reads the key of any date as that date.
func TestKeysOfAllDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(rapid.IntRange(2000, 2100).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 364).Draw(t, "day"))
		n, err := strconv.ParseInt(start.Format("20060102"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := table.EpochInt(n)
		w := groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}
		got, _ := diagnose.Times{First: at, Last: at}.Outside(w, time.Time{}, true)
		if want := fmt.Sprintf("date keys such as %d", n); !strings.Contains(got.Text, want) {
			t.Errorf("got %v, want %q", got, want)
		}
	})
}
