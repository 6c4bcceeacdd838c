package job

import (
	"context"
	"slices"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// decideEarlier decides again on windows of earlier passes that are the newest a rule
// was judged on: where its streak became longer since, for the gap before the window was
// closed; and where a retraining rule still acts, for a run that failed may be followed
// by the next attempt without new windows.
func (p *pass) decideEarlier(ctx context.Context, done map[groundtruth.Window]bool, states []trigger.RuleState, records []trigger.Record, launches []trigger.LaunchStatus, claims []trigger.Claim) error {
	for _, s := range states {
		longer := p.lengthened(states, s.Window)
		if done[s.Window] || !longer && !(s.Acts && s.Action == rule.ActionRetrain) {
			continue
		}
		done[s.Window] = true
		d := trigger.Decide(p.input(s.Window, states, records, launches, claims))
		if !longer && (d.Action != trigger.ActionRetrain || d.RunID != "") {
			continue
		}
		i := slices.IndexFunc(records, func(rec trigger.Record) bool { return rec.Window == s.Window && rec.Stage == s.Stage })
		if i < 0 {
			continue
		}
		whole, err := p.Ledger.Whole(ctx, records[i:i+1])
		if err != nil {
			return err
		}
		e := &evaluated{versions: whole[0].Versions}
		if e.outcome, err = recordedOutcome(whole[0]); err != nil {
			return err
		}
		if longer {
			e.outcome.Rules = trigger.Mark(trigger.Streaks(p.model.Grid(), records, s.Window, e.outcome.Rules), states, s.Window)
		}
		e.outcome.Rules = trigger.AsConfigured(e.outcome.Rules, states)
		err = p.act(ctx, &d, e)
		e.outcome.Decision = d
		p.redecided = append(p.redecided, e)
		if err != nil {
			return err
		}
		if err := p.amend(ctx, whole[0], e, longer); err != nil {
			return err
		}
		p.Log.Info("decision on an earlier window", "model", p.model.Name, "window_start", s.Window.Start, "window_end", s.Window.End,
			"action", string(d.Action), "reason", d.Reason, "run_id", d.RunID)
	}
	return nil
}

// lengthened reports whether the streak of a rule whose newest verdict is on the window
// is longer than its record says. A look leaves that to the next pass, which may act.
func (p *pass) lengthened(states []trigger.RuleState, w groundtruth.Window) bool {
	return !p.opt.looks() && slices.ContainsFunc(states, func(s trigger.RuleState) bool { return s.Lengthened && s.Window == w })
}

// amend records, as that window's newest revision, what an earlier window was decided
// on again: its longer streak, or the run that was started for it.
func (p *pass) amend(ctx context.Context, old trigger.Record, e *evaluated, longer bool) error {
	if !p.effects.write || !longer && e.outcome.Decision.RunID == "" {
		return nil
	}
	old.Decision, old.Rules = e.outcome.Decision, e.outcome.Rules
	return p.append(ctx, old, e)
}
