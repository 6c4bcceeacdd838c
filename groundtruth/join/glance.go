package join

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// A glance is a second, short reading of a source, where the outcome of a join is odd. These are
// its bounds.
const (
	glanceObjects = 3
	glanceRows    = 10_000 // of an object
	glanceID      = 512    // bytes of an id: those that are longer are left out
)

// errSeenEnough ends the reading of an object whose first rows were seen.
var errSeenEnough = errors.New("seen enough rows")

// glance reads the first rows of some objects of a source once more, on one goroutine and so
// in the order of the objects, and calls take with each chunk of a part and how many of its rows count.
// The join itself keeps hashes of ids and no more; what a note needs to say why they don't
// meet is read here, where the outcome is odd, and costs the others nothing.
func (j *joiner) glance(ctx context.Context, src groundtruth.Source, objects []source.Object, wants []table.Want, take func(p *format.Part, c *table.Chunk, rows int)) (bytes int64, err error) {
	objects = someOf(objects, glanceObjects)
	var reader format.Reader
	rows := make([]int, len(objects))
	scan := format.Scan{
		Objects: objects, Format: src.Format, Workers: 1, Wants: wants, Glance: true,
		Read: func(ctx context.Context, _ int, p *format.Part) (table.ReadStats, error) {
			seen := &rows[p.Object.Ord]
			if *seen >= glanceRows {
				return table.ReadStats{}, nil
			}
			stats, err := reader.Read(ctx, p, wants, table.ReadOptions{Memory: j.readerMemory()}, func(c *table.Chunk) error {
				n := min(c.Len, glanceRows-*seen)
				*seen += n
				take(p, c, n)
				if *seen >= glanceRows {
					return errSeenEnough
				}
				return nil
			})
			if errors.Is(err, errSeenEnough) {
				err = nil
			}
			return stats, err
		},
	}
	stats, err := scan.Run(ctx)
	if err != nil {
		return stats.Bytes, fmt.Errorf("read some of %s again: %w", src.URL, err)
	}
	return stats.Bytes, nil
}

// someOf returns at most n objects that are not empty, spread over all of them.
func someOf(objects []source.Object, n int) []source.Object {
	var full, some []source.Object
	for _, o := range objects {
		if o.Size > 0 {
			full = append(full, o)
		}
	}
	if len(full) <= n {
		return full
	}
	for i := range n {
		some = append(some, full[i*(len(full)-1)/(n-1)])
	}
	return some
}

// idSample holds ids of some rows, by the columns that make one: text i of each column is of
// one row.
type idSample [][]string

// newIDSample returns an empty sample of ids, and adds their columns to the wants.
func newIDSample(names groundtruth.IDColumns, l *wantList) (ids idSample, at []int) {
	for _, name := range names {
		at = append(at, l.add(name, table.AsText, false))
	}
	return make(idSample, len(names)), at
}

// has reports whether row i of a chunk has an id that a sample keeps.
func (idSample) has(c *table.Chunk, at []int, i int) bool {
	return !slices.ContainsFunc(at, func(k int) bool {
		n := len(c.Column(k).Text(i))
		return n == 0 || n > glanceID
	})
}

// empty reports whether there is no id.
func (s idSample) empty() bool { return len(s[0]) == 0 }

// add adds the id of row i of a chunk, where it has one. The texts are the chunk's, so they are
// cloned.
func (s idSample) add(c *table.Chunk, at []int, i int) {
	if !s.has(c, at, i) {
		return
	}
	for column, k := range at {
		s[column] = append(s[column], strings.Clone(c.Column(k).Text(i)))
	}
}

// whole returns the ids, those of several columns as people read them.
func (s idSample) whole() []string {
	if len(s) == 1 {
		return s[0]
	}
	ids := make([]string, len(s[0]))
	parts := make([]string, len(s))
	for i := range ids {
		for column := range s {
			parts[column] = s[column][i]
		}
		ids[i] = strings.Join(parts, ", ")
	}
	return ids
}

// predictionGlance is what a glance at the predictions found.
type predictionGlance struct {
	inside, before idSample // of rows of the window, and of those before it
	outside        outside
	midnights      bool   // every timestamp is the start of a day
	unzoned        string // the least timestamp that has no zone, as it is written
}

// windowObjects returns the prediction objects that may be of the window by their dates, not
// those beside it that slack has read.
func (j *joiner) windowObjects() []source.Object {
	var objects []source.Object
	for _, o := range j.preds.Objects {
		if !o.HasSpan || o.Span.Start.Before(j.window.End) && o.Span.End.After(j.window.Start) {
			objects = append(objects, o)
		}
	}
	return objects
}

// glanceAtPredictions glances at predictions in the objects of the window.
func (j *joiner) glanceAtPredictions(ctx context.Context) (seen predictionGlance, bytes int64, err error) {
	var l wantList
	var id []int
	seen.inside, id = newIDSample(j.spec.PredictionColumns.ID, &l)
	seen.before = make(idSample, len(id))
	at := l.add(j.spec.PredictionColumns.Timestamp, table.AsTime, false)
	text := l.add(j.spec.PredictionColumns.Timestamp, table.AsText, false)
	seen.outside = noneOutside()
	seen.midnights = at >= 0
	start, end := nanos(j.window.Start), nanos(j.window.End)
	bytes, err = j.glance(ctx, j.spec.Predictions, j.windowObjects(), l.wants, func(p *format.Part, c *table.Chunk, rows int) {
		times, texts := c.Column(at), c.Column(text)
		local := p.Local(j.spec.PredictionColumns.Timestamp)
		for i := range rows {
			if at < 0 {
				seen.inside.add(c, id, i)
				continue
			}
			if !times.Valid[i] {
				continue
			}
			t := times.Times[i]
			seen.midnights = seen.midnights && t%(table.DaySeconds*1e9) == 0
			written := texts.Text(i)
			if local {
				written = strings.TrimSuffix(written, "Z") // which a canonical text has
			}
			if table.Unzoned(written) && (seen.unzoned == "" || written < seen.unzoned) {
				seen.unzoned = strings.Clone(written)
			}
			switch {
			case t < start:
				seen.before.add(c, id, i)
				seen.outside.add(t)
			case t >= end:
				seen.outside.add(t)
			default:
				seen.inside.add(c, id, i)
			}
		}
	})
	return seen, bytes, err
}

// labelGlance is what a glance at the labels found, of those that as-of does not hide.
type labelGlance struct {
	ids    idSample
	came   diagnose.Delays // from the event times of labels to their ingest times
	coarse bool            // every event time is a whole quarter of an hour, as dates of any zone are
	events []int64         // of each of ids, noEvent where it is not known
}

// glanceAtLabels glances at labels.
func (j *joiner) glanceAtLabels(ctx context.Context) (seen labelGlance, bytes int64, err error) {
	var l wantList
	c := j.spec.LabelColumns
	var id []int
	seen.ids, id = newIDSample(c.ID, &l)
	event := l.add(c.Timestamp, table.AsTime, false)
	ingest := l.add(c.IngestedAt, table.AsTime, false)
	seen.coarse = event >= 0
	asOf := nanos(j.asOf)
	bytes, err = j.glance(ctx, j.spec.Labels, j.labels.Objects, l.wants, func(_ *format.Part, c *table.Chunk, rows int) {
		events, ingests := c.Column(event), c.Column(ingest)
		for i := range rows {
			if !seen.ids.has(c, id, i) || ingest >= 0 && (!ingests.Valid[i] || ingests.Times[i] > asOf) {
				continue
			}
			seen.ids.add(c, id, i)
			t := int64(noEvent)
			if event >= 0 && events.Valid[i] {
				t = events.Times[i]
				seen.coarse = seen.coarse && t%int64(15*time.Minute) == 0
				if ingest >= 0 {
					seen.came.Add(ingests.Times[i] - t)
				}
			}
			seen.events = append(seen.events, t)
		}
	})
	return seen, bytes, err
}

// repeated counts the ids that have several labels, and those that have labels of several
// event times.
func (l *labelGlance) repeated() (ids, several int) {
	type labels struct {
		rows, first int
		several     bool
	}
	of := map[string]labels{}
	for i, id := range l.ids.whole() {
		s := of[id]
		if s.rows == 0 {
			s.first = i
		}
		s.rows++
		s.several = s.several || l.events[i] != l.events[s.first]
		of[id] = s
	}
	for _, s := range of {
		if s.rows > 1 {
			ids++
		}
		if s.several {
			several++
		}
	}
	return ids, several
}
