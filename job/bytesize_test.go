package job_test

import (
	"encoding/json"
	"testing"

	"github.com/hindcast/hindcast/job"
)

func TestByteSize(t *testing.T) {
	for _, tc := range []struct {
		n          int64
		text, json string
	}{
		{0, "0 B", "0"},
		{1023, "1023 B", "1023"},
		{1024, "1.0 KiB", "1024"},
		{1536, "1.5 KiB", "1536"},
		{1<<20 - 1, "1.0 MiB", "1048575"},
		{256 << 20, "256.0 MiB", "268435456"},
		{1 << 60, "1.0 EiB", "1152921504606846976"},
	} {
		data, err := json.Marshal(job.ByteSize(tc.n))
		if got := job.ByteSize(tc.n).String(); got != tc.text || string(data) != tc.json || err != nil {
			t.Errorf("%d is %s and %s, %v; want %s and %s", tc.n, got, data, err, tc.text, tc.json)
		}
	}
}
