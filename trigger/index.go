package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// The index spares requests; it holds no fact of its own. Records are never changed,
// so a copy of one that carries the tag that a listing shows of it is as good as the
// record. A page holds many copies and costs one request. What a listing does not
// show, or shows with another tag, is not taken from a page; a page that is lost,
// torn or older than the records costs more requests and is made anew. So pages are
// overwritten without a condition: of two writers the one that loses leaves a few
// records to be read one by one.
const (
	indexDir = "index/" // index/MODEL/records-ERA, index/MODEL/launches, index/MODEL/told

	// pageWorth is how many records have to be read one by one before a page is
	// written again.
	pageWorth = 8
)

// IndexWriter is what the index needs of object storage. *objstore.Store is one.
type IndexWriter interface {
	// Write replaces an object. It is seen whole, old or new.
	Write(ctx context.Context, key string, data []byte) error
}

// WithIndex returns the same ledger that also writes its index to w, which must be the
// store it reads; nil writes none.
func (l *Ledger) WithIndex(w IndexWriter) *Ledger {
	same := *l
	same.indexWriter = w
	return &same
}

// copied is a record's copy in a page, with what a listing showed of the record when the
// copy was made.
type copied struct {
	Size    int64           `json:"size"`
	ModTime time.Time       `json:"mod_time,omitzero"`
	ETag    string          `json:"etag,omitempty"`
	Data    json.RawMessage `json:"data"`
}

func (c copied) of(o objstore.Object) bool {
	return c.Size == o.Size && c.ETag == o.ETag && c.ModTime.Equal(o.ModTime)
}

// page is a part of the index that is being read, from several goroutines. Launches and
// eraReader read records through one.
type page struct {
	ledger *Ledger
	key    string
	shrink func(data []byte, key string) ([]byte, error) // what of a record is copied; nil for all

	mu        sync.Mutex
	copies    map[string]copied          // of records, by their keys
	listed    map[string]objstore.Object // what a listing showed of the records, by their keys
	readAlone int                        // records that were read one by one, for the page lacks them
}

// pageRecord is the form in which a page lies in object storage.
type pageRecord struct {
	Schema int               `json:"schema"`
	Copies map[string]copied `json:"copies"`
}

// openPage reads a page for the objects listed. One that cannot be used is empty. Of its copies
// those are used that serve says yes to, or all where it is nil.
func (l *Ledger) openPage(ctx context.Context, key string, listed []objstore.Object, shrink func([]byte, string) ([]byte, error), serve func(data []byte) bool) (*page, error) {
	p := &page{ledger: l, key: indexDir + key, shrink: shrink, copies: map[string]copied{}, listed: make(map[string]objstore.Object, len(listed))}
	for _, o := range listed {
		p.listed[o.Key] = o
	}
	if len(listed) < pageWorth {
		return p, nil // so few are read as fast without it
	}
	var kept pageRecord
	if err := l.readIndex(ctx, p.key, &kept); err != nil {
		return nil, err
	}
	for k, c := range kept.Copies {
		if o, ok := p.listed[k]; ok && c.of(o) && (serve == nil || serve(c.Data)) {
			p.copies[k] = c
		}
	}
	return p, nil
}

// readIndex fills v from a part of the index. One that is lost, torn or of another
// version leaves v as it is; an error is that the store could not be asked.
func (l *Ledger) readIndex(ctx context.Context, key string, v any) error {
	data, err := l.store.Read(ctx, key)
	switch {
	case errors.Is(err, objstore.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read ledger index %s: %w", key, err)
	}
	var head struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(data, &head) != nil || head.Schema != SchemaVersion {
		return nil
	}
	_ = json.Unmarshal(data, v) // head shows that it is whole JSON
	return nil
}

// writeIndex replaces a part of the index where this ledger writes one. That it
// cannot be written costs later readers requests and changes nothing that they find.
func (l *Ledger) writeIndex(ctx context.Context, key string, v any) {
	if l.indexWriter == nil {
		return
	}
	if data, err := json.Marshal(v); err == nil {
		_ = l.indexWriter.Write(ctx, key, append(data, '\n'))
	}
}

// read returns a record, from the page or from its own object.
func (p *page) read(ctx context.Context, key string) ([]byte, error) {
	p.mu.Lock()
	c, ok := p.copies[key]
	p.mu.Unlock()
	if ok {
		return c.Data, nil
	}
	data, err := p.ledger.load(ctx, key)
	if err != nil {
		return nil, err
	}
	if p.shrink != nil {
		if data, err = p.shrink(data, key); err != nil {
			return nil, err
		}
	}
	o, listed := p.listed[key]
	if listed && json.Valid(data) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.copies[key] = copied{Size: o.Size, ModTime: o.ModTime, ETag: o.ETag, Data: data}
		p.readAlone++
	}
	return data, nil
}

// close writes the page again where much was missing in it.
func (p *page) close(ctx context.Context) {
	if p.readAlone >= pageWorth {
		p.ledger.writeIndex(ctx, p.key, pageRecord{SchemaVersion, p.copies})
	}
}

// An era is a stretch of time whose windows' keys share their first digits, so that
// one listing shows them: a decade, year, month, day or hour, the longest that has at
// most windowsInEra windows.
const windowsInEra = 1500

// eraDigits returns how many digits of a start the windows of an era share.
func eraDigits(w groundtruth.Window) int {
	const day = 24 * time.Hour
	size := w.End.Sub(w.Start)
	for _, e := range []struct {
		digits int
		long   time.Duration
	}{{3, 3653 * day}, {4, 366 * day}, {6, 31 * day}, {8, day}} {
		if e.long/size <= windowsInEra {
			return e.digits
		}
	}
	return len(eraLayout)
}

const eraLayout = "20060102T15"

// eraOf returns the digits that the start of a window in t's era begins with.
func eraOf(t time.Time, digits int) string { return t.UTC().Format(eraLayout)[:digits] }

// eraStart returns when an era begins.
func eraStart(era string) time.Time {
	t, err := time.Parse(eraLayout, era+"00000101T00"[len(era):])
	if err != nil {
		panic(fmt.Sprintf("trigger: bad era %q", era)) // eraOf makes them
	}
	return t
}

// erasBetween lists the eras from that of one time to that of another, oldest first.
func erasBetween(from, to time.Time, digits int) []string {
	first := eraOf(from, digits)
	var out []string
	for era := eraOf(to, digits); era >= first; era = eraOf(eraStart(era).Add(-1), digits) {
		out = append(out, era)
	}
	slices.Reverse(out)
	return out
}

// erasToList lists what erasBetween does, or the whole of time where these are so many
// that it takes fewer requests to list all.
func erasToList(from, to time.Time, digits int) []string {
	const many = 50
	if eras := erasBetween(from, to, digits); len(eras) <= many {
		return eras
	}
	return []string{""}
}

// eraReader reads the records of one era's windows. backward and Brief go from era to era.
type eraReader struct {
	ledger  *Ledger
	windows []windowKeys // oldest first
	page    *page
	figures bool // records are read with their figures
}

// openEra lists the windows of an era that in says yes to.
func (l *Ledger) openEra(ctx context.Context, model, era string, in func(place) bool, figures bool) (*eraReader, error) {
	objects, err := l.objects(ctx, evaluationDir(model, true)+era)
	if err != nil {
		return nil, err
	}
	return l.readEra(ctx, model, era, objects, in, figures)
}

// readEra reads what the ledger holds of the windows of one era that in lets in, whose
// objects were listed. Where figures are wanted, an evaluation whose copy lacks them, as
// those that earlier versions made do, is read again.
func (l *Ledger) readEra(ctx context.Context, model, era string, objects []objstore.Object, in func(place) bool, figures bool) (*eraReader, error) {
	windows, err := revisions(evaluationDir(model, true), objects, in)
	if err != nil {
		return nil, err
	}
	figures = figures && l.figuresOf != nil
	var serve func([]byte) bool
	if figures {
		serve = func(data []byte) bool { return figuresIn(data) != nil }
	}
	p, err := l.openPage(ctx, part(model)+"/records-"+era, objects, l.brief(figures), serve)
	if err != nil {
		return nil, err
	}
	return &eraReader{l, windows, p, figures}, nil
}

// evaluation reads one revision without its inputs and output.
func (e *eraReader) evaluation(ctx context.Context, key string) (Record, error) {
	data, err := e.page.read(ctx, key)
	if err != nil {
		return Record{}, err
	}
	r, err := parseEvaluation(key, data)
	if err == nil && e.figures {
		r.Figures = figuresIn(data)
	}
	return r, err
}

// newest reads of each window what newestOf says, oldest window first.
func (e *eraReader) newest(ctx context.Context, windows []windowKeys) ([]Record, error) {
	return readEach(ctx, windows, func(ctx context.Context, w windowKeys) ([]Record, error) {
		return e.ledger.newestOf(w, func(key string) (Record, error) { return e.evaluation(ctx, key) })
	})
}

// all reads every revision of every window.
func (e *eraReader) all(ctx context.Context, windows []windowKeys) ([]Record, error) {
	return readEach(ctx, windows, func(ctx context.Context, w windowKeys) ([]Record, error) {
		return readAll(w, func(key string) (Record, error) { return e.evaluation(ctx, key) })
	})
}

// readAll reads every revision of a window, oldest first.
func readAll(w windowKeys, read func(key string) (Record, error)) ([]Record, error) {
	out := make([]Record, len(w.keys))
	for i, key := range w.keys {
		var err error
		if out[i], err = read(key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readEach reads windows several at a time and puts the records in the windows' order.
func readEach(ctx context.Context, windows []windowKeys, read func(context.Context, windowKeys) ([]Record, error)) ([]Record, error) {
	found := make([][]Record, len(windows))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, w := range windows {
		g.Go(func() (err error) {
			found[i], err = read(ctx, w)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}
