package job_test

import (
	"fmt"
	"math"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

func ExampleFigure() {
	for _, n := range []evaluator.Number{0, 0.123456, -12.3456, 999.99, 1234.56, -123456789, 1e9, evaluator.Number(math.NaN()), evaluator.Number(math.Inf(1))} {
		fmt.Println(job.Figure(n))
	}
	// Output:
	// 0
	// 0.1235
	// -12.35
	// 1000
	// 1235
	// -123456789
	// 1e+09
	// -
	// -
}

func ExampleSpan() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fmt.Println(job.Span(groundtruth.Window{Start: start, End: start.AddDate(0, 0, 1)}, "/"))
	fmt.Println(job.Span(groundtruth.Window{Start: start, End: start.Add(time.Hour)}, " to "))
	// Output:
	// 2026-01-01/2026-01-02
	// 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
}
