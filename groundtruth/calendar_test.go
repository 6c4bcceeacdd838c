package groundtruth

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCalendarAgreesWithTheZone compares the quick look-ups with what the zone says.
func TestCalendarAgreesWithTheZone(t *testing.T) {
	zones := []string{"UTC", "Europe/Oslo", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Pacific/Kwajalein"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := ParseZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(-2e9, 2e9).Draw(t, "from"), 0)
		to := from.Add(time.Duration(rapid.Int64Range(-10, 3000).Draw(t, "hours")) * time.Hour)
		c := NewCalendar(z, from, to)
		var counts, want [24]int64
		var times []int64
		for range 50 {
			at := from.Add(time.Duration(rapid.Int64Range(int64(-100*time.Hour), int64(3100*time.Hour)).Draw(t, "after")))
			if got, want := c.Day(at.UnixNano()), FloorDiv(z.day(at).Unix(), daySeconds); got != want {
				t.Fatalf("day of %s in %s is %d, want %d", at, z, got, want)
			}
			if got, want := c.Hour(at.UnixNano()), z.Wall(at).Hour(); got != want {
				t.Fatalf("hour of %s in %s is %d, want %d", at, z, got, want)
			}
			if got, want := Weekday(c.Day(at.UnixNano())), z.day(at).Weekday(); got != want {
				t.Fatalf("weekday of %s in %s is %s, want %s", at, z, got, want)
			}
			week := make([]int32, 1)
			c.SetHoursOfWeek(week, []int64{at.UnixNano()})
			fromMonday := (int(z.day(at).Weekday()) + 6) % 7
			if want := 24*fromMonday + z.Wall(at).Hour(); int(week[0]) != want || c.HourOfWeek(at.UnixNano()) != want {
				t.Fatalf("hour of the week of %s in %s is %d and %d, want %d", at, z, week[0], c.HourOfWeek(at.UnixNano()), want)
			}
			times = append(times, at.UnixNano())
			want[z.Wall(at).Hour()]++
		}
		if c.CountHours(times, &counts); counts != want {
			t.Fatalf("the hours in %s are %v, want %v", z, counts, want)
		}
	})
}

// TestCalendarOfAZoneThatLeftOutADay crosses the date line with Samoa, which had no
// 30 December 2011.
func TestCalendarOfAZoneThatLeftOutADay(t *testing.T) {
	z, err := ParseZone("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	before, after := time.Date(2011, 12, 30, 9, 59, 59, 0, time.UTC), time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)
	c := NewCalendar(z, before.AddDate(0, 0, -3), after.AddDate(0, 0, 3))
	if got := c.Day(after.UnixNano()) - c.Day(before.UnixNano()); got != 2 {
		t.Errorf("the next second lies %d days on, want 2", got)
	}
	if got := [2]int{c.Hour(before.UnixNano()), c.Hour(after.UnixNano())}; got != [2]int{23, 0} {
		t.Errorf("the hours are %v, want 23 and 0", got)
	}
}
