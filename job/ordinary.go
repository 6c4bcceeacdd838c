package job

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// OrdinaryDir holds what models' own windows tell of how ordinary windows differ, where the
// reference has no times: ordinary/MODEL/HASH, where HASH is of what a window's reading depended
// on, its grid and the layout. Passes add to it until there are enough; a backfill does not.
const OrdinaryDir = "ordinary/"

const (
	// ordinarySchema is the version of these objects. Others are not used.
	ordinarySchema = 1
	// ordinaryWindows is how many windows it takes.
	ordinaryWindows = 28
)

// ordinary is what a pass knows of a model's first mature windows, and the form in which it
// is kept.
type ordinary struct {
	Schema  int                    `json:"schema"`
	Windows []summary.WindowCounts `json:"windows"` // at most ordinaryWindows, in the order in which they were judged

	changed  bool       // since they were kept
	ref      *reference // whose days they stand in for
	standsIn *reference // ref with them for its days; nil until there are enough
}

// ordinaryKey is where passes keep them.
func ordinaryKey(m *config.Model, layout string) string {
	sum := sha256.Sum256([]byte(m.ReadHash() + " " + m.Grid().String() + " " + layout))
	return OrdinaryDir + m.Name + "/" + hex.EncodeToString(sum[:8])
}

// loadOrdinary gives a reference whose days are not known the model's own windows in their
// place, where rules compare with it and there are enough of them.
func (p *pass) loadOrdinary(ctx context.Context, ref *reference) error {
	if ref == nil || ref.profile.Days != nil || len(p.model.Rules().CompareWithReference()) == 0 {
		return nil
	}
	p.ordinary = &ordinary{Schema: ordinarySchema, ref: ref}
	data, err := p.State.Read(ctx, ordinaryKey(p.model, p.layout))
	if err != nil && !errors.Is(err, objstore.ErrNotExist) {
		return fmt.Errorf("read what ordinary windows differ by: %w", err)
	}
	if err == nil {
		if err = p.ordinary.decode(data); err == nil {
			return nil
		}
		p.Log.Warn("what was kept of ordinary windows cannot be used, gathering it anew", "model", p.model.Name, "err", err)
	}
	return p.gatherOrdinary(ctx)
}

// decode takes what was kept.
func (o *ordinary) decode(data []byte) error {
	var kept ordinary
	if err := json.Unmarshal(data, &kept); err != nil {
		return err
	}
	if kept.Schema != ordinarySchema || len(kept.Windows) > ordinaryWindows {
		return errors.New("it is of another version")
	}
	o.Windows = kept.Windows
	err := o.use()
	if err != nil {
		o.Windows = nil
	}
	return err
}

// gatherOrdinary takes the oldest windows whose Summaries are kept: those that were read before
// there was anything else of them, or by a backfill. That is done once, for the pass that does it
// keeps what they tell.
func (p *pass) gatherOrdinary(ctx context.Context) error {
	keys, err := p.keptSummaries(ctx)
	if err != nil {
		return err
	}
	// Those of another grid, or read in another way, end otherwise.
	own := summaryKey(p.model, groundtruth.Window{})
	own = own[strings.LastIndexByte(own, '-'):]
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !strings.HasSuffix(key, own) || len(p.ordinary.Windows) == ordinaryWindows {
			continue
		}
		data, err := p.State.Read(ctx, key)
		if errors.Is(err, objstore.ErrNotExist) {
			continue // pruned since it was listed
		}
		if err != nil {
			return fmt.Errorf("read a kept Summary: %w", err)
		}
		if k, read, err := decodeKept(data); err == nil && k.of(p.model, k.Window) && layoutID(read.Layout()) == p.layout {
			p.addOrdinary(planned{window: k.Window, stage: trigger.StageMature, onGrid: true}, read)
		}
	}
	return nil
}

// noteOrdinary notes what ordinaryNotes has. It is a remark on a breach, which is told by itself.
func (p *pass) noteOrdinary(o *Outcome) {
	for _, note := range p.ordinaryNotes(o) {
		o.Notes = append(slices.Clip(o.Notes), note)
		p.Log.Info(Noted, "model", p.model.Name, "window_start", o.Window.Start, "window_end", o.Window.End, "note", note)
	}
}

// ordinaryNotes say how many windows before this one are missing, and which hours it lacks of a
// day, where that matters: a rule that compares with the reference was found breached, and
// nobody knows whether by an ordinary bad day, or by half a day.
func (p *pass) ordinaryNotes(o *Outcome) []string {
	if p.ordinary == nil {
		return nil
	}
	of := p.model.Rules().CompareWithReference()
	if !slices.ContainsFunc(o.Rules, func(r rule.Result) bool { return r.Verdict == rule.Breached && slices.Contains(of, r.Name) }) {
		return nil
	}
	missing := ordinaryWindows
	for _, w := range p.ordinary.Windows {
		if w.Start < o.Window.Start.UnixNano() {
			missing--
		}
	}
	if missing == 0 {
		return nil
	}
	why, mend := "the reference has no times to tell by", "name them in `reference.columns.timestamp` if it has some"
	if p.ordinary.ref.profile.Layout.HasTime {
		why, mend = "the reference's profile has no days to tell by", "make it anew with hindcast baseline"
	}
	notes := []string{fmt.Sprintf("this may be an ordinary bad day: %s, and of the model's own first %d mature windows, which stand in for them, %d are missing; %s",
		why, ordinaryWindows, missing, mend)}
	if hours := o.Reference.UnknownHours; len(hours) > 0 {
		notes = append(notes, fmt.Sprintf("there are no rows from %s, and %s whether there should be: the window is compared as a whole one", evaluator.HoursText(hours), why))
	}
	return notes
}

// use makes the reference that has the windows for its days, where there are enough.
func (o *ordinary) use() error {
	if len(o.Windows) < ordinaryWindows {
		return nil
	}
	profile, err := o.ref.profile.WithWindows(o.Windows)
	if err != nil {
		return err
	}
	standsIn := *o.ref
	standsIn.profile = profile
	o.standsIn = &standsIn
	return nil
}

// compared returns what a window is compared with: the reference with the model's own windows
// for its days where all of them come before the window and were mature at the moment from
// which on it is judged in its stage. So it does not depend on which pass judges it.
func (p *pass) compared(ref *reference, w planned) *reference {
	o := p.ordinary
	if o == nil || o.standsIn == nil {
		return ref
	}
	newest := slices.MaxFunc(o.Windows, func(a, b summary.WindowCounts) int { return cmp.Compare(a.Start, b.Start) })
	start := time.Unix(0, newest.Start)
	known := start.Add(w.window.End.Sub(w.window.Start))
	if w.stage != trigger.StageMature {
		known = known.Add(p.model.GroundTruth.Delay)
	}
	if !start.Before(w.window.Start) || known.After(w.window.End) {
		return ref
	}
	return o.standsIn
}

// addOrdinary adds a mature window of the grid that was judged, until there are enough; one that
// is there already is replaced.
func (p *pass) addOrdinary(w planned, read *summary.Summary) {
	o := p.ordinary
	if o == nil || !w.onGrid || w.stage != trigger.StageMature || read.Predictions() == 0 {
		return
	}
	counts, ok := summary.CountsOf(read)
	at := slices.IndexFunc(o.Windows, func(w summary.WindowCounts) bool { return w.Start == counts.Start })
	switch {
	case !ok, at < 0 && len(o.Windows) == ordinaryWindows:
		return
	case at >= 0:
		o.Windows[at] = counts
	default:
		o.Windows = append(o.Windows, counts)
	}
	o.changed = true
	if err := o.use(); err != nil {
		p.Log.Warn("what windows tell of ordinary ones cannot be used", "model", p.model.Name, "err", err)
	}
}

// keepOrdinary keeps the windows for later passes. Where it cannot, they need others: no failure.
func (p *pass) keepOrdinary(ctx context.Context) {
	o := p.ordinary
	if o == nil || !o.changed || p.replays {
		return
	}
	data, err := json.Marshal(o)
	if err == nil {
		err = p.State.Write(ctx, ordinaryKey(p.model, p.layout), data)
	}
	if err != nil {
		p.Log.Warn("what windows tell of ordinary ones could not be kept", "model", p.model.Name, "err", err)
		return
	}
	o.changed = false
}
