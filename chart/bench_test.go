package chart

import "testing"

func BenchmarkTrends(b *testing.B) {
	trend := sampleTrend(365)
	size := 0
	for b.Loop() {
		for range 50 {
			size = len(SVG(trend, Size{}))
		}
	}
	b.ReportMetric(float64(size), "bytes/trend")
}

func BenchmarkHeatMap(b *testing.B) {
	heat := sampleHeatMap(50, 365)
	size := 0
	for b.Loop() {
		size = len(SVG(heat, Size{}))
	}
	b.ReportMetric(float64(size)/(50*365), "bytes/cell")
}

func BenchmarkPNG(b *testing.B) {
	trend := sampleTrend(31)
	size := 0
	for b.Loop() {
		picture, err := PNG(trend, Size{})
		if err != nil {
			b.Fatal(err)
		}
		size = len(picture)
	}
	b.ReportMetric(float64(size), "bytes/picture")
}
