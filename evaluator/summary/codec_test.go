package summary

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

func TestSummaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := tableRows.Draw(t, "rows")
		opts := BuilderOptions{MaxSegments: rapid.IntRange(1, 8).Draw(t, "max segments")}
		s := buildRows(layout, rows, opts)
		b := summaryBytes(t, s)
		var got Summary
		if err := got.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, &got), b) {
			t.Fatal("other bytes after a round trip")
		}
		if layout != nil && fmt.Sprintf("%+v", *got.Layout()) != fmt.Sprintf("%+v", *layout) {
			t.Fatalf("layout %+v, want %+v", *got.Layout(), *layout)
		}
		// What was read goes on as what was written would.
		more := tableRows.Draw(t, "more")
		if err := got.Merge(buildRows(layout, more, opts)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, &got), summaryBytes(t, buildRows(layout, append(rows, more...), opts))) {
			t.Fatal("merging after a round trip gives other bytes")
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if new(Summary).UnmarshalBinary(b[:cut]) == nil {
			t.Fatalf("cut off at %d of %d, and no error", cut, len(b))
		}
		if new(Summary).UnmarshalBinary(append(b, 0)) == nil {
			t.Fatal("bytes left over, and no error")
		}
	})
}

// TestAReferenceWithoutPredictions counts the features and the labels of rows that have no
// predictions, and keeps them.
func TestAReferenceWithoutPredictions(t *testing.T) {
	batch := groundtruth.Batch{Len: 3, Features: []groundtruth.Values{{Name: "x", Kind: groundtruth.Number, Rows: 3, Floats: []float64{1, 2}}}}
	matches := groundtruth.Matches{Len: 2, Labels: []float64{5, 7}, Segments: []groundtruth.Column{
		{Name: "city", Kind: groundtruth.Text, Codes: []uint32{0, 0}, Dict: []string{"Oslo"}, Valid: []bool{true, true}},
	}}
	p := NewProfiler([]groundtruth.FeatureSpec{{Name: "x", Kind: groundtruth.Number}}, []string{"city"}, ProfilerOptions{})
	p.AddPredictions(&batch)
	p.AddMatches(&matches)
	layout := p.Layout()
	b := NewBuilder(layout, layout.Span(), []string{"city"}, BuilderOptions{})
	b.AddPredictions(&batch)
	b.AddMatches(&matches)
	s := b.Summary()
	kept := summaryBytes(t, s)
	var got Summary
	if err := got.UnmarshalBinary(kept); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(summaryBytes(t, &got), kept) {
		t.Error("other bytes after a round trip")
	}
	if got.Predictions() != 3 || got.Prediction().N() != 0 || got.Matched() != 2 || got.Label().Mean() != 6 || got.Errors().N() != 0 || got.Feature("x").N() != 2 {
		t.Errorf("%d rows, %d predictions, %d labels of mean %g, %d errors, %d of x",
			got.Predictions(), got.Prediction().N(), got.Matched(), got.Label().Mean(), got.Errors().N(), got.Feature("x").N())
	}
	if err := got.Merge(s); err != nil || got.Matched() != 4 {
		t.Errorf("merged with itself it has %d labels: %v", got.Matched(), err)
	}
}

func TestUvarintsAreThoseOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		b := binary.AppendUvarint(nil, v)
		size := len(b)
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "rest")...)
		if got, n := uvarint(b); got != v || n != size {
			t.Fatalf("%x is %d in %d bytes, want %d in %d", b, got, n, v, size)
		}
		if _, n := uvarint(b[:size-1]); n != 0 {
			t.Fatalf("%x is a number of %d bytes", b[:size-1], n)
		}
		if size == binary.MaxVarintLen64 {
			return
		}
		b[size-1] |= 0x80
		long := append(slices.Clone(b[:size]), 0)
		if _, n := uvarint(append(long, b[size:]...)); n != 0 {
			t.Fatalf("%x ends in a byte of 0 and is a number of %d bytes", long, n)
		}
	})
}

// decodeAs decodes what and says why not.
func decodeAs(what string, b []byte) error {
	if what == "profile" {
		return new(Profile).UnmarshalBinary(b)
	}
	return new(Summary).UnmarshalBinary(b)
}

func TestANewerSchemaIsRefusedByNumber(t *testing.T) {
	for what, of := range map[string]struct {
		magic  string
		newest byte
	}{"summary": {summaryMagic, Schema}, "profile": {profileMagic, ProfileSchema}} {
		for _, schema := range []byte{0, of.newest + 1, 7} {
			err := decodeAs(what, append([]byte(of.magic), schema))
			if want := fmt.Sprintf("%s has schema version %d", what, schema); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v does not say %q", err, want)
			}
		}
	}
}

// reheaded returns the bytes of s with other sections than it has, and of another task.
func reheaded(s *Summary, task string, names ...string) []byte {
	e := encoder{b: []byte(summaryMagic)}
	e.uint(Schema)
	e.string(task)
	for _, name := range names {
		e.section(name, func() {
			switch name {
			case layoutSection:
				e.layout(s.layout)
			case frameSection:
				e.frame(s)
			case predictionsSection:
				e.predictions(s)
			case matchesSection:
				e.matches(s)
			case moreSection:
				e.more(s)
			case byBlockSection:
				e.byBlock(s)
			case sampleSection:
				e.sample(s.sample)
			case hoursSection:
				e.hours(s.hours)
			}
		})
	}
	return e.b
}

// regression is the task of the seeds.
const regression = string(groundtruth.Regression)

func TestSectionsAreRefusedByName(t *testing.T) {
	s := seedSummaries()[2]
	s.hours = &hourCounts{}
	s.hours.counts[3] = s.predictions
	all := []string{layoutSection, frameSection, predictionsSection, matchesSection, moreSection, byBlockSection, sampleSection, hoursSection}
	if !bytes.Equal(reheaded(s, regression, all...), summaryBytes(t, s)) {
		t.Fatal("the sections are not what a summary is")
	}
	for _, tc := range []struct {
		what, task string
		sections   []string
		want       string
	}{
		{"a later section at the end", regression, append(slices.Clone(all), "calibration"), `summary has a section "calibration"`},
		{"a later section at the start", regression, append([]string{"calibration"}, all...), `summary has a section "calibration"`},
		{"a later section between", regression, slices.Insert(slices.Clone(all), 3, "scores"), `summary has a section "scores"`},
		{"another task", "ranking", all, `summary is of the task "ranking", which this program does not know`},
		{"a task with other columns", "multiclass", all, "corrupt"},
		{"a task that is no word", strings.Repeat("x", 1000), all, "corrupt"},
		{"a name that is no word", regression, append(slices.Clone(all), strings.Repeat("x", 1000)), "corrupt"},
		{"no name", regression, append(slices.Clone(all), ""), "corrupt"},
		{"a section missing", regression, []string{layoutSection, frameSection, predictionsSection, sampleSection}, "corrupt"},
		{"the last section missing", regression, all[:3], "corrupt"},
		{"a section twice", regression, append(slices.Clone(all[:7]), sampleSection), "corrupt"},
		{"the last section twice", regression, append(slices.Clone(all), hoursSection), "corrupt"},
		{"another order", regression, []string{frameSection, layoutSection, predictionsSection, matchesSection}, "corrupt"},
		{"nothing", regression, nil, "corrupt"},
	} {
		err := new(Summary).UnmarshalBinary(reheaded(s, tc.task, tc.sections...))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v does not say %q", tc.what, err, tc.want)
		}
	}
	without := reheaded(s, regression, all[:4]...)
	var u Summary
	if err := u.UnmarshalBinary(without); err != nil {
		t.Fatal(err)
	}
	if _, known := u.Sample(); known {
		t.Error("a summary without the section knows its sample")
	}
	if err := u.Merge(s); err != nil {
		t.Fatal(err)
	}
	if _, known := u.Sample(); known {
		t.Error("a sample of some of the rows passes for one of all")
	}
	if u.Hours() != nil {
		t.Error("the hours of some of the rows pass for those of all")
	}
}

func TestASampleWithFeaturesIsRefused(t *testing.T) {
	s := seedSummaries()[1]
	b := reheaded(s, regression, frameSection, predictionsSection, matchesSection)
	e := encoder{b: b}
	e.section(sampleSection, func() { e.strings([]string{"price"}) })
	err := new(Summary).UnmarshalBinary(e.b)
	if want := `sample holds features, the first is "price"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not say %q", err, want)
	}
}

func TestAProfilesSectionsAreRefusedByName(t *testing.T) {
	var body encoder
	body.section("seasons", func() {})
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for task, want := range map[string]string{regression: `profile has a section "seasons"`, "ranking": `profile is of the task "ranking"`} {
		e := encoder{b: []byte(profileMagic)}
		e.uint(ProfileSchema)
		e.string(task)
		err := new(Profile).UnmarshalBinary(w.EncodeAll(body.b, e.b))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestRefusedBytesLeaveTheSummary(t *testing.T) {
	rows := []tableRow{{label: new(1.0), size: new(2.0)}}
	s := buildRows(nil, rows, BuilderOptions{})
	want := summaryBytes(t, s)
	if s.UnmarshalBinary(want[:len(want)-1]) == nil {
		t.Fatal("no error")
	}
	if !bytes.Equal(summaryBytes(t, s), want) {
		t.Error("a refused input changed the summary")
	}
}

// seedSummaries are Summaries of every shape.
func seedSummaries() []*Summary {
	r := rand.New(rand.NewPCG(7, 8))
	var rows []tableRow
	for i := range 60 {
		row := tableRow{
			hash: r.Uint64(), time: tableWindow.Start.UnixNano() + r.Int64N(1e13),
			prediction: r.NormFloat64(), size: new(float64(r.IntN(9))), color: new(fmt.Sprint(r.IntN(4))),
			city: new(fmt.Sprint(r.IntN(5))), version: new("v1"),
		}
		if i%3 > 0 {
			row.label = new(r.NormFloat64())
		}
		rows = append(rows, row)
	}
	exact := profileRows(rows, ProfilerOptions{})
	coarse := profileRows(rows, ProfilerOptions{ExactValues: 3, TableBytes: 1})
	return []*Summary{
		buildRows(nil, nil, BuilderOptions{}),
		buildRows(nil, rows, BuilderOptions{MaxSegments: 2}),
		buildRows(exact, rows, BuilderOptions{}),
		buildRows(coarse, rows, BuilderOptions{MaxSegments: 2}),
		NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{}).Summary(),
		buildEntities(coarse, rows), buildEntities(nil, rows),
	}
}

func FuzzUnmarshalSummary(f *testing.F) {
	for _, s := range slices.Concat(seedSummaries(), seedMany(), seedBinary(), seedShapes(f)) {
		b, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		s.sample = nil
		f.Add(summaryBytes(f, s))
	}
	for _, name := range schema1Summaries() {
		f.Add(schema1File(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Summary
		if err := s.UnmarshalBinary(b); err != nil {
			return
		}
		again := summaryBytes(t, &s)
		var u Summary
		if err := u.UnmarshalBinary(again); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if !bytes.Equal(summaryBytes(t, &u), again) {
			t.Fatal("round trip differs")
		}
		if l := s.Layout(); l != nil {
			sealed := *l
			if sealed.seal(); sealed.identity != l.identity {
				t.Fatal("the layout is not identified by what it is written as")
			}
		}
		// Nothing that reads it may panic.
		for _, c := range append(s.Features(), s.Prediction(), s.Label()) {
			_, _, _ = c.interior.exact()
			for i := range c.opens {
				_ = openSum(c, i)
			}
			_, _ = c.Mean(), c.Variance()
		}
		if c := s.Errors().Classes(); c != nil && c.Task() == groundtruth.Binary {
			readBinary(t, &s, c)
		} else if c == nil && s.Errors().N() > 0 {
			_, _ = s.Errors().abs.quantile(0.5)
		}
		if err := s.Merge(&u); err != nil {
			t.Fatalf("merging with itself: %v", err)
		}
		_ = s.Bytes()
		_, _, _, _ = s.Density(), s.BySize(), s.ByHour(), s.ByWeekday()
		if rows, _ := s.Sample(); len(rows) > groundtruth.SampleSize {
			t.Fatalf("%d rows in the sample", len(rows))
		}
	})
}

func FuzzUnmarshalProfile(f *testing.F) {
	for _, s := range slices.Concat(seedSummaries(), seedMany(), seedBinary()) {
		b, err := NewProfile(s).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(schema1File(f, schema1Profile))
	binary, err := classProfile(classDays(rand.New(rand.NewPCG(1, 2)), 14, 20), 1, true).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(binary)
	f.Add(unpackedProfile(f, binary))
	for _, kind := range StrataKinds() {
		b, err := profileOf(kind, seedReference()).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(unpackedProfile(f, b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkProfileBytes(t, b)
		// What is compressed has a checksum, which mutations seldom meet.
		checkProfileBytes(t, packedProfile(t, b))
	})
}

// checkProfileBytes asks of bytes that are read as a profile what every profile has.
func checkProfileBytes(t *testing.T, b []byte) {
	var p Profile
	if p.UnmarshalBinary(b) != nil {
		return
	}
	if p.Layout == nil {
		t.Fatal("a profile without a layout")
	}
	again, err := p.MarshalBinary()
	if err != nil {
		return // what is read later is refused later
	}
	var q Profile
	if err := q.UnmarshalBinary(again); err != nil {
		t.Fatalf("what was written is refused: %v", err)
	}
	if twice, err := q.MarshalBinary(); err != nil || !bytes.Equal(again, twice) {
		t.Fatal("round trip differs")
	}
	// Nothing that reads it may panic.
	for day := range 8 {
		start := tableWindow.Start.AddDate(0, 0, day)
		w := groundtruth.Window{Start: start, End: start.Add(time.Duration(1+day%3*23) * time.Hour)}
		if err := p.Read(w, 0); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		s := p.For(w, 0)
		for g := range s.Days.Len() {
			for _, c := range []*ClusterColumn{s.Days.Prediction(), s.Days.Label()} {
				if got := sumOf(c.Counts(g)); got < 0 {
					t.Fatalf("a day has %d rows", got)
				}
			}
			_ = s.Days.Errors().BlockSum(g, SumE2)
		}
		_ = s.Summary().Bytes()
	}
}

// packedProfile returns a body as a profile has it.
func packedProfile(t testing.TB, body []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	e := encoder{b: []byte(profileMagic)}
	e.uint(ProfileSchema)
	e.string(regression)
	return w.EncodeAll(body, e.b)
}

// unpackedProfile returns the body of a profile.
func unpackedProfile(t testing.TB, b []byte) []byte {
	d := decoder{b: b}
	d.header("profile", profileMagic, ProfileSchema)
	d.task("profile")
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	body, err := r.DecodeAll(d.b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
