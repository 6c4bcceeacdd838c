package cron

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	kfpcron "github.com/robfig/cron" // v1.2, which Kubeflow Pipelines reads schedules with
	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"
)

var cronNow = time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestConvert(t *testing.T) {
	for name, tt := range map[string]struct {
		spec, zone, controller string
		want                   string // cron, or an interval, or part of the error after "!"
	}{
		"nightly":                        {"0 3 * * *", "UTC", "UTC", "0 0 3 * * *"},
		"names and lists":                {"5,10 2 * jan-mar MON,wed", "UTC", "UTC", "0 5,10 2 * 1-3 1,3"},
		"steps of minutes":               {"*/15 * * * *", "UTC", "UTC", "0 0-45/15 * * * *"},
		"a step from a number":           {"7/20 1-5 * * *", "UTC", "UTC", "0 7-47/20 1-5 * * *"},
		"question mark":                  {"0 0 ? * 1-5", "UTC", "UTC", "0 0 0 * * 1-5"},
		"both day fields":                {"0 0 13 * 5", "UTC", "UTC", "0 0 0 13 * 5"},
		"a step of days is no star":      {"0 0 */2 * 1", "UTC", "UTC", "0 0 0 1-31/2 * 1"},
		"a full range of days is a star": {"0 0 1-31 * 1", "UTC", "UTC", "0 0 0 * * *"},
		"descriptor":                     {"@daily", "UTC", "UTC", "0 0 0 * * *"},
		"weekly":                         {"@weekly", "UTC", "UTC", "0 0 0 * * 0"},
		"interval":                       {"@every 6h", "UTC", "UTC", "6h0m0s"},
		"Tokyo to UTC":                   {"0 12 * * 1", "Asia/Tokyo", "UTC", "0 0 3 * * 1"},
		"Tokyo's morning":                {"0 3 * * 1", "Asia/Tokyo", "UTC", "0 0 18 * * 0"},
		"Tokyo's Sunday morning":         {"30 3 * * 0,6", "Asia/Tokyo", "UTC", "0 30 18 * * 5,6"},
		"Phoenix's evening":              {"0 20 * * 6", "America/Phoenix", "UTC", "0 0 3 * * 0"},
		"half an hour":                   {"15 9 * * *", "Asia/Kolkata", "UTC", "0 45 3 * * *"},
		"Kolkata, every hour":            {"0 * * * *", "Asia/Kolkata", "UTC", "0 30 * * * *"},
		"every hour, any day":            {"0 */6 * * *", "Asia/Tokyo", "UTC", "0 0 3-21/6 * * *"},
		"Etc/UTC is UTC":                 {"0 3 1 * *", "Etc/UTC", "UTC", "0 0 3 1 * *"},
		"the controller's own zone":      {"0 3 1 * *", "Europe/Oslo", "Europe/Oslo", "0 0 3 1 * *"},
		"UTC to a controller in Tokyo":   {"0 20 * * 0", "UTC", "Asia/Tokyo", "0 0 5 * * 1"},
		"summer time":                    {"0 3 * * *", "Europe/Oslo", "UTC", "!clocks of Europe/Oslo change"},
		"a controller with summer time":  {"0 3 * * *", "UTC", "Europe/Oslo", "!clocks of Europe/Oslo change"},
		"a day of the month would move":  {"0 3 1 * *", "Asia/Tokyo", "UTC", "!cannot be moved by one"},
		"a month would move":             {"0 3 * 6 *", "Asia/Tokyo", "UTC", "!cannot be moved by one"},
		"a day of the month stays":       {"0 10 1 * *", "Asia/Tokyo", "UTC", "0 0 1 1 * *"},
		"either day would move":          {"0 3 1 * 1", "Asia/Tokyo", "UTC", "!cannot be moved by one"},
		"hours on both sides":            {"0 3,12 * * 1", "Asia/Tokyo", "UTC", "!another day than the others"},
		"minutes differ":                 {"0,45 3 * * *", "Asia/Kolkata", "UTC", "!minutes differ"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := cron.ParseStandard(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Convert(s, zone(t, tt.zone), zone(t, tt.controller), cronNow)
			want, failure := strings.CutPrefix(tt.want, "!")
			if failure {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%+v, %v; want an error with %q", got, err, want)
				}
				return
			}
			text := got.Cron
			if got.Every > 0 {
				text += got.Every.String()
			}
			if err != nil || text != want {
				t.Errorf("%q, %v; want %q", text, err, want)
			}
		})
	}
}

// randomField writes a cron field for numbers from low to high.
func randomField(r *rand.Rand, low, high int) string {
	one := func() int { return low + r.IntN(high-low+1) }
	switch r.IntN(7) {
	case 0, 1:
		return "*"
	case 2:
		return fmt.Sprintf("*/%d", 1+r.IntN(high))
	case 3:
		a := one()
		return fmt.Sprintf("%d-%d", a, a+r.IntN(high-a+1))
	case 4:
		a := one()
		return fmt.Sprintf("%d-%d/%d", a, a+r.IntN(high-a+1), 1+r.IntN(5))
	case 5:
		return fmt.Sprintf("%d,%d", one(), one())
	}
	return fmt.Sprint(one())
}

// TestConvertFiresAlike compares a year of firing times of random schedules
// with those of the parser that Kubeflow Pipelines uses.
func TestConvertFiresAlike(t *testing.T) {
	zones := []string{"UTC", "Asia/Tokyo", "Asia/Kolkata", "America/Phoenix", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12"}
	converted := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		spec := strings.Join([]string{randomField(r, 0, 59), randomField(r, 0, 23), randomField(r, 1, 31), randomField(r, 1, 12), randomField(r, 0, 6)}, " ")
		loc, err := time.LoadLocation(zones[r.IntN(len(zones))])
		if err != nil {
			t.Fatal(err)
		}
		s, err := cron.ParseStandard(spec)
		if err != nil {
			t.Fatal(err)
		}
		trigger, err := Convert(s, loc, time.UTC, cronNow)
		if err != nil {
			if loc == time.UTC {
				t.Fatalf("%s: %v", spec, err)
			}
			return
		}
		converted++
		other, err := kfpcron.Parse(trigger.Cron)
		if err != nil {
			t.Fatalf("%s: %s: %v", spec, trigger.Cron, err)
		}
		at := cronNow.Add(time.Duration(r.IntN(1e6)) * time.Second)
		for range 200 {
			want, got := s.Next(at.In(loc)), other.Next(at.UTC()) // each in the zone of its argument
			if !got.Equal(want) {
				t.Fatalf("%s in %s is %s: after %s it fires at %s, want %s", spec, loc, trigger.Cron, at, got, want)
			}
			if want.IsZero() {
				return
			}
			// Some hops cover the year, the rest look at what lies close together.
			if at = want; r.IntN(2) == 0 {
				at = at.Add(time.Duration(r.IntN(72)) * time.Hour)
			}
			if at.Sub(cronNow) > 366*24*time.Hour {
				return
			}
		}
	})
	if converted == 0 {
		t.Error("no schedule was converted")
	}
}

// parse is the cron library's parser, which panics on some malformed schedules.
func parse(spec string) (s cron.Schedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return cron.ParseStandard(spec)
}

func FuzzConvert(f *testing.F) {
	f.Add("0 3 * * *", "Asia/Tokyo")
	f.Add("*/7 1-5/2 */2 jan,feb 1", "UTC")
	f.Add("@every 90s", "Asia/Kolkata")
	f.Fuzz(func(t *testing.T, spec, zone string) {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return
		}
		s, err := parse(spec)
		if err != nil {
			return
		}
		got, err := Convert(s, loc, time.UTC, cronNow)
		if err != nil {
			return
		}
		if got.Every > 0 {
			if got.Cron != "" || got.Every%time.Second != 0 {
				t.Errorf("%q: %+v", spec, got)
			}
			return
		}
		if n := len(strings.Fields(got.Cron)); n != 6 {
			t.Errorf("%q has %d fields: %q", spec, n, got.Cron)
		}
		if _, err := kfpcron.Parse(got.Cron); err != nil {
			t.Errorf("%q: %q: %v", spec, got.Cron, err)
		}
	})
}
