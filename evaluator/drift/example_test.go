package drift_test

import (
	"fmt"

	"github.com/hindcast/hindcast/evaluator/drift"
)

// The table says by what a measure judges where nothing is configured.
func ExampleSpecs() {
	for _, s := range drift.Specs() {
		if s.JudgesAuto() {
			fmt.Println(s.Name, "judges by itself, above", s.Threshold)
		}
	}
	// Output:
	// psi judges by itself, above 0.2
	// wasserstein_normed judges by itself, above 0.1
	// js judges by itself, above 0.1
	// tvd judges by itself, above 0.1
	// cohen_w judges by itself, above 0.1
}
