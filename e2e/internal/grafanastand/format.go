package grafanastand

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// format shows a value in a unit of Grafana's, with so many decimals or, when those are
// nil, as many as its size asks for.
func format(unit string, v float64, decimals *int) (string, error) {
	digits := func(x float64) string {
		if decimals != nil {
			return strconv.FormatFloat(x, 'f', *decimals, 64)
		}
		return short(x)
	}
	switch unit {
	case "none":
		return digits(v), nil
	case "short":
		return scaled(v, digits, 1000, "", " K", " Mil", " Bil", " Tri"), nil
	case "percentunit":
		return digits(100*v) + "%", nil
	case "s":
		return duration(v, digits), nil
	case "reqps":
		return scaled(v, digits, 1000, "", "K", "M") + " req/s", nil
	case "bytes":
		return scaled(v, digits, 1024, " B", " KiB", " MiB", " GiB", " TiB"), nil
	case "currencyUSD":
		return "$" + scaled(v, digits, 1000, "", "K", "M"), nil
	case "dateTimeAsIso":
		return time.UnixMilli(int64(v)).UTC().Format("2006-01-02 15:04:05"), nil
	}
	return "", fmt.Errorf("unit %s is not known to the stand-in", unit)
}

// scaled divides by the base while there is a greater unit.
func scaled(v float64, digits func(float64) string, base float64, units ...string) string {
	i := 0
	for math.Abs(v) >= base && i < len(units)-1 {
		v /= base
		i++
	}
	return digits(v) + units[i]
}

// duration writes seconds in the greatest unit that fits.
func duration(v float64, digits func(float64) string) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0 s"
	case a < 1:
		return digits(v*1e3) + " ms"
	case a < 60:
		return digits(v) + " s"
	case a < 3600:
		return digits(v/60) + " mins"
	case a < 86400:
		return digits(v/3600) + " hours"
	case a < 7*86400:
		return digits(v/86400) + " days"
	default:
		return digits(v/(7*86400)) + " weeks"
	}
}

// short writes a number with three significant digits.
func short(x float64) string {
	if x == 0 {
		return "0"
	}
	decimals := min(max(2-int(math.Floor(math.Log10(math.Abs(x)))), 0), 6)
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// ticks returns values between two ends, about n of them, that are round in the unit.
func ticks(low, high float64, n int, unit string) []float64 {
	if unit == "bytes" {
		for base := math.Pow(1024, 4); base > 1; base /= 1024 {
			if high >= base {
				out := ticks(low/base, high/base, n, "")
				for i := range out {
					out[i] *= base
				}
				return out
			}
		}
	}
	step := (high - low) / float64(n)
	magnitude := math.Pow(10, math.Floor(math.Log10(step)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if step <= f*magnitude*(1+1e-9) {
			step = f * magnitude
			break
		}
	}
	var out []float64
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		out = append(out, i*step)
	}
	return out
}
