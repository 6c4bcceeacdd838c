package join

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// The bounds of a second look at a source.
const (
	lookObjects = 3
	lookRows    = 10_000 // of an object
)

// errLookedEnough ends the reading of an object whose first rows were looked at.
var errLookedEnough = errors.New("looked at enough rows")

// lookAgain reads the first rows of some objects of a source once more, on one goroutine and so
// in the order of the objects, and calls take with each chunk and how many of its rows count.
// The join itself keeps hashes of ids and no more; what a note needs to say why they don't
// meet is read here, where the outcome is odd, and costs the others nothing.
func (j *joiner) lookAgain(ctx context.Context, src groundtruth.Source, objects []source.Object, wants []table.Want, take func(c *table.Chunk, rows int)) (bytes int64, err error) {
	objects = someOf(objects, lookObjects)
	var reader format.Reader
	rows := make([]int, len(objects))
	scan := format.Scan{
		Objects: objects, Format: src.Format, Workers: 1, Wants: wants, Glance: true,
		Read: func(ctx context.Context, _ int, p *format.Part) (table.ReadStats, error) {
			seen := &rows[p.Object.Ord]
			if *seen >= lookRows {
				return table.ReadStats{}, nil
			}
			stats, err := reader.Read(ctx, p, wants, table.ReadOptions{Memory: j.readerMemory()}, func(c *table.Chunk) error {
				n := min(c.Len, lookRows-*seen)
				*seen += n
				take(c, n)
				if *seen >= lookRows {
					return errLookedEnough
				}
				return nil
			})
			if errors.Is(err, errLookedEnough) {
				err = nil
			}
			return stats, err
		},
	}
	stats, err := scan.Run(ctx)
	if err != nil {
		return stats.Bytes, fmt.Errorf("look at %s again: %w", src.URL, err)
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

// predictionLook is what a second look at the predictions found.
type predictionLook struct {
	inside, other []string // ids of rows of the window, and of other rows
	outside       outside
	midnights     bool // every timestamp is the start of a day
}

// lookAtPredictions looks at predictions again: at those in objects of the window, where the
// objects have dates.
func (j *joiner) lookAtPredictions(ctx context.Context) (look predictionLook, bytes int64, err error) {
	var objects []source.Object
	for _, o := range j.preds.Objects {
		if !o.HasSpan || o.Span.Start.Before(j.window.End) && o.Span.End.After(j.window.Start) {
			objects = append(objects, o)
		}
	}
	var l wantList
	id := l.add(j.spec.PredictionColumns.ID, table.AsText, false)
	at := l.add(j.spec.PredictionColumns.Timestamp, table.AsTime, false)
	look.outside = noneOutside()
	look.midnights = at >= 0
	start, end := nanos(j.window.Start), nanos(j.window.End)
	bytes, err = j.lookAgain(ctx, j.spec.Predictions, objects, l.wants, func(c *table.Chunk, rows int) {
		ids, times := c.Column(id), c.Column(at)
		for i := range rows {
			in := at < 0
			if !in && times.Valid[i] {
				t := times.Times[i]
				look.midnights = look.midnights && t%(table.DaySeconds*1e9) == 0
				if in = t >= start && t < end; !in {
					look.outside.add(t)
				}
			}
			if text := ids.Text(i); in {
				look.inside = appendID(look.inside, text)
			} else {
				look.other = appendID(look.other, text)
			}
		}
	})
	return look, bytes, err
}

// labelLook is what a second look at the labels found, of those that as-of does not hide.
type labelLook struct {
	ids       []string
	came      diagnose.Delays // from the event times of labels to their ingest times
	midnights bool            // every event time is the start of a day
	several   int             // ids that have labels of several event times
	repeated  int             // ids that have several labels
}

// lookAtLabels looks at labels again.
func (j *joiner) lookAtLabels(ctx context.Context) (look labelLook, bytes int64, err error) {
	var l wantList
	c := j.spec.LabelColumns
	id := l.add(c.ID, table.AsText, false)
	event := l.add(c.Timestamp, table.AsTime, false)
	ingest := l.add(c.IngestedAt, table.AsTime, false)
	look.midnights = event >= 0
	asOf := nanos(j.asOf)
	type labelsOf struct {
		event   int64
		rows    int
		several bool
	}
	of := map[string]*labelsOf{}
	bytes, err = j.lookAgain(ctx, j.spec.Labels, j.labels.Objects, l.wants, func(c *table.Chunk, rows int) {
		ids, events, ingests := c.Column(id), c.Column(event), c.Column(ingest)
		for i := range rows {
			text := ids.Text(i)
			if text == "" || ingest >= 0 && (!ingests.Valid[i] || ingests.Times[i] > asOf) {
				continue
			}
			look.ids = appendID(look.ids, text)
			s := of[text]
			if s == nil {
				s = &labelsOf{}
				of[look.ids[len(look.ids)-1]] = s
			}
			s.rows++
			if event < 0 || !events.Valid[i] {
				continue
			}
			t := events.Times[i]
			look.midnights = look.midnights && t%(table.DaySeconds*1e9) == 0
			s.several = s.several || s.rows > 1 && s.event != t
			s.event = t
			if ingest >= 0 {
				look.came.Add(ingests.Times[i] - t)
			}
		}
	})
	for _, s := range of {
		if s.rows > 1 {
			look.repeated++
		}
		if s.several {
			look.several++
		}
	}
	return look, bytes, err
}

// appendID appends an id where there is one. The text is the chunk's, so it is cloned.
func appendID(ids []string, text string) []string {
	if text == "" {
		return ids
	}
	return append(ids, strings.Clone(text))
}
