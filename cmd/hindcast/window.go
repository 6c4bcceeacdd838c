package main

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// windowsOf reads --window for each model, by name: a date in it begins by the clocks of
// the model's windows. It must have ended at a moment. Without the flag there are none.
func (c *connected) windowsOf(text string, asOf time.Time) (map[string]*groundtruth.Window, error) {
	if text == "" {
		return nil, nil
	}
	out := map[string]*groundtruth.Window{}
	for _, m := range c.models {
		zone := m.Grid().Zone()
		w, err := groundtruth.ParseWindowIn(text, zone)
		if err != nil {
			return nil, usagef("--window: %w", err)
		}
		if w.End.After(asOf) {
			return nil, usagef("--window %s ends in the future of %s: only a closed window can be judged", w.Text(zone, "/"), asOf.UTC().Format(time.RFC3339))
		}
		out[m.Name] = &w
	}
	return out, nil
}
