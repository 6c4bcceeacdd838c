package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/digits"
	"github.com/hindcast/hindcast/job"
)

// Sentence says of a window in one sentence what its verdict is and why, for the first line of
// whatever shows it. The window before it tells what a figure was that is compared with no
// reference; it may be nil. Terminals and messages show it, with figures that a program reads back: without
// the spaces that the page sets within them.
func Sentence(o job.Outcome, previous *job.Outcome) string {
	return strings.ReplaceAll(sentence(o, previous), digits.Thin, "")
}

// sentence is Sentence as the page has it.
func sentence(o job.Outcome, previous *job.Outcome) string {
	switch {
	case len(o.Rules) == 0 && len(o.NotJudged) == 0:
		return "No rule is configured, so that there is no verdict."
	case len(o.Rules) == 0:
		return "Nothing is judged yet: " + waiting(&o) + "."
	case o.Verdict == rule.Breached:
		return breached(&o, previous)
	case o.Verdict == rule.Healthy:
		return healthy(&o, previous)
	default:
		return inconclusive(&o, previous)
	}
}

// byWeight lists the rules of a verdict, those first that weigh most: the one that the decision
// rests on, then by what they lead to, then those on performance; else in their own order.
func byWeight(o *job.Outcome, v rule.Verdict) []*rule.Result {
	var out []*rule.Result
	for i := range o.Rules {
		if o.Rules[i].Verdict == v {
			out = append(out, &o.Rules[i])
		}
	}
	weight := func(r *rule.Result) int {
		switch {
		case r.Name == o.Decision.Rule:
			return 0
		case r.Action == rule.ActionRetrain:
			return 1
		case r.Action == rule.ActionBlock:
			return 2
		}
		return 3
	}
	onPerformance := func(r *rule.Result) int {
		if slices.ContainsFunc(r.Comparisons, func(c rule.Comparison) bool { _, ok := metric.Find(c.Variable); return ok }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b *rule.Result) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(onPerformance(a), onPerformance(b)))
	})
	return out
}

// breached tells of the rule that weighs most, and how many more are breached.
func breached(o, previous *job.Outcome) string {
	rules := byWeight(o, rule.Breached)
	if len(rules) == 0 {
		return "A rule is breached." // of a record that names none
	}
	return capital(because(o, previous, rules[0], true)) + others(rules, "breached") + "."
}

// healthy tells of the rule that weighs most, and of what isn't judged yet.
func healthy(o, previous *job.Outcome) string {
	rules := byWeight(o, rule.Healthy)
	if len(rules) == 0 {
		return "Every rule is healthy."
	}
	text := "Healthy"
	if len(o.NotJudged) > 0 {
		text = "Healthy so far"
	}
	text += ": " + because(o, previous, rules[0], false) + others(rules, "healthy")
	if len(o.NotJudged) > 0 {
		text += "; " + waiting(o)
	}
	return text + "."
}

// inconclusive says what keeps the rule that weighs most from being judged.
func inconclusive(o, previous *job.Outcome) string {
	rules := byWeight(o, rule.Inconclusive)
	if len(rules) == 0 {
		return "Nothing can be told by this window."
	}
	r := rules[0]
	text := "Inconclusive: " + undecided(o, previous, r)
	if r.NeedsRows > 0 {
		text += "; about " + digits.Count(r.NeedsRows) + " rows would tell"
	}
	return text + others(rules, "inconclusive") + "."
}

// others says how many rules beside the first are so.
func others(rules []*rule.Result, so string) string {
	switch more := len(rules) - 1; more {
	case 0:
		return ""
	case 1:
		return ", and 1 more rule is " + so
	default:
		return fmt.Sprintf(", and %d more rules are %s", more, so)
	}
}

// undecided says why a rule is inconclusive: that chance may make the difference where that is
// so, else its own reason.
func undecided(o, previous *job.Outcome, r *rule.Result) string {
	several := manyHold(o, previous, r)
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		s, ok := subjectOf(o, previous, c)
		if ok && s.level > 0 && s.holds() && strings.Contains(r.Reason, "is not significant") && (!several || says(r.Reason, c.Variable, "is not significant")) {
			return s.stands() + fmt.Sprintf(", but not with %s certainty", percent(s.level))
		}
	}
	return "rule " + short(r.Name) + " is undecided, as " + r.Reason
}

// because says what made a rule breached or healthy: the first of its comparisons that did, else
// the rule's own reason.
func because(o, previous *job.Outcome, r *rule.Result, breached bool) string {
	several := breached && manyHold(o, previous, r)
	for i := range r.Comparisons {
		s, ok := subjectOf(o, previous, &r.Comparisons[i])
		if !ok || s.holds() != breached || several && !says(r.Reason, r.Comparisons[i].Variable, "") {
			continue
		}
		switch {
		case s.plain != "":
			return s.plain + "; the limit is " + s.text(s.limit)
		case !breached:
			return s.stands()
		case s.level > 0:
			return s.moved() + fmt.Sprintf("; with %s certainty %s the limit %s", percent(s.level), s.side(), s.text(s.limit))
		}
		return s.moved() + ", " + s.side() + " the limit " + s.text(s.limit)
	}
	return "rule " + short(r.Name) + ": " + r.Reason
}

// manyHold reports whether the values of more than one comparison are a breach. One of them may be
// chance where the rule asks for either; the rule's reason names those that decided.
func manyHold(o, previous *job.Outcome, r *rule.Result) bool {
	n := 0
	for i := range r.Comparisons {
		if s, ok := subjectOf(o, previous, &r.Comparisons[i]); ok && s.holds() {
			n++
		}
	}
	return n > 1
}

// says reports whether a rule's reason says of a variable some words. It calls the metric of a
// segment, a class or an estimate by the end of the variable's name.
func says(reason, variable, words string) bool {
	parts := path(variable)
	if len(parts) == 0 {
		return false
	}
	end := " " + parts[len(parts)-1] + " "
	for _, part := range strings.Split(reason, "; ") {
		text := " " + part
		if (strings.Contains(text, " "+variable+" ") || strings.Contains(text, end)) && strings.Contains(part, words) {
			return true
		}
	}
	return false
}

// holds reports whether the values alone are a breach.
func (s *subject) holds() bool {
	switch s.op {
	case ">":
		return s.value > s.limit
	case ">=":
		return s.value >= s.limit
	case "<":
		return s.value < s.limit
	case "<=":
		return s.value <= s.limit
	}
	return false
}

// side says where the value is beside the limit.
func (s *subject) side() string {
	switch {
	case s.text(s.value) == s.text(s.limit):
		return "at"
	case s.value > s.limit:
		return "above"
	default:
		return "below"
	}
}

// moved says what the value is, and what it was where that is known.
func (s *subject) moved() string {
	is := s.text(s.value)
	if !isNumber(s.from) {
		return s.name + " is " + is
	}
	return s.name + " " + change(s.from, s.value, s.text(s.from), is, " "+s.where)
}

// stands says where a value is of which no rule found anything: how it moved may be chance.
func (s *subject) stands() string {
	text := s.name + " is " + s.text(s.value) + ", " + s.side() + " the limit " + s.text(s.limit)
	if isNumber(s.from) {
		text += " (" + s.text(s.from) + " " + s.where + ")"
	}
	return text
}

// change says how a figure moved, by the numbers and by how they are written. The words behind
// say whose the first one is.
func change(from, to stat.Number, was, is, behind string) string {
	switch {
	case was == is:
		return "is " + is + ", as" + behind
	case to > from:
		return "rose from " + was + behind + " to " + is
	default:
		return "fell from " + was + behind + " to " + is
	}
}

// waiting says which rules wait for labels, and until when.
func waiting(o *job.Outcome) string {
	names := make([]string, 0, mostDrifted+1)
	for _, n := range o.NotJudged[:min(len(o.NotJudged), mostDrifted)] {
		names = append(names, short(n.Name))
	}
	if left := len(o.NotJudged) - len(names); left > 0 {
		names = append(names, fmt.Sprintf("%d more", left))
	}
	verb := "wait"
	if len(o.NotJudged) == 1 {
		verb = "waits"
	}
	text := listed(names) + " " + verb + " for labels"
	if until, ok := matureAt(&o.NotJudged[0]); ok {
		text += " until " + timeText(until, o.TimeZone)
	}
	return text
}

// matureAt returns when the labels of a window are expected to be in, as a rule that waits says.
func matureAt(n *job.NotJudged) (time.Time, bool) {
	_, text, ok := strings.Cut(n.Reason, "labels are mature at ")
	at, err := time.Parse(time.RFC3339, text)
	return at, ok && err == nil
}

// waitsFor says until when a rule waits, else what it says itself.
func waitsFor(n *job.NotJudged, zone groundtruth.Zone) string {
	if until, ok := matureAt(n); ok {
		return "labels are in at " + timeText(until, zone)
	}
	return n.Reason
}

// timeText writes a time by a zone's clocks: to the minute, or as a date where that begins.
func timeText(t time.Time, zone groundtruth.Zone) string {
	layout := "2006-01-02 15:04"
	local := t.In(zone.Location())
	if zone.IsUTC() {
		layout += " UTC"
	} else {
		layout += " " + zone.String()
	}
	return local.Format(layout)
}

// TrendTitle says in a few words what a chart of a figure over windows shows: its newest value,
// the limit, and how it moved from the reference or the windows before, unless chance explains it.
func TrendTitle(t job.Trend) string {
	at := len(t.Points) - 1
	for at >= 0 && !isNumber(t.Points[at].Value) {
		at--
	}
	if at < 0 {
		return t.Title + " has no value yet"
	}
	p := &t.Points[at]
	text := trendText(&t)
	title := t.Title + " is " + text(p.Value)
	from, where := stat.Number(nan()), ""
	switch {
	case t.Metric == job.DriftShare:
	case isNumber(p.Reference):
		from, where = p.Reference, " on the reference"
	case isNumber(p.Rolling):
		from, where = p.Rolling, " in the windows before"
	case at > 0:
		from, where = t.Points[at-1].Value, " in the window before"
	}
	if isNumber(from) {
		switch {
		case beyondChance(p, from):
			title = t.Title + " " + change(from, p.Value, text(from), text(p.Value), where)
		case isNumber(p.Reference) || isNumber(p.Rolling):
			title += ", " + text(from) + where
		}
	}
	if isNumber(p.Threshold) {
		title += "; limit " + text(p.Threshold)
	}
	return title
}

// trendText is how the numbers of a figure are written.
func trendText(t *job.Trend) func(stat.Number) string {
	if t.Metric == job.DriftShare || t.Metric == coverageName || t.Metric == missingName {
		return shareText
	}
	return figureText
}

// beyondChance reports whether a window's figure differs from another one: that lies outside of
// its interval, or a rule found it so.
func beyondChance(p *job.TrendPoint, from stat.Number) bool {
	if p.Judged && p.Verdict == rule.Breached {
		return true
	}
	return isNumber(p.Low) && isNumber(p.High) && (from < p.Low || from > p.High)
}
