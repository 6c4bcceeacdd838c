package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/trigger"
)

// checkOutput refuses an unknown -o before any work is done.
func checkOutput(format string) error {
	switch format {
	case "table", "json", "yaml":
		return nil
	case formatCSV:
		return usagef("-o csv is for hindcast run --from and hindcast history; here -o is table, json or yaml")
	}
	return usagef("-o is table, json or yaml, not %q", format)
}

// writeValue writes v as JSON or YAML, with the keys of its JSON.
func writeValue(w io.Writer, format string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	data = append(data, '\n')
	if format == "yaml" {
		if data, err = yamlOf(data); err != nil {
			return fmt.Errorf("encode output: %w", err)
		}
	}
	_, err = w.Write(data)
	return err
}

// writeOutcomes writes what a pass found.
func writeOutcomes(w io.Writer, format string, outcomes []job.Outcome) error {
	if format != "table" {
		if outcomes == nil {
			outcomes = []job.Outcome{}
		}
		return writeValue(w, format, outcomes)
	}
	for i := range outcomes {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeOutcome(w, &outcomes[i], previousOf(outcomes, &outcomes[i]))
	}
	return nil
}

// previousOf returns the window before one, of the same model and stage, if it is among those of
// the pass.
func previousOf(outcomes []job.Outcome, o *job.Outcome) *job.Outcome {
	i := slices.IndexFunc(outcomes, func(p job.Outcome) bool {
		return p.Model == o.Model && p.Stage == o.Stage && p.Window.End.Equal(o.Window.Start)
	})
	if i < 0 {
		return nil
	}
	return &outcomes[i]
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func humanDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	text := d.String()
	if d%time.Minute == 0 && d != 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 && d != 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// runState says of a run, for people, how far it is, and whether it was retracted.
func runState(l trigger.LaunchStatus) string {
	if l.Retracted == nil {
		return l.Latest
	}
	return strings.TrimPrefix(l.Latest+", retracted", ", ")
}

// runsTable shows started runs, newest last.
func runsTable(w io.Writer, launches []trigger.LaunchStatus) {
	t := newTable(w, "started", "run", "state", "why")
	for _, l := range launches {
		t.AppendRow([]any{l.Launch.LaunchedAt.UTC().Format(time.RFC3339), l.Launch.RunID, runState(l), l.Launch.Reason})
	}
	if t.Length() > 0 {
		t.Render()
	}
}
