// Package charttest reads the numbers of charts back from their SVG, for tests that compare a
// picture with what it is of. Begin at Read.
package charttest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Datum is one value that is drawn.
type Datum struct {
	Chart   string             // the kind of its chart: "trend", "heatmap"
	Series  string             // "value", "threshold", "cell", "bar"
	Name    string             // of its row, bar or line, where it has one
	Numbers map[string]float64 // by the name of the attribute, without "data-"
}

// Read returns the data of all charts in a text of SVG or of HTML within which <svg> elements are
// well-formed, in the order that they are written.
func Read(text string) ([]Datum, error) {
	var all []Datum
	for {
		start := strings.Index(text, "<svg ")
		if start < 0 {
			return all, nil
		}
		end := strings.Index(text[start:], "</svg>")
		if end < 0 {
			return nil, errors.New("an <svg> has no end")
		}
		end += start + len("</svg>")
		data, err := readSVG(text[start:end])
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
		text = text[end:]
	}
}

func readSVG(svg string) ([]Datum, error) {
	var all []Datum
	chart := ""
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read SVG: %w", err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if element.Name.Local == "svg" {
			for _, a := range element.Attr {
				if a.Name.Local == "class" {
					// The last class is of the kind.
					chart = strings.TrimPrefix(a.Value[strings.LastIndexByte(a.Value, ' ')+1:], "chart-")
				}
			}
		}
		data, err := readElement(element)
		if err != nil {
			return nil, err
		}
		for i := range data {
			data[i].Chart = chart
		}
		all = append(all, data...)
	}
}

// readElement makes a Datum of each place of the lists of an element's attributes.
func readElement(element xml.StartElement) ([]Datum, error) {
	var series, name string
	lists := map[string][]float64{}
	length := 0
	for _, a := range element.Attr {
		key, isData := strings.CutPrefix(a.Name.Local, "data-")
		switch {
		case !isData:
		case key == "series":
			series = a.Value
		case key == "name":
			name = a.Value
		default:
			numbers, err := parse(a.Value)
			if err != nil {
				return nil, fmt.Errorf("data-%s of %s: %w", key, series, err)
			}
			lists[key], length = numbers, max(length, len(numbers))
		}
	}
	if series == "" {
		return nil, nil
	}
	data := make([]Datum, length)
	for i := range data {
		data[i] = Datum{Series: series, Name: name, Numbers: map[string]float64{}}
		for key, numbers := range lists {
			switch {
			case i < len(numbers):
				data[i].Numbers[key] = numbers[i]
			case len(numbers) == 1:
				data[i].Numbers[key] = numbers[0]
			}
		}
	}
	return data, nil
}

// parse reads a list of numbers: "1.5 2*3 1000+60*4" is 1.5, three times 2, and 1000, 1060, 1120
// and 1180.
func parse(list string) ([]float64, error) {
	var numbers []float64
	for _, word := range strings.Fields(list) {
		base, times, repeated := strings.Cut(word, "*")
		n, step := 1, 0.0
		if repeated {
			var err error
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > 1e5 {
				return nil, fmt.Errorf("%q is no number of times", times)
			}
			// The plus of "1e+09" is none of a step.
			if plus := strings.LastIndexByte(base, '+'); plus > 0 && base[plus-1] != 'e' {
				if step, err = strconv.ParseFloat(base[plus+1:], 64); err != nil {
					return nil, err
				}
				base = base[:plus]
			}
		}
		v, err := strconv.ParseFloat(base, 64)
		if err != nil {
			return nil, err
		}
		for range n {
			numbers = append(numbers, v)
			if step != 0 { // -0 and 0 are 0
				v += step
			}
		}
	}
	return numbers, nil
}
