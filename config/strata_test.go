package config

import (
	"testing"

	"github.com/hindcast/hindcast/evaluator/summary"
)

// TestStrataGoByTheLengthOfWindows asks what auto is, and that what is given counts.
func TestStrataGoByTheLengthOfWindows(t *testing.T) {
	for window, want := range map[string]summary.StrataKind{
		"15m": summary.HourOfDayStrata, "1h": summary.HourOfDayStrata, "1d": summary.WeekendStrata, "6d": summary.WeekendStrata,
		"36h": summary.NoStrata, "7d": summary.NoStrata, "1mo": summary.NoStrata,
	} {
		for word, want := range map[string]summary.StrataKind{"": want, "auto": want, "none": summary.NoStrata} {
			key := ""
			if word != "" {
				key = ", strata: " + word
			}
			c := parseModel(t, "window: "+window, "reference: {url: r"+key+"}")
			if got := c.Strata(); got != want {
				t.Errorf("windows of %s with strata %q have %s, want %s", window, word, got, want)
			}
		}
	}
	// What auto is stands for no key: the windows of earlier versions keep their verdicts.
	auto, absent, none := parseModel(t, "reference: {url: r, strata: auto}"), parseModel(t, "reference: {url: r}"), parseModel(t, "reference: {url: r, strata: none}")
	if auto.RulesHash() != absent.RulesHash() || auto.RulesHash() == none.RulesHash() || auto.ReadHash() != none.ReadHash() {
		t.Error("strata are not where they belong in the hashes")
	}
}

// parseModel returns a model with some keys beside the required ones.
func parseModel(t *testing.T, keys ...string) *Model {
	text := `
version: 1
state: {url: state}
models:
- name: m
  task: regression
  predictions: {url: p, columns: {id: id, prediction: p, timestamp: at}}
  ground_truth: {url: l, columns: {id: id, label: y}}
`
	for _, key := range keys {
		text += "  " + key + "\n"
	}
	return mustParse(t, text, nil).Models[0]
}
