//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// house is one prediction with what came of it.
type house struct {
	ID        string    `parquet:"request_id" json:"request_id"`
	At        time.Time `parquet:"predicted_at,timestamp(microsecond)" json:"predicted_at"`
	Size      float64   `parquet:"size" json:"size"`
	Rooms     int64     `parquet:"rooms" json:"rooms"`
	City      string    `parquet:"city,dict" json:"city"`
	Version   string    `parquet:"version,dict" json:"version"`
	Predicted float64   `parquet:"predicted_price" json:"predicted_price"`
	Sold      float64   `parquet:"-" json:"-"`
}

// houses makes n predictions spread over the day's first 20 hours, whose errors have the standard
// deviation noise. Their labels come up to three hours later: on the same day, so that they are in
// whenever the tests look at it from the next. Sizes are whole numbers from 40 to 159, moved up by shift, and
// prices have two digits, so that no format changes a value.
func houses(prefix string, day time.Time, n int, seed uint64, noise, shift float64) []house {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]house, n)
	for i := range out {
		h := house{
			ID:      fmt.Sprintf("%s-%06d", prefix, i),
			At:      day.Add(time.Duration(i) * 20 * time.Hour / time.Duration(n)).Truncate(time.Second),
			Size:    40 + float64(r.IntN(120)) + shift,
			Rooms:   1 + int64(r.IntN(5)),
			City:    []string{"Oslo", "Bergen", "Tromsø"}[r.IntN(3)],
			Version: "v" + strconv.Itoa(1+i%2),
		}
		h.Predicted = cents(500 + 30*h.Size + 100*float64(h.Rooms))
		h.Sold = cents(h.Predicted + noise*r.NormFloat64())
		out[i] = h
	}
	return out
}

func cents(x float64) float64 { return math.Round(x*100) / 100 }

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func parquetOf[T any](t *testing.T, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.Compression(&parquet.Zstd))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jsonlOf(t *testing.T, rows []house) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, h := range rows {
		if err := e.Encode(h); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func csvOf(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// labelHeader is the header of the files of labels.
var labelHeader = []string{"request_id", "sold_price", "sold_at", "loaded_at", "op"}

// labelRow returns a label that was loaded the given time after the prediction.
func labelRow(h house, price string, loaded time.Duration, op string) []string {
	return []string{h.ID, price, h.At.Add(time.Hour).Format(time.RFC3339), h.At.Add(loaded).Format(time.RFC3339), op}
}

func labelsOf(t *testing.T, rows []house) []byte {
	t.Helper()
	out := [][]string{labelHeader}
	for _, h := range rows {
		out = append(out, labelRow(h, number(h.Sold), 2*time.Hour, "c"))
	}
	return csvOf(t, out)
}

// referenceOf returns the reference as CSV: the columns of the predictions, and the label.
func referenceOf(t *testing.T, rows []house) []byte {
	t.Helper()
	out := [][]string{{"request_id", "predicted_at", "size", "rooms", "city", "version", "predicted_price", "sold_price"}}
	for _, h := range rows {
		out = append(out, []string{h.ID, h.At.Format(time.RFC3339), number(h.Size), strconv.FormatInt(h.Rooms, 10), h.City, h.Version, number(h.Predicted), number(h.Sold)})
	}
	return csvOf(t, out)
}

// figures computes the metrics by the book, independently of the evaluator.
func figures(rows []house) map[string]float64 {
	n := float64(len(rows))
	var sum, abs, squares, relative, mean, total, worst float64
	for _, h := range rows {
		mean += h.Sold / n
	}
	for _, h := range rows {
		e := h.Predicted - h.Sold
		sum += e
		abs += math.Abs(e)
		squares += e * e
		relative += math.Abs(e / h.Sold)
		total += (h.Sold - mean) * (h.Sold - mean)
		worst = max(worst, math.Abs(e))
	}
	return map[string]float64{
		"me": sum / n, "mae": abs / n, "mse": squares / n, "rmse": math.Sqrt(squares / n), "mape": relative / n,
		"r2": 1 - squares/total, "max_error": worst,
	}
}

// distances returns the Kolmogorov-Smirnov and the first Wasserstein distance of two
// samples, from their empirical distribution functions.
func distances(a, b []float64) (ks, wasserstein float64) {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	all := slices.Sorted(slices.Values(append(slices.Clone(a), b...)))
	below := func(s []float64, x float64) float64 {
		i, _ := slices.BinarySearchFunc(s, x, func(e, x float64) int {
			if e <= x {
				return -1
			}
			return 1
		})
		return float64(i) / float64(len(s))
	}
	for i, x := range all {
		d := math.Abs(below(a, x) - below(b, x))
		ks = max(ks, d)
		if i+1 < len(all) {
			wasserstein += d * (all[i+1] - x)
		}
	}
	return ks, wasserstein
}

func sizes(rows []house) []float64 {
	out := make([]float64, len(rows))
	for i, h := range rows {
		out[i] = h.Size
	}
	return out
}

// near reports whether two figures agree to 1e-9 of their size, or of 1 when small.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }
