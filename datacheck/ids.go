package datacheck

import (
	"fmt"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth/diagnose"
	"github.com/hindcast/hindcast/groundtruth/probe"
)

const (
	// enoughIDs is how many ids are needed to say something of them all, and leastIDs where
	// none of them meets.
	enoughIDs = 20
	leastIDs  = 3
)

// manyIDs of both sides are so many that some should meet, though not all labels were read.
const manyIDs = 1000

// fewMeet is the share of the ids below which those that meet are few.
const fewMeet = 0.1

// lookedID is a prediction whose label is looked for.
type lookedID struct {
	at    int64 // when it was made; probe.NoTime where that is not known
	row   int   // in the head of the predictions
	label int   // the row of its first label in the head of the labels; -1 is none
}

// ids looks for the labels of the predictions of one object, and says how many there are and
// how late they came.
func (c *checker) ids() {
	p, l := &c.predictions, &c.labels
	at, ok := c.lookedObject()
	if !ok || !p.hasIDs() || !l.hasIDs() || l.elsewhere {
		return
	}
	c.repeated()
	ids := c.lookedIDs(at)
	if len(ids) == 0 {
		return
	}
	rows := &l.head.Rows
	example := -1
	for i, id := range rows.IDs {
		switch found, ok := ids[id]; {
		case id == (xxh3.Uint128{}):
		case ok && found.label < 0:
			found.label = i
		case !ok && example < 0 && rows.Texts[i] != "":
			example = i
		}
	}
	out := &IDs{Predictions: int64(len(ids)), Labels: int64(rows.Len()), Objects: len(l.head.Objects)}
	var without []string
	for _, id := range ids {
		if id.label >= 0 {
			out.Matched++
		} else if text := p.head.Rows.Texts[id.row]; text != "" {
			without = append(without, text)
		}
	}
	slices.Sort(without)
	out.Share = stat.Number(share(out.Matched, out.Predictions))
	if label := l.column(keyLabel); label != nil {
		unusable := label.Bad
		if label.Known() == 0 { // a part of them may be empty until it is known
			unusable = label.Rows
		}
		out.Unusable = stat.Number(share(unusable, label.Rows))
	}
	out.Complete = l.head.Whole && !l.More && len(l.head.Objects) == c.labelObjectsThere()
	if len(without) > 0 {
		out.Example = without[0]
	}
	if example >= 0 {
		out.LabelID = rows.Texts[example]
	}
	c.out.IDs = out
	c.meet(out, without)
	c.delay(ids)
}

// labelObjectsThere counts the objects that may hold labels of the predictions that are looked
// for.
func (c *checker) labelObjectsThere() int {
	if within, ok := c.labelsWithin(); ok {
		return len(c.labels.list.Between(within.Start, within.End))
	}
	return len(c.labels.list.Spread(len(c.labels.list.Objects)))
}

// lookedIDs returns the ids of the predictions of an object whose labels are due.
func (c *checker) lookedIDs(object int) map[xxh3.Uint128]*lookedID {
	rows := &c.predictions.head.Rows
	field := c.predictions.field(keyTimestamp)
	out := map[xxh3.Uint128]*lookedID{}
	due := c.opt.Now.Add(-c.model.GroundTruth.Delay).UnixNano()
	for i, id := range rows.IDs {
		if int(rows.Object[i]) != object || id == (xxh3.Uint128{}) {
			continue
		}
		at := int64(probe.NoTime)
		if field >= 0 {
			at = rows.Times[field][i]
		}
		if at != probe.NoTime && at > due {
			continue
		}
		if _, ok := out[id]; !ok {
			out[id] = &lookedID{at: at, row: i, label: -1}
		}
	}
	return out
}

// meet says what is wrong where few ids meet; without are ids that have no label.
func (c *checker) meet(ids *IDs, without []string) {
	if ids.Predictions < leastIDs || ids.Predictions < enoughIDs && ids.Matched > 0 {
		return
	}
	coverage := c.model.Rules().MinCoverage()
	found := fmt.Sprintf("%s of %d ids of predictions have a label among %d records of %d objects", Percent(float64(ids.Share)), ids.Predictions, ids.Labels, ids.Objects)
	if ids.Matched == 0 {
		found = fmt.Sprintf("none of %d ids of predictions is among those of %d label records", ids.Predictions, ids.Labels)
	}
	do := "see that " + columnsKey(predictionsName) + ".id and " + columnsKey(labelsName) + ".id name columns that hold the same ids, written alike"
	few := ids.Share < fewMeet && (coverage == 0 || float64(ids.Share) < coverage) // of a sample few have one
	labels := c.labelTexts()
	differ, ok := diagnose.IDs(without, labels)
	// Where many meet as they are, the cause has to be that of most others, for labels of other
	// predictions are alike too.
	switch {
	case ok && (few || !differ.Loose && 2*differ.Met > len(without)):
		do, few = differ.Words(), true
		ids.Example, ids.LabelID = differ.Prediction, differ.Label
	case few && diagnose.Alike(without, labels):
		do = "they are written alike, so the labels read may be of other predictions: see whether those of these are written, and how much later than `ground_truth.delay`"
	}
	switch {
	case few && ids.Example != "" && ids.LabelID != "":
		found += fmt.Sprintf(": predictions have %s, labels %s", diagnose.QuoteID(ids.Example), diagnose.QuoteID(ids.LabelID))
	case ids.Example != "":
		found += fmt.Sprintf("; %s has none", diagnose.QuoteID(ids.Example))
	}
	switch {
	case ids.Matched == 0 && ids.Complete:
		c.problem(Error, "", found, do)
	case few && ids.Complete:
		c.problem(Warning, "", found, do)
	case ids.Matched == 0 && min(ids.Predictions, ids.Labels) >= manyIDs: // of fewer all may lie in what was not read
		c.problem(Warning, "", found+"; only a part of the labels was read", do)
	case float64(ids.Share) < coverage && ids.Complete:
		c.problem(Warning, "", found+fmt.Sprintf("; rules ask for a coverage of %g", coverage), "see whether labels come later than ground_truth.delay, or for a part of the predictions only; set a lower `min_coverage` where that is as it is")
	}
}

// labelTexts returns ids of labels.
func (c *checker) labelTexts() []string {
	return slices.DeleteFunc(slices.Clone(c.labels.head.Rows.Texts), func(text string) bool { return text == "" })
}

// repeated says where the same ids are predicted in object after object.
func (c *checker) repeated() {
	p := &c.predictions
	if len(p.head.Objects) < 2 || c.spec.Within > 0 {
		return
	}
	first := map[xxh3.Uint128]int32{}
	records, again, example := 0, 0, ""
	for i, id := range p.head.Rows.IDs {
		if id == (xxh3.Uint128{}) {
			continue
		}
		records++
		of, ok := first[id]
		switch {
		case !ok:
			first[id] = p.head.Rows.Object[i]
		case of != p.head.Rows.Object[i]:
			again++
			if example == "" {
				example = p.head.Rows.Texts[i]
			}
		}
	}
	if records < enoughIDs || again < records/3 {
		return
	}
	c.problem(Warning, predictionsName, fmt.Sprintf("%d of %d records have an id that another object has too, such as %s", again, records, diagnose.QuoteID(example)),
		"give each prediction an id of its own, name the columns that make one as in `predictions.columns.id: [store, day]`, or set `ground_truth.match.within`: else a label counts for all predictions of its id, whatever their day")
}

// delay says how late labels came. Of ids that are predicted again and again it isn't known
// which label is whose.
func (c *checker) delay(ids map[xxh3.Uint128]*lookedID) {
	l := &c.labels
	by, field := keyIngested, l.field(keyIngested)
	if field < 0 || l.column(keyIngested) == nil {
		by, field = keyTimestamp, l.field(keyTimestamp)
	}
	if field < 0 || !l.head.Fields[field].There || c.predictions.misread || c.spec.Within > 0 {
		return
	}
	var late []time.Duration
	for _, id := range ids {
		if id.label < 0 || id.at == probe.NoTime {
			continue
		}
		if t := l.head.Rows.Times[field][id.label]; t != probe.NoTime {
			late = append(late, time.Duration(t-id.at))
		}
	}
	if len(late) < enoughIDs {
		return
	}
	slices.Sort(late)
	rank := func(share float64) time.Duration { return late[min(int(share*float64(len(late))), len(late)-1)] }
	delay := c.model.GroundTruth.Delay
	most := rank(0.95)
	c.out.Delay = &Delay{
		Labels: int64(len(late)), By: columnsKey(labelsName) + "." + by,
		Median: rank(0.5).Seconds(), Most: most.Seconds(), Last: late[len(late)-1].Seconds(), Configured: delay.Seconds(),
	}
	if most > delay {
		c.problem(Warning, labelsName, fmt.Sprintf("95 %% of the labels came within %s of their predictions, and ground_truth.delay is %s: windows are judged before", diagnose.Delay(most), diagnose.Delay(delay)),
			"set `ground_truth.delay: "+diagnose.Delay(most)+"` or longer")
	}
	if before, _ := slices.BinarySearch(late, -time.Minute); before > len(late)/10 {
		c.problem(Warning, labelsName, fmt.Sprintf("%s of the labels are from before their predictions, the first by %s", Percent(share(int64(before), int64(len(late)))), diagnose.Delay(-late[0])),
			"see that the times of both sides are of the same time zone: times without one are read as UTC")
	}
}
