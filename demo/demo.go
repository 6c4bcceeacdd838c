// Package demo makes the logs that `hindcast demo` shows Hindcast on, one of each kind of
// model: two model versions, late labels with corrections, and drift that sets in on a known
// day. The same seed makes the same files.
//
// Begin at [Log]. [Houses], [Parcels] and [Tickets] are the logs.
package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// What every log is made of.
const (
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

// Log is the log of a model.
type Log struct {
	Task  groundtruth.Task
	Model string // its name in the configuration
	// Rule is the rule of the configuration on what the labels tell, called as its metric is.
	Rule string
	// For people: what the model predicts, what is another on DriftDay, and what follows.
	Predicts, Change, Effect string

	configuration string // hindcast.yaml
	files         func(start time.Time) (map[string][]byte, error)
}

// Logs lists the logs that there are.
func Logs() []*Log { return []*Log{Houses(), Parcels(), Tickets()} }

// truth is what came true of a prediction.
type truth struct {
	id    string
	at    time.Time // of the prediction
	label string
	wrong string // the first figure, of the labels that are corrected
}

// marker names the file by which a folder is known to hold a demo, which may be
// written over.
const marker = ".hindcast-demo"

// objectMarker is marker in an object store, which keeps hidden names for itself.
const objectMarker = "hindcast-demo.txt"

const markerText = "hindcast demo writes over this folder\n"

// ErrOccupied marks a folder that holds something else.
var ErrOccupied = errors.New("the folder holds something else")

// Write makes the folder, in place of an earlier demo in it: reference.csv,
// predictions/dt=DATE/part-0.parquet, labels/dt=DATE/part-0.csv and hindcast.yaml. It
// fails with ErrOccupied when the folder holds anything else.
func (l *Log) Write(dir string) error {
	if err := clear(dir); err != nil {
		return err
	}
	files, err := l.files(Start())
	if err != nil {
		return err
	}
	files["hindcast.yaml"] = []byte(l.configuration)
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
func (l *Log) Upload(ctx context.Context, store *objstore.Store, start time.Time) error {
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
	files, err := l.files(start)
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

// row is a prediction that a log has, or a row of its reference.
type row interface {
	known() truth
	reference() []string // its fields in reference.csv
}

// filesOf returns what makes the files of the log that begins on a day, by their paths. Of a day
// from 0 draw returns a prediction, and of day -1 a row of the reference.
func filesOf[R row](draw func(rng *rand.Rand, start time.Time, day, i int) R, labelHeader, referenceHeader []string) func(start time.Time) (map[string][]byte, error) {
	return func(start time.Time) (map[string][]byte, error) {
		return makeLog(start, draw, labelHeader, referenceHeader)
	}
}

func makeLog[R row](start time.Time, draw func(rng *rand.Rand, start time.Time, day, i int) R, labelHeader, referenceHeader []string) (map[string][]byte, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	files := map[string][]byte{}
	var err error
	rows := [][]string{referenceHeader}
	for i := range referenceRows {
		rows = append(rows, draw(rng, start, -1, i).reference())
	}
	if files["reference.csv"], err = makeCSV(rows); err != nil {
		return nil, err
	}
	labels := map[string][][]string{}
	for day := range Days {
		predictions := make([]R, perDay)
		for i := range predictions {
			predictions[i] = draw(rng, start, day, i)
			addLabels(rng, labels, predictions[i].known())
		}
		var b bytes.Buffer
		if err := parquet.Write(&b, predictions, parquet.Compression(&parquet.Zstd)); err != nil {
			return nil, fmt.Errorf("write demo predictions: %w", err)
		}
		files["predictions/dt="+start.AddDate(0, 0, day).Format(time.DateOnly)+"/part-0.parquet"] = b.Bytes()
	}
	for day, rows := range labels {
		if files["labels/dt="+day+"/part-0.csv"], err = makeCSV(append([][]string{labelHeader}, rows...)); err != nil {
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

// addLabels puts the label of a prediction, which comes within the delay, and now and then a
// wrong one before it or a withdrawal after it, into the day on which it was loaded.
func addLabels(rng *rand.Rand, labels map[string][][]string, t truth) {
	if rng.Float64() < 0.04 {
		return // nobody ever learns it
	}
	happened := t.at.Add(time.Duration(2+rng.IntN(30)) * time.Hour)
	loaded := happened.Add(time.Duration(1+rng.IntN(34)) * time.Hour)
	add := func(at time.Time, label, op string) {
		day := at.Format(time.DateOnly)
		labels[day] = append(labels[day], []string{t.id, label, happened.Format(time.RFC3339), at.Format(time.RFC3339), op})
	}
	switch p := rng.Float64(); {
	case p < 0.05: // corrected
		add(loaded, t.wrong, "c")
		add(loaded.Add(6*time.Hour), t.label, "u")
	case p < 0.06: // withdrawn
		add(loaded, t.label, "c")
		add(loaded.Add(5*time.Hour), t.label, "d")
	default:
		add(loaded, t.label, "c")
	}
}

// newID draws an id.
func newID(rng *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<12), rng.IntN(1<<12), rng.Int64N(1<<48))
}

// timeOf is when the prediction i of a day from start is made.
func timeOf(start time.Time, day, i int) time.Time {
	return start.AddDate(0, 0, max(day, 0)).Add(time.Duration(i) * 24 * time.Hour / perDay).UTC()
}

func text(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func makeCSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write demo: %w", err)
	}
	return b.Bytes(), nil
}
