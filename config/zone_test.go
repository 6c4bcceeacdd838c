package config

import (
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// Every zone that a message may name is known.
func TestZoneNames(t *testing.T) {
	names := strings.Fields(zoneNames)
	if len(names) < 400 {
		t.Fatalf("%d names", len(names))
	}
	for _, name := range names {
		if z, err := groundtruth.ParseZone(name); err != nil || z.String() != name {
			t.Errorf("%s is %s (%v)", name, z, err)
		}
	}
}

func TestNearestZone(t *testing.T) {
	for word, want := range map[string]string{
		"europe/oslo": "Europe/Oslo", "Europe/Olso": "Europe/Oslo", "Oslo": "Europe/Oslo", "oslo": "Europe/Oslo", "utc": "UTC",
		"America/New York": "America/New_York", "Amerika/New_York": "America/New_York", "Asia/Katmandoo": "Asia/Kathmandu", "Middle Earth": "", "": "",
	} {
		if got := nearestZone(word); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestZones(t *testing.T) {
	text := edit(t, readTestdata(t, "full.yaml"), "    window: 1d\n", "    window: 1d\n    window_time_zone: EST5EDT\n")
	m := mustParse(t, text, noEnv).Models[0]
	if m.Grid().String() != "1d@EST5EDT" || m.WindowZone != "EST5EDT" || m.TimeZone != "UTC" {
		t.Errorf("grid %s, window_time_zone %s, time_zone %s", m.Grid(), m.WindowZone, m.TimeZone)
	}
	if spec := m.GroundtruthSpec(); !spec.Predictions.PartitionZone.IsUTC() || !spec.Labels.PartitionZone.IsUTC() {
		t.Errorf("%+v", spec)
	}
}
