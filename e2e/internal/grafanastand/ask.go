package grafanastand

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/promquery"
)

// Session is a dashboard that is open on a Prometheus server, at a time and with variables chosen.
type Session struct {
	Dashboard *Dashboard
	From, To  time.Time

	prometheus *promquery.Client
	scrape     time.Duration       // the data source's scrape interval
	step       time.Duration       // $__interval of a panel
	values     map[string][]string // of the variables, by their names
	shown      map[string]string   // the same as a person reads them
	asked      map[Target][]Line   // answers that there are already
}

// points is how many a panel asks for, about.
const points = 360

// Open chooses the dashboard's variables as Grafana does when it is opened: what the
// caller wants, the default where it is there, else the first. Scrape is the scrape
// interval that the data source is set to.
func Open(ctx context.Context, d *Dashboard, p *promquery.Client, from, to time.Time, scrape time.Duration, want map[string]string) (*Session, error) {
	s := &Session{Dashboard: d, From: from, To: to, prometheus: p, scrape: scrape, values: map[string][]string{}, shown: map[string]string{}, asked: map[Target][]Line{}}
	s.step = max((to.Sub(from) / points).Round(scrape), scrape)
	for _, v := range d.Templating.List {
		if err := s.choose(ctx, v, want[v.Name]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

var labelValues = regexp.MustCompile(`^label_values\((.+), *([a-zA-Z_][a-zA-Z0-9_]*)\)$`)

// choose asks for the values of a variable and takes one, or all.
func (s *Session) choose(ctx context.Context, v Variable, want string) error {
	text, err := v.text()
	if err != nil {
		return err
	}
	var offered []string
	switch v.Type {
	case "datasource":
		offered = []string{"default"}
	case "custom":
		offered = strings.Split(text, ",")
	case "query":
		m := labelValues.FindStringSubmatch(text)
		if m == nil {
			return fmt.Errorf("variable %s: %s is no label_values", v.Name, text)
		}
		match, err := s.Replace(m[1])
		if err != nil {
			return fmt.Errorf("variable %s: %w", v.Name, err)
		}
		if offered, err = s.prometheus.LabelValues(ctx, m[2], match, s.From, s.To); err != nil {
			return fmt.Errorf("variable %s: %w", v.Name, err)
		}
		if len(offered) == 0 {
			return fmt.Errorf("variable %s: %s has no values", v.Name, match)
		}
	default:
		return fmt.Errorf("variable %s has the type %s, which the stand-in doesn't know", v.Name, v.Type)
	}
	if want == "" {
		want = v.Current.Value
	}
	switch {
	case want == "$__all" && v.IncludeAll:
		s.shown[v.Name] = "All"
		if v.AllValue != "" {
			s.values[v.Name] = []string{v.AllValue}
			return nil
		}
		want = strings.Join(offered, "|")
	case !slices.Contains(offered, want):
		want = offered[0]
	}
	s.shown[v.Name] = want
	if v.Multi || v.IncludeAll {
		want = regexp.QuoteMeta(want)
		want = strings.ReplaceAll(want, `\`, `\\`) // inside a PromQL string
	}
	s.values[v.Name] = []string{want}
	return nil
}

var variable = regexp.MustCompile(`\$\{(\w+)\}|\$(\w+)`)

// Replace puts the chosen values into a query or a title.
func (s *Session) Replace(text string) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		name := strings.Trim(m, "${}")
		switch name {
		case "__rate_interval":
			return seconds(max(s.step+s.scrape, 4*s.scrape))
		case "__interval":
			return seconds(s.step)
		case "__range":
			return seconds(s.To.Sub(s.From))
		}
		v, ok := s.values[name]
		if !ok {
			missing = fmt.Errorf("no variable %s in %s", name, text)
			return m
		}
		return strings.Join(v, "|")
	})
	return out, missing
}

// title shows the variables as people see them.
func (s *Session) title(text string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := s.shown[strings.Trim(m, "${}")]; ok {
			return v
		}
		return m
	})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", d.Seconds()) }

// Line is a series of a panel, by the name in its legend.
type Line struct {
	Name, Ref string
	Points    []promquery.Point
}

// Ask evaluates a target as a panel does: at the end of the time shown when it is
// instant, else over all of it. Values that are no number are none. What was asked
// before is not asked again.
func (s *Session) Ask(ctx context.Context, t Target) ([]Line, error) {
	if lines, ok := s.asked[t]; ok {
		return lines, nil
	}
	expr, err := s.Replace(t.Expr)
	if err != nil {
		return nil, err
	}
	var all []promquery.Series
	if t.Instant {
		samples, err := s.prometheus.QueryAt(ctx, expr, s.To)
		if err != nil {
			return nil, err
		}
		for _, x := range samples {
			all = append(all, promquery.Series{Labels: x.Labels, Points: []promquery.Point{{At: s.To, Value: x.Value}}})
		}
	} else if all, err = s.prometheus.Range(ctx, expr, s.From, s.To, s.step); err != nil {
		return nil, err
	}
	var out []Line
	for _, x := range all {
		l := Line{Name: legend(t.Legend, x.Labels), Ref: t.Ref}
		for _, p := range x.Points {
			if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
				l.Points = append(l.Points, p)
			}
		}
		if len(l.Points) > 0 {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b Line) int { return strings.Compare(a.Name, b.Name) })
	s.asked[t] = out
	return out, nil
}

// Marks returns the times that an annotation marks within the time shown.
func (s *Session) Marks(ctx context.Context, a Annotation) ([]time.Time, error) {
	lines, err := s.Ask(ctx, Target{Expr: a.Expr})
	if err != nil {
		return nil, err
	}
	var out []time.Time
	for _, l := range lines {
		for _, p := range l.Points {
			at := p.At
			if a.UseValueForTime {
				at = time.UnixMilli(int64(p.Value)).UTC()
			}
			if !slices.ContainsFunc(out, at.Equal) && !at.Before(s.From) && !at.After(s.To) {
				out = append(out, at)
			}
		}
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// legend writes a line's name, from its labels.
func legend(format string, labels map[string]string) string {
	return placeholder.ReplaceAllStringFunc(format, func(m string) string {
		return labels[placeholder.FindStringSubmatch(m)[1]]
	})
}

// All returns the dashboard's panels with queries, those of folded rows too.
func (d *Dashboard) All() []Panel {
	var out []Panel
	for _, p := range d.Panels {
		if p.Type == "row" {
			out = append(out, p.Panels...)
		} else {
			out = append(out, p)
		}
	}
	return out
}
