package main

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// TestEveryKindIsFound reads testdata, whose comments say what is found where, and that
// nothing else is.
func TestEveryKindIsFound(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), analyzer(), "a")
}
