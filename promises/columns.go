package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"github.com/hindcast/hindcast/groundtruth"
)

// columnKind is a kind of feature column. A value is made of a standard normal number, so that
// a change of one standard deviation is the same for all kinds.
type columnKind struct {
	name   string
	number func(z float64) float64
	text   func(z float64) string // instead of number
}

// columnKinds returns the kinds of the 20 columns of a model.
func columnKinds() []columnKind {
	normal := columnKind{name: "normal", number: func(z float64) float64 { return z }}
	lognormal := columnKind{name: "lognormal", number: math.Exp}
	uniform := columnKind{name: "uniform", number: func(z float64) float64 { return share(z) }}
	integers := columnKind{name: "integers", number: func(z float64) float64 { return math.Round(5 + 3*z) }}
	few := columnKind{name: "few values", number: func(z float64) float64 { return min(max(math.Floor(2+z), 0), 3) }}
	binary := columnKind{name: "two values", number: func(z float64) float64 {
		if z > 0.5 {
			return 1
		}
		return 0
	}}
	text12, text300 := texts(12), texts(300)
	return []columnKind{
		normal, normal, normal, normal, normal, normal, normal,
		lognormal, lognormal, lognormal, uniform, uniform, integers, integers,
		few, binary, binary, text12, text12, text300,
	}
}

// share is the share of standard normal numbers below z.
func share(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// texts is a column of so many categories, of which the k-th is as frequent as 1/k.
func texts(categories int) columnKind {
	names := make([]string, categories)
	upTo := make([]float64, categories)
	sum := 0.0
	for k := range names {
		names[k] = fmt.Sprintf("k%03d", k)
		sum += 1 / float64(k+1)
		upTo[k] = sum
	}
	return columnKind{name: fmt.Sprintf("%d texts", categories), text: func(z float64) string {
		k := sort.SearchFloat64s(upTo, share(z)*sum)
		return names[min(k, categories-1)]
	}}
}

func columnName(i int) string { return fmt.Sprintf("c%02d", i) }

func featureSpecs(kinds []columnKind) []groundtruth.FeatureSpec {
	out := make([]groundtruth.FeatureSpec, len(kinds))
	for i, k := range kinds {
		out[i] = groundtruth.FeatureSpec{Name: columnName(i), Kind: groundtruth.Number}
		if k.text != nil {
			out[i].Kind = groundtruth.Text
		}
	}
	return out
}

// columnRows draws n rows of a day, each column shifted by so many standard deviations.
func columnRows(r *rand.Rand, kinds []columnKind, n int, w groundtruth.Window, shift []float64) part {
	b := &groundtruth.Batch{Len: n, Times: times(n, w, r.Float64), HasTime: true}
	for range n {
		b.Predictions = append(b.Predictions, 100+r.NormFloat64())
	}
	for i, f := range featureSpecs(kinds) {
		v := groundtruth.Values{Name: f.Name, Kind: f.Kind, Rows: n}
		for range n {
			z := r.NormFloat64() + shift[i]
			if f.Kind == groundtruth.Text {
				v.Texts = append(v.Texts, kinds[i].text(z))
			} else {
				v.Floats = append(v.Floats, kinds[i].number(z))
			}
		}
		b.Features = append(b.Features, v)
	}
	return part{predictions: b}
}
