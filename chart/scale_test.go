package chart

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		name   string
		of     []float64
		log    bool
		n      int
		format func(float64) string
		want   string
	}{
		{"a range", []float64{1.3, 2.1}, false, 5, nil, "1.4 1.6 1.8 2.0"},
		{"from zero", []float64{0, 30}, false, 5, nil, "0 5 10 15 20 25 30"},
		{"across zero", []float64{-1, 1}, false, 4, nil, "-1.0 -0.5 0 0.5 1.0"},
		{"shares", []float64{0, 1}, false, 5, Percent, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{"one value", []float64{3}, false, 4, nil, "2.6 2.8 3.0 3.2 3.4"},
		{"large", []float64{1e300, 3e300}, false, 2, nil, "1e+300 2e+300 3e+300"},
		{"the largest", []float64{-math.MaxFloat64, math.MaxFloat64}, false, 2, nil, "-1.798e+308 1.798e+308"},
		{"the least", []float64{5e-324, 1e-323}, false, 4, nil, "4.941e-324 9.881e-324"},
		{"thousands", []float64{1000, 9000}, false, 4, nil, "2\u202f000 4\u202f000 6\u202f000 8\u202f000"},
		{"many thousands", []float64{0, 90000}, false, 5, nil, "0 20k 40k 60k 80k"},
		{"millions", []float64{-5e5, 1.6e6}, false, 4, nil, "-0.5M 0 0.5M 1M 1.5M"},
		{"near each other", []float64{100000, 100004}, false, 4, nil, "100\u202f000 100\u202f001 100\u202f002 100\u202f003 100\u202f004"},
		{"decades", []float64{0.5, 20000}, true, 5, nil, "1 10 100 1k 10k"},
		{"a part of a decade", []float64{2, 9}, true, 5, nil, "2 5"},
		{"none", nil, false, 4, nil, "0 0.2 0.4 0.6 0.8 1.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := extent{log: c.log}
			e.add(c.of...)
			var got []string
			s := e.scaleTo(0, 100, 0)
			for _, tick := range s.ticks(c.n, c.format) {
				got = append(got, tick.text)
				if at := s.at(tick.value); at < -1e-6 || at > 100+1e-6 {
					t.Errorf("%v lies at %v", tick.value, at)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", strings.Join(got, " "), c.want)
			}
		})
	}
}

func TestTimeTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string, zone *time.Location) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, from, to string
		zone           *time.Location
		room           float64 // how many labels
		want           string
	}{
		// Clocks went forward at 2 on 29 March 2026 in Berlin: the day has 23 hours, and ticks stay at the hours of the wall.
		{"hours of a short day", "2026-03-28 18:00", "2026-03-30 00:00", berlin, 6, "18:00/28 Mar 2026 00:00/29 Mar 2026 06:00 12:00 18:00 00:00/30 Mar 2026"},
		{"hours of a long day", "2026-10-24 18:00", "2026-10-26 00:00", berlin, 6, "18:00/24 Oct 2026 00:00/25 Oct 2026 06:00 12:00 18:00 00:00/26 Oct 2026"},
		{"days over a change", "2026-03-27 00:00", "2026-03-31 00:00", berlin, 6, "27 Mar/2026 28 Mar 29 Mar 30 Mar 31 Mar"},
		{"a day that never was", "2011-12-28 00:00", "2012-01-02 00:00", apia, 6, "28 Dec/2011 29 Dec 31 Dec 1 Jan/2012 2 Jan"},
		{"days west of Greenwich", "2026-01-01 20:00", "2026-01-04 12:00", newYork, 6, "00:00/2 Jan 2026 12:00 00:00/3 Jan 2026 12:00 00:00/4 Jan 2026 12:00"},
		{"weeks from Monday", "2026-03-01 00:00", "2026-03-31 00:00", time.UTC, 6, "2 Mar/2026 9 Mar 16 Mar 23 Mar 30 Mar"},
		{"months", "2025-11-05 00:00", "2026-03-10 00:00", time.UTC, 6, "Dec/2025 Jan/2026 Feb Mar"},
		{"years", "2019-11-05 00:00", "2024-03-10 00:00", time.UTC, 6, "2020 2021 2022 2023 2024"},
		{"a minute", "2026-03-01 10:00", "2026-03-01 10:01", time.UTC, 6, "10:00/1 Mar 2026 10:01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := timeScale{from: at(c.from, c.zone), to: at(c.to, c.zone), x0: 0, x1: c.room * 10, zone: c.zone}
			var got []string
			for _, tick := range s.ticks(10) {
				text := tick.text
				if tick.under != "" {
					text += "/" + tick.under
				}
				got = append(got, text)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", strings.Join(got, " "), c.want)
			}
		})
	}
}

func TestWindowText(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, berlin) }
	for _, c := range []struct {
		from, to time.Time
		want     string
	}{
		{day(3, 29, 0), day(3, 30, 0), "29 Mar 2026"}, // of 23 hours
		{day(3, 1, 0), day(4, 1, 0), "March 2026"},
		{day(3, 2, 0), day(3, 9, 0), "2 Mar 2026 to 8 Mar 2026"},
		{day(3, 2, 6), day(3, 2, 12), "2 Mar 2026 06:00 to 12:00"},
		{day(3, 2, 18), day(3, 3, 6), "2 Mar 2026 18:00 to 3 Mar 2026 06:00"},
	} {
		if got := windowText(c.from, c.to, berlin); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		s     string
		width float64
		want  string
	}{
		{"short", 100, "short"},
		{"a name that is too long", 60, "a name…"},
		{"e\u0301e\u0301e\u0301e\u0301", 24, "e\u0301…"}, // a mark stays with its letter
		{"", 10, ""}, {"long", 0, "…"},
	} {
		if got := fit(c.s, 12, c.width); got != c.want {
			t.Errorf("fit(%q, %v) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
	if got, want := oneLine("a\n\tb\u202ec\x00d"), "a bc d"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestShort(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 9999: "9\u202f999", 111411.2: "111k", -131072: "-131k", 999_999: "1M", 1_114_112: "1.11M", 2.5e9: "2.5G", 1e15: "1e+15",
	} {
		if got := Short(f); got != want {
			t.Errorf("Short(%v) = %q, want %q", f, got, want)
		}
	}
}
