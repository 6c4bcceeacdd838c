package groundtruth_test

import (
	"fmt"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// A day is a window whose end belongs to the next one.
func ExampleParseWindowIn() {
	w, err := groundtruth.ParseWindowIn("2026-01-01/2026-01-02", groundtruth.Zone{})
	if err != nil {
		fmt.Println(err)
		return
	}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	fmt.Println(w.Duration(), w.Contains(noon), w.Contains(w.End))
	// Output: 24h0m0s true false
}

// Labels that come within three days make the window mature that ended three days ago.
func ExampleGrid_LastMature() {
	days, err := groundtruth.ParseGrid("1d")
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 1, 10, 7, 30, 0, 0, time.UTC)
	fmt.Println(days.Containing(now))
	fmt.Println(days.LastClosed(now))
	fmt.Println(days.LastMature(now, 3*24*time.Hour))
	// Output:
	// 2026-01-10/2026-01-11
	// 2026-01-09/2026-01-10
	// 2026-01-06/2026-01-07
}
