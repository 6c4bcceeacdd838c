// Package evaltest makes the tables that the tests of the evaluator's packages are about:
// columns of values, batches of them as a scan would send, and series of errors; and it reads
// what they expect. Of these packages it knows portable alone, so that what it draws is the same
// on every processor. Begin with Table.
package evaltest

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hindcast/hindcast/evaluator/portable"
	"github.com/hindcast/hindcast/groundtruth"
)

// Column is a column of a test's table, row by row: of numbers, or of texts that are codes
// into a dictionary.
type Column struct {
	Name    string
	Kind    groundtruth.Kind
	Floats  []float64
	Codes   []uint32
	Dict    []string
	Valid   []bool
	Invalid int
}

// Values returns what a scan sends of the column.
func (c Column) Values() groundtruth.Values {
	v := groundtruth.Values{Name: c.Name, Kind: c.Kind, Rows: len(c.Valid), Invalid: c.Invalid}
	for i, ok := range c.Valid {
		switch {
		case !ok:
		case c.Kind == groundtruth.Number:
			v.Floats = append(v.Floats, c.Floats[i])
		case c.Kind == groundtruth.Text:
			v.Texts = append(v.Texts, c.Dict[c.Codes[i]])
		}
	}
	return v
}

// Counted returns the values with each text or number once, as a dictionary gives them.
func (c Column) Counted() groundtruth.Values {
	plain := c.Values()
	v := groundtruth.Values{Name: c.Name, Kind: c.Kind, Rows: plain.Rows, Invalid: plain.Invalid, Counts: []int64{}}
	texts, floats := map[string]int{}, map[float64]int{}
	for _, s := range plain.Texts {
		if _, ok := texts[s]; !ok {
			texts[s] = len(v.Texts)
			v.Texts, v.Counts = append(v.Texts, s), append(v.Counts, 0)
		}
		v.Counts[texts[s]]++
	}
	for _, x := range plain.Floats {
		if _, ok := floats[x]; !ok {
			floats[x] = len(v.Floats)
			v.Floats, v.Counts = append(v.Floats, x), append(v.Counts, 0)
		}
		v.Counts[floats[x]]++
	}
	return v
}

// Rows returns the column as matches have it.
func (c Column) Rows() groundtruth.Column {
	return groundtruth.Column{Name: c.Name, Kind: c.Kind, Codes: c.Codes, Dict: c.Dict, Valid: c.Valid}
}

// NumbersBatch returns a batch of predictions with one number feature x, NaN for missing.
func NumbersBatch(xs []float64) *groundtruth.Batch {
	b := &groundtruth.Batch{Len: len(xs), Times: make([]int64, len(xs)), Predictions: make([]float64, len(xs))}
	c := Column{Name: "x", Kind: groundtruth.Number, Floats: xs, Valid: make([]bool, len(xs))}
	for i, x := range xs {
		c.Valid[i] = !math.IsNaN(x)
	}
	b.Features = []groundtruth.Values{c.Values()}
	return b
}

// TextBatch returns a batch of predictions with one text feature x, "" for missing.
func TextBatch(xs []string) *groundtruth.Batch {
	return &groundtruth.Batch{
		Len: len(xs), Times: make([]int64, len(xs)), Predictions: make([]float64, len(xs)),
		Features: []groundtruth.Values{textColumn(xs).Values()},
	}
}

// TextRows is a text column of matches, "" for missing.
func TextRows(xs []string) groundtruth.Column { return textColumn(xs).Rows() }

func textColumn(xs []string) Column {
	c := Column{Name: "x", Kind: groundtruth.Text, Codes: make([]uint32, len(xs)), Valid: make([]bool, len(xs))}
	codes := map[string]uint32{}
	for i, x := range xs {
		if x == "" {
			continue
		}
		code, ok := codes[x]
		if !ok {
			code = uint32(len(c.Dict))
			codes[x] = code
			c.Dict = append(c.Dict, x)
		}
		c.Codes[i], c.Valid[i] = code, true
	}
	return c
}

// Table returns a batch of n predictions with these features: []float64 as NumbersBatch
// takes them, []string as TextBatch does, or nil for a column that is absent from the log.
func Table(n int, columns map[string]any) *groundtruth.Batch {
	b := &groundtruth.Batch{Len: n, Times: make([]int64, n), Predictions: make([]float64, n)}
	for i := range b.Predictions {
		b.Predictions[i] = float64(i % 7)
	}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		var one *groundtruth.Batch
		switch values := columns[name].(type) {
		case []float64:
			one = NumbersBatch(values)
		case []string:
			one = TextBatch(values)
		default:
			b.Features = append(b.Features, groundtruth.Values{Name: name, Rows: n})
			continue
		}
		c := one.Features[0]
		c.Name = name
		b.Features = append(b.Features, c)
	}
	return b
}

// Series returns f of 0 to n-1.
func Series(n int, f func(i int) float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// ErrorsOf draws n errors with variance 1: independent for rho 0, else AR(1).
func ErrorsOf(rng *rand.Rand, n int, rho float64) []float64 {
	out := make([]float64, n)
	scale := math.Sqrt(1 - float64(rho*rho))
	e := rng.NormFloat64()
	for i := range out {
		out[i] = e
		e = float64(rho*e) + float64(scale*rng.NormFloat64())
	}
	return out
}

// Hours gives errors a pattern of the day, over so many days: their size varies by the share
// scale about what it was, and bias times a sine is added.
func Hours(errs []float64, days, scale, bias float64) {
	for i := range errs {
		h, _ := portable.SinCos(days * (float64(i) + 0.5) / float64(len(errs)))
		errs[i] = float64((1+float64(scale*h))*errs[i]) + float64(bias*h)
	}
}

// AsJSON returns v as JSON.
func AsJSON(t interface{ Fatal(...any) }, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ColumnIn returns a batch whose one feature f, which is the prediction too, has numbers of
// 32 bits or of 64.
func ColumnIn(bits int, xs []float64) *groundtruth.Batch {
	if bits == 32 {
		xs = Series(len(xs), func(i int) float64 { return float64(float32(xs[i])) })
	}
	b := Table(len(xs), map[string]any{"f": xs})
	b.Predictions, b.Narrow = xs, bits == 32
	b.Features[0].Narrow = bits == 32
	return b
}
