package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/internal/digits"
	"github.com/hindcast/hindcast/job"
)

// Options say what a report has beside what its Story holds.
type Options struct {
	// Index is the address of the list that the report is one of, as seen from it; empty where
	// there is none.
	Index string
}

// pageData is what a page on one or several models shows.
type pageData struct {
	frame
	Failures []failureLine
	Stories  []storyView
}

// failureLine says of a model why there is no story.
type failureLine struct{ Model, Why string }

// storyView is a Story as page/story.html shows it.
type storyView struct {
	ID                   string
	Model, Window, Stage string
	State                chart.State
	Glyph                string
	Verdict              string // in a word
	Sentence             string // and why
	Facts                []fact
	Strip                *strip
	Newer                []newer
	Sections             []section
}

// strip is a row of shapes, one a window.
type strip struct {
	Title string
	Marks []stripMark
}

// stripMark is one shape of a strip.
type stripMark struct {
	State chart.State
	Text  string
}

// newer is a window whose labels are not in yet.
type newer struct {
	State        chart.State
	Window, Text string
}

// Limits of what the first screen shows.
const (
	mostInStrip = 60 // windows
	mostNewer   = 4  // windows
)

// HTML returns the report on a model as one file that loads nothing.
func HTML(story job.Story, opt Options) ([]byte, error) {
	if len(story.Windows) == 0 {
		return nil, fmt.Errorf("make the report of %s: it has no window yet", story.Model)
	}
	p := pageData{Stories: []storyView{view(&story, "")}}
	p.Title = story.Model + ", " + story.Last().Window.Days(story.TimeZone)
	if opt.Index != "" {
		p.Back = &link{opt.Index, "All windows"}
	}
	p.About = []string{fmt.Sprintf("Drawn from what the state holds as of %s: records of windows, and counts. No row of the data is in it.",
		timeText(story.AsOf, story.TimeZone))}
	return p.html()
}

// html makes the page.
func (p *pageData) html() ([]byte, error) {
	for i := range p.Stories {
		s := &p.Stories[i]
		first := line{ID: s.ID, Text: "Verdict", Glyph: s.Glyph, Story: true}
		if len(p.Stories) > 1 {
			first.Text = s.Model
		}
		p.Contents = append(p.Contents, first)
		for _, part := range s.Sections {
			p.Contents = append(p.Contents, line{ID: part.ID, Text: part.Title})
		}
	}
	p.dress()
	return render("story.html", p)
}

// view returns a Story as the page shows it. The ids of its parts begin with the prefix, where a
// page has several.
func view(s *job.Story, prefix string) storyView {
	last := s.Last()
	state := stateOf(last.Verdict)
	if len(last.Rules) == 0 {
		state = chart.None
	}
	v := storyView{
		ID: prefix + "verdict", Model: s.Model, Window: last.Window.Days(s.TimeZone), Stage: stageText(&last.Outcome),
		State: state, Glyph: state.Glyph(), Verdict: verdictWord(&last.Outcome), Sentence: withoutVerdict(sentence(last.Outcome, before(s))),
		Facts: tiles(s), Strip: stripOf(s), Newer: newerOf(s),
	}
	v.Sections = sectionsOf(s)
	for i := range v.Sections {
		v.Sections[i].number(prefix)
	}
	for i := range v.Facts {
		v.Facts[i].Size.ID = fmt.Sprintf("%stile-%d", prefix, i+1)
	}
	return v
}

// withoutVerdict is a Sentence below its verdict, which need not begin with it.
func withoutVerdict(sentence string) string {
	for _, word := range []string{"Healthy: ", "Healthy so far: ", "Inconclusive: "} {
		if rest, ok := strings.CutPrefix(sentence, word); ok {
			sentence = capital(rest)
			break
		}
	}
	return strings.ReplaceAll(sentence, " %", "\u00a0%") // never at the begin of a line
}

// sectionsOf returns all sections of a Story that have something to show, in their order.
func sectionsOf(s *job.Story) []section {
	sections := []section{
		decisionSection(s), notesSection(s), metricsSection(s), estimatedSection(s), driftSection(s),
		segmentsSection(s), arrivalSection(s), qualitySection(s),
		rulesSection(s), runsSection(s), inputsSection(s), configurationSection(s),
	}
	sections = append(sections, figures(s)...)
	sections = slices.DeleteFunc(sections, func(s section) bool { return s.ID == "" })
	place := func(s section) int {
		if i := slices.Index(order(), s.ID); i >= 0 {
			return i
		}
		return len(order())
	}
	slices.SortStableFunc(sections, func(a, b section) int { return cmp.Compare(place(a), place(b)) })
	return sections
}

// before is the window before the one that the Story is about; nil where there is none.
func before(s *job.Story) *job.Outcome {
	if len(s.Windows) < 2 {
		return nil
	}
	return &s.Windows[len(s.Windows)-2].Outcome
}

// stateOf is how a verdict is drawn.
func stateOf(v rule.Verdict) chart.State {
	switch v {
	case rule.Healthy:
		return chart.Good
	case rule.Breached:
		return chart.Bad
	default:
		return chart.Unsure
	}
}

// stateOfOutcome is how a window's verdict is drawn: nothing was judged without a rule.
func stateOfOutcome(o *job.Outcome) chart.State {
	if len(o.Rules) == 0 {
		return chart.None
	}
	return stateOf(o.Verdict)
}

// verdictWord is the verdict in a word or two.
func verdictWord(o *job.Outcome) string {
	switch {
	case len(o.Rules) == 0 && len(o.NotJudged) == 0:
		return "Not judged"
	case len(o.Rules) == 0:
		return "Waits for labels"
	}
	return capital(o.Verdict.String())
}

// stageText says how far a window is.
func stageText(o *job.Outcome) string {
	if o.Coverage.Matched == nil {
		return "labels are not in yet"
	}
	return "labels are in"
}

// tiles are the few figures of the first screen.
func tiles(s *job.Story) []fact {
	o := &s.Last().Outcome
	var out []fact
	if name := primaryOf(s); name != "" {
		if t := primaryTile(s, name); t.Text != "-" || t.Chart != nil {
			out = append(out, t)
		}
	}
	c := &o.Coverage
	rows := fact{Name: "Predictions", Text: countText(c.Predictions)}
	if c.Matched != nil {
		rows.About = countText(*c.Matched) + " with a label"
		if isNumber(c.Coverage) {
			rows.About += ", " + percent(float64(c.Coverage))
		}
	} else {
		rows.About = "labels were not read"
	}
	out = append(out, rows)
	if d := o.Drift; d != nil {
		t := fact{Name: "Drifted columns", Text: fmt.Sprintf("%d of %d", d.Count, d.Judged)}
		if unknown := d.Inconclusive(); unknown > 0 {
			t.About = counted(unknown, "more column") + " inconclusive"
		}
		trend := job.TrendOf(all(s), job.DriftShare)
		t.Chart, t.Size = sparkOf(&trend), chart.Size{Width: 176, Height: 30}
		out = append(out, t)
	}
	return append(out, decisionTile(o))
}

// primaryTile is the tile of the metric that people look at first.
func primaryTile(s *job.Story, name string) fact {
	o := &s.Last().Outcome
	t := fact{Name: metricTitle(name)}
	if spec, ok := metric.Find(name); ok {
		t.Help = spec.Help
	}
	m, ok := o.Metrics[name]
	if !ok || !isNumber(m.Value) {
		if e := o.Estimated; e != nil && isNumber(e.Metrics[name].Value) && e.Reason == "" {
			m = e.Metrics[name]
			t.Name = "Estimated " + t.Name
		}
	}
	t.Text = figureText(m.Value)
	if t.Text == "-" {
		t.About = cmp.Or(m.Reason, "no value")
	} else if isNumber(m.Low) && isNumber(m.High) {
		t.About = interval(m) + " at 95 %"
	}
	trend := job.TrendOf(all(s), name)
	t.Chart, t.Size = sparkOf(&trend), chart.Size{Width: 176, Height: 30}
	return t
}

// decisionTile says in two words what follows.
func decisionTile(o *job.Outcome) fact {
	t := fact{Name: "Decision", Text: decisionWord(o)}
	if o.Decision.Rule != "" {
		t.About = "by rule " + short(o.Decision.Rule)
	}
	return t
}

// all lists the windows of a Story with the newer ones.
func all(s *job.Story) []job.Told { return append(slices.Clip(s.Windows), s.Newer...) }

// primaryOf names the metric that people look at first: that of the newest window which has one.
func primaryOf(s *job.Story) string {
	for _, w := range slices.Backward(all(s)) {
		if name := metric.Primary(w.Metrics); name != "" {
			return name
		}
	}
	return ""
}

// sparkOf draws a figure small; nil of one that has a value in fewer than two windows.
func sparkOf(t *job.Trend) chart.Chart {
	spark := chart.Spark{Title: t.Title + " over windows", Threshold: nan()}
	known := 0
	points := t.Points[max(0, len(t.Points)-mostInStrip):]
	for _, p := range points {
		value := p.Value
		if !isNumber(value) {
			value = p.Estimated
		}
		if isNumber(value) {
			known++
		}
		spark.Values = append(spark.Values, float64(value))
		spark.States = append(spark.States, stateOfPoint(&p))
		if isNumber(p.Threshold) {
			spark.Threshold = float64(p.Threshold)
		}
	}
	if known < 2 {
		return nil
	}
	return spark
}

// stripOf shows the verdicts of the windows up to this one.
func stripOf(s *job.Story) *strip {
	if len(s.Windows) < 2 {
		return nil
	}
	windows := s.Windows[max(0, len(s.Windows)-mostInStrip):]
	out := &strip{Title: fmt.Sprintf("The last %d windows", len(windows))}
	for i := range windows {
		o := &windows[i].Outcome
		out.Marks = append(out.Marks, stripMark{stateOfOutcome(o), o.Window.Days(s.TimeZone) + ": " + strings.ToLower(verdictWord(o))})
	}
	return out
}

// newerOf tells of the windows that have no labels yet, the newest first.
func newerOf(s *job.Story) []newer {
	var out []newer
	for i := range slices.Backward(s.Newer) {
		o := &s.Newer[i].Outcome
		if len(out) == mostNewer {
			out = append(out, newer{Text: fmt.Sprintf("and %d more before them", i+1)})
			break
		}
		previous := before(s)
		if i > 0 {
			previous = &s.Newer[i-1].Outcome
		}
		out = append(out, newer{stateOfOutcome(o), o.Window.Days(s.TimeZone), sentence(*o, previous)})
	}
	return out
}

// countText writes a number of rows with its thousands apart.
func countText(n int64) string {
	return digits.Count(n)
}

// location is where the windows' days begin and end.
func location(s *job.Story) *time.Location { return s.TimeZone.Location() }

// interval writes the interval of a metric, "-" where it has none.
func interval(m metric.Result) string {
	if !isNumber(m.Low) || !isNumber(m.High) {
		return "-"
	}
	return figureText(m.Low) + " to " + figureText(m.High)
}
