package trigger

import (
	"strings"
	"testing"
)

// TestDamagedRecordsSayWhatToDo: only an evaluation can be done without.
func TestDamagedRecordsSayWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		key, data string
		without   bool
	}{
		{evaluationsDir + "m/20260101T000000Z_20260102T000000Z/r000001.json", `{"schema":1,"x`, true},
		{evaluationsDir + "m/20260101T000000Z_20260102T000000Z/r000001.json", `{"schema":1}`, true},
		{launchesDir + "k", `{"schema":0}`, false},
		{claimKey("k", 1), "", false},
	} {
		var err error
		if tt.without {
			_, err = parseEvaluation(tt.key, []byte(tt.data))
		} else {
			err = decode(tt.key, []byte(tt.data), SchemaVersion, new(Launch))
		}
		if err == nil || !strings.Contains(err.Error(), tt.key+" is damaged: ") || !strings.Contains(err.Error(), "restore it from a copy of the state") || strings.Contains(err.Error(), "run --from") != tt.without {
			t.Errorf("%s: %v", tt.key, err)
		}
	}
}
