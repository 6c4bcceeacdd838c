package evaltest

import (
	"encoding/json"
	"os"
	"testing"
)

// ReadGolden reads a JSON file of what a test expects, such as another library's numbers.
func ReadGolden[T any](t testing.TB, path string) T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// GoldenNumbers returns the sequence of numbers from 0 to 1 that the scripts of goldens draw rows
// from of which there are too many for a file.
func GoldenNumbers() (next func() float64) {
	x := uint32(1)
	return func() float64 {
		x = 1664525*x + 1013904223
		return float64(float64(x) / (1 << 32))
	}
}
