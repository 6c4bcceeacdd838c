package job

import (
	"testing"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// FuzzDecodeKept holds that no object in the state makes a pass panic, and that what is
// read as a kept window is written as one again.
func FuzzDecodeKept(f *testing.F) {
	day := groundtruth.Window{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	counted := summary.NewBuilder(nil, day, nil, summary.BuilderOptions{}).Summary()
	data, err := newKeptWindow(&config.Model{Name: "m"}, day, day.End, groundtruth.Result{SpilledBytes: 3}).encode(counted)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"schema":1,"summary":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, s, err := decodeKept(data)
		if err != nil {
			return
		}
		again, err := k.encode(s)
		if err != nil {
			t.Fatal(err)
		}
		k2, s2, err := decodeKept(again)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := k2.encode(s2); err != nil || string(twice) != string(again) {
			t.Errorf("%q is written as %q, then as %q: %v", data, again, twice, err)
		}
	})
}
