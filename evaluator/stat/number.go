package stat

import (
	"encoding/json"
	"math"
	"strconv"
)

// Number is a float64 that JSON has as null where it is NaN or infinite. All figures of an
// evaluation are Numbers.
type Number float64

// IsNumber reports whether v is finite. NaN and the infinities are shown as null.
func IsNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// MarshalJSON implements json.Marshaler.
func (n Number) MarshalJSON() ([]byte, error) {
	if !IsNumber(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON implements json.Unmarshaler; null is NaN.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// Figure writes a number for people: with four significant digits, whole from 1000 up.
func Figure(v float64) string {
	switch a := math.Abs(v); {
	case v == 0:
		return "0"
	case a >= 1000 && a < 1e15:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
}

// RoundUp rounds a number of rows up to two digits: what is estimated has no more.
func RoundUp(rows float64) int64 {
	unit := 1.0
	for rows/unit >= 100 {
		unit = float64(unit * 10)
	}
	return int64(math.Ceil(rows/unit) * unit)
}
