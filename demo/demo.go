// Package demo makes the house-price log that `hindcast demo` shows Hindcast on: two
// model versions, late labels with corrections, and drift that sets in on a known
// day. The same seed makes the same files.
package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/objstore"
)

// What the log is made of.
const (
	Model         = "house-price"
	Days          = 16 // of predictions
	DriftDay      = 9  // the first day, from 0, on which the world is another
	SecondVersion = 4  // the first day on which the second version serves half of the requests
	DelayDays     = 3  // after that many days labels are in
	perDay        = 1000
	referenceRows = 5000
	seed          = 20260101
)

// Start returns the first day of the log.
func Start() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

// marker names the file by which a folder is known to hold a demo, which may be
// written over.
const marker = ".hindcast-demo"

// objectMarker is marker in an object store, which keeps hidden names for itself.
const objectMarker = "hindcast-demo.txt"

const markerText = "hindcast demo writes over this folder\n"

// ErrOccupied marks a folder that holds something else.
var ErrOccupied = errors.New("the folder holds something else")

// house is one prediction with its truth.
type house struct {
	ID        string    `parquet:"request_id"`
	Time      time.Time `parquet:"predicted_at,timestamp(microsecond)"`
	Size      float64   `parquet:"size"`
	Bedrooms  int32     `parquet:"bedrooms"`
	Age       float64   `parquet:"age"`
	City      string    `parquet:"city,dict"`
	Predicted float64   `parquet:"predicted_price"`
	Version   string    `parquet:"version,dict"`

	truth float64
}

// city is a place and what a square metre costs there.
type city struct {
	name  string
	price float64
	share float64
}

func cities() []city {
	return []city{{"Oslo", 6200, 0.4}, {"Bergen", 4800, 0.25}, {"Trondheim", 4300, 0.2}, {"Stavanger", 4500, 0.15}}
}

// Write makes the folder, in place of an earlier demo in it: reference.csv,
// predictions/dt=DATE/part-0.parquet, labels/dt=DATE/part-0.csv and hindcast.yaml. It
// fails with ErrOccupied when the folder holds anything else.
func Write(dir string) error {
	if err := clear(dir); err != nil {
		return err
	}
	files, err := makeLog(Start())
	if err != nil {
		return err
	}
	files["hindcast.yaml"] = []byte(configuration)
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write demo: %w", err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return fmt.Errorf("write demo: %w", err)
		}
	}
	return age(dir)
}

// Upload puts the log without a configuration into the store, with start as its first
// day, in place of an earlier one. It fails with ErrOccupied when the store holds
// anything else.
func Upload(ctx context.Context, store *objstore.Store, start time.Time) error {
	var old []string
	occupied := true
	for o, err := range store.List(ctx, "") {
		switch {
		case errors.Is(err, objstore.ErrNotExist) && len(old) == 0: // a folder that is yet to be made
		case err != nil:
			return fmt.Errorf("write demo: %w", err)
		case o.Key == objectMarker:
			occupied = false
		default:
			old = append(old, o.Key)
		}
	}
	if occupied && len(old) > 0 {
		return fmt.Errorf("write demo to %s, where %s is: %w; name another with --to", store.URL(), old[0], ErrOccupied)
	}
	// First, so that a demo that was cut off can be written over.
	if err := store.Write(ctx, objectMarker, []byte(markerText)); err != nil {
		return fmt.Errorf("write demo: %w", err)
	}
	files, err := makeLog(start)
	if err != nil {
		return err
	}
	for _, key := range old {
		if _, again := files[key]; again {
			continue
		}
		if err := store.Delete(ctx, key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
			return fmt.Errorf("write demo: %w", err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if err := store.Write(ctx, key, files[key]); err != nil {
			return fmt.Errorf("write demo: %w", err)
		}
	}
	return nil
}

// makeLog makes the files of the log that begins on a day, by their paths.
func makeLog(start time.Time) (map[string][]byte, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	files := map[string][]byte{}
	var err error
	if files["reference.csv"], err = makeReference(start, rng); err != nil {
		return nil, err
	}
	labels := map[string][][]string{}
	for day := range Days {
		houses := make([]house, perDay)
		for i := range houses {
			houses[i] = makeHouse(rng, start, day, i)
			addLabels(rng, labels, houses[i])
		}
		var b bytes.Buffer
		if err := parquet.Write(&b, houses, parquet.Compression(&parquet.Zstd)); err != nil {
			return nil, fmt.Errorf("write demo predictions: %w", err)
		}
		files["predictions/dt="+start.AddDate(0, 0, day).Format(time.DateOnly)+"/part-0.parquet"] = b.Bytes()
	}
	for day, rows := range labels {
		rows = append([][]string{{"request_id", "sold_price", "sold_at", "loaded_at", "op"}}, rows...)
		if files["labels/dt="+day+"/part-0.csv"], err = makeCSV(rows); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// age sets the files' times to the log's beginning: the ledger keeps the times of what
// was read, and so is the same each time too.
func age(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, Start(), Start())
	})
	if err != nil {
		return fmt.Errorf("write demo: %w", err)
	}
	return nil
}

// clear empties a folder that holds an earlier demo.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write demo: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return fmt.Errorf("write demo to %s: %w; name another with --dir", dir, ErrOccupied)
		}
		for _, e := range entries { // not the folder itself, which may be the working one
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("write demo: %w", err)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write demo: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, marker), []byte(markerText), 0o644); err != nil {
		return fmt.Errorf("write demo: %w", err)
	}
	return nil
}

// makeHouse draws a house of a day since start, day -1 being the reference. From DriftDay on
// large houses come to the market, and their price per square metre is another.
func makeHouse(rng *rand.Rand, start time.Time, day, i int) house {
	h := house{
		ID:      fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<12), rng.IntN(1<<12), rng.Int64N(1<<48)),
		Version: "v1",
	}
	drifted := day >= DriftDay
	mean := 95.0
	if drifted {
		mean = 135
	}
	h.Size = math.Round(math.Max(25, mean+30*rng.NormFloat64()))
	h.Bedrooms = int32(min(max(math.Round(h.Size/32+0.6*rng.NormFloat64()), 1), 8))
	h.Age = math.Round(math.Abs(35 * rng.NormFloat64()))
	pick := rng.Float64()
	all := cities()
	c := all[len(all)-1]
	for _, candidate := range all {
		if pick -= candidate.share; pick < 0 {
			c = candidate
			break
		}
	}
	h.City = c.name
	value := c.price*h.Size + 15_000*float64(h.Bedrooms) - 900*h.Age
	noise := 45_000 * rng.NormFloat64()
	h.truth = value + noise
	if drifted {
		h.truth += 1_800 * math.Max(0, h.Size-110) // what large houses fetch now
	}
	h.truth = math.Round(h.truth)
	bias := 8_000 * rng.NormFloat64()
	if day >= SecondVersion && i%2 == 1 {
		h.Version = "v2"
		bias = 6_000 * rng.NormFloat64()
	}
	h.Predicted = math.Round(value + bias)
	h.Time = start.AddDate(0, 0, max(day, 0)).Add(time.Duration(i) * 24 * time.Hour / perDay).UTC()
	return h
}

// addLabels puts a house's label, which comes within the delay, and now and then a
// first guess before it or a withdrawal after it, into the day on which it was loaded.
func addLabels(rng *rand.Rand, labels map[string][][]string, h house) {
	if rng.Float64() < 0.04 {
		return // never sold
	}
	sold := h.Time.Add(time.Duration(2+rng.IntN(30)) * time.Hour)
	loaded := sold.Add(time.Duration(1+rng.IntN(34)) * time.Hour)
	add := func(at time.Time, price float64, op string) {
		day := at.Format(time.DateOnly)
		labels[day] = append(labels[day], []string{h.ID, strconv.FormatFloat(price, 'f', 0, 64), sold.Format(time.RFC3339), at.Format(time.RFC3339), op})
	}
	switch p := rng.Float64(); {
	case p < 0.05: // corrected: the first figure was wrong
		add(loaded, math.Round(h.truth*1.3), "c")
		add(loaded.Add(6*time.Hour), h.truth, "u")
	case p < 0.06: // withdrawn
		add(loaded, h.truth, "c")
		add(loaded.Add(5*time.Hour), h.truth, "d")
	default:
		add(loaded, h.truth, "c")
	}
}

func makeReference(start time.Time, rng *rand.Rand) ([]byte, error) {
	rows := [][]string{{"request_id", "size", "bedrooms", "age", "city", "predicted_price", "sold_price", "version"}}
	for i := range referenceRows {
		h := makeHouse(rng, start, -1, i)
		rows = append(rows, []string{
			h.ID, text(h.Size), strconv.Itoa(int(h.Bedrooms)), text(h.Age), h.City, text(h.Predicted), text(h.truth), h.Version,
		})
	}
	return makeCSV(rows)
}

func text(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func makeCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write demo: %w", err)
	}
	return b.Bytes(), nil
}

// configuration is the demo's hindcast.yaml.
const configuration = `# Written by hindcast demo. Every key: docs/configuration.md.
version: 1
state:
  url: file://./state
models:
  - name: house-price
    task: regression
    schedule: "0 3 * * *"
    predictions:
      url: file://./predictions/dt={date}/*.parquet
      columns:
        id: request_id
        timestamp: predicted_at
        prediction: predicted_price
        model_version: version
    ground_truth:
      url: file://./labels/dt={date}/*.csv
      columns: {id: request_id, label: sold_price, timestamp: sold_at, ingested_at: loaded_at, op: op}
      delay: 3d
    window: 1d
    reference:
      url: file://./reference.csv
    segments: [city]
    rules:
      - name: drift
        when: drift.share >= 0.5
        action: alert
      - name: rmse
        when: rmse > 1.2 * reference.rmse
        for: 2
        action: retrain
    retrain:
      mode: suggest
publish:
  textfile: {path: ./metrics.prom}
`
