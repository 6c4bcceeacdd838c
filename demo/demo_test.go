package demo_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/demo"
	"github.com/hindcast/hindcast/evaluator/rule"
)

// files returns the contents of every file below dir, by path.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWriteGivesTheSameFilesAgain(t *testing.T) {
	for _, log := range demo.Logs() {
		t.Run(log.Model, func(t *testing.T) { writeAgain(t, log) })
	}
}

func writeAgain(t *testing.T, log *demo.Log) {
	one, two := t.TempDir(), filepath.Join(t.TempDir(), "made", "on the way")
	for _, dir := range []string{one, two} {
		if err := log.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	first := files(t, one)
	if !maps.Equal(first, files(t, two)) {
		t.Error("two folders hold different files")
	}
	// What a run left behind goes, in the working folder too.
	t.Chdir(one)
	if err := os.MkdirAll("state/evaluations", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("state/evaluations/old.json", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := log.Write("."); err != nil {
		t.Fatal(err)
	}
	if again := files(t, one); !maps.Equal(first, again) {
		t.Errorf("written over, the folder holds %q", slices.Sorted(maps.Keys(again)))
	}
}

func TestWriteLeavesAnotherFolderAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(path, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := demo.Houses().Write(dir); !errors.Is(err, demo.ErrOccupied) {
		t.Errorf("error %v", err)
	}
	if got := files(t, dir); len(got) != 1 || got["thesis.txt"] != "years of work" {
		t.Errorf("files %q", got)
	}
	if err := demo.Houses().Write(path); err == nil {
		t.Error("a file is no folder")
	}
}

// The logs are what the demo says of them.
func TestLogs(t *testing.T) {
	for log, check := range map[*demo.Log]func(*testing.T, string) map[string]time.Time{demo.Houses(): checkHouses, demo.Parcels(): checkParcels, demo.Tickets(): checkTickets} {
		t.Run(log.Model, func(t *testing.T) {
			dir := t.TempDir()
			if err := log.Write(dir); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(filepath.Join(dir, "hindcast.yaml"), func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatal(err)
			}
			m := cfg.Model(log.Model)
			if m == nil || m.Task != log.Task || m.GroundTruth.Delay != demo.DelayDays*24*time.Hour {
				t.Fatalf("the configuration has no model %s of the task %s with a delay of %d days", log.Model, log.Task, demo.DelayDays)
			}
			if !slices.ContainsFunc(m.RuleSpecs(), func(r rule.Spec) bool { return r.Name == log.Rule }) {
				t.Errorf("the configuration has no rule %s", log.Rule)
			}
			if w := cfg.Warnings(); len(w) != 0 {
				t.Errorf("warnings %q", w)
			}
			checkLabels(t, dir, check(t, dir))
		})
	}
}

// predictions returns those of a day.
func predictions[R any](t *testing.T, dir string, day int) []R {
	t.Helper()
	date := demo.Start().AddDate(0, 0, day)
	rows, err := parquet.ReadFile[R](filepath.Join(dir, "predictions", "dt="+date.Format(time.DateOnly), "part-0.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// checkParcels looks at each day's predictions and returns when each was made, by id.
func checkParcels(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	type parcel struct {
		ID          string    `parquet:"parcel_id"`
		Time        time.Time `parquet:"predicted_at,timestamp(microsecond)"`
		Distance    float64   `parquet:"distance_km"`
		Probability float64   `parquet:"late_probability"`
		Version     string    `parquet:"version"`
	}
	late := lateParcels(t, dir)
	predicted := map[string]time.Time{}
	for day := range demo.Days {
		var scores [2][]float64 // of parcels in time, and of late ones
		var distance float64
		rows := predictions[parcel](t, dir, day)
		for _, p := range rows {
			predicted[p.ID] = p.Time
			distance += p.Distance / float64(len(rows))
			if p.Probability < 0 || p.Probability > 1 {
				t.Fatalf("day %d has the probability %v", day, p.Probability)
			}
			if is, known := late[p.ID]; known && is {
				scores[1] = append(scores[1], p.Probability)
			} else if known {
				scores[0] = append(scores[0], p.Probability)
			}
		}
		auc := 0.0
		for _, x := range scores[0] {
			for _, y := range scores[1] {
				if y > x {
					auc += 1 / float64(len(scores[0])*len(scores[1]))
				}
			}
		}
		if drifted := distance > 420; drifted != (day >= demo.DriftDay) {
			t.Errorf("the mean distance on day %d is %.0f", day, distance)
		}
		if lost := auc < 0.75; lost != (day >= demo.DriftDay) || len(scores[1]) < 100 {
			t.Errorf("on day %d the area under the curve is %.3f, with %d late parcels", day, auc, len(scores[1]))
		}
	}
	return predicted
}

// checkTickets looks at each day's predictions and returns when each was made, by id.
func checkTickets(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	type ticket struct {
		ID       string    `parquet:"ticket"`
		Time     time.Time `parquet:"predicted_at,timestamp(microsecond)"`
		Words    float64   `parquet:"words"`
		Billing  float64   `parquet:"p_billing"`
		Delivery float64   `parquet:"p_delivery"`
		Returns  float64   `parquet:"p_returns"`
	}
	desks := map[string]string{}
	eachLabel(t, dir, func(id, label string, _ time.Time, op string) {
		if desks[id] = label; op == "d" {
			delete(desks, id)
		}
	})
	predicted := map[string]time.Time{}
	for day := range demo.Days {
		rows := predictions[ticket](t, dir, day)
		var right, known, words float64
		for _, k := range rows {
			predicted[k.ID] = k.Time
			words += k.Words / float64(len(rows))
			if sum := k.Billing + k.Delivery + k.Returns; math.Abs(sum-1) > 2e-4 {
				t.Fatalf("day %d has probabilities with the sum %v", day, sum)
			}
			most := "billing"
			switch max(k.Billing, k.Delivery, k.Returns) {
			case k.Delivery:
				most = "delivery"
			case k.Returns:
				most = "returns"
			}
			if desk := desks[k.ID]; desk != "" {
				known++
				if desk == most {
					right++
				}
			}
		}
		if drifted := words < 90; drifted != (day >= demo.DriftDay) {
			t.Errorf("tickets of day %d have %.0f words", day, words)
		}
		if lost := right/known < 0.55; lost != (day >= demo.DriftDay) {
			t.Errorf("on day %d %.2f of the predictions are right", day, right/known)
		}
	}
	return predicted
}

// lateParcels tells, by id, of the parcels whose label is known whether they came late.
func lateParcels(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	eachLabel(t, dir, func(id, label string, _ time.Time, op string) {
		is, err := strconv.ParseBool(label)
		if err != nil {
			t.Fatal(err)
		}
		if out[id] = is; op == "d" {
			delete(out, id)
		}
	})
	return out
}

// checkHouses looks at each day's predictions and returns when each was made, by id.
func checkHouses(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	type house struct {
		ID      string    `parquet:"request_id"`
		Time    time.Time `parquet:"predicted_at,timestamp(microsecond)"`
		Size    float64   `parquet:"size"`
		Version string    `parquet:"version"`
	}
	predicted := map[string]time.Time{}
	sizes := make([]float64, demo.Days)
	for day := range demo.Days {
		date := demo.Start().AddDate(0, 0, day)
		houses := predictions[house](t, dir, day)
		versions := map[string]int{}
		for _, h := range houses {
			if h.Time.Before(date) || !h.Time.Before(date.AddDate(0, 0, 1)) {
				t.Fatalf("day %d has a prediction at %s", day, h.Time)
			}
			predicted[h.ID] = h.Time
			versions[h.Version]++
			sizes[day] += h.Size / float64(len(houses))
		}
		if second := versions["v2"] > 0; second != (day >= demo.SecondVersion) {
			t.Errorf("day %d has the versions %v", day, versions)
		}
	}
	for day, size := range sizes {
		if drifted := size > 115; drifted != (day >= demo.DriftDay) {
			t.Errorf("the mean size on day %d is %.1f", day, size)
		}
	}
	return predicted
}

// checkLabels holds the labels to the predictions: in by the delay, for most but not all
// of them, some corrected and some withdrawn.
func checkLabels(t *testing.T, dir string, predicted map[string]time.Time) {
	t.Helper()
	labelled, corrected, deleted := map[string]int{}, 0, 0
	eachLabel(t, dir, func(id, label string, loaded time.Time, op string) {
		at, known := predicted[id]
		if !known || label == "" {
			t.Fatalf("the label %q of %s", label, id)
		}
		// In by the delay after its window's end: that is what mature promises.
		if end := at.Truncate(24*time.Hour).AddDate(0, 0, 1+demo.DelayDays); !loaded.After(at) || loaded.After(end) {
			t.Errorf("the label of %s, predicted at %s, is loaded at %s", id, at, loaded)
		}
		labelled[id]++
		switch op {
		case "u":
			corrected++
		case "d":
			deleted++
		}
	})
	if share := float64(len(labelled)) / float64(len(predicted)); share < 0.9 || share >= 1 {
		t.Errorf("%.3f of the predictions have a label", share)
	}
	if corrected == 0 || deleted == 0 {
		t.Errorf("%d corrections, %d withdrawals", corrected, deleted)
	}
}

// eachLabel calls f with each label, those of one id in the order in which they came in.
func eachLabel(t *testing.T, dir string, f func(id, label string, loaded time.Time, op string)) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(dir, "labels", "dt=*", "part-0.csv"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("labels: %v, %v", folders, err)
	}
	for _, path := range folders {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			loaded, err := time.Parse(time.RFC3339, row[3])
			if err != nil {
				t.Fatalf("label %q of %s: %v", row, path, err)
			}
			f(row[0], row[1], loaded, row[4])
		}
	}
}
