package evaluator

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
)

func BenchmarkReferenceDays(b *testing.B) {
	p := summarytest.Profile(weekendRows(1, 8), summary.ProfilerOptions{Strata: summary.WeekendStrata})
	s := p.For(dayOf(60))
	b.Run("with", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := &Reference{}
			r.compute(p, s)
		}
	})
	b.Run("for", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.For(dayOf(60))
		}
	})
	b.Run("without", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			metric.Regression(s.Summary.Errors())
		}
	})
}
