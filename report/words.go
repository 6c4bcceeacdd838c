package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/digits"
)

// mostOnPage is how many classes of a model the page shows.
const mostOnPage = 20

// longestName is how many characters of a name that the data gives a sentence has.
const longestName = 40

// short cuts a name that the data gives to what a sentence has room for.
func short(name string) string {
	if utf8.RuneCountInString(name) <= longestName {
		return name
	}
	return string([]rune(name)[:longestName-1]) + "…"
}

// counted writes a number of things.
func counted[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return digits.Count(int64(n)) + " " + noun + "s"
}

// listed joins words as a sentence does.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// capital begins a sentence.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[size:]
}

// metricTitle is what people call a metric.
func metricTitle(name string) string {
	if spec, ok := metric.Find(name); ok {
		return spec.Title
	}
	return short(name)
}

// measureTitle is what people call a drift measure.
func measureTitle(name string) string {
	title, ok := map[string]string{
		"psi": "PSI", "ks": "KS distance", "wasserstein": "Wasserstein distance", "wasserstein_normed": "Normed Wasserstein distance",
		"js": "Jensen-Shannon distance", "tvd": "Total variation distance", "cohen_w": "Cohen's w",
		"missing": "Share of missing values", "out_of_range": "Share out of range",
	}[name]
	if !ok {
		return short(name)
	}
	return title
}

// isNumber reports whether there is such a number.
func isNumber(n stat.Number) bool { return stat.IsNumber(float64(n)) }

// figureText writes a number as sentences and tables of the page do, with its thousands apart, and "-" where
// there is none.
func figureText(n stat.Number) string { return chart.Number(float64(n)) }

// shareText writes a share as a percentage, and "-" where there is none.
func shareText(n stat.Number) string {
	if !isNumber(n) {
		return "-"
	}
	return percent(float64(n))
}

// exactText writes a number with all its digits, for what sorts and reads it back. It is empty
// where there is none.
func exactText(n stat.Number) string {
	if !isNumber(n) {
		return ""
	}
	return strconv.FormatFloat(float64(n), 'g', -1, 64)
}

// nan is a number that there is not.
func nan() float64 { return math.NaN() }

// Number shows four significant digits as the terminal does, and "-" for a number that there is not.
func Number(n stat.Number) string {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "-"
	}
	return digits.Four(f)
}

// Streak says how long a rule's streak is, and from when on the rule acts.
func Streak(r rule.Result) string {
	return fmt.Sprintf("%s, acts from %d", counted(r.Streak, "window"), r.For)
}

// Rolling says what a rolling reference is made of, or why there is none; nothing for nil.
func Rolling(r *evaluator.Rolling, zone groundtruth.Zone) string {
	switch {
	case r == nil:
		return ""
	case len(r.Windows) == 0:
		return "no rolling reference: " + r.Reason
	}
	all := groundtruth.Window{Start: r.Windows[0].Start, End: r.Windows[len(r.Windows)-1].End}
	return fmt.Sprintf("rolling reference: %d windows from %s, %d rows", len(r.Windows), all.Text(zone, " to "), r.Rows)
}
