package config

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	kfpcron "github.com/hindcast/hindcast/trigger/kubeflow/cron"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseScheduleRefuses(t *testing.T) {
	tests := map[string]string{
		"":                       "empty",
		"TZ=0":                   "time_zone",
		"TZ=":                    "time_zone",
		"CRON_TZ=UTC":            "time_zone",
		" CRON_TZ=UTC * * * * *": "time_zone",
		"@every -5s":             "negative",
		"@every 5s":              "at least 1m",
		"@every":                 "want a duration",
		"@every 1mo":             "months",
		"@reboot":                "no time",
		"@dayly":                 "cannot be read",
		"0 0 30 2 *":             "never fires",
		"0 0 31 4,6,9,11 *":      "never fires",
		"0 0 3 * * *":            `six fields; a schedule has five, without seconds: "0 3 * * *"`,
		"* * * *":                "want five fields",
		"* * * * * * *":          "want five fields",
		"60 * * * *":             "cannot be read",
		"*/0 * * * *":            "cannot be read",
		"a b c d e":              "cannot be read",
	}
	for spec, want := range tests {
		t.Run(spec, func(t *testing.T) {
			s, err := ParseSchedule(spec, time.UTC)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("schedule %v, error %v, want %q", s, err, want)
			}
		})
	}
}

func TestScheduleNext(t *testing.T) {
	tests := []struct {
		name, spec, zone, from string
		want                   []string
	}{
		{"plain", "0 3 * * *", "UTC", "2026-01-01T03:00:00Z", []string{"2026-01-02T03:00:00Z", "2026-01-03T03:00:00Z"}},
		{"leap day", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
		{"day of month or of week", "0 0 13 * 5", "UTC", "2026-02-01T00:00:00Z", []string{"2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"}},
		{"descriptor", "@weekly", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-04T00:00:00Z"}},
		{"every", "@every 6h", "UTC", "2026-01-01T00:00:00Z", []string{"2026-01-01T06:00:00Z"}},
		// Oslo puts its clocks forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October.
		{"skipped time runs an hour later", "30 2 * * *", "Europe/Oslo", "2026-03-28T12:00:00+01:00", []string{"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"skipped and real time run once", "30 2,3 * * *", "Europe/Oslo", "2026-03-28T12:00:00+01:00", []string{"2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"repeated time runs once", "30 2 * * *", "Europe/Oslo", "2026-10-24T12:00:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"between the two", "30 2 * * *", "Europe/Oslo", "2026-10-25T02:10:00+01:00", []string{"2026-10-26T02:30:00+01:00"}},
		{"every hour goes by elapsed time", "30 * * * *", "Europe/Oslo", "2026-10-25T02:00:00+02:00", []string{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
		{"every hour in spring", "30 * * * *", "Europe/Oslo", "2026-03-29T01:00:00+01:00", []string{"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"}},
		// Lord Howe Island moves by half an hour: 02:00 to 02:30 on 4 October 2026.
		{"half an hour", "15,40 2 * * *", "Australia/Lord_Howe", "2026-10-04T01:00:00+10:30", []string{"2026-10-04T02:40:00+11:00", "2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"}},
		// Samoa had no 30 December 2011.
		{"a day that never was", "0 3 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00", []string{"2011-12-31T03:00:00+14:00", "2012-01-01T03:00:00+14:00"}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSchedule(c.spec, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, c.from)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				at = s.Next(at)
				if got := at.Format(time.RFC3339); got != want {
					t.Fatalf("next = %s, want %s", got, want)
				}
			}
		})
	}
}

// TestScheduleKubeflow shows that a schedule takes its fields and its zone along.
func TestScheduleKubeflow(t *testing.T) {
	now := time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		spec, zone string
		want       kfpcron.Trigger
		fault      string
	}{
		{"0 3 * * 1", "Asia/Tokyo", kfpcron.Trigger{Cron: "0 0 18 * * 0"}, ""},
		{"@every 6h", "Asia/Tokyo", kfpcron.Trigger{Every: 6 * time.Hour}, ""},
		{"0 3 * * *", "Europe/Oslo", kfpcron.Trigger{}, "clocks of Europe/Oslo change"},
	} {
		s, err := ParseSchedule(c.spec, zone(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Kubeflow(time.UTC, now)
		if got != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s in %s: %+v, %v", c.spec, c.zone, got, err)
		}
	}
}

// Next is after its argument, and nothing lies between: from any time before it
// and not before the argument, the next is the same.
func TestScheduleNextIsNext(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "Europe/Oslo"), zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe"), zone(t, "Pacific/Apia")}
	rapid.Check(t, func(t *rapid.T) {
		spec := rapid.SampledFrom([]string{
			"30 2 * * *", "0 3 * * *", "*/20 1-3 * * *", "15,40 2 * * *", "0 0 * * 1", "30 * * * *", "0 */6 * * *", "@daily", "@every 90m",
		}).Draw(t, "spec")
		s, err := ParseSchedule(spec, rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1293840000, 1924992000).Draw(t, "from"), 0) // 2011 to 2031
		next := s.Next(from)
		if !next.After(from) || next.Sub(from) > 8*24*time.Hour {
			t.Fatalf("%s: from %s next is %s", spec, from.In(s.Location()), next)
		}
		if strings.HasPrefix(spec, "@every") {
			return
		}
		between := from.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(from))-1).Draw(t, "between")))
		if again := s.Next(between); !again.Equal(next) {
			t.Fatalf("%s: from %s next is %s, but from %s it is %s", spec, from.In(s.Location()), next, between.In(s.Location()), again)
		}
	})
}

// The last time is the one before the next that is not after t.
func TestScheduleLast(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)
	for spec, want := range map[string]string{
		"* * * * *":    "2026-03-31T10:00:00Z",
		"0 3 * * *":    "2026-03-31T03:00:00Z",
		"0 3 * * 1":    "2026-03-30T03:00:00Z",
		"0 0 1 * *":    "2026-03-01T00:00:00Z",
		"30 4 1 4 *":   "2025-04-01T04:30:00Z",
		"0 0 29 2 *":   "0001-01-01T00:00:00Z", // two years ago
		"@every 6h30m": "2026-03-31T10:00:00Z", // counted from where it is looked from
	} {
		s, err := ParseSchedule(spec, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Last(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", spec, got, want)
		}
	}
}

func TestScheduleAtOrAfter(t *testing.T) {
	for _, c := range []struct{ spec, zone, at, want string }{
		{"0 3 * * *", "UTC", "2026-01-02T00:00:00Z", "2026-01-02T03:00:00Z"},
		{"0 3 * * *", "UTC", "2026-01-02T03:00:00Z", "2026-01-02T03:00:00Z"},
		{"0 3 * * *", "UTC", "2026-01-02T03:00:01Z", "2026-01-03T03:00:00Z"},
		{"0 2 * * *", "Europe/Oslo", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"}, // which clocks show as 03:00
		{"0 * * * *", "UTC", "2026-01-02T03:00:00Z", "2026-01-02T03:00:00Z"},
		{"@every 6h", "UTC", "2026-01-02T00:30:00Z", "2026-01-02T00:30:00Z"},
	} {
		s, err := ParseSchedule(c.spec, zone(t, c.zone))
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.AtOrAfter(at).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s at or after %s: %s, want %s", c.spec, c.zone, c.at, got, c.want)
		}
	}
}
