package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// record turns an evaluated window into what the ledger keeps, but for its Output.
func (p *pass) record(e *evaluated) trigger.Record {
	o := e.outcome
	rec := trigger.Record{
		Model: o.Model, Window: o.Window, OnGrid: o.OnGrid, Grid: p.grid(o.OnGrid), Stage: o.Stage,
		Revision: trigger.Unrecorded,
		AsOf:     o.AsOf, RecordedAt: p.Clock().UTC(), PolicyHash: p.model.PolicyHash(),
		Verdict: o.Verdict, Rules: o.Rules, Versions: e.versions, Mostly: e.mostly, Inputs: e.inputs, Decision: o.Decision,
		ReadHash: p.model.ReadHash(), RulesHash: p.model.RulesHash(), Layout: p.layout,
		Predictions: &o.Coverage.Predictions, Matched: o.Coverage.Matched, BreachedAsOf: e.breachedAsOf,
		Estimate: estimateOf(&o),
	}
	if e.again != nil {
		rec.JudgedAgain = e.again.revision
	}
	if !e.readAsOf.Equal(o.AsOf) {
		rec.ReadAsOf = e.readAsOf
	}
	return rec
}

// append records a window with its decision and with the outcome as it is printed, and
// puts the revision into the outcome. The Summary that it was judged by is kept with it. A
// dry run records nothing, and a backfill nothing that is there.
func (p *pass) append(ctx context.Context, rec trigger.Record, e *evaluated) error {
	if !p.effects.write || e.unrecorded {
		return nil
	}
	var err error
	if rec.Output, err = json.Marshal(e.outcome); err != nil {
		return fmt.Errorf("encode evaluation: %w", err)
	}
	record := p.Ledger.Append
	if p.replays {
		record = p.Ledger.AppendMissing
	}
	rec, e.created, err = record(ctx, rec)
	if e.created { // though a mark of it may be missing, a later run takes it as it is
		p.keepOrdinary(ctx)
		p.keepSummary(ctx, e)
	}
	if err != nil {
		return err
	}
	if p.replays && !e.created { // a pass has recorded it since the backfill began
		e.unrecorded = true
		return nil
	}
	e.outcome.Revision = rec.Revision
	return nil
}

// recordedOutcome returns the outcome that append recorded, in this version or an earlier
// one. What a later version has added to it is passed over.
func recordedOutcome(rec trigger.Record) (Outcome, error) {
	var o Outcome
	if err := json.Unmarshal(rec.Output, &o); err != nil {
		return o, fmt.Errorf("read recorded evaluation of %s: %w", rec.Window, err)
	}
	return o, nil
}

// recent reads the records that streaks, decisions and rolling references rest on. How far back a streak
// goes shows only in the records, for inconclusive windows count for nothing: it
// reads on until every rule's streak has ended, the newest one and the one that ends
// right before the oldest window that is judged, which may be in a gap. For a rolling
// reference it reads on as far back as Summaries are kept, and for estimates until there are
// windows enough that score them.
func (p *pass) recent(ctx context.Context, launches []trigger.LaunchStatus, oldest groundtruth.Window) ([]trigger.Record, error) {
	m := p.model
	atLeast := m.CatchUp + longestStreak(m)
	if mature := m.Grid().LastMature(p.asOf, m.GroundTruth.Delay); mature.Start.Before(oldest.Start) {
		oldest = mature // a rule that needs labels was judged there last
	}
	records, err := p.Ledger.Recent(ctx, m.Name, m.Grid().String(), p.newestClosed(), oldest, p.rules(), launches, func(records []trigger.Record) bool {
		return len(records) >= atLeast && p.enoughEstimates(records) && streaksEnd(m.Grid(), records, p.rules(), oldest) &&
			(m.Rolling() == nil || !records[0].Window.End.After(p.keepFrom()))
	})
	return slices.Concat(p.beside, records), err
}

// newestClosed returns the newest window of the grid that may have a record: a look at the
// past sees what was recorded since.
func (p *pass) newestClosed() groundtruth.Window {
	now := p.now()
	if p.asOf.After(now) {
		now = p.asOf
	}
	return p.model.Grid().LastClosed(now)
}

// longestStreak returns how many windows the streak of the slowest rule needs to act.
func longestStreak(m *config.Model) int {
	longest := 1
	for _, rule := range m.RuleSpecs() {
		longest = max(longest, rule.For)
	}
	return longest
}

// streaksEnd reports whether the streak of every rule that goes on in the newest records,
// or right before a window, began after the oldest of them. records are in the order of
// their windows.
func streaksEnd(grid groundtruth.Grid, records []trigger.Record, rules []trigger.Rule, before groundtruth.Window) bool {
	if !before.Start.After(records[0].Window.Start) {
		return false
	}
	for _, of := range rules {
		verdicts := map[groundtruth.Window]rule.Verdict{}
		var w groundtruth.Window
		for _, record := range records {
			for _, result := range record.Rules {
				if result.Name == of.Name {
					verdicts[record.Window], w = result.Verdict, record.Window
				}
			}
		}
		if len(verdicts) == 0 {
			return false // it was judged further back, or never
		}
		for _, w := range []groundtruth.Window{w, grid.Prev(before)} {
			for v, judged := verdicts[w]; judged && v != rule.Healthy; v, judged = verdicts[w] {
				if !w.Start.After(records[0].Window.Start) {
					return false
				}
				w = grid.Prev(w)
			}
		}
	}
	return true
}
