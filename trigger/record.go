package trigger

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// RecordSchema is the newest version of evaluations in the ledger that this code writes
// and reads. It changes where an earlier version of Hindcast would misread a record, and
// on its own: commands print evaluations in a form that is not this one's.
const RecordSchema = 1

// evaluationRecord is how the ledger writes a Record. It and the types below say what an
// evaluation's object holds, whatever becomes of the types that they are made from. What
// a later version adds to it is passed over.
type evaluationRecord struct {
	Schema     int                `json:"schema"`
	Model      string             `json:"model"`
	Window     groundtruth.Window `json:"window"`
	OnGrid     bool               `json:"on_grid"`
	Grid       string             `json:"grid,omitempty"`
	Stage      string             `json:"stage"`
	Revision   int                `json:"revision"`
	AsOf       time.Time          `json:"as_of"`
	RecordedAt time.Time          `json:"recorded_at"`
	PolicyHash string             `json:"policy_hash"`
	Verdict    rule.Verdict       `json:"verdict"`
	Rules      []ruleRecord       `json:"rules"`
	Versions   []string           `json:"versions"`
	Mostly     string             `json:"mostly,omitempty"`
	Inputs     []inputRecord      `json:"inputs"`
	Decision   decisionRecord     `json:"decision"`
	Output     json.RawMessage    `json:"output"`

	ReadHash     string               `json:"read_hash,omitempty"`
	RulesHash    string               `json:"rules_hash,omitempty"`
	Layout       string               `json:"layout,omitempty"`
	ReadAsOf     time.Time            `json:"read_as_of,omitzero"`
	Predictions  *int64               `json:"predictions,omitempty"`
	Matched      *int64               `json:"matched,omitempty"`
	JudgedAgain  int                  `json:"judged_again,omitempty"`
	Estimate     *estimateRecord      `json:"estimate,omitempty"`
	BreachedAsOf map[string]time.Time `json:"breached_as_of,omitempty"`
}

// ruleRecord is a rule's result in an evaluationRecord.
type ruleRecord struct {
	Name        string             `json:"name"`
	Verdict     rule.Verdict       `json:"verdict"`
	Reason      string             `json:"reason"`
	Action      string             `json:"action"`
	For         int                `json:"for"`
	Streak      int                `json:"streak"`
	Acts        bool               `json:"acts"`
	NeedsRows   int64              `json:"needs_rows,omitempty"`
	Comparisons []comparisonRecord `json:"comparisons,omitempty"`
}

// comparisonRecord is a comparison of a rule in a ruleRecord.
type comparisonRecord struct {
	Left       string      `json:"left"`
	Op         string      `json:"op"`
	Right      string      `json:"right"`
	LeftValue  stat.Number `json:"left_value"`
	RightValue stat.Number `json:"right_value"`
	Variable   string      `json:"variable,omitempty"`
	Level      float64     `json:"level,omitempty"`
}

// estimateRecord is an estimate in an evaluationRecord.
type estimateRecord struct {
	Metric   string      `json:"metric"`
	Value    stat.Number `json:"value"`
	Low      stat.Number `json:"low"`
	High     stat.Number `json:"high"`
	Realised stat.Number `json:"realised"`
}

// inputRecord is an object that was read, in an evaluationRecord.
type inputRecord struct {
	URL     string    `json:"url"`
	Size    int64     `json:"size"`
	ETag    string    `json:"etag,omitempty"`
	ModTime time.Time `json:"mod_time"`
}

// decisionRecord is a decision in an evaluationRecord.
type decisionRecord struct {
	Action  Action     `json:"action"`
	DryRun  bool       `json:"dry_run"`
	Reason  string     `json:"reason"`
	Guard   string     `json:"guard,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Rule    string     `json:"rule,omitempty"`
	Episode *time.Time `json:"episode,omitempty"`
	Attempt int        `json:"attempt,omitempty"`
	Key     string     `json:"key,omitempty"`
	RunID   string     `json:"run_id,omitempty"`
	Started bool       `json:"started,omitempty"`
	Run     string     `json:"run,omitempty"`
}

// newEvaluationRecord returns the form in which the ledger writes r.
func newEvaluationRecord(r Record) evaluationRecord {
	return evaluationRecord{
		Schema: RecordSchema, Model: r.Model, Window: r.Window, OnGrid: r.OnGrid, Grid: r.Grid, Stage: r.Stage,
		Revision: r.Revision, AsOf: r.AsOf, RecordedAt: r.RecordedAt, PolicyHash: r.PolicyHash, Verdict: r.Verdict,
		Rules: each(r.Rules, func(e rule.Result) ruleRecord {
			return ruleRecord{e.Name, e.Verdict, e.Reason, e.Action, e.For, e.Streak, e.Acts, e.NeedsRows,
				each(e.Comparisons, func(c rule.Comparison) comparisonRecord { return comparisonRecord(c) })}
		}),
		Versions: r.Versions, Mostly: r.Mostly,
		Inputs:   each(r.Inputs, func(i groundtruth.Input) inputRecord { return inputRecord(i) }),
		Decision: decisionRecord(r.Decision), Output: r.Output,
		ReadHash: r.ReadHash, RulesHash: r.RulesHash, Layout: r.Layout, ReadAsOf: r.ReadAsOf, Predictions: r.Predictions, Matched: r.Matched,
		JudgedAgain: r.JudgedAgain, BreachedAsOf: r.BreachedAsOf, Estimate: (*estimateRecord)(r.Estimate),
	}
}

// record returns what the ledger has written, as the rest of the program knows it.
func (r evaluationRecord) record() Record {
	return Record{
		Model: r.Model, Window: r.Window, OnGrid: r.OnGrid, Grid: r.Grid, Stage: r.Stage,
		Revision: r.Revision, AsOf: r.AsOf, RecordedAt: r.RecordedAt, PolicyHash: r.PolicyHash, Verdict: r.Verdict,
		Rules: each(r.Rules, func(e ruleRecord) rule.Result {
			return rule.Result{
				Name: e.Name, Verdict: e.Verdict, Reason: e.Reason, Action: e.Action, For: e.For, Streak: e.Streak, Acts: e.Acts, NeedsRows: e.NeedsRows,
				Comparisons: each(e.Comparisons, func(c comparisonRecord) rule.Comparison { return rule.Comparison(c) }),
			}
		}),
		Versions: r.Versions, Mostly: r.Mostly,
		Inputs:   each(r.Inputs, func(i inputRecord) groundtruth.Input { return groundtruth.Input(i) }),
		Decision: Decision(r.Decision), Output: r.Output,
		ReadHash: r.ReadHash, RulesHash: r.RulesHash, Layout: r.Layout, ReadAsOf: r.ReadAsOf, Predictions: r.Predictions, Matched: r.Matched,
		JudgedAgain: r.JudgedAgain, BreachedAsOf: r.BreachedAsOf, Estimate: (*Estimate)(r.Estimate),
	}
}

// each converts the elements of a list; nil stays nil, which JSON tells from an empty one.
func each[A, B any](in []A, convert func(A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = convert(v)
	}
	return out
}

// evaluation reads one revision of a window.
func (l *Ledger) evaluation(ctx context.Context, key string) (Record, error) {
	data, err := l.load(ctx, key)
	if err != nil {
		return Record{}, err
	}
	return parseEvaluation(key, data)
}

// parseEvaluation reads the bytes of the evaluation that lies under key.
func parseEvaluation(key string, data []byte) (Record, error) {
	var written evaluationRecord
	if err := decode(key, data, RecordSchema, &written); err != nil {
		return Record{}, err
	}
	r := written.record()
	if want := evaluationKey(r.Model, placeOf(r.Window, r.Grid), r.OnGrid, r.Revision); want != key {
		return Record{}, damaged(key, "it says that it is %s", want)
	}
	if !slices.Contains(Stages(), r.Stage) {
		return Record{}, damaged(key, "unknown stage %q", r.Stage)
	}
	return r, nil
}
