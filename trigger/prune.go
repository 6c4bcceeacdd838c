package trigger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// Needs says what of a model's old records passes still go by. job finds it out.
type Needs struct {
	// Since is the start of the oldest window that a streak or an episode that goes on may
	// be counted from: from there on all is kept. The zero time keeps nothing by it.
	Since time.Time
	// Shown is the newest mature window, whose figures are shown; zero for none.
	Shown groundtruth.Window
	// Open are the breaches that people know of.
	Open map[string]OpenBreach
	// Launches are the model's started runs.
	Launches []LaunchStatus
}

// Removal is what may be removed of one kind. Units are removed each in the order of its
// objects, so that what a kill leaves of one still reads as a record; any number of units
// may go at once.
type Removal struct {
	Kind  string
	Units [][]objstore.Object
}

// Kept is how many objects of a kind are kept though they are old, and why.
type Kept struct {
	Kind    string `json:"kind"`
	Objects int    `json:"objects"`
	Why     string `json:"why"`
}

// Old lists what the ledger has of a model of before a moment: evaluations and what else
// belongs to a window by the window's end, the rest by its own time. The marks of mature
// windows are never among it, nor the beginnings of grids, runs, launches and claims:
// without them windows would be judged anew, or runs started again.
func (l *Ledger) Old(ctx context.Context, model string, before time.Time, needs Needs) ([]Removal, []Kept, error) {
	o := old{ledger: l, model: model, before: before, needs: needs}
	for _, list := range []func(context.Context) error{o.evaluations, o.adhoc, o.told, o.suggestions, o.answers, o.outages, o.forGood} {
		if err := list(ctx); err != nil {
			return nil, nil, err
		}
	}
	return o.removals, o.kept, nil
}

// old gathers what Old returns.
type old struct {
	ledger *Ledger
	model  string
	before time.Time
	needs  Needs

	removals []Removal
	kept     []Kept
}

// keep counts objects that are kept.
func (o *old) keep(kind, why string, objects int) {
	if objects == 0 {
		return
	}
	for i := range o.kept {
		if k := &o.kept[i]; k.Kind == kind && k.Why == why {
			k.Objects += objects
			return
		}
	}
	o.kept = append(o.kept, Kept{kind, objects, why})
}

// needed says why what belongs to a window is kept though it is old, and nothing where it
// is not.
func (o *old) needed(w groundtruth.Window) string {
	switch {
	case !o.needs.Since.IsZero() && !w.Start.Before(o.needs.Since):
		return "a streak or an episode may be counted from there: since " + stamp(o.needs.Since)
	case w.Equal(o.needs.Shown):
		return "it is the newest mature window, whose figures are shown"
	}
	return ""
}

// byWindow sorts what lies in a folder of the model by its window, which windowOf reads off
// the part of the key after the folder, and adds what of it is old, a unit for each
// window. False is something that is of no window.
func (o *old) byWindow(ctx context.Context, kind, dir string, windowOf func(rest string) (groundtruth.Window, bool), needed func(w groundtruth.Window, rest string) string) error {
	objects, err := o.ledger.objects(ctx, dir)
	if err != nil {
		return err
	}
	slices.SortFunc(objects, func(a, b objstore.Object) int { return strings.Compare(a.Key, b.Key) }) // revisions in their order
	r := Removal{Kind: kind}
	last := ""
	for _, object := range objects {
		rest := strings.TrimPrefix(object.Key, dir)
		w, ok := windowOf(rest)
		if !ok || w.End.After(o.before) {
			continue
		}
		if why := needed(w, rest); why != "" {
			o.keep(kind, why, 1)
			continue
		}
		place, _, _ := strings.Cut(rest, "/")
		if n := len(r.Units); n > 0 && place == last {
			r.Units[n-1] = append(r.Units[n-1], object)
		} else {
			r.Units = append(r.Units, []objstore.Object{object})
		}
		last = place
	}
	o.removals = append(o.removals, r)
	return nil
}

// placeIn reads the window off a key that begins with a place.
func placeIn(rest string) (groundtruth.Window, bool) {
	part, _, _ := strings.Cut(rest, "/")
	at, err := parsePlace(part)
	return at.window, err == nil
}

func (o *old) evaluations(ctx context.Context) error {
	return o.byWindow(ctx, "evaluations", evaluationDir(o.model, true), placeIn, func(w groundtruth.Window, _ string) string { return o.needed(w) })
}

func (o *old) adhoc(ctx context.Context) error {
	return o.byWindow(ctx, "adhoc", evaluationDir(o.model, false), placeIn, func(groundtruth.Window, string) string { return "" })
}

func (o *old) answers(ctx context.Context) error {
	return o.byWindow(ctx, "answers", answersDir+part(o.model)+"/", placeIn, func(w groundtruth.Window, _ string) string { return o.needed(w) })
}

// told keeps what open breaches and runs that go on were told by. That a run was started is
// told of no window, and stays with the run.
func (o *old) told(ctx context.Context) error {
	open := map[string]string{}
	mark := func(w groundtruth.Window, grid, rule, why string) {
		open[toldPlace(placeOf(w, grid))+"/"+part(rule)] = why
	}
	for rule, b := range o.needs.Open {
		const why = "people know of a breach that is not over"
		mark(b.First.Window, b.First.Grid, rule, why)
		mark(b.Last.Window, b.Last.Grid, rule, why)
	}
	for _, s := range o.needs.Launches {
		if l := s.Launch; !s.Terminal && l.Window != nil && l.Rule != "" {
			mark(*l.Window, l.Grid, l.Rule, "a run goes on that was started for it")
		}
	}
	return o.byWindow(ctx, "told", toldDir+part(o.model)+"/", placeIn, func(w groundtruth.Window, rest string) string {
		if why := o.needed(w); why != "" {
			return why
		}
		place, of, _ := strings.Cut(rest, "/")
		rule, _, _ := strings.Cut(of, "/")
		return open[place+"/"+rule]
	})
}

func (o *old) suggestions(ctx context.Context) error {
	objects, err := o.ledger.modelObjects(ctx, suggestionsDir, o.model)
	if err != nil {
		return err
	}
	r := Removal{Kind: "suggestions"}
	for _, object := range objects {
		var s Suggestion
		if err := o.ledger.read(ctx, object.Key, &s); err != nil {
			return err
		}
		switch {
		case s.At.After(o.before):
		case !o.needs.Since.IsZero() && !s.Episode.Before(o.needs.Since):
			o.keep(r.Kind, "its episode may go on: without it people would be told again", 1)
		default:
			r.Units = append(r.Units, []objstore.Object{object})
		}
	}
	o.removals = append(o.removals, r)
	return nil
}

// outages lists those that are over. The newest of a kind stays, for it numbers the next.
func (o *old) outages(ctx context.Context) error {
	dir := outagesDir + part(o.model) + "/"
	objects, err := o.ledger.objects(ctx, dir)
	if err != nil {
		return err
	}
	type kind map[string][]objstore.Object // by number
	kinds := map[string]kind{}
	for _, object := range objects {
		parts := strings.Split(strings.TrimPrefix(object.Key, dir), "/")
		if len(parts) != 3 {
			return fmt.Errorf("ledger record %s: not an outage's key", object.Key)
		}
		if kinds[parts[0]] == nil {
			kinds[parts[0]] = kind{}
		}
		kinds[parts[0]][parts[1]] = append(kinds[parts[0]][parts[1]], object)
	}
	r := Removal{Kind: "outages"}
	for _, what := range slices.Sorted(maps.Keys(kinds)) {
		numbers := slices.Sorted(maps.Keys(kinds[what]))
		for i, number := range numbers {
			unit := kinds[what][number]
			over := dir + what + "/" + number + "/" + overName
			var end outageRecord
			err := o.ledger.read(ctx, over, &end)
			switch {
			case errors.Is(err, objstore.ErrNotExist):
				o.keep(r.Kind, "it is not over", len(unit))
				continue
			case err != nil:
				return err
			}
			if end.At.After(o.before) {
				continue
			}
			if i == len(numbers)-1 {
				o.keep(r.Kind, "it is the newest of its kind, and numbers the next", len(unit))
				continue
			}
			// Its end goes last: without it the outage would seem to go on.
			slices.SortStableFunc(unit, func(a, b objstore.Object) int {
				switch {
				case a.Key == over:
					return 1
				case b.Key == over:
					return -1
				}
				return 0
			})
			r.Units = append(r.Units, unit)
		}
	}
	o.removals = append(o.removals, r)
	return nil
}

// forGood counts what is never removed.
func (o *old) forGood(ctx context.Context) error {
	marks, err := o.ledger.matureMarks(ctx, o.model, "")
	if err != nil {
		return err
	}
	n := 0
	for _, m := range marks {
		if !m.window.End.After(o.before) {
			n++
		}
	}
	o.keep("mature", "they say that a window was judged: without them passes would judge it again", n)
	for _, dir := range []string{launchesDir, runsDir, claimsDir} {
		keys, err := o.ledger.modelKeys(ctx, dir, o.model)
		if err != nil {
			return err
		}
		o.keep(strings.TrimSuffix(dir, "/"), "for good: one cause starts one run", len(keys))
	}
	return nil
}

// ForgetCopies takes copies of evaluations that are gone out of the index's pages of eras
// that begin before a moment, and returns the pages that it left empty, for the caller to
// remove. A page that is lost costs the next reader requests and nothing else.
func (l *Ledger) ForgetCopies(ctx context.Context, model string, before time.Time) (empty []objstore.Object, err error) {
	prefix := indexDir + part(model) + "/records-"
	pages, err := l.objects(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for _, object := range pages {
		era := strings.TrimPrefix(object.Key, prefix)
		if began, ok := beginOfEra(era); !ok || began.After(before) {
			continue
		}
		var kept pageRecord
		if err := l.readIndex(ctx, object.Key, &kept); err != nil {
			return nil, err
		}
		listed, err := l.keys(ctx, evaluationDir(model, true)+era)
		if err != nil {
			return nil, err
		}
		there := make(map[string]bool, len(listed))
		for _, key := range listed {
			there[key] = true
		}
		n := len(kept.Copies)
		maps.DeleteFunc(kept.Copies, func(key string, _ copied) bool { return !there[key] })
		switch {
		case len(kept.Copies) == 0:
			empty = append(empty, object)
		case len(kept.Copies) < n:
			l.writeIndex(ctx, object.Key, kept)
		}
	}
	return empty, nil
}

// beginOfEra returns when an era begins, and false for what is the name of none.
func beginOfEra(era string) (time.Time, bool) {
	if len(era) > len(eraLayout) {
		return time.Time{}, false
	}
	t, err := time.Parse(eraLayout, era+"00000101T00"[len(era):])
	return t, err == nil
}
