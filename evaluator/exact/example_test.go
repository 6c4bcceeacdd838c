package exact_test

import (
	"fmt"

	"github.com/hindcast/hindcast/evaluator/exact"
)

// Numbers that are added as they come lose what is small beside the sum. An exact sum
// doesn't, whatever the order and however many sums it is put together of.
func ExampleSum() {
	values := []float64{1e16, 1, 1, -1e16}
	var plain float64
	var first, second exact.Sum
	for i, x := range values {
		plain += x
		if i < 2 {
			first.Add(x)
		} else {
			second.Add(x)
		}
	}
	first.Merge(&second)
	fmt.Println(plain, first.Float64())
	// Output: 0 2
}
