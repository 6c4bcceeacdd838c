package demo_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/demo"
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
	one, two := t.TempDir(), filepath.Join(t.TempDir(), "made", "on the way")
	for _, dir := range []string{one, two} {
		if err := demo.Write(dir); err != nil {
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
	if err := demo.Write("."); err != nil {
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
	if err := demo.Write(dir); !errors.Is(err, demo.ErrOccupied) {
		t.Errorf("error %v", err)
	}
	if got := files(t, dir); len(got) != 1 || got["thesis.txt"] != "years of work" {
		t.Errorf("files %q", got)
	}
	if err := demo.Write(path); err == nil {
		t.Error("a file is no folder")
	}
}

// The log is what the demo says of it.
func TestLog(t *testing.T) {
	dir := t.TempDir()
	if err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(filepath.Join(dir, "hindcast.yaml"), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	m := cfg.Model(demo.Model)
	if m == nil || m.GroundTruth.Delay != demo.DelayDays*24*time.Hour {
		t.Fatalf("the configuration has no model %s with a delay of %d days", demo.Model, demo.DelayDays)
	}
	if w := cfg.Warnings(); len(w) != 0 {
		t.Errorf("warnings %q", w)
	}
	checkLabels(t, dir, checkPredictions(t, dir))
}

// checkPredictions looks at each day's predictions and returns when each was made, by id.
func checkPredictions(t *testing.T, dir string) map[string]time.Time {
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
		houses, err := parquet.ReadFile[house](filepath.Join(dir, "predictions", "dt="+date.Format(time.DateOnly), "part-0.parquet"))
		if err != nil {
			t.Fatal(err)
		}
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
	folders, err := filepath.Glob(filepath.Join(dir, "labels", "dt=*", "part-0.csv"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("labels: %v, %v", folders, err)
	}
	for _, path := range folders {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			id, price, loadedAt, op := row[0], row[1], row[3], row[4]
			at, known := predicted[id]
			loaded, err := time.Parse(time.RFC3339, loadedAt)
			if err != nil || !known {
				t.Fatalf("label %q of %s: %v", row, path, err)
			}
			if _, err := strconv.ParseFloat(price, 64); err != nil {
				t.Fatal(err)
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
		}
	}
	if share := float64(len(labelled)) / float64(len(predicted)); share < 0.9 || share >= 1 {
		t.Errorf("%.3f of the predictions have a label", share)
	}
	if corrected == 0 || deleted == 0 {
		t.Errorf("%d corrections, %d withdrawals", corrected, deleted)
	}
}
