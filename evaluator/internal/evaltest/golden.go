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
