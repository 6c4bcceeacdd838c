package job

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// MostWindows bounds how many windows in one are proposed as a longer window.
const MostWindows = 31

// Lack says of rules that are inconclusive what they lack, and what would decide them.
type Lack struct {
	Found string // such as: rule drift is inconclusive with 300 rows, where about 740 are needed
	Set   string // the keys to set, "" where Found says all that is known
	more  string // what joins the two
}

// note returns it as a note on a window.
func (l Lack) note() string {
	if l.Set == "" {
		return l.Found
	}
	return l.Found + l.more + "set " + l.Set
}

// Undecided returns what would decide the rules that are inconclusive, as far as that is more
// rows, more labels, another measure or another key. Rules of which the same is to be said
// share a Lack. The reasons of all others stand with the rules.
func Undecided(m *config.Model, out *Outcome) []Lack {
	var lacks []Lack // in the order of the rules
	names := map[Lack][]string{}
	for _, compiled := range m.Rules().Rules() {
		i := slices.IndexFunc(out.Rules, func(res rule.Result) bool { return res.Name == compiled.Name })
		if i < 0 || out.Rules[i].Verdict != rule.Inconclusive {
			continue
		}
		lack := lackOf(m, out, compiled, out.Rules[i].NeedsRows)
		if lack.Found == "" {
			continue
		}
		if !slices.Contains(lacks, lack) {
			lacks = append(lacks, lack)
		}
		names[lack] = append(names[lack], compiled.Name)
	}
	for i, lack := range lacks {
		subject := "rule " + names[lack][0] + " is"
		if n := len(names[lack]); n > 1 {
			subject = "rules " + strings.Join(names[lack][:n-1], ", ") + " and " + names[lack][n-1] + " are"
		}
		lacks[i].Found = subject + " inconclusive " + lack.Found
	}
	return lacks
}

// lackOf says what an inconclusive rule lacks and what to do about it, and nothing where its
// reason is all that is known.
func lackOf(m *config.Model, out *Outcome, compiled rule.Rule, needs int64) Lack {
	have, rows := out.Coverage.Predictions, "rows"
	if compiled.NeedsLabels && out.Coverage.Matched != nil {
		have, rows = *out.Coverage.Matched, "labelled rows"
	}
	coverage := float64(out.Coverage.Coverage)
	switch {
	case have == 0:
		return Lack{}
	case compiled.NeedsLabels && out.LabelBias != nil && out.LabelBias.Biased && m.LabelBias.Action == config.LabelBiasInconclusive:
		return Lack{"as the rows with a label are not like those without",
			"a longer `ground_truth.delay` if the others come later, or `label_bias.action: warn` to judge what there is", ": "}
	case compiled.NeedsLabels && coverage < compiled.MinCoverage:
		return Lack{fmt.Sprintf("with labels for %d of %d predictions, a coverage of %s below min_coverage %s",
			have, out.Coverage.Predictions, stat.Figure(coverage), stat.Figure(compiled.MinCoverage)), "a longer `ground_truth.delay` if the labels come later, or a lower `min_coverage`", ": "}
	case needs > 0:
		return Lack{fmt.Sprintf("with %d %s, where about %d are needed", have, rows, needs), strings.Join(remedies(m, out, compiled, have, needs), ", or "), ": "}
	case asksDrift(compiled) && out.Drift != nil:
		return lackOfDrift(m, out)
	}
	return Lack{}
}

// remedies lists what gives a rule the rows that it needs, or lets it do with fewer.
func remedies(m *config.Model, out *Outcome, compiled rule.Rule, have, needs int64) []string {
	var all []string
	if longer, ok := m.Grid().Times((needs + have - 1) / have); ok && needs <= MostWindows*have {
		all = append(all, "`window: "+longer+"`")
	}
	if compiled.NeedsLabels && out.Coverage.Predictions >= needs {
		all = append(all, "a longer `ground_truth.delay` if more labels come later")
	}
	if asksDrift(compiled) && out.Drift != nil {
		if name, ok := EvaluationOptions(m, 1).Drift.Decisive(out.Drift); ok {
			all = append(all, "`drift.method: "+name+"`")
		}
	}
	if have < compiled.MinSamples && compiled.MinSamples == needs {
		all = append(all, "a lower `min_samples`")
	}
	if len(all) == 0 {
		all = append(all, "a longer `window`")
	}
	return all
}

// lackOfDrift says of a rule on drift that more rows of the window would not decide why that
// is, by its first inconclusive column.
func lackOfDrift(m *config.Model, out *Outcome) Lack {
	for _, name := range slices.Sorted(maps.Keys(out.Drift.Columns)) {
		c := out.Drift.Columns[name]
		if !c.Inconclusive() || c.NeedsRows > 0 || drift.Reserved(name) {
			continue
		}
		lack := Lack{Found: fmt.Sprintf("as column %s is: %s", name, c.Reason)}
		if other, ok := EvaluationOptions(m, 1).Drift.Decisive(out.Drift); ok {
			lack.Set, lack.more = "`drift.method: "+other+"`", ", or "
		}
		return lack
	}
	return Lack{}
}

// asksDrift reports whether a rule has a variable that needs the columns' verdicts.
func asksDrift(compiled rule.Rule) bool {
	return slices.ContainsFunc(compiled.Variables, func(name string) bool { return strings.HasPrefix(name, "drift.") })
}
