package job

import (
	"slices"
	"testing"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
)

// TestScoresInObjectsAreNoFeatures leaves what lies in an object of scores out of features.
func TestScoresInObjectsAreNoFeatures(t *testing.T) {
	m := &config.Model{}
	m.Predictions.Features.Auto = true
	m.Predictions.Columns.Scores = []groundtruth.ClassScore{
		{Class: "cat", Column: "p", Element: groundtruth.Element{Key: "cat", Place: 1}}, {Class: "dog", Column: "dog"},
	}
	var columns []format.ColumnInfo
	for _, name := range []string{"p.cat", "p.dog", "pp.x", "dog", "dog.x", "age"} {
		columns = append(columns, format.ColumnInfo{Name: name, Kind: groundtruth.Number})
	}
	features, reserved := Features(m, columns)
	var names []string
	for _, f := range features {
		names = append(names, f.Name)
	}
	if want := []string{"pp.x", "dog.x", "age"}; !slices.Equal(names, want) || len(reserved) > 0 {
		t.Errorf("got %v (%v), want %v", names, reserved, want)
	}
}
