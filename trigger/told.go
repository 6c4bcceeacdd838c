package trigger

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// What people are told of a rule on a window.
const (
	ToldBreached = "breached"
	ToldResolved = "resolved"
)

// Told is something that people were told.
type Told struct {
	Model  string
	Window groundtruth.Window // the zero window stands for what is about no window, such as a run's state
	Grid   string             // the name of the grid whose window it is; empty where the interval tells it, and off the grid
	Rule   string
	State  string
	Since  time.Time // of a breach: start of the first window of the incident that people were told of
	At     time.Time // when people were told, by the teller's clock
	Reason string
}

// toldRecord is the form in which the ledger keeps a Told. Records of old have no times
// and no reason.
type toldRecord struct {
	Schema int       `json:"schema"`
	Model  string    `json:"model"`
	Window string    `json:"window"`
	Grid   string    `json:"grid,omitempty"` // where the interval does not tell it
	Rule   string    `json:"rule"`
	State  string    `json:"state"`
	Since  time.Time `json:"since,omitzero"`
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// Tell claims the telling of one (rule, window, state) to people and reports
// whether this call is the first: only the first tells. A retried pass does not
// tell twice; a kill between the claim and the message is a message lost.
func (l *Ledger) Tell(ctx context.Context, t Told) (bool, error) {
	at := placeOf(t.Window, t.Grid)
	first, err := l.createOnce(ctx, toldKey(t.Model, at, t.Rule, t.State), toldRecord{
		SchemaVersion, t.Model, toldPlace(at), GridBeside(t.Window, t.Grid), t.Rule, t.State, t.Since.UTC(), t.At.UTC(), t.Reason,
	})
	if err == nil && (t.State == ToldBreached || t.State == ToldResolved) {
		l.indexTold(ctx, t)
	}
	return first, err
}

// WasTold reports whether the telling was claimed.
func (l *Ledger) WasTold(ctx context.Context, t Told) (bool, error) {
	_, err := l.load(ctx, toldKey(t.Model, placeOf(t.Window, t.Grid), t.Rule, t.State))
	if errors.Is(err, objstore.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func toldKey(model string, at place, rule, state string) string {
	return toldDir + part(model) + "/" + toldPlace(at) + "/" + part(rule) + "/" + part(state)
}

func toldPlace(at place) string {
	if at.window.Start.IsZero() && at.window.End.IsZero() {
		return "-"
	}
	return at.String()
}

// BreachTold returns what people were told of a breach of the rule on the window of a
// grid, and false where they were told nothing.
func (l *Ledger) BreachTold(ctx context.Context, model, grid string, w groundtruth.Window, rule string) (Told, bool, error) {
	t, _, err := l.readBreach(ctx, model, placeOf(w, grid), rule)
	if errors.Is(err, objstore.ErrNotExist) {
		return Told{}, false, nil
	}
	return t, err == nil, err
}

// readBreach reads the telling of a breach and reports whether the record says when it
// was; those of old do not, and are read as if the incident had begun with them.
func (l *Ledger) readBreach(ctx context.Context, model string, at place, rule string) (t Told, timed bool, err error) {
	var r toldRecord
	if err := l.read(ctx, toldKey(model, at, rule, ToldBreached), &r); err != nil {
		return Told{}, false, err
	}
	w := at.window
	t = Told{Model: r.Model, Window: w, Grid: r.Grid, Rule: r.Rule, State: r.State, Since: r.Since, At: r.At, Reason: r.Reason}
	if t.Since.IsZero() {
		t.Since = w.Start.UTC()
	}
	if timed = !t.At.IsZero(); !timed {
		t.At = w.End.UTC()
	}
	return t, timed, nil
}

// OpenBreach is a breach that people were told of and not yet of its end: First was
// the first telling of it, Last the newest.
type OpenBreach struct{ First, Last Told }

// OpenBreaches returns the breaches of a model that people know of and that are not
// over, by rule. Only the rules that are given are looked at. It asks for the marks of
// the windows up to newest one by one, and for those of windows before settled, of
// which people are not told any more in the ordinary course, all at once.
func (l *Ledger) OpenBreaches(ctx context.Context, model string, rules []Rule, newest groundtruth.Window, settled time.Time) (map[string]OpenBreach, error) {
	marks, err := l.newestTold(ctx, model, newest, settled)
	if err != nil {
		return nil, err
	}
	out := map[string]OpenBreach{}
	for _, rule := range rules {
		mark, ok := marks[part(rule.Name)]
		if !ok || mark.Resolved {
			continue
		}
		// The end of a breach is told on its last window, and the index may have missed that.
		switch _, err := l.load(ctx, toldKey(model, mark.place(), rule.Name, ToldResolved)); {
		case err == nil:
			continue
		case !errors.Is(err, objstore.ErrNotExist):
			return nil, err
		}
		last, timed, err := l.readBreach(ctx, model, mark.place(), rule.Name)
		switch {
		case errors.Is(err, objstore.ErrNotExist):
			continue // deleted since it was listed
		case err != nil:
			return nil, err
		case !timed:
			continue // told before recoveries were: it may be over for long
		}
		b := OpenBreach{First: last, Last: last}
		if !last.Since.Equal(mark.Window.Start) {
			first, ok, err := l.breachSince(ctx, model, last.Since, rule.Name, mark.Grid)
			if err != nil {
				return nil, err
			}
			if ok {
				b.First = first
			}
		}
		out[rule.Name] = b
	}
	return out, nil
}

// breachSince returns what people were told of a breach of the rule on the window that
// starts at since: of the grid that a place names, or of the one before, on which a breach
// may have begun.
func (l *Ledger) breachSince(ctx context.Context, model string, since time.Time, rule, grid string) (Told, bool, error) {
	prefix := toldDir + part(model) + "/"
	keys, err := l.keys(ctx, prefix+since.UTC().Format(KeyTime)+"_")
	if err != nil {
		return Told{}, false, err
	}
	var found []place
	for _, k := range keys {
		if at, of, state, ok := parseTold(prefix, k); ok && of == part(rule) && state == ToldBreached {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		return Told{}, false, nil
	}
	i := max(0, slices.IndexFunc(found, func(at place) bool { return at.grid == grid }))
	t, _, err := l.readBreach(ctx, model, found[i], rule)
	if errors.Is(err, objstore.ErrNotExist) {
		return Told{}, false, nil // deleted since it was listed
	}
	return t, err == nil, err
}

// parseTold reads the window with its grid, the rule's part and the state from the key of a telling
// of a breach or its end; false for what is something else or nobody's: what else is
// open is worth more than an error.
func parseTold(prefix, key string) (at place, rule, state string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(key, prefix), "/")
	if len(parts) != 3 || parts[2] != ToldBreached && parts[2] != ToldResolved {
		return at, "", "", false
	}
	at, err := parsePlace(parts[0])
	return at, parts[1], parts[2], err == nil
}

// toldMark is what people were told last of a rule: of the newest window, and on one
// window of the end rather than of the breach.
type toldMark struct {
	Window   groundtruth.Window `json:"window"`
	Grid     string             `json:"grid,omitempty"` // as in a place
	Resolved bool               `json:"resolved"`
}

func markOf(at place, state string) toldMark {
	return toldMark{at.window, at.grid, state == ToldResolved}
}

func (m toldMark) place() place { return place{m.Window, m.Grid} }

// toldMarks are the newest marks of rules, by their parts. The order in which marks are
// added makes no difference.
type toldMarks map[string]toldMark

func (m toldMarks) add(rule string, mark toldMark) {
	old, ok := m[rule]
	c := cmp.Or(compareWindows(mark.Window, old.Window), cmp.Compare(mark.Grid, old.Grid))
	if !ok || c > 0 || c == 0 && mark.Resolved {
		m[rule] = mark
	}
}

// toldIndex is the part of the index about tellings: what all marks of windows that
// start before Before come to.
type toldIndex struct {
	Schema int       `json:"schema"`
	Before time.Time `json:"before"`
	Rules  toldMarks `json:"rules"`
}

func toldIndexKey(model string) string { return indexDir + part(model) + "/told" }

// newestTold returns the newest mark of every rule: of old windows from the index, of
// the others from listings, an era each. Without an index it lists all.
func (l *Ledger) newestTold(ctx context.Context, model string, newest groundtruth.Window, settled time.Time) (toldMarks, error) {
	var index toldIndex
	if err := l.readIndex(ctx, toldIndexKey(model), &index); err != nil {
		return nil, err
	}
	prefix := toldDir + part(model) + "/"
	digits := eraDigits(newest)
	eras := []string{""}
	if index.Rules != nil {
		eras = erasToList(index.Before, newest.Start, digits)
	}
	// The index is brought forward to the era of settled.
	next := toldIndex{Schema: SchemaVersion, Before: eraStart(eraOf(settled, digits)), Rules: toldMarks{}}
	marks := toldMarks{}
	for rule, mark := range index.Rules {
		next.Rules.add(rule, mark)
		marks.add(rule, mark)
	}
	for _, era := range eras {
		keys, err := l.keys(ctx, prefix+era)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			at, rule, state, ok := parseTold(prefix, k)
			if !ok {
				continue
			}
			mark := markOf(at, state)
			marks.add(rule, mark)
			if at.window.Start.Before(next.Before) {
				next.Rules.add(rule, mark)
			}
		}
	}
	if next.Before.After(index.Before) {
		l.writeIndex(ctx, toldIndexKey(model), next)
	}
	return marks, nil
}

// indexTold adds a telling of an old window to the index, which listings leave out.
// That it could not is no reason not to tell.
func (l *Ledger) indexTold(ctx context.Context, t Told) {
	var index toldIndex
	err := l.readIndex(ctx, toldIndexKey(t.Model), &index)
	if err != nil || index.Rules == nil || !t.Window.Start.Before(index.Before) {
		return
	}
	index.Rules.add(part(t.Rule), markOf(placeOf(t.Window, t.Grid), t.State))
	l.writeIndex(ctx, toldIndexKey(t.Model), index)
}

// Suggestion is a run that mode suggest would have started.
type Suggestion struct {
	Schema  int                `json:"schema"`
	Key     string             `json:"key"`
	Model   string             `json:"model"`
	Window  groundtruth.Window `json:"window"`
	Rule    string             `json:"rule"`
	Episode time.Time          `json:"episode"`
	Attempt int                `json:"attempt"`
	Reason  string             `json:"reason"`
	At      time.Time          `json:"at"`
}

// Suggest records a suggestion once per key and reports whether this call is the
// first. It leaves the key free: a run of it can still be started.
func (l *Ledger) Suggest(ctx context.Context, s Suggestion) (bool, error) {
	s.Schema = SchemaVersion
	return l.createOnce(ctx, suggestionsDir+s.Key, s)
}

// Suggestions returns the model's suggestions, by time.
func (l *Ledger) Suggestions(ctx context.Context, model string) ([]Suggestion, error) {
	keys, err := l.modelKeys(ctx, suggestionsDir, model)
	if err != nil {
		return nil, err
	}
	out := make([]Suggestion, len(keys))
	for i, k := range keys {
		if err := l.read(ctx, k, &out[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return a.At.Compare(b.At) })
	return out, nil
}
