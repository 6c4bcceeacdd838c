package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// DefaultStory is how many windows a Story goes back where nobody says how many. Nobody may
// ask for more than trigger.Farthest.
const DefaultStory = 365

// NothingRecordedError says that the ledger holds no window that a Story could be about.
type NothingRecordedError struct{ Model string }

// Error implements error.
func (e *NothingRecordedError) Error() string {
	return fmt.Sprintf("nothing is recorded of %s yet: hindcast run judges its newest windows, and hindcast run --from DATE those since a date", e.Model)
}

// Story loads what the state holds of a model up to a window, at most the last windows of
// the grid; nil is the newest window that has its labels, or the newest one where none has.
//
// It reads no rows and builds no profile. It costs what trigger.Ledger.Shown does, a request for
// each window mostly; those for started and suggested runs; and a few for the window's Summary
// and the profile.
func (r *Runner) Story(ctx context.Context, m *config.Model, w *groundtruth.Window, last int) (Story, error) {
	t := newStoryteller(r, m)
	if err := t.read(ctx, w, last); err != nil {
		return Story{}, err
	}
	switch {
	case w != nil && !m.Grid().OnGrid(*w):
		found, ok, err := r.Ledger.ShownOffGrid(ctx, m.Name, *w)
		if err != nil {
			return Story{}, err
		}
		if !ok {
			return Story{}, t.unknown(ctx, *w)
		}
		told, err := toldOf(found)
		if err != nil {
			return Story{}, err
		}
		t.told = append(t.told, told)
	case w != nil && (len(t.told) == 0 || !t.told[len(t.told)-1].Window.Equal(*w)):
		return Story{}, t.unknown(ctx, *w)
	case len(t.told) == 0:
		return Story{}, &NothingRecordedError{m.Name}
	}
	return t.story(ctx, t.told[max(0, len(t.told)-last):], t.newer, nil)
}

// Lines returns, of the newest n windows of the model's grid, the records that people are shown,
// oldest first and without inputs and outputs: the newest revision, or the newest mature one
// where the newest judged the window as closed only. Lists are made of them.
func (r *Runner) Lines(ctx context.Context, m *config.Model, n int) ([]trigger.Record, error) {
	grid := m.Grid()
	records, err := r.Ledger.LastWindows(ctx, m.Name, grid.LastClosed(r.Clock()), n)
	if err != nil {
		return nil, err
	}
	return trigger.ShownOf(slices.DeleteFunc(records, func(rec trigger.Record) bool { return rec.GridName() != grid.String() })), nil
}

// unknown says of a window without a record which windows there are: those around it, or where
// it lies far from all, the newest.
func (t *storyteller) unknown(ctx context.Context, w groundtruth.Window) error {
	grid := t.model.Grid()
	zone := grid.Zone()
	var spans []groundtruth.Window
	for _, told := range slices.Concat(t.told, t.newer) {
		spans = append(spans, told.Window)
	}
	where := "around it there are"
	if len(spans) == 0 {
		lines, err := t.Lines(ctx, t.model, DefaultStory)
		if err != nil {
			return err
		}
		for _, line := range lines {
			spans = append(spans, line.Window)
		}
		where = "far from it there are"
	}
	if len(spans) == 0 {
		return &NothingRecordedError{t.model.Name}
	}
	span := groundtruth.Window{Start: spans[0].Start, End: spans[len(spans)-1].End}
	near := ""
	if !grid.OnGrid(w) {
		near = fmt.Sprintf(" (it is none of the model's windows of %s; %s is)", grid, grid.Containing(w.Start).Text(zone, "/"))
	}
	return fmt.Errorf("no evaluation of %s for the window %s is recorded%s; %s %d from %s: hindcast history lists all, and hindcast run --window %s judges this one",
		t.model.Name, w.Text(zone, "/"), near, where, len(spans), span.Text(zone, " to "), w.Format(zone, "2006-01-02T15:04:05Z07:00", "/"))
}

// storyteller makes Stories of a model. What they share it reads once.
type storyteller struct {
	*Runner
	model       *config.Model
	told, newer []Told // windows of the grid as trigger.Ledger.Shown returns them
	runs        []trigger.LaunchStatus
	suggestions []trigger.Suggestion
	profiles    map[string]foundProfile // by the ID of their layout
}

// foundProfile is a reference's profile, or why there is none.
type foundProfile struct {
	profile *summary.Profile
	why     string
}

func newStoryteller(r *Runner, m *config.Model) *storyteller {
	return &storyteller{Runner: r, model: m, profiles: map[string]foundProfile{}}
}

// read reads the windows up to one, and the model's runs.
func (t *storyteller) read(ctx context.Context, at *groundtruth.Window, last int) error {
	name := t.model.Name
	upTo, after, err := t.Ledger.Shown(ctx, name, t.model.Grid().String(), t.model.Grid().LastClosed(t.Clock()), at, last)
	if err != nil {
		return err
	}
	if t.told, err = toldOfEach(upTo); err != nil {
		return err
	}
	if t.newer, err = toldOfEach(after); err != nil {
		return err
	}
	if t.runs, err = t.Ledger.Launches(ctx, name); err != nil {
		return err
	}
	t.suggestions, err = t.Ledger.Suggestions(ctx, name)
	return err
}

// toldOfEach reads the outcomes of records, on several threads: they are most of the work.
func toldOfEach(shown []trigger.Shown) ([]Told, error) {
	out := make([]Told, len(shown))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range shown {
		g.Go(func() (err error) {
			out[i], err = toldOf(s)
			return err
		})
	}
	return out, g.Wait()
}

// toldOf returns a window as its record tells it.
func toldOf(s trigger.Shown) (Told, error) {
	o, err := recordedOutcome(s.Record)
	if err != nil {
		return Told{}, err
	}
	return Told{
		Outcome: o, RecordedAt: s.RecordedAt, PolicyHash: s.PolicyHash, Inputs: s.Inputs, Revisions: s.Revisions,
		layout: s.Layout, readAsOf: s.WasReadAsOf(),
	}, nil
}

// story tells of the last of some windows. fresh is its Summary where that was just read; nil
// looks for the one that is kept.
func (t *storyteller) story(ctx context.Context, told, newer []Told, fresh *summary.Summary) (Story, error) {
	m := t.model
	opt := t.evaluationOptions(m)
	s := Story{
		Model: m.Name, Task: m.Task, TimeZone: m.Grid().Zone(), Grid: m.Grid().String(),
		Windows: told, Newer: newer, Runs: t.runs, Suggestions: t.suggestions, Summary: fresh,
		Policy: policyText(m), minRows: opt.Drift.LeastRows(),
	}
	for _, of := range slices.Concat(told, newer) {
		if of.AsOf.After(s.AsOf) {
			s.AsOf = of.AsOf
		}
	}
	if fresh == nil {
		var err error
		if s.Summary, s.NoSummary, err = t.summaryOf(ctx, s.Last()); err != nil {
			return s, err
		}
	}
	found, err := t.profile(ctx, s.Last().layout)
	if err != nil {
		return s, err
	}
	s.Profile, s.NoProfile = found.profile, found.why
	if s.Profile != nil {
		if err := s.Profile.Read(s.Last().Window, s.minRows); err != nil {
			s.Profile, s.NoProfile = nil, err.Error()
		}
	}
	return s, nil
}

// summaryOf returns the kept Summary that a recorded window was judged by, or why there is
// none. It is looked for by the window alone: what the configuration says by now of how to
// read a window does not matter.
func (t *storyteller) summaryOf(ctx context.Context, of *Told) (*summary.Summary, string, error) {
	switch {
	case !of.OnGrid:
		return nil, "nothing that was counted is kept of a window off the grid", nil
	case of.Stage != trigger.StageMature:
		return nil, "what was counted of a window is kept once its labels are in", nil
	case t.KeepSummaries == 0:
		return nil, "state.keep_summaries is 0, so nothing that was counted is kept", nil
	}
	prefix := SummariesDir + t.model.Name + "/" + keptPart(of.Window) + "-"
	why := fmt.Sprintf("the state does not hold what was counted of it, which it keeps for %s (state.keep_summaries)", config.FormatDuration(t.KeepSummaries))
	for o, err := range t.State.List(ctx, prefix) {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, "", fmt.Errorf("look for kept Summaries: %w", err)
		}
		data, err := t.State.Read(ctx, o.Key)
		if errors.Is(err, objstore.ErrNotExist) {
			continue // a pass has removed it
		}
		if err != nil {
			return nil, "", err
		}
		k, counted, err := decodeKept(data)
		switch {
		case err != nil:
			why = "what is kept of it cannot be read: " + err.Error()
		case !k.of(t.model, of.Window), !k.AsOf.Equal(of.readAsOf), layoutID(counted.Layout()) != of.layout:
			why = "what is kept of it is of another reading than the one that it was judged by"
		default:
			return counted, "", nil
		}
	}
	return nil, why, nil
}

// mostProfiles bounds how many profiles are read to find the one of a layout: there is one
// for each reference that the model has had.
const mostProfiles = 4

// profile returns the profile of a layout, of those that are kept.
func (t *storyteller) profile(ctx context.Context, layout string) (foundProfile, error) {
	if found, ok := t.profiles[layout]; ok {
		return found, nil
	}
	found, err := t.findProfile(ctx, layout)
	if err == nil {
		t.profiles[layout] = found
	}
	return found, err
}

// findProfile looks for the profile of a layout.
func (t *storyteller) findProfile(ctx context.Context, layout string) (foundProfile, error) {
	m := t.model
	switch {
	case layout == "":
		return foundProfile{why: "the window was not compared with a reference"}, nil
	case m.Reference != nil && m.Reference.Profile != "" && !m.Reference.Saved():
		p, err := t.savedProfile(ctx, m)
		if err != nil {
			return foundProfile{why: t.Secrets.Text(err.Error())}, nil
		}
		if layoutID(p.Layout) == layout {
			return foundProfile{profile: p}, nil
		}
		return foundProfile{why: "reference.profile is another one by now than the window was compared with"}, nil
	}
	var kept []objstore.Object
	for o, err := range t.State.List(ctx, profilesDir+m.Name+"/") {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return foundProfile{}, fmt.Errorf("look for the reference's profile: %w", err)
		}
		kept = append(kept, o)
	}
	slices.SortStableFunc(kept, func(a, b objstore.Object) int {
		return cmp.Or(b.ModTime.Compare(a.ModTime), cmp.Compare(a.Key, b.Key))
	})
	why := "the profile of the reference that the window was compared with is not in the state"
	for _, o := range kept[:min(len(kept), mostProfiles)] {
		p, err := t.readProfile(ctx, t.State, o.Key)
		if err != nil {
			why = err.Error()
			continue
		}
		if layoutID(p.Layout) == layout {
			return foundProfile{profile: p}, nil
		}
	}
	return foundProfile{why: why}, nil
}

// policyText writes what decides on verdicts and runs, a line each.
func policyText(m *config.Model) []string {
	var out []string
	retrains := false
	for _, r := range m.Rules().Rules() {
		retrains = retrains || r.Action == rule.ActionRetrain
		streak := ""
		if r.For > 1 {
			streak = fmt.Sprintf(", in %d windows in a row", r.For)
		}
		needs := []string{fmt.Sprintf("%d rows", r.MinSamples)}
		if r.NeedsLabels && r.MinCoverage > 0 {
			needs = append(needs, fmt.Sprintf("coverage %v", r.MinCoverage))
		}
		if r.Significance > 0 {
			needs = append(needs, fmt.Sprintf("significance %v", r.Significance))
		}
		out = append(out, fmt.Sprintf("%s: %s%s: %s (asks for %s)", r.Name, r.When, streak, r.Action, strings.Join(needs, ", ")))
	}
	if p := m.Policy(); retrains {
		out = append(out, fmt.Sprintf("retraining: mode %s, cooldown %s, at most %d in %s",
			p.Mode, config.FormatDuration(p.Cooldown), p.Budget.Runs, config.FormatDuration(p.Budget.Per)))
	}
	return out
}
