package evaluator_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/internal/summarytest"
)

// TestMonthsOfHousingAreScikitLearns holds a real classifier's metrics by month to scikit-learn's.
// Its rows have tied scores, scores of exactly 0 and 1, 19 of which have score 0 and a positive
// label, months without a right positive prediction, and months of few negative labels.
func TestMonthsOfHousingAreScikitLearns(t *testing.T) {
	data, err := os.ReadFile("testdata/housing.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Source string
		Months []struct {
			Month string
			Cells [][5]float64 // score, then rows by label and predicted class
			Want  map[string]float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	greatest, months, hopeless := 0.0, 0, 0
	for _, month := range golden.Months {
		months++
		rows := summarytest.Binary{}
		for _, c := range month.Cells {
			if c[0] == 0 {
				hopeless += int(c[3] + c[4])
			}
			for k, n := range c[1:] {
				for range int(n) {
					rows.Add(float64(k/2), c[0])
					rows.Predicted = append(rows.Predicted, k%2 == 1)
				}
			}
		}
		found := evaluator.Evaluate(rows.Summary(31*24*time.Hour), nil, evaluator.Options{}).Metrics
		for name, want := range month.Want {
			got := float64(found[name].Value)
			greatest = max(greatest, math.Abs(got-want))
			if !(math.Abs(got-want) <= 1e-9) {
				t.Errorf("%s: %s is %.12g, want %.12g", month.Month, name, got, want)
			}
		}
	}
	if months != 12 || hopeless != 19 {
		t.Errorf("%d months and %d rows with score 0 and a positive label, want 12 and 19", months, hopeless)
	}
	t.Logf("%s: within %.2g", golden.Source, greatest)
}
