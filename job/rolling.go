package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// rolled is what a pass knows of a window for rolling references: the sums of its errors, by
// parts of it instead of time blocks, or why they cannot be had.
type rolled struct {
	readAsOf time.Time // of the reading that made them
	errors   *summary.ErrorSums
	hours    []int64 // predictions by the hour of the day; nil where that is not known
	why      string
}

// rolledOf returns what rolling references need of a window that was read as of a moment.
func rolledOf(s *summary.Summary, readAsOf time.Time) rolled {
	return rolled{readAsOf: readAsOf, errors: summary.PoolErrors([]*summary.ErrorSums{s.Errors()}), hours: s.Hours()}
}

// mostly returns the model version with most of a window's predictions, the first by name of
// equal ones, and nothing where the log has none.
func mostly(s *summary.Summary) string {
	counts := s.VersionPredictions()
	names := slices.Sorted(maps.Keys(counts))
	if len(names) == 0 {
		return ""
	}
	return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(counts[a], counts[b]) })
}

// rolling says what the rolling reference of a window that was read is made of: the newest
// windows before it that trigger.Undisturbed returns, of its version and kind, from their
// kept Summaries (semantics, section 8). It is nil where the model has none. A note says
// which could not be used. records are those of the ledger and of this pass.
func (p *pass) rolling(ctx context.Context, w planned, read *summary.Summary, records []trigger.Record) (*evaluator.RollingOptions, string, error) {
	of := p.model.Rolling()
	switch {
	case of == nil:
		return nil, "", nil
	case !w.onGrid:
		return &evaluator.RollingOptions{Reason: "the window is off the grid"}, "", nil
	}
	launches, err := p.launched(ctx)
	if err != nil {
		return nil, "", err
	}
	zone, version := p.model.Grid().Zone(), mostly(read)
	var lacks unusable
	var windows []evaluator.RollingWindow
	var parts []rolled
	tried, old := 0, false
	for _, rec := range slices.Backward(trigger.Undisturbed(records, p.rules(), launches, w.window)) {
		if of.Same.Of(rec.Window, zone) != of.Same.Of(w.window, zone) || rec.Matched == nil || *rec.Matched == 0 {
			continue
		}
		if is, known := rec.Version(); !known || is != version {
			continue
		}
		if old = !rec.Window.End.After(p.keepFrom()); old || tried == of.Windows {
			break
		}
		part, asked := p.rolledPart(ctx, rec)
		if asked {
			tried++
		}
		if part.why != "" {
			lacks.add(rec.Window, part.why)
			continue
		}
		windows = append(windows, evaluator.RollingWindow{Window: rec.Window, Revision: p.revisionOf(rec, records)})
		parts = append(parts, part)
	}
	note := lacks.rollingNote(zone)
	if len(parts) < metric.MinRolling {
		return &evaluator.RollingOptions{Reason: tooFew(len(parts), version, of, old)}, note, nil
	}
	slices.Reverse(windows)
	slices.Reverse(parts)
	out := &evaluator.RollingOptions{Windows: windows, Hours: make([]int64, len(parts[0].hours))}
	sums := make([]*summary.ErrorSums, len(parts))
	for i, part := range parts {
		sums[i] = part.errors
		if len(part.hours) != len(out.Hours) {
			out.Hours = nil // of one they are not known
		}
		for h := range out.Hours {
			out.Hours[h] += part.hours[h]
		}
	}
	out.Errors = summary.PoolErrors(sums)
	return out, note, nil
}

// tooFew says that too few windows can serve, of that version, and whether others are too old.
func tooFew(n int, version string, of *config.Rolling, old bool) string {
	which := ""
	if version != "" {
		which = " of version " + version
	}
	if of.Same != summary.NoStrata {
		which += " of the same " + string(of.Same)
	}
	text := fmt.Sprintf("of the windows before it %d can serve and it needs %d: mature ones%s without a breach or an open episode", n, metric.MinRolling, which)
	if old {
		text += "; others are older than state.keep_summaries"
	}
	return text
}

// rolledPart returns what is to be known of a recorded window. It reads the window's kept
// Summary once in a pass; asked is false where it is known without that that none serves.
func (p *pass) rolledPart(ctx context.Context, rec trigger.Record) (part rolled, asked bool) {
	switch {
	case trigger.OtherHash(rec.ReadHash, p.model.ReadHash()):
		return rolled{why: "another configuration has read it"}, false
	case rec.Layout != p.layout:
		return rolled{why: "it was counted on the layout of another reference"}, false
	}
	if r, ok := p.rolled[rec.Window.Start.Unix()]; ok && r.readAsOf.Equal(rec.WasReadAsOf()) {
		return r, true
	}
	r := rolled{readAsOf: rec.WasReadAsOf()}
	kept, _, err := p.keptSummary(ctx, rec)
	switch {
	case err == nil:
		r = rolledOf(kept.summary, r.readAsOf)
	case errors.Is(err, objstore.ErrNotExist):
		r.why = "no Summary of it is kept"
	default:
		r.why = "its Summary cannot be used: " + p.Secrets.Text(err.Error())
	}
	p.keepRolled(rec.Window, r)
	return r, true
}

// roll keeps the errors of a window that was judged as mature for the rolling references of
// those after it.
func (p *pass) roll(w planned, readAsOf time.Time, read *summary.Summary) {
	if p.model.Rolling() != nil && w.onGrid && w.stage == trigger.StageMature {
		p.keepRolled(w.window, rolledOf(read, readAsOf))
	}
}

// keepRolled keeps what is known of a window: of each kind twice as many windows as a
// rolling reference has, the newest.
func (p *pass) keepRolled(w groundtruth.Window, r rolled) {
	of, zone := p.model.Rolling(), p.model.Grid().Zone()
	if p.rolled == nil {
		p.rolled = map[int64]rolled{}
	}
	p.rolled[w.Start.Unix()] = r
	kind := of.Same.Of(w, zone)
	var same []int64
	for start := range p.rolled {
		if of.Same.Of(p.model.Grid().Containing(time.Unix(start, 0)), zone) == kind {
			same = append(same, start)
		}
	}
	if len(same) > 2*of.Windows {
		delete(p.rolled, slices.Min(same))
	}
}

// revisionOf returns the revision of a window's record, for those of this pass too: the one
// that it has or is going to have in the ledger, 0 where it has none.
func (p *pass) revisionOf(rec trigger.Record, records []trigger.Record) int {
	if rec.Revision != trigger.Unrecorded {
		return rec.Revision
	}
	for _, e := range p.judged {
		if !e.outcome.Window.Equal(rec.Window) || e.outcome.Stage != rec.Stage {
			continue
		}
		if e.outcome.Revision > 0 || !p.effects.write || e.unrecorded {
			return e.outcome.Revision
		}
		newest := 0
		for _, r := range records {
			if r.Window.Equal(rec.Window) && r.Revision != trigger.Unrecorded {
				newest = max(newest, r.Revision)
			}
		}
		return newest + 1
	}
	return 0
}

// rollingNote says of all of them together that a rolling reference lacks them.
func (u *unusable) rollingNote(zone groundtruth.Zone) string {
	if len(u.windows) == 0 {
		return ""
	}
	newest, why := u.windows[0].Text(zone, "/"), u.why[0] // they come newest first
	if len(u.windows) == 1 {
		return fmt.Sprintf("the rolling reference lacks a window, %s: %s", newest, why)
	}
	return fmt.Sprintf("the rolling reference lacks %d windows: of the newest, %s, %s", len(u.windows), newest, why)
}
