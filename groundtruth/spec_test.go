package groundtruth

import (
	"encoding/json"
	"testing"
)

// TestIDColumnsJSON holds an id of one column to the form that it had before there could be
// several: hashes of a Spec tell whether a kept profile still serves.
func TestIDColumnsJSON(t *testing.T) {
	for want, columns := range map[string]PredictionColumns{
		`{"ID":"id","Timestamp":"at","Prediction":"p","ModelVersion":""}`:            {ID: IDColumns{"id"}, Timestamp: "at", Prediction: "p"},
		`{"ID":["store","day"],"Timestamp":"at","Prediction":"p","ModelVersion":""}`: {ID: IDColumns{"store", "day"}, Timestamp: "at", Prediction: "p"},
	} {
		if got, err := json.Marshal(columns); err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}
