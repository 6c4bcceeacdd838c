package groundtruth

import (
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkCountHours counts the rows of a day that come in any order.
func BenchmarkCountHours(b *testing.B) {
	oslo, err := ParseZone("Europe/Oslo")
	if err != nil {
		b.Fatal(err)
	}
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	times := make([]int64, 1<<16)
	for i := range times {
		times[i] = start.UnixNano() + rand.Int64N(int64(23*time.Hour))
	}
	for name, z := range map[string]Zone{"UTC": {}, "a zone": oslo} {
		b.Run(name, func(b *testing.B) {
			c := NewCalendar(z, start, start.AddDate(0, 0, 1))
			var counts [24]int64
			for b.Loop() {
				c.CountHours(times, &counts)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(times)), "ns/row")
		})
	}
}
