package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
	"github.com/hindcast/hindcast/trigger"
)

// ruleAt is a rule with the places that its errors point to.
type ruleAt struct {
	rule Rule
	pos  value // the rule
	when value
	// plain is the expression as written, when its characters stand one by one in the
	// columns from the value's own on; "" when it does not.
	plain string
	keys  map[string]value
}

// defaultRuleList lists the rules of a model that configures none: features drift, or
// performance is 10 % worse than the reference's, where that has predictions and labels.
// Without a reference there is nothing to compare with, and no rule.
func (m *Model) defaultRuleList() []Rule {
	if m.Reference == nil {
		return nil
	}
	rule := func(name, when string) Rule {
		return Rule{
			Name: name, When: when, MinSamples: defaultMinSamples, MinCoverage: defaultMinCoverage,
			For: defaultFor, Action: defaultAction,
		}
	}
	rules := []Rule{rule("drift", "drift.share >= 0.5")}
	if noPredictions, noLabels := m.Reference.lacks(); noPredictions || noLabels {
		return rules
	}
	lacks, referenceLacks := m.lacks(), m.referenceLacks()
	primary, ok := metric.PrimaryOf(m.Task, func(of metric.Input) bool {
		_, window := lacks[of]
		_, reference := referenceLacks[of]
		return window || reference
	})
	if !ok {
		return rules
	}
	worse := primary.Name + " < 0.9 * reference." + primary.Name
	if primary.Worse == metric.WorseRises {
		worse = primary.Name + " > 1.1 * reference." + primary.Name
	}
	return append(rules, rule(primary.Name, worse))
}

// rules reads and compiles the rules of a model.
func (d *decoder) rules(model *object, m *Model) {
	before := len(d.errs)
	var rules []ruleAt
	if v, ok := model.get("rules"); ok {
		items, _ := d.list(v, "rules")
		for _, item := range items {
			if r, ok := d.rule(item); ok {
				rules = append(rules, r)
			}
		}
	} else if !model.has("rules") {
		m.defaultRules = true
		for _, r := range m.defaultRuleList() {
			rules = append(rules, ruleAt{rule: r, pos: model.v})
		}
	}
	for i, r := range rules {
		m.RuleList = append(m.RuleList, r.rule)
		if r.rule.Name != "" && slices.ContainsFunc(rules[:i], func(o ruleAt) bool { return o.rule.Name == r.rule.Name }) {
			d.fail(r.keys["name"], "a rule before this one is called %q too", r.rule.Name)
		}
	}
	d.compile(rules, m, before)
}

// rule reads one rule.
func (d *decoder) rule(v value) (ruleAt, bool) {
	o := d.object(v)
	if !o.ok {
		return ruleAt{}, false
	}
	at := ruleAt{
		rule: Rule{MinSamples: defaultMinSamples, MinCoverage: defaultMinCoverage, For: defaultFor, Action: defaultAction},
		pos:  v,
		keys: map[string]value{},
	}
	r := &at.rule
	if nv, ok := o.text("name", &r.Name); ok {
		at.keys["name"] = nv
		if !ruleNamePattern.MatchString(r.Name) {
			d.fail(nv, "a rule's name has letters, digits, '-', '.' and '_', at most 63, and begins and ends with a letter or a digit")
			r.Name = ""
		}
	}
	if wv, ok := o.get("when"); ok {
		if s, ok := d.textScalar(wv); ok {
			r.When = s.text
			at.when = wv
			at.plain = writtenAs(wv, s)
		}
	}
	o.integer("min_samples", 0, &r.MinSamples)
	o.share("min_coverage", &r.MinCoverage)
	if sv, ok := o.get("significance"); ok {
		at.keys["significance"] = sv
		if f, s, ok := d.number(sv); ok {
			if f == 0 || f >= 0.5 && f < 1 {
				r.Significance = &f
			} else {
				d.fail(sv, "must be from 0.5 to below 1, or 0 to turn it off, got %s", s.raw)
			}
		}
	}
	o.count("for", 1, mostFor, &r.For)
	o.choice("action", &r.Action, rule.Actions(), nil)
	o.need("name", "when")
	o.done()
	return at, true
}

// writtenAs returns the expression when its characters stand one beside the other
// in the file, so that a place in it is a place in the file.
func writtenAs(v value, s scalar) string {
	n, ok := v.node.(*ast.StringNode)
	if !ok || s.replaced || strings.Contains(s.raw, "${") {
		return ""
	}
	origin := strings.TrimSpace(n.Token.Origin)
	switch n.Token.Type {
	case token.StringType:
		if origin == s.text {
			return s.text
		}
	case token.SingleQuoteType, token.DoubleQuoteType:
		if origin == `"`+s.text+`"` || origin == `'`+s.text+`'` {
			return s.text
		}
	}
	return ""
}

// compile compiles the rules whose expressions were read; before is how many
// errors there were before the rules.
func (d *decoder) compile(rules []ruleAt, m *Model, before int) {
	var specs []rule.Spec
	var places []ruleAt
	for _, r := range rules {
		if r.rule.When == "" {
			continue
		}
		spec := r.rule.spec()
		if spec.Name == "" {
			spec.Name = fmt.Sprintf("rule-%d", len(specs)+1)
		}
		specs = append(specs, spec)
		places = append(places, r)
	}
	set, errs := rule.Compile(specs, m.RuleEnv())
	m.rules = set
	own := len(d.errs) > before
	for _, err := range errs {
		var fault *rule.Error
		if !errors.As(err, &fault) || fault.Index < 0 || fault.Index >= len(places) {
			d.failAt(position{}, "", "%v", err)
			continue
		}
		r := places[fault.Index]
		switch {
		case fault.Field == "when" && r.plain != "":
			v := r.when
			v.pos.column += fault.Column
			if n, ok := v.node.(*ast.StringNode); ok && n.Token.Type != token.StringType {
				v.pos.column++ // the quote
			}
			d.fail(v, "%s", fault.Msg)
		case fault.Field == "when" && r.when.node != nil:
			d.fail(r.when, "character %d: %s", fault.Column+1, fault.Msg)
		case fault.Field == "significance" && r.keys["significance"].node != nil:
			d.fail(r.keys["significance"], "%s", fault.Msg)
		case own:
			// What is wrong with the other keys has been said, in the words of the file.
		default:
			d.fail(r.pos, "%s: %s", fault.Field, fault.Msg)
		}
	}
}

// spec is the rule as the evaluator takes it.
func (r Rule) spec() rule.Spec {
	return rule.Spec{
		Name:         r.Name,
		When:         r.When,
		MinSamples:   r.MinSamples,
		MinCoverage:  r.MinCoverage,
		Significance: r.Significance,
		For:          r.For,
		Action:       r.Action,
	}
}

// RuleSpecs returns the rules with their defaults filled in; the default rules
// when the file has none.
func (m *Model) RuleSpecs() []rule.Spec {
	out := make([]rule.Spec, len(m.RuleList))
	for i, r := range m.RuleList {
		out[i] = r.spec()
	}
	return out
}

// DefaultRules returns the rules that the model has because its file has none,
// for check to print; nil when the file has rules.
func (m *Model) DefaultRules() []rule.Spec {
	if !m.defaultRules {
		return nil
	}
	return m.RuleSpecs()
}

// Rules returns the rules, compiled.
func (m *Model) Rules() *rule.Set { return m.rules }

// RuleEnv says what the model's rules may name.
func (m *Model) RuleEnv() rule.Env {
	noPredictions, noLabels := m.Reference.lacks()
	return rule.Env{
		Task:           m.Task,
		AnyTask:        m.noTask,
		HasReference:   m.Reference != nil,
		HasRolling:     m.Rolling() != nil,
		HasBounds:      m.Predictions.Bounds != nil,
		NoPredictions:  noPredictions,
		NoLabels:       noLabels,
		Lacks:          m.lacks(),
		ReferenceLacks: m.referenceLacks(),
		OfPrediction:   m.ofPrediction(),
		Weighted:       m.weighted(),
		Segments:       slices.Clone(m.Segments),
		Prometheus:     m.queryNames(),
		Drift:          m.prospects(),
		ClassText:      table.ClassText,
	}
}

// prospects says what the file tells of drift: how it is judged and, where features are
// listed, which they are.
func (m *Model) prospects() drift.Prospects {
	out := drift.Prospects{Options: m.DriftOptions()}
	if f := m.Predictions.Features; !f.Auto {
		out.Features = make(map[string]groundtruth.Kind, len(f.Columns))
		for _, name := range f.Columns {
			out.Features[name] = groundtruth.Absent
		}
	}
	return out
}

// DriftOptions returns how the drift of a column is judged.
func (m *Model) DriftOptions() drift.Options {
	return drift.Options{
		Methods:    m.Drift.Methods,
		Threshold:  m.Drift.Threshold,
		Thresholds: m.Drift.Thresholds,
		Std:        m.Drift.Std,
		Stds:       m.Drift.Stds,
		MinRows:    m.Drift.MinRows,

		FalseDiscoveryRate: m.Drift.FalseDiscoveryRate,
	}
}

// MetricOptions returns what metrics are computed, and how.
func (m *Model) MetricOptions() metric.Options {
	out := metric.Options{
		Task: m.Task, Beta: m.Metrics.FBeta.Beta, TopK: m.Metrics.TopKAccuracy.K,
		CostPerPrediction: m.CostPerPrediction,
	}
	if b := m.BusinessValue; b != nil {
		out.Worth = &metric.Worth{Binary: [2][2]float64{{b.TN, b.FP}, {b.FN, b.TP}}}
		for _, p := range b.Pairs {
			out.Worth.Classes = append(out.Worth.Classes, metric.ClassWorth(p))
		}
	}
	for _, q := range m.Predictions.Columns.Quantiles {
		out.Quantiles = append(out.Quantiles, q.Q)
	}
	return out
}

// PolicyHash identifies what decides: the rules, the policy, and the settings that
// their figures depend on. It is the first 32 hexadecimal digits of the SHA-256 of
// their canonical JSON, and depends on no URL, secret or parameter of a run.
func (m *Model) PolicyHash() string {
	canonical := struct {
		Schema      int
		Task        groundtruth.Task
		Window      string
		Delay       string
		Resolve     string
		Reference   bool
		Segments    []string
		MaxSegments int
		MaxBadShare float64
		Drift       Drift
		Rules       []rule.Spec
		Policy      trigger.Policy
		Prometheus  map[string]string `json:",omitempty"` // so that models without keep their hash
		Within      time.Duration     `json:",omitempty"` // likewise
		Entity      string            `json:",omitempty"` // likewise
		Rolling     *Rolling          `json:",omitempty"` // likewise
		Strata      string            `json:",omitempty"` // as the file has it; likewise

		// These likewise: a regression may have none of them.
		Positive  string                   `json:",omitempty"`
		Threshold float64                  `json:",omitempty"`
		Score     string                   `json:",omitempty"`
		Scores    []groundtruth.ClassScore `json:",omitempty"`
		Quantiles []groundtruth.Quantile   `json:",omitempty"`
		Weight    string                   `json:",omitempty"`
		Bounds    *Bounds                  `json:",omitempty"`
		Kind      kindHash                 `json:",omitzero"`
	}{
		Schema:      1,
		Task:        m.Task,
		Window:      m.grid.String(),
		Delay:       m.GroundTruth.Delay.String(),
		Resolve:     string(m.GroundTruth.Resolve),
		Reference:   m.Reference != nil,
		Segments:    m.Segments,
		MaxSegments: m.MaxSegments,
		MaxBadShare: m.MaxBadShare,
		Drift:       m.Drift,
		Rules:       m.RuleSpecs(),
		Policy:      m.Policy(),
		Prometheus:  m.Prometheus,
		Within:      m.GroundTruth.Match.Within,
		Entity:      m.Predictions.Columns.Entity,
		Rolling:     m.Rolling(),

		Positive:  m.PositiveLabel,
		Threshold: m.Threshold,
		Score:     m.Predictions.Columns.Score,
		Scores:    m.Predictions.Columns.Scores,
		Bounds:    m.Predictions.Bounds,
		Quantiles: m.Predictions.Columns.Quantiles,
		Weight:    m.Predictions.Columns.Weight,
		Kind:      m.kindHash(),
	}
	if m.Reference != nil {
		canonical.Strata = string(m.Reference.Strata)
	}
	b, err := json.Marshal(canonical)
	if err != nil {
		panic("config: policy does not marshal: " + err.Error()) // finite numbers and text: it cannot happen
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
