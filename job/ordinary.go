package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/objstore"
)

// OrdinaryDir holds what models' own windows tell of how ordinary windows differ, where the
// reference has no times: ordinary/MODEL/HASH, where HASH is of what a window's reading depended
// on, its grid and the layout. Passes add to it until there are enough.
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

	ref *reference // takes them for its days when there are enough
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
	switch {
	case errors.Is(err, objstore.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read what ordinary windows differ by: %w", err)
	default:
		var kept ordinary
		if err := json.Unmarshal(data, &kept); err == nil && kept.Schema == ordinarySchema && len(kept.Windows) <= ordinaryWindows {
			p.ordinary.Windows = kept.Windows
		}
	}
	if err := p.ordinary.use(); err != nil {
		p.Log.Warn("what was kept of ordinary windows cannot be used, gathering it anew", "model", p.model.Name, "err", err)
		p.ordinary.Windows = nil
	}
	return nil
}

// noteOrdinary notes how many windows are missing, where that matters: a rule that compares with
// the reference was found breached, and nobody knows whether by an ordinary bad day. The note
// is on the pass, for the next one has another number.
func (p *pass) noteOrdinary() {
	if p.ordinary == nil || len(p.ordinary.Windows) == ordinaryWindows {
		return
	}
	of := p.model.Rules().CompareWithReference()
	breached := func(r rule.Result) bool { return r.Verdict == rule.Breached && slices.Contains(of, r.Name) }
	if !slices.ContainsFunc(p.judged, func(e *evaluated) bool { return slices.ContainsFunc(e.outcome.Rules, breached) }) {
		return
	}
	why, mend := "the reference has no times", "name them in reference.columns.timestamp if it has some"
	if p.ordinary.ref.profile.Layout.HasTime {
		why, mend = "the reference's profile has no days", "make it anew with hindcast baseline"
	}
	p.note(fmt.Sprintf("what was breached may be an ordinary bad day: %s to tell one by, and of the model's own first %d mature windows, which stand in for them, %d are missing; %s",
		why, ordinaryWindows, ordinaryWindows-len(p.ordinary.Windows), mend))
}

// use takes the windows for the reference's days, where there are enough.
func (o *ordinary) use() error {
	if len(o.Windows) < ordinaryWindows {
		return nil
	}
	profile, err := o.ref.profile.WithWindows(o.Windows)
	if err != nil {
		return err
	}
	o.ref.profile = profile
	return nil
}

// keepOrdinary adds a mature window of the grid that was read and recorded, until there are
// enough; one that is there already is replaced. Where it cannot, one more is needed: no failure.
func (p *pass) keepOrdinary(ctx context.Context, e *evaluated) {
	o := p.ordinary
	if o == nil || e.reading == nil || !e.created || e.reading.summary.Predictions() == 0 {
		return
	}
	counts, ok := summary.CountsOf(e.reading.summary)
	at := slices.IndexFunc(o.Windows, func(w summary.WindowCounts) bool { return w.Start == counts.Start })
	switch {
	case !ok:
		return
	case at >= 0:
		o.Windows[at] = counts
	case len(o.Windows) == ordinaryWindows:
		return
	default:
		o.Windows = append(o.Windows, counts)
	}
	err := o.use()
	if err == nil {
		var data []byte
		if data, err = json.Marshal(o); err == nil {
			err = p.State.Write(ctx, ordinaryKey(p.model, p.layout), data)
		}
	}
	if err != nil {
		p.Log.Warn("what a window tells of ordinary ones could not be kept", "model", p.model.Name,
			"window_start", e.outcome.Window.Start, "window_end", e.outcome.Window.End, "err", err)
	}
}
