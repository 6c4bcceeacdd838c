package report

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// wide draws rows with so many columns, of which every third has drifted.
func wide(rng *rand.Rand, rows, columns int, moved float64) *logged {
	l := houses(rng, rows, 0)
	l.texts = map[string][]string{}
	for k := range columns - len(l.numbers) {
		name := fmt.Sprintf("column_%03d", k)
		for range rows {
			x := rng.NormFloat64()
			if k%3 == 0 {
				x += moved
			}
			if k%4 == 3 {
				l.texts[name] = append(l.texts[name], fmt.Sprintf("category %d", int(10+4*x)))
			} else {
				l.numbers[name] = append(l.numbers[name], x*float64(k+1))
			}
		}
	}
	return l
}

// A page has room for 200 columns over a month of windows, with the distributions of each.
func TestPageOf200ColumnsIsSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 14))
	s := storyOf(wide(rng, 2000, 200, 0), wide(rng, 2000, 200, 1))
	last := s.Windows[0]
	s.Windows = nil
	for day := range 30 {
		told := last
		start := last.Window.Start.AddDate(0, 0, day-29)
		told.Window = groundtruth.Window{Start: start, End: start.Add(24 * time.Hour)}
		s.Windows = append(s.Windows, told)
	}
	page, err := HTML(*s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if mb := float64(len(page)) / 1e6; mb > 2 {
		t.Errorf("the page has %.2f MB", mb)
	}
	sec := figuresOf(t, s)["distributions"]
	if len(sec.Figures) != mostDistributions || len(sec.Figures)+len(sec.Folded) != 202 || sec.More != "190 more columns" {
		t.Errorf("%d figures and %d that unfold by %q", len(sec.Figures), len(sec.Folded), sec.More)
	}
}
