package metric_test

import (
	"fmt"

	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
	"github.com/hindcast/hindcast/evaluator/metric"
)

// A metric is looked up in the table, and computed from what a summary counted.
func ExampleOfWindow() {
	predictions, labels := []float64{10, 12, 9, 14}, []float64{11, 12, 7, 15}
	results := metric.OfWindow(summarytest.ErrorSums(0, predictions, labels), nil, metric.Options{})
	spec, _ := metric.Find("mae")
	m := results[spec.Name]
	fmt.Printf("%s of %d rows: %.2f, from %.2f to %.2f\n", spec.Title, m.N, m.Value, m.Low, m.High)
	fmt.Println("worse as it rises:", spec.Worse == metric.WorseRises)
	// Output:
	// MAE of 4 rows: 1.00, from 0.00 to 2.30
	// worse as it rises: true
}
