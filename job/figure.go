package job

import (
	"math"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/groundtruth"
)

// Figure writes a number of an outcome for people, in the terminal, on pages and in
// messages: four significant digits, all of a larger whole part, and "-" for a number
// that there is not.
func Figure(n evaluator.Number) string {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "-"
	}
	if a := math.Abs(f); a >= 1000 && a < 1e9 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

// Span writes a window for people by its two ends, and those by their dates alone where
// both are at midnight.
func Span(w groundtruth.Window, between string) string {
	layout := time.RFC3339
	if isMidnight(w.Start) && isMidnight(w.End) {
		layout = time.DateOnly
	}
	return w.Start.UTC().Format(layout) + between + w.End.UTC().Format(layout)
}

func isMidnight(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }
