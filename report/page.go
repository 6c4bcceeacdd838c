package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/digits"
)

// mostOnPage is how many classes of a model the page shows.
const mostOnPage = 20

//go:embed page.html
var pageSource string

// HTML returns the page as one file that loads nothing.
func (p Page) HTML() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"number":    numberOf,
		"interval":  interval,
		"rolling":   Rolling,
		"time":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"names":     MetricNames,
		"without":   Without,
		"matrix":    func(c *metric.Confusion) Matrix { return MatrixOf(c, mostOnPage) },
		"worst":     func(c map[string]evaluator.Group) []string { return WorstClasses(c, mostOnPage) },
		"bias":      LabelBias,
		"estimated": EstimatedNames,
		"scored":    Scored,
		"columns":   func(m map[string]drift.Column) []string { return slices.Sorted(maps.Keys(m)) },
		"measures":  Judging,
		"verdict":   func(v rule.Verdict) string { return v.String() },
		"deref":     func(n *stat.Number) stat.Number { return *n },
		"drifted":   drifted,
		"streak":    Streak,
		"count": func(n *int64) string {
			if n == nil {
				return "-"
			}
			return strconv.FormatInt(*n, 10)
		},
	}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("make page: %w", err)
	}
	return b.Bytes(), nil
}

// Judging names the measures that judge a column, those with a threshold. The shares of missing
// values and of those out of range judge every column, and are left out where they are 0 and
// have not drifted: most are.
func Judging(c drift.Column) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.Measures)) {
		m := c.Measures[name]
		quiet := (name == "missing" || name == "out_of_range") && m.Value == 0 && (m.Drifted == nil || !*m.Drifted)
		if m.Threshold != nil && !quiet {
			out = append(out, name)
		}
	}
	return out
}

// drifted says whether a column drifted or can, of one that is inconclusive how many rows it
// needs, and of one that has not drifted what its rows leave open.
func drifted(c drift.Column) string {
	switch {
	case c.NotApplicable:
		return c.Reason
	case c.Drifted == nil && c.NeedsRows > 0:
		return "inconclusive: " + Lacks(c)
	case c.Drifted == nil:
		return "inconclusive"
	case *c.Drifted:
		return "drifted"
	case strings.Contains(c.Reason, "no drift"):
		return c.Reason
	case c.Reason != "":
		return "no drift: " + c.Reason
	}
	return "no drift"
}

// Lacks says in short what an inconclusive column lacks, and why one has not drifted where that
// does not show.
func Lacks(c drift.Column) string {
	switch {
	case c.NeedsRows > 0:
		return fmt.Sprintf("needs about %d rows", c.NeedsRows)
	case c.Drifted != nil:
		short, _, _ := strings.Cut(c.Reason, ", which ")
		return short
	}
	return c.Reason
}

// Streak says how long a rule's streak is, and from when on the rule acts.
func Streak(r rule.Result) string {
	windows := "windows"
	if r.Streak == 1 {
		windows = "window"
	}
	return fmt.Sprintf("%d %s, acts from %d", r.Streak, windows, r.For)
}

// Number shows four significant digits, and "-" for a number that there is not.
func Number(n stat.Number) string {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "-"
	}
	return digits.Four(f)
}

// numberOf is Number of the numbers that the page has, counts of rows by class among them.
func numberOf(n any) string {
	if count, ok := n.(float64); ok {
		return Number(stat.Number(count))
	}
	number, _ := n.(stat.Number)
	return Number(number)
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

// interval writes the interval of a metric, "-" where it has none.
func interval(m metric.Result) string {
	if math.IsNaN(float64(m.Low)) || math.IsNaN(float64(m.High)) {
		return "-"
	}
	return Number(m.Low) + " to " + Number(m.High)
}
