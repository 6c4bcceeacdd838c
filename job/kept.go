package job

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

// SummariesDir holds the Summaries of windows that passes have read, for judging them
// again by other rules without reading: summaries/MODEL/START_END-HASH, where HASH is of
// the read hash and the grid. A later reading of the window overwrites it.
const SummariesDir = "summaries/"

// keptSchema is the version of kept windows. Others are not used.
const keptSchema = 1

// keptWindow says which window was read, and what the reading met: the first line of an
// object that has the window's Summary after it. Shards keep such objects for the merge,
// and passes for later ones.
type keptWindow struct {
	Schema int                `json:"schema"`
	Model  string             `json:"model"`
	Window groundtruth.Window `json:"window"`
	AsOf   time.Time          `json:"as_of"`
	Result groundtruth.Result `json:"result"`
}

func newKeptWindow(m *config.Model, w groundtruth.Window, asOf time.Time, result groundtruth.Result) keptWindow {
	result.SpilledBytes = 0 // depends on timing
	return keptWindow{keptSchema, m.Name, w, asOf.UTC(), result}
}

// of reports whether the object is what this version keeps of the model's window.
func (k keptWindow) of(m *config.Model, w groundtruth.Window) bool {
	return k.Schema == keptSchema && k.Model == m.Name && k.Window.Equal(w)
}

// encode returns the bytes of the object.
func (k keptWindow) encode(s *summary.Summary) ([]byte, error) {
	head, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	counted, err := s.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return slices.Concat(head, []byte{'\n'}, counted), nil
}

// decodeKept reads what encode wrote.
func decodeKept(data []byte) (keptWindow, *summary.Summary, error) {
	var k keptWindow
	head, counted, _ := bytes.Cut(data, []byte{'\n'})
	if err := json.Unmarshal(head, &k); err != nil {
		return k, nil, err
	}
	s := new(summary.Summary)
	return k, s, s.UnmarshalBinary(counted)
}

// layoutID returns what records say of a layout: its ID in hexadecimal digits, nothing of
// none.
func layoutID(l *summary.Layout) string { return hex.EncodeToString([]byte(l.ID())) }

// keptPart is a window's part of the key of what is kept of it.
func keptPart(w groundtruth.Window) string {
	return w.Format(groundtruth.Zone{}, trigger.KeyTime, "_")
}

// summaryKey is where passes keep a window's Summary.
func summaryKey(m *config.Model, w groundtruth.Window) string {
	sum := sha256.Sum256([]byte(m.ReadHash() + " " + m.Grid().String()))
	return SummariesDir + m.Name + "/" + keptPart(w) + "-" + hex.EncodeToString(sum[:8])
}

// sameInputs reports whether two lists of objects, each by URL, are of the same ones.
func sameInputs(a, b []groundtruth.Input) bool {
	return slices.EqualFunc(a, b, func(a, b groundtruth.Input) bool {
		return a.URL == b.URL && a.Size == b.Size && a.ETag == b.ETag && a.ModTime.Equal(b.ModTime)
	})
}

// keepSummary keeps what was read of a mature window of the grid that has been recorded.
// Where it cannot, the window is only not judged again by other rules: no failure.
func (p *pass) keepSummary(ctx context.Context, e *evaluated) {
	read, o := e.reading, e.outcome
	e.reading = nil // as large as it is
	if read == nil || !e.created || !o.Window.End.After(p.keepFrom()) {
		return
	}
	data, err := newKeptWindow(p.model, o.Window, o.AsOf, read.result).encode(read.summary)
	if err == nil {
		err = p.State.Write(ctx, summaryKey(p.model, o.Window), data)
	}
	if err != nil {
		p.Log.Warn("a window's Summary could not be kept: other rules cannot judge it without reading it again",
			"model", p.model.Name, "window_start", o.Window.Start, "window_end", o.Window.End, "err", err)
	}
}

// keepFrom returns the moment up to which windows have ended whose Summaries are not kept. A
// backfill with a rolling reference keeps what passes of then would have kept: the windows
// after it are compared with that. Later passes remove it.
func (p *pass) keepFrom() time.Time {
	now := p.Clock()
	if p.model.Rolling() != nil {
		now = p.now()
	}
	return now.Add(-p.KeepSummaries)
}

// keptSummary takes a window from the Summary that the pass has kept which read it last. An
// error says why that cannot be used.
func (p *pass) keptSummary(ctx context.Context, old trigger.Record) (*reading, time.Time, error) {
	w := old.Window
	data, err := p.State.Read(ctx, summaryKey(p.model, w))
	if err != nil {
		return nil, time.Time{}, err
	}
	k, counted, err := decodeKept(data)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case !k.of(p.model, w):
		return nil, time.Time{}, errors.New("it says that it is something else")
	case !k.AsOf.Equal(old.WasReadAsOf()): // the pass that recorded the window could not keep its own
		return nil, time.Time{}, fmt.Errorf("it is of a reading as of %s, and the window was judged by one as of %s", k.AsOf.Format(time.RFC3339), old.WasReadAsOf().UTC().Format(time.RFC3339))
	case layoutID(counted.Layout()) != p.layout:
		return nil, time.Time{}, errors.New("it was counted on the layout of another reference")
	}
	return &reading{result: k.Result, summary: counted, work: Work{Model: p.model.Name, Window: &w}}, k.AsOf, nil
}

// keptSummaries lists the keys of the model's kept Summaries.
func (p *pass) keptSummaries(ctx context.Context) (map[string]bool, error) {
	keys := map[string]bool{}
	for o, err := range p.State.List(ctx, SummariesDir+p.model.Name+"/") {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("look for kept Summaries: %w", err)
		}
		keys[o.Key] = true
	}
	return keys, nil
}

// mostForgotten bounds how many Summaries a pass removes. Later ones remove the rest.
const mostForgotten = 100

// forgetSummaries removes the model's Summaries of windows that ended too long ago. They
// come first in a listing, so that one page of it is enough.
func (p *pass) forgetSummaries(ctx context.Context) {
	dir := SummariesDir + p.model.Name + "/"
	from := p.keepFrom()
	var old []string
	var errs []error
	for o, err := range p.State.List(ctx, dir) {
		if errors.Is(err, objstore.ErrNotExist) {
			break
		}
		if err != nil {
			errs = append(errs, err)
			break
		}
		t, ok := endOfSummary(strings.TrimPrefix(o.Key, dir))
		if !ok {
			continue // nobody's
		}
		if t.After(from) || len(old) == mostForgotten {
			break
		}
		old = append(old, o.Key)
	}
	for _, key := range old {
		if err := p.State.Delete(ctx, key); err != nil && !errors.Is(err, objstore.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		p.Log.Warn("old Summaries could not be removed", "model", p.model.Name, "err", err)
	}
}
