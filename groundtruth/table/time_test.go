package table

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"rfc 3339", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
		{"nanoseconds", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789Z"},
		{"more digits are cut", "2026-01-02T03:04:05.1234567899Z", "2026-01-02T03:04:05.123456789Z"},
		{"zone", "2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05Z"},
		{"zone without colon", "2026-01-02T03:04:05-0800", "2026-01-02T11:04:05Z"},
		{"zone of hours", "2026-01-02 03:04:05.5+02", "2026-01-02T01:04:05.5Z"},
		{"date", "2026-01-02", "2026-01-02T00:00:00Z"},
		{"space", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"},
		{"T without zone is UTC", "2026-01-02T03:04:05.25", "2026-01-02T03:04:05.25Z"},
		{"minutes", "2026-01-02 03:04", "2026-01-02T03:04:00Z"},
		{"UTC by name", "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"},
		{"blanks around", " 2026-01-02\t", "2026-01-02T00:00:00Z"},
		{"leap day", "2024-02-29", "2024-02-29T00:00:00Z"},
		{"before the epoch", "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"},
		{"zero is the epoch", "0", "1970-01-01T00:00:00Z"},
		{"seconds", "1767322800", "2026-01-02T03:00:00Z"},
		{"seconds with fraction", "1767322800.000000001", "2026-01-02T03:00:00.000000001Z"},
		{"negative seconds", "-1", "1969-12-31T23:59:59Z"},
		{"milliseconds", "1767322800123", "2026-01-02T03:00:00.123Z"},
		{"microseconds", "1767322800123456", "2026-01-02T03:00:00.123456Z"},
		{"nanoseconds as a number", "1767322800123456789", "2026-01-02T03:00:00.123456789Z"},
		{"exponent", "1.7673228e9", "2026-01-02T03:00:00Z"},
		{"first number of milliseconds", "100000000000", "1973-03-03T09:46:40Z"},

		{"no such day", "2026-02-29", ""},
		{"no such month", "2026-13-01", ""},
		{"day zero", "2026-01-00", ""},
		{"hour 24", "2026-01-01T24:00:00Z", ""},
		{"second 60", "2026-01-01T00:00:60Z", ""},
		{"text", "yesterday", ""},
		{"empty", "", ""},
		{"other order", "02/01/2026", ""},
		{"text behind", "2026-01-02x", ""},
		{"text behind the time", "2026-01-02T03:04:05Zx", ""},
		{"unknown zone", "2026-01-02 03:04:05 CET", ""},
		{"point without digits", "2026-01-02T03:04:05.Z", ""},
		{"too early", "1600-01-01", ""},
		{"too late", "2300-01-01", ""},
		{"last seconds number is too late", "99999999999", ""},
		{"too large", "1e30", ""},
		{"not a number", "nan", ""},
		{"infinite", "inf", ""},
		{"bool", "true", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			nanos, ok := ParseTime([]byte(c.text))
			if ok != (c.want != "") {
				t.Fatalf("ok is %t", ok)
			}
			if got := string(AppendTimeText(nil, nanos)); ok && got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Any time that the standard library formats reads back as the same instant.
func TestParseTimeAgreesWithStandardLibrary(t *testing.T) {
	layouts := []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.000000000-07:00"}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(-9e18, 9e18).Draw(t, "nanos")
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
		text := time.Unix(0, want).In(zone).Format(rapid.SampledFrom(layouts).Draw(t, "layout"))
		if got, ok := ParseTime([]byte(text)); !ok || got != want {
			t.Fatalf("%s: got %d (%t), want %d", text, got, ok, want)
		}
	})
}

func TestEpochNumbersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1<<53, 1<<53).Draw(t, "n")
		a, okA := EpochInt(n)
		b, okB := EpochFloat(float64(n))
		c, okC := ParseTime(fmt.Append(nil, n))
		if a != b || a != c || okA != okB || okA != okC {
			t.Fatalf("%d: as an integer %d (%t), as a float %d (%t), as text %d (%t)", n, a, okA, b, okB, c, okC)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-01-02T03:04:05.123456789+05:30", "2026-01-02", "1767322800.5", "-1e9", "0000-00-00", "2024-02-29 23:59:59 UTC"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if stamp, ok := parseStamp([]byte(s)); ok {
			if plain, plainOK := parseCalendarTime([]byte(s)); !plainOK || plain != stamp {
				t.Fatalf("%q: as a stamp %d, else %d (%t)", s, stamp, plain, plainOK)
			}
		}
		nanos, ok := ParseTime([]byte(s))
		if std, err := time.Parse(time.RFC3339Nano, s); err == nil && std.Year() >= 1678 && std.Year() <= 2261 {
			// The library takes times that the grammar of RFC 3339 does not have,
			// such as 1:02:03; those need not be read, but never as another time.
			if ok && nanos != std.UnixNano() {
				t.Fatalf("%q: got %d, want %d", s, nanos, std.UnixNano())
			}
		}
		if !ok {
			return
		}
		if again, ok := ParseTime(AppendTimeText(nil, nanos)); !ok || again != nanos {
			t.Fatalf("%q: %d reads back as %d (%t)", s, nanos, again, ok)
		}
	})
}

// What parseStamp takes, parseCalendarTime reads the same, and a usual timestamp is
// taken.
func TestStamps(t *testing.T) {
	taken := map[string]bool{
		"2026-03-01T12:34:56Z": true, "2026-03-01 12:34:56": true, "2026-03-01T12:34:56.1Z": true, "2026-03-01T12:34:56.123456789+05:30": true, "1678-01-01T00:00:00Z": true,
		"2024-02-29T23:59:59.999Z": true, "2261-12-31T23:59:59-0700": true, "2026-03-01T12:34:56 UTC": true,
		"2023-02-29T00:00:00Z": false, "2026-13-01T00:00:00Z": false, "2026-00-01T00:00:00Z": false, "2026-01-00T00:00:00Z": false, "2026-04-31T00:00:00Z": false, "2026-01-39T00:00:00Z": false,
		"2026-03-01T24:00:00Z": false, "2026-03-01T00:60:00Z": false, "2026-03-01T00:00:60Z": false, "2026-03-01T00:00:00.Z": false, "2026-03-01T00:00:00.1234567891Z": false,
		"2026-03-01t12:34:56Z": false, "1677-12-31T00:00:00Z": false, "2262-01-01T00:00:00Z": false, "2026-03-01T12:34:56X": false, "2026-03-01T12:34:5": false, "2026/03/01T12:34:56": false,
		"2026-0a-01T12:34:56Z": false, "2026-03-0aT12:34:56Z": false, "2026-03-01T1:23:456Z": false, "\xff026-03-01T12:34:56Z": false,
	}
	for s, want := range taken {
		if _, ok := parseStamp([]byte(s)); ok != want {
			t.Errorf("%q: taken is %t", s, ok)
		}
	}
	r := rand.New(rand.NewPCG(11, 12))
	const letters = "0123456789-:TZ .+"
	for range 200_000 {
		s := []byte(time.Unix(r.Int64N(18e9)-9e9, r.Int64N(1e9)).UTC().Format([]string{time.RFC3339Nano, time.RFC3339, "2006-01-02 15:04:05.000"}[r.IntN(3)]))
		for range r.IntN(3) {
			s[r.IntN(len(s))] = letters[r.IntN(len(letters))]
		}
		if len(s) < 10 || s[4] != '-' || s[7] != '-' {
			continue
		}
		stamp, ok := parseStamp(s)
		if plain, plainOK := parseCalendarTime(s); ok && (!plainOK || plain != stamp) {
			t.Fatalf("%q: as a stamp %d, else %d (%t)", s, stamp, plain, plainOK)
		}
	}
}
