package chart

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// data is what a part of a drawing shows: a list of numbers for each field, of one datum or of many,
// and the text of a tooltip. An SVG has it as attributes.
type data struct {
	series string // "value", "cell"
	name   string // of the row or the bar; empty: none
	fields []field
	title  string
}

// field is a named list of exact numbers.
type field struct {
	name string
	of   []float64
}

// one is a field of one datum.
func one(name string, v float64) field { return field{name, []float64{v}} }

// attributes writes the data for an element.
func (d data) attributes() string {
	var b strings.Builder
	if d.series != "" {
		b.WriteString(` data-series="` + d.series + `"`)
	}
	if d.name != "" {
		b.WriteString(` data-name="` + clean(d.name) + `"`)
	}
	for _, f := range d.fields {
		if !f.none() {
			b.WriteString(" data-" + f.name + `="` + list(f.of) + `"`)
		}
	}
	return b.String()
}

// none reports whether a field has no number at all; it is left out then.
func (f field) none() bool {
	for _, v := range f.of {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}

// list writes numbers exactly, with a space between them. Runs are short: "0.2*30" is 30 times
// the same, and "1000+60*30" are 30 whole numbers from 1000 in steps of 60.
func list(numbers []float64) string {
	var b []byte
	for i := 0; i < len(numbers); {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendFloat(b, numbers[i], 'g', -1, 64)
		n, step := run(numbers[i:])
		if n > 1 && step != 0 {
			b = strconv.AppendInt(append(b, '+'), int64(step), 10)
		}
		if n > 1 {
			b = strconv.AppendInt(append(b, '*'), int64(n), 10)
		}
		i += n
	}
	return string(b)
}

// run is how many numbers from the first on are the same, or whole ones in equal steps up.
func run(numbers []float64) (n int, step float64) {
	same := func(a, b float64) bool {
		return a == b && math.Signbit(a) == math.Signbit(b) || math.IsNaN(a) && math.IsNaN(b)
	}
	for n = 1; n < len(numbers) && same(numbers[n], numbers[0]); n++ {
	}
	if n > 1 || len(numbers) < 3 || !whole(numbers[0]) {
		return n, 0
	}
	step = numbers[1] - numbers[0]
	for n < len(numbers) && whole(numbers[n]) && step > 0 && numbers[n]-numbers[n-1] == step {
		n++
	}
	if n < 3 {
		return 1, 0
	}
	return n, step
}

// whole reports whether a number is written as digits alone.
func whole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) < 1e15 }

// unix is a time as a number of a field.
func unix(t time.Time) float64 { return float64(t.Unix()) }
