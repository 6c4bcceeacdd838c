package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// TestSurvey lists all of few objects, and of very many the oldest and the newest.
func TestSurvey(t *testing.T) {
	t.Parallel()
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		days, n int // how many there are, and are listed: the oldest, five days and the newest three
		more    bool
	}{
		{"none", 0, 0, false},
		{"few", 150, 150, false},
		{"more folders than are asked for", 900, 199 + 3 + 5, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := "mem://survey-" + t.Name()
			keys := make([]string, 0, c.days)
			for day := range c.days {
				keys = append(keys, fmt.Sprintf("log/%s/a.csv", start.AddDate(0, 0, day).Format(time.DateOnly)))
			}
			putObjects(t, url, append(keys, "log/other")...)
			now := start.AddDate(0, 0, c.days)
			set, more, err := Survey(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: url + "/log/{date}/*.csv"}, now, groundtruth.Window{Start: start.AddDate(0, 0, 400), End: start.AddDate(0, 0, 405)})
			if err != nil || len(set.Objects) != c.n || more != c.more {
				t.Fatalf("%d objects, more %v, %v; want %d and %v", len(set.Objects), more, err, c.n, c.more)
			}
			if (c.days == 0) != (len(set.Notes) > 0) {
				t.Errorf("notes %q", set.Notes)
			}
			if c.n == 0 {
				return
			}
			slices.SortFunc(set.Objects, func(a, b Object) int { return cmp.Compare(a.Rel, b.Rel) })
			if first, last := set.Objects[0], set.Objects[c.n-1]; !first.Span.Start.Equal(start) || !last.Span.End.Equal(now) {
				t.Errorf("from %s to %s", first.Rel, last.Rel)
			}
		})
	}
}

// TestSurveyOfHours asks for no hours of the year before those that are there.
func TestSurveyOfHours(t *testing.T) {
	t.Parallel()
	url := "mem://survey-hours"
	keys := make([]string, 48)
	for i := range keys {
		keys[i] = at(t, "2026-11-01").Add(time.Duration(i) * time.Hour).Format("2006/01/02/15/a.csv")
	}
	putObjects(t, url, keys...)
	set, more, err := Survey(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: url + "/{year}/{month}/{day}/{hour}/*.csv"}, at(t, "2026-12-01"), groundtruth.Window{})
	if err != nil || len(set.Objects) != len(keys) || more || len(set.Notes) > 0 {
		t.Errorf("%d objects, more %v, notes %q, %v", len(set.Objects), more, set.Notes, err)
	}
}

// TestSurveyOfOneFolder bounds the objects of a listing that has no folders.
func TestSurveyOfOneFolder(t *testing.T) {
	t.Parallel()
	url := "mem://survey-flat"
	keys := make([]string, surveyObjects+2)
	for i := range keys {
		keys[i] = fmt.Sprintf("part-%06d.csv", i)
	}
	putObjects(t, url, keys...)
	set, more, err := Survey(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: url + "/**/*.csv"}, at(t, "2026-01-01"), groundtruth.Window{})
	if err != nil || len(set.Objects) != surveyObjects || !more {
		t.Errorf("%d objects, more %v, %v", len(set.Objects), more, err)
	}
}

// TestShown leaves out what may be a secret.
func TestShown(t *testing.T) {
	t.Parallel()
	if got := Shown("s3://bucket/{date}/*.csv?endpoint=http://a:secret@b"); got != "s3://bucket/{date}/*.csv" {
		t.Errorf("shown is %s", got)
	}
}

// TestSurveyOfNothing says what is there instead, with the dates that a window will fill in.
func TestSurveyOfNothing(t *testing.T) {
	t.Parallel()
	putObjects(t, "mem://survey-instead", "log/dt=2026-01-01/a.csv", "log/dt=2026-01-02/a.csv")
	set, more, err := Survey(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: "mem://survey-instead/log/{year}/{month}/*.csv"}, at(t, "2026-02-01"), groundtruth.Window{})
	if err != nil || more || len(set.Notes) != 1 || !strings.Contains(set.Notes[0], "dt={date}/*.csv would match 2 of 2 objects there") {
		t.Errorf("%q, more %v, %v", set.Notes, more, err)
	}
}
