package join

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// The limits of what is odd, so that a healthy window has no note.
const (
	// lowCoverage is the share of predictions with a label below which the ids are glanced at.
	lowCoverage = 0.5
	// waitingCoverage is the share below which labels that are still coming in are told of.
	waitingCoverage = 0.8
	// someRows is how many there are to be where a note goes by a share of them.
	someRows = 10
	// oddLabels and oddStrays say of how many labels and rows more than one is to be odd.
	oddLabels = 10
	oddStrays = 100
)

// metRows is what the scans met, beside what they count for everybody.
type metRows struct {
	predictions, labels int64 // rows read
	skipped             int64 // rows of predictions that their statistics passed over
	outside             outside
}

// explain adds the notes of what is odd in a result that is complete otherwise: why nothing
// matches, why rows lie outside of the window, and whether labels come later than they are
// waited for. The causes and their words are diagnose's. What is said depends on as-of, and not
// on whether that is now: a window that is judged again as of then has the same notes.
func (j *joiner) explain(ctx context.Context, res *groundtruth.Result, f *metRows) error {
	var notes []string
	for _, explain := range []func(context.Context, *groundtruth.Result, *metRows) (string, error){
		j.explainNoRows, j.explainEmpty, j.explainOutside, j.explainStrays, j.explainUnmatched, j.explainSeveral, j.explainBefore, j.explainHidden, j.explainDelay,
	} {
		note, err := explain(ctx, res, f)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			// An object that is gone by now fails no window that was read.
			j.log.Warn("cannot say why a window is odd", "window_start", j.window.Start, "window_end", j.window.End, "err", err)
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	res.Notes = append(res.Notes, notes...)
	return nil
}

// mayBeQuiet reports whether a window is so short that it may well have no predictions, as hours
// of the night.
func (j *joiner) mayBeQuiet() bool { return j.window.Duration() < 12*time.Hour }

// explainNoRows tells of objects without a row.
func (j *joiner) explainNoRows(_ context.Context, res *groundtruth.Result, f *metRows) (string, error) {
	say := func(source string, n int, first string) (string, error) {
		return fmt.Sprintf("no row is in the %d objects of %s, first %s: look whether the job that writes them had any", n, source, table.Quote(first)), nil
	}
	switch {
	case f.predictions == 0 && len(j.preds.Objects) > 0 && !j.mayBeQuiet():
		return say(fromPredictions, len(j.preds.Objects), j.preds.Objects[0].Rel)
	case res.LabelsRead && res.Coverage.Predictions > 0 && f.labels == 0 && len(j.labels.Objects) > 0:
		return say(fromLabels, len(j.labels.Objects), j.labels.Objects[0].Rel)
	}
	return "", nil
}

// explainEmpty tells of labels of which none has a value.
func (j *joiner) explainEmpty(_ context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	c := &res.Coverage
	if !res.LabelsRead || c.Predictions == 0 || c.Labels+c.ConflictingLabels > 0 || c.NullLabels+c.DeletedLabels == 0 {
		return "", nil
	}
	return fmt.Sprintf("no label has a value: of %d ids the %s is empty, and %d are deleted; look whether ground_truth.columns.label and op are the right columns, and whether labels come later than ground_truth.delay (%s)",
		c.NullLabels, table.Quote(j.spec.LabelColumns.Label), c.DeletedLabels, diagnose.Delay(j.opt.Delay)), nil
}

// explainOutside tells where rows lie when the window has none.
func (j *joiner) explainOutside(ctx context.Context, res *groundtruth.Result, f *metRows) (string, error) {
	if res.Coverage.Predictions > 0 || f.outside.rows+f.skipped == 0 {
		return "", nil
	}
	rows := f.outside.rows + f.skipped
	note := fmt.Sprintf("none of the %d rows of predictions read lies in the window %s", rows, j.window)
	objects := j.windowObjects()
	if len(objects) == 0 {
		return note + ": they are of folders beside it, which predictions.slack has read, and there is none of its own date", nil
	}
	seen, bytes, err := j.glanceAtPredictions(ctx)
	res.BytesRead += bytes
	if err != nil {
		return "", err
	}
	// Folders beside the window have rows outside of it as they should.
	out, dated := seen.outside, objects[0].HasSpan
	if !dated {
		out.merge(&f.outside)
	}
	if out.first > out.last {
		return "", nil
	}
	why := j.whyOutside(objects, diagnose.Times{First: out.first, Last: out.last, Midnights: seen.midnights, Unzoned: seen.unzoned})
	if why == "" {
		return "", nil
	}
	return fmt.Sprintf("%s: their %s %s; %s", note, table.Quote(j.spec.PredictionColumns.Timestamp), between(out.first, out.last, (dated || f.skipped > 0) && seen.outside.rows < rows), why), nil
}

// whyOutside says why all rows of some objects lie outside of the window, and nothing where
// that may well be.
func (j *joiner) whyOutside(objects []source.Object, times diagnose.Times) string {
	dated := objects[0].HasSpan
	// Folders of a day have rows of other hours, and some hours have none.
	wider := dated && slices.ContainsFunc(objects, func(o source.Object) bool {
		return o.Span.Start.Before(j.window.Start) || o.Span.End.After(j.window.End)
	})
	cause, ok := times.Outside(j.window, j.asOf, dated)
	switch {
	case ok && !(wider && cause.Displaced()):
		return cause.Words()
	case wider:
		return ""
	case dated:
		return wrongColumn
	case times.First >= nanos(j.window.End):
		return "the log begins after the window, or " + wrongColumn
	case times.Last < nanos(j.window.Start):
		return "the log ends before the window, or " + wrongColumn
	case j.mayBeQuiet():
		return ""
	}
	return "the log has rows before the window and after it: it may have a gap there"
}

// wrongColumn is what to look at where no cause is known.
const wrongColumn = "look whether predictions.columns.timestamp is the right column"

// between writes a range of times, of which some alone may have been looked at.
func between(first, last int64, some bool) string {
	text := "is " + clock(first)
	if clock(last) != clock(first) {
		text = "lies between " + clock(first) + " and " + clock(last)
	}
	if some {
		text += ", of the rows looked at"
	}
	return text
}

// clock writes a time of a row.
func clock(nanos int64) string { return time.Unix(0, nanos).UTC().Format(time.RFC3339) }

// explainStrays tells of rows that lie so far from the date of their folder that no window
// reads them.
func (j *joiner) explainStrays(ctx context.Context, res *groundtruth.Result, f *metRows) (string, error) {
	out := &f.outside
	if res.Coverage.Predictions == 0 || out.strays*oddStrays <= f.predictions {
		return "", nil
	}
	object := &j.preds.Objects[out.object]
	seen, bytes, err := j.glanceAtPredictions(ctx)
	res.BytesRead += bytes
	if err != nil {
		return "", err
	}
	why := wrongColumn
	times := diagnose.Times{First: out.strayFirst, Last: out.strayLast, Before: out.before, After: out.after, Unzoned: seen.unzoned}
	if cause, ok := times.Outside(j.window, j.asOf, true); ok {
		why = cause.Words()
	}
	return fmt.Sprintf("rows of predictions lie further from the date of their folder than predictions.slack (%s), where no window reads them: %d of the %d read, first in %s; their %s %s; %s",
		diagnose.Delay(j.spec.Predictions.Slack), out.strays, f.predictions, table.Quote(object.Rel), table.Quote(j.spec.PredictionColumns.Timestamp), between(out.strayFirst, out.strayLast, false), why), nil
}

// covered reports whether at least a share of the predictions have a label.
func covered(c *groundtruth.Coverage, share float64) bool {
	return float64(c.Matched) >= share*float64(c.Predictions)
}

// enough reports whether at least a share of the predictions have a label, or as many as are
// asked for: where labels are a sample, no others are to come.
func (j *joiner) enough(c *groundtruth.Coverage, share float64) bool {
	return covered(c, share) || j.opt.Coverage > 0 && covered(c, j.opt.Coverage)
}

// explainUnmatched tells why no or few predictions meet a label though labels were read.
func (j *joiner) explainUnmatched(ctx context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	c := &res.Coverage
	if !res.LabelsRead || c.Predictions == 0 || c.UnmatchedLabels == 0 || covered(c, lowCoverage) {
		return "", nil
	}
	preds, bytes, err := j.glanceAtPredictions(ctx)
	res.BytesRead += bytes
	if err != nil {
		return "", err
	}
	labels, bytes, err := j.glanceAtLabels(ctx)
	res.BytesRead += bytes
	if err != nil {
		return "", err
	}
	head := fmt.Sprintf("none of the %d predictions matches one of the %d labels read: ", c.Predictions, c.Labels)
	if c.Matched > 0 {
		head = fmt.Sprintf("only %d of the %d predictions match a label, and %d of the %d labels read match none: ", c.Matched, c.Predictions, c.UnmatchedLabels, c.Labels)
	}
	like := preds.inside // ids as those of the window are written
	if like.empty() {
		like = preds.before // a log of many days begins with them
	}
	if like.empty() || labels.ids.empty() {
		if c.Matched > 0 || c.Predictions < someRows || c.HiddenLabels > 0 {
			return "", nil
		}
		return fmt.Sprintf("%slook whether both columns hold the same ids, written alike, and whether labels come later than ground_truth.delay (%s)", head, diagnose.Delay(j.opt.Delay)), nil
	}
	written, before, ids := like.whole(), preds.before.whole(), labels.ids.whole()
	if met, of := diagnose.Overlap(ids, before); c.Predictions >= someRows && c.Matched == 0 && met > 0 && 2*met >= of {
		return fmt.Sprintf("%sthose looked at are of predictions before the window, such as %s, so labels of this window may come later than ground_truth.delay (%s)",
			head, strings.Join(diagnose.Examples(ids, 1), ""), diagnose.Delay(j.opt.Delay)), nil
	}
	for column, name := range j.spec.PredictionColumns.ID {
		m, ok := diagnose.IDs(like[column], labels.ids[column])
		if !ok {
			continue
		}
		where := ""
		if len(like) > 1 {
			where = " in column " + table.Quote(name)
		}
		return fmt.Sprintf("%sids are written differently%s, %s, such as prediction %s and label %s; %s", head, where, m.Differ, diagnose.QuoteID(m.Prediction), diagnose.QuoteID(m.Label), m.Remedy), nil
	}
	if c.Predictions < someRows || c.HiddenLabels > 0 {
		return "", nil // explainHidden tells of those
	}
	if c.Matched > 0 {
		// Fewer labels than predictions may be all that there are.
		met, of := diagnose.Overlap(before, ids)
		if of < someRows || 2*met < of || met*int(c.Predictions) < 2*of*int(c.Matched) || res.LabelDelay != nil {
			return "", nil
		}
		return fmt.Sprintf("only %d of the %d predictions match a label, while %d of %d looked at from before the window do: labels may come later than ground_truth.delay (%s)",
			c.Matched, c.Predictions, met, of, diagnose.Delay(j.opt.Delay)), nil
	}
	const examples = 3
	head += fmt.Sprintf("ids of predictions (%s) are such as %s, those of labels (%s) such as %s",
		table.Quote(j.spec.PredictionColumns.ID.String()), strings.Join(diagnose.Examples(written, examples), ", "),
		table.Quote(j.spec.LabelColumns.ID.String()), strings.Join(diagnose.Examples(ids, examples), ", "))
	if within := labels.came.Quantile(mostLabels); within > j.opt.Delay {
		return fmt.Sprintf("%s. 95 %% of labels came within %s of their %s, while ground_truth.delay is %s: raise it", head, diagnose.Delay(within), table.Quote(j.spec.LabelColumns.Timestamp), diagnose.Delay(j.opt.Delay)), nil
	}
	if diagnose.Alike(written, ids) {
		return fmt.Sprintf("%s, which are written alike: the labels read may be of other predictions, and those of this window later than ground_truth.delay (%s)", head, diagnose.Delay(j.opt.Delay)), nil
	}
	return fmt.Sprintf("%s, and no other way of writing them makes them meet: look whether both columns hold the same ids, and whether labels come later than ground_truth.delay (%s)", head, diagnose.Delay(j.opt.Delay)), nil
}

// explainSeveral tells of ids that are predicted again and again, whose labels are no
// corrections of one another.
func (j *joiner) explainSeveral(ctx context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	c := &res.Coverage
	if j.spec.Within > 0 || c.Predictions == 0 || c.Matched == 0 && c.Labels > 0 || c.ConflictingLabels == 0 || 2*c.ConflictingLabels < c.Labels {
		return "", nil
	}
	if j.spec.LabelColumns.Timestamp != "" {
		seen, bytes, err := j.glanceAtLabels(ctx)
		res.BytesRead += bytes
		if err != nil {
			return "", err
		}
		if ids, several := seen.repeated(); 2*several < ids {
			return "", nil // most are of one event: corrections
		}
	}
	counts := "one counts, whichever prediction it is of"
	if j.spec.Resolve == groundtruth.ResolveConflictIsMissing {
		counts = "none counts"
	}
	return fmt.Sprintf("%d ids have several labels that differ (%d label records beyond the first of their id), and of each %s: where an id such as a store is predicted again and again, make ids unique by a second column in both (columns.id: [store, day]), or set ground_truth.match: {within: 1d}; corrections of a label need neither",
		c.ConflictingLabels, c.DuplicateLabels, counts), nil
}

// explainBefore tells of labels that lie before their predictions, as where one of the two is
// in local time. Event times that are dates or hours lie before predictions of the same.
func (j *joiner) explainBefore(ctx context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	c := &res.Coverage
	if c.Matched < someRows || 2*c.LabelsBefore < c.Matched {
		return "", nil
	}
	seen, bytes, err := j.glanceAtLabels(ctx)
	res.BytesRead += bytes
	if err != nil || seen.coarse {
		return "", err
	}
	return fmt.Sprintf("%d of %d labels have a %s before the %s of their prediction: if that cannot be, one of the two is in local time and the other in UTC; write both in UTC or with their offset",
		c.LabelsBefore, c.Matched, table.Quote(j.spec.LabelColumns.Timestamp), table.Quote(j.spec.PredictionColumns.Timestamp)), nil
}

// explainHidden tells of labels that as-of hides, where others are missing.
func (j *joiner) explainHidden(_ context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	c := &res.Coverage
	if c.HiddenLabels == 0 || c.Predictions < someRows || j.enough(c, lowCoverage) {
		return "", nil
	}
	by := "the date of their folder"
	if name := j.spec.LabelColumns.IngestedAt; name != "" {
		by = "their " + table.Quote(name)
	}
	head := fmt.Sprintf("%d of %d predictions have a label, and %d label records were left out that came in after as-of, %s, by %s", c.Matched, c.Predictions, c.HiddenLabels, j.asOf.UTC().Format(time.RFC3339), by)
	if mature := j.window.End.Add(j.opt.Delay); j.asOf.Before(mature) && j.lastHidden <= nanos(mature) {
		return fmt.Sprintf("%s: the window is mature at %s, and none of them came later than that", head, mature.UTC().Format(time.RFC3339)), nil
	}
	// Local time shifts no time by more than a zone can, and so hides all labels of a window
	// or few of them where they were waited for longer.
	waited := j.asOf.Sub(j.window.End) > diagnose.MostZone
	if waited && c.Matched >= someRows || j.lastHidden-nanos(j.asOf) > int64(diagnose.MostZone) {
		if j.lastHidden > nanos(j.asOf) {
			head += ", the last at " + clock(j.lastHidden)
		}
		return fmt.Sprintf("%s: those of this window among them came later than ground_truth.delay (%s); %s", head, diagnose.Delay(j.opt.Delay), howLong), nil
	}
	return head + ": a later as-of counts those of this window; if that is a time in the future, look whether it is local time that was taken for UTC", nil
}

// howLong is where to learn how long labels take, which a window that lacks some cannot tell.
const howLong = "`hindcast check --data` looks at older predictions and says how long labels take"

// explainDelay tells of labels that come in later than they are waited for.
func (j *joiner) explainDelay(_ context.Context, res *groundtruth.Result, _ *metRows) (string, error) {
	d, c := res.LabelDelay, &res.Coverage
	if !res.LabelsRead || c.Predictions < someRows || !j.window.Mature(j.asOf, j.opt.Delay) {
		return "", nil
	}
	since := j.asOf.Sub(j.window.End)
	atOnce := d != nil && d.Labels >= someRows && d.Most < since/4 // those of the last predictions are in too
	if j.opt.Delay == 0 && since < j.window.Duration() && !atOnce && !j.enough(c, waitingCoverage) {
		return fmt.Sprintf("%d of %d predictions have a label, and the window is judged %s after its end, since ground_truth.delay is 0s: set it to the time within which labels come in",
			c.Matched, c.Predictions, diagnose.Delay(since)), nil
	}
	if d == nil || d.Labels < someRows {
		return "", nil
	}
	within := fmt.Sprintf("half came within %s of their prediction, 95 %% within %s", diagnose.Delay(d.Median), diagnose.Delay(d.Most))
	late, recent := d.Late*oddLabels > d.Labels, d.Recent*oddLabels > d.Labels
	switch {
	case (late || recent) && !j.enough(c, waitingCoverage):
		// Those that are missing took longer than all that are in.
		came := fmt.Sprintf("%d came later than ground_truth.delay (%s) after the end of the window", d.Late, diagnose.Delay(j.opt.Delay))
		if !late {
			came = fmt.Sprintf("%d came within %s before as-of", d.Recent, diagnose.Delay(j.recent()))
		}
		more := "more may be on their way"
		if recent {
			more = "more are probably on their way"
		}
		return fmt.Sprintf("%d of %d predictions have a label so far, of which %s: %s, but these are only the labels that are in, and %s, so that labels take at least that long: raise ground_truth.delay (%s); %s",
			c.Matched, c.Predictions, came, within, more, diagnose.Delay(j.opt.Delay), howLong), nil
	case late:
		return fmt.Sprintf("%d of %d labels came in later than ground_truth.delay (%s) after the end of the window: %s. Windows are judged before such labels are in: set ground_truth.delay: %s",
			d.Late, d.Labels, diagnose.Delay(j.opt.Delay), within, diagnose.Delay(d.Most)), nil
	}
	return "", nil
}
