package trigger

import (
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
	Rule   string
	State  string
	Since  time.Time // of a breach: start of the first window of the incident that people were told of
	At     time.Time // when people were told, by the teller's clock
	Reason string
}

// toldRecord is the form in which the ledger keeps a Told. Records of old have none of the
// last three.
type toldRecord struct {
	Schema int       `json:"schema"`
	Model  string    `json:"model"`
	Window string    `json:"window"`
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
	first, err := l.createOnce(ctx, toldKey(t.Model, t.Window, t.Rule, t.State), toldRecord{
		SchemaVersion, t.Model, toldWindow(t.Window), t.Rule, t.State, t.Since.UTC(), t.At.UTC(), t.Reason,
	})
	if err == nil && (t.State == ToldBreached || t.State == ToldResolved) {
		l.indexTold(ctx, t)
	}
	return first, err
}

func toldKey(model string, w groundtruth.Window, rule, state string) string {
	return toldDir + part(model) + "/" + toldWindow(w) + "/" + part(rule) + "/" + part(state)
}

func toldWindow(w groundtruth.Window) string {
	if w.Start.IsZero() && w.End.IsZero() {
		return "-"
	}
	return windowPart(w)
}

// BreachTold returns what people were told of a breach of the rule on the window, and
// false where they were told nothing.
func (l *Ledger) BreachTold(ctx context.Context, model string, w groundtruth.Window, rule string) (Told, bool, error) {
	t, _, err := l.readBreach(ctx, model, w, rule)
	if errors.Is(err, objstore.ErrNotExist) {
		return Told{}, false, nil
	}
	return t, err == nil, err
}

// readBreach reads the telling of a breach and reports whether the record says when it
// was; those of old do not, and are read as if the incident had begun with them.
func (l *Ledger) readBreach(ctx context.Context, model string, w groundtruth.Window, rule string) (t Told, timed bool, err error) {
	var r toldRecord
	if err := l.read(ctx, toldKey(model, w, rule, ToldBreached), &r); err != nil {
		return Told{}, false, err
	}
	t = Told{Model: r.Model, Window: w, Rule: r.Rule, State: r.State, Since: r.Since, At: r.At, Reason: r.Reason}
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
		switch _, err := l.load(ctx, toldKey(model, mark.Window, rule.Name, ToldResolved)); {
		case err == nil:
			continue
		case !errors.Is(err, objstore.ErrNotExist):
			return nil, err
		}
		last, timed, err := l.readBreach(ctx, model, mark.Window, rule.Name)
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
			first, ok, err := l.breachSince(ctx, model, last.Since, rule.Name)
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
// starts at since.
func (l *Ledger) breachSince(ctx context.Context, model string, since time.Time, rule string) (Told, bool, error) {
	prefix := toldDir + part(model) + "/"
	keys, err := l.keys(ctx, prefix+since.UTC().Format(keyTimeLayout)+"_")
	if err != nil {
		return Told{}, false, err
	}
	for _, k := range keys {
		if w, of, state, ok := parseTold(prefix, k); ok && of == part(rule) && state == ToldBreached {
			return l.BreachTold(ctx, model, w, rule)
		}
	}
	return Told{}, false, nil
}

// parseTold reads the window, the rule's part and the state from the key of a telling
// of a breach or its end; false for what is something else or nobody's: what else is
// open is worth more than an error.
func parseTold(prefix, key string) (w groundtruth.Window, rule, state string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(key, prefix), "/")
	if len(parts) != 3 || parts[2] != ToldBreached && parts[2] != ToldResolved {
		return w, "", "", false
	}
	w, err := parseWindowPart(parts[0])
	return w, parts[1], parts[2], err == nil
}

// toldMark is what people were told last of a rule: of the newest window, and on one
// window of the end rather than of the breach.
type toldMark struct {
	Window   groundtruth.Window `json:"window"`
	Resolved bool               `json:"resolved"`
}

// toldMarks are the newest marks of rules, by their parts. The order in which marks are
// added makes no difference.
type toldMarks map[string]toldMark

func (m toldMarks) add(rule string, mark toldMark) {
	old, ok := m[rule]
	c := compareWindows(mark.Window, old.Window)
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
			w, rule, state, ok := parseTold(prefix, k)
			if !ok {
				continue
			}
			mark := toldMark{w, state == ToldResolved}
			marks.add(rule, mark)
			if w.Start.Before(next.Before) {
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
	index.Rules.add(part(t.Rule), toldMark{t.Window, t.State == ToldResolved})
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
