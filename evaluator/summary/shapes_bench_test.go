package summary

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// BenchmarkShapes adds matches of a day, in no order, to each of what pictures are drawn from.
func BenchmarkShapes(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := pieceRows{predictions: make([]float64, kernelRows), labels: make([]float64, kernelRows)}
	times := make([]int64, kernelRows)
	day := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	for i := range times {
		rows.labels[i] = 1000 * math.Exp(r.NormFloat64()/2)
		rows.predictions[i] = rows.labels[i] * (1 + r.NormFloat64()/10)
		times[i] = day.UnixNano() + r.Int64N(int64(24*time.Hour))
	}
	k := newErrorKernel(1000, nil)
	k.load(rows)
	k.setErrors()
	d, s, c := newDensity(), newSizes(), &clock{}
	calendar := groundtruth.NewCalendar(groundtruth.Zone{}, day, day.AddDate(0, 0, 1))
	hourOf := make([]int32, kernelRows)
	for name, add := range map[string]func(){
		"density": func() { d.add(rows.predictions, rows.labels) },
		"sizes":   func() { s.add(k) },
		"find":    func() { s.find(k.sizeOf, rows.predictions) },
		"plain":   func() { k.addPlain(k.sizeOf, s.sums) },
		"hours": func() {
			calendar.SetHoursOfWeek(hourOf, times)
		},
		"errors": k.setErrors,
		"clock": func() {
			k.addPlain(hourOf, c.hours[:])
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				add()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/kernelRows, "ns/row")
		})
	}
}
