package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/trigger"
)

func TestHistoryShowsRetractedRuns(t *testing.T) {
	at := time.Date(2026, 1, 9, 3, 0, 0, 0, time.UTC)
	launches := []trigger.LaunchStatus{
		{Launch: trigger.Launch{RunID: "a"}, Latest: trigger.StateSucceeded, Retracted: &trigger.RunState{ObservedAt: at, Error: "because"}},
		{Launch: trigger.Launch{RunID: "b"}, Retracted: &trigger.RunState{}},
		{Launch: trigger.Launch{RunID: "c"}, Latest: trigger.StateRunning},
	}
	var table bytes.Buffer
	runsTable(&table, launches)
	for _, want := range []string{"SUCCEEDED, retracted", " retracted", " RUNNING\n"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
	data, err := json.Marshal(history("m", nil, launches, nil).Runs)
	if err != nil || strings.Count(string(data), `"retracted"`) != 2 || !strings.Contains(string(data), `"retracted":{"at":"2026-01-09T03:00:00Z","reason":"because"}`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestHistoryColumnsAreDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "## `hindcast history`")
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, _ := strings.Cut(section, "| column | meaning |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for line := range strings.Lines(table) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			documented = append(documented, name[1])
		}
	}
	columns := historyHeader()
	slices.Sort(documented)
	slices.Sort(columns)
	if !slices.Equal(documented, columns) {
		t.Errorf("docs/commands.md has the columns\n%v\nand the CSV\n%v", documented, columns)
	}
}
