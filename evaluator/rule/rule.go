package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// Spec is a rule as it is configured. Compile takes it with its defaults filled in.
type Spec struct {
	Name         string
	When         string   // the condition, in CEL
	MinSamples   int64    // the guard of rows
	MinCoverage  float64  // the guard of coverage
	Significance *float64 // the level; nil is the default where it can apply, 0 turns it off
	For          int      // how many windows in a row have to be breached
	Action       string   // one of Actions
}

// Env says what a model's rules may name, which Compile checks.
type Env struct {
	Task         groundtruth.Task // the zero Task is regression
	AnyTask      bool             // nobody knows the task: metrics of all may be named
	HasReference bool             // reference.METRIC, drift.*, quality.*.out_of_range|unseen need one
	HasRolling   bool             // rolling.METRIC needs a rolling reference
	HasBounds    bool             // quality.out_of_bounds needs predictions.bounds
	// NoPredictions and NoLabels say that the reference has no such column, so that what
	// needs it can never be known.
	NoPredictions, NoLabels bool
	// Lacks and ReferenceLacks are the inputs of metrics that the model and its reference don't
	// have, by the keys that would name them.
	Lacks, ReferenceLacks map[metric.Input]string
	// OfPrediction are columns of the logs that are no features, since they tell what was
	// predicted: drift and quality have it under the name of drift.PredictionColumn.
	OfPrediction []string
	// Weighted says that predictions and the reference's rows have weights.
	Weighted   bool
	Segments   []string // configured segment columns
	Prometheus []string // configured prometheus.NAME
	Drift      drift.Prospects
	// ClassText returns the name that rows have of a class, however a rule writes it; nil where
	// they are the same.
	ClassText func(string) string
}

// Facts holds what is known of a window, which its rules are judged on.
type Facts struct {
	Evaluation  *evaluator.Evaluation
	Predictions int64
	Matched     int64
	Coverage    float64 // matched over predictions, NaN without predictions
	Mature      bool    // labels are mature: rules that need labels are judged
	LabelBias   string  // why the rows with a label don't stand for the window, which leaves rules that need labels inconclusive; empty where they do

	Prometheus map[string]Answer // by the name of the configured query

	times float64 // of withRows: how many times the rows that were measured; otherwise 0
}

// DefaultSignificance is the level of a rule that names none and has a
// comparison to which significance applies.
const DefaultSignificance = 0.95

// maxWhenLength bounds an expression, in characters.
const maxWhenLength = 2000

// The actions of a rule: what follows when it is breached. Policies take them from here.
const (
	ActionAlert   = "alert"   // people are told
	ActionRetrain = "retrain" // people are told, and a run is proposed
	ActionBlock   = "block"   // people are told, and no run is started unless the rule is healthy
)

// Actions lists the actions of a rule.
func Actions() []string { return []string{ActionAlert, ActionRetrain, ActionBlock} }

// Error is one fault of one configured rule.
type Error struct {
	Rule   string // the rule's name, as configured
	Index  int    // the rule's place in the list, from 0
	Field  string // the key at fault as the configuration writes it: when, significance, min_samples, ...
	Msg    string
	Column int // for Field "when": offset into the expression, in characters from 0; otherwise 0
}

// Error implements error.
func (e *Error) Error() string {
	name := fmt.Sprintf("rule %q", e.Rule)
	if e.Rule == "" {
		name = fmt.Sprintf("rule %d", e.Index+1)
	}
	if e.Field == "when" {
		return fmt.Sprintf("%s: when, character %d: %s", name, e.Column+1, e.Msg)
	}
	return fmt.Sprintf("%s: %s: %s", name, e.Field, e.Msg)
}

// Rule says what a compiled rule is. Set.Rules returns it.
type Rule struct {
	Name         string
	When         string
	Action       string
	For          int
	MinSamples   int64
	MinCoverage  float64
	Significance float64  // the level in effect; 0 where none applies or it is turned off
	NeedsLabels  bool     // judged on mature windows only
	Variables    []string // the variables of When, each once, in order of appearance
}

// Set is a model's rules, compiled. It never changes, so that any number
// of goroutines may judge by it at once.
type Set struct {
	rules    []*compiledRule
	warnings []string
}

// compiledRule is a Rule with its condition, as a Set keeps it.
type compiledRule struct {
	Rule

	when      *clause
	variables []*variable
	anyVolume bool // judged on any number of rows: the variables tell of nothing but their number
}

// Compile checks and compiles rules. It returns every fault of every rule,
// each a *Error, and a nil set when there is any.
func Compile(specs []Spec, env Env) (*Set, []error) {
	compiler, err := newRuleCompiler(env)
	if err != nil {
		return nil, []error{fmt.Errorf("prepare rules: %w", err)}
	}
	set := &Set{}
	var errs []error
	seen := map[string]int{}
	for i, spec := range specs {
		fault := func(field, format string, args ...any) {
			errs = append(errs, &Error{Rule: spec.Name, Index: i, Field: field, Msg: fmt.Sprintf(format, args...)})
		}
		if first, dup := seen[spec.Name]; dup && spec.Name != "" {
			fault("name", "rule %d has this name already; the ledger tells rules apart by name", first+1)
		} else {
			seen[spec.Name] = i
		}
		checkRuleFields(spec, fault)

		when, faults := compiler.compile(spec.When)
		for _, f := range faults {
			errs = append(errs, &Error{Rule: spec.Name, Index: i, Field: "when", Msg: f.msg, Column: f.offset})
		}
		if len(faults) > 0 {
			continue
		}
		if spec.Action == ActionBlock {
			if why := when.root.neverHealthy(&env.Drift); why != "" {
				fault("when", "a rule with action block holds every run unless it is healthy, and this one never is: %s", why)
				continue
			}
		}
		level := ruleLevel(spec, when.root, compiler.names, fault)
		when.root.setLevel(level)
		set.rules = append(set.rules, newCompiledRule(spec, when, level))
		for _, w := range reversedComparisons(when.root) {
			set.warnings = append(set.warnings, fmt.Sprintf("rule %q: %s", spec.Name, w))
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return set, nil
}

// checkRuleFields checks all but the expression, for Compile; ranges are written so that NaN fails.
func checkRuleFields(spec Spec, fault func(field, format string, args ...any)) {
	if spec.Name == "" {
		fault("name", "a rule needs a name")
	}
	if spec.MinSamples < 0 {
		fault("min_samples", "%d is negative; give a number of rows, 0 or more", spec.MinSamples)
	}
	if !(spec.MinCoverage >= 0 && spec.MinCoverage <= 1) {
		fault("min_coverage", "%v is not a share; give a number from 0 to 1", spec.MinCoverage)
	}
	if s := spec.Significance; s != nil && !validLevel(*s) {
		fault("significance", "%v is not a level; give a number from 0.5 to below 1, or 0 to turn it off", *s)
	}
	if spec.For < 1 {
		fault("for", "%d is not a number of windows; give 1 or more", spec.For)
	}
	if !slices.Contains(Actions(), spec.Action) {
		fault("action", "unknown action %q; the actions are %s", spec.Action, strings.Join(Actions(), ", "))
	}
}

// validLevel reports whether s is a significance that a rule may have.
func validLevel(s float64) bool { return s == 0 || (s >= 0.5 && s < 1) }

// ruleLevel returns the level in effect of a rule with the condition when, for Compile.
func ruleLevel(spec Spec, when *clause, names *names, fault func(field, format string, args ...any)) float64 {
	qualifies := when.qualifies()
	switch s := spec.Significance; {
	case s == nil && qualifies:
		return DefaultSignificance
	case s == nil, *s == 0, !validLevel(*s):
		return 0
	case !qualifies:
		fault("significance", "nothing in %q has an interval to be significant by: no comparison holds one of %s; "+
			"remove significance or set it to 0", spec.When, strings.Join(names.metricsWithInterval(), ", "))
		return 0
	default:
		return *s
	}
}

// newCompiledRule puts a rule together, for Compile.
func newCompiledRule(spec Spec, when *condition, level float64) *compiledRule {
	r := &compiledRule{
		Rule: Rule{
			Name: spec.Name, When: spec.When, Action: spec.Action, For: spec.For,
			MinSamples: spec.MinSamples, MinCoverage: spec.MinCoverage, Significance: level,
		},
		when:      when.root,
		variables: when.variables,
		anyVolume: true,
	}
	for _, v := range when.variables {
		r.Variables = append(r.Variables, v.name)
		r.NeedsLabels = r.NeedsLabels || v.needsLabels()
		r.anyVolume = r.anyVolume && v.tellsVolume()
	}
	return r
}

// Rules lists the rules in the order of the configuration.
func (s *Set) Rules() []Rule {
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = r.Rule
		out[i].Variables = slices.Clone(r.Variables)
	}
	return out
}

// NeedReference names the rules that a model without a reference cannot have.
func (s *Set) NeedReference() []string {
	var names []string
	for _, r := range s.rules {
		if slices.ContainsFunc(r.variables, (*variable).needsReference) {
			names = append(names, r.Name)
		}
	}
	return names
}

// CompareWithReference names the rules that compare the window with the reference: its metrics,
// or its columns.
func (s *Set) CompareWithReference() []string {
	var names []string
	for _, r := range s.rules {
		found := slices.ContainsFunc(r.variables, func(v *variable) bool {
			return v.kind == varDriftShare || v.kind == varDriftCount || v.kind == varDriftMeasure || v.kind == varDrifted
		})
		r.when.comparisons(func(c *clause) { found = found || c.fixed && c.against != nil })
		if found {
			names = append(names, r.Name)
		}
	}
	return names
}

// ReferenceSegments lists the reference's segments that rules compare with, each once.
func (s *Set) ReferenceSegments() []evaluator.SegmentName {
	var out []evaluator.SegmentName
	for _, r := range s.rules {
		for _, v := range r.variables {
			if name := (evaluator.SegmentName{Column: v.column, Value: v.value}); v.kind == varReferenceSegment && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Warnings tells of rules that are valid but look mistaken, such as a breach
// when an error falls.
func (s *Set) Warnings() []string { return slices.Clone(s.warnings) }

// Classes returns the classes that rules name, in order.
func (s *Set) Classes() []string {
	var out []string
	for _, r := range s.rules {
		for _, v := range r.variables {
			if v.kind == varClass || v.kind == varReferenceClass {
				out = append(out, v.value)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// LacksLabels reports whether a rule of the set asks for more labels, by min_samples or
// min_coverage, than so many of a window's predictions have, where more may come. Whoever
// judged the window may judge it again then.
func (s *Set) LacksLabels(predictions, matched int64) bool {
	if matched >= predictions {
		return false
	}
	return slices.ContainsFunc(s.rules, func(r *compiledRule) bool {
		return r.NeedsLabels && !r.anyVolume && (matched < r.MinSamples || float64(matched)/float64(predictions) < r.MinCoverage)
	})
}

// MinCoverage returns the greatest min_coverage of the rules that need labels, 0 where none does.
func (s *Set) MinCoverage() float64 {
	most := 0.0
	for _, r := range s.rules {
		if r.NeedsLabels {
			most = max(most, r.MinCoverage)
		}
	}
	return most
}

// Judge judges every rule that can be judged on the window, in the order of the
// configuration, and names those that wait for the window's labels. Streak and
// Acts are left to who knows the windows before.
func (s *Set) Judge(facts Facts) (results []Result, waiting []string) {
	for _, r := range s.rules {
		if r.NeedsLabels && !facts.Mature {
			waiting = append(waiting, r.Name)
			continue
		}
		results = append(results, r.judge(&facts))
	}
	return results, waiting
}

// judge judges the rule on a window: inconclusive where a guard is unmet, else as the
// condition comes out.
func (r *compiledRule) judge(facts *Facts) Result {
	res := Result{Name: r.Name, Action: r.Action, For: r.For, Comparisons: r.when.figures(facts)}
	if unmet := r.unmetGuards(facts); len(unmet) > 0 {
		res.Reason, res.NeedsRows = joinReasons(unmet), r.needsRows(facts)
		return res
	}
	out := r.when.eval(facts)
	switch out.truth {
	case truthTrue:
		res.Verdict = Breached
	case truthFalse:
		res.Verdict = Healthy
	default:
		res.Verdict, res.NeedsRows = Inconclusive, r.needsRows(facts)
	}
	res.Reason = joinReasons(out.reasons)
	return res
}

// rows returns how many rows of the window count for the rule.
func (r *compiledRule) rows(facts *Facts) int64 {
	if r.NeedsLabels {
		return facts.Matched
	}
	return facts.Predictions
}

// unmetGuards says in words which of the guards are not met: min_samples, min_coverage, and that
// the rows with a label are like those without.
func (r *compiledRule) unmetGuards(facts *Facts) []string {
	if r.anyVolume {
		return nil
	}
	rows, of := r.rows(facts), "predictions"
	if r.NeedsLabels {
		of = "matched"
	}
	var unmet []string
	if r.NeedsLabels && facts.LabelBias != "" {
		unmet = append(unmet, facts.LabelBias)
	}
	if rows < r.MinSamples {
		unmet = append(unmet, fmt.Sprintf("%s %d < min_samples %d", of, rows, r.MinSamples))
	}
	if r.NeedsLabels && r.MinCoverage > 0 {
		switch {
		case !stat.IsNumber(facts.Coverage):
			unmet = append(unmet, noCoverage(facts))
		case facts.Coverage < r.MinCoverage:
			unmet = append(unmet, fmt.Sprintf("coverage %s < min_coverage %s",
				stat.Figure(facts.Coverage), stat.Figure(r.MinCoverage)))
		}
	}
	return unmet
}
