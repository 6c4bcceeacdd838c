package trigger

import (
	"context"
	"errors"
	"maps"
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

// toldRecord is Told in the ledger. Records of old have none of the last three.
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
	return l.createOnce(ctx, toldKey(t.Model, t.Window, t.Rule, t.State), toldRecord{
		SchemaVersion, t.Model, toldWindow(t.Window), t.Rule, t.State, t.Since.UTC(), t.At.UTC(), t.Reason,
	})
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
// over, by rule. Only the rules that are given are looked at.
func (l *Ledger) OpenBreaches(ctx context.Context, model string, rules []Rule) (map[string]OpenBreach, error) {
	prefix := toldDir + part(model) + "/"
	keys, err := l.keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	type told struct {
		window             groundtruth.Window
		breached, resolved bool
	}
	byRule := map[string]map[groundtruth.Window]told{}
	for _, k := range keys {
		parts := strings.Split(strings.TrimPrefix(k, prefix), "/")
		if len(parts) != 3 || parts[2] != ToldBreached && parts[2] != ToldResolved {
			continue // of something else
		}
		w, err := parseWindowPart(parts[0])
		if err != nil {
			continue // of nobody's: what else is open is worth more than an error
		}
		of := byRule[parts[1]]
		if of == nil {
			of = map[groundtruth.Window]told{}
			byRule[parts[1]] = of
		}
		t := of[w]
		t.window, t.breached, t.resolved = w, t.breached || parts[2] == ToldBreached, t.resolved || parts[2] == ToldResolved
		of[w] = t
	}
	out := map[string]OpenBreach{}
	for _, rule := range rules {
		var last groundtruth.Window
		open := false
		tellings := slices.SortedFunc(maps.Values(byRule[part(rule.Name)]), func(a, b told) int { return compareWindows(a.window, b.window) })
		for _, t := range tellings {
			if t.breached {
				open, last = true, t.window
			}
			if t.resolved {
				open = false
			}
		}
		if !open {
			continue
		}
		newest, timed, err := l.readBreach(ctx, model, last, rule.Name)
		switch {
		case errors.Is(err, objstore.ErrNotExist):
			continue // deleted since it was listed
		case err != nil:
			return nil, err
		case !timed:
			continue // told before recoveries were: it may be over for long
		}
		b := OpenBreach{First: newest, Last: newest}
		for _, t := range tellings {
			if !t.breached || t.window == last || !t.window.Start.Equal(newest.Since) {
				continue
			}
			first, ok, err := l.BreachTold(ctx, model, t.window, rule.Name)
			if err != nil {
				return nil, err
			}
			if ok {
				b.First = first
			}
			break
		}
		out[rule.Name] = b
	}
	return out, nil
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
