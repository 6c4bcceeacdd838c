package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/objstore"
)

// SchemaVersion is the newest version of ledger records, beside evaluations, that this
// code writes and reads: those have RecordSchema. Older ones are read, newer ones refused.
const SchemaVersion = 1

// readers bounds how many records are read at once.
const readers = 8

// Store is what the ledger needs of object storage. *objstore.Store is one.
type Store interface {
	// Read returns an object's bytes, or an error that wraps objstore.ErrNotExist.
	Read(ctx context.Context, key string) ([]byte, error)
	// Create writes an object that must not exist yet: of any number of callers, in
	// any number of processes, exactly one succeeds, and the others' error wraps
	// objstore.ErrExists. An object is seen whole or not at all.
	Create(ctx context.Context, key string, data []byte) error
	// List yields the objects whose keys begin with prefix in lexicographic order.
	// A folder that is missing may be an error that wraps objstore.ErrNotExist.
	List(ctx context.Context, prefix string) iter.Seq2[objstore.Object, error]
}

// Ledger is Hindcast's memory of evaluations, decisions and runs. It only ever
// creates objects, each under a key that says all that must be unique, so that it
// survives restarts, several pods at once, and a kill at any instruction. A
// record that cannot be read is an error that names it: it is never passed over.
type Ledger struct {
	store       Store
	indexWriter IndexWriter                                   // nil: the index is read only
	asOf        time.Time                                     // evaluations of a later as-of are hidden; zero hides none. See AsOf
	figuresOf   func(output json.RawMessage) (Figures, error) // nil: records have no figures. See WithFigures
}

// NewLedger returns the ledger in s, whose root is the state URL.
func NewLedger(s Store) *Ledger { return &Ledger{store: s} }

// ErrNewerSchema marks a record that a newer version wrote.
var ErrNewerSchema = errors.New("written by a newer version of hindcast")

// Append records an evaluation as the newest revision of its window and returns
// it with the revision it got, also inside Output, and created true. When the
// newest revision says the same of the window already (sameEvaluation), nothing is
// written and that revision is returned with created false: a retried pass makes no
// second record.
//
// Model, Window, Stage and OnGrid must be set, and Grid on a grid; Revision is set here.
// Windows off the grid are kept apart and never enter History, Latest or Recent.
func (l *Ledger) Append(ctx context.Context, r Record) (Record, bool, error) {
	return l.append(ctx, r, func(newest Record) (Record, bool, error) {
		same, err := sameEvaluation(newest, r)
		return newest, same, err
	})
}

// AppendMissing records an evaluation as Append does, but not where its window has a record
// of its stage or a later one: then it returns that, and created false.
func (l *Ledger) AppendMissing(ctx context.Context, r Record) (Record, bool, error) {
	return l.append(ctx, r, func(old Record) (Record, bool, error) {
		for old.Stage != StageMature && old.Stage != r.Stage && old.Revision > 1 {
			var err error
			if old, err = l.evaluation(ctx, evaluationKey(r.Model, placeOf(r.Window, r.Grid), r.OnGrid, old.Revision-1)); err != nil {
				return old, false, err
			}
		}
		return old, old.Stage == StageMature || old.Stage == r.Stage, nil
	})
}

// append records an evaluation as the newest revision of its window, unless there says, of
// the newest there is, that a record serves for it already.
func (l *Ledger) append(ctx context.Context, r Record, there func(newest Record) (Record, bool, error)) (Record, bool, error) {
	if r.Model == "" || r.Window.Start.IsZero() || !r.Window.End.After(r.Window.Start) {
		return Record{}, false, fmt.Errorf("record evaluation of %q: model and window are required", r.Model)
	}
	if !slices.Contains(Stages(), r.Stage) {
		return Record{}, false, fmt.Errorf("record evaluation of %s: unknown stage %q", r.Model, r.Stage)
	}
	dir := evaluationDir(r.Model, r.OnGrid)
	for {
		keys, err := l.keys(ctx, dir+placeOf(r.Window, r.Grid).String()+"/")
		if err != nil {
			return Record{}, false, err
		}
		newest := 0
		for _, k := range keys {
			_, n, err := parseEvaluationKey(dir, k)
			if err != nil {
				return Record{}, false, err
			}
			newest = max(newest, n)
		}
		if newest > 0 {
			old, err := l.evaluation(ctx, evaluationKey(r.Model, placeOf(r.Window, r.Grid), r.OnGrid, newest))
			if err != nil {
				return Record{}, false, err
			}
			old, serves, err := there(old)
			if err != nil {
				return Record{}, false, fmt.Errorf("record evaluation of %s: %w", r.Model, err)
			}
			if serves {
				return old, false, l.markMature(ctx, old)
			}
		}
		r.Revision = newest + 1
		if r.Output, err = withRevision(r.Output, r.Revision); err != nil {
			return Record{}, false, fmt.Errorf("record evaluation of %s: %w", r.Model, err)
		}
		key := evaluationKey(r.Model, placeOf(r.Window, r.Grid), r.OnGrid, r.Revision)
		switch err := l.create(ctx, key, newEvaluationRecord(r)); {
		case err == nil:
			return r, true, l.markMature(ctx, r)
		case !errors.Is(err, objstore.ErrExists):
			return Record{}, false, err
		}
		// Somebody else recorded that revision meanwhile: compare with theirs.
	}
}

// markMature adds a mature window on the grid to the index that
// MatureWindows reads. It follows the record, so that the index never names a window that was
// not recorded; a kill between the two leaves a gap, which the next Append of
// that window closes and which LastMature's callers must live with.
func (l *Ledger) markMature(ctx context.Context, r Record) error {
	if !r.OnGrid || r.Stage != StageMature {
		return nil
	}
	err := l.create(ctx, matureDir+part(r.Model)+"/"+placeOf(r.Window, r.Grid).String(), matureMark{SchemaVersion, r.Grid})
	if errors.Is(err, objstore.ErrExists) {
		return nil
	}
	return err
}

// withRevision returns output with its top-level "revision", if it has one, set to
// n, every other byte as it was.
func withRevision(output json.RawMessage, n int) (json.RawMessage, error) {
	if len(output) == 0 {
		return output, nil
	}
	dec := json.NewDecoder(bytes.NewReader(output))
	if t, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("read output: %w", err)
	} else if t != json.Delim('{') {
		return output, nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("read output: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("read output: %w", err)
		}
		if name == "revision" {
			end := int(dec.InputOffset())
			return slices.Concat(output[:end-len(value)], fmt.Append(nil, n), output[end:]), nil
		}
	}
	return output, nil
}

// create writes one record, once.
func (l *Ledger) create(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode ledger record %s: %w", key, err)
	}
	if err := l.store.Create(ctx, key, append(data, '\n')); err != nil {
		if errors.Is(err, objstore.ErrExists) {
			return fmt.Errorf("write ledger record %s: %w", key, err)
		}
		return fmt.Errorf("write ledger record %s (state.url must be a place where objects can be created): %w", key, err)
	}
	return nil
}

// read fills v from one record. An error wraps objstore.ErrNotExist when there is none.
func (l *Ledger) read(ctx context.Context, key string, v any) error {
	data, err := l.load(ctx, key)
	if err != nil {
		return err
	}
	return decode(key, data, SchemaVersion, v)
}

// load returns the bytes of one record.
func (l *Ledger) load(ctx context.Context, key string) ([]byte, error) {
	data, err := l.store.Read(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read ledger record %s: %w", key, err)
	}
	return data, nil
}

// decode fills v from the bytes of a record whose newest known version is given. What v
// has no field for is passed over.
func decode(key string, data []byte, newest int, v any) error {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return damaged(key, "%w", err)
	}
	if head.Schema > newest {
		return fmt.Errorf("ledger record %s has schema %d, this version knows up to %d: %w", key, head.Schema, newest, ErrNewerSchema)
	}
	if head.Schema < 1 {
		return damaged(key, "it has no schema version")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return damaged(key, "%w", err)
	}
	return nil
}

// damaged is the error of a record that isn't what its key says, with what to do. A window without
// its evaluation is judged anew; a start without its claim or launch may happen twice, so that
// nobody is told to do without these.
func damaged(key, format string, args ...any) error {
	advice := "restore it from a copy of the state"
	if strings.HasPrefix(key, evaluationsDir) {
		advice += ", or move it out of the state: hindcast run --from then judges its window anew"
	}
	return fmt.Errorf("ledger record %s is damaged: %w; %s", key, fmt.Errorf(format, args...), advice)
}

// objects lists what lies below prefix; nothing when the folder does not exist yet.
func (l *Ledger) objects(ctx context.Context, prefix string) ([]objstore.Object, error) {
	var out []objstore.Object
	for o, err := range l.store.List(ctx, prefix) {
		if errors.Is(err, objstore.ErrNotExist) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list ledger %s: %w", prefix, err)
		}
		if !strings.HasSuffix(o.Key, "/") {
			out = append(out, o)
		}
	}
	return out, nil
}

// keys lists the keys below prefix.
func (l *Ledger) keys(ctx context.Context, prefix string) ([]string, error) {
	objects, err := l.objects(ctx, prefix)
	return keysOf(objects), err
}

func keysOf(objects []objstore.Object) []string {
	keys := make([]string, len(objects))
	for i, o := range objects {
		keys[i] = o.Key
	}
	return keys
}
