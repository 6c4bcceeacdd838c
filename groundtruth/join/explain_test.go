package join

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// rowsOf makes n rows.
func rowsOf(n int, row func(i int) tableRow) []tableRow {
	rows := make([]tableRow, n)
	for i := range rows {
		rows[i] = row(i)
	}
	return rows
}

// houseAt is the prediction of a house at an hour.
func houseAt(hour int) func(int) tableRow {
	return func(i int) tableRow { return pred(fmt.Sprintf("house-%d", i), hour, 1) }
}

// soldAs is the label of a house, whose id is written by f, that came in at an hour.
func soldAs(loaded int, f func(i int) string) func(int) tableRow {
	return func(i int) tableRow { return label(f(i), float64(i), loaded) }
}

func houseID(i int) string { return fmt.Sprintf("house-%d", i) }

// upperFrom writes the ids of houses in upper case from a number on.
func upperFrom(from int) func(int) string {
	return func(i int) string {
		if i < from {
			return houseID(i)
		}
		return strings.ToUpper(houseID(i))
	}
}

// TestExplain provokes what is odd, and what is not. Each is read by one goroutine and by
// several, and with its rows in another order and in other files, and says the same.
func TestExplain(t *testing.T) {
	dated := func(s *groundtruth.Spec, _ *Options) {
		s.Predictions.URL = strings.Replace(s.Predictions.URL, "**", "dt={date}/*", 1)
	}
	delay := func(d time.Duration) func(*groundtruth.Spec, *Options) {
		return func(_ *groundtruth.Spec, o *Options) { o.Delay = d }
	}
	past := func(_ *groundtruth.Spec, o *Options) { o.Past = true }
	const day = 24 * time.Hour
	var names memNames
	for _, tc := range []struct {
		name          string
		change        func(*groundtruth.Spec, *Options)
		folder        string // of the predictions
		asOf          int    // hours; a week where 0
		window        int    // the hour that is the window; 0 is all of the day
		preds, labels []tableRow
		want          []string // in the only note; nil is no note
		never         string   // not in it
	}{
		{name: "all is well", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(20, houseID))},
		{name: "labels of other windows too", preds: rowsOf(20, houseAt(5)), labels: rowsOf(90, soldAs(20, houseID))},
		{name: "a tenth has labels, as a sample has", preds: rowsOf(50, houseAt(5)), labels: rowsOf(5, soldAs(20, houseID))},
		{name: "ids in upper case", preds: rowsOf(20, houseAt(5)), labels: rowsOf(25, soldAs(20, upperFrom(0))),
			want: []string{"none of the 20 predictions matches one of the 25 labels read", `ids are written differently, those of the labels have upper-case letters where the others have lower-case ones, such as prediction "house-0" and label "HOUSE-0"`, "have the jobs write them in one case"}},
		{name: "some ids in upper case", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(20, upperFrom(5))),
			want: []string{"only 5 of the 20 predictions match a label, and 15 of the 20 labels read match none", `"house-10"`}},
		{name: "other ids", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(20, func(i int) string { return fmt.Sprint(i * 1001) })), change: delay(day),
			want: []string{`ids of predictions ("id") are such as "house-0", "house-1", "house-10", those of labels ("id") such as "0", "1001", "10010", and no other way of writing them makes them meet`, "ground_truth.delay (1d)"}},
		{name: "other ids of few", preds: rowsOf(3, houseAt(5)), labels: rowsOf(20, soldAs(20, func(i int) string { return fmt.Sprint(i * 1001) }))},
		{name: "other ids of few, alike in their first part", preds: rowsOf(2, houseAt(5)), labels: rowsOf(5, soldAs(20, func(i int) string { return houseID(100 + i) }))},
		{name: "few have labels, and those before the window", preds: append(rowsOf(5, houseAt(5)), rowsOf(5, func(i int) tableRow { return pred(fmt.Sprint("house-", 100+i), -20, 1) })...),
			labels: rowsOf(5, soldAs(20, func(i int) string { return fmt.Sprint("house-", 100+i) }))},
		{name: "few have labels, and as-of hides others", preds: rowsOf(5, houseAt(5)), labels: rowsOf(5, soldAs(24*7+2, func(i int) string { return houseID(100 + i) })), change: past},
		{name: "a sample has labels, and as-of hides others", preds: rowsOf(50, houseAt(5)), labels: rowsOf(10, func(i int) tableRow { return label(houseID(i*10), 1.0, 20+24*7*(i/5)) }),
			change: func(_ *groundtruth.Spec, o *Options) { o.Past, o.Coverage = true, 0.05 }},
		{name: "labels of other days alone", preds: append(rowsOf(20, houseAt(5)), rowsOf(20, func(i int) tableRow { return pred(fmt.Sprint("house-", 100+i), -20, 1) })...),
			labels: rowsOf(20, soldAs(20, func(i int) string { return fmt.Sprint("house-", 100+i) })), change: delay(day),
			want: []string{`those looked at are of predictions before the window, such as "house-100", so labels of this window may come later than ground_truth.delay (1d)`}},
		{name: "labels of other predictions", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(20, func(i int) string { return houseID(100 + i) })), change: delay(day),
			want: []string{`such as "house-100", "house-101", "house-102", which are written alike: the labels read may be of other predictions, and those of this window later than ground_truth.delay (1d)`}},
		{name: "labels that are there of days before", preds: rowsOf(60, func(i int) tableRow { return pred(houseID(i), 24*(i/20)-43, 1) }), labels: rowsOf(44, func(i int) tableRow { return label(houseID(i), 1.0, 20, "sold_at", nil) }),
			change: func(s *groundtruth.Spec, o *Options) { s.LabelColumns.IngestedAt, o.Delay = "", day },
			want:   []string{"only 4 of the 20 predictions match a label, while 40 of 40 looked at from before the window do: labels may come later than ground_truth.delay (1d)"}},
		{name: "labels later than the delay", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(24*6, func(i int) string { return fmt.Sprint(i * 1001) })), change: delay(day),
			want: []string{`95 % of labels came within 6d of their "sold_at", while ground_truth.delay is 1d: raise it`}},
		{name: "no row in the window", preds: rowsOf(20, houseAt(-30)), labels: rowsOf(20, soldAs(20, houseID)),
			want: []string{`none of the 20 rows of predictions read lies in the window 2026-01-01/2026-01-02: their "at" is 2025-12-30T18:00:00Z`, "the log ends before the window"}},
		{name: "a gap", preds: append(rowsOf(20, houseAt(-30)), rowsOf(20, houseAt(40))...),
			want: []string{"none of the 40 rows", `lies between 2025-12-30T18:00:00Z and 2026-01-02T16:00:00Z`, "it may have a gap there"}},
		{name: "date keys", preds: rowsOf(20, func(i int) tableRow { return pred(houseID(i), 0, 1, "at", int64(20260101)) }), folder: "dt=2026-01-01/", change: dated,
			want: []string{`is 1970-08-23T11:48:21Z; they were read as time since 1970, and are date keys such as 20260101`}},
		{name: "a gap of an hour", preds: append(rowsOf(20, houseAt(-1)), rowsOf(20, houseAt(40))...), window: 5},
		{name: "a quiet hour of a daily folder", preds: rowsOf(20, houseAt(6)), folder: "dt=2026-01-01/", change: dated, window: 5},
		{name: "a quiet hour of a daily folder, seen from the past", preds: rowsOf(20, houseAt(7)), folder: "dt=2026-01-01/", asOf: 6, change: func(s *groundtruth.Spec, o *Options) { dated(s, o); past(s, o) }, window: 5},
		{name: "a quiet hour whose date keys are none", preds: rowsOf(20, func(i int) tableRow { return pred(houseID(i), 0, 1, "at", int64(20260101)) }), folder: "dt=2026-01-01/", change: dated, window: 5,
			want: []string{"date keys such as 20260101"}},
		{name: "no folder of the date", preds: rowsOf(20, houseAt(-3)), folder: "dt=2025-12-31/", change: func(s *groundtruth.Spec, o *Options) { dated(s, o); s.Predictions.Slack = 2 * time.Hour },
			want: []string{"none of the 20 rows of predictions read lies in the window 2026-01-01/2026-01-02: they are of folders beside it, which predictions.slack has read, and there is none of its own date"}},
		{name: "a folder of another day's rows", preds: rowsOf(20, houseAt(-24*60)), folder: "dt=2026-01-01/", change: dated,
			want: []string{"none of the 20 rows", "look whether predictions.columns.timestamp is the right column"}},
		{name: "folders of local dates", preds: rowsOf(24, func(i int) tableRow { return pred(houseID(i), i-2, 1) }), labels: rowsOf(24, soldAs(20, houseID)), folder: "dt=2026-01-01/", change: dated,
			want: []string{"rows of predictions lie further from the date of their folder than predictions.slack (0s), where no window reads them: 2 of the 24 read", `lies between 2025-12-31T22:00:00Z and 2025-12-31T23:00:00Z`, "at most 2h before it", "predictions.partition_time_zone", "or predictions.slack: 2h"}},
		{name: "timestamps of local clocks without a zone", preds: rowsOf(24, func(i int) tableRow { return pred(houseID(i), 0, 1, "at", hours(i-8).Format(time.DateTime)) }), labels: rowsOf(24, soldAs(20, houseID)), folder: "dt=2026-01-01/", change: dated,
			want: []string{"8 of the 24 read", `their "at" lies between 2025-12-31T16:00:00Z and 2025-12-31T23:00:00Z; they have no time zone, such as "2025-12-31 16:00:00", and lie at most 8h before it, as local times do that are taken for UTC: write timestamps in UTC or with their offset`}, never: "predictions.slack:"},
		{name: "folders of local dates, and slack", preds: rowsOf(24, func(i int) tableRow { return pred(houseID(i), i-2, 1) }), labels: rowsOf(24, soldAs(20, houseID)), folder: "dt=2026-01-01/",
			change: func(s *groundtruth.Spec, o *Options) { dated(s, o); s.Predictions.Slack = 2 * time.Hour }},
		{name: "a flat file of several days", preds: rowsOf(96, func(i int) tableRow { return pred(houseID(i), i-48, 1) }), labels: rowsOf(96, soldAs(20, houseID))},
		{name: "stores that are predicted each day", preds: rowsOf(20, houseAt(5)),
			labels: rowsOf(60, func(i int) tableRow { return label(houseID(i%20), float64(i), 20, "sold_at", hours(12+24*(i/20))) }),
			want:   []string{"20 ids have several labels that differ (40 label records beyond the first of their id)", "columns.id: [store, day]", "ground_truth.match: {within: 1d}"}},
		{name: "stores whose labels conflict", preds: rowsOf(20, houseAt(5)), change: func(s *groundtruth.Spec, _ *Options) { s.Resolve = groundtruth.ResolveConflictIsMissing },
			labels: rowsOf(60, func(i int) tableRow { return label(houseID(i%20), float64(i), 20, "sold_at", hours(12+24*(i/20))) }),
			want:   []string{"20 ids have several labels that differ", "and of each none counts"}},
		{name: "labels without a value", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), nil, 20) }),
			want: []string{`no label has a value: of 20 ids the "label" is empty, and 0 are deleted`}},
		{name: "labels that are corrected", preds: rowsOf(20, houseAt(5)),
			labels: rowsOf(60, func(i int) tableRow { return label(houseID(i%20), float64(i), 20+i/20) })},
		{name: "labels before their predictions", preds: rowsOf(20, houseAt(15)),
			labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 20, "sold_at", hours(12).Add(time.Minute)) }),
			want:   []string{`20 of 20 labels have a "sold_at" before the "at" of their prediction`, "local time"}},
		{name: "dates before their predictions", preds: rowsOf(20, houseAt(15)),
			labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 20, "sold_at", "2026-01-01") })},
		{name: "whole hours before their predictions", preds: rowsOf(20, houseAt(15)), labels: rowsOf(20, soldAs(20, houseID))},
		{name: "local dates before their predictions", preds: rowsOf(20, houseAt(15)),
			labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 20, "sold_at", "2026-01-01T00:00:00+05:30") })},
		{name: "labels ingested in the future", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(24*7+2, houseID)),
			want: []string{`0 of 20 predictions have a label, and 20 label records were left out that came in after as-of, 2026-01-08T00:00:00Z, by their "loaded_at": a later as-of counts those of this window; if that is a time in the future, look whether it is local time`}},
		{name: "the same as of a moment of the past", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, soldAs(24*7+2, houseID)), change: past,
			want: []string{`by their "loaded_at": a later as-of counts those of this window; if that is a time in the future, look whether it is local time`}},
		{name: "labels of others, and some after as-of", preds: rowsOf(20, houseAt(5)), labels: append(rowsOf(20, soldAs(24*7+2, houseID)), rowsOf(20, soldAs(20, func(i int) string { return houseID(100 + i) }))...),
			want: []string{`0 of 20 predictions have a label, and 20 label records were left out`}},
		{name: "a few labels later than the delay", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 30+24*(i/19)) }), change: delay(day)},
		{name: "a fifth of the labels later than the delay", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 30+72*(i/16)) }), change: delay(day),
			want: []string{"4 of 20 labels came in later than ground_truth.delay (1d) after the end of the window: half came within 26h of their prediction, 95 % within 4d2h", "set ground_truth.delay: 4d2h"}},
		{name: "corrections later than the delay", preds: rowsOf(20, houseAt(5)), labels: append(rowsOf(20, soldAs(30, houseID)), rowsOf(20, soldAs(24*6, houseID))...), change: delay(day)},
		{name: "labels that still come in", preds: rowsOf(40, houseAt(5)), labels: rowsOf(24, func(i int) tableRow { return label(houseID(i), 1.0, 20+2*i) }), change: delay(2 * day), asOf: 24 * 3,
			want: []string{"24 of 40 predictions have a label so far, of which 3 came within 12h before as-of: half came within 38h of their prediction, 95 % within 2d14h, but these are only the labels that are in, and more are probably on their way, so that labels take at least that long: raise ground_truth.delay (2d); `hindcast check --data` looks at older predictions"}},
		{name: "labels that still come in, many later than the delay", preds: rowsOf(40, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 30+2*i) }), change: delay(day), asOf: 24 * 3,
			want: []string{"20 of 40 predictions have a label so far, of which 10 came later than ground_truth.delay (1d) after the end of the window: half came within", "more are probably on their way, so that labels take at least that long: raise ground_truth.delay (1d)"}},
		{name: "half of the labels, many later than the delay", preds: rowsOf(40, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 30+2*i) }), change: delay(day),
			want: []string{"20 of 40 predictions have a label so far, of which 10 came later", "more may be on their way, so that labels take at least that long: raise ground_truth.delay (1d)"}},
		{name: "labels that come days after as-of", preds: rowsOf(20, houseAt(5)), labels: rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 24*i) }), change: delay(2 * day), asOf: 24 * 3,
			want: []string{`4 of 20 predictions have a label, and 16 label records were left out that came in after as-of, 2026-01-04T00:00:00Z, by their "loaded_at", the last at 2026-01-20T00:00:00Z: those of this window among them came later than ground_truth.delay (2d); ` + "`hindcast check --data`"}},
		{name: "labels that come in until as-of and some hours after it", preds: rowsOf(40, houseAt(5)), labels: rowsOf(40, func(i int) tableRow { return label(houseID(i), 1.0, 60+i/2) }), change: delay(2 * day), asOf: 24*3 - 4,
			want: []string{`the last at 2026-01-04T07:00:00Z: those of this window among them came later`}},
		{name: "labels that come in before the window is mature", preds: rowsOf(40, houseAt(5)), labels: rowsOf(40, func(i int) tableRow { return label(houseID(i), 1.0, 30+i) }), change: delay(2 * day), asOf: 24 * 2,
			want: []string{`by their "loaded_at": the window is mature at 2026-01-04T00:00:00Z, and none of them came later than that`}, never: "ground_truth.delay"},
		{name: "a sample's labels that still come in", preds: rowsOf(40, houseAt(5)), labels: rowsOf(24, func(i int) tableRow { return label(houseID(i), 1.0, 20+2*i) }), asOf: 24 * 3,
			change: func(_ *groundtruth.Spec, o *Options) { o.Delay, o.Coverage = 2*day, 0.5 }},
		{name: "no delay, and a sample's labels", preds: rowsOf(20, houseAt(5)), labels: rowsOf(8, soldAs(20, houseID)), asOf: 26, change: func(_ *groundtruth.Spec, o *Options) { o.Coverage = 0.4 }},
		{name: "no delay, and labels that came at once", preds: rowsOf(40, houseAt(5)), labels: rowsOf(16, soldAs(6, houseID)), asOf: 30},
		{name: "no delay", preds: rowsOf(20, houseAt(5)), labels: rowsOf(8, soldAs(20, houseID)), asOf: 26,
			want: []string{"8 of 20 predictions have a label, and the window is judged 2h after its end, since ground_truth.delay is 0s"}},
		{name: "files without rows", preds: nil, want: []string{`no row is in the 1 objects of predictions, first "p-0.csv"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.asOf == 0 {
				tc.asOf = 24 * 7
			}
			window := groundtruth.Window{Start: day0(), End: hours(24)}
			if tc.window > 0 {
				window = groundtruth.Window{Start: hours(tc.window), End: hours(tc.window + 1)}
			}
			var first []string
			for _, workers := range []int{1, 3} {
				for files := range 2 {
					notes := explained(t, &names, tc.change, tc.folder, window, hours(tc.asOf), workers, 1+files, tc.preds, tc.labels)
					if workers+files == 1 {
						first = notes
					} else if tc.preds != nil && !slices.Equal(notes, first) {
						t.Errorf("by %d goroutines from %d files: notes %q, by one from one %q", workers, 1+files, notes, first)
					}
				}
			}
			if len(first) != min(len(tc.want), 1) {
				t.Fatalf("notes %q, want %q", first, tc.want)
			}
			if tc.never != "" && strings.Contains(first[0], tc.never) {
				t.Errorf("note %q says %q", first[0], tc.never)
			}
			for _, want := range tc.want {
				if !strings.Contains(first[0], want) {
					t.Errorf("note %q does not say %q", first[0], want)
				}
			}
		})
	}
}

// explained joins rows that are dealt to files in an order of their own, and returns the notes.
func explained(t *testing.T, names *memNames, change func(*groundtruth.Spec, *Options), folder string, w groundtruth.Window, asOf time.Time, workers, files int, preds, labels []tableRow) []string {
	t.Helper()
	deal := func(prefix string, rows []tableRow) []tableObject {
		rows = slices.Clone(rows)
		if files > 1 {
			r := rand.New(rand.NewPCG(1, uint64(workers)))
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		objects := make([]tableObject, files)
		for f := range objects {
			objects[f].rel = fmt.Sprintf("%s-%d.csv", prefix, f)
		}
		for i, row := range rows {
			objects[i%files].rows = append(objects[i%files].rows, row)
		}
		return objects
	}
	base := names.next(t)
	joinTable{preds: deal(folder+"p", preds), labels: deal("l", labels)}.write(t, base)
	spec := testSpec(base+"/preds/**", base+"/labels/**")
	opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: workers, SpillDir: t.TempDir()}}
	if change != nil {
		change(&spec, &opt)
	}
	res, _, err := Join(context.Background(), objstore.NewOpener(""), spec, w, asOf, opt, newRecorder)
	must(t, err)
	return slices.DeleteFunc(res.Notes, func(n string) bool { return strings.Contains(n, "but for a name that begins with") })
}

// TestExplainBeyondTheFirstRows glances at rows of which none is of the window, and at ids that
// are too long to be kept.
func TestExplainBeyondTheFirstRows(t *testing.T) {
	t.Parallel()
	long := func(prefix string) func(int) string {
		return func(i int) string { return prefix + strings.Repeat("x", glanceID) + houseID(i) }
	}
	var names memNames
	for _, tc := range []struct {
		name          string
		preds, labels []tableRow
		want          string
	}{
		{"ids of rows before the window", append(rowsOf(glanceRows, houseAt(-5)), rowsOf(20, func(i int) tableRow { return pred(houseID(i+glanceRows), 5, 1) })...), rowsOf(20, soldAs(20, upperFrom(0))),
			`those of the labels have upper-case letters where the others have lower-case ones, such as prediction "house-0" and label "HOUSE-0"`},
		{"no id", append(rowsOf(glanceRows, houseAt(30)), rowsOf(20, houseAt(5))...), rowsOf(20, soldAs(20, upperFrom(0))),
			"none of the 20 predictions matches one of the 20 labels read: look whether both columns hold the same ids, written alike, and whether labels come later than ground_truth.delay (0s)"},
		{"long ids", rowsOf(20, func(i int) tableRow { return pred(long("p")(i), 5, 1) }), rowsOf(20, soldAs(20, long("P"))),
			"none of the 20 predictions matches one of the 20 labels read: look whether both columns hold the same ids, written alike, and"},
	} {
		notes := explained(t, &names, nil, "", groundtruth.Window{Start: day0(), End: hours(24)}, hours(24*7), 2, 1, tc.preds, tc.labels)
		if len(notes) != 1 || !strings.Contains(notes[0], tc.want) {
			t.Errorf("%s: notes %q, want %q", tc.name, notes, tc.want)
		}
	}
}

// TestExplainIDsOfSeveralColumns names the column that is written differently.
func TestExplainIDsOfSeveralColumns(t *testing.T) {
	res, _, err := run(t, func(s *groundtruth.Spec, _ *Options) {
		s.PredictionColumns.ID, s.LabelColumns.ID = groundtruth.IDColumns{"id", "version"}, groundtruth.IDColumns{"id", "op"}
		s.PredictionColumns.ModelVersion, s.LabelColumns.Op = "", ""
	}, []tableObject{{"p.csv", rowsOf(20, func(i int) tableRow { return pred(houseID(i), 5, 1, "version", fmt.Sprint(1+i%5)) })}},
		[]tableObject{{"l.csv", rowsOf(20, func(i int) tableRow { return label(houseID(i), 1.0, 20, "op", fmt.Sprintf("%d.0", 1+i%5)) })}})
	must(t, err)
	want := `ids are written differently in column "version", those of the labels are whole numbers that end in ".0", such as prediction "1" and label "1.0"`
	if text := strings.Join(res.Notes, "\n"); !strings.Contains(text, want) {
		t.Errorf("notes %q do not say %q", res.Notes, want)
	}
}

// TestExplainParquet looks again at objects whose statistics passed all rows over, and at such
// that lie behind a network.
func TestExplainParquet(t *testing.T) {
	far := func(_ *groundtruth.Spec, o *Options) { o.hooks.far = true }
	labels := []tableObject{{"l.parquet", rowsOf(20, soldAs(20, upperFrom(0)))}}
	res, _, err := run(t, far, []tableObject{{"p.parquet", rowsOf(20, houseAt(5))}}, labels)
	must(t, err)
	if text := strings.Join(res.Notes, "\n"); !strings.Contains(text, `such as prediction "house-0" and label "HOUSE-0"`) {
		t.Errorf("notes %q do not say how ids differ", res.Notes)
	}
	res, _, err = run(t, far, []tableObject{{"p.parquet", rowsOf(20, houseAt(-30))}}, labels)
	must(t, err)
	want := `none of the 20 rows of predictions read lies in the window 2026-01-01/2026-01-02: their "at" is 2025-12-30T18:00:00Z`
	if text := strings.Join(res.Notes, "\n"); !strings.Contains(text, want) {
		t.Errorf("notes %q do not say %q", res.Notes, want)
	}
}

// TestExplainLocalParquet knows by the type of a column of Parquet whether its times have a zone.
func TestExplainLocalParquet(t *testing.T) {
	type utc struct {
		ID   string    `parquet:"id"`
		At   time.Time `parquet:"at,timestamp(microsecond:utc)"`
		Pred float64   `parquet:"pred"`
	}
	type local struct {
		ID   string    `parquet:"id"`
		At   time.Time `parquet:"at,timestamp(microsecond:local)"`
		Pred float64   `parquet:"pred"`
	}
	const lie = `lie at most 8h before it, as `
	var names memNames
	for _, tc := range []struct {
		write func(b *bytes.Buffer, rows []utc) error
		want  string
	}{
		{func(b *bytes.Buffer, rows []utc) error { return parquet.Write(b, rows) }, "they " + lie + "where the dates of folders are local: set predictions.partition_time_zone"},
		{func(b *bytes.Buffer, rows []utc) error {
			as := make([]local, len(rows))
			for i, r := range rows {
				as[i] = local(r)
			}
			return parquet.Write(b, as)
		}, `they have no time zone, such as "2025-12-31T16:00:00", and ` + lie + "local times do that are taken for UTC: write timestamps in UTC or with their offset"},
	} {
		rows := make([]utc, 24)
		for i := range rows {
			rows[i] = utc{houseID(i), hours(i - 8), 1}
		}
		var out bytes.Buffer
		must(t, tc.write(&out, rows))
		base := names.next(t)
		stores := objstore.NewOpener("")
		store, err := stores.Open(context.Background(), base)
		must(t, err)
		must(t, store.Write(context.Background(), "dt=2026-01-01/p.parquet", out.Bytes()))
		spec := testSpec(base+"/dt={date}/*", base+"/none/*")
		spec.Features, spec.Segments, spec.PredictionColumns.ModelVersion = nil, nil, ""
		res, _, err := Join(context.Background(), stores, spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(30), Options{}, newRecorder)
		must(t, err)
		if text := strings.Join(res.Notes, "\n"); !strings.Contains(text, tc.want) {
			t.Errorf("notes %q do not say %q", res.Notes, tc.want)
		}
	}
}

// TestExplainWhatIsGone looks again at objects that were deleted meanwhile: the window stays as
// it was read, and the log says why there is no note.
func TestExplainWhatIsGone(t *testing.T) {
	var log strings.Builder
	res, _, err := run(t, func(s *groundtruth.Spec, o *Options) {
		base := strings.TrimSuffix(s.Predictions.URL, "/preds/**")
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.hooks.scanned = func() {
			st, err := objstore.NewOpener("").Open(context.Background(), base)
			must(t, err)
			must(t, st.Delete(context.Background(), "labels/l.csv"))
		}
	}, []tableObject{{"p.csv", rowsOf(20, houseAt(5))}}, []tableObject{{"l.csv", rowsOf(20, soldAs(20, upperFrom(0)))}})
	must(t, err)
	if c := res.Coverage; c.Predictions != 20 || c.Labels != 20 || c.Matched != 0 {
		t.Errorf("coverage %+v", c)
	}
	if !strings.Contains(log.String(), "cannot say why a window is odd") || !strings.Contains(log.String(), "labels/l.csv") {
		t.Errorf("log %q", log.String())
	}
}

// TestLabelDelay counts how long labels took, of corrected ones until the first came.
func TestLabelDelay(t *testing.T) {
	labels := append(rowsOf(20, soldAs(29, houseID)), rowsOf(20, soldAs(100, houseID))...)
	labels = append(labels, label("house-20", 1.0, 72))
	for _, memory := range []int64{0, 1} { // the second joins through tables
		res, _, err := run(t, func(_ *groundtruth.Spec, o *Options) { o.Delay, o.hooks.memory = 24*time.Hour, memory }, []tableObject{{"p.csv", rowsOf(30, houseAt(5))}}, []tableObject{{"l.csv", labels}})
		must(t, err)
		d := res.LabelDelay
		if d == nil || d.Labels != 21 || d.Late != 1 || d.Recent != 0 || d.Median < 24*time.Hour || d.Median > 26*time.Hour || d.Most != d.Median {
			t.Errorf("memory %d: %+v", memory, d)
		}
		if want := []groundtruth.LabelAge{{Within: 24 * time.Hour, Labels: 20}, {Within: 48 * time.Hour, Labels: 20}, {Within: 72 * time.Hour, Labels: 21}}; d != nil && !slices.Equal(d.Ages, want) {
			t.Errorf("memory %d: ages %v, want %v", memory, d.Ages, want)
		}
	}
	res, _, err := run(t, func(s *groundtruth.Spec, _ *Options) { s.LabelColumns.IngestedAt = "" }, []tableObject{{"p.csv", rowsOf(30, houseAt(5))}}, []tableObject{{"l.csv", labels}})
	must(t, err)
	if res.LabelDelay != nil {
		t.Errorf("without ingest times: %+v", res.LabelDelay)
	}
}
