package trigger

import (
	"context"
	"slices"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// Tell claims the telling of one (rule, window, state) to people and reports
// whether this call is the first: only the first tells. A retried pass does not
// tell twice; a kill between the claim and the message is a message lost. The
// zero window stands for what is about no window, such as a run's state.
func (l *Ledger) Tell(ctx context.Context, model string, w groundtruth.Window, rule, state string) (bool, error) {
	window := "-"
	if !w.Start.IsZero() || !w.End.IsZero() {
		window = windowPart(w)
	}
	return l.createOnce(ctx, toldDir+part(model)+"/"+window+"/"+part(rule)+"/"+part(state), struct {
		Schema int    `json:"schema"`
		Model  string `json:"model"`
		Window string `json:"window"`
		Rule   string `json:"rule"`
		State  string `json:"state"`
	}{SchemaVersion, model, window, rule, state})
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
