package report

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// What a folder of reports holds: MODEL/START_END.html is the report of a window, MODEL/index.html
// lists those of a model, and index.html the models.
const (
	listName = "index.html"
	pageEnd  = ".html"
)

const (
	// shortHistory is how many windows of a model the list of models shows.
	shortHistory = 60
	// othersHold is for how long a folder knows of a model that this process does not judge what it
	// has read of it.
	othersHold = 10 * time.Minute
)

// Files is what a folder of reports needs of object storage. *objstore.Store is one.
type Files interface {
	Write(ctx context.Context, key string, data []byte) error
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error]
}

// Folder is where passes write reports: a job.Reporter. Several processes may write to one. What
// a list says is in the ledger, so that a list that another process has just replaced is right
// again after the next pass.
type Folder struct {
	models   []Model // of the configuration
	breached bool    // reports are of breached windows alone
	clock    func() time.Time
	open     func(context.Context) (Files, error)
	lines    func(ctx context.Context, model string, n int) ([]trigger.Record, error)

	mu      sync.Mutex
	entries map[string]known // by the model's name
}

// Model is what a folder of reports has to know of a model of the configuration.
type Model struct {
	Name string
	Zone groundtruth.Zone // of its windows
}

// known is the line of a model in the list of models.
type known struct {
	entry Entry
	until time.Time // when it is read again; zero of a model that this process judges
}

// NewFolder returns the folder that open opens, for reports on the models. lines reads the newest n
// records of a model, as job.Runner.Lines does.
func NewFolder(models []Model, breached bool, clock func() time.Time, open func(context.Context) (Files, error),
	lines func(ctx context.Context, model string, n int) ([]trigger.Record, error),
) *Folder {
	return &Folder{models: models, breached: breached, clock: clock, open: open, lines: lines, entries: map[string]known{}}
}

// PathOf is where the report of a model's window lies in a folder of reports.
func PathOf(model string, w groundtruth.Window) string {
	return model + "/" + w.Format(groundtruth.Zone{}, trigger.KeyTime, "_") + pageEnd
}

// windowOf reads the window off the rest of what PathOf returns, after the model's folder.
func windowOf(rest string) (groundtruth.Window, bool) {
	name, page := strings.CutSuffix(rest, pageEnd)
	from, to, two := strings.Cut(name, "_")
	start, err := time.Parse(trigger.KeyTime, from)
	end, err2 := time.Parse(trigger.KeyTime, to)
	w := groundtruth.Window{Start: start.UTC(), End: end.UTC()}
	return w, page && two && err == nil && err2 == nil && end.After(start)
}

// Report implements job.Reporter: it writes the reports of the windows that a pass judged, and the
// lists anew.
func (f *Folder) Report(ctx context.Context, j *job.Judged) error {
	files, err := f.open(ctx)
	if err != nil {
		return fmt.Errorf("open report.url: %w", err)
	}
	there, err := f.pages(ctx, files, j.Model)
	if err != nil {
		return err
	}
	for i := range j.Windows {
		path := PathOf(j.Model, j.Windows[i].Window)
		if f.breached && j.Windows[i].Verdict != rule.Breached && !slices.Contains(there, path) {
			continue // one that is there was breached before it was judged again
		}
		story, err := j.Story(ctx, i)
		if err != nil {
			return err
		}
		page, err := HTML(story, Options{Index: listName})
		if err != nil {
			return err
		}
		if err := files.Write(ctx, path, page); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if !slices.Contains(there, path) {
			there = append(there, path)
		}
	}
	return f.list(ctx, files, j, there)
}

// pages lists the reports of a model's windows.
func (*Folder) pages(ctx context.Context, files Files, model string) ([]string, error) {
	var out []string
	for o, err := range files.List(ctx, model+"/") {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list reports: %w", err)
		}
		if _, ok := windowOf(strings.TrimPrefix(o.Key, model+"/")); ok {
			out = append(out, o.Key)
		}
	}
	return out, nil
}

// list writes the lists: of the model's windows, and of the models.
func (f *Folder) list(ctx context.Context, files Files, j *job.Judged, there []string) error {
	m := Model{j.Model, j.Zone}
	var windows []Entry
	for _, rec := range slices.Backward(j.Lines) {
		e := Entry{Model: m.Name, Zone: m.Zone, Windows: []trigger.Record{rec}}
		if path := PathOf(m.Name, rec.Window); slices.Contains(there, path) {
			e.Href = strings.TrimPrefix(path, m.Name+"/")
		}
		windows = append(windows, e)
	}
	page, err := IndexOfWindows(m.Name, windows, Options{Index: "../" + listName})
	if err == nil {
		err = files.Write(ctx, m.Name+"/"+listName, page)
	}
	if err != nil {
		return fmt.Errorf("write the list of %s: %w", m.Name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[m.Name] = known{entry: entryOf(m, j.Lines)}
	var models []Entry
	for _, m := range f.models {
		models = append(models, f.entry(ctx, files, m))
	}
	if page, err = IndexOfModels(models); err == nil {
		err = files.Write(ctx, listName, page)
	}
	if err != nil {
		return fmt.Errorf("write the list of models: %w", err)
	}
	return nil
}

// entryOf returns the line of a model whose records were read.
func entryOf(m Model, lines []trigger.Record) Entry {
	return Entry{
		Model: m.Name, Zone: m.Zone, Href: m.Name + "/" + listName,
		Windows: slices.Clone(lines[max(0, len(lines)-shortHistory):]),
	}
}

// entry returns the line of a model. What is not known of it, or not lately, it reads.
func (f *Folder) entry(ctx context.Context, files Files, m Model) Entry {
	now := f.clock()
	if k, ok := f.entries[m.Name]; ok && (k.until.IsZero() || now.Before(k.until)) {
		return k.entry
	}
	lines, err := f.lines(ctx, m.Name, shortHistory)
	e := entryOf(m, lines)
	switch {
	case err != nil:
		e.Why = "its records could not be read"
	case len(lines) == 0:
		e.Why = "nothing is recorded yet"
	}
	if err != nil || len(lines) == 0 || !f.has(ctx, files, e.Href) {
		e.Href = ""
	}
	f.entries[m.Name] = known{e, now.Add(othersHold)}
	return e
}

// has reports whether a file is there, as far as that can be told.
func (*Folder) has(ctx context.Context, files Files, key string) bool {
	for o, err := range files.List(ctx, key) {
		return err == nil && o.Key == key
	}
	return false
}

// Pruned says what Prune removed.
type Pruned struct{ Objects, Bytes int64 }

// Prune removes the reports of a model's windows that ended before a moment. Of a dry run it says
// what it would remove. Other files in the folder are left alone.
func (f *Folder) Prune(ctx context.Context, model string, before time.Time, dryRun bool) (Pruned, error) {
	var out Pruned
	files, err := f.open(ctx)
	if err != nil {
		return out, fmt.Errorf("open report.url: %w", err)
	}
	var old []objstore.Object
	for o, err := range files.List(ctx, model+"/") {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("list reports: %w", err)
		}
		if w, ok := windowOf(strings.TrimPrefix(o.Key, model+"/")); ok && !w.End.After(before) {
			old = append(old, o)
		}
	}
	for _, o := range old {
		if !dryRun {
			if err := files.Delete(ctx, o.Key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
				return out, fmt.Errorf("remove report: %w", err)
			}
		}
		out.Objects++
		out.Bytes += o.Size
	}
	return out, nil
}
